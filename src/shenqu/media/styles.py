"""Band styles from TOML files: those that come with shenqu, and a user's own.

References
----------
TOML 1.0.0 (toml.io).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from shenqu.documents.style import BandStyle, Sound
from shenqu.errors import InputError
from shenqu.media.packaged import packaged_names, read_packaged

ENDING = ".toml"
MOST_BYTES = 200_000


@cache
def packaged_sounds() -> Mapping[str, Sound]:
    """Return the sounds that come with shenqu, by name."""
    return msgspec.toml.decode(read_packaged("sounds", "sounds.toml"), type=dict[str, Sound])


@cache
def packaged_styles() -> Mapping[str, BandStyle]:
    """Return the styles that come with shenqu, by name, in order of the alphabet."""
    return {
        name: parse_style(read_packaged("styles", name + ENDING), name=name + ENDING)
        for name in packaged_names("styles", ENDING)
    }


def read_style(path: Path) -> BandStyle:
    """Return the style in the TOML file at `path`, with the sounds that it names.

    Raises
    ------
    InputError
        Where it cannot be read, or is no style: with line and path.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name a band style's .toml file") from None
    if len(data) > MOST_BYTES:
        raise InputError(f"{path}: a band style has at most {MOST_BYTES} bytes, not {len(data)}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not in UTF-8; save the band style so") from None
    return parse_style(text, name=str(path))


def parse_style(text: str, *, name: str) -> BandStyle:
    """Return the style that a TOML `text` describes, with the sounds that it names.

    Raises
    ------
    InputError
        With `name`, line and path, where it is none.
    """
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{name}: not a readable TOML file ({error})") from None
    try:
        style = msgspec.convert(raw, BandStyle)
    except msgspec.ValidationError as error:
        message, steps = str(error).partition(" - at `")[0], _fault_path(raw, str(error))
        place = ".".join(steps) or "the whole"
        raise InputError(f"{name}, line {line_of(text, steps)}, {place}: {_in_plain_words(message)}") from None
    return _with_sounds(style, name)


def _in_plain_words(message: str) -> str:
    """Say what msgspec says of a row or a name without its pattern.

    >>> _in_plain_words("Expected `str` matching regex '^[Xxo. ]+$'")
    'only these signs may stand there: Xxo. and blanks'
    """
    signs = re.search(r"regex '\^\[(.+?)\][+*]\$'", message)
    if signs:
        allowed = signs[1].replace("\\", "")
        return f"only these signs may stand there: {allowed.replace(' ', '')}" + (
            " and blanks" if " " in allowed else ""
        )
    return message[:1].lower() + message[1:]


def _with_sounds(style: BandStyle, name: str) -> BandStyle:
    known = packaged_sounds()
    missing = tuple(style.missing_sounds())
    for sound in missing:
        if sound not in known:
            message = f"there is no sound {sound!r}: describe it in [sounds.{sound}], or take one of {', '.join(known)}"
            raise InputError(f"{name}: {message}")
    return style.replace(sounds={**style.sounds, **{sound: known[sound] for sound in missing}})


def _fault_path(raw: dict[str, Any], message: str) -> list[str]:
    """Return the keys to the place that `message` blames; of tables whose key it leaves out, the one with the fault."""
    path = message.rpartition("`$")[2].rstrip("`")
    steps: list[str] = []
    for field, key in re.findall(r"\.([^.\[]+)|\[([^\]]*)\]", path):
        steps.append(field or (_blamed(raw, steps, message) if key == "..." else key))
    return steps


def _blamed(raw: dict[str, Any], steps: list[str], message: str) -> str:
    """Return the key of the table at `steps` without which `message` does not come."""
    table = _at(raw, steps)
    if not isinstance(table, dict):
        return "0"
    for key in table:
        try:
            msgspec.convert(_without(raw, [*steps, key]), BandStyle)
        except msgspec.ValidationError as error:
            if str(error) == message:
                continue
        return str(key)
    return str(next(iter(table)))


def _at(raw: Any, steps: list[str]) -> Any:
    for step in steps:
        raw = raw[int(step)] if isinstance(raw, list) else raw[step]
    return raw


def _without(raw: Any, steps: list[str]) -> Any:
    if len(steps) == 1:
        return {key: value for key, value in raw.items() if key != steps[0]}
    if isinstance(raw, list):
        at = int(steps[0])
        return [*raw[:at], _without(raw[at], steps[1:]), *raw[at + 1 :]]
    return {**raw, steps[0]: _without(raw[steps[0]], steps[1:])}


def line_of(text: str, steps: list[str]) -> int:
    """Return the line (from 1) of a TOML `text` that comes nearest to the keys `steps`.

    >>> line_of('title = "x"\\n[drums.beat]\\n"4/4" = 1', ["drums", "beat", "4/4", "kick"])
    3
    """
    table: list[str] = []
    best, found = 0, 1
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.fullmatch(r"\s*\[\[?([^\[\]]+)\]\]?\s*(#.*)?", line)
        key = re.match(r"\s*([A-Za-z0-9_\-\"'/.]+)\s*=", line)
        if header:
            table = _keys(header[1])
        path = table if header else [*table, *_keys(key[1])] if key else []
        alike = len(path) if path == steps[: len(path)] else 0
        if alike > best:
            best, found = alike, number
    return found


def _keys(dotted: str) -> list[str]:
    return [bare or quoted for quoted, bare in re.findall(r"[\"']([^\"']+)[\"']|([A-Za-z0-9_\-]+)", dotted)]
