"""A vocal tract in numbers: glottal pulses and noise through moving resonances.

Three sources sound at once: the voice, breath at the glottis, and the hiss of a narrow place further
up. Voice and breath pass through the resonances (formants) of the whole tract, the hiss only through
those in front of it, which a single broad peak stands for. Sound is filtered in overlapping frames,
so that resonances glide.

Conventions
-----------
Tracks have one value a millisecond (`STEP_S`). Gains are amplitudes.

References
----------
Klatt (1980), "Software for a cascade/parallel formant synthesizer", JASA 67.
Klatt & Klatt (1990), "Analysis, synthesis, and perception of voice quality variations", JASA 87: the
glottal pulse (KLGLOTT88).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Track = npt.NDArray[np.float64]
Spectrum = npt.NDArray[np.complex128]
STEP_S = 0.001
_FRAME_STEPS = 5
_OVERSAMPLING = 4
_OPEN_QUOTIENT = 0.6
_BANDWIDTHS_HZ = (70.0, 100.0, 160.0, 250.0)
_FIXED_HZ = range(4500, 24_000, 1000)
_NASAL_POLE_HZ, _NASAL_ZERO_HZ, _NASAL_BANDWIDTH_HZ = 270.0, 450.0, 100.0
_FRAMES_AT_ONCE = 256
_VOICE_GAIN, _BREATH_GAIN, _HISS_GAIN = 0.18, 0.055, 0.35


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VocalTract:
    """What the speech organs do, one value a millisecond; `formants_hz` has shape (steps, 4).

    `tilt_hz` is where the voice's spectrum starts to fall off; `nasal` runs from 0 (shut) to 1. The hiss
    has its peak at `hiss_hz`, the narrower the larger `hiss_q`.
    """

    pitch_hz: Track
    voice: Track
    breath: Track
    hiss: Track
    formants_hz: Track
    tilt_hz: Track
    nasal: Track
    hiss_hz: Track
    hiss_q: Track


def synthesize(tract: VocalTract, rate: int, rng: np.random.Generator) -> Track:
    """Return the sound of `tract` at `rate` hertz, shape (samples,); vowels at gain 1 are about 0.1 rms."""
    count = round(len(tract.pitch_hz) * STEP_S * rate)
    pulses, is_open = _glottal_pulses(tract.pitch_hz, count, rate)
    breath_noise = rng.standard_normal(count) * (0.4 + 0.6 * is_open)
    glottal = pulses * _to_samples(tract.voice, count)
    breath = breath_noise * _to_samples(tract.breath, count)
    hiss = rng.standard_normal(count) * _to_samples(tract.hiss, count)
    return _filtered(tract, np.stack([glottal, breath, hiss]), rate)


def smoothed(track: Track, width_s: float) -> Track:
    """Return a track (steps, ...) averaged over a Hann window of `width_s` seconds; its ends hold their value."""
    half = max(1, round(width_s / STEP_S / 2))
    window = np.hanning(2 * half + 1)[1:-1]
    padded = np.pad(track, [(half - 1, half - 1)] + [(0, 0)] * (track.ndim - 1), mode="edge")
    columns = padded.reshape(len(padded), -1).T
    result = np.stack([np.convolve(column, window / window.sum(), mode="valid") for column in columns], axis=1)
    return result.reshape(track.shape)


def _to_samples(track: Track, count: int) -> Track:
    return np.interp(np.linspace(0, len(track) - 1, count), np.arange(len(track)), track)


def _glottal_pulses(pitch_hz: Track, count: int, rate: int) -> tuple[Track, Track]:
    """Return the derivative of the glottal flow, and 1.0 where the glottis is open, one value a sample.

    Pulses end sharply, between samples: they are drawn at four times the rate.
    """
    fine = _to_samples(pitch_hz, count * _OVERSAMPLING) / (rate * _OVERSAMPLING)
    from scipy.signal import resample_poly  # noqa: PLC0415 - takes longer to load than a short song to make

    position = (np.cumsum(fine) % 1.0) / _OPEN_QUOTIENT
    is_open = position < 1.0
    flow = np.where(is_open, 2.0 * position - 3.0 * position**2, 0.0)
    return resample_poly(flow, 1, _OVERSAMPLING), is_open[::_OVERSAMPLING].astype(np.float64)


def _filtered(tract: VocalTract, sources: Track, rate: int) -> Track:
    """Return voice, breath and hiss (rows of `sources`) through the tract as it moves."""
    hop = round(_FRAME_STEPS * STEP_S * rate)
    size = 1 << (rate // 12).bit_length()
    frames = -(-sources.shape[1] // hop) + 1
    padded = np.pad(sources, [(0, 0), (hop, 2 * hop)])
    window = np.hanning(2 * hop + 1)[:-1]
    spread = -(-size // hop)
    result = np.zeros((frames + spread, hop))
    for first in range(0, frames, _FRAMES_AT_ONCE):
        numbers = np.arange(first, min(first + _FRAMES_AT_ONCE, frames))
        pieces = padded[:, (numbers * hop)[:, None] + np.arange(2 * hop)] * window
        spectra = np.fft.rfft(pieces, size)
        steps = np.minimum(numbers * _FRAME_STEPS, len(tract.pitch_hz) - 1)
        sound = np.fft.irfft(_responses(tract, steps, size, rate, spectra), size)
        sound = np.pad(sound, [(0, 0), (0, spread * hop - size)]).reshape(len(numbers), spread, hop)
        for delay in range(spread):
            result[numbers + delay] += sound[:, delay]
    return result.reshape(-1)[hop : hop + sources.shape[1]]


def _responses(tract: VocalTract, steps: npt.NDArray[np.int64], size: int, rate: int, spectra: Spectrum) -> Spectrum:
    """Return the sum of the three sources' spectra, shape (frames, bins), after the tract at `steps`."""
    hz: Track = np.linspace(0.0, rate / 2, size // 2 + 1)
    throat: Spectrum = _fixed_response(hz, rate)
    for number, bandwidth_hz in enumerate(_BANDWIDTHS_HZ):
        throat = throat * _resonance(tract.formants_hz[steps, number, None], bandwidth_hz, hz, rate)
    zero_hz = _NASAL_POLE_HZ + (_NASAL_ZERO_HZ - _NASAL_POLE_HZ) * tract.nasal[steps, None]
    throat = throat * _resonance(np.array([[_NASAL_POLE_HZ]]), _NASAL_BANDWIDTH_HZ, hz, rate)
    throat = throat / _resonance(zero_hz, _NASAL_BANDWIDTH_HZ, hz, rate)
    tilt = 1.0 / (1.0 + 1j * hz / tract.tilt_hz[steps, None])
    ratio = np.maximum(hz, 1.0) / tract.hiss_hz[steps, None]
    peak = 1.0 / (1.0 + (tract.hiss_q[steps, None] * (ratio - 1.0 / ratio)) ** 2)
    return throat * (_VOICE_GAIN * tilt * spectra[0] + _BREATH_GAIN * spectra[1]) + _HISS_GAIN * peak * spectra[2]


def _fixed_response(hz: Track, rate: int) -> Spectrum:
    """Return the response of the higher resonances, which hardly move."""
    response = np.ones((1, len(hz)), dtype=np.complex128)
    for fixed_hz in _FIXED_HZ:
        if fixed_hz < rate / 2:
            response = response * _resonance(np.array([[float(fixed_hz)]]), fixed_hz / 12.0, hz, rate)
    return response


def _resonance(centre_hz: Track, bandwidth_hz: float, hz: Track, rate: int) -> Spectrum:
    """Return Klatt's digital resonator at `hz`: gain 1 at 0 Hz, a peak at `centre_hz`."""
    decay = np.exp(-np.pi * bandwidth_hz / rate)
    first, second = 2.0 * decay * np.cos(2.0 * np.pi * centre_hz / rate), -(decay**2)
    delay = np.exp(-2j * np.pi * hz / rate)
    response: Spectrum = (1.0 - first - second) / (1.0 - first * delay - second * delay**2)
    return response
