"""From a recording to what it says: words where a text is given, else the syllables of the sound itself."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from shenqu.documents.audio import Audio, Samples
from shenqu.documents.options import SingOptions
from shenqu.documents.speech import Transcript
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.engines.swift_pitch import track_pitch
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.audio import audio_duration, read_audio
from shenqu.pipeline.report import Report
from shenqu.units import hz_to_pitch


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heard:
    """What a recording says, and at which MIDI pitch its speaker talks."""

    transcript: Transcript
    speaker_pitch: float
