"""What a recogniser of speech takes for said, before anything is made of it."""

from __future__ import annotations

from shenqu.documents.base import Document
from shenqu.documents.speech import Cue


class Segment(Document, frozen=True, kw_only=True):
    """Words that belong together, each with its text and times in seconds from the first sample heard.

    `language` is a code. `no_speech` is the chance that nobody speaks there, `log_probability` the mean natural
    logarithm of the chances of what was chosen; recognisers that know neither leave them.
    """

    words: tuple[Cue, ...]
    language: str | None = None
    no_speech: float = 0.0
    log_probability: float = 0.0


class Segments(Document, frozen=True, kw_only=True):
    """All segments of a stretch of sound."""

    segments: tuple[Segment, ...]


class Recognised(Document, frozen=True, kw_only=True):
    """A text that was heard: lines with their times, and the times of their words. `language` None: unknown."""

    language: str | None
    cues: tuple[Cue, ...]
