"""The part of a recording that a song is sung from, made ready to sing with."""

from __future__ import annotations

import math
from collections.abc import MutableMapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import soxr

from shenqu.cache import Array, SoundCache, code_of, content_key, remembered
from shenqu.documents.audio import Samples
from shenqu.documents.song import Song
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.engines.swift_pitch import track_pitch
from shenqu.media.audio import read_audio
from shenqu.media.files import sha256_of
from shenqu.singing.material import Material, prepare, spoken_power, working_rate

MARGIN_S, STRIDE_S = 0.5, 5.0


def read_material(
    song: Song, speech: Path, part: tuple[float, float], memory: MutableMapping[str, Array]
) -> tuple[Material, PitchTrack]:
    """Return the `part` of the recording, from and to in seconds, ready to sing with, and its spoken pitch.

    What is read, and what is measured in it, is remembered.
    """
    samples, rate, name = _read(song, speech, part, memory)
    spoken = _spoken_pitch(samples, rate, name, memory)
    power = remembered(memory, content_key("power", code_of("singing"), name), lambda: spoken_power(samples, rate))
    material = prepare(samples, rate, origin_s=part[0], hz=spoken.f0_hz, transcript=song.transcript, power=power)
    return material, spoken


def _read(
    song: Song, speech: Path, part: tuple[float, float], memory: MutableMapping[str, Array]
) -> tuple[Samples, int, str]:
    """Return the samples of a part of the recording, their rate, and a name for them."""
    libraries = " ".join(version(library) for library in ("av", "soxr"))
    name = content_key("speech", libraries, code_of("media"), sha256_of(speech), repr((part, song.options.speaker)))
    sounds = SoundCache()
    known, facts = sounds.get(name), memory.get(name)
    if known is not None and facts is not None:
        return np.asarray(known, dtype=np.float32), int(facts[0]), name
    audio = read_audio(speech, start_s=part[0], end_s=part[1], channel=song.options.speaker)
    rate = working_rate(audio.rate)
    samples = np.ascontiguousarray(soxr.resample(audio.mono, audio.rate, rate), dtype=np.float32)
    sounds[name], memory[name] = samples, np.array([float(rate)])
    sounds.tidy()
    return samples, rate, name


def part_read(speech_s: Sequence[float]) -> tuple[float, float]:
    """Return the part of the recording that holds all of `speech_s`, in strides: a changed note seldom changes it.

    >>> part_read([7.0, 12.3]), part_read([0.2, 12.3])
    ((5.0, 15.0), (0.0, 15.0))
    """
    origin_s = max(0.0, STRIDE_S * math.floor((min(speech_s) - MARGIN_S) / STRIDE_S))
    return origin_s, STRIDE_S * math.ceil((max(speech_s) + MARGIN_S) / STRIDE_S)


def _spoken_pitch(samples: Samples, rate: int, name: str, memory: MutableMapping[str, Array]) -> PitchTrack:
    """Return the pitch of the speech, tracked once for all songs that are made of it."""

    def track() -> Array:
        found = track_pitch(samples, rate)
        return np.stack([found.f0_hz, found.confidence])

    key = content_key("pitch", version("swift-f0"), code_of("engines"), name)
    f0_hz, confidence = remembered(memory, key, track)
    return PitchTrack(f0_hz=f0_hz, confidence=confidence)
