"""Readers against each other: projects that LibreSVIP writes, as it reads them and as we do; MIDI beside mido."""

import os
import sys
import warnings
from fractions import Fraction
from pathlib import Path

import mido
import pytest

from shenqu.errors import InputError
from shenqu.media.editors import read_editor_project
from shenqu.media.midi import read_midi
from shenqu.media.ust import read_ust, read_ustx

DATA = os.environ.get("SHENQU_DATA")
NOTES = [("か", 60, 0, 480), ("き", 62, 480, 240), ("-", 64, 720, 160), ("く", 65, 1120, 480), ("け", 59, 1920, 1)]


@pytest.fixture(scope="module")
def libresvip():
    """Return (write, read) of LibreSVIP: a project in the format of a path's ending."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        manager = pytest.importorskip("libresvip.extension.manager")
        model = pytest.importorskip("libresvip.model.base")

    def project():
        notes = [
            model.Note(start_pos=start, length=length, key_number=pitch, lyric=lyric)
            for lyric, pitch, start, length in NOTES
        ]
        return model.Project(
            song_tempo_list=[model.SongTempo(position=0, bpm=100.0), model.SongTempo(position=1440 + 960, bpm=90.0)],
            time_signature_list=[model.TimeSignature(bar_index=0, numerator=3, denominator=4)],
            track_list=[model.SingingTrack(title="lead", note_list=notes)],
        )

    def quietly(work):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return work()

    def plugin(path):
        return manager.get_svs_plugin_by_suffix(path.suffix[1:])

    def write(path):
        quietly(lambda: plugin(path).dump(path, project(), {}))
        return path

    return write, lambda path: quietly(lambda: plugin(path).load(path, {}))


def planted(lyrics=True):
    return [
        (("+" if lyric == "-" else lyric) if lyrics else "", pitch, Fraction(start, 480), Fraction(length, 480))
        for lyric, pitch, start, length in NOTES
    ]


def spans(score):
    return [(note.lyric, note.pitch, note.onset_beat, note.length_beat) for note in score.parts[0].notes]


@pytest.mark.parametrize("ending", ["svp", "s5p", "vsqx", "vpr", "ccs", "ppsf", "acep", "dv", "vsq", "tssln", "ufdata"])
def test_projects_of_other_editors_hold_what_was_planted(libresvip, tmp_path, ending):
    write, _ = libresvip
    score = read_editor_project(write(tmp_path / f"made.{ending}"))
    assert spans(score) == planted()
    assert score.parts_with_words == (0,)


@pytest.mark.parametrize("ending", ["svp", "s5p", "acep"])
def test_tempo_changes_are_counted_from_the_first_bar(libresvip, tmp_path, ending):
    write, _ = libresvip
    score = read_editor_project(write(tmp_path / f"made.{ending}"))
    assert [(t.onset_beat, round(t.bpm, 3)) for t in score.tempi] == [(0, 100), (2, 90)]
    assert [(m.onset_beat, m.numerator, m.denominator) for m in score.metres] == [(0, 3, 4)]


@pytest.mark.parametrize(("ending", "reader"), [("ust", read_ust), ("ustx", read_ustx), ("mid", read_midi)])
def test_our_readers_agree_with_libresvip_to_the_tick(libresvip, tmp_path, ending, reader):
    write, read = libresvip
    path = write(tmp_path / f"made.{ending}")
    theirs = [
        ("+" if note.lyric in {"-", "+"} else note.lyric, note.key_number, Fraction(note.start_pos, 480), note.length)
        for track in read(path).track_list
        for note in track.note_list
    ]
    ours = [(lyric, pitch, onset, length * 480) for lyric, pitch, onset, length in spans(reader(path))]
    assert ours == theirs


def test_tempi_of_ustx_lie_a_bar_earlier_than_in_libresvips_model(libresvip, tmp_path):
    # LibreSVIP counts tempi from an empty bar before the first (here of 3 beats), the file and OpenUtau do not.
    write, _ = libresvip
    assert [(t.onset_beat, t.bpm) for t in read_ustx(write(tmp_path / "made.ustx")).tempi] == [(0, 100), (2, 90)]


def test_without_the_extra_it_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.svp").write_bytes(b"{}")
    monkeypatch.setitem(sys.modules, "libresvip.extension.manager", None)
    with pytest.raises(InputError, match=r"need the extra: pip install 'shenqu\[editors\]'"):
        read_editor_project(tmp_path / "a.svp")


@pytest.mark.parametrize("content", [b"", b"{}", b"\0" * 99, b"<?xml version='1.0'?><a/>", b"PK\3\4nonsense"])
@pytest.mark.parametrize("ending", ["svp", "vsqx", "vpr", "ccs", "ppsf", "svip"])
def test_broken_projects_are_refused_in_one_line(tmp_path, ending, content):
    pytest.importorskip("libresvip")
    path = tmp_path / f"a.{ending}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=path.name) as caught:
        read_editor_project(path)
    assert "\n" not in str(caught.value)


def test_entities_are_never_expanded(tmp_path):
    path = tmp_path / "a.vsqx"
    path.write_bytes(b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "boom">]><vsq4>&b;</vsq4>')
    with pytest.raises(InputError, match="entities"):
        read_editor_project(path)


@pytest.mark.skipif(not DATA, reason="SHENQU_DATA names no folder with real files")
@pytest.mark.parametrize("path", sorted((Path(DATA or ".") / "tunes").glob("*.mid")), ids=lambda path: path.stem)
def test_midi_agrees_with_mido_to_the_tick(path):
    file = mido.MidiFile(path, charset="latin-1")
    struck = []
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                struck.append((tick, message.note))
    ours = [
        (round(note.onset_beat * file.ticks_per_beat), note.pitch)
        for part in read_midi(path).parts
        for note in part.notes
    ]
    assert sorted(ours) == sorted(struck)
