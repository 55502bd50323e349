"""Chords: found for a melody, laid under it as a cycle, coloured without rubbing."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.tune import Chord, Metre, Note, Tempo, Tune
from shenqu.errors import InputError
from shenqu.media.styles import packaged_styles
from shenqu.music.harmony import chord_tones, chords_of, coloured, harmonize
from shenqu.pipeline.library import built_in_tune, built_in_tunes


def melody(*pitches, beats=1, tonic=0, scale="major"):
    notes = tuple(
        Note(pitch=pitch, onset_beat=Fraction(number * beats), length_beat=Fraction(beats))
        for number, pitch in enumerate(pitches)
    )
    return Tune(
        id="m",
        title="",
        notes=notes,
        tempi=(Tempo(onset_beat=Fraction(0), bpm=100.0),),
        metres=(Metre(onset_beat=Fraction(0), numerator=4, denominator=4),),
        tonic=tonic,
        scale=scale,
        phrase_ends=(notes[-1].end_beat,),
    )


def symbols(chords):
    return [chord.symbol for chord in chords]


def test_arpeggios_get_their_chords_and_the_cadence_its_seventh():
    tune = melody(60, 64, 67, 64, 65, 69, 72, 69, 67, 71, 74, 71, 60, 64, 67, 60)
    assert symbols(harmonize(tune)) == ["C", "F", "G7", "C"]


def test_a_bar_is_parted_where_the_melody_asks_for_it():
    tune = melody(60, 64, 65, 69, 67, 71, 60, 64)
    assert [(chord.symbol, chord.length_beat) for chord in harmonize(tune)][-2:] == [("G7", 2), ("C", 2)]


def test_minor_comes_home_from_a_major_dominant():
    tune = melody(57, 60, 64, 60, 64, 68, 71, 68, 57, 60, 64, 57, tonic=9, scale="minor")
    assert symbols(harmonize(tune)) == ["Am", "E7", "Am"]


@pytest.mark.parametrize("tune", built_in_tunes(), ids=lambda tune: tune.id)
def test_chords_cover_the_tune_and_end_at_home(tune):
    chords = harmonize(tune.replace(chords=()))
    assert chord_tones(chords[-1].symbol).root == tune.tonic
    for before, after in pairwise(chords):
        assert before.onset_beat + before.length_beat == after.onset_beat
    assert chords[0].onset_beat <= max(tune.upbeat_beat, Fraction(0))
    assert chords[-1].onset_beat + chords[-1].length_beat >= tune.notes[-1].end_beat


@pytest.mark.parametrize(
    ("cycle", "tonic", "scale", "expected"),
    [
        ("vi IV I V", 0, "major", ["Am", "F", "C", "G"]),
        ("i VI III VII", 0, "major", ["Am", "F", "C", "G"]),  # a minor cycle under a tune in major: its relative
        ("i VI III VII", 9, "minor", ["Am", "F", "C", "G"]),
        ("vi IV I V", 9, "minor", ["Am", "F", "C", "G"]),
        ("ii7 V7 Imaj7 vi7", 2, "major", ["Em7", "A7", "Dmaj7", "Bm7"]),
        ("I bVII IV I", 7, "major", ["G", "F", "C", "G"]),
    ],
)
def test_a_cycle_under_a_melody_that_allows_all(cycle, tonic, scale, expected):
    tune = melody(*[69 if scale == "minor" else 60 + tonic] * 4, beats=4, tonic=tonic, scale=scale)
    found = symbols(chords_of(tune, cycle, progression=""))
    assert sum(a == b for a, b in zip(found, expected, strict=False)) >= 2
    every = [chord_tones(symbol) for symbol in expected]
    chords = [tuple(sorted({60 + (tones.root + step) % 12 for step in tones.steps})) for tones in every]
    fitting = melody(*(pitch for chord in chords for pitch in (*chord[:3], chord[0])), tonic=tonic, scale=scale)
    assert symbols(chords_of(fitting, cycle, progression="")) == expected


def test_new_takes_the_styles_own_cycle_and_tune_keeps_the_tunes():
    tune = built_in_tune("ode-to-joy")
    style = packaged_styles()["square-dance"]
    assert chords_of(tune, "tune", progression=style.progression) == tune.chords
    new = chords_of(tune, "new", progression=style.progression)
    assert symbols(new)[:3] == ["Bm", "G", "D"]
    assert new == chords_of(tune, style.progression, progression="")


@pytest.mark.parametrize("cycle", ["VIII", "vi IV X", "C G Am F", "I-V"])
def test_a_cycle_that_is_none_is_refused(cycle):
    with pytest.raises(InputError, match="is no chord of a cycle"):
        chords_of(melody(60), cycle, progression="")


@pytest.mark.parametrize("style", packaged_styles().values(), ids=packaged_styles())
def test_every_style_has_a_cycle_that_can_be_laid(style):
    assert chords_of(built_in_tune("korobeiniki"), "new", progression=style.progression)


@given(st.lists(st.integers(48, 84), min_size=1, max_size=16), st.sampled_from(["major", "minor"]))
@settings(max_examples=40, deadline=None)
def test_colours_are_of_the_key_and_rub_nothing(pitches, scale):
    tune = melody(*pitches, scale=scale)
    key = {0, 2, 4, 5, 7, 9, 11} if scale == "major" else {0, 2, 3, 5, 7, 8, 10}
    chord = Chord(symbol="C" if scale == "major" else "Cm", onset_beat=Fraction(0), length_beat=Fraction(len(pitches)))
    steps = coloured(chord, tune, ninth=True)
    sung = {pitch % 12 for pitch in pitches}
    for step in steps[3:]:
        assert step % 12 in key
        assert not {(step + 1) % 12, (step - 1) % 12} & sung
