"""What the voice leaves behind: a short room, one slap, and the ends of phrases that return on the beat.

References
----------
Allen and Berkley (1979), Image method for efficiently simulating small-room acoustics: the first reflections.
Moorer (1979), About this reverberation business: a tail is noise that dies away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from shenqu.documents.audio import Samples
from shenqu.dsp.filters import add_convolved, band_pass, filtered
from shenqu.dsp.levels import HOP_S, stretches
from shenqu.mixing.settings import Sends
from shenqu.units import db_to_gain

SOUND_M_PER_S = 343.0
_SINGER, _EARS = (0.31, 0.42, 0.58), ((0.64, 0.37, 0.55), (0.66, 0.53, 0.55))  # shares of the room
_REFLECTED = 0.7
_TAIL_FROM_S, _TAIL_FULL_S = 0.012, 0.03
_SLAP_LATER_S = 0.013  # on the right
_EDGE_S = 0.02
_LONGEST_THROW_S = 0.8
_THROWN_LATER_S = 0.1  # behind the end of a phrase something still rings
_AT_ONCE_S = 30


def slap_s(beat_s: float, sends: Sends) -> float:
    """Return when the slap comes: the part of a beat nearest to the usual time, if one lies where slaps do.

    >>> round(slap_s(0.5, Sends()), 3), slap_s(0.01, Sends())
    (0.125, 0.11)
    """
    low, high = sends.slap_within_s
    in_time = [part * beat_s for part in sends.slap_beats if low <= part * beat_s <= high]
    return min(in_time, key=lambda delay_s: abs(delay_s - sends.slap_s), default=sends.slap_s)


def add_space(
    band: Samples,
    dark: Callable[[int, int], Samples],
    sounding: npt.NDArray[np.bool_],
    *,
    beat_s: float,
    sends: Sends,
    rate: int,
) -> None:
    """Add the room, the slap and the thrown ends of a voice to `band`, shape (2, n).

    `dark` gives what is heard of the voice from one sample to another, without its esses: half a minute at once.
    `sounding` tells, for every moment, whether somebody sings; `beat_s` is a quarter note.
    """
    kernel = _kernel(slap_s(beat_s, sends), sends, rate)
    throws = list(_throws(sounding, beat_s * sends.throw_beats, sends, rate))
    before, after = max(kernel.shape[1], round(sends.throw_s * rate)), round(_THROWN_LATER_S * rate)
    for start in range(0, band.shape[1], _AT_ONCE_S * rate):
        stop = min(start + _AT_ONCE_S * rate, band.shape[1])
        begin = max(0, start - before)
        heard = dark(begin, min(stop + after, band.shape[1]))
        add_convolved(band[:, start:stop], heard[: stop - begin], kernel, before=start - begin)
        for throw in throws:
            if start <= throw.end < stop:
                thrown = heard[throw.start - begin : throw.end - begin + after]
                _throw(band, thrown * _faded(len(thrown), rate), throw, sends, rate)


def _kernel(delay_s: float, sends: Sends, rate: int) -> Samples:
    """Return the response of room and slap, shape (2, n); the slap a little later on the right."""
    count = round(max(sends.tail_s, delay_s + 2.0 * _SLAP_LATER_S) * rate)
    kernel = _tail(sends, count, rate)
    for side, ear in enumerate(_EARS):
        for later_s, gain in _reflections(ear, sends.room_m):
            kernel[side, round(later_s * rate)] += gain
    kernel *= db_to_gain(sends.room_db) / np.sqrt(np.square(kernel).sum(axis=1, keepdims=True))
    for side, later_s in enumerate((0.0, _SLAP_LATER_S)):
        kernel[side, round((delay_s + later_s) * rate)] += db_to_gain(sends.slap_db)
    return np.asarray(kernel, dtype=np.float32)


def _tail(sends: Sends, count: int, rate: int) -> npt.NDArray[np.float64]:
    """Return noise that dies away, to both sides another, as strong as one reflection in all."""
    time = np.arange(count) / rate
    noise = np.random.default_rng(7).standard_normal((2, count))
    tail = filtered(noise, rate, band_pass(1, 300.0, 5000.0, rate)) * 10.0 ** (-3.0 * time / sends.tail_s)
    tail *= np.clip((time - _TAIL_FROM_S) / (_TAIL_FULL_S - _TAIL_FROM_S), 0.0, 1.0)
    return np.asarray(tail / np.sqrt(np.square(tail).sum(axis=1, keepdims=True)))


def _reflections(ear: tuple[float, ...], room_m: tuple[float, ...]) -> list[tuple[float, float]]:
    """Return how much later, and how much weaker than what comes straight, the nearest walls send the voice back."""
    here = np.multiply(ear, room_m)
    straight_m = float(np.linalg.norm(here - np.multiply(_SINGER, room_m)))
    heard = []
    for mirrored, shift in product(product((0, 1), repeat=3), product((-1, 0, 1), repeat=3)):
        walls = sum(abs(2 * number - mirror) for mirror, number in zip(mirrored, shift, strict=True))
        if not 1 <= walls <= 2:
            continue
        image = [(2 * number + (1 - 2 * mirror) * at) * length
                 for mirror, number, at, length in zip(mirrored, shift, _SINGER, room_m, strict=True)]  # fmt: skip
        way_m = float(np.linalg.norm(here - image))
        heard.append(((way_m - straight_m) / SOUND_M_PER_S, _REFLECTED**walls * straight_m / way_m))
    return heard


@dataclass(frozen=True, slots=True, kw_only=True)
class _Throw:
    """The end of a phrase, from sample `start` to `end`, and how often it returns, every `delay_s`."""

    start: int
    end: int
    turns: int
    delay_s: float


def _throws(sounding: npt.NDArray[np.bool_], delay_s: float, sends: Sends, rate: int) -> Iterator[_Throw]:
    """Yield the ends of phrases behind which there is room: they return until somebody sings again."""
    delay_s = min(delay_s, _LONGEST_THROW_S)
    for first, last in stretches(~sounding):
        rest_s, end = (last - first) * HOP_S, round(first * HOP_S * rate)
        if first > 0 and rest_s >= delay_s + sends.throw_s:
            turns = min(sends.throw_most, int((rest_s - _THROWN_LATER_S) / delay_s))
            yield _Throw(start=max(0, end - round(sends.throw_s * rate)), end=end, turns=turns, delay_s=delay_s)


def _throw(band: Samples, thrown: Samples, throw: _Throw, sends: Sends, rate: int) -> None:
    """Add what the end of a phrase leaves, which is `thrown` from side to side."""
    for turn in range(1, throw.turns + 1):
        begin = throw.start + round(turn * throw.delay_s * rate)
        room = band[turn % 2, begin : begin + len(thrown)]
        room += thrown[: len(room)] * np.float32(db_to_gain(sends.throw_db + (turn - 1) * sends.throw_fall_db))


def _faded(count: int, rate: int) -> Samples:
    """Return a window of `count` samples that opens slowly and closes quickly."""
    place = np.arange(count)
    opens, closes = place / (0.5 * count + 1.0), (count - 1 - place) / (_EDGE_S * rate)
    return np.clip(np.minimum(opens, closes), 0.0, 1.0).astype(np.float32)
