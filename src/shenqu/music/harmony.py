"""Keys and chords: what a chord symbol means, which key notes are in, chords for a tune that has none.

References
----------
Krumhansl 1990, Cognitive Foundations of Musical Pitch: the key profiles (Krumhansl and Kessler 1982).
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from shenqu.documents.tune import Chord, Note, PartNote, Scale, Tune
from shenqu.errors import InputError

_MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SYMBOL = re.compile(r"([A-G])([#b]?)(.*?)(?:/([A-G])([#b]?))?")
_QUALITIES = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "min": (0, 3, 7),
    "-": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "M7": (0, 4, 7, 11),
    "dim": (0, 3, 6),
    "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
    "aug": (0, 4, 8),
    "+": (0, 4, 8),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "7sus4": (0, 5, 7, 10),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "5": (0, 7),
    "9": (0, 4, 7, 10, 14),
    "add9": (0, 4, 7, 14),
}
# Triads of the key as (semitones above the tonic, quality, price of using it).
_TRIADS = {
    "major": ((0, "", 0.0), (2, "m", 0.3), (4, "m", 0.6), (5, "", 0.05), (7, "", 0.0), (9, "m", 0.2)),
    "minor": ((0, "m", 0.0), (3, "", 0.2), (5, "m", 0.1), (7, "", 0.05), (8, "", 0.2), (10, "", 0.3)),
}
_CHANGE_PRICE = 0.15
_CADENCE_GAIN = 0.6
_HOME_GAIN = 0.3


class ChordTones(NamedTuple):
    """A chord in pitch classes and semitones: its `root` and `bass` (0 to 11) and `steps` above the root."""

    root: int
    bass: int
    steps: tuple[int, ...]


def chord_tones(symbol: str) -> ChordTones:
    """Return what a chord `symbol` of a lead sheet means; unknown additions fall back to the plain triad.

    Raises `InputError` where it does not begin with a note's name.

    >>> chord_tones("F#m7/E")
    ChordTones(root=6, bass=4, steps=(0, 3, 7, 10))
    """
    match = _SYMBOL.fullmatch(symbol.strip())
    if not match:
        raise InputError(f"{symbol!r} is no chord: write it as C, F#m, G7, Bdim or D/F#")
    letter, accidental, quality, bass, bass_accidental = match.groups()
    root = (_LETTERS[letter] + _shift(accidental)) % 12
    minor = quality.startswith(("m", "-")) and not quality.startswith("maj")
    steps = _QUALITIES.get(quality, _QUALITIES["m" if minor else ""])
    return ChordTones(root, (_LETTERS[bass] + _shift(bass_accidental)) % 12 if bass else root, steps)


def _shift(accidental: str | None) -> int:
    return {"#": 1, "b": -1}.get(accidental or "", 0)


def find_key(notes: Sequence[Note | PartNote], *, last_pitch: int) -> tuple[int, Scale]:
    """Return tonic (0 is C) and scale that fit `notes` best, by their durations.

    Tunes come home: a key on `last_pitch`, with which the melody ends, is believed a little sooner.

    >>> pitches = (67, 69, 71, 72, 74, 76, 78, 79)
    >>> scale = [Note(pitch=pitch, onset_beat=Fraction(0), length_beat=Fraction(1)) for pitch in pitches]
    >>> find_key(scale, last_pitch=79)
    (7, 'major')
    """
    weights = np.zeros(12)
    for note in notes:
        weights[note.pitch % 12] += min(4.0, float(note.length_beat))
    if weights.std() == 0:
        return last_pitch % 12, "major"
    fits = {
        (tonic, scale): float(np.corrcoef(np.roll(profile, tonic), weights)[0, 1])
        + (_HOME_GAIN if tonic == last_pitch % 12 else 0.0)
        for scale, profile in (("major", _MAJOR_PROFILE), ("minor", _MINOR_PROFILE))
        for tonic in range(12)
    }
    tonic, scale = max(fits, key=lambda key: fits[key])
    return tonic, "major" if scale == "major" else "minor"


def harmonize(tune: Tune) -> tuple[Chord, ...]:
    """Return chords for `tune`, one triad of its key a bar, that hold its notes and end on the tonic.

    The chord of a bar is chosen by the notes that sound in it, strong beats counting more, against
    the price of rarer triads and of a change; the step from dominant to tonic is welcome.
    """
    bars = _bars(tune)
    triads = _TRIADS[tune.scale]
    fits = np.array([_fits(tune, start, end) for start, end in bars])
    fits[-1, 1:] -= 10.0
    best = fits[0].copy()
    best[0] += 0.3
    steps = []
    moves = np.array([[_move(before, after) for after in triads] for before in triads])
    for fit in fits[1:]:
        paths = best[:, None] + moves
        steps.append(paths.argmax(axis=0))
        best = paths.max(axis=0) + fit
    chosen = [int(best.argmax())]
    for step in reversed(steps):
        chosen.append(int(step[chosen[-1]]))
    return tuple(
        Chord(
            symbol=_NAMES[(tune.tonic + triads[index][0]) % 12] + triads[index][1],
            onset_beat=start,
            length_beat=end - start,
        )
        for (start, end), index in zip(bars, reversed(chosen), strict=True)
    )


def bar_lines(tune: Tune) -> tuple[tuple[Fraction, Fraction], ...]:
    """Return the start of every bar of `tune` and its length in beats, the upbeat as a bar before the first.

    The bars cover the tune: the last one may reach beyond its end.
    """
    metres = sorted(tune.metres, key=lambda metre: metre.onset_beat)
    bars: list[tuple[Fraction, Fraction]] = []
    now, end = Fraction(0), tune.end_beat
    if tune.upbeat_beat:
        bars.append((now, tune.upbeat_beat))
        now = tune.upbeat_beat
    for metre, after in zip(metres, [*metres[1:], None], strict=True):
        length = Fraction(4 * metre.numerator, metre.denominator)
        until = min(end, after.onset_beat) if after else end
        while now < until:
            # A new metre begins a new bar, wherever it comes.
            size = min(length, after.onset_beat - now) if after else length
            bars.append((now, size))
            now += size
    return tuple(bars)


def _bars(tune: Tune) -> list[tuple[Fraction, Fraction]]:
    """Return (start, end) of the full bars; what comes before the first has no chord."""
    bars = bar_lines(tune)
    full = bars[1:] if tune.upbeat_beat and len(bars) > 1 else bars
    return [(start, start + length) for start, length in full]


def _fits(tune: Tune, start: Fraction, end: Fraction) -> list[float]:
    """Return how well each triad of the key holds the notes between two beats."""
    first = bisect_right(tune.notes, start, key=lambda note: note.end_beat)
    last = bisect_left(tune.notes, end, key=lambda note: note.onset_beat)
    weights = np.full(12, 1e-9)
    for note in tune.notes[first:last]:
        overlap = min(note.end_beat, end) - max(note.onset_beat, start)
        weights[(note.pitch - tune.tonic) % 12] += math.sqrt(overlap) * (1.6 if note.onset_beat == start else 1.0)
    weights /= weights.sum()
    return [
        2.0 * sum(float(weights[(above + step) % 12]) for step in _QUALITIES[quality]) - price
        for above, quality, price in _TRIADS[tune.scale]
    ]


def _move(before: tuple[int, str, float], after: tuple[int, str, float]) -> float:
    if before == after:
        return 0.0
    return _CADENCE_GAIN * (before[0] == 7 and after[0] == 0) - _CHANGE_PRICE
