"""Loudness, true peak, and a limiter that holds the peak.

Conventions
-----------
Samples are (channels, n), full scale 1.0. Loudness is in LUFS, gated; true peak in dBTP, of the sound
four times oversampled. Peaks are kept a *grain* of 16 samples, the limiter's own step.

References
----------
ITU-R BS.1770-4: loudness and true peak (annex 2).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from shenqu.dsp.filters import Response, biquad, moving_maximum, moving_mean
from shenqu.units import db_to_gain, gain_to_db

Samples = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

SILENCE_LUFS = -70.0
MOST_LIMITED_DB = 9.0
_CALIBRATION_DB = 0.691
_STEP_S = 0.1
_STEPS_A_BLOCK = 4
_OVERSAMPLING = 4
_TAPS_A_PHASE = 24
_GRAIN = 16
_GRAINS_AT_ONCE = 4096
_LOOK_AHEAD_S = 0.0025
_RELEASE_DB_PER_S = 120.0
_CLOSE_LU = 0.05
_HAIR_DB = 0.15
_NEAR_DB = 0.3
_TRIES = 4


def integrated_lufs(samples: Samples, *, rate: int) -> float:
    """Return the integrated loudness in LUFS, never below -70 (the gate; silence has no loudness).

    What is shorter than a measuring block of 0.4 s is measured as if it went on and on.
    """
    return _gated(_weighted_powers(samples, rate))


def _gated(powers: Floats) -> float:
    """Return the loudness of `powers`, one a tenth of a second, in blocks of four."""
    if len(powers) < _STEPS_A_BLOCK:
        return SILENCE_LUFS
    blocks = np.convolve(powers, np.full(_STEPS_A_BLOCK, 1.0 / _STEPS_A_BLOCK), mode="valid")
    blocks = blocks[blocks > 10.0 ** ((SILENCE_LUFS + _CALIBRATION_DB) / 10.0)]
    if not len(blocks):
        return SILENCE_LUFS
    blocks = blocks[blocks > 0.1 * blocks.mean()]
    return float(10.0 * np.log10(blocks.mean())) - _CALIBRATION_DB


def _weighted_powers(samples: Samples, rate: int) -> Floats:
    """Return the power, as the ear weighs it, of every tenth of a second, added over channels.

    It is weighed in the spectrum of each tenth: against the filters running on it differs by less than 0.1 LU.
    """
    step = round(_STEP_S * rate)
    block = _STEPS_A_BLOCK * step
    if 0 < samples.shape[1] < block:
        samples = np.tile(samples, -(-block // samples.shape[1]))
    steps = samples.shape[1] // step
    weights = np.square(np.abs(_ear(rate)(np.fft.rfftfreq(step, 1.0 / rate)))) * 2.0 / step**2
    powers = np.zeros(steps)
    for first in range(0, steps, 64):
        last = min(steps, first + 64)
        for channel in samples:
            spectra = np.fft.rfft(channel[first * step : last * step].reshape(-1, step))
            powers[first:last] += (spectra.real**2 + spectra.imag**2) @ weights
    return powers


def _ear(rate: int) -> Response:
    """Return the K weighting: high frequencies, which the head raises, and no rumble.

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
    return lambda hz: head(hz) * rumble(hz)


def true_peak_db(samples: Samples) -> float:
    """Return the true peak in dBTP, -120 for silence.

    >>> tone = (np.hanning(4801) * np.sin(2 * np.pi * (np.arange(4801) / 4 + 0.125))).astype(np.float32)[None]
    >>> round(float(np.abs(tone).max()), 2), round(true_peak_db(tone), 1)
    (0.71, -0.0)
    """
    peaks = _sample_peaks(samples)
    return gain_to_db(float(_true_peaks(samples, peaks, at_least=float(peaks.max(initial=0.0))).max(initial=0.0)))


