"""What was found against what is true: pure figures.

Conventions
-----------
Errors are found minus true, in milliseconds. Vowels of a word are paired in order so that the errors are least;
where one side has more, the rest counts in the syllables only.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate, pairwise

import numpy as np

from benchmarks.words.truth import Span, TrueWord


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A word as an aligner found it; `start_s` None where it was not heard."""

    text: str
    start_s: float | None
    vowels_s: tuple[float, ...] = ()
    confidence: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One word, or several that only one side parts: errors NaN or empty where nothing is known.

    `words` true words are `heard` or not. `syllables` are (true, found), None where nobody marked them.
    """

    text: str
    at_s: float
    words: int
    heard: bool
    confidence: float
    start_ms: float = math.nan
    vowels_ms: tuple[float, ...] = ()
    syllables: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many of `true` and `found` vowels belong together."""

    true: int
    found: int
    hits: int

    @property
    def precision(self) -> float:
        """Share of what was found that is true."""
        return self.hits / self.found if self.found else math.nan

    @property
    def recall(self) -> float:
        """Share of what is true that was found."""
        return self.hits / self.true if self.true else math.nan

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return 2.0 * self.hits / (self.true + self.found) if self.true + self.found else math.nan


def letters(text: str) -> str:
    """Return the letters, marks and digits of `text`, without case.

    >>> letters("Thy-Self, 1’s हिं")
    'thyself1sहिं'
    """
    return "".join(
        char for char in unicodedata.normalize("NFC", text).casefold() if unicodedata.category(char)[0] in "LMN"
    )


def score(true: Sequence[TrueWord], found: Sequence[Found]) -> list[Score]:
    """Return the score of every true word, matched by the letters of both texts.

    >>> true = [TrueWord(text="hello", start_s=1.0, vowels=((1.1, 1.2), (1.3, 1.5))), TrueWord(text="you", start_s=2.0)]
    >>> [row] = score(true[:1], [Found(text="Hello,", start_s=1.01, vowels_s=(1.12, 1.3))])
    >>> round(row.start_ms), [round(error) for error in row.vowels_ms], row.syllables
    (10, [20, 0], (2, 2))
    >>> [row.heard for row in score(true, [Found(text="you", start_s=2.0)])]
    [False, True]
    """
    return [_score(members, given) for members, given in matched(true, found)]


def matched(true: Sequence[TrueWord], found: Sequence[Found]) -> list[tuple[Sequence[TrueWord], Sequence[Found]]]:
    """Return true and found words that belong together: one each, or as many as make up the same letters."""
    ours, theirs = ([letters(word.text) for word in words] for words in (true, found))
    if "".join(ours) == "".join(theirs):
        ends, their_ends = (
            {end: index for index, end in enumerate(accumulate(map(len, texts), initial=0))} for texts in (ours, theirs)
        )
        cuts = sorted(ends.keys() & their_ends.keys())
        return [(true[ends[a] : ends[b]], found[their_ends[a] : their_ends[b]]) for a, b in pairwise(cuts)]
    same = {}
    for ours_at, theirs_at, size in SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks():
        same.update({ours_at + step: theirs_at + step for step in range(size)})
    return [([word], [found[same[index]]] if index in same else []) for index, word in enumerate(true)]


def _score(true: Sequence[TrueWord], found: Sequence[Found]) -> Score:
    heard = bool(found) and all(word.start_s is not None for word in found)
    text, at_s = " ".join(word.text for word in true), true[0].start_s
    confidence = min((word.confidence for word in found if word.start_s is not None), default=0.0) if heard else 0.0
    if not heard:
        return Score(text=text, at_s=at_s, words=len(true), heard=False, confidence=0.0)
    start_s = found[0].start_s
    assert start_s is not None
    onsets = [time_s for word in found for time_s in word.vowels_s]
    marked = None if any(word.vowels is None for word in true) else [v[0] for word in true for v in word.vowels or ()]
    return Score(
        text=text,
        at_s=at_s,
        words=len(true),
        heard=True,
        confidence=confidence,
        start_ms=1000.0 * (start_s - at_s),
        vowels_ms=tuple(paired_errors_ms(marked or (), onsets)),
        syllables=None if marked is None else (len(marked), len(onsets)),
    )


def paired_errors_ms(true_s: Sequence[float], found_s: Sequence[float]) -> list[float]:
    """Return found minus true of as many pairs as there can be, in order, with the least sum of distances.

    >>> [round(error) for error in paired_errors_ms([1.0, 2.0], [0.98, 1.5, 2.01])]
    [-20, 10]
    """
    swapped = len(true_s) > len(found_s)
    few, many = (found_s, true_s) if swapped else (true_s, found_s)
    best: list[tuple[float, tuple[float, ...]]] = [(0.0, ())] * (len(many) + 1)
    for row, one in enumerate(few, 1):
        new = [(math.inf, ())] * (len(many) + 1)
        for column in range(row, len(many) + 1):
            error = many[column - 1] - one
            taken = (best[column - 1][0] + abs(error), (*best[column - 1][1], error))
            new[column] = min(new[column - 1], taken, key=lambda entry: entry[0])
        best = new
    sign = -1000.0 if swapped else 1000.0
    return [sign * error for error in best[-1][1]]


def median_p90(errors: Iterable[float]) -> tuple[float, float]:
    """Return median and 90th percentile of the sizes of `errors` that are numbers; NaN where there are none.

    >>> median_p90([-1.0, math.nan, 3.0])
    (2.0, 2.8)
    """
    sizes = np.abs(np.array([error for error in errors if math.isfinite(error)]))
    return (float(np.median(sizes)), float(np.percentile(sizes, 90))) if sizes.size else (math.nan, math.nan)


def count_nuclei(true: Sequence[Span], middles_s: Sequence[float], *, spare_s: float) -> Counted:
    """Return how many found middles lie in a true vowel, or `spare_s` beside it; each vowel takes one.

    >>> count_nuclei([(1.0, 1.1), (1.2, 1.3)], [1.05, 1.09, 1.31, 2.0], spare_s=0.02).hits
    2
    """
    hits, used = 0, 0
    middles = sorted(middles_s)
    for start_s, end_s in sorted(true):
        while used < len(middles) and middles[used] < start_s - spare_s:
            used += 1
        if used < len(middles) and middles[used] <= end_s + spare_s:
            hits += 1
            used += 1
    return Counted(true=len(true), found=len(middles), hits=hits)


def area_under_curve(right: Sequence[float], wrong: Sequence[float]) -> float:
    """Return how often a right word has more confidence than a wrong one; equal ones count half.

    >>> area_under_curve([0.9, 0.5], [0.5, 0.1]), area_under_curve([1.0], [1.0])
    (0.875, 0.5)
    """
    if not right or not wrong:
        return math.nan
    ordered = np.sort(np.asarray(wrong))
    below = np.searchsorted(ordered, right, side="left")
    not_above = np.searchsorted(ordered, right, side="right")
    return float((below + not_above).mean() / (2.0 * len(wrong)))
