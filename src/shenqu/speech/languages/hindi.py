"""Devanagari as Hindi reads it: a consonant carries a short a unless a sign says otherwise, and often loses it.

References
----------
Choudhury, Basu & Sarkar (2004), "A diachronic approach for schwa deletion in Indo Aryan languages", for
where the short a falls silent: at the end, and between a vowel-consonant and a consonant-vowel.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from shenqu.speech.phones import Said
from shenqu.speech.spelling import with_vowel

DEVANAGARI = re.compile(r"[ऀ-ॿ]")
_CONSONANTS = {
    letter: phones.split()
    for letters, phones in {
        "क": "K", "ख": "K", "ग": "G", "घ": "G", "ङ": "NG", "च": "CH", "छ": "CH", "ज": "JH", "झ": "JH", "ञ": "N",
        "टतठथ": "T", "डदढध": "D", "णनऩ": "N", "प": "P", "फ": "P", "बभ": "B", "म": "M", "य": "Y", "रऱ": "R",
        "लळ": "L", "व": "V", "शष": "SH", "स": "S", "ह": "HH",
    }.items()
    for letter in letters
}  # fmt: skip
_WITH_DOT = {"क": "K", "ख": "K", "ग": "G", "ज": "Z", "ड": "R", "ढ": "R", "फ": "F"}
_VOWELS = {
    "अ": "AH", "आा": "AA", "इि": "IH", "ईी": "IY", "उु": "UH", "ऊू": "UW", "एे": "EY", "ऐै": "EH", "ओो": "OW",
    "औौ": "AO", "ऑॉ": "AO", "ऍॅ": "EH", "ऋृ": "R IH", "ऎॆ": "EH", "ऒॊ": "OW",
}  # fmt: skip
_SIGNS = {sign: phones.split() for signs, phones in _VOWELS.items() for sign in signs}
_DOT, _MUTE, _NASAL, _BREATH = "़", "्", "ंँ", "ः"


@dataclass(frozen=True, slots=True)
class _Letter:
    """A consonant or vowel letter with its signs: where it begins, consonants, vowel phones, what follows."""

    at: int
    onset: tuple[str, ...]
    vowel: tuple[str, ...] = ()
    coda: tuple[str, ...] = ()
    silent_a: bool = False  # the vowel is the short a that no sign writes


def read_devanagari(word: str) -> tuple[tuple[Said, ...], ...]:
    """Return the ways to say a word in Devanagari: the short a silent where it mostly is, else only at the end.

    >>> [" ".join(said.phones) for said in read_devanagari("नमस्ते")[0]]
    ['N AH', 'M AH S', 'T EY']
    """
    letters = _letters(unicodedata.normalize("NFC", word))
    last_cut = _cut_last(letters)
    ways = (_syllables(word, _cut_inner(last_cut)), _syllables(word, last_cut), _syllables(word, letters))
    return tuple(dict.fromkeys(way for way in ways if way))


def _letters(word: str) -> list[_Letter]:
    letters: list[_Letter] = []
    for at, sign in enumerate(word):
        if sign in _CONSONANTS:
            letters.append(_Letter(at, tuple(_CONSONANTS[sign]), ("AH",), silent_a=True))
        elif letters and sign == _DOT and word[at - 1] in _WITH_DOT:
            letters[-1] = replace(letters[-1], onset=(_WITH_DOT[word[at - 1]],))
        elif letters and sign == _MUTE:
            letters[-1] = replace(letters[-1], vowel=(), silent_a=False)
        elif letters and sign in _NASAL:
            letters[-1] = replace(letters[-1], coda=("N",), silent_a=False)
        elif letters and sign == _BREATH:
            letters[-1] = replace(letters[-1], silent_a=False)
        elif sign in _SIGNS and letters and unicodedata.category(sign).startswith("M"):
            letters[-1] = replace(letters[-1], vowel=tuple(_SIGNS[sign]), silent_a=False)
        elif sign in _SIGNS:
            letters.append(_Letter(at, (), tuple(_SIGNS[sign])))
    return letters


def _cut_last(letters: list[_Letter]) -> list[_Letter]:
    """Return the letters with the short a at the word's end silent."""
    if len(letters) > 1 and letters[-1].silent_a and any(letter.vowel for letter in letters[:-1]):
        return [*letters[:-1], replace(letters[-1], vowel=(), silent_a=False)]
    return letters


def _cut_inner(letters: list[_Letter]) -> list[_Letter]:
    """Return the letters with each short a silent, from the right, that stands between VC and CV."""
    cut = list(letters)
    for index in range(len(cut) - 2, 0, -1):
        before, after = cut[index - 1], cut[index + 1]
        if cut[index].silent_a and before.vowel and not before.coda and after.onset and after.vowel:
            cut[index] = replace(cut[index], vowel=(), silent_a=False)
    return cut


def _syllables(word: str, letters: list[_Letter]) -> tuple[Said, ...]:
    """Return the syllables: consonants without a vowel close the one before, at the start they open the next."""
    syllables: list[tuple[int, list[str]]] = []
    opening: list[str] = []
    for letter in letters:
        if letter.vowel:
            at = 0 if not syllables else letter.at
            syllables.append((at, [*opening, *letter.onset, *letter.vowel, *letter.coda]))
            opening = []
        elif syllables:
            syllables[-1][1].extend((*letter.onset, *letter.coda))
        else:
            opening += letter.onset
    if not syllables:  # a lone sign, or a consonant that is hummed
        return (Said(word, with_vowel(tuple(opening))),)
    cuts = [*(at for at, _ in syllables), len(word)]
    return tuple(Said(word[at : cuts[index + 1]], tuple(phones)) for index, (at, phones) in enumerate(syllables))
