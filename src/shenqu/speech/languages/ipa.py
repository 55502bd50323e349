"""The sounds of any language, written in the International Phonetic Alphabet, as the nearest English phones.

Each letter of the alphabet has the English phone that is nearest by place, manner and voicing (consonants)
or by height, backness and rounding (vowels); where two are near, both are offered. A letter that is not in the
table is taken for the one it is drawn from (ɓ: b). Length and tone are left out, a syllabic consonant
gets a vowel, and two vowels in one sound are a diphthong, or a glide and a vowel.

References
----------
International Phonetic Association (1999), "Handbook of the International Phonetic Association", for the
letters; Ladefoged & Maddieson (1996), "The Sounds of the World's Languages". The table is our own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from shenqu.speech.languages.rules import open_starts
from shenqu.speech.phones import VOWELS, Pronunciation, Said, spread
from shenqu.speech.spelling import with_vowel

_Sound = tuple[Pronunciation, ...]  # ways to say one sound, the nearest first

_VOWELS = {
    letter: tuple(ways.split("|"))
    for letters, ways in {
        "i": "IY|IH", "y": "IY|UW", "ɪᵻ": "IH", "ʏ": "UH|IH", "ɨ": "IH|IY", "ʉ": "UW|IH", "ɯ": "UH|IH", "u": "UW|UH",
        "ʊᵿ": "UH", "e": "EH|EY", "ø": "ER|UH", "ɘ": "IH|AH", "ɵ": "UH|ER", "ɤ": "AH|UH", "o": "OW|AO", "ə": "AH",
        "ɛ": "EH", "œ": "ER|UH", "ɜ": "AH|ER", "ɚɝ": "ER", "ɞ": "ER", "ʌ": "AH", "ɔ": "AO|OW", "æ": "AE", "ɐ": "AH|AA",
        "a": "AA|AH", "ɶ": "AE", "ɑ": "AA|AO", "ɒ": "AO|AA",
    }.items()
    for letter in letters
}  # fmt: skip
_CONSONANTS = {
    letter: tuple(tuple(way.split()) for way in ways.split("|"))
    for letters, ways in {
        "p": "P", "b": "B", "tʈ": "T", "dɖ": "D", "cq": "K", "k": "K", "ɡɢɟ": "G", "ʔʕˤ": "", "ɸ": "F", "β": "B|V",
        "f": "F", "v": "V", "θ": "TH|S", "ð": "DH|D", "s": "S", "z": "Z", "ʃʂɕ": "SH", "ʒʐʑ": "ZH", "çɧ": "SH|HH",
        "ʝ": "Y|ZH", "xχ": "HH|K", "ɣ": "G|HH", "ʁʀ": "R|HH", "ħhɦ": "HH", "mɱ": "M", "nɳ": "N", "ɲ": "N Y|N",
        "ŋɴ": "NG", "lɭɫ": "L", "ʎ": "L Y|L", "ʟ": "L", "ɬ": "SH|L", "ɮ": "L|Z", "ɺ": "R|L", "ɹɻ": "R", "r": "R",
        "ɾɽ": "R|D", "ʋ": "V|W", "wʍ": "W", "ɥ": "W|Y", "jʲ": "Y", "ɰ": "W|G", "ʷ": "W",
    }.items()
    for letter in letters
}  # fmt: skip
_AFFRICATES = {"T SH": "CH", "D ZH": "JH"}
_DIPHTHONGS = {
    "AA IY": "AY", "AA IH": "AY", "AA UW": "AW", "AA UH": "AW", "AO IY": "OY", "AO IH": "OY", "OW IY": "OY",
    "OW IH": "OY", "EH IY": "EY", "EH IH": "EY", "OW UW": "OW", "OW UH": "OW", "AH UH": "OW", "AH UW": "OW",
    "AE IH": "AY", "AE IY": "AY", "AE UH": "AW", "AE UW": "AW", "AO UH": "OW", "AO UW": "OW", "AO ER": "OY",
}  # fmt: skip
_PALATAL = {"SH", "ZH", "CH", "JH", "Y"}
_GLIDES = {"IY": "Y", "IH": "Y", "UW": "W", "UH": "W"}
_MARK_STRESSED, _MARK_HALF_STRESSED, _SYLLABIC, _NASAL = "ˈ", "ˌ", "\u0329", "\u0303"
_TONE_THREE = re.compile(r"(?<=[^\W\d_])ː?ɜ$")  # so eSpeak writes it behind the vowel that bears it
_OTHER_VOICE = re.compile(r"\([a-z-]*\)")  # how eSpeak says that a word is of another language
_MOST_WAYS = 2
_VOWEL_LETTERS = frozenset("aeiouyıæøœəаеиоуыэюяієαεηιουωაეიოუաեէըիոօւ")


def read_ipa(word: str, ipa: str, *, vowels_written: bool = True) -> tuple[tuple[Said, ...], ...]:
    """Return the ways to say `word`, given its `ipa`: sounds parted by "_", stress marks before their vowel.

    Nothing is returned where no sound is in it. Where short vowels are not written (Arabic, Hebrew) a way
    with vowels between too many consonants is offered too.

    >>> [[(said.text, *said.phones) for said in way] for way in read_ipa("чашка,", "tʃ_ˈa_ʃ_k_ə")][0]
    [('чаш', 'CH', 'AA', 'SH'), ('ка,', 'K', 'AH')]
    """
    units = [unit for unit in re.split(r"[_\s]+", unicodedata.normalize("NFD", _OTHER_VOICE.sub("", ipa))) if unit]
    sounds = [(_sound(unit.strip("ˈˌ0123456789")), _stress(unit)) for unit in units]
    ways = []
    for variant in range(_MOST_WAYS):
        phones = [(phone, mark) for sound, mark in sounds for phone in _variant(sound, variant)]
        ways += [phones] if vowels_written else [_voiced(phones), phones]
    return tuple(dict.fromkeys(_syllables(word, _single(way)) for way in ways if way))


def _stress(unit: str) -> int:
    return 1 if _MARK_STRESSED in unit else 2 if _MARK_HALF_STRESSED in unit else 0


def _variant(sound: _Sound, variant: int) -> Pronunciation:
    return sound[min(variant, len(sound) - 1)] if sound else ()


def _sound(unit: str) -> _Sound:
    """Return the ways to say one sound: a consonant, an affricate, a vowel, a diphthong.

    >>> _sound("tʃ"), _sound("aɪ"), _sound("iɛ"), _sound("r̩"), _sound("ɓ")
    ((('CH',),), (('AY',),), (('Y', 'EH'),), (('ER',),), (('B',),))
    """
    unit = _TONE_THREE.sub("", unit)
    letters = [_letter(letter) for letter in unicodedata.normalize("NFC", unit)]
    is_pair = sum(sound[0][:1] != () and sound[0][0] in VOWELS for sound in letters if sound) > 1
    return tuple(
        dict.fromkeys(
            _nucleus([phone for sound in letters for phone in _variant(sound, variant)], unit)
            for variant in range(1 if is_pair else _MOST_WAYS)
        )
    )


def _letter(letter: str) -> _Sound:
    base = unicodedata.normalize("NFD", letter)[0]
    if letter == "ç" or base in _CONSONANTS:
        return _CONSONANTS[letter if letter == "ç" else base]
    if base in _VOWELS:
        return tuple((phone,) for phone in _VOWELS[base])
    drawn_from = re.match(r"LATIN (?:SMALL|LETTER SMALL CAPITAL)(?: LETTER)? (?:\w+ )*?([A-Z])\b", _name(base))
    plain = drawn_from[1].lower().replace("g", "ɡ") if drawn_from else ""
    return _letter(plain) if plain in _CONSONANTS or plain in _VOWELS else ()


def _name(letter: str) -> str:
    return unicodedata.name(letter, "")


def _nucleus(phones: Sequence[str], unit: str) -> Pronunciation:
    """Return the phones of one sound with one vowel at most, and one where the sound is syllabic or nasal."""
    vowels = [phone for phone in phones if phone in VOWELS]
    if _SYLLABIC in unit and not vowels:
        return ("ER",) if phones[:1] in (["R"], ["D"]) else ("AH", *phones)
    if len(vowels) < 2:
        nasal = ("N",) if _NASAL in unit and vowels else ()
        return (*_affricated(phones), *nasal)
    first, last = vowels[0], vowels[-1]
    if first == last:
        return (first,)
    known = _DIPHTHONGS.get(f"{first} {last}")
    if known:
        return (known,)
    return (_GLIDES[first], last) if first in _GLIDES else (first, *([_GLIDES[last]] if last in _GLIDES else []))


def _affricated(phones: Sequence[str]) -> Iterator[str]:
    """Yield `phones` with a stop and its hiss as one phone, and without a glide behind a sound made at the palate."""
    before = ""
    for phone in re.sub(r"T SH|D ZH", lambda pair: _AFFRICATES[pair[0]], " ".join(phones)).split():
        if not (phone == "Y" and before in _PALATAL):
            yield phone
        before = phone


def _voiced(phones: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return `phones` with a short vowel wherever a syllable would have more than one consonant before its vowel.

    >>> " ".join(phone for phone, _ in _voiced([(phone, 0) for phone in "M R HH B AA".split()]))
    'M AH R HH AH B AA'
    """
    voiced: list[tuple[str, int]] = []
    for is_vowel, group in groupby(phones, key=lambda entry: entry[0] in VOWELS):
        run = list(group)
        voiced += run if is_vowel else _with_vowels(run, after=bool(voiced), before=run[-1] is not phones[-1])
    return voiced


