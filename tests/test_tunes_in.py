"""Tunes of every kind through one door: what they are, what is sung on them, and what is refused in one line."""

import io
import os
from fractions import Fraction
from pathlib import Path

import mido
import pytest

from shenqu.documents.score import Score
from shenqu.documents.speech import Cue
from shenqu.documents.tune import Chord, Metre, Note, Part, PartNote, Section, Tempo, Tune
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.midi import parse_midi
from shenqu.music.anthem import is_march_of_the_volunteers
from shenqu.music.melody import score_to_tune
from shenqu.music.sung_words import words_on_score, words_on_tune
from shenqu.pipeline.library import built_in_tunes
from shenqu.pipeline.tunes import find_tune

DATA = os.environ.get("SHENQU_DATA")
TUNES = sorted((Path(DATA or ".") / "tunes").iterdir()) if DATA else []


def midi(*tracks):
    file = mido.MidiFile(type=1, ticks_per_beat=480, charset="latin-1")
    file.tracks += [mido.MidiTrack(messages) for messages in tracks]
    target = io.BytesIO()
    file.save(file=target)
    return target.getvalue()


def line(*pitches, length=480, channel=0):
    return [
        message
        for pitch in pitches
        for message in (
            mido.Message("note_on", note=pitch, velocity=64, channel=channel),
            mido.Message("note_off", note=pitch, time=length, channel=channel),
        )
    ]


def event(kind, text, encoding="utf-8", time=0):
    return mido.MetaMessage(kind, text=text.encode(encoding).decode("latin-1"), time=time)


def words_of(data, part=0):
    return [note.lyric for note in parse_midi(data, name="made.mid").parts[part].notes]


def score(*notes, drums=False, bpm=120.0):
    part = Part(
        name="lead",
        program=0,
        drums=drums,
        notes=tuple(PartNote(pitch=p, onset_beat=Fraction(at), length_beat=Fraction(n)) for p, at, n in notes),
    )
    return Score(
        title="made",
        parts=(part,),
        tempi=(Tempo(onset_beat=Fraction(0), bpm=bpm),),
        metres=(Metre(onset_beat=Fraction(0), numerator=4, denominator=4),),
    )


# ------------------------------------------------------------------ words in MIDI


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "明山涌水郁郁葱"),
        ("gbk", "明山涌水郁郁葱"),
        ("euc-kr", "산토끼토끼야어디를"),
        ("cp932", "さくらさくら弥生"),
        ("cp1252", "éàüö"),
    ],
)
def test_lyrics_stand_on_their_notes_in_any_encoding(encoding, text):
    track = [message for letter in text for message in (event("lyrics", letter, encoding), *line(60))]
    assert words_of(midi(track)) == list(text)


def test_lines_and_hyphens_of_lyric_events():
    track = [m for text in ("Hap-", "py\r", "-", "day\r\n") for m in (event("lyrics", text), *line(60))]
    read = parse_midi(midi(track), name="made.mid")
    assert [note.lyric for note in read.parts[0].notes] == ["Hap", "py", "+", "day"]
    assert read.line_beats == (0, 2)
    assert read.parts_with_words == (0,)


def test_karaoke_words_in_a_track_of_their_own_find_the_melody():
    texts = ["@KMIDI KARAOKE FILE", "@LENGL", "@TTwinkle Song", "@IMade for a test"]
    words = [event("text", text) for text in texts]
    sung = ["\\Twin", "kle ", "twin", "kle", "/lit", "tle ", "star"]
    words += [event("text", text, time=480 * bool(index)) for index, text in enumerate(sung)]
    bass = line(36, 36, 36, 36, length=960)
    read = parse_midi(midi(words, bass, line(60, 60, 67, 67, 69, 69, 67)), name="made.kar")
    assert read.title == "Twinkle Song"
    assert [note.lyric for note in read.parts[1].notes] == ["Twin", "kle", "twin", "kle", "lit", "tle", "star"]
    assert read.line_beats == (0, 4)
    tune = score_to_tune(read, tune_id="made")
    assert tune.lyrics == ("Twin", "kle", "twin", "kle", "lit", "tle", "star")
    assert tune.phrase_ends == (4, 7)


