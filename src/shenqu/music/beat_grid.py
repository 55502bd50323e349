"""Heard notes written down: pulses become beats and bars, times become beats on a grid of sixteenths.

Conventions
-----------
*Pulses* are times in seconds of what a listener taps: quarter notes, or dotted ones where each falls into three.

References
----------
Temperley (2001), The Cognition of Basic Musical Structures: long notes, and changes of harmony, begin bars.
Cemgil et al. (2000), "Rhythm quantization for transcription": near in time against simple in notation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from shenqu.documents.heard import HeardNote
from shenqu.documents.tune import Metre, Note, Tempo

Floats = npt.NDArray[np.float64]

STEP = Fraction(1, 4)
SPREAD_STEPS = 0.35
ON_PULSE, ON_EIGHTH, ON_SIXTEENTH = 0.0, 0.25, 0.8  # what beginning there costs
EVEN = 0.01
BESIDE, FAR, THIRDS = 0.12, 0.08, 0.055  # of a pulse
DOUBTFUL_CONFIDENCE, DOUBTFUL_LEAP, DOUBTFUL_STEPS = 0.6, 10, 0.45


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BeatGrid:
    """The beats of a recording: `pulses_s` are its pulses, each of `pulse_beat` beats, `first_bar` one on a bar line.

    A bar has `bar_pulses` of them.
    """

    pulses_s: Floats
    pulse_beat: Fraction
    bar_pulses: int
    first_bar: int

    @property
    def bpm(self) -> float:
        """Quarter notes a minute, in the middle of the pulses' gaps."""
        return float(60.0 * float(self.pulse_beat) / np.median(np.diff(self.pulses_s)))

    @property
    def first_bar_s(self) -> float:
        """Where the first bar line lies."""
        return float(self.pulses_s[self.first_bar])

    def beat(self, time_s: float) -> float:
        """Return the beat of a time, counted from the first bar line; before and behind all pulses they go on."""
        gaps = self.pulses_s[1] - self.pulses_s[0], self.pulses_s[-1] - self.pulses_s[-2]
        if time_s < self.pulses_s[0]:
            pulse = (time_s - self.pulses_s[0]) / gaps[0]
        elif time_s > self.pulses_s[-1]:
            pulse = len(self.pulses_s) - 1 + (time_s - self.pulses_s[-1]) / gaps[1]
        else:
            pulse = float(np.interp(time_s, self.pulses_s, np.arange(len(self.pulses_s))))
        return float((pulse - self.first_bar) * float(self.pulse_beat))

    def time_s(self, beat: float | Fraction) -> float:
        """Return the time of a beat counted from the first bar line: the inverse of `beat`."""
        pulse = float(beat / self.pulse_beat) + self.first_bar
        last = len(self.pulses_s) - 1
        at = min(max(0, int(np.floor(pulse))), last - 1)
        return float(self.pulses_s[at] + (pulse - at) * (self.pulses_s[at + 1] - self.pulses_s[at]))

    @property
    def metre(self) -> Metre:
        """The time signature."""
        compound = self.pulse_beat == Fraction(3, 2)
        numerator = 3 * self.bar_pulses if compound else self.bar_pulses
        return Metre(onset_beat=Fraction(0), numerator=numerator, denominator=8 if compound else 4)


def find_grid(pulses_s: Floats, *, accents: Floats, harmony: Floats, notes: Sequence[HeardNote] = ()) -> BeatGrid:
    """Return which of the pulses are bar lines, and how they are written.

    `accents`, of shape (pulses,), is how strongly something begins on each, `harmony`, of shape (pulses, 12), which
    pitch classes sound on it.
    """
    pulse_beat = Fraction(3, 2) if _falls_into_three(pulses_s, notes) else Fraction(1)
    weights = _bar_weights(pulses_s, accents, harmony, notes)
    sizes = (2,) if pulse_beat != 1 else (4, 3)
    scores = {
        (size, first): _contrast(weights, size, first)
        for size in sizes
        for first in range(min(size, len(pulses_s) - 1))
    }
    size, first = max(scores, key=lambda key: scores[key])
    return BeatGrid(pulses_s=pulses_s, pulse_beat=pulse_beat, bar_pulses=size, first_bar=first)


def _falls_into_three(pulses_s: Floats, notes: Sequence[HeardNote]) -> bool:
    """Return whether what begins between pulses lies on thirds of them rather than on halves and quarters."""
    if not notes:
        return False
    places = np.interp([note.start_s for note in notes], pulses_s, np.arange(len(pulses_s)), left=0.0, right=0.0) % 1.0
    within = places[(places > BESIDE) & (places < 1.0 - BESIDE)]
    thirds, quarters = (
        np.minimum(FAR, np.abs(within * parts - np.rint(within * parts)) / parts).mean() if len(within) else 0.0
        for parts in (3, 4)
    )
    return len(within) > 0.1 * len(notes) and bool(thirds < min(THIRDS, quarters))


