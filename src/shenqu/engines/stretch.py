"""A recording at another tempo and in another key, by Signalsmith Stretch.

References
----------
G. Luff, Signalsmith Stretch (MIT), through python-stretch 0.3: spectra moved by frequency, phases kept by prediction.
"""

from __future__ import annotations

import numpy as np
import python_stretch

from shenqu.documents.audio import Samples

_SEED = 1  # its phases are left to chance where it stretches far
_NEAR = 1e-4


def stretch(samples: Samples, rate: int, *, speed: float, semitones: int) -> Samples:
    """Return `samples`, shape (channels, n), `speed` times as fast and `semitones` higher; as they are where neither.

    What was at sample k is at k / `speed` then.
    """
    if abs(speed - 1.0) < _NEAR and not semitones:
        return samples
    stretcher = python_stretch.Signalsmith.Stretch(_SEED)
    stretcher.preset(len(samples), rate)
    stretcher.setTimeFactor(speed)
    stretcher.setTransposeSemitones(semitones)
    return np.asarray(stretcher.process(np.ascontiguousarray(samples)), dtype=np.float32)
