"""Which tune suits a speech: every tune is tried on, and what comes of it is counted.

A tune is tried on by arranging the speech on it, as for a song. Of that arrangement are counted

    alone     notes that carry a syllable of their own, of all notes
    lines     phrases of the tune that end where the speaker pauses (a word's end counts half), of all phrases
    stress    stressed syllables sung on a beat, of all stressed ones (full tones in Mandarin)
    moves     steps from one syllable to the next that go the way the spoken pitch went, of those where both move
    near      syllables sung within six semitones of their spoken pitch, of all that have one
    short     vowels sung at less than twice their spoken length, of all
    stretch   how many times as long as spoken the vowels are sung, in the mean; its share is 2 / stretch, at most 1

and the score is the mean of the shares, weighed 1, 1, 2, 2, 1.5, 4, 8: words die of stretching first. What cannot be
counted, as stress in a speech whose words are unknown, weighs nothing.

References
----------
Wee 2007; Wong and Diehl 2002, "How can the lyrics of a song in a tone language be understood?": it is the direction
between neighbours that must agree. Why vowels stay under twice their length: docs/benchmarks.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import geometric_mean
from typing import NamedTuple

from shenqu.documents.arrangement import Arrangement, Placement
from shenqu.documents.speech import Syllable, Transcript
from shenqu.documents.tune import Tune
from shenqu.music.arrange import measure_speech
from shenqu.music.tempo import beat_strength, song_tempo

STRESSED = 0.6
STRONG = 0.3
LEAST_MOVE = 0.5
FAR = 6.0
LONGEST_STRETCH = 2.0
WEIGHTS = {"alone": 1.0, "lines": 1.0, "stress": 2.0, "moves": 2.0, "near": 1.5, "short": 4.0}
STRETCH_WEIGHT = 8.0


class Count(NamedTuple):
    """`good` of `all`; halves are counted too."""

    good: float
    all: int

    @property
    def share(self) -> float:
        """Return the share that is good, 0 to 1; 0 where there is nothing to count."""
        return self.good / self.all if self.all else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How a tune suits a speech: what was counted (see the module), and the score, 0 to 1."""

    tune_id: str
    alone: Count
    lines: Count
    stress: Count
    moves: Count
    near: Count
    short: Count
    stretch: float

    @property
    def score(self) -> float:
        """The weighed mean of all shares that could be counted."""
        counts = [(getattr(self, name), weight) for name, weight in WEIGHTS.items()]
        total = STRETCH_WEIGHT + sum(weight for count, weight in counts if count.all)
        held = STRETCH_WEIGHT * min(1.0, LONGEST_STRETCH / self.stretch)
        return (held + sum(count.share * weight for count, weight in counts)) / total

    @property
    def reasons(self) -> str:
        """What was counted, in words.

        >>> some, none, whole = Count(3, 4), Count(0, 0), Count(4, 4)
        >>> Fit(
        ...     tune_id="hm", alone=some, lines=some, stress=none, moves=some, near=some, short=whole, stretch=1.5
        ... ).reasons
        'vowels last 1.5 times as long as spoken, 3 of 4 notes have a syllable each, 3 of 4 lines end in a pause, \
3 of 4 steps go the way they were spoken, 3 of 4 syllables lie near the speaker, 4 of 4 vowels stay short'
        """
        said = {
            "alone": "notes have a syllable each",
            "lines": "lines end in a pause",
            "stress": "stressed syllables are on a beat",
            "moves": "steps go the way they were spoken",
            "near": "syllables lie near the speaker",
            "short": "vowels stay short",
        }
        counts = [(getattr(self, name), words) for name, words in said.items()]
        told = [f"{count.good:g} of {count.all} {words}" for count, words in counts if count.all]
        return ", ".join([f"vowels last {self.stretch:.1f} times as long as spoken", *told])


def rank(fits: Sequence[Fit]) -> tuple[Fit, ...]:
    """Return `fits`, the best first; of equals the one whose id comes first."""
    return tuple(sorted(fits, key=lambda fit: (-fit.score, fit.tune_id)))


