"""What is sung badly is sung again: by the other engine, or as another take, whichever comes out best.

The look at a song is a quick one: as the pitch to sing is known, it is enough to ask how alike the sound is to
itself one period later, nearby that period. `singing.measure` and an independent tracker tell more, later.

References
----------
Boersma (1993), "Accurate short-term analysis of the fundamental frequency": the normalised autocorrelation.
"""

from __future__ import annotations

import hashlib
from collections.abc import MutableMapping, Sequence

import numpy as np
import numpy.typing as npt
import soxr

from shenqu.documents.audio import Samples
from shenqu.documents.check import NoteCheck
from shenqu.documents.performance import Performance
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.singing.contour import HOP_S as MARK_S
from shenqu.singing.material import Array, Marks
from shenqu.singing.measure import HEAD_SHARE, measure_notes
from shenqu.singing.unit import Take
from shenqu.singing.voice import Course, sing
from shenqu.units import SONG_RATE, pitch_to_hz

RATE = 16_000
HOP_S, WINDOW_S = 0.01, 0.04
LOWEST_HZ = 55.0
NEAR_SEMITONES = 3.0
VOICED = 0.45
HOP, WINDOW, LONGEST = round(HOP_S * RATE), round(WINDOW_S * RATE), int(RATE / LOWEST_HZ) + 2  # samples
VERSION = "look 1"
BATCH = 512  # frames that are looked at together
WORTH_IT = 0.02


def sing_well(
    course: Course, usual: Take, others: Sequence[Take], *, memory: MutableMapping[str, Array]
) -> tuple[Samples, tuple[NoteCheck, ...]]:
    """Return the lead voice, its bad notes in the best of all takes, and the notes that stay bad.

    Where a bad note lies only that stretch of the song is sung and looked at again.
    """
    vocal = sing(course, usual, memory=memory)
    checks = look(vocal, SONG_RATE, course.performance, course.contour, memory=memory)
    chosen: dict[int, Take] = {}
    for number in [number for number, check in enumerate(checks) if check.faults]:
        span = course.span_of(number)
        if span is None:
            continue
        part = slice(*(round(mark * MARK_S * SONG_RATE) for mark in span))
        best, best_worth = vocal[part], _worth(vocal[part], course, number, span, memory) + WORTH_IT
        for take in others:
            again = sing(course, usual, takes={**chosen, number: take}, span=span, memory=memory)
            if (worth := _worth(again, course, number, span, memory)) > best_worth:
                best, best_worth, chosen[number] = again, worth, take
        vocal[part] = best
    if chosen:
        checks = look(vocal, SONG_RATE, course.performance, course.contour, memory=memory)
    return vocal, tuple(check for check in checks if check.faults)


def _worth(
    part: Samples, course: Course, number: int, span: tuple[int, int], memory: MutableMapping[str, Array]
) -> float:
    """Return how good a note is in the `part` of the song that lies in `span`, from 0 to 1: in tune, and voiced."""
    note, start_s = course.performance.notes[number], span[0] * MARK_S
    alone = note.replace(start_s=note.start_s - start_s, end_s=note.end_s - start_s)
    contour = course.contour[span[0] : span[1] + 1]
    (check,) = look(part, SONG_RATE, course.performance.replace(notes=(alone,)), contour, memory=memory)
    return (check.within_50 or 0.0) * check.coverage


def look(
    vocal: Samples,
    rate: int,
    performance: Performance,
    contour: Array,
    *,
    memory: MutableMapping[str, Array] | None = None,
) -> tuple[NoteCheck, ...]:
    """Return what a quick look at the sung notes tells: pitch and voice of their heads, and level.

    Behind a note's head what is left of a consonant, or near silence, may well be like itself at any lag. What was
    seen in a stretch of sound is kept in `memory`.
    """
    starts_s, ends_s = np.array([(note.start_s, note.end_s) for note in performance.notes]).T
    times_s = np.arange(int(len(vocal) / rate / HOP_S) + 1) * HOP_S
    note = np.maximum(0, np.searchsorted(starts_s, times_s, side="right") - 1)
    in_head = (times_s >= starts_s[note]) & (times_s < (starts_s + HEAD_SHARE * (ends_s - starts_s))[note])
    return measure_notes(vocal, rate, performance, pitch=near_pitch(vocal, rate, contour, where=in_head, memory=memory))


