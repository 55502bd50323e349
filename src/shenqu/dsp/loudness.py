"""Loudness, true peak, and a limiter that holds the peak.

Conventions
-----------
Samples are (channels, n), full scale 1.0. Loudness is in LUFS, gated; true peak in dBTP, of the sound
four times oversampled.

References
----------
ITU-R BS.1770-4: loudness and true peak (annex 2).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shenqu.dsp.filters import biquad, filtered, moving_maximum, moving_mean
from shenqu.units import db_to_gain, gain_to_db

Samples = npt.NDArray[np.float32]

SILENCE_LUFS = -70.0
_CALIBRATION_DB = 0.691
_BLOCK_S = 0.4
_OVERSAMPLING = 4
_TAPS_A_PHASE = 24
_LOOK_AHEAD_S = 0.0025
_RELEASE_DB_PER_S = 120.0


def integrated_lufs(samples: Samples, *, rate: int) -> float:
    """Return the integrated loudness in LUFS, never below -70 (the gate; silence has no loudness).

    What is shorter than a measuring block of 0.4 s is measured as if it went on and on.
    """
    block, step = round(_BLOCK_S * rate), round(0.25 * _BLOCK_S * rate)
    if samples.shape[1] == 0 or not samples.any():
        return SILENCE_LUFS
    if samples.shape[1] < block:
        samples = np.tile(samples, -(-block // samples.shape[1]))
    power = np.square(_weighted(samples, rate)).sum(axis=0)
    sums = np.concatenate([[0.0], np.cumsum(power)])
    blocks = (sums[block::step] - sums[:-block:step]) / block
    blocks = blocks[blocks > _lufs_to_power(SILENCE_LUFS)]
    if not len(blocks):
        return SILENCE_LUFS
    blocks = blocks[blocks > 0.1 * blocks.mean()]
    return float(10.0 * np.log10(blocks.mean())) - _CALIBRATION_DB


def _lufs_to_power(lufs: float) -> float:
    return float(10.0 ** ((lufs + _CALIBRATION_DB) / 10.0))


def _weighted(samples: Samples, rate: int) -> npt.NDArray[np.float64]:
    """Return samples as the ear weighs them (K): high frequencies, which the head raises, and no rumble.

    The standard gives the coefficients at 48 kHz; these are the analogue filters behind them, at any rate.
    """
    corner, quality = np.tan(np.pi * 1681.974450955533 / rate), 0.7071752369554196
    height = db_to_gain(3.999843853973347)
    slope = height**0.4996667741545416 * corner / quality
    head = biquad(
        (height + slope + corner**2, 2.0 * (corner**2 - height), height - slope + corner**2),
        (1.0 + corner / quality + corner**2, 2.0 * (corner**2 - 1.0), 1.0 - corner / quality + corner**2),
        rate,
    )
    corner, quality = np.tan(np.pi * 38.13547087602444 / rate), 0.5003270373238773
    full = 1.0 + corner / quality + corner**2
    rumble = biquad(
        (full, -2.0 * full, full), (full, 2.0 * (corner**2 - 1.0), 1.0 - corner / quality + corner**2), rate
    )
    return filtered(samples, rate, lambda hz: head(hz) * rumble(hz))


def true_peak_db(samples: Samples) -> float:
    """Return the true peak in dBTP, -120 for silence.

    >>> tone = (np.hanning(4801) * np.sin(2 * np.pi * (np.arange(4801) / 4 + 0.125))).astype(np.float32)[None]
    >>> round(float(np.abs(tone).max()), 2), round(true_peak_db(tone), 1)
    (0.71, -0.0)
    """
    return gain_to_db(float(_true_peaks(samples).max(initial=0.0)))


def limit(samples: Samples, *, ceiling_db: float, rate: int) -> Samples:
    """Return `samples` with true peaks no higher than `ceiling_db`; what never comes near it stays as it is.

    The gain falls in time for each peak (look-ahead of 2.5 ms, no delay), for all channels alike, and
    recovers by 120 dB a second.
    """
    return _limited(samples, _true_peaks(samples), ceiling=db_to_gain(ceiling_db), rate=rate)


def master(samples: Samples, *, loudness_lufs: float, true_peak_db: float, rate: int) -> Samples:
    """Return `samples` at `loudness_lufs`, their peaks held under `true_peak_db`.

    One gain for the whole song, and the limiter for what then sticks out. Where the limiter would have
    to take more than 9 dB, loudness gives way. Silence stays silence.
    """
    loudness = integrated_lufs(samples, rate=rate)
    peaks = _true_peaks(samples)
    if loudness <= SILENCE_LUFS:
        return samples
    ceiling = db_to_gain(true_peak_db)
    most_db = gain_to_db(ceiling / float(peaks.max())) + 9.0
    gain_db = min(loudness_lufs - loudness, most_db)
    for _ in range(4):
        gain = np.float32(db_to_gain(gain_db))
        limited = _limited(samples * gain, peaks * gain, ceiling=ceiling, rate=rate)
        missing_db = loudness_lufs - integrated_lufs(limited, rate=rate)
        if abs(missing_db) < 0.1 or gain_db + missing_db > most_db:
            break
        gain_db += missing_db
    return limited


def _limited(samples: Samples, peaks: Samples, *, ceiling: float, rate: int) -> Samples:
    if float(peaks.max(initial=0.0)) <= ceiling:
        return samples
    # A hair below the ceiling: the moving gain bends the wave between the samples a little.
    too_much_db = np.maximum(0.0, 20.0 * np.log10(np.maximum(peaks, 1e-9) / (0.995 * ceiling)))
    slope = _RELEASE_DB_PER_S / rate * np.arange(len(peaks))
    held_db = np.maximum.accumulate(too_much_db + slope) - slope
    reach = round(_LOOK_AHEAD_S * rate)
    ahead_db = moving_maximum(np.maximum(held_db, 0.0), 2 * reach + 1)
    gain_db = moving_mean(ahead_db, 2 * reach + 1)
    limited = np.asarray(samples * (10.0 ** (-gain_db / 20.0)).astype(np.float32), dtype=np.float32)
    over = float(_true_peaks(limited).max()) / ceiling
    return limited / np.float32(over) if over > 1.0 else limited


def _true_peaks(samples: Samples) -> Samples:
    """Return the highest true peak around each sample, over all channels, shape (n,)."""
    highest = np.abs(samples).max(axis=0, initial=0.0)
    near = highest > 0.25 * highest.max(initial=0.0)
    taps = _phases()
    half = _TAPS_A_PHASE // 2
    # Only where the wave is high can a peak hide between two samples.
    at = np.flatnonzero(near)
    for begin in range(0, len(at), 1 << 17):
        places = at[begin : begin + (1 << 17)]
        for channel in samples:
            padded = np.pad(channel, half)
            windows = np.lib.stride_tricks.sliding_window_view(padded, _TAPS_A_PHASE)[places + 1]
            between = np.abs(windows @ taps).max(axis=1)
            highest[places] = np.maximum(highest[places], between)
            after = np.minimum(places + 1, len(highest) - 1)
            highest[after] = np.maximum(highest[after], between)
    return highest


def _phases() -> Samples:
    """Return the filters, shape (taps, 3), that give the values a quarter, a half and three quarters after a sample."""
    centre = _TAPS_A_PHASE * _OVERSAMPLING // 2
    taps = np.sinc(np.arange(-centre, centre + 1) / _OVERSAMPLING) * np.kaiser(2 * centre + 1, 5.0)
    taps *= _OVERSAMPLING / taps.sum()
    offsets = np.arange(-_TAPS_A_PHASE // 2 + 1, _TAPS_A_PHASE // 2 + 1)
    return np.stack(
        [taps[centre + phase - offsets * _OVERSAMPLING] for phase in range(1, _OVERSAMPLING)], axis=1
    ).astype(np.float32)
