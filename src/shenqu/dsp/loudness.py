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

from shenqu.dsp.blocks import on_both_cores
from shenqu.dsp.filters import Response, biquad, moving_maximum, moving_mean
from shenqu.dsp.levels import Gain
from shenqu.units import db_to_gain, gain_to_db

Samples = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

SILENCE_LUFS = -70.0
MOST_LIMITED_DB = 9.0
_CALIBRATION_DB = 0.691
_STEP_S = 0.1
_STEPS_A_BLOCK = 4
_STEPS_AT_ONCE = 32
_OVERSAMPLING = 4
_TAPS_A_PHASE = 24
_GRAIN = 16
_HALVINGS = 4
_GRAINS_AT_ONCE = 4096
_GRAINS_A_PRODUCT = 64  # small enough that no library splits it among threads of its own
_SAMPLES_AT_ONCE = 1 << 17
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


def _weighted_powers(samples: Samples, rate: int, gain: Gain | None = None) -> Floats:
    """Return the power, as the ear weighs it, of every tenth of a second behind `gain`, added over channels.

    It is weighed in the spectrum of each tenth: against the filters running on it differs by less than 0.1 LU.
    """
    step, count = round(_STEP_S * rate), samples.shape[1]
    block = _STEPS_A_BLOCK * step
    if 0 < count < block:
        once = samples * gain.part(0, count) if gain else samples
        return _weighted_powers(np.tile(once, -(-block // count)), rate)
    weights, together = _weights(rate), _STEPS_AT_ONCE * step

    def weigh(first: int) -> Floats:
        last = min(first + together, count // step * step)
        part = samples[:, first:last] * gain.part(first, last) if gain else samples[:, first:last]
        # numpy is quick in single precision only where it scales.
        spectra = np.fft.rfft(part.reshape(len(samples), -1, step), norm="forward")
        return np.asarray(np.einsum("csf,f->s", spectra.real**2 + spectra.imag**2, weights), dtype=np.float64)

    return np.concatenate([np.zeros(0), *on_both_cores(weigh, range(0, count // step * step, together))])


@lru_cache(maxsize=4)
def _weights(rate: int) -> Samples:
    """Return what each frequency of the spectrum of a tenth of a second counts."""
    heard = np.abs(_ear(rate)(np.fft.rfftfreq(round(_STEP_S * rate), 1.0 / rate)))
    return np.asarray(2.0 * np.square(heard), dtype=np.float32)


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
    out = np.empty_like(samples)
    _held(samples, peaks_db, _limiting_db(peaks_db, ceiling_db, rate), ceiling_db).apply(samples, out=out)
    return out


def master(
    samples: Samples, *, loudness_lufs: float, true_peak_db: float, rate: int, out: Samples | None = None
) -> Samples:
    """Return `samples` at `loudness_lufs`, their peaks held under `true_peak_db`.

    One gain for the whole song, and the limiter for what then sticks out. Where the limiter would have
    to take more than 9 dB, loudness gives way. Silence stays silence. `out` is where the answer is put; it may be
    `samples`.
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
        gain = _held(samples, peaks_db, change_db, true_peak_db)
        missing_db = loudness_lufs - _gated(_weighted_powers(samples, rate, gain))
        if abs(missing_db) < 2.0 * _CLOSE_LU or gain_db >= most_db:
            break
        aim_lufs += missing_db
    out = np.empty_like(samples) if out is None else out
    gain.apply(samples, out=out)
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


def _held(samples: Samples, peaks_db: Floats, gain_db: Floats, ceiling_db: float) -> Gain:
    """Return a gain a grain as one of samples; should a peak still be over the ceiling, all of it goes under.

    `peaks_db` are those before the gain: only where they come near the ceiling they are looked at again.
    """
    gain = Gain(gain_db, _GRAIN)
    near = np.flatnonzero(peaks_db + gain_db > ceiling_db - _NEAR_DB)
    over_db = gain_to_db(float(_between_samples(samples, near, gain).max(initial=0.0))) - ceiling_db
    return Gain(gain_db - over_db, _GRAIN) if over_db > 0.0 else gain


def _in_db(peaks: Samples) -> Floats:
    return np.asarray(20.0 * np.log10(np.maximum(peaks, 1e-9, dtype=np.float64)))


def _sample_peaks(samples: Samples) -> Samples:
    """Return the highest sample of every grain, over all channels."""

    def highest(first: int) -> Samples:
        part = samples[:, first : first + _SAMPLES_AT_ONCE]
        loudest = np.zeros(-(-part.shape[1] // _GRAIN) * _GRAIN, dtype=np.float32)
        for channel in part:
            np.maximum(loudest[: len(channel)], np.abs(channel), out=loudest[: len(channel)])
        for _ in range(_HALVINGS):
            loudest = np.maximum(loudest[::2], loudest[1::2])
        return loudest

    parts = on_both_cores(highest, range(0, samples.shape[1], _SAMPLES_AT_ONCE))
    return np.concatenate([np.zeros(0, dtype=np.float32), *parts])


def _true_peaks(samples: Samples, sample_peaks: Samples, *, at_least: float) -> Samples:
    """Return the highest true peak of every grain, over all channels; below `at_least` its highest sample will do."""
    # No peak between samples is twice as high as all samples around it, but at half the rate.
    near = np.flatnonzero(moving_maximum(sample_peaks, 3) > 0.5 * at_least)
    peaks = sample_peaks.copy()
    peaks[near] = _between_samples(samples, near)
    return peaks


def _between_samples(samples: Samples, grains: npt.NDArray[np.intp], gain: Gain | None = None) -> Samples:
    """Return the highest true peak of each of the `grains` behind `gain`, over all channels."""
    between = _between()
    around = np.arange(between.shape[1]) - (_TAPS_A_PHASE // 2 - 1)
    padded = np.pad(grains, (0, -len(grains) % _GRAINS_A_PRODUCT))

    def highest(first: int) -> Samples:
        places = padded[first : first + _GRAINS_AT_ONCE, None] * _GRAIN + around
        np.clip(places, 0, samples.shape[1] - 1, out=places)
        factors = gain.at(places) if gain else np.float32(1.0)
        found = np.zeros((len(places) // _GRAINS_A_PRODUCT, _GRAINS_A_PRODUCT), dtype=np.float32)
        for channel in samples:
            here = (channel[places] * factors).reshape(*found.shape, len(around))
            values = between @ here.swapaxes(1, 2)
            np.maximum(found, values.max(axis=1), out=found)
            np.maximum(found, -values.min(axis=1), out=found)
        return found.ravel()

    parts = on_both_cores(highest, range(0, len(padded), _GRAINS_AT_ONCE))
    return np.concatenate([np.zeros(0, dtype=np.float32), *parts])[: len(grains)]


@lru_cache(maxsize=1)
def _between() -> Samples:
    """Return what turns the samples around a grain into its samples and the three values behind each.

    Shape (values, samples around it); they begin 11 samples before the grain.
    """
    centre = _TAPS_A_PHASE * _OVERSAMPLING // 2
    taps = np.sinc(np.arange(-centre, centre + 1) / _OVERSAMPLING) * np.kaiser(2 * centre + 1, 5.0)
    taps *= _OVERSAMPLING / taps.sum()
    matrix = np.zeros((_GRAIN + _TAPS_A_PHASE - 1, _GRAIN * _OVERSAMPLING))
    offsets = np.arange(-_TAPS_A_PHASE // 2 + 1, _TAPS_A_PHASE // 2 + 1)
    for value in range(_GRAIN * _OVERSAMPLING):
        sample, phase = divmod(value, _OVERSAMPLING)
        matrix[sample + _TAPS_A_PHASE // 2 - 1 + offsets, value] = taps[centre + phase - offsets * _OVERSAMPLING]
    return np.ascontiguousarray(matrix.T, dtype=np.float32)