def test_remarks_are_no_words():
    remarks = [event("text", text, time=7) for text in ("Sequenced by nobody", "(c) 1998", "hello", "verse")]
    assert set(words_of(midi([*remarks, *line(*[60] * 16)]))) == {""}


# ------------------------------------------------------------------ LRC


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


@pytest.fixture
def melody(tmp_path):
    return write(tmp_path / "tune.mid", midi(line(60, 60, 67, 67, 69, 69, 67, length=480)))  # a note every 0.5 s


def test_lines_of_lyrics_are_phrases_and_their_words_the_tunes(tmp_path, melody):
    lyrics = write(tmp_path / "a.lrc", "[ti:Stars]\n[00:00.10]作词：无名\n[00:00.02]一闪一闪\n[00:02.05]亮晶晶\n")
    tune = find_tune(melody, lyrics=lyrics)
    assert "".join(tune.lyrics) == "一闪一闪亮晶晶"
    assert tune.phrase_ends == (4, 7)


def test_times_of_words_and_an_offset_are_followed(tmp_path, melody):
    text = "[offset:500]\n[00:00.50]<00:00.50>twinkle <00:02.50>little <00:03.50>star\n"
    tune = find_tune(melody, lyrics=write(tmp_path / "a.lrc", text))
    assert tune.lyrics == ("twinkle", "+", "+", "+", "little", "+", "star")


def test_lyrics_go_on_built_in_tunes_too(tmp_path):
    tune = find_tune("ode-to-joy", lyrics=write(tmp_path / "a.lrc", "[00:00.00]欢乐女神\n[00:09.00]圣洁美丽\n"))
    assert tune.lyrics[0] == "欢"
    assert "圣" in tune.lyrics
    assert len(tune.lyrics) == len(tune.notes)


def test_lyrics_of_another_recording_are_told():
    made = score(*((60, at * 4, 1) for at in range(4)))
    cues = [Cue(text="la la", start_s=at * 2 + 0.9, end_s=None) for at in range(3)]
    with pytest.warns(ShenquWarning, match=r"0\.9 s beside"):
        words_on_score(made, cues)
    late = [Cue(text="la", start_s=0.0, end_s=None), Cue(text="la", start_s=99.0, end_s=None)]
    with pytest.warns(ShenquWarning, match="1 of 2 lines"):
        words_on_score(made, late)
    with pytest.raises(InputError, match="no line of the lyrics"):
        words_on_score(made, late[1:])


def test_what_the_score_sang_before_is_gone():
    made = score((60, 0, 1), (62, 1, 1))
    notes = tuple(note.replace(lyric="old") for note in made.parts[0].notes)
    made = made.replace(parts=(made.parts[0].replace(notes=notes),))
    sung = words_on_score(made, [Cue(text="新", start_s=0.0, end_s=0.5)])
    assert [note.lyric for note in sung.parts[0].notes] == ["新", ""]


@pytest.mark.parametrize("text", ["la la\n", "no such file.lrc"])
def test_words_without_times_are_refused(tmp_path, melody, text):
    lyrics = write(tmp_path / "a.txt", text) if text.endswith("\n") else text
    with pytest.raises(InputError, match=r"no words with times|no such text file"):
        find_tune(melody, lyrics=lyrics)


# ------------------------------------------------------------------ what a file is


