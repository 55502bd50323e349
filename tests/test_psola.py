"""Pitch marks and both engines, on voices whose periods are planted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.arrangement import Expression
from shenqu.documents.performance import Performance, SungNote, TimeMap
from shenqu.documents.speech import Phone, Syllable, Transcript, Word
from shenqu.engines.world import analyse_voice
from shenqu.singing.material import prepare
from shenqu.singing.pitch_marks import pitch_marks
from shenqu.singing.psola import ALIKE, Psola
from shenqu.singing.unit import Take
from shenqu.singing.vocoder import Vocoder
from shenqu.singing.voice import lay_out, sing
from shenqu.units import hz_to_pitch
from signals import Counting, vowel

RATE = 24_000
LENGTH_S = 0.4
PSOLA = Psola()
BOTH = pytest.mark.parametrize("engine", [PSOLA, Vocoder(analyse_voice)], ids=["psola", "world"])


def planted(moments, length):
    """Return a dull ring after each moment, given in samples."""
    wave, at = np.zeros(length), np.arange(length)
    for moment in moments:
        wave += np.exp(-(((at - moment) / 12.0) ** 2)) - 0.4 * np.exp(-(((at - moment - 30) / 15.0) ** 2))
    return wave


@settings(max_examples=20, deadline=None)
@given(st.floats(80, 400), st.floats(-0.04, 0.04), st.floats(0, 1))
def test_marks_lie_a_period_apart_however_wrong_the_tracked_pitch(hz, wrong, phase):
    period = RATE / hz
    moments = np.arange(phase * period, 12_000, period)
    marks, alike = pitch_marks(planted(moments, 12_000), RATE, np.full(120, hz * (1 + wrong)))
    inner = marks[3:-3]
    assert np.abs(np.diff(inner) - period).max() < 0.01 * period
    away = np.array([np.abs(moments - mark).min() for mark in inner])
    assert away.max() < 0.1 * period
    assert alike[3:-3].min() > ALIKE  # so all of them are sung


def test_marks_of_noise_follow_the_tracked_pitch_and_are_not_alike():
    noise = np.random.default_rng(0).standard_normal(24_000)
    marks, alike = pitch_marks(noise, RATE, np.full(201, 150.0))
    assert len(marks) == pytest.approx(150, abs=8)
    assert np.median(alike) < 0.9


def one_note(samples, hz, sung_hz, *, seconds=0.8, expression=None, memory=None, engine=PSOLA):
    """Sing a vowel that fills `samples` on one note."""
    length_s = len(samples) / RATE
    syllable = Syllable(
        text="a",
        start_s=0.02,
        vowel_s=0.02,
        vowel_end_s=length_s - 0.02,
        end_s=length_s - 0.02,
        phones=(Phone(phone="AH", start_s=0.02, end_s=length_s - 0.02),),
    )
    transcript = Transcript(
        language="en", words=(Word(text="a", start_s=0.02, end_s=length_s - 0.02, syllables=(syllable,)),)
    )
    material = prepare(
        samples.astype(np.float32),
        RATE,
        origin_s=0.0,
        hz=np.full(int(length_s / 0.005) + 1, hz),
        transcript=transcript,
    )
    note = SungNote(
        start_s=0.1, end_s=0.1 + seconds, pitch=50, syllable=0, lyric="a", expression=expression or Expression()
    )
    rows = ((0.1, 0.02), (0.1 + seconds, length_s - 0.02))
    performance = Performance(notes=(note,), time_map=TimeMap(rows=rows), duration_s=seconds + 0.3)
    contour = np.full(round((seconds + 0.3) * 1000) + 1, hz_to_pitch(sung_hz))
    return sing(lay_out(material, performance, contour), Take(engine, 0), memory={} if memory is None else memory)


def harmonics(song, hz):
    """Return the share of the power that lies near multiples of `hz`, and the level in decibels."""
    part = song[round(0.3 * 48_000) : round(0.8 * 48_000)].astype(float)
    power = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
    bins = np.arange(len(power)) * 48_000 / len(part)
    near = np.abs((bins + 0.5 * hz) % hz - 0.5 * hz) < 8.0
    return float(power[near].sum() / power.sum()), 10 * np.log10(np.mean(part**2))


def sung_cents(song, hz):
    """Return how far the first harmonic of a steady note lies from `hz`, in cents, by its phase at two moments."""
    window = np.hanning(9600)
    first, second = (
        np.angle(np.sum(song[at : at + 9600] * window * np.exp(-2j * np.pi * hz * np.arange(at, at + 9600) / 48_000)))
        for at in (16_800, 21_600)
    )
    drift = (second - first + np.pi) % (2 * np.pi) - np.pi
    return 1200 * np.log2(1 + drift / (2 * np.pi * 0.1) / hz)


@pytest.mark.parametrize("sung_hz", [75.0, 110.0, 151.3, 240.0])
@BOTH
def test_a_clear_vowel_is_sung_on_the_very_pitch(sung_hz, engine):
    song = one_note(vowel(110.0, LENGTH_S, RATE).samples[0], 110.0, sung_hz, engine=engine)
    assert abs(sung_cents(song, sung_hz)) < 2.0
    assert harmonics(song, sung_hz)[0] > 0.97


@BOTH
def test_the_level_stays_whatever_the_pitch(engine):
    levels = [
        harmonics(one_note(vowel(110.0, LENGTH_S, RATE).samples[0], 110.0, hz, engine=engine), hz)[1]
        for hz in (80, 110, 160, 220)
    ]
    assert max(levels) - min(levels) < 3.0


@BOTH
def test_a_whisper_gets_a_pitch(engine):
    whisper = 0.05 * np.random.default_rng(0).standard_normal(round(LENGTH_S * RATE))
    assert harmonics(one_note(whisper, 120.0, 150.0, engine=engine), 150.0)[0] > 0.4  # of noise: 0.11


@BOTH
def test_a_burst_in_a_vowel_does_not_sound_with_every_pulse(engine):
    samples = vowel(110.0, LENGTH_S, RATE).samples[0].copy()
    samples[4800:4810] += 0.8 * (-1.0) ** np.arange(10)
    song = one_note(samples, 110.0, 130.0, engine=engine)
    clean = one_note(vowel(110.0, LENGTH_S, RATE).samples[0], 110.0, 130.0, engine=engine)
    assert np.abs(np.diff(song)).max() < 2.0 * np.abs(np.diff(clean)).max()


@BOTH
def test_breath_takes_the_pitch_away_and_keeps_the_level(engine):
    samples = vowel(110.0, LENGTH_S, RATE).samples[0]
    plain, breathy = (
        one_note(samples, 110.0, 150.0, expression=Expression(breath=breath), engine=engine) for breath in (0.0, 1.0)
    )
    assert harmonics(plain, 150.0)[0] > 2 * harmonics(breathy, 150.0)[0]
    assert abs(harmonics(plain, 150.0)[1] - harmonics(breathy, 150.0)[1]) < 4.0


@BOTH
def test_formants_move_where_a_note_asks_for_it(engine):
    samples = vowel(110.0, LENGTH_S, RATE).samples[0]

    def centre(semitones):
        song = one_note(samples, 110.0, 110.0, expression=Expression(formant=semitones), engine=engine).astype(float)
        power = np.abs(np.fft.rfft(song)) ** 2
        hz = np.arange(len(power)) * 48_000 / len(song)
        return float((power * hz)[hz < 4000].sum() / power[hz < 4000].sum())

    assert centre(4.0) / centre(0.0) == pytest.approx(2 ** (4 / 12), rel=0.1)


@BOTH
def test_what_is_in_memory_is_not_sung_again_and_a_louder_note_is_the_same_unit(engine):
    samples, memory, counting = vowel(110.0, LENGTH_S, RATE).samples[0], {}, Counting(engine)
    plain = one_note(samples, 110.0, 130.0, memory=memory, engine=counting)
    assert len(counting.sung) == 1
    louder = one_note(samples, 110.0, 130.0, memory=memory, expression=Expression(level_db=-6.0), engine=counting)
    assert len(counting.sung) == 1
    middle = slice(20_000, 30_000)
    assert np.allclose(louder[middle], plain[middle] * 10 ** (-6 / 20), atol=1e-4)


@pytest.mark.parametrize("samples", [np.zeros(9600), np.full(9600, 0.5), np.sign(np.sin(np.arange(9600) * 0.03))])
@BOTH
def test_silence_and_clipped_sound_stay_finite_and_below_full_scale(samples, engine):
    song = one_note(samples, 115.0, 140.0, engine=engine)
    assert np.isfinite(song).all()
    assert np.abs(song).max() <= 1.0