def _bar_weights(pulses_s: Floats, accents: Floats, harmony: Floats, notes: Sequence[HeardNote]) -> Floats:
    """Return how much each pulse is like the first of a bar: accents, new harmony, long notes that begin."""
    unit = harmony / np.maximum(np.linalg.norm(harmony, axis=1, keepdims=True), 1e-9)
    change = np.concatenate([[0.0], 1.0 - (unit[1:] * unit[:-1]).sum(axis=1)])
    length = np.zeros(len(pulses_s))
    gap_s = float(np.median(np.diff(pulses_s)))
    for note, after in pairwise([*notes, *notes[-1:]]):
        nearest = int(np.abs(pulses_s - note.start_s).argmin())
        if abs(pulses_s[nearest] - note.start_s) < 0.2 * gap_s:
            length[nearest] = min(2.0, (max(note.end_s, after.start_s) - note.start_s) / gap_s)
    return sum((_evened(weight) for weight in (accents, change, length)), np.zeros(len(pulses_s)))


def _evened(values: Floats) -> Floats:
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 0.0 else np.zeros(len(values))


def _contrast(weights: Floats, size: int, first: int) -> float:
    """Return by how much the first pulses of bars outweigh the others, in units of what chance would give."""
    at = np.arange(len(weights)) % size == first % size
    if not at.any() or at.all():
        return 0.0
    return float((weights[at].mean() - weights[~at].mean()) * np.sqrt(at.sum() * (~at).sum() / len(weights)))


def written_notes(notes: Sequence[HeardNote], grid: BeatGrid) -> tuple[tuple[Note, ...], tuple[int, ...]]:
    """Return `notes` on the grid, beat 0 at the first bar line, and which of those were not sure, by index."""
    beats = [grid.beat(note.start_s) for note in notes]
    places = np.array(beats) / float(STEP)
    weights = [note.strength * note.confidence for note in notes]
    steps = _quantised(places, weights, pulse_steps=int(grid.pulse_beat / STEP))
    written: list[Note] = []
    doubtful = []
    for index, (note, step) in enumerate(zip(notes, steps, strict=True)):
        if step is None:
            continue
        later = next((other for other in steps[index + 1 :] if other is not None), None)
        written.append(Note(pitch=note.pitch, onset_beat=step * STEP, length_beat=_length(note, step, later, grid)))
        off = abs(beats[index] / float(STEP) - step) > DOUBTFUL_STEPS
        if note.confidence < DOUBTFUL_CONFIDENCE or off:
            doubtful.append(len(written) - 1)
    leaps = _leaps(written)
    return tuple(written), tuple(sorted({*doubtful, *leaps}))


def _length(note: HeardNote, step: int, later: int | None, grid: BeatGrid) -> Fraction:
    """Return how long a note is held: to the next one, unless there is a rest of an eighth or more."""
    end = max(step + 1, round(grid.beat(note.end_s) / float(STEP)))
    if later is not None and (later < end or later - end < 2):
        end = later
    return (end - step) * STEP


def _quantised(places: Floats, weights: Sequence[float], *, pulse_steps: int) -> list[int | None]:
    """Return the step of each note, None where two fall on one and the weaker one is left out."""
    chosen: list[int | None] = []
    for place in places:
        near = [int(np.floor(place)) + shift for shift in (0, 1)]
        prices = [0.5 * ((place - step) / SPREAD_STEPS) ** 2 + _price(step, pulse_steps) for step in near]
        chosen.append(near[int(np.argmin(prices))])
    for index in range(1, len(chosen)):
        before = max((other for other in range(index) if chosen[other] is not None), default=None)
        step = chosen[index]
        if before is None or step is None or (earlier := chosen[before]) is None or step > earlier:
            continue
        if places[index] > earlier + 0.5:
            chosen[index] = earlier + 1
        elif weights[index] > weights[before]:
            chosen[before] = None
        else:
            chosen[index] = None
    return chosen


def _price(step: int, pulse_steps: int) -> float:
    if step % pulse_steps == 0:
        return ON_PULSE
    return ON_EIGHTH if step % 2 == 0 else ON_SIXTEENTH


def _leaps(notes: Sequence[Note]) -> list[int]:
    """Return the notes that leap away from both of their neighbours by nearly an octave or more."""
    pitches = [note.pitch for note in notes]
    return [
        at
        for at in range(1, len(pitches) - 1)
        if min(abs(pitches[at] - pitches[at - 1]), abs(pitches[at] - pitches[at + 1])) >= DOUBTFUL_LEAP
    ]


def written_tempi(grid: BeatGrid, start: Fraction, end: Fraction) -> tuple[Tempo, ...]:
    """Return the tempi from beat `start`, which becomes 0, to `end`: one where the pulses are even, else one a bar."""
    gaps = np.diff(grid.pulses_s)
    if float(gaps.std()) < EVEN * float(gaps.mean()):
        return (Tempo(onset_beat=Fraction(0), bpm=round(grid.bpm, 3)),)
    bar = grid.bar_pulses * grid.pulse_beat
    edges = [start, *(line * bar for line in range(int(start // bar) + 1, int(end // bar) + 2))]
    return tuple(
        Tempo(onset_beat=low - start, bpm=round(60.0 * float(high - low) / (grid.time_s(high) - grid.time_s(low)), 3))
        for low, high in pairwise(edges)
        if low < high
    )
