"""A score as it is played: repeats, endings, da capo and dal segno written out.

Readers of scores disagree about these signs, and so do musicians. Here one rule holds:

1. A passage is played as often as the repeat sign at its end says (twice where it says nothing), from the last
   sign that opens a repeat; without one, from where the passage before it ended, or from the beginning.
2. A bar under an ending bracket is played in the passes that the bracket names. A bracket with another one behind
   it goes back with or without a repeat sign; the last bracket of a passage goes on with or without one.
3. Then "D.C." goes back to the beginning, "D.S." to the segno (the last one before it; without any, to the
   beginning). From there **no repeat is taken, of endings the last is played, and no other jump is made**, up to
   "Fine", or to "To Coda" and on from the coda sign; a jump that does not say which takes the one that there is.
   What lies behind the coda sign has not been played yet, so its repeats are.

Notes, chords, lyrics, sections, tempi and metres move along. A note held over a jump ends there; a tie into an
ending that is not the first is struck anew. Where a bar of full length begins off the beat that its metre would
have, the metre is given again.

References
----------
Gould 2011, Behind Bars: repeats and endings. MakeMusic, MusicXML 4.0: `repeat`, `ending`, `sound`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple, TypeVar

from shenqu.documents.score import Bar, Score
from shenqu.documents.tune import MOST_CHANGES, Chord, Metre, PartNote, Section, Tempo
from shenqu.errors import InputError

MAX_NOTES = 10_000
MAX_BEATS = 10_000
MAX_BARS = 20_000

Lasting = TypeVar("Lasting", Chord, Section)
Standing = TypeVar("Standing", Tempo, Metre)


class _Stretch(NamedTuple):
    """Bars played as they stand: beats `start` to `end` as written, and the beat `at` which they are played."""

    start: Fraction
    end: Fraction
    at: Fraction


def unfold(score: Score) -> Score:
    """Return `score` as it is played, without signs: what is repeated is there as often as it sounds.

    Raises `InputError` where it then is longer than a tune can be.
    """
    if not score.bars:
        return score
    order = playing_order(score.bars)
    stretches = _stretches(score.bars, order)
    played_beat = stretches[-1].at + stretches[-1].end - stretches[-1].start
    parts = tuple(part.replace(notes=_unfold_notes(part.notes, stretches)) for part in score.parts)
    if played_beat > MAX_BEATS or any(len(part.notes) > MAX_NOTES for part in parts):
        raise InputError(f"{score.title}: with its repeats longer than {MAX_BEATS} beats or notes, too long for a tune")
    sounding = [index for index, part in enumerate(parts) if part.notes]
    return score.replace(
        parts=tuple(parts[index] for index in sounding),
        parts_with_words=tuple(place for place, index in enumerate(sounding) if index in score.parts_with_words),
        tempi=_unfold_tempi(score.tempi, stretches),
        metres=_unfold_metres(score, order),
        chords=_unfold_lasting(score.chords, stretches),
        sections=_unfold_lasting(score.sections, stretches),
        line_beats=tuple(
            beat - start + at for start, end, at in stretches for beat in score.line_beats if start <= beat < end
        ),
        bars=(),
    )


def playing_order(bars: Sequence[Bar]) -> tuple[int, ...]:
    """Return the indexes of `bars` in the order in which they are played.

    Brackets that leave nothing to play are not obeyed. Raises `InputError` where there is no end to them.

    >>> bars = [Bar(onset_beat=Fraction(4 * n), length_beat=Fraction(4)) for n in range(3)]
    >>> playing_order([bars[0], bars[1].replace(endings=(1,), repeat_times=2), bars[2].replace(endings=(2,))])
    (0, 1, 0, 2)
    """
    order = []
    for index in _walk(bars):
        order.append(index)
        if len(order) > MAX_BARS:
            raise InputError(f"a score that is longer than {MAX_BARS} bars with its repeats, too long for a tune")
    return tuple(order) or tuple(range(len(bars)))


def _walk(bars: Sequence[Bar]) -> Iterator[int]:
    """Yield the bars in order; `start` is where the present passage began, `again` whether it was all heard before."""
    passes = _passes(bars)
    index, start, played, again, jumped = 0, 0, 1, False, False
    while index < len(bars):
        bar = bars[index]
        if bar.repeat_start and index != start:
            start, played = index, 1
        heard = passes[index] if again else played
        if bar.endings and heard not in bar.endings:
            if _ends_passage(bars, index):
                start, played = index + 1, 1
            index += 1
            continue
        yield index
        if not again and played < passes[index] and _turns_back(bars, index):
            index, played = start, played + 1
        elif bar.jump and not jumped:
            from_index, until, jumped, again = index, bar.until, True, True
            index = start = _segno_before(bars, index) if bar.jump == "dal segno" else 0
        elif again and bar.fine and until == "fine":
            return
        elif again and bar.to_coda and until == "coda" and (coda := _coda_after(bars, index, from_index)):
            index = start = coda
            played, again = 1, False
        else:
            if _ends_passage(bars, index):
                start, played = index + 1, 1
            index += 1


def _passes(bars: Sequence[Bar]) -> list[int]:
    """Return how often the passage that ends with each bar, or its brackets, is played."""
    passes = [max(1, bar.repeat_times) for bar in bars]
    for group in _bracket_groups(bars):
        numbers = {number for index in group for number in bars[index].endings}
        brackets = {bars[index].endings for index in group}
        alone = len(brackets) == 1 and any(bars[index].repeat_times for index in group)
        total = max([*(passes[index] for index in group), max(numbers) + alone])
        for index in group:
            passes[index] = total
    return passes


def _bracket_groups(bars: Sequence[Bar]) -> Iterator[list[int]]:
    """Yield the bars under the brackets of one passage: neighbours, with numbers that rise."""
    group: list[int] = []
    for index, bar in enumerate(bars):
        falls = group and bar.endings and min(bar.endings) < min(bars[group[-1]].endings)
        if group and (not bar.endings or bar.repeat_start or falls):
            yield group
            group = []
        if bar.endings:
            group.append(index)
    if group:
        yield group


def _turns_back(bars: Sequence[Bar], index: int) -> bool:
    """Return whether the passage is begun again behind this bar: a repeat sign, or a bracket with one behind it."""
    bar, after = bars[index], bars[index + 1] if index + 1 < len(bars) else None
    another = after is not None and bar.endings and after.endings and after.endings != bar.endings
    return bool(bar.repeat_times or another)


def _ends_passage(bars: Sequence[Bar], index: int) -> bool:
    bar, after = bars[index], bars[index + 1] if index + 1 < len(bars) else None
    if not bar.endings:
        return bool(bar.repeat_times)
    falls = after is not None and after.endings and min(after.endings) < min(bar.endings)
    return after is None or not after.endings or after.repeat_start or bool(falls)


def _segno_before(bars: Sequence[Bar], index: int) -> int:
    return max((place for place in range(index + 1) if bars[place].segno), default=0)


def _coda_after(bars: Sequence[Bar], to_coda: int, from_index: int) -> int | None:
    """Return the bar with the coda sign: behind the jump, or else behind "To Coda"."""
    places = [place for place, bar in enumerate(bars) if bar.coda and place > to_coda]
    return next((place for place in places if place > from_index), places[0] if places else None)


def _stretches(bars: Sequence[Bar], order: Sequence[int]) -> list[_Stretch]:
    """Return the bars played as stretches that stand together in the score."""
    stretches = []
    at = Fraction(0)
    for _, run in groupby(enumerate(order), key=lambda place: place[1] - place[0]):
        indexes = [index for _, index in run]
        start, last = bars[indexes[0]].onset_beat, bars[indexes[-1]]
        stretches.append(_Stretch(start, last.onset_beat + last.length_beat, at))
        at += stretches[-1].end - start
    return stretches


def _unfold_notes(notes: Sequence[PartNote], stretches: Sequence[_Stretch]) -> tuple[PartNote, ...]:
    onsets = [note.onset_beat for note in notes]
    return tuple(
        note.replace(onset_beat=note.onset_beat - start + at, length_beat=min(note.length_beat, end - note.onset_beat))
        for start, end, at in stretches
        for note in notes[bisect_left(onsets, start) : bisect_left(onsets, end)]
    )


def _unfold_lasting(things: Sequence[Lasting], stretches: Sequence[_Stretch]) -> tuple[Lasting, ...]:
    """Return what holds on: of each stretch also what began before it."""
    return tuple(
        thing.replace(onset_beat=first - start + at, length_beat=last - first)
        for start, end, at in stretches
        for thing in things
        if (first := max(start, thing.onset_beat)) < (last := min(end, thing.onset_beat + thing.length_beat))
    )


def _unfold_tempi(tempi: Sequence[Tempo], stretches: Sequence[_Stretch]) -> tuple[Tempo, ...]:
    played: list[Tempo] = []
    for start, end, at in stretches:
        standing = _standing(tempi, start).replace(onset_beat=at)
        changes = [
            tempo.replace(onset_beat=tempo.onset_beat - start + at) for tempo in tempi if start < tempo.onset_beat < end
        ]
        for tempo in (standing, *changes):
            if not played or played[-1].bpm != tempo.bpm:
                played.append(tempo)
    return _checked(played)


def _unfold_metres(score: Score, order: Sequence[int]) -> tuple[Metre, ...]:
    """Return the metres of the bars as played, given again where a full bar begins off the beat."""
    played: list[Metre] = []
    at, bar_line = Fraction(0), score.upbeat_beat
    for bar in (score.bars[index] for index in order):
        metre = _standing(score.metres, bar.onset_beat)
        bar_beat = Fraction(4 * metre.numerator, metre.denominator)
        changed = not played or metre.replace(onset_beat=played[-1].onset_beat) != played[-1]
        if changed or (bar.length_beat == bar_beat and (at - bar_line) % bar_beat):
            played.append(metre.replace(onset_beat=at))
            bar_line = at if at else bar_line
        at += bar.length_beat
    return _checked(played)


def _standing(things: Sequence[Standing], beat: Fraction) -> Standing:
    """Return what stands at `beat` as written; `things` begin at beat 0 and rise."""
    return things[bisect_left([thing.onset_beat for thing in things], beat + Fraction(1, 10**9)) - 1]


def _checked(changes: list[Standing]) -> tuple[Standing, ...]:
    if len(changes) > MOST_CHANGES:
        raise InputError(f"with its repeats a score changes tempo or metre more than {MOST_CHANGES} times")
    return tuple(changes)
