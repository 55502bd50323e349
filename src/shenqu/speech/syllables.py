"""Syllables found in the sound alone, where the words are unknown.

A vowel is a hill in the loudness between 300 and 2500 Hz, where voices are loud and hiss is not; its
beginning is where the hill has risen to 6 dB below its top. Half of what is said about consonants here is
a guess: what sounds before the vowel, up to the valley between two hills, is its onset.

References
----------
De Jong & Wempe (2009), "Praat script to detect syllable nuclei and measure speech rate automatically",
for hills with a voice in them; band and thresholds are measured on our own material.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import scipy.ndimage
import scipy.signal

from shenqu.documents.speech import Phone, Syllable, Transcript, Word
from shenqu.dsp.band_level import band_level
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.errors import InputError

_HOP_S = 0.005
_PROMINENCE_DB = 0.8
_DEPTH_DB = 22.0  # below the loudest vowel around there is no vowel
_AROUND_S = 2.0
_VOICE_NEAR_S = 0.04
_ONSET_DB = 6.0
_END_DB = 8.0
_SOUND_DB = 32.0
_LONGEST_ONSET_S = 0.25
_SHORTEST_VOWEL_S = 0.03

Levels = npt.NDArray[np.float64]


def holds_speech(samples: npt.NDArray[np.float32], rate: int, pitch: PitchTrack) -> bool:
    """Tell whether mono `samples` hold speech, rather than silence, noise, applause or music alone.

    Speech is loud and soft by turns, several times a second, and its pitch hardly ever stands still. A whisper
    has no pitch and is not recognised; singing may pass for speech.
    """
    level = _nucleus_level(samples, rate)
    active = level > max(level.max(initial=-100.0) - 25.0, -75.0)
    if not active.any():
        return False
    dips = scipy.ndimage.maximum_filter1d(level, round(0.5 / _HOP_S)) - level > 6.0
    depth_db, dipping = level[active].std(), dips[active].mean()
    voiced = _voiced(pitch, len(level))[active].mean()
    lively = _moving(pitch) > 0.17 or (depth_db > 5.0 and dipping > 0.4)  # machines may speak on one pitch
    return bool(depth_db > 4.0 and dipping > 0.27 and voiced > 0.15 and lively)


def find_syllables(
    samples: npt.NDArray[np.float32], rate: int, pitch: PitchTrack, *, offset_s: float = 0.0
) -> Transcript:
    """Return the syllables heard in mono `samples` (shape (samples,)), each as a word without text.

    `pitch` is theirs. Times are moved by `offset_s`.

    Raises `InputError` where no syllable is heard.
    """
    level = _nucleus_level(samples, rate)
    tops = _tops(level, pitch).tolist()
    if not tops:
        raise InputError("no speech found in the recording; choose another part of it")
    fine = band_level(samples, rate, low_hz=300.0, high_hz=2500.0, hop_s=_HOP_S, width_s=0.008)
    whole = band_level(samples, rate, low_hz=80.0, high_hz=0.45 * rate, hop_s=_HOP_S, width_s=0.008)
    valleys = [0, *(a + int(np.argmin(level[a:b])) for a, b in pairwise(tops)), len(level) - 1]
    found = [
        _syllable(fine, whole, top, before, after, offset_s)
        for top, before, after in zip(tops, valleys, valleys[1:], strict=False)
        if after - before > 2
    ]
    return Transcript(language="und", words=tuple(_word(syllable) for syllable in found if syllable is not None))


def _nucleus_level(samples: npt.NDArray[np.float32], rate: int) -> Levels:
    return band_level(samples, rate, low_hz=350.0, high_hz=2500.0, hop_s=_HOP_S, width_s=0.018)


def _voiced(pitch: PitchTrack, count: int) -> npt.NDArray[np.bool_]:
    """Return at each of `count` hops whether there is a voice."""
    at = np.minimum(np.round(np.arange(count) * _HOP_S / pitch.hop_s).astype(int), len(pitch.f0_hz) - 1)
    voiced: npt.NDArray[np.bool_] = pitch.voiced[at]
    return voiced


def _moving(pitch: PitchTrack) -> float:
    """Return the share of voiced time in which the pitch moves, by more than 8 cents in 10 ms but without a leap."""
    hops = max(1, round(0.01 / pitch.hop_s))
    before, after = pitch.f0_hz[:-hops], pitch.f0_hz[hops:]
    both = (before > 0) & (after > 0)
    cents = np.abs(1200.0 * np.log2(after[both] / before[both]))
    steps = cents[cents < 200.0]
    return float((steps > 8.0).mean()) if len(steps) else 0.0


def _tops(level: Levels, pitch: PitchTrack) -> npt.NDArray[np.intp]:
    """Return where the hills are that are high enough, not far below their neighbours, and have a voice."""
    tops, _ = scipy.signal.find_peaks(level, prominence=_PROMINENCE_DB)
    loudest = scipy.ndimage.maximum_filter1d(level, round(_AROUND_S / _HOP_S))
    near = scipy.ndimage.maximum_filter1d(_voiced(pitch, len(level)), 2 * round(_VOICE_NEAR_S / _HOP_S) + 1)
    kept: npt.NDArray[np.intp] = tops[(level[tops] > loudest[tops] - _DEPTH_DB) & near[tops]]
    return kept


def _syllable(fine: Levels, whole: Levels, top: int, before: int, after: int, offset_s: float) -> Syllable | None:
    """Return the syllable around a hill's `top`, between two valleys; None where its vowel is too short."""
    peak = fine[top]
    low_before = np.flatnonzero(fine[before:top] < peak - _ONSET_DB)
    low_after = np.flatnonzero(fine[top:after] < peak - _END_DB)
    vowel = before + int(low_before[-1]) + 1 if len(low_before) else before
    vowel_end = top + int(low_after[0]) if len(low_after) else after
    if (vowel_end - vowel) * _HOP_S < _SHORTEST_VOWEL_S:
        return None
    earliest = max(before, vowel - round(_LONGEST_ONSET_S / _HOP_S))
    quiet_before = np.flatnonzero(whole[earliest:vowel] < whole[top] - _SOUND_DB)
    quiet_after = np.flatnonzero(whole[vowel_end:after] < whole[top] - _SOUND_DB)
    start = earliest + int(quiet_before[-1]) + 1 if len(quiet_before) else earliest
    end = vowel_end + int(quiet_after[0]) if len(quiet_after) else after
    start_s, vowel_s, vowel_end_s, end_s = (round(hop * _HOP_S + offset_s, 6) for hop in (start, vowel, vowel_end, end))
    heard = Phone(phone="V", start_s=vowel_s, end_s=vowel_end_s)
    return Syllable(
        text="", start_s=start_s, vowel_s=vowel_s, vowel_end_s=vowel_end_s, end_s=end_s, stress=1, phones=(heard,)
    )


def _word(syllable: Syllable) -> Word:
    return Word(text="", start_s=syllable.start_s, end_s=syllable.end_s, syllables=(syllable,))
