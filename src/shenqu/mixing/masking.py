"""How far the voice stands above all else where words are told apart: is it lost in the band?"""

from __future__ import annotations

import numpy as np

from shenqu.documents.audio import Samples
from shenqu.dsp.levels import HOP_S, band_powers, decibels
from shenqu.mixing.ducking import WORDS
from shenqu.mixing.voice import sounding_moments

WINDOW_S, LEAST_SOUNDING = 0.5, 0.5


def voice_over_band_db(voice: Samples, backing: Samples, rate: int) -> tuple[tuple[float, float], ...]:
    """Return (song time, decibels of `voice` over `backing` from 1 to 4 kHz) of every half second that is sung.

    `voice` has shape (n,), `backing` (2, n), as they lie to each other in the mix. Only moments in which the voice
    sounds count; of a half second with fewer than half of them nothing is told. Nothing is where nothing plays.

    >>> tone = np.sin(2 * np.pi * 2000 * np.arange(96000) / 48000).astype(np.float32)
    >>> told = voice_over_band_db(tone, 0.5 * np.stack([tone, tone]), 48000)
    >>> [(start_s, round(ratio_db)) for start_s, ratio_db in told]
    [(0.0, 6), (0.5, 6), (1.0, 6), (1.5, 6)]
    """
    if not backing.any():
        return ()
    powers = band_powers(voice, rate)
    sounding = sounding_moments(powers)
    own, other = powers[:, WORDS].sum(axis=1), band_powers(backing, rate)[:, WORDS].sum(axis=1)
    window = round(WINDOW_S / HOP_S)
    told = []
    for first in range(0, min(len(own), len(other)), window):
        here = np.flatnonzero(sounding[first : first + window]) + first
        if len(here) >= LEAST_SOUNDING * window:
            ratio_db = decibels(own[here].mean()) - decibels(other[here].mean())
            told.append((first * HOP_S, float(ratio_db)))
    return tuple(told)
