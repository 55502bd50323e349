"""Words over their sound: what is planted lies where it must, as a picture and as a page."""

import base64
import hashlib
import io
import json
import shutil
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import shenqu
from shenqu.cli import run
from shenqu.documents.audio import LongSound
from shenqu.documents.chart import Chart, Lane, Span
from shenqu.documents.speech import Phone, Syllable, Transcript, Word
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.dsp.spectrogram import spectrogram_db
from shenqu.media.audio import read_sound
from shenqu.media.fonts import Typeface
from shenqu.picture import sheet
from shenqu.picture.chart import (
    DARK,
    LIGHT,
    Label,
    confidence_colour,
    heat_map,
    pitch_curve,
    place_labels,
    rows_s,
    words_chart,
)
from shenqu.picture.page import chart_page
from shenqu.picture.sheet import LEFT, MOST_ROWS, RIGHT, ROW_S, SOUND, TICKS, TOP, WIDTH, draw_sheet, sheet_end_s
from shenqu.pipeline import plotted
from shenqu.speech.lines import demo_line
from shenqu.speech.speaker import speak

RATE = 16_000
HOSTILE = (
    '</script><img src=x onerror="alert(1)">',
    "<!--<script>",
    "\u2028'\"&amp;",
    "שלום עולם",
    "🎤神曲",
    "]]>",
    "\\",
    "$&",
)


def word(text, start_s, end_s, *, confidence=1.0, vowel_s=None):
    """Return a word of one syllable, half of it vowel unless told."""
    vowel_s = (start_s + end_s) / 2 if vowel_s is None else vowel_s
    phones = (
        Phone(phone="K", start_s=start_s, end_s=vowel_s),
        Phone(phone="AA", start_s=vowel_s, end_s=end_s),
    )
    syllable = Syllable(text=text, start_s=start_s, vowel_s=vowel_s, vowel_end_s=end_s, end_s=end_s, phones=phones)
    return Word(text=text, start_s=start_s, end_s=end_s, confidence=confidence, syllables=(syllable,))


def unheard(text):
    return Word(text=text, confidence=0.0)


def transcript(*words, language="en"):
    return Transcript(language=language, words=words)


def tone(hz, first_s, last_s, duration_s):
    """Return silence with a tone in it."""
    times_s = np.arange(round(duration_s * RATE)) / RATE
    samples = np.where((times_s >= first_s) & (times_s < last_s), 0.5 * np.sin(2 * np.pi * hz * times_s), 0.0)
    return LongSound(pcm=(samples * 32767).astype(np.int16), rate=RATE)


def chart_of(*words, duration_s=4.0, start_s=0.0, **more):
    return words_chart(transcript(*words, **more), title="a.wav", start_s=start_s, end_s=start_s + duration_s)


def drawn(chart, sound, theme=DARK):
    return np.asarray(draw_sheet(chart, sound, Typeface(), theme=theme)).astype(int)


def lane(chart, name):
    return next(one.spans for one in chart.lanes if one.name == name)


# ------------------------------------------------------------------ spectrogram


def test_a_tone_is_loudest_at_its_own_place():
    samples = tone(2500.0, 1.0, 2.0, 3.0).part(0.0, 3.0)
    levels = spectrogram_db(samples, RATE, start_s=0.0, column_s=0.01, columns=300, rows=101)
    assert set(levels[:, 105:195].argmax(axis=0)) == {50}
    assert levels[50, 105:195].min() > levels[:, :98].max() + 60


def test_an_onset_is_sharp_to_a_few_milliseconds():
    samples = tone(1000.0, 1.0, 2.0, 3.0).part(0.0, 3.0)
    levels = spectrogram_db(samples, RATE, start_s=0.9, column_s=0.001, columns=200, rows=51)[10]
    assert np.flatnonzero(levels > levels.max() - 10)[0] == pytest.approx(100, abs=4)


def test_columns_do_not_depend_on_how_the_time_is_cut():
    samples = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    whole = spectrogram_db(samples, RATE, start_s=0.0, column_s=0.004, columns=250, rows=64)
    parts = [spectrogram_db(samples, RATE, start_s=at * 0.2, column_s=0.004, columns=50, rows=64) for at in range(5)]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=0.01)


