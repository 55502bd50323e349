"""The raw material of a small synthesiser: band-limited waves, partials, envelopes, strokes of drums.

A wave is one period in a table, read at the note's frequency, once bright and once dark; the bright one fades
into the dark one as a struck or plucked thing does. Nothing above 0.4 of the sample rate is ever written
into a table, so nothing folds back. A stroke is a falling tone and a burst of noise.

Conventions
-----------
Phases count in 2**32 parts of a period, so they wrap by themselves. Sounds are float32 and end in silence: they may
be added anywhere without a click.

References
----------
Karplus and Strong 1983 for what a string does: high harmonics die first; a point of plucking takes some out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from shenqu.dsp.filters import band_pass, filtered, high_pass

Sound = npt.NDArray[np.float32]
Phase = npt.NDArray[np.uint32]

_TABLE_BITS = 11
_TABLE = 1 << _TABLE_BITS
_PART_BITS = 32 - _TABLE_BITS
_TURN = 2.0**32
_PLUCKED_AT = 0.21
_RUMBLE_HZ = 28.0


def phase_of(hz: float | npt.NDArray[np.float64], length: int, *, rate: int, start: float = 0.0) -> Phase:
    """Return the phase of `length` samples of a tone of `hz`, one number or one a sample, from `start` (0 to 1) on."""
    first = np.uint32(round(start * _TURN) % (1 << 32))
    if isinstance(hz, np.ndarray):
        turns = np.cumsum(hz[:length] * (_TURN / rate))
        return np.asarray((turns - turns[:1]).astype(np.uint64), dtype=np.uint32) + first
    step = np.uint32(round(hz / rate * _TURN))
    return np.arange(length, dtype=np.uint32) * step + first


def wave_at(wave: str, phase: Phase, *, harmonics: int) -> Sound:
    """Return `wave` (one of `WAVES`) with so many `harmonics` at each `phase`; its root mean square is 0.5."""
    table = _table(wave, harmonics)
    index = (phase >> np.uint32(_PART_BITS)).astype(np.intp)
    part = (phase & np.uint32((1 << _PART_BITS) - 1)).astype(np.float32) * np.float32(2.0**-_PART_BITS)
    low = table[index]
    return np.asarray(low + (table[index + 1] - low) * part, dtype=np.float32)


def harmonics_of(at_220_hz: float, hz: float, rate: int) -> int:
    """Return how many harmonics a note has: high notes fewer than low ones, none above 0.4 of the rate."""
    wanted = at_220_hz * (220.0 / hz) ** 0.5
    return max(1, min(round(wanted), int(0.4 * rate / hz), 120))


@lru_cache(maxsize=512)
def _table(wave: str, harmonics: int) -> Sound:
    """Return one period of `wave` with so many `harmonics`, gently rolled off, and its first value again."""
    number = np.arange(1, harmonics + 1)
    if wave == "sine":
        weights = (number == 1).astype(float)
    elif wave == "triangle":
        weights = (number % 2) / number**2.0 * np.where(number % 4 == 3, -1.0, 1.0)
    elif wave == "saw":
        weights = 1.0 / number
    elif wave == "string":
        weights = np.sin(np.pi * _PLUCKED_AT * number) / number
    else:
        duty = {"square": 0.5, "pulse25": 0.25, "pulse12": 0.125}[wave]
        weights = np.sin(np.pi * duty * number) / number
    # A cosine taper over the harmonics keeps the edge of the spectrum from ringing.
    weights = weights * np.cos(0.5 * np.pi * (number - 1) / harmonics)
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=complex)
    spectrum[1 : harmonics + 1] = -1j * weights
    table = np.fft.irfft(spectrum)
    table /= np.sqrt(np.mean(table**2)) * 2.0
    return np.append(table, table[0]).astype(np.float32)


def envelope(
    held: int, *, attack_s: float, decay_s: float, sustain: float, release_s: float, rate: int
) -> npt.NDArray[np.float32]:
    """Return the level of a note that is held for `held` samples and then released; its ends are 0."""
    release = max(2, round(release_s * rate))
    length = held + release
    level = decaying(length, decay_s, rate)
    level *= 1.0 - sustain
    level += sustain
    attack = min(length, max(2, round(attack_s * rate)))
    level[:attack] *= np.sin(np.linspace(0.0, np.pi / 2, attack, dtype=np.float32)) ** 2
    level[held:] *= np.cos(np.linspace(0.0, np.pi / 2, release, dtype=np.float32)) ** 2
    level[-1] = 0.0
    return level


def decaying(length: int, decay_s: float, rate: int) -> npt.NDArray[np.float32]:
    """Return an exponential decay with the time constant `decay_s`, from 1 on."""
    return np.exp(np.arange(length, dtype=np.float32) * np.float32(-1.0 / (decay_s * rate)))


def pick_noise(length: int, *, seed: int, rate: int) -> Sound:
    """Return the short noise of a plectrum or key, about 1 at its peak."""
    count = min(length, round(0.03 * rate))
    out = np.zeros(length, dtype=np.float32)
    noise = np.random.default_rng(seed).standard_normal(count) * np.exp(-np.arange(count) / (0.004 * rate))
    out[:count] = _band(noise, 900.0, 6000.0, rate) * np.linspace(1.0, 0.0, count)
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A stroke of a drum: a tone falling from `from_hz` to `hz`, and noise between two frequencies.

    `tone` and `noise` are their levels, `ring_s` and `noise_s` the time constants with which they fade. The noise comes
    in `bursts` (seconds). `level` and `pan` are its place among the others. A `rough` noise changes
    its value only so many times a second, as a shift register does.
    """

    level: float
    pan: float = 0.0
    length_s: float = 0.3
    hz: float = 180.0
    from_hz: float = 180.0
    fall_s: float = 0.03
    ring_s: float = 0.05
    tone: float = 0.0
    wave: str = "sine"
    noise: float = 1.0
    low_hz: float = 900.0
    high_hz: float = 7500.0
    noise_s: float = 0.05
    bursts: tuple[float, ...] = (0.0,)
    rough_hz: float = 0.0


