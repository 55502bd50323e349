"""The words of a speech: a string, or a file of any kind that people keep words in.

Conventions
-----------
A text file gives one cue a line, without times. Subtitles, lyrics, TextGrids and what recognisers write give
cues with times in seconds. Markup is taken out, never obeyed; sizes are bounded.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from shenqu.documents.codec import decode
from shenqu.documents.cues import lines, transcript_words
from shenqu.documents.song import Song
from shenqu.documents.speech import Cue, Transcript
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.encodings import find_encoding
from shenqu.media.recognised import json_transcript, read_recognised
from shenqu.media.subtitles import plain, read_ass, read_lyrics, read_subtitles
from shenqu.media.textgrid import read_textgrid, textgrid_transcript

MOST_BYTES = 4_000_000
MOST_STRUCTURED_BYTES = 64_000_000
MOST_CUES = 100_000
_OTHER_FILE = re.compile(r"\S+\.(lab|xml|smil|ttml|tsv|csv|sbv|pdf|docx?|rtf)", re.IGNORECASE)


def read_words(text_or_path: str) -> tuple[Cue, ...]:
    """Return the cues of `text_or_path`: a text, or the name of a file of one of the kinds in `READERS`.

    Raises `InputError` where such a file is missing, too long, in an unknown encoding, or there are no words,
    and where a file of another kind is named: its name is not what was said.

    >>> read_words("Are you OK?")[0].text
    'Are you OK?'
    """
    path = _words_path(text_or_path)
    if path is None:
        return _lines(text_or_path, text_or_path) or _refuse("the text is empty; give the words that are spoken")
    cues = READERS[path.suffix.lower()](_decode(_read(path), path), str(path))
    if len(cues) > MOST_CUES:
        raise InputError(f"{path}: holds more than {MOST_CUES} lines, no text of one speech; shorten it")
    return tuple(_tidy(cue) for place, cue in enumerate(cues, 1) if _is_spoken(cue, place)) or _refuse(
        f"{path}: holds no words; give the words that are spoken"
    )


def read_transcript(text_or_path: str) -> Transcript | None:
    """Return the transcript that the file at `text_or_path` holds in full, as `shenqu words` wrote it; else None.

    Raises `InputError` as `read_words` does, and where a transcript is broken, with line and path.
    """
    path = _words_path(text_or_path)
    reader = _TRANSCRIPT_READERS.get(path.suffix.lower()) if path else None
    return reader(_decode(_read(path), path), str(path)) if reader and path else None


def _words_path(text: str) -> Path | None:
    """Return the file that `text` names; None where it is the words themselves."""
    if "\n" not in text and text.lower().endswith(tuple(READERS)):
        return Path(text)
    if _OTHER_FILE.fullmatch(text) or _names_a_file(text):
        raise InputError(f"{text}: a text is read from {', '.join(READERS)}; save it as one of these")
    return None


def _names_a_file(text: str) -> bool:
    """Return whether `text` is the path of something that exists, and not a word that happens to be a file's name."""
    path = Path(text)
    with suppress(OSError, ValueError):
        return bool(path.suffix or path.name != text) and path.exists()
    return False


def _refuse(message: str) -> tuple[Cue, ...]:
    raise InputError(message)


def _read(path: Path) -> bytes:
    most = MOST_STRUCTURED_BYTES if path.suffix.lower() in _TRANSCRIPT_READERS else MOST_BYTES
    try:
        if not path.is_file():
            raise InputError(f"{path}: no such text file; give an existing file, or the words themselves")
        with path.open("rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > most:
        raise InputError(f"{path}: is longer than {most // 1_000_000} MB, no text of one speech; shorten it")
    return data


def _decode(data: bytes, path: Path) -> str:
    """Return text in UTF-8, UTF-16, or the older encoding that fits best: GBK, Big5, EUC-KR, Shift-JIS, cp1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in data:
        stray = ["utf-8-sig"] if 4 * data.count(0) < len(data) else []
        encodings = [*stray, "utf-16-le" if data[1::2].count(0) > data[::2].count(0) else "utf-16-be"]
    else:
        encodings = ["utf-8-sig", find_encoding([data])]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{path}: is not text in UTF-8, UTF-16 or GBK; save it as UTF-8")


def _is_spoken(cue: Cue, place: int) -> bool:
    """Return False for a cue with times that is only its own number, or the next one's: that is a lost cue number."""
    if cue.start_s is None or cue.text not in {str(place), str(place + 1)}:
        return True
    message = f"the subtitle at {cue.start_s:.1f} s is only the number {cue.text} and is left out"
    warnings.warn(message, ShenquWarning, stacklevel=3)
    return False


def _tidy(cue: Cue) -> Cue:
    """Return `cue` with times that can be: from 0 on, and an end only after the start."""
    if cue.start_s is None:
        return cue
    start_s = max(0.0, cue.start_s)
    return cue.replace(start_s=start_s, end_s=cue.end_s if cue.end_s is not None and cue.end_s > start_s else None)


def _lines(text: str, name: str) -> tuple[Cue, ...]:
    del name
    rows = (plain(row) for row in text.splitlines())
    return tuple(Cue(text=row) for row in rows if row)


def _timed(reader: Callable[[str], tuple[Cue, ...]]) -> Callable[[str, str], tuple[Cue, ...]]:
    return lambda text, name: reader(text)


def _song_transcript(text: str, name: str) -> Transcript:
    return decode(text.encode(), Song, name=name).transcript


def _read_song(text: str, name: str) -> tuple[Cue, ...]:
    return lines(transcript_words(_song_transcript(text, name)))


READERS: dict[str, Callable[[str, str], tuple[Cue, ...]]] = {
    ".txt": _lines,
    ".srt": _timed(read_subtitles),
    ".vtt": _timed(read_subtitles),
    ".ass": _timed(read_ass),
    ".ssa": _timed(read_ass),
    ".lrc": _timed(read_lyrics),
    ".textgrid": read_textgrid,
    ".json": read_recognised,
    ".json3": read_recognised,
    ".shenqu": _read_song,
}
_TRANSCRIPT_READERS: dict[str, Callable[[str, str], Transcript | None]] = {
    ".textgrid": textgrid_transcript,
    ".json": json_transcript,
    ".json3": json_transcript,
    ".shenqu": _song_transcript,
}
