"""Figures sound where their document says, as it says; second voices are sung; what is wrong is refused by number."""

import json
from fractions import Fraction

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.cli import run
from shenqu.documents.arrangement import PlacedNote, Placement
from shenqu.documents.figure import Figure, Stroke, Voice
from shenqu.documents.performance import TempoMap
from shenqu.documents.speech import Syllable, Transcript, Word
from shenqu.engines.world import analyse_voice
from shenqu.errors import InputError
from shenqu.singing.figures import check_figures, play_figures, sampled, sing_beside
from shenqu.singing.material import prepare
from shenqu.singing.repair import near_pitch
from shenqu.singing.unit import Take
from shenqu.singing.vocoder import Vocoder
from shenqu.units import SONG_RATE
from signals import audio, clicks, spoken, vowel

RATE = 48_000
TAKE = Take(Vocoder(analyse_voice), 0)
CLOCK = TempoMap(lead_in_beat=Fraction(1), steps=((Fraction(0), 97.3),))
NONE = Transcript(language="und")


def material_of(sound, transcript=NONE, *, hz=0.0):
    frames = int(sound.duration_s / 0.005) + 1
    return prepare(sound.mono, sound.rate, origin_s=0.0, hz=np.full(frames, float(hz)), transcript=transcript)


def figure(*beats, start_s=0.2, beat_s=0.25, end_s=0.4, length=Fraction(1, 4), **changes):
    strokes = tuple(Stroke(onset_beat=Fraction(beat), length_beat=length) for beat in beats)
    values = {"kind": "stutter", "name": "planted", "onset_beat": Fraction(1), **changes}
    return Figure(start_s=start_s, beat_s=beat_s, end_s=end_s, strokes=strokes, **values)


def played(*figures, material, seconds=8.0, take=TAKE):
    out = np.zeros((2, round(seconds * SONG_RATE)), dtype=np.float32)
    play_figures(out, figures, material, CLOCK, take=take, memory={})
    return out


def click_speech(at_s=0.25, rate=RATE):
    """A click on the beat in soft noise, so that there is a level."""
    rng = np.random.default_rng(1)
    sound = clicks([at_s], 1.0, rate)
    return audio(sound.mono + 0.001 * rng.standard_normal(sound.samples.shape[1]), rate)


@pytest.mark.parametrize("rate", [24_000, 48_000])
@pytest.mark.parametrize("semitones", [0.0, 7.0, -12.0])
def test_the_beat_of_the_speech_falls_on_the_beat_of_the_song(rate, semitones):
    beats = [0, Fraction(3, 4), Fraction(7, 3)]
    strokes = tuple(Stroke(onset_beat=Fraction(b), length_beat=Fraction(1, 4), semitones=semitones) for b in beats)
    one = figure(0, sampler=True).replace(strokes=strokes)
    out = played(one, material=material_of(click_speech(rate=rate)))[0]
    for beat in beats:
        wanted = CLOCK.beat_to_s(1 + Fraction(beat)) * SONG_RATE
        near = slice(round(wanted) - 2000, round(wanted) + 2000)
        found = near.start + int(np.abs(out[near]).argmax())
        assert abs(found - wanted) <= 1.5


@given(start=st.floats(0.05, 0.24), beat=st.fractions(0, 6, max_denominator=24))
@settings(max_examples=20, deadline=None)
def test_wherever_the_piece_begins_its_beat_is_kept(start, beat):
    out = played(figure(beat, start_s=start), material=material_of(click_speech()))[0]
    assert abs(int(np.abs(out).argmax()) - CLOCK.beat_to_s(1 + beat) * SONG_RATE) <= 1.0


def test_what_is_turned_round_ends_on_its_beat():
    one = figure(2, start_s=0.25, beat_s=0.25, reverse=True)
    out = played(one, material=material_of(click_speech(0.3)))[0]
    wanted = CLOCK.beat_to_s(Fraction(3)) * SONG_RATE
    assert abs(int(np.abs(out).argmax()) - (wanted - 0.05 * SONG_RATE)) <= 2
    assert not out[round(wanted) + 2 :].any()