def test_beyond_the_sound_is_silence():
    levels = spectrogram_db(np.ones(100, np.float32), RATE, start_s=5.0, column_s=0.01, columns=10, rows=8)
    assert levels.shape == (8, 10)
    assert levels.max() < -60


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_louder_is_seen_without_colours_too(theme):
    luminance = heat_map(theme).astype(float) @ [0.2126, 0.7152, 0.0722]
    rising = luminance if theme is DARK else luminance[::-1]
    assert (np.diff(rising) > -1.0).all()
    assert rising[-1] - rising[0] > 200


# ------------------------------------------------------------------ what is charted


def test_a_chart_says_what_the_transcript_says():
    chart = chart_of(word("go", 0.5, 0.9, confidence=0.25, vowel_s=0.6), word("on", 0.9, 1.2), unheard("now"))
    assert lane(chart, "words") == (Span(0.5, 0.9, "go", 0.25), Span(0.9, 1.2, "on", 1.0))
    assert lane(chart, "syllables")[0] == Span(0.5, 0.9, "go", core_start_s=0.6, core_end_s=0.9)
    assert [span.text for span in lane(chart, "sounds")] == ["K", "AA", "K", "AA"]
    assert chart.marks[0].times_s == (0.6, 1.05)
    assert lane(chart, "not heard") == (Span(1.2, 4.0, "now", 0.0, "not heard"),)
    assert chart.facts == (
        "language en", "2 words", "2 syllables", "1 doubtful (confidence below 50)", "1 not heard",
    )  # fmt: skip


def test_words_that_were_not_heard_stand_between_their_neighbours():
    heard = [word("a", 0.5, 0.7), word("d", 1.5, 1.7), word("f", 1.7, 2.0)]
    chart = chart_of(unheard("so"), heard[0], unheard("b"), unheard("c"), heard[1], unheard("e"), heard[2])
    assert [(span.start_s, span.end_s, span.text) for span in lane(chart, "not heard")] == [
        (0.0, 0.5, "so"),
        (0.7, 1.5, "b c"),
        (1.7, 1.7, "e"),
    ]


def test_a_part_has_only_what_begins_in_it():
    chart = chart_of(word("a", 0.5, 0.7), unheard("b"), word("c", 2.5, 2.7), unheard("d"), start_s=2.0, duration_s=2.0)
    assert [span.text for span in lane(chart, "words")] == ["c"]
    assert [span.text for span in lane(chart, "not heard")] == ["b", "d"]
    assert (
        chart_of(word("a", 0.5, 0.7), unheard("z"), word("c", 9, 9.5), start_s=0, duration_s=0.6).facts[1] == "1 word"
    )


def test_without_words_there_are_syllables():
    syllables = tuple(word("", at, at + 0.2).replace(text="") for at in (0.5, 1.0))
    chart = chart_of(*syllables, language="und")
    assert chart.facts == ("language unknown", "2 syllables")
    assert [one.name for one in chart.lanes] == ["syllables", "sounds"]


def test_a_transcript_without_anything_is_a_chart_of_the_sound():
    chart = chart_of(language="und")
    assert chart.lanes == ()
    assert drawn(chart, tone(500, 1, 2, 4)).shape[1] == WIDTH
    assert "<h1" in chart_page(chart, tone(500, 1, 2, 4))


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0, 1000), st.floats(1, 300)), max_size=40),
    st.integers(1, 3),
    st.floats(0, 20),
)
def test_labels_never_overlap(places, rows, gap):
    labels = [Label(middle, width) for middle, width in sorted(places)]
    taken = {row: [] for row in range(rows)}
    for label, place in zip(labels, place_labels(labels, rows=rows, left=10, right=900, gap=gap), strict=True):
        if place is not None:
            row, left = place
            assert left >= 10
            assert left + label.width <= 900 + 1e-6
            taken[row].append((left, left + label.width))
    for spans in taken.values():
        for (_, end), (start, _) in pairwise(spans):
            assert start - end >= gap - 1e-6


def test_a_label_with_room_stands_over_its_middle():
    labels = [Label(100, 40), Label(300, 60)]
    assert place_labels(labels, rows=2, left=0, right=400, gap=5) == [(0, 80), (0, 270)]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 1.5), st.floats(0.05, 2.0)), max_size=60), st.floats(0.5, 90))
