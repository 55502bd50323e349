"""Pitch tracking with swift-f0, a small neural network that stands noise well.

References
----------
lars76/swift-f0 0.3: 16 kHz, one frame in 16 ms, 46.9 to 2093.8 Hz, voiced from confidence 0.5 on.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

from shenqu.documents.audio import Sound
from shenqu.dsp.blocks import hop_count, in_blocks
from shenqu.dsp.pitch_track import HOP_S, PitchTrack
from shenqu.errors import InputError

Array = npt.NDArray[np.float64]

LOWEST_HZ = 65.0  # above mains hum, which old recordings are full of and which is no voice
HIGHEST_HZ = 1000.0
_VOICED = 0.5
_RATE, _HOP = 16_000, 256
_FRAMES_AT_ONCE, _FRAMES_AROUND = 250, 11
_TIE_S = 1e-6  # a time just between two frames belongs to the first, however it was rounded


def track_pitch(samples: npt.NDArray[np.float32], rate: int, *, voiced_from: float = _VOICED) -> PitchTrack:
    """Return the pitch of mono `samples` (shape (samples,), at `rate` hertz), one value in 5 ms.

    Between two voiced frames of the tracker the pitch is interpolated (in log frequency); where one of
    them is unvoiced the nearer one speaks.

    Raises `InputError` where there is no sound at all, or a sample is not a number.
    """
    if samples.size == 0:
        raise InputError("the recording holds no sound; choose another part of it")
    if not np.isfinite(samples).all():
        raise InputError("the recording holds samples that are no numbers; convert it again")
    at_s, hz, chances = _detected(samples if rate == _RATE else soxr.resample(samples, rate, _RATE))
    times = np.arange(hop_count(samples.size / rate, HOP_S)) * HOP_S
    confidence = np.interp(times, at_s, chances)
    log_hz = np.log(np.maximum(hz, 1.0))
    voiced = chances >= voiced_from
    nearest = np.clip(np.searchsorted(_midpoints(at_s), times), 0, len(voiced) - 1)
    between = np.interp(times, at_s, log_hz)
    both = np.interp(times, at_s, voiced.astype(float)) > 1.0 - 1e-9
    f0_hz = np.where(voiced[nearest], np.exp(np.where(both, between, log_hz[nearest])), 0.0)
    return PitchTrack(f0_hz=f0_hz, confidence=confidence)


def _detected(sound: npt.NDArray[np.float32]) -> tuple[Array, Array, Array]:
    """Return (times, pitch, confidence) of the tracker's frames.

    A few seconds are heard at once, with all around that counts, so the answer is as if all were: the network's
    memory is 7 MB a second.
    """
    count, parts = max(1, len(sound) // _HOP), []
    for first in range(0, count, _FRAMES_AT_ONCE):
        begin, last = max(0, first - _FRAMES_AROUND), min(first + _FRAMES_AT_ONCE, count)
        window = sound[begin * _HOP : (last + _FRAMES_AROUND) * _HOP]
        found = _detector().detect(window, _RATE, fmin=LOWEST_HZ, fmax=HIGHEST_HZ)
        parts.append(np.stack([found.pitch_hz, found.confidence])[:, first - begin : last - begin])
    hz, chances = np.concatenate(parts, axis=1)
    return np.asarray(np.arange(count) * (_HOP / _RATE), dtype=np.float64), hz, chances


def track_long_pitch(sound: Sound) -> PitchTrack:
    """Return the pitch of `sound` as `track_pitch` does, heard a minute at a time."""

    def measure(start_s: float, end_s: float) -> npt.NDArray[np.float64]:
        track = track_pitch(sound.part(start_s, end_s), sound.rate)
        return np.column_stack([track.f0_hz, track.confidence])

    f0_hz, confidence = in_blocks(measure, sound.duration_s, hop_s=HOP_S).T
    return PitchTrack(f0_hz=f0_hz, confidence=confidence)


def _midpoints(times: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return (times[1:] + times[:-1]) / 2 + _TIE_S


@lru_cache(maxsize=1)
def _detector() -> Any:
    """Return the tracker; one thread, so that sums are made in one order and the answer is always the same."""
    from swift_f0 import SwiftF0  # noqa: PLC0415 - onnxruntime takes a while to load

    return SwiftF0(threads=1, spin=False)


def forget() -> None:
    """Give back what the tracker holds, 30 MB; it is loaded again, in 50 ms, when it is needed."""
    _detector.cache_clear()
