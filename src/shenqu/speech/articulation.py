"""How the speech organs move from sound to sound.

Formants glide through the sounds' targets; a consonant leans towards the vowel of its syllable, as the
tongue prepares for it. Stops close, burst and, in front of stressed vowels, breathe.

References
----------
Klatt (1980), JASA 67: synthesis strategy for consonants. Öhman (1966), JASA 39: coarticulation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from shenqu.dsp.formant import STEP_S, Track, VocalTract, smoothed
from shenqu.speech.sounds import SOUNDS, VOICELESS, Sound
from shenqu.units import db_to_gain

_VOICE_DB = {"vowel": 0.0, "glide": -3.0, "liquid": -3.0, "nasal": -6.0, "voiced": -9.0, "stop": -16.0}
_LOCUS_SHARE = {"stop": 0.35, "affricate": 0.2, "fricative": 0.25, "voiced": 0.25, "nasal": 0.35, "liquid": 0.15}
_VELARS = {"K", "G", "NG"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedSound:
    """One sound in its place: the syllable it belongs to, that syllable's vowel, how it is said."""

    name: str
    start_s: float
    end_s: float
    syllable: int
    vowel: Sound
    in_coda: bool
    aspirated: bool
    stress: int

    @property
    def sound(self) -> Sound:
        """What the tables say of it."""
        return SOUNDS[self.name]

    @property
    def in_rhyme(self) -> bool:
        """Whether it is the vowel or comes after it."""
        return self.in_coda or self.sound.manner == "vowel"

    def part(self, start: float, end: float) -> slice:
        """Return the steps from `start` to `end`, as shares of the sound."""
        length_s = self.end_s - self.start_s
        first, last = (round((self.start_s + share * length_s) / STEP_S) for share in (start, end))
        return slice(first, last)


def vocal_tract(sounds: Sequence[TimedSound], pitch_hz: Track, steps: int) -> VocalTract:
    """Return the movements of all sounds, smoothed as organs do."""
    voice, breath, hiss, nasal = np.zeros((4, steps))
    tilt_hz, hiss_hz, hiss_q = np.full(steps, 4000.0), np.full(steps, 3000.0), np.ones(steps)
    formants_hz = np.full((steps, 4), 3400.0)
    before_s = [0.0, *((a.end_s + b.start_s) / 2 for a, b in pairwise(sounds)), steps * STEP_S]
    for sound, (first_s, last_s) in zip(sounds, pairwise(before_s), strict=True):
        reach = slice(round(first_s / STEP_S), round(last_s / STEP_S))
        formants_hz[reach, :3] = _formants(sound, times_s(reach.start, reach.stop))
        tilt_hz[reach] = {"nasal": 1500.0, "stop": 400.0, "affricate": 400.0}.get(sound.sound.manner, 4000.0)
        nasal[reach] = sound.sound.manner == "nasal"
        hiss_hz[reach] = _noise_hz(sound)
        hiss_q[reach] = sound.sound.noise_q
        for part, gains in _gains(sound):
            voice[part], breath[part], hiss[part] = gains
    return VocalTract(
        pitch_hz=pitch_hz,
        voice=smoothed(voice, 0.016),
        breath=smoothed(breath, 0.012),
        hiss=smoothed(hiss, 0.008),
        formants_hz=smoothed(formants_hz, 0.07),
        tilt_hz=smoothed(tilt_hz, 0.02),
        nasal=smoothed(nasal, 0.04),
        hiss_hz=hiss_hz,
        hiss_q=hiss_q,
    )


def times_s(first: int, last: int) -> Track:
    """Return the times of the steps from `first` to `last`, in seconds."""
    return np.asarray(np.arange(first, last) * STEP_S, dtype=np.float64)


def _formants(sound: TimedSound, at_s: Track) -> Track:
    """Return F1 to F3 at `at_s`; a consonant leans towards the vowel of its syllable."""
    share = np.clip((at_s - sound.start_s) / (sound.end_s - sound.start_s), 0.0, 1.0)
    start, end = np.array(sound.sound.formants_hz), np.array(sound.sound.end_formants_hz)
    if sound.sound.manner != "vowel":
        vowel = np.array(sound.vowel.end_formants_hz if sound.in_coda else sound.vowel.formants_hz)
        lean = 0.8 if sound.name in _VELARS else _LOCUS_SHARE.get(sound.sound.manner, 0.0)
        leans = np.ones(3) if sound.name == "HH" else lean * np.array([0.0, 1.0, 0.4])
        start = end = start + leans * (vowel - start)
    return start + np.interp(share, [0.2, 0.8], [0.0, 1.0])[:, np.newaxis] * (end - start)


def _noise_hz(sound: TimedSound) -> float:
    """Return where the hiss peaks; that of a velar follows the tongue."""
    if sound.name in {"K", "G"}:
        return float(np.clip(1.1 * sound.vowel.formants_hz[1], 1200.0, 3000.0))
    return sound.sound.noise_hz


def _gains(sound: TimedSound) -> Iterator[tuple[slice, tuple[float, float, float]]]:
    """Yield (steps, (voice, breath, hiss)) for the pieces of a sound."""
    manner = sound.sound.manner
    voice = db_to_gain(_VOICE_DB.get(manner, -99.0) - (0.0 if sound.stress else 2.5))
    hiss = db_to_gain(sound.sound.noise_db)
    if manner in {"stop", "affricate"}:
        length_s = sound.end_s - sound.start_s
        bar = voice if sound.name in {"B", "D", "G"} else 0.0
        release = 0.55 if manner == "affricate" else 0.5 if sound.aspirated else 0.25
        burst = 1.0 if manner == "affricate" else min(release, 0.012 / length_s)
        yield sound.part(0.0, 1.0 - release), (bar, 0.0, 0.0)
        yield sound.part(1.0 - release, 1.0), (0.0, _release_breath(sound), 0.0)
        yield sound.part(1.0 - release, min(1.0, 1.0 - release + burst)), (0.0, 0.0, hiss)
    elif manner == "breath":
        yield sound.part(0.0, 1.0), (0.0, 0.3, 0.0)
    else:
        yield sound.part(0.0, 1.0), (0.0 if manner == "fricative" else voice, 0.03 * voice, hiss)


def _release_breath(sound: TimedSound) -> float:
    if sound.aspirated:
        return 0.25
    return 0.12 if sound.name in VOICELESS and sound.in_coda else 0.04
