"""Song documents on the disk, and the recordings they are made of."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path

from shenqu.documents.codec import decode
from shenqu.documents.song import Song, Source
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


def recordings_of(song: Song, document: Path, given: Sequence[Path], *, how: str) -> tuple[Path, ...]:
    """Return the recordings of `song`, read from `document`: those `given`, else those that it names.

    Of several, one that is given is that of the same content, else that of the same name. `how` tells in an error how
    to give one.

    Raises
    ------
    InputError
        Where one that it names is missing, or another file now, and where one given is none of several.

    Warns
    -----
    ShenquWarning
        Where one given is another than it was made of.
    """
    found = _given_for(song, given)
    return tuple(_recording(source, document, found.get(number), how=how) for number, source in enumerate(song.sources))


def _given_for(song: Song, given: Sequence[Path]) -> dict[int, Path]:
    """Return the files `given` by the numbers of the recordings that they stand for."""
    if len(song.sources) == 1 and len(given) == 1:
        return {0: given[0]}
    found: dict[int, Path] = {}
    for path in given:
        content = sha256_of(path)
        alike = [number for number, source in enumerate(song.sources) if source.sha256 == content]
        alike = alike or [number for number, source in enumerate(song.sources) if Path(source.path).name == path.name]
        if not alike:
            names = ", ".join(Path(source.path).name for source in song.sources)
            raise InputError(f"{path} is none of the recordings of this song; give {names}, or files of these names")
        found |= dict.fromkeys(alike, path)
    return found


def _recording(source: Source, document: Path, given: Path | None, *, how: str) -> Path:
    speech = given or document.parent / source.path
    if not given and not is_file(speech):
        raise InputError(f"{document}: its recording {speech} is missing; say where it is {how}")
    if sha256_of(speech) == source.sha256:
        return speech
    if not given:
        raise InputError(f"{document}: {speech} is not the recording it was made of; say where that is {how}")
    message = f"{speech} is not the recording that {document} was made of; its times may not fit"
    warnings.warn(message, ShenquWarning, stacklevel=5)
    return speech


def moved_song(song: Song, speeches: Sequence[Path], document: Path) -> Song:
    """Return `song` as it stands in `document`, with its recordings at `speeches`."""
    sources = tuple(
        source.replace(path=relative_path(speech, document), sha256=sha256_of(speech))
        for source, speech in zip(song.sources, speeches, strict=True)
    )
    return song.replace(sources=sources)


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
