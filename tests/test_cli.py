"""The commands as a user meets them: real files in, real files out, one line for what cannot be done."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import unicodedata
from fractions import Fraction
from pathlib import Path

import av
import mido
import numpy as np
import pytest
import soundfile

import shenqu
from shenqu.cli import run
from shenqu.pipeline.library import built_in_tune
from shenqu.speech.lines import demo_line
from shenqu.speech.speaker import speak

TEXT = "hello, thank you, thank you very much, how are you, are you OK"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a spoken line; the cache lies in it too."""
    folder = tmp_path_factory.mktemp("songs")
    spoken = speak(demo_line("en"))
    soundfile.write(folder / "line.wav", spoken.audio.mono, spoken.audio.rate)
    return folder


@pytest.fixture(autouse=True)
def _own_cache(folder, monkeypatch):
    monkeypatch.setenv("SHENQU_CACHE", str(folder / "cache"))


@pytest.fixture(scope="module")
def song(folder):
    """`shenqu sing` run once: song, document and stems."""
    os.environ["SHENQU_CACHE"] = str(folder / "cache")
    words = ["sing", str(folder / "line.wav"), "--tune", "twinkle", "--text", TEXT, "--stems", str(folder / "stems")]
    assert run(words) == 0
    return folder


def stem(folder, name):
    return soundfile.read(folder / "stems" / name, always_2d=True)


def test_out_and_its_document_have_their_usual_names(song):
    assert (song / "line.song.wav").is_file()
    assert json.loads((song / "line.song.shenqu").read_text())["format"] == "shenqu song"
    assert not [path for path in song.rglob(".*") if path.is_file()]


def test_stems_have_one_length_and_rate(song):
    shapes = {name: (len(stem(song, name)[0]), stem(song, name)[1]) for name in ("vocal.wav", "backing.wav", "mix.wav")}
    assert len(set(shapes.values())) == 1
    assert shapes["mix.wav"][1] == 48_000
    assert len(soundfile.read(song / "line.song.wav")[0]) == shapes["mix.wav"][0]


def test_vocal_mid_is_the_tune(song):
    tune = built_in_tune("twinkle")
    notes, lyrics, now, before = [], [], 0.0, None
    for message in mido.MidiFile(song / "stems" / "vocal.mid", charset="utf-8"):
        now += message.time
        if message.type == "lyrics":
            lyrics.append(message.text)
            before = message
        elif message.type == "note_on" and message.velocity:
            assert before is not None and before.type == "lyrics"
            notes.append((now, message.note))
        if not message.is_meta:
            before = None
    document = shenqu.read_song(next(song.glob("*.shenqu")))
    assert 2 / 3 - 1e-3 <= document.tempo_factor <= 3 / 2 + 1e-3
    beat_s = 60 / tune.tempi[0].bpm / document.tempo_factor
    starts = np.array([notes[0][0] + float(note.onset_beat) * beat_s for note in tune.notes])
    # Long notes may be split into parts of their own pitch.
    written = [int(np.searchsorted(starts, time_s + 2e-3, side="right")) - 1 for time_s, _ in notes]
    assert sorted(set(written)) == list(range(len(tune.notes)))
    assert len({pitch - tune.notes[place].pitch for (_, pitch), place in zip(notes, written, strict=True)}) == 1
    firsts = [notes[written.index(place)][0] for place in range(len(tune.notes))]
    assert np.allclose(firsts, starts, atol=2e-3)
    assert lyrics[0] == "are"  # the hook, on the first phrase
    assert set(lyrics) - {"+"}


def test_time_map_is_the_one_that_was_sung(song):
    rows = json.loads((song / "stems" / "time_map.json").read_text())["time_map"]
    assert all(len(row) == 2 for row in rows)
    songs = [row[0] for row in rows]
    assert songs == sorted(songs)


def test_mix_is_as_loud_as_platforms_want_it(song):
    import pyloudnorm  # noqa: PLC0415

    mix, rate = stem(song, "mix.wav")
    assert abs(pyloudnorm.Meter(rate).integrated_loudness(mix) + 14) < 0.5


def test_tags_name_title_and_tune(song):
    with av.open(str(song / "line.song.wav")) as container:
        metadata = {key.lower(): value for key, value in container.metadata.items()}
    assert "Twinkle" in metadata["title"]


