"""Wide-band spectrograms: short windows, so that bursts and vowel onsets stand where they are.

Conventions
-----------
Levels are decibels, raised by 6 dB an octave above 50 Hz so that fricatives show beside vowels. Row 0 is
0 Hz; columns tile the time asked for.

References
----------
Koenig, Dunn & Lacy (1946), "The sound spectrograph", JASA 18: the wide band of 300 Hz.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

Levels = npt.NDArray[np.float32]

HIGHEST_HZ = 5000.0
FLOOR_DB = -120.0
RANGE_DB = 55.0
_WINDOW_S = 0.007
_STEP_S = _WINDOW_S / 2  # between the windows whose mean makes a column; so no sample is passed over
_TRANSFORM = 256
_EMPHASIS_HZ = 50.0
_WINDOWS_AT_ONCE = 1024  # that fit a processor's own memory; more take several times as long


def spectrogram_db(
    samples: npt.NDArray[np.float32], rate: int, *, start_s: float, column_s: float, columns: int, rows: int
) -> Levels:
    """Return the levels of mono `samples`, shape (rows, columns), from 0 to 5000 Hz (half of `rate` at most).

    Column `i` is the mean power from `start_s + i * column_s` on, for `column_s` seconds; `start_s` counts from
    the first sample. What lies outside the samples is silent. Row `r` is at `r / (rows - 1)` of the highest frequency.

    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / 16000).astype(np.float32)
    >>> levels = spectrogram_db(tone, 16000, start_s=0.1, column_s=0.01, columns=20, rows=51)
    >>> levels.shape, set(levels.argmax(axis=0).tolist())
    ((51, 20), {10})
    """
    levels = np.empty((rows, columns), dtype=np.float32)
    at_once = max(1, _WINDOWS_AT_ONCE // _windows(column_s))
    for first in range(0, columns, at_once):
        count = min(at_once, columns - first)
        power = _column_power(samples, rate, start_s=start_s + first * column_s, column_s=column_s, columns=count)
        levels[:, first : first + count] = _rows_db(power, rate, rows)
    return levels


def level_range_db(levels: Levels) -> tuple[float, float]:
    """Return the levels between which a spectrogram is shown: from a little above its noise to its loud vowels."""
    loud = float(np.quantile(levels, 0.995))
    quiet = float(np.quantile(levels, 0.3))
    return max(loud - RANGE_DB, min(quiet, loud - RANGE_DB / 2)), loud


def _column_power(
    samples: npt.NDArray[np.float32], rate: int, *, start_s: float, column_s: float, columns: int
) -> Levels:
    """Return mean power, shape (columns, bins), of the windows in each column."""
    width = max(8, round(_WINDOW_S * rate))
    windows = _windows(column_s)
    middles_s = start_s + (np.arange(columns * windows) + 0.5) * (column_s / windows)
    firsts = np.round(middles_s * rate).astype(int) - width // 2
    before = max(0, -int(firsts[0]))
    after = max(0, int(firsts[-1]) + width - len(samples))
    heard = samples[max(0, firsts[0]) : max(0, firsts[-1] + width)]
    padded = np.pad(heard, (before, after if len(heard) else after + width))
    frames = sliding_window_view(padded, width)[np.minimum(firsts - firsts[0], len(padded) - width)]
    window = np.hanning(width + 2)[1:-1].astype(np.float32)
    spectrum = np.fft.rfft(frames * (window / window.sum()), n=_transform(rate), axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return np.asarray(power.reshape(columns, windows, -1).mean(axis=1), dtype=np.float32)


def _windows(column_s: float) -> int:
    """Return how many windows make a column."""
    return max(1, round(column_s / _STEP_S))


def _transform(rate: int) -> int:
    """Return the length of the transform: about 62 Hz a bin, less than the window tells apart, whatever the rate."""
    return int(2 ** np.ceil(np.log2(_TRANSFORM * rate / 16_000)))


def _rows_db(power: Levels, rate: int, rows: int) -> Levels:
    """Return (columns, bins) of power as (rows, columns) of emphasised levels."""
    bins_hz = np.arange(power.shape[1]) * (rate / 2 / (power.shape[1] - 1))
    emphasis_db = 10.0 * np.log10(1.0 + np.square(bins_hz / _EMPHASIS_HZ))
    levels = 10.0 * np.log10(np.maximum(power, 10.0 ** (FLOOR_DB / 10.0))) + emphasis_db.astype(np.float32)
    at = np.linspace(0.0, min(HIGHEST_HZ, rate / 2), rows) / bins_hz[1]
    low = np.minimum(at.astype(int), power.shape[1] - 2)
    share = (at - low).astype(np.float32)
    return np.asarray((levels[:, low] * (1 - share) + levels[:, low + 1] * share).T, dtype=np.float32)
