import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shenqu.errors import InputError, ToolError
from shenqu.media.files import check_output_is_not_input, sha256_of, whole_file, whole_files


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_file_is_whole_or_absent(tmp_path):
    out = tmp_path / "song.mp4"
    with whole_file(out, force=False) as hidden:
        assert hidden.parent == tmp_path and hidden.suffix == ".mp4" and hidden.name.startswith(".")
        hidden.write_bytes(b"half")
        assert not out.exists()
        hidden.write_bytes(b"whole")
    assert out.read_bytes() == b"whole"
    assert names(tmp_path) == ["song.mp4"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, ValueError, SystemExit])
def test_nothing_is_left_of_an_interrupted_file(tmp_path, interruption):
    out = tmp_path / "song.wav"
    out.write_bytes(b"old")
    with pytest.raises(interruption), whole_file(out, force=True) as hidden:
        hidden.write_bytes(b"half")
        raise interruption
    assert names(tmp_path) == ["song.wav"] and out.read_bytes() == b"old"


def test_a_file_that_exists_is_replaced_only_by_force(tmp_path):
    out = tmp_path / "song.wav"
    out.write_bytes(b"old")
    with pytest.raises(InputError, match=r"song\.wav: exists already.*--force"), whole_file(out, force=False):
        pytest.fail("nothing may be written")
    with whole_file(out, force=True) as hidden:
        hidden.write_bytes(b"new")
    assert out.read_bytes() == b"new"


def test_a_file_that_appears_meanwhile_is_kept(tmp_path):
    out = tmp_path / "song.wav"
    with pytest.raises(InputError, match="exists already"), whole_file(out, force=False):
        out.write_bytes(b"somebody else's")
    assert out.read_bytes() == b"somebody else's" and names(tmp_path) == ["song.wav"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing/song.wav", "does not exist"),
        (".", "not an ordinary file"),
        ("x" * 300 + ".wav", "cannot be written"),
        ("a\0b.wav", "cannot"),
    ],
)
def test_a_place_that_cannot_be_written_is_named_in_one_line(tmp_path, name, words):
    with pytest.raises(InputError, match=words) as caught, whole_file(tmp_path / name, force=True):
        pytest.fail("nothing may be written")
    assert "\n" not in str(caught.value)


def test_a_device_is_never_replaced():
    with pytest.raises(InputError, match="not an ordinary file"), whole_file(Path(os.devnull), force=True):
        pytest.fail("nothing may be written")


def test_a_name_may_use_the_whole_length_allowed(tmp_path):
    out = tmp_path / ("歌" * 83 + ".flac")
    with whole_file(out, force=False) as hidden:
        hidden.write_bytes(b"x")
    assert out.read_bytes() == b"x"


def test_a_full_disk_is_said_in_one_line(tmp_path):
    out = tmp_path / "song.wav"
    with pytest.raises(ToolError, match=r"song\.wav: could not be written: No space"), whole_file(out, force=False):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert names(tmp_path) == []


def test_a_read_only_folder_is_said_in_one_line(tmp_path, monkeypatch):
    def refuse(*_arguments):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    refused = pytest.raises(InputError, match=r"song\.wav: cannot be written: Permission denied")
    with refused, whole_file(tmp_path / "song.wav", force=False):
        pytest.fail("nothing may be written")


def test_files_written_together_appear_together(tmp_path):
    targets = [tmp_path / name for name in ("a.wav", "b.shenqu", "c.wav")]
    with whole_files(targets, force=False) as hidden:
        for path in hidden:
            path.write_bytes(b"x")
        assert not any(target.exists() for target in targets)
    assert names(tmp_path) == ["a.wav", "b.shenqu", "c.wav"]


def test_one_bad_target_keeps_all_from_being_written(tmp_path):
    with pytest.raises(InputError), whole_files([tmp_path / "a.wav", tmp_path / "no" / "b.wav"], force=False):
        pytest.fail("nothing may be written")
    assert names(tmp_path) == []


KILLED = """
import sys, time, pathlib
from shenqu.media.files import whole_files
with whole_files([pathlib.Path(name) for name in sys.argv[1:]], force=True) as hidden:
    for path in hidden:
        path.write_bytes(b"half")
    print("written", flush=True)
    time.sleep(60)
"""


def start_writer(*targets):
    writer = subprocess.Popen([sys.executable, "-c", KILLED, *map(str, targets)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout.readline() == "written\n"
    return writer


def test_what_a_killed_run_left_is_swept_by_the_next_with_the_same_target(tmp_path):
    out, other, document = tmp_path / "song.wav", tmp_path / "other.wav", tmp_path / "song.shenqu"
    with start_writer(out, document) as dead, start_writer(other) as living:
        dead.send_signal(signal.SIGKILL)
        dead.wait()
        assert not out.exists() and len(names(tmp_path)) == 3
        with whole_files([out, document], force=False) as hidden:
            for path in hidden:
                path.write_bytes(b"whole")
        assert out.read_bytes() == document.read_bytes() == b"whole"
        left = [name for name in names(tmp_path) if name.startswith(".")]
        assert len(left) == 1 and left[0].startswith(".other-")
        with whole_file(other, force=False) as mine:
            assert sum(name.startswith(".other-") for name in names(tmp_path)) == 2, "the living one's stays"
            mine.write_bytes(b"mine")
        living.kill()
    assert other.read_bytes() == b"mine"


def test_ctrl_c_leaves_nothing(tmp_path):
    with start_writer(tmp_path / "song.wav") as writer:
        time.sleep(0.05)
        writer.send_signal(signal.SIGINT)
        writer.wait()
    assert names(tmp_path) == []


def test_output_is_recognised_as_input_under_any_name(tmp_path):
    speech, link = tmp_path / "speech.wav", tmp_path / "link.wav"
    speech.write_bytes(b"x")
    link.symlink_to(speech)
    for output in (speech, link, tmp_path / "." / "speech.wav"):
        with pytest.raises(InputError, match="is an input"):
            check_output_is_not_input(output, [tmp_path / "missing.wav", speech])
    check_output_is_not_input(tmp_path / "new.wav", [speech])


def test_a_link_is_followed_not_replaced(tmp_path):
    (tmp_path / "real.wav").write_bytes(b"old")
    (tmp_path / "link.wav").symlink_to(tmp_path / "real.wav")
    with whole_file(tmp_path / "link.wav", force=True) as hidden:
        hidden.write_bytes(b"new")
    assert (tmp_path / "real.wav").read_bytes() == b"new" and (tmp_path / "link.wav").is_symlink()


def test_sha256_of_known_bytes(tmp_path):
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    assert sha256_of(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    with pytest.raises(InputError, match="cannot be read"):
        sha256_of(tmp_path / "missing")


def test_two_outputs_of_one_name_are_refused(tmp_path):
    (tmp_path / "folder").mkdir()
    twice = [tmp_path / "mix.wav", tmp_path / "folder" / ".." / "mix.wav"]
    with pytest.raises(InputError, match="two outputs"), whole_files(twice, force=True):
        pass
    assert names(tmp_path) == ["folder"]
