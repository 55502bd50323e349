"""The channels of a recording made one, block by block.

Sound that is longer than memory cannot be looked at as a whole before its channels are added. So the rule of
`documents.audio.Audio.mono` is held over the last second or two: channels that cancel each other are not added, the
strongest one speaks alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from shenqu.documents.audio import Channel, Samples

Mix = Callable[[Samples, int], Samples]
"""From samples of shape (channels, samples) and their rate to those that are kept, again with two axes."""

_MEMORY_S = 1.0
_CANCELLED = 0.1
_CLEARLY = 2.0


def keep_all(samples: Samples, rate: int) -> Samples:
    """Return all channels."""
    del rate
    return samples


def only(channel: Channel) -> Mix:
    """Return a mix that keeps one of two channels; where there is but one, that."""
    wanted = ("left", "right").index(channel)

    def pick(samples: Samples, rate: int) -> Samples:
        del rate
        return samples[[min(wanted, len(samples) - 1)]]

    return pick


class OneChannel:
    """A mix that makes channels one, and remembers for a second how strong they and their sum were.

    >>> mix = OneChannel()
    >>> mix(np.array([[0.5, -0.5], [-0.5, 0.5]], dtype=np.float32), 2).tolist()
    [[0.5, -0.5]]
    >>> mix(np.array([[0.0, 4.0], [2.0, 4.0]], dtype=np.float32), 2).tolist()
    [[1.0, 4.0]]
    """

    def __init__(self) -> None:
        """Begin without memory."""
        self._energies: npt.NDArray[np.float64] = np.zeros(1)
        self._loudest = 0

    def __call__(self, samples: Samples, rate: int) -> Samples:
        """Return one channel, shape (1, samples): the mean, or the strongest where the mean is hardly anything."""
        if len(samples) == 1:
            return samples
        mean = samples.mean(axis=0, keepdims=True, dtype=np.float32)
        self._remember(np.square(np.vstack([samples, mean])).sum(axis=1, dtype=np.float64), samples.shape[1] / rate)
        *channels, together = self._energies
        if channels[self._loudest] * _CLEARLY < max(channels):  # else it would change with every breath of noise
            self._loudest = int(np.argmax(channels))
        return samples[[self._loudest]] if together < _CANCELLED * channels[self._loudest] else mean

    def _remember(self, energies: npt.NDArray[np.float64], duration_s: float) -> None:
        if len(self._energies) != len(energies):
            self._energies = np.zeros(len(energies))
        self._energies = self._energies * np.exp(-duration_s / _MEMORY_S) + energies
