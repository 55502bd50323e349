"""Which syllable is sung on which notes."""

from __future__ import annotations

from shenqu.documents.base import Document
from shenqu.documents.tune import Note


class Placement(Document, frozen=True, kw_only=True):
    """One syllable on one or more notes, in the key they are sung in.

    `syllable` indexes the transcript's syllables; None names a rest: notes of the tune that stay unsung.
    """

    syllable: int | None
    notes: tuple[Note, ...]


class Arrangement(Document, frozen=True, kw_only=True):
    """All placements in order; `transpose` semitones and `tempo_factor` took the tune to them."""

    placements: tuple[Placement, ...]
    transpose: int
    tempo_factor: float
