"""What is wrong with a recording that no voice made of it can hide.

Conventions
-----------
Shares are 0 to 1; samples have shape (channels, samples), whatever their scale.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]

CLIPPED = 0.015
"""The share of samples at the peak from which on a recording sounds clipped: of 38 that are not, none has over 0.008,
and of one cut off at 2/3 of its peak, 0.017."""
TWO_SOUNDS, ONE_RHYTHM = 0.3, 0.5
LEVEL_APART = 0.05
_FRAME_S = 0.03


def clipped_share(samples: Array) -> float:
    """Return the share of samples within 10 % of the peak, the loudest thousandth of them aside.

    Lossy coding and new sampling rates bend tops that were flat, but leave as many samples near the peak.

    >>> tone = np.sin(np.arange(1000.0))
    >>> clipped_share(np.clip(tone, -0.5, 0.5)[None, :]) > 0.5 > clipped_share(tone[None, :])
    True
    """
    if not samples.size:
        return 0.0
    heights = np.abs(samples - samples.mean(axis=1, keepdims=True)).ravel()
    if not heights.any():
        return 0.0
    peak = np.partition(heights, (place := int(0.999 * (heights.size - 1))))[place]
    return float((heights >= 0.9 * peak).mean())


def hold_two_sounds(samples: Array, rate: int) -> bool:
    """Return whether two channels hold sounds that have nothing in common, neither their waves nor their rhythm.

    >>> random = np.random.default_rng(0)
    >>> left, right = random.standard_normal((2, 8000)) * np.repeat(random.random((2, 20)), 400, axis=1)
    >>> hold_two_sounds(np.stack([left, right]), 8000), hold_two_sounds(np.stack([left, left + 0.5 * right]), 8000)
    (True, False)
    """
    if len(samples) != 2:
        return False
    frame = round(_FRAME_S * rate)
    left, right = samples[:, : samples.shape[1] // frame * frame].reshape(2, -1, frame).astype(np.float64)
    powers = np.stack([(left**2).mean(axis=1), (right**2).mean(axis=1)])
    usual = np.percentile(powers, 90, axis=1) if powers.size else np.zeros(2)
    if usual.min() <= LEVEL_APART * usual.max():
        return False
    loud = powers.max(axis=0) > 0.1 * usual.max()
    alike = np.abs((left * right).mean(axis=1)) / np.sqrt(powers.prod(axis=0) + 1e-20)
    rhythms = np.log(powers + 1e-4 * usual.max())
    together = float(np.corrcoef(rhythms)[0, 1])
    return bool(np.median(alike[loud]) < TWO_SOUNDS and together < ONE_RHYTHM)
