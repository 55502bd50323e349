"""The rules that make figures: where they lie, what they leave alone, and what hangs on the seed."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.arrangement import Passage
from shenqu.documents.performance import TempoMap
from shenqu.documents.tune import Metre, Note, Tempo, Tune
from shenqu.music.arrange import arrange
from shenqu.music.doubling import voices
from shenqu.music.figures import BESIDE_DB, figures
from shenqu.music.line import Line, read_line
from shenqu.music.stutters import CELLS, unit_of
from signals import spoken

ROLES = (
    ("intro", 0, 16), ("hook", 16, 16), ("verse", 32, 32), ("hook", 64, 16), ("bridge", 80, 16), ("build", 96, 15),
    ("silence", 111, 1), ("hook", 112, 16), ("tag", 128, 4),
)  # fmt: skip
SUNG = {"hook", "verse"}
STUTTERS = {"stutter", "roll"}


def passages(*, cold_open=True):
    opening = [Passage(role="cold open", onset_beat=Fraction(-12), length_beat=Fraction(8))] if cold_open else []
    return tuple(
        opening
        + [Passage(role=role, onset_beat=Fraction(at), length_beat=Fraction(length)) for role, at, length in ROLES]
    )


def tune(pitches=(60, 62, 64, 65, 67, 69, 71), *, scale="major"):
    """Phrases of four bars: quarters and 8ths, at the end of each a long note and a beat of rest."""
    lengths = [1, 1, 1, 1, Fraction(1, 2), Fraction(1, 2), 1, 1, 1, 2, 1, 3]
    notes, ends = [], []
    for role, at, length in ROLES:
        for start in range(at, at + length, 16) if role in SUNG else ():
            beat = Fraction(start)
            for number, size in enumerate(lengths):
                pitch = pitches[(number * 3 + start) % len(pitches)]
                notes.append(Note(pitch=pitch, onset_beat=beat, length_beat=Fraction(size)))
                beat += size
            ends.append(Fraction(start + 16))
    return Tune(
        id="made",
        title="",
        notes=tuple(notes),
        tempi=(Tempo(onset_beat=Fraction(0), bpm=110.0),),
        metres=(Metre(onset_beat=Fraction(0), numerator=4, denominator=4),),
        phrase_ends=tuple(ends),
        scale=scale,
    )


TRANSCRIPT = spoken("pangram").transcript
CLOCK = TempoMap(lead_in_beat=Fraction(12), steps=((Fraction(0), 110.0),))
PLACEMENTS = arrange(tune(), TRANSCRIPT, transpose=0, tempo_factor=1.0).placements


def made(seed=0, amount="many", given=None):
    return figures(
        tune(),
        passages() if given is None else given,
        PLACEMENTS,
        TRANSCRIPT,
        clock=CLOCK,
        transpose=0,
        seed=seed,
        amount=amount,
    )


def line() -> Line:
    return read_line(tune(), passages(), PLACEMENTS, TRANSCRIPT, clock=CLOCK, transpose=0)


@given(seed=st.integers(0, 2**32), amount=st.sampled_from(["few", "many"]), formed=st.booleans())
@settings(max_examples=25, deadline=None)
def test_stutters_are_rare_and_never_the_same_twice_running(seed, amount, formed):
    stutters = [one for one in made(seed, amount, passages() if formed else ()) if one.kind in STUTTERS]
    for before, behind in pairwise(stutters):
        assert behind.onset_beat - before.onset_beat >= 16
        assert behind.name != before.name


@given(seed=st.integers(0, 2**32))
@settings(max_examples=8, deadline=None)
def test_nothing_as_loud_as_the_lead_sounds_beside_it(seed):
    lead = line()
    spans = [(CLOCK.beat_to_s(one.begin), CLOCK.beat_to_s(one.end)) for one in lead.sung]
    for figure in made(seed):
        for stroke in figure.strokes:
            first_s, last_s = lead.sounds(figure, stroke)
            sung_s = sum(max(0.0, min(last_s, high_s) - max(first_s, low_s)) for low_s, high_s in spans)
            if sung_s > 0.01:
                assert figure.level_db + stroke.level_db <= BESIDE_DB
                assert figure.kind != "spoken"


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_beside_the_lead_only_drums_and_what_lies_under_long_last_notes(seed):
    lead = line()
    held = [(lead.seconds(rest.start) - 0.002, lead.seconds(rest.end) + 0.002) for rest in lead.rests]
    held += [(lead.seconds(one.onset_beat), lead.seconds(one.onset_beat + one.length_beat)) for one in lead.passages]
    for figure in made(seed):
        for stroke in figure.strokes if figure.kind != "drum" else ():
            first_s, last_s = lead.sounds(figure, stroke)
            assert any(low_s - 0.2 <= first_s and last_s <= high_s + 0.2 for low_s, high_s in held)


def test_seeds_are_takes_of_their_own():
    assert made(3) == made(3)
    assert len({made(seed) for seed in range(8)}) > 5


def test_none_is_none_and_few_is_fewer_than_many():
    assert made(amount="none") == ()
    counts = [
        sum(len([f for f in made(seed, amount) if f.kind != "drum"]) for seed in range(6)) for amount in ("few", "many")
    ]
    assert 0 < counts[0] < counts[1]


@pytest.mark.parametrize(("role", "kind"), [("cold open", "spoken"), ("silence", "spoken"), ("tag", "spoken")])
def test_quotes_lie_in_their_passage_untouched(role, kind):
    (passage,) = (one for one in passages() if one.role == role)
    (quote,) = (one for one in made() if one.name == f"quote: {role}")
    assert quote.kind == kind
    assert quote.pitch is None
    assert not quote.sampler and not quote.reverse
    assert all(stroke.semitones == 0 for stroke in quote.strokes)
    assert passage.onset_beat <= quote.onset_beat < passage.onset_beat + passage.length_beat


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_in_a_silence_nothing_but_the_word_is_heard(seed):
    for figure in made(seed):
        for stroke in figure.strokes if figure.kind != "spoken" else ():
            assert not 111 <= figure.onset_beat + stroke.onset_beat < 112, figure.name


def test_a_build_calls_and_answers_in_halves():
    for seed in range(6):
        calls = [one for one in made(seed) if one.name == "halving: call"]
        assert len(calls) == 1
        gaps = [b.onset_beat - a.onset_beat for a, b in pairwise(calls[0].strokes)]
        assert all(after * 2 == before for before, after in pairwise(gaps))


def test_drums_are_made_of_the_sounds_they_are_called_after():
    phones = {"kick": {"P", "B", "G"}, "snare": {"T", "K", "CH"}, "hat": {"S", "SH", "F"}}
    drums = [one for one in made() if one.kind == "drum" and "fill" not in one.name]
    assert {one.name.split()[0] for one in drums} == set(phones)
    for drum in drums:
        middle_s = 0.5 * (drum.start_s + min(drum.beat_s + 0.001, drum.end_s))
        said = {
            phone.phone for s in TRANSCRIPT.syllables for phone in s.phones if phone.start_s <= middle_s <= phone.end_s
        }
        assert said & phones[drum.name.split()[0]]


def test_without_phones_there_are_no_drums_but_other_figures():
    words = tuple(
        word.replace(syllables=tuple(syllable.replace(phones=()) for syllable in word.syllables))
        for word in TRANSCRIPT.words
    )
    found = figures(
        tune(), passages(), PLACEMENTS, TRANSCRIPT.replace(words=words), clock=CLOCK, transpose=0, seed=0, amount="many"
    )
    assert found
    assert not any(one.kind == "drum" for one in found)


@given(index=st.integers(0, len(TRANSCRIPT.syllables) - 1), seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_the_unit_of_a_stutter_is_an_onset_and_some_vowel(index, seed):
    syllable = TRANSCRIPT.syllables[index]
    unit = unit_of(syllable, np.random.default_rng(seed))
    assert syllable.start_s <= unit.start_s <= unit.beat_s == syllable.vowel_s
    assert unit.end_s - unit.beat_s <= 0.0901
    assert unit.end_s - unit.beat_s >= min(0.0599, syllable.vowel_end_s - syllable.vowel_s)


def test_every_cell_of_the_table_comes_about():
    missing, seeds = {cell.name for cell in CELLS}, iter(range(80))
    while missing:
        missing -= {one.name for one in made(next(seeds)) if one.kind in STUTTERS}


@pytest.mark.parametrize("scale", ["major", "minor"])
def test_hooks_are_doubled_the_second_and_the_last_time_in_the_scale(scale):
    sung = tune(scale=scale)
    steps = {"major": {0, 2, 4, 5, 7, 9, 11}, "minor": {0, 2, 3, 5, 7, 8, 10}}[scale]
    low, third, fifth = voices(sung, passages(), PLACEMENTS, transpose=0)
    assert [low.name, third.name, fifth.name] == ["octave below", "third above", "fifth above"]
    assert (low.level_db, third.level_db, fifth.level_db) == (-9.0, -12.0, -12.0)
    assert third.pan == -fifth.pan != 0.0
    lead = {note.onset_beat: note.pitch for placement in PLACEMENTS for note in placement.notes}
    for voice in (third, fifth):
        for placement in voice.placements:
            for note in placement.notes:
                assert note.pitch % 12 in steps
                assert 2 <= note.pitch - lead[note.onset_beat] <= 8
                assert 112 <= note.onset_beat < 128
    assert {lead[note.onset_beat] - note.pitch for p in low.placements for note in p.notes} == {12}


def test_a_hook_sung_once_stays_single():
    assert voices(tune(), passages()[:3], PLACEMENTS, transpose=0) == ()
