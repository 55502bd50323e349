"""Passages of a tune."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TypeVar

from shenqu.documents.tune import Chord, PartNote, Section, Tune
from shenqu.errors import InputError
from shenqu.music.tempo import song_tempo

Timed = TypeVar("Timed", Chord, PartNote, Section)


def clip_tune(
    tune: Tune, *, length_s: float, tempo_factor: float, tail_s: float = 0.0, count_in_beat: Fraction = Fraction(0)
) -> Tune:
    """Return `tune` up to the last phrase end that is sung within `length_s` seconds.

    The `count_in_beat` of a band before it and `tail_s` after it are included.

    Raises
    ------
    InputError
        Where not even the first phrase fits.
    """
    clock = song_tempo(tune, tempo_factor=tempo_factor, count_in_beat=count_in_beat)
    ends = [end for end in tune.phrase_ends if clock.beat_to_s(end) + tail_s <= length_s]
    if not ends:
        first_s = clock.beat_to_s(tune.phrase_ends[0]) + tail_s
        raise InputError(
            f"the first phrase of {tune.id} takes {first_s:.1f} s; give --length {math.ceil(first_s)} or more"
        )
    end = max(ends)
    return tune_until(tune, end)


def tune_until(tune: Tune, end: Fraction) -> Tune:
    """Return what of `tune` begins before beat `end`, chords, parts and sections cut off there."""
    count = sum(note.onset_beat < end for note in tune.notes)
    return tune.replace(
        notes=tune.notes[:count],
        lyrics=tune.lyrics[:count],
        doubtful=tuple(index for index in tune.doubtful if index < count),
        chords=_until(tune.chords, end),
        sections=_until(tune.sections, end),
        phrase_ends=tuple(phrase_end for phrase_end in tune.phrase_ends if phrase_end <= end),
        parts=tuple(part.replace(notes=_until(part.notes, end)) for part in tune.parts),
    )


def phrase_notes(tune: Tune) -> tuple[int, ...]:
    """Return how many notes each phrase of `tune` has."""
    starts = (Fraction(0), *tune.phrase_ends[:-1])
    return tuple(
        sum(start <= note.onset_beat < end for note in tune.notes)
        for start, end in zip(starts, tune.phrase_ends, strict=True)
    )


def pitch_range(tune: Tune) -> int:
    """Return the semitones between the lowest and the highest note of `tune`."""
    pitches = [note.pitch for note in tune.notes]
    return max(pitches) - min(pitches)


def _until(timed: tuple[Timed, ...], end: Fraction) -> tuple[Timed, ...]:
    return tuple(
        one.replace(length_beat=min(one.length_beat, end - one.onset_beat)) for one in timed if one.onset_beat < end
    )
