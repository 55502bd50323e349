"""Recordings of songs: their melody, beat and key as they were planted, and what plays behind a song."""

import os
import stat
import sys
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shenqu
from shenqu.documents.audio import Audio
from shenqu.documents.performance import TempoMap
from shenqu.documents.song import Backing, Source
from shenqu.documents.tune import Metre, Note, Tempo, Tune
from shenqu.dsp.chroma import chroma, without_overtones
from shenqu.dsp.pulse import HOP_S, find_pulses, find_tempo
from shenqu.errors import InputError, ShenquWarning, ToolError
from shenqu.media.audio import encode_audio, read_audio
from shenqu.media.separating import find_separator
from shenqu.music.accompany import semitones_between
from shenqu.music.harmony import key_of
from shenqu.pipeline.backings import play_backing
from shenqu.pipeline.recorded import hear_song
from shenqu.pipeline.tunes import find_tune
from shenqu.units import SONG_RATE, pitch_to_hz
from signals import RATE, noise, silence, spoken, tone, vowel

DATA = os.environ.get("SHENQU_DATA")
PITCHES = (60, 60, 67, 67, 69, 69, 67, 65, 65, 64, 64, 62, 62, 60)
MELODY = [(pitch, 2 if at in {6, 13} else 1) for at, pitch in enumerate(PITCHES)]


