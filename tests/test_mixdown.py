"""Loudness, peaks and balance, measured from the outside."""

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, resample_poly, sosfilt

from shenqu.dsp.loudness import integrated_lufs, limit, master, true_peak_db
from shenqu.mixing.mixdown import mix

RATE = 48_000


def tone(hz=220.0, seconds=4.0, level=0.2):
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)).astype(np.float32)


def speech_like(seconds=8.0, level=0.1, seed=1):
    """Noise in the range of speech, in syllables of a fifth of a second, with pauses."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    carrier = sosfilt(butter(2, [200, 4000], "bandpass", fs=RATE, output="sos"), rng.standard_normal(len(time)))
    syllables = np.clip(np.sin(2 * np.pi * 2.5 * time), 0, None) * (time % 4.0 < 3.0)
    return (level * carrier * syllables).astype(np.float32)


def band_like(seconds=8.0, seed=2):
    rng = np.random.default_rng(seed)
    noise = sosfilt(
        butter(1, [60, 6000], "bandpass", fs=RATE, output="sos"), rng.standard_normal((2, round(seconds * RATE)))
    )
    beat = np.exp(-(np.arange(noise.shape[1]) / RATE % 0.5) / 0.1)
    return (0.3 * noise * beat).astype(np.float32)


def lufs(samples):
    return pyloudnorm.Meter(RATE).integrated_loudness(samples.T)


def peak_db(samples):
    return 20 * np.log10(np.abs(resample_poly(samples, 8, 1, axis=1)).max())


def in_speech_band(sound):
    return sosfilt(butter(4, [1000, 4000], "bandpass", fs=RATE, output="sos"), sound)


def test_a_peak_between_the_samples_is_seen():
    # A quarter of the rate, 45 degrees off: samples at 0.707 of a peak of 1.
    hidden = np.sin(2 * np.pi * (np.arange(4800) / 4 + 0.125)) * np.hanning(4800) * 0.5
    assert true_peak_db(hidden[None].astype(np.float32)) == pytest.approx(-6.02, abs=0.1)
    assert 20 * np.log10(np.abs(hidden).max()) < -8.9


@given(st.floats(100, 18000), st.floats(0, 1))
@settings(max_examples=25, deadline=None)
def test_true_peak_of_a_sine_is_its_amplitude(hz, phase):
    fades = np.clip(np.minimum(np.arange(9600), np.arange(9600)[::-1]) / 2000, 0, 1)
    sine = 0.5 * fades * np.sin(2 * np.pi * (hz * np.arange(9600) / RATE + phase))
    # Four times oversampling may miss the top by 0.6 dB near half the rate (BS.1770, annex 2).
    assert true_peak_db(sine[None].astype(np.float32)) == pytest.approx(-6.02, abs=0.6)


def test_silence_has_neither_loudness_nor_peak():
    assert true_peak_db(np.zeros((2, 100), dtype=np.float32)) == -120.0
    assert integrated_lufs(np.zeros((2, RATE), dtype=np.float32), rate=RATE) == -70.0
    assert integrated_lufs(np.zeros((2, 0), dtype=np.float32), rate=RATE) == -70.0


def test_what_is_too_short_for_a_block_is_as_loud_as_its_repetition():
    short = np.stack([tone(seconds=0.2)] * 2)
    assert integrated_lufs(short, rate=RATE) == pytest.approx(lufs(np.tile(short, 20)), abs=0.1)


def test_the_limiter_leaves_quiet_sound_alone():
    quiet = np.stack([tone(level=0.5), tone(330.0, level=0.4)])
    assert limit(quiet, ceiling_db=-1.0, rate=RATE) is quiet


@given(st.floats(-9.0, -0.5), st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_the_limiter_holds_the_ceiling(ceiling_db, seed):
    loud = 3.0 * band_like(1.0, seed=seed)
    limited = limit(loud, ceiling_db=ceiling_db, rate=RATE)
    assert peak_db(limited) <= ceiling_db + 0.1
    assert peak_db(limited) > ceiling_db - 0.5


def test_the_limiter_touches_only_the_neighbourhood_of_a_peak():
    sound = np.stack([tone(seconds=2.0)] * 2)
    sound[:, RATE] = 1.5
    limited = limit(sound, ceiling_db=-1.0, rate=RATE)
    away = np.r_[0 : RATE - 500, RATE + 6000 : 2 * RATE]
    assert np.array_equal(limited[:, away], sound[:, away])
    # Before the peak the gain falls in time, within the look-ahead.
    assert np.abs(np.diff(limited[0, RATE - 400 : RATE - 2])).max() < 0.02


@pytest.mark.parametrize("target", [-23.0, -16.0, -14.0])
def test_the_master_has_loudness_and_peak(target):
    song = np.stack([speech_like(), speech_like()]) + band_like()
    done = master(song, loudness_lufs=target, true_peak_db=-1.0, rate=RATE)
    assert lufs(done) == pytest.approx(target, abs=0.3)
    assert peak_db(done) <= -0.95


def test_where_loudness_cannot_be_had_the_peak_still_holds():
    clicks = np.zeros((2, 4 * RATE), dtype=np.float32)
    clicks[:, :: RATE // 2] = 0.1
    done = master(clicks, loudness_lufs=-14.0, true_peak_db=-1.0, rate=RATE)
    assert true_peak_db(done) <= -0.99
    assert integrated_lufs(done, rate=RATE) < -14.0


@pytest.mark.parametrize("level", [0.001, 0.1, 1.0])
def test_voice_lies_over_the_band_at_the_platforms_loudness(level):
    voice, band = speech_like(level=level), band_like()
    done = mix(voice, band)
    assert lufs(done.mix) == pytest.approx(-14.0, abs=0.3)
    assert peak_db(done.mix) <= -0.95
    assert np.array_equal(done.vocal, np.stack([voice, voice]))
    sounding = np.abs(voice) > 0.02 * np.abs(voice).max()
    voice_power = np.square(in_speech_band(done.vocal[0]))[sounding].mean()
    band_power = np.square(in_speech_band(done.backing))[:, sounding].mean()
    assert 3.0 <= 10 * np.log10(voice_power / band_power) <= 6.5


@given(st.floats(-6.0, 6.0))
@settings(max_examples=6, deadline=None)
def test_voice_level_moves_the_voice_by_as_much(level_db):
    voice, band = speech_like(4.0), band_like(4.0)
    usual, moved = mix(voice, band), mix(voice, band, voice_level_db=level_db)
    change = np.square(usual.backing).mean() / np.square(moved.backing).mean()
    assert 10 * np.log10(change) == pytest.approx(level_db, abs=0.05)


def test_the_band_steps_back_while_the_voice_sounds():
    voice = np.concatenate([np.zeros(4 * RATE, dtype=np.float32), speech_like(3.0)])
    band = np.stack([tone(500.0, 7.0)] * 2)
    done = mix(voice, band)
    alone = np.abs(done.backing[0, RATE : 2 * RATE]).max()
    under = np.abs(done.backing[0, 5 * RATE : 6 * RATE]).max()
    assert 20 * np.log10(alone / under) == pytest.approx(2.0, abs=0.2)


def test_silent_voice_or_band_and_unequal_lengths():
    voice, band, none = speech_like(3.0), band_like(4.0), np.zeros((2, 3 * RATE), dtype=np.float32)
    for done in (mix(voice, none), mix(none[0], band), mix(voice, band)):
        assert done.mix.shape == done.vocal.shape == done.backing.shape
        assert done.mix.dtype == np.float32
        assert lufs(done.mix) == pytest.approx(-14.0, abs=0.3)
    assert not mix(none[0], none).mix.any()
    assert not mix(voice, none).backing.any()


def test_same_input_same_bytes():
    voice, band = speech_like(2.0), band_like(2.0)
    assert mix(voice, band).mix.tobytes() == mix(voice, band).mix.tobytes()
