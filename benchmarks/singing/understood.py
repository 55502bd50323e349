"""How many words of a song are understood, by a recogniser that knows which words there are.

The recogniser is Vosk with the model in the folder that SHENQU_VOSK names, restricted to the words of the speech. It
hears everything several times, with a little noise and another start, because its answers are chancy.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from shenqu.documents.audio import Samples
from shenqu.documents.song import Song
from shenqu.documents.speech import Transcript

RATE = 16_000
SCORINGS = 5
PAUSE_S, LATEST_S = 0.5, 0.1
NOISE, PEAK = 3e-4, 0.5
AT_ONCE = 8000
UNKNOWN = "[unk]"


def find_model() -> Path | None:
    """Return the folder that SHENQU_VOSK names, None where it names none."""
    given = os.environ.get("SHENQU_VOSK")
    return Path(given) if given else None


def sung_words(song: Song) -> list[int]:
    """Return which words of the transcript are sung, in song order, by number: those whose first syllable is.

    A syllable that is sung twice in a row is one word that goes on.
    """
    firsts, count = {}, 0
    for number, word in enumerate(song.transcript.words):
        if word.syllables:
            firsts[count] = number
        count += len(word.syllables)
    placed = [placement for placement in song.placements if placement.syllable is not None and placement.notes]
    placed.sort(key=lambda placement: placement.notes[0].onset_beat)
    order = [placement.syllable for placement in placed]
    fresh = [syllable for before, syllable in zip([None, *order], order, strict=False) if syllable != before]
    return [firsts[syllable] for syllable in fresh if syllable in firsts]


def tokens(transcript: Transcript, numbers: Sequence[int]) -> list[str]:
    """Return the words of those `numbers` as the recogniser writes them."""
    return [token for number in numbers for token in sentence_tokens(transcript.words[number].text)]


def sentence_tokens(text: str) -> list[str]:
    """Return the words in `text`.

    >>> sentence_tokens("Feed’st thy self-substantial")
    ["feed'st", 'thy', 'self', 'substantial']
    """
    return re.findall(r"[a-z']+", text.lower().replace("’", "'"))


def word_accuracy(samples: Samples, rate: int, said: Sequence[str], vocabulary: Sequence[str], model: Path) -> float:
    """Return the share of words understood, one minus the word error rate, where `said` is; mean of several hearings.

    Words too many count as errors, so it may be below zero. Words that the recogniser does not know are not counted.
    """
    said, vocabulary = (_known(words, model) for words in (said, vocabulary))
    if not said:
        return float("nan")
    sound = soxr.resample(samples, rate, RATE)
    sound *= PEAK / (np.abs(sound).max() + 1e-9)
    heard = [_hear(sound, frozenset(vocabulary), seed, model) for seed in range(SCORINGS)]
    return float(np.mean([accuracy(said, words) for words in heard]))


def accuracy(said: Sequence[str], heard: Sequence[str]) -> float:
    """Return one minus the word error rate (Levenshtein 1966, over words).

    >>> accuracy("ask not what your country".split(), "ask what your your country".split())
    0.6
    """
    costs = np.arange(len(heard) + 1)
    for row, word in enumerate(said, start=1):
        before, costs[0] = costs.copy(), row
        for column, other in enumerate(heard, start=1):
            costs[column] = min(before[column] + 1, costs[column - 1] + 1, before[column - 1] + (word != other))
    return float(1.0 - costs[-1] / len(said))


def _hear(sound: Samples, vocabulary: frozenset[str], seed: int, model: Path) -> list[str]:
    import vosk  # noqa: PLC0415 - only who has a model needs it

    rng = np.random.default_rng(seed)
    before = round(PAUSE_S * RATE) + int(rng.integers(0, round(LATEST_S * RATE)))
    padded = np.concatenate([np.zeros(before), sound, np.zeros(round(PAUSE_S * RATE))])
    padded += rng.normal(0.0, NOISE, len(padded))
    pcm = (np.clip(padded, -1.0, 1.0) * 32767).astype("<i2")
    recogniser = vosk.KaldiRecognizer(_model(model), RATE, json.dumps([*sorted(vocabulary), UNKNOWN]))
    heard = []
    for first in range(0, len(pcm), AT_ONCE):
        if recogniser.AcceptWaveform(pcm[first : first + AT_ONCE].tobytes()):
            heard += json.loads(recogniser.Result())["text"].split()
    heard += json.loads(recogniser.FinalResult())["text"].split()
    return [word for word in heard if word != UNKNOWN]


def _known(words: Sequence[str], model: Path) -> list[str]:
    return [word for word in words if _model(model).vosk_model_find_word(word) >= 0]


@cache
def _model(folder: Path) -> Any:
    import vosk  # noqa: PLC0415

    vosk.SetLogLevel(-2)
    return vosk.Model(str(folder))
