"""The singing voice: the speaker's own sound, on the pitch and at the time of the Performance.

Vowels and voiced consonants are made from WORLD's spectra with the pitch replaced; unvoiced sounds are
the recording itself, unstretched. Inside vowels the voice is forced on, however the speaker creaked or
whispered there. Every syllable is brought to one level.

Conventions
-----------
Speech times are seconds of the source file. Spectra lie every 5 ms of it; marks (voicing, level) every
millisecond. The song is made of units, from vowel to vowel; a unit hangs on nothing but its own notes,
so what did not change is found in memory.

References
----------
WORLD: see `engines.world`. Voicing forced in vowels: the best remedy for creak (docs/benchmarks.md).
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, sosfilt

from shenqu.documents.audio import Samples
from shenqu.documents.performance import Performance
from shenqu.documents.speech import Transcript
from shenqu.singing.vocoder import add_noise, add_pulses, pulse_times
from shenqu.units import SONG_RATE, pitch_to_hz

Array = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]
Memory = Callable[[str, Callable[[], Array]], Array]
AnalyseVoice = Callable[[Samples, int, Array, Array], tuple[Array, Array]]

VERSION = "voice 1"
FRAME_S = 0.005
MARK_S = 0.001
LEVEL_DBFS = -20.0
MOST_GAIN_DB = 18.0
EVENNESS = 0.6
FADE_S = 0.004
ATTACK_S, RELEASE_S = 0.005, 0.04
SETTLED_S = 0.035
SHORTEST_VOICED_S = 0.015
UNVOICED_PHONES = frozenset({"P", "T", "K", "F", "TH", "S", "SH", "CH", "HH"})
SONORANT_PHONES = frozenset({"M", "N", "NG", "L", "R", "W", "Y"})


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a speaker's recording gives to sing with.

    `row_of_frame` leads from a 5 ms frame of `samples` to its row in the spectra (-1: not measured).
    `voiced` and `gain_db` have one value a millisecond of `samples`, whose first is at `origin_s`.
    """

    samples: Samples
    rate: int
    origin_s: float
    row_of_frame: npt.NDArray[np.int_]
    log_power: Array
    aperiodicity: Array
    voiced: Marks
    gain_db: Array
    digest: str


def working_rate(rate: int) -> int:
    """Return the rate at which a recording of `rate` hertz is sung: 24 kHz holds all that is in up to that rate.

    >>> working_rate(16_000), working_rate(44_100)
    (24000, 48000)
    """
    return 24_000 if rate <= 24_000 else SONG_RATE


def prepare(
    samples: Samples,
    rate: int,
    *,
    origin_s: float,
    hz: Array,
    transcript: Transcript,
    performance: Performance,
    analyse_voice: AnalyseVoice,
) -> Material:
    """Measure the parts of mono `samples` that `performance` sings.

    `hz` is their pitch every 5 ms, 0.0 where unvoiced.
    """
    frames = _frames_sung(performance, origin_s, len(hz))
    filled = _fill(hz)
    envelope, aperiodicity = analyse_voice(samples, rate, filled[frames], frames * FRAME_S)
    row_of_frame = np.full(len(hz), -1)
    row_of_frame[frames] = np.arange(len(frames))
    marks = round(len(samples) / rate / MARK_S) + 1
    vowels = _vowel_marks(transcript, origin_s, marks)
    in_vowel = vowels[np.minimum((frames * FRAME_S / MARK_S).astype(int), marks - 1)]
    _cap_noise(aperiodicity, in_vowel, rate)
    digest = hashlib.sha256(VERSION.encode())
    digest.update(np.ascontiguousarray(samples).tobytes() + filled.tobytes() + vowels.tobytes() + str(rate).encode())
    return Material(
        samples=samples,
        rate=rate,
        origin_s=origin_s,
        row_of_frame=row_of_frame,
        log_power=np.log(envelope + 1e-16),
        aperiodicity=aperiodicity,
        voiced=_voiced_marks(hz, vowels, transcript, origin_s),
        gain_db=_gain_db(samples, rate, transcript, vowels, origin_s),
        digest=digest.hexdigest(),
    )


