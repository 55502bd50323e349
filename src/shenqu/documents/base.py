"""What every document is: a frozen value, equal by value, with one JSON form."""

from __future__ import annotations

from typing import Any, Self

import msgspec


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A frozen value. Tuples inside; unknown JSON fields are refused; changed with `replace`."""

    def replace(self, **changes: Any) -> Self:
        """Return this document with some fields changed."""
        return msgspec.structs.replace(self, **changes)