def test_rows_tile_the_time_and_cut_no_word(lengths, more_s):
    now_s, spans = 0.0, []
    for pause_s, length_s in lengths:
        spans.append(Span(now_s + pause_s, now_s + pause_s + length_s, "x"))
        now_s += pause_s + length_s
    lanes = (Lane(name="words", kind="labels", spans=tuple(spans)),)
    chart = Chart(title="", start_s=0.0, end_s=now_s + more_s, lanes=lanes)
    rows = rows_s(chart, ROW_S)
    assert rows[0][0] == chart.start_s
    assert rows[-1][1] == chart.end_s
    for (start_s, end_s), after in zip(rows, [*rows[1:], (chart.end_s, None)], strict=True):
        assert 0 < end_s - start_s <= ROW_S * 1.02 + 1e-9
        assert end_s == after[0]
        assert not any(span.start_s + 1e-9 < end_s < span.end_s - 1e-9 for span in spans)


def test_a_curve_has_as_many_values_as_can_be_seen():
    pitch = PitchTrack(f0_hz=np.full(720_000, 123.456), confidence=np.ones(720_000))
    curve = pitch_curve(pitch, start_s=2.0)
    assert len(curve.hz) <= 60_000
    assert curve.hop_s * len(curve.hz) == pytest.approx(3600, rel=0.01)
    assert set(curve.hz) == {123.5}


# ------------------------------------------------------------------ the picture


