"""Text to sounds: what the words of a text are, and how each may be said.

Conventions
-----------
English and Mandarin are read, also mixed. A word is what is written between blanks or dashes, with its
punctuation; a Chinese character is a word of its own, without punctuation. Text in [square brackets] is
a remark, not speech. Pronunciations are ARPAbet without stress digits, the most usual first.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from shenqu.documents.speech import Cue
from shenqu.errors import InputError
from shenqu.speech.mandarin import HAN, pinyin_word, read_characters
from shenqu.speech.phones import VOWELS
from shenqu.speech.spelling import bare, spell_out, with_vowel

Pronunciation = tuple[str, ...]
Lexicon = Callable[[str], tuple[Pronunciation, ...]]  # pronunciations of a lower-case word, empty if unknown

READABLE = ("en", "zh")
_MOST_WAYS = 6
_LONGEST_WORD = 60
_SAME_LANGUAGE = {"eng": "en", "zho": "zh", "chi": "zh", "cmn": "zh"}
_SCRIPT_LANGUAGES = {"HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CJK": "zh", "LATIN": "en"}
_REMARK = re.compile(r"\[[^\[\]]*\]|【[^【】]*】|[♪♫#*_]+")
_GAP = re.compile(r"\s+|[—–―/|]+|-{2,}|\.{2,}|…+")
_CLOSING = ",.;:!?)，。；：！？、）》」』·"  # belongs to the word before, which has none if it is a character
_SHORT_FORMS = {
    "mr": ["mister"], "mrs": ["missus"], "ms": ["miz"], "dr": ["doctor"], "st": ["saint", "street"], "jr": ["junior"],
    "sr": ["senior"], "prof": ["professor"], "vs": ["versus"], "etc": ["etcetera"], "&": ["and"], "%": ["percent"],
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenWord:
    """A word of a text: as written, the ways to say it, its Mandarin tone (else 0) and the cue it stands in.

    A word with hyphens comes in parts; those after the first are `joined` to the part before.
    """

    text: str
    pronunciations: tuple[Pronunciation, ...]
    tone: int = 0
    cue: int = 0
    known: bool = True
    joined: bool = False

    @property
    def syllables(self) -> int:
        """How many syllables the most usual pronunciation has."""
        return sum(phone in VOWELS for phone in self.pronunciations[0])


def language_of(cues: Sequence[Cue], language: str | None = None) -> str:
    """Return the language of a text as a code: the one given, or the one that its script tells.

    Raises `InputError` where the text is not in the script of the language given.

    >>> language_of([Cue(text="你还好吗 OK?")]), language_of([Cue(text="Are you OK?")], "en-GB")
    ('zh', 'en')
    """
    scripts = Counter(
        unicodedata.name(letter, "?").split()[0] for cue in cues for letter in cue.text if letter.isalpha()
    )
    kana = scripts["HIRAGANA"] + scripts["KATAKANA"]
    found = max(scripts, key=lambda script: (script != "LATIN", scripts[script]), default="")
    told = "ja" if kana * 10 > scripts["CJK"] and kana else _SCRIPT_LANGUAGES.get(found, "und")
    if language is None:
        return told
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", language):
        raise InputError(f"{language!r} is no language code; give one such as en or zh")
    given = language.lower().split("-")[0]
    given = _SAME_LANGUAGE.get(given, given)
    if given in READABLE and told != given:
        raise InputError(f"the text is not in the language given ({language}); correct the text or the language")
    return given


def read_text(cues: Sequence[Cue], *, lexicon: Lexicon) -> tuple[SpokenWord, ...]:
    """Return the words of an English or Mandarin text, with the ways to say them.

    Raises `InputError` where a number is written in digits, a word is absurdly long, or there is no word.
    """
    words = tuple(word for index, cue in enumerate(cues) for word in _read_cue(cue.text, index, lexicon))
    if not words:
        raise InputError("the text holds no words; give the words that are spoken")
    return words


def is_foreign(words: Sequence[SpokenWord]) -> bool:
    """Tell whether most words are unknown to the lexicon, as in a text of another language in Latin letters."""
    return len(words) >= 8 and sum(not word.known for word in words) > 0.4 * len(words)


def _read_cue(text: str, cue: int, lexicon: Lexicon) -> Iterator[SpokenWord]:
    text = _REMARK.sub(" ", text)
    shouted = not any(letter.islower() for letter in text)
    for token in filter(None, _GAP.split(text)):
        if any(letter.isdigit() for letter in token):
            raise InputError(f'the text holds "{token}": write numbers in words, as they are spoken')
        if len(token) > _LONGEST_WORD and not HAN.search(token):
            raise InputError(f'the text holds "{token[:20]}...", longer than any word; put blanks between the words')
        for part in re.findall(rf"{HAN.pattern}+|[^{HAN.pattern[1:-1]}]+", token):
            yield from _read_han(part, cue) if HAN.match(part) else _read_latin(part, cue, lexicon, shouted)


def _read_han(characters: str, cue: int) -> Iterator[SpokenWord]:
    for character, (tone, ways) in zip(characters, read_characters(characters), strict=True):
        yield SpokenWord(text=character, pronunciations=ways, tone=tone, cue=cue)


def _read_latin(text: str, cue: int, lexicon: Lexicon, shouted: bool) -> Iterator[SpokenWord]:
    joined = False
    for part in _parts(text.lstrip(_CLOSING)):
        ways = _unique(_known_ways(part, lexicon, shouted))
        guesses = () if ways else _guessed_ways(_letters(part), lexicon)
        yield SpokenWord(text=part, pronunciations=ways or guesses, cue=cue, known=bool(ways), joined=joined)
        joined = True


def _parts(text: str) -> list[str]:
    """Return a word cut after its hyphens, each part with letters in it; nothing where there are none.

    >>> _parts("“forty-one”"), _parts("-"), _parts("- Well-")
    (['“forty-', 'one”'], [], ['- Well-'])
    """
    return re.findall(r"[^\w&%]*[\w&%](?:[^-‐‑]|[-‐‑](?![^\W_]))*[-‐‑]?", text)


def _letters(text: str) -> str:
    """Return the lower-case letters and apostrophes of a word.

    >>> _letters("“Café’s!”"), _letters("’Cause")
    ("cafe's", "'cause")
    """
    return re.sub(r"[^a-z'&%]", "", bare(text))


def _known_ways(text: str, lexicon: Lexicon, shouted: bool) -> Iterator[Pronunciation]:
    """Yield how the lexicon says a word: in full, as an abbreviation, as initials, or with an ending."""
    letters = _letters(text)
    plain = letters.strip("'")
    for full in _SHORT_FORMS.get(plain, ()):
        yield from lexicon(full)
    yield from lexicon(letters) or lexicon(plain)
    initials = re.sub(r"[^A-Za-z]", "", text)
    dotted = re.fullmatch(r"\W*(?:[A-Za-z]\.){2,}[A-Za-z]?\W*", text)
    if dotted or (2 <= len(initials) <= 5 and initials.isupper() and not shouted):
        yield from _joined([lexicon(f"{letter}.") for letter in initials.lower()])
    if not lexicon(plain):
        yield from _with_ending(plain, lexicon)


def _with_ending(word: str, lexicon: Lexicon) -> Iterator[Pronunciation]:
    """Yield a known word with an ending the lexicon does not have it with: "feel'st", "tatter'd", "songified"."""
    for ending, base in _bases(word):
        for way in lexicon(base):
            yield from ((*way, *sounds) for sounds in _ending_sounds(ending, way[-1]))


def _bases(word: str) -> Iterator[tuple[str, str]]:
    for ending in ("'st", "'s", "s'", "'d", "'ll", "'ve", "'re", "ing", "in'", "ed", "es", "ly", "er", "est", "s"):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            stem = word.removesuffix(ending)
            kind = ending.replace("'", "")
            yield kind, stem
            if kind in {"st", "d", "ing", "in", "ed", "er", "est"}:
                yield kind, stem + "e"
                yield kind, stem[:-1] + "y" if stem.endswith("i") else stem[:-1]


def _ending_sounds(ending: str, last: str) -> list[Pronunciation]:
    """Return how an ending sounds behind a word that ends in the phone `last`."""
    if ending in {"s", "es"}:
        hissing = last in {"S", "Z", "SH", "ZH", "CH", "JH"}
        return [("IH", "Z") if hissing else ("S",) if last in {"P", "T", "K", "F", "TH"} else ("Z",)]
    if ending in {"d", "ed"}:
        soft = last in {"P", "K", "F", "TH", "S", "SH", "CH"}
        return [("IH", "D") if last in {"T", "D"} else ("T",) if soft else ("D",)]
    sounds = {"st": "S T", "ll": "AH L", "ve": "AH V", "re": "ER", "ing": "IH NG", "in": "IH N", "ly": "L IY"}
    sounds |= {"er": "ER", "est": "AH S T"}
    return [tuple(sounds[ending].split())]


def _guessed_ways(letters: str, lexicon: Lexicon) -> tuple[Pronunciation, ...]:
    """Return how an unknown word may be said: as pinyin if it is spelled so, by the rules of spelling, as initials."""
    names = _joined([lexicon(f"{letter}.") for letter in letters]) if len(letters) <= 3 else []
    return _unique([pinyin_word(letters), *names, spell_out(letters)])


def _joined(parts: Sequence[tuple[Pronunciation, ...]]) -> Iterable[Pronunciation]:
    """Return the pronunciations of a word made of parts, some of which have several."""
    ways = islice(product(*parts), _MOST_WAYS)
    return [tuple(phone for part in way for phone in part) for way in ways if way]


def _unique(ways: Iterable[Pronunciation]) -> tuple[Pronunciation, ...]:
    return tuple(dict.fromkeys(with_vowel(way) for way in ways if way))[:_MOST_WAYS]
