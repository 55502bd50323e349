"""Texts and subtitles as people have them: every encoding, loose times, markup."""

import pytest

from shenqu.documents.speech import Cue
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.texts import MOST_BYTES, read_words

SRT = "1\n00:00:01,500 --> 00:00:02,000\n<i>Are you</i> OK?\n\n2\n00:00:03,000 --> 00:00:04,250\n{\\an8}Thank you\n"


@pytest.mark.parametrize("name", ["words.csv", "words.ttml", "missing.lab", "words.md", "folder/"])
def test_the_name_of_another_file_is_no_text(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "hello").write_text("a file whose name is a word")
    if name.startswith("words"):
        (tmp_path / name).write_text("one two three")
    with pytest.raises(InputError, match=name):
        read_words(name)
    assert read_words("hello")[0].text == "hello"
    assert read_words("Are you OK?...")[0].text == "Are you OK?..."


def test_a_string_is_the_text_itself():
    assert read_words("Are you OK?\nThank you") == (Cue(text="Are you OK?"), Cue(text="Thank you"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gbk"])
def test_encodings_are_told_apart(tmp_path, encoding):
    path = tmp_path / "words.txt"
    path.write_bytes("你还好吗？Are you OK?".encode(encoding))
    assert [cue.text for cue in read_words(str(path))] == ["你还好吗？Are you OK?"]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("don’t", "cp1252"), ("schöne Grüße", "cp1252"), ("朱镕基", "gbk"), ("你们 are 镕 OK 好", "gbk")],
)
def test_lone_high_bytes_are_western(tmp_path, text, encoding):
    path = tmp_path / "words.txt"
    path.write_bytes(text.encode(encoding))
    assert read_words(str(path))[0].text == text


def test_a_stray_nul_makes_no_other_encoding(tmp_path):
    path = tmp_path / "words.txt"
    path.write_bytes(b"Are you\0 OK? Thank you")
    assert read_words(str(path))[0].text.split() == ["Are", "you", "OK?", "Thank", "you"]


def test_subrip_gives_times_and_no_markup(tmp_path):
    path = tmp_path / "words.SRT"
    path.write_text(SRT, encoding="utf-8")
    assert read_words(str(path)) == (
        Cue(text="Are you OK?", start_s=1.5, end_s=2.0),
        Cue(text="Thank you", start_s=3.0, end_s=4.25),
    )


def test_webvtt_without_hours_and_with_notes(tmp_path):
    path = tmp_path / "words.vtt"
    path.write_text("WEBVTT\n\nNOTE no words\n\n00:01.000 --> 00:02.000 align:start\n<v Ann>a &amp; b</v>\n", "utf-8")
    assert read_words(str(path)) == (Cue(text="a & b", start_s=1.0, end_s=2.0),)


def test_loose_times_missing_blanks_and_order(tmp_path):
    path = tmp_path / "words.srt"
    path.write_text("2\n0:0:5 --> 0:0:6,5\ntwo\n1\n00:00:1.5-->00:00:02\none", encoding="utf-8")
    assert read_words(str(path)) == (Cue(text="one", start_s=1.5, end_s=2.0), Cue(text="two", start_s=5.0, end_s=6.5))


def test_a_bare_number_is_left_out_and_said(tmp_path):
    path = tmp_path / "words.srt"
    path.write_text("1\n00:00:00,000 --> 00:00:01,000\n1\n\n" + SRT, encoding="utf-8")
    with pytest.warns(ShenquWarning, match=r"at 0\.0 s is only the number 1"):
        assert len(read_words(str(path))) == 2


@pytest.mark.parametrize("text", ["", " \n ", "<b></b>"])
def test_an_empty_text_is_refused(text):
    with pytest.raises(InputError, match="empty"):
        read_words(text)


@pytest.mark.parametrize("name", ["missing.txt", "missing.srt", "MISSING.VTT", "a\0b.txt"])
def test_a_missing_file_is_not_taken_for_words(name):
    with pytest.raises(InputError, match=r"no such text file|cannot be read"):
        read_words(name)


def test_bad_files_are_refused_in_one_line(tmp_path):
    path = tmp_path / "words.txt"
    for data in (b"", b"\xff\xff\xff\xff\x80", b"a" * (MOST_BYTES + 1)):
        path.write_bytes(data)
        with pytest.raises(InputError, match=r"words\.txt: [^\n]+$"):
            read_words(str(path))
    with pytest.raises(InputError, match="holds no words"):
        empty = tmp_path / "empty.srt"
        empty.write_text("no times here", encoding="utf-8")
        read_words(str(empty))
