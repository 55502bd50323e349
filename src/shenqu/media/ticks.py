"""What readers of scores in ticks share: their limits, what a tick means, how words are cleaned, how parts are joined.

Conventions
-----------
A beat is a quarter note. Ticks become fractions; where a file's resolution cannot say a triplet exactly
(100 ticks a beat: 33), the simple fraction within half a tick is meant.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

from shenqu.documents.score import Score
from shenqu.documents.tune import MOST_CHANGES, Metre, Part, Tempo
from shenqu.errors import InputError, ShenquWarning

MAX_NOTES = 100_000
MAX_BEATS = 10_000
SLOWEST_BPM, FASTEST_BPM = 10.0, 1000.0
MAX_NAME, MAX_LYRIC = 80, 200
_NO_TITLES = {"", "untitled", "master track", "midi_export", "tempo track", "conductor", "shenqu", "new project"}
_GOES_ON = re.compile(r"[-+~_ー—–]|\+[~*\d]\S*")
_HINT = re.compile(r"\s*\[[^\]]*\]$")


def whole_score(
    name: str,
    *,
    title: str,
    parts: Sequence[Part],
    bpms: Iterable[tuple[Fraction, float]],
    signatures: Iterable[tuple[Fraction, int, int]],
    line_beats: Iterable[Fraction] = (),
) -> Score:
    """Return the score of `parts`, those without notes left out.

    `bpms` are (beat, quarter notes a minute), `signatures` (beat, numerator, denominator), in any order; where
    neither is given at beat 0 it begins at 120, in 4/4. `name` says in messages which file it is, and is the title
    where `title` says nothing.

    Raises `InputError` where there are no notes, or too many, or it is too long.
    """
    parts = [part for part in parts if part.notes]
    if not parts:
        raise InputError(f"{name}: an empty tune, the file holds no notes")
    if sum(len(part.notes) for part in parts) > MAX_NOTES:
        raise InputError(f"{name}: more than {MAX_NOTES} notes, too many for a tune")
    if max(note.onset_beat + note.length_beat for part in parts for note in part.notes) > MAX_BEATS:
        raise InputError(f"{name}: longer than {MAX_BEATS} beats, too long for a tune")
    return Score(
        title=Path(name).stem if title.casefold() in _NO_TITLES else title,
        parts=tuple(parts),
        tempi=_tempi(bpms, name),
        metres=_metres(signatures, name),
        parts_with_words=tuple(
            index for index, part in enumerate(parts) if any(note.lyric not in {"", "+"} for note in part.notes)
        ),
        line_beats=tuple(sorted(set(line_beats))),
    )


def tick_to_beat(tick: int, ticks_per_beat: Fraction) -> Fraction:
    """Return the beat that is meant by `tick`.

    >>> [str(tick_to_beat(tick, Fraction(100))) for tick in (33, 50, 67)]
    ['1/3', '1/2', '2/3']
    """
    exact = tick / ticks_per_beat
    if exact.denominator <= 24:
        return exact
    for parts in (2, 3, 4, 6, 8, 12, 16, 24, 5, 7):
        near = Fraction(round(exact * parts), parts)
        if abs(near - exact) * ticks_per_beat < Fraction(1, 2):
            return near
    return exact


def bars_to_beats(signatures: Sequence[tuple[int, int, int]]) -> list[tuple[Fraction, int, int]]:
    """Return (beat, numerator, denominator) for metres given as (bar from 0, numerator, denominator), in any order.

    Metres that cannot be are left out.

    >>> [int(beat) for beat, _, _ in bars_to_beats([(0, 3, 4), (2, 4, 4), (3, 2, 4)])]
    [0, 6, 10]
    """
    rows = sorted(row for row in signatures if row[0] >= 0 and _is_metre(*row[1:]))
    lengths = [(after[0] - row[0]) * Fraction(4 * row[1], row[2]) for row, after in pairwise(rows)]
    first = [rows[0][0] * Fraction(4 * rows[0][1], rows[0][2])] if rows else []
    return [(beat, n, d) for beat, (_, n, d) in zip(accumulate([*first, *lengths]), rows, strict=True)]


def clean_name(text: str) -> str:
    """Return a title or a part's name without signs that a terminal would obey."""
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()[:MAX_NAME]


def clean_lyric(text: str) -> str:
    """Return the syllable that `text` means: "+" where the one before goes on, without hints and hyphens.

    >>> [clean_lyric(text) for text in ("你", "-", "+~", "Hap-", " py ", "hao[hao3]")]
    ['你', '+', '+', 'Hap', 'py', 'hao']
    """
    text = _HINT.sub("", clean_name(text[:MAX_LYRIC]))
    return "+" if _GOES_ON.fullmatch(text) else text.strip("-_ ")


def _tempi(bpms: Iterable[tuple[Fraction, float]], name: str) -> tuple[Tempo, ...]:
    kept = {Fraction(0): 120.0}
    for beat, bpm in sorted(bpms, key=lambda event: event[0]):
        if SLOWEST_BPM <= bpm <= FASTEST_BPM:
            kept[max(Fraction(0), beat)] = bpm
        else:
            warnings.warn(f"{name}: a tempo of {bpm:g} beats a minute is passed over", ShenquWarning, stacklevel=2)
    if len(kept) > MOST_CHANGES:
        raise InputError(f"{name}: more than {MOST_CHANGES} tempo changes, too many for a tune")
    return tuple(Tempo(onset_beat=beat, bpm=bpm) for beat, bpm in kept.items())


def _metres(signatures: Iterable[tuple[Fraction, int, int]], name: str) -> tuple[Metre, ...]:
    kept = {Fraction(0): (4, 4)}
    for beat, numerator, denominator in sorted(signatures, key=lambda event: event[0]):
        if _is_metre(numerator, denominator):
            kept[max(Fraction(0), beat)] = (numerator, denominator)
    if len(kept) > MOST_CHANGES:
        raise InputError(f"{name}: more than {MOST_CHANGES} changes of metre, too many for a tune")
    return tuple(Metre(onset_beat=beat, numerator=n, denominator=d) for beat, (n, d) in kept.items())


def _is_metre(numerator: int, denominator: int) -> bool:
    return 1 <= numerator <= 64 and denominator in {1, 2, 4, 8, 16, 32, 64}
