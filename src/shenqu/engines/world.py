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

from typing import Any

import numpy as np
import numpy.typing as npt
import pyworld
import soxr

from shenqu.documents.audio import Samples
from shenqu.dsp.pitch_track import HOP_S as FRAME_S

Frames = npt.NDArray[np.floating[Any]]
Numbers = npt.NDArray[np.int_]

F0_FLOOR_HZ = 71.0
BLOCK = 40
AROUND = 20
EVERY = 4
NOISE_RATE = 24_000


def analyse_voice(samples: Samples, rate: int, hz: Frames, frames: Numbers) -> tuple[Frames, Frames]:
    """Return (power envelope, aperiodicity) of mono `samples` at the 5 ms frames numbered `frames` (rising).

    `hz` is the pitch of every frame of the sound, above zero throughout. The frames are measured in whole
    blocks of the sound, because WORLD's safeguard noise runs on from frame to frame: so a frame's answer
    does not hang on which others were asked for.
    """
    bins = pyworld.get_cheaptrick_fft_size(rate, F0_FLOOR_HZ) // 2 + 1
    envelope, aperiodicity = np.empty((len(frames), bins)), np.empty((len(frames), bins))
    for block in np.unique(frames // BLOCK):
        here = slice(*np.searchsorted(frames, (block * BLOCK, (block + 1) * BLOCK)))
        measured = _block(samples, rate, hz, int(block) * BLOCK)
        envelope[here], aperiodicity[here] = (values[frames[here] % BLOCK] for values in measured)
    return envelope, aperiodicity


def _block(samples: Samples, rate: int, hz: Frames, first: int) -> tuple[Frames, Frames]:
    """Measure a block, with what is around it that counts.

    Aperiodicity costs most, and moves slowly: one frame in four is enough, carried straight between, and what
    lies above 12 kHz is noise in any voice.
    """
    begin, hop = max(0, first - AROUND), round(FRAME_S * rate)
    part = samples[begin * hop : (first + BLOCK + 1 + AROUND) * hop]
    sound = np.ascontiguousarray(part, dtype=np.float64)
    dull = soxr.resample(sound, rate, NOISE_RATE) if rate > NOISE_RATE else sound
    dull = dull / max(1.0, np.abs(dull).max(initial=0.0))  # D4C answers NaN for a sound far above full scale
    numbers = np.arange(first, first + BLOCK + 1)
    pitch = np.maximum(hz[np.minimum(numbers, len(hz) - 1)], F0_FLOOR_HZ)
    times_s = (numbers - begin) * FRAME_S
    envelope = pyworld.cheaptrick(sound, pitch[:-1].copy(), times_s[:-1].copy(), rate, f0_floor=F0_FLOOR_HZ)
    low_rate = min(rate, NOISE_RATE)
    size = 2 * (envelope.shape[1] - 1) * low_rate // rate
    some = pyworld.d4c(dull, pitch[::EVERY].copy(), times_s[::EVERY].copy(), low_rate, threshold=0.0, fft_size=size)
    share = np.arange(BLOCK)[:, None] % EVERY / EVERY
    rows = np.arange(BLOCK) // EVERY
    aperiodicity = np.ones_like(envelope)
    aperiodicity[:, : some.shape[1]] = (1 - share) * some[rows] + share * some[rows + 1]
    return envelope, aperiodicity
