"""What is sung: every recording on every tune, in every mode and style."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from unittest.mock import patch

from benchmarks.material import Material, Recording
from shenqu.documents.options import Mode, Style
from shenqu.pipeline.doors import Made, sing

QUICK = ("jfk-inaugural", "jfk-moon", "libri_61-70968-0000", "arctic_slt_a0009", "aishell_BAC009S0724W0121")
QUICK_TUNES = ("ode-to-joy", "yankee-doodle")
MODES: tuple[Mode, ...] = ("phrase", "flow")
STYLES: tuple[Style, ...] = ("natural", "hard")
DEFAULT_ENGINE, ENGINES = "world", ("world", "psola")
SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One song to be made."""

    recording: Recording
    tune: str
    mode: Mode
    style: Style
    engine: str

    @property
    def tune_name(self) -> str:
        """The tune's id, or its file's name."""
        return Path(self.tune).stem

    @property
    def name(self) -> str:
        """What tells it from all others."""
        return f"{self.recording.name}, {self.tune_name}, {self.mode}, {self.style}, {self.engine}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A choice of everything that can be chosen; all combinations are sung."""

    recordings: Sequence[Recording]
    tunes: Sequence[str]
    modes: Sequence[Mode] = MODES
    styles: Sequence[Style] = STYLES
    engines: Sequence[str] = (DEFAULT_ENGINE,)

    @classmethod
    def of(cls, material: Material) -> Grid:
        """Return everything there is, by the engine that sings where none is named."""
        return cls(recordings=material.recordings, tunes=material.tunes)

    def takes(self, recording: Recording) -> Iterator[Take]:
        """Yield the songs of one recording."""
        for tune, mode, style, engine in product(self.tunes, self.modes, self.styles, self.engines):
            yield Take(recording=recording, tune=tune, mode=mode, style=style, engine=engine)

    def few_tunes(self) -> Grid:
        """Return it with one slow tune and one fast one, in the natural style."""
        return replace(self, tunes=QUICK_TUNES, styles=("natural",))

    def few_recordings(self) -> Grid:
        """Return it with a few of its recordings: clean and noisy, men and women, two languages."""
        few = [recording for recording in self.recordings if recording.name in QUICK]
        return replace(self, recordings=few or self.recordings)


def make_take(take: Take, folder: Path) -> tuple[Made, float]:
    """Return the song of `take`, its stems in `folder`, and the CPU time of all threads that it took, in seconds.

    Nothing is remembered of other songs.
    """
    folder.mkdir(parents=True)
    with patch.dict(os.environ, SHENQU_CACHE=str(folder / "cache")):
        start_s = time.process_time()
        made = sing(
            take.recording.path,
            take.tune,
            out=folder / "song.wav",
            stems=folder,
            text=take.recording.text,
            language=take.recording.language,
            mode=take.mode,
            style=take.style,
            engine=take.engine,
            seed=SEED,
            band="none",
            picture="none",
        )
        used_s = time.process_time() - start_s
    for name in ("song.wav", "mix.wav", "backing.wav"):
        (folder / name).unlink()
    return made, used_s
