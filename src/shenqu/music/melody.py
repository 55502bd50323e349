"""From a score to a tune: which part is sung, which of its notes are the melody, where phrases end.

A melody is one line: where a part plays several notes at once, the highest is heard as the tune. What is too short
to be sung is no note of it: a grace note goes, a note that is only struck sounds on.

References
----------
Uitdenbogerd and Zobel 1999, "Melodic matching techniques for large music databases": the skyline.
Rizo et al. 2006, "A pattern recognition approach for melody track selection in MIDI files".
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Sequence
from fractions import Fraction
from statistics import median
from typing import TypeVar

from shenqu.documents.performance import TempoMap
from shenqu.documents.score import Score
from shenqu.documents.tune import Chord, Metre, Note, Part, PartNote, Section, Tempo, Tune
from shenqu.errors import InputError, ShenquWarning
from shenqu.music.harmony import find_key
from shenqu.music.phrases import find_phrase_ends

MAX_INTRO_BARS = 2
SHORTEST_S = 0.03
"""What sounds for less is no note that a voice sings."""
REACH = 18
"""How many semitones a melody goes from its middle, at most; tunes that people sing stay within half of it."""
STRUCK_BEATS = Fraction(1, 4)
"""How long a note that is only struck sounds on, where no other note follows sooner."""

Lasting = TypeVar("Lasting", Chord, Section)

_SUNG = re.compile(
    r"melod|vocal|voice|vox|sing|lead|sopran|cantus|mélod|gesang|chant|旋律|人声|主唱|歌|唱|メロ|ボーカル",
    re.IGNORECASE,
)
_PLAYED = re.compile(r"back|bass|drum|perc|chord|accomp|pad|left|\blo\b|\blh\b|harmon|伴奏|和声|贝斯|鼓", re.IGNORECASE)


def score_to_tune(score: Score, *, tune_id: str, track: str | None = None) -> Tune:
    """Return the tune of `score`: its melody, and the other parts beside it.

    `track` names the part that is sung, or gives its number among the parts with notes, from 1; None
    leaves the choice to us. An introduction is shortened to two bars, and what follows the melody's
    last bar is left out. Key, chords, sections, words and lines are the score's where it has them.

    Raises InputError where `track` fits no part, or there are only drums, or nothing long enough to be sung.
    """
    index = melody_part(score, track)
    line, others = skyline(score.parts[index].notes)
    melody = _within_reach(_singable(line, score), score.title)
    start, upbeat = _start(score, melody)
    metres = _shifted_metres(score.metres, start)
    bar = Fraction(4 * metres[0].numerator, metres[0].denominator)
    end = melody[-1].end_beat
    last_bar = start + upbeat + math.ceil((end - start - upbeat) / bar) * bar
    notes = tuple(note.replace(onset_beat=note.onset_beat - start) for note in melody)
    rest = score.parts[index].replace(notes=others)
    parts = [rest if place == index else part for place, part in enumerate(score.parts)]
    sounding = [note for part in score.parts if not part.drums for note in part.notes]
    tonic, scale = score.key or find_key(sounding, last_pitch=melody[-1].pitch)
    phrase_ends = line_ends(notes, [beat - start for beat in score.line_beats])
    return Tune(
        id=tune_id,
        title=score.title,
        notes=notes,
        tempi=_shifted_tempi(score.tempi, start),
        metres=metres,
        upbeat_beat=upbeat,
        tonic=tonic,
        scale=scale,
        chords=_clipped(score.chords, start, last_bar),
        phrase_ends=phrase_ends or find_phrase_ends(notes, bar_beat=bar),
        sections=_clipped(score.sections, start, last_bar),
        lyrics=_lyrics(score.parts[index], melody),
        parts=tuple(cut for part in parts if (cut := _cut(part, start, last_bar)).notes),
        origin=score.composer,
    )


def melody_part(score: Score, track: str | None = None) -> int:
    """Return which of the score's parts is sung: the one that `track` names, else the likeliest.

    Raises InputError where `track` fits no part, or what is left are drums, whose numbers are no pitches.
    """
    index = _part_index(score, track) if track is not None else _likely_melody(score)
    if score.parts[index].drums:
        what = f"track {track!r} plays" if track is not None else "all tracks play"
        raise InputError(f"{score.title!r}: {what} drums, whose notes are no pitches; choose a melody with --track")
    return index


def line_ends(notes: Sequence[Note], line_beats: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Return where the phrases of `notes` end whose words begin new lines at `line_beats`; nothing for one line."""
    ends = {
        max((note.end_beat for note in notes if note.onset_beat < beat), default=None)
        for beat in line_beats
        if beat <= notes[-1].onset_beat
    } - {None}
    return tuple(sorted({*(end for end in ends if end is not None), notes[-1].end_beat})) if ends else ()


