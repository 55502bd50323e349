"""A source separator that the user has installed: it takes a song apart into its voice and the rest.

Nothing is installed or fetched by us; what such a program fetches for itself at its first use is between it and its
user.

References
----------
The command lines of demucs 4, audio-separator 0.30 and spleeter 2.4.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from shenqu.documents.audio import Audio
from shenqu.errors import ToolError
from shenqu.media.audio import read_audio

_LONGEST_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Separated:
    """A song in two parts, as long as it is."""

    voice: Audio
    rest: Audio


@dataclass(frozen=True, slots=True, kw_only=True)
class Separator:
    """A program that takes songs apart, and words by which its files are known."""

    name: str
    command: tuple[str, ...]
    options: tuple[str, ...]
    folder_flag: str
    voice_word: str
    rest_word: str

    def separate(self, song: Path) -> Separated:
        """Return voice and rest of the recording `song`.

        Raises `ToolError` with the program's last words where it fails.
        """
        with tempfile.TemporaryDirectory(prefix="shenqu-separated-") as folder:
            self._run([*self.command, *self.options, self.folder_flag, folder, str(song.absolute())])
            made = sorted(Path(folder).rglob("*.wav"))
            rest = [path for path in made if self.rest_word in path.stem.lower()]
            voice = [path for path in made if self.voice_word in path.stem.lower() and path not in rest]
            if not voice or not rest:
                raise ToolError(f"{self.name} made no voice and rest of {song}; try it by itself")
            return Separated(voice=read_audio(voice[0]), rest=read_audio(rest[0]))

    def _run(self, command: Sequence[str]) -> None:
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S, check=False)  # noqa: S603
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ToolError(f"{self.name} could not separate the voice: {error}") from None
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise ToolError(f"{self.name} could not separate the voice: {' '.join(last) or 'no reason given'}")


SEPARATORS = (
    Separator(
        name="demucs",
        command=("demucs",),
        options=("--two-stems", "vocals"),
        folder_flag="--out",
        voice_word="vocals",
        rest_word="no_vocals",
    ),
    Separator(
        name="audio-separator",
        command=("audio-separator",),
        options=("--output_format", "WAV"),
        folder_flag="--output_dir",
        voice_word="vocals",
        rest_word="instrumental",
    ),
    Separator(
        name="spleeter",
        command=("spleeter",),
        options=("separate", "-p", "spleeter:2stems"),
        folder_flag="-o",
        voice_word="vocals",
        rest_word="accompaniment",
    ),
)


def find_separator() -> Separator | None:
    """Return the first separator that is installed, as a command or as a module of this Python; None without one."""
    for separator in SEPARATORS:
        if shutil.which(separator.command[0]):
            return separator
        module = separator.name.replace("-", "_")
        if importlib.util.find_spec(module):
            command = (sys.executable, "-m", module)
            return replace(separator, command=command)
    return None
