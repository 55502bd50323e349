"""Karaoke drawn on pictures: readable, inside, lit exactly as far as it is sung."""

import sys
import warnings
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from shenqu.documents.audio import Audio
from shenqu.documents.performance import Performance, SungNote, TimeMap
from shenqu.documents.picture import CaptionLine, CaptionSyllable, EditList, Shot
from shenqu.documents.speech import Syllable, Transcript, Word
from shenqu.errors import ShenquWarning
from shenqu.media import fonts
from shenqu.media.fonts import Typeface, find_typeface
from shenqu.picture.card import card_drawer, card_edit_list, voice_levels
from shenqu.picture.paint import make_stamp, planes, to_yuv
from shenqu.picture.strips import caption_drawer, lit_column, make_strip

AMBER_RED = 150  # the red chroma that only lit letters reach


def line(text, *, step_s=1.0, reading=""):
    items = tuple(
        CaptionSyllable(text=word, start_s=place * step_s, end_s=(place + 1) * step_s, space=True, reading=reading)
        for place, word in enumerate(text.split())
    )
    return CaptionLine(start_s=0.0, end_s=len(items) * step_s + 1, syllables=items)


def blank(width, height, luma=128):
    picture = np.full((height * 3 // 2, width), 128, dtype=np.uint8)
    picture[:height] = luma
    return picture


def edit_list(width, height):
    return EditList(rate=Fraction(10), width=width, height=height, shots=(Shot(first_frame=0, source_s=(0.0,) * 100),))


def test_stamp_blends_to_the_colour_it_was_given():
    rgb = np.full((4, 6, 3), (255, 40, 90), dtype=np.float32)
    for alpha in (0.0, 0.25, 1.0):
        stamp = make_stamp(rgb, np.full((4, 6), alpha, dtype=np.float32))
        picture = blank(16, 8, luma=60)
        stamp.set_on(picture, 2, 2)
        expected = alpha * to_yuv((255, 40, 90)) + (1 - alpha) * np.array([60, 128, 128])
        luma, blue, red = planes(picture)
        assert np.abs(luma[2:6, 2:8] - expected[0]).max() <= 1
        assert np.abs(blue[1:3, 1:4] - expected[1]).max() <= 1
        assert np.abs(red[1:3, 1:4] - expected[2]).max() <= 1
        untouched = blank(16, 8, luma=60)
        changed = luma != planes(untouched)[0]
        assert not changed[:2].any() and not changed[6:].any() and not changed[:, :2].any() and not changed[:, 8:].any()


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (600, 480), (16, 16), (64, 36)])
@pytest.mark.parametrize("text", ["OK", "Thank you very much indeed for coming to this event", "x" * 90])
def test_strips_fit_any_picture(size, text):
    width, height = size
    strip = make_strip(line(text), Typeface(), width=width, height=height)
    across, down = strip.unlit.size
    assert strip.unlit.size == strip.lit.size
    assert strip.x >= 0 and strip.x + across <= width
    assert strip.y >= 0 and strip.y + down <= height
    assert strip.x % 2 == strip.y % 2 == across % 2 == down % 2 == 0
    caption_drawer([line(text)], edit_list(width, height), Typeface())(3, blank(width, height))


def test_letters_light_up_from_left_to_right_as_they_are_sung():
    karaoke = line("one two three four")
    draw = caption_drawer([karaoke], edit_list(640, 360), Typeface())
    before = -1
    for frame in (0, 5, 12, 20, 33, 39):
        picture = blank(640, 360)
        draw(frame, picture)
        lit = np.flatnonzero((planes(picture)[2] > AMBER_RED).any(axis=0))
        rightmost = int(lit.max()) if len(lit) else 0
        assert rightmost >= before
        before = rightmost
    strip = make_strip(karaoke, Typeface(), width=640, height=360)
    for place, (left, right) in enumerate(strip.edges):
        assert lit_column(strip, karaoke, place + 0.5) == pytest.approx((left + right) / 2)
    picture = blank(640, 360)
    draw(60, picture)
    assert np.array_equal(picture, blank(640, 360)), "after its end a line is gone"


@pytest.mark.parametrize("luma", [16, 128, 235])
def test_letters_can_be_read_on_any_ground(luma):
    picture = blank(640, 360, luma)
    caption_drawer([line("read me")], edit_list(640, 360), Typeface())(0, picture)
    drawn = planes(picture)[0][250:]
    assert drawn.max() > 200
    assert drawn.min() < 60


