"""How loud a band of frequencies is over time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from shenqu.dsp.blocks import hop_count
from shenqu.dsp.filters import band_pass, convolved, filtered_both_ways

FLOOR_DB = -100.0


def band_level(
    samples: npt.NDArray[np.float32], rate: int, *, low_hz: float, high_hz: float, hop_s: float, width_s: float
) -> npt.NDArray[np.float64]:
    """Return the level of mono `samples` between two frequencies, in dB of full scale, one value a hop.

    Value `i` is the root mean square around the time `i * hop_s`, weighed by a Gaussian whose standard
    deviation is `width_s`; the filter does not shift time. Never below -100 dB.

    >>> tone = np.sin(2 * np.pi * 900 * np.arange(8000) / 8000).astype(np.float32)
    >>> float(band_level(tone, 8000, low_hz=300, high_hz=2500, hop_s=0.01, width_s=0.01)[50].round(1))
    -3.0
    """
    if samples.size == 0:
        return np.empty(0)
    band = filtered_both_ways(samples, rate, band_pass(2, low_hz, min(high_hz, 0.49 * rate), rate))
    window = _gaussian(width_s * rate)
    power = convolved(np.pad(np.square(band), (0, len(window) // 2)), window)[len(window) // 2 :]
    times_s = np.arange(hop_count(samples.size / rate, hop_s)) * hop_s
    at = np.minimum((times_s * rate).round().astype(int), samples.size - 1)
    level: npt.NDArray[np.float64] = 10.0 * np.log10(np.maximum(power[at], 10.0 ** (FLOOR_DB / 10.0)))
    return level


def _gaussian(deviation: float) -> npt.NDArray[np.float64]:
    """Return a Gaussian of sum 1, three deviations (samples) wide to both sides."""
    reach = round(3 * deviation)
    window = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / deviation))
    return np.asarray(window / window.sum())
