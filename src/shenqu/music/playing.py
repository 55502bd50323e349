"""The band's sound: every note on its sample, added in place, so that a long song needs little memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shenqu.documents.audio import Samples
from shenqu.documents.performance import TempoMap
from shenqu.documents.style import BandPart
from shenqu.documents.tune import PartNote
from shenqu.dsp.synth import render_stroke, stroke_of
from shenqu.music.instruments import drum_of, held_longest_s, render_note
from shenqu.units import SONG_RATE, db_to_gain, pitch_to_hz, seconds_to_samples

PEAK = 0.8
LENGTH_STEP = 256  # so that notes of one written length are one sound, however their samples round
MOST_BYTES = 40_000_000
PUMP_HOLD_S, PUMP_RISE_S = 0.03, 0.16


def play(
    parts: Sequence[BandPart],
    *,
    tempo_map: TempoMap,
    duration_s: float,
    transpose: int = 0,
    rate: int = SONG_RATE,
) -> Samples:
    """Return the band's sound, shape (2, samples) at `rate`, `duration_s` long, song time 0 at sample 0.

    Pitched parts go `transpose` semitones up, by the nearest way: an octave is no other key. Notes before song
    time 0 are not played. The loudest peak is at most 0.8.
    """
    sound = np.zeros((2, round(duration_s * rate)), dtype=np.float32)
    if not sound.size:
        return sound
    nearest = (transpose + 6) % 12 - 6
    kicks = [_start(note, tempo_map, rate) for part in parts if part.drums for note in part.notes if _is_kick(note)]
    for part in parts:
        if part.drums:
            _play_drums(part, tempo_map, sound, rate)
        else:
            dive = _dive(kicks, sound.shape[1], part.pump, rate) if part.pump and kicks else None
            _play_tones(part, tempo_map, nearest, dive, sound, rate)
    peak = max(float(sound.max()), -float(sound.min()))
    if peak > PEAK:
        sound *= np.float32(PEAK / peak)
    return sound


def _is_kick(note: PartNote) -> bool:
    return drum_of(note.pitch) == "kick"


def _start(note: PartNote, tempo_map: TempoMap, rate: int) -> int:
    return seconds_to_samples(tempo_map.beat_to_s(note.onset_beat), rate)


def _play_drums(part: BandPart, tempo_map: TempoMap, sound: Samples, rate: int) -> None:
    for note in part.notes:
        stroke = stroke_of(drum_of(note.pitch), part.kit)
        gain = stroke.level * _loudness(note.velocity) * float(db_to_gain(part.level_db))
        _add(sound, render_stroke(stroke, rate=rate)[None, :], _start(note, tempo_map, rate), gain, stroke.pan)


def _play_tones(
    part: BandPart, tempo_map: TempoMap, transpose: int, dive: Samples | None, sound: Samples, rate: int
) -> None:
    assert part.sound is not None, "what is no drum has a sound"
    longest = round(held_longest_s(part.sound) * rate)
    rendered: dict[tuple[int, int, float | None], Samples] = {}
    before: PartNote | None = None
    for note in part.notes:
        start = _start(note, tempo_map, rate)
        end = seconds_to_samples(tempo_map.beat_to_s(note.onset_beat + note.length_beat), rate)
        if start < 0 or start >= sound.shape[1]:
            continue
        held = min(end - start, longest, sound.shape[1])
        touches = before is not None and before.onset_beat + before.length_beat == note.onset_beat
        from_hz = _hz(before, transpose) if before and touches and part.sound.glide_s else None
        key = note.pitch, max(1, round(held / LENGTH_STEP)) * LENGTH_STEP, from_hz
        if key not in rendered:
            if sum(tone.nbytes for tone in rendered.values()) > MOST_BYTES:
                rendered.clear()
            rendered[key] = render_note(part.sound, hz=_hz(note, transpose), held=key[1], rate=rate, from_hz=from_hz)
        tone = rendered[key]
        if dive is not None:
            tone = tone[:, : sound.shape[1] - start] * dive[start : start + tone.shape[1]]
        _add(sound, tone, start, _loudness(note.velocity) * float(db_to_gain(part.level_db)), part.pan)
        before = note


def _hz(note: PartNote, transpose: int) -> float:
    return float(pitch_to_hz(float(note.pitch + transpose)))


def _dive(kicks: Sequence[int], length: int, depth: float, rate: int) -> Samples:
    """Return the gain of what dives under each kick and comes up again."""
    hold, rise = round(PUMP_HOLD_S * rate), round(PUMP_RISE_S * rate)
    dip = np.ones(hold + rise, dtype=np.float32)
    dip[:hold] = 1.0 - depth * np.sin(np.linspace(0.0, np.pi / 2, hold)) ** 2
    dip[hold:] = 1.0 - depth * np.cos(np.linspace(0.0, np.pi / 2, rise)) ** 2
    gain = np.ones(length, dtype=np.float32)
    for kick in kicks:
        if 0 <= kick < length:
            part = gain[kick : kick + len(dip)]
            np.minimum(part, dip[: len(part)], out=part)
    return gain


def _loudness(velocity: int) -> float:
    return float((velocity / 100.0) ** 1.5)


def _add(sound: Samples, stroke: Samples, start: int, gain: float, pan: float) -> None:
    """Add `stroke`, (1, n) or (2, n), at sample `start` if the song has begun; both sides are full in the middle."""
    if start < 0 or start >= sound.shape[1]:
        return
    stroke = stroke[:, : sound.shape[1] - start]
    sides = np.array([[gain * min(1.0, 1.0 - pan)], [gain * min(1.0, 1.0 + pan)]], dtype=np.float32)
    sound[:, start : start + stroke.shape[1]] += sides * stroke
