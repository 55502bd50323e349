"""What each decision of the voice is worth: the same songs with one of them taken back."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from benchmarks.material import Material, Recording
from benchmarks.report import number, table
from benchmarks.singing.judge import judge_stems
from benchmarks.singing.measured import WORKERS
from shenqu.documents.speech import Transcript
from shenqu.pipeline.doors import sing
from shenqu.singing import material as singing_material
from shenqu.singing import vocoder

FIGURES = ("rpa50", "rpa25", "ac_rpa50", "ac_note_ct", "coverage", "weak", "onset_30")
TUNE = "yankee-doodle"
MOST_RECORDINGS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The voice as it is, but for some options, and for names of `module` that mean something else."""

    name: str
    module: ModuleType = singing_material
    options: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, Any] = field(default_factory=dict)


def _voiced_where_heard(
    hz: npt.NDArray[np.floating], vowels: npt.NDArray[np.bool_], transcript: Transcript, origin_s: float
) -> npt.NDArray[np.bool_]:
    del transcript, origin_s
    heard = np.repeat(hz > 0, round(singing_material.FRAME_S / singing_material.MARK_S))
    return np.resize(np.append(heard, np.zeros(len(vowels), dtype=bool)), len(vowels))


def _as_measured(*_: object) -> None:
    pass


VARIANTS = (
    Variant(name="as it is"),
    Variant(name="style `hard`: flat notes, steps", options={"style": "hard"}),
    Variant(name="voiced only where the tracker hears it", instead={"_voiced_marks": _voiced_where_heard}),
    Variant(name="bursts that reach into vowels left there", module=vocoder, instead={"_cap_bursts": _as_measured}),
    Variant(name="unvoiced sounds not high-passed", instead={"UNVOICED_ABOVE_HZ": 1.0}),
    Variant(name="vowels not evened out in level", instead={"EVENNESS": 0.0}),
    Variant(name="syllables not brought to one level", instead={"MOST_GAIN_DB": 0.0}),
)


def describe_variants(material: Material, workshop: Path, script: Path) -> str:
    """Return the section: mean figures of some songs, one row a variant."""
    recordings = material.recordings[:MOST_RECORDINGS]
    with ProcessPoolExecutor(WORKERS) as pool:
        jobs = [pool.submit(_mean_figures, index, recordings, workshop, script) for index in range(len(VARIANTS))]
        rows = [[variant.name, *job.result()] for variant, job in zip(VARIANTS, jobs, strict=True)]
    return "\n\n".join(
        [
            "## What each decision of the voice is worth",
            f"Means over {len(recordings)} recordings on {TUNE}, one decision taken back at a time; "
            "`weak`: notes a song.",
            table(["voice", *(f"`{figure}`" for figure in FIGURES)], rows),
        ]
    )


def _mean_figures(index: int, recordings: Sequence[Recording], workshop: Path, script: Path) -> list[str]:
    variant, figures = VARIANTS[index], []
    for recording in recordings:
        folder = workshop / f"variant-{index}-{recording.name}"
        with (
            patch.multiple(variant.module, **variant.instead),
            patch.dict(os.environ, SHENQU_CACHE=str(folder / "cache")),
        ):
            options = {"text": recording.text, "band": "none", **variant.options}
            sing(recording.path, TUNE, out=workshop / f"{folder.name}.wav", stems=folder, **options)
        figures.append(judge_stems(folder, None, script))
    return [number(float(np.nanmean([song[figure] for song in figures]))) for figure in FIGURES]
