"""Phones with times to syllables with onset, vowel and coda.

Forced alignment gives vowels too little: it ends them early before nasals and liquids, and cuts the last
syllable of a phrase short. Here both get back the sound that is theirs.

Conventions
-----------
The vowel of a syllable starts with its vowel phone; a short Mandarin one begins in the glide before it,
which belongs to its final. The dictionary has no stress, so it is estimated: in
each word with more than one syllable the first vowel that is not reduced is stressed, else the first;
words of one syllable are, unless they are function words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import reduce

import numpy as np
import numpy.typing as npt

from shenqu.documents.audio import Sound
from shenqu.documents.speech import SONORANTS, Phone, Syllable, Word
from shenqu.dsp.band_level import band_level
from shenqu.speech.phones import VOWELS, Said, syllable_starts
from shenqu.speech.reading import SpokenWord
from shenqu.speech.spelling import bare, split_letters

_HOP_S = 0.01
_MARGIN_HOPS = 10  # in which the filter settles
_SHORT_VOWEL_S = 0.08
GAP_S = 0.12  # between two words: the sound of the first may end in it
_LONGEST_TAIL_S = 0.4
_TAIL_DB = 15.0  # a sound goes on while it is no more than this below the vowel it belongs to
_REDUCED = {"AH", "ER", "IH"}
_FUNCTION_WORDS = re.compile(
    "a|an|the|and|or|but|nor|so|as|at|by|for|from|in|of|on|to|up|with|is|am|are|was|were|be|been|has|had|have|do|did|"
    "does|will|would|can|could|shall|should|may|might|must|i|you|he|she|it|we|they|me|him|her|us|them|my|your|his|its|"
    "our|their|this|that|which|who|what|if|than|then|not"
)

Phones = tuple[Phone, ...]


def shape_words(
    spoken: Sequence[tuple[SpokenWord, Phones]],
    sound: Sound,
    *,
    offset_s: float,
    confidences: Sequence[float] | None = None,
) -> tuple[Word, ...]:
    """Return the words of a transcript: `spoken` with phones in seconds of `sound`, moved by `offset_s`.

    A word without phones is one that was not heard. `confidences` (default 1.0) are those of `spoken`.
    """
    words: list[Word] = []
    next_s = sound.duration_s
    chances = [1.0] * len(spoken) if confidences is None else confidences
    for (part, phones), confidence in zip(reversed(spoken), reversed(chances), strict=True):
        if phones:
            word = shape_word(part, _with_tail(phones, next_s, sound), offset_s).replace(confidence=confidence)
            next_s = phones[0].start_s
        else:
            word = Word(text=part.text, confidence=0.0)
        words.append(word)
    return tuple(_whole([part for part, _ in spoken], words[::-1]))


def _whole(spoken: Sequence[SpokenWord], words: Sequence[Word]) -> Iterator[Word]:
    """Yield the words, those with hyphens as one."""
    parts: list[Word] = []
    for part, word in zip(spoken, words, strict=True):
        if parts and not part.joined:
            yield reduce(_merged, parts)
            parts = []
        parts.append(word)
    if parts:
        yield reduce(_merged, parts)


def _merged(before: Word, part: Word) -> Word:
    """Return two parts of a word as one: it has the times of what was heard of it, and the lower confidence.

    The letters of a part that was not heard go to the syllable beside it.
    """
    times_s = [word.span_s for word in (before, part) if word.heard]
    text = before.text + part.text
    if before.syllables and not part.syllables:
        before = _spelled(before, -1, before.syllables[-1].text + part.text)
    elif part.syllables and not before.syllables:
        part = _spelled(part, 0, before.text + part.syllables[0].text)
    return Word(
        text=text,
        start_s=times_s[0][0] if times_s else None,
        end_s=times_s[-1][1] if times_s else None,
        confidence=min(before.confidence, part.confidence),
        syllables=(*before.syllables, *part.syllables),
    )


def _spelled(word: Word, place: int, text: str) -> Word:
    syllables = list(word.syllables)
    syllables[place] = syllables[place].replace(text=text)
    return word.replace(syllables=tuple(syllables))


def _with_tail(phones: Phones, next_s: float, sound: Sound) -> Phones:
    """Return `phones` with the last one drawn out to where its sound ends, if a pause follows."""
    last = phones[-1]
    if next_s - last.end_s < GAP_S:
        return phones
    vowel = next(phone for phone in reversed(phones) if phone.phone in VOWELS)
    first, end, stop = (int(time_s / _HOP_S) for time_s in (vowel.start_s, last.end_s, _tail_limit_s(last, next_s)))
    level = _level(sound, first, stop)
    loud = level[: end + 1 - first].max(initial=-np.inf) - _TAIL_DB
    hops = int(np.argmax(np.append(level[end + 1 - first :], -np.inf) < loud))
    return (*phones[:-1], last.replace(end_s=last.end_s + hops * _HOP_S))


def _tail_limit_s(last: Phone, next_s: float) -> float:
    return min(next_s, last.end_s + _LONGEST_TAIL_S)


def _level(sound: Sound, first: int, stop: int) -> npt.NDArray[np.float64]:
    """Return how loud the lower part of the voice is from one hop to before another."""
    begin = max(0, first - _MARGIN_HOPS)
    part = sound.part(begin * _HOP_S, (stop + _MARGIN_HOPS) * _HOP_S)
    level = band_level(part, sound.rate, low_hz=80.0, high_hz=1500.0, hop_s=_HOP_S, width_s=0.008)
    return level[first - begin : stop - begin]


def shape_word(word: SpokenWord, phones: Phones, offset_s: float) -> Word:
    """Return `word` with its syllables; `phones`, those of one of its pronunciations, are moved by `offset_s`."""
    moved = tuple(
        phone.replace(start_s=_rounded(phone.start_s + offset_s), end_s=_rounded(phone.end_s + offset_s))
        for phone in phones
    )
    syllables = tuple(_syllables(word, moved))
    return Word(text=word.text, start_s=syllables[0].start_s, end_s=syllables[-1].end_s, syllables=syllables)


def _rounded(seconds: float) -> float:
    """Return a time without the dust of binary sums."""
    return round(seconds, 6)


def _syllables(word: SpokenWord, phones: Phones) -> Iterator[Syllable]:
    names = [phone.phone for phone in phones]
    said = next(
        (way for way, sounds in zip(word.said, word.pronunciations, strict=False) if list(sounds) == names), None
    )
    if said is not None:
        yield from _known_syllables(said, phones)
        return
    starts = syllable_starts(names)
    texts = (word.text,) if len(starts) == 1 else split_letters(word.text, names)
    stressed = _stressed(word, [next(name for name in names[start:] if name in VOWELS) for start in starts])
    for index, (start, end, text) in enumerate(zip(starts, [*starts[1:], len(phones)], texts, strict=True)):
        yield _syllable(text, phones[start:end], stress=int(index == stressed), tone=word.tone)


def _known_syllables(said: Sequence[Said], phones: Phones) -> Iterator[Syllable]:
    """Yield the syllables of a word whose reading tells them."""
    place = 0
    for part in said:
        own = phones[place : place + len(part.phones)]
        yield _syllable(part.text, own, stress=0 if part.tone else part.stress, tone=part.tone)
        place += len(own)


def _stressed(word: SpokenWord, vowels: Sequence[str]) -> int | None:
    if len(vowels) == 1:
        plain = re.sub("[^a-z]", "", bare(word.text))
        return None if word.tone or _FUNCTION_WORDS.fullmatch(plain) else 0
    return next((index for index, vowel in enumerate(vowels) if vowel not in _REDUCED), 0)


def vowel_span(phones: Phones, *, tone: int) -> tuple[float, float]:
    """Return where the vowel of a syllable of these phones begins and ends.

    >>> vowel_span((Phone(phone="HH", start_s=1.0, end_s=1.1), Phone(phone="AY", start_s=1.1, end_s=1.3)), tone=0)
    (1.1, 1.3)
    """
    nucleus = next(index for index, phone in enumerate(phones) if phone.phone in VOWELS)
    vowel, coda = phones[nucleus], phones[nucleus + 1 :]
    vowel_end_s = vowel.end_s
    for phone in coda:
        if phone.phone not in SONORANTS or vowel_end_s - vowel.start_s >= _SHORT_VOWEL_S:
            break
        vowel_end_s = min(phone.end_s, vowel.start_s + _SHORT_VOWEL_S)
    vowel_s = vowel.start_s
    if tone and nucleus and phones[nucleus - 1].phone in {"Y", "W"}:
        vowel_s = min(vowel_s, max(phones[nucleus - 1].start_s, vowel_end_s - _SHORT_VOWEL_S))
    return vowel_s, vowel_end_s


def _syllable(text: str, phones: Phones, *, stress: int, tone: int) -> Syllable:
    vowel_s, vowel_end_s = vowel_span(phones, tone=tone)
    return Syllable(
        text=text,
        start_s=phones[0].start_s,
        vowel_s=vowel_s,
        vowel_end_s=vowel_end_s,
        end_s=phones[-1].end_s,
        stress=stress,
        tone=tone,
        phones=phones,
    )
