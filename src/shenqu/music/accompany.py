"""How a recording goes with a tune: at which tempo and in which key it is played behind it."""

from __future__ import annotations

import math

from shenqu.documents.tune import Scale


def counted_near(bpm: float, other_bpm: float, *, in_threes: bool = False) -> float:
    """Return `bpm`, doubled or halved as often as brings it nearest to `other_bpm`: a beat may be counted either way.

    Where the tune's beats fall `in_threes`, as in 6/8, what was counted may have been dotted quarter notes.

    >>> counted_near(75.0, 160.0), counted_near(128.0, 120.0), counted_near(100.0, 150.0, in_threes=True)
    (150.0, 128.0, 150.0)
    """
    counts = (bpm, 1.5 * bpm) if in_threes else (bpm,)
    near = [count * 2.0 ** round(math.log2(other_bpm / count)) for count in counts]
    return min(near, key=lambda count: abs(math.log2(other_bpm / count)))


def semitones_between(key: tuple[int, Scale], other: tuple[int, Scale]) -> int:
    """Return by how many semitones, -5 to 6, what is in `key` moves to have the notes of `other`, the nearest way.

    C major and A minor have the same notes.

    >>> semitones_between((0, "major"), (9, "minor")), semitones_between((0, "major"), (7, "major"))
    (0, -5)
    """
    home, away = (tonic + (3 if scale == "minor" else 0) for tonic, scale in (key, other))
    return (away - home + 5) % 12 - 5
