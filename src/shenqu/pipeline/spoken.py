"""The part of a recording that a song is sung from, made ready to sing with."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import soxr

from shenqu.cache import ArrayCache
from shenqu.documents.audio import Samples
from shenqu.documents.song import Song
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.engines.swift_pitch import track_pitch
from shenqu.media.audio import read_audio
from shenqu.singing.material import Material, prepare, working_rate

MARGIN_S, STRIDE_S = 0.5, 5.0


def read_material(
    song: Song, speech: Path, part: tuple[float, float], memory: ArrayCache
) -> tuple[Material, PitchTrack]:
    """Return the `part` of the recording, from and to in seconds, ready to sing with, and its spoken pitch."""
    origin_s, end_s = part
    audio = read_audio(speech, start_s=origin_s, end_s=end_s, channel=song.options.speaker)
    rate = working_rate(audio.rate)
    samples = np.ascontiguousarray(soxr.resample(audio.mono, audio.rate, rate), dtype=np.float32)
    spoken = _spoken_pitch(samples, rate, memory)
    return prepare(samples, rate, origin_s=origin_s, hz=spoken.f0_hz, transcript=song.transcript), spoken


def part_read(speech_s: Sequence[float]) -> tuple[float, float]:
    """Return the part of the recording that holds all of `speech_s`, in strides: a changed note seldom changes it.

    >>> part_read([7.0, 12.3]), part_read([0.2, 12.3])
    ((5.0, 15.0), (0.0, 15.0))
    """
    origin_s = max(0.0, STRIDE_S * math.floor((min(speech_s) - MARGIN_S) / STRIDE_S))
    return origin_s, STRIDE_S * math.ceil((max(speech_s) + MARGIN_S) / STRIDE_S)


def _spoken_pitch(samples: Samples, rate: int, memory: ArrayCache) -> PitchTrack:
    """Return the pitch of the speech, tracked once for all songs that are made of it."""
    key = hashlib.sha256(f"pitch 2 {version('swift-f0')} {rate}".encode() + samples.tobytes()).hexdigest()
    known = memory.get(key)
    if known is None:
        track = track_pitch(samples, rate)
        memory[key] = known = np.stack([track.f0_hz, track.confidence])
    return PitchTrack(f0_hz=known[0], confidence=known[1])
