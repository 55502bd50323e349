"""What is made of the voice beside the lead: it plays in the backing, and each of it can be taken away or changed."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from msgspec import Meta

from shenqu.documents.arrangement import Placement
from shenqu.documents.base import Document
from shenqu.documents.speech import Time

FigureKind = Literal["spoken", "stutter", "echo", "roll", "reverse", "answer", "hit", "drum"]
Level = Annotated[float, Meta(ge=-60, le=24)]
Pan = Annotated[float, Meta(ge=-1, le=1)]


class Stroke(Document, frozen=True, kw_only=True, omit_defaults=True):
    """One time that a figure sounds: where, counted from the figure's onset, how long at most, how loud.

    `length_beat` counts from the stroke's own beat: consonants that sound before it are not cut.
    """

    onset_beat: Fraction
    length_beat: Fraction
    level_db: Level = 0.0
    semitones: Annotated[float, Meta(ge=-36, le=36)] = 0.0

    def __post_init__(self) -> None:
        """Refuse a stroke of no length."""
        if self.length_beat <= 0:
            raise ValueError(f"`length_beat` must be above 0, not {self.length_beat}")


class Figure(Document, frozen=True, kw_only=True, omit_defaults=True):
    """A piece of the speech, from `start_s` to `end_s`, that sounds at each of its `strokes`.

    `beat_s` is the moment of the speech that falls on a stroke's beat: a vowel's onset, say; what is before it
    sounds before the beat. `pitch` (MIDI) is what it is tuned to; None leaves it as it was spoken. A stroke's
    `semitones` come on top. `sampler` shifts as a sampler does, faster where it is higher; else its time is kept.
    Of what sounds only what lies below `below_hz` is kept: that makes a kick drum of a "b". At `level_db` 0 its
    loudest moment is as loud as the lead's vowels. `name` says which rule made it. `pan` goes from -1, left, to 1.
    """

    kind: FigureKind
    name: Annotated[str, Meta(max_length=60)]
    onset_beat: Fraction
    start_s: Time
    end_s: Time
    beat_s: Time
    strokes: Annotated[tuple[Stroke, ...], Meta(min_length=1, max_length=500)]
    pitch: Annotated[int, Meta(ge=0, le=127)] | None = None
    sampler: bool = False
    reverse: bool = False
    below_hz: Annotated[float, Meta(ge=20, le=24000)] | None = None
    level_db: Level = 0.0
    pan: Pan = 0.0

    def __post_init__(self) -> None:
        """Refuse times that are out of order."""
        if not self.start_s <= self.beat_s < self.end_s:
            raise ValueError(
                f"start_s, beat_s, end_s of a figure must rise, not be {self.start_s}, {self.beat_s}, {self.end_s}"
            )

    @property
    def end_beat(self) -> Fraction:
        """Where its last stroke ends at the latest."""
        return self.onset_beat + max(stroke.onset_beat + stroke.length_beat for stroke in self.strokes)


class Voice(Document, frozen=True, kw_only=True, omit_defaults=True):
    """A second voice of the same speaker: an octave below the hook, a third above the last one, a chord."""

    name: Annotated[str, Meta(max_length=60)]
    placements: tuple[Placement, ...]
    level_db: Level = -9.0
    pan: Pan = 0.0
