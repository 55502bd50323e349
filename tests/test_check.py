"""`shenqu check`: the whole command on a song of our own speaker."""

import json

import numpy as np
import pytest

import shenqu
from shenqu.cli import run
from shenqu.documents.audio import LongSound
from shenqu.documents.check import SongCheck
from shenqu.documents.codec import decode, encode
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.picture.page import chart_page
from shenqu.picture.song_chart import note_cells, song_chart, song_facts
from test_chart import opened

RATE = 24_000


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    folder = tmp_path_factory.mktemp("check")
    made = shenqu.demo(tune="frere-jacques", out=folder / "demo.wav")
    return made.document


def test_a_song_of_the_demo_is_good(song, capsys):
    assert run(["check", str(song)]) == 0
    lines = capsys.readouterr().out.splitlines()
    sung = [placement for placement in shenqu.read_song(song).placements if placement.syllable is not None]
    checked = shenqu.check(song)
    assert len(lines) == 1 + sum(len(placement.notes) for placement in sung) + 1 + 1 + len(checked.craft) + 2
    assert "% within 50 cents" in lines[-1]
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


def charted(checked, language="en"):
    pitch = PitchTrack(f0_hz=np.full(100, 200.0), confidence=np.ones(100))
    vocal = 0.1 * np.sin(np.arange(RATE) / 20).astype(np.float32)
    vocal[: RATE // 2] *= 0.1
    return song_chart(checked, pitch, vocal, RATE, language=language)


def test_the_chart_shows_notes_levels_words_and_faults(song):
    checked = shenqu.check(song)
    bad = checked.notes[3].replace(faults=("60 cents too low",), onset_ms=70.0)
    good = tuple(note.replace(faults=()) for note in checked.notes)
    chart = charted(checked.replace(notes=(*good[:3], bad, *good[4:])))
    assert [span.text for span in chart.lanes[0].spans] == [" ".join(note.text.split()) for note in good]
    assert [number for number, bar in enumerate(chart.bars) if bar.is_bad] == [3] == list(chart.table.marked)
    assert chart.bars[3].onset_s == pytest.approx(bad.start_s + 0.07, abs=1e-3)
    assert [bar.pitch for bar in chart.bars] == [note.pitch for note in checked.notes]
    assert chart.table.rows[3][-1] == "60 cents too low" and len(chart.table.rows) == len(checked.notes)
    level_db = np.array(chart.levels.db)
    assert level_db[75] == pytest.approx(0, abs=0.5) and level_db[25] == pytest.approx(-20, abs=0.5)


def test_what_was_not_measured_is_a_dash(song):
    checked = shenqu.check(song)
    mute = checked.notes[0].replace(cents=None, within_50=None, within_25=None, shift=None, stretch=None, onset_ms=None)
    checked = checked.replace(notes=(mute,), rpa50=None, rpa25=None, note_cents=None, note_cents_p95=None)
    assert [note_cells(mute)[place] for place in (3, 4, 6, 7, 8)] == ["-"] * 5
    assert next(iter(song_facts(checked))) == "no pitch that could be measured"
    assert "0.0 %" not in shenqu.write_check(checked).splitlines()[-1].partition("voiced")[0]


HOSTILE = """</script><img src=x onerror="alert('x')">&amp;<b>"""


@pytest.fixture
def hostile_page(song, tmp_path):
    """A page whose title, words and faults are markup."""
    checked = shenqu.check(song)
    notes = tuple(
        note.replace(text=HOSTILE, faults=(HOSTILE,) if place == 2 else ()) for place, note in enumerate(checked.notes)
    )
    chart = charted(checked.replace(title=HOSTILE, notes=notes), language=HOSTILE)
    sound = LongSound(pcm=np.zeros(RATE, dtype=np.int16), rate=RATE)
    path = tmp_path / "hostile.html"
    path.write_text(chart_page(chart, sound), encoding="utf-8")
    return path


def test_a_browser_shows_and_plays_the_notes(browser, song, tmp_path):
    path, troubles = tmp_path / "check.html", []
    checked = shenqu.check(song, out=path)
    page = opened(browser, path, troubles)
    rows = page.locator("#text tr")
    assert rows.count() == len(checked.notes)
    rows.nth(4).click()
    told = page.locator("#told").inner_text()
    assert checked.notes[4].text in told and "confidence" not in told
    for label in ("Stop", "Play from here"):  # it begins, and ends with the note
        page.wait_for_function("label => document.getElementById('play').textContent === label", arg=label)
    page.evaluate("() => { scrollTo(0, 0); document.getElementById('view').scrollLeft = 0; }")
    box = page.locator("#chart").bounding_box()
    start_s = checked.notes[1].start_s + 0.02
    scale = page.evaluate("document.getElementById('track').offsetWidth") / page.evaluate(
        "JSON.parse(document.getElementById('data').textContent).chart.end_s"
    )
    page.mouse.click(box["x"] + start_s * scale, box["y"] + 100)
    page.wait_for_function("() => document.getElementById('play').textContent === 'Stop'")
    assert page.locator("tr:has([aria-current]) td").nth(1).inner_text() == f"{checked.notes[1].start_s:.2f} s"
    page.locator("#only").check()
    assert page.locator("#text tr:visible").count() == len(checked.bad)
    text = page.locator("body").inner_text()
    assert "word" not in text.lower() and "doubtful" not in text.lower()
    assert troubles == []


def test_a_browser_runs_nothing_that_is_sung(browser, hostile_page):
    troubles = []
    page = opened(browser, hostile_page, troubles, color_scheme="dark")
    assert page.locator("#text tr").nth(2).locator("td").nth(3).inner_text() == HOSTILE
    assert page.locator("img").count() == 0
    page.locator("#doubt").click()
    assert HOSTILE in page.locator("#told").inner_text()
    assert troubles == []
