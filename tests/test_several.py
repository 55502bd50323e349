"""Several speeches in one song: shares, turns, each recording's own times, voice and picture."""

import json
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
import soundfile

from films import make_film, read_barcode, steady
from shenqu.cli import run
from shenqu.documents.picture import EditList, Shot
from shenqu.media.mux import render_video
from shenqu.media.video import read_video_info
from shenqu.pipeline.doors import check, render, sing, words
from shenqu.pipeline.several import fair_shares
from shenqu.speech.lines import demo_line
from shenqu.speech.speaker import speak

TEXT = " ".join(word.text for word in demo_line("en"))


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    """Two recordings of unlike rate, one higher than the other."""
    folder = tmp_path_factory.mktemp("several")
    spoken = speak(demo_line("en"))
    sound = spoken.audio.mono
    soundfile.write(folder / "a.wav", sound, spoken.audio.rate)
    soundfile.write(folder / "b.wav", 0.05 * sound, round(spoken.audio.rate * 1.25))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHENQU_CACHE", str(folder / "cache"))
        yield folder


def song_of(voices, name, **options):
    return sing(
        [voices / "a.wav", voices / "b.wav"],
        "twinkle",
        out=voices / f"{name}.wav",
        stems=voices / name,
        text=(TEXT, ""),
        **options,
    )


def sources_in_turn(voices, name):
    rows = json.loads((voices / name / "time_map.json").read_text())["time_map"]
    turns = [rows[0][2]]
    turns += [after[2] for before, after in pairwise(rows) if after[2] != before[2]]
    return rows, turns


@pytest.fixture(scope="module")
def pool(voices):
    return song_of(voices, "pool")


def test_shares_are_fair_and_whole():
    assert fair_shares([100, 10, 100], 61) == [26, 10, 25]
    assert fair_shares([3], 2) == [2]


def test_a_pool_sings_all_in_their_own_times(voices, pool):
    rows, turns = sources_in_turn(voices, "pool")
    assert set(turns) == {0, 1}
    longest_s = soundfile.info(voices / "a.wav").duration
    assert all(0 <= speech_s <= longest_s + 0.3 for _, speech_s, _ in rows)
    first, second = pool.song.sources
    assert first.begins_s == 0 and second.begins_s > longest_s


def test_both_are_heard_alike_loud(voices, pool):
    vocal, rate = soundfile.read(voices / "pool" / "vocal.wav")
    levels = {0: [], 1: []}
    rows, _ = sources_in_turn(voices, "pool")
    for (song_a, speech_a, source), (song_b, speech_b, after) in pairwise(rows):
        if source == after and speech_b > speech_a and song_b - song_a > 0.1:
            part = vocal[round(song_a * rate) : round(song_b * rate)]
            levels[source].append(10 * np.log10(np.mean(part**2) + 1e-12))
    assert abs(np.median(levels[0]) - np.median(levels[1])) < 3.0  # b was recorded 26 dB softer


def test_speakers_take_turns(voices):
    made = song_of(voices, "turns", together="answer", figures="none", length_s=25)
    _, turns = sources_in_turn(voices, "turns")
    assert len(turns) >= 3 and all(before != after for before, after in pairwise(turns))
    verse = [passage for passage in made.song.passages if passage.role == "verse"]
    assert verse


def test_render_gives_the_same_bytes_and_finds_what_was_moved(voices, pool):
    again = render(pool.document, out=voices / "again.wav")
    assert again.out.read_bytes() == pool.out.read_bytes()
    moved = voices / "moved"
    moved.mkdir()
    for name in ("a.wav", "b.wav"):
        (moved / f"x{name}").write_bytes((voices / name).read_bytes())
    document = voices / "lost.shenqu"
    document.write_text(pool.document.read_text().replace('"path": "', '"path": "gone/'))
    assert run(["render", str(document), "-o", str(voices / "lost.wav"), "--source", str(moved / "xb.wav")]) == 1
    found = render(document, out=voices / "found.wav", source=[moved / "xb.wav", moved / "xa.wav"])
    assert found.out.read_bytes() == pool.out.read_bytes()


def test_check_knows_all_recordings(pool):
    checked = check(pool.document)
    assert checked.rpa50 is not None and checked.rpa50 > 0.97
    assert all(note.shift is not None for note in checked.notes)


def test_the_same_file_twice_and_a_word_of_the_second_corrected(voices):
    made = sing([voices / "a.wav"] * 2, "twinkle", out=voices / "twice.wav", text=TEXT)
    first, second = made.song.sources
    assert first.sha256 == second.sha256
    document = json.loads(made.document.read_text())
    number = next(n for n, word in enumerate(document["transcript"]["words"]) if word["start_s"] > second.begins_s)
    before_s = document["transcript"]["words"][number]["start_s"]
    document["transcript"]["words"][number]["text"] = "hallow"
    (voices / "changed.shenqu").write_text(json.dumps(document, indent=1))
    corrected = words(corrected=voices / "changed.shenqu").words[number]
    assert corrected.text == "hallow" and abs(corrected.start_s - before_s) < 0.1


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["nowhere.wav"], "nowhere.wav"),
        (["b.wav", "--text", "a", "--text", "b", "--text", "c"], "3 times"),
        (["--together", "answer"], "two recordings"),
        (["b.wav", "--together", "answer", "--lyrics", "hello"], "--together"),
        (["b.wav"] * 9, "up to 8"),
        (["--chop-sound", "sampler"], "--mode chop"),
        (["b.wav", "--mode", "chop", "--together", "answer"], "--together"),
        (["--mode", "chop", "--lyrics", "hello"], "--mode chop"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(voices, capsys, monkeypatch, more, says):
    monkeypatch.chdir(voices)
    assert run(["sing", "a.wav", *more, "--tune", "twinkle", "-o", "never.wav"]) == 1
    captured = capsys.readouterr().err.strip()
    assert says in captured and "\n" not in captured
    assert not (voices / "never.wav").exists()


def test_shots_of_two_films_of_unlike_size_and_rate(tmp_path):
    small = read_video_info(make_film(tmp_path / "small.mp4", steady(40)))
    large = read_video_info(make_film(tmp_path / "large.mkv", steady(40, 50.0), size=(320, 192), rate=50))
    shots = (
        Shot(first_frame=0, source_s=tuple(k / 25 + 0.01 for k in range(20))),
        Shot(first_frame=20, source_s=tuple(k / 50 + 0.01 for k in range(30)), source=1, flipped=True),
        Shot(first_frame=50, source_s=(0.0,) * 5, source=2),
    )
    edit_list = EditList(rate=Fraction(25), width=160, height=96, shots=shots)
    out = tmp_path / "out.mp4"
    render_video(out, edit_list, np.zeros((2, 105_600), np.float32), sources=[small, large, None])
    with av.open(str(out)) as film:
        seen = [frame.to_ndarray(format="gray") for frame in film.decode(video=0)]
    assert [read_barcode(luma) for luma in seen[:20]] == [(k, False) for k in range(20)]
    assert [read_barcode(luma) for luma in seen[20:50]] == [(k, True) for k in range(30)]
    assert all(luma.max() < 30 for luma in seen[50:])
