"""Japanese: kana by their own table; kanji through janome (the `ja` extra), which knows how words are read.

A syllable is a beat of kana with what follows it: ん, a small っ, a long vowel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from typing import Any

from shenqu.errors import InputError
from shenqu.speech.phones import Pronunciation, Said, UnreadableError, spread

_ROWS = {
    "アイウエオ": "", "カキクケコ": "K", "ガギグゲゴ": "G", "サシスセソ": "S", "ザジズゼゾ": "Z", "タチツテト": "T",
    "ダヂヅデド": "D", "ナニヌネノ": "N", "ハヒフヘホ": "HH", "バビブベボ": "B", "パピプペポ": "P", "マミムメモ": "M",
    "ラリルレロ": "R", "ヤヰユヱヨ": "Y", "ワヸヴヹヲ": "W",
}  # fmt: skip
_ONSETS = {kana: onset.split() for row, onset in _ROWS.items() for kana in row}
_ONSETS |= {"シ": ["SH"], "チ": ["CH"], "ツ": ["T", "S"], "フ": ["F"], "ジ": ["JH"], "ヂ": ["JH"], "ヅ": ["Z"]}
_ONSETS |= {"ヴ": ["V"], "ヲ": [], "ヰ": [], "ヱ": []}
_VOWELS = {kana: vowel for row in _ROWS for kana, vowel in zip(row, ("AA", "IY", "UW", "EH", "OW"), strict=True)}
_SMALL = {"ァ": "AA", "ィ": "IY", "ゥ": "UW", "ェ": "EH", "ォ": "OW", "ャ": "AA", "ュ": "UW", "ョ": "OW", "ヮ": "AA"}
_GLIDED = "ャュョ"
_BEAT = re.compile(r"[ア-ヺ](?<![ァィゥェォッャュョヮン])[ァィゥェォャュョヮ]?(?:ー|ッ|ン)*|[ァ-ヺー]")
_SOME_NUMBER = ("五", "ゴ")  # before a counter it tells the dictionary what the counter is
_LONG = {"OW": "ウ", "EH": "イ"}


def read_japanese(text: str, *, counted: bool = False) -> Iterator[tuple[str, tuple[tuple[Said, ...], ...]]]:
    """Yield the words of a run of kana and kanji, each with the ways to say it; `counted` if a number stands before.

    Raises `UnreadableError` where there are kanji and janome is not installed, `InputError` where it does not
    know a word.
    """
    tokenizer = _tokenizer()
    if tokenizer is None:
        yield from _read_beats(text)
        return
    for surface, sounds in _tokens(tokenizer, text, counted=counted):
        ways = _ways(surface, _katakana(sounds))
        if not ways:
            raise InputError(f'the text holds "{surface}", which no dictionary reads; write it in kana')
        yield surface, ways


def _tokens(tokenizer: Any, text: str, *, counted: bool) -> list[tuple[str, str]]:
    """Return the words of a text and how they sound; behind a number a counter sounds as a counter."""
    number, said = _SOME_NUMBER
    first, *others = _sounded(tokenizer, number + text if counted else text)
    if not counted:
        return [first, *others]
    if first[0].startswith(number) and first[1].startswith(said):
        rest = (first[0].removeprefix(number), first[1].removeprefix(said))
        return [rest, *others] if rest[0] else others
    return _sounded(tokenizer, text)


def _sounded(tokenizer: Any, text: str) -> list[tuple[str, str]]:
    tokens = tokenizer.tokenize(text)
    return [(token.surface, token.phonetic if token.phonetic != "*" else token.surface) for token in tokens]


def _read_beats(text: str) -> Iterator[tuple[str, tuple[tuple[Said, ...], ...]]]:
    if re.search(r"[々㐀-䶿一-鿿\uf900-\ufaff]", text):
        raise UnreadableError("kanji are read with the extra: pip install 'shenqu[ja]'")
    place = 0
    for said in _said(text, _katakana(text)):
        yield text[place : place + len(said.text)], ((said,),)
        place += len(said.text)


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    """Return janome's tokenizer, or None where it is not installed."""
    try:
        from janome.tokenizer import Tokenizer  # noqa: PLC0415 - an extra
    except ImportError:
        return None
    return Tokenizer()


def _katakana(text: str) -> str:
    return "".join(chr(ord(kana) + 0x60) if "ぁ" <= kana <= "ゖ" else kana for kana in text)


def _ways(surface: str, sounds: str) -> tuple[tuple[Said, ...], ...]:
    said = _said(surface if len(surface) == len(sounds) else sounds, sounds)
    if not said or re.search(r"[々〇㐀-䶿一-鿿\uf900-\ufaff]", sounds):
        return ()
    if "".join(part.text for part in said) != surface:
        texts = _written(surface, said)
        said = tuple(part._replace(text=text) for part, text in zip(said, texts, strict=True))
    tapped = tuple(part._replace(phones=tuple("D" if p == "R" else p for p in part.phones)) for part in said)
    return tuple(dict.fromkeys((said, tapped)))


def _written(surface: str, said: tuple[Said, ...]) -> list[str]:
    """Return the letters of each syllable: kana at the end of the word are their own, kanji are shared out."""
    kana = _katakana(surface)
    same = 0
    while same < len(said) - 1 and kana.endswith("".join(part.text for part in said[len(said) - same - 1 :])):
        same += 1
    tail = [part.text for part in said[len(said) - same :]]
    letters = sum(map(len, tail))
    return [
        *spread(surface[: len(surface) - letters], len(said) - same),
        *_like(tail, surface[len(surface) - letters :]),
    ]


def _like(parts: list[str], text: str) -> list[str]:
    """Return `text` cut where `parts` are."""
    ends = list(accumulate(map(len, parts)))
    return [text[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def _said(written: str, sounds: str) -> tuple[Said, ...]:
    """Return the syllables of katakana `sounds`; their texts are the letters of `written` in the same places."""
    syllables: list[Said] = []
    place = begin = 0
    while place < len(sounds):
        match = _BEAT.match(sounds, place)
        end = match.end() if match else place + 1
        beat, phones = sounds[place:end], _phones(sounds[place:end])
        if syllables and (not phones or beat.rstrip("ーッ") == _LONG.get(syllables[-1].phones[-1])):
            last = syllables[-1]
            syllables[-1] = Said(last.text + written[begin:end], (*last.phones, *(("N",) if beat == "ン" else ())))
            begin = end
        elif phones or beat == "ン" or end == len(sounds):
            syllables.append(Said(written[begin:end], phones or ("AH", "N")))
            begin = end
        place = end
    return tuple(syllables)


def _phones(beat: str) -> Pronunciation:
    """Return the phones of one beat; none where it is only a lengthening or a close."""
    kana, small = beat[0], beat[1:2]
    if kana in _SMALL:
        return (_SMALL[kana],)
    if kana not in _VOWELS:
        return ()
    onset, vowel = list(_ONSETS[kana]), _VOWELS[kana]
    if small in _SMALL and small:
        glide = ["Y"] if small in _GLIDED and onset[-1:] not in (["SH"], ["CH"], ["JH"]) else []
        labial = ["W"] if small not in _GLIDED and kana in "ウクグ" else []
        onset, vowel = [*onset, *glide, *labial], _SMALL[small]
    return (*onset, vowel, *(["N"] if "ン" in beat else []))
