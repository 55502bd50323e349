"""When sounds are sung: what consonants get of a note, and what they leave."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.arrangement import Arrangement, PlacedNote, Placement
from shenqu.documents.performance import TempoMap
from shenqu.documents.speech import Phone, Syllable, Transcript, Word
from shenqu.singing.perform import perform

BEAT_A_SECOND = TempoMap(lead_in_beat=Fraction(1), steps=((Fraction(0), 60.0),))


def spoken(onset_s, vowel_s, coda_s, *, count=4):
    words, now = [], 0.5
    for index in range(count):
        vowel, vowel_end, end = now + onset_s, now + onset_s + vowel_s, now + onset_s + vowel_s + coda_s
        phones = (
            Phone(phone="S", start_s=now, end_s=vowel),
            Phone(phone="AA", start_s=vowel, end_s=vowel_end),
            Phone(phone="T", start_s=vowel_end, end_s=end),
        )
        syllable = Syllable(
            text=f"s{index}", start_s=now, vowel_s=vowel, vowel_end_s=vowel_end, end_s=end, phones=phones
        )
        words.append(Word(text=syllable.text, start_s=now, end_s=end, syllables=(syllable,)))
        now = end
    return Transcript(language="en", words=tuple(words))


def sung(transcript, length_s):
    length = Fraction(length_s).limit_denominator(1000)
    placements = tuple(
        Placement(syllable=index, notes=(PlacedNote(pitch=60, onset_beat=index * length, length_beat=length),))
        for index in range(len(transcript.syllables))
    )
    arrangement = Arrangement(placements=placements, transpose=0, tempo_factor=1.0)
    return perform(arrangement, transcript, BEAT_A_SECOND, duration_s=len(placements) * length_s + 2.0)


def vowel_share(performance, syllable, note):
    """Return the share of `note` in which the vowel of `syllable` sounds."""
    total = 0.0
    for (song_a, speech_a), (song_b, speech_b) in pairwise(performance.time_map.rows):
        if syllable.vowel_s - 1e-6 <= speech_a < speech_b <= syllable.vowel_end_s + 1e-6:
            total += min(song_b, note.end_s) - max(song_a, note.start_s)
    return total / (note.end_s - note.start_s)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.0, 0.3), st.floats(0.03, 0.4), st.floats(0.0, 0.3), st.floats(0.1, 1.5))
def test_most_of_every_note_is_vowel(onset_s, vowel_s, coda_s, length_s):
    transcript = spoken(onset_s, vowel_s, coda_s)
    performance = sung(transcript, length_s)
    for note, syllable in list(zip(performance.notes, transcript.syllables, strict=True))[:-1]:
        assert vowel_share(performance, syllable, note) > 0.5


@pytest.mark.parametrize("length_s", [0.25, 0.4, 1.0])
def test_consonants_of_the_usual_length_are_sung_whole(length_s):
    transcript = spoken(0.05, 0.12, 0.04)
    rows = sung(transcript, length_s).time_map.rows
    first, last = transcript.syllables[0].vowel_s, transcript.syllables[-1].vowel_s
    jumps = [b[1] - a[1] for a, b in pairwise(rows) if a[0] == b[0] and first < a[1] < last and b[1] != a[1]]
    assert jumps == []


def test_what_is_too_much_for_a_note_is_cut_in_its_middle():
    transcript = spoken(0.15, 0.12, 0.12)
    rows = sung(transcript, 0.25).time_map.rows
    before, after = transcript.syllables[0], transcript.syllables[1]
    cut_at, goes_on = next((a[1], b[1]) for a, b in pairwise(rows) if a[0] == b[0] and before.vowel_s < a[1] < b[1])
    assert before.vowel_end_s <= cut_at < goes_on <= after.vowel_s
