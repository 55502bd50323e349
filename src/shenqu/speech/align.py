"""When each word, syllable and phone of a known text is said.

The speech is heard in windows: an aligner finds the words in each, what is heard before the window's last
pause is kept, and the next window begins there. Then the phones are found from pause to pause. A part that
does not fit is cut into smaller ones; what fits nowhere is left out.

Conventions
-----------
Inside this module times are seconds from the start of the sound given; the transcript's are from the start of
the recording, `offset_s` later.

References
----------
Moreno et al. (1998), "A recursive algorithm for the forced alignment of very long audio segments", for
the idea of keeping what is sure and going on from there.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np

from shenqu.documents.audio import Samples, Sound
from shenqu.documents.speech import Cue, Phone, Transcript
from shenqu.errors import InputError, ShenquWarning
from shenqu.speech.phones import Pronunciation
from shenqu.speech.reading import SpokenWord
from shenqu.speech.shape import GAP_S, shape_words

_WINDOW_S = 30.0
_SHORTEST_WINDOW_S = 4.0
_UNSURE_S = 1.5  # at the end of a window the words beyond it pull at those inside
_WORDS_PER_S = 7.0
_CHUNK_S = 20.0
_PAD_S = 0.3
_CUE_PAD_S = 0.4
_TRIAL_S = 3.0
_JUDGED = ("en", "zh")  # mapped phones of other languages fit no sound well
_MISFIT = 0.3
_CUE_S = 5.0  # of a subtitle whose end is unknown


class Aligner(Protocol):
    """Finds given pronunciations in mono sound at its own `rate`; times are seconds from the first sample."""

    rate: int

    def find_words(
        self, samples: Samples, words: Sequence[Sequence[Pronunciation]], *, whole: bool
    ) -> tuple[tuple[int, int, float, float], ...]:
        """Return (word, pronunciation, start_s, end_s) in order; unless `whole`, the speech may end after any."""

    def find_phones(self, samples: Samples, words: Sequence[Pronunciation]) -> tuple[tuple[Phone, ...], ...]:
        """Return the phones of every word, or nothing where they do not fit."""

    def misfit(self, samples: Samples, words: Sequence[Pronunciation]) -> float:
        """Return how much worse `words` explain the sound than any sounds do, in nats a frame of 10 ms."""


class _Heard(NamedTuple):
    """Where a word of the text was heard, and in which pronunciation."""

    word: int
    way: int
    start_s: float
    end_s: float


class _Stretch(NamedTuple):
    """Words of the text (from `first` to before `last`) and the part of the sound they are in."""

    first: int
    last: int
    start_s: float
    end_s: float


def align(
    sound: Sound,
    words: Sequence[SpokenWord],
    *,
    cues: Sequence[Cue],
    language: str,
    aligner: Aligner,
    offset_s: float = 0.0,
    enough_syllables: int | None = None,
) -> Transcript:
    """Return the transcript of `sound`, which is at the aligner's rate and in which `words` are said.

    Only parts of the sound of about half a minute are asked for, so it may be hours long. `words` are
    those of `cues`; cues with times tell where to look, those outside the sound are passed over. With
    `enough_syllables` only so much of the beginning is aligned as holds that many. Words that are not
    heard are left out, with one warning.

    Raises `InputError` where nothing of the text is heard.
    """
    assert sound.rate == aligner.rate, "the sound is heard at the aligner's rate"
    end_s = sound.duration_s
    heard: list[_Heard] = []
    sought: list[int] = []
    for stretch in _stretches(words, cues, offset_s, end_s):
        missing = None if enough_syllables is None else enough_syllables - _count(heard, words)
        if missing is not None and missing <= 0:
            break
        begin_s = max(stretch.start_s, heard[-1].end_s if heard else 0.0)
        found = _hear(sound, words[stretch.first : stretch.last], begin_s, stretch.end_s, aligner, missing)
        heard += [entry._replace(word=entry.word + stretch.first) for entry in found]
        sought += range(stretch.first, stretch.last)
    if language in _JUDGED:
        _warn_of_other_words(sound, words, heard, aligner)
    found_phones = dict(_find_phones(sound, words, heard, aligner))
    if not found_phones:
        raise InputError("the text does not fit the speech: not one word of it was heard; correct text or language")
    complete = enough_syllables is None or _count(heard, words) < enough_syllables
    _warn_of_missing(words, found_phones, sought, complete=complete)
    pairs = [(words[word], phones) for word, phones in sorted(found_phones.items())]
    return Transcript(language=language, words=shape_words(pairs, sound, offset_s=offset_s))


def _count(heard: Sequence[_Heard], words: Sequence[SpokenWord]) -> int:
    return sum(words[entry.word].syllables for entry in heard)


def _stretches(words: Sequence[SpokenWord], cues: Sequence[Cue], offset_s: float, end_s: float) -> Iterator[_Stretch]:
    """Yield where to look for which words: everywhere, or by the times of the cues, neighbours together."""
    if any(cue.start_s is None for cue in cues):
        yield _Stretch(0, len(words), 0.0, end_s)
        return
    timed = [
        stretch for stretch in _timed(words, cues, offset_s) if 0.0 <= (stretch.start_s + stretch.end_s) / 2 < end_s
    ]
    if not timed:
        raise InputError("no subtitle lies in this part of the recording; choose another part, or other subtitles")
    group = timed[0]
    for stretch in timed[1:]:
        if stretch.start_s - group.end_s < 1.0 and stretch.end_s - group.start_s < _WINDOW_S:
            group = group._replace(last=stretch.last, end_s=max(group.end_s, stretch.end_s))
        else:
            yield _padded(group, end_s)
            group = stretch
    yield _padded(group, end_s)


def _timed(words: Sequence[SpokenWord], cues: Sequence[Cue], offset_s: float) -> Iterator[_Stretch]:
    places = np.array([word.cue for word in words])
    starts = [cue.start_s or 0.0 for cue in cues]
    for index, (cue, start_s) in enumerate(zip(cues, starts, strict=True)):
        first, last = np.searchsorted(places, [index, index + 1])
        if first < last:
            end_s = cue.end_s or min([start_s + _CUE_S, *starts[index + 1 : index + 2]])
            yield _Stretch(int(first), int(last), start_s - offset_s, end_s - offset_s)


def _padded(stretch: _Stretch, end_s: float) -> _Stretch:
    return stretch._replace(
        start_s=max(0.0, stretch.start_s - _CUE_PAD_S), end_s=min(end_s, stretch.end_s + _CUE_PAD_S)
    )


def _hear(
    sound: Sound, words: Sequence[SpokenWord], begin_s: float, end_s: float, aligner: Aligner, enough: int | None
) -> list[_Heard]:
    """Return where `words` are heard between two times, window by window, until `enough` syllables are."""
    heard: list[_Heard] = []
    longest_s = _WINDOW_S
    while begin_s < end_s and (place := heard[-1].word + 1 if heard else 0) < len(words):
        missing = None if enough is None else enough - _count(heard, words)
        if missing is not None and missing <= 0:
            break
        stop_s = min(end_s, begin_s + min(longest_s, _needed_s(words[place:], end_s - begin_s, missing)))
        found = _hear_window(sound, words, place, (begin_s, stop_s), aligner, last=stop_s >= end_s)
        if not found and longest_s > _SHORTEST_WINDOW_S:
            longest_s = max(_SHORTEST_WINDOW_S, (stop_s - begin_s) / 2)
            continue
        sure = _sure(found, stop_s, end_s, len(words))
        heard += sure
        begin_s = sure[-1].end_s if sure else max(begin_s + _SHORTEST_WINDOW_S / 2, stop_s - _UNSURE_S)
        longest_s = _WINDOW_S
    return heard


def _needed_s(words: Sequence[SpokenWord], duration_s: float, missing: int | None) -> float:
    """Return how much of the sound should hold the syllables still missing, spoken evenly, with a margin."""
    if missing is None:
        return duration_s
    share = missing / max(1, sum(word.syllables for word in words))
    return max(_SHORTEST_WINDOW_S, 1.25 * share * duration_s + 2.0)


def _hear_window(
    sound: Sound,
    words: Sequence[SpokenWord],
    place: int,
    span_s: tuple[float, float],
    aligner: Aligner,
    *,
    last: bool,
) -> list[_Heard]:
    """Return what is heard in a span of the words from `place` on; in the `last` one all of them, if they fit."""
    begin_s, stop_s = span_s
    most = int(_WORDS_PER_S * (stop_s - begin_s)) + 1
    ahead = [word.pronunciations for word in words[place : place + most]]
    part = sound.part(begin_s, stop_s)
    whole = last and place + most >= len(words)
    rows = (aligner.find_words(part, ahead, whole=True) if whole else ()) or aligner.find_words(
        part, ahead, whole=False
    )
    return [_Heard(word + place, way, start_s + begin_s, end_s + begin_s) for word, way, start_s, end_s in rows]


def _sure(found: Sequence[_Heard], stop_s: float, end_s: float, words: int) -> Sequence[_Heard]:
    """Return the words of a window that can be relied on.

    All of them where the text ends with them or the sound ends soon after; else those up to the last
    pause well inside the window, or up to where it becomes unsure.
    """
    if found and stop_s >= end_s and (found[-1].word == words - 1 or found[-1].end_s > end_s - _UNSURE_S / 2):
        return found
    inside = [entry for entry in found if entry.end_s <= stop_s - _UNSURE_S]
    pauses = [index for index, (a, b) in enumerate(pairwise(inside), 1) if b.start_s - a.end_s >= GAP_S]
    return inside[: pauses[-1]] if pauses else inside


def _find_phones(
    sound: Sound, words: Sequence[SpokenWord], heard: Sequence[_Heard], aligner: Aligner
) -> Iterator[tuple[int, tuple[Phone, ...]]]:
    """Yield (word, phones) of the words heard, found chunk by chunk."""
    begin_s = 0.0
    for first, last in _chunks(heard):
        end_s = _between(heard[last - 1], heard[last]) if last < len(heard) else sound.duration_s
        yield from _find_chunk(sound, words, heard[first:last], (begin_s, end_s), aligner)
        begin_s = end_s


def _between(before: _Heard, after: _Heard) -> float:
    return (before.end_s + after.start_s) / 2


def _chunks(heard: Sequence[_Heard]) -> Iterator[tuple[int, int]]:
    """Yield index ranges of words between pauses, none of them much longer than a breath."""
    first = 0
    for index in range(1, len(heard) + 1):
        if (
            index == len(heard)
            or heard[index].start_s - heard[index - 1].end_s >= GAP_S
            or heard[index].end_s - heard[first].start_s > _CHUNK_S
        ):
            yield first, index
            first = index


def _find_chunk(
    sound: Sound,
    words: Sequence[SpokenWord],
    heard: Sequence[_Heard],
    limits_s: tuple[float, float],
    aligner: Aligner,
) -> Iterator[tuple[int, tuple[Phone, ...]]]:
    """Yield (word, phones) of neighbouring words; where they do not fit together, of each half for itself."""
    start_s = max(limits_s[0], heard[0].start_s - _PAD_S)
    end_s = min(limits_s[1], heard[-1].end_s + _PAD_S)
    part = sound.part(start_s, end_s)
    found = aligner.find_phones(part, [words[entry.word].pronunciations[entry.way] for entry in heard])
    if found:
        yield from ((entry.word, _moved(phones, start_s)) for entry, phones in zip(heard, found, strict=True))
    elif len(heard) > 1:
        half = len(heard) // 2
        middle_s = _between(heard[half - 1], heard[half])
        yield from _find_chunk(sound, words, heard[:half], (limits_s[0], middle_s), aligner)
        yield from _find_chunk(sound, words, heard[half:], (middle_s, limits_s[1]), aligner)


def _moved(phones: Sequence[Phone], by_s: float) -> tuple[Phone, ...]:
    return tuple(phone.replace(start_s=phone.start_s + by_s, end_s=phone.end_s + by_s) for phone in phones)


def _warn_of_other_words(sound: Sound, words: Sequence[SpokenWord], heard: Sequence[_Heard], aligner: Aligner) -> None:
    """Warn where the first words heard explain the sound so badly that others must have been said."""
    first = [entry for entry in heard if entry.end_s < heard[0].start_s + _TRIAL_S]
    if first:
        part = sound.part(first[0].start_s, first[-1].end_s)
        if aligner.misfit(part, [words[entry.word].pronunciations[entry.way] for entry in first]) > _MISFIT:
            message = "the text hardly fits the speech: other words seem to be said; check the text and the language"
            warnings.warn(message, ShenquWarning, stacklevel=3)


def _warn_of_missing(
    words: Sequence[SpokenWord], found: dict[int, tuple[Phone, ...]], sought: Sequence[int], *, complete: bool
) -> None:
    """Warn once of words that were not heard; of those behind the last one only where all were wanted."""
    last = max(found)
    missing = [index for index in sought if index not in found and (complete or index < last)]
    if missing:
        examples = ", ".join(f'"{words[index].text}"' for index in missing[:3])
        why = "the text is longer than the speech" if missing[-1] > last else "the text differs from the speech"
        warnings.warn(
            f"{why}: {len(missing)} of {len(sought)} words were not heard ({examples}) and are left out",
            ShenquWarning,
            stacklevel=3,
        )