def sing(material: Material, performance: Performance, contour: Array, *, seed: int, remember: Memory) -> Samples:
    """Return the lead voice, mono, at 48 kHz, as long as the performance.

    `contour` is the pitch to sing, one MIDI pitch a millisecond of the song. `remember(key, make)`
    returns what is known under a key, or makes it.
    """
    rate = material.rate
    length = round(performance.duration_s * rate)
    times = np.arange(len(contour)) * MARK_S
    speech_s, sounding = _follow(performance, times)
    marks = np.clip(((speech_s - material.origin_s) / MARK_S).round().astype(int), 0, len(material.voiced) - 1)
    voiced = _clean(material.voiced[marks] & sounding)
    out = np.zeros(length + rate)
    for first, last, whole in _units(voiced, performance):
        _add_unit(out, material, contour, speech_s, first, last, whole=whole, seed=seed, remember=remember)
    out = out[:length]
    out += _recording(material, speech_s, sounding & ~voiced, length)
    out *= _levels(material, marks, sounding, length)
    song = soxr.resample(out, rate, SONG_RATE) if rate != SONG_RATE else out
    whole_song = np.zeros(round(performance.duration_s * SONG_RATE), dtype=np.float32)
    count = min(len(whole_song), len(song))
    whole_song[:count] = _rounded(song[:count])
    return whole_song


def _frames_sung(performance: Performance, origin_s: float, count: int) -> npt.NDArray[np.int_]:
    """Return the numbers of all frames that the time map passes through, with one more on each side."""
    sung = np.zeros(count, dtype=bool)
    rows = performance.time_map.rows
    for (_, speech_a), (_, speech_b) in itertools.pairwise(rows):
        if speech_b > speech_a:
            first = int((speech_a - origin_s) / FRAME_S) - 1
            sung[max(0, first) : int((speech_b - origin_s) / FRAME_S) + 3] = True
    return np.flatnonzero(sung)


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
    """Voiced where the tracker hears it, in sonorants and in vowels; never in unvoiced phones."""
    heard = np.repeat(hz > 0, round(FRAME_S / MARK_S))
    voiced = np.zeros(len(vowels), dtype=bool)
    voiced[: min(len(heard), len(voiced))] = heard[: len(voiced)]
    for syllable in transcript.syllables:
        for phone in syllable.phones:
            first, last = (max(0, round((time - origin_s) / MARK_S)) for time in (phone.start_s, phone.end_s))
            if phone.phone in UNVOICED_PHONES:
                voiced[first:last] = False
            elif phone.phone in SONORANT_PHONES:
                voiced[first:last] = True
    return voiced | vowels


def _cap_noise(aperiodicity: Array, in_vowel: Marks, rate: int) -> None:
    """Keep vowels mostly periodic below some kHz: creak and breath measure as noise there."""
    hz = np.linspace(0.0, rate / 2, aperiodicity.shape[1])
    cap = np.interp(hz, [0.0, 1500.0, 5000.0, 8000.0], [0.3, 0.45, 0.8, 1.0])
    aperiodicity[in_vowel] = np.minimum(aperiodicity[in_vowel], cap)


