"""What sounds behind a speech: noise, applause, music, at a known distance in level. All of it seeded.

References
----------
ITU-T P.56, for the idea of measuring speech while it is active only.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import scipy.signal

from benchmarks.words.truth import RATE, Talk
from shenqu.documents.audio import Samples
from shenqu.documents.performance import TempoMap
from shenqu.media.styles import packaged_styles
from shenqu.music.band import band_parts
from shenqu.music.playing import play
from shenqu.pipeline.library import built_in_tune

KINDS = ("noise", "applause", "music")
SNRS_DB = (20, 10, 5)
_FRAME = RATE // 50
_ACTIVE_DB = 30.0
_CLAPS_PER_S = 150.0


def disturb(talk: Talk, kind: str, snr_db: float, *, seed: int = 0) -> Talk:
    """Return `talk` with noise, applause or music under it, `snr_db` below the active speech."""
    length = talk.samples.size
    behind = {"noise": _pink, "applause": _applause, "music": _music}[kind](length, seed)
    gain = active_level(talk.samples) / float(np.sqrt(np.square(behind, dtype=np.float64).mean()))
    mixed = talk.samples + gain * 10.0 ** (-snr_db / 20.0) * behind
    mixed *= min(1.0, 0.99 / float(np.abs(mixed).max()))
    return replace(talk, name=f"{talk.name}, {kind} {snr_db:.0f} dB", samples=mixed.astype(np.float32))


def active_level(samples: Samples) -> float:
    """Return the root mean square of the frames of 20 ms that lie at most 30 dB below the loud ones.

    >>> tone = np.sin(np.arange(RATE, dtype=np.float32))
    >>> round(active_level(np.concatenate([tone, np.zeros(9 * RATE, np.float32)])), 2)
    0.71
    """
    frames = samples[: samples.size // _FRAME * _FRAME].reshape(-1, _FRAME).astype(np.float64)
    power = np.square(frames).mean(axis=1)
    active = power > np.quantile(power, 0.98) * 10.0 ** (-_ACTIVE_DB / 10.0)
    return float(np.sqrt(power[active].mean()))


def _pink(length: int, seed: int) -> Samples:
    """Return noise with equal power in every octave from 20 Hz on."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(length))
    hz = np.fft.rfftfreq(length, 1.0 / RATE)
    spectrum *= np.where(hz < 20.0, 0.0, 1.0 / np.sqrt(np.maximum(hz, 20.0)))
    return np.fft.irfft(spectrum, length).astype(np.float32)


def _applause(length: int, seed: int) -> Samples:
    """Return many hands: short bursts of noise at random times, each pair of hands with its own resonance."""
    rng = np.random.default_rng(seed)
    at_s = np.arange(round(0.03 * RATE)) / RATE
    hands = []
    for centre_hz in rng.uniform(600.0, 2800.0, 40):
        burst = rng.standard_normal(at_s.size) * np.exp(-at_s / rng.uniform(0.002, 0.006))
        b, a = scipy.signal.iirpeak(centre_hz, 2.0, fs=RATE)
        hands.append(scipy.signal.lfilter(b, a, burst))
    sound = np.zeros(length + at_s.size)
    for start in rng.integers(0, length, round(_CLAPS_PER_S * length / RATE)):
        sound[start : start + at_s.size] += rng.lognormal(0.0, 0.6) * hands[rng.integers(len(hands))]
    return sound[:length].astype(np.float32)


def _music(length: int, seed: int) -> Samples:
    """Return a band with drums, again and again."""
    band = _band()
    start = int(np.random.default_rng(seed).integers(band.size))
    return np.resize(np.roll(band, -start), length)


@cache
def _band() -> Samples:
    tune = built_in_tune("korobeiniki")
    clock = TempoMap(lead_in_beat=Fraction(0), steps=((Fraction(0), tune.tempi[0].bpm),))
    parts = band_parts(tune, packaged_styles()["square-dance"])
    return play(parts, tempo_map=clock, duration_s=clock.beat_to_s(tune.end_beat), rate=RATE).mean(axis=0)
