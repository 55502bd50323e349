"""Text to sounds: what the words of a text are, and how each may be said.

Conventions
-----------
The script tells how a word is read, also where scripts are mixed; the language of the text tells whose
Latin letters and whose Chinese characters they are. A word is what is written between blanks or dashes,
with its punctuation; a Chinese character is a word of its own, and so is a Japanese word, without
punctuation. Text in [square brackets] is a remark, not speech. Pronunciations are ARPAbet without stress
digits, the most usual first.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise, product
from typing import Protocol

from shenqu.documents.speech import Cue
from shenqu.errors import InputError
from shenqu.speech.languages import LATIN_READERS
from shenqu.speech.languages.cantonese import read_cantonese
from shenqu.speech.languages.guess import guess_in_script, guess_language
from shenqu.speech.languages.hindi import read_devanagari
from shenqu.speech.languages.ipa import is_vowel, read_ipa
from shenqu.speech.languages.japanese import read_japanese
from shenqu.speech.languages.korean import read_hangul
from shenqu.speech.languages.numbers import english_readings, has_digits, mandarin_readings
from shenqu.speech.languages.spelled_numbers import SPELLED, spelled_readings
from shenqu.speech.mandarin import HAN, pinyin_word, read_characters
from shenqu.speech.phones import VOWELS, Pronunciation, Said, UnreadableError, spread, syllable_starts
from shenqu.speech.spelling import bare, spell_out, with_vowel

Lexicon = Callable[[str], tuple[Pronunciation, ...]]  # pronunciations of a lower-case word, empty if unknown


class Phonetics(Protocol):
    """Knows how words of further languages sound. Languages are codes of two or three letters."""

    def speaks(self, language: str) -> bool:
        """Return whether it knows a language."""

    def ipa(self, text: str, language: str) -> str:
        """Return the sounds of a word in IPA, parted by "_", stress marks before the vowel; "" where it has none."""


FindPhonetics = Callable[[], Phonetics | None]

# The languages that are read aloud by our own rules, and the scripts of their letters.
_SCRIPTS = {
    "en": {"LATIN"}, "zh": {"CJK"}, "yue": {"CJK"}, "ja": {"HIRAGANA", "KATAKANA", "CJK"}, "ko": {"HANGUL"},
    "hi": {"DEVANAGARI"}, **{language: {"LATIN"} for language in LATIN_READERS},
}  # fmt: skip
READABLE = tuple(_SCRIPTS)
_MOST_WAYS = 6
_LONGEST_WORD = 60
_SAME_LANGUAGE = {
    "eng": "en", "zho": "zh", "chi": "zh", "cmn": "zh", "zh-yue": "yue", "spa": "es", "deu": "de", "ger": "de",
    "fra": "fr", "fre": "fr", "por": "pt", "ita": "it", "jpn": "ja", "kor": "ko", "hin": "hi", "rus": "ru", "ukr": "uk",
    "tur": "tr", "pol": "pl", "nld": "nl", "dut": "nl", "swe": "sv", "dan": "da", "nor": "nb", "no": "nb", "nob": "nb",
    "fin": "fi", "hun": "hu", "ces": "cs", "cze": "cs", "ron": "ro", "rum": "ro", "ell": "el", "gre": "el", "vie": "vi",
    "ind": "id", "ara": "ar", "heb": "he", "fas": "fa", "per": "fa", "tha": "th",
}  # fmt: skip
_SCRIPT_LANGUAGES = {
    "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CJK": "zh", "DEVANAGARI": "hi", "LATIN": "en",
}  # fmt: skip
_BEFORE_LATIN = frozenset(_SCRIPT_LANGUAGES) - {"LATIN"}  # scripts of texts that Latin letters are mixed into
_WITH_VOWELS = ("LATIN", "CYRILLIC", "GREEK")
_UNPARTED = ("th", "lo", "km", "my")  # written without blanks between words
_VOWELS_UNWRITTEN = ("ar", "he", "fa", "ur")
_SAID_SIGNS = "%$€£&.,:'’-"
_REMARK = re.compile(r"\[[^\[\]]*\]|【[^【】]*】|[♪♫#*_]+")
_HYPHENS = "-‐‑—–―"
_GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)")
_GROUP_GAP = "\u202f"  # the blank inside a number
_GAP = re.compile(r"[^\S\u202f]+|(?<!\d)[—–―]+|[—–―]+(?!\d)|[/|]+|-{2,}|\.{2,}|…+")
_CLOSING = ",.;:!?)，。；：！？、）》」』·"  # belongs to the word before, which has none if it is a character
_KANA = "ぁ-ゖァ-ヺー"
_SCRIPT_RUN = re.compile(
    rf"(?P<KANA>[{_KANA}][{_KANA}{HAN.pattern[1:-1]}]*|{HAN.pattern}+[{_KANA}][{_KANA}{HAN.pattern[1:-1]}]*)"
    rf"|(?P<CJK>{HAN.pattern}+)|(?P<HANGUL>[^\w]*[가-힣]+)|(?P<DEVANAGARI>[^\w]*[ऀ-ॿ]+)"
    rf"|(?P<OTHER>(?:(?!{HAN.pattern}|[{_KANA}가-힣ऀ-ॿ]).)+)",
    re.DOTALL,
)
_NUMBERED = ("no.", "nr.", "№")
_REDUCED = {"AH", "ER", "IH"}
_SHORT_FORMS = {
    "mr": ["mister"], "mrs": ["missus"], "ms": ["miz"], "dr": ["doctor"], "st": ["saint", "street"], "jr": ["junior"],
    "sr": ["senior"], "prof": ["professor"], "vs": ["versus"], "etc": ["etcetera"], "&": ["and"], "%": ["percent"],
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenWord:
    """A word of a text: as written, the ways to say it, its Mandarin tone (else 0) and the cue it stands in.

    A word with hyphens comes in parts; those after the first are `joined` to the part before. `said` are the
    syllables of each pronunciation, empty where English spelling tells them.
    """

    text: str
    pronunciations: tuple[Pronunciation, ...]
    tone: int = 0
    cue: int = 0
    known: bool = True
    joined: bool = False
    said: tuple[tuple[Said, ...], ...] = ()

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
    scripts = _scripts(cues)
    kana = scripts["HIRAGANA"] + scripts["KATAKANA"]
    found = _script(cues)
    told = _SCRIPT_LANGUAGES.get(found) or guess_in_script(found, "".join(cue.text for cue in cues)) or "und"
    told = "ja" if kana * 10 > scripts["CJK"] and kana else told
    if language is None:
        return told
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", language):
        raise InputError(f"{language!r} is no language code; give one such as en or zh")
    given = language.lower()
    given = "yue" if given.startswith("zh-yue") else given.split("-")[0]
    given = _SAME_LANGUAGE.get(given, given)
    if given in _SCRIPTS and found and found not in _SCRIPTS[given]:
        raise InputError(f"the text is not in the language given ({language}); correct the text or the language")
    return given


def _scripts(cues: Sequence[Cue]) -> Counter[str]:
    """Return how many letters of each script there are."""
    return Counter(_script_of(letter) for cue in cues for letter in cue.text if letter.isalpha())


def _script_of(letter: str) -> str:
    return unicodedata.name(letter, "?").split()[0]


def _script(cues: Sequence[Cue]) -> str:
    """Return the script that a text is in, by its Unicode name; "" where it has no letters."""
    scripts = _scripts(cues)
    return max(scripts, key=lambda script: (script in _BEFORE_LATIN, scripts[script]), default="")


def read_aloud(
    cues: Sequence[Cue], language: str | None, *, lexicon: Lexicon, find_phonetics: FindPhonetics = lambda: None
) -> tuple[str, tuple[SpokenWord, ...]]:
    """Return the language of a text, the one given or told by its script and words, and its words.

    Raises `UnreadableError` where that language cannot be read aloud, else as `language_of` and `read_text` do.
    """
    told = language_of(cues, language)
    if language is None and told == "en":
        told = guess_language(" ".join(cue.text for cue in cues)) or told
    if told not in READABLE and any(letter.isalnum() for cue in cues for letter in cue.text):
        _check_readable(told, find_phonetics)
    words = read_text(cues, language=told, lexicon=lexicon, find_phonetics=find_phonetics)
    if language is None and told == "en" and is_foreign(words):
        raise UnreadableError("the text seems to be in a language other than English: say which with --language")
    return told, words


def _check_readable(language: str, find_phonetics: FindPhonetics) -> None:
    """Raise `UnreadableError` where a language that our own rules do not read cannot be read otherwise."""
    if language == "und":
        raise UnreadableError("the text does not tell its language: say which with --language")
    phonetics = find_phonetics()
    if language in _UNPARTED or (phonetics is not None and not phonetics.speaks(language)):
        raise UnreadableError(f"the text is in a language ({language}) that cannot be read aloud")
    if phonetics is None:
        raise UnreadableError(
            f"the text is in a language ({language}) that is read with the extra: pip install 'shenqu[espeak]'"
        )


def read_text(
    cues: Sequence[Cue], *, lexicon: Lexicon, language: str = "en", find_phonetics: FindPhonetics = lambda: None
) -> tuple[SpokenWord, ...]:
    """Return the words of a text in one of the languages of `READABLE` or of the phonetics, with the ways to say them.

    Raises `InputError` where a word is absurdly long, or there is no word; `UnreadableError` where an extra is needed
    that is not there.
    """
    reader = _Reader(language, lexicon, find_phonetics, _script(cues))
    words = tuple(word for index, cue in enumerate(cues) for word in reader.read(cue.text, index))
    if not words:
        raise InputError("the text holds no words; give the words that are spoken")
    return words


def is_foreign(words: Sequence[SpokenWord]) -> bool:
    """Tell whether most words are unknown to the lexicon, as in a text of another language in Latin letters."""
    return len(words) >= 8 and sum(not word.known for word in words) > 0.4 * len(words)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads cues: every script in its own way, Chinese characters and the letters of `script` in those of `language`.

    Latin letters in a text of another script are English.
    """

    language: str
    lexicon: Lexicon
    find_phonetics: FindPhonetics
    script: str
    known: dict[tuple[str, ...], SpokenWord] = field(default_factory=dict)  # words that were read before

    def read(self, text: str, cue: int) -> Iterator[SpokenWord]:
        text = _REMARK.sub(" ", unicodedata.normalize("NFC", text))
        if self.language in LATIN_READERS or self.language not in READABLE:
            text = _GROUPED.sub(lambda number: re.sub(r"\s", _GROUP_GAP, number[0]), text)
        shouted = not any(letter.islower() for letter in text)
        tokens = [token for token in _GAP.split(text) if token]
        tokens = tokens if self.language in READABLE else list(_leant(tokens))
        for token, following in pairwise([*tokens, ""]):
            yield from self._read_token(token, following, cue, shouted)

    def _read_token(self, token: str, following: str, cue: int, shouted: bool) -> Iterator[SpokenWord]:
        counted = False
        for script, part in _runs(token):
            if len(part) > _LONGEST_WORD and script in {"", "HANGUL", "DEVANAGARI"}:
                raise InputError(f'the text holds "{part[:20]}...", longer than any word; put blanks between the words')
            if script in {"CJK", "KANA"}:
                yield from self._read_characters(part, cue, counted=counted)
            elif script == "DEVANAGARI" and has_digits(part):
                yield self._read_number(part, cue, part)
            else:
                ways = {"HANGUL": read_hangul, "DEVANAGARI": read_devanagari}.get(script)
                yield from [_spoken(part, ways(part), cue)] if ways else self._read_word(part, following, cue, shouted)
            counted = part[-1:].isdigit()

    def _read_characters(self, characters: str, cue: int, *, counted: bool) -> Iterator[SpokenWord]:
        if self.language == "ja" or not HAN.match(characters):
            for word, ways in read_japanese(characters, counted=counted):
                yield _spoken(word, ways, cue)
        else:
            for character, sounds in zip(characters, self._read_han(characters), strict=True):
                yield _spoken(character, tuple((said,) for said in sounds), cue)

    def _read_han(self, characters: str) -> tuple[tuple[Said, ...], ...]:
        return read_cantonese(characters) if self.language == "yue" else read_characters(characters)

    def _read_word(self, text: str, following: str, cue: int, shouted: bool) -> Iterator[SpokenWord]:
        joined = False
        for part, after in pairwise([*_parts(text.lstrip(_CLOSING)), ""]):
            # A hyphen behind a number says "to" before another number only.
            said = part if after[:1].isdigit() else part.rstrip(_HYPHENS)
            key = (part, said, following, str(shouted))
            if key not in self.known:
                self.known[key] = self._read_part(part, said, following, cue, shouted)
            yield replace(self.known[key], cue=cue, joined=joined)
            joined = True

    def _read_part(self, part: str, said: str, following: str, cue: int, shouted: bool) -> SpokenWord:
        language = self._language_of(part)
        if language not in READABLE:
            return _spoken(part, self._read_otherwise(part, language) or ((Said(part, ("AH",)),),), cue)
        if has_digits(part):
            return self._read_number(part, cue, said)
        if self.language in LATIN_READERS:
            ways = LATIN_READERS[self.language](part, following)
            return _spoken(part, ways or ((Said(part, ("AH",)),),), cue)
        if part.lower().endswith(_NUMBERED) and following[:1].isdigit():
            known = _unique(self.lexicon("number"))
        else:
            known = _unique(_known_ways(part, self.lexicon, shouted))
        guesses = () if known else _guessed_ways(_letters(part), self.lexicon)
        return SpokenWord(text=part, pronunciations=known or guesses, cue=cue, known=bool(known))

    def _language_of(self, part: str) -> str:
        """Return the language that letters are read in: the text's own, English, or what their script tells."""
        script = next((_script_of(letter) for letter in part if letter.isalpha()), self.script)
        if script in {self.script, "LATIN"}:
            return self.language if script == self.script or self.language in READABLE else "en"
        return guess_in_script(script, part) or self.language

    def _read_otherwise(self, part: str, language: str) -> tuple[tuple[Said, ...], ...]:
        """Return how a word is said in a language beyond our own rules; nothing where that is not known."""
        phonetics = self.find_phonetics()
        if phonetics is None:
            return ()
        said = "".join(sign if unicodedata.category(sign)[0] in "LMN" or sign in _SAID_SIGNS else " " for sign in part)
        return read_ipa(part, phonetics.ipa(said, language), vowels_written=language not in _VOWELS_UNWRITTEN)

    def _read_number(self, text: str, cue: int, said: str) -> SpokenWord:
        ways = [way for reading in self._number_readings(said) for way in self._number_ways(text, reading)]
        return _spoken(text, tuple(dict.fromkeys(ways)) or ((Said(text, ("AH",)),),), cue)

    def _number_readings(self, text: str) -> tuple[Sequence[str], ...]:
        if self.language in SPELLED:
            return spelled_readings(text, self.language)
        return mandarin_readings(text) if self.language in {"zh", "yue"} else english_readings(text)

    def _number_ways(self, text: str, reading: Sequence[str]) -> list[tuple[Said, ...]]:
        """Return the two most usual ways to say a number in words or characters, its digits spread over them."""
        sounds = [ways for word, after in pairwise([*reading, ""]) for ways in self._word_ways(word, after)]
        texts = spread(text, len(sounds)) if sounds else []
        return [
            tuple(
                said._replace(text=letters)
                for part, word in zip(texts, way, strict=True)
                for said, letters in zip(word, spread(part, len(word)), strict=True)
            )
            for way in islice(product(*sounds), 2)
            if way
        ]

    def _word_ways(self, word: str, following: str) -> list[Sequence[tuple[Said, ...]]]:
        """Return the ways to say each part of a word that a number is said with."""
        parts: list[Sequence[tuple[Said, ...]]] = []
        for script, part in _runs(word):
            if script in {"HANGUL", "DEVANAGARI"}:
                parts.append((read_hangul if script == "HANGUL" else read_devanagari)(part))
            elif script == "KANA" or (script and self.language == "ja"):
                parts += [ways for _, ways in read_japanese(part, counted=True)]
            elif script:
                parts += [[(said[0],)] for said in self._read_han(part)]
            elif self.language in LATIN_READERS:
                parts.append(LATIN_READERS[self.language](part, following))
            else:
                ways = _unique(_known_ways(part, self.lexicon, False)) or _guessed_ways(_letters(part), self.lexicon)
                parts.append([_english_syllables(part, way) for way in ways])
        return [ways for ways in parts if ways]


