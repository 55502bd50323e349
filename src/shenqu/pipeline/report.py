"""How a run tells of its progress."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[str, float], None]
"""Called with the stage's name and the share of it that is done, 0 to 1."""


def silent(stage: str, share: float) -> None:
    """Report nothing."""
    del stage, share
