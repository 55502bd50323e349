"""What is seen: shots of the source in song order, and the words below them."""

from __future__ import annotations

from fractions import Fraction

from shenqu.documents.base import Document


class Shot(Document, frozen=True, kw_only=True):
    """Consecutive output frames cut from the source without a jump.

    `first_frame` counts output frames from song time 0. `source_s` is the source time shown by each
    output frame of the shot, one value a frame, `source` of which of the recordings. A `flipped` shot is mirrored left
    to right.
    """

    first_frame: int
    source_s: tuple[float, ...]
    flipped: bool = False
    source: int = 0

    @property
    def end_frame(self) -> int:
        """The output frame after the last one."""
        return self.first_frame + len(self.source_s)


class Quote(Document, frozen=True, kw_only=True):
    """Speech that is heard as it was spoken, from `speech_s` on, between two times of the song."""

    start_s: float
    end_s: float
    speech_s: float


class EditList(Document, frozen=True, kw_only=True):
    """Shots that tile the song, at a constant, rational frame rate, `width` x `height` square pixels (even)."""

    rate: Fraction
    width: int
    height: int
    shots: tuple[Shot, ...]

    @property
    def frames(self) -> int:
        """Number of output frames."""
        return self.shots[-1].end_frame if self.shots else 0


class CaptionSyllable(Document, frozen=True, kw_only=True):
    """A piece of a caption line that lights up from `start_s` to `end_s` (song time).

    `reading` stands over it where there is one (pinyin). `space` is true where a blank follows.
    """

    text: str
    start_s: float
    end_s: float
    reading: str = ""
    space: bool = False


class CaptionLine(Document, frozen=True, kw_only=True):
    """One line of karaoke, on screen from `start_s` to `end_s` (song time)."""

    start_s: float
    end_s: float
    syllables: tuple[CaptionSyllable, ...]
