"""A transcript that a hand has changed, made whole again: only what the change touches is found anew.

What was changed is told from the transcript alone (see `speech.hand`). A word of another spelling, and one without
times or syllables, is found between its neighbours, which are heard with it but keep their times. A word that was
moved keeps its new times; what is inside is found anew there, or stretched, and it is pinned. Neighbours that it now
overlaps are found in what is left to them. Pinned words that agree with themselves stay as they are.

Conventions
-----------
Times are seconds from the start of the recording.
"""

from __future__ import annotations

import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, islice, pairwise
from textwrap import shorten
from typing import NamedTuple

from shenqu.documents.audio import Sound
from shenqu.documents.cues import wants_blank
from shenqu.documents.speech import LONGEST_S, Cue, Phone, Transcript, Word
from shenqu.errors import InputError, ShenquWarning
from shenqu.speech.align import Aligner, align
from shenqu.speech.hand import (
    SAME_S,
    clipped,
    edged,
    has_moved,
    is_misspelt,
    letters,
    respelt,
    scaled,
    settled,
    stretched,
)
from shenqu.speech.phones import UnreadableError
from shenqu.speech.reading import READABLE, FindPhonetics, Lexicon, SpokenWord, language_of, read_aloud, read_text
from shenqu.speech.shape import shape_words

Listen = Callable[[float, float], Sound]
"""Returns the sound between two times; nothing else of the recording is read."""

_LEAST_S = 0.03  # of a word, and of each phone: three frames of the aligner
_NEAR_S = 1.0  # around where a word was before
_LONGEST_S = 30.0
_MOST_BESIDE = 8
_BESIDE_S = 2.5
_BESIDE_GAP_S = 0.5
_PAD_S = 0.2
_LATE_S = 0.05

Spoken = tuple[SpokenWord, ...]
Span = tuple[float, float]


class Realigned(NamedTuple):
    """The transcript made whole, and what became of each word given: one word, or several where it held more."""

    transcript: Transcript
    words: tuple[tuple[Word, ...], ...]


def realign(
    transcript: Transcript,
    listen: Listen,
    *,
    duration_s: float,
    aligner: Aligner,
    lexicon: Lexicon,
    find_phonetics: FindPhonetics = lambda: None,
    language: str | None = None,
) -> Realigned:
    """Return `transcript`, which a hand has changed, with the times of what it changed; all else is kept.

    `listen` gives the recording, `duration_s` long, at the aligner's rate. A transcript that agrees with itself is
    returned as it is. Words that are not heard are left without times, with one warning.

    Raises `InputError` where its words overlap or lie beyond the recording, or a new word cannot be read aloud.
    """
    words = [_pinned_if_moved(settled(word)) for word in transcript.words]
    _check_end(words, duration_s)
    spans = _spans(words)
    words = _with_touched(words, transcript.words, spans)
    if not any(span is not None or _is_sought(word) for word, span in zip(words, spans, strict=True)):
        _warn_of_unheard(words, [])
        return Realigned(transcript.replace(words=tuple(words)), tuple((word,) for word in words))
    told = _language(transcript, language, lexicon=lexicon, find_phonetics=find_phonetics)
    ear = _Ear(
        listen=listen,
        aligner=aligner,
        lexicon=lexicon,
        find_phonetics=find_phonetics,
        language=told,
        duration_s=duration_s,
    )
    for index, span in enumerate(spans):
        if span is not None:
            words[index] = _inside(ear, words, index, span)
    rows: list[tuple[Word, ...]] = [(word,) for word in words]
    for first, last in _runs(words):
        rows[first:last] = _beside(ear, words, first, last)
    _warn_of_unheard(words, rows)
    language = told if transcript.language == "und" else transcript.language
    whole = transcript.replace(language=language, words=tuple(word for row in rows for word in row))
    return Realigned(whole, tuple(rows))


# ------------------------------------------------------------------ what is to be done


