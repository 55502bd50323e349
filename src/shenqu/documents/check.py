"""How well a song is sung and made: what was measured, note by note, and what its viewers would complain about.

Conventions
-----------
Shares are 0 to 1. Cents are counted from the note as written; a sound above it is positive. What could not be
measured is None.
"""

from __future__ import annotations

from shenqu.documents.base import Document


class NoteCheck(Document, frozen=True, kw_only=True):
    """One note as it was sung.

    `cents` is the median of what is sung on it, `within_50`, `within_35` and `within_25` shares of its voiced
    frames; `coverage` is the voiced share of its first 70 %. `onset_ms` is how much later than the note the syllable's
    sound rises.
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
    within_35: float | None = None
    coverage: float
    level_db: float
    onset_ms: float | None = None
    stretch: float | None = None
    shift: float | None = None
    faults: tuple[str, ...] = ()


class CraftCheck(Document, frozen=True, kw_only=True, omit_defaults=True):
    """One of the things that viewers of the genre complain about, as a measure.

    `value` in `unit` ("%" of 0 to 100, "s", "dB", "times" ...) is good from `least` to `most`; `passed` says whether it
    is. Where both are None it cannot be told, and `change` says why; where it is bad, `change` says what to do about
    it in the `bars`, counted from 1; bar 0 is what sounds before.
    """

    name: str
    passed: bool | None = None
    value: float | None = None
    unit: str = ""
    least: float | None = None
    most: float | None = None
    bars: tuple[int, ...] = ()
    change: str = ""


class SongCheck(Document, frozen=True, kw_only=True):
    """A whole song: shares of all voiced frames within 50 and 25 cents (None where none is voiced), notes, craft.

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
    craft: tuple[CraftCheck, ...] = ()

    @property
    def bad(self) -> tuple[NoteCheck, ...]:
        """The notes with a fault."""
        return tuple(note for note in self.notes if note.faults)

    @property
    def complaints(self) -> tuple[CraftCheck, ...]:
        """What of the craft is bad."""
        return tuple(row for row in self.craft if row.passed is False)
