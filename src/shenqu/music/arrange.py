"""Mode `phrase`: which syllable is sung on which notes, in which key, how fast.

The sentence stays in order and begins again when the tune is longer. Every note of the tune is sung;
a long one may be split into parts of its own pitch, each with a syllable.
Of all ways to do that, the one with the least cost is taken, found exactly by dynamic programming
over (part of a note, syllable). With D a placement's time on its notes and V its spoken vowel, the cost sums

    stretch   4n * max(0, log2(D / 2V))**2    n its notes; words die of stretching beyond twice, not of pitch
    squeeze   10 * max(0, log2(C / 0.36 L))**2  C its coda and the consonants behind it, as spoken, L its last note:
              consonants that are cut cost words as stretching does
              where all is to be sung, C is at least 0.12 s at the end: any consonants may follow
    hold      1.2 for every note after a placement's first, 0.8 where the speaker paused after the syllable
    split     0.5 for every syllable that begins inside a note
    stress    0.6 * |prominence - beat strength|, where a stressed syllable is weak or the reverse
    weak      3 for a stressed syllable, not of a word that only joins others, on the 2nd or 4th 16th of a quarter
    phrase    where a musical phrase ends: 2.5 inside a word, 0.5 inside the speaker's phrase
    pause     0.4 where the speaker paused but the tune goes on
    restart   2 where the speech begins again before its end (only between phrases, after a pause)
    ending    3 where the song ends inside a word, 1 inside the speaker's phrase
    unsung    where all is to be sung, 8 if any syllable is missing at the end of the song and 1 for each, 12 at most

A placement has four notes at most, with no rest between them. Parts are quarters, 8ths or 16ths, whichever are the
shortest of at least 0.17 s that make up the note; a part is never shorter than that.

The key moves the tune so that its notes, weighted by length, lie nearest to the pitches of the
syllables, any of which may be sung on any note (squared distance, three times dearer beyond six semitones; notes
below pitch 40, which few voices reach, cost 20 times their squared distance from it more). The tempo is the factor
between 2/3 and 3/2 with the least cost a note, where 1.5 * log2(factor)**2 is its own price.

References
----------
Stretch beyond twice and pitch beyond six semitones are where words and timbre suffer: docs/benchmarks.md.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from shenqu.documents.arrangement import Arrangement, PlacedNote, Placement
from shenqu.documents.speech import PAUSE_S, Syllable, Transcript
from shenqu.documents.tune import Tune
from shenqu.errors import InputError
from shenqu.music.hook import stresses
from shenqu.music.tempo import beat_strength, is_weak, song_tempo

Costs = npt.NDArray[np.float64]

LONGEST_HOLD = 4
MOST_PARTS = 8  # of a placement
SHORTEST_PART_S = 0.17
PART_BEATS = (Fraction(1, 4), Fraction(1, 2), Fraction(1))
SPLIT, RESTART, WEAK = 0.5, 2.0, 3.0
UNSUNG, MOST_UNSUNG, UNFINISHED = 1.0, 12.0, 8.0
SQUEEZE, CONSONANTS_SHARE = 10.0, 0.36
LONGEST_ONSET_S, LEAST_CONSONANTS_S, ROOM_S = 0.18, 0.001, 0.12
MOST_NOTES = 4000
LOWEST_SUNG_PITCH = 40
SPREAD = 25  # quantiles that stand for the pitches of all syllables
SLOWEST, FASTEST = 2 / 3, 3 / 2


@dataclass(frozen=True, slots=True)
class SpeechMeasures:
    """What the cost needs to know of every syllable, one value each; the room left for what is sung behind the end."""

    vowel_s: Costs
    consonants_s: Costs
    prominence: Costs
    stressed: npt.NDArray[np.bool_]
    word_end: npt.NDArray[np.bool_]
    pause: npt.NDArray[np.bool_]
    restart: float
    unsung: Costs
    room_s: float


@dataclass(frozen=True, slots=True)
class _Line:
    """What the cost needs to know of every part of a note, at the song's tempo, one value each."""

    parts: tuple[PlacedNote, ...]
    note: npt.NDArray[np.int_]
    start_s: Costs
    end_s: Costs
    strength: Costs
    weak: npt.NDArray[np.bool_]
    phrase_end: npt.NDArray[np.bool_]


