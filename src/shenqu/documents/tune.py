"""What is to be sung: notes, chords, tempo.

A beat is a quarter note; beat 0 is the start of the tune, upbeat included.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Literal

from msgspec import Meta

from shenqu.documents.base import Document

Pitch = Annotated[int, Meta(ge=0, le=127)]
Lyric = Annotated[str, Meta(max_length=200)]
Scale = Literal["major", "minor"]
TempoRange = tuple[Annotated[float, Meta(ge=1, le=3000)], Annotated[float, Meta(ge=1, le=3000)]]
SectionKind = Literal["intro", "verse", "refrain", "bridge", "interlude", "build", "tail"]
MOST_CHANGES = 2000


def _check_rising(name: str, beats: Sequence[Fraction]) -> None:
    if any(after <= before for before, after in pairwise(beats)):
        raise ValueError(f"the beats of `{name}` must rise")


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


def _check_no_overlap(notes: Sequence[Note]) -> None:
    for before, note in pairwise(notes):
        if note.onset_beat < before.end_beat:
            raise ValueError(f"the `notes` at beats {before.onset_beat} and {note.onset_beat} overlap")


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


class PartNote(Document, frozen=True, kw_only=True, omit_defaults=True):
    """A note that an instrument plays, with its MIDI velocity (1 to 127), or a voice, with its `lyric`.

    A lyric is what is sung on this note as the score has it: a syllable, "+" where the one before goes on, "" nothing.
    """

    pitch: Pitch
    onset_beat: Fraction
    length_beat: Fraction
    velocity: Annotated[int, Meta(ge=1, le=127)] = 80
    lyric: Lyric = ""

    def __post_init__(self) -> None:
        """Refuse a note of no length."""
        _check_length(self.length_beat)


class Part(Document, frozen=True, kw_only=True):
    """Another track of a score. `program` is the General MIDI sound (0 to 127); `drums` is channel 10."""

    name: str
    program: Annotated[int, Meta(ge=0, le=127)]
    drums: bool
    notes: tuple[PartNote, ...]


class Section(Document, frozen=True, kw_only=True):
    """A passage of a tune, and what part it plays: the refrain is what people know it by."""

    kind: SectionKind
    onset_beat: Fraction
    length_beat: Fraction

    def __post_init__(self) -> None:
        """Refuse a section of no length."""
        _check_length(self.length_beat)


class Tune(Document, frozen=True, kw_only=True):
    """A melody of one note at a time, in order, without overlaps, and what goes with it.

    `phrase_ends` are the beats at which musical phrases end (the last one is the end of the melody).
    `upbeat_beat` is the length of the pickup before the first bar line. `lyrics` are the score's own words,
    one entry a note, or none at all. `doubtful` are the notes, by index, that a listener was not sure of.
    `origin` says who wrote it, `years` when it came to be, `checked` which print the melody was laid beside.
    `tempo_range` are the slowest and the fastest tempo, as `bpm`, at which it is still itself.
    """

    id: str
    title: str
    notes: Annotated[tuple[Note, ...], Meta(min_length=1)]
    tempi: Annotated[tuple[Tempo, ...], Meta(min_length=1, max_length=MOST_CHANGES)]
    metres: Annotated[tuple[Metre, ...], Meta(min_length=1, max_length=MOST_CHANGES)]
    upbeat_beat: Fraction = Fraction(0)
    tonic: Annotated[int, Meta(ge=0, le=11)] = 0
    scale: Scale = "major"
    chords: tuple[Chord, ...] = ()
    phrase_ends: tuple[Fraction, ...] = ()
    sections: tuple[Section, ...] = ()
    lyrics: tuple[Lyric, ...] = ()
    doubtful: tuple[int, ...] = ()
    parts: tuple[Part, ...] = ()
    origin: str = ""
    years: str = ""
    checked: str = ""
    tempo_range: TempoRange | None = None

    def __post_init__(self) -> None:
        """Refuse what is out of order or overlaps, an upbeat of less than nothing, lyrics that miss notes."""
        _check_no_overlap(self.notes)
        _check_rising("tempi", [tempo.onset_beat for tempo in self.tempi])
        _check_rising("metres", [metre.onset_beat for metre in self.metres])
        _check_rising("sections", [section.onset_beat for section in self.sections])
        if self.upbeat_beat < 0:
            raise ValueError(f"`upbeat_beat` must be 0 or more, not {self.upbeat_beat}")
        if len(self.lyrics) not in {0, len(self.notes)}:
            raise ValueError(f"`lyrics` must have one entry a note: {len(self.notes)}, not {len(self.lyrics)}")
        if any(not 0 <= index < len(self.notes) for index in self.doubtful):
            raise ValueError(f"`doubtful` names notes by index, from 0 to {len(self.notes) - 1}")

    @property
    def end_beat(self) -> Fraction:
        """Where the last note, chord or part ends."""
        ends = [note.end_beat for note in self.notes]
        ends += [chord.onset_beat + chord.length_beat for chord in self.chords]
        ends += [note.onset_beat + note.length_beat for part in self.parts for note in part.notes]
        return max(ends, default=Fraction(0))
