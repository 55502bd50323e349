"""UST and USTX: what editors write, what the street writes, and what is neither. LibreSVIP reads the same files."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.errors import InputError, ShenquWarning
from shenqu.media.ust import parse_ust, parse_ustx, read_ust, read_ustx

HEAD = "[#VERSION]\r\nUST Version1.2\r\n[#SETTING]\r\nTempo={tempo}\r\nProjectName={name}\r\n"


def ust(*notes, tempo="120.00", name="", encoding="cp932", head=HEAD):
    """Return a UST of `notes`: (lyric, pitch, ticks, further rows)."""
    rows = "".join(
        f"[#{index:04d}]\r\nLength={ticks}\r\nLyric={lyric}\r\nNoteNum={pitch}\r\nPreUtterance=\r\n{more}"
        for index, (lyric, pitch, ticks, more) in enumerate(notes)
    )
    return (head.format(tempo=tempo, name=name) + rows + "[#TRACKEND]\r\n").encode(encoding)


def ustx(notes="", head="tempos:\n- {position: 0, bpm: 90}\n", tail=""):
    parts = f"voice_parts:\n- track_no: 0\n  position: 480\n  notes:\n{notes}{tail}"
    return f"name: made\nustx_version: '0.6'\nresolution: 480\n{head}{parts}".encode()


def row(position, duration, tone, lyric):
    return f"  - {{position: {position}, duration: {duration}, tone: {tone}, lyric: {lyric}}}\n"


def spans(score, part=0):
    return [(note.lyric, note.pitch, note.onset_beat, note.length_beat) for note in score.parts[part].notes]


def parse(data):
    return parse_ust(data, name="made.ust")


def parsex(data):
    return parse_ustx(data, name="made.ustx")


def test_notes_rests_and_words_follow_each_other():
    score = parse(ust(("さ", 69, 480, ""), ("R", 60, 240, ""), ("a く", 69, 240, ""), ("?- ら", 71, 960, "")))
    assert spans(score) == [("さ", 69, 0, 1), ("く", 69, Fraction(3, 2), Fraction(1, 2)), ("ら", 71, 2, 2)]
    assert score.parts_with_words == (0,)


def test_tempo_changes_lie_on_their_notes():
    notes = [("a", 60, 480, ""), ("a", 60, 480, "Tempo=90,5\r\n"), ("R", 60, 480, "Tempo=60\r\n"), ("a", 60, 480, "")]
    assert [(t.onset_beat, t.bpm) for t in parse(ust(*notes)).tempi] == [(0, 120), (1, 90.5), (2, 60)]


def test_version_2_gives_places_of_notes():
    notes = [("a", 60, 480, "Delta=0\r\nDuration=240\r\n"), ("b", 62, 480, "Delta=480\r\nDuration=480\r\n")]
    assert spans(parse(ust(*notes))) == [("a", 60, 0, Fraction(1, 2)), ("b", 62, 1, 1)]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp932", "さくら咲く"),
        ("utf-8", "樱花"),
        ("gbk", "明山涌水郁"),
        ("euc-kr", "산토끼토끼야어디를가느냐"),
        ("big5", "長亭外古道邊"),
    ],
)
def test_words_in_any_encoding_named_or_not(encoding, text):
    notes = [(letter, 60, 480, "") for letter in text]
    assert "".join(lyric for lyric, *_ in spans(parse(ust(*notes, encoding=encoding)))) == text
    for line in (f"Charset={encoding}\r\n", f"#Charset:{encoding}\r\n"):
        named = ust(*notes, encoding=encoding, head=HEAD.replace("[#SETTING]", f"{line}[#SETTING]"))
        assert "".join(lyric for lyric, *_ in spans(parse(named))) == text


def test_a_charset_that_lies_or_does_not_exist_is_passed_over():
    for charset in ("utf-8", "klingon"):
        head = HEAD.replace("[#SETTING]", f"Charset={charset}\r\n[#SETTING]")
        assert spans(parse(ust(("さ", 60, 480, ""), head=head)))[0][0] == "さ"


@pytest.mark.parametrize("tempo", ["1", "500000", "0", "-3"])
def test_absurd_tempi_are_passed_over(tempo):
    with pytest.warns(ShenquWarning, match="passed over"):
        assert parse(ust(("a", 60, 480, ""), tempo=tempo)).tempi[0].bpm == 120.0


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty tune"),
        (ust(("R", 60, 480, "")), "empty tune"),
        (ust(("a", 200, 480, "")), r"\[#0000\]: 200 is no pitch"),
        (ust(("a", "x", 480, "")), "'x' is no number"),
        (ust(("a", 60, "", "")), "'' is no number"),
        (ust(("a", 60, "nan", "")), "is no number"),
        (ust(("a", 60, 10**8, "")), "longer than"),
        (ust(("a", 60, 480, ""), ("a", 60, 480, "Delta=-999\r\nDuration=4\r\n")), "before the start"),
    ],
)
def test_broken_usts_are_refused_in_one_line(data, says):
    with pytest.raises(InputError, match=says) as caught:
        parse(data)
    assert "\n" not in str(caught.value)


def test_ustx_parts_tempi_and_metres():
    head = (
        "time_signatures:\n- {bar_position: 0, beat_per_bar: 3, beat_unit: 4}\n"
        "- {bar_position: 2, beat_per_bar: 4, beat_unit: 4}\n"
        "tempos:\n- {position: 0, bpm: 90.5}\n- {position: 960, bpm: 120}\n"
        "tracks:\n- track_name: lead\n- track_name: low\n"
    )
    low = "- track_no: 1\n  position: 0\n  notes:\n" + row(0, 480, 48, "R") + row(480, 480, 50, "la")
    score = parsex(ustx(row(0, 480, 60, "你") + row(480, 240, 62, "'+'"), head, low))
    assert [part.name for part in score.parts] == ["lead", "low"]
    assert spans(score) == [("你", 60, 1, 1), ("+", 62, 2, Fraction(1, 2))]
    assert spans(score, 1) == [("la", 50, 1, 1)]
    assert [(t.onset_beat, t.bpm) for t in score.tempi] == [(0, 90.5), (2, 120)]
    assert [(m.onset_beat, m.numerator) for m in score.metres] == [(0, 3), (6, 4)]


@pytest.mark.parametrize("syllable", ["no", "y", "on", "nan", "~", "null", "1_0", "ni"])
def test_bare_yaml_words_are_syllables(syllable):
    lyric = spans(parsex(ustx(row(0, 480, 60, syllable))))[0][0]
    assert lyric == ("+" if syllable == "~" else syllable)


def test_old_ustx_with_one_tempo():
    score = parsex(ustx(row(0, 480, 60, "a"), "bpm: 100\nbeat_per_bar: 3\nbeat_unit: 4\n"))
    assert (score.tempi[0].bpm, score.metres[0].numerator) == (100, 3)


BOMB = "a0: &a0 {position: 0, duration: 1, tone: 60}\na1: &a1 [" + ",".join(["*a0"] * 1000) + "]\n"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "broken"),
        (b"- a", "not a USTX"),
        (b"a: [", "broken"),
        (b"a: " + b"[" * 1_000_000, "nested too deeply"),
        (b"a: *b\nvoice_parts: 3\n", "no list"),
        (ustx(row(0, 480, 60, "a"), tail="- x\n"), "has no fields"),
        (ustx(row(0, 480, 128, "a")), r"notes\[0\]`: 128 is no pitch"),
        (ustx(row(0, "many", 60, "a")), "'many' is no number"),
        (ustx(row(-999, 480, 60, "a")), "before the start"),
        ((BOMB + "voice_parts: [" + ",".join(["{notes: *a1}"] * 1000) + "]").encode(), "more than 100000 notes"),
        (b"a: &a {voice_parts: *a}", "empty tune"),
        (ustx(row(0, 480, 60, "a")).replace(b"resolution: 480", b"resolution: 0"), "above 0"),
        (bytes(range(256)), "broken"),
    ],
)
def test_broken_ustx_is_refused_in_one_line(data, says):
    with pytest.raises(InputError, match=says) as caught:
        parsex(data)
    assert "\n" not in str(caught.value)


@given(st.data())
@settings(max_examples=60, deadline=None)
@pytest.mark.filterwarnings("ignore::shenqu.errors.ShenquWarning")
def test_damage_gives_a_score_or_one_line(data):
    parser, intact = data.draw(
        st.sampled_from([(parse, ust(("さ", 69, 480, ""), ("く", 69, 480, ""))), (parsex, ustx(row(0, 480, 60, "a")))])
    )
    damaged = bytearray(intact)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert parser(bytes(damaged)).parts
    except InputError as error:
        assert "\n" not in str(error)


def test_missing_files_are_named(tmp_path):
    for reader, name in ((read_ust, "no.ust"), (read_ustx, "no.ustx")):
        with pytest.raises(InputError, match=f"{name}: cannot be read"):
            reader(tmp_path / name)
