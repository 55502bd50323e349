"""How well each sound of the English acoustic model fits each moment of a recording.

The aligner tells where given words lie, not whether they were said: its scores are relative to the few
sounds that it was looking for. Here every sound of the language is weighed in every frame, so that what is
claimed can be compared with what else it might have been.

Conventions
-----------
Frames lie 10 ms apart, as the aligner's. Only sounds without context are weighed: 39 phones and silence,
three states each, of which a frame has the best.

References
----------
The features are those of pocketsphinx (its sources `fe_sigproc.c`, `fe_noise.c`, `feat.c`), the model is the one
in its wheel: phonetically tied mixtures, 42 codebooks of 128 Gaussians in three streams.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]

RATE = 16_000
_STEP, _WIDTH, _FFT = 160, 410, 512
_FILTERS, _LOW_HZ, _HIGH_HZ, _LIFTER = 25, 130.0, 6800.0, 22
_CEPSTRA = 13
_STATES = 3
_SILENT = 45.0  # so much less in the first cepstrum, about 40 dB, is no speech
_STRETCH = 200
_NEAREST = 5  # stretches
_LIVELY = 0.4  # of the liveliest stretch's change of level
_HISS = 3.0  # in steps of 16 bits, as the aligner adds: the model knows no digital silence
_BLOCK = 100
_FAR = 60.0  # in nats: what is less likely by more does not count
_WEIGHT_UNIT = 0.1024  # mixture weights are kept as natural logarithms in steps of this
_HABIT = 0.3  # how much of a sound's mean fit is taken off: noise makes some sounds fit everything
_NOISES = {"+NSN+", "+SPN+"}


class _Model(NamedTuple):
    """Gaussians as linear maps of (values, squares, 1): (phones, densities, 27) a stream; weights by state."""

    phones: tuple[str, ...]
    maps: tuple[Matrix, ...]
    weights: tuple[Matrix, ...]  # (phones, states, densities) a stream, not logarithms


def fit_of_sounds(samples: npt.NDArray[np.float32]) -> Matrix:
    """Return how well each of `sounds()` fits each frame, shape (frames, sounds), as natural logarithms.

    The one that fits best has 0.0. `samples` are mono at 16 kHz. Level, colour and steady noise of the channel
    are evened out over all of them, so they should be some seconds long.
    """
    model = _model()
    features = _features(samples)
    blocks = [np.empty((0, len(model.phones)), np.float32), *_blocks(model, features)]
    scores = np.concatenate(blocks)[:, [phone not in _NOISES for phone in model.phones]]
    if not len(scores):
        return scores
    scores -= scores.max(axis=1, keepdims=True)
    scores -= _HABIT * scores.mean(axis=0)
    return np.asarray(scores - scores.max(axis=1, keepdims=True))


def sounds() -> tuple[str, ...]:
    """Return the names of the sounds: 39 phones, and SIL for silence."""
    return tuple(phone for phone in _model().phones if phone not in _NOISES)


def _blocks(model: _Model, features: Matrix) -> Iterator[Matrix]:
    """Yield the scores of all phones, a second at a time, which the processor's own memory holds."""
    for first in range(0, len(features), _BLOCK):
        block = features[first : first + _BLOCK].T
        total = np.zeros((len(model.phones), _STATES, block.shape[1]), dtype=np.float32)
        for stream in range(3):
            values = block[stream * _CEPSTRA : (stream + 1) * _CEPSTRA]
            near = model.maps[stream] @ np.concatenate([values, values * values, np.ones_like(values[:1])])
            best = near.max(axis=(0, 1))
            near -= best
            np.maximum(near, -_FAR, out=near)
            total += np.log(model.weights[stream] @ np.exp(near, out=near)) + best
        yield total.max(axis=1).T


def _features(samples: npt.NDArray[np.float32]) -> Matrix:
    """Return cepstra without their mean, and their first and second differences: (frames, 39)."""
    cepstra = _cepstra(samples)
    if not len(cepstra):
        return np.zeros((0, 3 * _CEPSTRA), dtype=np.float32)
    cepstra = cepstra - _usual(cepstra)
    padded = np.pad(cepstra, ((3, 3), (0, 0)), mode="edge")
    n = len(cepstra)
    shifted = {by: padded[3 + by : 3 + by + n] for by in range(-3, 4)}
    first = shifted[2] - shifted[-2]
    second = (shifted[3] - shifted[-1]) - (shifted[1] - shifted[-3])
    return np.hstack([cepstra, first, second]).astype(np.float32)


