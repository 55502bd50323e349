"""Words with times, as LRC files have them, laid on the notes of a score.

A line of words begins on the note that begins nearest to its time, and ends before the next line: so lines are the
tune's phrases. Within a line the words follow each other: each Chinese character, kana or Korean block takes a note,
another word as many as it has vowels; where there are more notes or fewer, all are stretched alike. Words that have
times of their own begin on the note nearest to them.

Conventions
-----------
Times are seconds from the start of the score, at its own tempo. A lyric "+" goes on with the one before, "" is none.
"""

from __future__ import annotations

import re
import warnings
from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction
from statistics import median
from typing import NamedTuple

from shenqu.documents.performance import TempoMap
from shenqu.documents.score import Score
from shenqu.documents.speech import Cue
from shenqu.documents.tune import Tempo, Tune
from shenqu.errors import InputError, ShenquWarning
from shenqu.music.melody import line_ends, melody_part, skyline

_FAR_S = 0.4
"""How far lines may lie from notes in the middle of all: beyond, they belong to another recording."""
_CREDIT = re.compile(
    r"\s*(作?[词詞曲]|编曲|編曲|演唱|制作人?|歌手|lyrics?|music|words|composer|artist|title)\s*(by)?\s*[:：].*",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"[\u3041-\u30fa][ぁぃぅぇぉゃゅょァィゥェォャュョー]*|[\u3400-\u9fff]|[\uac00-\ud7a3]|[^\W\u3041-\u30fa\u3400-\u9fff\uac00-\ud7a3]+(?:['’-]\w+)*"
)
_VOWELS = re.compile(r"[aeiouyäöüáéíóúàèìòùâêîôûãõåæøœаеёиоуыэюя]+", re.IGNORECASE)
_WIDE = re.compile(r"[\u3041-\u9fff]")


class _Laid(NamedTuple):
    """A lyric for each note, and the indexes of the notes that lines begin on."""

    lyrics: tuple[str, ...]
    line_starts: tuple[int, ...]


def words_on_score(score: Score, cues: Sequence[Cue], *, track: str | None = None) -> Score:
    """Return `score` with the words of `cues` (all with times) on its melody, instead of those it had.

    `track` says which part is the melody, as in `score_to_tune`. Raises `InputError` where no line falls on a note.
    """
    index = melody_part(score, track)
    part = score.parts[index]
    onsets = [note.onset_beat for note in skyline(part.notes)[0]]
    laid = _lay(onsets, score.tempi, cues)
    lyrics = dict(zip(onsets, laid.lyrics, strict=True))
    top = {note.onset_beat: place for place, note in enumerate(part.notes)}
    notes = tuple(
        note.replace(lyric=lyrics.get(note.onset_beat, "") if top[note.onset_beat] == place else "")
        for place, note in enumerate(part.notes)
    )
    parts = tuple(part.replace(notes=notes) if place == index else other for place, other in enumerate(score.parts))
    return score.replace(
        parts=parts, parts_with_words=(index,), line_beats=tuple(onsets[start] for start in laid.line_starts)
    )


def words_on_tune(tune: Tune, cues: Sequence[Cue]) -> Tune:
    """Return `tune` with the words of `cues` (all with times) on its notes, instead of those it had.

    Raises `InputError` where no line falls on a note.
    """
    onsets = [note.onset_beat for note in tune.notes]
    laid = _lay(onsets, tune.tempi, cues)
    ends = line_ends(tune.notes, [onsets[start] for start in laid.line_starts])
    return tune.replace(lyrics=laid.lyrics, phrase_ends=ends or tune.phrase_ends)


