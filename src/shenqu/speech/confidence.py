"""How sure it is that a word was said where it was found.

An aligner finds every word of a text somewhere, said or not. Here the sounds that a word claims are held against
the best that any sounds of the language could do in the same frames. A word that was not said fits badly, is
hurried through, or is drawn out over sounds that are another's; beside a word that the text has left out
something is heard that is not silence.

Conventions
-----------
A fit is a natural logarithm, 0.0 for the sound that fits a frame best. Frames are `FIT_FRAME_S` long.

References
----------
Witt and Young (2000), "Phone-level pronunciation scoring and assessment", Speech Communication 30: the likelihood
of what is claimed over that of any phone. Jiang (2005), "Confidence measures for speech recognition", ibid. 45: a
few such traits weighed by logistic regression.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from shenqu.documents.speech import Phone
from shenqu.speech.phones import VOWELS

FIT_FRAME_S = 0.01
_WORST_FIT = -12.0
_DIP = 10  # frames
_HURRIED_S = {True: 0.065, False: 0.04}  # vowels, consonants: half of what is usual
_DRAWN_OUT_S = 0.2
_LEAST_GAP_S, _MOST_GAP_S = 0.05, 0.5

# Fitted to one half of 37 recordings (clean and with noise 10 dB below, a fifth of the words replaced, left out of the
# text, or put into it), measured on the other half.
_BASE, _MEAN, _HURRY, _LOWEST, _LENGTH, _GAP = 3.44, 0.42, 3.83, 0.22, -1.21, 0.33

# Of 37 recordings no word was lost by this when clean, 1.6 % with noise 10 dB below; of other texts 56 % went.
_STRETCH = 5  # words
_SOME, _FEW = 3, 8
_HARDLY_FEW = 0.25
_HOPELESS = 0.2
_HARDLY = 0.4  # above this are the medians of all 37 recordings, below it those of 27 of 28 other texts of some length

Matrix = npt.NDArray[np.float32]
Fit = Callable[[float, float], Matrix]


def confidences(words: Sequence[Sequence[Phone]], fit: Fit, columns: Mapping[str, int]) -> list[float]:
    """Return the chance, from 0 to 1, that each of `words` was said where its phones lie.

    `fit` returns how well each sound fits the frames from one time to another, shape (frames, sounds);
    `columns` tells which of them is which phone, and which is silence, SIL.
    """
    gaps = _gaps(words, fit, columns["SIL"])
    return [_chance(phones, fit, columns, gap) for phones, gap in zip(words, gaps, strict=True)]


def hopeless(chances: Sequence[float]) -> list[bool]:
    """Return which words stand among `_STRETCH` neighbours so doubtful that they cannot have been said there.

    A single doubtful word says little: it may be spoken badly, or only its neighbours are found wrongly. Of a
    text of a few words none is given up: they were meant for this very sound.

    >>> hopeless([0.9, 0.1, 0.9, 0.1, 0.2, 0.1, 0.0, 0.1])
    [False, False, False, True, True, True, True, True]
    """
    marks = [False] * len(chances)
    if len(chances) < _FEW:
        return marks
    for first in range(len(chances) - _STRETCH + 1):
        if sum(chances[first : first + _STRETCH]) < _STRETCH * _HOPELESS:
            marks[first : first + _STRETCH] = [True] * _STRETCH
    return marks


def hardly_fits(chances: Sequence[float]) -> bool:
    """Return whether most words are so doubtful that others must have been said."""
    least = _HARDLY if len(chances) >= _FEW else _HARDLY_FEW
    return len(chances) >= _SOME and float(np.median(chances)) < least


def _chance(phones: Sequence[Phone], fit: Fit, columns: Mapping[str, int], gap: float) -> float:
    tracks = [_track(phone, fit, columns) for phone in phones]
    along = np.concatenate(tracks)
    width = min(_DIP, len(along))
    lengths_s = [phone.end_s - phone.start_s for phone in phones]
    hurry = np.mean(
        [
            min(0.0, math.log(max(length_s, FIT_FRAME_S) / _HURRIED_S[phone.phone in VOWELS]))
            for phone, length_s in zip(phones, lengths_s, strict=True)
        ]
    )
    odds = (
        _BASE
        + _MEAN * np.mean([track.mean() for track in tracks])
        + _HURRY * hurry
        + _LOWEST * np.convolve(along, np.full(width, 1.0 / width), "valid").min()
        + _LENGTH * max(0.0, math.log(max(lengths_s) / _DRAWN_OUT_S))
        + _GAP * gap
    )
    return round(1.0 / (1.0 + math.exp(-odds)), 3)


def _track(phone: Phone, fit: Fit, columns: Mapping[str, int]) -> npt.NDArray[np.float32]:
    """Return how well a phone fits each of its frames, of which it has one at least."""
    part = fit(phone.start_s, max(phone.end_s, phone.start_s + FIT_FRAME_S))[:, columns[phone.phone]]
    return np.maximum(part, _WORST_FIT) if len(part) else np.full(1, _WORST_FIT, dtype=np.float32)


def _gaps(words: Sequence[Sequence[Phone]], fit: Fit, silence: int) -> list[float]:
    """Return how well silence fits what lies directly before and behind each word, the worse of both."""
    lowest = []
    for index, phones in enumerate(words):
        start_s, end_s = phones[0].start_s, phones[-1].end_s
        before_s = max(start_s - _MOST_GAP_S, words[index - 1][-1].end_s if index else 0.0)
        after_s = min(end_s + _MOST_GAP_S, words[index + 1][0].start_s if index + 1 < len(words) else math.inf)
        sides = [fit(a, b)[:, silence] for a, b in ((before_s, start_s), (end_s, after_s)) if b - a >= _LEAST_GAP_S]
        lowest.append(min([0.0, *(float(np.maximum(side, _WORST_FIT).mean()) for side in sides if len(side))]))
    return lowest
