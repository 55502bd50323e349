"""How loud a sound is, frequency by frequency and moment by moment, and gains that follow it.

Conventions
-----------
A *moment* is 10 ms; moment `i` lies around `(i + 0.5) * HOP_S`. Frequencies are told apart in bands of a third of an
octave from 250 Hz on (`EDGES_HZ`), with two wide ones below. Powers are mean squares, full scale 1.0.

References
----------
Giannoulis, Massberg and Reiss (2012), Digital dynamic range compressor design: gain computer and smoothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

HOP_S = 0.01
EDGES_HZ = (20.0, 125.0, *(250.0 * 2.0 ** (step / 3.0) for step in range(20)))
CENTRES_HZ = tuple((low * high) ** 0.5 for low, high in pairwise(EDGES_HZ))
QUIETEST = 1e-12
_AT_ONCE = 1024


def band_powers(samples: Samples, rate: int) -> Floats:
    """Return the power of every band in every moment, shape (moments, bands), of `samples`, shape (..., n).

    The channels' powers are averaged. White noise of power 1 has powers whose sum is 1, less what lies outside.

    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000).astype(np.float32)
    >>> powers = band_powers(tone, 48000)
    >>> powers.shape, round(float(powers[50].sum()), 3), round(CENTRES_HZ[int(powers[50].argmax())])
    ((100, 21), 0.5, 1122)
    """
    channels = np.atleast_2d(samples)
    hop = round(HOP_S * rate)
    moments = -(-channels.shape[1] // hop)
    powers = np.zeros((moments, len(CENTRES_HZ)))
    weights = _weights(rate)
    window = np.hanning(2 * hop + 1)[:-1].astype(np.float32)
    for first in range(0, moments, _AT_ONCE):
        last = min(moments, first + _AT_ONCE)
        for channel in channels:
            spectra = np.fft.rfft(_frames(channel, first, last, hop) * window)
            powers[first:last] += (spectra.real**2 + spectra.imag**2) @ weights
    return powers / len(channels)


def _frames(channel: Samples, first: int, last: int, hop: int) -> Samples:
    """Return the moments from `first` to `last`, each with half a moment to both sides."""
    begin, end = first * hop - hop // 2, (last + 1) * hop - hop // 2
    part = channel[max(0, begin) : end]
    padded = np.pad(part, (max(0, -begin), end - max(0, begin) - len(part)))
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * hop)[::hop]


@lru_cache(maxsize=4)
def _weights(rate: int) -> Samples:
    """Return what each frequency of a spectrum gives to each band, shape (frequencies, bands)."""
    size = 2 * round(HOP_S * rate)
    hz = np.fft.rfftfreq(size, 1.0 / rate)
    band = np.searchsorted(EDGES_HZ, hz, side="right") - 1
    weights = (band[:, None] == np.arange(len(CENTRES_HZ))).astype(np.float32)
    return np.asarray(weights * 2.0 / (size**2 * 0.375), dtype=np.float32)


def between(low_hz: float, high_hz: float) -> slice:
    """Return the bands whose centres lie from `low_hz` to `high_hz`.

    >>> [round(hz) for hz in CENTRES_HZ[between(1000.0, 2000.0)]]
    [1122, 1414, 1782]
    """
    return slice(int(np.searchsorted(CENTRES_HZ, low_hz)), int(np.searchsorted(CENTRES_HZ, high_hz)))


def decibels(power: npt.NDArray[np.floating[Any]]) -> Floats:
    """Return powers in decibels, silence as -120."""
    return np.asarray(10.0 * np.log10(np.maximum(power, QUIETEST)))


def follow(level: Floats, *, attack_s: float, release_s: float) -> Floats:
    """Return `level`, one value a moment, with its rises slowed down by `attack_s` and its falls by `release_s`.

    These are time constants: after one of them 63 % of the way is gone.

    >>> follow(np.array([0.0, 1.0, 1.0, 0.0]), attack_s=0.001, release_s=1e9).round(2).tolist()
    [0.0, 1.0, 1.0, 1.0]
    """
    up, down = (1.0 - np.exp(-HOP_S / seconds) for seconds in (attack_s, release_s))
    followed = np.empty_like(level)
    now = float(level[0]) if len(level) else 0.0
    for moment, value in enumerate(level.tolist()):
        now += (up if value > now else down) * (value - now)
        followed[moment] = now
    return followed


def excess(level_db: Floats, *, threshold_db: float, ratio: float, knee_db: float) -> Floats:
    """Return the gain in decibels of a compressor for each level, 0 or less: above the threshold 1 dB comes of `ratio`.

    It bends over within `knee_db` around the threshold.

    >>> excess(np.array([-20.0, -10.0, 0.0]), threshold_db=-10.0, ratio=2.0, knee_db=0.0).tolist()
    [0.0, 0.0, -5.0]
    """
    over = level_db - threshold_db
    bend = np.square(np.clip(over + knee_db / 2.0, 0.0, knee_db)) / (2.0 * max(knee_db, 1e-9))
    return 0.0 - (1.0 - 1.0 / ratio) * np.where(over > knee_db / 2.0, over, bend)


class Gain:
    """A gain in decibels that is known a moment, read for any stretch of samples; it glides from moment to moment."""

    def __init__(self, gain_db: Floats, rate: int) -> None:
        """Take one value a moment."""
        self._hop = round(HOP_S * rate)
        gains = (10.0 ** (gain_db / 20.0)).astype(np.float32)
        ends = np.pad(gains, 1, mode="edge")
        self._at_edges = 0.5 * (ends[1:] + ends[:-1])

    def part(self, first: int, last: int) -> Samples:
        """Return the factor of each sample from `first` to `last`; `first` begins a moment."""
        begin, end = first // self._hop, -(-last // self._hop)
        at = self._at_edges[begin : end + 1]
        slope = np.arange(self._hop, dtype=np.float32) / np.float32(self._hop)
        return np.asarray((at[:-1, None] + np.diff(at)[:, None] * slope).ravel()[: last - first])


def stretches(sounding: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield (first, last + 1) of every run of true values.

    >>> list(stretches(np.array([False, True, True, False, True])))
    [(1, 3), (4, 5)]
    """
    steps = np.flatnonzero(np.diff(np.pad(sounding.astype(np.int8), 1)))
    yield from zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True)
