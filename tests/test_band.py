"""The band: in time, in key, in every metre, with fills, silences and a count-in where they belong."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.performance import TempoMap
from shenqu.documents.style import BandPart
from shenqu.documents.tune import Metre, Note, Part, PartNote, Section, Tempo, Tune
from shenqu.dsp.synth import render_stroke, stroke_of
from shenqu.media.styles import packaged_sounds, packaged_styles
from shenqu.music.band import band_parts, choose_style, count_in_beats, plan_band
from shenqu.music.form import song_form
from shenqu.music.harmony import bar_lines, chord_tones
from shenqu.music.instruments import DRUM_PITCHES, score_band
from shenqu.music.playing import play
from shenqu.music.tempo import song_tempo
from shenqu.pipeline.library import built_in_tune, built_in_tunes

RATE = 48_000
STYLES = packaged_styles()
SOUNDS = packaged_sounds()
METRES = [
    (4, 4, 0), (4, 4, 1), (2, 4, 0), (3, 4, 1), (6, 8, Fraction(1, 2)), (9, 8, 0), (12, 8, 0), (5, 4, 0), (7, 8, 0),
    (2, 2, 0), (3, 8, 0), (3, 2, 0), (1, 4, 0), (11, 16, 0),
]  # fmt: skip


def clock(bpm=120.0, lead=0):
    return TempoMap(lead_in_beat=Fraction(lead), steps=((Fraction(0), bpm),))


def tune_in(numerator, denominator, bars=16, upbeat=0, bpm=120.0):
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
        tempi=(Tempo(onset_beat=Fraction(0), bpm=bpm),),
        metres=(Metre(onset_beat=Fraction(0), numerator=numerator, denominator=denominator),),
        upbeat_beat=Fraction(upbeat),
        phrase_ends=(notes[3].end_beat, notes[7].end_beat, notes[-1].end_beat),
    )


def in_sections(tune, *kinds):
    """Return `tune` with its length parted evenly, at bar lines, into sections."""
    lines = [start for start, _ in bar_lines(tune) if start >= tune.upbeat_beat]
    each = len(lines) // len(kinds)
    starts = [lines[number * each] if number else Fraction(0) for number in range(len(kinds))]
    ends = [*starts[1:], tune.end_beat]
    return tune.replace(
        sections=tuple(
            Section(kind=kind, onset_beat=start, length_beat=end - start)
            for kind, start, end in zip(kinds, starts, ends, strict=True)
        )
    )


def part_of(parts, name):
    return next(part for part in parts if part.name == name)


def all_notes(parts):
    return [note for part in parts for note in part.notes]


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize(("numerator", "denominator", "upbeat"), METRES)
def test_the_band_sounds_on_every_bar_line_in_every_metre(style, numerator, denominator, upbeat):
    pulse = 1.5 if numerator in {6, 9, 12} else 0.5 if denominator == 8 and numerator == 3 else 1.0
    tune = tune_in(numerator, denominator, upbeat=upbeat, bpm=pulse * sum(style.tempo) / 2)
    parts = band_parts(tune, style)
    plan = plan_band(tune, style)
    lines = [start for start, _ in bar_lines(tune) if upbeat <= start <= plan.finale_beat]
    if numerator in {2, 3, 4, 6, 9, 12}:  # in odd metres a style may have nothing to play there
        spans = [(note.onset_beat, note.onset_beat + note.length_beat) for note in all_notes(parts)]
        assert all(any(start <= line < end for start, end in spans) for line in lines)
    assert all(note.onset_beat + note.length_beat <= plan.end_beat + 1 for note in all_notes(parts))
    assert np.isfinite(play(parts, tempo_map=clock(lead=4), duration_s=1.0)).all()


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_runs_tile_the_song_whatever_its_sections(style):
    tune = in_sections(tune_in(4, 4, 24, upbeat=1), "intro", "verse", "refrain", "bridge", "refrain", "tail")
    runs = plan_band(tune, style).runs
    assert runs[0].onset_beat == 1
    assert all(before.end_beat == after.onset_beat for before, after in pairwise(runs))
    assert runs[-1].end_beat == 1 + 24 * 4


def test_a_verse_builds_up_to_the_refrain():
    tune = in_sections(tune_in(4, 4, 16), "verse", "refrain")
    assert [run.scene for run in plan_band(tune, STYLES["eurobeat"]).runs] == ["intro", "verse", "build", "refrain"]


def test_before_the_drop_a_beat_of_silence_and_then_all():
    tune = in_sections(tune_in(4, 4, 16, bpm=150.0), "verse", "refrain")
    style = STYLES["eurobeat"]
    parts = band_parts(tune, style)
    assert not [note for note in all_notes(parts) if note.onset_beat < 32 and note.onset_beat + note.length_beat > 31]
    playing = {part.name for part in parts for note in part.notes if 32 <= note.onset_beat < 36}
    assert playing >= {"drums", "bass", "chords", "pad", "lead"}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_a_passage_ends_with_one_of_the_fills(style):
    tune = in_sections(tune_in(4, 4, 16, bpm=sum(style.tempo) / 2), "verse", "verse")
    struck = [
        (n.pitch, n.onset_beat) for n in part_of(band_parts(tune, style), "drums").notes if 30 <= n.onset_beat < 32
    ]
    late = Fraction(style.swing).limit_denominator(48) / 2 - Fraction(1, 4)
    fills = [
        sorted(
            (DRUM_PITCHES[drum], 30 + Fraction(step, 4) + late * (step % 2))
            for drum, row in fill.items()
            for step, sign in enumerate(row.replace(" ", ""))
            if sign != "."
        )
        for fill in style.fills
    ]
    assert sorted(struck) in fills


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
@pytest.mark.parametrize("upbeat", [0, 1, Fraction(1, 2)])
def test_the_sticks_count_to_the_first_bar(style, upbeat):
    tune = tune_in(4, 4, upbeat=upbeat)
    sticks = [note.onset_beat for note in part_of(band_parts(tune, style), "drums").notes if note.pitch == 37]
    before = [beat for beat in sticks if beat < upbeat]
    assert before == [upbeat - number for number in range(style.count_in, 0, -1)]
    lead = song_tempo(tune, tempo_factor=1.0, count_in_beat=count_in_beats(tune, style)).lead_in_beat
    assert lead.denominator == 1 and lead + min(before) >= 0


@pytest.mark.parametrize("tune", built_in_tunes(), ids=lambda tune: tune.id)
def test_all_that_is_pitched_keeps_to_the_chords(tune):
    for style in (STYLES["square-dance"], STYLES["rock"], STYLES["folk"]):
        parts = band_parts(tune, style)
        for name in style.instruments:
            if style.instruments[name].plays not in {"chords", "pad", "answer"}:
                continue
            for note in next((part.notes for part in parts if part.name == name), ()):
                chord = next((c for c in reversed(tune.chords) if c.onset_beat <= note.onset_beat), tune.chords[0])
                tones = chord_tones(chord.symbol)
                allowed = {(tones.root + step) % 12 for step in (*tones.steps, 7)}
                assert note.pitch % 12 in allowed, (style.title, name, note)


def test_sevenths_never_rub_against_the_melody():
    tune = built_in_tune("ode-to-joy")
    for note in part_of(band_parts(tune, STYLES["lo-fi"]), "keys").notes:
        end = note.onset_beat + note.length_beat
        sung = {n.pitch % 12 for n in tune.notes if n.onset_beat < end and n.end_beat > note.onset_beat}
        chord = next(c for c in reversed(tune.chords) if c.onset_beat <= note.onset_beat)
        tones = chord_tones(chord.symbol)
        if note.pitch % 12 not in {(tones.root + step) % 12 for step in tones.steps}:
            assert not {(note.pitch + 1) % 12, (note.pitch - 1) % 12} & sung


def test_a_style_at_half_its_tempo_walks_twice_as_fast():
    style = STYLES["trap"]
    usual, doubled = (in_sections(tune_in(4, 4, bpm=bpm), "verse") for bpm in (140.0, 70.0))
    once, twice = (part_of(band_parts(tune, style), "bass").notes for tune in (usual, doubled))
    onsets = [note.onset_beat for note in twice if note.onset_beat < 16]
    assert onsets == [note.onset_beat / 2 for note in once if note.onset_beat < 32]
    assert band_parts(doubled, style, tempo_factor=2.0) == band_parts(usual, style)


def test_swing_moves_every_second_sixteenth_and_nothing_else():
    style = STYLES["lo-fi"]
    drums = part_of(band_parts(tune_in(4, 4, bpm=80.0), style), "drums").notes
    places = {note.onset_beat % Fraction(1, 2) for note in drums if note.onset_beat >= 0}
    assert places == {0, Fraction(style.swing).limit_denominator(48) / 2}


@given(bpm=st.floats(10, 1000), metre=st.sampled_from([(4, 4), (2, 4), (3, 4), (6, 8), (5, 4)]))
@settings(max_examples=40, deadline=None)
def test_auto_finds_one_style_for_every_tempo_and_metre(bpm, metre):
    tune = tune_in(*metre, bpm=bpm)
    chosen = choose_style(tune, STYLES)
    if metre == (3, 4):
        assert chosen == "waltz"
    fitting = [
        name
        for name, style in STYLES.items()
        for kind, (low, high) in style.auto.items()
        if kind == {3: "3/4", 6: "6/8"}.get(metre[0], "4/4") and low <= bpm * (2 / 3 if metre[0] == 6 else 1) < high
    ]
    assert fitting in ([], [chosen])  # never two


def test_what_returns_is_the_refrain():
    def phrase(start, pitches):
        return [Note(pitch=p, onset_beat=Fraction(start + n), length_beat=Fraction(1)) for n, p in enumerate(pitches)]

    verse, other, refrain = ([60 + step for step in (*steps, *steps)] for steps in (
        (0, 2, 4, 2, 0, 2, 4, 0), (5, 4, 2, 0, 5, 4, 2, 7), (7, 7, 9, 7, 5, 5, 4, 2)
    ))  # fmt: skip
    notes = [note for n, line in enumerate((verse, refrain, other, refrain)) for note in phrase(16 * n, line)]
    tune = tune_in(4, 4).replace(notes=tuple(notes), phrase_ends=tuple(Fraction(16 * n) for n in (1, 2, 3, 4)))
    assert [section.kind for section in song_form(tune)] == ["verse", "refrain", "verse", "refrain"]


def test_the_seed_chooses_the_fills_and_nothing_else_is_left_to_chance():
    tune = built_in_tune("jasmine-flower")
    same = [band_parts(tune, STYLES["square-dance"], seed=5) for _ in range(2)]
    assert same[0] == same[1]
    assert len({part_of(band_parts(tune, STYLES["square-dance"], seed=seed), "drums") for seed in range(6)}) > 1
    sounds = [play(same[0], tempo_map=clock(), duration_s=3.0).tobytes() for _ in range(2)]
    assert sounds[0] == sounds[1]


# --- the sound


def clicks_at(beats, **options):
    notes = tuple(PartNote(pitch=37, onset_beat=beat, length_beat=Fraction(1, 8)) for beat in beats)
    return play([BandPart(name="sticks", program=0, drums=True, notes=notes)], **options)


@given(st.lists(st.integers(0, 47), min_size=1, max_size=8, unique=True), st.floats(50, 200), st.integers(0, 2))
@settings(max_examples=25, deadline=None)
def test_strokes_fall_on_their_sample(places, bpm, lead):
    tempo_map = TempoMap(lead_in_beat=Fraction(lead), steps=((Fraction(0), bpm), (Fraction(2), bpm * 1.3)))
    beats = sorted(Fraction(place, 6) for place in places)
    sound = clicks_at(beats, tempo_map=tempo_map, duration_s=20.0)[0]
    stroke = stroke_of("stick", "acoustic")
    expected = np.zeros(len(sound) + RATE)
    for beat in beats:
        start = round(tempo_map.beat_to_s(beat) * RATE)
        one = render_stroke(stroke, rate=RATE)
        expected[start : start + len(one)] += one
    expected = expected[: len(sound)]
    scale = float(np.dot(sound, expected) / np.dot(expected, expected))
    assert np.abs(sound - scale * expected).max() < 1e-5


def test_what_lies_before_the_song_is_not_heard():
    assert not clicks_at([Fraction(-1)], tempo_map=clock(), duration_s=1.0).any()


def test_a_tone_has_its_pitch_and_transposes_by_the_nearest_way():
    notes = (PartNote(pitch=69, onset_beat=Fraction(0), length_beat=Fraction(4)),)
    part = score_band([Part(name="organ", program=16, drums=False, notes=notes)], SOUNDS)
    for transpose, hz in [(0, 440.0), (3, 523.25), (12, 440.0), (-12, 440.0), (7, 329.63), (-9, 523.25)]:
        sound = play(part, tempo_map=clock(), duration_s=2.0, transpose=transpose)[0]
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
        assert abs(np.argmax(spectrum) / 2.0 - hz) <= 1.5, transpose


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_the_band_is_clean(style):
    tune = built_in_tune("korobeiniki")
    sound = play(band_parts(tune, style), tempo_map=clock(138.0, lead=4), duration_s=24.0)
    assert sound.shape == (2, 24 * RATE)
    assert sound.dtype == np.float32
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() <= 0.8001
    assert abs(float(sound.mean())) < 2e-3
    assert np.abs(np.diff(sound, axis=1)).max() < 0.4
    assert not np.abs(sound[:, -RATE // 20 :]).max() > 1e-3
    power = np.abs(np.fft.rfft(sound[0])) ** 2
    hz = np.fft.rfftfreq(sound.shape[1], 1 / RATE)
    low, speech = power[(hz > 30) & (hz < 500)].sum(), power[(hz > 1000) & (hz < 4000)].sum()
    # Not harsh: the range of speech lies well below the bass, but is not empty.
    assert 3 < 10 * np.log10(low / speech) < 28


def test_every_program_of_a_score_has_a_sound():
    parts = [Part(name=str(program), program=program, drums=False, notes=()) for program in range(128)]
    assert all(part.sound for part in score_band(parts, SOUNDS))


def test_nothing_to_play_is_silence():
    assert not play((), tempo_map=clock(), duration_s=0.5).any()
    assert play((), tempo_map=clock(), duration_s=0.0).shape == (2, 0)
