"""What kind of tune a file holds, by its first bytes, and where they leave it open by its ending."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from shenqu.errors import InputError
from shenqu.media.editors import EDITOR_ENDINGS

Kind = Literal["midi", "musicxml", "abc", "ust", "ustx", "editor", "lyrics", "recording"]
_HEAD_BYTES = 4096
_RECORDINGS = (
    ".wav .flac .mp3 .m4a .aac .ogg .oga .opus .wma .aiff .aif .mp4 .mov .mkv .webm .avi .flv .m4v .ts .mka".split()  # noqa: SIM905
)
_ENDINGS: dict[str, Kind] = {
    **dict.fromkeys((".mid", ".midi", ".kar", ".rmi", ".smf"), "midi"),
    **dict.fromkeys((".musicxml", ".xml", ".mxl"), "musicxml"),
    ".abc": "abc",
    ".ust": "ust",
    ".ustx": "ustx",
    ".lrc": "lyrics",
    **dict.fromkeys(EDITOR_ENDINGS, "editor"),
    **dict.fromkeys(_RECORDINGS, "recording"),
}
_RECORDING = re.compile(
    rb"ID3|\xff[\xe0-\xff]|fLaC|OggS|RIFF....WAVE|RIFF....AVI |FORM....AIF|....ftyp|\x1a\x45\xdf\xa3|FLV", re.S
)
_TEXTS: tuple[tuple[Kind, re.Pattern[bytes]], ...] = (
    ("musicxml", re.compile(rb"<score-(part|time)wise")),
    ("ust", re.compile(rb"^\s*\[#(VERSION|SETTING|\d+)\]", re.M | re.I)),
    ("ustx", re.compile(rb"^(ustx_version|voice_parts)\s*:", re.M)),
    ("abc", re.compile(rb"^X:\s*\d|\A%abc", re.M)),
    ("lyrics", re.compile(rb"^\s*\[(\d{1,3}:\d\d|ti:|ar:|al:|offset:)", re.M)),
)


def tune_kind(path: Path) -> Kind | None:
    """Return what kind of tune the file `path` holds; None where nothing says so.

    Raises `InputError` where it cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    return kind_of(head, path.suffix.lower())


def kind_of(head: bytes, ending: str) -> Kind | None:
    """Return the kind of a file that begins with `head` and is called so: what it is outweighs its name.

    >>> kind_of(b"MThd", ".txt"), kind_of(b"", ".abc"), kind_of(b"PK\\3\\4", ".vpr"), kind_of(b"PK\\3\\4", ".zip")
    ('midi', 'abc', 'editor', 'musicxml')
    """
    named = _ENDINGS.get(ending)
    if head.startswith(b"MThd") or (head.startswith(b"RIFF") and head[8:12] == b"RMID"):
        return "midi"
    if named == "editor":
        return named
    if head.startswith(b"PK\x03\x04"):
        return "musicxml"
    if _RECORDING.match(head) and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "recording"
    return next((kind for kind, sign in _TEXTS if sign.search(head)), named)
