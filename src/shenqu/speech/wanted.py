"""New words as they would be said: their syllables, with phones, stress and tone, at usual lengths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from shenqu.documents.lyrics import WantedWord
from shenqu.documents.speech import Phone, Word
from shenqu.speech.phones import Said
from shenqu.speech.reading import SpokenWord
from shenqu.speech.shape import shape_word
from shenqu.speech.sounds import SOUNDS


def wanted_words(words: Sequence[SpokenWord]) -> tuple[WantedWord, ...]:
    """Return the words of a text that was read, for a voice to say; the cues of the text are its lines."""
    return tuple(WantedWord(ways=tuple(_ways(word)), line=word.cue, joined=word.joined) for word in words)


def _ways(word: SpokenWord) -> Iterator[Word]:
    """Yield the ways to say a word; of a character none that is another reading of it, which is another word."""
    for place, phones in enumerate(word.pronunciations):
        if place == 0 or not word.said or _is_same_reading(word.said[0], word.said[place]):
            ends_s = accumulate((SOUNDS[phone].duration_s for phone in phones), initial=0.0)
            timed = zip(phones, pairwise(ends_s), strict=True)
            yield shape_word(
                word, tuple(Phone(phone=phone, start_s=start, end_s=end) for phone, (start, end) in timed), 0.0
            )


def _is_same_reading(one: Sequence[Said], other: Sequence[Said]) -> bool:
    """Return whether two ways to say a word have the same tones and begin alike."""
    return [said.tone for said in one] == [said.tone for said in other] and [said.phones[0] for said in one] == [
        said.phones[0] for said in other
    ]
