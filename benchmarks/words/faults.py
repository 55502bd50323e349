"""Texts with words replaced, missing and inserted, and what is then wrong in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.words.scoring import Found, area_under_curve, letters, matched
from benchmarks.words.truth import TrueWord

FAULTS = ("replaced", "missing", "inserted")
SHARE = 0.2
FAR_S = 0.2  # from its place, a word is as wrong as one that is not said


@dataclass(frozen=True, slots=True, kw_only=True)
class Faulty:
    """A text of words; `true` has the word that is said there, None where it is another."""

    words: tuple[str, ...]
    true: tuple[TrueWord | None, ...]

    @property
    def text(self) -> str:
        """The words as a text."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Confidence in right and in wrong words."""

    right: tuple[float, ...]
    wrong: tuple[float, ...]

    @property
    def area(self) -> float:
        """How well confidence tells them apart: 0.5 not at all, 1.0 always."""
        return area_under_curve(self.right, self.wrong)

    def __add__(self, other: Doubt) -> Doubt:
        return Doubt(right=self.right + other.right, wrong=self.wrong + other.wrong)


def spoil(words: Sequence[TrueWord], fault: str, pool: Sequence[str], *, seed: int = 0) -> Faulty:
    """Return the text of `words` with a fifth of them replaced by others of `pool`, missing, or others put between.

    >>> words = [TrueWord(text=text, start_s=0.0) for text in "one two three four five".split()]
    >>> [sum(word is None for word in spoil(words, fault, ["ten"]).true) for fault in FAULTS]
    [1, 0, 1]
    """
    rng = np.random.default_rng(seed)
    chosen = set(rng.choice(len(words), max(1, round(SHARE * len(words))), replace=False).tolist())
    texts: list[str] = []
    true: list[TrueWord | None] = []
    for index, word in enumerate(words):
        is_chosen = index in chosen
        if is_chosen and fault != "missing":
            others = [other for other in pool if letters(other) != letters(word.text)]
            texts.append(others[rng.integers(len(others))])
            true.append(None)
        if not is_chosen or fault == "inserted":
            texts.append(word.text)
            true.append(word)
    return Faulty(words=tuple(texts), true=tuple(true))


def doubt(faulty: Faulty, found: Sequence[Found], fault: str) -> Doubt:
    """Return the confidence in the right words of a text and in the wrong ones; 0 where they were not heard.

    Where words are missing all others are right: wrong then are those that were put out of their places.
    """
    given = [TrueWord(text=text, start_s=0.0) for text in faulty.words]
    right, wrong, position = [], [], 0
    for members, rows in matched(given, found):
        true = faulty.true[position : position + len(members)]
        position += len(members)
        heard = bool(rows) and all(row.start_s is not None for row in rows)
        confidence = min(row.confidence for row in rows) if heard else 0.0
        if fault != "missing":
            (wrong if None in true else right).append(confidence)
        elif heard and true[0] is not None and rows[0].start_s is not None:
            (wrong if abs(rows[0].start_s - true[0].start_s) > FAR_S else right).append(confidence)
    return Doubt(right=tuple(right), wrong=tuple(wrong))
