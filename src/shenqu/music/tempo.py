"""The song's clock: the tune's tempo map, bent by one factor, with room before the first note."""

from __future__ import annotations

import math
from fractions import Fraction

from shenqu.documents.performance import TempoMap
from shenqu.documents.tune import Tune

LEAD_IN_S = 0.35


def song_tempo(tune: Tune, *, tempo_factor: float, count_in_beat: Fraction = Fraction(0)) -> TempoMap:
    """Return the clock of a song on `tune` at `tempo_factor` times its written tempo.

    The first note's consonants sound before its beat, so whole beats of lead-in are put before
    beat 0 until the first note is at least 0.35 s from song time 0, and the `count_in_beat` of a band finds room.
    """
    steps = tuple((tempo.onset_beat, tempo.bpm * tempo_factor) for tempo in tune.tempi)
    clock = TempoMap(lead_in_beat=Fraction(0), steps=steps)
    missing_s = LEAD_IN_S - clock.beat_to_s(tune.notes[0].onset_beat)
    beats = max(0, math.ceil(missing_s * steps[0][1] / 60.0 - 1e-9), math.ceil(count_in_beat))
    return clock.replace(lead_in_beat=Fraction(beats))


def beat_strength(tune: Tune, beat: Fraction) -> float:
    """Return how strong `beat` is in its bar: 1 on the downbeat, .6 at half bar, .3 on a beat, else 0.

    >>> from shenqu.documents.tune import Metre, Tempo
    >>> tune = Tune(id="", title="", notes=(), tempi=(), metres=(Metre(onset_beat=Fraction(0), numerator=4,
    ...     denominator=4),), upbeat_beat=Fraction(1))
    >>> [beat_strength(tune, Fraction(beat)) for beat in (0, 1, 2, 3)]
    [0.3, 1.0, 0.3, 0.6]
    """
    metre = max((m for m in tune.metres if m.onset_beat <= beat), key=lambda m: m.onset_beat, default=tune.metres[0])
    bar = Fraction(4 * metre.numerator, metre.denominator)
    bar_line = tune.upbeat_beat if metre.onset_beat < tune.upbeat_beat else metre.onset_beat
    place = (beat - bar_line) % bar
    if place == 0:
        return 1.0
    if metre.numerator % 2 == 0 and place == bar / 2:
        return 0.6
    pulse = Fraction(3, 2) if metre.denominator == 8 and metre.numerator % 3 == 0 else Fraction(4, metre.denominator)
    return 0.3 if place % pulse == 0 else 0.0


def is_weak(tune: Tune, beat: Fraction) -> bool:
    """Tell whether a beat is nearest to the 2nd or 4th of the four 16ths of a quarter, or the middle of a triplet.

    >>> tune = Tune(id="", title="", notes=(), tempi=(), metres=())
    >>> [is_weak(tune, Fraction(sixteenth, 4)) for sixteenth in range(4)]
    [False, True, False, True]
    """
    part = (beat - tune.upbeat_beat) % 1
    return part == Fraction(1, 3) or (part != Fraction(2, 3) and round(part * 4) % 2 == 1)