def _pinned_if_moved(word: Word) -> Word:
    """Return a word that a hand has moved as pinned, with what it had pinned before left in its place."""
    if not has_moved(word):
        return word
    drawn = stretched(word) if word.pinned and not is_misspelt(word) else None
    return drawn or word.replace(pinned=True)


def _is_sought(word: Word) -> bool:
    """Return whether a word is to be found between its neighbours: another one was said there, or it is new.

    One that was not heard before says so with a confidence of 0, and is not sought again for its own sake.
    """
    is_new = word.confidence > 0.0 if not word.heard else not word.pinned
    return is_new and bool(letters(word.text)) and is_misspelt(word)


def _with_touched(words: Sequence[Word], given: Sequence[Word], spans: Sequence[Span | None]) -> list[Word]:
    """Return `words`, those that were not heard before made new where a word beside them has changed."""
    touched = list(words)
    changed = [
        _is_sought(word) or span is not None or word != before
        for word, before, span in zip(words, given, spans, strict=True)
    ]
    for places in (range(len(words)), range(len(words) - 1, -1, -1)):
        for beside, place in pairwise(places):
            if changed[beside] and not words[place].heard:
                changed[place] = True
                touched[place] = words[place].replace(confidence=1.0)
    return touched


def _spans(words: Sequence[Word]) -> list[Span | None]:
    """Return of each word between which times it is to be found anew; None where it is not, or not known yet.

    Raises `InputError` where words overlap of which none gives way.
    """
    spans: list[Span | None] = []
    for word, left in zip(words, _left_by_pinned(words), strict=True):
        if not word.heard or _is_sought(word):
            spans.append(None)
        elif word.pinned:
            spans.append(word.span_s if is_misspelt(word) or has_moved(word) else None)
        else:
            cut_s = max(left[0] - word.span_s[0], word.span_s[1] - left[1])
            spans.append(left if cut_s > SAME_S else None)
    _check_order([(word, span or word.span_s) for word, span in zip(words, spans, strict=True) if _is_wall(word)])
    return spans


def _is_wall(word: Word) -> bool:
    return word.heard and not _is_sought(word)


def _left_by_pinned(words: Sequence[Word]) -> list[Span]:
    """Return what the pinned words leave of the span of each word that was heard; (0, 0) of the others."""
    ends_s = accumulate((word.span_s[1] if word.heard and word.pinned else 0.0 for word in words), max, initial=0.0)
    starts_s = accumulate(
        (word.span_s[0] if word.heard and word.pinned else LONGEST_S for word in reversed(words)),
        min,
        initial=LONGEST_S,
    )
    limits = zip(list(ends_s)[:-1], list(starts_s)[-2::-1], strict=True)
    return [
        (max(word.span_s[0], lowest_s), min(word.span_s[1], highest_s)) if word.heard else (0.0, 0.0)
        for word, (lowest_s, highest_s) in zip(words, limits, strict=True)
    ]


def _check_order(rows: Sequence[tuple[Word, Span]]) -> None:
    for (before, (_, end_s)), (word, (start_s, stop_s)) in pairwise(rows):
        if start_s < end_s - SAME_S or stop_s - start_s < 0:
            raise InputError(
                f"the word `{word.text}` at {word.span_s[0]:.3f} s follows `{before.text}`, but begins before it ends "
                f"({before.span_s[1]:.3f} s); correct their times or their order, or take one out"
            )


def _check_end(words: Sequence[Word], duration_s: float) -> None:
    last = max((word for word in words if word.heard), key=lambda word: word.span_s[1], default=None)
    if last is not None and last.span_s[1] > duration_s + _LATE_S:
        raise InputError(
            f"the word `{last.text}` ends at {last.span_s[1]:.2f} s and the recording at {duration_s:.2f} s: "
            "these are the words of another recording, or its times are wrong"
        )


