"""A song document changed by hand is rendered, or refused in one line with nothing written: never a traceback."""

import json

import pytest
import soundfile

from shenqu.cli import run
from shenqu.speech.lines import demo_line
from shenqu.speech.speaker import speak

TEXT = "Hello my friends, are you OK?"


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    """A folder with a short song and its document."""
    folder = tmp_path_factory.mktemp("edited")
    spoken = speak(demo_line("en"))
    soundfile.write(folder / "line.wav", spoken.audio.mono, spoken.audio.rate)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHENQU_CACHE", str(folder / "cache"))
        words = ["sing", str(folder / "line.wav"), "--tune", "twinkle", "--text", TEXT, "--length", "6"]
        assert run([*words, "--quiet"]) == 0
        yield folder


def render_changed(song, path, value):
    """Change the value at `path` in the document and render it; return the exit code."""
    document = json.loads((song / "line.song.shenqu").read_text())
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    (song / "changed.shenqu").write_text(json.dumps(document, indent=1))
    return run(["render", str(song / "changed.shenqu"), "-o", str(song / "changed.wav"), "--force"])


def metre(numerator, denominator):
    return [{"onset_beat": 0, "numerator": numerator, "denominator": denominator}]


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("placements", 0, "notes", 0, "onset_beat"), "1e999", "beat"),
        (("placements", 0, "notes", 0, "onset_beat"), "9" * 5000, "beat"),
        (("placements", -1, "notes", -1, "length_beat"), 99_999, "would last"),
        (("placements", 0, "syllable"), 10**30, "syllable"),
        (("figures", -1, "onset_beat"), 9_999, "tag) at beat 9999"),
        (("tune", "notes", 1, "onset_beat"), 0, "overlap"),
        (("tune", "upbeat_beat"), -1, "upbeat_beat"),
        (("tune", "tempi"), [], "tempi"),
        (("tune", "tempi"), [{"onset_beat": beat, "bpm": 90} for beat in (4, 0)], "rise"),
        (("tune", "tempi"), [{"onset_beat": beat, "bpm": 90} for beat in range(3000)], "tempi"),
        (("tune", "metres"), metre(4, 3), "denominator"),
        (("tune", "metres"), metre(0, 4), "numerator"),
        (("tune", "chords", 0, "symbol"), "Zx9", "chord"),
        (("tune", "chords", 0, "length_beat"), -4, "length_beat"),
        (("sources", 0, "path"), "x" * 5000 + "\x1b[31m", "--source"),
        (("options", "start_s"), 1e308, "start_s"),
        (("options", "picture"), "99999x1", "99999x1"),
        (("transcript", "words", 0, "syllables", 0, "vowel_s"), 1e300, "must rise"),
        (("sources",), [], "sources"),
        (("sources", 0, "path"), "http://127.0.0.1:9/line.wav", "--source"),
        (("sources", 0, "path"), "/dev/zero", "--source"),
        (("ending",), "../../x", "ending"),
    ],
)
def test_what_cannot_be_sung_is_refused_in_one_line(song, capsys, path, value, says):
    assert render_changed(song, path, value) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1
    assert says in captured.err
    assert len(captured.err) < 500
    assert not (song / "changed.wav").exists()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("placements", 0, "syllable"), None),
        (("placements", 0, "notes"), []),
        (("tune", "upbeat_beat"), 10),
        (("tune", "chords"), []),
        (("tune", "phrase_ends"), []),
        (("seed",), 2**70),
    ],
)
def test_what_is_unusual_is_sung(song, path, value):
    assert render_changed(song, path, value) == 0
    (song / "changed.wav").unlink()
