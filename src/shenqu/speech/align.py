"""When each word, syllable and phone of a known text is said.

First it is found which words are said in which part of the sound (`anchors`), a window at a time: what is
missing in the text or in the sound costs its own place only. Then an aligner finds the words in each part,
and the phones from pause to pause. A part that does not fit is cut into smaller ones. At last each word is
judged (`confidence`); what was not heard has no times.

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
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from shenqu.documents.audio import Samples, Sound
from shenqu.documents.speech import Cue, Phone, Transcript
from shenqu.errors import InputError, ShenquWarning
from shenqu.speech.anchors import FRAME_S, GAIN, MAPPED_GAIN, Matrix, evidence, match
from shenqu.speech.confidence import FIT_FRAME_S, confidences, hardly_fits, hopeless
from shenqu.speech.phones import Pronunciation
from shenqu.speech.reading import SpokenWord
from shenqu.speech.shape import GAP_S, shape_words

_WINDOW_S = 120.0
_SHORTEST_WINDOW_S = 12.0
_UNSURE = 0.3  # the part of a window, at its end, whose words may be pulled there by those beyond
_WORDS_PER_S = 3.5
_FAR_S = 30.0  # of sound is sought in
_FAR_WORDS = 8000  # of text, where it does not go on as it should
_EVIDENT = 0.1  # pieces of right texts have more, the best that other ones find have less
_PIECE_S = 20.0
_SLOW_WORDS_PER_S = 0.7
_RELUCTANCE = 5.0
_PART_S = 15.0
_TRUSTED_S = 30.0  # where there is no evidence, the aligner itself has to find the words in a whole stretch
_BREAK_S = 1.5  # more than a pause: something else is heard there
_MOST_UNSAID = 3  # in a row that may have been overheard
_BLOCK_S = 60.0
_PAD_S = 0.3
_CUE_PAD_S = 0.4
_CUE_GROUP_S = 30.0
_CUE_S = 5.0  # of a subtitle whose end is unknown


class Aligner(Protocol):
    """Finds given pronunciations in mono sound at its own `rate`; times are seconds from the first sample."""

    rate: int

    @property
    def sounds(self) -> tuple[str, ...]:
        """The sounds that `fit` tells of."""

    def fit(self, samples: Samples) -> Matrix:
        """Return how well each of `sounds` fits each frame of 10 ms, as natural logarithms: 0.0 for the best."""

    def find_words(
        self, samples: Samples, words: Sequence[Sequence[Pronunciation]]
    ) -> tuple[tuple[int, int, float, float], ...]:
        """Return (word, pronunciation, start_s, end_s) of those heard, in order; nothing where they do not fit."""

    def find_phones(self, samples: Samples, words: Sequence[Pronunciation]) -> tuple[tuple[Phone, ...], ...]:
        """Return the phones of every word, or nothing where they do not fit."""


class _Heard(NamedTuple):
    """Where a word of the text was heard, in which pronunciation, and what is known of its phones."""

    word: int
    way: int
    start_s: float
    end_s: float
    phones: tuple[Phone, ...] = ()


class _Stretch(NamedTuple):
    """Words of the text (from `first` to before `last`) and the part of the sound they are in."""

    first: int
    last: int
    start_s: float
    end_s: float


class _Matched(NamedTuple):
    """Words that match a stretch of sound, coarsely timed, and what the path through them is worth."""

    words: list[_Heard]
    worth: float


class _Part(NamedTuple):
    """What the aligner is asked for at once, and the words that were matched there coarsely."""

    stretch: _Stretch
    coarse: list[_Heard]


class _Ear:
    """A sound of any length, and how well each sound of the language fits it, block by block."""

    def __init__(self, sound: Sound, aligner: Aligner, gain: float) -> None:
        assert sound.rate == aligner.rate, "the sound is heard at the aligner's rate"
        self.sound, self.aligner, self.end_s, self.gain = sound, aligner, sound.duration_s, gain
        self.columns = {name: column for column, name in enumerate(aligner.sounds)}
        count = max(1, round(self.end_s / _BLOCK_S))
        self._frames = max(1, -(-round(self.end_s / FIT_FRAME_S) // count))
        self._blocks: dict[int, npt.NDArray[np.float16]] = {}

    def fit(self, start_s: float, end_s: float) -> Matrix:
        """Return the fit from one time to another, shape (frames of 10 ms, sounds)."""
        first, last = (round(min(max(0.0, time_s), self.end_s) / FIT_FRAME_S) for time_s in (start_s, end_s))
        parts = [np.zeros((0, len(self.columns)), dtype=np.float32)]
        for number in range(first // self._frames, -(-last // self._frames)):
            origin = number * self._frames
            parts.append(self._block(number)[max(0, first - origin) : last - origin].astype(np.float32))
        return np.concatenate(parts)

    def coarse_fit(self, start_s: float, end_s: float) -> Matrix:
        """Return the fit in frames of `FRAME_S`."""
        fine = self.fit(start_s, end_s)
        fine = fine[: len(fine) // 2 * 2]
        return np.asarray(fine.reshape(-1, 2, fine.shape[1]).mean(axis=1))

    def _block(self, number: int) -> npt.NDArray[np.float16]:
        """Return a block of the fit, as half as many bytes: an hour takes 30 MB."""
        if number not in self._blocks:
            start_s = number * self._frames * FIT_FRAME_S
            # What a frame needs beyond its own 10 ms is given too.
            part = self.sound.part(start_s, start_s + self._frames * FIT_FRAME_S + 0.02)
            fit = self.aligner.fit(part)[: self._frames]
            padding = ((0, self._frames - len(fit)), (0, 0))
            self._blocks[number] = np.pad(fit, padding, mode="edge" if len(fit) else "constant").astype(np.float16)
        return self._blocks[number]


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

    Only parts of the sound of about a minute are asked for, so it may be hours long. `words` are
    those of `cues`; cues with times tell where to look, those outside the sound are passed over. With
    `enough_syllables` only so much of the beginning is aligned as holds that many. Words that are not
    heard have no times, and there is one warning of them.

    Raises `InputError` where nothing of the text is heard.
    """
    ear = _Ear(sound, aligner, GAIN if language == "en" else MAPPED_GAIN)
    heard: list[_Heard] = []
    sought: list[int] = []
    for stretch in _stretches(words, cues, offset_s, ear.end_s):
        missing = None if enough_syllables is None else enough_syllables - _count(heard, words)
        if missing is not None and missing <= 0:
            break
        found = _hear(ear, words, _padded(stretch, heard[-1].end_s if heard else 0.0, ear.end_s), missing)
        heard += found
        sought += _sought(stretch, found, ear.end_s)
    chances = confidences([entry.phones for entry in heard], ear.fit, ear.columns)
    lost = hopeless(chances)
    judged = {entry.word: (entry, chance) for entry, chance, gone in zip(heard, chances, lost, strict=True) if not gone}
    if not judged:
        raise InputError("the text does not fit the speech: not one word of it was heard; correct text or language")
    if hardly_fits(chances):
        message = "the text hardly fits the speech: most of its words are doubtful; check the text and the language"
        warnings.warn(message, ShenquWarning, stacklevel=2)
    complete = enough_syllables is None or _count(heard, words) < enough_syllables
    _warn_of_missing(words, judged, sought, complete=complete)
    rows = [(words[word], *judged.get(word, (None, 0.0))) for word in sought if complete or word <= max(judged)]
    shaped = shape_words(
        [(word, entry.phones if entry else ()) for word, entry, _ in rows],
        sound,
        offset_s=offset_s,
        confidences=[chance for _, _, chance in rows],
    )
    return Transcript(language=language, words=shaped)


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
        if stretch.start_s - group.end_s < 1.0 and stretch.end_s - group.start_s < _CUE_GROUP_S:
            group = group._replace(last=stretch.last, end_s=max(group.end_s, stretch.end_s))
        else:
            yield group
            group = stretch
    yield group