def _lay(onsets: Sequence[Fraction], tempi: Sequence[Tempo], cues: Sequence[Cue]) -> _Laid:
    clock = TempoMap(lead_in_beat=Fraction(0), steps=tuple((tempo.onset_beat, tempo.bpm) for tempo in tempi))
    onsets_s = [clock.beat_to_s(onset) for onset in onsets]
    lines = [cue for cue in cues if cue.start_s is not None and not _CREDIT.fullmatch(cue.text)]
    sung = [line for line in lines if onsets_s[0] - 1.0 <= _start(line) <= onsets_s[-1] + 1.0]
    if not sung:
        raise InputError("no line of the lyrics falls on a note of the tune; shift them with [offset:]")
    starts = [_nearest(onsets_s, _start(line)) for line in sung]
    _warn_of_distance(sung, lines, [onsets_s[start] for start in starts])
    lyrics = [""] * len(onsets)
    ends = [*starts[1:], len(onsets)]
    for line, start, end in zip(sung, starts, ends, strict=True):
        until = bisect_left(onsets_s, line.end_s - 0.05, start + 1) if line.end_s else end
        _lay_line(lyrics, line, onsets_s, start, max(start + 1, min(end, until)))
    return _Laid(tuple(lyrics), tuple(sorted(set(starts))))


def _lay_line(lyrics: list[str], line: Cue, onsets_s: Sequence[float], start: int, end: int) -> None:
    """Write the words of `line` on the notes from `start` to `end`; two lines on one note share it."""
    words = line.words or (line,)
    begins = [min(end - 1, max(start, _nearest(onsets_s, _start(word)))) for word in words]
    begins[0] = start
    places = sorted(set(begins))
    for begin, until in zip(places, [*places[1:], end], strict=True):
        together = [word.text for word, place in zip(words, begins, strict=True) if place == begin]
        spread = _spread(_units(" ".join(together)), until - begin)
        for place, lyric in enumerate(spread, begin):
            before = lyrics[place] if lyrics[place] != "+" else ""
            lyrics[place] = _join(before, lyric) if before else lyric


def _units(text: str) -> list[str]:
    """Return the pieces of `text` that may each have a note of their own, without punctuation.

    >>> _units("小星星, twinkle!"), _units("きょうは")
    (['小', '星', '星', 'twinkle'], ['きょ', 'う', 'は'])
    """
    return _UNIT.findall(text)


def _spread(units: Sequence[str], count: int) -> list[str]:
    """Return a lyric for each of `count` notes: all units in order, stretched alike.

    >>> _spread(["小", "星"], 4), _spread(["twinkle", "star"], 3), _spread(["a", "b", "c"], 2)
    (['小', '+', '星', '+'], ['twinkle', '+', 'star'], ['a b', 'c'])
    """
    if not units:
        return [""] * count
    weights = [max(1, len(_VOWELS.findall(unit))) if len(unit) > 1 else 1 for unit in units]
    total = sum(weights)
    lyrics = ["+"] * count
    for index, unit in enumerate(units):
        place = sum(weights[:index]) * count // total
        lyrics[place] = unit if lyrics[place] == "+" else _join(lyrics[place], unit)
    return lyrics


def _join(before: str, after: str) -> str:
    if after in {"", "+"}:
        return before
    blank = "" if _WIDE.match(before[-1:]) and _WIDE.match(after) else " "
    return f"{before}{blank}{after}"[:200]


def _nearest(onsets_s: Sequence[float], time_s: float) -> int:
    at = bisect_left(onsets_s, time_s)
    return min((index for index in (at - 1, at) if 0 <= index < len(onsets_s)), key=lambda i: abs(onsets_s[i] - time_s))


def _start(cue: Cue) -> float:
    return cue.start_s or 0.0


def _warn_of_distance(sung: Sequence[Cue], lines: Sequence[Cue], starts_s: Sequence[float]) -> None:
    """Say what does not fit: lines outside the tune, or all of them beside its notes."""
    if len(sung) < len(lines):
        message = f"{len(lines) - len(sung)} of {len(lines)} lines of the lyrics lie outside the tune and are left out"
        warnings.warn(message, ShenquWarning, stacklevel=4)
    off_s = median(abs(start_s - _start(line)) for start_s, line in zip(starts_s, sung, strict=True))
    if off_s > _FAR_S:
        message = (
            f"the lines of the lyrics begin {off_s:.1f} s beside the notes of the tune: they may be those of another "
            "recording; shift them with [offset:]"
        )
        warnings.warn(message, ShenquWarning, stacklevel=4)