def measure_fit(
    tune: Tune, arrangement: Arrangement, transcript: Transcript, *, spoken_pitches: Sequence[float] = ()
) -> Fit:
    """Return how `tune` suits the speech that `arrangement` sings on it.

    `spoken_pitches` are the MIDI pitches of the transcript's syllables, 0.0 where there is none; without them
    nothing of pitch is counted.
    """
    sung = [placement for placement in arrangement.placements if placement.syllable is not None and placement.notes]
    pitches = spoken_pitches or [0.0] * len(transcript.syllables)
    speech = measure_speech(transcript)
    stretches = _stretches(tune, arrangement, sung, transcript.syllables)
    return Fit(
        tune_id=tune.id,
        alone=_alone(sung),
        lines=_lines(tune, sung, word_end=speech.word_end.tolist(), pause=speech.pause.tolist()),
        stress=_stress(tune, sung, speech.prominence.tolist()),
        moves=_moves(sung, pitches),
        near=_near(sung, pitches),
        short=Count(sum(stretch < LONGEST_STRETCH for stretch in stretches), len(stretches)),
        stretch=geometric_mean(stretches),
    )


def _spoken(placement: Placement) -> int:
    assert placement.syllable is not None, "rests were left out"
    return placement.syllable


def _alone(sung: Sequence[Placement]) -> Count:
    notes = sum(len(placement.notes) for placement in sung)
    return Count(sum(len(placement.notes) == 1 for placement in sung), notes)


def _lines(tune: Tune, sung: Sequence[Placement], *, word_end: Sequence[bool], pause: Sequence[bool]) -> Count:
    ends = [placement.notes[-1].end_beat for placement in sung]
    good = 0.0
    for line_end in tune.phrase_ends:
        last = [_spoken(placement) for placement, end in zip(sung, ends, strict=True) if end <= line_end]
        crossed = line_end not in ends
        if last and not crossed:
            good += 1.0 if pause[last[-1]] else 0.5 * word_end[last[-1]]
    return Count(good, len(tune.phrase_ends))


def _stress(tune: Tune, sung: Sequence[Placement], prominence: Sequence[float]) -> Count:
    stressed = [placement for placement in sung if prominence[_spoken(placement)] >= STRESSED]
    strong = sum(beat_strength(tune, placement.notes[0].onset_beat) >= STRONG for placement in stressed)
    return Count(strong, len(stressed))


def _moves(sung: Sequence[Placement], pitches: Sequence[float]) -> Count:
    same = moved = 0
    for before, after in pairwise(sung):
        spoken = (pitches[_spoken(before)], pitches[_spoken(after)])
        step = after.notes[0].pitch - before.notes[-1].pitch
        if _spoken(after) != _spoken(before) + 1 or not all(spoken) or not step:
            continue
        way = spoken[1] - spoken[0]
        if abs(way) >= LEAST_MOVE:
            moved += 1
            same += (way > 0) == (step > 0)
    return Count(same, moved)


def _near(sung: Sequence[Placement], pitches: Sequence[float]) -> Count:
    voiced = [placement for placement in sung if pitches[_spoken(placement)]]
    near = sum(abs(placement.notes[0].pitch - pitches[_spoken(placement)]) <= FAR for placement in voiced)
    return Count(near, len(voiced))


def _stretches(
    tune: Tune, arrangement: Arrangement, sung: Sequence[Placement], syllables: Sequence[Syllable]
) -> list[float]:
    """Return how many times as long as spoken each vowel is sung, the consonants of its note counted in."""
    clock = song_tempo(tune, tempo_factor=arrangement.tempo_factor)
    stretches = []
    for placement in sung:
        syllable = syllables[_spoken(placement)]
        sung_s = clock.beat_to_s(placement.notes[-1].end_beat) - clock.beat_to_s(placement.notes[0].onset_beat)
        stretches.append(sung_s / (syllable.vowel_end_s - syllable.vowel_s))
    return stretches