def arrange(
    tune: Tune,
    transcript: Transcript,
    *,
    transpose: int,
    tempo_factor: float | None = None,
    in_order: bool = False,
    whole: bool = False,
) -> Arrangement:
    """Return the cheapest way to sing `transcript` on all notes of `tune` (see the module's cost).

    `transpose` semitones lie between the tune as written and as sung; `tempo_factor` fixes the tempo. What is to be
    sung `in_order`, or `whole`, begins again only behind its end.

    Raises
    ------
    InputError
        Where there is no syllable, or the tune is longer than any song.
    """
    if not transcript.syllables:
        raise InputError("there is no syllable to sing in this speech; try another part of it (--start, --end)")
    if len(tune.notes) > MOST_NOTES:
        raise InputError(f"{tune.id} has {len(tune.notes)} notes, more than {MOST_NOTES}; give a shorter tune")
    speech = measure_speech(transcript, in_order=in_order, whole=whole)
    factors = [tempo_factor] if tempo_factor else np.geomspace(SLOWEST, FASTEST, 13)
    lines = [_measure_tune(tune, float(factor), transpose) for factor in factors]
    choices = [_assign(line, speech, float(factor)) for line, factor in zip(lines, factors, strict=True)]
    best = min(range(len(choices)), key=lambda index: choices[index][0])
    _, factor, spans = choices[best]
    placements = tuple(Placement(syllable=j, notes=_joined(lines[best], first, last)) for first, last, j in spans)
    return Arrangement(placements=placements, transpose=transpose, tempo_factor=factor)


def most_parts(tune: Tune) -> int:
    """Return into how many parts the notes of `tune` are split at most: each may take a syllable."""
    return len(_measure_tune(tune, SLOWEST, 0).parts)


def tempo_factor_of(tune: Tune, tempo_bpm: float) -> float:
    """Return the factor that brings the tune's first tempo to `tempo_bpm`.

    Raises
    ------
    InputError
        Where it is not within 2/3 and 3/2.
    """
    written = tune.tempi[0].bpm
    factor = tempo_bpm / written
    if not SLOWEST - 1e-9 <= factor <= FASTEST + 1e-9:
        raise InputError(
            f"--tempo {tempo_bpm:g} is too far from the {written:g} of {tune.id}; "
            f"give {written * SLOWEST:.0f} to {written * FASTEST:.0f}"
        )
    return factor


def choose_transpose(tune: Tune, speaker_pitch: float, spoken: Sequence[float] = ()) -> int:
    """Return the semitones that bring `tune` nearest to a speaker at MIDI pitch `speaker_pitch`.

    `spoken` are the pitches of the syllables, 0.0 where there is none; the speaker's is taken where there is no other.
    """
    pitches, note_of = np.unique([note.pitch for note in tune.notes], return_inverse=True)
    weights = np.bincount(note_of, weights=[float(note.length_beat) for note in tune.notes])
    own = [pitch for pitch in spoken if pitch > 0.0] or [speaker_pitch]
    own_pitches = np.quantile(own, (np.arange(SPREAD) + 0.5) / SPREAD)

    def cost(transpose: int) -> float:
        away = pitches[:, np.newaxis] + transpose - own_pitches
        too_low = np.maximum(0.0, LOWEST_SUNG_PITCH - pitches - transpose)
        apart = (away**2 * np.where(np.abs(away) > 6, 3.0, 1.0)).mean(axis=1)
        return float((weights * (apart + 20 * too_low**2)).sum())

    return min(range(-60, 61), key=lambda transpose: (cost(transpose), abs(transpose)))


