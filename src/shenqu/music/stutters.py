"""Stutters: the rows of 16 steps that makers use, and where each of them fits.

    name                steps, in 16ths                              where
    he-he-hello         -2 -1, then the lead                          pickup
    triple              -3 -2 -1, then the lead                       pickup
    on-beat             0 1, the word on 2                            bar
    home-home-homeboy   0 2, the word on 4                            tail
    tresillo            0 3 6 8 11 14                                 bar
    gallop              0 2 3 4 6 7 8 10 11 12 14 15                  bar
    roll                0 2 4 6, 8 to 11, 12 to 15.5 by halves, louder  bar, of a build
    thrice              0 4 8, each higher                            bar, of a build

A *pickup* leads into the next word of the lead, a *tail* repeats its last one, a *bar* fills a bar in which nobody
sings. The unit is the onset of a syllable and 60 to 90 ms of its vowel; of a fricative 50 ms are kept.

References
----------
The cells as makers of such songs name and use them: docs/figures.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from shenqu.documents.figure import Figure, Stroke
from shenqu.documents.speech import Syllable
from shenqu.music.line import FRICATIVES, STEP, Line, Piece, Rest, Sung, onset_phones

SHORTEST_VOWEL_S, LONGEST_VOWEL_S = 0.06, 0.09
FRICATIVE_S, ONSET_S = 0.05, 0.12
SOFTEST_DB = -12.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A stutter: its steps in 16ths, the step on which the whole word sounds, semitones and decibels of each step."""

    name: str
    place: Literal["pickup", "tail", "bar"]
    steps: tuple[float, ...]
    word: float | None = None
    rises: bool = False
    swells: bool = False
    build: bool = False  # for the last bar of a build only


CELLS = (
    Cell(name="he-he-hello", place="pickup", steps=(-2, -1)),
    Cell(name="triple", place="pickup", steps=(-3, -2, -1)),
    Cell(name="on-beat", place="bar", steps=(0, 1), word=2),
    Cell(name="home-home-homeboy", place="tail", steps=(0, 2), word=4),
    Cell(name="tresillo", place="bar", steps=(0, 3, 6, 8, 11, 14)),
    Cell(name="gallop", place="bar", steps=(0, 2, 3, 4, 6, 7, 8, 10, 11, 12, 14, 15)),
    Cell(
        name="roll",
        place="bar",
        steps=(0, 2, 4, 6, 8, 9, 10, 11, 12, 12.5, 13, 13.5, 14, 14.5, 15, 15.5),
        swells=True,
        build=True,
    ),
    Cell(name="thrice", place="bar", steps=(0, 4, 8), rises=True, build=True),
)


def unit_of(syllable: Syllable, rng: np.random.Generator) -> Piece:
    """Return what of a syllable is stuttered: its onset, of a fricative 50 ms, and the beginning of its vowel."""
    onset = onset_phones(syllable)
    kept_s = FRICATIVE_S if onset and all(phone in FRICATIVES for phone in onset) else ONSET_S
    start_s = max(syllable.start_s, syllable.vowel_s - kept_s)
    vowel_s = float(rng.uniform(SHORTEST_VOWEL_S, LONGEST_VOWEL_S))
    return Piece(start_s, syllable.vowel_s, round(min(syllable.vowel_end_s, syllable.vowel_s + vowel_s), 4))


def stutters(line: Line, rest: Rest, rng: np.random.Generator) -> Iterator[Figure]:
    """Yield the stutters that have room in `rest`, in an order by lot; a song begins with a pickup, if it can."""
    cells = [CELLS[number] for number in rng.permutation(len(CELLS)) if not CELLS[number].build]
    if rest.before is None:
        cells.sort(key=lambda cell: cell.place != "pickup")
    for cell in cells:
        sung = rest.before if cell.place == "tail" else rest.behind
        if sung is None:
            continue
        for beat in _places(line, rest, cell, sung):
            figure = stutter(line, cell, sung, beat, rng)
            if line.lies_in(figure, rest.start, rest.end):
                yield figure


def stutter(line: Line, cell: Cell, sung: Sung, beat: Fraction, rng: np.random.Generator) -> Figure:
    """Return a stutter on a syllable of the lead, or on its word, at `beat`, tuned to the note there."""
    index = line.words[sung.index][0] if cell.word is not None else sung.index
    unit = unit_of(line.syllables[index], rng)
    word = line.word_of(index) if cell.word is not None else unit
    length = line.beats(unit.end_s - unit.beat_s, at=beat)
    _, bar = line.bar_at(beat)
    steps = [step for step in cell.steps if cell.place != "bar" or Fraction(step) * STEP < bar]
    early = STEP * max(Fraction(0), -Fraction(steps[0]))
    strokes = [
        Stroke(
            onset_beat=Fraction(step) * STEP + early,
            length_beat=min(length, _until_next(steps, number)),
            level_db=round(SOFTEST_DB * (1.0 - number / max(1, len(steps) - 1)), 1) if cell.swells else 0.0,
            semitones=float(scale_steps_up(line, sung.pitch, number) - sung.pitch) if cell.rises else 0.0,
        )
        for number, step in enumerate(steps)
    ]
    if cell.word is not None:
        whole = line.beats(word.end_s - word.beat_s, at=beat)
        strokes.append(Stroke(onset_beat=Fraction(cell.word) * STEP, length_beat=whole))
    return Figure(
        kind="roll" if cell.name == "roll" else "stutter",
        name=cell.name,
        onset_beat=beat - early,
        start_s=unit.start_s,
        beat_s=unit.beat_s,
        end_s=max(unit.end_s, word.end_s),
        strokes=tuple(strokes),
        pitch=sung.last_pitch if cell.place == "tail" else sung.pitch,
    )


def scale_steps_up(line: Line, pitch: int, steps: int) -> int:
    """Return the note of the song's scale that lies `steps` above `pitch`, as it is sung.

    A note that is none of the scale counts as the one below it.
    """
    tonic = line.tune.tonic + line.transpose
    return scale_above(pitch, steps, tonic=tonic, minor=line.tune.scale == "minor")


def scale_above(pitch: int, steps: int, *, tonic: int, minor: bool) -> int:
    """Return the note of a scale `steps` above `pitch`; a note that is none of it counts as the one below it.

    >>> [scale_above(60, steps, tonic=0, minor=False) for steps in (0, 2, 4, 7)]
    [60, 64, 67, 72]
    >>> scale_above(61, 2, tonic=0, minor=True)
    63
    """
    scale = (0, 2, 3, 5, 7, 8, 10) if minor else (0, 2, 4, 5, 7, 9, 11)
    octave, place = divmod(pitch - tonic, 12)
    degree = max(number for number, step in enumerate(scale) if step <= place) + steps
    return tonic + 12 * (octave + degree // 7) + scale[degree % 7]


def _until_next(steps: list[float], number: int) -> Fraction:
    """Return how much room a step has before the next one; the last has a 16th."""
    after = steps[number + 1] if number + 1 < len(steps) else steps[number] + 1
    return Fraction(after - steps[number]) * STEP


def _places(line: Line, rest: Rest, cell: Cell, sung: Sung) -> Iterator[Fraction]:
    """Yield the beats at which a cell could lie: before the lead comes in, behind it, or on a bar line."""
    if cell.place == "pickup":
        yield sung.onset
    elif cell.place == "tail":
        first = -(-rest.start // (2 * STEP)) * 2 * STEP
        yield from (first, first + 2 * STEP)
    else:
        start, length = line.bar_at(rest.start)
        while start < rest.end:
            if start >= rest.free:
                yield start
            start += length
