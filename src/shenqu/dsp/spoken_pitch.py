"""At which pitch somebody speaks: usually, and on one vowel.

A tracker is now and then wrong by an octave, most of all in noise and at the edges of a voice; and where a voice
creaks, at the end of a sentence, its pulses come so seldom and unevenly that they have no pitch to be heard, though a
tracker names one. Both lie far from the pitch at which the speaker usually talks.

References
----------
Hollien and Michel (1968), "Vocal fry as a phonational register": below the usual range nobody hears a pitch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from shenqu.units import hz_to_pitch

Array = npt.NDArray[np.floating[Any]]

NEAR, FAR, FAR_WEIGHT = 6.0, 10.0, 0.1  # semitones from the usual pitch; what a frame counts there
LOWEST, HIGHEST = -10.0, 18.0  # semitones from the usual pitch between which speech has a pitch
LEAST_FRAMES, LEAST_SHARE = 3, 0.2


def usual_pitch(hz: Array, confidence: Array) -> float | None:
    """Return the MIDI pitch at which somebody talks: the median, where the tracker is surer it counts for more.

    `hz` is the pitch in vowels, one value a hop, 0.0 where unvoiced, `confidence` from 0 to 1. None: there is none.

    >>> usual_pitch(np.array([0.0, 110.0, 110.0, 220.0, 220.0]), np.array([0.0, 0.9, 0.9, 0.5, 0.5]))
    45.0
    """
    voiced = hz > 0
    return _median(hz_to_pitch(hz[voiced]), confidence[voiced]) if voiced.any() else None


def vowel_pitch(hz: Array, confidence: Array, *, usual: float) -> float | None:
    """Return the MIDI pitch of one vowel of somebody who talks at `usual`; None where it has none to be heard.

    Frames far from the usual pitch count for little: an octave error is outweighed by what is right beside it, a
    voice that is truly high is not, as all of the vowel is.

    >>> hz, sure = np.array([110.0] * 3 + [220.0] * 5), np.ones(8)
    >>> vowel_pitch(hz, sure, usual=45.0), vowel_pitch(2 * hz[:3], sure[:3], usual=45.0)
    (45.0, 57.0)
    >>> vowel_pitch(hz[:3] / 3, sure[:3], usual=45.0) is None  # creak
    True
    """
    voiced = hz > 0
    if voiced.sum() < max(LEAST_FRAMES, LEAST_SHARE * len(hz)):
        return None
    pitch = hz_to_pitch(hz[voiced])
    weight = np.interp(np.abs(pitch - usual), (NEAR, FAR), (1.0, FAR_WEIGHT))
    found = _median(pitch, confidence[voiced] * weight)
    return found if LOWEST <= found - usual <= HIGHEST else None


def _median(pitches: Array, weights: Array) -> float:
    order = np.argsort(pitches, kind="stable")
    reached = np.cumsum(weights[order])
    return float(pitches[order][np.searchsorted(reached, 0.5 * reached[-1])])