def test_what_is_planted_lies_at_its_column_and_lane():
    chart = chart_of(word("go", 1.0, 2.0, confidence=1.0, vowel_s=1.25), word("on", 3.0, 3.5, confidence=0.2))
    picture = drawn(chart, tone(2500.0, 1.0, 2.0, 4.0))

    def column(time_s):
        return LEFT + round(time_s * (WIDTH - LEFT - RIGHT) / 4.0)

    rows = slice(TOP + TICKS, TOP + TICKS + SOUND)
    bright = picture[rows].sum(axis=2)
    # The line of a vowel onset is brighter than the silence beside it, all the way down; nothing else in silence is.
    silent = np.flatnonzero(bright[8:, column(2.1) : column(3.9)].min(axis=0) > 300) + column(2.1)
    assert silent.tolist() == [column(3.25)]
    # The tone is a band at half the height, from 1 s to 2 s, and the line at 1.25 s crosses it.
    band = bright[SOUND // 2]
    assert band[column(1.03) : column(1.97)].min() > 450
    assert band[column(0.1) : column(0.97)].max() < 150
    assert np.argmax(bright[8:, column(1.6)]) + 8 == pytest.approx(SOUND / 2, abs=8)
    # Below: a bar in the colour of its confidence and as high as it, then the vowel in its syllable.
    below = picture[TOP + TICKS + SOUND :]
    sure, unsure = (np.array(confidence_colour(DARK, confidence)) for confidence in (1.0, 0.2))
    assert (below[:, column(1.1)] == sure).all(axis=1).sum() == 20
    assert (below[:, column(3.1)] == unsure).all(axis=1).sum() == 4
    core = (below == np.array(DARK.core)).all(axis=2).any(axis=0)
    assert core[column(1.27) : column(1.95)].all()
    assert not core[column(1.02) : column(1.24)].any()


def test_what_was_not_heard_is_drawn_in_its_gap():
    chart = chart_of(word("go", 0.5, 1.0), unheard("away"), word("on", 3.0, 3.5))
    picture = drawn(chart, tone(500, 1, 2, 4))[TOP:]
    columns = np.flatnonzero((picture == np.array(DARK.missing)).all(axis=2).any(axis=0))
    scale = (WIDTH - LEFT - RIGHT) / 4.0
    assert columns.min() == pytest.approx(LEFT + 1.0 * scale, abs=2)
    assert columns.max() == pytest.approx(LEFT + 3.0 * scale, abs=2)


def test_long_recordings_have_as_many_rows_as_fit():
    words = [word("go", at + 0.1, at + 0.6) for at in range(600)]
    chart = words_chart(transcript(*words), title="a", start_s=0.0, end_s=600.0)
    assert ROW_S * MOST_ROWS * 2 / 3 < sheet_end_s(chart) <= ROW_S * MOST_ROWS * 1.02
    picture = draw_sheet(chart, tone(500, 1, 2, 100), Typeface())
    assert picture.height < 6000


@pytest.mark.parametrize("text", [*HOSTILE, "x" * 100_000, "two\nlines", ""])
def test_any_text_can_be_drawn(text):
    words = (word(text or "a", 0.5, 1.0, confidence=0.1), unheard(text or "b"), word(text or "c", 1.0, 1.002))
    picture = draw_sheet(
        words_chart(transcript(*words, language=text[:20] or "en"), title=text, start_s=0.0, end_s=2.0),
        tone(500, 0, 1, 2),
        Typeface(),
    )
    assert picture.width == WIDTH


def test_a_picture_is_the_same_twice():
    chart, sound = chart_of(word("go", 1, 2), unheard("x")), tone(300, 1, 2, 4)
    assert (drawn(chart, sound) == drawn(chart, sound)).all()
    assert (drawn(chart, sound) != drawn(chart, sound, LIGHT)).any()


# ------------------------------------------------------------------ the page


class Read(HTMLParser):
    """What a browser would make of a page: its tags, and the text of its scripts and styles."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self._inside = [], {}, None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        kind = f"{tag} {dict(attrs).get('type', '')}".strip()
        self._inside = kind if tag in {"script", "style", "h1", "title"} else None
        if self._inside:
            assert kind not in self.texts, f"a second {kind}"
            self.texts[kind] = ""

    def handle_endtag(self, tag):
        self._inside = None

    def handle_data(self, data):
        if self._inside:
            self.texts[self._inside] += data


def data_of(page):
    return json.loads(Read(page).texts["script application/json"])


def hostile_chart():
    words = [
        made
        for number, text in enumerate(HOSTILE)
        for made in (word(text, number + 0.1, number + 0.6, confidence=number / 10), unheard(text))
    ]
    chart = words_chart(transcript(*words, language=HOSTILE[0]), title=HOSTILE[0], start_s=0.0, end_s=9.0)
    return chart.replace(facts=(*chart.facts, *HOSTILE))


def test_nothing_that_was_said_is_markup():
    chart = hostile_chart()
    usual = Read(chart_page(chart_of(word("go", 1, 2, confidence=0.4), unheard("x")), tone(300, 1, 2, 4)))
    found = Read(chart_page(chart, tone(300, 1, 2, 9)))
    tags = {tag for tag, _ in found.tags}
    assert tags <= {tag for tag, _ in usual.tags}
    assert "img" not in tags
    assert found.texts["h1"] == found.texts["title"] == HOSTILE[0]
    assert not [attrs for _, attrs in found.tags if any(name.startswith("on") for name in attrs)]


def test_the_chart_in_the_page_reads_back_equal():
    chart = hostile_chart().replace(
        curves=(pitch_curve(PitchTrack(f0_hz=np.ones(9), confidence=np.ones(9)), start_s=0.0),)
    )
    page = chart_page(chart, tone(300, 1, 2, 9))
    assert msgspec.convert(data_of(page)["chart"], Chart) == chart


def test_only_this_script_and_this_style_may_run():
    page = chart_page(chart_of(word("go", 1, 2)), tone(300, 1, 2, 4))
    found = Read(page)
    policy = next(attrs["content"] for tag, attrs in found.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    for kind in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(found.texts[kind].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not [attrs for _, attrs in found.tags if {"src", "href", "style"} & attrs.keys()]


def test_tiles_cover_the_chart_and_show_its_sound():
    chart = chart_of(word("go", 1, 2), duration_s=40.0, start_s=100.0)
    data = data_of(chart_page(chart, tone(2500, 20, 30, 40.0)))
    edges = [(tile["start_s"], tile["end_s"]) for tile in data["tiles"]]
    assert edges[0][0] == 100.0
    assert edges[-1][1] == 140.0
    assert all(before[1] == after[0] for before, after in pairwise(edges))
    for tile in [data["overview"], *data["tiles"]]:
        image = Image.open(io.BytesIO(base64.b64decode(tile["picture"].partition(",")[2])))
        assert image.mode == "L"
        shades = np.asarray(image).astype(int)
        times_s = np.linspace(tile["start_s"], tile["end_s"], shades.shape[1])
        loud, silent = (times_s > 120.5) & (times_s < 129.5), (times_s < 119.5) | (times_s > 130.5)
        middle = shades[shades.shape[0] // 2 - 2 : shades.shape[0] // 2 + 2].max(axis=0)
        assert middle[loud].min(initial=255) > 180
        assert middle[silent].max(initial=0) < 60


class Endless:
    """Noise of any length, of which a second is kept."""

    def __init__(self, duration_s):
        self.duration_s, self.rate = duration_s, RATE
        self._second = 0.1 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)

    def part(self, start_s, end_s):
        count = round((min(end_s, self.duration_s) - max(0.0, start_s)) * RATE)
        return np.resize(self._second, max(0, count))


def test_an_hour_is_a_page_of_bounded_size():
    words = [word("something", at / 3, at / 3 + 0.3, confidence=0.87) for at in range(10_800)]
    chart = words_chart(transcript(*words), title="a", start_s=0.0, end_s=3600.0)
    page = chart_page(chart, Endless(3600.0))
    assert len(page) < 20e6


def test_a_page_is_the_same_twice():
    chart, sound = chart_of(word("go", 1, 2), unheard("x")), tone(300, 1, 2, 4)
    assert chart_page(chart, sound) == chart_page(chart, sound)


# ------------------------------------------------------------------ the command

TEXT = "hello, thank you, thank you very much, how are you, are you OK"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a spoken line, its words, and their charts."""
    folder = tmp_path_factory.mktemp("chart")
    spoken = speak(demo_line("en"))
    soundfile.write(folder / "line.wav", spoken.audio.mono, spoken.audio.rate)
    line = str(folder / "line.wav")
    assert run(["words", line, "--text", TEXT, "-o", str(folder / "line.json"), "--quiet"]) == 0
    for name in ("line.png", "line.html"):
        words = ["words", line, "--text", str(folder / "line.json"), "--plot", str(folder / name), "--quiet"]
        assert run(words) == 0
    return folder


@pytest.fixture
def _in_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)


