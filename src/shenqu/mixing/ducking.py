"""The band under the voice: how loud it lies, and how it steps back where words are understood.

In 1 to 4 kHz, where consonants and vowels are told apart, the band goes down as far as it must while the
voice sounds, and no further; around that it keeps its level, so that nobody hears it go.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shenqu.documents.audio import Samples
from shenqu.dsp.filters import Array, Response, in_parts, moving_maximum, moving_mean
from shenqu.dsp.levels import HOP_S, Floats, Gain, between, decibels
from shenqu.mixing.settings import BandSettings
from shenqu.units import db_to_gain

WORDS_HZ = (1000.0, 4000.0)
WORDS = between(*WORDS_HZ)
_NEAR_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ducking:
    """Gains in dB: of the whole band, and a moment of each of the ranges, shape (ranges, moments), and of all of it."""

    gain_db: float
    ranges_db: Floats
    all_db: Floats


def plan_ducking(
    band_power: Floats,
    voice_powers: Floats,
    sounding: npt.NDArray[np.bool_],
    *,
    voice_level_db: float,
    settings: BandSettings,
) -> Ducking:
    """Return what sets a band of these powers (`dsp.levels`) under a voice, both sounding in some moment."""
    voice_power = voice_powers * db_to_gain(-2.0 * voice_level_db)
    band_mean, voice_mean = (power[sounding].mean(axis=0) for power in (band_power, voice_power))
    in_words_db = float(decibels(voice_mean[WORDS].sum()) - decibels(band_mean[WORDS].sum())) - settings.rest_ratio_db
    over_all_db = float(decibels(voice_mean.sum()) - decibels(band_mean.sum()))
    lowest, highest = (over_all_db - limit_db for limit_db in reversed(settings.balance_db))
    gain_db = float(np.clip(in_words_db, lowest, highest))
    lain_db = gain_db + settings.duck_db
    wanted = []
    for duck_range in settings.ranges:
        missing_db = _missing_db(voice_power, band_power * db_to_gain(2.0 * lain_db), duck_range)
        wanted.append(np.where(sounding, np.clip(missing_db, 0.0, settings.most_duck_db), 0.0))
    return Ducking(
        gain_db=gain_db,
        ranges_db=np.array([-_gliding(each, settings) for each in wanted]),
        all_db=settings.duck_db * _gliding(sounding.astype(float), settings),
    )


def _missing_db(voice: Floats, band: Floats, duck_range: tuple[float, float, float]) -> Floats:
    """Return, for every moment, how far the band is too loud in a range, from their powers around it."""
    low_hz, high_hz, ratio_db = duck_range
    near, here = round(_NEAR_S / HOP_S), between(low_hz, high_hz)
    voice_db, band_db = (decibels(moving_mean(power[:, here].sum(axis=1), near)) for power in (voice, band))
    return ratio_db - (voice_db - band_db)


def _gliding(wanted: Floats, settings: BandSettings) -> Floats:
    """Return `wanted` held and then gliding, so that it is there when it is needed and nothing pumps."""
    hold, glide = (round(seconds / HOP_S) for seconds in (settings.hold_s, settings.glide_s))
    return moving_mean(moving_maximum(wanted, hold + glide), glide)


def duck(band: Samples, ducking: Ducking, settings: BandSettings, rate: int, *, out: Samples) -> None:
    """Put `band`, shape (2, n), as it lies in the mix, into `out`, which may be `band`."""
    hop = round(HOP_S * rate)
    filters = [_range(low_hz, high_hz) for low_hz, high_hz, _ in settings.ranges]
    gains, in_all = [Gain(gain_db, hop) for gain_db in ducking.ranges_db], Gain(ducking.all_db + ducking.gain_db, hop)

    def lay(first: int, last: int, parts: list[Samples]) -> None:
        here = band[:, first:last].copy()
        for part, gain in zip(parts, gains, strict=True):
            here += np.multiply(part, gain.part(first, last) - np.float32(1.0), out=part)
        np.multiply(here, in_all.part(first, last), out=out[:, first:last])

    in_parts(band, rate, filters, lay)


def _range(low_hz: float, high_hz: float) -> Response:
    """Return what lies between two frequencies; ranges that meet there add up to all."""
    bend = 2.0**0.25
    return lambda hz: (_step(hz, low_hz, bend) * (1.0 - _step(hz, high_hz, bend))).astype(np.complex128)


def _step(hz: Array, at_hz: float, bend: float) -> Array:
    """Return 0 below and 1 above a frequency, and the way between them over `bend` to both sides."""
    way = np.log(np.maximum(hz, 1.0) / at_hz) / np.log(bend)
    return np.asarray(0.5 + 0.5 * np.sin(0.5 * np.pi * np.clip(way, -1.0, 1.0)))
