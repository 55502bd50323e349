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

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from shenqu.documents.audio import Sound
from shenqu.documents.speech import HEARD_VOWEL, Phone, Syllable, Transcript, Word
from shenqu.dsp.band_level import band_level
from shenqu.dsp.blocks import in_blocks
from shenqu.dsp.filters import moving_maximum
from shenqu.dsp.pitch_track import PitchTrack

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


def find_syllables(
    sound: Sound, pitch: PitchTrack, speech: Sequence[tuple[float, float]], *, offset_s: float = 0.0
) -> Transcript:
    """Return the syllables heard in `sound`, each as a word without text; there may be none.

    `pitch` is the sound's, and `speech` the times (start_s, end_s) between which somebody speaks, in order: no vowel
    is sought elsewhere. The sound is heard a minute at a time. Times are moved by `offset_s`.
    """
    level = _level(sound, low_hz=350.0, high_hz=2500.0, width_s=0.018)
    tops = _tops(level, pitch, speech).tolist()
    fine = _level(sound, low_hz=300.0, high_hz=2500.0, width_s=0.008)
    whole = _level(sound, low_hz=80.0, high_hz=0.45 * sound.rate, width_s=0.008)
    valleys = [0, *(a + int(np.argmin(level[a:b])) for a, b in pairwise(tops)), len(level) - 1]
    found = [
        _syllable(fine, whole, top, before, after, offset_s)
        for top, before, after in zip(tops, valleys, valleys[1:], strict=False)
        if after - before > 2
    ]
    return Transcript(language="und", words=tuple(_word(syllable) for syllable in found if syllable is not None))


def _level(sound: Sound, *, low_hz: float, high_hz: float, width_s: float) -> Levels:
    def measure(start_s: float, end_s: float) -> Levels:
        samples = sound.part(start_s, end_s)
        return band_level(samples, sound.rate, low_hz=low_hz, high_hz=high_hz, hop_s=_HOP_S, width_s=width_s)

    return in_blocks(measure, sound.duration_s, hop_s=_HOP_S)


def _voiced(pitch: PitchTrack, count: int) -> npt.NDArray[np.bool_]:
    """Return at each of `count` hops whether there is a voice."""
    at = np.minimum(np.round(np.arange(count) * _HOP_S / pitch.hop_s).astype(int), len(pitch.f0_hz) - 1)
    voiced: npt.NDArray[np.bool_] = pitch.voiced[at]
    return voiced


def _within(spans: Sequence[tuple[float, float]], hops: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Return which `hops` lie in one of the `spans`, which are in order and apart."""
    edges_s = np.array([edge_s for span in spans for edge_s in span])
    inside: npt.NDArray[np.bool_] = np.searchsorted(edges_s, hops * _HOP_S, side="right") % 2 == 1
    return inside


def _tops(level: Levels, pitch: PitchTrack, speech: Sequence[tuple[float, float]]) -> npt.NDArray[np.intp]:
    """Return where the hills in `speech` are that are high enough, not far below their neighbours, and have a voice."""
    from scipy.signal import find_peaks  # noqa: PLC0415 - takes long to load, and is needed without a text only

    tops, _ = find_peaks(level, prominence=_PROMINENCE_DB)
    tops = tops[_within(speech, tops)]
    loudest = moving_maximum(level, round(_AROUND_S / _HOP_S))
    near = moving_maximum(_voiced(pitch, len(level)), 2 * round(_VOICE_NEAR_S / _HOP_S) + 1) > 0
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
    heard = Phone(phone=HEARD_VOWEL, start_s=vowel_s, end_s=vowel_end_s)
    return Syllable(
        text="", start_s=start_s, vowel_s=vowel_s, vowel_end_s=vowel_end_s, end_s=end_s, stress=1, phones=(heard,)
    )


def _word(syllable: Syllable) -> Word:
    return Word(text="", start_s=syllable.start_s, end_s=syllable.end_s, syllables=(syllable,))
