"""The outside judge: a script named by SHENQU_JUDGE, with trackers that the renderer does not know.

Its `judge(stems, labels, time_map)` answers with a dictionary of figures, `notes_of(midi)` with notes,
`onsets(samples, rate, notes)` with how well sounds start on notes.
"""

from __future__ import annotations

import importlib.util
import math
import os
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

import soxr

from shenqu.documents.audio import Samples

LONGEST_NOTE_S = 0.2
SungNote = tuple[float, float, int, str]  # start_s, end_s, pitch, lyric


def find_judge() -> Path | None:
    """Return the script that SHENQU_JUDGE names, None where it names none."""
    given = os.environ.get("SHENQU_JUDGE")
    return Path(given) if given else None


def judge_stems(stems: Path, labels: Path | None, script: Path) -> dict[str, float]:
    """Return the judge's figures of the song in `stems`; NaN where it has none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figures = _load(script).judge(stems, labels, stems / "time_map.json")
    return {name: math.nan if figure is None else float(figure) for name, figure in figures.items()}


def notes_of(stems: Path, script: Path) -> list[SungNote]:
    """Return the notes of the song in `stems`, in order."""
    notes: list[SungNote] = _load(script).notes_of(stems / "vocal.mid")
    return notes


def unsung_onset_30(samples: Samples, rate: int, onsets_s: Sequence[float], script: Path) -> float:
    """Return `onset_30` of speech itself, with notes laid on its vowel onsets."""
    judge = _load(script)
    notes = [(onset_s, onset_s + LONGEST_NOTE_S, 60, "la") for onset_s in onsets_s]
    return float(judge.onsets(soxr.resample(samples, rate, judge.RATE), judge.RATE, notes)["onset_30"])


@cache
def _load(script: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("outside_judge", script)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
