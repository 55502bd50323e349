"""When and how the song is sung: the one map that voice, picture and captions follow.

Conventions
-----------
Song time 0 is sample 0 of every stem. Contours have one value a hop, starting at song time 0.
Unvoiced is 0.0.
"""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction
from functools import cached_property

from shenqu.documents.arrangement import PLAIN, Ends, Expression
from shenqu.documents.base import Document


class TempoMap(Document, frozen=True, kw_only=True, dict=True):
    """Song time of every beat: `lead_in_beat` beats before beat 0, then the tempi in `steps` (beat, bpm), rising.

    The first step is at beat 0 or before; its tempo holds in the lead-in too.
    """

    lead_in_beat: Fraction
    steps: tuple[tuple[Fraction, float], ...]

    def beat_to_s(self, beat: Fraction) -> float:
        """Return the song time in seconds of `beat`.

        >>> TempoMap(lead_in_beat=Fraction(1), steps=((Fraction(0), 60.0), (Fraction(2), 30.0))).beat_to_s(Fraction(3))
        5.0
        """
        index = max(0, bisect_right(self._knots, beat, key=lambda knot: knot[0]) - 1)
        onset_beat, onset_s, bpm = self._knots[index]
        return onset_s + float(beat - onset_beat) * 60.0 / bpm

    @cached_property
    def _knots(self) -> list[tuple[Fraction, float, float]]:
        """Beat, song time and tempo of the song's start and of every change of tempo behind it."""
        knots = [(-self.lead_in_beat, 0.0, self.steps[0][1])]
        for beat, bpm in self.steps[1:]:
            last_beat, last_s, last_bpm = knots[-1]
            onset_beat = max(beat, last_beat)
            knots.append((onset_beat, last_s + float(onset_beat - last_beat) * 60.0 / last_bpm, bpm))
        return knots


class TimeMap(Document, frozen=True, kw_only=True):
    """Rows (song_s, speech_s), song_s never falling; straight lines between rows.

    Two rows with one song_s are a jump. A stretch where speech_s stands still shows one picture and
    sings nothing.
    """

    rows: tuple[tuple[float, float], ...]

    def song_to_speech(self, song_s: float) -> float:
        """Return the speech time heard at `song_s`; at a jump, the time jumped to; clamped at both ends.

        >>> time_map = TimeMap(rows=((0.0, 5.0), (1.0, 5.5), (1.0, 2.0), (2.0, 3.0)))
        >>> time_map.song_to_speech(0.5), time_map.song_to_speech(1.0), time_map.song_to_speech(9.0)
        (5.25, 2.0, 3.0)
        """
        index = bisect_right(self.rows, song_s, key=lambda row: row[0])
        if index == 0:
            return self.rows[0][1]
        if index == len(self.rows):
            return self.rows[-1][1]
        (song_a, speech_a), (song_b, speech_b) = self.rows[index - 1], self.rows[index]
        return speech_a + (song_s - song_a) * (speech_b - speech_a) / (song_b - song_a)

    def rests_at(self, song_s: float) -> bool:
        """Tell whether the speech stands still at `song_s`: nothing is sung there.

        >>> time_map = TimeMap(rows=((1.0, 5.0), (2.0, 6.0), (3.0, 6.0), (3.0, 2.0), (4.0, 3.0)))
        >>> [time_map.rests_at(song_s) for song_s in (0.5, 1.5, 2.5, 3.5, 4.5)]
        [True, False, True, False, True]
        """
        index = bisect_right(self.rows, song_s, key=lambda row: row[0])
        return index in {0, len(self.rows)} or self.rows[index - 1][1] == self.rows[index][1]


class SungNote(Document, frozen=True, kw_only=True):
    """One note as it is sung: song times, pitch, and the syllable it carries.

    `syllable` indexes the transcript's syllables. `lyric` is the syllable's text on the note that
    begins it and "+" on notes that go on. `repeat` counts how often the syllable began before. `expression` says how
    the note is shaped. `lead_s` is for how long before the note the syllable's onset consonants are heard. Of new
    words, `text` is shown in place of what was said, and `ends` says whether a word or a line ends with it.
    """

    start_s: float
    end_s: float
    pitch: int
    syllable: int
    lyric: str
    repeat: int = 0
    expression: Expression = PLAIN
    lead_s: float = 0.0
    text: str | None = None
    ends: Ends = "word"


class Performance(Document, frozen=True, kw_only=True):
    """Everything that voice, picture and captions need: notes, time map, length."""

    notes: tuple[SungNote, ...]
    time_map: TimeMap
    duration_s: float
