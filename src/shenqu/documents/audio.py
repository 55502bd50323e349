"""Sound in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
Channel = Literal["left", "right"]


class Sound(Protocol):
    """One channel of sound of any length, of which a part at a time is heard."""

    @property
    def rate(self) -> int:
        """Samples a second."""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""

    def part(self, start_s: float, end_s: float) -> Samples:
        """Return the samples, shape (samples,), from `start_s` to `end_s`, as far as there are any."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LongSound:
    """One channel as 16-bit numbers, shape (samples,), half as large as floats: three hours at 16 kHz take 350 MB.

    >>> sound = LongSound(pcm=np.arange(-2, 2, dtype=np.int16) * 16384, rate=2)
    >>> sound.duration_s, sound.part(0.5, 9.0).tolist()
    (2.0, [-0.5, 0.0, 0.5])
    """

    pcm: npt.NDArray[np.int16]
    rate: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(len(self.pcm) / self.rate)

    def part(self, start_s: float, end_s: float) -> Samples:
        """Return the samples from `start_s` to `end_s`, as far as there are any, as float32 of full scale 1.0."""
        first, last = (max(0, round(time_s * self.rate)) for time_s in (start_s, end_s))
        return self.pcm[first:last].astype(np.float32) / np.float32(32768.0)


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
