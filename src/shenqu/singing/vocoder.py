"""The first engine: pulses and noise shaped by WORLD's spectra.

The pitch is replaced, the envelope of each moment's spectrum kept: a pulse becomes that envelope's
minimum-phase response, and the aperiodic part of it shapes noise.

Conventions
-----------
Spectra lie every 5 ms of the recording. The envelope is the natural logarithm of power, the aperiodicity
amplitude relative to it (0 to 1), both of shape (n, bins).

References
----------
M. Morise, F. Yokomori, K. Ozawa: WORLD (2016), section on synthesis: minimum-phase responses of the
periodic part at every pulse, noise shaped by the aperiodic part.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from shenqu.documents.audio import Samples
from shenqu.dsp.pitch_track import HOP_S as FRAME_S
from shenqu.singing.contour import HOP_S as MARK_S
from shenqu.singing.material import Array, Material, stretches
from shenqu.singing.unit import Unit, pulse_times, room, silent_sound

AnalyseVoice = Callable[[Samples, int, Array, npt.NDArray[np.int_]], tuple[Array, Array]]

BATCH = 256
NOISE_HOP_S = 0.005


@dataclass(frozen=True, slots=True)
class Vocoder:
    """Sings with WORLD's spectra; `analyse_voice` measures them."""

    analyse_voice: AnalyseVoice
    name: str = "world 2"
    at_once: int = 16

    def singer(self, material: Material, units: Sequence[Unit]) -> Callable[[Unit], Array]:
        """Return what sings any of `units`: only the frames that they pass through are measured."""
        return partial(_sing_unit, material, _analyse(material, units, self.analyse_voice))


@dataclass(frozen=True, slots=True, eq=False)
class _Spectra:
    """WORLD's spectra of some frames; `row_of_frame` leads from a frame's number to its row (-1: none)."""

    row_of_frame: npt.NDArray[np.int_]
    log_power: Array
    aperiodicity: Array


def _analyse(material: Material, units: Sequence[Unit], analyse_voice: AnalyseVoice) -> _Spectra:
    wanted = np.zeros(len(material.hz) + 1, dtype=bool)
    for unit in units:
        place = _places(material, unit.speech_s).astype(int)
        wanted[place] = wanted[place + 1] = True
    marks_of_frames = (np.arange(len(material.hz)) * (FRAME_S / MARK_S)).astype(int)
    vowels = stretches(material.vowels[np.minimum(marks_of_frames, len(material.vowels) - 1)])
    vowels = [(first, last) for first, last in vowels if wanted[first:last].any()]
    for first, last in vowels:
        wanted[first:last] = True
    frames = np.flatnonzero(wanted[:-1])
    log_power, aperiodicity = analyse_voice(material.samples, material.rate, material.hz, frames)
    np.log(np.add(log_power, 1e-16, out=log_power), out=log_power)
    row_of_frame = np.full(len(material.hz), -1)
    row_of_frame[frames] = np.arange(len(frames))
    for first, last in vowels:
        rows = slice(row_of_frame[first], row_of_frame[last - 1] + 1)
        _cap_bursts(log_power[rows], material.rate)
    return _Spectra(row_of_frame=row_of_frame, log_power=log_power, aperiodicity=aperiodicity)


def _places(material: Material, speech_s: Array) -> Array:
    """Return where `speech_s` lies among the frames, as fractions of their numbers."""
    return np.clip((speech_s - material.origin_s) / FRAME_S, 0.0, len(material.hz) - 1.0)


def _cap_bursts(log_power: Array, rate: int) -> None:
    """Hold the high spectrum of a vowel's frames to what most of them have.

    The burst of a stop, or the end of a fricative, that reaches into a vowel would sound with every pulse.
    """
    hz = np.linspace(0.0, rate / 2, log_power.shape[1])
    above_db = np.interp(hz, [1000.0, 2000.0, 4000.0], [40.0, 14.0, 6.0])
    usual = np.percentile(log_power, 25.0, axis=0)
    np.minimum(log_power, usual + above_db * (np.log(10.0) / 10.0), out=log_power)


