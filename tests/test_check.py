"""`shenqu check`: the whole command on a song of our own speaker."""

import json
import re

import numpy as np
import pytest

import shenqu
from shenqu.cli import run
from shenqu.documents.check import SongCheck
from shenqu.documents.codec import decode, encode
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.picture.song_chart import song_chart


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    folder = tmp_path_factory.mktemp("check")
    made = shenqu.demo(tune="frere-jacques", out=folder / "demo.wav")
    return made.document


def test_a_song_of_the_demo_is_good(song, capsys):
    assert run(["check", str(song)]) == 0
    lines = capsys.readouterr().out.splitlines()
    notes = shenqu.read_song(song).placements
    assert len(lines) == 1 + sum(len(placement.notes) for placement in notes) + 2
    assert "% within 50 cents" in lines[-1]
    checked = shenqu.check(song)
    assert checked.rpa50 > 0.97 and checked.weak == 0 and checked.clicks == 0
    assert len(checked.bad) < 0.1 * len(checked.notes)


def test_json_comes_back_equal(song, capsys):
    assert run(["check", str(song), "--json"]) == 0
    written = capsys.readouterr().out
    assert decode(written.encode(), SongCheck, name="check") == shenqu.check(song)
    assert set(json.loads(written)["notes"][0]) >= {"cents", "onset_ms", "stretch", "shift", "faults"}


def test_the_page_holds_every_note(song, tmp_path):
    page = tmp_path / "check.html"
    assert run(["check", str(song), "-o", str(page), "--quiet"]) == 0
    text = page.read_text(encoding="utf-8")
    assert "<script src" not in text and "http://" not in text.replace("http://www.w3.org", "")
    assert run(["check", str(song), "-o", str(page)]) == 1


def test_a_note_moved_by_hand_is_measured_against_its_new_pitch(song, tmp_path):
    value = shenqu.read_song(song)
    first = value.placements[0]
    moved = first.replace(notes=(first.notes[0].replace(pitch=first.notes[0].pitch + 3), *first.notes[1:]))
    path = song.parent / "moved.shenqu"
    path.write_bytes(encode(value.replace(placements=(moved, *value.placements[1:]))))
    before, after = shenqu.check(song), shenqu.check(path)
    assert after.notes[0].pitch == before.notes[0].pitch + 3 and abs(after.notes[0].cents) < 15
    assert after.notes[0].shift == pytest.approx(before.notes[0].shift + 3)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["missing.shenqu"], "No such file"),
        (["SONG", "-o", "page.txt"], "choose such an ending"),
        (["SONG", "--source", "missing.wav"], "missing.wav"),
    ],
)
def test_misuse_is_one_line(song, arguments, told, capsys):
    assert run(["check", *(str(song) if argument == "SONG" else argument for argument in arguments)]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and told in error


def test_the_chart_shows_words_notes_and_faults(song):
    checked = shenqu.check(song)
    bad = checked.notes[0].replace(faults=("60 cents too low",))
    checked = checked.replace(notes=(bad, *checked.notes[1:]))
    pitch = PitchTrack(f0_hz=np.full(100, 200.0), confidence=np.ones(100))
    chart = song_chart(checked, pitch, duration_s=20.0, language="en")
    assert [lane.name for lane in chart.lanes] == ["words", "notes", "faults"]
    assert len(chart.lanes[1].spans) == len(checked.notes) and len(chart.lanes[2].spans) == len(checked.bad)
    assert chart.lanes[0].spans[0].is_doubtful


def test_a_note_too_short_for_a_pitch_is_not_doubtful(song):
    checked = shenqu.check(song)
    short = checked.notes[0].replace(cents=None, within_50=None, within_25=None, faults=())
    pitch = PitchTrack(f0_hz=np.full(100, 200.0), confidence=np.ones(100))
    chart = song_chart(checked.replace(notes=(short, *checked.notes[1:])), pitch, duration_s=20.0, language="en")
    assert not chart.lanes[0].spans[0].is_doubtful


def test_what_was_meant_and_what_is_sung_have_signs_of_their_own(song, tmp_path):
    assert run(["check", str(song), "-o", str(tmp_path / "signs.html")]) == 0
    page = (tmp_path / "signs.html").read_text()
    signs = re.findall(r'data-sign="(\w+)"[^>]*></canvas>(written|sung)<', page)
    assert signs == [("bands", "written"), ("curves", "sung")]
