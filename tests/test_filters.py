"""Filters and moving windows, beside scipy's."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.dsp.filters import (
    band_pass,
    biquad,
    convolved,
    filtered,
    filtered_both_ways,
    high_pass,
    low_pass,
    moving_maximum,
    moving_mean,
)

NOISE = np.random.default_rng(0).standard_normal((2, 150_000))
PAIRS = [
    (low_pass(3, 900.0, 24_000), scipy.signal.butter(3, 900.0, fs=24_000, output="sos")),
    (high_pass(2, 90.0, 24_000), scipy.signal.butter(2, 90.0, "highpass", fs=24_000, output="sos")),
    (band_pass(4, 300.0, 3400.0, 24_000), scipy.signal.butter(4, (300.0, 3400.0), "bandpass", fs=24_000, output="sos")),
    (biquad((1.0, -1.2, 0.5), (1.0, -1.6, 0.8), 24_000), np.array([[1.0, -1.2, 0.5, 1.0, -1.6, 0.8]])),
]


@pytest.mark.parametrize(("response", "sections"), PAIRS)
def test_filters_are_those_of_scipy(response, sections):
    assert np.allclose(filtered(NOISE, 24_000, response), scipy.signal.sosfilt(sections, NOISE), atol=1e-9)
    inside = (..., slice(10_000, -10_000))
    both = scipy.signal.sosfiltfilt(sections, NOISE)
    assert np.allclose(filtered_both_ways(NOISE, 24_000, response)[inside], both[inside], atol=1e-9)


@pytest.mark.parametrize("length", [0, 1, 7, 200_000])
def test_any_length_is_kept_and_silence_before_the_sound_stays_silence(length):
    samples = np.ones(length)
    samples[: length // 2] = 0.0
    out = filtered(samples, 24_000, high_pass(2, 100.0, 24_000))
    assert out.shape == samples.shape
    assert not out[: length // 2].any()


@pytest.mark.parametrize("length", [3, 1000, 70_000])
def test_a_long_kernel_is_laid_behind_every_sample(length):
    kernel = np.random.default_rng(1).standard_normal((2, length))
    expected = [scipy.signal.fftconvolve(NOISE[0], side)[: NOISE.shape[1]] for side in kernel]
    assert np.allclose(convolved(NOISE[0], kernel), expected, atol=1e-8)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(1, 40))
def test_moving_windows_are_those_of_scipy(count, width):
    values = np.random.default_rng(count).standard_normal(count)
    assert np.allclose(moving_mean(values, width), scipy.ndimage.uniform_filter1d(values, width, mode="nearest"))
    assert np.array_equal(moving_maximum(values, width), scipy.ndimage.maximum_filter1d(values, width, mode="nearest"))