def limit(samples: Samples, *, ceiling_db: float, rate: int) -> Samples:
    """Return `samples` with true peaks no higher than `ceiling_db`; what never comes near it stays as it is.

    The gain falls in time for each peak (look-ahead of 2.5 ms, no delay), for all channels alike, and
    recovers by 120 dB a second.
    """
    peaks_db = _in_db(_true_peaks(samples, _sample_peaks(samples), at_least=db_to_gain(ceiling_db)))
    if peaks_db.max(initial=-np.inf) <= ceiling_db:
        return samples
    return _held(samples, peaks_db, _limiting_db(peaks_db, ceiling_db, rate), ceiling_db)


def master(samples: Samples, *, loudness_lufs: float, true_peak_db: float, rate: int) -> Samples:
    """Return `samples` at `loudness_lufs`, their peaks held under `true_peak_db`.

    One gain for the whole song, and the limiter for what then sticks out. Where the limiter would have
    to take more than 9 dB, loudness gives way. Silence stays silence.
    """
    powers, peaks = _weighted_powers(samples, rate), _sample_peaks(samples)
    loudness, ceiling = _gated(powers), db_to_gain(true_peak_db)
    if loudness <= SILENCE_LUFS:
        return samples
    loudest = float(peaks.max())
    least = min(loudest, ceiling / db_to_gain(loudness_lufs - loudness + MOST_LIMITED_DB / 2.0))
    peaks = _true_peaks(samples, peaks, at_least=least)
    peaks_db = _in_db(peaks)
    most_db = true_peak_db - float(peaks_db.max()) + MOST_LIMITED_DB
    aim_lufs, gain_db = loudness_lufs, min(loudness_lufs - loudness, most_db)
    for _ in range(_TRIES):
        for _ in range(_TRIES):
            change_db = gain_db + _limiting_db(peaks_db + gain_db, true_peak_db, rate)
            missing_db = aim_lufs - _gated(powers * _kept(change_db, peaks, len(powers), rate))
            if abs(missing_db) < _CLOSE_LU or gain_db >= most_db:
                break
            gain_db = min(gain_db + missing_db, most_db)
        out = _held(samples, peaks_db, change_db, true_peak_db)
        missing_db = loudness_lufs - integrated_lufs(out, rate=rate)
        if abs(missing_db) < 2.0 * _CLOSE_LU or gain_db >= most_db:
            break
        aim_lufs += missing_db
    return out


