"""The mix: the voice on top, the band around it, at the loudness the platforms play.

The voice decides. The band is set so that in the range where words are understood (1 to 4 kHz) the voice
lies 4.5 dB above it while it sounds; the band makes a little room there, and steps back while the
voice is on. A short room and one slap of an echo put the voice into the song; they belong to the mix alone.

References
----------
ITU-R BS.1770-4 for loudness; EBU R 128 and the platforms' -14 LUFS, -1 dBTP for the targets.
Bristow-Johnson, Cookbook formulae for audio EQ biquad filter coefficients: the dip.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shenqu.documents.audio import Samples
from shenqu.dsp.filters import (
    Response,
    band_pass,
    biquad,
    convolved,
    filtered,
    high_pass,
    moving_maximum,
    moving_mean,
)
from shenqu.dsp.loudness import master
from shenqu.units import SONG_RATE, db_to_gain

VOICE_OVER_BAND_DB = 4.5
SPEECH_BAND_HZ = (1000.0, 4000.0)
DIP_DB, DIP_HZ, DIP_Q = -3.0, 2200.0, 0.6
DUCK_DB = -2.0
ROOM_DB, SLAP_DB, SLAP_S = -17.0, -19.0, 0.11
# However dull or bright the band is, the balance over all frequencies stays within these.
BAND_TO_VOICE_DB = (-12.0, 3.0)
_HOP_S = 0.01
_SILENCE = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mixdown:
    """The stems and the song, (2, n) each: the dry voice as it came, the band as it lies in the mix, the mix."""

    vocal: Samples
    backing: Samples
    mix: Samples


def mix(
    vocal: Samples,
    backing: Samples,
    *,
    voice_level_db: float = 0.0,
    loudness_lufs: float = -14.0,
    true_peak_db: float = -1.0,
    rate: int = SONG_RATE,
) -> Mixdown:
    """Return the mix of a dry voice, shape (n,), and a band, shape (2, m).

    `voice_level_db` moves the voice from its usual place, 4.5 dB over the band. The mix is `loudness_lufs`
    loud with true peaks up to `true_peak_db`; with extreme material loudness gives way. The shorter of the two is
    followed by silence. Either may be silent.
    """
    length = max(len(vocal), backing.shape[1])
    voice = np.pad(vocal.astype(np.float32), (0, length - len(vocal)))
    band = np.pad(backing.astype(np.float32), ((0, 0), (0, length - backing.shape[1])))
    sounding = _sounding(voice, rate)
    if sounding.any() and band.any():
        # The dip lies in the speech band, so the band is measured as it will be heard.
        shaped = np.asarray(filtered(band, rate, _dip(rate)), dtype=np.float32)
        shaped *= _ducking(sounding, length, rate)
        band = shaped * np.float32(db_to_gain(_band_gain_db(voice, shaped, sounding, rate) - voice_level_db))
    placed = _placed(voice, rate) if sounding.any() else np.stack([voice, voice])
    song = master(placed + band, loudness_lufs=loudness_lufs, true_peak_db=true_peak_db, rate=rate)
    return Mixdown(vocal=np.stack([voice, voice]), backing=band, mix=song)


def _levels(sound: npt.NDArray[np.floating[Any]], rate: int) -> npt.NDArray[np.float64]:
    """Return the root mean square of every 10 ms."""
    hop = round(_HOP_S * rate)
    frames = -(-len(sound) // hop)
    squares = np.pad(sound.astype(np.float64) ** 2, (0, frames * hop - len(sound)))
    return np.asarray(np.sqrt(squares.reshape(frames, hop).mean(axis=1)))


def _sounding(voice: Samples, rate: int) -> npt.NDArray[np.bool_]:
    """Return, for every 10 ms, whether the voice sounds: within 30 dB of its loud passages."""
    levels = _levels(voice, rate)
    if not levels.size or levels.max() < _SILENCE:
        return np.zeros(levels.shape, dtype=bool)
    return levels > np.percentile(levels[levels > _SILENCE], 95) * db_to_gain(-30.0)


def _band_gain_db(voice: Samples, band: Samples, sounding: npt.NDArray[np.bool_], rate: int) -> float:
    """Return the gain that sets the band under the voice where both sound."""
    mono = np.asarray(np.sqrt(np.square(band).mean(axis=0)), dtype=np.float32)
    speech = band_pass(4, *SPEECH_BAND_HZ, rate)
    voice_in = _levels(filtered(voice, rate, speech), rate)[sounding]
    band_in = np.hypot(*(_levels(filtered(side, rate, speech), rate)[sounding] for side in band)) / np.sqrt(2.0)
    voice_all, band_all = _levels(voice, rate)[sounding], _levels(mono, rate)[sounding]
    in_range_db = _ratio_db(voice_in, band_in) - VOICE_OVER_BAND_DB
    lowest, highest = (_ratio_db(voice_all, band_all) + limit_db for limit_db in BAND_TO_VOICE_DB)
    return float(np.clip(in_range_db, lowest, highest))


def _ratio_db(above: npt.NDArray[np.float64], below: npt.NDArray[np.float64]) -> float:
    return float(10.0 * np.log10((np.square(above).mean() + 1e-12) / (np.square(below).mean() + 1e-12)))


def _ducking(sounding: npt.NDArray[np.bool_], length: int, rate: int) -> Samples:
    """Return the band's gain for each sample: 2 dB down while the voice sounds, gliding over a quarter of a second."""
    held = moving_maximum(sounding, 25)
    gain_db = DUCK_DB * moving_mean(held, 25)
    frames = (np.arange(len(gain_db)) + 0.5) * round(_HOP_S * rate)
    return np.asarray(db_to_gain(np.interp(np.arange(length), frames, gain_db)), dtype=np.float32)


def _dip(rate: int) -> Response:
    """Return a second-order section that takes a little out of the band where words live."""
    gain = 10.0 ** (DIP_DB / 40.0)
    angle = 2.0 * np.pi * DIP_HZ / rate
    slope = np.sin(angle) / (2.0 * DIP_Q)
    numerator = (1.0 + slope * gain, -2.0 * np.cos(angle), 1.0 - slope * gain)
    denominator = (1.0 + slope / gain, -2.0 * np.cos(angle), 1.0 - slope / gain)
    return biquad(numerator, denominator, rate)


def _placed(voice: Samples, rate: int) -> Samples:
    """Return the voice in its room: without rumble, one slap and a short reverberation to both sides."""
    clean = np.asarray(filtered(voice, rate, high_pass(2, 90.0, rate)), dtype=np.float32)
    return np.asarray(clean + convolved(clean, _room(rate)), dtype=np.float32)


def _room(rate: int) -> Samples:
    """Return the response of the room, shape (2, n): the slap a little later on the right, and a tail of 0.35 s."""
    time = np.arange(round(0.35 * rate)) / rate
    noise = np.random.default_rng(7).standard_normal((2, len(time)))
    tail = filtered(noise, rate, band_pass(1, 300.0, 5000.0, rate)) * np.exp(-time / 0.08)
    tail *= np.clip((time - 0.012) / 0.01, 0.0, 1.0)
    tail *= db_to_gain(ROOM_DB) / np.sqrt(np.square(tail).sum(axis=1, keepdims=True))
    for side, later_s in enumerate((0.0, 0.013)):
        tail[side, round((SLAP_S + later_s) * rate)] += db_to_gain(SLAP_DB)
    return np.asarray(tail, dtype=np.float32)
