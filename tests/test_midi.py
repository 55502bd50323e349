"""MIDI files of every kind: what mido writes, what the street writes, and what is no MIDI at all."""

import io
import os
from fractions import Fraction
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.performance import TempoMap
from shenqu.documents.tune import Metre
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.midi import VocalNote, parse_midi, read_midi, vocal_midi
from shenqu.music.melody import score_to_tune


def midi(*tracks, kind=1, ticks=480):
    file = mido.MidiFile(type=kind, ticks_per_beat=ticks)
    for messages in tracks:
        file.tracks.append(mido.MidiTrack(messages))
    target = io.BytesIO()
    file.save(file=target)
    return target.getvalue()


def on(note, time=0, velocity=64, channel=0):
    return mido.Message("note_on", note=note, velocity=velocity, time=time, channel=channel)


def off(note, time=480, channel=0):
    return mido.Message("note_off", note=note, time=time, channel=channel)


def line(*pitches, name="", channel=0, length=480):
    messages = [mido.MetaMessage("track_name", name=name)] if name else []
    for pitch in pitches:
        messages += [on(pitch, channel=channel), off(pitch, length, channel=channel)]
    return messages


def raw(*events, division=b"\x01\xe0", kind=0):
    """Return a file of one track with these bytes in it."""
    track = b"".join(events) + b"\x00\xff\x2f\x00"
    head = b"MThd\x00\x00\x00\x06" + kind.to_bytes(2, "big") + b"\x00\x01" + division
    return head + b"MTrk" + len(track).to_bytes(4, "big") + track


def parse(data):
    return parse_midi(data, name="made.mid")


def tune_of(data, **options):
    return score_to_tune(parse(data), tune_id="made", **options)


def spans(notes):
    return [(note.pitch, note.onset_beat, note.length_beat) for note in notes]


def test_defaults_where_the_file_says_nothing():
    score = parse(midi(line(60, 62)))
    assert [(t.onset_beat, t.bpm) for t in score.tempi] == [(0, 120.0)]
    assert [(m.numerator, m.denominator) for m in score.metres] == [(4, 4)]


def test_tempi_and_metres_of_all_tracks_are_taken():
    conductor = [
        mido.MetaMessage("set_tempo", tempo=500_000),
        mido.MetaMessage("time_signature", numerator=3, denominator=4),
        mido.MetaMessage("set_tempo", tempo=1_000_000, time=1440),
        mido.MetaMessage("time_signature", numerator=6, denominator=8, time=0),
    ]
    score = parse(midi(conductor, line(60, 62)))
    assert [(t.onset_beat, t.bpm) for t in score.tempi] == [(0, 120.0), (3, 60.0)]
    assert [(m.onset_beat, m.numerator, m.denominator) for m in score.metres] == [(0, 3, 4), (3, 6, 8)]


@pytest.mark.parametrize("tempo", [0, 1, 16_000_000])
def test_absurd_tempi_are_passed_over_with_a_warning(tempo):
    with pytest.warns(ShenquWarning, match="passed over"):
        score = parse(midi([mido.MetaMessage("set_tempo", tempo=tempo), *line(60)]))
    assert score.tempi[0].bpm == 120.0


@pytest.mark.parametrize(("ticks", "third"), [(480, 160), (96, 32), (100, 33), (1024, 341)])
def test_triplets_are_exact_at_any_resolution(ticks, third):
    messages = [on(60), off(60, third), on(62), off(62, round(2 * ticks / 3) - third)]
    notes = parse(midi(messages, ticks=ticks)).parts[0].notes
    assert [note.onset_beat for note in notes] == [0, Fraction(1, 3)]
    assert notes[1].length_beat == Fraction(1, 3)


def test_zero_velocity_ends_a_note_and_orphans_end_nothing():
    notes = parse(midi([off(70, 0), on(60), on(60, 480, velocity=0), off(60, 10), on(62), off(62, 240)])).parts[0].notes
    assert spans(notes)[0] == (60, 0, 1)
    assert len(notes) == 2


def test_a_note_never_ended_and_a_note_struck_again():
    hanging = parse(midi([on(60), on(62, 480), off(62, 48000)])).parts[0].notes
    assert spans(hanging)[0] == (60, 0, 4)
    again = parse(midi([on(60), on(60, 480), off(60, 240), off(60, 240)])).parts[0].notes
    assert spans(again) == [(60, 0, Fraction(3, 2)), (60, 1, 1)]


