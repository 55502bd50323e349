"""Figures made to sound, and second voices: everything of the speaker that is heard beside the lead.

A stroke lands so that the moment `beat_s` of the speech falls on the stroke's beat; what lies before it sounds before
the beat, and it is cut where the stroke ends. What is shifted by a sampler is resampled, higher and faster at once;
what is tuned and keeps its time is sung by the lead's own engine: all such strokes lie one behind the other on
one tape, which is sung at once and then cut up.

Conventions
-----------
A sound is mono at `SONG_RATE`, with the sample of its beat; sounds are laid into a stereo song of the same rate. A
voice in the middle is as loud on both sides as the lead.

References
----------
docs/figures.md; a raised cosine of 5 ms is the shortest fade at which cut speech does not click.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from typing import NamedTuple

import numpy as np
import soxr

from shenqu.documents.arrangement import Arrangement
from shenqu.documents.audio import Samples
from shenqu.documents.figure import Figure, Stroke, Voice
from shenqu.documents.options import Mode, Style
from shenqu.documents.performance import Performance, SungNote, TempoMap, TimeMap
from shenqu.documents.speech import Transcript
from shenqu.dsp.filters import filtered, low_pass, moving_mean
from shenqu.dsp.pitch_track import HOP_S as FRAME_S
from shenqu.errors import InputError
from shenqu.singing.contour import HOP_S as MARK_S
from shenqu.singing.contour import sung_pitch
from shenqu.singing.material import LEVEL_DBFS, MOST_GAIN_DB, Array, Material
from shenqu.singing.perform import perform
from shenqu.singing.unit import Take
from shenqu.singing.voice import lay_out, sing
from shenqu.units import SONG_RATE, db_to_gain, hz_to_pitch, seconds_to_samples

FADE_S = 0.005
LONGEST_S = 60.0
LOUDEST_S = 0.03
APART_S, GOES_ON_S = 0.1, 0.15  # on the tape
RINGS_S = 0.1  # behind the last note of a voice


class Sound(NamedTuple):
    """A piece of the speech ready to be struck: mono at `SONG_RATE`, and which of its samples falls on the beat."""

    samples: Samples
    beat: int


class _Cut(NamedTuple):
    """What is sung for some strokes: the speech from `start_s` to `end_s` in its own time, at `pitch` or as spoken."""

    start_s: float
    beat_s: float
    end_s: float
    pitch: int | None
    semitones: float


def check_figures(figures: Sequence[Figure], clock: TempoMap, *, speech_end_s: float) -> None:
    """Refuse figures that begin before the song, are too long, or are made of what lies behind the end of the speech.

    Raises
    ------
    InputError
        Naming the first of them by its number.
    """
    for number, figure in enumerate(figures):
        first = figure.onset_beat + min(stroke.onset_beat for stroke in figure.strokes)
        if first < -clock.lead_in_beat:
            raise InputError(
                f"figure {number} ({figure.name}) begins at beat {first}, but the song at {-clock.lead_in_beat}; "
                "move it, or take it out"
            )
        if figure.end_s > speech_end_s + FADE_S:
            raise InputError(
                f"figure {number} ({figure.name}) goes to {figure.end_s:g} s of the speech, "
                f"which ends at {speech_end_s:.2f}; move it, or take it out"
            )
        if figure.end_s - figure.start_s > LONGEST_S:
            raise InputError(
                f"figure {number} ({figure.name}) takes {figure.end_s - figure.start_s:.0f} s of the speech; "
                f"give it at most {LONGEST_S:.0f}"
            )


def play_figures(
    out: Samples,
    figures: Sequence[Figure],
    material: Material,
    clock: TempoMap,
    *,
    take: Take,
    memory: MutableMapping[str, Array],
) -> None:
    """Add `figures`, all of them made of `material`, to the song `out`, shape (2, n), in place."""
    shifts = [(figure, semitones) for figure in figures for semitones in {s.semitones: 0 for s in figure.strokes}]
    tape = _sing_tape([_cut(*shift, clock) for shift in shifts if _is_sung(*shift)], material, take, memory)
    for figure, semitones in shifts:
        is_sung = _is_sung(figure, semitones)
        sound = tape[_cut(figure, semitones, clock)] if is_sung else sampled(figure, semitones, material)
        sound = _shaped(sound, figure)
        for stroke in figure.strokes:
            if stroke.semitones == semitones:
                _lay(out, sound, figure, stroke, clock)


def sing_beside(
    out: Samples,
    voice: Voice,
    material: Material,
    transcript: Transcript,
    clock: TempoMap,
    *,
    mode: Mode,
    style: Style,
    take: Take,
    memory: MutableMapping[str, Array],
) -> None:
    """Add a second `voice` to the song `out`, shape (2, n), in place: sung as the lead is, by the same singer.

    Raises
    ------
    InputError
        As `perform`, naming the voice.
    """
    arrangement = Arrangement(placements=voice.placements, transpose=0, tempo_factor=1.0)
    duration_s = out.shape[1] / SONG_RATE
    try:
        performance = perform(arrangement, transcript, clock, duration_s=duration_s, mode=mode)
    except InputError as error:
        raise InputError(f"second voice {voice.name!r}: {error}") from error
    course = lay_out(material, performance, sung_pitch(performance, style=style, seed=take.seed))
    first = max(0, int(performance.time_map.rows[0][0] / MARK_S))
    last = min(course.marks, int((performance.notes[-1].end_s + RINGS_S) / MARK_S))
    sung = sing(course, take, memory=memory, span=(first, last))
    _add(out, sung, round(first * MARK_S * SONG_RATE), level_db=voice.level_db, pan=voice.pan)


def sampled(figure: Figure, semitones: float, material: Material) -> Sound:
    """Return the piece of the speech as it was spoken, or as a sampler plays it `semitones` higher, faster at once."""
    rate = material.rate
    first = max(0, int((figure.start_s - material.origin_s) * rate))
    piece = material.samples[first : round((figure.end_s - material.origin_s) * rate)]
    pitch = figure.pitch if figure.sampler else None
    tuned = 0.0 if pitch is None else pitch - _spoken_pitch(figure, material)
    ratio = 2.0 ** ((tuned + semitones) / 12.0)
    samples = piece if rate * ratio == SONG_RATE else soxr.resample(piece, rate * ratio, SONG_RATE)
    beat = round(((figure.beat_s - material.origin_s) - first / rate) / ratio * SONG_RATE)
    return Sound(samples=_at_lead_level(np.asarray(samples, dtype=np.float32), material), beat=beat)


def _is_sung(figure: Figure, semitones: float) -> bool:
    """Whether the engine makes it: it is tuned or shifted, and keeps its time."""
    return not figure.sampler and (figure.pitch is not None or semitones != 0.0)


def _cut(figure: Figure, semitones: float, clock: TempoMap) -> _Cut:
    """Return what the figure's strokes of that shift take of the speech at most."""
    longest_s = max(_length_s(figure, stroke, clock) for stroke in figure.strokes if stroke.semitones == semitones)
    end_s = figure.end_s if figure.reverse else min(figure.end_s, figure.beat_s + longest_s)
    return _Cut(figure.start_s, figure.beat_s, end_s, figure.pitch, semitones)


