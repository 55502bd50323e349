"""What a chart of a recording shows over its sound: lanes of things with times, moments, curves.

Whoever has something to show about a recording says it in these values; how it is drawn, as a picture or
as a page, is the same for all. Times are seconds from the start of the source file.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from shenqu.documents.base import Document
from shenqu.documents.speech import Time

DOUBTFUL = 0.5
"""The confidence below which a thing is as likely wrong as right."""


class Span(Document, frozen=True, array_like=True):
    """Something from `start_s` to `end_s`: its text, how sure it is (0 to 1, None: not known), a remark.

    From `core_start_s` to `core_end_s` lies what matters most of it: a syllable's vowel.
    """

    start_s: Time
    end_s: Time
    text: str
    confidence: Annotated[float, Meta(ge=0, le=1)] | None = None
    remark: str = ""
    core_start_s: float | None = None
    core_end_s: float | None = None

    @property
    def is_doubtful(self) -> bool:
        """Whether it is as likely wrong as right."""
        return self.confidence is not None and self.confidence < DOUBTFUL


class Lane(Document, frozen=True, kw_only=True):
    """Spans of one kind in the order of their times.

    `labels` stand above a bar that tells the confidence, and may be wider than it; the text of `boxes` stands
    inside, where it fits; `gaps` are what was expected and is not there: they may have no length.
    """

    name: str
    kind: Literal["labels", "boxes", "gaps"]
    spans: tuple[Span, ...]


class Marks(Document, frozen=True, kw_only=True):
    """Moments, drawn as thin lines."""

    name: str
    times_s: tuple[float, ...]


class Curve(Document, frozen=True, kw_only=True):
    """Frequencies over time, one each `hop_s` from `start_s` on; 0.0 where there is none."""

    name: str
    start_s: float
    hop_s: Annotated[float, Meta(gt=0)]
    hz: tuple[float, ...]


class Bar(Document, frozen=True, array_like=True):
    """A note of a song from `start_s` to `end_s` at a MIDI `pitch`, as `text` names it.

    `onset_s` is where its sound rises, None where it does not; `is_bad` whether something is wrong with it.
    """

    start_s: Time
    end_s: Time
    pitch: int
    text: str
    onset_s: float | None = None
    is_bad: bool = False


class Levels(Document, frozen=True, kw_only=True):
    """How loud it is, in decibels below the loudest, one value each `hop_s` from `start_s` on."""

    start_s: float
    hop_s: Annotated[float, Meta(gt=0)]
    db: tuple[float, ...]


class Table(Document, frozen=True, kw_only=True):
    """What was measured of each thing in the first lane, in their order: one row of short texts each.

    `marked` are the numbers of rows that ask to be looked at.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marked: tuple[int, ...] = ()


class Chart(Document, frozen=True, kw_only=True):
    """A recording from `start_s` to `end_s`, and what is known about it.

    `facts` are short remarks on all of it. `language` is that of the texts, as a BCP 47 code. A song has `bars`, over
    which its pitch is drawn, and may have `levels` and a `table`; a recording of speech has none of them.
    """

    title: str
    facts: tuple[str, ...] = ()
    language: str = "und"
    start_s: float
    end_s: float
    lanes: tuple[Lane, ...] = ()
    marks: tuple[Marks, ...] = ()
    curves: tuple[Curve, ...] = ()
    bars: tuple[Bar, ...] = ()
    levels: Levels | None = None
    table: Table | None = None

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s