def test_notes_of_one_pitch_side_by_side_stay_apart():
    assert len(tune_of(midi(line(60, 60, 60))).notes) == 3


def test_running_status_sysex_and_alien_chunks():
    notes = b"\x00\x90\x3c\x40\x83\x60\x3c\x00\x00\x3e\x40\x83\x60\x3e\x00"
    data = raw(b"\x00\xf0\x03\x01\x02\xf7", b"\x00\xff\x7f\x02ab", notes)
    strange = data[:14] + b"XFIH\x00\x00\x00\x02ab" + data[14:]
    assert spans(parse(strange).parts[0].notes) == [(60, 0, 1), (62, 1, 1)]


def test_a_division_in_frames_counts_seconds():
    # 25 frames of 40 ticks: a tick is a millisecond, a beat at 120 is 500 of them.
    data = raw(b"\x00\x90\x3c\x40\x83\x74\x80\x3c\x00", division=bytes([256 - 25, 40]))
    assert spans(parse(data).parts[0].notes) == [(60, 0, 1)]


def test_type_0_is_parted_by_channel_and_drums_are_never_sung():
    messages = []
    for pitch in (72, 74, 76):
        messages += [on(pitch), on(36, channel=9), on(48, channel=1), off(pitch), off(36, 0, 9), off(48, 0, 1)]
    tune = tune_of(midi(messages, kind=0))
    assert [note.pitch for note in tune.notes] == [72, 74, 76]
    assert sorted((part.drums, len(part.notes)) for part in tune.parts) == [(False, 3), (True, 3)]


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_names_in_any_encoding(encoding):
    name = "音轨1".encode(encoding)
    data = raw(b"\x00\xff\x03" + bytes([len(name)]) + name, b"\x00\x90\x3c\x40\x83\x60\x80\x3c\x00")
    assert parse(data).parts[0].name == "音轨1"


def test_names_cannot_command_the_terminal():
    data = raw(b"\x00\xff\x03\x05a\x1b[2J", b"\x00\x90\x3c\x40\x83\x60\x80\x3c\x00")
    assert "\x1b" not in parse(data).parts[0].name


def test_the_melody_is_found_and_can_be_named():
    low, high = line(48, 50, 52, 53, name="Bass"), line(60, 64, 62, 65, name="Sopran")
    data = midi([], low, high)
    assert tune_of(data).notes[0].pitch == 60
    assert tune_of(data, track="bass").notes[0].pitch == 48
    assert tune_of(data, track="1").notes[0].pitch == 48
    with pytest.raises(InputError, match=r"no track 'Alto'.*1 'Bass', 2 'Sopran'"):
        tune_of(data, track="Alto")


