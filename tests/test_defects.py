"""Recordings with defects that are planted: clipped, and two people in two channels."""

import warnings

import numpy as np
import pytest
import soundfile

from shenqu.documents.options import WordsOptions
from shenqu.dsp.defects import CLIPPED, clipped_share, hold_two_sounds
from shenqu.errors import ShenquWarning
from shenqu.pipeline.hear import hear
from signals import spoken


def speech():
    samples = spoken("pangram").audio.mono
    return samples / np.abs(samples).max(), spoken("pangram").audio.rate


def warned(path, **options):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ShenquWarning)
        hear(path, WordsOptions(**options), needed=None)
    return [str(warning.message) for warning in told]


@pytest.mark.parametrize(("gain", "told"), [(1.0, False), (2.0, True), (8.0, True)])
@pytest.mark.parametrize("level", [0.2, 1.0])
def test_a_clipped_recording_is_told_in_a_line(gain, told, level, tmp_path):
    samples, rate = speech()
    soundfile.write(tmp_path / "speech.wav", level * np.clip(gain * samples, -1, 1), rate)
    messages = warned(tmp_path / "speech.wav")
    assert bool(messages) == told
    assert all("is clipped" in message and "\n" not in message for message in messages)


def test_an_offset_is_no_clipping():
    voice = np.random.default_rng(0).laplace(size=(1, 48_000))
    assert abs(clipped_share(0.02 * voice + 0.6) - clipped_share(voice)) < 0.0001


def test_silence_and_nothing_are_not_clipped():
    assert clipped_share(np.zeros((1, 1000))) == clipped_share(np.zeros((2, 0))) == 0.0 < CLIPPED


def test_two_people_in_two_channels_are_told(tmp_path):
    samples, rate = speech()
    other = np.resize(spoken("en").audio.mono, samples.shape)
    soundfile.write(tmp_path / "two.wav", np.stack([samples, other / np.abs(other).max()], axis=1), rate)
    assert [("--speaker left or right" in message) for message in warned(tmp_path / "two.wav")] == [True]
    assert warned(tmp_path / "two.wav", speaker="left") == []


@pytest.mark.parametrize("mix", ["same", "panned", "one silent", "turned over", "late"])
def test_one_person_in_two_channels_is_one(mix):
    samples, rate = speech()
    other = {
        "same": samples,
        "panned": 0.3 * samples,
        "one silent": 0.001 * samples[::-1],
        "turned over": -samples,
        "late": np.roll(samples, round(0.01 * rate)),
    }[mix]
    assert not hold_two_sounds(np.stack([samples, other]), rate)
    assert not hold_two_sounds(samples[None, :], rate) and not hold_two_sounds(np.zeros((2, 10)), rate)