def _spoken(text: str, said: tuple[tuple[Said, ...], ...], cue: int) -> SpokenWord:
    """Return a word whose syllables are known in each way to say it."""
    pronunciations = tuple(tuple(phone for syllable in way for phone in syllable.phones) for way in said)
    tone = said[0][0].tone if len(said[0]) == 1 else 0
    return SpokenWord(text=text, pronunciations=pronunciations, said=said, tone=tone, cue=cue)


def _english_syllables(word: str, phones: Pronunciation) -> tuple[Said, ...]:
    starts = syllable_starts(phones)
    pieces = [phones[begin:end] for begin, end in pairwise([*starts, len(phones)])]
    first = next((index for index, piece in enumerate(pieces) if _REDUCED.isdisjoint(piece)), 0)
    return tuple(Said(word, piece, stress=int(index == first)) for index, piece in enumerate(pieces))


def _leant(tokens: Sequence[str]) -> Iterator[str]:
    """Yield tokens, a single consonant (Russian "с", Polish "z") together with the word that it is said with.

    >>> list(_leant(["с", "собой", "и", "z", "nami"]))
    ['с собой', 'и', 'z nami']
    """
    leaning = ""
    for token in tokens:
        alone = len(token) == 1 and _script_of(token) in _WITH_VOWELS and not is_vowel(token)
        if alone and not leaning:
            leaning = token + " "
        else:
            yield leaning + token
            leaning = ""
    if leaning:
        yield leaning.strip()


