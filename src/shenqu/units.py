"""Every conversion between the units that shenqu speaks.

Conventions
-----------
Pitch 69 is 440 Hz, a semitone is a factor of 2**(1/12), a cent a hundredth of it. A *beat* is a
quarter note, kept as a `Fraction`; seconds are floats; samples and frames are integers, rounded
once, from absolute positions.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

FloatOrArray = TypeVar("FloatOrArray", float, npt.NDArray[np.floating[Any]])

TICKS_PER_BEAT = 480
SONG_RATE = 48_000


def pitch_to_hz(pitch: FloatOrArray) -> FloatOrArray:
    """Return the frequency in hertz of a MIDI `pitch` (69 is 440 Hz; fractions allowed).

    >>> float(pitch_to_hz(57.0))
    220.0
    """
    return 440.0 * np.exp2((pitch - 69.0) / 12.0)


def hz_to_pitch(hz: FloatOrArray) -> FloatOrArray:
    """Return the MIDI pitch of a frequency `hz` above zero.

    >>> float(hz_to_pitch(880.0))
    81.0
    """
    return 69.0 + 12.0 * np.log2(hz / 440.0)


def cents_to_ratio(cents: FloatOrArray) -> FloatOrArray:
    """Return the frequency ratio of `cents` (1200 is an octave).

    >>> float(cents_to_ratio(1200.0))
    2.0
    """
    return np.exp2(cents / 1200.0)


def db_to_gain(db: FloatOrArray) -> FloatOrArray:
    """Return the amplitude factor of `db` decibels.

    >>> float(db_to_gain(20.0))
    10.0
    """
    return np.power(10.0, db / 20.0)


def gain_to_db(gain: float, floor_db: float = -120.0) -> float:
    """Return an amplitude factor in decibels, never below `floor_db`.

    >>> gain_to_db(0.1)
    -20.0
    >>> gain_to_db(0.0)
    -120.0
    """
    return max(floor_db, float(20.0 * np.log10(max(gain, 1e-30))))


def seconds_to_samples(seconds: float, rate: int = SONG_RATE) -> int:
    """Return the sample that lies nearest to `seconds` at `rate` hertz.

    >>> seconds_to_samples(0.5)
    24000
    """
    return round(seconds * rate)


def beats_to_ticks(beat: Fraction) -> int:
    """Return the MIDI tick nearest to `beat`, at 480 ticks a quarter note.

    >>> beats_to_ticks(Fraction(1, 3))
    160
    """
    return round(beat * TICKS_PER_BEAT)


def whole_us(seconds: float) -> float:
    """Return `seconds`, 0 or more, to whole microseconds.

    What lies whole milliseconds later comes out just that much later, whatever was lost to floating point.

    >>> whole_us(0.1 + 0.2), whole_us(1.2345678)
    (0.3, 1.234568)
    """
    return ((round(seconds * 1e9) + 500) // 1000) / 1e6
