"""The mix: the voice on top, the band around it, at the loudness the platforms play.

    voice -- high-pass -- equaliser -- de-esser -- leveller -- compressor --.-------------------.
                                          |                                 |                   +-- glue -- limiter
                                          '-- room, slap, thrown ends --.   '-- how loud --.    |
    band  -- how loud -- words' range steps back while the voice sounds +--- backing.wav --'----'
    figures, second voices (through the room too), spoken quotes (dry) --'

The voice decides. Its chain keeps its level, so the stems vocal.wav (dry) and backing.wav lie to each other as in
the mix, and the mix is their sum with the voice's chain, glue and one gain. A voice without a band keeps the room
it was recorded in, for whoever wants to mix it elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from shenqu.documents.audio import Samples
from shenqu.dsp.levels import HOP_S, Gain, band_powers, decibels, moment_powers
from shenqu.dsp.loudness import master
from shenqu.mixing.ducking import duck, plan_ducking
from shenqu.mixing.sends import add_space
from shenqu.mixing.settings import Compressor, MixSettings
from shenqu.mixing.voice import Chain, add_voice, compress_db, plan_chain, sounding_moments, without_esses
from shenqu.units import SONG_RATE

_BEAT_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mixdown:
    """The stems of a song, (2, n) each: all but the dry voice as it lies in the mix, and the mix."""

    backing: Samples
    mix: Samples


def mix(
    vocal: Samples,
    backing: Samples,
    *,
    figures: Samples | None = None,
    quotes: Samples | None = None,
    settings: MixSettings | None = None,
    beat_s: float = _BEAT_S,
    rate: int = SONG_RATE,
) -> Mixdown:
    """Return the mix of a dry voice, shape (n,), and a band, shape (2, m); `beat_s` is a quarter note, for echoes.

    `figures` and `quotes`, shape (2, n) like the voice, are what else the speaker does, as loud as it is to the voice.
    The band steps back for quotes as for the voice; figures sound in the voice's room, quotes as they were spoken.
    The shorter of voice and band is followed by silence. Either may be silent. With extreme material loudness gives
    way to the peak.
    """
    settings = settings or MixSettings()
    length = max(len(vocal), backing.shape[1])
    voice, band = _padded(np.asarray(vocal, dtype=np.float32), length), np.zeros((2, length), dtype=np.float32)
    band[:, : backing.shape[1]] = backing
    chain = plan_chain(voice, settings.voice, rate)
    lay_backing(band, voice, chain, figures=figures, quotes=quotes, settings=settings, beat_s=beat_s, rate=rate)
    return Mixdown(backing=band, mix=finish(band.copy(), voice, chain, settings=settings, rate=rate))


def lay_backing(
    band: Samples,
    vocal: Samples,
    chain: Chain,
    *,
    figures: Samples | None,
    quotes: Samples | None,
    settings: MixSettings,
    beat_s: float,
    rate: int = SONG_RATE,
) -> None:
    """Make `band`, shape (2, n), in place what all but the voice is in the mix.

    `vocal` is as long, `chain` what is done to it; all else is as in `mix`, which is these two steps on copies.
    """
    if chain.sounding.any() and band.any():
        voice_powers, sounding = chain.powers, chain.sounding
        if quotes is not None:
            quoted = band_powers(_padded(quotes, band.shape[1]), rate)
            voice_powers, sounding = voice_powers + quoted, sounding | sounding_moments(quoted)
        level_db, bands = settings.voice_level_db, settings.band
        powers = band_powers(band, rate)
        ducking = plan_ducking(powers, voice_powers, sounding, voice_level_db=level_db, settings=bands)
        duck(band, ducking, settings.band, rate, out=band)

        def dark(first: int, last: int) -> Samples:
            wet = without_esses(vocal, chain, settings.voice, rate, first=first, last=last)
            if figures is not None:
                for start, part in _heard(figures[:, first:last]):
                    wet[start : start + part.shape[1]] += part.mean(axis=0)
            return wet

        add_space(band, dark, chain.sounding, beat_s=beat_s, sends=settings.sends, rate=rate)
    for beside in (figures, quotes):
        if beside is not None:
            for first, part in _heard(beside):
                band[:, first : first + part.shape[1]] += part


def _heard(samples: Samples) -> Iterator[tuple[int, Samples]]:
    """Yield what sounds of `samples`, shape (2, n), a second at a time, and its first sample's number.

    Of figures there are few: what was never written to takes no memory, and shall not.
    """
    for first in range(0, samples.shape[1], SONG_RATE):
        part = samples[:, first : first + SONG_RATE]
        if part.any():
            yield first, part


def finish(backing: Samples, vocal: Samples, chain: Chain, *, settings: MixSettings, rate: int = SONG_RATE) -> Samples:
    """Return `backing`, in place, with the voice, pressed together and at its loudness: the mix."""
    if chain.sounding.any():
        add_voice(backing, vocal, chain, settings.voice, rate)
    _glue(backing, settings.master.glue, rate)
    limits = settings.master
    return master(backing, loudness_lufs=limits.loudness_lufs, true_peak_db=limits.true_peak_db, rate=rate, out=backing)


def _padded(samples: Samples, length: int) -> Samples:
    missing = length - samples.shape[-1]
    return np.pad(samples, [(0, 0)] * (samples.ndim - 1) + [(0, missing)]) if missing else samples


def _glue(song: Samples, settings: Compressor, rate: int) -> None:
    """Press `song` together a little, in place: what is louder than it usually is goes down against the rest."""
    power = moment_powers(song, rate)
    sounding = sounding_moments(power[:, None])
    if sounding.any():
        gain_db = compress_db(decibels(power), sounding, settings)
        kept = (power * 10.0 ** (gain_db / 10.0))[sounding].mean() / power[sounding].mean()
        Gain(gain_db - 10.0 * np.log10(kept), round(HOP_S * rate)).apply(song, out=song)
