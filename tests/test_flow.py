"""Mode flow: vowels on the grid, the speech's own rhythm, the tune's pitch."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.arrangement import Arrangement, Expression, PlacedNote, Placement
from shenqu.documents.performance import TempoMap
from shenqu.documents.tune import Chord
from shenqu.errors import InputError
from shenqu.music.flow import FINENESS, STEPS, flow
from shenqu.music.harmony import chord_tones
from shenqu.music.tempo import song_tempo
from shenqu.singing.perform import perform
from shenqu.singing.voice import follow
from test_arrange import transcript_of, tune_of

some = settings(max_examples=20, deadline=None)
vowel_lengths = st.lists(st.floats(0.05, 0.4), min_size=2, max_size=14)


def sung(arrangement):
    return [(placement.syllable, placement.notes[0]) for placement in arrangement.placements]


@some
@given(vowel_lengths, st.sampled_from(sorted(STEPS)))
def test_every_vowel_lies_on_the_grid_and_the_sentence_stays_in_order(vowels, grid):
    transcript = transcript_of(vowels, pause_after=(len(vowels) // 2,))
    arrangement = flow(tune_of(["1"] * 16, [60, 62, 64]), transcript, transpose=2, grid=grid)
    notes = sung(arrangement)
    assert all(note.onset_beat % STEPS[grid] == 0 for _, note in notes)
    assert all(a.end_beat <= b.onset_beat for (_, a), (_, b) in pairwise(notes))
    assert notes[0][0] == 0 and all(b in (a + 1, 0) for (a, _), (b, _) in pairwise(notes))
    assert notes[-1][1].end_beat <= 16


def test_speech_on_the_grid_keeps_its_rhythm_exactly():
    # At 120 quarters a minute a syllable of 0.25 s is an eighth.
    transcript = transcript_of([0.19, 0.19, 0.44, 0.19, 0.19, 0.44, 0.19])
    tune = tune_of(["1"] * 5, [60], bpm=120.0)
    arrangement = flow(tune, transcript, transpose=0, tempo_factor=1.0, grid="16")
    onsets = [note.onset_beat for _, note in sung(arrangement)]
    gaps = [b - a for a, b in pairwise(onsets)][:6]
    assert gaps == [Fraction(1, 2), Fraction(1, 2), 1, Fraction(1, 2), Fraction(1, 2), 1]


@some
@given(vowel_lengths)
def test_without_strength_the_rhythm_is_the_speakers_own(vowels):
    transcript = transcript_of(vowels)
    tune = tune_of(["1"] * 12)
    arrangement = flow(tune, transcript, transpose=0, tempo_factor=1.0, grid="8", strength=0.0)
    clock = song_tempo(tune, tempo_factor=1.0)
    times = [clock.beat_to_s(note.onset_beat) for _, note in sung(arrangement)][1 : len(vowels)]
    spoken = [syllable.vowel_s for syllable in transcript.syllables][1 : len(times) + 1]
    assert np.diff(times) == pytest.approx(np.diff(spoken), abs=2.1 * 0.5 / FINENESS)


def test_the_pitch_is_the_tunes_at_that_beat_and_a_chord_tone_in_its_rests():
    tune = tune_of(["1", "1", "1", "1"], [60, 64, 67, 72])
    rested = tune.replace(
        notes=(tune.notes[0], tune.notes[3]),
        chords=(Chord(symbol="F", onset_beat=Fraction(0), length_beat=Fraction(4)),),
    )
    arrangement = flow(rested, transcript_of([0.19] * 9), transpose=3, tempo_factor=1.0, grid="8")
    tones = chord_tones("F")
    for _, note in sung(arrangement):
        if note.onset_beat < 1 or note.onset_beat >= 3:
            assert note.pitch == (60 if note.onset_beat < 1 else 72) + 3
        else:
            assert (note.pitch - 3) % 12 in {(tones.root + step) % 12 for step in tones.steps}


def test_a_pause_is_shortened_and_the_speech_begins_again():
    transcript = transcript_of([0.2, 0.2, 0.2, 0.2], pause_after=(1,))
    arrangement = flow(tune_of(["1"] * 24), transcript, transpose=0)
    assert [syllable for syllable, _ in sung(arrangement)][:8] == [0, 1, 2, 3, 0, 1, 2, 3]


@some
@given(vowel_lengths, st.floats(0, 1))
def test_the_performance_puts_every_vowel_on_its_note_and_hardly_stretches(vowels, strength):
    transcript = transcript_of(vowels, pause_after=(0,))
    tune = tune_of(["1"] * 12)
    arrangement = flow(tune, transcript, transpose=0, strength=strength)
    clock = song_tempo(tune, tempo_factor=arrangement.tempo_factor)
    performance = perform(arrangement, transcript, clock, duration_s=20.0, mode="flow")
    rows = performance.time_map.rows
    assert all(a[0] <= b[0] for a, b in pairwise(rows))
    for note in performance.notes:
        vowel_s = transcript.syllables[note.syllable].vowel_s
        assert performance.time_map.song_to_speech(note.start_s) == pytest.approx(vowel_s, abs=1e-5)


def test_nothing_to_sing_and_absurd_tunes_are_refused():
    with pytest.raises(InputError, match="no syllable to sing"):
        flow(tune_of(["1"]), transcript_of([]), transpose=0)
    with pytest.raises(InputError, match="more than 8000"):
        flow(tune_of(["4000"]), transcript_of([0.2]), transpose=0)


@pytest.mark.parametrize("length", ["1", "4", "7"])
def test_the_last_syllable_is_not_held_to_the_end_of_the_tune(length):
    transcript = transcript_of([0.2] * 9)
    tune = tune_of([length])
    arrangement = flow(tune, transcript, transpose=0, tempo_factor=1.0)
    clock = song_tempo(tune, tempo_factor=1.0)
    syllable, note = sung(arrangement)[-1]
    spoken = transcript.syllables[syllable]
    sung_s = clock.beat_to_s(note.end_beat) - clock.beat_to_s(note.onset_beat)
    assert sung_s <= spoken.sung_until_s - spoken.vowel_s + 0.002


def run_of(vowels, **changes):
    """Return the performance in mode flow of syllables spoken without a pause, note 1 changed, and the transcript."""
    transcript = transcript_of(vowels)
    placements = tuple(
        Placement(syllable=n, notes=(PlacedNote(pitch=60, onset_beat=Fraction(n), length_beat=Fraction(1)),))
        for n in range(len(vowels))
    )
    changed = placements[1].notes[0].replace(**changes)
    placements = (placements[0], placements[1].replace(notes=(changed,)), *placements[2:])
    arrangement = Arrangement(placements=placements, transpose=0, tempo_factor=1.0)
    clock = TempoMap(lead_in_beat=Fraction(1), steps=((Fraction(0), 120.0),))
    return perform(arrangement, transcript, clock, duration_s=10.0, mode="flow"), transcript


three_vowels = st.lists(st.floats(0.05, 0.4), min_size=3, max_size=6)


@some
@given(three_vowels, st.floats(0.05, 0.45))
def test_a_note_shortened_by_hand_ends_there_though_the_speech_runs_on(vowels, share):
    whole, transcript = run_of(vowels)
    cut, _ = run_of(vowels, length_beat=Fraction(round(960 * share), 960))
    note, following = cut.notes[1], cut.notes[2]
    syllable = transcript.syllables[1]
    times_s = np.arange(note.end_s + 0.011, following.start_s, 0.001)
    speech_s, sounding = follow(cut, times_s)
    in_vowel = (speech_s >= syllable.vowel_s) & (speech_s < syllable.vowel_end_s - 1e-6)
    assert not (sounding & in_vowel).any()
    assert all(a[0] <= b[0] for a, b in pairwise(cut.time_map.rows))
    for a, b in zip(whole.notes, cut.notes, strict=True):
        assert a.start_s == b.start_s
        vowel_s = transcript.syllables[b.syllable].vowel_s
        assert cut.time_map.song_to_speech(b.start_s) == pytest.approx(vowel_s, abs=1e-5)


@some
@given(three_vowels, st.floats(0, 1))
def test_of_consonants_no_more_is_sung_than_their_note_says_though_the_speech_runs_on(vowels, share):
    whole, transcript = run_of(vowels)
    performance, _ = run_of(vowels, expression=Expression(consonant_lead=share))
    syllable, note = transcript.syllables[1], performance.notes[1]
    times_s = np.arange(performance.notes[0].start_s, note.start_s, 0.0005)
    speech_s, sounding = follow(performance, times_s)
    heard_s = speech_s[sounding & (speech_s > syllable.start_s) & (speech_s < syllable.vowel_s)]
    spoken_s = syllable.vowel_s - syllable.start_s
    assert (heard_s >= syllable.vowel_s - share * spoken_s - 0.001).all()
    assert note.lead_s == pytest.approx(share * whole.notes[1].lead_s, abs=1e-4)
    assert performance.time_map.song_to_speech(note.start_s) == pytest.approx(syllable.vowel_s, abs=1e-5)
