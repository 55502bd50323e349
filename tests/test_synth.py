"""The synthesiser: every sound has its pitch, does not fold, does not click, and ends in silence."""

from typing import get_args

import numpy as np
import pytest

from shenqu.documents.style import Drum, Kit, Wave
from shenqu.dsp.synth import DRUMS, KITS, WAVES, render_stroke, stroke_of
from shenqu.media.styles import packaged_sounds
from shenqu.music.instruments import DRUM_PITCHES, drum_of, render_note
from shenqu.units import pitch_to_hz

RATE = 48_000
SOUNDS = packaged_sounds()


def spectrum(samples):
    return np.fft.rfftfreq(len(samples), 1 / RATE), np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2


def test_styles_and_synthesiser_know_the_same_names():
    assert set(get_args(Drum)) == set(DRUMS) == set(DRUM_PITCHES)
    assert set(get_args(Kit)) == set(KITS)
    assert set(get_args(Wave)) == set(WAVES)
    assert all(drum_of(pitch) == drum for drum, pitch in DRUM_PITCHES.items())


@pytest.mark.parametrize("sound", SOUNDS.values(), ids=SOUNDS)
@pytest.mark.parametrize("pitch", [33, 57, 69, 84])
def test_a_note_has_its_pitch(sound, pitch):
    hz = float(pitch_to_hz(float(pitch)))
    note = render_note(sound, hz=hz, held=RATE, rate=RATE).sum(axis=0)[: RATE // 2]
    frequencies, power = spectrum(note)
    # All of its power lies around the multiples of the note, or of a bar's own partials.
    ratios = [partial.ratio for partial in sound.partials] or range(1, 130)
    near = np.zeros(len(frequencies), dtype=bool)
    for ratio in ratios:
        near |= np.abs(frequencies - ratio * hz) < max(6.0, 0.04 * ratio * hz)
    first = (frequencies > 0.94 * hz) & (frequencies < 1.06 * hz)
    assert power[near].sum() > 0.9 * power.sum()
    assert power[first].sum() > 0.02 * power.sum()
    peak_hz = frequencies[first][power[first].argmax()]
    assert abs(peak_hz - hz) <= 2.5 + hz * 2 ** (sound.detune_cents / 2400) - hz


@pytest.mark.parametrize("sound", SOUNDS.values(), ids=SOUNDS)
@pytest.mark.parametrize("pitch", [0, 21, 60, 108, 127])
def test_a_note_does_not_fold_and_ends_in_silence(sound, pitch):
    hz = float(pitch_to_hz(float(pitch)))
    note = render_note(sound, hz=hz, held=RATE // 2, rate=RATE)
    assert note.dtype == np.float32 and np.isfinite(note).all()
    assert not note[:, 0].any() or np.abs(note[:, 0]).max() < 1e-4
    assert np.abs(note[:, -1]).max() == 0.0
    assert np.abs(note).max() < 1.5
    assert np.abs(note[:, -24:]).max() < 1e-2  # no step where it is let go
    if pitch >= 60 and not sound.drive:
        frequencies, power = spectrum(note[0])
        assert power[frequencies < 0.6 * hz].sum() < 2e-3 * power.sum() + 1e-9


def test_a_slide_comes_from_the_note_before_and_arrives():
    sound = SOUNDS["bass-808"]
    note = render_note(sound, hz=110.0, held=RATE, rate=RATE, from_hz=55.0)[0]
    rising = [index for index in range(1, len(note)) if note[index - 1] < 0 <= note[index]]
    periods = np.diff(rising) / RATE
    assert 1 / periods[0] < 80
    assert 1 / periods[15] == pytest.approx(110.0, rel=0.02)


def test_a_unison_is_wide_and_as_loud_as_one():
    saw = SOUNDS["supersaw"]
    wide = render_note(saw, hz=220.0, held=RATE, rate=RATE)
    one = render_note(saw.replace(voices=1), hz=220.0, held=RATE, rate=RATE)
    assert np.corrcoef(wide)[0, 1] < 0.9
    assert 20 * np.log10(wide.std() / one.std()) == pytest.approx(0.0, abs=3.0)


@pytest.mark.parametrize("kit", KITS)
@pytest.mark.parametrize("drum", DRUMS)
def test_a_stroke_begins_and_ends_in_silence(kit, drum):
    stroke = render_stroke(stroke_of(drum, kit), rate=RATE)
    assert stroke[0] == 0 and stroke[-1] == 0
    assert np.abs(stroke).max() == pytest.approx(1.0)
    assert np.abs(stroke[-48:]).max() < 1e-2
    if drum != "crackle":
        assert np.abs(stroke).argmax() < 0.15 * RATE
