"""The pitch of a sound over time.

Conventions
-----------
One value a hop; value `i` belongs to the time `i * hop_s`. Unvoiced is 0.0, never NaN.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

HOP_S = 0.005


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PitchTrack:
    """`f0_hz` (0.0 where unvoiced) and `confidence` (0 to 1, voiced from 0.5 on), both float64 of shape (hops,)."""

    f0_hz: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.float64]
    hop_s: float = HOP_S

    def __post_init__(self) -> None:
        """Hold the shape that everything else relies on."""
        assert self.f0_hz.shape == self.confidence.shape and self.f0_hz.ndim == 1, "one pitch and one confidence a hop"

    @property
    def voiced(self) -> npt.NDArray[np.bool_]:
        """Where there is a pitch."""
        return self.f0_hz > 0.0
