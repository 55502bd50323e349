"""The singing voice: the speaker's own sound, on the pitch and at the time of the Performance.

Vowels and voiced consonants are made by an engine from units (`singing.unit`), unvoiced sounds are the
recording itself, unstretched. Every syllable is brought to one level.

Conventions
-----------
Speech times are seconds of the source file; marks lie every millisecond of the song.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import soxr

from shenqu.documents.audio import Samples
from shenqu.documents.performance import Performance
from shenqu.dsp.blocks import on_both_cores
from shenqu.dsp.filters import filtered_both_ways, local_mean, low_pass, moving_mean
from shenqu.singing.contour import HOP_S as MARK_S
from shenqu.singing.material import VERSION, Array, Marks, Material, stretches
from shenqu.singing.takes import Part, sing_units
from shenqu.singing.unit import Take, Unit, cut_units, expressed, room, rooms
from shenqu.units import SONG_RATE

STRETCH = 8000  # marks that are sung at once
FADE_S = 0.004
LOUD, FULL = np.array(0.8), np.array(1.0)  # where peaks begin to be bent, and what they stay below
SOFT, CREST, CREST_S, BEND = 0.15, 3.0, 0.02, 1.5  # consonants: how high they may be, against what is around them
ATTACK_S, RELEASE_S = 0.005, 0.04
LONGEST_RELEASE_S, RELEASE_FROM, MOSTLY, DARK_HZ = 0.12, 0.7, 0.8, 1200.0
SHORTEST_VOICED_S = 0.015
NEAR = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Course:
    """All that is settled before a song sounds, one value a millisecond: the pitch to sing, the speech time, the gain.

    `units` are in no take yet; `unvoiced` are the stretches, first mark and behind the last, where the recording itself
    is heard, `releases` those in which a voice dies away.
    """

    material: Material
    performance: Performance
    contour: Array
    speech_s: Array
    gain: Array
    units: tuple[Unit, ...]
    unvoiced: tuple[tuple[int, int], ...]
    releases: tuple[tuple[int, int], ...]

    @property
    def marks(self) -> int:
        """Number of milliseconds, the last one begun."""
        return ceil(self.performance.duration_s / MARK_S - 1e-6)

    def span_of(self, number: int) -> tuple[int, int] | None:
        """Return from which mark to which another take of a note can be heard; None where it has no unit.

        All of the note lies in it, and what an ear needs around.
        """
        own = [unit for unit in self.units if _note_of(unit, self.performance) == number]
        if not own:
            return None
        note = self.performance.notes[number]
        first = min(own[0].first, int(note.start_s / MARK_S)) - NEAR
        last = max(own[-1].end, ceil(note.end_s / MARK_S)) + NEAR
        return max(0, first // NEAR * NEAR), min(self.marks, last)


def lay_out(material: Material, performance: Performance, contour: Array, *, formant_rise: float = 1.0) -> Course:
    """Return the course of a song: `contour` is the pitch to sing, one MIDI pitch a millisecond.

    `formant_rise` is how much formants rise with the pitch: 0.0 not at all, 1.0 as in nature.
    """
    speech_s, sounding = follow(performance, np.arange(len(contour)) * MARK_S)
    marks = np.clip(((speech_s - material.origin_s) / MARK_S).round().astype(int), 0, len(material.voiced) - 1)
    voiced = _clean(material.voiced[marks] & sounding)
    level_db = material.gain_db[marks] + expressed(performance, len(contour), lambda expression: expression.level_db)
    units = cut_units(material, performance, contour, speech_s, voiced, formant_rise=formant_rise)
    releases = _releases(sounding, voiced, performance)
    return Course(
        material=material,
        performance=performance,
        contour=contour,
        speech_s=speech_s,
        gain=_gain(_held(level_db, sounding), sounding, releases),
        units=tuple(units),
        unvoiced=tuple(_pieces(sounding & ~voiced, speech_s)),
        releases=releases,
    )


def sing(
    course: Course,
    usual: Take,
    *,
    memory: MutableMapping[str, Array],
    takes: Mapping[int, Take] = MappingProxyType({}),
    span: tuple[int, int] | None = None,
) -> Samples:
    """Return the lead voice, mono, at 48 kHz, as long as the performance, or what is heard of it in `span` (marks).

    Units, and stretches of song, that `memory` holds are taken from there, the others are sung and put there. Notes may
    be sung in other `takes` than the `usual` one, by their numbers: the units that lie on them are then.
    """
    first, last = span or (0, course.marks)
    ending = last * MARK_S if span else course.performance.duration_s
    song = np.zeros(round(ending * SONG_RATE) - round(first * MARK_S * SONG_RATE), dtype=np.float32)
    parts = _in_takes(course, usual, takes)
    missing: dict[str, list[_Piece]] = {}
    for begin in range(first, last, STRETCH):
        piece = _Piece.of(course, parts, (begin, min(begin + STRETCH, last)))
        sound = memory.get(piece.key)
        if sound is None:
            missing.setdefault(piece.key, []).append(piece)
        else:
            _lay(song, sound, piece.span[0] - first)
    sound_of = sing_units(course.material, [part for piece, *_ in missing.values() for part in piece.parts], memory)

    def sing_piece(alike: list[_Piece]) -> None:
        memory[alike[0].key] = sound = _sing_piece(course, alike[0], sound_of)
        for piece in alike:
            _lay(song, sound, piece.span[0] - first)

    on_both_cores(sing_piece, missing.values())
    return song


def _lay(song: Samples, sound: Array, mark: int) -> None:
    """Put `sound` into `song` from a mark on, as far as it goes."""
    start = round(mark * MARK_S * SONG_RATE)
    part = song[start : start + len(sound)]
    part[:] = sound[: len(part)]


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """A stretch of song: its `span` and that `around` it (marks), the parts heard in it; `key` names all of it."""

    span: tuple[int, int]
    around: tuple[int, int]
    parts: tuple[Part, ...]
    key: str

    @classmethod
    def of(cls, course: Course, parts: Sequence[Part], span: tuple[int, int]) -> _Piece:
        """Return what of `parts` is heard in `span`, and a name for its sound wherever in a song it lies."""
        # What lies around a part is heard too: a filter between two rates looks that far.
        begin, end = max(0, span[0] - NEAR), min(course.marks, span[1] + NEAR)
        before, behind = (round(width / course.material.rate / MARK_S) for width in rooms(course.material.rate))
        heard = tuple(part for part in parts if part[0].first - before < end and part[0].end + behind > begin)
        digest = hashlib.sha256(f"{VERSION} {course.material.digest} {span[0] - begin} {end - span[1]}".encode())
        digest.update(course.gain[begin : end + 1].tobytes())
        for unit, _ in heard:
            digest.update(f"{unit.first - begin} {unit.key}".encode())
        for first, last in course.unvoiced:
            if first < end + NEAR and last > begin - NEAR:
                digest.update(f"{first - begin} {last - begin}".encode() + course.speech_s[first:last].tobytes())
        for first, last in course.releases:
            if first < end and last > begin - NEAR:
                digest.update(f"{first - begin} {last - begin}".encode())
        return cls(span, (begin, end), heard, digest.hexdigest())


def _sing_piece(course: Course, piece: _Piece, sound_of: Callable[[Part], Samples]) -> Samples:
    """Return what is heard in a stretch of song."""
    rate, (begin, end) = course.material.rate, piece.around
    low, high = (round(mark * MARK_S * rate) for mark in (begin, end))
    gain = _at(course.gain, np.arange(low, high), round(MARK_S * rate))
    out = _without_clicks(gain * _recording(course, low, high), rate)
    for part in piece.parts:
        sound, start = sound_of(part), round(part[0].first * MARK_S * rate) - room(rate) - low
        here, there = max(0, start), min(len(out), start + len(sound))
        out[here:there] += gain[here:there] * sound[here - start : there - start]
    _darken(out, low, course.releases, rate)
    song = _resampled(out, rate)
    first, last = (round((mark - begin) * MARK_S * SONG_RATE) for mark in piece.span)
    return _bent(song[first:last], LOUD, FULL).astype(np.float32)


def _resampled(out: Array, rate: int) -> Array:
    """Return a song at `SONG_RATE`, to 24 bits: what a filter leaves below them depends on where it begins."""
    if rate == SONG_RATE:
        return out
    return np.asarray(np.round(soxr.resample(out, rate, SONG_RATE, quality="VHQ") * 2.0**23) / 2.0**23)


def _at(marks: Array, place: npt.NDArray[np.int_], steps: int) -> Array:
    """Return the values at samples, `steps` of them from mark to mark: straight lines, alike wherever they are.

    >>> _at(np.array([0.0, 1.0, 1.0]), np.arange(5), 2).tolist()
    [0.0, 0.5, 1.0, 1.0, 1.0]
    """
    mark = np.clip(place // steps, 0, len(marks) - 1)
    before, after = marks[mark], marks[np.minimum(mark + 1, len(marks) - 1)]
    return np.asarray(before + (after - before) * ((place - mark * steps) / steps))


def _in_takes(course: Course, usual: Take, takes: Mapping[int, Take]) -> list[Part]:
    """Return all units, each in its take."""
    chosen = [(unit, takes.get(_note_of(unit, course.performance), usual)) for unit in course.units]
    return [(take.of(unit), take.engine) for unit, take in chosen]


def _note_of(unit: Unit, performance: Performance) -> int:
    """Return the number of the note on which the middle of a unit lies."""
    middle_s = (unit.first + len(unit.pitch) // 2) * MARK_S
    return max(0, bisect_right(performance.notes, middle_s, key=lambda note: note.start_s) - 1)


def follow(performance: Performance, times: Array) -> tuple[Array, Marks]:
    """Return speech time and whether anything is sung, at song `times`."""
    rows = np.array(performance.time_map.rows)
    # In whole microseconds: a repeat is the same numbers.
    song_us, at_us = (np.round(1e6 * some).astype(np.int64) for some in (rows[:, 0], times))
    index = np.clip(np.searchsorted(song_us, at_us, side="right") - 1, 0, len(rows) - 2)
    (song_a, song_b), (speech_a, speech_b) = ((of[index], of[index + 1]) for of in (song_us, rows[:, 1]))
    share = np.clip((at_us - song_a) / np.maximum(song_b - song_a, 1), 0.0, 1.0)
    sounding = (speech_b > speech_a) & (at_us >= song_a) & (at_us < song_b)
    return np.asarray(speech_a + share * (speech_b - speech_a)), sounding


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


def _recording(course: Course, low: int, high: int) -> Array:
    """Return samples `low` to `high` of the song, silent but for the recording itself where no voice is wanted.

    It is faded over a few milliseconds, at jumps crosswise.
    """
    material, speech_s, rate = course.material, course.speech_s, course.material.rate
    out, steps = np.zeros(high - low), round(MARK_S * rate)
    for first, last in course.unvoiced:
        start, end = round((first * MARK_S - FADE_S) * rate), round((last * MARK_S + FADE_S) * rate)
        begin, stop = max(low, start), min(high, end)
        if stop <= begin:
            continue
        middle = (first + last) // 2
        place = np.arange(begin, stop)
        is_straight = abs(speech_s[last - 1] - speech_s[first] - (last - 1 - first) * MARK_S) < 2 * MARK_S
        straight = speech_s[middle] + (place - middle * steps) / rate
        source = straight if is_straight else _at(speech_s, place, steps)
        index = np.clip(np.round((source - material.origin_s) * rate).astype(int), 0, len(material.samples) - 1)
        edge = np.minimum(place - start, end - 1 - place) / (2 * FADE_S * rate)
        nearest = int(index.min())
        sound = material.unvoiced.part(nearest, int(index.max()) + 1)[index - nearest]
        out[begin - low : stop - low] += sound * np.clip(edge, 0.0, 1.0)
    return out


def _held(level_db: Array, sounding: Marks) -> Array:
    """Return the levels, in silence that of the sound that is nearest: what comes next does not hang on what was.

    >>> _held(np.array([1.0, 9.0, 9.0, 2.0]), np.array([True, False, False, True])).tolist()
    [1.0, 1.0, 2.0, 2.0]
    """
    sounds = np.flatnonzero(sounding)
    if not len(sounds):
        return level_db
    marks = np.arange(len(level_db))
    after = np.minimum(np.searchsorted(sounds, marks), len(sounds) - 1)
    before = np.maximum(after - 1, 0)
    nearer = np.abs(marks - sounds[before]) <= np.abs(sounds[after] - marks)
    return np.asarray(level_db[np.where(sounding, marks, sounds[np.where(nearer, before, after)])])


def _gain(level_db: Array, sounding: Marks, releases: Sequence[tuple[int, int]]) -> Array:
    """Return the gain at every mark: levels of syllables and notes, soft edges where the voice comes and goes."""
    edge = np.zeros(len(sounding))
    attack, release = round(ATTACK_S / MARK_S), round(RELEASE_S / MARK_S)
    longer = {last: last - first for first, last in releases}
    for first, last in stretches(sounding):
        into = np.minimum(1.0, (np.arange(last - first) + 1) / attack)
        out_of = np.minimum(1.0, np.arange(last - first)[::-1] / longer.get(last, release))
        edge[first:last] = 0.25 * (1 - np.cos(np.pi * into)) * (1 - np.cos(np.pi * out_of))
    gain: Array = 10.0 ** (local_mean(level_db, 11) / 20.0) * edge
    return gain


def _releases(sounding: Marks, voiced: Marks, performance: Performance) -> tuple[tuple[int, int], ...]:
    """Return where a voice dies away: before each rest that no consonant leads to, late in its last note."""
    notes = performance.notes
    usual, longest = round(RELEASE_S / MARK_S), round(LONGEST_RELEASE_S / MARK_S)
    releases = []
    for _, last in stretches(sounding):
        note = notes[max(0, bisect_right(notes, round((last - 1) * MARK_S, 6), key=lambda note: note.start_s) - 1)]
        head = ceil((note.start_s + RELEASE_FROM * (note.end_s - note.start_s)) / MARK_S - 1e-6)
        first = max(last - longest, head)
        if last - first > usual and voiced[last - usual : last].mean() > MOSTLY:
            releases.append((first, last))
    return tuple(releases)


def _darken(out: Array, low: int, releases: Sequence[tuple[int, int]], rate: int) -> None:
    """Take the brightness out of a voice that dies away; `out` begins at sample `low`."""
    for release in releases:
        first, last = (round(mark * MARK_S * rate) - low for mark in release)
        begin, end = max(0, first), min(len(out), last + room(rate))
        if end <= begin:
            continue
        around = slice(max(0, begin - room(rate)), min(len(out), end + room(rate)))
        dark = filtered_both_ways(out[around], rate, low_pass(2, DARK_HZ, rate))[begin - around.start :][: end - begin]
        share = np.clip((np.arange(begin, end) - first) / (last - first), 0.0, 1.0)
        out[begin:end] += share * (dark - out[begin:end])


def _without_clicks(consonants: Array, rate: int) -> Array:
    """Bend what sticks out of the 20 ms around it: a smack of the tongue that is a click when its syllable is raised.

    >>> burst = 0.1 * np.sin(np.arange(2400.0) ** 2)
    >>> burst[1200] = 0.9
    >>> tamed = _without_clicks(burst, 24_000)
    >>> bool((np.delete(tamed, 1200) == np.delete(burst, 1200)).all()), float(tamed[1200].round(1))
    (True, 0.4)
    """
    around = np.sqrt(np.maximum(moving_mean(consonants**2, round(CREST_S * rate)), 0.0))
    start = np.round(np.maximum(SOFT, CREST * around), 4)  # alike in a part and in the whole
    return _bent(consonants, start, BEND * start)


def _bent(song: Array, start: Array, most: Array) -> Array:
    """Bend what is higher than `start`, sample by sample, so that nothing reaches `most`.

    >>> _bent(np.array([0.1, -9.0, 0.3]), np.array(0.2), np.array(0.4)).round(3).tolist()
    [0.1, -0.4, 0.292]
    """
    bent = song.copy()
    loud = np.abs(song) > start
    low, room = np.broadcast_to(start, song.shape)[loud], np.broadcast_to(most - start, song.shape)[loud]
    bent[loud] = np.sign(song[loud]) * (low + room * np.tanh((np.abs(song[loud]) - low) / room))
    return bent