def _timed(words: Sequence[SpokenWord], cues: Sequence[Cue], offset_s: float) -> Iterator[_Stretch]:
    places = np.array([word.cue for word in words])
    starts = [cue.start_s or 0.0 for cue in cues]
    for index, (cue, start_s) in enumerate(zip(cues, starts, strict=True)):
        first, last = np.searchsorted(places, [index, index + 1])
        if first < last:
            end_s = cue.end_s or min([start_s + _CUE_S, *starts[index + 1 : index + 2]])
            yield _Stretch(int(first), int(last), start_s - offset_s, end_s - offset_s)


def _padded(stretch: _Stretch, begin_s: float, end_s: float) -> _Stretch:
    """Return a stretch with some time around it, as far as it lies between two times."""
    return stretch._replace(
        start_s=max(begin_s, stretch.start_s - _CUE_PAD_S), end_s=min(end_s, stretch.end_s + _CUE_PAD_S)
    )


def _sought(stretch: _Stretch, found: Sequence[_Heard], end_s: float) -> range:
    """Return the words that can be in the sound: of a subtitle that it cuts, only those up to the cut."""
    first = found[0].word if found and stretch.start_s < 0.0 else stretch.first
    last = found[-1].word + 1 if found and stretch.end_s > end_s else stretch.last
    return range(first, last)