def _sing_unit(material: Material, spectra: _Spectra, unit: Unit) -> Array:
    """Return one unit's sound."""
    rate, sound = material.rate, silent_sound(unit, material.rate)
    times_s = pulse_times(unit.hz, whole=unit.whole)
    # The nearest mark's spectrum, not one between two marks: the speech may jump there.
    nearest = np.round(times_s / MARK_S).astype(int)
    periods_s = 1.0 / np.interp(times_s, np.arange(len(unit.pitch)) * MARK_S, unit.hz)
    for first in range(0, len(times_s), BATCH):
        part = slice(first, first + BATCH)
        power, aperiodicity = _spectra_at(material, spectra, unit, nearest[part])
        add_pulses(sound, room(rate), times_s[part], periods_s[part], power, aperiodicity, rate)
    marks = np.arange(0, len(unit.pitch), round(NOISE_HOP_S / MARK_S))
    power, aperiodicity = _spectra_at(material, spectra, unit, marks)
    add_noise(sound, room(rate), power, aperiodicity, rate, unit.random())
    return sound


def _spectra_at(material: Material, spectra: _Spectra, unit: Unit, marks: npt.NDArray[np.int_]) -> tuple[Array, Array]:
    """Return log power and aperiodicity at some marks of a unit, straight between frames, as the notes want them."""
    place = _places(material, unit.speech_s[marks])
    before = np.floor(place).astype(int)
    share = (place - before)[:, None]
    here = spectra.row_of_frame[before]
    following = spectra.row_of_frame[np.minimum(before + 1, len(material.hz) - 1)]
    power = (1 - share) * spectra.log_power[here] + share * spectra.log_power[following]
    aperiodicity = (1 - share) * spectra.aperiodicity[here] + share * spectra.aperiodicity[following]
    breath = unit.breath[marks, None]
    noisy = np.sqrt(aperiodicity**2 + (1 - aperiodicity**2) * breath) if breath.any() else aperiodicity
    return raise_formants(power, unit.formants[marks]), noisy


def raise_formants(log_power: Array, factors: Array) -> Array:
    """Return spectra, shape (n, bins), whose frequencies are multiplied by `factors`, shape (n,).

    >>> raise_formants(np.array([[0.0, 1.0, 2.0, 3.0]]), np.array([2.0])).tolist()
    [[0.0, 0.5, 1.0, 1.5]]
    """
    if (factors == 1.0).all():
        return log_power
    bins = log_power.shape[1]
    place = np.minimum(np.arange(bins) / factors[:, None], bins - 1.0)
    before = np.minimum(place.astype(int), bins - 2)
    low = np.take_along_axis(log_power, before, axis=1)
    return low + (place - before) * (np.take_along_axis(log_power, before + 1, axis=1) - low)


def add_pulses(
    out: Array, origin: int, times_s: Array, periods_s: Array, log_power: Array, aperiodicity: Array, rate: int
) -> None:
    """Add to `out` the periodic responses of pulses at `times_s` behind sample `origin`, one row of spectra each."""
    size = 2 * (log_power.shape[1] - 1)
    no_offset = np.hanning(size // 2) / np.hanning(size // 2).sum()
    spectrum = minimum_phase(log_power + np.log1p(1e-9 - aperiodicity**2), size)
    starts = np.floor(times_s * rate).astype(int)
    late = times_s * rate - starts
    spectrum *= np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size * late[:, None])
    responses = np.fft.irfft(spectrum, size, axis=1)[:, : size // 2]
    responses -= responses.sum(axis=1, keepdims=True) * no_offset
    responses *= np.sqrt(periods_s * rate)[:, None]
    for start, response in zip(starts + origin, responses, strict=True):
        end = min(len(out), start + size // 2)
        out[start:end] += response[: end - start]


def minimum_phase(log_power: Array, size: int) -> npt.NDArray[np.complex128]:
    """Return the minimum-phase spectra of a given `log_power`, shape (n, size // 2 + 1).

    By folding the cepstrum (Oppenheim and Schafer, Discrete-Time Signal Processing, chapter 12).
    """
    cepstrum = np.fft.irfft(0.5 * log_power, size, axis=1)
    cepstrum[:, 1 : size // 2] *= 2.0
    cepstrum[:, size // 2 + 1 :] = 0.0
    return np.asarray(np.exp(np.fft.rfft(cepstrum, size, axis=1)))


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
        spectra = np.fft.rfft(noise[first : first + BATCH], size, axis=1) * shape[first : first + BATCH]
        grains = np.roll(np.fft.irfft(spectra, size, axis=1), size // 4, axis=1)
        for number, grain in enumerate(grains, start=first):
            start = origin + number * hop - hop - size // 4
            low, high = max(0, start), min(len(out), start + size)
            out[low:high] += grain[low - start : high - start]