def test_a_file_is_what_it_holds_not_what_it_is_called(tmp_path):
    assert len(find_tune(write(tmp_path / "tune.xml", midi(line(60, 62)))).notes) == 2
    ust = "[#SETTING]\nTempo=100\n[#0000]\nLength=480\nLyric=a\nNoteNum=60\n"
    assert find_tune(write(tmp_path / "tune.txt", ust)).tempi[0].bpm == 100
    riff = midi(line(60, 62))
    wrapped = b"RIFF" + (len(riff) + 12).to_bytes(4, "little") + b"RMIDdata" + len(riff).to_bytes(4, "little") + riff
    assert len(find_tune(write(tmp_path / "tune.rmi", wrapped)).notes) == 2


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.lrc", "[00:01.00]la\n", "have times, but no notes; .*--tune-lyrics"),
        ("a.pdf", "%PDF-1.4", "not a score that shenqu reads"),
        ("a.mid", b"", "not a MIDI file"),
        ("a.ust", b"\0" * 50, "empty tune"),
        ("a.ustx", b"\0" * 50, "broken USTX"),
        ("a.musicxml", "<score-partwise", "XML"),
        ("a.mxl", b"PK\3\4" + b"x" * 40, "archive|MXL|broken"),
        ("a.abc", "X:1\nK:C\n", "empty tune"),
        ("a.svp", "{}", "LibreSVIP|extra"),
        ("a.vpr", b"PK\3\4" + b"x" * 40, "broken|LibreSVIP|extra"),
    ],
)
def test_what_is_no_tune_is_refused_in_one_line(tmp_path, name, content, says):
    with pytest.raises(InputError, match=says) as caught:
        find_tune(write(tmp_path / name, content))
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def test_names_of_no_tune_and_no_file():
    for name in ("no-such-tune", "no-such-file.mid", "no/such/file.ustx"):
        with pytest.raises(InputError, match=name):
            find_tune(name)
    with pytest.raises(InputError, match="one melody only"):
        find_tune("ode-to-joy", "2")


@pytest.mark.skipif(not DATA, reason="SHENQU_DATA names no folder with real files")
@pytest.mark.filterwarnings("ignore::shenqu.errors.ShenquWarning")  # of octaves, and of what is doubtful
@pytest.mark.parametrize("path", TUNES, ids=lambda path: path.name)
def test_every_real_tune_comes_in_or_is_refused_in_one_line(path):
    try:
        tune = find_tune(str(path))
    except InputError as error:
        assert "\n" not in str(error)
        assert path.name in {"dummy.ust", "rests_02a.musicxml"}
        return
    assert tune.notes[0].onset_beat >= 0
    assert len(tune.phrase_ends) >= 1


@pytest.mark.skipif(not DATA, reason="SHENQU_DATA names no folder with real files")
@pytest.mark.parametrize("encoding", ["utf8", "gbk"])
def test_real_lyrics_in_two_encodings_are_the_same(encoding):
    tune = find_tune(str(Path(DATA) / "tunes" / f"anthem_lyrics_zh_{encoding}.mid"))
    assert "".join(tune.lyrics) == "明山涌水郁郁葱+葱钟灵毓秀海天+东济济多士四方所+崇早+育+文明+种"


# ------------------------------------------------------------------ what no voice sings


def test_drums_are_no_melody():
    with pytest.raises(InputError, match="all tracks play drums"):
        score_to_tune(score((36, 0, 1), (38, 1, 1), drums=True), tune_id="made")
    with pytest.raises(InputError, match="'lead' plays drums"):
        score_to_tune(score((36, 0, 1), drums=True), tune_id="made", track="lead")


def test_grace_notes_go_and_struck_notes_sound_on():
    tick = Fraction(1, 480)
    made = score((60, 0, tick), (62, tick, 1), (64, 2, tick), (65, 3, tick))
    with pytest.warns(ShenquWarning, match="of 4 notes of the melody 1 are left out and 2 lengthened"):
        tune = score_to_tune(made, tune_id="made")
    assert [(n.pitch, n.length_beat) for n in tune.notes] == [(62, 1), (64, Fraction(1, 4)), (65, Fraction(1, 4))]


def test_notes_out_of_a_voices_range_are_moved_by_octaves():
    with pytest.warns(ShenquWarning, match="2 of 5 notes .* out of a voice's range"):
        tune = score_to_tune(score(*((p, at, 1) for at, p in enumerate([60, 127, 62, 0, 64]))), tune_id="made")
    assert [note.pitch for note in tune.notes] == [60, 79, 62, 48, 64]


