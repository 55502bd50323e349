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

from dataclasses import dataclass

import numpy as np

from shenqu.documents.audio import Samples
from shenqu.dsp.levels import HOP_S, Gain, band_powers, decibels
from shenqu.dsp.loudness import master
from shenqu.mixing.ducking import duck, plan_ducking
from shenqu.mixing.sends import add_space
from shenqu.mixing.settings import Compressor, MixSettings
from shenqu.mixing.voice import compress_db, plan_chain, sound, sounding_moments
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
    voice = _padded(np.asarray(vocal, dtype=np.float32), length)
    band = _padded(np.asarray(backing, dtype=np.float32), length)
    chain = plan_chain(voice, settings.voice, rate)
    heard = sound(voice, chain, settings.voice, rate) if chain.sounding.any() else None
    if heard and band.any():
        powers, sounding = chain.powers, chain.sounding
        if quotes is not None:
            quoted = band_powers(_padded(quotes, length), rate)
            powers, sounding = powers + quoted, sounding | sounding_moments(quoted)
        ducking = plan_ducking(
            band,
            powers,
            sounding,
            voice_level_db=settings.voice_level_db,
            settings=settings.band,
            rate=rate,
        )
        band = duck(band, ducking, settings.band, rate)
        wet = heard.dark if figures is None else heard.dark + _padded(figures.mean(axis=0), length)
        add_space(band, wet, chain.sounding, beat_s=beat_s, sends=settings.sends, rate=rate)
    for beside in (figures, quotes):
        if beside is not None:
            band = band + _padded(beside, length)
    song = band + heard.clear if heard else band.copy()
    del heard, voice  # four minutes of sound are 46 MB a channel
    _glue(song, settings.master.glue, rate)
    limits = settings.master
    song = master(song, loudness_lufs=limits.loudness_lufs, true_peak_db=limits.true_peak_db, rate=rate)
    return Mixdown(backing=band, mix=song)


def _padded(samples: Samples, length: int) -> Samples:
    missing = length - samples.shape[-1]
    return np.pad(samples, [(0, 0)] * (samples.ndim - 1) + [(0, missing)]) if missing else samples


def _glue(song: Samples, settings: Compressor, rate: int) -> None:
    """Press `song` together a little, in place: what is louder than it usually is goes down against the rest."""
    hop = round(HOP_S * rate)
    power = np.zeros(-(-song.shape[1] // hop))
    for moment in range(len(power)):
        power[moment] = np.square(song[:, moment * hop : (moment + 1) * hop]).mean()
    level_db = decibels(power)
    sounding = sounding_moments(power[:, None])
    if sounding.any():
        gain_db = compress_db(level_db, sounding, settings)
        kept = (power * 10.0 ** (gain_db / 10.0))[sounding].mean() / power[sounding].mean()
        gain = Gain(gain_db - 10.0 * np.log10(kept), rate)
        for first in range(0, song.shape[1], 100 * hop):
            last = min(first + 100 * hop, song.shape[1])
            song[:, first:last] *= gain.part(first, last)
