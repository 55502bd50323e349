"""Projects of singing editors as text: UST (UTAU) and USTX (OpenUtau).

Of a project only what makes a score is read: notes, words, tempi, metres; voice banks, curves and envelopes
are passed over. A UST has one voice, whose notes and rests follow each other; a USTX has tracks of parts.

Conventions
-----------
Lengths are ticks, 480 a beat (USTX: as it says). Rests are notes called R. A lyric may be an alias of a voice
bank ("a か", "- さ"): its last word is sung. All YAML values are taken as text: bare "no" and "y" are syllables.

References
----------
Ameya/Ayame, UTAU (2008), and stakira, OpenUtau (2021), have no written standard: read as OpenUtau reads them.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from shenqu.documents.score import Score
from shenqu.documents.tune import Part, PartNote
from shenqu.errors import InputError
from shenqu.media.encodings import decode_text
from shenqu.media.files import read_bounded
from shenqu.media.ticks import MAX_NOTES, bars_to_beats, clean_lyric, clean_name, tick_to_beat, whole_score
from shenqu.units import TICKS_PER_BEAT

MAX_UST_BYTES, MAX_USTX_BYTES = 8 << 20, 16 << 20
MAX_YAML_DEPTH = 40
_SECTION = re.compile(r"\[#([^\]]+)\]")
_CHARSET = re.compile(rb"^\s*#?Charset\s*[=:]\s*([\w-]+)", re.IGNORECASE | re.MULTILINE)
_ALIAS = re.compile(r"(?:[aiueonN*-]|[a-z]{1,3}) (\S+)")
_RESTS = {"r", "rest"}
_VOICE = 52  # General MIDI: choir


def read_ust(path: Path) -> Score:
    """Return the score in the UST file `path`: one part, its words, its tempi.

    Raises `InputError` where the file is missing, too large, in an unknown encoding, broken, or holds no notes.
    """
    data = read_bounded(path, MAX_UST_BYTES, too_large=f"larger than {MAX_UST_BYTES >> 20} MB, too large for a tune")
    return parse_ust(data, name=str(path))


def parse_ust(data: bytes, *, name: str) -> Score:
    """Return the score that the bytes of a UST hold; `name` says in messages which file it is.

    Raises `InputError` as `read_ust` does.
    """
    settings: Mapping[str, str] = {}
    notes: list[PartNote] = []
    bpms: list[tuple[Fraction, float]] = []
    last, end = 0, 0
    for section, fields in _sections(_ust_text(data, name)):
        where = f"{name}: [#{section}]"
        if section.upper() == "SETTING":
            settings = fields
            bpms = [(Fraction(0), _number(fields["Tempo"], where))] if fields.get("Tempo") else []
        if not section.isdecimal() and section.upper() != "INSERT":
            continue
        length = round(_number(fields.get("Length", ""), where))
        delta, duration = fields.get("Delta"), fields.get("Duration")
        start = last + round(_number(delta, where)) if delta and duration else end
        sounding = round(_number(duration, where)) if delta and duration else length
        if fields.get("Tempo"):
            bpms.append((_beat(start), _number(fields["Tempo"], where)))
        lyric = _ust_lyric(fields.get("Lyric", ""))
        if lyric.casefold() not in _RESTS and sounding > 0:
            notes.append(_note(fields.get("NoteNum", ""), _beat(start), _beat(sounding), lyric, where))
        last, end = start, start + max(sounding, 0)
    title = clean_name(settings.get("ProjectName", ""))
    part = Part(name=title, program=_VOICE, drums=False, notes=tuple(notes))
    return whole_score(name, title=title, parts=[part], bpms=bpms, signatures=[])


def read_ustx(path: Path) -> Score:
    """Return the score in the USTX file `path`: a part for each of its tracks, tempi and metres.

    Raises `InputError` where the file is missing, too large, no YAML, broken, or holds no notes.
    """
    data = read_bounded(path, MAX_USTX_BYTES, too_large=f"larger than {MAX_USTX_BYTES >> 20} MB, too large for a tune")
    return parse_ustx(data, name=str(path))


def parse_ustx(data: bytes, *, name: str) -> Score:
    """Return the score that the bytes of a USTX hold; `name` says in messages which file it is.

    Raises `InputError` as `read_ustx` does.
    """
    project = _yaml(data, name)
    ticks_per_beat = Fraction(round(_number(project.get("resolution", TICKS_PER_BEAT), f"{name}: `resolution`")))
    if ticks_per_beat <= 0:
        raise InputError(f"{name}: `resolution` must be above 0; save the project again")
    bpms = [
        (
            tick_to_beat(round(_number(tempo.get("position", 0), where)), ticks_per_beat),
            _number(tempo.get("bpm"), where),
        )
        for where, tempo in _rows(project, "tempos", name)
    ]
    if not bpms and project.get("bpm"):
        bpms = [(Fraction(0), _number(project["bpm"], f"{name}: `bpm`"))]
    return whole_score(
        name,
        title=clean_name(str(project.get("name", ""))),
        parts=_ustx_parts(project, ticks_per_beat, name),
        bpms=bpms,
        signatures=_ustx_signatures(project, name),
    )


def _sections(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the name of each section and its fields."""
    section, fields = "", dict[str, str]()
    for row in text.splitlines():
        head = _SECTION.fullmatch(row.strip())
        if head:
            if section:
                yield section, fields
            section, fields = head.group(1), {}
        else:
            key, _, value = row.partition("=")
            fields[key.strip()] = value.strip()
    if section:
        yield section, fields


