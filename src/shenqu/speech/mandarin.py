"""Chinese characters as syllables: pinyin, tone, and the nearest English sounds.

The acoustic model is English, so each Mandarin sound is given the English phone that is nearest to it;
where two are near, both are offered and the aligner chooses.

Conventions
-----------
Pinyin comes as initial and final in strict form ("v" for ü, "iou" for -iu). Phones are ARPAbet.

References
----------
Duanmu (2007), "The Phonology of Standard Chinese", for the sounds; the table is our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from shenqu.errors import InputError

Pronunciation = tuple[str, ...]
HAN = re.compile(r"[々〇㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff]")

_INITIALS = {
    initial: phones.split()
    for initial, phones in {
        "": "", "b": "B", "p": "P", "m": "M", "f": "F", "d": "D", "t": "T", "n": "N", "l": "L", "g": "G",
        "k": "K", "h": "HH", "j": "JH", "q": "CH", "x": "SH", "zh": "JH", "ch": "CH", "sh": "SH", "r": "R",
        "z": "D Z", "c": "T S", "s": "S",
    }.items()
}  # fmt: skip
_FINALS = {
    final: [way.split() for way in ways.split(",")]
    for final, ways in {
        "a": "AA", "o": "AO", "e": "AH,UH", "ê": "EH", "ai": "AY", "ei": "EY", "ao": "AW", "ou": "OW",
        "an": "AA N,AE N", "en": "AH N", "ang": "AA NG", "eng": "AH NG", "ong": "UH NG,OW NG", "er": "AA R,ER",
        "i": "IY", "ia": "Y AA", "ie": "Y EH", "iao": "Y AW", "iou": "Y OW", "ian": "Y EH N", "in": "IY N,IH N",
        "iang": "Y AA NG", "ing": "IY NG,IH NG", "iong": "Y UH NG,Y OW NG", "io": "Y AO",
        "u": "UW", "ua": "W AA", "uo": "W AO", "uai": "W AY", "uei": "W EY", "uan": "W AA N,W AE N",
        "uen": "W AH N", "uang": "W AA NG", "ueng": "W AH NG",
        "v": "UW,Y UW", "ve": "Y EH", "van": "Y EH N,Y AE N", "vn": "UW N,Y UW N",
        "m": "AH M", "n": "AH N", "ng": "AH NG",
    }.items()
}  # fmt: skip
_BUZZED = {"zh": ["ER", "IH"], "ch": ["ER", "IH"], "sh": ["ER", "IH"], "r": ["ER"], "z": ["AH", "IH"]}
_BUZZED |= {"c": _BUZZED["z"], "s": _BUZZED["z"]}
_PINYIN = re.compile(r"(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]?)([aeiouüv][aeiouüv]*(?:ng|n(?![aeiouüv])|r(?![aeiouüv]))?)")


def read_characters(characters: str) -> tuple[tuple[int, tuple[Pronunciation, ...]], ...]:
    """Return tone (1 to 5) and pronunciations of each of `characters`, read in their context.

    Raises `InputError` where a character has no reading.

    >>> [(tone, " ".join(ways[0])) for tone, ways in read_characters("银行")]
    [(2, 'IY N'), (2, 'HH AA NG')]
    """
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - its tables take a third of a second to load

    # pypinyin takes a list from `errors` as one entry a character, though its annotation says text.
    one_each: Any = list
    initials = lazy_pinyin(characters, style=Style.INITIALS, strict=True, errors=one_each)
    finals = lazy_pinyin(
        characters, style=Style.FINALS_TONE3, strict=True, neutral_tone_with_five=True, errors=one_each
    )
    return tuple(map(_reading, characters, initials, finals))


def _reading(character: str, initial: str, final: str) -> tuple[int, tuple[Pronunciation, ...]]:
    name, tone = final[:-1], final[-1:]
    if not final.strip("12345"):  # a hum: 嗯 and its like
        return int(tone or 5), (("AH", "N"), ("AH", "M"))
    if name not in _FINALS or initial not in _INITIALS or not tone.isdigit():
        raise InputError(f"the text holds the character {character}, which has no Mandarin reading; write another")
    return int(tone), _ways(initial, name)


def _ways(initial: str, final: str) -> tuple[Pronunciation, ...]:
    finals = [[vowel] for vowel in _BUZZED[initial]] if final == "i" and initial in _BUZZED else _FINALS[final]
    return tuple((*_INITIALS[initial], *way) for way in finals)


def pinyin_word(word: str) -> tuple[str, ...]:
    """Return the phones of a lower-case word written in pinyin without tones; empty where it is no pinyin.

    >>> " ".join(pinyin_word("xiaomi")), pinyin_word("thus")
    ('SH Y AW M IY', ())
    """
    phones: list[str] = []
    place = 0
    while place < len(word):
        match = _PINYIN.match(word, place)
        ways = next(iter(_strict_ways(*match.groups())), ()) if match else ()
        if match is None or not ways:
            return ()
        phones += ways
        place = match.end()
    return tuple(phones)


def _strict_ways(initial: str, final: str) -> Iterator[Pronunciation]:
    """Yield the phones of a syllable as it is spelled: "you" is iou, "jun" is jvn, "liu" is liou."""
    final = final.replace("ü", "v")
    if initial in {"y", "w"}:
        glide = "i" if initial == "y" else "u"
        initial, final = "", final if final[0] == glide else glide + final
        final = re.sub(r"^iu(?=$|e|a|n)", "v", final)
    elif initial in {"j", "q", "x"}:
        final = re.sub(r"^u(?!i)", "v", final)
    final = {"iu": "iou", "ui": "uei", "un": "uen", "ien": "in", "ieng": "ing", "io": "io"}.get(final, final)
    if final in _FINALS and initial in _INITIALS:
        yield from _ways(initial, final)