def test_render_of_an_unchanged_document_gives_the_same_bytes(song):
    for cache in ("cache", "fresh cache"):
        os.environ["SHENQU_CACHE"] = str(song / cache)
        assert run(["render", str(song / "line.song.shenqu"), "-o", str(song / "again.wav"), "--force"]) == 0
        assert (song / "again.wav").read_bytes() == (song / "line.song.wav").read_bytes()


def test_a_note_changed_by_hand_changes_that_note_alone(song):
    document = json.loads((song / "line.song.shenqu").read_text())
    placement = next(one for one in document["placements"][8:] if one["syllable"] is not None)
    placement["notes"][0]["pitch"] += 2
    (song / "edited.shenqu").write_text(json.dumps(document, indent=1))
    words = ["render", str(song / "edited.shenqu"), "--stems", str(song / "edited stems")]
    assert run(words) == 0
    before, after = (soundfile.read(song / name / "vocal.wav")[0] for name in ("stems", "edited stems"))
    changed = np.flatnonzero(np.abs(before - after) > 1e-4) / 48_000
    beat_s = 60 / (document["tune"]["tempi"][0]["bpm"] * document["tempo_factor"])
    lead = mido.MidiFile(song / "stems" / "vocal.mid").tracks[1]
    first_s = next(message for message in lead if message.type == "lyrics").time / 480 * beat_s
    start_s = first_s + float(Fraction(placement["notes"][0]["onset_beat"])) * beat_s
    end_s = start_s + float(Fraction(placement["notes"][-1]["length_beat"])) * beat_s * len(placement["notes"])
    assert start_s - 0.12 < changed.min()
    assert changed.max() < end_s + 0.12


def test_without_words_the_signal_is_sung(folder):
    out = folder / "wordless.flac"
    assert run(["sing", str(folder / "line.wav"), "--tune", "frere-jacques", "-o", str(out), "--band", "none"]) == 0
    sound, rate = soundfile.read(out)
    assert rate == 48_000
    assert np.abs(sound).max() > 0.1