def near_pitch(
    vocal: Samples,
    rate: int,
    contour: Array,
    *,
    where: Marks | None = None,
    memory: MutableMapping[str, Array] | None = None,
) -> PitchTrack:
    """Return the pitch of `vocal` where it is within three semitones of `contour`, one MIDI pitch a millisecond.

    The confidence is how alike the sound is to itself a period later, from 0 to 1. With `where`, one value every 10 ms,
    there is none elsewhere. What was seen in a stretch of sound is kept in `memory`.

    >>> times = np.arange(48000) / 48000
    >>> tone = np.sin(2 * np.pi * 221.0 * times).astype(np.float32)
    >>> track = near_pitch(tone, 48000, np.full(1001, 57.0))
    >>> float(track.f0_hz[50].round())
    221.0
    """
    seen = {} if memory is None else memory
    sound = np.asarray(soxr.resample(vocal, rate, RATE) if rate != RATE else vocal, dtype=np.float32)
    padded = np.pad(sound, (WINDOW // 2, WINDOW + LONGEST))
    count = int(len(vocal) / rate / HOP_S) + 1
    wanted_hz = _wanted_hz(contour, np.arange(count))
    hz, likeness = np.zeros(count), np.zeros(count)
    for first in range(0, count, BATCH):
        frames = np.arange(first, min(first + BATCH, count))
        frames = frames if where is None else frames[where[frames]]
        if len(frames):
            hz[frames], likeness[frames] = _seen(padded[first * HOP :], frames - first, wanted_hz[frames], seen)
    return PitchTrack(f0_hz=np.where(likeness >= VOICED, hz, 0.0), confidence=np.clip(likeness, 0.0, 1.0), hop_s=HOP_S)


def _wanted_hz(contour: Array, frames: npt.NDArray[np.int_]) -> Array:
    marks = np.minimum((frames * HOP_S / MARK_S).astype(int), len(contour) - 1)
    return np.maximum(pitch_to_hz(contour[marks]), LOWEST_HZ)


def _seen(
    sound: Samples, frames: npt.NDArray[np.int_], wanted_hz: Array, memory: MutableMapping[str, Array]
) -> tuple[Array, Array]:
    """Return frequency and likeness at `frames` of a stretch of sound."""
    sound = sound[: frames[-1] * HOP + WINDOW + LONGEST]
    digest = hashlib.sha256(VERSION.encode() + np.ascontiguousarray(sound).data)
    digest.update(frames.tobytes() + wanted_hz.tobytes())
    known = memory.get(digest.hexdigest())
    if known is None:
        found = _likeness(np.asarray(sound, dtype=np.float64), frames * HOP, WINDOW, LONGEST)
        known = memory[digest.hexdigest()] = np.stack(_peaks(found, wanted_hz))
    return known[0], known[1]


def _likeness(sound: Array, starts: npt.NDArray[np.int_], window: int, longest: int) -> Array:
    """Return how alike each frame is to what follows it by each lag, shape (frames, lags), at most 1."""
    frames = sound[starts[:, None] + np.arange(window + longest)]
    frames = frames - frames.mean(axis=1, keepdims=True)
    size = 1 << int(np.ceil(np.log2(window + longest)))
    products = np.fft.irfft(
        np.fft.rfft(frames, size, axis=1) * np.conj(np.fft.rfft(frames[:, :window], size, axis=1)), size, axis=1
    )
    sums = np.pad(np.cumsum(frames**2, axis=1), ((0, 0), (1, 0)))
    energies = sums[:, window : window + longest] - sums[:, :longest]
    likeness: Array = products[:, :longest] / (np.sqrt(energies[:, :1] * energies) + 1e-6)
    return likeness


def _peaks(likeness: Array, wanted_hz: Array) -> tuple[Array, Array]:
    """Return frequency and likeness of the best lag near the one wanted, between lags by a parabola."""
    ratio = 2.0 ** (NEAR_SEMITONES / 12.0)
    lags = np.arange(likeness.shape[1])[None, :]
    wanted = (RATE / wanted_hz)[:, None]
    near = (lags >= wanted / ratio) & (lags <= wanted * ratio) & (lags > 1) & (lags < likeness.shape[1] - 1)
    best = np.where(near, likeness, -1.0).argmax(axis=1)
    best = np.clip(best, 1, likeness.shape[1] - 2)
    rows = np.arange(len(best))
    before, top, behind = (likeness[rows, best + step] for step in (-1, 0, 1))
    bend = before - 2.0 * top + behind
    shift = np.where(bend < -1e-9, 0.5 * (before - behind) / np.minimum(bend, -1e-9), 0.0)
    return RATE / (best + np.clip(shift, -0.5, 0.5)), top
