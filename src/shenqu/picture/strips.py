"""Karaoke on the picture: each line is drawn once, unlit and lit, and wiped by column as it is sung.

Conventions
-----------
Pictures, stamps and even places as in `shenqu.picture.paint`. Times are song times.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shenqu.documents.picture import CaptionLine, CaptionSyllable, EditList
from shenqu.picture.caption import caption_bottom, caption_size
from shenqu.picture.paint import AMBER, WHITE, Letters, Picture, Stamp, Typeface, draw_letters, margin

READING_EM = 0.46
SIDE_SHARE = 0.04  # of the width, free on either side
SMALLEST = 8
KEPT_STRIPS = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strip:
    """One line drawn: its two looks, its place, and where each syllable lies in it, in columns."""

    unlit: Stamp
    lit: Stamp
    x: int
    y: int
    edges: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Letters of a line before they get their place: base line at 0, from column 0 to `width`."""

    letters: tuple[Letters, ...]
    edges: tuple[tuple[float, float], ...]
    size: int
    has_readings: bool

    @property
    def width(self) -> float:
        return self.edges[-1][1]


def caption_drawer(
    lines: Sequence[CaptionLine], edit_list: EditList, typeface: Typeface
) -> Callable[[int, Picture], None]:
    """Return a function that draws the line due at an output frame on its picture, in place.

    It may be called from several threads, in any order of frames.
    """
    starts = [line.start_s for line in lines]
    strips: OrderedDict[int, Strip] = OrderedDict()
    lock = threading.Lock()

    def strip_of(index: int) -> Strip:
        with lock:
            if index not in strips:
                strips[index] = make_strip(lines[index], typeface, width=edit_list.width, height=edit_list.height)
            strips.move_to_end(index)
            while len(strips) > KEPT_STRIPS:
                strips.popitem(last=False)
            return strips[index]

    def draw(frame: int, picture: Picture) -> None:
        song_s = float((frame + 0.5) / edit_list.rate)
        index = bisect_right(starts, song_s) - 1
        if index >= 0 and song_s < lines[index].end_s:
            draw_strip(strip_of(index), lines[index], song_s, picture)

    return draw


def draw_strip(strip: Strip, line: CaptionLine, song_s: float, picture: Picture) -> None:
    """Set `strip` on `picture`, lit as far as it is sung at `song_s`."""
    column = min(round(lit_column(strip, line, song_s)), strip.lit.size[0])
    strip.lit.set_on(picture, strip.x, strip.y, end=column)
    strip.unlit.set_on(picture, strip.x, strip.y, start=column)


def lit_column(strip: Strip, line: CaptionLine, song_s: float) -> float:
    """Return the column of `strip` up to which `line` is lit at `song_s`."""
    column = 0.0
    for item, (left, right) in zip(line.syllables, strip.edges, strict=True):
        if song_s < item.start_s:
            break
        share = (song_s - item.start_s) / max(item.end_s - item.start_s, 1e-6)
        column = left + (right - left) * min(1.0, share)
    return column


def make_strip(line: CaptionLine, typeface: Typeface, *, width: int, height: int) -> Strip:
    """Draw `line` for pictures of `width` x `height`; letters shrink until a long line fits."""
    size = caption_size(width, height)
    room = width * (1 - 2 * SIDE_SHARE) - 2 * margin(size)
    layout = _lay_out(line, typeface, size)
    while layout.width > room and size > SMALLEST:
        size = max(SMALLEST, min(size - 1, int(size * room / layout.width)))
        layout = _lay_out(line, typeface, size)
    return _drawn(layout, typeface, width=width, height=height)


def _drawn(layout: _Layout, typeface: Typeface, *, width: int, height: int) -> Strip:
    ascent, descent = typeface.at(layout.size).getmetrics()
    edge = margin(layout.size)
    above = round(layout.size * READING_EM * 1.5) if layout.has_readings else 0
    down = min(_even(ascent + descent + above + 2 * edge), height)
    across = min(_even(layout.width + 2 * edge), width)
    letters = [
        Letters(text=item.text, x=item.x + edge, y=item.y + edge + above + ascent, size=item.size)
        for item in layout.letters
    ]
    unlit, lit = (draw_letters(letters, ink, typeface, width=across, height=down) for ink in (WHITE, AMBER))
    return Strip(
        unlit=unlit,
        lit=lit,
        x=(width - across) // 4 * 2,
        y=max(0, (height - down - max(0, caption_bottom(width, height) - edge)) // 2 * 2),
        edges=tuple((left + edge, right + edge) for left, right in layout.edges),
    )


def _even(length: float) -> int:
    return -(-int(length + 1) // 2) * 2


def _lay_out(line: CaptionLine, typeface: Typeface, size: int) -> _Layout:
    if any(item.reading for item in line.syllables):
        return _lay_out_with_readings(line.syllables, typeface, size)
    # Drawn as one text, so that letters join and kern as they should.
    font = typeface.at(size)
    whole, edges = "", []
    for item in line.syllables:
        left = font.getlength(whole)
        edges.append((left, font.getlength(whole + item.text)))
        whole += item.text + " " * item.space
    letters = (Letters(text=whole.rstrip(), x=0, y=0, size=size),)
    return _Layout(letters=letters, edges=tuple(edges), size=size, has_readings=False)


def _lay_out_with_readings(syllables: Sequence[CaptionSyllable], typeface: Typeface, size: int) -> _Layout:
    """Each syllable is as wide as the wider of itself and its reading; both stand in the middle."""
    font, small_size = typeface.at(size), max(SMALLEST - 2, round(size * READING_EM))
    small = typeface.at(small_size)
    letters, edges, x = [], [], 0.0
    for item in syllables:
        own, over = font.getlength(item.text), small.getlength(item.reading)
        cell = max(own, over + 0.25 * small_size if item.reading else 0.0)
        letters.append(Letters(text=item.text, x=x + (cell - own) / 2, y=0, size=size))
        if item.reading:
            # Over the character, not over the punctuation that follows it.
            centre = x + (cell - own) / 2 + font.getlength(item.text[0]) / 2
            letters.append(Letters(text=item.reading, x=centre - over / 2, y=-size * 1.02, size=small_size))
        edges.append((x, x + cell))
        x += cell + (font.getlength(" ") if item.space else 0.0)
    return _Layout(letters=tuple(letters), edges=tuple(edges), size=size, has_readings=True)
