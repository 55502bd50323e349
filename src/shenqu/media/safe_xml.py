"""XML from strangers, read without obeying it.

A document may name an outer DTD, which is never fetched; one that brings declarations of its own is refused, as
only these can make entities, and entities are how a small file becomes gigabytes or reads other files.

References
----------
W3C, XML 1.0 (fifth edition). Bryan 2003, "Billion laughs".
"""

from __future__ import annotations

import codecs
import re
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from shenqu.errors import InputError

DEEPEST = 100
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][\w.-]{0,40})["']""")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ENCODINGS = re.compile(r"utf|us-ascii|ascii|iso-?8859|latin|windows|cp\d|gb|big5|shift|sjis|euc|koi8|mac|ks_c", re.I)


def read_tree(data: bytes, *, name: str) -> Element:
    """Return the root of the XML document that `data` holds; `name` says in messages which file it is.

    Raises `InputError` with line and column where it is malformed, and where it declares entities, is nested too
    deeply or in an encoding that is unknown.

    >>> read_tree("<歌 key='C'>词</歌>".encode("utf-16"), name="made").text
    '词'
    """
    builder = TreeBuilder()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise InputError(f"{name}: XML nested more than {DEEPEST} deep; export the score again")
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def refuse(*declaration: object) -> None:
        raise InputError(f"{name}: XML with declarations of its own is not read, it may hide anything; export it again")

    def doctype(root: str, system_id: str | None, public_id: str | None, has_internal_subset: int) -> None:
        if has_internal_subset:
            refuse()

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(_decode(data, name).encode(), True)
    except expat.ExpatError as error:
        raise InputError(f"{name}: broken XML ({error}); export the score again") from error
    return builder.close()


def _decode(data: bytes, name: str) -> str:
    """Return the text by its byte order mark, its zeros or its declaration; one that says UTF-16 of bytes errs."""
    marked = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)), None)
    declared = _DECLARED.match(data)
    encoding = declared[1].decode("ascii").lower() if declared else "utf-8"
    if marked:
        encoding = marked
    elif b"\0" in data[:4]:
        encoding = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
    elif encoding.startswith(("utf-16", "utf16")):
        encoding = "utf-8"
    if not _ENCODINGS.match(encoding):
        raise InputError(f"{name}: XML in the encoding {encoding!r}, which is not known here; save it as UTF-8")
    try:
        return data.decode("gb18030" if encoding in {"gb2312", "gbk"} else encoding)
    except (UnicodeError, LookupError) as error:
        raise InputError(f"{name}: XML that is not in {encoding}, as it should be; save it as UTF-8") from error
