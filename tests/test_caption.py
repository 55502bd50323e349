"""Karaoke lines: every syllable lit while it is sung, in lines that can be read."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.performance import Performance, SungNote, TimeMap
from shenqu.documents.picture import CaptionLine, CaptionSyllable
from shenqu.documents.speech import Syllable, Transcript, Word
from shenqu.picture.caption import caption_lines, columns, to_ass


def transcript(text, language="en"):
    """Make a transcript of words, with syllables parted by "|"."""
    words, now = [], 0.0
    for word in text.split():
        syllables = []
        for part in word.split("|"):
            syllables.append(Syllable(text=part, start_s=now, vowel_s=now, vowel_end_s=now + 0.2, end_s=now + 0.2))
            now += 0.2
        whole = word.replace("|", "")
        words.append(
            Word(text=whole, start_s=syllables[0].start_s, end_s=syllables[-1].end_s, syllables=tuple(syllables))
        )
    return Transcript(language=language, words=tuple(words))


def sung(indices, *, step_s=0.4, rests=(), length_s=0.35):
    """Make a performance that sings `indices` in turn; before those places in `rests` it rests a second."""
    notes, now = [], 0.0
    for place, index in enumerate(indices):
        now += 1.0 if place in rests else 0.0
        notes.append(SungNote(start_s=now, end_s=now + length_s, pitch=60, syllable=index, lyric="la"))
        now += step_s
    return Performance(notes=tuple(notes), time_map=TimeMap(rows=((0.0, 0.0), (now, now))), duration_s=now)


def text_of(line):
    return "".join(item.text + " " * item.space for item in line.syllables)


def test_syllable_is_lit_through_its_last_note():
    notes = (
        SungNote(start_s=1.0, end_s=1.5, pitch=60, syllable=0, lyric="he"),
        SungNote(start_s=1.5, end_s=2.5, pitch=62, syllable=0, lyric="+"),
        SungNote(start_s=2.5, end_s=3.0, pitch=62, syllable=1, lyric="llo"),
    )
    performance = Performance(notes=notes, time_map=TimeMap(rows=((0.0, 0.0), (4.0, 4.0))), duration_s=4.0)
    (line,) = caption_lines(performance, transcript("he|llo"))
    assert line.syllables == (
        CaptionSyllable(text="he", start_s=1.0, end_s=2.5),
        CaptionSyllable(text="llo", start_s=2.5, end_s=3.0),
    )
    assert line.start_s < 1.0
    assert 3.0 < line.end_s <= 4.0


def test_lines_break_at_rests_and_sentences_and_between_words():
    words = transcript("Are you O|K? Thank you thank you ve|ry much for com|ing to this ve|ry long e|vent to|night")
    lines = [text_of(line) for line in caption_lines(sung(range(len(words.syllables)), rests={6}), words)]
    assert lines[:2] == ["Are you OK?", "Thank you"]
    assert " ".join(lines) == "Are you OK? Thank you thank you very much for coming to this very long event tonight"
    assert all(columns(line) <= 32 for line in lines)
    assert len(lines) <= 5


def test_repeated_and_shuffled_syllables_stand_apart():
    lines = caption_lines(sung([0, 0, 0, 1, 2, 1, 2]), transcript("so O|K"))
    assert text_of(lines[0]) == "so so so OK OK"


def test_chinese_lines_have_sixteen_characters_and_readings():
    words = transcript("银|行 的 行|长， 走|在 长|江 大|桥 上 唱|一|首 很 长 很 长 的 歌", "zh")
    lines = caption_lines(sung(range(len(words.syllables))), words)
    assert all(columns(text_of(line)) <= 32 for line in lines)
    assert " " not in "".join(map(text_of, lines))
    readings = [item.reading for line in lines for item in line.syllables]
    assert readings[:2] == ["yín", "háng"], "not xíng: the reading is chosen by the neighbours"
    assert readings[7:9] == ["cháng", "jiāng"]


def test_unknown_words_have_no_captions():
    words = Transcript(
        language="und",
        words=(
            Word(
                text="",
                start_s=0.0,
                end_s=1.0,
                syllables=(Syllable(text="", start_s=0.0, vowel_s=0.1, vowel_end_s=0.9, end_s=1.0),),
            ),
        ),
    )
    assert caption_lines(sung([0, 0]), words) == ()
    assert caption_lines(sung([]), transcript("a")) == ()


@given(
    words=st.lists(st.lists(st.sampled_from(["a", "str", "神", "é,", "ok."]), min_size=1, max_size=4), max_size=12),
    order=st.randoms(use_true_random=False),
    step_s=st.floats(0.05, 2.0),
)
@settings(max_examples=60, deadline=None)
def test_lines_keep_all_syllables_in_order_and_never_overlap(words, order, step_s):
    spoken = transcript(" ".join("|".join(parts) for parts in words))
    count = len(spoken.syllables)
    indices = [order.randrange(count) for _ in range(2 * count)]
    performance = sung(indices, step_s=step_s, length_s=step_s * 0.9)
    lines = caption_lines(performance, spoken)
    assert [item.text for line in lines for item in line.syllables] == [spoken.syllables[i].text for i in indices]
    for before, after in pairwise(lines):
        assert before.end_s <= after.start_s
    for line in lines:
        assert line.start_s <= line.syllables[0].start_s
        assert line.end_s >= line.syllables[-1].end_s - 1e-9


def read_ass(text):
    """Return (style, start, end, [(tag, centiseconds, text)]) of every event."""
    events = []
    for row in text.splitlines():
        if row.startswith("Dialogue:"):
            _, start, end, style, *_ = row.split(",", 9)
            body = row.split(",", 9)[9]
            parts = [(tag, int(length), shown) for tag, length, shown in re.findall(r"\{\\(kf?)(\d+)\}([^{]*)", body)]
            assert "".join(f"{{\\{tag}{length}}}{shown}" for tag, length, shown in parts) == body
            events.append((style, centiseconds(start), centiseconds(end), parts))
    return events


def centiseconds(time):
    hours, minutes, seconds = time.split(":")
    return round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 100)


@given(
    gaps=st.lists(st.tuples(st.floats(0, 0.5), st.floats(0.001, 3)), min_size=1, max_size=20),
    start_s=st.floats(0, 7200),
)
@settings(max_examples=60, deadline=None)
def test_tags_sum_to_the_line_and_never_drift(gaps, start_s):
    items, now = [], start_s
    for gap_s, length_s in gaps:
        items.append(CaptionSyllable(text="x", start_s=now + gap_s, end_s=now + gap_s + length_s))
        now += gap_s + length_s
    line = CaptionLine(start_s=start_s, end_s=now + 0.3, syllables=tuple(items))
    ((_, start, end, parts),) = read_ass(to_ass([line], width=1280, height=720))
    assert sum(length for _, length, _ in parts) == end - start
    passed = start
    sweeps = iter(items)
    for tag, length, _ in parts:
        if tag == "kf":
            item = next(sweeps)
            assert passed == pytest.approx(item.start_s * 100, abs=0.5001)
            assert passed + length == pytest.approx(item.end_s * 100, abs=0.5001)
        passed += length


def test_ass_holds_size_font_and_harmless_text():
    line = CaptionLine(
        start_s=0.0,
        end_s=2.0,
        syllables=(
            CaptionSyllable(text="{\\an8}", start_s=0.0, end_s=1.0, space=True),
            CaptionSyllable(text="行\\N\n", start_s=1.0, end_s=2.0, reading="háng"),
        ),
    )
    text = to_ass([line], width=720, height=1280, font="Noto Sans, CJK", title="a\nDialogue: b")
    assert "PlayResX: 720\nPlayResY: 1280\n" in text
    assert ",Noto Sans CJK" not in text
    assert "Style: Karaoke,Noto Sans  CJK," in text
    events = read_ass(text)
    assert [style for style, *_ in events] == ["Karaoke", "Reading"]
    assert "".join(shown for _, _, shown in events[0][3]) == "｛＼an8｝ 行＼N"
    assert "háng" in events[1][3][1][2]
    assert text.count("\nDialogue:") == 2