def skyline(notes: Sequence[PartNote]) -> tuple[tuple[Note, ...], tuple[PartNote, ...]]:
    """Return the highest line of `notes` (in order of onset), without overlaps, and the notes below it.

    A lower note that enters while a higher one sounds on is accompaniment; one that enters as the
    higher one fades (a legato overlap) is the next note of the line.
    """
    line: list[Note] = []
    below: list[PartNote] = []
    for note in sorted(notes, key=lambda note: (note.onset_beat, -note.pitch)):
        last = line[-1] if line else None
        if last and last.end_beat > note.onset_beat:
            together = note.onset_beat == last.onset_beat
            sounds_on = last.end_beat - note.onset_beat >= max(note.length_beat / 2, Fraction(1, 8))
            if together or (note.pitch < last.pitch and sounds_on):
                below.append(note)
                continue
            line[-1] = last.replace(length_beat=note.onset_beat - last.onset_beat)
        line.append(Note(pitch=note.pitch, onset_beat=note.onset_beat, length_beat=note.length_beat))
    return tuple(line), tuple(below)


def _singable(line: Sequence[Note], score: Score) -> tuple[Note, ...]:
    """Return `line` without notes that another follows at once, and with those that are only struck lengthened."""
    clock = TempoMap(lead_in_beat=Fraction(0), steps=tuple((tempo.onset_beat, tempo.bpm) for tempo in score.tempi))
    kept: list[Note] = []
    lengthened = 0
    for note in reversed(line):
        onset_s = clock.beat_to_s(note.onset_beat)
        room_beat = kept[-1].onset_beat - note.onset_beat if kept else STRUCK_BEATS
        if kept and clock.beat_to_s(kept[-1].onset_beat) - onset_s < SHORTEST_S:
            continue
        struck = clock.beat_to_s(note.end_beat) - onset_s < SHORTEST_S
        kept.append(note.replace(length_beat=max(note.length_beat, min(room_beat, STRUCK_BEATS))) if struck else note)
        lengthened += struck
    if len(kept) < len(line) or lengthened:
        message = (
            f"{score.title!r}: of {len(line)} notes of the melody {len(line) - len(kept)} are left out "
            f"and {lengthened} lengthened: they are too short to be sung"
        )
        warnings.warn(message, ShenquWarning, stacklevel=3)
    return tuple(reversed(kept))


def _within_reach(melody: Sequence[Note], title: str) -> tuple[Note, ...]:
    """Return `melody` with what no voice reaches moved by octaves towards its middle."""
    middle = round(median(note.pitch for note in melody))
    octaves = [12 * math.ceil(max(0, abs(note.pitch - middle) - REACH) / 12) for note in melody]
    if any(octaves):
        message = (
            f"{title!r}: {sum(octave > 0 for octave in octaves)} of {len(melody)} notes of the melody lie out of a "
            "voice's range and are moved by octaves"
        )
        warnings.warn(message, ShenquWarning, stacklevel=3)
    return tuple(
        note.replace(pitch=note.pitch - octave if note.pitch > middle else note.pitch + octave) if octave else note
        for note, octave in zip(melody, octaves, strict=True)
    )


