"""Steady noise taken down, for the ear that analyses, by noisereduce's spectral gate.

What sounds where nobody speaks, but for coughs and the like, is the noise; each frequency that is hardly louder than
that is made quiet.

References
----------
Sainburg, noisereduce 3 (MIT): `reduce_noise(stationary=True)`. Echo is left as it is: nara-wpe, which takes it
down, made no onset better in rooms of 0.6 and 1.2 s, at ten times the cost.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shenqu.documents.audio import LongSound, Samples
from shenqu.errors import InputError

_BLOCK_S = 60.0
_MARGIN_S = 1.0
_LEAST_NOISE_S = 0.2
_PIECE_S = 0.1
_FRAME = 512
_SHARE = 0.9  # all of it would take weak vowels along


def take_noise_down(sound: LongSound, speech: Sequence[tuple[float, float]]) -> LongSound:
    """Return `sound` with less of the noise that is heard outside `speech`, times (start_s, end_s) in order.

    It is cleaned a minute at a time, each with the noise of that minute; one with hardly any pauses stays as it is.

    Raises `InputError` where noisereduce is not installed.
    """
    cleaned = np.empty_like(sound.pcm)
    for start_s in np.arange(0.0, sound.duration_s, _BLOCK_S).tolist():
        begin_s = max(0.0, start_s - _MARGIN_S)
        samples = sound.part(begin_s, start_s + _BLOCK_S + _MARGIN_S)
        quieter = _gated(samples, _steady(_outside(speech, samples, begin_s, sound.rate), sound.rate), sound.rate)
        first, last = (round((time_s - begin_s) * sound.rate) for time_s in (start_s, start_s + _BLOCK_S))
        place = slice(round(start_s * sound.rate), round((start_s + _BLOCK_S) * sound.rate))
        cleaned[place] = np.clip(np.rint(quieter[first:last] * 32768.0), -32768, 32767)
    return LongSound(pcm=cleaned, rate=sound.rate)


def _gated(samples: Samples, noise: Samples, rate: int) -> Samples:
    """Return `samples` with less of the `noise`, as they are where that is too short, or silence."""
    try:
        from noisereduce import reduce_noise  # noqa: PLC0415 - an extra, and slow to load
    except ImportError:
        message = "--clean needs noisereduce, which is not installed: pip install 'shenqu[clean]'; or leave --clean out"
        raise InputError(message) from None
    if len(noise) < _LEAST_NOISE_S * rate or not noise.any():
        return samples
    return reduce_noise(
        y=samples,
        sr=rate,
        y_noise=noise,
        stationary=True,
        prop_decrease=_SHARE,
        n_fft=_FRAME,
        chunk_size=len(samples),
    )


def _outside(speech: Sequence[tuple[float, float]], samples: Samples, begin_s: float, rate: int) -> Samples:
    """Return those `samples`, the first of which is at `begin_s`, that lie in no span of `speech`."""
    silent: npt.NDArray[np.bool_] = np.ones(len(samples), dtype=bool)
    for start_s, end_s in speech:
        first, last = (max(0, round((time_s - begin_s) * rate)) for time_s in (start_s, end_s))
        silent[first:last] = False
    return samples[silent]


def _steady(noise: Samples, rate: int) -> Samples:
    """Return the quieter half of the pieces of `noise`: those in which nothing else happens."""
    length = round(_PIECE_S * rate)
    pieces = noise[: len(noise) // length * length].reshape(-1, length)
    levels = np.square(pieces).mean(axis=1)
    return pieces[levels <= np.median(levels)].ravel() if len(pieces) else noise[:0]