def test_tuned_strokes_sound_at_their_pitch_and_keep_their_time():
    sound = vowel(150.0, 1.2, RATE)
    syllable = Syllable(text="a", start_s=0.2, vowel_s=0.25, vowel_end_s=0.9, end_s=0.9)
    words = (Word(text="a", start_s=0.2, end_s=0.9, syllables=(syllable,)),)
    material = material_of(sound, Transcript(language="und", words=words), hz=150.0)
    one = figure(0, end_s=0.85, length=Fraction(2), pitch=55)
    out = played(one, material=material)[0]
    begin = round(CLOCK.beat_to_s(Fraction(1)) * SONG_RATE)
    heard = out[begin + 2400 : begin + 2400 + 20_000]
    track = near_pitch(heard, SONG_RATE, np.full(600, 55.0))
    voiced = track.f0_hz[3:-3]
    assert abs(1200 * np.log2(np.median(voiced) / 195.998)) < 15
    assert np.flatnonzero(out)[-1] / SONG_RATE == pytest.approx(CLOCK.beat_to_s(Fraction(1)) + 0.6, abs=0.002)


def test_a_stroke_is_cut_at_its_length_without_a_click():
    out = played(figure(0, end_s=0.9, length=Fraction(1, 8)), material=material_of(vowel(150.0, 1.2, RATE)))[0]
    sounding = np.flatnonzero(out)
    assert sounding[-1] <= CLOCK.beat_to_s(Fraction(9, 8)) * SONG_RATE + 1
    steps = np.abs(np.diff(out))
    inside = steps[sounding[0] + 480 : sounding[-1] - 480].max()
    assert steps.max() <= 1.05 * inside


def test_quotes_are_the_recording_itself():
    sound = spoken("en").audio
    quote = figure(0, kind="spoken", start_s=0.3, beat_s=0.3, end_s=1.3, length=Fraction(8))
    material = material_of(audio(sound.mono[: 2 * sound.rate], sound.rate))
    out = played(quote, material=material)[0]
    begin = round(CLOCK.beat_to_s(Fraction(1)) * SONG_RATE)
    here = sampled(quote, 0.0, material).samples[500:-500]
    assert np.corrcoef(here, out[begin + 500 : begin + 500 + len(here)])[0, 1] > 0.9999
    raw = sound.mono[round(0.3 * sound.rate) : round(1.3 * sound.rate)]
    assert np.corrcoef(raw[250:-250], here[:: SONG_RATE // sound.rate][: len(raw) - 500])[0, 1] > 0.99


def test_pan_and_level_are_kept():
    material = material_of(vowel(150.0, 1.0, RATE))
    left, right = played(figure(0, pan=-1.0, level_db=-6.0), material=material)
    assert not right.any()
    middle = played(figure(0), material=material)
    assert 20 * np.log10(np.abs(left).max() / np.abs(middle[0]).max()) == pytest.approx(-6.0 + 3.01, abs=0.05)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (figure(0, start_s=9.0, beat_s=9.0, end_s=9.5), "figure 1 .* ends at 5.00"),
        (figure(0, onset_beat=Fraction(-2)), "figure 1 .* beat -2"),
        (figure(0, end_s=99.0), "figure 1"),
    ],
)
def test_a_figure_that_cannot_be_is_named(wrong, says):
    with pytest.raises(InputError, match=says):
        check_figures((figure(0), wrong), CLOCK, speech_end_s=5.0)