def _hear(ear: _Ear, words: Sequence[SpokenWord], span: _Stretch, enough: int | None) -> list[_Heard]:
    """Return where the words of a stretch are heard in it, part by part, until `enough` syllables are."""
    heard: list[_Heard] = []
    parts = chain(_located(ear, words, span, enough), [None])
    for part, after in pairwise(parts):
        assert part is not None, "only the end is None"
        limits_s = (heard[-1].end_s if heard else span.start_s, after.coarse[0].start_s if after else span.end_s)
        heard += _hear_part(ear, words, part, limits_s)
        if enough is not None and _count(heard, words) >= enough:
            break
    return heard


def _located(
    ear: _Ear,
    words: Sequence[SpokenWord],
    span: _Stretch,
    enough: int | None,
    *,
    strict: bool = True,
) -> Iterator[_Part]:
    """Yield neighbouring words that are said together, in order.

    In a piece without evidence that words of the text are said in it no word is used up, so that talk
    that nobody wrote down takes none with it. What the text has for such sound is sought when it is known which
    words are left for it.
    """
    if not strict and span.end_s - span.start_s <= _TRUSTED_S:
        yield from _trusted(ear, words, span)
        return
    place, begin_s, behind_s = span.first, span.start_s, span.start_s
    while begin_s < span.end_s and place < span.last:
        missing = None if enough is None else enough - sum(word.syllables for word in words[span.first : place])
        rest = words[place : span.last]
        stop_s = min(span.end_s, begin_s + min(_WINDOW_S, _needed_s(rest, span.end_s - begin_s, missing)))
        window = _Stretch(place, span.last, begin_s, stop_s)
        pieces = (
            _proven(ear, words, window)
            if strict
            else list(_pieces(_matched(ear, words, window._replace(last=_near(window))).words))
        )
        sure = pieces if stop_s >= span.end_s else _sure(pieces, stop_s - _UNSURE * (stop_s - begin_s))
        for piece in sure:
            if strict and piece[0].start_s - behind_s > _BREAK_S:
                gap = _Stretch(place, piece[0].word, behind_s, piece[0].start_s)
                yield from _located(ear, words, gap, None, strict=False)
            yield from _parts(piece)
            place, begin_s = piece[-1].word + 1, piece[-1].end_s
            behind_s = begin_s
        if not sure:
            begin_s = stop_s if stop_s >= span.end_s else begin_s + (stop_s - begin_s) * (1.0 - _UNSURE)
        elif stop_s >= span.end_s:
            break
    if strict and span.end_s - behind_s > _BREAK_S:
        yield from _located(ear, words, _Stretch(place, span.last, behind_s, span.end_s), enough, strict=False)


