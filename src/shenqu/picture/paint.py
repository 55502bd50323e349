"""Drawing on pictures: what is drawn once becomes a stamp, which is set on many frames cheaply.

Conventions
-----------
A *picture* is one I420 array, uint8 of shape (height * 3 // 2, width): luma, then the two chroma
planes at half size; limited range, BT.709. Colours are (red, green, blue), 0 to 255. Places and sizes
of stamps are even, so that chroma falls on whole samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter
from PIL.ImageFont import FreeTypeFont

Picture = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.uint8]
Shade = npt.NDArray[np.float32]
Weights = npt.NDArray[np.uint16]
Colour = tuple[int, int, int]

# BT.709, limited range: luma 16 to 235, chroma 16 to 240 around 128.
RGB_TO_YUV = np.array(
    [[0.2126, 0.7152, 0.0722], [-0.1146, -0.3854, 0.5], [0.5, -0.4542, -0.0458]], dtype=np.float32
) * np.array([[219 / 255], [224 / 255], [224 / 255]], dtype=np.float32)
YUV_ZERO = np.array([16, 128, 128], dtype=np.float32)


class Typeface(Protocol):
    """What letters are drawn with."""

    @property
    def is_bold(self) -> bool:
        """Whether its strokes are thick already."""

    def at(self, size: int) -> FreeTypeFont:
        """Return it at `size` pixels an em."""


def planes(picture: Picture) -> tuple[Plane, Plane, Plane]:
    """Return luma and the two chroma planes as views: writing to them writes to `picture`."""
    rows, width = picture.shape
    height = rows * 2 // 3
    chroma = picture[height:].reshape(2, height // 2, width // 2)
    return picture[:height], chroma[0], chroma[1]


def to_yuv(rgb: npt.ArrayLike) -> Shade:
    """Return colours (..., 3), 0 to 255, as luma and chroma.

    >>> to_yuv((255, 255, 255)).round().tolist(), to_yuv((0, 0, 0)).tolist()
    ([235.0, 128.0, 128.0], [16.0, 128.0, 128.0])
    """
    return np.asarray(np.asarray(rgb, dtype=np.float32) @ RGB_TO_YUV.T + YUV_ZERO, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """A half-transparent image, ready to be set on pictures: of each plane, what to keep and what to add."""

    keep: tuple[Weights, Weights, Weights]
    add: tuple[Weights, Weights, Weights]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        height, width = self.keep[0].shape
        return width, height

    def set_on(self, picture: Picture, x: int, y: int, *, start: int = 0, end: int | None = None) -> None:
        """Set columns `start` to `end` of the stamp on `picture`, whose (x, y) is the stamp's top left corner.

        All of it must lie inside.
        """
        end = self.size[0] if end is None else end
        for plane, keep, add, scale in zip(planes(picture), self.keep, self.add, (1, 2, 2), strict=True):
            first, last = -(-start // scale), -(-end // scale)
            top, left = y // scale, x // scale
            region = plane[top : top + keep.shape[0], left + first : left + last]
            mixed = region * keep[:, first:last]
            mixed += add[:, first:last]
            mixed >>= 8
            region[:] = mixed


def make_stamp(rgb: Shade, alpha: Shade) -> Stamp:
    """Return a stamp of colours (height, width, 3) seen with `alpha` (height, width), 0 to 1; even sizes."""
    yuv = to_yuv(rgb)
    keeps, adds = [], []
    for channel, scale in zip(range(3), (1, 2, 2), strict=True):
        cover = _halved(alpha, scale)
        colour = _halved(alpha * yuv[..., channel], scale)
        # 128 rounds; the sum of both parts stays below 65536.
        adds.append((colour * 256 + 127).astype(np.uint16))
        keeps.append(np.round((1 - cover) * 256).astype(np.uint16))
    return Stamp((keeps[0], keeps[1], keeps[2]), (adds[0], adds[1], adds[2]))


def _halved(plane: Shade, scale: int) -> Shade:
    if scale == 1:
        return plane
    height, width = plane.shape
    return np.asarray(plane.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)), dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """How letters look: filled from `top` to `bottom` colour, outlined, with a soft shadow."""

    top: Colour
    bottom: Colour
    outline: Colour = (14, 10, 32)
    outline_em: float = 0.085
    shadow: float = 0.55
    alpha: float = 1.0


WHITE = Ink(top=(255, 255, 255), bottom=(228, 232, 245))
AMBER = Ink(top=(255, 232, 120), bottom=(255, 148, 30))


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """One text and where its left end and base line lie, in pixels, in letters of `size` pixels an em."""

    text: str
    x: float
    y: float
    size: int


def margin(size: int) -> int:
    """Return the pixels that outline and shadow take around letters of `size`."""
    return 2 * round(size * 0.11) + 4


def draw_letters(letters: Sequence[Letters], ink: Ink, typeface: Typeface, *, width: int, height: int) -> Stamp:
    """Return `letters` drawn with `ink` on a stamp of `width` x `height` pixels."""
    fill, outline = Image.new("L", (width, height)), Image.new("L", (width, height))
    for item in letters:
        font = typeface.at(item.size)
        # A face that is not bold gets thicker strokes.
        weight = 0 if typeface.is_bold else max(1, round(item.size * 0.022))
        border = weight + max(1, round(item.size * ink.outline_em))
        for image, stroke in ((fill, weight), (outline, border)):
            ImageDraw.Draw(image).text(
                (item.x, item.y), item.text, fill=255, font=font, anchor="ls", stroke_width=stroke
            )
    blur = max(1.0, 0.06 * max((item.size for item in letters), default=16))
    shadow = outline.filter(ImageFilter.GaussianBlur(blur))
    return _inked(_shade(fill), _shade(outline), _shade(shadow), ink)


def _shade(image: Image.Image) -> Shade:
    return np.asarray(np.asarray(image, dtype=np.float32) / 255, dtype=np.float32)


def _inked(fill: Shade, outline: Shade, shadow: Shade, ink: Ink) -> Stamp:
    """Return letters over outline over shadow."""
    under = outline + (1 - outline) * shadow * ink.shadow
    alpha = fill + (1 - fill) * under
    fall = np.linspace(0, 1, len(fill), dtype=np.float32)[:, None, None]
    letter = (1 - fall) * np.asarray(ink.top, dtype=np.float32) + fall * np.asarray(ink.bottom, dtype=np.float32)
    share = (fill / np.maximum(alpha, 1e-6))[..., None]
    rgb = share * letter + (1 - share) * np.asarray(ink.outline, dtype=np.float32)
    return make_stamp(rgb, alpha * ink.alpha)
