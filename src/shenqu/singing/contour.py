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
LEAD_S = 0.2
ROOM = 1000  # before a note, in its own time


def sung_pitch(performance: Performance, *, style: Style, seed: int) -> Contour:
    """Return the pitch to sing as MIDI pitch, one value a millisecond of the song, never unvoiced.

    The end of a rest carries the pitch of the note that follows, for its consonants.
    """
    notes = performance.notes
    count = round(performance.duration_s / HOP_S) + 1
    contour = np.concatenate([np.full(ROOM, float(notes[0].pitch)), _steps(notes, count)])
    for before, note, after in zip([None, *notes], notes, [*notes[1:], None], strict=False):
        part = contour[_mark(note) :]
        own, earlier, later = (_moved(other, _mark(note)) for other in (note, before, after))
        assert own is not None, "a note has its own time"
        if earlier and own.start_s - earlier.end_s < CONSONANT_GAP_S:
            glide_s = min(GLIDE_S[style], GLIDE_SHARE * (own.end_s - own.start_s)) * own.expression.glide
            if glide_s > 0:
                _glide(part, earlier, own, glide_s)
            if style == "natural" and glide_s > 0:
                _overshoot(part, earlier, own)
        if style == "natural":
            # By what is sung, not by when or as which: repeats are alike, and a note that is added, muted or split
            # leaves the later ones as they were.
            length_us = round((own.end_s - own.start_s) * 1e6)
            _ornament(part, own, earlier, later, np.random.default_rng([seed, own.syllable, own.pitch, length_us]))
    return contour[ROOM:]


def _mark(note: SungNote) -> int:
    """Return the millisecond in which a note begins."""
    return round(note.start_s * 1e6) // 1000


def _moved(note: SungNote | None, marks: int) -> SungNote | None:
    """Return a note in the time of another one, which begins in that millisecond: so each repeat is the same number."""
    if note is None:
        return None
    start_us, end_us = (round(time_s * 1e6) + 1000 * (ROOM - marks) for time_s in (note.start_s, note.end_s))
    return note.replace(start_s=start_us / 1e6, end_s=end_us / 1e6)


def _steps(notes: tuple[SungNote, ...], count: int) -> Contour:
    starts_us, ends_us = (
        np.array([round(time * 1e6) for time in times])
        for times in zip(*((note.start_s, note.end_s) for note in notes), strict=True)
    )
    pitches = np.array([float(note.pitch) for note in notes])
    goes_on = starts_us[1:] - ends_us[:-1] < round(CONSONANT_GAP_S * 1e6)
    leads_us = np.maximum(ends_us[:-1], starts_us[1:] - round(LEAD_S * 1e6))
    turns_us = np.where(goes_on, starts_us[1:], leads_us)
    return pitches[np.searchsorted(turns_us, 1000 * np.arange(count), side="right")]


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