def _trusted(ear: _Ear, words: Sequence[SpokenWord], span: _Stretch) -> Iterator[_Part]:
    """Yield what is said in a stretch without evidence; if its words would fill it, all of them are."""
    rate = (span.last - span.first) / max(0.1, span.end_s - span.start_s)
    if _SLOW_WORDS_PER_S <= rate <= _WORDS_PER_S:
        found = _matched(ear, words, span, reluctance=_RELUCTANCE).words
        if found:
            yield from _parts(found)
        return
    found = _matched(ear, words, span._replace(last=_near(span))).words
    if found:
        yield _Part(span._replace(last=_near(span)), found)


def _needed_s(words: Sequence[SpokenWord], duration_s: float, missing: int | None) -> float:
    """Return how much of the sound should hold the syllables still missing, spoken evenly, with a margin."""
    if missing is None:
        return duration_s
    share = missing / max(1, sum(word.syllables for word in words))
    return max(_SHORTEST_WINDOW_S, 1.6 * share * duration_s + 2.0)


def _near(span: _Stretch) -> int:
    """Return before which word anyone who speaks from the first one on is at the end."""
    return min(span.last, span.first + int(_WORDS_PER_S * (span.end_s - span.start_s)) + 10)


def _proven(ear: _Ear, words: Sequence[SpokenWord], span: _Stretch) -> list[list[_Heard]]:
    """Return the words of a window for which there is evidence, piece by piece.

    Where there is none at all they are sought further on in the text.
    """
    pieces = _evident(ear, words, span)
    if not pieces and _near(span) < span.last:
        far = span._replace(last=min(span.last, span.first + _FAR_WORDS), end_s=min(span.end_s, span.start_s + _FAR_S))
        found = _matched(ear, words, far).words
        if found:
            place = max(_runs(found, _MOST_UNSAID, _BREAK_S), key=len)[0].word
            pieces = _evident(ear, words, span._replace(first=place))
    return pieces


def _evident(ear: _Ear, words: Sequence[SpokenWord], span: _Stretch) -> list[list[_Heard]]:
    """Return the pieces with evidence, if there is some for the whole window too.

    A text as long as a window's has words that fit any piece of speech; it is not so when it is read backwards.
    """
    near = span._replace(last=_near(span))
    matched = _matched(ear, words, near)
    if not _is_evident(ear, words, near, matched.worth):
        return []
    runs = _runs(matched.words, _MOST_UNSAID, _BREAK_S)
    return [piece for piece in chain.from_iterable(map(_pieces, runs)) if _is_evident(ear, words, _stretch(piece))]


def _stretch(piece: Sequence[_Heard]) -> _Stretch:
    return _Stretch(piece[0].word, piece[-1].word + 1, piece[0].start_s, piece[-1].end_s)


def _pieces(found: Sequence[_Heard]) -> Iterator[list[_Heard]]:
    """Yield words in pieces long enough for evidence."""
    piece: list[_Heard] = []
    for entry in found:
        rest_s = found[-1].end_s - entry.start_s
        if piece and entry.end_s - piece[0].start_s > _PIECE_S and rest_s > _PIECE_S / 2:
            yield piece
            piece = []
        piece.append(entry)
    if piece:
        yield piece


def _matched(ear: _Ear, words: Sequence[SpokenWord], span: _Stretch, *, reluctance: float = 1.0) -> _Matched:
    """Return the words of a stretch that match its sound."""
    said = _first_ways(words, span)
    path = match(ear.coarse_fit(span.start_s, span.end_s), ear.columns, said, gain=ear.gain, reluctance=reluctance)
    heard = []
    for entry in path.matches:
        times_s = [span.start_s + frame * FRAME_S for frame in (*entry.firsts, entry.end)]
        phones = tuple(
            Phone(phone=name, start_s=start_s, end_s=end_s)
            for name, (start_s, end_s) in zip(said[entry.word], pairwise(times_s), strict=True)
        )
        heard.append(_Heard(entry.word + span.first, 0, times_s[0], times_s[-1], phones))
    return _Matched(heard, path.worth)


