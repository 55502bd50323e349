"""Tables and figures as Markdown."""

from __future__ import annotations

import datetime
import math
import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

PARTS = (
    "numpy",
    "scipy",
    "av",
    "soxr",
    "swift-f0",
    "pyworld-prebuilt",
    "pocketsphinx",
    "librosa",
    "praat-parselmouth",
    "pedalboard",
    "python-stretch",
    "vosk",
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; every column but the first lies to the right.

    >>> print(table(["tune", "s"], [["can-can", "12"]]))
    | tune | s |
    |---|---:|
    | can-can | 12 |
    """
    lines = [head, *rows]
    written = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([written[0], "|---|" + "---:|" * (len(head) - 1), *written[1:]])


def number(value: float, digits: int = 1) -> str:
    """Return `value` with `digits` decimals, a dash where it is not a number."""
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def verdict(reached: bool) -> str:
    """Return whether a goal is reached, as a word."""
    return "reached" if reached else "**not reached**"


def machine() -> str:
    """Return when and where this was measured, and with which versions."""
    versions = ", ".join(f"{part} {version(part)}" for part in PARTS)
    return (
        f"Measured on {datetime.datetime.now(datetime.UTC):%Y-%m-%d}: {_processor()}, {os.cpu_count()} cores, no GPU; "
        f"{platform.system()}, Python {platform.python_version()}; shenqu {version('shenqu')}, {versions}.\n\n"
        f"Load of the machine while measuring (1, 5, 15 minutes, at the end): {_load()}. Other work ran beside the "
        "measures where that is above 2: all times on the clock are upper bounds then."
    )


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _load() -> str:
    return ", ".join(f"{load:.1f}" for load in os.getloadavg())
