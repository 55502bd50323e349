"""The words of a speech whose text nobody has given: heard by a recogniser, and its answer repaired.

A recogniser is asked for one stretch of the sound after the other, cut where it is quietest, so that hours need
no more memory than minutes. What it answers may be made up: words where nobody speaks, a phrase over and
over, times that run backwards. What cannot have been said is left out; what is left is a text like any other,
whose times only tell an aligner where to look.

References
----------
A. Radford et al. (2022), "Robust speech recognition via large-scale weak supervision", section 4.5, for telling
silence by `no_speech` and `log_probability` together.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, chain, groupby, pairwise
from operator import itemgetter
from typing import NamedTuple, Protocol

import numpy as np

from shenqu.documents.audio import Samples, Sound
from shenqu.documents.cues import columns, joined
from shenqu.documents.recognised import Recognised, Segment
from shenqu.documents.speech import Cue

STRETCH_S = 180.0
_PAUSE_S = 0.3
_STEP_S = 0.02
_NO_SPEECH = 0.6
_LEAST_LOG_PROBABILITY = -1.0
MOST_COLUMNS_PER_S = 40.0
"""Nobody speaks faster: 20 Chinese characters a second, or 7 English words. Fast speech has half of it."""
_LONGEST_LOOP = 8
_LOOP_COPIES = 3


class Recogniser(Protocol):
    """Tells the words of a sound. Times are seconds from its first sample."""

    @property
    def identity(self) -> str:
        """All that its answer hangs on besides the sound: model, version, settings. Answers are kept under it."""

    def recognise(self, samples: Samples, *, language: str | None, prompt: str | None) -> Iterable[Segment]:
        """Yield what is said in mono `samples` (shape (samples,), float32, 16 kHz, some minutes at most).

        `language` is a code, None where it is to be told from the sound; `prompt` are words that help.
        """


def recognise(
    sound: Sound,
    recogniser: Recogniser,
    *,
    language: str | None = None,
    prompt: str | None = None,
    offset_s: float = 0.0,
    enough_words: int | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> Recognised:
    """Return what is said in `sound` (16 kHz), or as much of its beginning as holds `enough_words`.

    Times are those of the recording, in which `sound` begins at `offset_s`. Where no `language` is given, that of
    the first words is taken for all. `progress` is told the share of the sound that was heard.
    """
    segments: list[Segment] = []
    for start_s, end_s in stretches(sound):
        progress(start_s / sound.duration_s)
        for segment in recogniser.recognise(sound.part(start_s, end_s), language=language, prompt=prompt):
            segments.append(_moved(segment, start_s))
            progress(min(1.0, _end_s(segments[-1]) / sound.duration_s))
        language = language or next((segment.language for segment in segments if segment.language), None)
        if enough_words is not None and sum(len(segment.words) for segment in segments) >= enough_words:
            break
    cues = tuple(_moved_cue(cue, offset_s) for cue in repaired(segments, duration_s=sound.duration_s))
    return Recognised(language=language, cues=cues)


def stretches(sound: Sound, *, longest_s: float = STRETCH_S) -> Iterator[tuple[float, float]]:
    """Yield (start_s, end_s) of the parts in which `sound` is heard, one after the other without gaps.

    None is longer than `longest_s`; each ends where it is quietest, in its last sixth.
    """
    start_s = 0.0
    while sound.duration_s - start_s > longest_s:
        end_s = _quietest_s(sound, start_s + longest_s * 5 / 6, start_s + longest_s)
        yield start_s, end_s
        start_s = end_s
    yield start_s, sound.duration_s


def repaired(segments: Iterable[Segment], *, duration_s: float) -> tuple[Cue, ...]:
    """Return the lines that can have been said within `duration_s`, each with its words; their times rise.

    Left out are segments that seem silent, words beyond the end, and what is spoken faster than anybody can:
    in a phrase that is said over and over only the copies that there is time for stay. A word without
    a length in plausible speech gets its share of the word before it.
    """
    spoken = sorted((segment for segment in segments if not _is_silent(segment)), key=_start_s)
    lines = (_without_loops(words) for words in _in_order(spoken, duration_s))
    return tuple(
        joined([word.cue() for word in _with_lengths(words)]) for words in lines if words and _is_possible(words)
    )


class _Word(NamedTuple):
    text: str
    start_s: float
    end_s: float

    def cue(self) -> Cue:
        return Cue(*self)


def _is_silent(segment: Segment) -> bool:
    return segment.no_speech > _NO_SPEECH and segment.log_probability < _LEAST_LOG_PROBABILITY


def _start_s(segment: Segment) -> float:
    return min((word.start_s for word in segment.words if word.start_s is not None), default=0.0)


def _end_s(segment: Segment) -> float:
    return max((word.end_s for word in segment.words if word.end_s is not None), default=0.0)


def _in_order(segments: Iterable[Segment], duration_s: float) -> Iterator[list[_Word]]:
    """Yield the words of each segment that have text and times, none before the one before it or beyond the end."""
    words = [(number, word) for number, segment in enumerate(segments) for word in _usable(segment, duration_s)]
    starts_s = [*accumulate((word.start_s for _, word in words), max), duration_s]
    timed = [
        (number, _Word(word.text, start_s, min(max(start_s, word.end_s), after_s)))
        for (number, word), (start_s, after_s) in zip(words, pairwise(starts_s), strict=True)
    ]
    for _, group in groupby(timed, key=itemgetter(0)):
        yield [word for _, word in group]


def _usable(segment: Segment, duration_s: float) -> Iterator[_Word]:
    for cue in segment.words:
        text, start_s, end_s = _plain(cue.text), cue.start_s, cue.end_s
        if text and start_s is not None and end_s is not None and math.isfinite(end_s) and start_s < duration_s:
            yield _Word(text, max(0.0, start_s), end_s)


def _plain(text: str) -> str:
    """Return `text` without control characters, its blanks made one each."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _is_possible(words: Sequence[_Word]) -> bool:
    return _columns(words) <= MOST_COLUMNS_PER_S * (words[-1].end_s - words[0].start_s)


