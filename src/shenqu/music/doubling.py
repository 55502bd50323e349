"""Second voices: what the first hook has not, the second has below, and the last above on both sides.

The first time a hook is sung the voice is alone; the second time an octave lies under it, 9 dB softer, or above it
where that is too low to be sung; the last time the third and the fifth of the scale lie above it, 12 dB softer, left
and right.
All of a hook is moved alike, in the scale: so what is sung together stays together. Verses stay single.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from shenqu.documents.arrangement import Passage, Placement
from shenqu.documents.figure import Voice
from shenqu.documents.tune import Tune
from shenqu.music.line import passages_of
from shenqu.music.stutters import scale_above

LOWEST, HIGHEST = 36, 88
OCTAVE_DB, CHORD_DB, SIDE = -9.0, -12.0, 0.6
THIRD, FIFTH = 2, 4


def voices(
    tune: Tune, passages: Sequence[Passage], placements: Sequence[Placement], *, transpose: int
) -> tuple[Voice, ...]:
    """Return the second voices of a song that sings `placements`, `transpose` semitones above `tune` as written."""
    hooks = [sung for hook in _hooks(tune, passages) if (sung := _within(hook, placements))]
    if len(hooks) < 2:
        return ()
    tonic, minor = tune.tonic + transpose, tune.scale == "minor"

    def above(steps: int) -> Callable[[int], int]:
        return lambda pitch: scale_above(pitch, steps, tonic=tonic, minor=minor)

    chord = (
        _voice(name, hooks[-1], above(steps), CHORD_DB, pan)
        for name, steps, pan in (("third above", THIRD, -SIDE), ("fifth above", FIFTH, SIDE))
    )
    octaves = (_octave(hook) for hook in hooks[1:-1][:1])
    return tuple(voice for voice in (*octaves, *chord) if _can_be_sung(voice))


def _hooks(tune: Tune, passages: Sequence[Passage]) -> list[Passage]:
    return [one for one in passages or passages_of(tune) if one.role == "hook"]


def _within(hook: Passage, placements: Sequence[Placement]) -> tuple[Placement, ...]:
    """Return the placements of a passage; a syllable that begins before it is not doubled."""
    end = hook.onset_beat + hook.length_beat
    return tuple(
        placement
        for placement in placements
        if placement.syllable is not None
        and placement.notes
        and hook.onset_beat <= placement.notes[0].onset_beat
        and placement.notes[-1].end_beat <= end + Fraction(1, 4)
    )


def _octave(hook: Sequence[Placement]) -> Voice:
    low = min(note.pitch for placement in hook for note in placement.notes) - 12
    step, name = (-12, "octave below") if low >= LOWEST else (12, "octave above")
    return _voice(name, hook, lambda pitch: pitch + step, OCTAVE_DB, 0.0)


def _voice(name: str, hook: Sequence[Placement], moved: Callable[[int], int], level_db: float, pan: float) -> Voice:
    placements = tuple(
        placement.replace(notes=tuple(note.replace(pitch=moved(note.pitch)) for note in placement.notes))
        for placement in hook
    )
    return Voice(name=name, placements=placements, level_db=level_db, pan=pan)


def _can_be_sung(voice: Voice) -> bool:
    return all(LOWEST <= note.pitch <= HIGHEST for placement in voice.placements for note in placement.notes)
