"""The singing voice: the speaker's own sound, on the pitch and at the time of the Performance.

Vowels and voiced consonants are made by an engine from units (`singing.unit`), unvoiced sounds are the
recording itself, unstretched. Every syllable is brought to one level.

Conventions
-----------
Speech times are seconds of the source file; marks lie every millisecond of the song.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import soxr

from shenqu.documents.audio import Samples
from shenqu.documents.performance import Performance
from shenqu.dsp.filters import moving_mean
from shenqu.singing.contour import HOP_S as MARK_S
from shenqu.singing.material import Array, Marks, Material, stretches
from shenqu.singing.unit import Engine, Take, Unit, cut_units, expressed, room
from shenqu.units import SONG_RATE

WORKERS = 2
UNITS_AT_ONCE = 200  # whose analysis is in memory together
FADE_S = 0.004
ATTACK_S, RELEASE_S = 0.005, 0.04
SHORTEST_VOICED_S = 0.015


def sing(
    material: Material,
    performance: Performance,
    contour: Array,
    *,
    engine: Engine,
    seed: int,
    memory: MutableMapping[str, Array],
    formant_rise: float = 1.0,
    takes: Mapping[int, Take] = MappingProxyType({}),
) -> Samples:
    """Return the lead voice, mono, at 48 kHz, as long as the performance.

    `contour` is the pitch to sing, one MIDI pitch a millisecond of the song. Units of the song that
    `memory` holds are taken from there, the others are sung by `engine` and put there. `formant_rise` is how
    much formants rise with the pitch: 0.0 not at all, 1.0 as in nature. Notes may be sung in other `takes`, by their
    numbers: the units that lie on them are then.
    """
    rate = material.rate
    length = round(performance.duration_s * rate)
    speech_s, sounding = follow(performance, np.arange(len(contour)) * MARK_S)
    marks = np.clip(((speech_s - material.origin_s) / MARK_S).round().astype(int), 0, len(material.voiced) - 1)
    voiced = _clean(material.voiced[marks] & sounding)
    out = np.zeros(length + rate)
    usual = Take(engine, seed)
    sung: list[tuple[Unit, Array]] = []
    for take in dict.fromkeys([usual, *takes.values()]):
        units = cut_units(
            material,
            performance,
            contour,
            speech_s,
            voiced,
            engine=take.engine.name,
            seed=take.seed,
            formant_rise=formant_rise,
        )
        own = [unit for unit in units if takes.get(_note_of(unit, performance), usual) == take]
        sung += zip(own, _sing_units(material, own, take.engine, memory), strict=True)
    for unit, sound in sung:
        start = round(unit.first * MARK_S * rate) - room(rate)
        low, high = max(0, start), min(len(out), start + len(sound))
        out[low:high] += sound[low - start : high - start]
    out = out[:length] + _recording(material, speech_s, sounding & ~voiced, length)
    level_db = material.gain_db[marks] + expressed(performance, len(contour), lambda expression: expression.level_db)
    out *= _levels(level_db, sounding, length, rate)
    return _at_song_rate(out, rate, round(performance.duration_s * SONG_RATE))


def _note_of(unit: Unit, performance: Performance) -> int:
    """Return the number of the note on which the middle of a unit lies."""
    middle_s = (unit.first + len(unit.pitch) // 2) * MARK_S
    return max(0, bisect_right(performance.notes, middle_s, key=lambda note: note.start_s) - 1)


def _sing_units(
    material: Material, units: list[Unit], engine: Engine, memory: MutableMapping[str, Array]
) -> list[Array]:
    """Return the sound of every unit; only what those need that are not in `memory` is analysed."""
    # By `get`: what lies there may turn out to be damaged.
    known = {unit.key: sound for unit in units if (sound := memory.get(unit.key)) is not None}
    missing = {unit.key: unit for unit in units if unit.key not in known}
    # In the order of the speech, so that hardly a frame is analysed for two batches.
    ordered = sorted(missing.values(), key=lambda unit: float(unit.speech_s[0]))
    for first in range(0, len(ordered), UNITS_AT_ONCE):
        batch = ordered[first : first + UNITS_AT_ONCE]
        with ThreadPoolExecutor(WORKERS) as pool:
            for unit, sound in zip(batch, pool.map(engine.singer(material, batch), batch), strict=True):
                known[unit.key] = memory[unit.key] = sound
    return [known[unit.key] for unit in units]


def _at_song_rate(out: Array, rate: int, length: int) -> Samples:
    song = soxr.resample(out, rate, SONG_RATE) if rate != SONG_RATE else out
    exact = np.zeros(length, dtype=np.float32)
    count = min(length, len(song))
    exact[:count] = _rounded(song[:count])
    return exact


def follow(performance: Performance, times: Array) -> tuple[Array, Marks]:
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
        for first, last in stretches(cleaned == value):
            if last - first < least and first > 0 and last < len(voiced):
                cleaned[first:last] = not value
    return cleaned


def _pieces(marks: Marks, speech_s: Array) -> Iterator[tuple[int, int]]:
    """Yield the stretches of `marks`, cut where the speech jumps."""
    jumps = np.flatnonzero(np.abs(np.diff(speech_s)) > 3 * MARK_S) + 1
    for first, last in stretches(marks):
        yield from pairwise([first, *jumps[(jumps > first) & (jumps < last)].tolist(), last])


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


def _levels(level_db: Array, sounding: Marks, length: int, rate: int) -> Array:
    """Return the gain of every sample: levels of syllables and notes, soft edges where the voice comes and goes."""
    gain = 10.0 ** (moving_mean(level_db, 11) / 20.0)
    edge = np.zeros(len(sounding))
    attack, release = round(ATTACK_S / MARK_S), round(RELEASE_S / MARK_S)
    for first, last in stretches(sounding):
        into = np.minimum(1.0, (np.arange(last - first) + 1) / attack)
        out_of = np.minimum(1.0, np.arange(last - first)[::-1] / release)
        edge[first:last] = 0.25 * (1 - np.cos(np.pi * into)) * (1 - np.cos(np.pi * out_of))
    at = np.arange(length) / rate / MARK_S
    return np.interp(at, np.arange(len(gain)), gain * edge)


def _rounded(song: Array) -> Samples:
    """Bend peaks above .8 of full scale, sample by sample, so that nothing clips."""
    loud = np.abs(song) > 0.8
    bent = np.sign(song) * (0.8 + 0.2 * np.tanh((np.abs(song) - 0.8) / 0.2))
    return np.where(loud, bent, song).astype(np.float32)
