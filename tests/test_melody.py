"""Which notes of a score are the tune, where its phrases end, which key and chords it has."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.score import Score
from shenqu.documents.tune import Chord, Metre, Part, PartNote, Tempo
from shenqu.errors import InputError
from shenqu.music.harmony import bar_lines, chord_tones, find_key, harmonize
from shenqu.music.melody import score_to_tune, skyline
from shenqu.music.phrases import find_phrase_ends
from shenqu.pipeline.library import built_in_tune, built_in_tunes

IDS = [tune.id for tune in built_in_tunes()]


def note(pitch, onset, length=1):
    return PartNote(pitch=pitch, onset_beat=Fraction(onset), length_beat=Fraction(length))


def score(*parts, metre=(4, 4)):
    return Score(
        title="made",
        parts=tuple(Part(name=f"p{n}", program=0, drums=False, notes=tuple(notes)) for n, notes in enumerate(parts)),
        tempi=(Tempo(onset_beat=Fraction(0), bpm=120.0),),
        metres=(Metre(onset_beat=Fraction(0), numerator=metre[0], denominator=metre[1]),),
    )


def test_the_highest_of_a_chord_is_the_tune():
    line, below = skyline([note(60, 0), note(64, 0), note(67, 0), note(65, 1)])
    assert [n.pitch for n in line] == [67, 65]
    assert [n.pitch for n in below] == [64, 60]


def test_a_bass_under_a_held_note_is_not_the_tune_but_a_legato_overlap_is():
    line, _ = skyline([note(72, 0, 4), note(48, 1), note(50, 2), note(71, Fraction(39, 10), 2)])
    assert [(n.pitch, n.length_beat) for n in line] == [(72, Fraction(39, 10)), (71, 2)]


PLACES = st.lists(st.tuples(st.integers(40, 90), st.integers(0, 40), st.integers(1, 12)), min_size=1, max_size=40)


@given(PLACES)
@settings(max_examples=60, deadline=None)
def test_the_skyline_is_one_line_and_loses_no_note(places):
    notes = [note(pitch, Fraction(onset, 4), Fraction(length, 4)) for pitch, onset, length in places]
    line, below = skyline(notes)
    assert len(line) + len(below) == len(notes)
    for first, second in pairwise(line):
        assert first.end_beat <= second.onset_beat
        assert first.length_beat > 0


def test_upbeat_and_long_introduction():
    melody = [note(67, 43), note(72, 44, 4), note(71, 48, 4)]
    tune = score_to_tune(score([note(40, beat) for beat in range(0, 60)], melody), tune_id="made", track="p1")
    # Two bars of the introduction stay before the bar in which the melody starts on its last beat.
    assert tune.notes[0].onset_beat == 11
    assert tune.parts[0].notes[0].onset_beat == 0
    assert max(n.onset_beat for n in tune.parts[0].notes) < tune.notes[-1].end_beat
    alone = score_to_tune(score(melody), tune_id="made")
    assert (alone.notes[0].onset_beat, alone.upbeat_beat) == (0, 1)


@pytest.mark.parametrize("tune", built_in_tunes(), ids=IDS)
def test_key_of_a_known_tune_is_found(tune):
    # Two end on the fifth, and that is what the notes alone say; the refrain of the Habanera is in major.
    tonic = (tune.tonic + 7) % 12 if tune.id in {"jasmine-flower", "sakura"} else tune.tonic
    scale = "major" if tune.id in {"sakura", "habanera"} else tune.scale
    assert find_key(tune.notes, last_pitch=tune.notes[-1].pitch) == (tonic, scale)


@pytest.mark.parametrize("tune", built_in_tunes(), ids=IDS)
def test_phrases_of_a_known_tune_are_found(tune):
    bar = Fraction(4 * tune.metres[0].numerator, tune.metres[0].denominator)
    found = find_phrase_ends(tune.notes, bar_beat=bar)
    assert found[-1] == tune.phrase_ends[-1]
    # A phrase of ours may be two of theirs, but we should seldom cut within one.
    within = [end for end in found if end not in tune.phrase_ends]
    if tune.id not in {"canon-in-d", "radetzky-march"}:  # they run on without a breath
        assert len(within) <= len(found) / 2


@pytest.mark.parametrize("tune", built_in_tunes(), ids=IDS)
def test_chords_found_hold_the_melody_and_come_home(tune):
    tune = tune.replace(chords=())
    chords = harmonize(tune)
    assert chord_tones(chords[-1].symbol).root == tune.tonic
    assert {chord.onset_beat for chord in chords} >= {
        start for start, _ in bar_lines(tune) if start >= tune.upbeat_beat
    }
    assert all(before.onset_beat + before.length_beat == chord.onset_beat for before, chord in pairwise(chords))
    held = total = 0.0
    for chord in chords:
        tones = {(chord_tones(chord.symbol).root + step) % 12 for step in chord_tones(chord.symbol).steps}
        for sung in tune.notes:
            both = min(sung.end_beat, chord.onset_beat + chord.length_beat) - max(sung.onset_beat, chord.onset_beat)
            total += max(0.0, float(both))
            held += max(0.0, float(both)) * (sung.pitch % 12 in tones)
    assert held / total > 0.55


@pytest.mark.parametrize(
    ("symbol", "root", "bass", "steps"),
    [
        ("C", 0, 0, (0, 4, 7)),
        ("F#m7", 6, 6, (0, 3, 7, 10)),
        ("Bb", 10, 10, (0, 4, 7)),
        ("Bdim", 11, 11, (0, 3, 6)),
        ("D7/F#", 2, 6, (0, 4, 7, 10)),
        ("Gm(add weird)", 7, 7, (0, 3, 7)),
    ],
)
def test_chord_symbols(symbol, root, bass, steps):
    assert chord_tones(symbol) == (root, bass, steps)


def test_no_chord():
    with pytest.raises(InputError, match="no chord"):
        chord_tones("H7")


def test_bars_with_upbeat_and_a_change_of_metre():
    tune = built_in_tune("ode-to-joy").replace(
        notes=built_in_tune("ode-to-joy").notes[:11],
        chords=(Chord(symbol="C", onset_beat=Fraction(0), length_beat=Fraction(1)),),
        upbeat_beat=Fraction(1),
        metres=(
            Metre(onset_beat=Fraction(0), numerator=4, denominator=4),
            Metre(onset_beat=Fraction(5), numerator=3, denominator=4),
        ),
    )
    assert bar_lines(tune) == ((0, 1), (1, 4), (5, 3), (8, 3))