def _ust_text(data: bytes, name: str) -> str:
    """Return the text in the encoding that its header names, else in the one that fits; UTAU's own is Shift-JIS."""
    named = _CHARSET.search(data[:2000])
    charset = named.group(1).decode("ascii", "replace").lower() if named else ""
    try:
        if charset in {"shift_jis", "shift-jis", "sjis"}:
            charset = "cp932"
        return data.decode(charset).removeprefix("\ufeff") if charset else decode_text(data, likely=["cp932"])
    except (UnicodeDecodeError, LookupError):
        pass
    try:
        return decode_text(data, likely=["cp932"])
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: is in an unknown encoding; save it as UTF-8") from error


def _ust_lyric(text: str) -> str:
    """Return what is sung: UTAU's "?" asks for the alias as it stands, and a vowel before it says where it comes from.

    >>> [_ust_lyric(text) for text in ("か", "a か", "?- さ", "-", "R")]
    ['か', 'か', 'さ', '+', 'R']
    """
    text = text.removeprefix("?").strip()
    alias = _ALIAS.fullmatch(text)
    return clean_lyric(alias.group(1) if alias else text)


def _beat(ticks: int) -> Fraction:
    return Fraction(ticks, TICKS_PER_BEAT)


def _number(value: object, where: str) -> float:
    try:
        number = float(str(value).replace(",", "."))
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e9:
        raise InputError(f"{where}: {str(value)[:40]!r} is no number; save the project again")
    return number


def _note(pitch: object, onset: Fraction, length: Fraction, lyric: str, where: str) -> PartNote:
    number = round(_number(pitch, where))
    if not 0 <= number <= 127:
        raise InputError(f"{where}: {number} is no pitch of a note (0 to 127); correct it")
    if onset < 0:
        raise InputError(f"{where}: a note begins before the start of the tune; move it")
    return PartNote(pitch=number, onset_beat=onset, length_beat=length, lyric=lyric)


# ------------------------------------------------------------------ USTX


