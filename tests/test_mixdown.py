"""Loudness, peaks and balance, measured from the outside."""

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import butter, resample_poly, sosfilt

import signals
from shenqu.dsp.levels import CENTRES_HZ
from shenqu.dsp.loudness import integrated_lufs, limit, master, true_peak_db
from shenqu.mixing.mixdown import mix
from shenqu.mixing.sends import add_space
from shenqu.mixing.settings import MASTERS, BandSettings, MixSettings, Sends, VoiceSettings
from shenqu.mixing.voice import add_voice, plan_chain

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
@pytest.mark.parametrize("loudness", ["platform", "genre"])
def test_voice_lies_over_the_band_at_the_loudness_asked_for(level, loudness):
    voice, band = speech_like(level=level), band_like()
    done = mix(voice, band, settings=MixSettings(master=MASTERS[loudness]))
    # Noise of such peaks cannot be as loud as the genre is without more limiting than is allowed.
    lowest, highest = {"platform": (-14.2, -13.8), "genre": (-11.5, -8.8)}[loudness]
    assert lowest <= lufs(done.mix) <= highest
    assert peak_db(done.mix) <= -1.0
    sounding = np.abs(voice) > 0.02 * np.abs(voice).max()
    voice_power = np.square(in_speech_band(voice))[sounding].mean()
    band_power = np.square(in_speech_band(done.backing))[:, sounding].mean()
    assert 10 * np.log10(voice_power / band_power) >= 6.0


@given(st.floats(-6.0, 6.0))
@settings(max_examples=6, deadline=None)
def test_voice_level_moves_the_voice_by_as_much(level_db):
    voice, band = speech_like(4.0), band_like(4.0)
    # Only what the gain does: no ducking, and what the voice leaves in the room stays.
    still = BandSettings(ranges=(), duck_db=0.0)
    quiet = Sends(room_db=-100.0, slap_db=-100.0, throw_db=-100.0)
    usual, moved = (
        mix(voice, band, settings=MixSettings(voice_level_db=db, band=still, sends=quiet)) for db in (0.0, level_db)
    )
    change = np.square(usual.backing).mean() / np.square(moved.backing).mean()
    assert 10 * np.log10(change) == pytest.approx(level_db, abs=0.05)


def test_the_band_steps_back_in_the_words_range_while_the_voice_sounds_and_comes_back():
    words, silence = speech_like(3.0), np.zeros(4 * RATE, dtype=np.float32)
    voice = np.concatenate([silence, words, silence])
    time = np.arange(len(voice)) / RATE
    low, middle = (0.2 * np.sin(2 * np.pi * hz * time).astype(np.float32) for hz in (100.0, 2000.0))
    settings = MixSettings(sends=Sends(room_db=-100.0, slap_db=-100.0, throw_db=-100.0))
    done = mix(voice, np.stack([low + middle] * 2), settings=settings)

    def level(hz, start_s):
        part = done.backing[0, round(start_s * RATE) : round((start_s + 1.0) * RATE)]
        return 20 * np.log10(np.abs(np.exp(-2j * np.pi * hz * np.arange(RATE) / RATE) @ part))

    for rest_s in (1.0, 9.0):
        assert level(2000.0, 5.0) < level(2000.0, rest_s) - 4.0
        assert level(100.0, 5.0) == pytest.approx(level(100.0, rest_s) + settings.band.duck_db, abs=0.2)
    assert level(2000.0, 1.0) == pytest.approx(level(2000.0, 9.0), abs=0.01)


