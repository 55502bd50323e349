"""Drums made of the speaker's own plosives and fricatives.

    kick    p b g with a little vowel, ten semitones lower, only what lies below 220 Hz
    snare   t k ch
    hat     s sh f, 16ths of velocity 1 .4 .7 .4

They lie under the band's own drums where somebody sings, and are heard alone in a break. Which sound is which comes
from the phones of the transcript; where these are not known there are none.

References
----------
docs/figures.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from shenqu.documents.figure import Figure, Stroke
from shenqu.documents.speech import Phone, Syllable
from shenqu.music.line import STEP, Line, Piece

UNDER_DB, ALONE_DB, FILL_DB = -16.0, -8.0, -11.0
VELOCITIES = (1.0, 0.4, 0.7, 0.4)
MOST_STROKES = 500
SHORTEST_S, LONGEST_S = 0.03, 0.25
CHOICE = 4  # the clearest so many are drawn from by lot


@dataclass(frozen=True, slots=True, kw_only=True)
class Drum:
    """A drum of the voice: the phones it is made of, how it is shifted and darkened, and where it stands."""

    phones: frozenset[str]
    level_db: float
    pan: float
    semitones: float = 0.0
    below_hz: float | None = None


DRUMS: Mapping[str, Drum] = {
    "kick": Drum(phones=frozenset("PBG"), level_db=4.0, pan=0.0, semitones=-10.0, below_hz=220.0),
    "snare": Drum(phones=frozenset({"T", "K", "CH"}), level_db=0.0, pan=0.1),
    "hat": Drum(phones=frozenset({"S", "SH", "F"}), level_db=-4.0, pan=-0.3),
}
Kit = Mapping[str, Piece]


def find_kit(line: Line, rng: np.random.Generator) -> Kit:
    """Return the piece of the speech for each drum that the speaker has, one for all of the song."""
    sounds = [
        (phone, syllable) for syllable in line.syllables for phone in syllable.phones if _is_whole(phone, syllable)
    ]
    kit = {}
    for name, drum in DRUMS.items():
        found = [(phone, syllable) for phone, syllable in sounds if phone.phone in drum.phones]
        found.sort(key=lambda pair: pair[0].start_s - pair[0].end_s)
        if found:
            kit[name] = _piece(name, *found[int(rng.integers(min(CHOICE, len(found))))])
    return kit


def _is_whole(phone: Phone, syllable: Syllable) -> bool:
    """Whether a consonant lies before its syllable's vowel, and is neither too short nor too long to be one sound."""
    return phone.end_s <= syllable.vowel_s + 0.01 and SHORTEST_S <= phone.end_s - phone.start_s <= LONGEST_S


def _piece(name: str, phone: Phone, syllable: Syllable) -> Piece:
    """Return what is struck: a burst lies just before the vowel, a hiss in the middle of its phone."""
    end_s = phone.end_s
    if name == "kick":
        return Piece(max(phone.start_s, end_s - 0.03), end_s, min(syllable.vowel_end_s, end_s + 0.08))
    if name == "snare":
        burst_s = max(phone.start_s, end_s - 0.045)
        return Piece(max(phone.start_s, burst_s - 0.005), burst_s, end_s + 0.015)
    middle_s = 0.5 * (phone.start_s + phone.end_s)
    return Piece(max(phone.start_s, middle_s - 0.025), max(phone.start_s, middle_s - 0.02), middle_s + 0.03)


def drum_figures(
    line: Line, kit: Kit, start: Fraction, end: Fraction, *, level_db: float, drums: Sequence[str] = tuple(DRUMS)
) -> list[Figure]:
    """Return the drums of the `kit` playing from beat to beat, each as one figure."""
    hits: dict[str, list[tuple[Fraction, float]]] = {name: [] for name in drums}
    for beat, length in line.bars:
        for name in drums if beat < end and beat + length > start else ():
            hits[name] += [(beat + at, db) for at, db in _bar(name, length) if start <= beat + at < end]
    return [
        figure
        for name in drums
        if name in kit and hits[name]
        for figure in _figures(line, f"{name} of the voice", kit[name], DRUMS[name], hits[name], level_db)
    ]


def fill_figures(line: Line, kit: Kit, start: Fraction, end: Fraction) -> list[Figure]:
    """Return a fill of 16ths from beat to beat: the snare, every fourth the kick, louder to the end."""
    count = int((end - start) / STEP)
    hits: dict[str, list[tuple[Fraction, float]]] = {"snare": [], "kick": []}
    for number in range(count):
        name = "kick" if number % 4 == 2 else "snare"
        hits[name].append((start + number * STEP, round(-5.0 * (1.0 - (number + 1) / count), 1)))
    return [
        figure
        for name, strokes in hits.items()
        if name in kit and strokes
        for figure in _figures(line, f"fill of the voice: {name}", kit[name], DRUMS[name], strokes, FILL_DB)
    ]


def _bar(name: str, length: Fraction) -> list[tuple[Fraction, float]]:
    """Return the strokes of a drum in one bar: beat and level. Three beats have one kick, others one every second."""
    pulses = [Fraction(pulse) for pulse in range(math.ceil(length))]
    heavy = [pulse for pulse in pulses if (pulse == 0 if length == 3 else pulse % 2 == 0)]
    if name == "kick":
        return [(pulse, 0.0) for pulse in heavy]
    if name == "snare":
        return [(pulse, 0.0) for pulse in pulses if pulse not in heavy]
    steps = range(math.ceil(length / STEP))
    return [(step * STEP, round(20.0 * math.log10(VELOCITIES[step % 4]), 1)) for step in steps]


def _figures(
    line: Line, name: str, piece: Piece, drum: Drum, hits: Sequence[tuple[Fraction, float]], level_db: float
) -> list[Figure]:
    """Return the hits as figures, as many as hold them."""
    figures = []
    for first in range(0, len(hits), MOST_STROKES):
        some = hits[first : first + MOST_STROKES]
        onset = some[0][0]
        length = line.beats((piece.end_s - piece.beat_s) / 2.0 ** (drum.semitones / 12.0) + 0.005, at=onset)
        strokes = tuple(
            Stroke(onset_beat=beat - onset, length_beat=length, level_db=db, semitones=drum.semitones)
            for beat, db in some
        )
        figures.append(
            Figure(
                kind="drum",
                name=name,
                onset_beat=onset,
                start_s=piece.start_s,
                beat_s=piece.beat_s,
                end_s=piece.end_s,
                strokes=strokes,
                sampler=True,
                below_hz=drum.below_hz,
                level_db=level_db + drum.level_db,
                pan=drum.pan,
            )
        )
    return figures
