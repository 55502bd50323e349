"""What a speaker's recording gives to sing with.

Conventions
-----------
Speech times are seconds of the source file. The pitch has one value every 5 ms of it; marks (voicing, level)
one every millisecond. The voice is forced on inside vowels and sonorants, however the speaker creaked or
whispered there: the best remedy for creak (docs/benchmarks.md).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shenqu.documents.audio import Samples
from shenqu.documents.speech import SONORANTS, Transcript
from shenqu.dsp.filters import Filtered, high_pass, moving_mean
from shenqu.dsp.pitch_track import HOP_S as FRAME_S
from shenqu.singing.contour import HOP_S as MARK_S
from shenqu.units import SONG_RATE

Array = npt.NDArray[np.floating[Any]]
Marks = npt.NDArray[np.bool_]

VERSION = "voice 6"
POWER_MARKS, MARKS_AT_ONCE = 30, 4000
UNVOICED_ABOVE_HZ = 500.0
LEVEL_DBFS = -20.0
MOST_GAIN_DB = 18.0
EVENNESS = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a speaker's recording gives to sing with.

    `unvoiced` is the recording without what a neighbouring vowel leaves in a consonant at its own pitch; it is made
    where it is asked for.
    `hz` is the pitch of `samples` every 5 ms, carried through unvoiced stretches, `usual_hz` its median where
    it is voiced. `vowels`, `voiced` and
    `gain_db` have one value a millisecond. The first of each is at source time `origin_s`. `digest` names
    it all.
    """

    samples: Samples
    unvoiced: Filtered
    rate: int
    origin_s: float
    hz: Array
    vowels: Marks
    voiced: Marks
    gain_db: Array
    usual_hz: float
    digest: str


def working_rate(rate: int) -> int:
    """Return the rate at which a recording of `rate` hertz is sung: 24 kHz holds all that is in up to that rate.

    >>> working_rate(16_000), working_rate(44_100)
    (24000, 48000)
    """
    return 24_000 if rate <= 24_000 else SONG_RATE


def prepare(
    samples: Samples, rate: int, *, origin_s: float, hz: Array, transcript: Transcript, power: Array | None = None
) -> Material:
    """Return mono `samples`, their pitch `hz` every 5 ms (0.0 where unvoiced) and `transcript` made ready to sing.

    `power` is their `spoken_power`, where that is known already.
    """
    vowels = _vowel_marks(transcript, origin_s, round(len(samples) / rate / MARK_S) + 1)
    voiced = _voiced_marks(hz, vowels, transcript, origin_s)
    filled = _fill(hz)
    digest = hashlib.sha256(f"{VERSION} {rate} {origin_s}".encode())
    for values in (samples, filled, vowels, voiced):
        digest.update(np.ascontiguousarray(values).data)
    return Material(
        samples=samples,
        unvoiced=Filtered(samples, rate, high_pass(2, UNVOICED_ABOVE_HZ, rate)),
        rate=rate,
        origin_s=origin_s,
        hz=filled,
        vowels=vowels,
        voiced=voiced,
        gain_db=_gain_db(spoken_power(samples, rate) if power is None else power, transcript, vowels, origin_s),
        usual_hz=float(np.median(hz[hz > 0])) if (hz > 0).any() else float(filled[0]),
        digest=digest.hexdigest(),
    )


def stretches(marks: Marks) -> list[tuple[int, int]]:
    """Return where `marks` are set: first and behind the last.

    >>> stretches(np.array([True, False, True, True]))
    [(0, 1), (2, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marks, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _fill(hz: Array) -> Array:
    """Carry the pitch through unvoiced stretches, straight in its logarithm."""
    voiced = np.flatnonzero(hz > 0)
    if not len(voiced):
        return np.full(len(hz), 150.0)
    return np.asarray(np.exp(np.interp(np.arange(len(hz)), voiced, np.log(hz[voiced]))))


def _vowel_marks(transcript: Transcript, origin_s: float, count: int) -> Marks:
    vowels = np.zeros(count, dtype=bool)
    for syllable in transcript.syllables:
        first, last = (round((time - origin_s) / MARK_S) for time in (syllable.vowel_s, syllable.vowel_end_s))
        vowels[max(0, first) : max(0, last)] = True
    return vowels


def _voiced_marks(hz: Array, vowels: Marks, transcript: Transcript, origin_s: float) -> Marks:
    """Voiced where the tracker hears it, in sonorants and in vowels."""
    heard = np.repeat(hz > 0, round(FRAME_S / MARK_S))
    voiced = np.zeros(len(vowels), dtype=bool)
    voiced[: min(len(heard), len(voiced))] = heard[: len(voiced)]
    for syllable in transcript.syllables:
        for phone in syllable.phones:
            first, last = (max(0, round((time - origin_s) / MARK_S)) for time in (phone.start_s, phone.end_s))
            if phone.phone in SONORANTS:
                voiced[first:last] = True
    return voiced | vowels


def spoken_power(samples: Samples, rate: int) -> Array:
    """Return the power of speech above 150 Hz in the 30 ms around every millisecond of `samples`."""
    step, count = round(rate * MARK_S), round(len(samples) / rate / MARK_S) + 1
    heard = Filtered(samples, rate, high_pass(2, 150.0, rate), both_ways=False)
    power = np.zeros(count)
    for first in range(0, count, MARKS_AT_ONCE):
        part = np.square(heard.part(first * step, (first + MARKS_AT_ONCE) * step))
        some = np.add.reduceat(part, np.arange(0, len(part), step)) / step if len(part) else part
        power[first : first + MARKS_AT_ONCE][: len(some)] = some
    return moving_mean(power, POWER_MARKS)


def _gain_db(power: Array, transcript: Transcript, vowels: Marks, origin_s: float) -> Array:
    """Return the gain that brings every syllable to one level and evens out each vowel, one value a millisecond."""
    level_db = 10.0 * np.log10(power + 1e-12)
    spans = [
        [max(0, round((time - origin_s) / MARK_S)) for time in (s.start_s, s.vowel_s, s.vowel_end_s, s.end_s)]
        for s in transcript.syllables
    ]
    spans = [span for span in spans if span[1] < span[2] <= len(vowels)]
    means = np.array([10.0 * np.log10(power[vowel:end].mean() + 1e-12) for _, vowel, end, _ in spans] or [0.0])
    usual = float(np.median(means))
    gains = LEVEL_DBFS - usual + np.clip(usual - means, -MOST_GAIN_DB, MOST_GAIN_DB)
    gain = np.full(len(vowels), LEVEL_DBFS - usual)
    for (start, vowel, vowel_end, end), mean, syllable_gain in zip(spans, means, gains, strict=False):
        gain[start:end] = syllable_gain
        gain[vowel:vowel_end] += EVENNESS * np.clip(mean - level_db[vowel:vowel_end], -6.0, 12.0)
    return moving_mean(gain, 15)