def _length_s(figure: Figure, stroke: Stroke, clock: TempoMap) -> float:
    beat = figure.onset_beat + stroke.onset_beat
    return clock.beat_to_s(beat + stroke.length_beat) - clock.beat_to_s(beat)


def _spoken_pitch(figure: Figure, material: Material) -> float:
    """Return the median MIDI pitch at which the piece was spoken."""
    first, last = (round((time - material.origin_s) / FRAME_S) for time in (figure.beat_s, figure.end_s))
    heard = material.hz[first : max(first + 1, last)]
    return hz_to_pitch(float(np.median(heard if len(heard) else material.hz[-1:])))


def _at_lead_level(samples: Samples, material: Material) -> Samples:
    """Bring the loudest moment to the level of the lead's vowels; what is nearly silent is not raised to it."""
    usual_db = float(np.median(material.gain_db))
    loudest = moving_mean(np.square(samples), max(1, round(LOUDEST_S * SONG_RATE))).max(initial=0.0)
    wanted_db = LEVEL_DBFS - 10.0 * np.log10(loudest + 1e-12)
    return samples * np.float32(db_to_gain(min(wanted_db, usual_db + MOST_GAIN_DB)))


def _sing_tape(
    cuts: Iterable[_Cut], material: Material, take: Take, memory: MutableMapping[str, Array]
) -> dict[_Cut, Sound]:
    """Return every cut, sung at its pitch. On the tape the speech goes on behind it: a cut does not die away."""
    begins_s: dict[_Cut, float] = {}
    rows: list[tuple[float, float]] = []
    notes, now_s = [], APART_S
    for cut in dict.fromkeys(cuts):
        begins_s[cut] = now_s
        end_s = now_s + cut.end_s - cut.start_s + GOES_ON_S
        rows += [(now_s, rows[-1][1] if rows else cut.start_s), (now_s, cut.start_s), (end_s, cut.end_s + GOES_ON_S)]
        onset_s = now_s + cut.beat_s - cut.start_s
        notes.append(SungNote(start_s=onset_s, end_s=end_s, pitch=cut.pitch or 0, syllable=0, lyric=""))
        now_s = round(end_s + APART_S, 3)
    if not notes:
        return {}
    tape = Performance(notes=tuple(notes), time_map=TimeMap(rows=tuple(rows)), duration_s=now_s)
    contour = np.full(round(now_s / MARK_S) + 1, 60.0)
    for cut, begin_s in begins_s.items():
        first = round((begin_s - APART_S / 2) / MARK_S)
        part = contour[first : round((begin_s + cut.end_s - cut.start_s + GOES_ON_S) / MARK_S) + 1]
        part[:] = _pitch_of(cut, material, (first + np.arange(len(part))) * MARK_S - begin_s)
    vocal = sing(lay_out(material, tape, contour), take, memory=memory)
    return {cut: _off_tape(vocal, cut, begin_s) for cut, begin_s in begins_s.items()}


