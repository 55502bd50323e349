"""How much of each pitch class sounds.

References
----------
Fujishima (1999): pitch class profiles. Gomez (2006): they are taken from the peaks of the spectrum.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from shenqu.units import hz_to_pitch

Floats = npt.NDArray[np.float64]

WINDOW_S, HOP_S = 0.256, 0.1
LOWEST_HZ, HIGHEST_HZ = 80.0, 1000.0
THIRD_HARMONIC = 0.4
_AT_ONCE = 200


def chroma(samples: npt.NDArray[np.float32], rate: int, *, tuning: float = 0.0) -> Floats:
    """Return the amplitude of each pitch class (C first), shape (hops, 12), hop `i` around `i * HOP_S`.

    `tuning` is by how many semitones the recording lies above A = 440 Hz. Each hop counts as its root, so that loud
    passages do not drown the others.

    >>> tone = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000).astype(np.float32)
    >>> int(chroma(tone, 16000).sum(axis=0).argmax())
    9
    """
    size, hop = round(WINDOW_S * rate), round(HOP_S * rate)
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, (size // 2, size)), size)[
        : len(samples) + 1 : hop
    ]
    hz = np.fft.rfftfreq(size, 1.0 / rate)
    kept = (hz >= LOWEST_HZ) & (hz <= HIGHEST_HZ)
    classes = _classes(hz_to_pitch(hz[kept]) - tuning)
    found = np.empty((len(frames), 12))
    for first in range(0, len(frames), _AT_ONCE):
        spectra = np.abs(np.fft.rfft(frames[first : first + _AT_ONCE] * window, axis=1))[:, 1:-1]
        whole = np.pad(spectra, ((0, 0), (1, 1)))
        peaks = np.where((spectra >= whole[:, :-2]) & (spectra > whole[:, 2:]), spectra, 0.0)
        found[first : first + _AT_ONCE] = np.pad(peaks, ((0, 0), (1, 1)))[:, kept] @ classes
    return np.sqrt(found)


def _classes(pitch: npt.NDArray[np.floating[Any]]) -> Floats:
    """Return to which pitch class each pitch belongs, and how well, shape (pitches, 12)."""
    away = (pitch[:, None] - np.arange(12) + 6.0) % 12.0 - 6.0
    return np.asarray(np.cos(np.pi * np.clip(away, -0.5, 0.5)) ** 2)


def without_overtones(classes: Floats) -> Floats:
    """Return how much of each pitch class, shape (12,), is played: the third harmonics, a fifth above, taken away.

    >>> without_overtones(np.eye(12)[0] + 0.4 * np.eye(12)[7]).nonzero()[0].tolist()
    [0]
    """
    return np.maximum(0.0, classes - THIRD_HARMONIC * np.roll(classes, 7))
