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


class Chart(Document, frozen=True, kw_only=True):
    """A recording from `start_s` to `end_s`, and what is known about it.

    `facts` are short remarks on all of it. `language` is that of the texts, as a BCP 47 code.
    """

    title: str
    facts: tuple[str, ...] = ()
    language: str = "und"
    start_s: float
    end_s: float
    lanes: tuple[Lane, ...] = ()
    marks: tuple[Marks, ...] = ()
    curves: tuple[Curve, ...] = ()

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s
