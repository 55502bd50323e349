"""Run the benches: all of them into docs/benchmarks.md, or the named ones onto the screen.

With --write the sections of the named ones are renewed in docs/benchmarks.md too.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from benchmarks.arranging.craft import CraftBench
from benchmarks.arranging.lyrics import LyricsBench
from benchmarks.band import describe_band
from benchmarks.material import find_material, find_singing
from benchmarks.mix import describe_mix
from benchmarks.recordings import describe_recordings
from benchmarks.report import machine
from benchmarks.singing.bench import NO_JUDGE, SingingBench
from benchmarks.singing.judge import find_judge
from benchmarks.songs import SongMade, make_songs
from benchmarks.speed import describe_memory, describe_picture, describe_voice
from benchmarks.variants import describe_variants
from benchmarks.words.report import WordsBench
from benchmarks.words.sets import Sets

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
SONGS_PAGE = PAGE.with_name("benchmarks-songs.md")
NOTES = Path(__file__).with_name("notes.md")  # what people have found out about the figures
HEAD = """\
# Benchmarks

Written by `make bench`, which measures the whole product: real songs, made by the real command.

To repeat it: `SHENQU_DATA` names a folder of recorded speech, whose licences keep it out of this repository,
`SHENQU_JUDGE` an outside script that measures a song with trackers the renderer does not know. Without the
first, the benches run on the speech of our own small speaker; without the second, nothing is said on how
well it sings. `SHENQU_VOSK` names the folder of a Vosk model, without which the words understood are not counted.
`python -m benchmarks singing` (or `peers engines voice picture memory mix variants words hours band arranging lyrics`)
prints one part; with `--write` it is renewed here. `singing-quick` measures a few songs in a few minutes,
`arranging-quick` every third speech, `lyrics-quick` a few pairs of speakers.

"""


class Benches:
    """All benches on one material, in one folder for what they make."""

    def __init__(self, workshop: Path) -> None:
        """Find what there is to measure."""
        self.workshop = workshop
        self.material = find_material(workshop)
        self.script = find_judge()

    @cached_property
    def songs(self) -> tuple[SongMade, ...]:
        """Every recording on every tune."""
        return make_songs(self.material, self.workshop)

    @cached_property
    def sung(self) -> SingingBench:
        """What is measured of the voice."""
        return SingingBench(find_singing(self.material), self.workshop, self.script)

    def voice(self) -> str:
        """How long the voice takes."""
        return describe_voice(self.songs)

    def picture(self) -> str:
        """How long the picture takes."""
        return describe_picture(self.material, self.workshop)

    def memory(self) -> str:
        """How much memory a long speech takes."""
        return describe_memory(self.material, self.workshop)

    def mix(self) -> str:
        """What becomes of the voice in the mix."""
        return describe_mix(find_singing(self.material), self.workshop)

    def recordings(self) -> str:
        """What is heard of songs, as tunes."""
        return describe_recordings(find_singing(self.material), self.workshop)

    def variants(self) -> str:
        """What the decisions of the voice are worth."""
        heading = "## What each decision of the voice is worth"
        if not self.script:
            return f"{heading}\n\n{NO_JUDGE}"
        return describe_variants(self.material, self.workshop, self.script)

    @cached_property
    def heard(self) -> WordsBench:
        """What is measured of the words."""
        return WordsBench(Sets(self.material.folder), self.workshop)

    def words(self) -> str:
        """How well words, syllables and vowels are found."""
        return self.heard.section()

    def hours(self) -> str:
        """What three hours of words take."""
        return self.heard.hours()

    @cached_property
    def craft(self) -> CraftBench:
        """What is measured of the craft of songs."""
        return CraftBench(material=find_singing(self.material), workshop=self.workshop)

    @cached_property
    def new_words(self) -> LyricsBench:
        """What is measured of new words."""
        return LyricsBench(material=find_singing(self.material), workshop=self.workshop, script=self.script)

    def source(self) -> str:
        """Say what was measured."""
        if self.material.folder:
            return "Measured on recorded speech (SHENQU_DATA)."
        return "**Measured on the speech of our own speaker: SHENQU_DATA is not set.**"


def renewed(page: str, section: str) -> str:
    r"""Return `page` with `section` in place of the one of the same heading, what is in brackets apart.

    A new one goes before the notes.

    >>> renewed("# A\n\n## Songs (4)\n\nold\n\n## Notes\n", "## Songs (5)\n\nnew")
    '# A\n\n## Songs (5)\n\nnew\n\n## Notes\n'
    """
    pieces = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    headings = [piece.partition("\n")[0].partition(" (")[0] for piece in pieces]
    heading = section.partition("\n")[0].partition(" (")[0]
    if heading in headings:
        pieces[headings.index(heading)] = f"{section}\n\n"
    else:
        pieces.insert(headings.index("## Notes"), f"{section}\n\n")
    return "".join(pieces)


def main(arguments: Sequence[str]) -> int:
    """Run the benches called in `arguments`, or all."""
    names = [argument for argument in arguments if argument != "--write"]
    with tempfile.TemporaryDirectory(prefix="shenqu-bench-") as folder:
        benches = Benches(Path(folder))
        # Voice first: what is timed on the clock runs before the judges fill the machine.
        parts: dict[str, Callable[[], str]] = {
            "voice": benches.voice,
            "picture": benches.picture,
            "memory": benches.memory,
            "mix": benches.mix,
            "singing": benches.sung.section,
            "peers": benches.sung.peers,
            "engines": benches.sung.engines,
            "variants": benches.variants,
            "words": benches.words,
            "hours": benches.hours,
            "band": describe_band,
            "recordings": benches.recordings,
            "arranging": benches.craft.section,
            "lyrics": benches.new_words.section,
        }
        # for daily use; the whole page has more of it
        extra = {
            "singing-quick": benches.sung.quick,
            "arranging-quick": benches.craft.quick,
            "lyrics-quick": benches.new_words.quick,
        }
        unknown = set(names) - {*parts, *extra}
        if unknown:
            print(f"no bench {', '.join(sorted(unknown))}; there are {', '.join([*parts, *extra])}", file=sys.stderr)
            return 2
        written = {}
        for name in names or parts:
            written[name] = {**parts, **extra}[name]()
            print(f"\n{written[name]}\n", flush=True)
        if "singing" in written and (not names or "--write" in arguments):
            benches.sung.write_songs(SONGS_PAGE)
        if names and "--write" in arguments:
            for section in written.values():
                PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), section), encoding="utf-8")
        if names:
            print(benches.source())
            return 0
        order = ("singing", "peers", "engines", "voice", "picture", "memory", "mix")
        order += ("variants", "words", "hours", "band", "recordings", "arranging", "lyrics")
        sections = [HEAD + benches.source(), machine(), *(written[name] for name in order), NOTES.read_text().strip()]
        PAGE.write_text("\n\n".join(sections) + "\n", encoding="utf-8")
        print(PAGE, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
