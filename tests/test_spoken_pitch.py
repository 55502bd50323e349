"""The spoken pitch against tracks in which octave errors, creak and noise are planted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.dsp.spoken_pitch import usual_pitch, vowel_pitch
from shenqu.units import pitch_to_hz


def voice(usual, *, seed=0, frames=400):
    """Return a voice that moves three semitones around `usual`, and how sure a tracker is of it."""
    random = np.random.default_rng(seed)
    return pitch_to_hz(usual + random.normal(0.0, 3.0, frames)), random.uniform(0.7, 1.0, frames)


@given(usual=st.floats(38.0, 66.0), factor=st.sampled_from([0.5, 2.0, 4.0]), seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_a_fifth_of_octave_errors_moves_the_usual_pitch_little(usual, factor, seed):
    hz, confidence = voice(usual, seed=seed)
    clean = usual_pitch(hz, confidence)
    hz[::5] *= factor
    confidence[::5] = 0.55
    assert usual_pitch(hz, confidence) == pytest.approx(clean, abs=1.5)
    assert clean == pytest.approx(usual, abs=0.6)


@given(wrong=st.integers(0, 12), factor=st.sampled_from([0.5, 2.0]), pitch=st.floats(-2.0, 2.0))
@settings(max_examples=20, deadline=None)
def test_an_octave_error_in_part_of_a_vowel_is_outweighed(wrong, factor, pitch):
    hz = np.full(16, pitch_to_hz(50.0 + pitch))
    hz[:wrong] *= factor
    assert vowel_pitch(hz, np.full(16, 0.8), usual=50.0) == pytest.approx(50.0 + pitch, abs=0.01)


@pytest.mark.parametrize("above", [-8.0, 0.0, 9.0, 13.0])
def test_a_vowel_that_is_truly_high_or_low_stays_so(above):
    hz = np.full(12, pitch_to_hz(50.0 + above))
    assert vowel_pitch(hz, np.full(12, 0.9), usual=50.0) == pytest.approx(50.0 + above)


@pytest.mark.parametrize("above", [-17.0, 31.0])
def test_creak_and_noise_have_no_pitch(above):
    assert vowel_pitch(np.full(12, pitch_to_hz(50.0 + above)), np.full(12, 0.6), usual=50.0) is None


def test_what_is_hardly_voiced_has_no_pitch():
    hz = np.zeros(20)
    assert usual_pitch(hz, hz) is None
    assert vowel_pitch(hz, hz, usual=50.0) is None
    hz[:2] = 200.0
    assert vowel_pitch(hz, np.ones(20), usual=50.0) is None
    assert vowel_pitch(np.empty(0), np.empty(0), usual=50.0) is None
