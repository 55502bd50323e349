"""Syllables and speech in the sound alone: planted vowels; what is no speech; real recordings."""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile

from shenqu.documents.audio import LongSound
from shenqu.dsp.band_level import band_level
from shenqu.dsp.blocks import in_blocks
from shenqu.engines.silero_vad import find_speech
from shenqu.engines.swift_pitch import track_long_pitch, track_pitch
from shenqu.errors import InputError
from shenqu.speech.syllables import find_syllables

RATE = 16_000
DATA = Path(os.environ.get("SHENQU_DATA", "/nonexistent"))
needs_data = pytest.mark.skipif("SHENQU_DATA" not in os.environ, reason="SHENQU_DATA names no folder of recordings")
ONSETS_S = [0.3, 0.62, 0.9, 1.35, 1.6, 2.1, 2.45, 2.75]
VOWEL_S = 0.15


def spoken(onsets_s=ONSETS_S, *, seconds=3.2):
    """Return vowels of `VOWEL_S` with formants and a falling pitch, a hiss of 80 ms before each."""
    samples = np.zeros(int(seconds * RATE))
    generator = np.random.default_rng(0)
    count = int(VOWEL_S * RATE)
    for number, onset_s in enumerate(onsets_s):
        pitch_hz = (120.0 + 20.0 * (number % 3)) * np.exp(-1.5 * np.arange(count) / RATE)
        pulses = np.diff(np.floor(np.cumsum(pitch_hz) / RATE), prepend=0.0)
        for formant_hz, width_hz in ((650, 80), (1200, 90), (2500, 120)):
            radius = np.exp(-np.pi * width_hz / RATE)
            pulses = scipy.signal.lfilter(
                [1 - radius], [1, -2 * radius * np.cos(2 * np.pi * formant_hz / RATE), radius**2], pulses
            )
        start = int(onset_s * RATE)
        samples[start : start + count] += pulses * scipy.signal.windows.tukey(count, 0.2)
        hiss = np.diff(np.diff(generator.normal(0.0, 1.0, int(0.08 * RATE) + 2)))
        samples[start - len(hiss) : start] += hiss * 0.02 * np.abs(pulses).max()
    samples += generator.normal(0.0, 1e-4, len(samples)) * np.abs(samples).max()
    return (0.5 * samples / np.abs(samples).max()).astype(np.float32)


def long_sound(samples, rate=RATE):
    return LongSound(pcm=np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16), rate=rate)


def syllables(samples, rate=RATE, *, speech=((0.0, 1e9),), offset_s=0.0):
    """Return the syllables of `samples`, all of which may be speech."""
    sound = long_sound(samples, rate)
    return find_syllables(sound, track_long_pitch(sound), speech, offset_s=offset_s)


def noises():
    generator = np.random.default_rng(1)
    time_s = np.arange(6 * RATE) / RATE
    yield "silence", np.zeros(2 * RATE)
    yield "white noise", generator.normal(0.0, 0.1, len(time_s))
    yield "hum", 0.3 * np.sin(2 * np.pi * 60.0 * time_s) + generator.normal(0.0, 0.003, len(time_s))
    yield "tone", 0.3 * np.sin(2 * np.pi * 220.0 * time_s)
    claps = np.where(generator.random(len(time_s)) < 0.01, generator.normal(0.0, 1.0, len(time_s)), 0.0)
    decay = generator.normal(0.0, 1.0, 160) * np.exp(-np.arange(160) / 30.0)
    yield "applause", 0.2 * np.convolve(claps, decay, "same")
    notes = np.zeros(len(time_s))
    for place, pitch in enumerate([60, 62, 64, 65, 67, 65, 64, 62] * 3):
        phase = 2 * np.pi * 440.0 * 2 ** ((pitch - 69) / 12) * np.arange(4000) / RATE
        notes[place * 4000 : place * 4000 + 4000] += np.exp(-np.arange(4000) / 2500) * sum(
            np.sin(harmonic * phase) / harmonic for harmonic in range(1, 8)
        )
    yield "piano", 0.2 * notes