def _runs(words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """Yield the index ranges of words in a row that are sought."""
    for is_sought, run in groupby(range(len(words)), key=lambda index: _is_sought(words[index])):
        if is_sought:
            places = list(run)
            yield places[0], places[-1] + 1


def _warn_of_unheard(words: Sequence[Word], rows: Sequence[tuple[Word, ...]]) -> None:
    """Warn once of the words that were sought in vain, and once of those that were not sought again."""
    lost = [word.text for given, row in zip(words, rows, strict=False) if _is_sought(given) for word in _unheard(row)]
    left = [word.text for word in words if not word.heard and not _is_sought(word) and letters(word.text)]
    for texts, what in (
        (lost, "were not heard between their neighbours; give them times by hand, or make room for them"),
        (left, "have no times; to have them looked for, set their confidence to 1, or put them into the tier of words"),
    ):
        if texts:
            examples = ", ".join(f'"{shorten(text, 60)}"' for text in texts[:3])
            warnings.warn(f"{len(texts)} of {len(words)} words ({examples}) {what}", ShenquWarning, stacklevel=3)


def _unheard(row: Sequence[Word]) -> list[Word]:
    return [word for word in row if not word.heard]


# ------------------------------------------------------------------ reading and hearing


def _language(transcript: Transcript, language: str | None, *, lexicon: Lexicon, find_phonetics: FindPhonetics) -> str:
    """Return the language given, or the transcript's own, or where that is unknown the one that its text tells."""
    cues = (Cue(text=_line(transcript.words)),)
    known = language or (None if transcript.language == "und" else transcript.language)
    if known is None:
        return read_aloud(cues, None, lexicon=lexicon, find_phonetics=find_phonetics)[0]
    told = language_of(cues, known)
    phonetics = None if told in READABLE else find_phonetics()
    if told not in READABLE and (phonetics is None or not phonetics.speaks(told)):
        raise UnreadableError(f"the new words are in a language ({told}) that cannot be read aloud; keep the old ones")
    return told


def _line(words: Sequence[Word]) -> str:
    blanks = [" " * wants_blank(before.text, word.text) for before, word in pairwise(words)]
    return "".join(blank + word.text for blank, word in zip(["", *blanks], words, strict=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ear:
    """Reads words aloud and hears where they are said."""

    listen: Listen
    aligner: Aligner
    lexicon: Lexicon
    find_phonetics: FindPhonetics
    language: str
    duration_s: float

    def read(self, words: Sequence[Word]) -> list[Spoken]:
        """Return how each of `words`, a line, may be said; where the line is read otherwise, each for itself."""
        rows: list[list[SpokenWord]] = [[] for _ in words]
        starts = list(accumulate((len(letters(word.text)) for word in words), initial=0))
        place = 0
        for part in self._read(_line(words)):
            rows[min(bisect_right(starts, place) - 1, len(words) - 1)].append(part)
            place += len(letters(part.text))
        return [
            _whole(word, row if letters(_text(row)) == letters(word.text) else self._read(word.text))
            for word, row in zip(words, rows, strict=True)
        ]

    def _read(self, text: str) -> Spoken:
        if not letters(text):
            return ()
        return read_text(
            (Cue(text=text),), language=self.language, lexicon=self.lexicon, find_phonetics=self.find_phonetics
        )

    def hear(self, rows: Sequence[Spoken], span: Span) -> list[tuple[Word | None, ...]]:
        """Return for each row the words in it as they are heard between two times; None for one that is not."""
        spoken = [part for row in rows for part in row]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ShenquWarning)
            try:
                heard = align(
                    self.listen(*span),
                    spoken,
                    cues=(Cue(text=_text(spoken)),),
                    language=self.language,
                    aligner=self.aligner,
                    offset_s=span[0],
                ).words
            except InputError:  # nothing of it is heard
                return [(None,) * _count(row) for row in rows]
        words = iter(heard)
        return [tuple(word if word.heard else None for word in islice(words, _count(row))) for row in rows]


def _pieces(text: str) -> list[str]:
    """Return the words in what a hand wrote as one, those without letters with the one before.

    >>> _pieces("hello - world"), _pieces("你好")
    (['hello -', 'world'], ['你好'])
    """
    pieces: list[str] = []
    for piece in text.split():
        if pieces and not (letters(piece) and letters(pieces[-1])):
            pieces[-1] += f" {piece}"
        else:
            pieces.append(piece)
    return pieces


def _whole(word: Word, row: Sequence[SpokenWord]) -> Spoken:
    """Return the parts of `row` joined to as many words as a hand wrote."""
    first = set(accumulate((len(letters(piece)) for piece in _pieces(word.text)), initial=0))
    if letters(_text(row)) != letters(word.text):
        first = {0}
    places = accumulate((len(letters(part.text)) for part in row), initial=0)
    return tuple(replace(part, joined=place not in first, cue=0) for part, place in zip(row, places, strict=False))


def _text(row: Sequence[SpokenWord]) -> str:
    return "".join(part.text for part in row)


def _count(row: Spoken) -> int:
    """Return how many words a row makes, those in parts counted once."""
    return sum(not part.joined for part in row)


# ------------------------------------------------------------------ finding


def _inside(ear: _Ear, words: Sequence[Word], index: int, span: Span) -> Word:
    """Return the word at `index` with its sounds found in `span`: a pinned one begins and ends there."""
    word = words[index].replace(start_s=span[0], end_s=span[1])
    first = max(0, index - _MOST_BESIDE)
    row = ear.read(words[first : index + _MOST_BESIDE])[index - first]
    as_one = tuple(replace(part, joined=place > 0) for place, part in enumerate(row))
    (found,) = ear.hear([as_one], span)
    if found and found[0]:
        heard = edged(found[0], *span) if word.pinned else clipped(found[0], *span)
    elif not is_misspelt(word):
        return scaled(word)
    else:
        heard = _evenly(as_one, span, ear.listen(*span))
    return respelt(heard.replace(text=word.text, pinned=word.pinned))


def _evenly(row: Spoken, span: Span, sound: Sound) -> Word:
    """Return a word that does not fit the sound of its span with its phones spread evenly over it."""
    counts = [len(part.pronunciations[0]) for part in row]
    step_s = (span[1] - span[0]) / sum(counts)
    spoken = []
    for part, before in zip(row, accumulate(counts, initial=0), strict=False):
        edges = [(before + place) * step_s for place in range(len(part.pronunciations[0]) + 1)]
        phones = zip(part.pronunciations[0], pairwise(edges), strict=True)
        spoken.append((part, tuple(Phone(phone=name, start_s=a, end_s=b) for name, (a, b) in phones)))
    (word,) = shape_words(spoken, sound, offset_s=span[0], confidences=[0.0] * len(spoken))
    return edged(word, *span)


def _beside(ear: _Ear, words: Sequence[Word], first: int, last: int) -> list[tuple[Word, ...]]:
    """Return the words from `first` to before `last` as they are found between their neighbours."""
    best: list[tuple[Word, ...]] = [(_without_times(word.text),) for word in words[first:last]]
    for span in _searches(words, first, last, ear.duration_s):
        left, right = _context(words, first, last, span)
        for beside in dict.fromkeys([(left, right), (first, last)]):
            rows = _heard_beside(ear, words, (first, last), beside, span)
            best = max(best, rows, key=_count_heard)
            if not any(map(_unheard, best)):
                return best
    return best


def _without_times(text: str) -> Word:
    return Word(text=text, confidence=0.0)


def _count_heard(rows: Sequence[tuple[Word, ...]]) -> int:
    return sum(len(row) - len(_unheard(row)) for row in rows)


def _searches(words: Sequence[Word], first: int, last: int, duration_s: float) -> list[Span]:
    """Return where to look for words in a row: near where they were, then all between their neighbours."""
    begin_s, end_s = _walls(words, first, last, duration_s)
    if end_s - begin_s < _LEAST_S:
        return []
    around = [word.span_s for word in words[first:last] if word.heard]
    near = (max(begin_s, around[0][0] - _NEAR_S), min(end_s, around[-1][1] + _NEAR_S)) if around else (0.0, 0.0)
    whole = (max(begin_s, end_s - _LONGEST_S), end_s) if begin_s == 0.0 else (begin_s, min(end_s, begin_s + _LONGEST_S))
    return list(dict.fromkeys(span for span in (near, whole) if span[1] - span[0] >= _LEAST_S))


def _walls(words: Sequence[Word], first: int, last: int, duration_s: float) -> Span:
    """Return where the neighbours of the words from `first` to before `last` end and begin."""
    before = next((word.span_s[1] for word in reversed(words[:first]) if _is_wall(word)), 0.0)
    after = next((word.span_s[0] for word in words[last:] if _is_wall(word)), duration_s)
    return before, after


def _context(words: Sequence[Word], first: int, last: int, span: Span) -> tuple[int, int]:
    """Return the index range of `first` to `last` and the words that are said directly before and behind them."""
    left, right = first, last
    edge_s = span[0]
    while left and first - left < _MOST_BESIDE and _adjoins(words[left - 1], edge_s, span[0]):
        left -= 1
        edge_s = words[left].span_s[0]
    edge_s = span[1]
    while right < len(words) and right - last < _MOST_BESIDE and _adjoins(words[right], edge_s, span[1]):
        edge_s = words[right].span_s[1]
        right += 1
    return left, right


def _adjoins(word: Word, edge_s: float, from_s: float) -> bool:
    """Return whether a word is known, and said within a short pause of `edge_s` and not far from `from_s`."""
    if not (_is_wall(word) and word.syllables and letters(word.text)):
        return False
    away_s = min(abs(time_s - edge_s) for time_s in word.span_s)
    return away_s < _BESIDE_GAP_S and min(abs(time_s - from_s) for time_s in word.span_s) < _BESIDE_S


def _heard_beside(
    ear: _Ear, words: Sequence[Word], sought: tuple[int, int], beside: tuple[int, int], span: Span
) -> list[tuple[Word, ...]]:
    """Return the words `sought` (first, last) as they are heard in `span`, together with those `beside` them."""
    (first, last), (begin, end) = sought, beside
    begin_s, end_s = span
    before_s, after_s = _walls(words, begin, end, ear.duration_s)
    if begin < first:
        begin_s = max(before_s, words[begin].span_s[0] - _PAD_S)
    if end > last:
        end_s = min(after_s, words[end - 1].span_s[1] + _PAD_S)
    rows = ear.read(words[begin:end])
    found = ear.hear(rows, (begin_s, end_s))[first - begin : last - begin]
    return [
        tuple(
            _kept(one, text, span) or _without_times(text)
            for one, text in zip(heard, _pieces(word.text) if len(heard) > 1 else [word.text], strict=True)
        )
        for heard, word in zip(found, words[first:last], strict=True)
    ]


def _kept(word: Word | None, text: str, span: Span) -> Word | None:
    """Return a word that was heard, spelled `text`, as far as it lies in `span`; None where most of it does not."""
    if word is None:
        return None
    start_s, end_s = word.span_s
    if min(end_s, span[1]) - max(start_s, span[0]) < 0.5 * (end_s - start_s):
        return None
    try:
        inside = clipped(word, *span)
    except InputError:  # no time is left for one of its syllables
        return None
    vowels = zip(word.syllables, inside.syllables, strict=True)
    if any(2 * (new.vowel_end_s - new.vowel_s) < old.vowel_end_s - old.vowel_s for old, new in vowels):
        return None
    return respelt(inside.replace(text=text))
