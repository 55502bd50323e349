"""A tune as a person writes it down: a TOML file with a melody in numbered notation.

It is what the built-in tunes are kept in, and a user's own tune may come in. `shenqu.music.notation` reads the signs
of `phrases` and `chords`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from msgspec import Meta

from shenqu.documents.base import Document
from shenqu.documents.tune import Scale, SectionKind, TempoRange

Line = Annotated[str, Meta(max_length=20_000)]


class WrittenSection(Document, frozen=True, kw_only=True):
    """A passage: its phrases, one string each, and the chords of its bars; "" where they are to be found."""

    kind: SectionKind = "verse"
    phrases: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=1000)]
    chords: Line = ""


class TuneFile(Document, frozen=True, kw_only=True):
    """A tune as its file has it.

    `do` is the MIDI pitch of degree 1, `metre` the time signature, `upbeat` the quarter notes before the first bar
    line, `bpm` the tempo in quarter notes a minute. A minor tune has its home on degree 6. `origin`, `years`,
    `checked` and `tempo_range` as in `Tune`.
    """

    title: Annotated[str, Meta(max_length=500)]
    do: Annotated[int, Meta(ge=24, le=108)] = 60
    metre: Annotated[str, Meta(pattern=r"^[1-9][0-9]?/(1|2|4|8|16|32)$")] = "4/4"
    bpm: Annotated[float, Meta(ge=10, le=1000)]
    scale: Scale = "major"
    upbeat: Fraction = Fraction(0)
    sections: Annotated[tuple[WrittenSection, ...], Meta(min_length=1, max_length=1000)]
    tempo_range: TempoRange | None = None
    origin: str = ""
    years: str = ""
    checked: str = ""
