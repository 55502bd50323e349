"""Transcripts through every form of text, and back; through readers that we did not write, too."""

import re
from itertools import pairwise

import av
import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from praatio import textgrid as praat

from shenqu.documents.codec import decode, encode
from shenqu.documents.cues import columns, lines, transcript_words
from shenqu.documents.speech import Phone, Syllable, Transcript, Word
from shenqu.errors import InputError
from shenqu.media.recognised import json_transcript
from shenqu.media.subtitles import read_ass, read_lyrics, read_subtitles
from shenqu.media.textgrid import read_textgrid, read_tiers, textgrid_transcript, to_textgrid
from shenqu.pipeline.written import FORMS, write_words, written_form

WORDS = ["hello", "are", "you", "OK?", "Yes,", "don't", "“quoted”", 'say"it"', "Grüße!", "a<b>c", "AT&T", "{x}", "[y]"]
HAN = ["你", "好", "吗", "神", "曲"]


def syllable(text, start_s, length_s, stress, tone):
    vowel_s, vowel_end_s = start_s + length_s / 3, start_s + length_s * 2 / 3
    edges = [start_s, vowel_s, vowel_end_s, start_s + length_s]
    phones = [
        Phone(phone=name, start_s=a, end_s=b) for name, (a, b) in zip(["B", "AA", "T"], pairwise(edges), strict=True)
    ]
    return Syllable(
        text=text,
        start_s=start_s,
        vowel_s=vowel_s,
        vowel_end_s=vowel_end_s,
        end_s=edges[-1],
        stress=stress,
        tone=tone,
        phones=tuple(phones),
    )


