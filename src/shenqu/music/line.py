"""The lead as the rules of figures see it: what it sings when, where it rests, which passage that is in.

Conventions
-----------
Beats are those of the song, seconds with `_s` those of the speech or, where it says so, of the song. A syllable sounds
from its onset consonants on, before its note; a rest is over there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil, inf
from typing import NamedTuple

from shenqu.documents.arrangement import Passage, Placement
from shenqu.documents.figure import Figure, Stroke
from shenqu.documents.performance import TempoMap
from shenqu.documents.speech import PAUSE_S, Syllable, Transcript
from shenqu.documents.tune import Tune
from shenqu.music.form import song_form
from shenqu.music.harmony import bar_lines

LONGEST_LEAD_S = 0.18
FINEST = 96  # parts of a beat
STEP = Fraction(1, 4)
SETTLED_S = 0.25  # from which on a long note may have something beside it
FRICATIVES = frozenset(["S", "SH", "Z", "ZH", "F", "V", "TH", "DH"])
STOPS = frozenset(["P", "B", "T", "D", "K", "G", "CH", "JH", "HH"])


class Piece(NamedTuple):
    """A piece of the speech, and the moment of it that belongs on a beat, in seconds."""

    start_s: float
    beat_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sung:
    """One syllable as the lead sings it: from `begin` on it sounds, `onset` is its note, `last` its last note's onset.

    `pitch` and `last_pitch` are those of its first and its last note.
    """

    index: int
    begin: Fraction
    onset: Fraction
    last: Fraction
    end: Fraction
    pitch: int
    last_pitch: int
    ends_phrase: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A place for figures, from beat `start` to `end`; up to `free` the lead still holds a long note."""

    start: Fraction
    free: Fraction
    end: Fraction
    before: Sung | None
    behind: Sung | None


