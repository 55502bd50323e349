"""A small synthesiser: decaying plucks, pads and pulses from wavetables, drums from noise and falling sines.

A tone is one period of a band-limited wave, read at the note's frequency, once bright and once dark;
the bright one fades into the dark one as a struck or plucked thing does. Nothing above 0.4 of the
sample rate is ever written into a table, so nothing folds back.

Conventions
-----------
Sounds are (2, samples), float32, about 1.0 at their peak, and end in silence: they may be added
anywhere without a click.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from shenqu.dsp.filters import band_pass, filtered

Wave = Literal["sine", "triangle", "square", "saw", "pulse25", "pulse12"]
Sound = npt.NDArray[np.float32]

_TABLE = 2048
_EDGE_S = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Timbre:
    """How an instrument sounds.

    `bright` and `dark` count the harmonics at 220 Hz before and after the fade of `fade_s`. The level falls
    with the time constant `decay_s` towards `sustain` (0 to 1), and to nothing in `release_s` after the
    note. Both sides are `detune_cents` apart. `level` is the gain among other instruments.
    """

    wave: Wave
    level: float
    bright: float = 12.0
    dark: float = 4.0
    fade_s: float = 0.15
    attack_s: float = 0.004
    decay_s: float = 0.5
    sustain: float = 0.0
    release_s: float = 0.12
    detune_cents: float = 0.0


def render_tone(timbre: Timbre, *, hz: float, held: int, rate: int) -> Sound:
    """Return a tone of `hz` that is held for `held` samples and then released."""
    release = max(2, round(timbre.release_s * rate))
    length = held + release
    time = np.arange(length) / rate
    level = timbre.sustain + (1.0 - timbre.sustain) * np.exp(-time / timbre.decay_s)
    attack = max(2, round(max(timbre.attack_s, _EDGE_S) * rate))
    level[:attack] *= np.sin(np.linspace(0.0, np.pi / 2, min(attack, length)))[:length] ** 2
    level[held:] *= np.cos(np.linspace(0.0, np.pi / 2, release)) ** 2
    fade = np.exp(-time / timbre.fade_s)
    bright = _table(timbre.wave, _harmonics(timbre.bright, hz, rate))
    dark = _table(timbre.wave, _harmonics(timbre.dark, hz, rate))
    sides = []
    for cents in (-timbre.detune_cents / 2, timbre.detune_cents / 2) if timbre.detune_cents else (0.0,):
        phase = (hz * 2.0 ** (cents / 1200.0) / rate * np.arange(length)) % 1.0 * _TABLE
        index = phase.astype(np.intp)
        part = phase - index
        low = dark[index] * (1.0 - part) + dark[index + 1] * part
        high = bright[index] * (1.0 - part) + bright[index + 1] * part
        sides.append((low + (high - low) * fade) * level)
    return np.asarray(np.stack([sides[0], sides[-1]]), dtype=np.float32)


def _harmonics(at_220_hz: float, hz: float, rate: int) -> int:
    """Return how many harmonics a note has: high notes fewer than low ones, none above 0.4 of the rate."""
    wanted = at_220_hz * (220.0 / hz) ** 0.5
    return max(1, min(round(wanted), int(0.4 * rate / hz), 80))


@lru_cache(maxsize=512)
def _table(wave: Wave, harmonics: int) -> npt.NDArray[np.float64]:
    """Return one period of `wave` with so many `harmonics`, gently rolled off, and its first value again."""
    number = np.arange(1, harmonics + 1)
    if wave == "sine":
        weights = (number == 1).astype(float)
    elif wave == "triangle":
        weights = (number % 2) / number**2.0 * np.where(number % 4 == 3, -1.0, 1.0)
    elif wave == "saw":
        weights = 1.0 / number
    else:
        duty = {"square": 0.5, "pulse25": 0.25, "pulse12": 0.125}[wave]
        weights = np.sin(np.pi * duty * number) / number
    # A cosine taper over the harmonics keeps the edge of the spectrum from ringing.
    weights = weights * np.cos(0.5 * np.pi * (number - 1) / harmonics)
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=complex)
    spectrum[1 : harmonics + 1] = -1j * weights
    table = np.fft.irfft(spectrum)
    table /= np.sqrt(np.mean(table**2)) * 2.0
    return np.append(table, table[0])


Drum = Literal["kick", "snare", "clap", "hat", "open hat", "crash", "tom", "stick"]


@lru_cache(maxsize=64)
def render_drum(drum: Drum, *, rate: int, chip: bool = False, tune: float = 1.0) -> Sound:
    """Return one stroke of `drum`; `chip` makes it as game consoles did, `tune` multiplies its pitch."""
    lengths = {"kick": 0.32, "snare": 0.22, "clap": 0.25, "hat": 0.07, "open hat": 0.26, "crash": 1.6, "tom": 0.35}
    length_s = lengths.get(drum, 0.05)
    time = np.arange(round(length_s * rate)) / rate
    if drum in {"kick", "tom"}:
        sound = _falling_tone(drum, time, chip=chip, tune=tune)
    elif chip:
        sound = _chip_noise(drum, time, rate)
    else:
        sound = _noise_drum(drum, time, rate)
    sound[: round(0.0005 * rate)] *= np.linspace(0.0, 1.0, round(0.0005 * rate))
    tail = round(0.25 * len(time))
    sound[-tail:] *= np.cos(np.linspace(0.0, np.pi / 2, tail)) ** 2
    sound = sound / np.abs(sound).max()
    return np.asarray(np.stack([sound, sound]), dtype=np.float32)


def _falling_tone(drum: Drum, time: npt.NDArray[np.float64], *, chip: bool, tune: float) -> npt.NDArray[np.float64]:
    low, high, fall_s, ring_s = (50.0, 190.0, 0.028, 0.11) if drum == "kick" else (92.0, 150.0, 0.06, 0.13)
    if chip:
        low, high, fall_s, ring_s = low * 1.1, high * 2.0, 0.03, 0.07
    phase = tune * (low * time + (high - low) * fall_s * (1.0 - np.exp(-time / fall_s)))
    tone = np.sin(2 * np.pi * phase)
    if chip:
        tone = 2.0 / np.pi * np.arcsin(tone)
    click = 0.25 * np.sin(2 * np.pi * 1800.0 * time) * np.exp(-time / 0.002) if drum == "kick" else 0.0
    return np.asarray(tone * np.exp(-time / ring_s) + click)


def _noise_drum(drum: Drum, time: npt.NDArray[np.float64], rate: int) -> npt.NDArray[np.float64]:
    noise = np.random.default_rng(len(drum)).standard_normal(len(time))
    if drum == "snare":
        rattle = _band(noise, 900.0, 7500.0, rate) * np.exp(-time / 0.055)
        body = np.sin(2 * np.pi * (185.0 * time + 1.2 * np.exp(-time / 0.01))) * np.exp(-time / 0.05)
        return rattle + 0.6 * body
    if drum == "clap":
        bursts = sum(np.exp(-(time - at) / 0.004) * (time >= at) for at in (0.0, 0.011, 0.022))
        room = np.exp(-(time - 0.03) / 0.05) * (time >= 0.03)
        return _band(noise, 800.0, 4500.0, rate) * (bursts + 0.6 * room)
    if drum == "crash":
        return _band(noise, 3000.0, 11000.0, rate) * np.exp(-time / 0.4)
    if drum == "stick":
        return np.asarray(np.sin(2 * np.pi * 1900.0 * time) * np.exp(-time / 0.008))
    return _band(noise, 6500.0, 13000.0, rate) * np.exp(-time / (0.018 if drum == "hat" else 0.09))


def _chip_noise(drum: Drum, time: npt.NDArray[np.float64], rate: int) -> npt.NDArray[np.float64]:
    """Return noise that changes its value only now and then, as a shift register does."""
    clock_hz = {"snare": 9000.0, "clap": 7000.0, "crash": 14000.0}.get(drum, 20000.0)
    ring_s = {"snare": 0.05, "clap": 0.06, "crash": 0.35, "open hat": 0.07}.get(drum, 0.014)
    values = np.random.default_rng(len(drum)).choice([-1.0, 1.0], size=int(time[-1] * clock_hz) + 2)
    held = values[(time * clock_hz).astype(np.intp)]
    return _band(held, 200.0, 9000.0, rate) * np.exp(-time / ring_s)


def _band(noise: npt.NDArray[np.float64], low_hz: float, high_hz: float, rate: int) -> npt.NDArray[np.float64]:
    return filtered(noise, rate, band_pass(2, low_hz, min(high_hz, 0.45 * rate), rate))
