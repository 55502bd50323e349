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
from collections.abc import Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr
from scipy.ndimage import uniform_filter1d
from scipy.signal import butter, sosfilt, sosfiltfilt

from shenqu.documents.audio import Samples
from shenqu.documents.performance import Performance
from shenqu.documents.speech import SONORANTS, Transcript
from shenqu.dsp.pitch_track import HOP_S as FRAME_S
from shenqu.singing.contour import HOP_S as MARK_S
from shenqu.singing.contour import SETTLED_S
from shenqu.singing.vocoder import NOISE_HOP_S, add_noise, add_pulses, pulse_times
from shenqu.units import SONG_RATE, pitch_to_hz

Array = npt.NDArray[np.floating[Any]]
Marks = npt.NDArray[np.bool_]
AnalyseVoice = Callable[[Samples, int, Array, npt.NDArray[np.int_]], tuple[Array, Array]]

VERSION = "voice 5"
WORKERS = 2
UNITS_AT_ONCE = 200  # whose spectra are in memory together
UNVOICED_ABOVE_HZ = 500.0
LEVEL_DBFS = -20.0
MOST_GAIN_DB = 18.0
EVENNESS = 0.6
FADE_S = 0.004
ATTACK_S, RELEASE_S = 0.005, 0.04
SHORTEST_VOICED_S = 0.015


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a speaker's recording gives to sing with.

    `unvoiced` is the recording without what a neighbouring vowel leaves in a consonant at its own pitch.
    `hz` is the pitch of `samples` every 5 ms, carried through unvoiced stretches. `vowels`, `voiced` and
    `gain_db` have one value a millisecond. The first of each is at source time `origin_s`. `digest` names
    it all.
    """

    samples: Samples
    unvoiced: Array
    rate: int
    origin_s: float
    hz: Array
    vowels: Marks
    voiced: Marks
    gain_db: Array
    digest: str


@dataclass(frozen=True, slots=True, eq=False)
class _Spectra:
    """WORLD's spectra of some frames; `row_of_frame` leads from a frame's number to its row (-1: none)."""

    row_of_frame: npt.NDArray[np.int_]
    log_power: Array
    aperiodicity: Array


@dataclass(frozen=True, slots=True, eq=False)
class _Unit:
    """A piece of voiced song: pitch and speech time every millisecond from mark `first`, and whether another follows.

    `key` names the sound that it will be.
    """

    first: int
    pitch: Array
    speech_s: Array
    whole: bool
    key: str


def working_rate(rate: int) -> int:
    """Return the rate at which a recording of `rate` hertz is sung: 24 kHz holds all that is in up to that rate.

    >>> working_rate(16_000), working_rate(44_100)
    (24000, 48000)
    """
    return 24_000 if rate <= 24_000 else SONG_RATE


def prepare(samples: Samples, rate: int, *, origin_s: float, hz: Array, transcript: Transcript) -> Material:
    """Return mono `samples`, their pitch `hz` every 5 ms (0.0 where unvoiced) and `transcript` made ready to sing."""
    vowels = _vowel_marks(transcript, origin_s, round(len(samples) / rate / MARK_S) + 1)
    filled = _fill(hz)
    digest = hashlib.sha256(f"{VERSION} {rate} {origin_s}".encode())
    digest.update(np.ascontiguousarray(samples).tobytes() + filled.tobytes() + vowels.tobytes())
    high_pass = butter(2, UNVOICED_ABOVE_HZ, "highpass", fs=rate, output="sos")
    return Material(
        samples=samples,
        unvoiced=sosfiltfilt(high_pass, samples.astype(np.float64)),
        rate=rate,
        origin_s=origin_s,
        hz=filled,
        vowels=vowels,
        voiced=_voiced_marks(hz, vowels, transcript, origin_s),
        gain_db=_gain_db(samples, rate, transcript, vowels, origin_s),
        digest=digest.hexdigest(),
    )


def sing(
    material: Material,
    performance: Performance,
    contour: Array,
    *,
    seed: int,
    analyse_voice: AnalyseVoice,
    memory: MutableMapping[str, Array],
) -> Samples:
    """Return the lead voice, mono, at 48 kHz, as long as the performance.

    `contour` is the pitch to sing, one MIDI pitch a millisecond of the song. Units of the song that
    `memory` holds are taken from there, the others are sung and put there.
    """
    rate = material.rate
    length = round(performance.duration_s * rate)
    speech_s, sounding = _follow(performance, np.arange(len(contour)) * MARK_S)
    marks = np.clip(((speech_s - material.origin_s) / MARK_S).round().astype(int), 0, len(material.voiced) - 1)
    voiced = _clean(material.voiced[marks] & sounding)
    units = _units(material, performance, contour, speech_s, voiced, seed)
    out = np.zeros(length + rate)
    sounds = _sing_units(material, units, seed, analyse_voice, memory)
    for unit, sound in zip(units, sounds, strict=True):
        start = round(unit.first * MARK_S * rate) - _room(rate)
        low, high = max(0, start), min(len(out), start + len(sound))
        out[low:high] += sound[low - start : high - start]
    out = out[:length] + _recording(material, speech_s, sounding & ~voiced, length)
    out *= _levels(material, marks, sounding, length)
    return _at_song_rate(out, rate, round(performance.duration_s * SONG_RATE))


def _at_song_rate(out: Array, rate: int, length: int) -> Samples:
    song = soxr.resample(out, rate, SONG_RATE) if rate != SONG_RATE else out
    exact = np.zeros(length, dtype=np.float32)
    count = min(length, len(song))
    exact[:count] = _rounded(song[:count])
    return exact


def _sing_units(
    material: Material,
    units: list[_Unit],
    seed: int,
    analyse_voice: AnalyseVoice,
    memory: MutableMapping[str, Array],
) -> list[Array]:
    """Return the sound of every unit; only the frames of those that are not in `memory` are analysed."""
    # By `get`: what lies there may turn out to be damaged.
    known = {unit.key: sound for unit in units if (sound := memory.get(unit.key)) is not None}
    missing = {unit.key: unit for unit in units if unit.key not in known}
    # In the order of the speech, so that hardly a frame is analysed for two batches.
    ordered = sorted(missing.values(), key=lambda unit: float(unit.speech_s[0]))
    for first in range(0, len(ordered), UNITS_AT_ONCE):
        batch = ordered[first : first + UNITS_AT_ONCE]
        sound_of = partial(_sound, material, _analyse(material, batch, analyse_voice), seed=seed)
        with ThreadPoolExecutor(WORKERS) as pool:
            for unit, sound in zip(batch, pool.map(sound_of, batch), strict=True):
                known[unit.key] = memory[unit.key] = sound
    return [known[unit.key] for unit in units]


def _analyse(material: Material, units: list[_Unit], analyse_voice: AnalyseVoice) -> _Spectra:
    wanted = np.zeros(len(material.hz) + 1, dtype=bool)
    for unit in units:
        place = _places(material, unit.speech_s).astype(int)
        wanted[place] = wanted[place + 1] = True
    marks_of_frames = (np.arange(len(material.hz)) * (FRAME_S / MARK_S)).astype(int)
    vowels = _stretches(material.vowels[np.minimum(marks_of_frames, len(material.vowels) - 1)])
    vowels = [(first, last) for first, last in vowels if wanted[first:last].any()]
    for first, last in vowels:
        wanted[first:last] = True
    frames = np.flatnonzero(wanted[:-1])
    envelope, aperiodicity = analyse_voice(material.samples, material.rate, material.hz, frames)
    row_of_frame = np.full(len(material.hz), -1)
    row_of_frame[frames] = np.arange(len(frames))
    log_power = np.log(envelope + 1e-16)
    for first, last in vowels:
        rows = slice(row_of_frame[first], row_of_frame[last - 1] + 1)
        _cap_bursts(log_power[rows], material.rate)
    return _Spectra(row_of_frame=row_of_frame, log_power=log_power, aperiodicity=aperiodicity)


def _places(material: Material, speech_s: Array) -> Array:
    """Return where `speech_s` lies among the frames, as fractions of their numbers."""
    return np.clip((speech_s - material.origin_s) / FRAME_S, 0.0, len(material.hz) - 1.0)


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


def _cap_bursts(log_power: Array, rate: int) -> None:
    """Hold the high spectrum of a vowel's frames to what most of them have.

    The burst of a stop, or the end of a fricative, that reaches into a vowel would sound with every pulse.
    """
    hz = np.linspace(0.0, rate / 2, log_power.shape[1])
    above_db = np.interp(hz, [1000.0, 2000.0, 4000.0], [40.0, 14.0, 6.0])
    usual = np.percentile(log_power, 25.0, axis=0)
    np.minimum(log_power, usual + above_db * (np.log(10.0) / 10.0), out=log_power)


def _gain_db(samples: Samples, rate: int, transcript: Transcript, vowels: Marks, origin_s: float) -> Array:
    """Return the gain that brings every syllable to one level and evens out each vowel, one value a millisecond."""
    heard = sosfilt(butter(2, 150.0, "highpass", fs=rate, output="sos"), samples.astype(np.float64))
    power = uniform_filter1d(heard**2, round(0.03 * rate), mode="nearest")
    at_marks = np.minimum((np.arange(len(vowels)) * MARK_S * rate).astype(int), len(power) - 1)
    level_db = 10.0 * np.log10(power[at_marks] + 1e-12)
    spans = [
        [max(0, round((time - origin_s) / MARK_S)) for time in (s.start_s, s.vowel_s, s.vowel_end_s, s.end_s)]
        for s in transcript.syllables
    ]
    spans = [span for span in spans if span[1] < span[2] <= len(vowels)]
    means = np.array(
        [10.0 * np.log10(power[at_marks[vowel:end]].mean() + 1e-12) for _, vowel, end, _ in spans] or [0.0]
    )
    usual = float(np.median(means))
    gains = LEVEL_DBFS - usual + np.clip(usual - means, -MOST_GAIN_DB, MOST_GAIN_DB)
    gain = np.full(len(vowels), LEVEL_DBFS - usual)
    for (start, vowel, vowel_end, end), mean, syllable_gain in zip(spans, means, gains, strict=False):
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


def _pieces(marks: Marks, speech_s: Array) -> Iterator[tuple[int, int]]:
    """Yield the stretches of `marks`, cut where the speech jumps."""
    jumps = np.flatnonzero(np.abs(np.diff(speech_s)) > 3 * MARK_S) + 1
    for first, last in _stretches(marks):
        yield from pairwise([first, *jumps[(jumps > first) & (jumps < last)].tolist(), last])


def _units(
    material: Material, performance: Performance, contour: Array, speech_s: Array, voiced: Marks, seed: int
) -> list[_Unit]:
    """Cut the voiced stretches of the song behind each vowel onset, where the pitch has settled."""
    cuts = [round((note.start_s + SETTLED_S) / MARK_S) for note in performance.notes if note.lyric != "+"]
    units = []
    for first, last in _stretches(voiced):
        edges = [first, *(cut for cut in cuts if first + 60 <= cut <= last - 60), last]
        for start, end in pairwise(edges):
            path, whole = speech_s[start : end + 1], end != last
            pitch = contour[start : end + 1]
            if start == first:
                pitch = _without_approach(pitch, start, performance)
            key = hashlib.sha256(f"{material.digest} {whole} {seed}".encode() + pitch.tobytes() + path.tobytes())
            units.append(_Unit(first=start, pitch=pitch, speech_s=path, whole=whole, key=key.hexdigest()))
    return units


def _without_approach(pitch: Array, start: int, performance: Performance) -> Array:
    """Begin a voice on its own note where it comes in just before or on it: no voice has glided there."""
    for note in performance.notes:
        settled = round((note.start_s + SETTLED_S) / MARK_S) - start
        if 0 < settled < min(len(pitch), round(2 * SETTLED_S / MARK_S)):
            return np.concatenate([np.full(settled, pitch[settled]), pitch[settled:]])
    return pitch


def _room(rate: int) -> int:
    """Return the samples kept free before a unit's start; twice that rings behind its end."""
    return rate // 40


