"""Keys and chords: what a chord symbol means, which key notes are in, chords for a tune that has none.

References
----------
Krumhansl 1990, Cognitive Foundations of Musical Pitch: the key profiles (Krumhansl and Kessler 1982).
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shenqu.documents.tune import Chord, Note, PartNote, Scale, Tune
from shenqu.errors import InputError

_MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SYMBOL = re.compile(r"([A-G])([#b]?)(.*?)(?:/([A-G])([#b]?))?")
_QUALITIES = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "min": (0, 3, 7),
    "-": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "M7": (0, 4, 7, 11),
    "dim": (0, 3, 6),
    "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
    "aug": (0, 4, 8),
    "+": (0, 4, 8),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "7sus4": (0, 5, 7, 10),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "5": (0, 7),
    "9": (0, 4, 7, 10, 14),
    "add9": (0, 4, 7, 14),
}
# Triads of the key as (semitones above the tonic, quality, price of using it).
_TRIADS = {
    "major": ((0, "", 0.0), (2, "m", 0.3), (4, "m", 0.6), (5, "", 0.05), (7, "", 0.0), (9, "m", 0.2)),
    "minor": ((0, "m", 0.0), (3, "", 0.2), (5, "m", 0.1), (7, "", 0.05), (8, "", 0.2), (10, "", 0.3)),
}
_CHANGE_PRICE, _CHANGE_PRICE_INSIDE = 0.15, 0.45
_STRANGER_PRICE, _CYCLE_GAIN = 0.1, 1.3
_ROMANS = ("I", "II", "III", "IV", "V", "VI", "VII")
_DEGREES = (0, 2, 4, 5, 7, 9, 11)
_NATURAL_MINOR = {4: 3, 9: 8, 11: 10}
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_NUMERAL = re.compile(
    r"([#b]?)(VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)(|7|maj7|6|9|add9|sus2|sus4|7sus4|dim|dim7|m7b5|o|°|5)"
)
_CADENCE_GAIN = 0.4
_HOME_GAIN = 0.3


class ChordTones(NamedTuple):
    """A chord in pitch classes and semitones: its `root` and `bass` (0 to 11) and `steps` above the root."""

    root: int
    bass: int
    steps: tuple[int, ...]


def chord_tones(symbol: str) -> ChordTones:
    """Return what a chord `symbol` of a lead sheet means; unknown additions fall back to the plain triad.

    Raises `InputError` where it does not begin with a note's name.

    >>> chord_tones("F#m7/E")
    ChordTones(root=6, bass=4, steps=(0, 3, 7, 10))
    """
    match = _SYMBOL.fullmatch(symbol.strip())
    if not match:
        raise InputError(f"{symbol!r} is no chord: write it as C, F#m, G7, Bdim or D/F#")
    letter, accidental, quality, bass, bass_accidental = match.groups()
    root = (_LETTERS[letter] + _shift(accidental)) % 12
    minor = quality.startswith(("m", "-")) and not quality.startswith("maj")
    steps = _QUALITIES.get(quality, _QUALITIES["m" if minor else ""])
    return ChordTones(root, (_LETTERS[bass] + _shift(bass_accidental)) % 12 if bass else root, steps)


def _shift(accidental: str | None) -> int:
    return {"#": 1, "b": -1}.get(accidental or "", 0)


def find_key(notes: Sequence[Note | PartNote], *, last_pitch: int) -> tuple[int, Scale]:
    """Return tonic (0 is C) and scale that fit `notes` best, by their durations.

    Tunes come home: a key on `last_pitch`, with which the melody ends, is believed a little sooner.

    >>> pitches = (67, 69, 71, 72, 74, 76, 78, 79)
    >>> scale = [Note(pitch=pitch, onset_beat=Fraction(0), length_beat=Fraction(1)) for pitch in pitches]
    >>> find_key(scale, last_pitch=79)
    (7, 'major')
    """
    weights = np.zeros(12)
    for note in notes:
        weights[note.pitch % 12] += min(4.0, float(note.length_beat))
    return key_of(weights, home=last_pitch % 12)


def key_of(weights: npt.NDArray[np.float64], *, home: int | None = None) -> tuple[int, Scale]:
    """Return tonic (0 is C) and scale that fit best how much of each pitch class there is, `weights` of shape (12,).

    A key on `home` is believed a little sooner.
    """
    if weights.std() == 0:
        return home or 0, "major"
    fits = {
        (tonic, scale): float(np.corrcoef(np.roll(profile, tonic), weights)[0, 1])
        + (_HOME_GAIN if tonic == home else 0.0)
        for scale, profile in (("major", _MAJOR_PROFILE), ("minor", _MINOR_PROFILE))
        for tonic in range(12)
    }
    tonic, scale = max(fits, key=lambda key: fits[key])
    return tonic, "major" if scale == "major" else "minor"


def harmonize(tune: Tune, *, cycle: str = "") -> tuple[Chord, ...]:
    """Return chords for `tune` that hold its notes and end on the tonic: one a bar, two where the melody asks for it.

    The chord of half a bar is chosen by the notes that sound in it, strong beats counting more, against
    the price of rarer chords and of a change; the step from dominant to tonic is welcome, and gets its seventh.
    With a `cycle` of Roman numerals ("vi IV I V"), a bar each, its chords are taken where the notes allow.

    Raises `InputError` for a cycle that is none.
    """
    slots = _slots(tune)
    wanted = _cycle_of(tune, cycle)
    candidates = list(_TRIADS[tune.scale]) + [
        (*chord, _STRANGER_PRICE)
        for chord in dict.fromkeys(wanted)
        if chord not in {triad[:2] for triad in _TRIADS[tune.scale]}
    ]
    fits = np.array([_fits(tune, slot.start, slot.end, candidates) for slot in slots])
    for slot, fit in zip(slots, fits, strict=True):
        if wanted:
            due = wanted[slot.bar % len(wanted)]
            fit[next(place for place, one in enumerate(candidates) if one[:2] == due)] += _CYCLE_GAIN
    fits *= np.array([[slot.share] for slot in slots])
    chosen = _best_path(candidates, slots, fits, home=not wanted)
    chords: list[Chord] = []
    for slot, index, after in zip(slots, chosen, [*chosen[1:], None], strict=True):
        above, quality, _ = candidates[index]
        if above == 7 and not quality and after is not None and candidates[after][0] == 0:
            quality = "7"
        symbol = _NAMES[(tune.tonic + above) % 12] + quality
        if chords and chords[-1].symbol.removesuffix("7") == symbol.removesuffix("7") and slot.number:
            chords[-1] = chords[-1].replace(symbol=symbol, length_beat=slot.end - chords[-1].onset_beat)
        else:
            chords.append(Chord(symbol=symbol, onset_beat=slot.start, length_beat=slot.end - slot.start))
    return tuple(chords)


def _best_path(
    candidates: Sequence[tuple[int, str, float]], slots: Sequence[_Slot], fits: npt.NDArray[np.float64], *, home: bool
) -> list[int]:
    """Return the chord of each slot, by index, so that all of them together cost least."""
    if home:
        fits[-1, 1:] -= 10.0
        fits[0, 0] += 0.3
    best = fits[0].copy()
    steps = []
    for slot, fit in zip(slots[1:], fits[1:], strict=True):
        price = _CHANGE_PRICE if slot.number == 0 else _CHANGE_PRICE_INSIDE
        moves = np.array([[_move(before, after, price) for after in candidates] for before in candidates])
        paths = best[:, None] + moves
        steps.append(paths.argmax(axis=0))
        best = paths.max(axis=0) + fit
    chosen = [int(best.argmax())]
    for step in reversed(steps):
        chosen.append(int(step[chosen[-1]]))
    return chosen[::-1]


def _cycle_of(tune: Tune, cycle: str) -> list[tuple[int, str]]:
    """Return the chords of a cycle as semitones above the tune's tonic and quality.

    A cycle in minor (one with the chord i) under a tune in major goes to its relative minor, and the other way round.
    """
    chords = [_numeral(numeral) for numeral in cycle.replace("|", " ").replace(",", " ").split()]
    if not chords:
        return []
    minor = any(degree == 0 and quality.startswith("m") and quality != "maj7" for degree, quality in chords)
    if minor:
        chords = [(_NATURAL_MINOR.get(degree, degree), quality) for degree, quality in chords]
    shift = 0
    if minor != (tune.scale == "minor"):
        shift = -3 if minor else 3
    return [((degree + shift) % 12, quality) for degree, quality in chords]


def _numeral(text: str) -> tuple[int, str]:
    """Return semitones above the tonic (of a major scale) and quality of a Roman numeral.

    >>> _numeral("bVI"), _numeral("ii7"), _numeral("Vsus4")
    ((8, ''), (2, 'm7'), (7, 'sus4'))
    """
    match = _NUMERAL.fullmatch(text)
    if not match:
        raise InputError(f"{text!r} is no chord of a cycle: write it in Roman numerals, as vi IV I V or ii7 V7 Imaj7")
    accidental, roman, quality = match.groups()
    degree = _DEGREES[_ROMANS.index(roman.upper())] + _shift(accidental)
    quality = {"o": "dim", "°": "dim"}.get(quality, quality)
    return degree % 12, ("m" + quality if roman.islower() and quality != "dim" else quality)


def chords_of(tune: Tune, harmony: str, *, progression: str) -> tuple[Chord, ...]:
    """Return the chords under `tune` by `harmony`: tune (its own, found where it has none), new, or a cycle.

    "new" lays the cycle `progression` of a style under it.

    Raises `InputError` where it is none of these.
    """
    if harmony == "tune":
        return tune.chords or harmonize(tune)
    return harmonize(tune, cycle=progression if harmony == "new" else harmony)


def coloured(chord: Chord, tune: Tune, *, ninth: bool) -> tuple[int, ...]:
    """Return the steps of `chord` with the seventh, and the `ninth`, that its key gives it.

    What would rub against a note of the melody, a semitone away, or against the chord itself, is left out.
    """
    tones = chord_tones(chord.symbol)
    steps = list(tones.steps)
    end = chord.onset_beat + chord.length_beat
    first = bisect_right(tune.notes, chord.onset_beat, key=lambda note: note.end_beat)
    last = bisect_left(tune.notes, end, key=lambda note: note.onset_beat)
    sung = {note.pitch % 12 for note in tune.notes[first:last]}
    key = {(tune.tonic + step) % 12 for step in _SCALES[tune.scale]}
    for step in (10, 11, *((14,) if ninth else ())):
        above = (tones.root + step) % 12
        if above in key and not any((above + away) % 12 in sung for away in (-1, 1)) and len(steps) < 5:
            steps.append(step)
    return tuple(steps) if len(tones.steps) == 3 else tones.steps


def bar_lines(tune: Tune) -> tuple[tuple[Fraction, Fraction], ...]:
    """Return the start of every bar of `tune` and its length in beats, the upbeat as a bar before the first.

    The bars cover the tune: the last one may reach beyond its end.
    """
    metres = sorted(tune.metres, key=lambda metre: metre.onset_beat)
    bars: list[tuple[Fraction, Fraction]] = []
    now, end = Fraction(0), tune.end_beat
    if tune.upbeat_beat:
        bars.append((now, tune.upbeat_beat))
        now = tune.upbeat_beat
    for metre, after in zip(metres, [*metres[1:], None], strict=True):
        length = Fraction(4 * metre.numerator, metre.denominator)
        until = min(end, after.onset_beat) if after else end
        while now < until:
            # A new metre begins a new bar, wherever it comes.
            size = min(length, after.onset_beat - now) if after else length
            bars.append((now, size))
            now += size
    return tuple(bars)


class _Slot(NamedTuple):
    """Where a chord may begin: the half of a bar (`number` 0 or 1) or all of it; `bar` counts from 0.

    `share` is how much of the bar it is.
    """

    start: Fraction
    end: Fraction
    bar: int
    number: int
    share: float


def _slots(tune: Tune) -> list[_Slot]:
    """Return the full bars, those of four beats in halves; what comes before the first has no chord."""
    bars = bar_lines(tune)
    full = bars[1:] if tune.upbeat_beat and len(bars) > 1 else bars
    slots = []
    for bar, (start, length) in enumerate(full):
        halves = 2 if length == 4 else 1
        slots += [
            _Slot(start + half * length / halves, start + (half + 1) * length / halves, bar, half, 1.0 / halves)
            for half in range(halves)
        ]
    return slots


def _fits(tune: Tune, start: Fraction, end: Fraction, candidates: Sequence[tuple[int, str, float]]) -> list[float]:
    """Return how well each chord holds the notes between two beats."""
    first = bisect_right(tune.notes, start, key=lambda note: note.end_beat)
    last = bisect_left(tune.notes, end, key=lambda note: note.onset_beat)
    weights = np.full(12, 1e-9)
    for note in tune.notes[first:last]:
        overlap = min(note.end_beat, end) - max(note.onset_beat, start)
        weights[(note.pitch - tune.tonic) % 12] += math.sqrt(overlap) * (1.6 if note.onset_beat == start else 1.0)
    weights /= weights.sum()
    return [
        2.0 * sum(float(weights[(above + step) % 12]) for step in _QUALITIES.get(quality, (0, 4, 7))) - price
        for above, quality, price in candidates
    ]


def _move(before: tuple[int, str, float], after: tuple[int, str, float], price: float) -> float:
    if before == after:
        return 0.0
    return _CADENCE_GAIN * (before[0] == 7 and after[0] == 0) - price
