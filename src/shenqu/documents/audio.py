"""Sound in memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Audio:
    """Samples of shape (channels, samples), float32, full scale 1.0, at `rate` hertz."""

    samples: Samples
    rate: int

    def __post_init__(self) -> None:
        """Hold the shape that everything else relies on."""
        assert self.samples.ndim == 2 and self.samples.dtype == np.float32, "Audio is (channels, samples) float32"

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(self.samples.shape[1] / self.rate)

    @property
    def mono(self) -> Samples:
        """All channels as one, shape (samples,).

        Channels that cancel each other are not added: then the strongest one speaks alone.
        """
        if self.samples.shape[0] == 1:
            return np.asarray(self.samples[0], dtype=np.float32)
        mean = self.samples.mean(axis=0, dtype=np.float32)
        energies = np.square(self.samples).mean(axis=1)
        loudest = int(np.argmax(energies))
        if np.square(mean).mean() < 0.1 * energies[loudest]:
            return np.asarray(self.samples[loudest], dtype=np.float32)
        return np.asarray(mean, dtype=np.float32)
