"""The pitch that is sung: replaced, not shifted, so that no spoken glide is left in a note.

Style `natural`: the pitch glides from note to note around the beat, overshoots a little, drifts
finely, carries vibrato on long notes, rises into a phrase and falls out of it. Style `hard`: flat
notes and steps, the genre's own sound.

Nothing of a note's shape after it has settled, 40 ms from its start, depends on the note before, so a
note changed by hand leaves the others as they were.

References
----------
Saitou, Goto, Unoki, Akagi (2007): overshoot, vibrato, fine fluctuation. Dai and Dixon (2019): notes
carry transients of some 120 ms at both ends. Vibrato of 5.5 Hz and 20-40 cents suits popular song.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from shenqu.documents.options import Style
from shenqu.documents.performance import Performance, SungNote
from shenqu.documents.speech import PAUSE_S

Contour = npt.NDArray[np.floating[Any]]

HOP_S = 0.001
GLIDE_S = {"natural": 0.05, "hard": 0.008}
GLIDE_LATE_S = 0.01
GLIDE_SHARE = 0.25  # of a short note
OVERSHOOT_CENTS = 16.0
VIBRATO_CENTS, VIBRATO_HZ, VIBRATO_AFTER_S, VIBRATO_LEAST_S = 22.0, 5.5, 0.25, 0.45
DRIFT_CENTS = 3.0
RISE_CENTS, RISE_S = 30.0, 0.04
FALL_CENTS, FALL_S, FALL_SHARE = 30.0, 0.06, 0.3
CONSONANT_GAP_S = 0.06  # from which on no voice leads from note to note
SETTLED_S = 0.04


def sung_pitch(performance: Performance, *, style: Style, seed: int) -> Contour:
    """Return the pitch to sing as MIDI pitch, one value a millisecond of the song, never unvoiced.

    Rests carry the pitch of the note that follows, for its consonants.
    """
    times = np.arange(round(performance.duration_s / HOP_S) + 1) * HOP_S
    notes = performance.notes
    contour = _steps(notes, times)
    for before, note in pairwise(notes):
        if note.start_s - before.end_s < CONSONANT_GAP_S:
            glide_s = min(GLIDE_S[style], GLIDE_SHARE * (note.end_s - note.start_s)) * note.expression.glide
            if glide_s > 0:
                _glide(contour, before, note, glide_s)
            if style == "natural" and glide_s > 0:
                _overshoot(contour, before, note)
    if style == "natural":
        for number, note in enumerate(notes):
            neighbours = (notes[number - 1] if number else None, notes[number + 1] if number + 1 < len(notes) else None)
            # By its time, not its number: a note added, muted or split must leave the later ones as they were.
            _ornament(contour, note, *neighbours, np.random.default_rng([seed, round(note.start_s * 1e6)]))
    return contour


def _steps(notes: tuple[SungNote, ...], times: Contour) -> Contour:
    ends = np.array([note.end_s for note in notes[:-1]])
    pitches = np.array([float(note.pitch) for note in notes])
    starts = np.array([note.start_s for note in notes[1:]])
    turns = np.where(starts - ends < CONSONANT_GAP_S, starts, ends)
    return pitches[np.searchsorted(turns, times, side="right")]


def _span(contour: Contour, start_s: float, end_s: float) -> tuple[slice, Contour]:
    """Return the part of the contour from `start_s` to `end_s` and its times after `start_s`."""
    first, last = max(0, round(start_s / HOP_S)), min(len(contour), round(end_s / HOP_S))
    return slice(first, max(first, last)), np.arange(first, max(first, last)) * HOP_S - start_s


def _glide(contour: Contour, before: SungNote, note: SungNote, glide_s: float) -> None:
    begin_s = note.start_s + GLIDE_LATE_S - 0.5 * glide_s
    part, times = _span(contour, begin_s, begin_s + glide_s)
    share = 0.5 - 0.5 * np.cos(np.pi * times / glide_s)
    contour[part] = before.pitch + (note.pitch - before.pitch) * share


def _overshoot(contour: Contour, before: SungNote, note: SungNote) -> None:
    """Go a little beyond the note at the end of the glide, and be back on it when it has settled."""
    begin_s = 0.5 * GLIDE_LATE_S
    part, times = _span(contour, note.start_s + begin_s, note.start_s + SETTLED_S)
    swing = np.sin(np.pi * times / (SETTLED_S - begin_s)) ** 2
    contour[part] += np.sign(note.pitch - before.pitch) * OVERSHOOT_CENTS / 100 * swing


def _ornament(
    contour: Contour, note: SungNote, before: SungNote | None, after: SungNote | None, rng: np.random.Generator
) -> None:
    length_s = note.end_s - note.start_s
    freedom = float(np.clip((length_s - 0.15) / 0.35, 0.0, 1.0)) / 100
    if before is None or note.start_s - before.end_s >= PAUSE_S:
        begin_s = max(note.start_s - 0.2, before.end_s if before else 0.0)
        part, times = _span(contour, begin_s, note.start_s + RISE_S)
        share = np.clip((times - (note.start_s - begin_s) + 0.02) / (RISE_S + 0.02), 0.0, 1.0)
        contour[part] -= RISE_CENTS / 100 * (0.5 + 0.5 * np.cos(np.pi * share))
    part, times = _span(contour, note.start_s + SETTLED_S, note.end_s + GLIDE_LATE_S - 0.5 * GLIDE_S["natural"])
    contour[part] += freedom * _drift(times, rng)
    if length_s >= VIBRATO_LEAST_S:
        contour[part] += note.expression.vibrato * _vibrato(times)
    if after is None or after.start_s - note.end_s >= PAUSE_S:
        fall_s = min(FALL_S, FALL_SHARE * length_s)
        part, times = _span(contour, note.end_s - fall_s, note.end_s)
        contour[part] -= FALL_CENTS / 100 * (times / fall_s) ** 2


def _drift(times: Contour, rng: np.random.Generator) -> Contour:
    """Fine fluctuation below 10 Hz, zero on average and at both ends."""
    if len(times) < 2:
        return np.zeros(len(times))
    knots = rng.normal(0.0, DRIFT_CENTS, max(3, round(len(times) * HOP_S * 10)) + 2)
    knots[[0, -1]] = 0.0
    knots[1:-1] -= knots[1:-1].mean()
    return np.interp(np.linspace(0, len(knots) - 1, len(times)), np.arange(len(knots)), knots)


def _vibrato(times: Contour) -> Contour:
    """Swing in after a quarter of a second and out before the note ends."""
    if len(times) < 2:
        return np.zeros(len(times))
    depth = np.clip((times - VIBRATO_AFTER_S) / 0.2, 0.0, 1.0) * np.clip((times[-1] - times) / 0.06, 0.0, 1.0)
    return VIBRATO_CENTS / 100 * depth * np.sin(2 * np.pi * VIBRATO_HZ * (times - VIBRATO_AFTER_S))