def test_a_hiss_is_turned_down_and_a_vowel_is_not():
    vowel = signals.vowel(150.0, 1.0, RATE).mono
    noise = np.random.default_rng(0).standard_normal(RATE // 5)
    hiss = sosfilt(butter(4, [5500, 9000], "bandpass", fs=RATE, output="sos"), noise).astype(np.float32)
    loud = 1.5 * hiss * np.sqrt(np.mean(vowel**2) / np.mean(hiss**2))
    chain = plan_chain(np.concatenate([vowel, loud, vowel]), VoiceSettings(), RATE)
    assert chain.ess_db[105:115].max() < -3.0
    assert chain.ess_db.min() >= -VoiceSettings().most_ess_db - 1e-9
    assert np.array_equal(chain.ess_db[10:95], np.zeros(85))
    assert np.array_equal(chain.ess_db[125:215], np.zeros(90))


def test_the_chain_evens_notes_and_keeps_the_voice_as_loud_as_it_was():
    notes = [gain * signals.vowel(150.0, 1.0, RATE).mono for gain in (1.0, 0.25, 1.0)]
    voice = np.concatenate(notes)
    chain = plan_chain(voice, VoiceSettings(), RATE)
    heard = np.zeros((2, len(voice)), dtype=np.float32)
    add_voice(heard, voice, chain, VoiceSettings(), RATE)
    heard = heard[0]
    loud, quiet = (np.sqrt(np.mean(heard[start : start + RATE // 2] ** 2)) for start in (RATE // 4, RATE * 5 // 4))
    assert 3.0 < 20 * np.log10(loud / quiet) < 9.0
    assert np.mean(heard**2) == pytest.approx(np.mean(voice**2), rel=0.1)


def test_the_equaliser_goes_towards_speech_and_knows_its_bounds():
    settings = VoiceSettings()
    dull = sosfilt(butter(2, 800, fs=RATE, output="sos"), speech_like(4.0)).astype(np.float32)
    gains = plan_chain(dull, settings, RATE).equaliser_db
    hz = np.array(CENTRES_HZ)
    assert gains[(hz > 2000) & (hz < 4000)].mean() > gains[(hz > 300) & (hz < 700)].mean() + 2.0
    assert -settings.most_cut_db <= gains.min() <= gains.max() <= settings.most_lift_db


def test_a_voice_without_a_band_leaves_nothing_in_the_room():
    voice, none = speech_like(3.0), np.zeros((2, 3 * RATE), dtype=np.float32)
    done = mix(voice, none)
    assert not done.backing.any()
    assert np.array_equal(done.mix[0], done.mix[1])


def test_the_end_of_a_phrase_returns_on_the_dotted_eighth():
    burst = np.hanning(RATE // 5).astype(np.float32) * signals.vowel(200.0, 0.2, RATE).mono
    voice = np.concatenate([burst, np.zeros(3 * RATE, dtype=np.float32)])
    sounding = np.arange(320) < 20
    sends = Sends(room_db=-100.0, slap_db=-100.0)
    wet = np.zeros((2, len(voice)), dtype=np.float32)
    add_space(wet, lambda first, last: voice[first:last], sounding, beat_s=0.6, sends=sends, rate=RATE)
    energy = np.square(wet).sum(axis=0).reshape(-1, RATE // 100).sum(axis=1)
    loud = np.flatnonzero(energy > 1e-3 * energy.max())
    first = loud[loud < 90]
    assert 45 <= first.min() < first.max() < 45 + 20 + 12
    # From side to side, each time weaker.
    turns = [
        np.abs(wet[:, round(0.45 * turn * RATE) : round((0.45 * turn + 0.3) * RATE)]).max(axis=1) for turn in (1, 2, 3)
    ]
    assert turns[0][1] > turns[1][0] > turns[2][1] > 0.0


def test_nothing_is_thrown_into_the_next_words():
    voice = np.tile(np.concatenate([speech_like(1.0), np.zeros(RATE // 5, dtype=np.float32)]), 3)
    sounding = np.tile(np.arange(120) < 100, 3)
    sounding[-20:] = True
    sends = Sends(room_db=-100.0, slap_db=-100.0)
    wet = np.zeros((2, len(voice)), dtype=np.float32)
    add_space(wet, lambda first, last: voice[first:last], sounding, beat_s=0.5, sends=sends, rate=RATE)
    assert np.abs(wet).max() < 1e-5


@given(st.integers(0, 3000), st.integers(0, 3000))
@settings(max_examples=12, deadline=None)
def test_very_short_sounds_and_unequal_lengths(voice_count, band_count):
    voice, band = speech_like(0.1)[:voice_count], band_like(0.1)[:, :band_count]
    done = mix(voice, band)
    assert done.mix.shape == done.backing.shape == (2, max(len(voice), band.shape[1]))
    assert done.mix.dtype == done.backing.dtype == np.float32
    assert np.isfinite(done.mix).all()
    assert true_peak_db(done.mix) <= -0.99 if done.mix.any() else not done.backing.any()


def test_silent_voice_or_band():
    voice, band, none = speech_like(3.0), band_like(4.0), np.zeros((2, 3 * RATE), dtype=np.float32)
    for done in (mix(voice, none), mix(none[0], band), mix(voice, band)):
        assert lufs(done.mix) == pytest.approx(-14.0, abs=0.3)
    assert not mix(none[0], none).mix.any()


def test_a_mono_band_stays_mono_under_the_room():
    band = np.stack([band_like(3.0)[0]] * 2)
    settings = MixSettings(sends=Sends(room_db=-100.0, slap_db=-100.0, throw_db=-100.0))
    left, right = mix(speech_like(3.0), band, settings=settings).mix
    assert np.abs(left - right).max() < 1e-4


def test_same_input_same_bytes_and_inputs_stay_as_they_were():
    voice, band = speech_like(2.0), band_like(2.0)
    before = voice.tobytes(), band.tobytes()
    assert mix(voice, band).mix.tobytes() == mix(voice, band).mix.tobytes()
    assert (voice.tobytes(), band.tobytes()) == before
