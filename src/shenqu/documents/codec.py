"""Documents to JSON and back, and from TOML, which people write.

Conventions
-----------
Beats are numbers where a decimal says them exactly ("0.5"), else fractions in a string ("1/3").
Floats keep every digit, so a document read back is equal to the one written. What a document does
not know is refused with its line and path.

References
----------
RFC 8259 (JSON); toml.io, version 1.0.
"""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from fractions import Fraction
from typing import Any, TypeVar

import msgspec

from shenqu.documents.base import Document
from shenqu.errors import InputError

MOST_BEATS = 100_000

SomeDocument = TypeVar("SomeDocument", bound=Document)


def encode(document: Document) -> bytes:
    """Return `document` as indented UTF-8 JSON, ending in a newline."""
    try:
        data = msgspec.json.encode(document, enc_hook=_encode_value)
    except UnicodeEncodeError:
        raise InputError(
            "a name or text is not in UTF-8 and fits no document; rename the file, or write it anew"
        ) from None
    return msgspec.json.format(data, indent=1) + b"\n"


def decode(data: bytes, kind: type[SomeDocument], *, name: str) -> SomeDocument:
    """Return the document of `kind` that `data` holds.

    Raises
    ------
    InputError
        With `name`, line and path, where the JSON is broken, a field unknown, missing or of the wrong kind.
    """
    try:
        document = msgspec.json.decode(data, type=kind, dec_hook=_decode_value)
        _refuse_unknown_options(document, data)
    except msgspec.ValidationError as error:
        raise InputError(_describe(str(error), data, name)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{name}: not a readable JSON document ({error})") from None
    return document


def decode_toml(text: str, kind: type[SomeDocument], *, name: str) -> SomeDocument:
    """Return the document of `kind` that a TOML `text` holds.

    Raises
    ------
    InputError
        With `name`, and the line where TOML is broken, else the path of a field that is unknown, missing or wrong.
    """
    try:
        return msgspec.convert(tomllib.loads(text), type=kind, dec_hook=_decode_value)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{name}: not readable as TOML ({error})") from None
    except (msgspec.ValidationError, RecursionError) as error:
        told, _, path = str(error).partition(" - at `$")
        where = f", {path.strip('.`')}" if path.strip(".`") else ""
        raise InputError(f"{name}{where}: {told[:1].lower()}{told[1:]}") from None


def _encode_value(value: Any) -> Any:
    if isinstance(value, Fraction):
        if value.denominator == 1:
            return value.numerator
        return float(value) if Fraction(float(value)) == value and value.denominator <= 4096 else str(value)
    raise NotImplementedError(f"no JSON form for {type(value)}")


def _decode_value(kind: type, value: Any) -> Any:
    if kind is Fraction and isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            beat = Fraction(value).limit_denominator(1_000_000)
        except (ValueError, OverflowError, ZeroDivisionError):
            raise ValueError(f"`{str(value)[:40]}` is not a beat; write a number or a fraction such as 1/3") from None
        if abs(beat) > MOST_BEATS:
            raise ValueError(f"beat `{str(value)[:40]}` is beyond {MOST_BEATS}")
        return beat
    raise ValueError(f"expected a beat, got {type(value).__name__}")


def _refuse_unknown_options(document: Document, data: bytes) -> None:
    # msgspec lets unknown fields of a dataclass pass; the options are the one dataclass in a document.
    options = getattr(document, "options", None)
    if options is None:
        return
    known = {field.name for field in dataclasses.fields(options)}
    for field in msgspec.json.decode(data)["options"]:
        if field not in known:
            raise msgspec.ValidationError(f"Object contains unknown field `{field}` - at `$.options`")


def _describe(message: str, data: bytes, name: str) -> str:
    text, _, path = message.partition(" - at `")
    path = path.rstrip("`") or "$"
    field = re.search(r"unknown field `(.+)`", text)
    steps = _steps(path) + ([field.group(1)] if field else [])
    advice = " Remove it, or check its spelling." if field else ""
    return f"{name}, line {line_of(data.decode('utf-8'), steps)}, {path}: {text[:1].lower()}{text[1:]}.{advice}"


def _steps(path: str) -> list[str | int]:
    return [int(index) if index else key for index, key in re.findall(r"\[(\d+)\]|\.([^.\[]+)", path)]


def line_of(text: str, steps: list[str | int]) -> int:
    """Return the line (from 1) on which the value at `steps` (keys and indices) of a JSON `text` begins.

    >>> line_of('{"a": 1,\\n "b": [10,\\n 20]}', ["b", 1])
    3
    """
    decoder = json.JSONDecoder()
    position = _skip(text, 0)
    for step in steps:
        opened, position = text[position], _skip(text, position + 1)
        count = 0
        while position < len(text) and text[position] not in "]}":
            start = position
            key: Any = count
            if opened == "{":
                key, position = decoder.raw_decode(text, position)
                position = _skip(text, position, ": \t\r\n")
            if key == step:
                position = start if opened == "{" and step == steps[-1] else position
                break
            _, position = decoder.raw_decode(text, position)
            position = _skip(text, position)
            count += 1
        else:
            break
    return text.count("\n", 0, position) + 1


def _skip(text: str, position: int, blanks: str = ", \t\r\n") -> int:
    while position < len(text) and text[position] in blanks:
        position += 1
    return position
