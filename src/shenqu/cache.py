"""Memory between runs: arrays and texts under the hash of all that made them, on disk, bounded in size.

A key names content, so an entry is never wrong, only unknown. Whatever is damaged or cannot be
written is forgotten without a word: the cache may only ever save time.

It lies on shelves, each with a limit of its own: units of voice and what is measured take up to 400 MB, sounds
(bands, parts of recordings) as much, texts 20 MB.
"""

from __future__ import annotations

import hashlib
import os
import sys
from abc import abstractmethod
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import suppress
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
Value = TypeVar("Value")

KEPT_SHARE = 0.7
LOOKS = 64


def cache_folder() -> Path:
    """Return where the cache lies: SHENQU_CACHE if set, else the system's usual place."""
    if given := os.environ.get("SHENQU_CACHE"):
        return Path(given)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "shenqu"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "shenqu" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "shenqu"


class _Cache(MutableMapping[str, Value], Generic[Value]):
    """Values by key (a hexadecimal hash), one file each."""

    _shelf: ClassVar[str]
    _ending: ClassVar[str]
    _most_bytes: ClassVar[int]

    def __init__(self, folder: Path | None = None) -> None:
        """Keep the values in `folder` (default: a shelf of the user's cache)."""
        self.folder = folder or cache_folder() / self._shelf
        self._may_be_full = False

    @abstractmethod
    def _load(self, path: Path) -> Value:
        """Return the value in a file."""

    @abstractmethod
    def _save(self, path: Path, value: Value) -> None:
        """Write a value to a file."""

    def _file(self, key: str) -> Path:
        assert key.isalnum(), "keys are hashes"
        return self.folder / f"{key}{self._ending}"

    def __getitem__(self, key: str) -> Value:
        """Return the value under `key`; KeyError where there is none, or it is damaged."""
        path = self._file(key)
        try:
            value = self._load(path)
        except (OSError, ValueError, EOFError):
            raise KeyError(key) from None
        with suppress(OSError):
            os.utime(path)
        return value

    def __setitem__(self, key: str, value: Value) -> None:
        """Keep `value`; a disk that will not take it is no error."""
        path = self._file(key)
        hidden = path.with_name(f".{key}-{os.getpid()}{self._ending}")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._save(hidden, value)
            # Looking at all that is there takes a while. Keys are hashes, so this is a throw of dice.
            chance = hidden.stat().st_size * LOOKS / self._most_bytes
            self._may_be_full = self._may_be_full or int(key[:8], 16) < chance * 16.0 ** len(key[:8])
            hidden.replace(path)
        except OSError:
            with suppress(OSError):
                hidden.unlink()

    def __contains__(self, key: object) -> bool:
        """True where something lies under `key`."""
        return isinstance(key, str) and self._file(key).exists()

    def __delitem__(self, key: str) -> None:
        """Forget what is under `key`."""
        self._file(key).unlink(missing_ok=True)

    def __iter__(self) -> Iterator[str]:
        """All keys, in no order."""
        return (path.stem for path in self.folder.glob(f"*{self._ending}") if not path.name.startswith("."))

    def __len__(self) -> int:
        """Number of values kept."""
        return sum(1 for _ in self)

    def tidy(self) -> None:
        """Hold the shelf to its limit, about every time that a 64th of it has been added."""
        if self._may_be_full:
            self.prune()
            self._may_be_full = False

    def prune(self, most_bytes: int | None = None) -> None:
        """Forget what was not used for longest, once more than `most_bytes` are kept: by default the shelf's limit."""
        most_bytes = self._most_bytes if most_bytes is None else most_bytes
        with suppress(OSError), os.scandir(self.folder) as found:
            entries = [(entry.stat(), entry.path) for entry in found if entry.name.endswith(self._ending)]
            total = sum(stat.st_size for stat, _ in entries)
            if total <= most_bytes:
                return
            for stat, path in sorted(entries, key=lambda entry: entry[0].st_mtime):
                if total <= KEPT_SHARE * most_bytes:
                    break
                Path(path).unlink(missing_ok=True)
                total -= stat.st_size


class ArrayCache(_Cache[Array]):
    """Arrays by key.

    >>> import tempfile
    >>> cache = ArrayCache(Path(tempfile.mkdtemp()))
    >>> cache["ab12"] = np.ones(3)
    >>> cache["ab12"].tolist(), "cd34" in cache
    ([1.0, 1.0, 1.0], False)
    """

    _shelf, _ending, _most_bytes = "units", ".npy", 400_000_000

    def _load(self, path: Path) -> Array:
        array: Array = np.load(path, allow_pickle=False)
        return array

    def _save(self, path: Path, value: Array) -> None:
        np.save(path, value, allow_pickle=False)


class SoundCache(ArrayCache):
    """Long sounds by key: few, and each a good part of what is kept."""

    _shelf = "sounds"


class TextCache(_Cache[bytes]):
    """Texts by key, as bytes.

    >>> import tempfile
    >>> cache = TextCache(Path(tempfile.mkdtemp()))
    >>> cache["ab12"] = b"are you OK"
    >>> cache["ab12"]
    b'are you OK'
    """

    _shelf, _ending, _most_bytes = "texts", ".json", 20_000_000

    def _load(self, path: Path) -> bytes:
        return path.read_bytes()

    def _save(self, path: Path, value: bytes) -> None:
        path.write_bytes(value)


def content_key(*parts: str | bytes) -> str:
    """Return the key of what is made of `parts`, and of nothing else.

    >>> content_key("ab", "c") == content_key("a", "bc")
    False
    """
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def remembered(memory: MutableMapping[str, Array], key: str, make: Callable[[], Array]) -> Array:
    """Return what `memory` holds under `key`; what it does not hold is made, and put there."""
    known = memory.get(key)
    if known is None:
        memory[key] = known = make()
    return known


@lru_cache
def code_of(*folders: str) -> str:
    """Return a hash of all files in some folders of this package: what they make is made anew when they change.

    Other than a version of its own it cannot be forgotten.
    """
    digest = hashlib.sha256(f"numpy {np.__version__}".encode())
    for folder in folders:
        found = (entry for entry in files("shenqu").joinpath(*folder.split("/")).iterdir() if entry.is_file())
        for entry in sorted(found, key=lambda entry: entry.name):
            digest.update(entry.read_bytes())
    return digest.hexdigest()