def measure_speech(transcript: Transcript, *, in_order: bool = False, whole: bool = False) -> SpeechMeasures:
    """Return what the cost needs to know of `transcript`, which may be wanted `in_order` or `whole`."""
    syllables = transcript.syllables
    missing = np.arange(len(syllables))[::-1]
    word_end = np.array([i == len(word.syllables) - 1 for word in transcript.words for i in range(len(word.syllables))])
    gaps = [b.start_s - a.end_s for a, b in itertools.pairwise(syllables)]
    return SpeechMeasures(
        vowel_s=np.array([s.vowel_end_s - s.vowel_s for s in syllables]),
        consonants_s=np.array([_consonants_s(*pair) for pair in zip(syllables, [*syllables[1:], None], strict=True)]),
        prominence=np.array([_prominence(s, transcript.language) for s in syllables]),
        stressed=np.fromiter(stresses(transcript), dtype=bool),
        word_end=word_end,
        pause=np.array([abs(gap) >= PAUSE_S for gap in gaps] + [True]),  # words may go on with earlier ones
        restart=np.inf if in_order or whole else RESTART,
        room_s=ROOM_S * whole,
        unsung=whole * np.minimum(MOST_UNSUNG, UNFINISHED * (missing > 0) + UNSUNG * missing),
    )


def _consonants_s(syllable: Syllable, after: Syllable | None) -> float:
    """Return the time of all that is sung at the end of a syllable's last note: its coda, the next one's onset."""
    onset_s = min(after.vowel_s - after.start_s, LONGEST_ONSET_S) if after else 0.0
    return max(LEAST_CONSONANTS_S, syllable.end_s - syllable.vowel_end_s + onset_s)


def _measure_tune(tune: Tune, factor: float, transpose: int) -> _Line:
    clock = song_tempo(tune, tempo_factor=factor)
    parts, note_of_part = [], []
    for number, note in enumerate(tune.notes):
        length_s = clock.beat_to_s(note.end_beat) - clock.beat_to_s(note.onset_beat)
        pieces = _split(PlacedNote.of(note, transpose=transpose), length_s)
        parts += pieces
        note_of_part += [number] * len(pieces)
    onsets = [part.onset_beat for part in parts]
    phrase_end = np.zeros(len(onsets), dtype=bool)
    phrase_end[[max(0, bisect_left(onsets, end) - 1) for end in tune.phrase_ends]] = True
    return _Line(
        parts=tuple(parts),
        note=np.array(note_of_part),
        start_s=np.array([clock.beat_to_s(onset) for onset in onsets]),
        end_s=np.array([clock.beat_to_s(part.end_beat) for part in parts]),
        strength=np.array([beat_strength(tune, onset) for onset in onsets]),
        weak=np.array([is_weak(tune, onset) for onset in onsets]),
        phrase_end=phrase_end,
    )


def _split(note: PlacedNote, length_s: float) -> list[PlacedNote]:
    """Return the parts into which a note of `length_s` seconds may be split."""
    for part_beat in PART_BEATS:
        count = note.length_beat / part_beat
        if count.denominator == 1 and count > 1 and length_s / float(count) >= SHORTEST_PART_S:
            onsets = [note.onset_beat + index * part_beat for index in range(int(count))]
            return [note.replace(onset_beat=onset, length_beat=part_beat) for onset in onsets]
    return [note]


def _joined(line: _Line, first: int, last: int) -> tuple[PlacedNote, ...]:
    """Return the notes of a placement on the parts from `first` to before `last`: those of one note as one."""
    notes: list[PlacedNote] = []
    for place in range(first, last):
        part = line.parts[place]
        if place > first and line.note[place] == line.note[place - 1]:
            notes[-1] = notes[-1].replace(length_beat=notes[-1].length_beat + part.length_beat)
        else:
            notes.append(part)
    return tuple(notes)


def _prominence(syllable: Syllable, language: str) -> float:
    if syllable.tone:
        is_neutral = syllable.tone == 5 and language.startswith("zh")
        return 0.0 if is_neutral else 0.6
    return {0: 0.0, 1: 1.0, 2: 0.6}[syllable.stress]