def _with_vowels(run: list[tuple[str, int]], *, after: bool, before: bool) -> list[tuple[str, int]]:
    """Return consonants with vowels in between: `after` and `before` tell whether vowels stand around them."""
    opening = int(before)  # the last consonant belongs to the vowel to come
    codas = (len(run) > opening) + (len(run) > 1 and not before) if after else 0
    voiced, rest = run[:codas], run[codas:]
    while len(rest) > opening:
        voiced += [rest.pop(0), ("AH", 0)]
        if len(rest) > opening:
            voiced.append(rest.pop(0))
    return voiced + rest


def _single(phones: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return `phones` with doubled consonants once."""
    return [entry for before, entry in pairwise([("", 0), *phones]) if before[0] != entry[0] or entry[0] in VOWELS]


def _syllables(word: str, marked: Sequence[tuple[str, int]]) -> tuple[Said, ...]:
    phones = with_vowel(tuple(phone for phone, _ in marked))
    starts = open_starts(phones)
    stresses = [mark for phone, mark in marked if phone in VOWELS] or [1]
    ends = [*starts[1:], len(phones)]
    texts = split_word(word, len(starts))
    return tuple(
        Said(text, phones[begin:end], stress=mark)
        for text, begin, end, mark in zip(texts, starts, ends, stresses, strict=True)
    )


def split_word(word: str, count: int) -> list[str]:
    """Return the letters of `word` in `count` parts, in any script; joined they are `word`.

    Where the vowels that are written are as many as the syllables it is cut before the consonant in front of
    each; else the letters are shared out evenly.

    >>> split_word("здравствуйте!", 3), split_word("język", 2), split_word("مرحبا", 3)
    (['здрав', 'ствуй', 'те!'], ['ję', 'zyk'], ['مر', 'حب', 'ا'])
    """
    letters = "".join("v" if is_vowel(letter) else "c" for letter in word)
    for vowels in ("v+", "v"):
        nuclei = [match.span() for match in re.finditer(vowels, letters)]
        if len(nuclei) == count:
            cuts = [0, *(_cut(before, nucleus) for before, nucleus in pairwise(nuclei)), len(word)]
            return [word[begin:end] for begin, end in pairwise(cuts)]
    return spread(word, count)


def is_vowel(letter: str) -> bool:
    """Tell whether a letter of an alphabet with vowels is one, whatever marks it has; й is none."""
    return letter.lower() != "й" and unicodedata.normalize("NFD", letter.lower())[0] in _VOWEL_LETTERS


def _cut(before: tuple[int, int], vowel: tuple[int, int]) -> int:
    """Return where the syllable of `vowel` begins: before its consonants, of which the first may stay behind."""
    consonants = vowel[0] - before[1]
    return before[1] + 1 if consonants > 2 else vowel[0] - min(consonants, 1)