@dataclass(frozen=True, kw_only=True)
class Line:
    """All that the rules look at; `passages` cover what is sung."""

    tune: Tune
    passages: tuple[Passage, ...]
    transcript: Transcript
    clock: TempoMap
    transpose: int
    sung: tuple[Sung, ...]
    rests: tuple[Rest, ...]

    @cached_property
    def syllables(self) -> tuple[Syllable, ...]:
        """Every syllable of the transcript."""
        return self.transcript.syllables

    @cached_property
    def bars(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """Start and length of every bar, the upbeat as one too."""
        return bar_lines(self.tune)

    @cached_property
    def words(self) -> tuple[tuple[int, int], ...]:
        """For every syllable, the first of its word and the one behind its last."""
        spans, first = [], 0
        for word in self.transcript.words:
            spans += [(first, first + len(word.syllables))] * len(word.syllables)
            first += len(word.syllables)
        return tuple(spans)

    def passage_at(self, beat: Fraction) -> Passage:
        """Return the passage in which `beat` lies: the last one begun, or the first."""
        return self.passages[max(0, bisect_right(self.passages, beat, key=lambda one: one.onset_beat) - 1)]

    def bar_at(self, beat: Fraction) -> tuple[Fraction, Fraction]:
        """Return start and length of the bar in which `beat` lies; bars go on before the first one."""
        number = bisect_right(self.bars, beat, key=lambda bar: bar[0]) - 1
        if number >= 0:
            return self.bars[number]
        start, length = self.bars[0] if len(self.bars) == 1 else self.bars[1]
        return start + (beat - start) // length * length, length

    def seconds(self, beat: Fraction) -> float:
        """Return the song time of `beat`."""
        return self.clock.beat_to_s(beat)

    def beats(self, seconds: float, *, at: Fraction) -> Fraction:
        """Return how many beats `seconds` are at the tempo of the beat `at`, to a 96th."""
        beat_s = self.seconds(at + STEP) - self.seconds(at)
        return Fraction(max(1, round(seconds / beat_s * FINEST / 4)), FINEST)

    def sounds(self, figure: Figure, stroke: Stroke) -> tuple[float, float]:
        """Return from and to when, in song seconds, a stroke is heard."""
        beat = figure.onset_beat + stroke.onset_beat
        at_s, ratio = self.seconds(beat), 2.0 ** (stroke.semitones / 12.0) if figure.sampler else 1.0
        before_s, behind_s = (figure.beat_s - figure.start_s) / ratio, (figure.end_s - figure.beat_s) / ratio
        if figure.reverse:
            before_s, behind_s = behind_s, before_s
        return at_s - before_s, min(at_s + behind_s, self.seconds(beat + stroke.length_beat))

    def lies_in(self, figure: Figure, start: Fraction, end: Fraction) -> bool:
        """Whether all of its strokes are heard between two beats, and within the song."""
        spans = [self.sounds(figure, stroke) for stroke in figure.strokes]
        low_s, high_s = max(0.0, self.seconds(start)), self.seconds(end)
        return all(low_s - 1e-3 <= first and last <= high_s + 1e-3 for first, last in spans)

    def sung_during(self, first_s: float, last_s: float) -> float:
        """Return for how many of the seconds between two song times the lead sings."""
        spans = self._sounding
        number = bisect_right(spans, first_s, key=lambda span: span[1])
        sung_s = 0.0
        while number < len(spans) and spans[number][0] < last_s:
            sung_s += min(last_s, spans[number][1]) - max(first_s, spans[number][0])
            number += 1
        return sung_s

    @cached_property
    def _sounding(self) -> list[tuple[float, float]]:
        """From and to when the lead sings, in song seconds; a syllable ends where the next one begins."""
        begins_s = [self.seconds(sung.begin) for sung in self.sung]
        ends_s = [self.seconds(sung.end) for sung in self.sung]
        until_s = [min(pair) for pair in zip(ends_s, [*begins_s[1:], inf], strict=True)]
        return list(zip(begins_s, until_s, strict=True))

    def word_of(self, index: int) -> Piece:
        """Return the whole word in which a syllable lies; its beat is its first vowel."""
        first, last = self.words[index]
        return self.piece(first, last - 1)

    def piece(self, first: int, last: int) -> Piece:
        """Return the speech from one syllable to another, both whole."""
        head, tail = self.syllables[first], self.syllables[last]
        return Piece(max(head.start_s, head.vowel_s - LONGEST_LEAD_S), head.vowel_s, tail.end_s)

    def phrase_of(self, index: int) -> tuple[int, int]:
        """Return the first and the last syllable of what the speaker said around one without a pause."""
        first = last = index
        while first > 0 and self._runs_on(first - 1):
            first -= 1
        while last + 1 < len(self.syllables) and self._runs_on(last):
            last += 1
        return first, last

    def _runs_on(self, index: int) -> bool:
        return 0 <= self.syllables[index + 1].start_s - self.syllables[index].end_s < PAUSE_S


def read_line(
    tune: Tune,
    passages: Sequence[Passage],
    placements: Sequence[Placement],
    transcript: Transcript,
    *,
    clock: TempoMap,
    transpose: int,
) -> Line:
    """Return the lead that sings `placements`; without `passages` the sections of the tune stand for them."""
    sung = _sung(tune, placements, transcript, clock)
    return Line(
        tune=tune,
        passages=tuple(sorted(passages, key=lambda one: one.onset_beat)) or passages_of(tune),
        transcript=transcript,
        clock=clock,
        transpose=transpose,
        sung=sung,
        rests=tuple(_rests(sung, tune, clock)),
    )


def onset_phones(syllable: Syllable) -> tuple[str, ...]:
    """Return the consonants before its vowel; none where the sounds are not known."""
    return tuple(phone.phone for phone in syllable.phones if phone.end_s <= syllable.vowel_s + 1e-3)


def passages_of(tune: Tune) -> tuple[Passage, ...]:
    """Return the sections of a tune as passages of the song that sings it once: its refrains are the hook."""
    return tuple(
        Passage(
            role="hook" if section.kind == "refrain" else "verse",
            onset_beat=section.onset_beat,
            length_beat=section.length_beat,
            tune_beat=section.onset_beat,
        )
        for section in song_form(tune)
    )


def _sung(tune: Tune, placements: Sequence[Placement], transcript: Transcript, clock: TempoMap) -> tuple[Sung, ...]:
    syllables = transcript.syllables
    placed = [placement for placement in placements if placement.syllable is not None and placement.notes]
    placed.sort(key=lambda placement: placement.notes[0].onset_beat)
    onsets = [placement.notes[0].onset_beat for placement in placed[1:]]
    found = []
    for placement, after in zip(placed, [*onsets, None], strict=True):
        assert placement.syllable is not None
        syllable, first, last = syllables[placement.syllable], placement.notes[0], placement.notes[-1]
        beat_s = clock.beat_to_s(first.onset_beat) - clock.beat_to_s(first.onset_beat - STEP)
        lead_s = min(syllable.vowel_s - syllable.start_s, LONGEST_LEAD_S)
        begin = first.onset_beat - Fraction(round(lead_s / beat_s * FINEST / 4), FINEST)
        found.append(
            Sung(
                index=placement.syllable,
                begin=begin,
                onset=first.onset_beat,
                last=last.onset_beat,
                end=last.end_beat,
                pitch=first.pitch,
                last_pitch=last.pitch,
                ends_phrase=after is None or any(last.onset_beat < end <= after for end in tune.phrase_ends),
            )
        )
    return tuple(found)


def _rests(sung: Sequence[Sung], tune: Tune, clock: TempoMap) -> list[Rest]:
    """Return where nobody sings for a 16th or more, and the later part of long notes at phrase ends."""
    if not sung:
        return []
    rests = [Rest(start=-clock.lead_in_beat, free=-clock.lead_in_beat, end=sung[0].begin, before=None, behind=sung[0])]
    ends = [*(after.begin for after in sung[1:]), max(tune.end_beat, sung[-1].end)]
    for before, end, behind in zip(sung, ends, [*sung[1:], None], strict=True):
        start = _held_from(before, clock) if before.ends_phrase else before.end
        rests.append(Rest(start=start, free=before.end, end=end, before=before, behind=behind))
    return [rest for rest in rests if rest.end - rest.start >= STEP]


def _held_from(sung: Sung, clock: TempoMap) -> Fraction:
    """Return from where on a long note may have something beside it, on the grid of 8ths."""
    beat_s = clock.beat_to_s(sung.last + STEP) - clock.beat_to_s(sung.last)
    steps = ceil(SETTLED_S / beat_s / 2)
    return min(sung.end, sung.last + max(steps, 1) * 2 * STEP)
