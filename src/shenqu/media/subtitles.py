"""The words of a speech: a string, or a text or subtitle file.

Conventions
-----------
A text file gives one cue a line, without times. SubRip (.srt) and WebVTT (.vtt) give cues with times in
seconds, read as loosely as players do: one-digit fields, comma or point, missing numbers and blank lines.
Markup is taken out, never obeyed.

References
----------
W3C (2019), WebVTT: The Web Video Text Tracks Format. SubRip has no standard.
"""

from __future__ import annotations

import html
import re
import warnings
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from shenqu.documents.speech import Cue
from shenqu.errors import InputError, ShenquWarning

MOST_BYTES = 4_000_000
_SUFFIXES = (".txt", ".srt", ".vtt")
_OTHER_FILE = re.compile(r"\S+\.(ass|ssa|lrc|lab|textgrid|json|xml|smil|ttml|tsv|csv|sbv|pdf|docx?|rtf)", re.IGNORECASE)
_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_TIMES = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}")
_MARKUP = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")


def read_words(text_or_path: str) -> tuple[Cue, ...]:
    """Return the cues of `text_or_path`: a text, or the name of a .txt, .srt or .vtt file.

    Raises `InputError` where such a file is missing, too long, in an unknown encoding, or there are no words,
    and where a file of another kind is named: its name is not what was said.

    >>> read_words("Are you OK?")
    (Cue(text='Are you OK?', start_s=None, end_s=None),)
    """
    if not text_or_path.lower().endswith(_SUFFIXES) or "\n" in text_or_path:
        if _OTHER_FILE.fullmatch(text_or_path) or _names_a_file(text_or_path):
            raise InputError(f"{text_or_path}: a text is read from {', '.join(_SUFFIXES)}; save it as one of these")
        return _lines(text_or_path) or _refuse("the text is empty; give the words that are spoken")
    path = Path(text_or_path)
    text = _decode(_read(path), path)
    cues = _lines(text) if path.suffix.lower() == ".txt" else tuple(_timed_cues(text))
    return cues or _refuse(f"{path}: holds no words; give the words that are spoken")


def _names_a_file(text: str) -> bool:
    """Return whether `text` is the path of something that exists, and not a word that happens to be a file's name."""
    path = Path(text)
    with suppress(OSError, ValueError):
        return bool(path.suffix or path.name != text) and path.exists()
    return False


def _refuse(message: str) -> tuple[Cue, ...]:
    raise InputError(message)


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise InputError(f"{path}: no such text file; give an existing file, or the words themselves")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > MOST_BYTES:
        raise InputError(f"{path}: is longer than {MOST_BYTES // 1_000_000} MB, no text of one speech; shorten it")
    return data


def _decode(data: bytes, path: Path) -> str:
    """Return text in UTF-8, UTF-16, GB 18030 (which includes GBK) or, with lone high bytes only, Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in data:
        encodings = ["utf-16-le" if data[1::2].count(0) > data[::2].count(0) else "utf-16-be"]
    else:
        lone = not re.search(rb"[\x80-\xff]{2}", data)
        encodings = ["utf-8-sig", "cp1252" if lone else "gb18030"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{path}: is not text in UTF-8, UTF-16 or GBK; save it as UTF-8")


def _plain(text: str) -> str:
    return " ".join(html.unescape(_MARKUP.sub("", text)).replace("\0", "").split())


def _lines(text: str) -> tuple[Cue, ...]:
    lines = (_plain(line) for line in text.splitlines())
    return tuple(Cue(text=line) for line in lines if line)


def _timed_cues(text: str) -> Iterator[Cue]:
    """Yield the cues of a subtitle file in order of their times, without those that are a bare number."""
    cues = sorted(_blocks(text.splitlines()), key=lambda cue: cue.start_s or 0.0)
    for cue in cues:
        if cue.text.isdigit():
            warnings.warn(
                f"the subtitle at {cue.start_s:.1f} s is only the number {cue.text} and is left out", ShenquWarning, 2
            )
        elif cue.text:
            yield cue


def _blocks(lines: list[str]) -> Iterator[Cue]:
    """Yield a cue for each line of times and the lines below it, up to a blank line or the next times."""
    starts = [index for index, line in enumerate(lines) if _TIMES.match(line)]
    for start, following in pairwise([*starts, len(lines)]):
        body = lines[start + 1 : following]
        blank = next((index for index, line in enumerate(body) if not line.strip()), None)
        if blank is not None:
            body = body[:blank]
        elif following < len(lines) and body and body[-1].strip().isdigit():
            body = body[:-1]  # the next cue's number, where the blank line before it is missing
        yield _cue(lines[start], _plain(" ".join(body)))


def _cue(line: str, text: str) -> Cue:
    times = _TIMES.match(line)
    assert times is not None
    start_s, end_s = _seconds(*times.groups()[:4]), _seconds(*times.groups()[4:])
    return Cue(text=text, start_s=start_s, end_s=end_s if end_s > start_s else None)


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction or 0}")
