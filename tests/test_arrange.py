"""Syllables on notes: all notes sung, the sentence in order, the cheapest way of all."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.performance import TempoMap
from shenqu.documents.speech import Syllable, Transcript, Word
from shenqu.documents.tune import Metre, Note, Tempo, Tune
from shenqu.errors import InputError
from shenqu.music.arrange import arrange, choose_transpose, most_parts, tempo_factor_of
from shenqu.music.passages import clip_tune
from shenqu.music.tempo import beat_strength, is_weak, song_tempo


def tune_of(lengths, pitches=None, *, bpm=120.0, phrase=4):
    notes, beat = [], Fraction(0)
    for index, length in enumerate(lengths):
        notes.append(
            Note(pitch=(pitches or [60])[index % len(pitches or [60])], onset_beat=beat, length_beat=Fraction(length))
        )
        beat += Fraction(length)
    ends = tuple(notes[i].end_beat for i in range(phrase - 1, len(notes), phrase))
    return Tune(
        id="made",
        title="Made",
        notes=tuple(notes),
        tempi=(Tempo(onset_beat=Fraction(0), bpm=bpm),),
        metres=(Metre(onset_beat=Fraction(0), numerator=4, denominator=4),),
        phrase_ends=ends or (beat,),
    )


def transcript_of(vowels, *, pause_after=(), consonant=0.06):
    words, now = [], 0.1
    for index, vowel in enumerate(vowels):
        syllable = Syllable(
            text=f"s{index}",
            start_s=now,
            vowel_s=now + consonant,
            vowel_end_s=now + consonant + vowel,
            end_s=now + consonant + vowel,
        )
        words.append(Word(text=f"s{index}", start_s=now, end_s=syllable.end_s, syllables=(syllable,)))
        now = syllable.end_s + (0.5 if index in pause_after else 0.0)
    return Transcript(language="en", words=tuple(words))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from(["1/2", "1", "3/2", "2", "4"]), min_size=1, max_size=24),
    st.lists(st.floats(0.03, 0.4), min_size=1, max_size=12),
)
def test_every_note_is_sung_once_and_the_sentence_stays_in_order(lengths, vowels):
    tune = tune_of(lengths)
    arrangement = arrange(tune, transcript_of(vowels), transpose=3)
    sung = [note for placement in arrangement.placements for note in placement.notes]
    assert all(before.end_beat == note.onset_beat for before, note in pairwise(sung))
    for note in tune.notes:
        parts = [part for part in sung if note.onset_beat <= part.onset_beat < note.end_beat]
        assert parts[0].onset_beat == note.onset_beat and parts[-1].end_beat == note.end_beat
        assert {part.pitch - 3 for part in parts} == {note.pitch}
    assert len(sung) <= most_parts(tune)
    order = [placement.syllable for placement in arrangement.placements]
    assert order[0] == 0
    for before, after in pairwise(order):
        assert after in {before + 1, 0}
    assert 2 / 3 - 1e-9 <= arrangement.tempo_factor <= 3 / 2 + 1e-9


def test_as_many_syllables_as_notes_go_one_to_one():
    arrangement = arrange(tune_of(["1"] * 8), transcript_of([0.2] * 8, pause_after={3}), transpose=0)
    assert [placement.syllable for placement in arrangement.placements] == list(range(8))


def test_a_phrase_with_a_note_too_many_holds_its_last_syllable_and_not_another():
    tune = tune_of(["1"] * 8)
    arrangement = arrange(tune, transcript_of([0.5] * 6, pause_after={2}), transpose=0, tempo_factor=1.0)
    assert [len(placement.notes) for placement in arrangement.placements] == [1, 1, 2, 1, 1, 2]


def test_the_tempo_spares_the_vowels():
    slow, fast = (
        arrange(tune_of(["1"] * 8), transcript_of([vowel] * 8, consonant=0.03), transpose=0).tempo_factor
        for vowel in (0.6, 0.1)
    )
    assert fast > 1.2
    assert slow < 1.1


def test_a_long_note_is_split_for_short_vowels_and_held_for_long_ones():
    tune = tune_of(["4"] * 4, bpm=120.0)
    held, split = (
        arrange(tune, transcript_of([vowel] * 16), transpose=0, tempo_factor=1.0).placements for vowel in (1.2, 0.15)
    )
    assert [len(placement.notes) for placement in held] == [1] * 4
    clock = song_tempo(tune, tempo_factor=1.0)
    lengths_s = [
        clock.beat_to_s(note.end_beat) - clock.beat_to_s(note.onset_beat)
        for placement in split
        for note in placement.notes
    ]
    assert max(lengths_s) <= 2.1 * 0.15 + 0.25 and min(lengths_s) >= 0.17
    assert len(split) >= 16


@given(st.integers(46, 80), st.lists(st.integers(50, 62), min_size=1, max_size=20))
@settings(max_examples=50, deadline=None)
def test_the_key_is_the_speakers(speaker, pitches):
    tune = tune_of(["1"] * len(pitches), pitches)
    mean = sum(pitches) / len(pitches) + choose_transpose(tune, float(speaker))
    assert abs(mean - speaker - 1) <= 4


def test_the_key_moves_with_the_speaker_by_octaves():
    tune = tune_of(["1"] * 4, [60, 64, 67, 60])
    assert choose_transpose(tune, 70.0) - choose_transpose(tune, 58.0) == 12


def test_a_speaker_who_is_mostly_low_has_a_lower_key_than_the_middle_of_his_voice():
    tune = tune_of(["1"] * 4, [58, 60, 62, 60])
    low, high = [48.0] * 4, [57.0] * 5
    assert choose_transpose(tune, 57.0, (*low, *high, 0.0)) < choose_transpose(tune, 57.0)
    assert choose_transpose(tune, 57.0, (57.0, 0.0)) == choose_transpose(tune, 57.0, (0.0,))


def test_stressed_syllables_are_not_sung_on_weak_16ths():
    tune = tune_of(["1"] * 4, bpm=60.0)
    said = transcript_of([0.17] * 16)

    def weak(stressed):
        syllables = [
            word.syllables[0].replace(stress=int(number in stressed)) for number, word in enumerate(said.words)
        ]
        words = [word.replace(syllables=(one,)) for word, one in zip(said.words, syllables, strict=True)]
        arrangement = arrange(tune, said.replace(words=tuple(words)), transpose=0, tempo_factor=1.0)
        return {one.syllable for one in arrangement.placements if is_weak(tune, one.notes[0].onset_beat)}

    assert {1, 5} <= weak(())
    assert not {1, 5} & weak({1, 5})


@pytest.mark.parametrize("notes", range(4, 14))
def test_what_is_to_be_sung_whole_is_sung_to_its_end(notes):
    said = transcript_of([0.2] * 3)
    placements = arrange(tune_of(["1"] * notes), said, transpose=0, tempo_factor=1.0, whole=True).placements
    assert placements[-1].syllable == 2


def test_what_is_to_be_sung_whole_leaves_room_behind_its_end():
    def last(whole):
        said = transcript_of([0.12] * 7, consonant=0.02)
        return arrange(tune_of(["1"] * 4), said, transpose=0, tempo_factor=1.0, whole=whole).placements[-1].notes[-1]

    assert last(whole=True).length_beat == 1
    assert last(whole=False).length_beat == Fraction(1, 2)


def test_bad_input_is_refused_in_one_line():
    tune = tune_of(["1"] * 4)
    with pytest.raises(InputError, match="no syllable"):
        arrange(tune, Transcript(language="en"), transpose=0)
    with pytest.raises(InputError, match="give 80 to 180"):
        tempo_factor_of(tune, 400.0)
    with pytest.raises(InputError, match="--length"):
        clip_tune(tune, length_s=0.5, tempo_factor=1.0)


def test_a_tune_is_cut_at_a_phrase_end():
    clipped = clip_tune(tune_of(["1"] * 12), length_s=5.0, tempo_factor=1.0)
    assert [note.onset_beat for note in clipped.notes] == list(range(8))
    shorter = clip_tune(tune_of(["1"] * 12), length_s=5.0, tail_s=1.0, tempo_factor=1.0)
    assert [note.onset_beat for note in shorter.notes] == list(range(4))


def test_there_is_room_before_the_first_note():
    for bpm in (30.0, 120.0, 480.0):
        clock = song_tempo(tune_of(["1"], bpm=bpm), tempo_factor=1.0)
        assert clock.beat_to_s(Fraction(0)) >= 0.35
        assert clock.lead_in_beat.denominator == 1


def test_strong_beats_of_a_jig():
    tune = tune_of(["1"]).replace(metres=(Metre(onset_beat=Fraction(0), numerator=6, denominator=8),))
    assert [beat_strength(tune, Fraction(k, 2)) for k in range(7)] == [1.0, 0.0, 0.0, 0.6, 0.0, 0.0, 1.0]


def test_a_clock_of_many_tempi_keeps_time():
    steps = tuple((Fraction(beat), 60.0 if beat % 2 else 120.0) for beat in range(2000))
    clock = TempoMap(lead_in_beat=Fraction(2), steps=steps)
    for beat in (-2, -1, 0, 1, 2, 1001, 1999, 2500):
        seconds = 0.5 * (min(beat, 0) + 2) + sum(1.0 if at % 2 else 0.5 for at in range(min(beat, 1999)))
        assert clock.beat_to_s(Fraction(beat)) == pytest.approx(seconds + max(0, beat - 1999), abs=1e-9)
    later = clock.replace(lead_in_beat=Fraction(4))
    assert later.beat_to_s(Fraction(7)) == pytest.approx(clock.beat_to_s(Fraction(7)) + 1.0, abs=1e-9)


def test_many_consonants_are_sung_more_slowly():
    def syllable_s(consonant):
        tune = tune_of(["1"] * 8)
        arrangement = arrange(tune, transcript_of([0.1] * 8, consonant=consonant), transpose=0)
        song_s = song_tempo(tune, tempo_factor=arrangement.tempo_factor).beat_to_s(Fraction(8))
        return song_s / len(arrangement.placements)

    assert syllable_s(0.15) > 1.3 * syllable_s(0.03)


def test_the_syllable_with_many_consonants_gets_the_longer_note():
    words, now = [], 0.1
    for index in range(8):
        onset, coda = (0.1, 0.15) if index == 4 else (0.03, 0.0)
        syllable = Syllable(
            text=f"s{index}",
            start_s=now,
            vowel_s=now + onset,
            vowel_end_s=now + onset + 0.12,
            end_s=now + onset + 0.12 + coda,
        )
        words.append(Word(text=syllable.text, start_s=now, end_s=syllable.end_s, syllables=(syllable,)))
        now = syllable.end_s
    arrangement = arrange(
        tune_of(["1"] * 4), Transcript(language="en", words=tuple(words)), transpose=0, tempo_factor=1.0
    )
    lengths = {p.syllable: sum(note.length_beat for note in p.notes) for p in arrangement.placements}
    assert lengths[4] > lengths[1]
