"""What becomes of the sound of a voice: how far its vowels are bent, and how far it is still that speaker.

Conventions
-----------
Frames lie every 5 ms. A spectral envelope (CheapTrick, at the pitch that is heard there) is seen through 64 bands of
equal width in mel, in decibels, with a floor 80 dB below the peak of the usual voiced frame: what a recording's own
bandwidth cuts off would else count as hundreds of decibels. Its cosine transform without the mean level (c0), cut
behind the 24th, is the mel cepstrum; scaled so that the distance of two of them is the root mean square of their
difference in decibels.

References
----------
R. Kubichek: Mel-cepstral distance measure for objective speech quality assessment (1993).
M. Morise: CheapTrick (2015).
A. Bhattacharyya: On a measure of divergence between two statistical populations (1943).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyworld
import soxr
from scipy.fft import dct

from shenqu.documents.audio import Samples
from shenqu.documents.speech import Transcript
from shenqu.engines.swift_pitch import track_pitch

Array = npt.NDArray[np.float64]
Rows = Sequence[tuple[float, float]]

RATE, FRAME_S = 24_000, 0.005
BANDS, CEPSTRA, FLOOR_DB = 64, 24, 80.0
F0_FLOOR_HZ, USUAL_HZ = 71.0, 150.0
AT_ONCE = 4000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Voice:
    """Mel cepstra of a sound, shape (frames, 24), and where it is voiced, shape (frames,)."""

    cepstra: Array
    voiced: npt.NDArray[np.bool_]

    @property
    def voiced_frames(self) -> Array:
        """The cepstra of what is voiced."""
        return self.cepstra[self.voiced]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """Long-term mean and variance of the mel cepstra of a voice, both of shape (24,)."""

    mean: Array
    variance: Array

    @classmethod
    def of(cls, cepstra: Array) -> Profile:
        """Return that of some frames."""
        return cls(mean=cepstra.mean(axis=0), variance=cepstra.var(axis=0) + 1e-6)

    def distance(self, other: Profile) -> float:
        """Return the Bhattacharyya distance of two voices whose cepstra are taken as independent of each other.

        >>> one = Profile(mean=np.zeros(24), variance=np.ones(24))
        >>> one.distance(one), one.distance(Profile(mean=np.ones(24), variance=np.ones(24)))
        (0.0, 3.0)
        """
        variance = 0.5 * (self.variance + other.variance)
        apart = (self.mean - other.mean) ** 2 / variance
        unlike = np.log(variance / np.sqrt(self.variance * other.variance))
        return float((0.125 * apart + 0.5 * unlike).sum())


def analyse(samples: Samples, rate: int) -> Voice:
    """Return the mel cepstra of mono `samples`."""
    sound = soxr.resample(samples, rate, RATE)
    hz = track_pitch(sound, RATE).f0_hz
    voiced = hz > 0
    power = np.concatenate(list(_band_power(sound.astype(np.float64), np.maximum(_filled(hz), F0_FLOOR_HZ))))
    return Voice(cepstra=_cepstra(power, voiced), voiced=voiced)


def distortion(sung: Voice, spoken: Voice, rows: Rows, transcript: Transcript) -> float:
    """Return the mel-cepstral distortion in decibels: mean over all frames of vowels, along the time map `rows`."""
    times_s = np.arange(len(sung.cepstra)) * FRAME_S
    speech_s, moving = _follow(rows, times_s)
    vowel = np.zeros(len(times_s), dtype=bool)
    for syllable in transcript.syllables:
        vowel |= (speech_s >= syllable.vowel_s) & (speech_s < syllable.vowel_end_s)
    frames = np.flatnonzero(moving & vowel)
    if not len(frames):
        return float("nan")
    spoken_frames = np.minimum(np.round(speech_s[frames] / FRAME_S).astype(int), len(spoken.cepstra) - 1)
    apart = sung.cepstra[frames] - spoken.cepstra[spoken_frames]
    return float(np.sqrt((apart**2).sum(axis=1)).mean())


def similarity(frames: Array, spoken: Profile, others: Sequence[Profile]) -> float:
    """Return how much voiced frames, given by their cepstra, sound like the speaker.

    1 is no distance at all from the profile of the speech, 0 as far from it as the middle one of `others`, or farther.
    """
    if not len(frames):
        return float("nan")
    floor = float(np.median([spoken.distance(other) for other in others]))
    return max(0.0, 1.0 - spoken.distance(Profile.of(frames)) / floor)


def likeness_of_halves(frames: Array, others: Sequence[Profile]) -> float:
    """Return the similarity of the second half of a speech to the first: what other words alone make of a voice."""
    half = len(frames) // 2
    return similarity(frames[half:], Profile.of(frames[:half]), others)


def _follow(rows: Rows, times_s: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return the speech time at each of `times_s`, and whether the speech goes on there."""
    table = np.array(rows)
    index = np.clip(np.searchsorted(table[:, 0], times_s, side="right") - 1, 0, len(table) - 2)
    (song_a, speech_a), (song_b, speech_b) = table[index].T, table[index + 1].T
    share = (times_s - song_a) / np.maximum(song_b - song_a, 1e-9)
    return speech_a + share * (speech_b - speech_a), (speech_b > speech_a) & (share >= 0) & (share < 1)


def _filled(hz: Array) -> Array:
    """Return the pitch with holes bridged in a straight line."""
    known = np.flatnonzero(hz > 0)
    return np.interp(np.arange(len(hz)), known, hz[known]) if len(known) else np.full(len(hz), USUAL_HZ)


def _cepstra(power: Array, voiced: npt.NDArray[np.bool_]) -> Array:
    usual = float(np.median((power[voiced] if voiced.any() else power).max(axis=1)))
    level_db = 10.0 * np.log10(power + usual * 10 ** (-FLOOR_DB / 10) + 1e-30)
    return np.asarray(dct(level_db, norm="ortho", axis=1)[:, 1 : CEPSTRA + 1] / np.sqrt(BANDS))


def _band_power(sound: Array, hz: Array) -> Iterator[Array]:
    """Yield the power in every band, frames in portions that fit into memory."""
    times_s = np.arange(len(hz)) * FRAME_S
    for first in range(0, len(hz), AT_ONCE):
        part = slice(first, first + AT_ONCE)
        power = pyworld.cheaptrick(sound, hz[part].copy(), times_s[part].copy(), RATE, f0_floor=F0_FLOOR_HZ)
        yield power @ _mel_bands(power.shape[1]).T


def _mel_bands(bins: int) -> Array:
    """Return the weights of triangular bands, shape (bands, bins), each of which sum to one."""
    hz = np.linspace(0.0, RATE / 2, bins)
    mel = 1127.0 * np.log1p(hz / 700.0)
    middles = np.linspace(0.0, mel[-1], BANDS + 2)
    width = middles[1]
    weights = np.maximum(0.0, 1.0 - np.abs(mel - middles[1:-1, None]) / width)
    weights[np.arange(BANDS), np.abs(mel - middles[1:-1, None]).argmin(axis=1)] += 1e-3  # none is empty
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
