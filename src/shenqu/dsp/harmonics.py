"""How loud the harmonics of a tracked pitch are, whatever else sounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from shenqu.dsp.pitch_track import PitchTrack

WINDOW_S = 0.064  # tells harmonics from 65 Hz on apart
HARMONICS = 10
QUIETEST = 1e-6
_AT_ONCE = 1000


def harmonic_level_db(samples: npt.NDArray[np.float32], rate: int, track: PitchTrack) -> npt.NDArray[np.float64]:
    """Return the level of the first ten harmonics of `track` in mono `samples`, shape (hops,), in decibels.

    A sine of amplitude 1 has 0 dB; where there is no pitch it is silent (-120 dB).

    >>> tone = np.sin(2 * np.pi * 200 * np.arange(16000) / 16000).astype(np.float32)
    >>> track = PitchTrack(f0_hz=np.full(200, 200.0), confidence=np.ones(200))
    >>> bool(abs(harmonic_level_db(tone, 16000, track)[20:180]).max() < 0.5)
    True
    """
    size = round(WINDOW_S * rate)
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    window *= 2.0 / window.sum()
    padded = np.pad(samples, size)
    level = np.full(len(track.f0_hz), 20.0 * np.log10(QUIETEST))
    voiced = np.flatnonzero(track.voiced)
    for first in range(0, len(voiced), _AT_ONCE):
        hops = voiced[first : first + _AT_ONCE]
        middles = np.round(hops * track.hop_s * rate).astype(int) + size
        kept = middles + size // 2 <= len(padded)
        frames = padded[np.minimum(middles, len(padded) - size // 2)[:, None] + np.arange(size) - size // 2]
        power = _harmonic_power(np.abs(np.fft.rfft(frames * window, axis=1)) ** 2, track.f0_hz[hops], rate / size)
        level[hops[kept]] = 10.0 * np.log10(power[kept] + QUIETEST**2)
    return level


def _harmonic_power(
    power: npt.NDArray[np.floating[Any]], f0_hz: npt.NDArray[np.float64], bin_hz: float
) -> npt.NDArray[np.float64]:
    """Return the power around the harmonics of `f0_hz` in spectra of shape (frames, bins)."""
    bins = np.rint(np.outer(f0_hz, np.arange(1, HARMONICS + 1)) / bin_hz).astype(int)
    last = power.shape[1] - 2
    rows = np.arange(len(f0_hz))[:, None]
    peaks = np.max([power[rows, np.minimum(bins + step, last)] for step in (-1, 0, 1)], axis=0)
    return np.asarray(np.where(bins <= last, peaks, 0.0).sum(axis=1))
