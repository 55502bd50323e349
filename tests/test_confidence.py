"""How sure a word is: planted fits, words that were not said, and real speech where there is some."""

import os
import random
import warnings
from pathlib import Path

import numpy as np
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from shenqu.documents.speech import Phone
from shenqu.speech.confidence import FIT_FRAME_S, confidences, hardly_fits, hopeless
from test_align import PHONES, SENTENCES, listen, needs_data, say

DATA = Path(os.environ.get("SHENQU_DATA", "/nonexistent"))
SOUNDS = (*sorted(PHONES), "SIL")
COLUMNS = {name: column for column, name in enumerate(SOUNDS)}


def fit_of(timeline, *, behind=-9.0):
    """Return the fit where each (sound, frames) of a timeline fits best and all others are `behind` it."""
    names = [name for name, frames in timeline for _ in range(frames)]
    fit = np.full((len(names), len(SOUNDS)), behind, dtype=np.float32)
    fit[np.arange(len(names)), [COLUMNS[name] for name in names]] = 0.0
    return lambda start_s, end_s: fit[max(0, round(start_s / FIT_FRAME_S)) : round(end_s / FIT_FRAME_S)]


def word(phones, *, start_s=1.0):
    rows = []
    for name, length_s in phones:
        rows.append(Phone(phone=name, start_s=start_s, end_s=start_s + length_s))
        start_s += length_s
    return tuple(rows)


QUIET = ("SIL", 100)
CAT = word([("K", 0.08), ("AE", 0.14), ("T", 0.08)])
SAID = [QUIET, ("K", 8), ("AE", 14), ("T", 8), QUIET]


def chance(phones, timeline, **options):
    (found,) = confidences([phones], fit_of(timeline, **options), COLUMNS)
    return found


def test_what_fits_is_sure_and_what_does_not_is_doubtful():
    assert chance(CAT, SAID) > 0.9
    assert chance(CAT, [QUIET, ("S", 30), QUIET]) < 0.1
    assert chance(CAT, [QUIET, ("S", 30), QUIET], behind=-1.0) > chance(CAT, [QUIET, ("S", 30), QUIET], behind=-4.0)


def test_one_wrong_sound_weighs_less_than_three():
    one = chance(CAT, [QUIET, ("K", 8), ("AE", 14), ("S", 8), QUIET])
    assert chance(CAT, [QUIET, ("S", 30), QUIET]) < one < chance(CAT, SAID)


def test_hurried_and_drawn_out_words_are_doubtful():
    hurried = word([("K", 0.03), ("AE", 0.03), ("T", 0.03)])
    assert chance(hurried, [QUIET, ("K", 3), ("AE", 3), ("T", 3), QUIET]) < chance(CAT, SAID)
    drawn_out = word([("K", 0.08), ("AE", 0.8), ("T", 0.08)])
    assert chance(drawn_out, [QUIET, ("K", 8), ("AE", 80), ("T", 8), QUIET]) < chance(CAT, SAID)


def test_sound_that_no_word_claims_makes_its_neighbour_doubtful():
    assert chance(CAT, [*SAID[:-1], ("AE", 30), QUIET]) < chance(CAT, SAID)


def test_a_word_at_the_edges_of_the_sound_is_judged_too():
    assert 0.0 <= chance(word([("K", 0.01), ("AE", 0.0)], start_s=2.3), SAID) <= 1.0
    assert 0.0 <= chance(word([("AE", 0.1)], start_s=0.0), [("AE", 10)]) <= 1.0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.0, 1.0), max_size=30))
def test_only_doubtful_stretches_are_hopeless(chances):
    marks = hopeless(chances)
    assert len(marks) == len(chances)
    if any(marks):
        assert sum(marks) >= 5 and min(chances) < 0.2
    assert hopeless([0.0] * 9) == [True] * 9 and not any(hopeless([0.9] * 9)) and not hardly_fits([0.9] * 9)
    assert hardly_fits([0.1] * 9) and not hardly_fits([])


def area(right, wrong):
    """Return how often a right word is surer than a wrong one: the area under the ROC curve."""
    ranks = rankdata([*right, *wrong])
    return (ranks[: len(right)].sum() - len(right) * (len(right) + 1) / 2) / (len(right) * len(wrong))


def replaced(words, others, seed):
    """Return `words` with every fifth replaced by one of `others` that begins with another letter, and which."""
    chosen = random.Random(seed)
    places = set(range(seed % 5, len(words), 5))
    text = [
        chosen.choice([other for other in others if other[0] != word[0]]) if place in places else word
        for place, word in enumerate(words)
    ]
    return text, places


def test_replaced_words_are_told_from_right_ones():
    """Planted words, said by the project's own speaker: measured .97."""
    right, wrong = [], []
    for seed in range(4):
        said = " ".join(SENTENCES[2 * seed : 2 * seed + 2])
        words = said.replace(",", "").replace(".", "").split()
        others = "people table lemon whisper holiday mirror chocolate fingers".split()  # noqa: SIM905
        text, places = replaced(words, others, seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            heard = listen(say(said).audio.mono, " ".join(text))
        for place, found in enumerate(heard.words):
            (wrong if place in places else right).append(found.confidence)
    assert len(wrong) >= 12
    assert area(right, wrong) >= 0.85
    assert np.mean(np.array(right) > 0.5) >= 0.7 and np.mean(np.array(wrong) < 0.5) >= 0.6


@needs_data
def test_wrong_words_in_real_texts_are_told_from_right_ones():
    """Recordings that the weights were not fitted to."""
    names = ["libri_61-70968-0000.flac", "jfk-moon.mp3", "jfk-inaugural.flac", "perkins-security.mp3"]
    texts = [(DATA / "speech" / name).with_suffix(".txt").read_text(encoding="utf-8").lower().split() for name in names]
    right, wrong = [], []
    for seed, (name, words) in enumerate(zip(names, texts, strict=True)):
        samples, rate = soundfile.read(DATA / "speech" / name, dtype="float32", always_2d=True)
        text, places = replaced(words, [other for row in texts for other in row if other[0].isalpha()], seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            heard = listen(soxr.resample(samples.mean(axis=1), rate, 16_000), " ".join(text))
        for place, found in enumerate(heard.words):
            (wrong if place in places else right).append(found.confidence)
    assert len(wrong) >= 18 and area(right, wrong) >= 0.8


def test_of_a_few_words_none_is_given_up_but_all_are_doubted():
    assert hopeless([0.05] * 5) == [False] * 5 and hopeless([0.05] * 8) == [True] * 8
    assert hardly_fits([0.1, 0.2, 0.1]) and not hardly_fits([0.1]) and not hardly_fits([0.3, 0.4, 0.3])
