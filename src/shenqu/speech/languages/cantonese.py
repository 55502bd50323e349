"""Chinese characters as Cantonese reads them: jyutping, tone (1 to 6), and the nearest English sounds.

References
----------
Linguistic Society of Hong Kong (1993), the jyutping scheme; Bauer & Benedict (1997), "Modern Cantonese
Phonology", for the sounds. The table is our own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from shenqu.errors import InputError
from shenqu.speech.phones import Pronunciation, Said, UnreadableError

_INITIALS = {
    "b": "B", "p": "P", "m": "M", "f": "F", "d": "D", "t": "T", "n": "N", "l": "L", "g": "G", "k": "K", "ng": "NG",
    "h": "HH", "gw": "G W", "kw": "K W", "w": "W", "z": "JH", "c": "CH", "s": "S", "j": "Y", "": "",
}  # fmt: skip
_RHYMES = {
    "aai": "AY", "ai": "AY", "aau": "AW", "au": "AW,OW", "ei": "EY", "eu": "EH W", "iu": "IY W,Y UW", "oi": "OY",
    "ou": "OW", "ui": "W IY", "eoi": "OY,ER Y", "aa": "AA", "a": "AH", "eo": "ER,UH", "oe": "ER", "e": "EH", "i": "IY",
    "o": "AO", "yu": "UW,IY", "u": "UW",
}  # fmt: skip
_CODAS = {"m": "M", "n": "N", "ng": "NG", "p": "P", "t": "T", "k": "K", "": ""}
_HUMS = {"m": ("AH", "M"), "ng": ("AH", "NG")}
_MOST_READINGS = 4
_MOST_WAYS = 6
_JYUTPING = re.compile(rf"(ng|gw|kw|[bpmfdtnlgkhwzcsj]?)({'|'.join(_RHYMES)})(ng|[mnptk]?)([1-6])")


@lru_cache(maxsize=1)
def _jyutping() -> Any:
    try:
        import ToJyutping  # noqa: PLC0415 - an extra
    except ImportError:
        raise UnreadableError("Cantonese is read with the extra: pip install 'shenqu[yue]'") from None
    return ToJyutping


def read_cantonese(characters: str) -> tuple[tuple[Said, ...], ...]:
    """Return, for each of `characters`, the ways to say it: one syllable each.

    Raises `UnreadableError` where ToJyutping is not installed, `InputError` where a character has no reading.
    """
    candidates = _jyutping().get_jyutping_candidates(characters)
    in_context = _jyutping().get_jyutping_list(characters)
    return tuple(
        _ways(character, reading, others)
        for (character, reading), (_, others) in zip(in_context, candidates, strict=True)
    )


def _ways(character: str, in_context: str | None, others: Sequence[str]) -> tuple[Said, ...]:
    """Return the ways to say a character, the one that its neighbours tell first, of each sound one."""
    ways: dict[Pronunciation, Said] = {}
    for reading in [*(in_context or "").split()[:1], *others][:_MOST_READINGS]:
        for phones in jyutping_ways(reading):
            ways.setdefault(phones, Said(character, phones, tone=int(reading[-1])))
    if not ways:
        raise InputError(f"the text holds the character {character}, which has no Cantonese reading; write another")
    return tuple(ways.values())[:_MOST_WAYS]


def jyutping_ways(syllable: str) -> tuple[Pronunciation, ...]:
    """Return the phones of a syllable in jyutping with its tone, the nearest first; nothing where it is none.

    >>> jyutping_ways("gwong2"), jyutping_ways("m4")
    ((('G', 'W', 'AO', 'NG'),), (('AH', 'M'),))
    """
    hum = _HUMS.get(syllable[:-1].removeprefix("h"))
    if hum:
        return (hum,)
    match = _JYUTPING.fullmatch(syllable)
    if match is None:
        return ()
    initial, rhyme, coda, _ = match.groups()
    return tuple(
        (*_INITIALS[initial].split(), *way.split(), *_CODAS[coda].split()) for way in _RHYMES[rhyme].split(",")
    )
