"""A transcript as text: in each form that people and programs keep words with times in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from shenqu.documents.codec import encode
from shenqu.documents.cues import MOST_LINE_COLUMNS, lines, transcript_words
from shenqu.documents.speech import Cue, Transcript
from shenqu.errors import InputError
from shenqu.media.subtitles import to_lrc, to_srt, to_vtt
from shenqu.media.textgrid import to_textgrid
from shenqu.picture.caption import spoken_lines, to_ass

MOST_WIDE_COLUMNS = 32
"""Chinese and Japanese lines: 16 characters, what Chinese subtitling allows."""
PICTURE = (1280, 720)


def written_form(out: Path | None, form: str | None) -> str:
    """Return the form in which words are written: the one given, else what the ending of `out` says, else json.

    Raises
    ------
    InputError
        Where neither is a form of `FORMS`.

    >>> written_form(Path("talk.TextGrid"), None)
    'textgrid'
    """
    told = form or (out.suffix[1:].lower() if out else "json")
    if told not in FORMS:
        where = f"--to {form}" if form else f"{out}"
        raise InputError(f"{where}: words are written as {', '.join(FORMS)}; choose one with --to")
    return told


def write_words(transcript: Transcript, form: str) -> str:
    """Return `transcript` in one of `FORMS`.

    Raises
    ------
    InputError
        Where no word is known and the form shows words alone.
    """
    return FORMS[form](transcript)


def _spoken_cues(transcript: Transcript) -> tuple[Cue, ...]:
    cues = lines(transcript_words(transcript), most_columns=_most_columns(transcript))
    if not cues:
        raise InputError("the words are not known, so there is no line to write; give them with --text, or write json")
    return cues


def _most_columns(transcript: Transcript) -> int:
    return MOST_WIDE_COLUMNS if transcript.language.split("-")[0] in {"zh", "yue", "ja"} else MOST_LINE_COLUMNS


def _to_json(transcript: Transcript) -> str:
    return encode(transcript).decode()


def _to_ass(transcript: Transcript) -> str:
    _ = _spoken_cues(transcript)
    width, height = PICTURE
    return to_ass(spoken_lines(transcript, most_columns=_most_columns(transcript)), width=width, height=height)


FORMS: Mapping[str, Callable[[Transcript], str]] = MappingProxyType(
    {
        "json": _to_json,
        "textgrid": to_textgrid,
        "srt": lambda transcript: to_srt(_spoken_cues(transcript)),
        "vtt": lambda transcript: to_vtt(_spoken_cues(transcript)),
        "lrc": lambda transcript: to_lrc(_spoken_cues(transcript)),
        "ass": _to_ass,
    }
)
"""Each form by the ending of its files."""