def _gain_db(samples: Samples, rate: int, transcript: Transcript, vowels: Marks, origin_s: float) -> Array:
    """Return the gain that brings every syllable to one level and evens out each vowel, one value a millisecond."""
    heard = sosfilt(butter(2, 150.0, "highpass", fs=rate, output="sos"), samples.astype(np.float64))
    power = uniform_filter1d(heard**2, round(0.03 * rate), mode="nearest")
    at_marks = np.minimum((np.arange(len(vowels)) * MARK_S * rate).astype(int), len(power) - 1)
    level_db = 10.0 * np.log10(power[at_marks] + 1e-12)
    syllables = transcript.syllables
    spans = [
        [max(0, round((time - origin_s) / MARK_S)) for time in (s.start_s, s.vowel_s, s.vowel_end_s, s.end_s)]
        for s in syllables
    ]
    means = np.array(
        [10.0 * np.log10(power[at_marks[b:c]].mean() + 1e-12) if c > b else -120.0 for _, b, c, _ in spans]
    )
    usual = float(np.median(means))
    gains = LEVEL_DBFS - usual + np.clip(usual - means, -MOST_GAIN_DB, MOST_GAIN_DB)
    gain = np.full(len(vowels), LEVEL_DBFS - usual)
    for (start, vowel, vowel_end, end), mean, syllable_gain in zip(spans, means, gains, strict=True):
        gain[start:end] = syllable_gain
        gain[vowel:vowel_end] += EVENNESS * np.clip(mean - level_db[vowel:vowel_end], -6.0, 12.0)
    return uniform_filter1d(gain, 15, mode="nearest")


def _follow(performance: Performance, times: Array) -> tuple[Array, Marks]:
    """Return speech time and whether anything is sung, at song `times`."""
    rows = np.array(performance.time_map.rows)
    index = np.clip(np.searchsorted(rows[:, 0], times, side="right") - 1, 0, len(rows) - 2)
    (song_a, speech_a), (song_b, speech_b) = rows[index].T, rows[index + 1].T
    share = np.clip((times - song_a) / np.maximum(song_b - song_a, 1e-9), 0.0, 1.0)
    sounding = (speech_b > speech_a) & (times >= song_a) & (times < song_b)
    return speech_a + share * (speech_b - speech_a), sounding


def _clean(voiced: Marks) -> Marks:
    """Fill unvoiced holes and drop voiced islands that are too short to be either."""
    least = round(SHORTEST_VOICED_S / MARK_S)
    cleaned = voiced.copy()
    for value in (False, True):
        for first, last in _stretches(cleaned == value):
            if last - first < least and first > 0 and last < len(voiced):
                cleaned[first:last] = not value
    return cleaned


def _stretches(marks: Marks) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marks, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _units(voiced: Marks, performance: Performance) -> list[tuple[int, int, bool]]:
    """Cut voiced stretches behind each vowel onset: (first mark, last mark, whether the voice goes on)."""
    cuts = np.array(
        [round((note.start_s + SETTLED_S) / MARK_S) for note in performance.notes if note.lyric != "+"], dtype=int
    )
    units = []
    for first, last in _stretches(voiced):
        inside = [int(cut) for cut in cuts if first + 60 <= cut <= last - 60]
        edges = [first, *inside, last]
        units += [(a, b, b != last) for a, b in itertools.pairwise(edges)]
    return units


def _add_unit(
    out: Array,
    material: Material,
    contour: Array,
    speech_s: Array,
    first: int,
    last: int,
    *,
    whole: bool,
    seed: int,
    remember: Memory,
) -> None:
    pitch, path = contour[first : last + 1], speech_s[first : last + 1]
    key = hashlib.sha256(f"{material.digest} {whole} {seed}".encode() + pitch.tobytes() + path.tobytes())
    sound = remember(key.hexdigest(), lambda: _unit(material, pitch, path, whole=whole, seed=seed))
    lead = _room(material)
    start = round(first * MARK_S * material.rate) - lead
    low, high = max(0, start), min(len(out), start + len(sound))
    out[low:high] += sound[low - start : high - start]


def _room(material: Material) -> int:
    return int(material.log_power.shape[1] - 1)


