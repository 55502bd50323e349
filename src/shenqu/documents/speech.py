"""What was said, and when.

A recording holds words, a word syllables, a syllable phones. Times are seconds from the start of
the source *file* (not of the part that `--start` picks), so that they still hold when the part changes.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from shenqu.documents.base import Document

LONGEST_S = 1e6
Time = Annotated[float, Meta(ge=0, le=LONGEST_S)]
PAUSE_S = 0.2
"""A gap between two syllables from which on the speaker has paused."""
SONORANTS = frozenset({"M", "N", "NG", "L", "R", "W", "Y"})
"""The consonants that hum and can be sung."""
HEARD_VOWEL = "V"
"""The phone at `vowel_s` of a syllable that was heard, not read."""


class Cue(Document, frozen=True):
    """A stretch of the text, as a line or a subtitle gives it, with its times where they are known.

    `words` are its parts in order, where the text tells their times too.
    """

    text: str
    start_s: float | None = None
    end_s: float | None = None
    words: tuple[Cue, ...] = ()


class Phone(Document, frozen=True, kw_only=True):
    """One sound of a syllable, in ARPAbet without stress digits ("AA", "NG"), or "V" for a vowel heard, not read."""

    phone: str
    start_s: float
    end_s: float


class Syllable(Document, frozen=True, kw_only=True):
    """Onset consonants from `start_s`, vowel from `vowel_s` to `vowel_end_s`, coda to `end_s`.

    `start_s <= vowel_s < vowel_end_s <= end_s`. `text` is what a caption shows, "" where the words
    are unknown. `stress` is 0, 1 or 2 as in ARPAbet; `tone` is 1 to 5 in
    Mandarin, 1 to 6 in Cantonese, else 0.
    """

    text: str
    start_s: float
    vowel_s: float
    vowel_end_s: float
    end_s: float
    stress: Annotated[int, Meta(ge=0, le=2)] = 0
    tone: Annotated[int, Meta(ge=0, le=6)] = 0
    phones: tuple[Phone, ...] = ()

    @property
    def sung_until_s(self) -> float:
        """Where what can be sung ends: the vowel, and the coda as far as it hums."""
        until_s = self.vowel_end_s
        for phone in self.phones:
            if phone.phone in SONORANTS and phone.start_s <= until_s < phone.end_s:
                until_s = phone.end_s
        return min(until_s, self.end_s)

    def __post_init__(self) -> None:
        """Refuse times that are out of order."""
        if not 0 <= self.start_s <= self.vowel_s < self.vowel_end_s <= self.end_s <= LONGEST_S:
            times = f"{self.start_s}, {self.vowel_s}, {self.vowel_end_s}, {self.end_s}"
            raise ValueError(f"start_s, vowel_s, vowel_end_s, end_s of `{self.text}` must rise, not be {times}")


class Word(Document, frozen=True, kw_only=True):
    """One word as written, with its syllables.

    A word of the text that was not heard has no times, no syllables and `confidence` 0; of one that was heard
    it is the chance, up to 1, that this word was said there. What a hand has set is `pinned`: it is kept when
    other words are found anew.
    """

    text: str
    start_s: Time | None = None
    end_s: Time | None = None
    confidence: Annotated[float, Meta(ge=0, le=1)] = 1.0
    syllables: tuple[Syllable, ...] = ()
    pinned: bool = False

    def __post_init__(self) -> None:
        """Refuse half a pair of times, times out of order, and syllables of a word that was not heard."""
        if (self.start_s is None) != (self.end_s is None) or (self.start_s is None and self.syllables):
            raise ValueError(f"the word `{self.text}` must have start_s and end_s, or neither, and no syllables then")
        if self.start_s is not None and self.end_s is not None and self.start_s > self.end_s:
            raise ValueError(f"start_s, end_s of the word `{self.text}` must rise, not be {self.start_s}, {self.end_s}")

    @property
    def heard(self) -> bool:
        """Whether it was found in the recording."""
        return self.start_s is not None

    @property
    def span_s(self) -> tuple[float, float]:
        """Where a word that was heard begins and ends."""
        assert self.start_s is not None and self.end_s is not None, "only words that were heard have times"
        return self.start_s, self.end_s


class Transcript(Document, frozen=True, kw_only=True):
    """All words of a recording in order. `language` is a BCP 47 code, "und" where unknown."""

    language: str
    words: tuple[Word, ...] = ()

    @property
    def syllables(self) -> tuple[Syllable, ...]:
        """Every syllable in order, over all words."""
        return tuple(syllable for word in self.words for syllable in word.syllables)

    @property
    def heard_words(self) -> tuple[Word, ...]:
        """The words that have times."""
        return tuple(word for word in self.words if word.heard)
