"""Files that are absent or whole, whatever happens while they are written.

A file is written under a hidden name beside its target and renamed when it is complete, so that a
reader never meets half of it. The hidden name is `.NAME-HASH.shenqu-PID-COUNT.SUFFIX`: its suffix is the
target's, as writers choose the format by it. The writer holds a lock on it for as long as it lives;
what an earlier, killed run left behind is unlocked, and the next run with the same target sweeps it.

References
----------
POSIX.1-2017, rename(): atomic within a file system; the reason for the name beside the target.
"""

from __future__ import annotations

import atexit
import errno
import hashlib
import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from shenqu.errors import InputError, ToolError

if sys.platform != "win32":
    import fcntl

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_counter = itertools.count()
_unfinished: set[Path] = set()


@contextmanager
def whole_file(path: Path, *, force: bool) -> Iterator[Path]:
    """Yield a path to write to; it becomes `path` when the block ends well, and is removed when not.

    Raises
    ------
    InputError
        `path` exists and `force` is not set, is no ordinary file, or its folder is missing or read-only.
    ToolError
        The disk is full.
    """
    with whole_files([path], force=force) as (hidden,):
        yield hidden


@contextmanager
def whole_files(paths: Sequence[Path], *, force: bool) -> Iterator[tuple[Path, ...]]:
    """Yield one path to write to for each of `paths`; all are renamed together, in order, at the end.

    Everything is on the disk before the first is renamed: after a kill each is absent (or what it was
    before) or whole. Errors are those of `whole_file`.
    """
    targets = [_checked_target(path, force=force) for path in paths]
    for number, target in enumerate(targets):
        if target in targets[:number]:
            raise InputError(f"{target}: two outputs of this song would be this file; choose another output")
    with ExitStack() as stack:
        hidden = tuple(stack.enter_context(_hidden_file(target)) for target in targets)
        with _disk_errors_named(targets[0] if targets else Path()):
            yield hidden
            for path in hidden:
                _flush_to_disk(path)
        for path, target in zip(hidden, targets, strict=True):
            _checked_target(target, force=force)
            with _disk_errors_named(target):
                path.replace(target)
        for folder in {target.parent for target in targets}:
            _flush_folder(folder)


def check_output_is_not_input(output: Path, inputs: Iterable[Path]) -> None:
    """Raise `InputError` where `output` is one of `inputs`, under whatever name or link."""
    for path in inputs:
        with suppress(OSError):
            if output.samefile(path):
                raise InputError(f"{output}: is an input and would be overwritten; choose another output")


def read_bounded(path: Path, most_bytes: int, *, too_large: str, advice: str = "") -> bytes:
    """Return the bytes of a file of at most `most_bytes`.

    Raises `InputError` that says `too_large` of a larger one, and gives `advice` where it cannot be read.
    """
    try:
        if path.stat().st_size > most_bytes:
            raise InputError(f"{path}: {too_large}")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}){advice}") from error


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits, in constant memory.

    A file that was not touched since is not read again. Raises `InputError` where it cannot be read.
    """
    try:
        state = path.stat()
        return _sha256_of(path.resolve(), state.st_size, state.st_mtime_ns, state.st_ino)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {_reason(error)}") from error


@lru_cache(maxsize=64)
def _sha256_of(path: Path, *state: int) -> str:
    """Return the hash of a file in some `state`, which may not be the same one later."""
    del state
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _checked_target(path: Path, *, force: bool) -> Path:
    """Return `path` with links followed, once it is clear that it can be written."""
    try:
        target = path.resolve()
        exists, ordinary, folder = target.exists(), target.is_file(), target.parent.is_dir()
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{path}: cannot be written: {_reason(error)}") from error
    if exists and not ordinary:
        raise InputError(f"{path}: is not an ordinary file; choose another output")
    if exists and not force:
        raise InputError(f"{path}: exists already; choose another output or allow to replace it with --force")
    if not folder:
        raise InputError(f"{path}: the folder {path.parent} does not exist; create it first")
    return target


@contextmanager
def _hidden_file(target: Path) -> Iterator[Path]:
    """Create and lock an empty file beside `target`; remove it at the end if it is still there."""
    _sweep(target)
    hidden = target.with_name(f"{_mark(target)}{os.getpid()}-{next(_counter)}{target.suffix}")
    _unfinished.add(hidden)
    try:
        descriptor = os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
    except (OSError, ValueError) as error:
        raise InputError(f"{target}: cannot be written: {_reason(error)}") from error
    try:
        _lock(descriptor)
        yield hidden
    finally:
        os.close(descriptor)
        hidden.unlink(missing_ok=True)
        _unfinished.discard(hidden)


@atexit.register
def _remove_unfinished() -> None:
    """Remove what an interruption left that came between a file's creation and the block that guards it."""
    for hidden in _unfinished:
        with suppress(OSError):
            hidden.unlink()


def _mark(target: Path) -> str:
    """Return how the hidden names of `target` begin; short, as its own name may use the whole length allowed."""
    digest = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:8]
    return f".{target.stem[:32]}-{digest}.shenqu-"


def _sweep(target: Path) -> None:
    """Remove what dead runs left beside `target`."""
    mark = _mark(target)
    with suppress(OSError):
        for leftover in [path for path in target.parent.iterdir() if path.name.startswith(mark)]:
            with suppress(OSError):
                _remove_unlocked(leftover)


def _remove_unlocked(leftover: Path) -> None:
    """Remove a file unless a living process holds its lock (then `OSError`)."""
    descriptor = os.open(leftover, os.O_RDWR)
    try:
        _lock(descriptor)
    finally:
        os.close(descriptor)
    leftover.unlink()


def _lock(descriptor: int) -> None:
    """Take the lock of an open file, or raise `OSError` at once; a file system without locks is let be."""
    if sys.platform == "win32":  # there a file that is open cannot be deleted: that is lock enough
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in {errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS}:
            raise


def _flush_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _flush_folder(folder: Path) -> None:
    """Make renames last; systems that cannot open a folder do without."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def _disk_errors_named(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise ToolError(f"{target}: could not be written: {_reason(error)}; free some space there") from error
        raise


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
