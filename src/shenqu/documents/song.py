"""The song document: everything that was decided, open to change by hand."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Literal

from msgspec import Meta

from shenqu.documents.arrangement import Passage, Placement
from shenqu.documents.base import Document
from shenqu.documents.figure import Figure, Voice
from shenqu.documents.options import SingOptions
from shenqu.documents.speech import Transcript
from shenqu.documents.style import BandStyle
from shenqu.documents.tune import Tune

MOST_SOURCES = 8


class Source(Document, frozen=True, kw_only=True):
    """A recording: `path` relative to the document, its sha256, and the part used, in seconds (None: to its end).

    Of several recordings, each lies on the song's one line of speech time, `begins_s` later than in its own file.
    """

    path: str
    sha256: str
    start_s: Annotated[float, Meta(ge=0)] = 0.0
    end_s: float | None = None
    begins_s: Annotated[float, Meta(ge=0)] = 0.0


class Backing(Document, frozen=True, kw_only=True):
    """A recording that plays behind the voice instead of the band.

    `bpm` is its tempo in quarter notes a minute, `first_beat_s` where its first bar line lies; it is played
    `semitones` higher, at the song's tempo, its first bar line on the tune's.
    """

    source: Source
    bpm: Annotated[float, Meta(ge=10, le=1000)]
    first_beat_s: Annotated[float, Meta(ge=0)]
    semitones: Annotated[int, Meta(ge=-12, le=12)] = 0


class Hook(Document, frozen=True, kw_only=True):
    """The catchphrase that returns: the syllables of the transcript from `first` to `last`, both included."""

    first: Annotated[int, Meta(ge=0)]
    last: Annotated[int, Meta(ge=0)]

    def __post_init__(self) -> None:
        """Refuse a hook that ends before it begins."""
        if self.last < self.first:
            raise ValueError(f"`last` must be `first` or more, not {self.last} behind {self.first}")


class Song(Document, frozen=True, kw_only=True):
    """A song before it is rendered.

    `ending` is the kind of file that was asked for ("mp4", "wav", ...). `speaker_pitch` is the MIDI
    pitch at which the speaker talks. `tempo_factor` is the song's tempo over the tune's, `transpose`
    the semitones between the tune as written and as placed. `backing` is a recording in place of the band; `band`
    is a style of the user's own. `tune` is the tune as this song sings it, `passages` say which part of the written
    one is where, `hook` what is sung in those of that name; `figures` and `voices` are what sounds of the speaker
    beside the lead. `count_in_beat` is the room before beat 0, for the band to count in and for a cold open.
    """

    format: Literal["shenqu song"] = "shenqu song"
    version: Literal[1] = 1
    title: str
    ending: Annotated[str, Meta(pattern="^[a-z0-9]{1,8}$")]
    sources: Annotated[tuple[Source, ...], Meta(min_length=1, max_length=MOST_SOURCES)]
    speaker_pitch: Annotated[float, Meta(ge=0, le=127)]
    transpose: Annotated[int, Meta(ge=-127, le=127)]
    tempo_factor: Annotated[float, Meta(ge=0.25, le=4)]
    seed: Annotated[int, Meta(ge=0)] = 0
    options: SingOptions
    passages: tuple[Passage, ...] = ()
    hook: Hook | None = None
    placements: tuple[Placement, ...]
    figures: tuple[Figure, ...] = ()
    voices: tuple[Voice, ...] = ()
    transcript: Transcript
    tune: Tune
    backing: Backing | None = None
    band: BandStyle | None = None
    count_in_beat: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        """Refuse recordings that lie in no order on the line of speech time."""
        begins_s = [source.begins_s for source in self.sources]
        if begins_s[:1] != [0.0] or any(after <= before for before, after in pairwise(begins_s)):
            raise ValueError(f"`begins_s` of the sources must rise from 0, not be {begins_s}")

    def source_at(self, speech_s: float) -> int:
        """Return the number of the recording that lies at `speech_s` on the line of speech time."""
        return max(0, bisect_right(self.sources, speech_s, key=lambda source: source.begins_s) - 1)
