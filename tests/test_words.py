"""`shenqu words` as a user meets it, and `sing` on what it wrote."""

import json
import subprocess
import sys

import pytest
import soundfile

import shenqu
from shenqu.cli import run
from shenqu.media.texts import read_transcript, read_words
from shenqu.speech.lines import demo_line
from shenqu.speech.speaker import speak

TEXT = "hello, thank you, thank you very much, how are you, are you OK"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a spoken line, and its words as JSON."""
    folder = tmp_path_factory.mktemp("words")
    spoken = speak(demo_line("en"))
    soundfile.write(folder / "line.wav", spoken.audio.mono, spoken.audio.rate)
    assert run(["words", str(folder / "line.wav"), "--text", TEXT, "-o", str(folder / "line.json"), "--quiet"]) == 0
    return folder


@pytest.fixture(autouse=True)
def _in_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SHENQU_CACHE", str(folder / "cache"))


def test_json_has_words_syllables_and_phones(folder):
    written = json.loads((folder / "line.json").read_text(encoding="utf-8"))
    assert list(written) == ["language", "words"]
    assert " ".join(word["text"] for word in written["words"]) == TEXT
    word = written["words"][0]
    assert list(word) == ["text", "start_s", "end_s", "confidence", "syllables", "pinned"]
    assert [syllable["text"] for syllable in word["syllables"]] == ["he", "llo,"]
    names = ["text", "start_s", "vowel_s", "vowel_end_s", "end_s", "stress", "tone", "phones"]
    assert list(word["syllables"][0]) == names
    assert [phone["phone"] for phone in word["syllables"][0]["phones"]] == ["HH", "AH"]
    assert list(word["syllables"][0]["phones"][0]) == ["phone", "start_s", "end_s"]


def test_stdout_and_file_and_python_say_the_same(folder, capsys):
    assert run(["words", "line.wav", "--text", TEXT]) == 0
    captured = capsys.readouterr()
    assert captured.out == (folder / "line.json").read_text(encoding="utf-8")
    assert captured.err == ""
    assert shenqu.words("line.wav", text=TEXT) == read_transcript("line.json")


@pytest.mark.parametrize("form", ["TextGrid", "srt", "vtt", "lrc", "ass"])
def test_every_form_is_written_and_read_again(folder, capsys, form):
    assert run(["words", "line.wav", "--text", "line.json", "-o", f"line.{form}", "--force"]) == 0
    assert f"line.{form}" in capsys.readouterr().err
    assert run(["words", "line.wav", "--text", "line.json", "--to", form.lower()]) == 0
    assert capsys.readouterr().out == (folder / f"line.{form}").read_text(encoding="utf-8")
    assert " ".join(cue.text for cue in read_words(f"line.{form}")) == TEXT
    again = shenqu.words("line.wav", text=f"line.{form}")
    known = read_transcript("line.json")
    if form == "TextGrid":
        assert again == known
    for word, same in zip(again.words, known.words, strict=True):
        assert word.text == same.text
        assert word.start_s == pytest.approx(same.start_s, abs=0.05)


def test_a_corrected_transcript_is_taken_at_its_word(folder):
    transcript = json.loads((folder / "line.json").read_text(encoding="utf-8"))
    transcript["words"][0]["syllables"][0]["text"] = "Hal"
    (folder / "mine.json").write_text(json.dumps(transcript), encoding="utf-8")
    assert shenqu.words("line.wav", text="mine.json").syllables[0].text == "Hal"
    made = shenqu.sing("line.wav", "twinkle", text="mine.json", out="mine.wav", length_s=8)
    assert made.song.transcript.syllables[0].text == "Hal"
    assert made.song.transcript.words[1] == read_transcript("line.json").words[1]


def test_a_part_holds_the_words_in_it():
    known = read_transcript("line.json").words
    part = shenqu.words("line.wav", text="line.json", start_s=known[2].start_s, end_s=known[4].end_s)
    assert part.words == known[2:5]


def test_all_of_the_recording_is_heard_without_a_text():
    heard = shenqu.words("line.wav")
    assert heard.language == "und"
    assert len(heard.syllables) == pytest.approx(len(read_transcript("line.json").syllables), abs=4)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["words"], 2, "SPEECH"),
        (["words", "line.wav", "--to", "praat"], 2, "--to"),
        (["words", "line.wav", "-o", "line.txt"], 1, "--to"),
        (["words", "line.wav", "-o", "line.wav", "--to", "json", "--force"], 1, "input"),
        (["words", "line.wav", "--text", "line.json", "-o", "line.json", "--force"], 1, "input"),
        (["words", "line.wav", "--text", TEXT, "-o", "line.json"], 1, "--force"),
        (["words", "line.wav", "-o", "nowhere/line.json"], 1, "nowhere"),
        (["words", "line.wav", "-o", "wordless.srt"], 1, "--text"),
        (["words", "line.wav", "--text", "missing.lrc"], 1, "missing.lrc"),
        (["words", "line.wav", "--text", ""], 1, "empty"),
        (["words", "line.wav", "--text", "line.json", "--start", "99"], 1, "line.wav"),
        (["words", "line.wav", "--text", "line.json", "--start", "0.1", "--end", "0.5"], 1, "line.json"),
        (["words", "line.wav", "--end", "-1"], 1, "--end"),
        (["words", "line.wav", "--start", "nan"], 1, "a number"),
        (["words", "missing.wav"], 1, "missing.wav"),
        (["words", "line.wav", "--from", "missing.json"], 1, "no such file"),
        (["words", "line.wav", "--from", "line.json", "--recognise"], 1, "--recognise"),
        (["words", "line.wav", "--from", "line.json", "--clean"], 1, "--clean"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(folder, capsys, words, code, says):
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert run(words) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1
    assert says in captured.err
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


@pytest.mark.parametrize(("closed", "written", "code"), [(1, "-", 1), (1, "closed.json", 0), (2, "closed.json", 0)])
def test_a_closed_stream_gets_into_no_file(folder, closed, written, code):
    out = [] if written == "-" else ["-o", written, "--force"]
    command = [sys.executable, "-m", "shenqu", "words", "line.wav", "--text", "line.json", *out]
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {closed}>&-', "sh", *command],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert done.returncode == code
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == (0 if closed == 2 else 1)
    if out:
        assert read_transcript(str(folder / written)) == read_transcript(str(folder / "line.json"))


def test_subtitles_behind_the_end_are_told(folder):
    (folder / "late.srt").write_text(
        f"1\n00:00:00,000 --> 00:00:09,000\n{TEXT}\n\n2\n01:40:00,000 --> 01:40:02,000\nand so on\n", encoding="utf-8"
    )
    with pytest.warns(shenqu.ShenquWarning, match=r"1 subtitles begin behind the end of the recording"):
        found = shenqu.words(folder / "line.wav", text=str(folder / "late.srt"))
    assert " ".join(word.text for word in found.words) == TEXT
