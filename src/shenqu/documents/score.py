"""A score as its file has it: several parts, before anyone decides which of them is sung."""

from __future__ import annotations

from shenqu.documents.base import Document
from shenqu.documents.tune import Metre, Part, Tempo


class Score(Document, frozen=True):
    """All parts that hold notes. Beat 0 is the start of the file, and its first bar line.

    `parts_with_words` are the indexes of the parts that carry lyrics. `tempi` and `metres` begin at beat 0.
    """

    title: str
    parts: tuple[Part, ...]
    tempi: tuple[Tempo, ...]
    metres: tuple[Metre, ...]
    parts_with_words: tuple[int, ...] = ()
