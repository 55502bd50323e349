"""How sure it is that a word was said where it was found."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from shenqu.documents.speech import Phone

FIT_FRAME_S = 0.01
Matrix = npt.NDArray[np.float32]


def confidences(
    words: Sequence[Sequence[Phone]], fit: Callable[[float, float], Matrix], columns: Mapping[str, int]
) -> list[float]:
    """Return the chance, from 0 to 1, that each of `words` was said where its phones lie."""
    return [_chance(phones, fit, columns) for phones in words]


def _chance(phones: Sequence[Phone], fit: Callable[[float, float], Matrix], columns: Mapping[str, int]) -> float:
    origin_s = phones[0].start_s
    own = np.maximum(fit(origin_s, phones[-1].end_s), -12.0)
    means = []
    for phone in phones:
        first = round((phone.start_s - origin_s) / FIT_FRAME_S)
        last = max(first + 1, round((phone.end_s - origin_s) / FIT_FRAME_S))
        part = own[first:last, columns[phone.phone]]
        means.append(float(part.mean()) if len(part) else -12.0)
    return 1.0 / (1.0 + math.exp(-(sum(means) / len(means) + 4.0)))
