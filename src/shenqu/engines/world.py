"""WORLD analysis: the spectral envelope and the aperiodicity of a voice.

Conventions
-----------
Frames lie every 5 ms. The spectral envelope is power, the aperiodicity amplitude relative to it
(0 periodic, 1 noise), both of shape (frames, bins) with bins from 0 Hz to half the rate.

References
----------
M. Morise, F. Yokomori, K. Ozawa: WORLD (2016); CheapTrick (2015); D4C (2016).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyworld

from shenqu.documents.audio import Samples

Frames = npt.NDArray[np.float64]
F0_FLOOR_HZ = 71.0


def analyse_voice(samples: Samples, rate: int, hz: Frames, times_s: Frames) -> tuple[Frames, Frames]:
    """Return (power envelope, aperiodicity) of mono `samples` at `times_s`, whose pitch is `hz` (all above zero).

    Aperiodicity moves slowly, so it is measured at every second frame and carried over straight between.
    """
    sound = np.ascontiguousarray(samples, dtype=np.float64)
    pitch = np.ascontiguousarray(np.maximum(hz, F0_FLOOR_HZ))
    envelope = pyworld.cheaptrick(sound, pitch, np.ascontiguousarray(times_s), rate, f0_floor=F0_FLOOR_HZ)
    every = np.ascontiguousarray
    coarse = pyworld.d4c(
        sound, every(pitch[::2]), every(times_s[::2]), rate, threshold=0.0, fft_size=2 * (envelope.shape[1] - 1)
    )
    aperiodicity = np.repeat(coarse, 2, axis=0)[: len(hz)]
    inner = (len(hz) - 1) // 2
    aperiodicity[1 : 2 * inner : 2] = 0.5 * (coarse[:inner] + coarse[1 : inner + 1])
    return envelope, aperiodicity