def _columns(words: Iterable[_Word]) -> int:
    return sum(columns(word.text) for word in words)


def _without_loops(words: list[_Word]) -> list[_Word]:
    """Return `words` without those copies of a repeated phrase for which there is no time."""
    kept: list[_Word] = []
    index = 0
    while index < len(words):
        period, copies = _loop(words, index)
        phrases = [words[at : at + period] for at in range(index, index + period * copies, period)]
        kept += _possible_copies(phrases) if copies >= _LOOP_COPIES else words[index : index + period]
        index += period * copies
    return kept


def _loop(words: Sequence[_Word], index: int) -> tuple[int, int]:
    """Return the length of the phrase at `index` that goes on longest, and how often it is said in a row."""
    loops = [(period, _copies(words, index, period)) for period in range(1, _LONGEST_LOOP + 1)]
    period, copies = max(loops, key=lambda loop: (loop[0] * loop[1] if loop[1] >= _LOOP_COPIES else 0, -loop[0]))
    return (period, copies) if copies >= _LOOP_COPIES else (1, 1)


def _copies(words: Sequence[_Word], index: int, period: int) -> int:
    phrase = [_bare(word.text) for word in words[index : index + period]]
    copies = 1
    while [_bare(word.text) for word in words[index + copies * period : index + (copies + 1) * period]] == phrase:
        copies += 1
    return copies


def _bare(text: str) -> str:
    return "".join(letter for letter in text.casefold() if unicodedata.category(letter)[0] in "LMN")


def _possible_copies(phrases: Sequence[list[_Word]]) -> Iterable[_Word]:
    """Return the copies that last long enough; where none does, as many as there is time for all together."""
    possible = [phrase for phrase in phrases if _is_possible(phrase)]
    if possible:
        return chain.from_iterable(possible)
    start_s, end_s = phrases[0][0].start_s, phrases[-1][-1].end_s
    copies = int(MOST_COLUMNS_PER_S * (end_s - start_s) / max(1, _columns(phrases[0])))
    return _shared(list(chain.from_iterable(phrases[:copies])), start_s, end_s)


def _with_lengths(words: Sequence[_Word]) -> Iterator[_Word]:
    """Yield `words`, those without a length sharing the time of the word before, or after where there is none."""
    groups: list[list[_Word]] = []
    for word in words:
        if not groups or (word.end_s > word.start_s and groups[-1][-1].end_s > groups[-1][0].start_s):
            groups.append([])
        groups[-1].append(word)
    for group in groups:
        yield from _shared(group, group[0].start_s, group[-1].end_s)


def _shared(words: Sequence[_Word], start_s: float, end_s: float) -> Iterator[_Word]:
    """Yield `words` one after the other over all of the time, in proportion to their columns."""
    total, before = max(1, _columns(words)), 0
    for word in words:
        after = before + columns(word.text)
        yield _Word(word.text, *(start_s + (end_s - start_s) * place / total for place in (before, after)))
        before = after


def _quietest_s(sound: Sound, start_s: float, end_s: float) -> float:
    """Return the middle of the quietest 0.3 s between two times."""
    samples = sound.part(start_s, end_s)
    step = round(_STEP_S * sound.rate)
    energies = np.square(samples[: len(samples) // step * step], dtype=np.float64).reshape(-1, step).sum(axis=1)
    width = round(_PAUSE_S / _STEP_S)
    sums = np.convolve(energies, np.ones(width), mode="valid")
    return start_s + (int(np.argmin(sums)) + width / 2) * _STEP_S


def _moved(segment: Segment, by_s: float) -> Segment:
    return segment.replace(words=tuple(_moved_cue(word, by_s) for word in segment.words))


def _moved_cue(cue: Cue, by_s: float) -> Cue:
    return cue.replace(
        start_s=None if cue.start_s is None else cue.start_s + by_s,
        end_s=None if cue.end_s is None else cue.end_s + by_s,
        words=tuple(_moved_cue(word, by_s) for word in cue.words),
    )
