"""The voice's chain: high-pass, equaliser, de-esser, leveller, compressor.

What the chain does is decided from one table, the power of every band in every moment (`dsp.levels`), and
known before a sample is touched: so the sound passes through it once, and its level stays the voice's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shenqu.documents.audio import Samples
from shenqu.dsp.filters import NEAR_S, Response, curve, high_pass, in_parts, moving_mean
from shenqu.dsp.levels import CENTRES_HZ, HOP_S, Floats, Gain, band_powers, between, decibels, excess, follow
from shenqu.mixing.settings import AVERAGE_SPEECH_DB, Compressor, VoiceSettings

ESS_HZ = (5000.0, 10000.0)
CLEAR = between(300.0, 5000.0)  # what makes a vowel
ESSES = between(*ESS_HZ)
SOUNDING_DB = -30.0
_SILENCE_DB = -90.0
_STEADY_S = 0.25
_LOWEST_HZ = 300.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chain:
    """What is done to a voice. Gains are in dB, one a moment; `powers` are those of the voice behind it.

    `equaliser_db` is one gain a band (`CENTRES_HZ`). `sounding` tells the moments in which the voice is heard.
    """

    equaliser_db: Floats
    ess_db: Floats
    level_db: Floats
    powers: Floats
    sounding: npt.NDArray[np.bool_]


def plan_chain(voice: Samples, settings: VoiceSettings, rate: int) -> Chain:
    """Return what `settings` ask for `voice`, shape (n,). Silence gets a chain that does nothing."""
    powers = band_powers(voice, rate)
    sounding = sounding_moments(powers)
    none = np.zeros(len(powers))
    if not sounding.any():
        return Chain(
            equaliser_db=np.zeros(len(CENTRES_HZ)), ess_db=none, level_db=none, powers=powers, sounding=sounding
        )
    before = powers[sounding].sum(axis=1).mean()
    equaliser_db = _equaliser_db(powers[sounding].mean(axis=0), settings)
    high_passed = np.abs(high_pass(2, settings.high_pass_hz, rate)(np.array(CENTRES_HZ))) ** 2
    powers = powers * high_passed * 10.0 ** (equaliser_db / 10.0)
    ess_db = _ess_db(powers, sounding, settings)
    powers[:, ESSES] *= 10.0 ** (ess_db[:, None] / 10.0)
    level_db = _level_db(decibels(powers.sum(axis=1)), sounding, settings)
    compressed_db = decibels(powers.sum(axis=1)) + level_db
    level_db = level_db + compress_db(compressed_db, sounding, settings.compressor)
    after = (powers.sum(axis=1) * 10.0 ** (level_db / 10.0))[sounding].mean()
    level_db = level_db + 10.0 * np.log10(before / after)
    powers *= 10.0 ** (level_db[:, None] / 10.0)
    return Chain(equaliser_db=equaliser_db, ess_db=ess_db, level_db=level_db, powers=powers, sounding=sounding)


def sounding_moments(powers: Floats) -> npt.NDArray[np.bool_]:
    """Return in which moments the voice sounds: within 30 dB of its loud passages."""
    level_db = decibels(powers.sum(axis=1))
    heard = level_db > _SILENCE_DB
    if not heard.any():
        return heard
    return level_db > max(_SILENCE_DB, float(np.percentile(level_db[heard], 95)) + SOUNDING_DB)


def _equaliser_db(spectrum: Floats, settings: VoiceSettings) -> Floats:
    """Return the gain a band that brings `spectrum`, the mean power a band, nearer to how voices should sound."""
    centres = np.array(CENTRES_HZ)
    measured_db = decibels(spectrum)
    hz, levels_db = np.array(AVERAGE_SPEECH_DB).T
    target_db = np.interp(np.log(centres), np.log(hz), levels_db)
    target_db += settings.presence_db * np.exp(-0.5 * np.square(np.log2(centres / 3000.0) / 0.8))
    wanted_db = target_db - measured_db
    wanted_db -= wanted_db[CLEAR].mean()
    # What a voice has there hangs on its notes, and the high-pass has the rest.
    wanted_db[centres < _LOWEST_HZ] = 0.0
    smooth_db = moving_mean(wanted_db, 5) * settings.equaliser_share
    gain_db = np.clip(smooth_db, -settings.most_cut_db, settings.most_lift_db)
    absent = measured_db < measured_db.max() - settings.absent_db
    return np.where(absent, np.minimum(gain_db, 0.0), gain_db)


def _ess_db(powers: Floats, sounding: npt.NDArray[np.bool_], settings: VoiceSettings) -> Floats:
    """Return how far the esses go down: where they are stronger than the vowel under them, and louder than usual."""
    high_db, low_db = (decibels(powers[:, part].sum(axis=1)) for part in (ESSES, CLEAR))
    usual_db = float(decibels(powers[sounding].sum(axis=1).mean()))
    gain_db = excess(high_db - usual_db, threshold_db=settings.ess_threshold_db, ratio=settings.ess_ratio, knee_db=4.0)
    hissing = np.clip((high_db - low_db + 6.0) / 6.0, 0.0, 1.0)
    return moving_mean(np.maximum(gain_db * hissing, -settings.most_ess_db), 3)


def _level_db(level_db: Floats, sounding: npt.NDArray[np.bool_], settings: VoiceSettings) -> Floats:
    """Return a slow gain that evens what is sung; rests have the gain of what is around them: nothing swells there."""
    width = round(settings.level_s / HOP_S)
    power = np.where(sounding, 10.0 ** (level_db / 10.0), 0.0)
    share = moving_mean(sounding.astype(float), width)
    slow_db = decibels(moving_mean(power, width) / np.maximum(share, 1.0 / width))
    usual_db = float(decibels(power[sounding].mean()))
    wanted_db = np.clip(settings.level_share * (usual_db - slow_db), -settings.most_level_db, settings.most_level_db)
    moments = np.arange(len(level_db))
    return moving_mean(np.interp(moments, moments[sounding], wanted_db[sounding]), round(_STEADY_S / HOP_S))


def compress_db(level_db: Floats, sounding: npt.NDArray[np.bool_], settings: Compressor) -> Floats:
    """Return a compressor's gain for a level a moment; what is usual is the mean power of the `sounding` moments."""
    usual_db = float(decibels((10.0 ** (level_db[sounding] / 10.0)).mean()))
    followed_db = follow(level_db - usual_db, attack_s=settings.attack_s, release_s=settings.release_s)
    gain_db = excess(followed_db, threshold_db=settings.threshold_db, ratio=settings.ratio, knee_db=settings.knee_db)
    return np.maximum(gain_db, -settings.most_db)


