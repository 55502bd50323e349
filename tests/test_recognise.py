"""Words of a speech whose text nobody has given: what cannot have been said goes, what was said stays."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.audio import LongSound
from shenqu.documents.recognised import Segment
from shenqu.documents.speech import Cue
from shenqu.speech.recognise import MOST_COLUMNS_PER_S, recognise, repaired, stretches

RATE = 16_000


def segment(text, start_s, end_s, **fields):
    """Return a segment whose words share its time evenly."""
    words = text.split()
    times_s = np.linspace(start_s, end_s, len(words) + 1)
    return Segment(words=tuple(map(Cue, words, times_s[:-1].tolist(), times_s[1:].tolist())), **fields)


def texts(*segments, duration_s=60.0):
    return [cue.text for cue in repaired(segments, duration_s=duration_s)]


def test_plausible_words_stay_as_they_are():
    said = segment("are you OK ?", 1.0, 2.0)
    (cue,) = repaired([said], duration_s=60.0)
    assert cue.words == said.words
    assert (cue.text, cue.start_s, cue.end_s) == ("are you OK ?", 1.0, 2.0)


def test_silence_goes_only_where_both_chances_say_so():
    assert texts(segment("thank you", 0, 1, no_speech=0.9, log_probability=-1.4)) == []
    assert texts(segment("thank you", 0, 1, no_speech=0.9, log_probability=-0.3)) == ["thank you"]
    assert texts(segment("thank you", 0, 1, no_speech=0.1, log_probability=-1.4)) == ["thank you"]


def test_real_repeats_are_kept():
    text = " ".join(["are you OK"] * 3)
    assert texts(segment(text, 0.0, 1.5)) == [text]
    assert texts(segment("no no no no no no", 0.0, 1.2)) == ["no no no no no no"]
    assert texts(segment("我 们 我 们 我 们", 0.0, 0.9)) == ["我们我们我们"]


def test_a_loop_keeps_the_copies_that_there_is_time_for():
    said, looped = segment("are you OK are you OK", 0.0, 1.2), segment(" ".join(["are you OK"] * 30), 1.2, 1.2)
    assert texts(Segment(words=said.words + looped.words)) == ["are you OK are you OK"]
    (crammed,) = texts(segment(" ".join(["are you OK"] * 40), 0.0, 2.0))
    assert crammed == " ".join(["are you OK"] * int(2.0 * MOST_COLUMNS_PER_S / 8))


def test_a_line_that_nobody_could_say_so_fast_goes():
    assert texts(segment("thanks for watching", 3.0, 3.0), segment("and now", 4.0, 5.0)) == ["and now"]


def test_a_word_without_a_length_shares_the_time_of_the_word_before():
    words = (Cue("hello", 0.0, 1.0), Cue("there", 1.0, 1.0), Cue("you", 1.5, 2.0))
    (cue,) = repaired([Segment(words=words)], duration_s=9.0)
    assert cue.words == (Cue("hello", 0.0, 0.5), Cue("there", 0.5, 1.0), Cue("you", 1.5, 2.0))


def test_words_beyond_the_end_go_and_ends_are_held_to_it():
    words = (Cue("yes", 4.0, 4.6), Cue("sir", 4.6, 7.0), Cue("Subtitles", 7.0, 8.0))
    (cue,) = repaired([Segment(words=words)], duration_s=5.0)
    assert (cue.text, cue.end_s) == ("yes sir", 5.0)


def test_one_end_that_is_far_too_late_costs_no_other_word():
    lines = texts(segment("hello", 1.0, 50.0), segment("how are you", 2.0, 3.0))
    assert lines == ["hello", "how are you"]


@pytest.mark.parametrize(
    "word", [Cue("x"), Cue("x", 1.0), Cue("x", math.nan, 2.0), Cue("x", 0.0, math.inf), Cue("\x07 ", 0.0, 1.0)]
)
def test_words_without_text_or_times_go(word):
    assert repaired([Segment(words=(word,))], duration_s=9.0) == ()


SOME_TIME = st.none() | st.floats(-5, 20) | st.just(math.nan) | st.just(math.inf)
SOME_WORD = st.builds(Cue, st.text(max_size=6), SOME_TIME, SOME_TIME)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.builds(Segment, words=st.lists(SOME_WORD, max_size=8).map(tuple)), max_size=5))
def test_whatever_comes_in_times_rise_within_the_sound(segments):
    words = [word for cue in repaired(segments, duration_s=10.0) for word in cue.words]
    assert all(0.0 <= word.start_s <= word.end_s <= 10.0 + 1e-9 for word in words)
    assert all(before.end_s <= after.start_s + 1e-9 for before, after in pairwise(words))


def bursts(seconds, pauses_s):
    """Return noise that pauses for 0.5 s at `pauses_s`."""
    samples = 0.1 * np.random.default_rng(0).standard_normal(round(seconds * RATE))
    for pause_s in pauses_s:
        samples[round(pause_s * RATE) : round((pause_s + 0.5) * RATE)] = 0.0
    return LongSound(pcm=(samples * 32767).astype(np.int16), rate=RATE)


def test_stretches_tile_the_sound_and_end_in_pauses():
    sound = bursts(50.0, [17.0, 19.0, 35.2])
    parts = list(stretches(sound, longest_s=20.0))
    assert parts[0][0] == 0.0
    assert parts[-1][1] == sound.duration_s
    assert all(before[1] == after[0] for before, after in pairwise(parts))
    assert all(0.0 < end_s - start_s <= 20.0 for start_s, end_s in parts)
    assert 17.0 <= parts[0][1] <= 17.5 or 19.0 <= parts[0][1] <= 19.5
    assert 35.2 <= parts[1][1] <= 35.7


class Counter:
    """A recogniser that hears a word a minute and remembers what it was asked."""

    identity = "counter"

    def __init__(self):
        self.asked = []

    def recognise(self, samples, *, language, prompt):
        self.asked.append((len(samples) / RATE, language, prompt))
        for minute in range(int(len(samples) / RATE / 60)):
            yield Segment(words=(Cue(f"w{minute}", minute * 60.0, minute * 60.0 + 1.0),), language="de")


def test_a_long_sound_is_heard_a_stretch_at_a_time_in_the_language_of_the_first():
    sound, recogniser, shares = bursts(500.0, [170.0, 340.0]), Counter(), []
    recognised = recognise(sound, recogniser, prompt="Xiaomi", offset_s=100.0, progress=shares.append)
    assert [language for _, language, _ in recogniser.asked] == [None, "de", "de"]
    assert {prompt for *_, prompt in recogniser.asked} == {"Xiaomi"}
    assert recognised.language == "de"
    starts_s = [cue.start_s for cue in recognised.cues]
    assert starts_s[:3] == [100.0, 160.0, pytest.approx(270.25, abs=0.2)]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] <= 1.0


def test_it_listens_no_longer_than_is_needed():
    recogniser = Counter()
    recognise(bursts(500.0, [170.0, 340.0]), recogniser, enough_words=2)
    assert len(recogniser.asked) == 1