def _runs(token: str) -> list[tuple[str, str]]:
    """Return a word cut where its script changes: (script, part); "" is any that is read letter by letter.

    >>> _runs("B站真好，괜찮아요?")
    [('', 'B'), ('CJK', '站真好'), ('HANGUL', '괜찮아요?')]
    """
    runs: list[tuple[str, str]] = []
    for match in _SCRIPT_RUN.finditer(token):
        script = match.lastgroup or ""
        part = match.group().lstrip(_CLOSING) or match.group()
        if script == "OTHER" and runs and runs[-1][0] in {"HANGUL", "DEVANAGARI"} and not any(map(str.isalnum, part)):
            runs[-1] = (runs[-1][0], runs[-1][1] + part)
        else:
            runs.append(("" if script == "OTHER" else script, part))
    return [
        (script, part) for script, part in runs if script or any(map(str.isalnum, part)) or "&" in part or "%" in part
    ]


def _parts(text: str) -> list[str]:
    """Return a word cut after its hyphens, each part with letters in it; nothing where there are none.

    >>> _parts("“forty-one”"), _parts("-"), _parts("- Well-")
    (['“forty-', 'one”'], [], ['- Well-'])
    """
    return re.findall(r"[^\w&%]*[\w&%](?:[^-‐‑—–―]|[-‐‑—–―](?![^\W_]))*[-‐‑—–―]?", text)


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
