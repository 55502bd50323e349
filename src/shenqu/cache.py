"""Memory between runs: arrays and texts under the hash of all that made them, on disk, bounded in size.

A key names content, so an entry is never wrong, only unknown. Whatever is damaged or cannot be
written is forgotten without a word: the cache may only ever save time.
"""

from __future__ import annotations

import os
import sys
from abc import abstractmethod
from collections.abc import Iterator, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
Value = TypeVar("Value")

MOST_BYTES = 400_000_000
KEPT_SHARE = 0.7


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

    def __init__(self, folder: Path | None = None) -> None:
        """Keep the values in `folder` (default: a shelf of the user's cache)."""
        self.folder = folder or cache_folder() / self._shelf

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

    def prune(self, most_bytes: int = MOST_BYTES) -> None:
        """Forget what was not used for longest, once more than `most_bytes` are kept."""
        with suppress(OSError):
            entries = [(path.stat(), path) for path in self.folder.glob(f"*{self._ending}")]
            total = sum(stat.st_size for stat, _ in entries)
            if total <= most_bytes:
                return
            for stat, path in sorted(entries, key=lambda entry: entry[0].st_mtime):
                if total <= KEPT_SHARE * most_bytes:
                    break
                path.unlink(missing_ok=True)
                total -= stat.st_size


class ArrayCache(_Cache[Array]):
    """Arrays by key.

    >>> import tempfile
    >>> cache = ArrayCache(Path(tempfile.mkdtemp()))
    >>> cache["ab12"] = np.ones(3)
    >>> cache["ab12"].tolist(), "cd34" in cache
    ([1.0, 1.0, 1.0], False)
    """

    _shelf, _ending = "units", ".npy"

    def _load(self, path: Path) -> Array:
        array: Array = np.load(path, allow_pickle=False)
        return array

    def _save(self, path: Path, value: Array) -> None:
        np.save(path, value, allow_pickle=False)


class TextCache(_Cache[bytes]):
    """Texts by key, as bytes.

    >>> import tempfile
    >>> cache = TextCache(Path(tempfile.mkdtemp()))
    >>> cache["ab12"] = b"are you OK"
    >>> cache["ab12"]
    b'are you OK'
    """

    _shelf, _ending = "texts", ".json"

    def _load(self, path: Path) -> bytes:
        return path.read_bytes()

    def _save(self, path: Path, value: bytes) -> None:
        path.write_bytes(value)