@st.composite
def transcripts(draw, texts=WORDS):
    words, now_s = [], draw(st.sampled_from([0.0, 0.37, 61.5]))
    for text in draw(st.lists(st.sampled_from(texts), min_size=1, max_size=25)):
        now_s += draw(st.sampled_from([0.0, 0.0, 0.05, 0.3, 1.2]))
        length_s = draw(st.floats(0.06, 0.5))
        parts = [text[: len(text) // 2], text[len(text) // 2 :]] if len(text) > 3 else [text]
        times_s = [now_s + length_s * place for place in range(len(parts))]
        marks = draw(st.tuples(st.integers(0, 2), st.integers(0, 5)))
        syllables = [syllable(part, time_s, length_s, *marks) for part, time_s in zip(parts, times_s, strict=True)]
        end_s = syllables[-1].end_s
        words += [Word(text=lost, confidence=0.0) for lost in draw(st.lists(st.sampled_from(texts), max_size=1))]
        words.append(
            Word(
                text=text,
                start_s=now_s,
                end_s=end_s,
                confidence=draw(st.floats(0, 1)),
                pinned=draw(st.booleans()),
                syllables=tuple(syllables),
            )
        )
        now_s = end_s
    return Transcript(language="zh" if texts is HAN else "en", words=tuple(words))


def one_word(**changes):
    word = Word(text="OK", start_s=0.5, end_s=0.8, syllables=(syllable("OK", 0.5, 0.3, 1, 0),))
    return Transcript(language="en", words=(word.replace(**changes),))


some = settings(max_examples=30, deadline=None)


@some
@given(transcripts())
def test_json_and_textgrid_lose_nothing(transcript):
    assert json_transcript(write_words(transcript, "json"), "a.json") == transcript
    assert decode(encode(transcript), Transcript, name="a.json") == transcript
    assert textgrid_transcript(to_textgrid(transcript), "a.TextGrid") == transcript


@some
@given(transcripts())
def test_praatio_reads_the_same_tiers(tmp_path_factory, transcript):
    path = tmp_path_factory.mktemp("grids") / "a.TextGrid"
    path.write_text(to_textgrid(transcript), encoding="utf-8")
    grid = praat.openTextgrid(str(path), includeEmptyIntervals=False)
    assert grid.tierNames[:3] == ("words", "syllables", "phones")
    found = [tuple(entry) for entry in grid.getTier("words").entries]
    assert found == [(word.start_s, word.end_s, word.text) for word in transcript.heard_words]
    vowels = [(entry.start, entry.end) for entry in grid.getTier("vowels").entries]
    assert vowels == [(item.vowel_s, item.vowel_end_s) for item in transcript.syllables]
    for form in ("short_textgrid", "long_textgrid"):
        grid.save(str(path), form, includeBlankSpaces=True)
        again = textgrid_transcript(path.read_text(encoding="utf-8"), "a.TextGrid")
        texts = [word.text.replace('""', '"') for word in again.words]  # praatio leaves quotes of points doubled
        assert texts == [word.text for word in transcript.words]
        for ours, theirs in zip(again.heard_words, transcript.heard_words, strict=True):
            assert (ours.text, ours.syllables[0].text) == (theirs.text, theirs.syllables[0].text)
            assert ours.start_s == pytest.approx(theirs.start_s, abs=1e-5)


READ = {"srt": read_subtitles, "vtt": read_subtitles, "lrc": read_lyrics, "ass": read_ass}
WIDE = str.maketrans("<>{}[]", "＜＞｛｝［］")
NARROW = str.maketrans("＜＞｛｝［］", "<>{}[]")


@some
@given(st.one_of(transcripts(), transcripts(HAN), transcripts([*WORDS, *HAN])), st.sampled_from(["vtt", "lrc", "ass"]))
def test_words_and_their_times_come_back(transcript, form):
    cues = READ[form](write_words(transcript, form))
    found = [word for cue in cues for word in (cue.words or (cue,))]
    tolerance = 0.00051 if form == "vtt" else 0.00501
    assert [word.text.translate(WIDE) for word in found] == [
        word.text.translate(WIDE) for word in transcript.heard_words
    ]
    for word, known in zip(found, transcript.heard_words, strict=True):
        assert word.start_s == pytest.approx(known.start_s, abs=tolerance)
        assert word.end_s == pytest.approx(known.end_s, abs=tolerance)


@some
@given(st.one_of(transcripts(), transcripts(HAN)))
def test_lines_are_short_and_hold_every_word(transcript):
    cues = read_subtitles(write_words(transcript, "srt"))
    said = "".join(word.text for word in transcript.heard_words).translate(WIDE)
    assert "".join(cue.text for cue in cues).replace(" ", "") == said
    assert all(columns(cue.text.translate(NARROW)) <= 42 for cue in cues)  # brackets widen in a line that is cut
    assert cues[0].start_s == pytest.approx(transcript.heard_words[0].start_s, abs=0.00051)
    assert cues[-1].end_s == pytest.approx(transcript.heard_words[-1].end_s, abs=0.00051)


@some
@given(transcripts(["hello", "are", "you", "OK?"]), st.sampled_from(["srt", "ass"]))
def test_pysubs2_reads_the_same_lines(transcript, form):
    theirs = pysubs2.SSAFile.from_string(write_words(transcript, form), format_=form)
    ours = READ[form](write_words(transcript, form))
    assert [line.plaintext for line in theirs] == [cue.text for cue in ours]
    for line, cue in zip(theirs, ours, strict=True):
        assert line.start / 1000 == pytest.approx(cue.start_s, abs=0.0101)
        assert line.end / 1000 == pytest.approx(cue.end_s, abs=0.0101)


@settings(max_examples=10, deadline=None)
@given(transcripts(["hello", "are", "you", "OK?"]))
def test_ffmpeg_reads_the_same_webvtt(tmp_path_factory, transcript):
    path = tmp_path_factory.getbasetemp() / "a.vtt"
    path.write_text(write_words(transcript, "vtt"), encoding="utf-8")
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(subtitles=0) if packet.size]
    cues = read_subtitles(path.read_text(encoding="utf-8"))
    assert [re.sub(r"<[\d:.]+>", "", bytes(packet).decode()) for packet in packets] == [cue.text for cue in cues]
    for packet, cue in zip(packets, cues, strict=True):
        assert float(packet.pts * packet.time_base) == pytest.approx(cue.start_s, abs=1e-6)
        assert float(packet.duration * packet.time_base) == pytest.approx(cue.end_s - cue.start_s, abs=1e-6)


def test_lines_break_at_pauses_sentences_and_clauses():
    def said(text, start_s=0.0):
        spoken = [
            Word(text=word, start_s=start_s + 0.3 * place, end_s=start_s + 0.3 * place + 0.3)
            for place, word in enumerate(text.split())
        ]
        return Transcript(language="en", words=tuple(spoken))

    long = said("in the beginning there was nothing, and then there came a word. Hello")
    texts = [line.text for line in lines(transcript_words(long))]
    assert texts == ["in the beginning there was nothing,", "and then there came a word.", "Hello"]
    paused = said("are you").words + said("OK", 2.0).words
    assert [cue.text for cue in lines(transcript_words(Transcript(language="en", words=paused)))] == ["are you", "OK"]


def test_syllables_without_words_are_kept_as_unknown():
    heard = one_word(text="", syllables=(syllable("", 0.5, 0.3, 1, 0),))
    assert "<unk>" in to_textgrid(heard)
    assert textgrid_transcript(to_textgrid(heard), "a.TextGrid") == heard
    assert read_textgrid(to_textgrid(heard), "a.TextGrid") == ()
    for form in ("srt", "vtt", "lrc", "ass"):
        with pytest.raises(InputError, match="--text"):
            write_words(heard, form)


def test_an_empty_transcript_is_written():
    empty = Transcript(language="und")
    assert textgrid_transcript(to_textgrid(empty), "a.TextGrid") == empty
    assert json_transcript(write_words(empty, "json"), "a.json") == empty


def test_words_without_syllables_are_lines_too():
    bare = one_word(syllables=())
    for form, read in READ.items():
        assert read(write_words(bare, form))[0].text == "OK"
    assert textgrid_transcript(to_textgrid(bare), "a.TextGrid") == bare


def test_overlapping_words_are_refused():
    word = one_word().words[0]
    with pytest.raises(InputError, match=r"words at 0\.500 s overlap"):
        to_textgrid(Transcript(language="en", words=(word, word)))


def test_a_vowel_that_is_missing_is_named():
    grid = to_textgrid(one_word()).replace('"stress 1"', '""')
    with pytest.raises(InputError, match=r"a\.TextGrid: the syllable `OK` at 0\.500 s must have one vowel"):
        textgrid_transcript(grid, "a.TextGrid")
    with pytest.raises(InputError, match="`loud`"):
        textgrid_transcript(to_textgrid(one_word()).replace("stress 1", "loud"), "a.TextGrid")
    with pytest.raises(InputError, match=r"a\.TextGrid: "):
        textgrid_transcript(to_textgrid(one_word()).replace('"1.0"', '"sure"'), "a.TextGrid")


@pytest.mark.parametrize(
    "text",
    ["", "File type", '"ooTextFile" "TextGrid"', '"ooTextFile" "TextGrid" 0 1 <exists> 2 "IntervalTier"', "\0\0"],
)
def test_a_broken_textgrid_is_refused(text):
    with pytest.raises(InputError, match=r"a\.TextGrid: is (no|a broken) TextGrid"):
        read_tiers(text, "a.TextGrid")


def test_a_grid_that_promises_too_much_is_refused_at_once():
    with pytest.raises(InputError, match="broken"):
        read_tiers('"ooTextFile" "TextGrid" 0 1 <exists> 999999999 "IntervalTier" "a" 0 1 999999999 0 1', "a.TextGrid")


def test_forms_are_told_by_the_ending(tmp_path):
    for form in FORMS:
        assert written_form(tmp_path / f"a.{form.upper()}", None) == form
    assert written_form(None, None) == "json"
    assert written_form(tmp_path / "a.txt", "srt") == "srt"
    with pytest.raises(InputError, match="--to"):
        written_form(tmp_path / "a.txt", None)
    with pytest.raises(InputError, match="--to praat"):
        written_form(None, "praat")