def _yaml(data: bytes, name: str) -> Mapping[str, Any]:
    """Return the document with all values as text.

    It is made from the parser's events: the library's own builder descends as deep as a file asks for, down to a
    crash. An alias stands for the very value that it names, never a copy, so that none can explode.
    """
    import yaml  # noqa: PLC0415

    events = yaml.parse(data, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    anchors: dict[str, Any] = {}

    def value(event: Any, depth: int) -> Any:
        if depth > MAX_YAML_DEPTH:
            raise ValueError("nested too deeply")
        if isinstance(event, yaml.AliasEvent):
            return anchors.get(event.anchor, "")
        if isinstance(event, yaml.ScalarEvent):
            found = event.value
        elif isinstance(event, yaml.SequenceStartEvent):
            found = [value(item, depth + 1) for item in _until(events, yaml.SequenceEndEvent)]
        else:
            items = _until(events, yaml.MappingEndEvent)
            found = {str(value(key, depth + 1)): value(next(events), depth + 1) for key in items}
        if event.anchor:
            anchors[event.anchor] = found
        return found

    try:
        roots = (event for event in events if isinstance(event, yaml.NodeEvent))
        project = value(next(roots), 0)
    except (yaml.YAMLError, ValueError, StopIteration) as error:
        raise InputError(f"{name}: broken USTX file ({' '.join(str(error).split())[:120]}); save it again") from error
    if not isinstance(project, dict):
        raise InputError(f"{name}: not a USTX file; save the project in OpenUtau")
    return project


def _until(events: Iterator[Any], end: type) -> Iterator[Any]:
    """Yield events up to one of the kind `end`."""
    return itertools.takewhile(lambda event: not isinstance(event, end), events)


def _rows(owner: Mapping[str, Any], field: str, name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the mappings in the list `field`, and where each of them is."""
    rows = owner.get(field) or []
    if not isinstance(rows, list):
        raise InputError(f"{name}: `{field}` is no list; save the project again")
    for index, row in enumerate(rows):
        where = f"{name}: `{field}[{index}]`"
        if not isinstance(row, dict):
            raise InputError(f"{where} has no fields; save the project again")
        yield where, row


def _ustx_parts(project: Mapping[str, Any], ticks_per_beat: Fraction, name: str) -> list[Part]:
    tracks = [clean_name(str(track.get("track_name", ""))) for _, track in _rows(project, "tracks", name)]
    names: dict[int, str] = {}
    notes: dict[int, list[PartNote]] = defaultdict(list)
    parts = list(_rows(project, "voice_parts", name))
    if sum(len(part.get("notes") or ()) for _, part in parts) > MAX_NOTES:  # aliases could name more than there is
        raise InputError(f"{name}: more than {MAX_NOTES} notes, too many for a tune")
    for where, part in parts:
        number = round(_number(part.get("track_no", 0), where))
        start = round(_number(part.get("position", 0), where))
        names.setdefault(number, tracks[number] if 0 <= number < len(tracks) else clean_name(str(part.get("name", ""))))
        for place, note in _rows(part, "notes", where):
            tick, length = (round(_number(note.get(field), place)) for field in ("position", "duration"))
            lyric = clean_lyric(str(note.get("lyric", "")))
            if length > 0 and lyric.casefold() not in _RESTS:
                onset = tick_to_beat(start + tick, ticks_per_beat)
                end = tick_to_beat(start + tick + length, ticks_per_beat)
                notes[number].append(_note(note.get("tone"), onset, end - onset, lyric, place))
    return [
        Part(
            name=names[number],
            program=_VOICE,
            drums=False,
            notes=tuple(sorted(notes[number], key=lambda note: (note.onset_beat, note.pitch))),
        )
        for number in sorted(notes)
    ]


def _ustx_signatures(project: Mapping[str, Any], name: str) -> list[tuple[Fraction, int, int]]:
    """Return (beat, numerator, denominator) of all metres, which the file places by bars."""
    rows = list(_rows(project, "time_signatures", name)) or [(f"{name}: `beat_per_bar`", project)]
    return bars_to_beats(
        [
            (
                round(_number(row.get("bar_position", 0), where)),
                round(_number(row.get("beat_per_bar", 4), where)),
                round(_number(row.get("beat_unit", 4), where)),
            )
            for where, row in rows
        ]
    )