def _first_ways(words: Sequence[SpokenWord], span: _Stretch) -> list[Pronunciation]:
    return [word.pronunciations[0] for word in words[span.first : span.last]]


def _is_evident(ear: _Ear, words: Sequence[SpokenWord], span: _Stretch, worth: float | None = None) -> bool:
    """Return whether the words of a stretch are said in it; `worth` is that of the path through them, if known."""
    fit, said = ear.coarse_fit(span.start_s, span.end_s), _first_ways(words, span)
    worth = match(fit, ear.columns, said, gain=ear.gain).worth if worth is None else worth
    return evidence(fit, ear.columns, said, worth, gain=ear.gain) >= _EVIDENT


def _sure(pieces: Sequence[list[_Heard]], limit_s: float) -> list[list[_Heard]]:
    """Return the words of a window up to its last pause before `limit_s`."""
    inside = [entry for piece in pieces for entry in piece if entry.end_s <= limit_s]
    pauses = [a.word for a, b in pairwise(inside) if b.start_s - a.end_s >= GAP_S]
    last = pauses[-1] if pauses else inside[-1].word if inside else -1
    return list(filter(None, ([entry for entry in piece if entry.word <= last] for piece in pieces)))


def _runs(found: Sequence[_Heard], most_unsaid: int, break_s: float) -> Iterator[list[_Heard]]:
    """Yield words between which few others, and little time, lie."""
    first = 0
    for index, (before, after) in enumerate(pairwise(found), 1):
        if after.word - before.word - 1 > most_unsaid or after.start_s - before.end_s > break_s:
            yield list(found[first:index])
            first = index
    if found:
        yield list(found[first:])


def _parts(found: Sequence[_Heard]) -> Iterator[_Part]:
    """Yield what is said together in parts no longer than the aligner can rely on."""
    for run in _runs(found, _MOST_UNSAID, _BREAK_S):
        yield from map(_part, _cut(run))


def _part(run: list[_Heard]) -> _Part:
    stretch = _stretch(run)
    return _Part(stretch._replace(start_s=stretch.start_s - _PAD_S, end_s=stretch.end_s + _PAD_S), run)


def _cut(run: list[_Heard]) -> Iterator[list[_Heard]]:
    if len(run) == 1 or run[-1].end_s - run[0].start_s <= _PART_S:
        yield run
    else:
        for half in _halves(run):
            yield from _cut(half)


