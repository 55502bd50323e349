"""A score as its file has it: several parts, before anyone decides which of them is sung."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from msgspec import Meta

from shenqu.documents.base import Document
from shenqu.documents.tune import Chord, Metre, Part, Scale, Section, Tempo

Jump = Literal["da capo", "dal segno"]
Until = Literal["end", "fine", "coda"]


class Bar(Document, frozen=True, kw_only=True, omit_defaults=True):
    """A written bar, and the signs that say what is played after it.

    `repeat_times` is how often the passage that ends here is played in all (0: no repeat sign). `endings` are the
    passes in which the bar is played (empty: in all). After `jump`, playing goes on `until` the sign of that name.
    """

    onset_beat: Fraction
    length_beat: Fraction
    repeat_start: bool = False
    repeat_times: Annotated[int, Meta(ge=0, le=100)] = 0
    endings: tuple[int, ...] = ()
    segno: bool = False
    fine: bool = False
    to_coda: bool = False
    coda: bool = False
    jump: Jump | None = None
    until: Until = "end"


class Score(Document, frozen=True, kw_only=True):
    """All parts that hold notes. Beat 0 is the start of the file, and its first bar line (or `upbeat_beat`).

    `tempi` and `metres` begin at beat 0. `bars` are given where the file has bars and signs to unfold; without
    them the score is played as it stands. `key` is tonic (0 is C) and scale where the file says so. `parts_with_words`
    are the indexes of the parts that carry lyrics; `line_beats` are where lines of the words begin, if it says so.
    """

    title: str
    parts: tuple[Part, ...]
    tempi: tuple[Tempo, ...]
    metres: tuple[Metre, ...]
    parts_with_words: tuple[int, ...] = ()
    upbeat_beat: Fraction = Fraction(0)
    key: tuple[Annotated[int, Meta(ge=0, le=11)], Scale] | None = None
    chords: tuple[Chord, ...] = ()
    sections: tuple[Section, ...] = ()
    line_beats: tuple[Fraction, ...] = ()
    bars: tuple[Bar, ...] = ()
    composer: str = ""
