"""The songs that are measured: each recording on each tune, made by the real command."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import soundfile

from benchmarks.material import Material, Recording
from benchmarks.usage import Usage, shenqu

RUNS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SongMade:
    """A song that `shenqu sing` made, with what each of the runs cost, memory empty before every one."""

    recording: Recording
    tune: str
    out: Path
    stems: Path
    runs: tuple[Usage, ...]

    @property
    def tune_name(self) -> str:
        """The tune's id, or its file's name."""
        return Path(self.tune).stem

    @property
    def length_s(self) -> float:
        """How long the song is."""
        return float(soundfile.info(self.stems / "vocal.wav").duration)


def make_songs(material: Material, workshop: Path, *, runs: int = RUNS) -> tuple[SongMade, ...]:
    """Sing every recording of `material` on every tune, `runs` times."""
    songs = []
    for recording, tune in product(material.recordings, material.tunes):
        songs.append(_make_song(recording, tune, workshop, runs))
        print(f"{recording.name} on {songs[-1].tune_name}", file=sys.stderr)
    return tuple(songs)


def _make_song(recording: Recording, tune: str, workshop: Path, runs: int) -> SongMade:
    folder = workshop / f"{recording.name}-{Path(tune).stem}"
    out, stems, cache = folder / "song.wav", folder / "stems", folder / "cache"
    folder.mkdir(parents=True)
    command = ["sing", recording.path, "--tune", tune, "--text", recording.text]
    usages = []
    for _ in range(runs):
        usages.append(shenqu(*command, "-o", out, "--stems", stems, "--force", cache=cache))
        shutil.rmtree(cache, ignore_errors=True)
    return SongMade(recording=recording, tune=tune, out=out, stems=stems, runs=tuple(usages))
