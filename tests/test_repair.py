"""Notes that are sung badly are sung again, and only these."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from shenqu.singing.contour import sung_pitch
from shenqu.singing.material import prepare
from shenqu.singing.perform import perform
from shenqu.singing.repair import look, near_pitch, sing_well
from shenqu.singing.unit import Engine, Take
from shenqu.singing.voice import lay_out, sing
from signals import Counting
from test_singing import CLOCK, RATE, WORLD, arrangement_of, speech

PITCHES = [45, 50, 47, 52, 45, 57]


@dataclass(frozen=True)
class Spoilt:
    """An engine that sings what lies in a part of the song a semitone too low."""

    engine: Engine
    first_ms: int
    last_ms: int

    at_once = 16

    @property
    def name(self):
        return f"spoilt from {self.first_ms} to {self.last_ms}"

    def singer(self, material, units):
        sing_unit = self.engine.singer(material, units)

        def spoilt(unit):
            if not self.first_ms <= unit.first < self.last_ms:
                return sing_unit(unit)
            return self.engine.singer(material, [low := replace(unit, pitch=unit.pitch - 1.0)])(low)

        return spoilt


@pytest.fixture(scope="module")
def song():
    samples, pitch, transcript = speech()
    performance = perform(arrangement_of(PITCHES), transcript, CLOCK, duration_s=5.0)
    material = prepare(samples, RATE, origin_s=0.0, hz=pitch, transcript=transcript)
    return lay_out(material, performance, sung_pitch(performance, style="hard", seed=0))


def faulty(song, vocal):
    return [bool(note.faults) for note in look(vocal, 48_000, song.performance, song.contour)]


def third_note_spoilt(song):
    third = song.performance.notes[2]
    return Spoilt(WORLD, round(1000 * third.start_s) - 200, round(1000 * third.end_s) - 100)


def test_a_note_sung_too_low_is_sung_again_by_the_other_engine(song):
    spoilt = third_note_spoilt(song)
    assert faulty(song, sing(song, Take(spoilt, 0), memory={})) == [n == 2 for n in range(6)]
    vocal, left = sing_well(song, Take(spoilt, 0), [Take(spoilt, 7), Take(WORLD, 0)], memory={})
    assert not left
    assert np.abs(vocal - sing(song, Take(WORLD, 0), memory={})).max() < 1e-4


def test_only_the_stretch_of_a_bad_note_is_sung_again(song):
    memory, world = {}, Counting(WORLD)
    spoilt = third_note_spoilt(song)
    vocal, _ = sing_well(song, Take(spoilt, 0), [Take(world, 0)], memory=memory)
    assert 1 <= len(world.sung) <= 2
    assert np.array_equal(vocal, sing_well(song, Take(spoilt, 0), [Take(WORLD, 0)], memory={})[0])
    assert np.array_equal(vocal, sing_well(song, Take(spoilt, 0), [Take(WORLD, 0)], memory=memory)[0])


@pytest.mark.parametrize("span", [(0, 700), (1230, 2040), (4000, 5000)])
def test_a_stretch_sounds_as_in_the_whole_song(song, span):
    whole, part = sing(song, Take(WORLD, 0), memory={}), sing(song, Take(WORLD, 0), memory={}, span=span)
    assert len(part) == 48 * (span[1] - span[0])
    assert np.abs(whole[48 * span[0] : 48 * span[1]] - part).max() < 1e-4


@pytest.mark.parametrize("stretch", [700, 1999])
def test_a_song_in_many_stretches_is_the_same_song(song, monkeypatch, stretch):
    whole = sing(song, Take(WORLD, 0), memory={})
    monkeypatch.setattr("shenqu.singing.voice.STRETCH", stretch)
    # The last of 24 bits may differ where stretches are resampled one by one.
    assert np.abs(whole - sing(song, Take(WORLD, 0), memory={})).max() < 2.0**-21


def test_what_no_take_mends_stays_and_is_named(song):
    spoilt = Spoilt(WORLD, 0, 2**31)
    vocal, left = sing_well(song, Take(spoilt, 0), [Take(spoilt, 1)], memory={})
    assert np.array_equal(vocal, sing(song, Take(spoilt, 0), memory={}))
    assert len(left) == 6 and all("cents too low" in note.faults[0] for note in left)


def test_a_good_song_is_left_alone(song):
    vocal, left = sing_well(song, Take(WORLD, 0), [Take(Spoilt(WORLD, 0, 2**31), 1)], memory={})
    assert np.array_equal(vocal, sing(song, Take(WORLD, 0), memory={})) and not left


def test_what_is_left_behind_a_note_is_not_its_pitch(song):
    vocal = sing(song, Take(WORLD, 0), memory={})
    note = song.performance.notes[2]
    first, last = round((0.3 * note.start_s + 0.7 * note.end_s) * 48_000), round(note.end_s * 48_000)
    hz = 440.0 * 2 ** ((note.pitch + 2 - 69) / 12)
    vocal[first:last] = 1e-3 * np.sin(2 * np.pi * hz * np.arange(last - first) / 48_000)
    assert not any(faulty(song, vocal))


@pytest.mark.parametrize("cents", [-140, -37, 0, 12, 250])
def test_the_quick_look_tells_cents(cents):
    hz = 196.0 * 2 ** (cents / 1200)
    times = np.arange(48_000) / 48_000
    tone = sum(np.sin(2 * np.pi * hz * k * times) / k for k in range(1, 12)).astype(np.float32)
    track = near_pitch(0.2 * tone, 48_000, np.full(1001, 55.0))
    found = 1200 * np.log2(track.f0_hz[10:90] / 196.0)
    assert np.abs(found - cents).max() < 3


def test_the_quick_look_hears_no_voice_in_noise_or_silence():
    noise = np.random.default_rng(0).normal(0, 0.1, 48_000).astype(np.float32)
    assert near_pitch(noise, 48_000, np.full(1001, 55.0)).voiced.mean() < 0.05
    assert not near_pitch(0 * noise, 48_000, np.full(1001, 55.0)).voiced.any()