def _unit(material: Material, pitch: Array, path: Array, *, whole: bool, seed: int) -> Array:
    """Return one unit's sound, with room before its start and after its end for what rings."""
    rate, room = material.rate, _room(material)
    hz = pitch_to_hz(pitch)
    times = pulse_times(hz, MARK_S, whole=whole)
    grid = np.arange(len(pitch)) * MARK_S
    sound = np.zeros(room + round(grid[-1] * rate) + 2 * room)
    power, aperiodicity = _spectra(material, np.interp(times, grid, path))
    add_pulses(sound, room, times, 1.0 / np.interp(times, grid, hz), power, aperiodicity, rate)
    frames = np.arange(0.0, grid[-1] + 1e-9, FRAME_S)
    power, aperiodicity = _spectra(material, np.interp(frames, grid, path))
    digest = hashlib.sha256(path.tobytes()).digest()
    add_noise(sound, room, power, aperiodicity, rate, np.random.default_rng([seed, *digest[:8]]))
    return sound


def _spectra(material: Material, speech_s: Array) -> tuple[Array, Array]:
    """Return log power and aperiodicity at `speech_s`, straight between frames."""
    place = np.clip((speech_s - material.origin_s) / FRAME_S, 0.0, len(material.row_of_frame) - 1.0)
    before = np.floor(place).astype(int)
    share = (place - before)[:, None]
    here = np.maximum(material.row_of_frame[before], 0)
    following = material.row_of_frame[np.minimum(before + 1, len(material.row_of_frame) - 1)]
    following = np.where(following < 0, here, following)
    power = (1 - share) * material.log_power[here] + share * material.log_power[following]
    return power, (1 - share) * material.aperiodicity[here] + share * material.aperiodicity[following]


def _recording(material: Material, speech_s: Array, unvoiced: Marks, length: int) -> Array:
    """Return the recording itself wherever `unvoiced` is set, faded over a few milliseconds."""
    rate = material.rate
    at = np.arange(length) / rate
    speech = np.interp(at, np.arange(len(speech_s)) * MARK_S, speech_s)
    out = np.zeros(length)
    for first, last in _stretches(unvoiced):
        low = max(0, round((first * MARK_S - FADE_S) * rate))
        high = min(length, round((last * MARK_S + FADE_S) * rate))
        if high <= low:
            continue
        middle = (first + last) // 2
        straight = speech_s[middle] + at[low:high] - middle * MARK_S
        is_straight = abs(speech_s[last - 1] - speech_s[first] - (last - 1 - first) * MARK_S) < 2 * MARK_S
        source = straight if is_straight else speech[low:high]
        index = np.clip(np.round((source - material.origin_s) * rate).astype(int), 0, len(material.samples) - 1)
        edge = np.minimum(np.arange(high - low), np.arange(high - low)[::-1]) / (2 * FADE_S * rate)
        out[low:high] += material.samples[index] * np.clip(edge, 0.0, 1.0)
    return out


def _levels(material: Material, marks: npt.NDArray[np.int_], sounding: Marks, length: int) -> Array:
    """Return the gain of every sample: the syllables' levels, and soft edges where the voice comes and goes."""
    gain = 10.0 ** (uniform_filter1d(material.gain_db[marks], 11, mode="nearest") / 20.0)
    edge = np.zeros(len(sounding))
    attack, release = round(ATTACK_S / MARK_S), round(RELEASE_S / MARK_S)
    for first, last in _stretches(sounding):
        into = np.minimum(1.0, (np.arange(last - first) + 1) / attack)
        out_of = np.minimum(1.0, np.arange(last - first)[::-1] / release)
        edge[first:last] = 0.25 * (1 - np.cos(np.pi * into)) * (1 - np.cos(np.pi * out_of))
    at = np.arange(length) / material.rate / MARK_S
    return np.interp(at, np.arange(len(gain)), gain * edge)


def _rounded(song: Array) -> Samples:
    """Bend peaks above .8 of full scale, sample by sample, so that nothing clips."""
    loud = np.abs(song) > 0.8
    bent = np.sign(song) * (0.8 + 0.2 * np.tanh((np.abs(song) - 0.8) / 0.2))
    return np.where(loud, bent, song).astype(np.float32)
