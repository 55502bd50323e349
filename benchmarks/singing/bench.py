"""The parts of the bench of singing, each a section of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from benchmarks.material import Material
from benchmarks.singing.measured import Measured, measure_grid
from benchmarks.singing.report import describe, describe_singers, songs_page
from benchmarks.singing.takes import ENGINES, Grid

NO_JUDGE = "Not measured: SHENQU_JUDGE names no script that judges songs."
PEERS = """\
Means over a few recordings on ode-to-joy and yankee-doodle, style `natural`. All get the same notes on the same
syllables; theirs are cut out at the vowel, sung, and laid on the beat, with the consonants before it as recorded. Praat
is told the pitch of every moment; the others know one shift for a note, and leave the spoken glide in it. `cpu` is
theirs without the alignment, ours with it."""
ENGINES_SAY = "Means over all recordings on ode-to-joy and yankee-doodle, style `natural`."


class SingingBench:
    """Songs of one material, measured by the judge at `script`; without one nothing is said."""

    def __init__(self, material: Material, workshop: Path, script: Path | None) -> None:
        """Take what is to be sung; files are made in `workshop`."""
        self.grid = Grid.of(material)
        self.workshop, self.script = workshop, script

    @cached_property
    def songs(self) -> tuple[Measured, ...]:
        """All songs."""
        return self._measure(self.grid, "songs")

    def section(self) -> str:
        """How well it sings."""
        return self._told("How well it sings", lambda heading: describe(self.songs, heading=heading))

    def write_songs(self, page: Path) -> None:
        """Write the figures of all songs, where there are any, to `page`."""
        if self.script:
            page.write_text(songs_page(self.songs), encoding="utf-8")

    def quick(self) -> str:
        """How well it sings a few songs."""
        few = self.grid.few_recordings().few_tunes()
        return self._told(
            "How well it sings a few songs", lambda heading: describe(self._measure(few, "quick"), heading=heading)
        )

    def peers(self) -> str:
        """What others make of the same notes."""
        few = self.grid.few_recordings().few_tunes()
        return self._told(
            "Beside other ways to sing a syllable",
            lambda heading: describe_singers(self._measure(few, "peers", peers=True), heading=heading, intro=PEERS),
        )

    def engines(self) -> str:
        """Which engine sings better."""
        both = replace(self.grid.few_tunes(), engines=ENGINES)
        return self._told(
            "Engines of the voice",
            lambda heading: describe_singers(self._measure(both, "engines"), heading=heading, intro=ENGINES_SAY),
        )

    def _told(self, heading: str, describe_it: Callable[[str], str]) -> str:
        return describe_it(heading) if self.script else f"## {heading}\n\n{NO_JUDGE}"

    def _measure(self, grid: Grid, folder: str, *, peers: bool = False) -> tuple[Measured, ...]:
        assert self.script
        return measure_grid(grid, self.workshop / folder, self.script, peers=peers)
