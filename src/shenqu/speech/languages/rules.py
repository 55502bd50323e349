"""Letters to sounds by ordered rules, for languages that are spelled as they are said.

Conventions
-----------
A table has one rule a line: a pattern, tried where the reader stands, and the phones it stands for, "-" for
none and "=" for the letter itself. Where dialects or neighbours differ, other phones follow behind "|": a
word is read once with the first of each, once with the second of each and so on. Look-behinds see the
letters before. The first rule that fits is taken. A rule gives one vowel at most.

References
----------
Elovitz et al. (1976), "Letter-to-sound rules for automatic translation of English text to phonetics",
for the form of the rules. The tables are our own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from shenqu.speech.phones import VOWELS, Pronunciation, Said
from shenqu.speech.spelling import with_vowel

_GLIDES = {"Y", "W"}
_LIQUIDS = {"R", "L"}
_BEFORE_LIQUIDS = {"P", "B", "T", "D", "K", "G", "F", "V", "TH"}
_MOST_VARIANTS = 4
_ACCENTED = frozenset("áéíóúàèìòùâêôãõ")


@dataclass(frozen=True)
class Spelling:
    """How a language is spelled: its table of rules, and which syllable of several is stressed.

    `onsets` are pairs of consonants ("S-T") that begin a syllable, beside those all these languages share.
    """

    table: str
    stressed: Callable[[Sequence[str]], int]
    onsets: str = ""

    @cached_property
    def _rules(self) -> tuple[tuple[re.Pattern[str], tuple[Pronunciation, ...]], ...]:
        lines = [line.split(maxsplit=1) for line in self.table.strip().splitlines()]
        return tuple(
            (re.compile(pattern), tuple(tuple(way.replace("-", "").split()) for way in said.split("|")))
            for pattern, said in lines
        )

    @cached_property
    def _pairs(self) -> frozenset[str]:
        return frozenset(self.onsets.split())

    def read(self, word: str) -> tuple[tuple[Said, ...], ...]:
        """Return the ways to say `word`, each as its syllables; nothing where no letter of it has a sound."""
        core = word.strip("".join(letter for letter in word if not letter.isalnum()))
        plain = "".join("'" if letter in "’‘ʼ" else letter.lower()[:1] for letter in core)
        matches = self._matches(plain)
        count = min(_MOST_VARIANTS, max((len(ways) for _, ways in matches), default=0))
        ways = [way for variant in range(count) if (way := self._variant(core, plain, matches, variant))]
        before, behind = word.split(core, 1) if core else ("", "")
        return tuple(dict.fromkeys(_surrounded(way, before, behind) for way in ways or _hummed(core, matches)))

    def _matches(self, plain: str) -> list[tuple[int, tuple[Pronunciation, ...]]]:
        """Return the letter at which each rule was used, and its phones."""
        matches = []
        place = 0
        while place < len(plain):
            match, ways = next(
                ((match, ways) for rule, ways in self._rules if (match := rule.match(plain, place))), (None, ((),))
            )
            letter = plain[place].upper()
            matches.append((place, tuple(tuple(letter if p == "=" else p for p in way) for way in ways)))
            place = match.end() if match and match.end() > place else place + 1
        return matches

    def _variant(
        self, word: str, plain: str, matches: Sequence[tuple[int, tuple[Pronunciation, ...]]], variant: int
    ) -> tuple[Said, ...]:
        spoken = [(phone, at) for at, ways in matches for phone in ways[min(variant, len(ways) - 1)]]
        phones = [phone for phone, _ in spoken]
        starts = open_starts(phones, self._pairs)
        if not starts:
            return ()
        cuts = [0, *(_with_silent_h(plain, spoken[start][1], matches) for start in starts[1:]), len(word)]
        texts = [word[begin:end] for begin, end in pairwise(cuts)]
        stressed = stressed_syllable(texts, self.stressed)
        return tuple(
            Said(text, tuple(phones[begin:end]), stress=int(index == stressed))
            for index, (text, begin, end) in enumerate(zip(texts, starts, [*starts[1:], len(phones)], strict=True))
        )


def open_starts(phones: Sequence[str], pairs: frozenset[str] = frozenset()) -> list[int]:
    """Return the phone at which each syllable begins: a consonant, with a glide or liquid, or a pair, opens it.

    >>> open_starts("D R UW Z Y AA M".split()), open_starts("AA S T R AA".split(), frozenset({"S-T"}))
    ([0, 3], [0, 1])
    """
    nuclei = [index for index, phone in enumerate(phones) if phone in VOWELS]
    starts = [0] if nuclei else []
    for before, nucleus in pairwise(nuclei):
        start = nucleus
        while start > before + 1 and phones[start - 1] != "NG" and _joins(phones, start, nucleus, pairs):
            start -= 1
        starts.append(start)
    return starts


def _joins(phones: Sequence[str], start: int, nucleus: int, pairs: frozenset[str]) -> bool:
    """Tell whether the consonant before `start` can begin the syllable too."""
    if start == nucleus:
        return True
    first, second = phones[start - 1 : start + 1]
    if second in _GLIDES:
        return first not in _GLIDES
    return (second in _LIQUIDS and first in _BEFORE_LIQUIDS) or f"{first}-{second}" in pairs


def _hummed(word: str, matches: Sequence[tuple[int, tuple[Pronunciation, ...]]]) -> list[tuple[Said, ...]]:
    """Return a word without a vowel ("hm") with a neutral one."""
    phones = tuple(phone for _, ways in matches for phone in ways[0])
    return [(Said(word, with_vowel(phones)),)] if phones else []


def _surrounded(way: tuple[Said, ...], before: str, behind: str) -> tuple[Said, ...]:
    """Return the syllables with the punctuation around the word."""
    way = (way[0]._replace(text=before + way[0].text), *way[1:])
    return (*way[:-1], way[-1]._replace(text=way[-1].text + behind))


def _with_silent_h(plain: str, place: int, matches: Sequence[tuple[int, tuple[Pronunciation, ...]]]) -> int:
    """Return where a syllable's letters begin: a silent h before its first sound is its own."""
    silent = (place - 1, ((),))
    return place - 1 if place and plain[place - 1] == "h" and silent in matches else place


def stressed_syllable(texts: Sequence[str], usual: Callable[[Sequence[str]], int]) -> int:
    """Return which syllable is stressed: the one with an accent on it, else the `usual` one (from the end: -1)."""
    accented = [index for index, text in enumerate(texts) if not _ACCENTED.isdisjoint(text.lower())]
    index = accented[-1] if accented else usual(texts)
    return max(0, index + len(texts)) if index < 0 else min(index, len(texts) - 1)


def bare_end(texts: Sequence[str]) -> str:
    """Return the letters of a word, without what stands around them: its end tells the stress."""
    letters = "".join(texts).lower()
    return "".join(letter for letter in letters if unicodedata.category(letter).startswith("L"))
