"""Hangul: each block is a syllable, its letters are its sounds, and neighbours change them.

References
----------
The Unicode Standard, section 3.12, "Conjoining Jamo Behavior", for the decomposition; National Institute
of Korean Language, "Standard Pronunciation" (표준 발음법), for liaison and assimilation.
"""

from __future__ import annotations

import re

from shenqu.speech.phones import Said

HANGUL = re.compile(r"[가-힣]")
_BASE, _VOWELS, _TAILS = 0xAC00, 21, 28
_INITIALS = [
    "G", "K", "N", "D", "T", "R", "M", "B", "P", "S", "S", "-", "JH", "CH", "CH", "K", "T", "P", "HH",
]  # fmt: skip
_MEDIALS = [
    "AA", "EH", "Y AA", "Y EH", "AH", "EH", "Y AH", "Y EH", "OW", "W AA", "W EH", "W EH", "Y OW", "UW", "W AH",
    "W EH", "W IY", "Y UW", "UH", "W IY", "IY",
]  # fmt: skip
# Each final: what is heard of it; before a vowel, what stays and what moves on.
_FINALS = [
    "", "K//G", "K//K", "K//S", "N//N", "N/N/JH", "N//N", "T//D", "L//R", "K/L/G", "M/L/M", "L/L/B", "L/L/S",
    "L/L/T", "P/L/P", "L//R", "M//M", "P//B", "P/P/S", "T//S", "T//S", "NG/NG/", "T//JH", "T//CH", "K//K", "T//T",
    "P//P", "//",
]  # fmt: skip
_BREATHY = {6, 15, 27}  # finals with ㅎ, which hardens what follows and falls silent before a vowel
_HARDENED = {"G": "K", "D": "T", "JH": "CH", "B": "P"}
_NASAL = {"K": "NG", "T": "N", "P": "M"}


def read_hangul(word: str) -> tuple[tuple[Said, ...], ...]:
    """Return the ways to say a word of hangul blocks, with its punctuation: one syllable a block.

    >>> [" ".join(said.phones) for said in read_hangul("한국어")[0]]
    ['HH AA N', 'G UW', 'G AH']
    """
    blocks = [divmod(ord(block) - _BASE, _TAILS) for block in HANGUL.findall(word)]
    letters = [(*divmod(front, _VOWELS), tail) for front, tail in blocks]
    sounds = _sounds(letters)
    texts = re.findall(rf"(?:^[^가-힣]*)?{HANGUL.pattern}[^가-힣]*", word)
    ways = [tuple(Said(text, tuple(way)) for text, way in zip(texts, sounds, strict=True))] if texts else []
    return tuple(ways)


def _sounds(letters: list[tuple[int, int, int]]) -> list[list[str]]:
    onsets = [_INITIALS[initial] for initial, _, _ in letters]
    codas = []
    for index, (_, _, tail) in enumerate(letters):
        following = onsets[index + 1] if index + 1 < len(letters) else ""
        own, stays, moves = [*_FINALS[tail].split("/"), "", ""][:3]
        if following == "-" and tail not in _BREATHY:
            own, onsets[index + 1] = stays, moves or "-"
        elif tail in _BREATHY:
            own = {6: "N", 15: "L", 27: ""}[tail]
            onsets[index + 1 : index + 2] = [_HARDENED.get(following, following)] if following else []
        elif following == "HH" and own in {"K", "T", "P"}:
            own, onsets[index + 1] = "", own
        elif following in {"N", "M"}:
            own = _NASAL.get(own, own)
        codas.append(own)
    return [
        [*([onset] if onset not in {"-", ""} else []), *_MEDIALS[medial].split(), *([coda] if coda else [])]
        for onset, (_, medial, _), coda in zip(onsets, letters, codas, strict=True)
    ]