def test_the_track_with_words_is_the_melody():
    words = [mido.MetaMessage("lyrics", text="la"), *line(60, 62, 64, 60)]
    assert tune_of(midi(line(72, 76, 79, 72), words)).notes[0].pitch == 60


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not a MIDI file"),
        (b"RIFF" + bytes(40), "not a MIDI file"),
        (midi(line(60), kind=1)[:-6], "cut short"),
        (midi([]), "empty tune"),
        (raw(), "empty tune"),
        (raw(b"\x00\x3c\x40"), "broken MIDI file"),
        (raw(b"\x00\x90\x3c\x40", division=b"\x00\x00"), "no ticks"),
        (b"MThd\x00\x00\x00\x06\x00\x02\x00\x01\x01\xe0", "type 2"),
        (midi([on(60), off(60, 10_001 * 480)]), "longer than"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(data, says):
    with pytest.raises(InputError, match=says) as caught:
        parse(data)
    assert "\n" not in str(caught.value)


def test_missing_and_oversized_files(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_midi(tmp_path / "none.mid")
    (tmp_path / "large.mid").write_bytes(bytes((4 << 20) + 1))
    with pytest.raises(InputError, match="too large"):
        read_midi(tmp_path / "large.mid")


@given(st.data())
@settings(max_examples=150, deadline=None)
@pytest.mark.filterwarnings("ignore::shenqu.errors.ShenquWarning")
def test_damage_gives_a_tune_or_one_line(data):
    intact = midi(line(60, 62, 64, 65, 67), line(48, 50, 52))
    damaged = bytearray(intact)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert tune_of(bytes(damaged)).notes
    except InputError as error:
        assert "\n" not in str(error)


NOTES = st.lists(st.tuples(st.integers(0, 7), st.integers(1, 12), st.integers(36, 84)), min_size=1, max_size=30)


@given(NOTES, st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_vocal_midi_comes_back_as_it_went(places, lead):
    now, notes = Fraction(0), []
    for rest, length, pitch in places:
        now += Fraction(rest, 12)
        notes.append(VocalNote(onset_beat=now, length_beat=Fraction(length, 12), pitch=pitch, lyric="啊"))
        now += Fraction(length, 12)
    clock = TempoMap(lead_in_beat=Fraction(lead), steps=((Fraction(0), 100.0), (Fraction(2), 140.0)))
    score = parse(
        vocal_midi(notes, tempo_map=clock, metres=(Metre(onset_beat=Fraction(0), numerator=4, denominator=4),))
    )
    assert spans(score.parts[0].notes) == [(n.pitch, n.onset_beat + lead, n.length_beat) for n in notes]
    assert [(t.onset_beat, round(t.bpm, 2)) for t in score.tempi] == [(0, 100.0), (2 + lead, 140.0)]


def test_vocal_midi_as_another_reader_sees_it():
    clock = TempoMap(lead_in_beat=Fraction(1), steps=((Fraction(0), 90.0), (Fraction(1), 120.0)))
    sung = [("你", 0, 1, 60), ("+", 1, 1, 62), ("好", 2, Fraction(1, 3), 62)]
    notes = [
        VocalNote(onset_beat=Fraction(onset), length_beat=Fraction(length), pitch=pitch, lyric=lyric)
        for lyric, onset, length, pitch in sung
    ]
    data = vocal_midi(notes, tempo_map=clock, metres=(Metre(onset_beat=Fraction(0), numerator=2, denominator=4),))
    file = mido.MidiFile(file=io.BytesIO(data), charset="utf-8")
    assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, 480, 2)
    kinds = [message.type for message in file.tracks[1] if message.type != "track_name"]
    assert kinds[:-1] == ["lyrics", "note_on", "note_off"] * 3
    assert [message.text for message in file.tracks[1] if message.type == "lyrics"] == ["你", "+", "好"]
    now, starts = 0.0, []
    for message in file:
        now += message.time
        if message.type == "note_on":
            starts.append(now)
    assert starts == pytest.approx([clock.beat_to_s(note.onset_beat) for note in notes], abs=0.001)
    bars = [(m.time, m.numerator, m.denominator) for m in file.tracks[0] if m.type == "time_signature"]
    assert bars == [(0, 1, 4), (480, 2, 4)]


DATA = os.environ.get("SHENQU_DATA")


@pytest.mark.skipif(not DATA, reason="SHENQU_DATA names no folder with real files")
@pytest.mark.filterwarnings("ignore:.*moved by octaves:shenqu.errors.ShenquWarning")
@pytest.mark.parametrize(
    ("name", "count", "first", "upbeat"),
    [
        ("anacrusis", 6, 60, 1),
        ("anthem_lyrics_zh_gbk", 34, 60, 0),
        ("anthem_lyrics_zh_utf8", 34, 60, 0),
        ("bach_cello1_prelude", 593, 43, 0),
        ("four_tempi", 16, 53, 0),
        ("miss_galvins", 120, 78, 0),
        ("no_tempo_no_metre", 6, 60, 0),
        ("soprano_and_piano", 435, 75, 0),
    ],
)
def test_real_files(name, count, first, upbeat):
    tune = score_to_tune(read_midi(Path(DATA) / "tunes" / f"{name}.mid"), tune_id=name)
    assert (len(tune.notes), tune.notes[0].pitch, tune.upbeat_beat) == (count, first, upbeat)
    assert all(note.end_beat <= after.onset_beat for note, after in zip(tune.notes, tune.notes[1:], strict=False))


@pytest.mark.skipif(not DATA, reason="SHENQU_DATA names no folder with real files")
@pytest.mark.parametrize("path", sorted((Path(DATA or ".") / "tunes").glob("*.mid")), ids=lambda path: path.stem)
def test_real_files_hold_the_notes_that_mido_finds(path):
    read = mido.MidiFile(path)
    struck = [m for track in read.tracks for m in track if m.type == "note_on" and m.velocity]
    parts = read_midi(path).parts
    assert sum(len(part.notes) for part in parts) == len(struck)
    assert sorted(note.pitch for part in parts for note in part.notes) == sorted(m.note for m in struck)
