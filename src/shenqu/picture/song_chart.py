"""What is charted of a song that was measured: notes, the pitch sung on them, onsets, level, words, faults."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from shenqu.documents.audio import Samples
from shenqu.documents.chart import Bar, Chart, Lane, Levels, Span, Table
from shenqu.documents.check import CraftCheck, NoteCheck, SongCheck
from shenqu.dsp.band_level import band_level
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.picture.chart import pitch_curve

LEVEL_HOP_S, LEVEL_WIDTH_S = 0.01, 0.01
LOWEST_LEVEL_DB = -60.0
NOTE_HEAD = ("start", "note", "sung", "cents", "in tune", "voiced", "onset", "stretch", "shift", "level", "what is bad")
"""What `note_cells` tells of a note."""
CRAFT_HEAD = ("craft", "", "measured", "good", "where, and what to do")
"""What `craft_cells` tells of a row."""
_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


def song_chart(check: SongCheck, pitch: PitchTrack, vocal: Samples, rate: int, *, language: str) -> Chart:
    """Return the chart of a song measured as `check`: its voice `vocal` (mono, at `rate` hertz) has that `pitch`."""
    bad = tuple(number for number, note in enumerate(check.notes) if note.faults)
    return Chart(
        title=check.title,
        facts=(*song_facts(check), *(" ".join(filter(None, craft_cells(row))) for row in check.complaints)),
        language=language,
        start_s=0.0,
        end_s=len(vocal) / rate,
        lanes=(Lane(name="words", kind="boxes", spans=tuple(_span(note) for note in check.notes)),),
        curves=(pitch_curve(pitch, start_s=0.0, name="sung pitch"),),
        bars=tuple(_bar(note) for note in check.notes),
        levels=_levels(vocal, rate),
        table=Table(head=NOTE_HEAD, rows=tuple(note_cells(note) for note in check.notes), marked=bad),
    )


def note_name(pitch: int) -> str:
    """Return the name of a MIDI pitch, with middle C as C4.

    >>> note_name(60), note_name(70)
    ('C4', 'Bb4')
    """
    return f"{_NAMES[pitch % 12]}{pitch // 12 - 1}"


def song_facts(check: SongCheck) -> Iterator[str]:
    """Yield what there is to say of all of a song, in short."""
    if check.rpa50 is None or check.rpa25 is None:
        yield "no pitch that could be measured"
    else:
        yield f"{100 * check.rpa50:.1f} % within 50 cents, {100 * check.rpa25:.1f} % within 25"
    if check.note_cents is not None and check.note_cents_p95 is not None:
        yield f"notes {check.note_cents:.0f} cents off, 95 % within {check.note_cents_p95:.0f}"
    yield f"voiced {100 * check.coverage:.1f} %"
    yield f"{100 * check.onset_30:.0f} % of syllables rise within 30 ms"
    if check.stretch is not None and check.stretch_p90 is not None:
        yield f"vowels {check.stretch:.1f} times as long as spoken, 90 % within {check.stretch_p90:.1f}"
    yield f"{check.clicks} click{'' if check.clicks == 1 else 's'}"
    yield f"{len(check.bad)} of {len(check.notes)} notes bad" if check.bad else f"all {len(check.notes)} notes good"
    told = [row for row in check.craft if row.passed is not None]
    if told:
        yield f"craft: {len(told) - len(check.complaints)} of {len(told)} good"


def note_cells(note: NoteCheck) -> tuple[str, ...]:
    """Return what was measured of a note, a short text for each of `NOTE_HEAD`, "-" where it could not be."""
    return (
        f"{note.start_s:.2f} s",
        note_name(note.pitch),
        " ".join(note.text.split()),
        _number(note.cents, "+.0f"),
        "-" if note.within_50 is None else f"{100 * note.within_50:.0f} %",
        f"{100 * note.coverage:.0f} %",
        _number(note.onset_ms, "+.0f", " ms"),
        _number(note.stretch, ".1f", " x"),
        _number(note.shift, "+.0f", " st"),
        _number(note.level_db, "+.0f", " dB"),
        "; ".join(note.faults),
    )


def craft_cells(row: CraftCheck) -> tuple[str, ...]:
    """Return what was measured of the craft, a short text for each of `CRAFT_HEAD`.

    >>> " ".join(craft_cells(CraftCheck(name="hook late", passed=False, value=12.0, unit="s", most=10.0, bars=(5,),
    ...     change="begin with it")))
    'hook late bad 12 s at most 10 bar 5: begin with it'
    """
    bars = ", ".join(map(str, row.bars))
    where = f"bar{'s' if len(row.bars) > 1 else ''} {bars}: " if bars else ""
    return (
        row.name,
        {True: "good", False: "bad", None: "-"}[row.passed],
        "-" if row.value is None else f"{row.value:g} {row.unit}",
        _limits(row),
        where + row.change,
    )


def _limits(row: CraftCheck) -> str:
    if row.least is not None and row.most is not None:
        return f"{row.least:g} to {row.most:g}"
    if row.most is not None:
        return f"at most {row.most:g}"
    return "" if row.least is None else f"at least {row.least:g}"


def _number(value: float | None, form: str, unit: str = "") -> str:
    """Return a value with its unit; what rounds to nothing has no sign.

    >>> _number(-0.4, "+.0f", " dB"), _number(-3.6, "+.0f")
    ('0 dB', '-4')
    """
    if value is None:
        return "-"
    digits = f"{value:{form}}"
    return (digits if float(digits) else digits.lstrip("+-")) + unit


def _span(note: NoteCheck) -> Span:
    text = " ".join(note.text.split())
    return Span(round(note.start_s, 4), round(note.end_s, 4), text, remark="; ".join(note.faults))


def _bar(note: NoteCheck) -> Bar:
    onset_s = None if note.onset_ms is None else round(max(0.0, note.start_s + note.onset_ms / 1000.0), 4)
    start_s, end_s = round(note.start_s, 4), round(note.end_s, 4)
    return Bar(start_s, end_s, note.pitch, note_name(note.pitch), onset_s, bool(note.faults))


def _levels(vocal: Samples, rate: int) -> Levels:
    level_db = band_level(vocal, rate, low_hz=60.0, high_hz=12_000.0, hop_s=LEVEL_HOP_S, width_s=LEVEL_WIDTH_S)
    below_db = np.maximum(level_db - level_db.max(initial=-200.0), LOWEST_LEVEL_DB)
    return Levels(start_s=0.0, hop_s=LEVEL_HOP_S, db=tuple(below_db.round(1).tolist()))
