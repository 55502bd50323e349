"""A typeface for the words of a song: one that has all their letters, wherever it is.

Pillow brings a typeface for plain English. All else comes from the system's font folders, or from the
`[cjk]` extra (Noto Sans for Chinese, Japanese and Korean, SIL Open Font License).
"""

from __future__ import annotations

import os
import sys
import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont

from shenqu.errors import ShenquWarning

MOST_FILES = 3000  # of a font folder that are looked at
PROBE_SIZE = 24
NO_CHARACTER = "\U0010fffe"
CJK_EXTRA = "justmytype_intl_cjk"
# Bold faces first: captions are read from afar. (name in the file system, without folder)
FAVOURITES = (
    "NotoSans-Bold.ttf",
    "DejaVuSans-Bold.ttf",
    "arialbd.ttf",
    "Arial Bold.ttf",
    "LiberationSans-Bold.ttf",
    "NotoSansCJK-Bold.ttc",
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Bold.otf",
    "SourceHanSansSC-Bold.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "Hiragino Sans GB.ttc",
    "PingFang.ttc",
    "STHeiti Medium.ttc",
    "msyhbd.ttc",
    "msyh.ttc",
    "simhei.ttf",
    "YuGothB.ttc",
    "malgunbd.ttf",
)
# The same families, less heavy, for small letters.
PLAIN_FACES = {
    "NotoSans-Bold.ttf": "NotoSans-Regular.ttf",
    "DejaVuSans-Bold.ttf": "DejaVuSans.ttf",
    "arialbd.ttf": "arial.ttf",
    "Arial Bold.ttf": "Arial.ttf",
    "LiberationSans-Bold.ttf": "LiberationSans-Regular.ttf",
    "NotoSansCJK-Bold.ttc": "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Bold.otf": "NotoSansSC-Regular.otf",
    "msyhbd.ttc": "msyh.ttc",
    "YuGothB.ttc": "YuGothR.ttc",
    "malgunbd.ttf": "malgun.ttf",
}
# Which face of a collection, and which family of the extra, writes a language its own way.
NOTO_FACES = {"ja": 0, "ko": 1, "zh": 2, "zh-tw": 3, "zh-hk": 4}
EXTRA_FAMILIES = {"ja": "notosansjp", "ko": "notosanskr", "zh": "notosanssc", "zh-tw": "notosanstc"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Typeface:
    """One face of one font file; `path` None is the one that Pillow brings."""

    path: Path | None = None
    face: int = 0

    def at(self, size: int) -> FreeTypeFont:
        """Return the face at `size` pixels an em."""
        return _load(self.path, self.face, size)

    @property
    def name(self) -> str:
        """The family's name, as subtitle files call it."""
        return str(self.at(PROBE_SIZE).getname()[0])

    @property
    def is_bold(self) -> bool:
        """Whether its strokes are thick already."""
        return "bold" in str(self.at(PROBE_SIZE).getname()[1]).lower() or self._is_variable

    @property
    def _is_variable(self) -> bool:
        return self.path is not None and "[wght]" in self.path.name

    def missing(self, text: str) -> str:
        """Return the characters of `text` that the face lacks, each once, in their order."""
        return "".join(letter for letter in dict.fromkeys(text) if _is_visible(letter) and not self._has(letter))

    def _has(self, letter: str) -> bool:
        return _mask(self, letter) != _mask(self, NO_CHARACTER)


def find_typeface(text: str, *, language: str = "und", bold: bool = True) -> Typeface:
    """Return the first typeface that can write all of `text`, else the one that lacks least of it.

    Where there is a choice it is a `bold` one, to be read from afar, or one for small letters.

    Warns (ShenquWarning), naming what cannot be written and what to install, in the second case.
    """
    best, lacking = Typeface(), Typeface().missing(text)
    for typeface in _typefaces(language.lower(), bold=bold):
        if not lacking:
            return best
        missing = typeface.missing(text)
        if len(missing) < len(lacking):
            best, lacking = typeface, missing
    if lacking:
        warnings.warn(
            f"no font here can write {' '.join(lacking[:12])}; "
            f"install one that does (Chinese, Japanese, Korean: pip install 'shenqu[cjk]')",
            ShenquWarning,
            stacklevel=2,
        )
    return best


def _typefaces(language: str, *, bold: bool = True) -> Iterator[Typeface]:
    """Yield typefaces from the likeliest to the last resort."""
    tongue = language if language in NOTO_FACES else language.split("-", maxsplit=1)[0]
    files = {path.name: path for folder in reversed(_font_folders()) for path in _font_files(folder)}
    favourites = FAVOURITES if bold else tuple(PLAIN_FACES.get(name, name) for name in FAVOURITES)
    for name in favourites:
        if name in files:
            yield Typeface(path=files[name], face=NOTO_FACES.get(tongue, 2) if "CJK" in name else 0)
    yield from _extra_typefaces(tongue)
    yield from (Typeface(path=files[name]) for name in sorted(files) if name not in favourites)


def _extra_typefaces(tongue: str) -> Iterator[Typeface]:
    spec = find_spec(CJK_EXTRA)
    folders = (spec and spec.submodule_search_locations) or []
    first = EXTRA_FAMILIES.get(tongue, "notosanssc")
    for folder in folders:
        paths = sorted(Path(folder).rglob("*.ttf"), key=lambda path: (path.parent.name != first, path.name))
        yield from (Typeface(path=path) for path in paths)


def _font_folders() -> list[Path]:
    """Return where this system keeps fonts; the user's own first."""
    home = Path.home()
    if sys.platform == "win32":
        windows = Path(os.environ.get("WINDIR", "C:/Windows"))
        return [home / "AppData/Local/Microsoft/Windows/Fonts", windows / "Fonts"]
    if sys.platform == "darwin":
        return [home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts")]
    return [home / ".local/share/fonts", home / ".fonts", Path("/usr/local/share/fonts"), Path("/usr/share/fonts")]


@lru_cache(maxsize=8)
def _font_files(folder: Path) -> tuple[Path, ...]:
    """Return the font files in `folder`, sorted, so that the choice does not depend on the disk's order."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in {".ttf", ".otf", ".ttc"})
    return tuple(sorted(islice(found, MOST_FILES)))


@lru_cache(maxsize=64)
def _load(path: Path | None, face: int, size: int) -> FreeTypeFont:
    if path is None:
        font = ImageFont.load_default(size)
        assert isinstance(font, FreeTypeFont), "Pillow is built without FreeType"
        return font
    font = ImageFont.truetype(str(path), size, index=face)
    if "[wght]" in path.name:
        font.set_variation_by_axes([700])
    return font


@lru_cache(maxsize=4096)
def _mask(typeface: Typeface, letter: str) -> tuple[tuple[int, int], bytes]:
    """Return how `letter` looks: a face draws every character that it lacks alike."""
    mask = typeface.at(PROBE_SIZE).getmask(letter)
    return mask.size, bytes(mask)


def _is_visible(letter: str) -> bool:
    return unicodedata.category(letter)[0] not in "ZCM"
