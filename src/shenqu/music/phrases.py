"""Where the phrases of a melody end, when nobody has marked them.

A singer breathes at rests and after long notes, and phrases of 8 to 16 beats in whole bars are the
rule. The best division under both is found by dynamic programming.

References
----------
Cambouropoulos 2001, "The local boundary detection model"; Temperley 2001, Grouper (gaps, and phrases of like length).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from statistics import median

from shenqu.documents.tune import Note

MAX_PHRASE_NOTES = 40


def find_phrase_ends(notes: Sequence[Note], *, bar_beat: Fraction) -> tuple[Fraction, ...]:
    """Return the beats at which phrases end; the last is the end of the last of `notes`.

    >>> lengths = {0: 2, 2: 2, 4: 4, 8: 2, 10: 2, 12: 4}
    >>> notes = [Note(pitch=60, onset_beat=Fraction(at), length_beat=Fraction(n)) for at, n in lengths.items()]
    >>> [int(end) for end in find_phrase_ends(notes, bar_beat=Fraction(4))]
    [8, 16]
    """
    breaks = _break_strengths(notes)
    onsets = [note.onset_beat for note in notes] + [notes[-1].end_beat]
    best = [0.0] + [-math.inf] * len(notes)
    origin = [0] * (len(notes) + 1)
    for end in range(1, len(notes) + 1):
        for start in range(max(0, end - MAX_PHRASE_NOTES), end):
            cost = _length_cost(float(onsets[end] - onsets[start]), float(bar_beat), end - start)
            value = best[start] + breaks[end - 1] - cost
            if value > best[end]:
                best[end], origin[end] = value, start
    ends = []
    at = len(notes)
    while at:
        ends.append(notes[at - 1].end_beat)
        at = origin[at]
    return tuple(reversed(ends))


def _break_strengths(notes: Sequence[Note]) -> list[float]:
    """Return how well a phrase could end after each note: 0 in running notes, about 1 to 3 at a clear break."""
    if len(notes) == 1:
        return [0.0]
    gaps = [float(after.onset_beat - note.onset_beat) for note, after in pairwise(notes)]
    rests = [float(after.onset_beat - note.end_beat) for note, after in pairwise(notes)]
    usual = median(gaps)
    strengths = [
        min(2.0, math.log2(max(1.0, gap / usual))) + min(1.0, rest / usual)
        for gap, rest in zip(gaps, rests, strict=True)
    ]
    return [*strengths, 0.0]


def _length_cost(beats: float, bar_beat: float, count: int) -> float:
    """Return the price of a phrase: least at 8 to 16 beats in whole bars, high for stubs of one or two notes."""
    away = max(0.0, math.log2(8.0 / beats), math.log2(beats / 16.0))
    bars = beats / bar_beat
    return 0.6 + away**2 + 2.0 * abs(bars - round(bars)) + (1.5 if count < 3 else 0.0)
