"""Long sound measured a block at a time, as if it had been heard at once; and blocks worked on by both cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

_BLOCK_S = 60.0  # blocks and margins are whole numbers of any hop in use: 5 and 16 ms
_MARGIN_S = 0.48
_THREADS = 2
Item = TypeVar("Item")
Result = TypeVar("Result")

Measure = Callable[[float, float], npt.NDArray[Any]]
"""From the start and end of a part, in seconds, to one value (or row) a hop, the first one at its start."""


def hop_count(duration_s: float, hop_s: float) -> int:
    """Return how many values, one a hop from 0 on, lie in `duration_s`.

    >>> hop_count(0.3, 0.005), hop_count(0.299, 0.005)
    (61, 60)
    """
    return int(duration_s / hop_s + 1e-6) + 1


def in_blocks(measure: Measure, duration_s: float, *, hop_s: float) -> npt.NDArray[Any]:
    """Return `measure` of a sound of `duration_s`, one value a hop, heard in parts of a minute.

    Every part is heard with half a second around it, whose values are thrown away: so a measure that looks no further
    than that gives the same values as at once.

    >>> in_blocks(lambda start_s, end_s: np.arange(start_s, min(end_s, 90.01), 30.0), 90.0, hop_s=30.0).tolist()
    [0.0, 30.0, 60.0, 90.0]
    """
    count, block, margin = hop_count(duration_s, hop_s), round(_BLOCK_S / hop_s), round(_MARGIN_S / hop_s)
    parts = []
    for first in range(0, count, block):
        before, last = min(first, margin), min(first + block, count)
        values = measure((first - before) * hop_s, (last + margin) * hop_s)
        parts.append(values[before : before + last - first])
    return np.concatenate(parts)


def on_both_cores(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Return `work` of each of the `items`, in their order, done by two threads at once.

    No work may hang on another's: then the answer is the same on any machine. Only what numpy does runs beside
    other work, so each should be some hundred thousand samples of it.

    >>> on_both_cores(abs, [-2, 1])
    [2, 1]
    """
    every = list(items)
    if len(every) < _THREADS:
        return [work(item) for item in every]
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, every))
