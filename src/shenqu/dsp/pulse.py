"""Where something begins in a sound, and the pulse that listeners tap to it.

Conventions
-----------
An *envelope* has one value every 10 ms, value `i` at `i * HOP_S`. A pulse is a quarter note, in 6/8 a dotted one.

References
----------
Boeck and Widmer (2013): onsets by what rises in each band. Peeters (2005): tempo by the harmonics of the spectrum of
the onsets. Ellis (2007), "Beat tracking by dynamic programming"; Moelants (2002): people prefer 120 to the minute.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

Floats = npt.NDArray[np.float64]

HOP_S = 0.01
BASS_BANDS = 6  # below 200 Hz
SLOWEST_BPM, FASTEST_BPM, USUAL_BPM = 40.0, 220.0, 120.0
LEAST_S = 2.0
_WINDOW_S, _BANDS, _LOWEST_HZ, _HIGHEST_HZ = 0.064, 64, 30.0, 8000.0
_RANGE_DB, _RISE_HOPS = 80.0, 2
_OCTAVES = 0.7  # how far from the usual tempo people still tap with pleasure
_HARMONICS = (1.0, 0.7, 0.7, 0.5, 0.0, 0.3)  # twice, three, four and six times the pulse: notes within it
_STEPS = 18_001
_STIFFNESS = 100.0
_BENDS = 1.5  # how much more a bending pulse has to catch than an even one
_SHIFT_HOPS = 0.5
_REACHES = (8, 8, 5, 5, 3)
_AT_ONCE = 1000
_BELL_S = 0.02


def onset_bands(samples: npt.NDArray[np.float32], rate: int) -> Floats:
    """Return how many decibels each band rises by within 20 ms, shape (hops, 64 bands); the first ones are the bass."""
    size, hop = round(_WINDOW_S * rate), round(HOP_S * rate)
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    frames = sliding_window_view(np.pad(samples, (size // 2, size)), size)[: len(samples) + 1 : hop]
    power = np.concatenate(
        [
            np.square(np.abs(np.fft.rfft(frames[first : first + _AT_ONCE] * window, axis=1))) @ _weights(size, rate)
            for first in range(0, len(frames), _AT_ONCE)
        ]
    )
    level_db = 10.0 * np.log10(np.maximum(power, 1e-10))
    level_db = np.maximum(level_db, level_db.max() - _RANGE_DB)
    rises = np.zeros(level_db.shape)
    rises[_RISE_HOPS:] = np.maximum(0.0, level_db[_RISE_HOPS:] - level_db[:-_RISE_HOPS])
    return rises


@lru_cache(maxsize=4)
def _weights(size: int, rate: int) -> npt.NDArray[np.float32]:
    """Return what each frequency gives to each band: triangles, evenly spaced in mel."""
    lowest, highest = (1127.0 * np.log1p(hz / 700.0) for hz in (_LOWEST_HZ, min(_HIGHEST_HZ, rate / 2)))
    mels = np.linspace(lowest, highest, _BANDS + 2)
    edges = 700.0 * np.expm1(mels / 1127.0)
    hz = np.fft.rfftfreq(size, 1.0 / rate)[:, None]
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.minimum((hz - low) / (middle - low), (high - hz) / (high - middle))
    return np.asarray(np.maximum(0.0, triangles) * 2.0 / (high - low), dtype=np.float32)


def marked(times_s: Sequence[float], weights: Sequence[float], count: int) -> Floats:
    """Return an envelope of `count` hops with a bell of 20 ms at each of `times_s`, as high as its weight."""
    envelope, hops = np.zeros(count), np.arange(count)
    for time_s, weight in zip(times_s, weights, strict=True):
        near = slice(max(0, round(time_s / HOP_S) - 8), round(time_s / HOP_S) + 9)
        envelope[near] += weight * np.exp(-0.5 * ((hops[near] * HOP_S - time_s) / _BELL_S) ** 2)
    return envelope


def evened(envelope: Floats) -> Floats:
    """Return `envelope` with a spread of 1, as it is where it never changes."""
    spread = float(envelope.std())
    return envelope / spread if spread > 0.0 else envelope


def find_tempo(envelope: Floats) -> float:
    """Return the tempo in pulses a minute that runs through all of `envelope`: 40 to 220.

    >>> envelope = np.zeros(3000)
    >>> envelope[::48] = 1.0
    >>> round(find_tempo(envelope), 1)
    125.0
    """
    size = 1 << (16 * len(envelope) - 1).bit_length()  # the peaks of a song's spectrum are narrow
    found = np.abs(np.fft.rfft(envelope - envelope.mean(), size))
    hz = np.fft.rfftfreq(size, HOP_S)
    tried = np.linspace(SLOWEST_BPM, FASTEST_BPM, _STEPS)
    score = sum(
        share * np.interp(tried / 60.0 * number, hz, found) for number, share in enumerate(_HARMONICS, 1)
    ) * np.exp(-0.5 * (np.log2(tried / USUAL_BPM) / _OCTAVES) ** 2)
    return float(tried[int(np.argmax(score))])


def find_pulses(envelope: Floats, bpm: float) -> Floats:
    """Return the times in seconds of all pulses at about `bpm` from the start of `envelope` to its end.

    They are even where that catches nearly as much as pulses that bend with the music.
    """
    even = _even_pulses(envelope, 60.0 / (bpm * HOP_S))
    bent = _bent_pulses(envelope, 60.0 / (bpm * HOP_S))
    caught = [float(np.interp(pulses, np.arange(len(envelope)), envelope).mean()) for pulses in (even, bent)]
    return HOP_S * (bent if caught[1] > _BENDS * caught[0] else even)


def _even_pulses(envelope: Floats, period: float) -> Floats:
    """Return evenly spaced hops, about a `period` apart, laid where they catch most.

    What begins near each of them then draws the whole line: a thousandth of a tempo is a fifth of a second in a song.
    """
    hops, blurred = np.arange(len(envelope)), _blurred(envelope)
    shifts = np.arange(0.0, period, _SHIFT_HOPS)
    caught = [np.interp(np.arange(shift, len(envelope), period), hops, blurred).mean() for shift in shifts]
    first = float(shifts[int(np.argmax(caught))])
    for reach in _REACHES:
        places = np.arange(first, len(envelope) - 1, period)
        near = np.clip(np.rint(places).astype(int)[:, None] + np.arange(-reach, reach + 1), 0, len(envelope) - 1)
        heights = blurred[near]
        found = near[np.arange(len(near)), heights.argmax(axis=1)]
        if len(places) > 2 and heights.any():
            period, first = np.polyfit(np.arange(len(places)), found, 1, w=np.sqrt(heights.max(axis=1)))
            first -= period * math.floor(first / period)
    return np.arange(first, len(envelope), period)


def _blurred(envelope: Floats) -> Floats:
    bell = np.exp(-0.5 * (np.arange(-5, 6) / 2.0) ** 2)
    return np.convolve(envelope, bell / bell.sum(), "same")


def _bent_pulses(envelope: Floats, period: float) -> Floats:
    """Return the hops of pulses that catch most, each about a `period` after the one before."""
    strength = evened(_blurred(envelope))
    gaps = np.arange(round(period * 1.6), round(period / 1.6) - 1, -1)
    prices = _STIFFNESS * np.log(gaps / period) ** 2
    total, came = strength.copy(), np.full(len(strength), -1)
    for hop in range(int(gaps[0]), len(strength)):
        before = total[hop - gaps[0] : hop - gaps[-1] + 1] - prices
        best = int(before.argmax())
        total[hop] += before[best]
        came[hop] = hop - gaps[best]
    hop = len(total) - int(gaps[0]) + int(total[-int(gaps[0]) :].argmax()) if len(total) > gaps[0] else 0
    pulses = []
    while hop >= 0:
        pulses.append(hop)
        hop = int(came[hop])
    return np.array(pulses[::-1], dtype=np.float64)
