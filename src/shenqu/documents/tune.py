"""What is to be sung: notes, chords, tempo.

A beat is a quarter note; beat 0 is the start of the tune, upbeat included.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from shenqu.documents.base import Document


class Note(Document, frozen=True, kw_only=True):
    """A written note: MIDI `pitch` (69 = 440 Hz), where it starts and how long it is, in beats."""

    pitch: int
    onset_beat: Fraction
    length_beat: Fraction

    @property
    def end_beat(self) -> Fraction:
        """Where the note ends."""
        return self.onset_beat + self.length_beat


class Chord(Document, frozen=True, kw_only=True):
    """A chord of the accompaniment, as lead sheets write it: "C", "Am", "G7", "Bdim", "F#m7"."""

    symbol: str
    onset_beat: Fraction
    length_beat: Fraction


class Tempo(Document, frozen=True, kw_only=True):
    """The tempo from `onset_beat` on, in quarter notes a minute."""

    onset_beat: Fraction
    bpm: float


class Metre(Document, frozen=True, kw_only=True):
    """The time signature from `onset_beat` on."""

    onset_beat: Fraction
    numerator: int
    denominator: int


class PartNote(Document, frozen=True, kw_only=True):
    """A note that an instrument plays, with its MIDI velocity (1 to 127)."""

    pitch: int
    onset_beat: Fraction
    length_beat: Fraction
    velocity: int = 80


class Part(Document, frozen=True, kw_only=True):
    """Another track of a score. `program` is the General MIDI sound (0 to 127); `drums` is channel 10."""

    name: str
    program: int
    drums: bool
    notes: tuple[PartNote, ...]


class Tune(Document, frozen=True, kw_only=True):
    """A melody of one note at a time, in order, without overlaps, and what goes with it.

    `phrase_ends` are the beats at which musical phrases end (the last one is the end of the melody).
    `upbeat_beat` is the length of the pickup before the first bar line.
    """

    id: str
    title: str
    notes: tuple[Note, ...]
    tempi: tuple[Tempo, ...]
    metres: tuple[Metre, ...]
    upbeat_beat: Fraction = Fraction(0)
    tonic: int = 0
    scale: Literal["major", "minor"] = "major"
    chords: tuple[Chord, ...] = ()
    phrase_ends: tuple[Fraction, ...] = ()
    parts: tuple[Part, ...] = ()
    origin: str = ""

    @property
    def end_beat(self) -> Fraction:
        """Where the last note, chord or part ends."""
        ends = [note.end_beat for note in self.notes]
        ends += [chord.onset_beat + chord.length_beat for chord in self.chords]
        ends += [note.onset_beat + note.length_beat for part in self.parts for note in part.notes]
        return max(ends, default=Fraction(0))