@pytest.mark.parametrize(("name", "sound"), list(noises()), ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_no_speech(name, sound):
    assert not find_speech(long_sound(sound)), name


def test_planted_vowels_are_found():
    transcript = syllables(spoken(), offset_s=7.0)
    assert transcript.language == "und"
    found = transcript.syllables
    assert len(found) == len(ONSETS_S)
    onsets = np.array([syllable.vowel_s - 7.0 for syllable in found])
    assert np.abs(onsets - ONSETS_S).max() < 0.03  # the hill is a window of 8 ms wide, and rises slowly
    leads = onsets - [syllable.start_s - 7.0 for syllable in found]
    assert np.median(leads) == pytest.approx(0.08, abs=0.03)
    for before, after in pairwise(found):
        assert before.end_s <= after.start_s
    for syllable in found:
        assert syllable.start_s <= syllable.vowel_s < syllable.vowel_end_s <= syllable.end_s


def test_nothing_is_found_in_silence_and_outside_speech():
    assert syllables(np.zeros(RATE, np.float32)).words == ()
    assert syllables(spoken(), speech=()).words == ()
    inside = syllables(spoken(), speech=((0.5, 1.5),)).syllables
    assert [syllable.vowel_s for syllable in inside] == pytest.approx(ONSETS_S[1:4], abs=0.03)


def test_long_sound_is_measured_as_at_once():
    generator, line = np.random.default_rng(0), spoken()
    pieces = [(line * generator.uniform(0.02, 1.0), generator.normal(0.0, 1e-3, 5000)) for _ in range(38)]
    samples = np.concatenate([sound for piece in pieces for sound in piece])
    sound = long_sound(samples)
    assert sound.duration_s > 121.0
    whole = sound.part(0.0, sound.duration_s)
    at_once, in_parts = track_pitch(whole, RATE), track_long_pitch(sound)
    assert np.allclose(in_parts.f0_hz, at_once.f0_hz, rtol=1e-6)
    assert np.array_equal(in_parts.f0_hz, track_long_pitch(sound).f0_hz)

    def level(samples):
        return band_level(samples, RATE, low_hz=80.0, high_hz=7200.0, hop_s=0.005, width_s=0.018)

    parts = in_blocks(lambda start_s, end_s: level(sound.part(start_s, end_s)), sound.duration_s, hop_s=0.005)
    assert np.allclose(parts, level(whole), atol=1e-3)


def test_other_rates_give_the_same_syllables():
    samples = spoken()
    double = scipy.signal.resample_poly(samples, 3, 1).astype(np.float32)
    found = [
        [syllable.vowel_s for syllable in syllables(sound, rate).syllables]
        for sound, rate in ((samples, RATE), (double, 3 * RATE))
    ]
    assert found[0] == pytest.approx(found[1], abs=0.011)


def test_pitch_is_the_planted_one_and_the_same_each_time():
    time_s = np.arange(RATE) / RATE
    tone = (0.3 * sum(np.sin(2 * np.pi * 200 * k * time_s) / k for k in range(1, 9))).astype(np.float32)
    tone[RATE // 2 :] = 0.0
    track = track_pitch(tone, RATE)
    assert len(track.f0_hz) == 201
    assert np.abs(1200 * np.log2(track.f0_hz[10:90] / 200.0)).max() < 15.0
    assert not track.f0_hz[110:].any() and np.isfinite(track.f0_hz).all()
    assert np.array_equal(track.f0_hz, track_pitch(tone, RATE).f0_hz)


@pytest.mark.parametrize("bad", [np.zeros(0, np.float32), np.array([0.0, np.nan], np.float32)])
def test_pitch_of_nothing_is_refused(bad):
    with pytest.raises(InputError):
        track_pitch(bad, RATE)


def test_band_level_is_the_level_of_the_band():
    time_s = np.arange(RATE) / RATE
    both = (np.sin(2 * np.pi * 1000 * time_s) + 0.1 * np.sin(2 * np.pi * 6000 * time_s)).astype(np.float32)
    level = band_level(both, RATE, low_hz=300, high_hz=2500, hop_s=0.005, width_s=0.01)
    assert level[50:150] == pytest.approx(np.full(100, -3.01), abs=0.2)
    assert band_level(both[:0], RATE, low_hz=300, high_hz=2500, hop_s=0.005, width_s=0.01).size == 0


@needs_data
def test_vowels_of_labelled_speech():
    """Three of four labelled vowels are found, nothing much else; half of the onsets within 20 ms."""
    hits, errors, found_count, label_count = 0, [], 0, 0
    for labels in sorted((DATA / "made").glob("*.vowels.txt"))[::3]:
        samples, rate = soundfile.read(labels.with_name(labels.name.replace(".vowels.txt", ".flac")), dtype="float32")
        speech = find_speech(long_sound(samples, rate))
        assert speech, labels.name
        onsets = np.array([syllable.vowel_s for syllable in syllables(samples, rate, speech=speech).syllables])
        reference = np.loadtxt(labels)
        distances = np.abs(reference[:, None] - onsets[None, :]).min(axis=1)
        hits += int((distances < 0.06).sum())
        errors += list(distances[distances < 0.06])
        found_count += len(onsets)
        label_count += len(reference)
    assert hits / label_count > 0.75 and hits / found_count > 0.75
    assert np.median(errors) < 0.02