def _off_tape(vocal: Samples, cut: _Cut, begin_s: float) -> Sound:
    first = seconds_to_samples(begin_s)
    beat, last = (seconds_to_samples(begin_s + time_s - cut.start_s) for time_s in (cut.beat_s, cut.end_s))
    return Sound(samples=vocal[first:last], beat=beat - first)


def _pitch_of(cut: _Cut, material: Material, times_s: Array) -> Array:
    """Return the pitch to sing at `times_s` from the cut's start: its own, or as spoken, and the semitones on top."""
    if cut.pitch is not None:
        return np.full(len(times_s), cut.pitch + cut.semitones)
    places = (cut.start_s + times_s - material.origin_s) / FRAME_S
    spoken = np.interp(places, np.arange(len(material.hz)), material.hz)
    return np.asarray(hz_to_pitch(spoken) + cut.semitones)


def _shaped(sound: Sound, figure: Figure) -> Sound:
    """Return the sound turned round, and without its heights, where the figure asks for it."""
    samples, beat = sound
    if figure.below_hz is not None:
        samples = filtered(samples, SONG_RATE, low_pass(2, figure.below_hz, SONG_RATE)).astype(np.float32)
    return Sound(samples[::-1], len(samples) - beat) if figure.reverse else Sound(samples, beat)


def _lay(out: Samples, sound: Sound, figure: Figure, stroke: Stroke, clock: TempoMap) -> None:
    """Add one stroke to the song, its beat on the sample of its beat."""
    length = seconds_to_samples(_length_s(figure, stroke, clock))
    samples = sound.samples[: sound.beat + length]
    fade = min(round(FADE_S * SONG_RATE), len(samples) // 2)
    window = np.ones(len(samples), dtype=np.float32)
    window[:fade] = 0.5 - 0.5 * np.cos(np.pi * (np.arange(fade) + 0.5) / max(1, fade))
    window[len(window) - fade :] = window[:fade][::-1]
    start = seconds_to_samples(clock.beat_to_s(figure.onset_beat + stroke.onset_beat)) - sound.beat
    _add(out, samples * window, start, level_db=figure.level_db + stroke.level_db, pan=figure.pan)


def _add(out: Samples, samples: Samples, start: int, *, level_db: float, pan: float) -> None:
    """Add mono `samples` from sample `start` on, as far as the song reaches, at constant power from left to right."""
    begin, end = max(0, start), min(out.shape[1], start + len(samples))
    if begin >= end:
        return
    part = samples[begin - start : end - start] * np.float32(db_to_gain(level_db))
    angle = np.pi / 4 * (pan + 1.0)
    for side, share in zip(out, (np.cos(angle), np.sin(angle)), strict=True):
        side[begin:end] += part * np.float32(np.sqrt(2.0) * share)
