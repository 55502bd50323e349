"""The band: in time, in key, in every metre; and its sounds: clean, silent at the end, the same each time."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.performance import TempoMap
from shenqu.documents.tune import Metre, Note, Part, PartNote, Tempo, Tune
from shenqu.dsp.synth import Timbre, render_drum, render_tone
from shenqu.errors import InputError
from shenqu.music.band import BAND_STYLES, STYLES, band_parts, default_style, play
from shenqu.music.harmony import chord_tones
from shenqu.pipeline.library import built_in_tune, built_in_tunes

RATE = 48_000


def clock(bpm=120.0, lead=0):
    return TempoMap(lead_in_beat=Fraction(lead), steps=((Fraction(0), bpm),))


def tune_in(numerator, denominator, bars=8, upbeat=0):
    bar = Fraction(4 * numerator, denominator)
    onsets = ([Fraction(0)] if upbeat else []) + [Fraction(upbeat) + n * bar for n in range(bars)]
    lengths = [after - onset for onset, after in zip(onsets, [*onsets[1:], onsets[-1] + bar], strict=True)]
    notes = tuple(
        Note(pitch=60 + (0, 4, 7)[n % 3], onset_beat=onset, length_beat=length)
        for n, (onset, length) in enumerate(zip(onsets, lengths, strict=True))
    )
    return Tune(
        id="made",
        title="Made",
        notes=notes,
        tempi=(Tempo(onset_beat=Fraction(0), bpm=120.0),),
        metres=(Metre(onset_beat=Fraction(0), numerator=numerator, denominator=denominator),),
        upbeat_beat=Fraction(upbeat),
        phrase_ends=(notes[3].end_beat, notes[-1].end_beat),
    )


def part_of(parts, name):
    return next(part for part in parts if part.name == name)


def kicks(parts):
    return [note.onset_beat for note in part_of(parts, "drums").notes if note.pitch == 36]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("numerator", "denominator", "upbeat"),
    [
        (4, 4, 0),
        (4, 4, 1),
        (2, 4, 0),
        (3, 4, 1),
        (6, 8, Fraction(1, 2)),
        (9, 8, 0),
        (12, 8, 0),
        (5, 4, 0),
        (7, 8, 0),
        (2, 2, 0),
    ],
)
def test_every_bar_line_is_struck_in_every_metre(style, numerator, denominator, upbeat):
    tune = tune_in(numerator, denominator, upbeat=upbeat)
    parts = band_parts(tune, style=style)
    bar = Fraction(4 * numerator, denominator)
    assert {Fraction(upbeat) + n * bar for n in range(8)} <= set(kicks(parts))
    assert min(kicks(parts)) == upbeat
    notes = [note for part in parts for note in part.notes]
    assert all(0 <= note.onset_beat < tune.end_beat for note in notes)
    sound = play(parts, tempo_map=clock(), duration_s=2.0)
    assert np.isfinite(sound).all()


def test_square_dance_walks_on_every_beat_with_octaves_in_the_bass():
    parts = band_parts(built_in_tune("twinkle"), style="square-dance")
    assert set(range(0, 45)) <= set(kicks(parts))
    bass = part_of(parts, "bass").notes
    assert [note.onset_beat for note in bass[:4]] == [0, Fraction(1, 2), 1, Fraction(3, 2)]
    assert bass[1].pitch - bass[0].pitch == 12


def test_a_jig_swings_its_offbeats():
    bass = part_of(band_parts(tune_in(6, 8), style="square-dance"), "bass").notes
    assert [note.onset_beat for note in bass[:3]] == [0, 1, Fraction(3, 2)]


def test_sections_end_with_a_fill_and_begin_with_a_cymbal():
    drums = part_of(band_parts(built_in_tune("ode-to-joy"), style="square-dance"), "drums").notes
    crashes = [note.onset_beat for note in drums if note.pitch == 49]
    assert crashes[0] == 16 and 32 in crashes
    fill = [note for note in drums if 14 <= note.onset_beat < 16]
    assert len([note for note in fill if note.pitch in {38, 45, 47, 50}]) >= 5


@pytest.mark.parametrize("tune", built_in_tunes(), ids=lambda tune: tune.id)
@pytest.mark.parametrize("style", STYLES)
def test_chords_and_bass_keep_to_the_chords(tune, style):
    parts = band_parts(tune, style=style)
    for note in part_of(parts, "chords").notes:
        chord = next(c for c in reversed(tune.chords) if c.onset_beat <= note.onset_beat)
        tones = chord_tones(chord.symbol)
        assert (note.pitch - tones.root) % 12 in {step % 12 for step in tones.steps}


def test_choice_of_style():
    tune = built_in_tune("can-can")
    piano = Part(
        name="piano",
        program=0,
        drums=False,
        notes=(PartNote(pitch=60, onset_beat=Fraction(0), length_beat=Fraction(1)),),
    )
    assert default_style(tune) == "square-dance"
    assert band_parts(tune.replace(parts=(piano,))) == (piano,)
    assert band_parts(tune, style="none") == ()
    with pytest.raises(InputError, match=r"polka.*square-dance, chiptune, score, none"):
        band_parts(tune, style="polka")
    assert set(BAND_STYLES) == {"square-dance", "chiptune", "score", "none"}


def test_a_tune_without_chords_gets_a_band_too():
    assert {part.name for part in band_parts(built_in_tune("twinkle").replace(chords=()))} >= {"bass", "chords"}


def test_the_seed_chooses_the_fills_and_nothing_else_is_left_to_chance():
    tune = built_in_tune("jasmine-flower")
    same = [band_parts(tune, seed=5) for _ in range(2)]
    assert same[0] == same[1]
    assert len({band_parts(tune, seed=seed) for seed in range(6)}) > 1
    sounds = [play(same[0], tempo_map=clock(), duration_s=3.0).tobytes() for _ in range(2)]
    assert sounds[0] == sounds[1]


def clicks_at(beats, **options):
    notes = tuple(PartNote(pitch=37, onset_beat=beat, length_beat=Fraction(1, 8)) for beat in beats)
    return play([Part(name="sticks", program=0, drums=True, notes=notes)], **options)


@given(st.lists(st.integers(0, 47), min_size=1, max_size=8, unique=True), st.floats(50, 200), st.integers(0, 2))
@settings(max_examples=25, deadline=None)
def test_strokes_fall_on_their_sample(places, bpm, lead):
    tempo_map = TempoMap(lead_in_beat=Fraction(lead), steps=((Fraction(0), bpm), (Fraction(2), bpm * 1.3)))
    beats = sorted(Fraction(place, 6) for place in places)
    one = clicks_at(beats[:1], tempo_map=tempo_map, duration_s=20.0)
    all_of_them = clicks_at(beats, tempo_map=tempo_map, duration_s=20.0)
    for beat in beats:
        start = round(tempo_map.beat_to_s(beat) * RATE)
        # The first sample of a stroke is 0: it fades in.
        assert not all_of_them[0, max(0, start - 1) : start + 1].any() or len(beats) > 1
        assert all_of_them[0, start + 1] != 0
    first = round(tempo_map.beat_to_s(beats[0]) * RATE)
    assert not one[0, : first + 1].any()


def test_a_tone_has_its_pitch_and_transposes_by_the_nearest_way():
    notes = (PartNote(pitch=69, onset_beat=Fraction(0), length_beat=Fraction(4)),)
    part = Part(name="organ", program=16, drums=False, notes=notes)
    for transpose, hz in [(0, 440.0), (3, 523.25), (12, 440.0), (-12, 440.0), (7, 329.63), (-9, 523.25)]:
        sound = play([part], tempo_map=clock(), duration_s=2.0, transpose=transpose)[0]
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
        assert abs(np.argmax(spectrum) / 2.0 - hz) <= 1.5, transpose


@pytest.mark.parametrize("style", STYLES)
def test_the_band_is_clean(style):
    tune = built_in_tune("korobeiniki")
    sound = play(band_parts(tune, style=style), tempo_map=clock(138.0), duration_s=16.0)
    assert sound.shape == (2, 16 * RATE)
    assert sound.dtype == np.float32
    assert np.abs(sound).max() <= 0.8001
    assert abs(float(sound.mean())) < 1e-4
    assert np.abs(np.diff(sound, axis=1)).max() < 0.4
    assert not np.abs(sound[:, -RATE // 20 :]).max() > 1e-3
    power = np.abs(np.fft.rfft(sound[0])) ** 2
    hz = np.fft.rfftfreq(sound.shape[1], 1 / RATE)
    low, speech = power[(hz > 30) & (hz < 500)].sum(), power[(hz > 1000) & (hz < 4000)].sum()
    # Not harsh: the range of speech lies well below the bass, but is not empty.
    assert 3 < 10 * np.log10(low / speech) < 20


@pytest.mark.parametrize("program", range(0, 128, 8))
@pytest.mark.parametrize("pitch", [0, 21, 60, 108, 127])
def test_every_program_plays_every_pitch_without_folding_or_clicks(program, pitch):
    note = PartNote(pitch=pitch, onset_beat=Fraction(0), length_beat=Fraction(1))
    sound = play([Part(name="x", program=program, drums=False, notes=(note,))], tempo_map=clock(), duration_s=1.5)
    assert np.isfinite(sound).all()
    hz = np.fft.rfftfreq(sound.shape[1], 1 / RATE)
    power = np.abs(np.fft.rfft(sound[0] * np.hanning(sound.shape[1]))) ** 2
    if pitch >= 60:
        below = power[hz < 440.0 * 2 ** ((pitch - 69) / 12) * 0.6].sum()
        assert below < 1e-3 * power.sum()


def test_a_released_tone_ends_in_silence():
    tone = render_tone(Timbre(wave="saw", level=1.0, sustain=1.0), hz=220.0, held=4800, rate=RATE)
    assert abs(tone[0, 0]) < 1e-6 and abs(tone[0, -1]) < 1e-3
    for drum in ("kick", "snare", "clap", "hat", "open hat", "crash", "tom", "stick"):
        for chip in (False, True):
            stroke = render_drum(drum, rate=RATE, chip=chip)
            assert stroke[0, 0] == 0 and abs(stroke[0, -1]) < 1e-3
            assert np.abs(stroke).max() == pytest.approx(1.0)


def test_nothing_to_play_is_silence():
    assert not play((), tempo_map=clock(), duration_s=0.5).any()
    assert play((), tempo_map=clock(), duration_s=0.0).shape == (2, 0)