def _sound(material: Material, spectra: _Spectra, unit: _Unit, *, seed: int) -> Array:
    """Return one unit's sound, with room before its start and after its end for what rings."""
    rate, room = material.rate, _room(material.rate)
    hz = pitch_to_hz(unit.pitch)
    times = pulse_times(hz, MARK_S, whole=unit.whole)
    grid = np.arange(len(hz)) * MARK_S
    sound = np.zeros(room + round(grid[-1] * rate) + 2 * room)
    # The nearest mark's spectrum, not one between two marks: the speech may jump there.
    nearest = np.round(times / MARK_S).astype(int)
    power, aperiodicity = _spectra_at(material, spectra, unit.speech_s[nearest])
    add_pulses(sound, room, times, 1.0 / np.interp(times, grid, hz), power, aperiodicity, rate)
    power, aperiodicity = _spectra_at(material, spectra, unit.speech_s[:: round(NOISE_HOP_S / MARK_S)])
    rng = np.random.default_rng([seed, *hashlib.sha256(unit.speech_s.tobytes()).digest()[:8]])
    add_noise(sound, room, power, aperiodicity, rate, rng)
    return sound


def _spectra_at(material: Material, spectra: _Spectra, speech_s: Array) -> tuple[Array, Array]:
    """Return log power and aperiodicity at `speech_s`, straight between frames."""
    place = _places(material, speech_s)
    before = np.floor(place).astype(int)
    share = (place - before)[:, None]
    here = spectra.row_of_frame[before]
    following = spectra.row_of_frame[np.minimum(before + 1, len(material.hz) - 1)]
    power = (1 - share) * spectra.log_power[here] + share * spectra.log_power[following]
    return power, (1 - share) * spectra.aperiodicity[here] + share * spectra.aperiodicity[following]


def _recording(material: Material, speech_s: Array, unvoiced: Marks, length: int) -> Array:
    """Return the recording itself wherever `unvoiced` is set, faded over a few milliseconds, at jumps crosswise."""
    rate = material.rate
    at = np.arange(length) / rate
    speech = np.interp(at, np.arange(len(speech_s)) * MARK_S, speech_s)
    out = np.zeros(length)
    for first, last in _pieces(unvoiced, speech_s):
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
        out[low:high] += material.unvoiced[index] * np.clip(edge, 0.0, 1.0)
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