def test_a_film_can_be_made_of_sound_alone(folder):
    out = folder / "card.mp4"
    words = ["sing", str(folder / "line.wav"), "--tune", "twinkle", "--text", TEXT, "-o", str(out), "--length", "7"]
    assert run([*words, "--picture", "320x180"]) == 0
    with av.open(str(out)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (320, 180)
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert max(frame.std() for frame in frames) > 5
    assert len(frames) / 30 <= 7.1


@pytest.mark.parametrize("mode", ["phrase", "flow"])
def test_the_length_that_is_named_as_the_least_is_enough(folder, capsys, mode):
    out = folder / f"short_{mode}.wav"
    words = ["sing", str(folder / "line.wav"), "--tune", "twinkle", "--text", TEXT, "--mode", mode, "-o", str(out)]
    assert run([*words, "--length", "2"]) == 1
    least = capsys.readouterr().err.split("give --length ")[1].split()[0]
    assert run([*words, "--length", least, "--band", "none"]) == 0
    assert soundfile.info(out).duration <= float(least)


def test_python_and_command_line_give_one_answer(song):
    made = shenqu.sing(song / "line.wav", "twinkle", text=TEXT, out=song / "python.wav")
    assert made.out.read_bytes() == (song / "line.song.wav").read_bytes()
    assert "notes" in made.summary


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ([], 0, ""),
        (["--version"], 0, ""),
        (["sing", "--help"], 0, ""),
        (["sing"], 2, "SPEECH"),
        (["sing", "line.wav"], 2, "tune"),
        (["sing", "line.wav", "--tune", "twinkle", "--style", "loud"], 2, "style"),
        (["sing", "line.wav", "--tune", "twinkle", "--nonsense"], 2, "nonsense"),
        (["sing", "line.wav", "--tune", "twinkle", "--start", "x"], 2, "start"),
        (["hum"], 2, "hum"),
        (["sing", "missing.wav", "--tune", "twinkle"], 1, "missing.wav"),
        (["sing", "line.wav", "--tune", "no-such-tune"], 1, "ode-to-joy"),
        (["sing", "line.wav", "--tune", "missing.mid"], 1, "missing.mid"),
        (["sing", "line.wav", "--tune", "twinkle", "-o", "line.wav", "--force"], 1, "input"),
        (["sing", "line.wav", "--tune", "twinkle", "-o", "out.xyz"], 1, ".mp4"),
        (["sing", "line.wav", "--tune", "twinkle", "-o", "nowhere/out.wav"], 1, "nowhere"),
        (["sing", "line.wav", "--tune", "twinkle", "-o", "a.mp4", "--picture", "none"], 1, ".wav"),
        (["sing", "line.wav", "--tune", "twinkle", "-o", "a.mp4", "--picture", "7x9999"], 1, "7x9999"),
        (["sing", "line.wav", "--tune", "twinkle", "--text", "missing.srt", "-o", "a.wav"], 1, "missing.srt"),
        (["sing", "line.wav", "--tune", "twinkle", "--text", "", "-o", "a.wav"], 1, "text"),
        (
            ["sing", "line.wav", "--tune", "twinkle", "--text", "你好吗", "--language", "en", "-o", "a.wav"],
            1,
            "language",
        ),
        (["sing", "line.wav", "--tune", "twinkle", "--start", "99", "-o", "a.wav"], 1, "line.wav"),
        (["sing", "line.wav", "--tune", "twinkle", "--end", "0.2", "-o", "a.wav"], 1, "short"),
        (["sing", "line.wav", "--tune", "twinkle", "--length", "0.4", "-o", "a.wav"], 1, "--length"),
        (["sing", "line.wav", "--tune", "twinkle", "--tempo", "999", "-o", "a.wav"], 1, "--tempo"),
        (["sing", "line.wav", "--tune", "twinkle", "--key", "999", "-o", "a.wav"], 1, "key"),
        (["sing", "line.wav", "--tune", "twinkle", "--key", "-24", "-o", "a.wav", "--stems", "new/parts"], 1, "to 24"),
        (["sing", "line.wav", "--tune", "can-can", "-o", "nowhere/a.wav", "--stems", "new/parts"], 1, "nowhere"),
        (["sing", "line.wav", "--tune", "twinkle", "--seed", "-1", "-o", "a.wav"], 1, "seed"),
        (["sing", "line.wav", "--tune", "twinkle", "--track", "3", "-o", "a.wav"], 1, "--track"),
        (["sing", "line.wav", "--tune", "twinkle", "--band", "score", "-o", "a.wav"], 1, "other parts"),
        (["render", "missing.shenqu"], 1, "missing.shenqu"),
        (["render", "line.wav"], 1, "line.wav"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(folder, monkeypatch, capsys, words, code, says):
    monkeypatch.chdir(folder)
    before = set(folder.rglob("*"))
    assert run(words) == code
    captured = capsys.readouterr()
    if code:
        assert captured.out == ""
        assert len(captured.err.strip().splitlines()) == 1
        assert says in captured.err
        assert "Traceback" not in captured.err
        assert {path for path in folder.rglob("*") if "cache" not in path.parts} <= before | set(folder.rglob("cache*"))


def test_what_exists_is_kept(song, capsys):
    before = (song / "line.song.wav").read_bytes()
    assert run(["sing", str(song / "line.wav"), "--tune", "twinkle"]) == 1
    assert "--force" in capsys.readouterr().err
    assert (song / "line.song.wav").read_bytes() == before


def test_a_moved_recording_is_asked_for_and_relinked(song, tmp_path, capsys):
    (tmp_path / "line.song.shenqu").write_bytes((song / "line.song.shenqu").read_bytes())
    assert run(["render", str(tmp_path / "line.song.shenqu")]) == 1
    assert "--source" in capsys.readouterr().err
    assert run(["render", str(tmp_path / "line.song.shenqu"), "--source", str(song / "line.wav")]) == 0
    assert (tmp_path / "line.song.wav").read_bytes() == (song / "line.song.wav").read_bytes()


def test_an_unknown_field_is_named_with_its_line(song, capsys):
    text = (song / "line.song.shenqu").read_text()
    (song / "typo.shenqu").write_text(text.replace('"seed"', '"sead"', 1))
    assert run(["render", str(song / "typo.shenqu"), "-o", str(song / "typo.wav")]) == 1
    assert "line " in capsys.readouterr().err


def test_tunes_are_listed(capsys):
    assert run(["tunes"]) == 0
    listed = capsys.readouterr().out
    assert run(["tunes", "--json"]) == 0
    parsed = json.loads(capsys.readouterr().out)
    assert len(parsed) == 24
    for tune in parsed:
        assert tune["id"] in listed
        assert tune["notes"] and tune["chords"] and tune["sections"] and tune["checked"]
        assert sum(tune["phrase_notes"]) == len(tune["notes"])
    assert next(tune["range"] for tune in parsed if tune["id"] == "jingle-bells") == 7


def test_columns_of_the_list_lie_under_each_other_whatever_the_script(capsys):
    def wide_to_slash(line):
        return sum(1 + (unicodedata.east_asian_width(sign) in "WF") for sign in line[: line.rindex("/")])

    assert run(["tunes"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["id", "title", "metre", "bpm", "notes", "range"]
    assert len({wide_to_slash(row) for row in rows}) == 1
    assert "\x1b" not in head
    assert not any("Offenbach" in row for row in rows)
    assert run(["tunes", "--verbose"]) == 0
    assert "Offenbach" in capsys.readouterr().out


def test_a_tune_is_played(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert run(["tunes", "--play", "frere-jacques"]) == 0
    assert "shenqu-tune-frere-jacques.wav" in capsys.readouterr().err
    sound, rate = soundfile.read("shenqu-tune-frere-jacques.wav", always_2d=True)
    assert 16.0 < len(sound) / rate < 22.0  # eight bars at 120, and the sticks before them
    assert np.abs(sound).max() > 0.1
    assert run(["tunes", "--play", "frere-jacques"]) == 1
    assert "exists already" in capsys.readouterr().err
    assert run(["tunes", "--play", "sakura", "-o", "sakura.mp4"]) == 1
    assert "a tune is played into sound" in capsys.readouterr().err
    assert run(["tunes", "-o", "sakura.wav"]) == 2


def test_a_tune_is_chosen_and_the_reason_told(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    options = ["--text", TEXT, "--length", "8", "--force"]
    assert run(["sing", "line.wav", "--tune", "auto", "-o", "chosen.wav", *options]) == 0
    said = capsys.readouterr().err
    told = re.search(r"^tune: (\S+), of \d+ the one that suits best: .*\d+ of \d+ notes", said, re.M)
    assert shenqu.read_song(Path("chosen.shenqu")).tune.id == told[1]
    assert run(["sing", "line.wav", "--tune", "auto", "--track", "1", "-o", "chosen.wav", *options]) == 1
    assert "--track goes with a score" in capsys.readouterr().err


def test_a_file_whose_name_begins_with_a_dash(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    Path("-dash.wav").write_bytes(Path("line.wav").read_bytes())
    assert run(["sing", "-dash.wav", "--tune", "twinkle", "--text", TEXT, "-o", "dashed.wav", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs to see what another process has loaded")
@pytest.mark.parametrize("loaded", ["numpy", "scipy", "onnxruntime"])
def test_ctrl_c_while_it_loads_is_answered(folder, loaded):
    words = ["sing", str(folder / "line.wav"), "--tune", "ode-to-joy", "--text", TEXT, "-o", str(folder / "late.mp4")]
    process = subprocess.Popen([sys.executable, "-m", "shenqu", *words], stderr=subprocess.PIPE, text=True)
    while loaded not in Path(f"/proc/{process.pid}/maps").read_text() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert len(said.splitlines()) == 1 and "stopped" in said


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)])
def test_a_run_that_is_stopped_leaves_nothing_half(folder, tmp_path, sent, code):
    out = tmp_path / "song.mp4"
    words = ["sing", str(folder / "line.wav"), "--tune", "ode-to-joy", "--text", TEXT, "-o", str(out), "--verbose"]
    process = subprocess.Popen([sys.executable, "-m", "shenqu", *words], stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("filming"):
            break
    time.sleep(0.2)
    process.send_signal(sent)
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == code
    assert "Traceback" not in rest
    assert not out.exists()
    assert not out.with_suffix(".shenqu").exists()
    if sent == signal.SIGKILL:
        short = ["--picture", "160x90", "--length", "8"]
        assert run([*words[:-1], *short]) == 0
    assert {path.name for path in tmp_path.iterdir()} <= {"song.mp4", "song.shenqu"}