def _halves(run: list[_Heard]) -> tuple[list[_Heard], list[_Heard]]:
    """Return `run` (two words or more) in two, cut at the longest pause near its middle."""
    inner = range(1 + (len(run) - 1) // 4, len(run) - (len(run) - 1) // 4)
    at = max(inner, key=lambda index: run[index].start_s - run[index - 1].end_s)
    return run[:at], run[at:]


def _hear_part(ear: _Ear, words: Sequence[SpokenWord], part: _Part, limits_s: tuple[float, float]) -> list[_Heard]:
    """Return where the words of a part are said; where they do not fit together, each half for itself."""
    first, last, start_s, end_s = part.stretch
    start_s, end_s = max(limits_s[0], start_s), min(limits_s[1], end_s)
    rows = ear.aligner.find_words(ear.sound.part(start_s, end_s), [word.pronunciations for word in words[first:last]])
    if rows:
        heard = [_Heard(word + first, way, a_s + start_s, b_s + start_s) for word, way, a_s, b_s in rows]
        return list(_find_phones(ear, words, heard, (start_s, end_s), {entry.word: entry for entry in part.coarse}))
    if len(part.coarse) == 1:
        return [entry for entry in part.coarse if _lies_in(entry, limits_s)]
    before, after = _halves(part.coarse)
    middle_s = _between(before[-1], after[0])
    return [
        *_hear_part(ear, words, _part(before), (limits_s[0], middle_s)),
        *_hear_part(ear, words, _part(after), (middle_s, limits_s[1])),
    ]


def _find_phones(
    ear: _Ear,
    words: Sequence[SpokenWord],
    heard: Sequence[_Heard],
    limits_s: tuple[float, float],
    coarse: Mapping[int, _Heard],
) -> Iterator[_Heard]:
    """Yield the words heard with their phones, found chunk by chunk."""
    begin_s = limits_s[0]
    for first, last in _chunks(heard):
        end_s = _between(heard[last - 1], heard[last]) if last < len(heard) else limits_s[1]
        yield from _find_chunk(ear, words, heard[first:last], (begin_s, end_s), coarse)
        begin_s = end_s


def _between(before: _Heard, after: _Heard) -> float:
    return (before.end_s + after.start_s) / 2


def _chunks(heard: Sequence[_Heard]) -> Iterator[tuple[int, int]]:
    """Yield index ranges of words between pauses."""
    first = 0
    for index in range(1, len(heard) + 1):
        if index == len(heard) or heard[index].start_s - heard[index - 1].end_s >= GAP_S:
            yield first, index
            first = index


def _find_chunk(
    ear: _Ear,
    words: Sequence[SpokenWord],
    heard: Sequence[_Heard],
    limits_s: tuple[float, float],
    coarse: Mapping[int, _Heard],
) -> Iterator[_Heard]:
    """Yield neighbouring words with phones; where they do not fit together, of each half for itself.

    A word that does not fit for itself keeps the phones that it was matched with.
    """
    start_s = max(limits_s[0], heard[0].start_s - _PAD_S)
    end_s = min(limits_s[1], heard[-1].end_s + _PAD_S)
    ways = [words[entry.word].pronunciations[entry.way] for entry in heard]
    found = ear.aligner.find_phones(ear.sound.part(start_s, end_s), ways)
    if found:
        yield from (_with_phones(entry, _moved(phones, start_s)) for entry, phones in zip(heard, found, strict=True))
    elif len(heard) > 1:
        half = len(heard) // 2
        middle_s = _between(heard[half - 1], heard[half])
        yield from _find_chunk(ear, words, heard[:half], (limits_s[0], middle_s), coarse)
        yield from _find_chunk(ear, words, heard[half:], (middle_s, limits_s[1]), coarse)
    elif heard[0].word in coarse and _lies_in(coarse[heard[0].word], limits_s):
        yield coarse[heard[0].word]


def _lies_in(entry: _Heard, limits_s: tuple[float, float]) -> bool:
    return limits_s[0] <= entry.start_s and entry.end_s <= limits_s[1]


def _with_phones(entry: _Heard, phones: tuple[Phone, ...]) -> _Heard:
    return entry._replace(start_s=phones[0].start_s, end_s=phones[-1].end_s, phones=phones)


def _moved(phones: Sequence[Phone], by_s: float) -> tuple[Phone, ...]:
    return tuple(phone.replace(start_s=phone.start_s + by_s, end_s=phone.end_s + by_s) for phone in phones)


def _warn_of_missing(
    words: Sequence[SpokenWord], found: Collection[int], sought: Sequence[int], *, complete: bool
) -> None:
    """Warn once of words that were not heard; of those behind the last one only where all were wanted."""
    last = max(found)
    missing = [index for index in sought if index not in found and (complete or index < last)]
    if missing:
        examples = ", ".join(f'"{words[index].text}"' for index in missing[:3])
        why = "the text is longer than the speech" if missing[-1] > last else "the text differs from the speech"
        warnings.warn(
            f"{why}: {len(missing)} of {len(sought)} words were not heard ({examples}) and have no times",
            ShenquWarning,
            stacklevel=3,
        )
