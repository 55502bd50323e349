"""Song documents on the disk, and the recordings they are made of."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from shenqu.documents.codec import decode
from shenqu.documents.song import Song
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.files import read_bounded, sha256_of

LARGEST_DOCUMENT = 64_000_000


def read_song(path: Path) -> Song:
    """Return the song document at `path`.

    Raises
    ------
    InputError
        Where it is missing, too large, or not a song document: with line and path.
    """
    too_large, advice = "larger than any song document; is this one?", "; give the .shenqu file of a song"
    data = read_bounded(path, LARGEST_DOCUMENT, too_large=too_large, advice=advice)
    return decode(data, Song, name=str(path))


def recording_of(song: Song, document: Path, given: Path | None, *, how: str) -> Path:
    """Return the recording of `song`, read from `document`: the one `given`, else the one that it names.

    `how` tells in an error how to give it.

    Raises
    ------
    InputError
        Where the one that it names is missing, or another file now.

    Warns
    -----
    ShenquWarning
        Where the one given is another than it was made of.
    """
    speech = given or document.parent / song.sources[0].path
    if not given and not is_file(speech):
        raise InputError(f"{document}: its recording {speech} is missing; say where it is {how}")
    if sha256_of(speech) == song.sources[0].sha256:
        return speech
    if not given:
        raise InputError(f"{document}: {speech} is not the recording it was made of; say where that is {how}")
    message = f"{speech} is not the recording that {document} was made of; its times may not fit"
    warnings.warn(message, ShenquWarning, stacklevel=3)
    return speech


def moved_song(song: Song, speech: Path, document: Path) -> Song:
    """Return `song` as it stands in `document`, with its recording at `speech`."""
    source = song.sources[0].replace(path=relative_path(speech, document), sha256=sha256_of(speech))
    return song.replace(sources=(source,))


def relative_path(path: Path, document: Path) -> str:
    """Return `path` as the document says it: relative to the document's folder where that is possible."""
    try:
        return Path(os.path.relpath(path.resolve(), document.resolve().parent)).as_posix()
    except ValueError:
        return path.resolve().as_posix()


def is_file(path: Path) -> bool:
    """Return whether `path` is a file; what cannot be a path is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
