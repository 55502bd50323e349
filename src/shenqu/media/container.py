"""Sound and video files, opened safely.

Files are untrusted: they are handed to FFmpeg as open files, so that no name is taken for an option
or an address, and nothing that a playlist inside names is opened.

Conventions
-----------
*Source time* 0 is where the earliest sound or picture stream of a file starts: the one clock of
pictures, sound and transcript.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO

import av
import av.container
import av.error
from av.stream import Disposition

from shenqu.errors import InputError


class _QuietFile:
    """An open file for FFmpeg. A seek that cannot be done is answered; an exception there would be printed."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self.name = name

    def read(self, size: int) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError):
            return -1

    def tell(self) -> int:
        return self._file.tell()


@contextmanager
def open_media(path: Path) -> Iterator[av.container.InputContainer]:
    """Open a sound or video file, whatever its name and content are.

    Raises `InputError` where it is missing, no ordinary file, empty, or nothing that FFmpeg knows.
    """
    with _opened(path) as file:
        suffix = path.suffix.encode("ascii", "replace").decode()
        options = {"protocol_whitelist": "none"}
        try:
            container = av.open(_QuietFile(file, f"input{suffix}"), "r", options=options, metadata_errors="replace")
        except (av.error.FFmpegError, OSError, ValueError) as error:
            message = f"{path}: is no sound or video file, or is damaged or incomplete; give one that can be played"
            raise InputError(message) from error
        with container:
            yield container


def source_zero_s(container: av.container.InputContainer) -> Fraction:
    """Return the container time that is source time 0: the earliest start of a sound or picture stream.

    Never below 0: what lies before is the run-in of an encoder, which players do not present.
    """
    starts = [
        stream.start_time * stream.time_base
        for stream in (*container.streams.audio, *container.streams.video)
        if stream.start_time is not None
        and stream.time_base is not None
        and not stream.disposition & Disposition.attached_pic
    ]
    return max(Fraction(0), min(starts, default=Fraction(0)))


def _opened(path: Path) -> IO[bytes]:
    """Return the file opened for reading, or raise `InputError`."""
    try:
        if not path.is_file():
            raise InputError(f"{path}: {'is not an ordinary file' if path.exists() else 'there is no such file'}")
        if path.stat().st_size == 0:
            raise InputError(f"{path}: is empty; give a file with sound")
        return path.open("rb")
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