_KICK = Stroke(level=0.75, length_s=0.32, hz=50, from_hz=190, fall_s=0.028, ring_s=0.11, tone=1.0, noise=0.06,
               low_hz=1500, high_hz=5000, noise_s=0.003)  # fmt: skip
_SNARE = Stroke(level=0.5, length_s=0.24, hz=185, from_hz=230, fall_s=0.01, ring_s=0.05, tone=0.6, noise=0.45,
                noise_s=0.055)  # fmt: skip
_HAT = Stroke(level=0.3, pan=-0.25, length_s=0.07, low_hz=6500, high_hz=13000, noise_s=0.018)
_CRASH = Stroke(level=0.28, pan=0.3, length_s=1.6, low_hz=3000, high_hz=11000, noise_s=0.4)
_TOM = Stroke(level=0.5, length_s=0.35, hz=92, from_hz=150, fall_s=0.06, ring_s=0.13, tone=1.0, noise=0.05,
              low_hz=300, high_hz=3000, noise_s=0.02)  # fmt: skip
_CLICK = Stroke(level=0.3, pan=0.1, length_s=0.08, hz=1900, from_hz=1900, ring_s=0.008, tone=1.0, noise=0.1,
                noise_s=0.004)  # fmt: skip
_DRUM_SET: Mapping[str, Stroke] = {
    "kick": _KICK,
    "stick": _CLICK,
    "snare": _SNARE,
    "clap": Stroke(level=0.55, pan=0.05, length_s=0.25, low_hz=800, high_hz=4500, noise_s=0.05,
                   bursts=(0.0, 0.011, 0.022)),
    "hat": _HAT,
    "open-hat": replace(_HAT, level=0.26, length_s=0.26, noise_s=0.09),
    "crash": _CRASH,
    "ride": replace(_HAT, level=0.2, pan=0.3, length_s=0.5, low_hz=4500, noise_s=0.14, tone=0.12, hz=5200,
                    from_hz=5200, ring_s=0.2),
    "high-tom": replace(_TOM, pan=-0.2, hz=138, from_hz=225),
    "middle-tom": replace(_TOM, hz=110, from_hz=180),
    "low-tom": replace(_TOM, pan=0.2, hz=87, from_hz=142),
    "tambourine": Stroke(level=0.22, pan=0.3, length_s=0.2, low_hz=6000, high_hz=14000, noise_s=0.05,
                         bursts=(0.0, 0.018)),
    "cowbell": Stroke(level=0.25, pan=-0.3, length_s=0.25, hz=845, from_hz=845, ring_s=0.06, tone=1.0, wave="square",
                      noise=0.0),
    "clave": replace(_CLICK, level=0.38, pan=-0.35, hz=2500, from_hz=2500, ring_s=0.018, noise=0.03),
    "guiro": Stroke(level=0.22, pan=0.4, length_s=0.22, low_hz=2200, high_hz=8000, noise_s=0.012,
                    bursts=tuple(0.013 * tooth for tooth in range(10))),
    "shaker": Stroke(level=0.18, pan=0.35, length_s=0.12, low_hz=5000, high_hz=12000, noise_s=0.022,
                     bursts=(0.0, 0.012)),
    "conga": replace(_TOM, level=0.4, pan=-0.3, length_s=0.25, hz=210, from_hz=240, fall_s=0.02, ring_s=0.07),
    "low-conga": replace(_TOM, level=0.42, pan=-0.2, length_s=0.3, hz=150, from_hz=175, fall_s=0.02, ring_s=0.1),
    "stomp": Stroke(level=0.7, length_s=0.25, hz=62, from_hz=95, fall_s=0.03, ring_s=0.07, tone=1.0, noise=0.12,
                    low_hz=200, high_hz=1500, noise_s=0.02),
    "crackle": Stroke(level=0.10, length_s=1.9, low_hz=700, high_hz=9000, noise_s=0.0006,
                      bursts=(0.0, 0.11, 0.14, 0.33, 0.52, 0.57, 0.81, 0.86, 1.07, 1.28, 1.33, 1.61, 1.78)),
}  # fmt: skip
_OF_ALL_NOISE = ("snare", "clap", "hat", "open-hat", "crash", "ride", "tambourine", "shaker")
_CHIP_HZ = {"snare": 9000.0, "clap": 7000.0, "crash": 14000.0}
_KITS: Mapping[str, Mapping[str, Stroke]] = {
    "acoustic": {},
    "electronic": {
        "kick": replace(_KICK, level=0.8, hz=48, from_hz=260, fall_s=0.022, ring_s=0.12, noise=0.12),
        "snare": replace(_SNARE, level=0.5, hz=200, tone=0.4, noise=0.6, low_hz=1200, high_hz=9000, noise_s=0.075),
        "hat": replace(_HAT, low_hz=7500, high_hz=14000, noise_s=0.014),
    },
    "trap": {
        "kick": replace(_KICK, level=0.6, hz=52, from_hz=300, fall_s=0.015, ring_s=0.09, noise=0.2),
        "snare": replace(_SNARE, level=0.55, hz=220, tone=0.5, noise=0.5, low_hz=1500, high_hz=9000, noise_s=0.06),
        "hat": replace(_HAT, level=0.26, length_s=0.05, low_hz=8000, high_hz=15000, noise_s=0.009),
        "cowbell": replace(_DRUM_SET["cowbell"], hz=810, from_hz=810),
    },
    "soft": {
        "kick": replace(_KICK, level=0.6, from_hz=120, ring_s=0.09, noise=0.02),
        "snare": replace(_SNARE, level=0.42, tone=0.5, low_hz=600, high_hz=3800, noise_s=0.045),
        "hat": replace(_HAT, level=0.2, low_hz=4500, high_hz=9000),
    },
    "march": {
        "kick": replace(_KICK, level=0.7, length_s=0.5, hz=58, from_hz=85, fall_s=0.04, ring_s=0.2, noise=0.15,
                        low_hz=150, high_hz=1200, noise_s=0.02),
        "snare": replace(_SNARE, level=0.42, hz=260, from_hz=290, ring_s=0.03, noise=0.6, low_hz=1500, noise_s=0.045),
        "crash": replace(_CRASH, level=0.34, low_hz=2200, noise_s=0.55),
    },
    "chip": {
        "kick": replace(_KICK, hz=55, from_hz=380, fall_s=0.03, ring_s=0.07, wave="triangle", noise=0.0),
        **{
            f"{height}-tom": replace(_DRUM_SET[f"{height}-tom"], from_hz=2.6 * _DRUM_SET[f"{height}-tom"].hz,
                                     ring_s=0.07, wave="triangle", noise=0.0)
            for height in ("high", "middle", "low")
        },
        **{
            drum: replace(_DRUM_SET[drum], tone=0.0, noise=1.0, low_hz=200, high_hz=9000, bursts=(0.0,),
                          rough_hz=_CHIP_HZ.get(drum, 20000.0),
                          noise_s={"crash": 0.35, "open-hat": 0.07, "snare": 0.05, "clap": 0.06}.get(drum, 0.014))
            for drum in _OF_ALL_NOISE
        },
    },
}  # fmt: skip
DRUMS, KITS = tuple(_DRUM_SET), tuple(_KITS)
WAVES = ("sine", "triangle", "square", "saw", "pulse25", "pulse12", "string")


