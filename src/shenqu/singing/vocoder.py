"""Pulse-and-noise synthesis of a voice from WORLD's parameters.

WORLD's own synthesis counts its pulses from the start of a sound, so a note changed in the middle
moves every pulse behind it. Here a sound is made of units: a pulse lies exactly on a unit's start,
whatever came before. So units can be made, kept and replaced one by one, and added where they belong.

Conventions
-----------
The envelope is the natural logarithm of power, the aperiodicity amplitude relative to it (0 to 1),
both of shape (n, bins). Sounds are added into a buffer whose sample `origin` is the unit's start.

References
----------
M. Morise, F. Yokomori, K. Ozawa: WORLD (2016), section on synthesis: minimum-phase responses of the
periodic part at every pulse, noise shaped by the aperiodic part.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import fft

Array = npt.NDArray[np.floating[Any]]

BATCH = 256
NOISE_HOP_S = 0.005
BEND_S = 0.06


def pulse_times(hz: Array, hop_s: float, *, whole: bool) -> Array:
    """Return the times in seconds of all pulses of a unit whose pitch is `hz`, one value every `hop_s`.

    The first is at 0. With `whole`, another unit follows at once: the pitch of the last 60 ms, in which it
    glides to the next note anyhow, is bent by as little as makes the unit hold whole periods, half a period
    at most. So the next unit's first pulse is just one period behind this one's last.
    """
    cycles = np.concatenate([[0.0], np.cumsum(0.5 * (hz[1:] + hz[:-1]) * hop_s)])
    if whole:
        width = min(len(hz), round(BEND_S / hop_s))
        bend = np.cumsum(np.sin(np.pi * np.arange(width) / (width - 1)))
        cycles[-width:] += (max(1.0, np.round(cycles[-1])) - cycles[-1]) * bend / bend[-1]
    count = int(np.ceil(cycles[-1] - 1e-6))
    return np.interp(np.arange(count), cycles, np.arange(len(hz)) * hop_s)


def add_pulses(
    out: Array, origin: int, times_s: Array, periods_s: Array, log_power: Array, aperiodicity: Array, rate: int
) -> None:
    """Add to `out` the periodic response of every pulse at `times_s`; rows of the spectra belong to the pulses."""
    size = 2 * (log_power.shape[1] - 1)
    angular = -2j * np.pi * np.arange(size // 2 + 1) / size
    no_offset = np.hanning(size // 2) / np.hanning(size // 2).sum()
    for first in range(0, len(times_s), BATCH):
        part = slice(first, first + BATCH)
        spectrum = minimum_phase(log_power[part] + np.log1p(1e-9 - aperiodicity[part] ** 2), size)
        starts = np.floor(times_s[part] * rate).astype(int)
        late = times_s[part] * rate - starts
        spectrum *= np.exp(angular * late[:, None])
        responses = fft.irfft(spectrum, size, axis=1)[:, : size // 2]
        responses -= responses.sum(axis=1, keepdims=True) * no_offset
        responses *= np.sqrt(periods_s[part] * rate)[:, None]
        for start, response in zip(starts + origin, responses, strict=True):
            end = min(len(out), start + size // 2)
            out[start:end] += response[: end - start]


def minimum_phase(log_power: Array, size: int) -> npt.NDArray[np.complex128]:
    """Return the minimum-phase spectra of a given `log_power`, shape (n, size // 2 + 1).

    By folding the cepstrum (Oppenheim and Schafer, Discrete-Time Signal Processing, chapter 12).
    """
    cepstrum = fft.irfft(0.5 * log_power, size, axis=1)
    cepstrum[:, 1 : size // 2] *= 2.0
    cepstrum[:, size // 2 + 1 :] = 0.0
    return np.asarray(np.exp(fft.rfft(cepstrum, size, axis=1)))


def add_noise(
    out: Array, origin: int, log_power: Array, aperiodicity: Array, rate: int, rng: np.random.Generator
) -> None:
    """Add to `out` the noise of a unit: rows of the spectra lie every 5 ms, from the unit's start."""
    hop = round(NOISE_HOP_S * rate)
    size = 2 * (log_power.shape[1] - 1)
    window = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop))
    noise = rng.standard_normal((len(log_power), 2 * hop)) * window
    shape = np.exp(0.5 * log_power) * aperiodicity
    shape[:, 0] = 0.0
    for first in range(0, len(log_power), BATCH):
        spectra = fft.rfft(noise[first : first + BATCH], size, axis=1) * shape[first : first + BATCH]
        grains = np.roll(fft.irfft(spectra, size, axis=1), size // 4, axis=1)
        for number, grain in enumerate(grains, start=first):
            start = origin + number * hop - hop - size // 4
            low, high = max(0, start), min(len(out), start + size)
            out[low:high] += grain[low - start : high - start]