def _lyrics(part: Part, melody: Sequence[Note]) -> tuple[str, ...]:
    """Return what is sung on each note of `melody`; nothing where the part has no words."""
    words = {note.onset_beat: note.lyric for note in part.notes if note.lyric}
    return tuple(words.get(note.onset_beat, "") for note in melody) if words else ()


def _clipped(things: Sequence[Lasting], start: Fraction, end: Fraction) -> tuple[Lasting, ...]:
    """Return the parts of `things` that lie between two beats of the score, counted from the first."""
    spans = [(thing, max(start, thing.onset_beat), min(end, thing.onset_beat + thing.length_beat)) for thing in things]
    return tuple(
        thing.replace(onset_beat=first - start, length_beat=last - first)
        for thing, first, last in spans
        if first < last
    )


def _part_index(score: Score, track: str) -> int:
    names = [part.name.casefold() for part in score.parts]
    if track.casefold() in names:
        return names.index(track.casefold())
    if track.isdecimal() and 1 <= int(track) <= len(names):
        return int(track) - 1
    listed = ", ".join(f"{number} {part.name!r}" for number, part in enumerate(score.parts[:20], 1))
    raise InputError(f"no track {track!r} with notes in {score.title!r}: choose one of {listed}")


def _likely_melody(score: Score) -> int:
    scores = [_likeness(part, index in score.parts_with_words) for index, part in enumerate(score.parts)]
    return scores.index(max(scores))


def _likeness(part: Part, has_words: bool) -> float:
    """Return how much `part` is like a sung melody: about 0 to 9; drums below all others."""
    if part.drums:
        return -100.0
    line, below = skyline(part.notes)
    pitches = [note.pitch for note in line]
    mean = sum(pitches) / len(pitches)
    lively = min(1.0, (len(set(pitches)) - 1) / 5)
    singable = max(0.0, 1.0 - abs(mean - 69) / 24)
    alone = len(line) / (len(line) + len(below))
    many = min(1.0, len(line) / 24)
    named = bool(_SUNG.search(part.name)) - bool(_PLAYED.search(part.name))
    return 2.0 * named + 2.0 * has_words + 1.5 * alone + 1.5 * singable + lively + many


def _start(score: Score, melody: Sequence[Note]) -> tuple[Fraction, Fraction]:
    """Return the beat of the score at which the tune starts, and the length of its upbeat."""
    first = melody[0].onset_beat
    metre = max((m for m in score.metres if m.onset_beat <= first), key=lambda m: m.onset_beat)
    bar = Fraction(4 * metre.numerator, metre.denominator)
    origin = max(metre.onset_beat, score.upbeat_beat)
    bar_line = origin + (first - origin) // bar * bar
    played = min(note.onset_beat for part in score.parts for note in part.notes)
    start = max(played, bar_line - MAX_INTRO_BARS * bar, metre.onset_beat) if played < first else first
    return start, (origin - start) % bar


def _shifted_metres(metres: Sequence[Metre], start: Fraction) -> tuple[Metre, ...]:
    current = max((m for m in metres if m.onset_beat <= start), key=lambda m: m.onset_beat)
    later = [m.replace(onset_beat=m.onset_beat - start) for m in metres if m.onset_beat > start]
    return (current.replace(onset_beat=Fraction(0)), *later)


def _shifted_tempi(tempi: Sequence[Tempo], start: Fraction) -> tuple[Tempo, ...]:
    current = max((t for t in tempi if t.onset_beat <= start), key=lambda t: t.onset_beat)
    later = [t.replace(onset_beat=t.onset_beat - start) for t in tempi if t.onset_beat > start]
    return (current.replace(onset_beat=Fraction(0)), *later)


def _cut(part: Part, start: Fraction, end: Fraction) -> Part:
    """Return what `part` plays between two beats of the score, counted from the first."""
    kept = [
        note.replace(onset_beat=note.onset_beat - start, length_beat=min(note.length_beat, end - note.onset_beat))
        for note in part.notes
        if start <= note.onset_beat < end
    ]
    return part.replace(notes=tuple(kept))
