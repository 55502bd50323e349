"""The units that a voice is made of: voiced pieces of song, from vowel to vowel, and what turns one into sound.

WORLD's own synthesis counts its pulses from the start of a sound, so a note changed early moves every pulse
behind it. Here the voiced stretches are cut shortly after each vowel onset, where the pitch has settled, and a
pulse lies exactly on each unit's start, whatever came before. So units can be made, kept and replaced one by
one, and added where they belong.

Conventions
-----------
A unit has one pitch (MIDI) and one speech time (seconds of the source) a millisecond, both ends included. Its
sound begins `room(rate)` samples before its start and goes on for twice that behind its end, for what rings.

References
----------
Cantor Digitalis: formants rise by 1.25e-4 a hertz of pitch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np

from shenqu.documents.arrangement import Expression
from shenqu.documents.performance import Performance, SungNote
from shenqu.dsp.filters import local_mean
from shenqu.singing.contour import HOP_S as MARK_S
from shenqu.singing.contour import SETTLED_S
from shenqu.singing.material import Array, Marks, Material, stretches
from shenqu.units import pitch_to_hz

SHORTEST = 60
EASE = 20
BEND_S = 0.06
FORMANT_RISE = 1.25e-4 / 0.975


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A piece of voiced song: pitch, speech time, formants and breath every millisecond from mark `first`.

    `formants` is the factor by which their frequencies are raised, `breath` the share of breath in the voice, from
    0, as it was spoken, to 1. `whole` says that another unit follows at once. `key` names all that it is made of, and
    in a take the sound that it will be.
    """

    first: int
    pitch: Array
    speech_s: Array
    formants: Array
    breath: Array
    whole: bool
    key: str
    seed: int = 0

    @property
    def end(self) -> int:
        """The mark behind its last one."""
        return self.first + len(self.pitch)

    @property
    def hz(self) -> Array:
        """The pitch in hertz."""
        return np.asarray(pitch_to_hz(self.pitch))

    def random(self) -> np.random.Generator:
        """Return the dice of this unit: thrown alike wherever the speech goes alike, whatever the pitch."""
        return np.random.default_rng([self.seed, *hashlib.sha256(self.speech_s.tobytes()).digest()[:8]])


class Engine(Protocol):
    """What turns units into sound."""

    @property
    def name(self) -> str:
        """What it is called, and in which version: part of every unit's key."""

    @property
    def at_once(self) -> int:
        """How many units are worth analysing together, and no burden for the memory."""

    def singer(self, material: Material, units: Sequence[Unit]) -> Callable[[Unit], Array]:
        """Return what sings any of `units`, after the analysis that they need together."""


class Take(NamedTuple):
    """A way to sing: by which engine, with which dice."""

    engine: Engine
    seed: int

    def of(self, unit: Unit) -> Unit:
        """Return `unit` as it is sung in this take."""
        key = hashlib.sha256(f"{self.engine.name} {self.seed} {unit.key}".encode())
        return replace(unit, seed=self.seed, key=key.hexdigest())


def cut_units(
    material: Material,
    performance: Performance,
    contour: Array,
    speech_s: Array,
    voiced: Marks,
    *,
    formant_rise: float,
) -> list[Unit]:
    """Cut the voiced stretches of the song behind each vowel onset, where the pitch has settled.

    `formant_rise` is how much formants rise with the pitch above the speaker's own, 1.0 as in nature.
    """
    semitones = expressed(performance, len(contour), lambda expression: expression.formant)
    breath = expressed(performance, len(contour), lambda expression: expression.breath)
    cuts = [_settled(note) for note in performance.notes if note.lyric != "+"]
    units = []
    for first, last in stretches(voiced):
        edges = [first, *(cut for cut in cuts if first + SHORTEST <= cut <= last - SHORTEST), last]
        for start, end in pairwise(edges):
            part, whole = slice(start, end + 1), end != last
            pitch = contour[part]
            if start == first:
                pitch = _without_approach(pitch, start, performance)
            formants = _rise(material, pitch) ** formant_rise * np.exp2(semitones[part] / 12.0)
            path = (pitch, speech_s[part], formants, breath[part])
            key = hashlib.sha256(f"{material.digest} {whole}".encode())
            key.update(b"".join(values.tobytes() for values in path))
            units.append(Unit(start, *path, whole=whole, key=key.hexdigest()))
    return units


def expressed(performance: Performance, count: int, value_of: Callable[[Expression], float]) -> Array:
    """Return what `value_of` says of each note's expression, one value a millisecond.

    It turns within 20 ms where the note's syllable begins to sound, its onset consonants included.
    """
    starts = np.maximum.accumulate([round((note.start_s - note.lead_s) * 1e6) for note in performance.notes])
    values = np.array([value_of(note.expression) for note in performance.notes])
    at = np.searchsorted(starts, np.arange(count) * 1000, side="right") - 1
    return local_mean(values[np.maximum(at, 0)], EASE)


def _settled(note: SungNote) -> int:
    """Return the mark at which the pitch of a note has settled, as far behind its start wherever that is."""
    return (round((note.start_s + SETTLED_S) * 1e6) + 500) // 1000


def _without_approach(pitch: Array, start: int, performance: Performance) -> Array:
    """Begin a voice on its own note where it comes in just before or on it: no voice has glided there."""
    for note in performance.notes:
        settled = _settled(note) - start
        if 0 < settled < min(len(pitch), round(2 * SETTLED_S / MARK_S)):
            return np.concatenate([np.full(settled, pitch[settled]), pitch[settled:]])
    return pitch


def _rise(material: Material, pitch: Array) -> Array:
    """Return by how much formants are higher than spoken at each `pitch`; never lower."""
    higher = 1.0 + FORMANT_RISE * pitch_to_hz(pitch)
    return np.maximum(1.0, higher / (1.0 + FORMANT_RISE * material.usual_hz))


def room(rate: int) -> int:
    """Return the samples kept free before a unit's start; twice that rings behind its end."""
    return rate // 40


def rooms(rate: int) -> tuple[int, int]:
    """Return the samples of a unit's sound before its start and behind its end."""
    return room(rate), 2 * room(rate)


def silent_sound(unit: Unit, rate: int) -> Array:
    """Return silence as long as a unit's sound, to be filled."""
    return np.zeros(round((len(unit.pitch) - 1) * MARK_S * rate) + 3 * room(rate))


def pulse_times(hz: Array, *, whole: bool) -> Array:
    """Return the times in seconds of all pulses of a unit whose pitch is `hz`, one value a millisecond.

    The first is at 0. With `whole`, another unit follows at once: the pitch of the last 60 ms, in which it
    glides to the next note anyhow, is bent by as little as makes the unit hold whole periods, half a period
    at most. So the next unit's first pulse is just one period behind this one's last.
    """
    cycles = np.concatenate([[0.0], np.cumsum(0.5 * (hz[1:] + hz[:-1]) * MARK_S)])
    if whole:
        width = min(len(hz), round(BEND_S / MARK_S))
        bend = np.cumsum(np.sin(np.pi * np.arange(width) / (width - 1)))
        cycles[-width:] += (max(1.0, np.round(cycles[-1])) - cycles[-1]) * bend / bend[-1]
    count = int(np.ceil(cycles[-1] - 1e-6))
    return np.interp(np.arange(count), cycles, np.arange(len(hz)) * MARK_S)
