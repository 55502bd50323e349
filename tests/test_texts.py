"""Texts as programs write them: lyrics, ASS, TextGrids, what recognisers and video sites say."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.codec import encode
from shenqu.documents.options import SingOptions
from shenqu.documents.song import Song, Source
from shenqu.documents.speech import Cue, Syllable, Transcript, Word
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.texts import MOST_BYTES, READERS, read_transcript, read_words
from shenqu.pipeline.library import built_in_tune

SHENQU_DATA = os.environ.get("SHENQU_DATA")


@pytest.fixture
def written(tmp_path):
    """Write a file and read it as the words of a speech."""

    def write(name, content):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return read_words(str(path))

    return write


def spans(cues):
    return [(cue.text, cue.start_s, cue.end_s) for cue in cues]


def test_lyrics_end_where_the_next_line_begins(written):
    text = "[ar:nobody]\n[00:01.50]Are you OK?\n[00:03]你还好吗\n[00:05.250]\n[01:02:75]Thank you\n"
    assert spans(written("a.lrc", text)) == [
        ("Are you OK?", 1.5, 3.0),
        ("你还好吗", 3.0, 5.25),
        ("Thank you", 62.75, None),
    ]


def test_lyrics_with_repeats_and_offset(written):
    assert spans(written("a.lrc", "[offset:+500]\n[00:01.00][00:09.00]la la\n[00:04.00]\n")) == [
        ("la la", 0.5, 3.5),
        ("la la", 8.5, None),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "[00:01.00]<00:01.00>are <00:01.50>you <00:02.00>OK<00:02.50>",
        "[00:01.00]<00:01.00> are <00:01.50> you <00:02.00> OK <00:02.50>",
        "[00:01.00]are [00:01.50]you [00:02.00]OK[00:02.50]",
    ],
)
def test_lyrics_with_the_times_of_words(written, line):
    (cue,) = written("a.lrc", line)
    assert spans([cue, *cue.words]) == [
        ("are you OK", 1.0, 2.5),
        ("are", 1.0, 1.5),
        ("you", 1.5, 2.0),
        ("OK", 2.0, 2.5),
    ]


ASS = """[Script Info]
; Dialogue: not one
[V4+ Styles]
Style: Default,Arial,48
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:04.00,0:00:07.20,Default,,0,0,0,,This, {\\b1}is\\Na{\\b0} test
Comment: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,nothing
Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\k10}{\\k20}hel{\\kf30}lo {\\ko40\\blur2}you
Dialogue: 1,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\bord3}hello you
Dialogue: 1,0:00:01.00,0:00:02.00,Reading,,0,0,0,,{\\k10}nǐ
Dialogue: 0,0:00:08.00,0:00:09.00,Default,,0,0,0,,{\\p1}m 0 0 l 9 9{\\p0}
"""


def test_ass_gives_text_times_and_karaoke(written):
    first, second = written("a.ass", ASS)
    assert spans([first, *first.words]) == [("hello you", 1.1, 2.0), ("hello", 1.1, 1.6), ("you", 1.6, 2.0)]
    assert spans([second]) == [("This, is a test", 4.0, 7.2)]


WHISPER = {
    "text": "Are you OK?",
    "language": "en",
    "segments": [
        {"id": 1, "start": 3.0, "end": 4.0, "text": " Thank you", "tokens": [1, 2]},
        {
            "id": 0,
            "start": 1.0,
            "end": 2.5,
            "text": " Are you OK?",
            "words": [
                {"word": " Are", "start": 1.0, "end": 1.4, "probability": 0.9},
                {"word": " you", "score": 0.1},
                {"word": " OK?", "start": 1.8, "end": 2.5},
            ],
        },
    ],
}
CPP = {
    "result": {"language": "en"},
    "transcription": [
        {
            "timestamps": {"from": "00:00:01,000", "to": "00:00:02,500"},
            "offsets": {"from": 1000, "to": 2500},
            "text": " Are you OK?",
        },
        {"timestamps": {"from": "", "to": ""}, "offsets": {"from": 2500, "to": 2600}, "text": "  "},
        {"offsets": {"from": 3000, "to": 4000}, "text": " Thank you"},
    ],
}
JSON3 = {
    "wireMagic": "pb3",
    "events": [
        {"tStartMs": 0, "dDurationMs": 9000, "id": 1, "wpWinPosId": 1},
        {
            "tStartMs": 1000,
            "dDurationMs": 4000,
            "segs": [{"utf8": "Are"}, {"utf8": " you", "tOffsetMs": 400}, {"utf8": " OK?", "tOffsetMs": 800}],
        },
        {"tStartMs": 2500, "dDurationMs": 10, "aAppend": 1, "segs": [{"utf8": "\n"}]},
        {"tStartMs": 3000, "dDurationMs": 1000, "segs": [{"utf8": "Thank\nyou"}]},
    ],
}
AENEAS = {
    "fragments": [
        {"begin": "1.000", "end": "2.500", "lines": ["Are you", "OK?"], "children": []},
        {"begin": "3.000", "end": "4.000", "lines": ["Thank you"]},
    ]
}


@pytest.mark.parametrize(("content", "end_s"), [(WHISPER, 2.5), (CPP, 2.5), (JSON3, 3.0), (AENEAS, 2.5)])
def test_recognised_words_have_their_times(written, content, end_s):
    assert spans(written("a.json", content)) == [("Are you OK?", 1.0, end_s), ("Thank you", 3.0, 4.0)]
    assert spans(written("a.json3", content)) == spans(written("a.json", content))


def test_recognised_words_within_a_segment(written):
    assert spans(written("a.json", WHISPER)[0].words) == [("Are", 1.0, 1.4), ("OK?", 1.8, 2.5)]
    assert spans(written("a.json", JSON3)[0].words) == [("Are", 1.0, 1.4), ("you", 1.4, 1.8), ("OK?", 1.8, 3.0)]


def test_words_alone_become_lines(written):
    words = [{"word": "Are", "start": 1.0, "end": 1.2}, {"word": "you?", "start": 1.2, "end": 1.5}]
    assert spans(written("a.json", {"task": "transcribe", "language": "en", "words": words})) == [
        ("Are you?", 1.0, 1.5)
    ]
    assert spans(written("a.json", {"language": "en", "words": words})) == [("Are you?", 1.0, 1.5)]


def grid(*tiers):
    rows = ['"ooTextFile"', '"TextGrid"', "0 9 <exists>", str(len(tiers))]
    for name, *entries in tiers:
        rows += ['"IntervalTier"', f'"{name}"', "0", "9", str(len(entries))]
        rows += [f'{start_s}\n{end_s}\n"{label}"' for start_s, end_s, label in entries]
    return "\n".join(rows)


def test_the_tier_of_words_is_found(written):
    phones = ("Mary - phones", (0, 1, "AA"), (1, 2, "B C D E F G H I J"))
    words = ("Mary - words", (0, 1, ""), (1, 1.5, "are"), (1.5, 2, "you"), (2, 3, "sil"), (3, 4, "OK"))
    assert spans(written("a.TextGrid", grid(phones, words))) == [("are you", 1, 2), ("OK", 3, 4)]
    said = ("Mary", (1, 2, "Are you OK?"))
    assert spans(written("a.TextGrid", grid(phones, said))) == [("Are you OK?", 1, 2)]


def test_two_speakers_in_turn_are_read_both_and_at_once_the_one_who_says_more(written):
    ann, bob = ("Ann", (0, 1, "good day"), (4, 5, "fine")), ("Bob", (2, 3, "how are you"))
    assert [cue.text for cue in written("a.TextGrid", grid(ann, bob))] == ["good day", "how are you", "fine"]
    over = ("Bob", (0.5, 3, "how are you today"))
    assert [cue.text for cue in written("a.TextGrid", grid(ann, over))] == ["how are you today"]


def test_control_characters_and_markup_are_no_words(written):
    (cue,) = written("a.txt", "a\x07\x1b[31m b\u202ec <b>d</b>\u200b &amp; \ufeffe")
    assert cue == Cue(text="a[31m bc d & e")
    assert written("b.txt", "नमस्‍ते 👨‍👩‍👧")[0].text == "नमस्‍ते 👨‍👩‍👧"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.json", "", "not a readable JSON"),
        ("a.json", "[" * 100_000, r"a\.json"),
        ("a.json", '{"a":' * 100_000, r"a\.json"),
        ("a.json", "[]", r"a\.json"),
        ("a.json", "{}", "Whisper"),
        ("a.json", {"segments": []}, "holds no words"),
        ("a.json", {"segments": [{"start": "soon", "text": "x"}]}, "segments"),
        ("a.json", {"segments": 7}, "segments"),
        ("a.json", {"language": "en", "words": [{"text": "a", "start_s": 0}]}, r"line \d+.*end_s"),
        ("a.json", {"language": "en", "words": [{"text": "a", "sart_s": 0}]}, "sart_s"),
        ("a.lrc", "[ti:no words]", "holds no words"),
        ("a.ass", "[Events]\nDialogue: 0,1,2", "holds no words"),
        ("a.ass", "Format: Text\nDialogue: x", "holds no words"),
        ("a.TextGrid", "words", "is no TextGrid"),
        ("a.TextGrid", grid(("phones", (0, 1, "AA"))), "holds no words"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(written, name, content, says):
    with pytest.raises(InputError, match=says) as caught:
        written(name, content)
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def test_impossible_times_are_mended_and_numbers_left_out(written):
    segments = [
        {"start": -3, "end": 1, "text": "a"},
        {"start": 5, "end": 4, "text": "b"},
        {"start": 6, "end": 7, "text": "3"},
        {"start": 8, "end": 9, "text": "1984"},
    ]
    with pytest.warns(ShenquWarning, match="number 3"):
        assert spans(written("a.json", {"segments": segments})) == [("a", 0, 1), ("b", 5, None), ("1984", 8, 9)]


def test_the_words_of_a_song_document(tmp_path):
    syllable = Syllable(text="你", start_s=1.0, vowel_s=1.1, vowel_end_s=1.3, end_s=1.4, tone=3)
    word = Word(text="你", start_s=1.0, end_s=1.4, syllables=(syllable,), pinned=True)
    song = Song(
        title="t", ending="wav", sources=(Source(path="a.wav", sha256="0" * 64),), speaker_pitch=50.0, transpose=0,
        tempo_factor=1.0, options=SingOptions(), placements=(), tune=built_in_tune("ode-to-joy"),
        transcript=Transcript(language="zh", words=(word,)),
    )  # fmt: skip
    path = tmp_path / "a.song.shenqu"
    path.write_bytes(encode(song))
    assert read_transcript(str(path)) == song.transcript
    assert spans(read_words(str(path))) == [("你", 1.0, 1.4)]
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.song\.shenqu, line 1"):
        read_transcript(str(path))


def test_sizes_are_bounded(tmp_path):
    (tmp_path / "a.lrc").write_bytes(b"a" * (MOST_BYTES + 1))
    with pytest.raises(InputError, match="4 MB"):
        read_words(str(tmp_path / "a.lrc"))
    (tmp_path / "b.lrc").write_text("[00:01.00]" * 100_001 + "x", encoding="utf-8")
    with pytest.raises(InputError, match="more than 100000 lines"):
        read_words(str(tmp_path / "b.lrc"))
    (tmp_path / "a.TextGrid").write_text(grid(("words", *[(1, 2, "x")] * 200_001)), encoding="utf-8")
    with pytest.raises(InputError, match="more than 200000 labels"):
        read_words(str(tmp_path / "a.TextGrid"))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(READERS)), st.text(st.sampled_from('[]<>{}\\k0123456789:.,->"\n ab,Dialogue:=')))
def test_any_text_is_read_or_refused(tmp_path_factory, ending, text):
    path = tmp_path_factory.getbasetemp() / f"any{ending}"
    path.write_text(text, encoding="utf-8")
    try:
        cues = read_words(str(path))
    except InputError as error:
        assert str(path) in str(error)
    else:
        assert all(cue.text and (cue.start_s is None or cue.start_s >= 0) for cue in cues)


def test_a_text_is_no_transcript():
    assert read_transcript("Are you OK?") is None


@pytest.mark.skipif(not SHENQU_DATA, reason="SHENQU_DATA names no folder with recordings")
@pytest.mark.parametrize(
    ("name", "cues", "first", "start_s"),
    [
        ("sonnet001.long.TextGrid", 14, "From fairest creatures we desire increase,", 2.68),
        ("sonnet001.short.TextGrid", 14, "From fairest creatures we desire increase,", 2.68),
        ("sonnet001.json", 14, "From fairest creatures we desire increase,", 2.68),
        ("two_speakers_short.TextGrid", 7, "this is the acoustic corpus", 1.06),
        ("acoustic_corpus.TextGrid", 12, "this is the acoustic corpus", 1.05),
        ("vietnamese.TextGrid", 1, "ở địa bàn vùng núi", 0.285),
        ("whisper_cpp.json", 2, "Bom dia, pessoal.", 0.0),
        ("sample_styles.ass", 3, "Hello world", 1.0),
    ],
)
@pytest.mark.filterwarnings("ignore:the subtitle at 0.0 s is only the number 1")
def test_files_of_other_programs(name, cues, first, start_s):
    found = read_words(str(Path(SHENQU_DATA) / "text" / name))
    assert len(found) == cues
    assert found[0].text.startswith(first)
    assert found[0].start_s == pytest.approx(start_s, abs=0.005)
