"""Mode `flow`: the speech keeps its rhythm, pulled onto the beat grid; the tune gives the pitch.

Every syllable's vowel takes a step of the grid of its own, in the order of the speech, which begins again when
the tune is longer. Of all ways to do that the one with the least cost is taken, found exactly by dynamic
programming over (step, syllable). With G the time between two vowels in the song and I as they were spoken, the
cost sums

    rhythm    4 * log2(G / I)**2             inside a phrase of the speaker
    pause     4 * (G - S - 0.3)              where he paused, for what is longer; S sounds between the two vowels,
                                             and 0.3 s of rest are free
    squeeze   6 * log2(S / G)**2             where the pause is too short for what sounds
    stress    0.6 * |prominence - beat strength|
    restart   2 where the speech begins again before its end (only after a pause)
    wait      8 for every second before the first syllable and, but for one, after the last
    ending    3 where the song ends inside a word, 1 inside the speaker's phrase

The tempo is the factor between 2/3 and 3/2 with the least cost a syllable, where 1.5 * log2(factor)**2 is its own
price. A syllable takes the pitch that the tune has on its beat; where the tune rests, the tone of the chord
nearest to the pitch before.

References
----------
Speech that keeps its rhythm keeps its words: docs/benchmarks.md. Songify and 台詞合わせ: docs/glossary.md.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shenqu.documents.arrangement import Arrangement, PlacedNote, Placement
from shenqu.documents.options import Grid
from shenqu.documents.speech import Transcript
from shenqu.documents.tune import Chord, Tune
from shenqu.errors import InputError
from shenqu.music.arrange import FASTEST, SLOWEST, SpeechMeasures, measure_speech
from shenqu.music.harmony import chord_tones, harmonize
from shenqu.music.tempo import beat_strength, song_tempo

Costs = npt.NDArray[np.float64]

STEPS: dict[Grid, Fraction] = {"8": Fraction(1, 2), "16": Fraction(1, 4), "triplets": Fraction(1, 3)}
MOST_STEPS = 8000
LONGEST_GAP_S = 2.5
FREE_REST_S = 0.3
REST = 4.0
LEAST_GAP_S = 0.05
WAIT, LAST_REST_S = 8.0, 1.0
FACTORS = 7
FINENESS = 960  # parts of a beat in which times off the grid are written


class _Step(NamedTuple):
    """A syllable on its step of the grid."""

    step: int
    syllable: int


@dataclass(frozen=True, slots=True)
class _Grid:
    """The steps of the grid: in beats, in seconds of the song, and how strong each is."""

    beats: tuple[Fraction, ...]
    time_s: Costs
    strength: Costs
    end_s: float


@dataclass(frozen=True, slots=True)
class _Rhythm:
    """One value a syllable: vowel onset, sound before it, what can be sung and what sounds behind it; the words."""

    vowel_s: Costs
    lead_s: Costs
    sung_s: Costs
    tail_s: Costs
    measures: SpeechMeasures


def flow(
    tune: Tune,
    transcript: Transcript,
    *,
    transpose: int,
    tempo_factor: float | None = None,
    grid: Grid = "16",
    strength: float = 1.0,
) -> Arrangement:
    """Return `transcript` in its own rhythm on the `grid` of `tune` (see the module's cost).

    `strength` is how far vowels are pulled onto the grid: 1.0 quite, 0.0 not at all. `transpose` and `tempo_factor`
    as in `arrange`.

    Raises
    ------
    InputError
        Where there is no syllable, or the tune is longer than any song.
    """
    if not transcript.syllables:
        raise InputError("there is no syllable to sing in this speech; try another part of it (--start, --end)")
    rhythm = _measure(transcript)
    factors = [tempo_factor] if tempo_factor else np.geomspace(SLOWEST, FASTEST, FACTORS)
    grids = [_lay_grid(tune, STEPS[grid], float(factor)) for factor in factors]
    choices = [_choose(laid, rhythm, float(factor)) for laid, factor in zip(grids, factors, strict=True)]
    best = min(range(len(choices)), key=lambda index: choices[index][0])
    _, factor, steps = choices[best]
    return Arrangement(
        placements=_placements(tune, grids[best], rhythm, steps, transpose, strength),
        transpose=transpose,
        tempo_factor=factor,
    )


def _measure(transcript: Transcript) -> _Rhythm:
    syllables = transcript.syllables
    return _Rhythm(
        vowel_s=np.array([syllable.vowel_s for syllable in syllables]),
        lead_s=np.array([syllable.vowel_s - syllable.start_s for syllable in syllables]),
        sung_s=np.array([syllable.sung_until_s - syllable.vowel_s for syllable in syllables]),
        tail_s=np.array([syllable.end_s - syllable.vowel_s for syllable in syllables]),
        measures=measure_speech(transcript),
    )


def _lay_grid(tune: Tune, step_beat: Fraction, factor: float) -> _Grid:
    clock = song_tempo(tune, tempo_factor=factor)
    end_beat = max([note.end_beat for note in tune.notes])
    count = int(end_beat / step_beat)
    if count > MOST_STEPS:
        raise InputError(f"{tune.id} has {count} steps of the grid, more than {MOST_STEPS}; give a shorter tune")
    beats = tuple(step * step_beat for step in range(max(1, count)))
    return _Grid(
        beats=beats,
        time_s=np.array([clock.beat_to_s(beat) for beat in beats]),
        strength=np.array([beat_strength(tune, beat) for beat in beats]),
        end_s=clock.beat_to_s(end_beat),
    )


def _choose(grid: _Grid, rhythm: _Rhythm, factor: float) -> tuple[float, float, list[_Step]]:
    """Return (cost a syllable, factor, steps) of the cheapest song."""
    least, came_from = _search(grid, rhythm)
    measures = rhythm.measures
    rest_s = grid.end_s - grid.time_s[:, None] - rhythm.tail_s[None, :]
    ending = np.where(measures.word_end, np.where(measures.pause, 0.0, 1.0), 3.0)
    total = least + ending[None, :] + WAIT * np.maximum(-rest_s, np.maximum(rest_s - LAST_REST_S, 0.0))
    step, syllable = (int(place) for place in np.unravel_index(int(np.argmin(total)), total.shape))
    steps = [_Step(step, syllable)]
    while came_from[step, syllable, 0] > 0:
        gap, before = came_from[step, syllable]
        step, syllable = step - int(gap), int(before)
        steps.append(_Step(step, syllable))
    cost = float(total.min()) / len(steps) + 1.5 * float(np.log2(factor)) ** 2
    return cost, factor, steps[::-1]


def _search(grid: _Grid, rhythm: _Rhythm) -> tuple[Costs, npt.NDArray[np.int32]]:
    """Return the least cost of every syllable on every step, and the way there: (steps back, syllable before)."""
    count, syllables = len(grid.time_s), len(rhythm.vowel_s)
    least = np.full((count, syllables), np.inf)
    came_from = np.zeros((count, syllables, 2), dtype=np.int32)
    spoken_s = np.diff(rhythm.vowel_s, prepend=np.nan)
    sounding_s = np.roll(rhythm.tail_s, 1) + rhythm.lead_s
    after_pause = np.roll(rhythm.measures.pause, 1)
    misfit = 0.6 * np.abs(rhythm.measures.prominence[None, :] - grid.strength[:, None])
    for step in range(count):
        first = int(np.searchsorted(grid.time_s, grid.time_s[step] - LONGEST_GAP_S))
        if first < step:
            gaps_s = (grid.time_s[step] - grid.time_s[first:step])[:, None]
            before = np.roll(least[first:step], 1, axis=1)
            restart = np.where(rhythm.measures.pause, least[first:step] + 2.0, np.inf)
            again = restart.min(axis=1) < before[:, 0]
            before[again, 0] = restart.min(axis=1)[again]
            cost = before + _gap_cost(gaps_s, spoken_s, sounding_s, after_pause)
            best = cost.argmin(axis=0)
            least[step] = cost.min(axis=0)
            came_from[step, :, 0] = np.where(np.isfinite(least[step]), step - first - best, 0)
            came_from[step, :, 1] = np.roll(np.arange(syllables), 1)
            if again[best[0]]:
                came_from[step, 0, 1] = restart[best[0]].argmin()
        begun = WAIT * (grid.time_s[step] - grid.time_s[0])
        if begun <= least[step, 0]:
            least[step, 0], came_from[step, 0] = begun, (0, 0)
        least[step] += misfit[step]
    return least, came_from


def _gap_cost(gaps_s: Costs, spoken_s: Costs, sounding_s: Costs, after_pause: npt.NDArray[np.bool_]) -> Costs:
    """Return what each gap (rows) before each syllable (columns) costs."""
    with np.errstate(invalid="ignore"):
        rhythm = 4.0 * np.log2(gaps_s / np.maximum(spoken_s, LEAST_GAP_S)) ** 2
    squeeze = 6.0 * np.maximum(0.0, np.log2(sounding_s / gaps_s)) ** 2
    wait = REST * np.maximum(0.0, gaps_s - sounding_s - FREE_REST_S)
    costs: Costs = np.where(after_pause, squeeze + wait, rhythm)
    return costs


def _placements(
    tune: Tune, grid: _Grid, rhythm: _Rhythm, steps: list[_Step], transpose: int, strength: float
) -> tuple[Placement, ...]:
    onsets_s = _pulled(grid, rhythm, steps, strength)
    ends_s = _ends(grid, rhythm, steps, onsets_s)
    pitches = _pitches(tune, [grid.beats[step.step] for step in steps])
    placements = []
    for step, onset_s, end_s, pitch in zip(steps, onsets_s, ends_s, pitches, strict=True):
        onset, end = _beat(grid, onset_s), _beat(grid, end_s)
        length = max(end - onset, Fraction(1, FINENESS))
        note = PlacedNote(pitch=pitch + transpose, onset_beat=onset, length_beat=length)
        placements.append(Placement(syllable=step.syllable, notes=(note,)))
    return tuple(placements)


def _ends(grid: _Grid, rhythm: _Rhythm, steps: list[_Step], onsets_s: Costs) -> list[float]:
    """Return where each note ends: with what can be sung of its syllable, at the speed at which that is sung."""
    ends_s: list[float] = []
    for step, onset_s, following_s in zip(steps, onsets_s, [*onsets_s[1:], grid.end_s], strict=True):
        sung_s = rhythm.sung_s[step.syllable]
        is_last = len(ends_s) == len(steps) - 1
        if not (is_last or rhythm.measures.pause[step.syllable]):
            sung_s *= (following_s - onset_s) / (rhythm.vowel_s[step.syllable + 1] - rhythm.vowel_s[step.syllable])
        ends_s.append(min(onset_s + sung_s, following_s))
    return ends_s


def _pulled(grid: _Grid, rhythm: _Rhythm, steps: list[_Step], strength: float) -> Costs:
    """Return when the vowels begin in the song: between their own rhythm, phrase by phrase, and the grid."""
    at_s = grid.time_s[[step.step for step in steps]]
    spoken_s = rhythm.vowel_s[[step.syllable for step in steps]]
    new_phrase = [
        index == 0 or step.syllable == 0 or bool(rhythm.measures.pause[step.syllable - 1])
        for index, step in enumerate(steps)
    ]
    phrase = np.cumsum(new_phrase)
    own_s = at_s.copy()
    for number in range(1, int(phrase[-1]) + 1):
        part = phrase == number
        own_s[part] = spoken_s[part] + (at_s[part] - spoken_s[part]).mean()
    pulled_s = strength * at_s + (1.0 - strength) * own_s
    pulled_s[0] = max(pulled_s[0], grid.time_s[0])
    for index in range(1, len(pulled_s)):
        pulled_s[index] = max(pulled_s[index], pulled_s[index - 1] + LEAST_GAP_S)
    return pulled_s


def _beat(grid: _Grid, time_s: float) -> Fraction:
    """Return the beat at a time of the song: of the grid where it lies on it, else a fraction of small parts."""
    step = int(np.argmin(np.abs(grid.time_s - time_s)))
    if abs(float(grid.time_s[step]) - time_s) < 1e-6:
        return grid.beats[step]
    step = min(max(0, bisect_right(grid.time_s.tolist(), time_s) - 1), max(0, len(grid.beats) - 2))
    if len(grid.beats) == 1:
        return Fraction(0)
    share = (time_s - grid.time_s[step]) / (grid.time_s[step + 1] - grid.time_s[step])
    beat = float(grid.beats[step]) + share * float(grid.beats[step + 1] - grid.beats[step])
    return Fraction(round(beat * FINENESS), FINENESS)


def _pitches(tune: Tune, beats: list[Fraction]) -> list[int]:
    """Return the tune's pitch at each beat; in its rests the tone of the chord nearest to the pitch before."""
    chords = tune.chords or harmonize(tune)
    onsets = [note.onset_beat for note in tune.notes]
    last = tune.notes[0].pitch
    pitches = []
    for beat in beats:
        note = tune.notes[max(0, bisect_right(onsets, beat) - 1)]
        last = note.pitch if note.onset_beat <= beat < note.end_beat else _chord_pitch(chords, beat, last)
        pitches.append(last)
    return pitches


def _chord_pitch(chords: tuple[Chord, ...], beat: Fraction, near: int) -> int:
    chord = next((c for c in chords if c.onset_beat <= beat < c.onset_beat + c.length_beat), None)
    if chord is None:
        return near
    tones = chord_tones(chord.symbol)
    classes = {(tones.root + step) % 12 for step in tones.steps}
    tones_near = [pitch for pitch in range(near - 6, near + 7) if pitch % 12 in classes]
    return min(tones_near, key=lambda pitch: (abs(pitch - near), pitch))