def sung(melody, *, bpm=120.0, tuning=0.0, rest_s=0.5):
    """Return what a voice sings that breaks off before each note, as consonants do."""
    pieces = [np.zeros(round(rest_s * RATE))]
    for pitch, beats in melody:
        length = round(beats * 60.0 / bpm * RATE)
        piece = vowel(float(pitch_to_hz(pitch + tuning)), (length - 1200) / RATE, vibrato_cents=30.0).mono
        pieces += [piece * np.minimum(1.0, np.arange(len(piece), 0, -1) / 600), np.zeros(length - len(piece))]
    return Audio(samples=np.concatenate([*pieces, np.zeros(RATE // 2)])[None].astype(np.float32), rate=RATE)


def struck(bpm, seconds, *, first_s=0.0, bar=4, rate=RATE):
    """Return a drum on every beat, lower and louder on the first of each bar."""
    samples = np.zeros(round(seconds * rate))
    hit = np.arange(round(0.1 * rate)) / rate
    for beat in range(int((seconds - first_s) * bpm / 60.0)):
        at = round((first_s + beat * 60.0 / bpm) * rate)
        hz, level = (70.0, 0.8) if beat % bar == 0 else (400.0, 0.3)
        piece = level * np.sin(2.0 * np.pi * hz * hit) * np.exp(-40.0 * hit)
        samples[at : at + len(piece)] += piece[: len(samples) - at]
    return samples


def write(path, sound):
    sound = sound if isinstance(sound, Audio) else Audio(samples=np.atleast_2d(sound).astype(np.float32), rate=RATE)
    encode_audio(path, sound, tags={})
    return path


def heard(path):
    with pytest.warns(ShenquWarning, match="notes heard at"):
        return hear_song(path)


# ------------------------------------------------------------------ a melody


@pytest.mark.parametrize(("bpm", "tuning"), [(120.0, 0.0), (96.0, 0.4)])
def test_a_sung_melody_is_written_down(tmp_path, bpm, tuning):
    song = heard(write(tmp_path / "song.wav", sung(MELODY, bpm=bpm, tuning=tuning)))
    assert [note.pitch for note in song.tune.notes] == [pitch for pitch, _ in MELODY]
    scale = song.tune.tempi[0].bpm / bpm
    assert min(abs(scale - times) for times in (0.5, 1.0, 2.0)) < 0.01
    onsets = [float(note.onset_beat / Fraction(round(2 * scale), 2)) for note in song.tune.notes]
    assert onsets == [sum(beats for _, beats in MELODY[:at]) for at in range(len(MELODY))]
    assert (song.tune.tonic, song.tune.scale) == (0, "major")
    assert song.tune.phrase_ends[-1] == song.tune.notes[-1].end_beat


def test_it_comes_in_as_a_tune_and_carries_words(tmp_path):
    path = write(tmp_path / "song.flac", sung(MELODY))
    words = tmp_path / "song.lrc"
    words.write_text("[00:00.00]twinkle twinkle little star\n[00:04.00]how I wonder what you are\n")
    with pytest.warns(ShenquWarning, match="notes heard"):
        tune = find_tune(str(path), lyrics=str(words))
    assert tune.lyrics[0] == "twin" or tune.lyrics[0].startswith("twinkle")
    assert tune.origin == "heard from song.flac"


def test_a_leap_of_an_octave_for_one_note_is_doubtful(tmp_path):
    melody = [(pitch + 12 * (at == 6), beats) for at, (pitch, beats) in enumerate(MELODY)]
    assert 6 in heard(write(tmp_path / "song.wav", sung(melody))).tune.doubtful


@pytest.mark.parametrize(
    ("sound", "says"),
    [
        (silence(5.0), "no melody is heard"),
        (noise(8.0), "no melody is heard"),
        (Audio(samples=struck(120.0, 10.0)[None].astype(np.float32), rate=RATE), "no melody is heard"),
        (tone(300.0, 1.0), "too short"),
        (tone(300.0, 5.0), "no melody is heard"),
        (Audio(samples=np.zeros((1, 8000 * 901), dtype=np.float32), rate=8000), "901 s; cut out the song"),
    ],
    ids=["silence", "noise", "drums", "a second", "one note", "an hour"],
)
def test_what_is_no_song_is_refused_in_one_line(tmp_path, sound, says):
    with pytest.raises(InputError, match=says) as caught:
        find_tune(str(write(tmp_path / "song.wav", sound)))
    assert "\n" not in str(caught.value) and "song.wav" in str(caught.value)


@pytest.mark.skipif(not DATA, reason="SHENQU_DATA names no folder with real files")
@pytest.mark.parametrize("name", ["jfk-inaugural.flac", "perkins-security.mp3", "sonnet001.mp3"])
def test_speech_is_told_from_songs(name):
    with pytest.raises(InputError, match="spoken, not sung"):
        find_tune(str(Path(DATA) / "speech" / name))


@pytest.mark.skipif(not DATA, reason="SHENQU_DATA names no folder with real files")
def test_a_real_melody():
    song = heard(Path(DATA) / "tunes" / "recorded_melody.wav")
    line = [note.pitch for note in song.tune.notes]
    changes = [pitch for at, pitch in enumerate(line) if at == 0 or pitch != line[at - 1]]
    assert changes[:12] == [60, 62, 64, 65, 67, 69, 71, 72, 60, 64, 67, 72]  # a scale, then a chord


# ------------------------------------------------------------------ pulse and key


@settings(max_examples=15, deadline=None)
@given(bpm=st.floats(60.0, 200.0), first_s=st.floats(0.0, 0.4))
def test_pulses_lie_on_what_is_struck(bpm, first_s):
    envelope = np.zeros(2500)
    at_s = np.arange(first_s + 0.1, 24.5, 60.0 / bpm)
    envelope[np.rint(at_s / HOP_S).astype(int)] = 1.0
    found = find_tempo(envelope)
    times = min((0.5, 1.0, 2.0), key=lambda factor: abs(found / bpm - factor))
    assert found / bpm == pytest.approx(times, abs=0.005)
    pulses_s = find_pulses(envelope, bpm)
    assert max(np.abs(at_s - pulse).min() for pulse in pulses_s if at_s[0] <= pulse <= at_s[-1]) < 0.012


def test_a_pulse_that_slows_down_is_followed():
    at_s = np.cumsum(np.linspace(0.45, 0.65, 50))
    envelope = np.zeros(round(at_s[-1] / HOP_S) + 100)
    envelope[np.rint(at_s / HOP_S).astype(int)] = 1.0
    pulses_s = find_pulses(envelope, 60.0 / 0.55)
    assert np.mean([np.abs(pulses_s - beat).min() < 0.03 for beat in at_s]) > 0.9


@pytest.mark.parametrize("tonic", [0, 5, 10])
def test_the_key_of_a_cadence(tonic):
    chords = [(0, 4, 7), (5, 9, 0), (7, 11, 2), (0, 4, 7)]
    wave = [
        sum(
            np.sin(2 * np.pi * pitch_to_hz(48 + (tonic + step) % 12) * number * np.arange(16000) / 16000) / number
            for step in chord
            for number in range(1, 5)
        )
        for chord in chords
    ]
    classes = chroma(np.concatenate(wave).astype(np.float32), 16000).sum(axis=0)
    assert key_of(without_overtones(classes)) == (tonic, "major")


def test_keys_with_the_same_notes_need_no_move():
    assert semitones_between((9, "minor"), (0, "major")) == 0
    assert {semitones_between((0, "major"), (tonic, "major")) for tonic in range(12)} == set(range(-5, 7))


# ------------------------------------------------------------------ a backing


def made_tune(beats=16):
    return Tune(
        id="made",
        title="made",
        notes=tuple(Note(pitch=60, onset_beat=Fraction(at), length_beat=Fraction(1)) for at in range(beats)),
        tempi=(Tempo(onset_beat=Fraction(0), bpm=120.0),),
        metres=(Metre(onset_beat=Fraction(0), numerator=4, denominator=4),),
        upbeat_beat=Fraction(1),
    )


def bars_s(samples):
    """Return where the loud drums strike: where the level of 2 ms leaps from little to much."""
    step = SONG_RATE // 500
    level = np.abs(samples[: len(samples) // step * step]).reshape(-1, step).max(axis=1)
    loud, quiet = 0.5 * level.max(), 0.3 * level.max()
    return np.array(
        [at / 500 for at in range(20, len(level)) if level[at] > loud and level[at - 20 : at - 10].max() < quiet]
    )


@pytest.mark.parametrize(("bpm", "seconds"), [(120.0, 30.0), (96.0, 30.0), (120.0, 7.0), (96.0, 6.0)])
def test_a_backing_lies_on_the_beats_of_the_tune(tmp_path, bpm, seconds):
    path = write(tmp_path / "band.wav", struck(bpm, seconds, first_s=0.73))
    backing = Backing(source=Source(path="band.wav", sha256="0" * 64), bpm=bpm, first_beat_s=0.73)
    clock = TempoMap(lead_in_beat=Fraction(2), steps=((Fraction(0), 120.0),))
    song = play_backing(backing, made_tune(), path, clock, duration_s=16.0)
    assert song.shape == (2, 16 * SONG_RATE)
    found = bars_s(song[0, : 14 * SONG_RATE])
    assert max(np.abs(found - bar).min() for bar in np.arange(1.5, 13.6, 2.0)) < 0.02
    assert max(np.abs((found - 1.5 + 1.0) % 2.0 - 1.0)) < 0.03
    assert np.abs(song[:, -480:]).max() < 0.01  # faded out


def test_a_backing_moves_in_pitch(tmp_path):
    path = write(tmp_path / "band.wav", tone(440.0, 8.0))
    backing = Backing(source=Source(path="band.wav", sha256="0" * 64), bpm=120.0, first_beat_s=0.0, semitones=3)
    clock = TempoMap(lead_in_beat=Fraction(0), steps=((Fraction(0), 120.0),))
    song = play_backing(backing, made_tune().replace(upbeat_beat=Fraction(0)), path, clock, duration_s=6.0)
    loudest = np.abs(np.fft.rfft(song[0, SONG_RATE : 3 * SONG_RATE])).argmax() / 2.0
    assert loudest == pytest.approx(440.0 * 2 ** (3 / 12), rel=0.003)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("backing")
    write(path / "line.wav", spoken().audio)
    chord = sum(np.sin(2 * np.pi * hz * np.arange(RATE * 20) / RATE) for hz in (196.0, 246.9, 293.7)) * 0.05
    write(path / "band.wav", struck(104.0, 20.0, first_s=0.5) + chord)
    return path


def test_a_song_with_a_backing_and_its_document(folder):
    band, out = folder / "band.wav", folder / "song.wav"
    made = shenqu.sing(folder / "line.wav", "twinkle", out=out, backing=str(band), length_s=10, figures="none")
    backing = made.song.backing
    assert backing is not None and backing.source.path == "band.wav"
    assert backing.bpm == pytest.approx(104.0, rel=0.001)
    assert made.song.tune.tempi[0].bpm * made.song.tempo_factor == pytest.approx(backing.bpm)  # nothing is stretched
    assert (backing.first_beat_s - 0.5 + 1.0) % (240 / 104) - 1.0 == pytest.approx(0.0, abs=0.02)
    assert (7 + backing.semitones - made.song.tune.tonic - made.song.transpose) % 12 == 0
    again = shenqu.render(made.document, out=folder / "again.wav")
    assert again.out.read_bytes() == out.read_bytes()
    moved = band.rename(folder / "moved.wav")
    with pytest.raises(InputError, match=r"its backing .* is missing; say where it is with --backing"):
        shenqu.render(made.document, out=folder / "third.wav")
    linked = shenqu.render(made.document, out=folder / "third.wav", backing=moved)
    assert linked.out.read_bytes() == out.read_bytes()
    write(band, struck(90.0, 20.0))
    with pytest.raises(InputError, match="is not the backing"):
        shenqu.render(made.document, out=folder / "fourth.wav")
    moved.rename(band)


def test_what_is_said_of_a_backing(folder):
    options = {"out": folder / "told.wav", "length_s": 10, "figures": "none", "force": True}
    with pytest.raises(InputError, match="--backing-tempo is said of a backing"):
        shenqu.sing(folder / "line.wav", "twinkle", backing_bpm=100.0, **options)
    with pytest.raises(InputError, match=r"band\.wav ends at 20.0 s"):
        shenqu.sing(folder / "line.wav", "twinkle", backing=str(folder / "band.wav"), backing_beat_s=99.0, **options)
    with pytest.raises(InputError, match="is silent"):
        shenqu.sing(folder / "line.wav", "twinkle", backing=str(write(folder / "nothing.wav", silence(5.0))), **options)
    told = {"backing": str(folder / "band.wav"), "backing_bpm": 90.0, "backing_beat_s": 1.25}
    backing = shenqu.sing(folder / "line.wav", "twinkle", **told, **options).song.backing
    assert backing is not None and (backing.bpm, backing.first_beat_s) == (90.0, 1.25)


# ------------------------------------------------------------------ a separator


def install_separator(folder, monkeypatch, script):
    """Put a program called demucs on the path: a stand-in for the real one, which no test may fetch."""
    program = folder / "demucs"
    program.write_text(f"#!{sys.executable}\n{script}", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


SIDES_APART = """
import pathlib, sys, wave
out, song = pathlib.Path(sys.argv[-2]), sys.argv[-1]
with wave.open(song) as file:
    rate, data = file.getframerate(), file.readframes(file.getnframes())
for name, side in (("vocals", 0), ("no_vocals", 1)):
    path = out / "htdemucs" / "song" / (name + ".wav")
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(rate)
        file.writeframes(b"".join(data[at + 2 * side : at + 2 * side + 2] for at in range(0, len(data), 4)))
"""


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script of a POSIX shell")
def test_a_separator_takes_voice_and_band_apart(tmp_path, monkeypatch):
    install_separator(tmp_path, monkeypatch, SIDES_APART)
    voice = sung(MELODY).mono
    band = struck(120.0, len(voice) / RATE, first_s=0.5)[: len(voice)] * 0.5
    song = write(tmp_path / "song.wav", np.stack([voice, band]))
    write(tmp_path / "line.wav", spoken().audio)
    with pytest.warns(ShenquWarning, match=r"14 notes heard at [^(]*; the song document"):
        made = shenqu.sing(tmp_path / "line.wav", song, out=tmp_path / "out.wav", figures="none")
    rest = tmp_path / "out.backing.flac"
    assert made.song.backing is not None and made.song.backing.source.path == rest.name
    assert np.abs(read_audio(rest).samples[0] - band).max() < 1e-3
    assert made.song.tempo_factor == pytest.approx(1.0)
    assert shenqu.render(made.document, out=tmp_path / "again.wav").out.read_bytes() == made.out.read_bytes()
    assert [note.pitch for note in find_tune(str(made.document)).notes] == [pitch for pitch, _ in MELODY]


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script of a POSIX shell")
def test_a_separator_that_fails_says_why(tmp_path, monkeypatch):
    install_separator(tmp_path, monkeypatch, "import sys; sys.exit('no model here')")
    with pytest.raises(ToolError, match="demucs could not separate the voice: no model here"):
        hear_song(write(tmp_path / "song.wav", sung(MELODY)))


def test_without_one_the_whole_sound_is_heard(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    if find_separator() is not None:
        pytest.skip("a separator is installed in this Python")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert hear_song(write(tmp_path / "song.wav", sung(MELODY))).rest is None
    assert "no separator is installed" in str(told[0].message)
