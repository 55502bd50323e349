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

from shenqu.documents.audio import Samples
from shenqu.dsp.pitch_track import HOP_S as FRAME_S

Frames = npt.NDArray[np.floating[Any]]
Numbers = npt.NDArray[np.int_]

F0_FLOOR_HZ = 71.0
BLOCK = 40


def analyse_voice(samples: Samples, rate: int, hz: Frames, frames: Numbers) -> tuple[Frames, Frames]:
    """Return (power envelope, aperiodicity) of mono `samples` at the 5 ms frames numbered `frames` (rising).

    `hz` is the pitch of every frame of the sound, above zero throughout. The frames are measured in whole
    blocks of the sound, because WORLD's safeguard noise runs on from frame to frame: so a frame's answer
    does not hang on which others were asked for.
    """
    sound = np.ascontiguousarray(samples, dtype=np.float64)
    blocks = np.unique(frames // BLOCK)
    parts = [_block(sound, rate, hz, int(block) * BLOCK) for block in blocks]
    rows = np.searchsorted(blocks, frames // BLOCK) * BLOCK + frames % BLOCK
    return np.concatenate([part[0] for part in parts])[rows], np.concatenate([part[1] for part in parts])[rows]


def _block(sound: Frames, rate: int, hz: Frames, first: int) -> tuple[Frames, Frames]:
    """Measure a block; aperiodicity moves slowly, so every second frame is enough, carried straight between."""
    numbers = np.arange(first, first + BLOCK + 1)
    pitch = np.maximum(hz[np.minimum(numbers, len(hz) - 1)], F0_FLOOR_HZ)
    times_s = numbers * FRAME_S
    envelope = pyworld.cheaptrick(sound, pitch[:-1].copy(), times_s[:-1].copy(), rate, f0_floor=F0_FLOOR_HZ)
    size = 2 * (envelope.shape[1] - 1)
    even = pyworld.d4c(sound, pitch[::2].copy(), times_s[::2].copy(), rate, threshold=0.0, fft_size=size)
    aperiodicity = np.empty_like(envelope)
    aperiodicity[::2] = even[:-1]
    aperiodicity[1::2] = 0.5 * (even[:-1] + even[1:])
    return envelope, aperiodicity