@pytest.mark.usefixtures("_in_folder")
class TestCommand:
    def test_a_plot_alone_is_all_that_comes_out(self, capsys):
        assert run(["words", "line.wav", "--text", "line.json", "--plot", "line.png", "--force"]) == 0
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("line.png (")
        with Image.open("line.png") as image:
            assert image.width == WIDTH

    def test_a_plot_beside_words(self, folder, capsys):
        words = ["words", "line.wav", "--text", "line.json"]
        assert run([*words, "-o", "both.json", "--plot", "both.png"]) == 0
        assert "both.json, both.png" in capsys.readouterr().err
        assert (folder / "both.json").read_bytes() == (folder / "line.json").read_bytes()
        assert (folder / "both.png").read_bytes() == (folder / "line.png").read_bytes()
        assert run([*words, "--to", "lrc", "--plot", "both.HTML"]) == 0
        assert "[00:0" in capsys.readouterr().out
        assert (folder / "both.HTML").read_bytes() == (folder / "line.html").read_bytes()

    def test_python_draws_the_same(self, folder):
        said = shenqu.words("line.wav", text="line.json", plot="python.png")
        assert said == shenqu.words("line.wav", text="line.json")
        assert (folder / "python.png").read_bytes() == (folder / "line.png").read_bytes()

    def test_the_page_holds_the_sound_sample_by_sample(self):
        data = data_of(Path("line.html").read_text(encoding="utf-8"))
        pieces = [soundfile.read(io.BytesIO(base64.b64decode(piece["sound"])))[0] for piece in data["pieces"]]
        sound = read_sound(Path("line.wav"), rate=data["rate"])
        np.testing.assert_allclose(np.concatenate(pieces), sound.part(0, 1e6), atol=1e-4)
        assert data["pieces"][0]["start_s"] == 0.0
        assert data["pieces"][-1]["end_s"] == pytest.approx(sound.duration_s)

    def test_a_long_page_has_sound_at_its_beginning(self, folder, monkeypatch):
        monkeypatch.setattr(plotted, "MOST_SOUND_S", 1.0)
        shenqu.words("line.wav", text="line.json", plot="short.html", start_s=0.5)
        page = (folder / "short.html").read_text(encoding="utf-8")
        assert "sound of the first 1 s only" in page
        pieces = data_of(page)["pieces"]
        assert (pieces[0]["start_s"], pieces[-1]["end_s"]) == (0.5, 1.5)

    def test_a_long_picture_says_what_it_shows(self, monkeypatch, capsys):
        monkeypatch.setattr(sheet, "MOST_ROWS", 1)
        monkeypatch.setattr(sheet, "ROW_S", 2.0)
        assert run(["words", "line.wav", "--text", "line.json", "--plot", "part.png"]) == 0
        said = capsys.readouterr().err
        assert "are shown" in said
        assert "--start" in said

    def test_sound_without_words_is_charted_too(self, folder):
        shenqu.words("line.wav", plot="ear.html")
        chart = msgspec.convert(data_of((folder / "ear.html").read_text(encoding="utf-8"))["chart"], Chart)
        assert chart.lanes[0].name == "syllables"
        assert len(chart.lanes[0].spans) > 8

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (["--plot", "line.pdf"], ".png or .html"),
            (["--plot", "line"], ".png or .html"),
            (["--plot", "line.png"], "--force"),
            (["-o", "one.html", "--to", "json", "--plot", "one.html"], "two outputs"),
            (["--plot", "nowhere/line.png"], "nowhere"),
        ],
    )
    def test_what_cannot_be_plotted_is_said_in_one_line(self, folder, capsys, words, says):
        before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        assert run(["words", "line.wav", "--text", "line.json", *words]) == 1
        captured = capsys.readouterr()
        assert captured.out == ""
        assert len(captured.err.strip().splitlines()) == 1
        assert says in captured.err
        assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_the_recording_is_not_drawn_over(folder, capsys):
    picture = folder / "input.png"
    shutil.copy(folder / "line.wav", picture)
    assert run(["words", str(picture), "--plot", str(picture), "--force"]) == 1
    assert "is an input" in capsys.readouterr().err
    picture.unlink()