def test_readings_stand_over_their_characters():
    items = tuple(
        CaptionSyllable(text=text, start_s=place, end_s=place + 1.0, reading=reading)
        for place, (text, reading) in enumerate([("A", "zhuang"), ("B", "shuang"), ("C.", "e")])
    )
    karaoke = CaptionLine(start_s=0.0, end_s=3.0, syllables=items)
    with_readings = make_strip(karaoke, Typeface(), width=640, height=360)
    plain = make_strip(
        karaoke.replace(syllables=tuple(item.replace(reading="") for item in items)), Typeface(), width=640, height=360
    )
    assert with_readings.unlit.size[1] > plain.unlit.size[1]
    assert with_readings.unlit.size[0] > plain.unlit.size[0], "wide readings push their characters apart"


def test_typeface_has_all_letters_or_names_the_missing():
    assert find_typeface("Are you OK? 123").missing("Are you OK? 123") == ""
    assert Typeface().missing("aé神 b\u0301") == "é神"


def test_missing_letters_are_named(monkeypatch):
    monkeypatch.setattr(fonts, "_font_folders", list)
    monkeypatch.setattr(fonts, "find_spec", lambda name: None)
    with pytest.warns(ShenquWarning, match=r"神.*shenqu\[cjk\]"):
        assert find_typeface("OK 神") == Typeface()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        find_typeface("OK")


def test_fonts_are_found_in_folders_and_in_the_extra(monkeypatch, tmp_path):
    extra = tmp_path / "extra"
    for family in ("notosansjp", "notosanssc"):
        (extra / "fonts/ofl" / family).mkdir(parents=True)
        (extra / "fonts/ofl" / family / "A.ttf").write_bytes(b"")
    monkeypatch.setattr(fonts, "_font_folders", list)
    monkeypatch.setattr(fonts, "find_spec", lambda name: type("Spec", (), {"submodule_search_locations": [str(extra)]}))
    assert [face.path.parent.name for face in fonts._typefaces("ja-jp")] == ["notosansjp", "notosanssc"]
    assert [face.path.parent.name for face in fonts._typefaces("zh")] == ["notosanssc", "notosansjp"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for the CJK fonts of Linux systems")
def test_chinese_is_written_where_the_system_can():
    if not any("CJK" in path.name for folder in fonts._font_folders() for path in fonts._font_files(folder)):
        pytest.skip("no CJK font is installed")
    assert find_typeface("神曲 OK zhuāng", language="zh").missing("神曲") == ""


def a_performance():
    syllables = tuple(
        Syllable(text=text, start_s=place, vowel_s=place, vowel_end_s=place + 0.9, end_s=place + 1.0)
        for place, text in enumerate(["la", "", "extraordinarily"])
    )
    words = (Word(text="la", start_s=0.0, end_s=3.0, syllables=syllables),)
    notes = tuple(
        SungNote(start_s=place + 0.5, end_s=place + 1.4, pitch=60 + place, syllable=place, lyric="la")
        for place in range(3)
    )
    performance = Performance(notes=notes, time_map=TimeMap(rows=((0.0, 0.0), (4.0, 4.0))), duration_s=4.0)
    return performance, Transcript(language="en", words=words)


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (320, 320)])
def test_card_moves_with_the_voice(size):
    performance, transcript = a_performance()
    film = card_edit_list(4.0, width=size[0], height=size[1])
    assert film.frames == 120
    sound = np.random.default_rng(0).normal(0, 0.1, (1, 4 * 48_000)).astype(np.float32)
    levels = voice_levels(Audio(samples=sound, rate=48_000))
    assert len(levels) == 120
    assert 0.7 < levels.mean() <= 1.0
    draw = card_drawer(
        performance, transcript, film, Typeface(), levels=levels, beats_s=(0.5, 1.0), title="T" * 200, subtitle="s"
    )
    pictures = []
    for frame in (0, 20, 21, 50, 90, 119, 20):
        picture = blank(*size)
        draw(frame, picture)
        pictures.append(picture)
    assert np.array_equal(pictures[1], pictures[-1]), "a frame does not depend on those drawn before"
    assert not any(np.array_equal(a, b) for a, b in pairwise(pictures[:-1]))


def test_card_of_silence_is_drawn_too():
    nothing = Performance(notes=(), time_map=TimeMap(rows=((0.0, 0.0), (1.0, 1.0))), duration_s=1.0)
    levels = voice_levels(Audio(samples=np.zeros((2, 100), np.float32), rate=48_000))
    film = card_edit_list(1.0)
    card_drawer(nothing, Transcript(language="und"), film, Typeface(), levels=levels)(10, blank(1280, 720))


def test_font_files_are_found_in_a_steady_order(tmp_path):
    for name in ("b.ttf", "a.otf", "c.TTC", "d.txt"):
        Path(tmp_path / name).write_bytes(b"")
    assert [path.name for path in fonts._font_files(tmp_path)] == ["a.otf", "b.ttf", "c.TTC"]
