"""Pitch marks: one moment in each period of a voice, always the same moment of it.

Every cycle of the tracked pitch gets one mark; a path through all cycles decides where in its cycle each one
lies: high on the low-passed wave, and nearly one period behind the mark before. Where there is no period to
be seen (creak, breath, noise) the path runs on evenly at the tracked pitch. Then neighbouring periods are laid
over each other, and the marks moved until their distances are what that shows.

Conventions
-----------
Marks are in samples, with fractions. The pitch has one value every 5 ms and is above zero throughout.

References
----------
Path by dynamic programming: Viterbi (1967); marks for overlap-add: Moulines and Charpentier (1990).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from shenqu.dsp.pitch_track import HOP_S as FRAME_S

Array = npt.NDArray[np.floating[Any]]

PLACES = 24  # in a cycle, where its mark can lie
UNEVEN = 60.0  # the price of a change of place, squared, in cycles
POINTS = 32  # of a period, when two are compared
LAGS = np.linspace(-0.2, 0.2, 17)
STIFFNESS = 0.02
ROUNDS = 60


def pitch_marks(wave: Array, rate: int, hz: Array) -> tuple[Array, Array]:
    """Return the marks of a low-passed `wave`, rising, one in each period of its pitch `hz`, and how clear each is.

    Clear means: how much its period looks like the one before or behind it, 0 to 1.
    """
    at = np.arange(len(wave))
    frames = np.interp(at / (rate * FRAME_S), np.arange(len(hz)), hz)
    cycles = np.concatenate([[0.0], np.cumsum(frames)]) / rate
    nominal = np.interp(np.arange(int(cycles[-1]) + 1), cycles, np.arange(len(cycles)))
    if len(nominal) < 3:
        return np.array([0.0, float(len(wave))]), np.zeros(2)
    period = np.gradient(nominal)
    marks = nominal + _places(_heights(wave, nominal, period)) * period
    return _evened(wave, _one_a_period(marks, nominal, period))


def _heights(wave: Array, nominal: Array, period: Array) -> Array:
    """Return how high the wave is at every place of every cycle, its own size taken out, shape (cycles, places)."""
    shares = np.arange(PLACES) / PLACES - 0.5
    heights = np.interp(nominal[:, None] + shares * period[:, None], np.arange(len(wave)), wave)
    size = np.sqrt(np.mean(heights**2, axis=1))
    around = np.maximum(np.convolve(size, np.ones(5) / 5, "same"), 0.05 * size.max(initial=1e-9))
    return heights / around[:, None]


def _places(heights: Array) -> npt.NDArray[np.float64]:
    """Return where each cycle's mark lies, -1/2 to 1/2 of it: the path that is highest and most even."""
    away = np.arange(PLACES)[:, None] - np.arange(PLACES)
    price = UNEVEN * (((away + PLACES // 2) % PLACES - PLACES // 2) / PLACES) ** 2
    came_from = np.empty(heights.shape, dtype=int)
    score = heights[0]
    everywhere = np.arange(PLACES)
    for cycle in range(1, len(heights)):
        ways = score - price
        came_from[cycle] = ways.argmax(axis=1)
        score = ways[everywhere, came_from[cycle]] + heights[cycle]
    path = np.empty(len(heights), dtype=int)
    path[-1] = score.argmax()
    for cycle in range(len(heights) - 1, 0, -1):
        path[cycle - 1] = came_from[cycle, path[cycle]]
    return path / PLACES - 0.5


def _one_a_period(marks: Array, nominal: Array, period: Array) -> npt.NDArray[np.float64]:
    """Take out marks that lie on one another and fill gaps: where the path went once around the cycle."""
    kept = [float(marks[0])]
    for mark, length in zip(marks[1:].tolist(), np.interp(marks[1:], nominal, period).tolist(), strict=True):
        away = (mark - kept[-1]) / length
        if away > 1.6:
            kept.append(0.5 * (kept[-1] + mark))
        if away > 0.5:
            kept.append(mark)
    return np.array(kept)


def _evened(wave: Array, marks: Array) -> tuple[Array, Array]:
    """Move the marks until their distances are those at which neighbouring periods look alike."""
    if len(marks) < 4:
        return marks, np.zeros(len(marks))
    shown, alike = _distances(wave, marks)
    trust = alike**4
    moved = marks.copy()
    weight = np.concatenate([[0.0], trust]) + np.concatenate([trust, [0.0]]) + STIFFNESS
    for _ in range(ROUNDS):
        from_before = np.concatenate([[0.0], trust * (moved[:-1] + shown)])
        from_after = np.concatenate([trust * (moved[1:] - shown), [0.0]])
        # Not all the way: else every second mark would swing back and forth for ever.
        moved += 0.7 * ((from_before + from_after + STIFFNESS * marks) / weight - moved)
    return moved, np.maximum(np.concatenate([alike[:1], alike]), np.concatenate([alike, alike[-1:]]))


def _distances(wave: Array, marks: Array) -> tuple[Array, Array]:
    """Return how far each period lies from the next, by their likeness, and how alike they are, 0 to 1."""
    period = np.diff(marks)
    shares = np.arange(-POINTS, POINTS) / POINTS
    window = np.hanning(2 * POINTS + 1)[:-1]
    at = np.arange(len(wave))
    here = np.interp(marks[:-1, None] + shares * period[:, None], at, wave) * window
    lags = 1.0 + LAGS
    there = np.interp(marks[:-1, None, None] + (shares + lags[:, None]) * period[:, None, None], at, wave) * window
    alike = np.einsum("cp,clp->cl", here, there)
    alike /= np.sqrt(np.sum(here**2, axis=1)[:, None] * np.sum(there**2, axis=2)) + 1e-12
    best = np.clip(alike.argmax(axis=1), 1, len(lags) - 2)
    rows = np.arange(len(best))
    before, top, after = alike[rows, best - 1], alike[rows, best], alike[rows, best + 1]
    bend = np.minimum(before - 2 * top + after, -1e-9)
    lag = lags[best] + np.clip(0.5 * (before - after) / bend, -1.0, 1.0) * (lags[1] - lags[0])
    return lag * period, np.clip(top, 0.0, 1.0)