def _kept(gain_db: Floats, peaks: Samples, steps: int, rate: int) -> Floats:
    """Return the share of the power that a gain a grain leaves of every tenth of a second."""
    power = np.square(peaks, dtype=np.float64)
    grain_of_step = np.minimum(np.arange(steps) * round(_STEP_S * rate) // _GRAIN, len(peaks) - 1)
    before, after = (np.add.reduceat(each, grain_of_step) for each in (power, power * 10.0 ** (gain_db / 10.0)))
    return np.asarray((after + 1e-20) / (before + 1e-20))


def _limiting_db(peaks_db: Floats, ceiling_db: float, rate: int) -> Floats:
    """Return the gain, in decibels a grain, 0 or less, that keeps peaks under the ceiling."""
    # A hair below the ceiling: the moving gain bends the wave between the samples a little.
    too_much_db = np.maximum(0.0, peaks_db - ceiling_db + _HAIR_DB)
    slope = _RELEASE_DB_PER_S * _GRAIN / rate * np.arange(len(peaks_db))
    held_db = np.maximum(np.maximum.accumulate(too_much_db + slope) - slope, 0.0)
    reach = round(_LOOK_AHEAD_S * rate / _GRAIN)
    # One more to both sides: within a grain the gain is on its way to the next one's.
    return -moving_mean(moving_maximum(held_db, 2 * reach + 3), 2 * reach + 1)


def _held(samples: Samples, peaks_db: Floats, gain_db: Floats, ceiling_db: float) -> Samples:
    """Return `samples` with a gain a grain; should a peak still be over the ceiling, all of it goes under.

    `peaks_db` are those before the gain: only where they come near the ceiling they are looked at again.
    """
    gain = (10.0 ** (np.pad(gain_db, 1, mode="edge") / 20.0)).astype(np.float32)
    at_edges = 0.5 * (gain[1:] + gain[:-1])
    way = np.arange(_GRAIN, dtype=np.float32) / np.float32(_GRAIN)
    out = np.empty_like(samples)
    for first in range(0, len(gain_db), _GRAINS_AT_ONCE):
        at = at_edges[first : first + _GRAINS_AT_ONCE + 1]
        place = slice(first * _GRAIN, min((first + len(at) - 1) * _GRAIN, samples.shape[1]))
        factors = (at[:-1, None] + np.diff(at)[:, None] * way).ravel()[: place.stop - place.start]
        np.multiply(samples[:, place], factors, out=out[:, place])
    near = np.flatnonzero(peaks_db + gain_db > ceiling_db - _NEAR_DB)
    over_db = gain_to_db(float(_between_samples(out, near).max(initial=0.0))) - ceiling_db
    if over_db > 0.0:
        out *= np.float32(db_to_gain(-over_db))
    return out


def _in_db(peaks: Samples) -> Floats:
    return np.asarray(20.0 * np.log10(np.maximum(peaks, 1e-9, dtype=np.float64)))


def _sample_peaks(samples: Samples) -> Samples:
    """Return the highest sample of every grain, over all channels."""
    count = samples.shape[1]
    highest = np.zeros(-(-count // _GRAIN), dtype=np.float32)
    whole = count // _GRAIN
    for channel in samples:
        grains = channel[: whole * _GRAIN].reshape(-1, _GRAIN)
        np.maximum(highest[:whole], np.maximum(grains.max(axis=1), -grains.min(axis=1)), out=highest[:whole])
        highest[whole:] = np.maximum(highest[whole:], np.abs(channel[whole * _GRAIN :]).max(initial=0.0))
    return highest


def _true_peaks(samples: Samples, sample_peaks: Samples, *, at_least: float) -> Samples:
    """Return the highest true peak of every grain, over all channels; below `at_least` its highest sample will do."""
    # No peak between samples is twice as high as all samples around it, but at half the rate.
    near = np.flatnonzero(moving_maximum(sample_peaks, 3) > 0.5 * at_least)
    peaks = sample_peaks.copy()
    peaks[near] = _between_samples(samples, near)
    return peaks


def _between_samples(samples: Samples, grains: npt.NDArray[np.intp]) -> Samples:
    """Return the highest true peak of each of the `grains`, over all channels."""
    between = _between()
    around = np.arange(len(between)) - (_TAPS_A_PHASE // 2 - 1)
    highest = np.zeros(len(grains), dtype=np.float32)
    for first in range(0, len(grains), _GRAINS_AT_ONCE):
        places = grains[first : first + _GRAINS_AT_ONCE, None] * _GRAIN + around
        here = highest[first : first + len(places)]
        for channel in samples:
            np.maximum(here, np.abs(channel.take(places, mode="clip") @ between).max(axis=1), out=here)
    return highest


@lru_cache(maxsize=1)
def _between() -> Samples:
    """Return what turns the samples around a grain into its samples and the three values behind each.

    Shape (samples around it, values); they begin 11 samples before the grain.
    """
    centre = _TAPS_A_PHASE * _OVERSAMPLING // 2
    taps = np.sinc(np.arange(-centre, centre + 1) / _OVERSAMPLING) * np.kaiser(2 * centre + 1, 5.0)
    taps *= _OVERSAMPLING / taps.sum()
    matrix = np.zeros((_GRAIN + _TAPS_A_PHASE - 1, _GRAIN * _OVERSAMPLING))
    offsets = np.arange(-_TAPS_A_PHASE // 2 + 1, _TAPS_A_PHASE // 2 + 1)
    for value in range(_GRAIN * _OVERSAMPLING):
        sample, phase = divmod(value, _OVERSAMPLING)
        matrix[sample + _TAPS_A_PHASE // 2 - 1 + offsets, value] = taps[centre + phase - offsets * _OVERSAMPLING]
    return matrix.astype(np.float32)
