"""Made sounds whose truth is known: what the tests listen to."""

from functools import cache

import numpy as np

from shenqu.documents.audio import Audio
from shenqu.speech.lines import demo_line, english
from shenqu.speech.speaker import Spoken, speak

RATE = 24_000
_VOWEL_HZ = (700.0, 1200.0, 2600.0)


def audio(samples, rate=RATE):
    """Return samples of shape (n,) or (channels, n) as Audio."""
    return Audio(samples=np.atleast_2d(np.asarray(samples, dtype=np.float32)), rate=rate)


def times(seconds, rate=RATE):
    return np.arange(round(seconds * rate)) / rate


def silence(seconds, rate=RATE):
    return audio(np.zeros(round(seconds * rate)), rate)


def noise(seconds, rate=RATE, *, level=0.1, seed=0):
    """Return white noise of rms `level`."""
    return audio(level * np.random.default_rng(seed).standard_normal(round(seconds * rate)), rate)


def tone(hz, seconds, rate=RATE, *, level=0.5):
    """Return a sine of amplitude `level`."""
    return audio(level * np.sin(2.0 * np.pi * hz * times(seconds, rate)), rate)


def clicks(times_s, seconds, rate=RATE, *, level=0.8):
    """Return silence but for single samples at `times_s`."""
    samples = np.zeros(round(seconds * rate))
    samples[[round(time_s * rate) for time_s in times_s]] = level
    return audio(samples, rate)


def vowel(hz, seconds, rate=RATE, *, vibrato_cents=0.0, vibrato_hz=5.5):
    """Return an open vowel of pitch `hz`: harmonics under three formants, about 0.1 rms."""
    cents = vibrato_cents * np.sin(2.0 * np.pi * vibrato_hz * times(seconds, rate))
    phase = 2.0 * np.pi * np.cumsum(hz * 2.0 ** (cents / 1200.0)) / rate
    samples = np.zeros(len(phase))
    for harmonic in range(1, int(0.45 * rate / (hz * 1.1)) + 1):
        distances = [(harmonic * hz - centre) / 90.0 for centre in _VOWEL_HZ]
        gain = 0.02 / harmonic + sum(1.0 / (1.0 + distance**2) for distance in distances) / harmonic
        samples += gain * np.sin(harmonic * phase)
    return audio(0.1 * samples / np.sqrt(np.mean(samples**2)), rate)


PANGRAM = english(
    ("the", "DH AH0"), ("quick", "K W IH1 K"), ("brown", "B R AW1 N"), ("fox", "F AA1 K S"), ("jumps", "JH AH1 M P S"),
    ("o-ver", "OW1 - V ER0"), ("the", "DH AH0"), ("la-zy", "L EY1 - Z IY0"), ("dog.", "D AO1 G"),
)  # fmt: skip


@cache
def spoken(line="en", *, pitch_hz=120.0, rate=1.0, seed=0) -> Spoken:
    """Return a line said by the speaker, with its exact times: "en", "zh" (the demo's) or "pangram"."""
    words = PANGRAM if line == "pangram" else demo_line(line)
    language = "en" if line == "pangram" else line
    return speak(words, language=language, pitch_hz=pitch_hz, rate=rate, seed=seed, sample_rate=RATE)


class Counting:
    """An engine that notes the key of every unit that it sings."""

    def __init__(self, engine):
        self.engine, self.sung = engine, []
        self.name, self.at_once = engine.name, engine.at_once

    def singer(self, material, units):
        sing_unit = self.engine.singer(material, units)

        def counted(unit):
            self.sung.append(unit.key)
            return sing_unit(unit)

        return counted