def stroke_of(drum: str, kit: str) -> Stroke:
    """Return how `drum` (one of `DRUMS`) is struck in `kit` (one of `KITS`)."""
    return _KITS[kit].get(drum, _DRUM_SET[drum])


@lru_cache(maxsize=256)
def render_stroke(stroke: Stroke, *, rate: int) -> Sound:
    """Return one stroke, shape (samples,), 1.0 at its peak; its ends are 0."""
    time = np.arange(round(stroke.length_s * rate)) / rate
    sound = stroke.tone * _falling_tone(stroke, time) + stroke.noise * _bursts(stroke, time, rate)
    sound = filtered(sound, rate, high_pass(2, _RUMBLE_HZ, rate))
    rise = round(0.0005 * rate)
    sound[:rise] *= np.linspace(0.0, 1.0, rise)
    tail = round(0.25 * len(time))
    sound[-tail:] *= np.cos(np.linspace(0.0, np.pi / 2, tail)) ** 2
    sound[-1] = 0.0
    return np.asarray(sound / np.abs(sound).max(), dtype=np.float32)


def _falling_tone(stroke: Stroke, time: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    fall = (stroke.from_hz - stroke.hz) * stroke.fall_s * (1.0 - np.exp(-time / stroke.fall_s))
    tone = np.sin(2 * np.pi * (stroke.hz * time + fall))
    if stroke.wave == "triangle":
        tone = 2.0 / np.pi * np.arcsin(tone)
    elif stroke.wave == "square":
        tone = np.tanh(2.0 * (tone + np.sin(2 * np.pi * 1.48 * stroke.hz * time)))
    return np.asarray(tone * np.exp(-time / stroke.ring_s))


def _bursts(stroke: Stroke, time: npt.NDArray[np.float64], rate: int) -> npt.NDArray[np.float64]:
    noise = np.random.default_rng(round(stroke.low_hz + 7 * len(stroke.bursts))).standard_normal(len(time))
    if stroke.rough_hz:
        noise = np.sign(noise)[(time * stroke.rough_hz).astype(np.intp)]
    shape = np.zeros(len(time))
    for number, burst in enumerate(stroke.bursts):
        decay_s = stroke.noise_s if number == len(stroke.bursts) - 1 else min(stroke.noise_s, 0.008)
        shape += np.exp(-np.maximum(0.0, time - burst) / decay_s) * (time >= burst)
    return _band(noise, stroke.low_hz, stroke.high_hz, rate) * shape


def _band(noise: npt.NDArray[np.float64], low_hz: float, high_hz: float, rate: int) -> npt.NDArray[np.float64]:
    return filtered(noise, rate, band_pass(2, low_hz, min(high_hz, 0.45 * rate), rate))
