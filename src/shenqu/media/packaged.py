"""The data that comes with shenqu: tunes, band styles and sounds, as text files in the package."""

from __future__ import annotations

from importlib.resources import files
from typing import Literal

Shelf = Literal["tunes", "styles", "sounds"]


def packaged_names(shelf: Shelf, ending: str) -> tuple[str, ...]:
    """Return the names, without `ending`, of all files on a shelf that end so, in order of the alphabet."""
    entries = files("shenqu").joinpath("data", shelf).iterdir()
    return tuple(sorted(entry.name.removesuffix(ending) for entry in entries if entry.name.endswith(ending)))


def read_packaged(shelf: Shelf, name: str) -> str:
    """Return the text of the file `name` on a shelf. `name` is one of ours, never a user's."""
    return files("shenqu").joinpath("data", shelf, name).read_text(encoding="utf-8")
