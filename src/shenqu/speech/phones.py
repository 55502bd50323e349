"""The sounds that syllables are made of.

Conventions
-----------
Phones are ARPAbet without stress digits, the 39 of the CMU Pronouncing Dictionary. A syllable is the
consonants before a vowel, the vowel, and the consonants behind it that the next syllable cannot begin with.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from shenqu.errors import InputError

Pronunciation = tuple[str, ...]


class Said(NamedTuple):
    """A syllable of a word: the letters that show it, its phones with one vowel, its tone or 0, its stress."""

    text: str
    phones: Pronunciation
    tone: int = 0
    stress: int = 1


class UnreadableError(InputError):
    """A text in a language that cannot be read aloud here; its syllables can still be found by ear."""


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


VOWELS = _set("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW")
_ONSETS = _set(
    """
    P-R P-L P-Y B-R B-L B-Y T-R T-W D-R D-W K-R K-L K-W K-Y G-R G-L G-W F-R F-L F-Y V-Y TH-R TH-W
    SH-R S-P S-T S-K S-M S-N S-L S-W S-F HH-Y M-Y HH-W S-P-R S-P-L S-P-Y S-T-R S-K-R S-K-W S-K-Y
    """
)


def syllable_starts(phones: Sequence[str]) -> tuple[int, ...]:
    """Return the index at which each syllable begins: as many consonants as English allows before each vowel.

    >>> syllable_starts("AH M EH R AH K AH N Z".split()), syllable_starts("K AH N T R IY".split())
    ((0, 1, 3, 5), (0, 3))
    """
    nuclei = [index for index, phone in enumerate(phones) if phone in VOWELS]
    starts = [_onset_start(phones, before + 1, nucleus) for before, nucleus in pairwise(nuclei)]
    return (0, *starts) if nuclei else ()


def _onset_start(phones: Sequence[str], first: int, nucleus: int) -> int:
    """Return where the longest onset before `nucleus` begins, at `first` or later."""
    for start in range(max(first, nucleus - 3), nucleus):
        onset = phones[start:nucleus]
        if "-".join(onset) in _ONSETS or (len(onset) == 1 and onset[0] != "NG"):
            return start
    return nucleus


def spread(text: str, count: int) -> list[str]:
    """Return `text` in `count` parts, the letters spread evenly, punctuation with its letter; "" where there are none.

    >>> spread("1941,", 3), spread("7", 2)
    (['19', '4', '1,'], ['7', ''])
    """
    letters: list[str] = []
    for letter in text:
        if letters and not (letter.isalnum() and any(map(str.isalnum, letters[-1]))):
            letters[-1] += letter
        else:
            letters.append(letter)
    ends = [-(-len(letters) * (index + 1) // count) for index in range(count)]
    return ["".join(letters[begin:end]) for begin, end in zip([0, *ends], ends, strict=False)]
