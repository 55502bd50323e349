"""The built-in tunes against facts written down apart from them: note names, ranges, phrases, bars."""

from fractions import Fraction

import pytest

from shenqu.errors import InputError
from shenqu.music.catalogue import built_in_tune, built_in_tunes
from shenqu.music.harmony import chord_tones
from shenqu.music.notation import parse_tune

IDS = [
    "ode-to-joy",
    "jasmine-flower",
    "korobeiniki",
    "yankee-doodle",
    "can-can",
    "jingle-bells",
    "frere-jacques",
    "twinkle",
]
# Range in semitones, notes per phrase, bars.
SHAPES = {
    "ode-to-joy": (12, (15, 15, 17, 15), 16),
    "jasmine-flower": (17, (11, 11, 8, 10, 10, 8, 9), 28),
    "korobeiniki": (12, (12, 7, 10, 8), 16),
    "yankee-doodle": (13, (8, 6, 8, 6, 7, 6, 8, 6), 16),
    "can-can": (12, (7, 6, 12, 7, 6, 9), 16),
    "jingle-bells": (7, (11, 15, 11, 14), 16),
    "frere-jacques": (14, (4, 4, 3, 3, 6, 6, 3, 3), 8),
    "twinkle": (9, (7, 7, 7, 7, 7, 7), 12),
}
# The melodies by letter, as they stand in lead sheets in the key named; "-" is a note below the first C.
LETTERS = {
    "ode-to-joy": ("D", "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D "
                   "E E F# D E F# G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D"),
    "korobeiniki": ("A", "E B C D C B A A C E D C B C D E C A A D F A G F E C E D C B B C D E C A A"),
    "can-can": ("G", "G A C B A D D D E B C A A A C B A G G F# E D C B A G A C B A D D D E B C A A A C B A G D A B G"),
    "jingle-bells": ("G", "B B B B B B B D G A B C C C C C B B B B B A A B A D "
                     "B B B B B B B D G A B C C C C C B B B B D D C A G"),
    "yankee-doodle": ("G", "G G A B G B A D G G A B G F# G G A B C B A G F# D E F# G G "
                      "E F# E D E F# G D E D C B D E F# E D E F# G E D G F# A G G"),
    "frere-jacques": ("C", "C D E C C D E C E F G E F G G A G F E C G A G F E C C G C C G C"),
    "twinkle": ("C", "C C G G A A G F F E E D D C G G F F E E D G G F F E E D C C G G A A G F F E E D D C"),
}  # fmt: skip
CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "F#": 6, "G": 7, "A": 9, "B": 11}


def test_the_ids_are_those_promised():
    assert [tune.id for tune in built_in_tunes()] == IDS


@pytest.mark.parametrize("tune_id", IDS)
def test_shape_is_that_of_the_tune(tune_id):
    tune = built_in_tune(tune_id)
    pitches = [note.pitch for note in tune.notes]
    starts = (Fraction(0), *tune.phrase_ends[:-1])
    counts = tuple(
        sum(start <= note.onset_beat < end for note in tune.notes)
        for start, end in zip(starts, tune.phrase_ends, strict=True)
    )
    bar = Fraction(4 * tune.metres[0].numerator, tune.metres[0].denominator)
    assert (max(pitches) - min(pitches), counts, tune.end_beat / bar) == SHAPES[tune_id]


@pytest.mark.parametrize("tune_id", LETTERS)
def test_melody_is_that_of_the_lead_sheet(tune_id):
    key, letters = LETTERS[tune_id]
    tune = built_in_tune(tune_id)
    shift = tune.tonic - CLASSES[key]
    assert [(note.pitch - shift) % 12 for note in tune.notes] == [CLASSES[letter] for letter in letters.split()]


@pytest.mark.parametrize("tune", built_in_tunes(), ids=IDS)
def test_melody_is_one_line_and_has_a_home(tune):
    for note, after in zip(tune.notes, tune.notes[1:], strict=False):
        assert note.end_beat <= after.onset_beat
    assert tune.phrase_ends[-1] == tune.notes[-1].end_beat
    # Jasmine Flower is in the sol mode: it ends on the fifth.
    home = tune.tonic + (7 if tune.id == "jasmine-flower" else 0)
    assert tune.notes[-1].pitch % 12 == home % 12
    assert "18" in tune.origin or "17" in tune.origin


@pytest.mark.parametrize("tune", built_in_tunes(), ids=IDS)
def test_chords_cover_the_tune_and_hold_most_of_it(tune):
    now = Fraction(0)
    held = 0.0
    for chord in tune.chords:
        assert chord.onset_beat == now
        now += chord.length_beat
        tones = {(chord_tones(chord.symbol).root + step) % 12 for step in chord_tones(chord.symbol).steps}
        held += sum(
            float(max(0, min(note.end_beat, now) - max(note.onset_beat, chord.onset_beat)))
            for note in tune.notes
            if note.pitch % 12 in tones
        )
    assert now == tune.end_beat or now == tune.notes[-1].end_beat + 1
    assert held / float(sum(note.length_beat for note in tune.notes)) > 0.6


def test_the_reprise_of_the_ode_comes_a_beat_early():
    notes = built_in_tune("ode-to-joy").notes
    early = notes[15 + 15 + 17]
    assert (early.onset_beat, early.length_beat) == (47, 2)


def test_unknown_tune_names_the_others():
    with pytest.raises(InputError, match=r"no tune 'oed'.*ode-to-joy"):
        built_in_tune("oed")


def written(*phrases, metre=(2, 4)):
    return parse_tune(tune_id="", title="", origin="", do=60, metre=metre, bpm=100, phrases=phrases, chords="C").notes


def test_signs_of_the_notation():
    notes = written("1 2'_ 3,__ #4__ | b7. 0_ | 5~ 5_ 6_ | 1 - |")
    assert [note.pitch for note in notes] == [60, 74, 52, 66, 70, 67, 69, 60]
    assert [float(note.length_beat) for note in notes] == [1, 0.5, 0.25, 0.25, 1.5, 1.5, 0.5, 2]


@pytest.mark.parametrize("wrong", ["1 2 3 |", "8 1 |", "1 H |"])
def test_wrong_bars_and_signs_are_refused(wrong):
    with pytest.raises(ValueError, match=r"bar line|no note"):
        written(wrong)
