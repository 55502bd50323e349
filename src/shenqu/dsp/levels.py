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
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from shenqu.dsp.blocks import on_both_cores

Samples = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

HOP_S = 0.01
EDGES_HZ = (20.0, 125.0, *(250.0 * 2.0 ** (step / 3.0) for step in range(20)))
CENTRES_HZ = tuple((low * high) ** 0.5 for low, high in pairwise(EDGES_HZ))
QUIETEST = 1e-12
_HANN_POWER = 0.375
_AT_ONCE = 512
_SAMPLES_AT_ONCE = 1 << 17


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
    edges = np.searchsorted(np.fft.rfftfreq(2 * hop, 1.0 / rate), EDGES_HZ)
    window = np.hanning(2 * hop + 1)[:-1].astype(np.float32)

    def measure(first: int) -> None:
        last = min(moments, first + _AT_ONCE)
        for channel in channels:
            # numpy is quick in single precision only where it scales.
            spectra = np.fft.rfft(_frames(channel, first, last, hop) * window, norm="forward")
            power = spectra.real**2 + spectra.imag**2
            powers[first:last] += np.add.reduceat(power[:, : edges[-1]], edges[:-1], axis=1)

    on_both_cores(measure, range(0, moments, _AT_ONCE))
    return powers * (2.0 / (_HANN_POWER * len(channels)))


def moment_powers(samples: Samples, rate: int) -> Floats:
    """Return the power of all frequencies in every moment, of `samples`, shape (channels, n), averaged over channels.

    >>> moment_powers(np.ones((2, 720), dtype=np.float32), 48000).tolist()
    [1.0, 1.0]
    """
    hop = round(HOP_S * rate)
    together = _AT_ONCE * hop

    def measure(first: int) -> Floats:
        part = np.square(samples[:, first : first + together])
        starts = np.arange(0, part.shape[1], hop)
        counts = np.diff(starts, append=part.shape[1])
        return np.asarray(np.add.reduceat(part, starts, axis=1).mean(axis=0, dtype=np.float64) / counts)

    return np.concatenate([np.zeros(0), *on_both_cores(measure, range(0, samples.shape[1], together))])


def _frames(channel: Samples, first: int, last: int, hop: int) -> Samples:
    """Return the moments from `first` to `last`, each with half a moment to both sides."""
    begin, end = first * hop - hop // 2, (last + 1) * hop - hop // 2
    part = channel[max(0, begin) : end]
    padded = np.pad(part, (max(0, -begin), end - max(0, begin) - len(part)))
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * hop)[::hop]


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
    """A gain in decibels that is known every `hop` samples, and read for any; it glides from middle to middle.

    >>> gain = Gain(np.array([0.0, 20.0]), 2)
    >>> gain.part(1, 4).tolist(), gain.at(np.array([3])).tolist()
    ([3.25, 5.5, 7.75], [7.75])
    """

    def __init__(self, gain_db: Floats, hop: int) -> None:
        """Take one value a hop."""
        self._hop = hop
        gains = (10.0 ** (gain_db / 20.0)).astype(np.float32)
        ends = np.pad(gains, 1, mode="edge")
        self._at_edges = 0.5 * (ends[1:] + ends[:-1])
        self._slope = np.arange(hop, dtype=np.float32) / np.float32(hop)

    def part(self, first: int, last: int) -> Samples:
        """Return the factor of each sample from `first` to `last`."""
        begin, end = first // self._hop, -(-last // self._hop)
        at = self._at_edges[begin : end + 1]
        factors = (at[:-1, None] + np.diff(at)[:, None] * self._slope).ravel()
        return np.asarray(factors[first - begin * self._hop : last - begin * self._hop])

    def apply(self, samples: Samples, *, out: Samples) -> None:
        """Put `samples`, shape (..., n), with this gain into `out`, which may be `samples`."""

        def multiply(first: int) -> None:
            last = min(first + _SAMPLES_AT_ONCE, samples.shape[-1])
            np.multiply(samples[..., first:last], self.part(first, last), out=out[..., first:last])

        on_both_cores(multiply, range(0, samples.shape[-1], _SAMPLES_AT_ONCE))

    def at(self, samples: npt.NDArray[np.intp]) -> Samples:
        """Return the factors of `samples`, by their numbers."""
        hops, way = np.divmod(samples, self._hop)
        here = self._at_edges[hops]
        return np.asarray(here + (self._at_edges[hops + 1] - here) * self._slope[way])


def stretches(sounding: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield (first, last + 1) of every run of true values.

    >>> list(stretches(np.array([False, True, True, False, True])))
    [(1, 3), (4, 5)]
    """
    steps = np.flatnonzero(np.diff(np.pad(sounding.astype(np.int8), 1)))
    yield from zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True)