def test_a_second_voice_is_sung_on_its_notes_by_the_same_singer():
    said = spoken("en")
    syllables = said.transcript.syllables
    material = prepare(
        said.audio.mono,
        said.audio.rate,
        origin_s=0.0,
        hz=np.full(int(said.audio.duration_s / 0.005) + 1, 120.0),
        transcript=said.transcript,
    )
    note = PlacedNote(pitch=52, onset_beat=Fraction(2), length_beat=Fraction(3))
    index = max(range(len(syllables)), key=lambda number: syllables[number].vowel_end_s - syllables[number].vowel_s)
    voice = Voice(name="third above", placements=(Placement(syllable=index, notes=(note,)),), level_db=-12.0, pan=-1.0)
    loud, memory = np.zeros((2, 8 * SONG_RATE), dtype=np.float32), {}
    for level_db, out in ((0.0, loud), (-12.0, soft := np.zeros_like(loud))):
        one = voice.replace(level_db=level_db)
        sing_beside(out, one, material, said.transcript, CLOCK, mode="phrase", style="hard", take=TAKE, memory=memory)
    begin, end = (round(CLOCK.beat_to_s(Fraction(beat)) * SONG_RATE) for beat in (2, 5))
    assert not loud[1].any() and not loud[0, : begin - SONG_RATE // 4].any()
    track = near_pitch(loud[0, begin + 4000 : end - 20_000], SONG_RATE, np.full(2000, 52.0))
    assert abs(1200 * np.log2(np.median(track.f0_hz[track.f0_hz > 0]) / 164.81)) < 15
    assert 20 * np.log10(np.abs(soft).max() / np.abs(loud).max()) == pytest.approx(-12.0, abs=0.05)


def test_a_voice_that_cannot_be_sung_is_named():
    note = PlacedNote(pitch=100, onset_beat=Fraction(2), length_beat=Fraction(3))
    said = spoken("en")
    voice = Voice(name="far above", placements=(Placement(syllable=0, notes=(note,)),))
    with pytest.raises(InputError, match=r"'far above'.*pitch 100"):
        sing_beside(
            np.zeros((2, SONG_RATE), dtype=np.float32),
            voice,
            material_of(said.audio, said.transcript),
            said.transcript,
            CLOCK,
            mode="phrase",
            style="hard",
            take=TAKE,
            memory={},
        )


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    """A folder with a short song, its document and its backing."""
    folder = tmp_path_factory.mktemp("figures")
    said = spoken("en")
    soundfile.write(folder / "line.wav", said.audio.mono, said.audio.rate)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHENQU_CACHE", str(folder / "cache"))
        words = ["sing", str(folder / "line.wav"), "--tune", "twinkle", "--text", demo_text(), "--band", "none"]
        assert run([*words, "--length", "12", "--figures", "many", "--quiet"]) == 0
        yield folder


def demo_text():
    return "Hello my friends, are you OK?"


def rendered(song, figures):
    """Render the document with other figures; return its exit code and backing."""
    document = json.loads((song / "line.song.shenqu").read_text())
    document["figures"], document["voices"] = figures, []
    (song / "changed.shenqu").write_text(json.dumps(document))
    words = ["render", str(song / "changed.shenqu"), "-o", str(song / "changed.wav"), "--stems", str(song / "stems")]
    code = run([*words, "--force", "--quiet"])
    return code, None if code else soundfile.read(song / "stems" / "backing.wav")[0]


HIT = {
    "kind": "hit",
    "name": "mine",
    "onset_beat": 4,
    "start_s": 0.3,
    "beat_s": 0.35,
    "end_s": 0.5,
    "strokes": [{"onset_beat": 0, "length_beat": "1/2"}],
}


def test_a_figure_deleted_is_gone_and_one_moved_is_moved(song):
    _, none = rendered(song, [])
    _, at_4 = rendered(song, [HIT])
    _, at_6 = rendered(song, [{**HIT, "onset_beat": 6}])
    assert not none.any()
    assert at_4.any()
    first, moved = (int(np.flatnonzero(backing[:, 0])[0]) for backing in (at_4, at_6))
    document = json.loads((song / "line.song.shenqu").read_text())
    beat_s = 60 / (document["tune"]["tempi"][0]["bpm"] * document["tempo_factor"])
    assert (moved - first) / SONG_RATE == pytest.approx(2 * beat_s, abs=1.1 / SONG_RATE)
    again = rendered(song, [HIT])[1]
    assert np.array_equal(again, at_4)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"end_s": 900.0}, "figure 1 (mine) goes to 900 s"),
        ({"onset_beat": -400}, "figure 1 (mine) begins at beat -400"),
        ({"beat_s": 0.9}, "must rise"),
        ({"strokes": []}, "strokes"),
    ],
)
def test_a_bad_figure_is_one_line_that_names_it(song, capsys, change, says):
    code, _ = rendered(song, [HIT, {**HIT, **change}])
    error = capsys.readouterr().err.strip()
    assert code == 1
    assert len(error.splitlines()) == 1
    assert says in error