def test_chords_and_overlaps_give_one_line():
    notes = [(pitch, at, 2) for at in range(8) for pitch in (60, 64, 67)]
    tune = score_to_tune(score(*notes), tune_id="made")
    assert [note.pitch for note in tune.notes] == [67] * 8
    assert all(a.end_beat <= b.onset_beat for a, b in zip(tune.notes, tune.notes[1:], strict=False))


def test_ten_thousand_notes_come_in():
    tune = score_to_tune(score(*((60 + at % 12, Fraction(at, 2), Fraction(1, 2)) for at in range(10_000))), tune_id="m")
    assert len(tune.notes) == 10_000


def test_the_scores_own_key_chords_sections_and_upbeat_are_kept():
    made = score((60, 0, 1), (62, 1, 4), (64, 5, 4)).replace(
        key=(9, "minor"),
        upbeat_beat=Fraction(1),
        chords=(Chord(symbol="Am", onset_beat=Fraction(1), length_beat=Fraction(99)),),
        sections=(Section(kind="refrain", onset_beat=Fraction(5), length_beat=Fraction(4)),),
    )
    tune = score_to_tune(made, tune_id="made")
    assert (tune.tonic, tune.scale, tune.upbeat_beat) == (9, "minor", 1)
    assert [(c.onset_beat, c.length_beat) for c in tune.chords] == [(1, 8)]
    assert [(s.kind, s.onset_beat) for s in tune.sections] == [("refrain", 5)]


# ------------------------------------------------------------------ the anthem

MARCH = [
    *(-5, 0, 0, 0, 0, -5, -3, -1, 0, 0, 4, 0, 2, 4, 7, 7, 4, 4, 0, 4, 7, 4, 2, 2),
    *(9, 7, 2, 4, 7, 4, 7, 4, 2, 4, 0, 4),
]


@pytest.mark.parametrize("tonic", [55, 67, 72])
@pytest.mark.parametrize("part", [slice(None), slice(0, 24), slice(24, None)])
def test_the_anthem_of_china_is_refused_in_any_key(tmp_path, tonic, part):
    path = write(tmp_path / "march.mid", midi(line(*(tonic + step for step in MARCH[part]), length=240)))
    with pytest.raises(InputError, match="义勇军进行曲") as caught:
        find_tune(path)
    assert "\n" not in str(caught.value)


def test_it_is_refused_as_an_accompaniment_too(tmp_path):
    song = midi(line(*(60 + at % 5 for at in range(40))), line(*(43 + step for step in MARCH), channel=1))
    with pytest.raises(InputError, match="义勇军进行曲"):
        find_tune(write(tmp_path / "hidden.mid", song), track="1")


def test_no_other_tune_is_taken_for_it():
    assert not any(is_march_of_the_volunteers(tune.notes) for tune in built_in_tunes())


def test_words_on_a_tune_of_one_note():
    note = Note(pitch=60, onset_beat=Fraction(0), length_beat=Fraction(1))
    made = score((60, 0, 1))
    tune = Tune(id="one", title="one", notes=(note,), tempi=made.tempi, metres=made.metres, phrase_ends=(Fraction(1),))
    sung = words_on_tune(tune, [Cue(text="a b c", start_s=0.0, end_s=None)])
    assert (sung.lyrics, sung.phrase_ends) == (("a b c",), (1,))


def test_the_track_of_a_book_of_abc_tunes_is_its_number(tmp_path):
    book = tmp_path / "book.abc"
    book.write_text("X:3\nT:first\nM:2/4\nK:C\nCDEF|\n\nX:7\nT:second\nM:2/4\nK:C\nGABc|\n", encoding="utf-8")
    assert [note.pitch for note in find_tune(str(book), track="7").notes] == [67, 69, 71, 72]
