"""The tunes that come with shenqu, and those that a user writes down in the same form.

They are free in China, the European Union, the UK and the USA: composers died by 1955, and the tunes were in print
before 1931; the chords are our own. Anthems are left out on purpose (docs/anthems.md).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path, PurePath

from shenqu.documents.codec import decode_toml
from shenqu.documents.tune import Tune
from shenqu.documents.tune_file import TuneFile
from shenqu.errors import InputError
from shenqu.media.files import read_bounded
from shenqu.media.packaged import packaged_names, read_packaged
from shenqu.music.notation import written_tune

ENDING = ".toml"
"""How the name of a tune's file ends."""
LARGEST_FILE = 1_000_000


@cache
def tune_ids() -> tuple[str, ...]:
    """Return the ids of the tunes that come with shenqu, in the order in which they are listed; none is read."""
    return packaged_names("tunes", ENDING)


@cache
def built_in_tune(tune_id: str) -> Tune:
    """Return the built-in tune called `tune_id`. Raises `InputError` where there is none.

    >>> built_in_tune("ode-to-joy").title
    'Ode to Joy (欢乐颂)'
    """
    if tune_id not in tune_ids():
        raise InputError(f"there is no tune {tune_id!r}: choose one of {', '.join(tune_ids())}, or name a file")
    return parse_tune_file(read_packaged("tunes", tune_id + ENDING), tune_id + ENDING)


def built_in_tunes() -> tuple[Tune, ...]:
    """Return all tunes that come with shenqu, in the order in which they are listed."""
    return tuple(built_in_tune(tune_id) for tune_id in tune_ids())


def read_tune_file(path: Path) -> Tune:
    """Return the tune that a user has written down in the file at `path`. Raises as `parse_tune_file`."""
    data = read_bounded(path, LARGEST_FILE, too_large="larger than any tune that is written by hand; is this one?")
    try:
        return parse_tune_file(data.decode("utf-8-sig"), str(path))
    except UnicodeDecodeError:
        raise InputError(f"{path}: not in UTF-8; save it in this encoding") from None


def parse_tune_file(text: str, name: str) -> Tune:
    """Return the tune that `text`, the content of the file `name`, writes down; its id is the name without ending.

    Raises
    ------
    InputError
        With `name` and what is wrong: no TOML, a field unknown or missing, a bar too long, a sign or chord unknown.
    """
    written = decode_toml(text, TuneFile, name=name)
    try:
        return written_tune(written, tune_id=PurePath(name).stem)
    except (ValueError, InputError) as error:
        raise InputError(f"{name}: {error}") from None
