"""How well a song is sung: what was measured, note by note.

Conventions
-----------
Shares are 0 to 1. Cents are counted from the note as written; a sound above it is positive. What could not be
measured is None.
"""

from __future__ import annotations

from shenqu.documents.base import Document


class NoteCheck(Document, frozen=True, kw_only=True):
    """One note as it was sung.

    `cents` is the median of what is sung on it, `within_50` and `within_25` shares of its voiced frames; `coverage`
    is the voiced share of its first 70 %. `onset_ms` is how much later than the note the syllable's sound rises.
    `stretch` is how many times as long as spoken the vowel is sung, `shift` how many semitones above the spoken
    pitch: None where that creaks, or there is none. `level_db` is against the song's usual note. `faults` say what
    is bad, in words; empty where nothing is.
    """

    text: str
    start_s: float
    end_s: float
    pitch: int
    cents: float | None
    within_50: float | None
    within_25: float | None
    coverage: float
    level_db: float
    onset_ms: float | None = None
    stretch: float | None = None
    shift: float | None = None
    faults: tuple[str, ...] = ()


class SongCheck(Document, frozen=True, kw_only=True):
    """A whole song: shares of all voiced frames within 50 and 25 cents (None where none is voiced), and the notes.

    `note_cents` and `note_cents_p95` are median and 95th percentile of the notes' cents, whatever their sign; `weak`
    counts notes of 0.2 s and more voiced for less than half; `onset_30` is the share of syllables that rise within
    30 ms of their note; `clicks` counts jumps of the sound; `stretch` and `stretch_p90` are median and 90th
    percentile.
    """

    title: str
    rpa50: float | None
    rpa25: float | None
    note_cents: float | None
    note_cents_p95: float | None
    coverage: float
    weak: int
    onset_30: float
    clicks: int
    stretch: float | None
    stretch_p90: float | None
    notes: tuple[NoteCheck, ...]

    @property
    def bad(self) -> tuple[NoteCheck, ...]:
        """The notes with a fault."""
        return tuple(note for note in self.notes if note.faults)