def _usual(cepstra: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return what is usual around each frame: the mean of what is neither silent nor as steady as applause.

    It is that of the nearest stretches, so that each of several recordings in one has its own.
    """
    loud = cepstra[:, 0] >= np.percentile(cepstra[:, 0], 95) - _SILENT
    starts = np.arange(0, max(1, len(cepstra) - _STRETCH // 2), _STRETCH)
    changes = np.array([cepstra[first : first + _STRETCH, 0].std() for first in starts])
    lively = [
        (first + _STRETCH / 2, cepstra[first : first + _STRETCH][loud[first : first + _STRETCH]].mean(axis=0))
        for first, change in zip(starts, changes, strict=True)
        if change >= _LIVELY * changes.max() and loud[first : first + _STRETCH].any()
    ]
    centres, means = np.array([centre for centre, _ in lively]), np.array([mean for _, mean in lively])
    around = [means[np.argsort(np.abs(centres - centre), kind="stable")[:_NEAREST]].mean(axis=0) for centre in centres]
    at = np.arange(len(cepstra))
    return np.stack([np.interp(at, centres, column) for column in np.transpose(around)], axis=1)


def _cepstra(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    sound = np.asarray(samples, dtype=np.float64) * 32768.0
    sound += _HISS * np.random.default_rng(0).standard_normal(sound.size)
    if sound.size < _WIDTH:
        return np.zeros((0, _CEPSTRA))
    emphasised = sound - 0.97 * np.concatenate([[0.0], sound[:-1]])
    frames = np.lib.stride_tricks.sliding_window_view(emphasised, _WIDTH)[::_STEP] * np.hamming(_WIDTH)
    power = np.abs(np.fft.rfft(frames, _FFT, axis=1)) ** 2
    bands = _without_noise(power @ _mel_filters())
    cepstra = np.log(bands + 1e-4) @ _cosines()
    lift = 1.0 + _LIFTER / 2 * np.sin(np.pi * np.arange(_CEPSTRA) / _LIFTER)
    return np.asarray(cepstra * lift)


def _cosines() -> npt.NDArray[np.float64]:
    """Return the orthonormal cosine transform, as far as it is needed, shape (filters, cepstra)."""
    angles = np.pi / _FILTERS * np.outer(np.arange(_FILTERS) + 0.5, np.arange(_CEPSTRA))
    return np.cos(angles) * np.sqrt(np.where(np.arange(_CEPSTRA) == 0, 1.0, 2.0) / _FILTERS)


def _without_noise(bands: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the energies with what is steady in them taken down, as the model was trained."""
    power, noise, floor, peak = bands[0], bands[0] / 20.0, bands[0] / 20.0, np.zeros(_FILTERS)
    gains = np.empty_like(bands)
    for index, band in enumerate(bands):
        power = 0.7 * power + 0.3 * band
        noise = _lower_envelope(power, noise)
        signal = np.maximum(power - noise, 1.0)
        floor = _lower_envelope(signal, floor)
        now = signal
        peak = peak * 0.85
        signal = np.where(signal < 0.85 * peak, 0.2 * peak, signal)
        peak = np.maximum(peak, now)
        signal = np.maximum(signal, floor)
        gains[index] = np.clip(signal / np.maximum(power, 1e-10), 1 / 20.0, 20.0)
    sums = np.cumsum(np.pad(gains, ((0, 0), (1, 0))), axis=1)
    ends = np.minimum(np.arange(_FILTERS) + 4, _FILTERS - 1) + 1
    starts = np.maximum(np.arange(_FILTERS) - 4, 0)
    return np.asarray(bands * (sums[:, ends] - sums[:, starts]) / (ends - starts))


def _lower_envelope(values: npt.NDArray[np.float64], envelope: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    share = np.where(values >= envelope, 0.995, 0.5)
    return np.asarray(share * envelope + (1.0 - share) * values)


@lru_cache(maxsize=1)
def _mel_filters() -> npt.NDArray[np.float64]:
    """Return triangular filters of unit area whose corners lie on bins: (bins, filters)."""
    low, high = (2595.0 * np.log10(1.0 + hz / 700.0) for hz in (_LOW_HZ, _HIGH_HZ))
    mels = low + np.arange(_FILTERS + 2) * (high - low) / (_FILTERS + 1)
    bin_hz = RATE / _FFT
    corners = np.floor(700.0 * (10.0 ** (mels / 2595.0) - 1.0) / bin_hz + 0.5) * bin_hz
    at_hz = np.arange(_FFT // 2 + 1)[:, None] * bin_hz
    left, middle, right = corners[:-2], corners[1:-1], corners[2:]
    slopes = np.minimum((at_hz - left) / (middle - left), (right - at_hz) / (right - middle))
    return np.asarray(np.maximum(slopes, 0.0) * 2.0 / (right - left))


@lru_cache(maxsize=1)
def _model() -> _Model:
    import pocketsphinx  # noqa: PLC0415

    folder = Path(pocketsphinx.get_model_path("en-us/en-us"))
    phones, senones = _phones(folder / "mdef")
    means, variances = (_gaussians(folder / name) for name in ("means", "variances"))
    variances = np.maximum(variances, 1e-4)
    maps = []
    for mean, variance in ((means[:, stream], variances[:, stream]) for stream in range(3)):
        constant = -0.5 * (np.log(2 * np.pi * variance) + mean * mean / variance).sum(axis=2, keepdims=True)
        maps.append(np.concatenate([mean / variance, -0.5 / variance, constant], axis=2).astype(np.float32))
    densities = means.shape[2]
    data = (folder / "sendump").read_bytes()[-3 * densities * senones :]
    raw = np.frombuffer(data, dtype=np.uint8).reshape(3, densities, senones)[:, :, : len(phones) * _STATES]
    weights = np.exp(-_WEIGHT_UNIT * raw.astype(np.float32)).reshape(3, densities, len(phones), _STATES)
    return _Model(phones, tuple(maps), tuple(np.ascontiguousarray(weights.transpose(0, 2, 3, 1))))


def _gaussians(path: Path) -> Matrix:
    """Return (codebooks, streams, densities, values) of a parameter file."""
    data = path.read_bytes()
    begin = data.index(b"endhdr\n") + len(b"endhdr\n") + 4
    codebooks, streams, densities, *widths = struct.unpack_from("<6i", data, begin)
    first = begin + 4 * (3 + streams) + 4
    values = np.frombuffer(data, dtype="<f4", count=codebooks * streams * densities * widths[0], offset=first)
    return values.reshape(codebooks, streams, densities, widths[0])


def _phones(path: Path) -> tuple[tuple[str, ...], int]:
    """Return the names of the phones without context, and how many states there are in all."""
    data = path.read_bytes()
    (described,) = struct.unpack_from("<i", data, 8)
    counts = struct.unpack_from("<10i", data, 12 + described)
    names = data[12 + described + 40 :].split(b"\0")
    return tuple(name.decode() for name in names[: counts[0]]), counts[4]
