"""New words, and the sounds of a speech that they are built from."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from shenqu.documents.arrangement import Ends, Spans
from shenqu.documents.base import Document
from shenqu.documents.speech import Transcript, Word


class WantedWord(Document, frozen=True, kw_only=True):
    """A word that is to be sung, in each way that it may be said, the most usual first.

    The times of a way count from 0 and are usual lengths of its sounds. `line` numbers the lines of the text. A part of
    a word with hyphens is `joined` to the one before.
    """

    ways: Annotated[tuple[Word, ...], Meta(min_length=1)]
    line: int = 0
    joined: bool = False


class BuiltSyllable(Document, frozen=True, kw_only=True):
    """A syllable of new words: `text` is shown, `wanted` are its phones, `sung` those it got, "" for none.

    `syllable` is the spoken one whose vowel is sung, None where it rests; `onset_s` and `coda_s` are as in
    `Placement`. `far` says how unlike the vowel is, from 0 (the same) to 1.
    """

    text: str
    ends: Ends = "word"
    wanted: tuple[str, ...]
    sung: tuple[str, ...]
    syllable: int | None
    stress: int = 0
    tone: int = 0
    onset_s: Spans | None = None
    coda_s: Spans | None = None
    far: float = 0.0

    @property
    def exact(self) -> bool:
        """Whether every sound of it is one that was said."""
        return self.wanted == self.sung


class NewWords(Document, frozen=True, kw_only=True):
    """New words as a speech can say them: their syllables, and `transcript`, in which they are words with times.

    Those times are on no recording: each sound has the length it has in the speech, lines have pauses between them.
    """

    syllables: tuple[BuiltSyllable, ...]
    transcript: Transcript