# ------------------------------------------------------------------ a real browser


def opened(browser, path, troubles, **more):
    page = browser.new_page(viewport={"width": 1200, "height": 800}, **more)
    page.on("console", lambda message: troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("dialog", lambda dialog: troubles.append(dialog.message))
    page.on("request", lambda sent: None if sent.url.startswith(("file:", "data:")) else troubles.append(sent.url))
    page.goto(path.as_uri())
    page.wait_for_selector("#text button")
    return page


def test_a_browser_shows_and_plays_the_page(browser, folder, tmp_path):
    troubles = []
    page = opened(browser, folder / "line.html", troubles)
    words = page.locator("#text button")
    assert words.count() == len(TEXT.split())
    words.first.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("[aria-current]").inner_text().startswith("thank")
    assert page.evaluate("document.activeElement.textContent").startswith("thank")
    assert "thank" in page.locator("#told").inner_text()
    page.keyboard.press("Enter")
    for label in ("Stop", "Play from here"):  # it begins, and ends with the word
        page.wait_for_function("label => document.getElementById('play').textContent === label", arg=label)
    wide = page.locator("#track").bounding_box()["width"]
    page.keyboard.press("End")
    page.keyboard.press("+")
    assert page.locator("#track").bounding_box()["width"] > 1.3 * wide
    # What is chosen stays in view, at whatever zoom.
    left, wide, last_s = page.evaluate(
        "[document.getElementById('view').scrollLeft, document.getElementById('view').clientWidth,"
        " JSON.parse(document.getElementById('data').textContent).chart.lanes[0].spans.at(-1)[0]]"
    )
    data = data_of((folder / "line.html").read_text(encoding="utf-8"))
    scale = page.locator("#track").bounding_box()["width"] / data["chart"]["end_s"]
    assert left < last_s * scale < left + wide
    assert troubles == []


def test_a_browser_runs_nothing_that_was_said(browser, tmp_path):
    troubles, file = [], tmp_path / "hostile.html"
    file.write_text(chart_page(hostile_chart(), tone(300, 1, 2, 9)), encoding="utf-8")
    page = opened(browser, file, troubles, color_scheme="dark", reduced_motion="reduce")
    texts = page.locator("#text button").all_inner_texts()
    assert any(HOSTILE[0] in text for text in texts)
    assert len(texts) == 2 * len(HOSTILE)
    assert page.locator("img").count() == 0
    page.locator("#text button").first.click()
    assert troubles == []
