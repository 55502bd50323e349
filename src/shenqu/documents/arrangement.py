"""Which syllable is sung on which notes, and how each note is shaped."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from msgspec import Meta

from shenqu.documents.base import Document
from shenqu.documents.speech import Time
from shenqu.documents.tune import Note

Amount = Annotated[float, Meta(ge=0, le=4)]
Role = Literal["cold open", "intro", "pickup", "hook", "verse", "bridge", "build", "silence", "tag"]
Spans = Annotated[tuple[tuple[Time, Time], ...], Meta(max_length=20)]
"""Pieces of the speech, each from one time to another in seconds, heard one behind the other."""
Ends = Literal["syllable", "word", "line"]


class Expression(Document, frozen=True, kw_only=True, omit_defaults=True):
    """How one note is shaped, against what the style does by itself.

    `glide` and `vibrato` multiply the length of the glide into the note and the depth of its vibrato; 0 is none.
    `consonant_lead` is how much of its onset consonants is sung, from 0 to 1. `level_db` makes it louder. `breath`
    goes from 0, as it was spoken, to 1, all breath. `formant` moves the formants by semitones: up is brighter.
    """

    glide: Amount = 1.0
    vibrato: Amount = 1.0
    consonant_lead: Annotated[float, Meta(ge=0, le=1)] = 1.0
    level_db: Annotated[float, Meta(ge=-60, le=24)] = 0.0
    breath: Annotated[float, Meta(ge=0, le=1)] = 0.0
    formant: Annotated[float, Meta(ge=-12, le=12)] = 0.0


PLAIN = Expression()
"""What the style does by itself."""


class PlacedNote(Note, frozen=True, kw_only=True, omit_defaults=True):
    """A note as it is sung; `expression` is not written where it is plain."""

    expression: Expression = PLAIN

    @classmethod
    def of(cls, note: Note, *, transpose: int = 0) -> PlacedNote:
        """Return a written note as it is sung, `transpose` semitones higher.

        >>> from fractions import Fraction
        >>> PlacedNote.of(Note(pitch=60, onset_beat=Fraction(0), length_beat=Fraction(1)), transpose=2).pitch
        62
        """
        return cls(pitch=note.pitch + transpose, onset_beat=note.onset_beat, length_beat=note.length_beat)


class Placement(Document, frozen=True, kw_only=True, omit_defaults=True):
    """One syllable on one or more notes, in the key they are sung in.

    `syllable` indexes the transcript's syllables; None names a rest: notes of the tune that stay unsung.

    Of new words it has more: the vowel is that syllable's, the consonants before and behind it may be other pieces of
    the speech, `onset_s` and `coda_s` (None: its own; empty: none). `text` is shown in place of what was said; `ends`
    says whether a word or a line ends with it, or neither.
    """

    syllable: int | None
    notes: tuple[PlacedNote, ...]
    text: Annotated[str, Meta(max_length=200)] | None = None
    ends: Ends = "word"
    onset_s: Spans | None = None
    coda_s: Spans | None = None

    def __post_init__(self) -> None:
        """Refuse pieces of no length."""
        for start_s, end_s in (*(self.onset_s or ()), *(self.coda_s or ())):
            if end_s <= start_s:
                raise ValueError(f"a piece of the speech must end behind its start, not go from {start_s} to {end_s}")


class Arrangement(Document, frozen=True, kw_only=True):
    """All placements in order; `transpose` semitones and `tempo_factor` took the tune to them."""

    placements: tuple[Placement, ...]
    transpose: int
    tempo_factor: float


class Passage(Document, frozen=True, kw_only=True, omit_defaults=True):
    """A section of the song: what it is there for, and which passage of the written tune is sung in it.

    `tune_beat` is the beat of the written tune on which it begins; None where nothing of the tune is sung.
    """

    role: Role
    onset_beat: Fraction
    length_beat: Fraction
    tune_beat: Fraction | None = None

    def __post_init__(self) -> None:
        """Refuse a passage of no length."""
        if self.length_beat <= 0:
            raise ValueError(f"`length_beat` must be above 0, not {self.length_beat}")