def _assign(line: _Line, speech: SpeechMeasures, factor: float) -> tuple[float, float, list[tuple[int, int, int]]]:
    """Return (cost a note, factor, spans (first note, last note + 1, syllable)) of the cheapest song."""
    start_s, end_s, phrase_end = line.start_s, line.end_s, line.phrase_end
    begins_inside = np.concatenate([[False], line.note[1:] == line.note[:-1]])
    note_first = np.searchsorted(line.note, line.note)
    count, syllables = len(start_s), len(speech.vowel_s)
    least = np.full((count + 1, syllables), np.inf)
    came_from = np.zeros((count + 1, syllables, 2), dtype=np.int32)  # parts held, syllable before
    for last in range(count):
        for held in range(1, min(MOST_PARTS, last + 1) + 1):
            first = last + 1 - held
            notes = int(line.note[last] - line.note[first]) + 1
            if notes > LONGEST_HOLD or (held > 1 and start_s[first + 1] - end_s[first] > 0.05):
                break
            before, syllable_before = _arrivals(least, first, speech, after_phrase=first > 0 and phrase_end[first - 1])
            last_s = end_s[last] - start_s[max(first, note_first[last])]
            room_s = speech.room_s * (last == count - 1)
            cost = before + _span_cost(
                speech, end_s[last] - start_s[first], last_s, notes, line.strength[first], room_s=room_s
            )
            cost += SPLIT * begins_inside[first] + WEAK * (speech.stressed & line.weak[first])
            cost += np.where(speech.word_end, np.where(speech.pause, 0.0, 0.5), 2.5) if phrase_end[last] else 0.0
            cost += 0.0 if phrase_end[last] else 0.4 * speech.pause
            better = cost < least[last + 1]
            least[last + 1][better] = cost[better]
            came_from[last + 1][better] = np.stack([np.full(syllables, held), syllable_before], axis=1)[better]
    total = least[count] + np.where(speech.word_end, np.where(speech.pause, 0.0, 1.0), 3.0) + speech.unsung
    final = int(np.argmin(total))
    price = float(total[final]) / (line.note[-1] + 1) + 1.5 * float(np.log2(factor)) ** 2
    return price, float(factor), _spans(came_from, count, final)


def _arrivals(
    least: Costs, first: int, speech: SpeechMeasures, *, after_phrase: bool
) -> tuple[Costs, npt.NDArray[np.int_]]:
    """Return for every syllable the cost of what comes before it, and the syllable that does."""
    syllables = len(speech.vowel_s)
    if first == 0:
        return np.where(np.arange(syllables) == 0, 0.0, np.inf), np.full(syllables, -1)
    before = np.roll(least[first], 1)
    syllable_before = np.roll(np.arange(syllables), 1)
    if after_phrase:
        restarts = np.where(speech.pause, least[first] + speech.restart, np.inf)
        soonest = int(np.argmin(restarts))
        if restarts[soonest] < before[0]:
            before[0], syllable_before[0] = restarts[soonest], soonest
    return before, syllable_before


def _span_cost(
    speech: SpeechMeasures, sung_s: float, last_s: float, held: int, strength: float, *, room_s: float
) -> Costs:
    stretch = np.maximum(0.0, np.log2(sung_s / (2.0 * speech.vowel_s)))
    squeeze = np.maximum(0.0, np.log2(np.maximum(speech.consonants_s, room_s) / (CONSONANTS_SHARE * last_s)))
    hold = (held - 1) * np.where(speech.pause, 0.8, 1.2)
    return 4.0 * held * stretch**2 + SQUEEZE * squeeze**2 + hold + 0.6 * np.abs(speech.prominence - strength)


def _spans(came_from: npt.NDArray[np.int32], count: int, syllable: int) -> list[tuple[int, int, int]]:
    spans, last = [], count
    while last > 0:
        held, before = came_from[last, syllable]
        spans.append((last - int(held), last, syllable))
        last, syllable = last - int(held), int(before)
    return spans[::-1]
