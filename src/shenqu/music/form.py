"""The form of a tune: which passage is verse and which refrain, found by what comes again where nobody marked it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from shenqu.documents.tune import Metre, Section, Tune

LEAST_PULSES = 12
ALIKE = 0.6


def metre_at(tune: Tune, beat: Fraction) -> Metre:
    """Return the time signature that holds at `beat`."""
    return max((m for m in tune.metres if m.onset_beat <= beat), key=lambda m: m.onset_beat, default=tune.metres[0])


def is_compound(metre: Metre) -> bool:
    """Tell whether the tapped beat of `metre` has three parts: 6/8, 9/8, 12/8."""
    return metre.denominator >= 8 and metre.numerator % 3 == 0 and metre.numerator > 3


def pulse_beat(metre: Metre) -> Fraction:
    """Return the length of the beat that one taps, in quarter notes.

    >>> metres = [Metre(onset_beat=Fraction(0), numerator=n, denominator=d) for n, d in ((4, 4), (6, 8), (3, 8))]
    >>> [str(pulse_beat(metre)) for metre in metres]
    ['1', '3/2', '1/2']
    """
    if is_compound(metre):
        return Fraction(12, metre.denominator)
    return Fraction(1, 2) if (metre.numerator, metre.denominator) == (3, 8) else Fraction(1)


def song_form(tune: Tune) -> tuple[Section, ...]:
    """Return the sections of `tune`; where it has none, passages of whole phrases, the one that returns as refrain.

    Where nothing returns, verse and refrain take turns.
    """
    if tune.sections:
        return tune.sections
    passages = _passages(tune)
    labels = _labels(tune, passages)
    refrain = _refrain(labels)
    return tuple(
        Section(
            kind="refrain" if label == refrain else "verse",
            onset_beat=start,
            length_beat=end - start,
        )
        for (start, end), label in zip(passages, labels, strict=True)
    )


def _passages(tune: Tune) -> list[tuple[Fraction, Fraction]]:
    """Return (start, end) of passages: whole phrases, each of them some bars long."""
    bounds = [Fraction(0)]
    last = max(note.end_beat for note in tune.notes)
    for end in tune.phrase_ends:
        least = LEAST_PULSES * pulse_beat(metre_at(tune, bounds[-1]))
        if end - bounds[-1] >= least and last - end >= least / 2:
            bounds.append(end)
    return list(pairwise([*bounds, max(tune.end_beat, bounds[-1] + 1)]))


def _labels(tune: Tune, passages: Sequence[tuple[Fraction, Fraction]]) -> list[int]:
    """Return a number for each passage, the same for those whose notes are mostly the same."""
    contents = [
        {(note.onset_beat - start, note.pitch) for note in tune.notes if start <= note.onset_beat < end}
        for start, end in passages
    ]
    labels: list[int] = []
    for number, content in enumerate(contents):
        alike = (
            labels[other]
            for other in range(number)
            if len(content & contents[other]) >= ALIKE * max(1, len(content), len(contents[other]))
        )
        labels.append(next(alike, number))
    return labels


def _refrain(labels: list[int]) -> int:
    """Return the label of the refrain: what comes most often, but not all the time; else every second passage."""
    counts = Counter(labels)
    label, count = max(counts.items(), key=lambda item: (item[1], item[0]))
    if 1 < count < len(labels):
        return label
    labels[:] = [number % 2 for number in range(len(labels))]
    return 1