def without_esses(
    voice: Samples, chain: Chain, settings: VoiceSettings, rate: int, *, first: int = 0, last: int | None = None
) -> Samples:
    """Return `voice`, shape (n,), behind `chain`, but for its esses: what the room and the echoes are given.

    From sample `first` to `last`, with what counts around.
    """
    last = len(voice) if last is None else last
    begin, level = max(0, first - round(NEAR_S * rate)), Gain(chain.level_db, round(HOP_S * rate))
    part = voice[begin : last + round(NEAR_S * rate)]
    dark = np.empty_like(part)

    def lay(start: int, stop: int, parts: list[Samples]) -> None:
        np.multiply(parts[0], level.part(begin + start, begin + stop), out=dark[start:stop])

    in_parts(part, rate, [_shaped(chain, settings, rate, esses=False)], lay)
    return dark[first - begin : last - begin]


def add_voice(song: Samples, voice: Samples, chain: Chain, settings: VoiceSettings, rate: int) -> None:
    """Add `voice`, shape (n,), as it is heard behind `chain`, to `song`, shape (2, n)."""
    hop = round(HOP_S * rate)
    ess, level = Gain(chain.ess_db, hop), Gain(chain.level_db, hop)

    def lay(first: int, last: int, parts: list[Samples]) -> None:
        dull, hiss = parts
        hiss *= ess.part(first, last)
        hiss += dull
        hiss *= level.part(first, last)
        song[:, first:last] += hiss

    in_parts(voice, rate, [_shaped(chain, settings, rate, esses=esses) for esses in (False, True)], lay)


def _shaped(chain: Chain, settings: VoiceSettings, rate: int, *, esses: bool) -> Response:
    """Return what the high-pass and the equaliser leave of the esses alone, or of all but them."""
    rumble = high_pass(2, settings.high_pass_hz, rate)
    equaliser = curve(CENTRES_HZ, chain.equaliser_db.tolist())
    low, high = ESS_HZ
    share = curve((0.8 * low, low, high, 1.25 * high), (-60.0, 0.0, 0.0, -60.0))
    return lambda hz: rumble(hz) * equaliser(hz) * (share(hz) if esses else 1.0 - share(hz))
