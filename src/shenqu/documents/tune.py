"""What is to be sung: notes, chords, tempo.

A beat is a quarter note; beat 0 is the start of the tune, upbeat included.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Literal

from msgspec import Meta

from shenqu.documents.base import Document

Pitch = Annotated[int, Meta(ge=0, le=127)]
MOST_CHANGES = 2000


def _check_length(length_beat: Fraction) -> None:
    if length_beat <= 0:
        raise ValueError(f"`length_beat` must be above 0, not {length_beat}")


class Note(Document, frozen=True, kw_only=True):
    """A written note: MIDI `pitch` (69 = 440 Hz), where it starts and how long it is, in beats."""

    pitch: Pitch
    onset_beat: Fraction
    length_beat: Fraction

    def __post_init__(self) -> None:
        """Refuse a note of no length."""
        _check_length(self.length_beat)

    @property
    def end_beat(self) -> Fraction:
        """Where the note ends."""
        return self.onset_beat + self.length_beat


class Chord(Document, frozen=True, kw_only=True):
    """A chord of the accompaniment, as lead sheets write it: "C", "Am", "G7", "Bdim", "F#m7"."""

    symbol: str
    onset_beat: Fraction
    length_beat: Fraction

    def __post_init__(self) -> None:
        """Refuse a chord of no length."""
        _check_length(self.length_beat)


class Tempo(Document, frozen=True, kw_only=True):
    """The tempo from `onset_beat` on, in quarter notes a minute."""

    onset_beat: Fraction
    bpm: Annotated[float, Meta(ge=1, le=3000)]


class Metre(Document, frozen=True, kw_only=True):
    """The time signature from `onset_beat` on."""

    onset_beat: Fraction
    numerator: Annotated[int, Meta(ge=1, le=64)]
    denominator: Annotated[int, Meta(ge=1, le=64)]

    def __post_init__(self) -> None:
        """Refuse a beat that no note value stands for."""
        if self.denominator & (self.denominator - 1):
            raise ValueError(f"`denominator` must be 1, 2, 4, 8, 16, 32 or 64, not {self.denominator}")


class PartNote(Document, frozen=True, kw_only=True):
    """A note that an instrument plays, with its MIDI velocity (1 to 127)."""

    pitch: Pitch
    onset_beat: Fraction
    length_beat: Fraction
    velocity: Annotated[int, Meta(ge=1, le=127)] = 80

    def __post_init__(self) -> None:
        """Refuse a note of no length."""
        _check_length(self.length_beat)


class Part(Document, frozen=True, kw_only=True):
    """Another track of a score. `program` is the General MIDI sound (0 to 127); `drums` is channel 10."""

    name: str
    program: Annotated[int, Meta(ge=0, le=127)]
    drums: bool
    notes: tuple[PartNote, ...]


class Tune(Document, frozen=True, kw_only=True):
    """A melody of one note at a time, in order, without overlaps, and what goes with it.

    `phrase_ends` are the beats at which musical phrases end (the last one is the end of the melody).
    `upbeat_beat` is the length of the pickup before the first bar line.
    """

    id: str
    title: str
    notes: Annotated[tuple[Note, ...], Meta(min_length=1)]
    tempi: Annotated[tuple[Tempo, ...], Meta(min_length=1, max_length=MOST_CHANGES)]
    metres: Annotated[tuple[Metre, ...], Meta(min_length=1, max_length=MOST_CHANGES)]
    upbeat_beat: Fraction = Fraction(0)
    tonic: Annotated[int, Meta(ge=0, le=11)] = 0
    scale: Literal["major", "minor"] = "major"
    chords: tuple[Chord, ...] = ()
    phrase_ends: tuple[Fraction, ...] = ()
    parts: tuple[Part, ...] = ()
    origin: str = ""

    def __post_init__(self) -> None:
        """Refuse notes, tempi or metres out of order, and an upbeat of less than nothing."""
        for before, note in pairwise(self.notes):
            if note.onset_beat < before.end_beat:
                raise ValueError(f"the `notes` at beats {before.onset_beat} and {note.onset_beat} overlap")
        for name, onsets in (
            ("tempi", [tempo.onset_beat for tempo in self.tempi]),
            ("metres", [metre.onset_beat for metre in self.metres]),
        ):
            if any(onset <= before for before, onset in pairwise(onsets)):
                raise ValueError(f"the beats of `{name}` must rise")
        if self.upbeat_beat < 0:
            raise ValueError(f"`upbeat_beat` must be 0 or more, not {self.upbeat_beat}")

    @property
    def end_beat(self) -> Fraction:
        """Where the last note, chord or part ends."""
        ends = [note.end_beat for note in self.notes]
        ends += [chord.onset_beat + chord.length_beat for chord in self.chords]
        ends += [note.onset_beat + note.length_beat for part in self.parts for note in part.notes]
        return max(ends, default=Fraction(0))
