"""What is charted of a song that was measured: notes, words, faults, the pitch that is sung and that was meant."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from shenqu.documents.chart import Chart, Curve, Lane, Marks, Span
from shenqu.documents.check import NoteCheck, SongCheck
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.picture.chart import pitch_curve
from shenqu.units import pitch_to_hz

_MEANT_HOP_S = 0.01
_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


def song_chart(check: SongCheck, pitch: PitchTrack, *, duration_s: float, language: str) -> Chart:
    """Return the chart of a song measured as `check`, whose voice has `pitch` from song time 0 on."""
    begun = [note for note in check.notes if note.text != "+"]
    lanes = (
        Lane(name="words", kind="labels", spans=tuple(_note_span(note, note.text) for note in begun)),
        Lane(name="notes", kind="boxes", spans=tuple(_note_span(note, note_name(note.pitch)) for note in check.notes)),
        Lane(name="faults", kind="labels", spans=tuple(_fault_spans(check.bad))),
    )
    return Chart(
        title=check.title,
        facts=tuple(song_facts(check)),
        language=language,
        start_s=0.0,
        end_s=duration_s,
        lanes=tuple(lane for lane in lanes if lane.spans),
        marks=(Marks(name="note", times_s=tuple(round(note.start_s, 4) for note in begun)),),
        curves=(_meant(check, duration_s), pitch_curve(pitch, start_s=0.0, name="sung")),
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
    yield f"{check.clicks} clicks"
    yield f"{len(check.bad)} of {len(check.notes)} notes bad" if check.bad else f"all {len(check.notes)} notes good"


def _note_span(note: NoteCheck, text: str) -> Span:
    """Return a note as a span: as sure as it is in tune and without fault; one too short for a pitch is in tune."""
    in_tune = 1.0 if note.within_50 is None else note.within_50
    return Span(
        round(note.start_s, 4),
        round(note.end_s, 4),
        text,
        round(0.4 * in_tune if note.faults else in_tune, 3),
        ", ".join(note_facts(note)),
    )


def note_facts(note: NoteCheck) -> Iterator[str]:
    """Yield what was measured of a note, in short; what is bad first."""
    yield from note.faults
    if note.cents is not None:
        yield f"{note.cents:+.0f} cents"
    if note.onset_ms is not None:
        yield f"{note.onset_ms:+.0f} ms"
    if note.stretch is not None:
        yield f"stretched {note.stretch:.1f} times"
    if note.shift is not None:
        yield f"{note.shift:+.0f} semitones from the speech"


def _fault_spans(bad: tuple[NoteCheck, ...]) -> Iterator[Span]:
    for note in bad:
        yield Span(round(note.start_s, 4), round(note.end_s, 4), note.faults[0], 0.0, "; ".join(note.faults))


def _meant(check: SongCheck, duration_s: float) -> Curve:
    """Return the notes as they are written."""
    hz = [0.0] * (int(duration_s / _MEANT_HOP_S) + 1)
    ends_s = [min(a.end_s, b.start_s) for a, b in pairwise(check.notes)] + [note.end_s for note in check.notes[-1:]]
    for note, end_s in zip(check.notes, ends_s, strict=True):
        first, last = (min(len(hz), round(time_s / _MEANT_HOP_S)) for time_s in (note.start_s, end_s))
        hz[first:last] = [round(float(pitch_to_hz(note.pitch)), 1)] * max(0, last - first)
    return Curve(name="written", start_s=0.0, hop_s=_MEANT_HOP_S, hz=tuple(hz))
