"""Every song measured from the outside, beside the same notes by a constant shift.

The judge is a script named by SHENQU_JUDGE; its `judge(stems, labels, time_map)` answers with a dictionary of
figures, `notes_of(midi)` with notes, `onsets(samples, rate, notes)` with how well sounds start on notes.
"""

from __future__ import annotations

import importlib.util
import math
import os
import shutil
import warnings
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import soxr

from benchmarks.baseline import shift_syllables
from benchmarks.songs import SongMade
from shenqu.media.audio import read_audio
from shenqu.pipeline.doors import read_song

WORKERS = 2
LONGEST_NOTE_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The judge's figures of one song: ours, those of a constant shift, and `onset_30` of the speech unsung."""

    song: SongMade
    ours: Mapping[str, float]
    shifted: Mapping[str, float] = field(default_factory=dict)
    unsung_onset_30: float = math.nan


def find_judge() -> Path | None:
    """Return the script that SHENQU_JUDGE names, None where it names none."""
    given = os.environ.get("SHENQU_JUDGE")
    return Path(given) if given else None


def judge_songs(songs: Sequence[SongMade], script: Path) -> tuple[Judged, ...]:
    """Return the figures of all `songs`."""
    with ProcessPoolExecutor(WORKERS) as pool:
        return tuple(pool.map(_judge_song, songs, [script] * len(songs)))


def judge_stems(stems: Path, labels: Path | None, script: Path) -> dict[str, float]:
    """Return the judge's figures of the song in `stems`; NaN where it has none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figures = _load(script).judge(stems, labels, stems / "time_map.json")
    return {name: math.nan if figure is None else float(figure) for name, figure in figures.items()}


def _load(script: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("outside_judge", script)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _judge_song(song: SongMade, script: Path) -> Judged:
    shifted = song.stems.with_name("shifted")
    shifted.mkdir()
    shutil.copy(song.stems / "vocal.mid", shifted)
    notes = _load(script).notes_of(shifted / "vocal.mid")
    document = song.out.with_suffix(".shenqu")
    shift_syllables(song.recording.path, document, notes, shifted / "vocal.wav")
    return Judged(
        song=song,
        ours=judge_stems(song.stems, song.recording.labels, script),
        shifted=judge_stems(shifted, None, script),
        unsung_onset_30=_unsung_onset_30(song, document, script),
    )


def _unsung_onset_30(song: SongMade, document: Path, script: Path) -> float:
    """Return `onset_30` of the speech itself, with notes laid on its vowel onsets: marked ones where there are."""
    onsets_s = [syllable.vowel_s for syllable in read_song(document).transcript.syllables]
    if song.recording.labels:
        onsets_s = [float(line) for line in song.recording.labels.read_text().split()]
    judge = _load(script)
    audio = read_audio(song.recording.path)
    notes = [(onset_s, onset_s + LONGEST_NOTE_S, 60, "la") for onset_s in onsets_s]
    return float(judge.onsets(soxr.resample(audio.mono, audio.rate, judge.RATE), judge.RATE, notes)["onset_30"])
