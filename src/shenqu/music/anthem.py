"""The one tune that no song is made on: 义勇军进行曲, the national anthem of China.

The National Anthem Law of the People's Republic of China (2017), article 15, punishes who maliciously changes the
anthem's words or music or plays it in a distorted or derogatory way in public: a warning, or up to 15 days of
detention. A speech sung to it is what that article describes, and people have been detained for less. So it is
refused, in whatever key and metre it comes. Other anthems are the user's own affair: see docs.

Conventions
-----------
The tune is known by the steps between its notes, with repeated notes taken as one: that stays the same in any key,
rhythm and split of notes over syllables.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from shenqu.documents.tune import Note

# Two of its lines, as semitones from the tonic: 起来 ... 新的长城, and 中华民族 ... 的时候.
_LINES = (
    (-5, 0, 0, 0, 0, -5, -3, -1, 0, 0, 4, 0, 2, 4, 7, 7, 4, 4, 0, 4, 7, 4, 2, 2),
    (9, 7, 2, 4, 7, 4, 7, 4, 2, 4, 0, 4),
)


def is_march_of_the_volunteers(notes: Sequence[Note]) -> bool:
    """Return whether `notes` hold a line of 义勇军进行曲, in any key and rhythm.

    >>> tonic, pitches = 67, (-5, 0, 0, 0, 0, -5, -3, -1, 0, 0, 4, 0, 2, 4, 7, 7, 4, 4, 0, 4, 7, 4, 2, 2)
    >>> from fractions import Fraction
    >>> is_march_of_the_volunteers([
    ...     Note(pitch=tonic + pitch, onset_beat=Fraction(at), length_beat=Fraction(1))
    ...     for at, pitch in enumerate(pitches)
    ... ])
    True
    """
    heard = _steps([note.pitch for note in notes])
    return any(_contains(heard, _steps(line)) for line in _LINES)


def _steps(pitches: Sequence[int]) -> tuple[int, ...]:
    return tuple(after - before for before, after in pairwise(pitches) if after != before)


def _contains(steps: tuple[int, ...], sought: tuple[int, ...]) -> bool:
    return any(steps[at : at + len(sought)] == sought for at in range(len(steps) - len(sought) + 1))
