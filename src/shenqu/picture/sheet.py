"""A chart as one picture: rows of spectrogram, each with its lanes below, on one scale of time.

Conventions
-----------
Pixels count from the top left corner. All lines and boxes lie on whole pixels, so that they are sharp.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw
from PIL.ImageFont import FreeTypeFont

from shenqu.documents.audio import Sound
from shenqu.documents.chart import Chart, Curve, Lane, Span
from shenqu.picture.chart import (
    DARK,
    HIGHEST_HZ,
    LOWEST_HZ,
    Colour,
    Exposure,
    Label,
    Theme,
    confidence_colour,
    exposure,
    heat_map,
    place_labels,
    rows_s,
    shades,
)
from shenqu.picture.paint import Typeface

WIDTH = 1800
MOST_ROWS = 12
MOST_LETTERS = 200  # of one text
ROW_S = 8.0
"""The longest row, in seconds; a short recording fills one row alone."""
SHORTEST_ROW_S = 2.0
LEFT, RIGHT, TOP = 92, 60, 118
TICKS, SOUND = 20, 190
"""Margins, and the heights of the scale of time and the spectrogram in each row, in pixels."""
_BOTTOM, _LABEL_ROW, _BAR, _BOX, _SPACE = 20, 19, 20, 22, 30
_LABEL_ROWS = 2
_LEAST_BOX = 8
_TITLE, _FACTS, _TEXT, _SMALL = 27, 15, 15, 12


def sheet_end_s(chart: Chart) -> float:
    """Return where a picture of `chart` ends: it has `MOST_ROWS` rows at most."""
    return rows_s(chart, ROW_S)[:MOST_ROWS][-1][1]


def draw_sheet(chart: Chart, sound: Sound, typeface: Typeface, *, theme: Theme = DARK) -> Image.Image:
    """Return the picture of `chart`, whose start is the start of `sound`; its first `MOST_ROWS` rows."""
    rows = rows_s(chart, ROW_S)[:MOST_ROWS]
    row_height = TICKS + SOUND + sum(_lane_height(lane) for lane in chart.lanes) + _SPACE
    image = Image.new("RGB", (WIDTH, TOP + row_height * len(rows) + _BOTTOM - _SPACE), theme.paper)
    sheet = _Sheet(chart, sound, typeface, theme, image, longest_s=max(SHORTEST_ROW_S, *(b - a for a, b in rows)))
    sheet.draw_head()
    for number, (start_s, end_s) in enumerate(rows):
        sheet.draw_row(TOP + number * row_height, start_s, end_s)
    return image


def _lane_height(lane: Lane) -> int:
    return {"labels": _LABEL_ROWS * _LABEL_ROW + _BAR + 4, "boxes": _BOX, "gaps": _LABEL_ROW + 6}[lane.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A stretch of time and where it lies."""

    start_s: float
    end_s: float
    pixels_per_s: float

    @property
    def right(self) -> int:
        return LEFT + round((self.end_s - self.start_s) * self.pixels_per_s)

    def x(self, time_s: float) -> int:
        """Return the column of a time, at most one beyond the row."""
        time_s = min(max(time_s, self.start_s), self.end_s)
        return LEFT + round((time_s - self.start_s) * self.pixels_per_s)

    def holds(self, span: Span) -> bool:
        """Whether some of `span` lies in the row; of a span without length, its moment."""
        if span.start_s == span.end_s:
            return self.start_s <= span.start_s < self.end_s
        return span.start_s < self.end_s and self.start_s < span.end_s

    def middle(self, span: Span) -> float:
        return (self.x(span.start_s) + self.x(span.end_s)) / 2


class _Sheet:
    """What all rows of a picture share, and how their parts are drawn."""

    def __init__(
        self, chart: Chart, sound: Sound, typeface: Typeface, theme: Theme, image: Image.Image, *, longest_s: float
    ) -> None:
        self._chart, self._sound, self._theme = chart, sound, theme
        self._image, self._draw = image, ImageDraw.Draw(image)
        self._title, self._facts = typeface.at(_TITLE), typeface.at(_FACTS)
        self._text, self._small = typeface.at(_TEXT), typeface.at(_SMALL)
        self._pixels_per_s = (WIDTH - LEFT - RIGHT) / longest_s
        self._shown: Exposure = exposure(sound)

    # -------------------------------------------------------------- the head

    def draw_head(self) -> None:
        """Write title and facts, and what the signs mean."""
        room = WIDTH - 2 * RIGHT
        title = _elided(self._chart.title, self._title, room)
        self._draw.text((LEFT, 44), title, fill=self._theme.ink, font=self._title, anchor="ls")
        facts = "  ·  ".join(self._chart.facts)
        self._draw.text(
            (LEFT, 72), _elided(facts, self._facts, room), fill=self._theme.faint, font=self._facts, anchor="ls"
        )
        self._draw_legend(LEFT, 88)

    def _draw_legend(self, x: int, top: int) -> None:
        draw, theme = self._draw, self._theme
        for confidence in (0.1, 0.3, 0.5, 0.7, 0.9):
            self._draw_bar(x, x + 32, top, confidence)
            x += 33
        x = self._legend_text(x + 6, top, "confidence, 0 to 100")
        for marks in self._chart.marks:
            draw.line([(x, top), (x, top + _BAR)], fill=theme.onset)
            _triangle(draw, x, top, theme.onset)
            x = self._legend_text(x + 9, top, marks.name)
        for curve in self._chart.curves:
            draw.line([(x, top + 13), (x + 8, top + 9), (x + 20, top + 7)], fill=theme.curve, width=2)
            x = self._legend_text(x + 27, top, curve.name)
        if any(span.core_start_s is not None for lane in self._chart.lanes for span in lane.spans):
            self._box(x, x + 22, top, top + _BAR, theme.box)
            self._box(x + 7, x + 22, top, top + _BAR, theme.core)
            x = self._legend_text(x + 29, top, "vowel in its syllable")
        for lane in self._chart.lanes:
            if lane.kind == "gaps":
                _dashed_box(draw, x, x + 22, top, top + _BAR, theme.missing)
                x = self._legend_text(x + 29, top, f"in the text, {lane.name}")

    def _legend_text(self, x: int, top: int, text: str) -> int:
        self._draw.text((x, top + _BAR // 2), text, fill=self._theme.faint, font=self._small, anchor="lm")
        return x + round(self._small.getlength(text)) + 26

    # -------------------------------------------------------------- a row

    def draw_row(self, top: int, start_s: float, end_s: float) -> None:
        """Draw the time from `start_s` to `end_s`, from the pixel row `top` down."""
        row = _Row(start_s=start_s, end_s=end_s, pixels_per_s=self._pixels_per_s)
        sound_top = top + TICKS
        self._draw_ticks(row, top)
        self._draw_sound(row, sound_top)
        lane_top = sound_top + SOUND
        for lane in self._chart.lanes:
            spans = [span for span in lane.spans if row.holds(span)]
            self._draw.text(
                (LEFT - 10, lane_top + _lane_height(lane) / 2),
                lane.name,
                fill=self._theme.faint,
                font=self._small,
                anchor="rm",
            )
            {"labels": self._draw_labels, "boxes": self._draw_boxes, "gaps": self._draw_gaps}[lane.kind](
                row, lane_top, spans
            )
            lane_top += _lane_height(lane)

    def _draw_ticks(self, row: _Row, top: int) -> None:
        """Draw the seconds, and tenths where they do not crowd."""
        step_ms = 100
        for time_ms in range(-(-round(row.start_s * 1000) // step_ms) * step_ms, round(row.end_s * 1000) + 1, step_ms):
            x = row.x(time_ms / 1000)
            is_second, is_half = time_ms % 1000 == 0, time_ms % 500 == 0
            length = 6 if is_second else 4 if is_half else 2
            self._draw.line([(x, top + TICKS - length), (x, top + TICKS - 1)], fill=self._theme.faint)
            if is_second and x < WIDTH - RIGHT + 10:
                self._draw.text(
                    (x, top + TICKS - 8), _clock(time_ms / 1000), fill=self._theme.faint, font=self._small, anchor="ms"
                )

    def _draw_sound(self, row: _Row, top: int) -> None:
        """Draw spectrogram, curves and marks, and their scales."""
        columns = row.right - LEFT
        part = shades(
            self._sound,
            self._shown,
            start_s=row.start_s - self._chart.start_s,
            column_s=1 / row.pixels_per_s,
            columns=columns,
            rows=SOUND,
        )
        self._image.paste(Image.fromarray(heat_map(self._theme)[part]), (LEFT, top))
        for khz in range(6):
            y = top + SOUND - 1 - round(khz / 5 * (SOUND - 1))
            self._draw.line([(LEFT - 5, y), (LEFT - 1, y)], fill=self._theme.faint)
            self._draw.text(
                (LEFT - 10, y),
                f"{khz} kHz" if khz in {0, 5} else str(khz),
                fill=self._theme.faint,
                font=self._small,
                anchor="rm",
            )
        for curve in self._chart.curves:
            self._draw_curve(curve, row, top)
        for marks in self._chart.marks:
            for time_s in marks.times_s:
                if row.start_s <= time_s < row.end_s:
                    self._draw_mark(row.x(time_s), top)

    def _draw_mark(self, x: int, top: int) -> None:
        """A line that is seen on bright and dark, and hides no more than a column."""
        column = np.asarray(self._image.crop((x, top, x + 1, top + SOUND)), dtype=np.float32)
        mixed = 0.35 * column + 0.65 * np.asarray(self._theme.onset, dtype=np.float32)
        self._image.paste(Image.fromarray(mixed.round().astype(np.uint8)), (x, top))
        _triangle(self._draw, x, top, self._theme.onset)

    def _draw_curve(self, curve: Curve, row: _Row, top: int) -> None:
        points: list[tuple[float, float]] = []
        pieces = [points]
        first, last = (max(0, int((time_s - curve.start_s) / curve.hop_s) + 1) for time_s in (row.start_s, row.end_s))
        for number, hz in enumerate(curve.hz[first:last], start=first):
            time_s = curve.start_s + number * curve.hop_s
            if LOWEST_HZ <= hz <= HIGHEST_HZ:
                points.append((row.x(time_s), top + _curve_y(hz)))
            elif points:
                points = []
                pieces.append(points)
        for width, colour in ((5, self._theme.outline), (2, self._theme.curve)):
            for piece in pieces:
                if len(piece) > 1:
                    self._draw.line(piece, fill=colour, width=width, joint="curve")
        for hz in (75, 150, 300, 600):
            y = top + round(_curve_y(hz))
            self._draw.line([(row.right, y), (row.right + 4, y)], fill=self._theme.curve)
            text = f"{hz} Hz" if hz == HIGHEST_HZ else str(hz)
            self._draw.text((row.right + 8, y), text, fill=self._theme.curve, font=self._small, anchor="lm")

    # -------------------------------------------------------------- lanes

    def _draw_labels(self, row: _Row, top: int, spans: Sequence[Span]) -> None:
        """Draw texts in two rows, each led to its bar below."""
        theme, bar_top = self._theme, top + _LABEL_ROWS * _LABEL_ROW + 2
        base = bar_top - 6
        texts = [_elided(f"?{span.text}" if span.is_doubtful else span.text, self._text, 260) for span in spans]
        labels = [Label(row.middle(span), self._text.getlength(text)) for span, text in zip(spans, texts, strict=True)]
        places = place_labels(labels, rows=_LABEL_ROWS, left=LEFT, right=max(row.right, LEFT + 120), gap=7)
        for span, label, place in zip(spans, labels, places, strict=True):
            self._draw_bar(row.x(span.start_s), row.x(span.end_s), bar_top, span.confidence, pinned=bool(span.remark))
            if place and place[0]:
                self._draw.line([(label.middle, base - _LABEL_ROW + 5), (label.middle, bar_top - 2)], fill=theme.line)
        for span, text, place in zip(spans, texts, places, strict=True):
            if place:
                colour = confidence_colour(theme, span.confidence or 0.0) if span.is_doubtful else theme.ink
                self._draw.text(
                    (place[1], base - place[0] * _LABEL_ROW), text, fill=colour, font=self._text, anchor="ls"
                )

    def _draw_bar(self, left: int, right: int, top: int, confidence: float | None, *, pinned: bool = False) -> None:
        """Draw a bar as high as `confidence`, with its number where there is room."""
        right = max(right - 1, left + 2)
        self._draw.rectangle([left, top, right - 1, top + _BAR - 1], fill=self._theme.panel)
        level = 1.0 if confidence is None else confidence
        colour = self._theme.core if confidence is None else confidence_colour(self._theme, confidence)
        height = max(1, round(level * _BAR))
        self._draw.rectangle([left, top + _BAR - height, right - 1, top + _BAR - 1], fill=colour)
        number = "" if confidence is None else f"{confidence * 100:.0f}"
        if number and self._small.getlength(number) + 4 <= right - left:
            self._draw.text(
                ((left + right) / 2, top + _BAR / 2 + 1),
                number,
                fill=self._theme.ink,
                font=self._small,
                anchor="mm",
                stroke_width=2,
                stroke_fill=self._theme.paper,
            )
        if pinned:
            self._draw.rectangle([left, top - 2, right - 1, top - 1], fill=self._theme.ink)

    def _draw_boxes(self, row: _Row, top: int, spans: Sequence[Span]) -> None:
        for span in spans:
            left, right = row.x(span.start_s), max(row.x(span.end_s), row.x(span.start_s) + 2)
            self._box(left, right, top, top + _BOX, self._theme.box)
            if span.core_start_s is not None and span.core_end_s is not None:
                self._box(row.x(span.core_start_s), row.x(span.core_end_s), top, top + _BOX, self._theme.core)
            text = _line(span.text)
            if text and self._small.getlength(text) + 3 <= right - left:
                place = ((left + right) / 2, top + _BOX / 2)
                self._draw.text(place, text, fill=self._theme.ink, font=self._small, anchor="mm")

    def _box(self, left: int, right: int, top: int, bottom: int, fill: Colour) -> None:
        """Fill a box, with a thin gap to the next one and to the lane below."""
        if right - 2 >= left:
            self._draw.rectangle([left, top + 1, right - 2, bottom - 2], fill=fill)

    def _draw_gaps(self, row: _Row, top: int, spans: Sequence[Span]) -> None:
        """Draw what is missing: dashed boxes, or a caret where there is no time for it; its text in one row only."""
        theme, font = self._theme, self._small
        for span in spans:
            left, right = row.x(span.start_s), row.x(span.end_s)
            if right - left >= _LEAST_BOX:
                _dashed_box(self._draw, left, right - 1, top + 2, top + _LABEL_ROW + 4, theme.missing)
            else:
                _triangle(self._draw, (left + right) // 2, top, theme.missing)
        told = [span for span in spans if row.start_s <= (span.start_s + span.end_s) / 2 < row.end_s]
        texts = [_elided(span.text, font, max(140, row.x(span.end_s) - row.x(span.start_s) - 8)) for span in told]
        labels = [Label(row.middle(span), font.getlength(text)) for span, text in zip(told, texts, strict=True)]
        places = place_labels(labels, rows=1, left=LEFT, right=max(row.right, LEFT + 160), gap=12)
        for text, place in zip(texts, places, strict=True):
            if place:
                self._draw.text((place[1], top + 6 + _LABEL_ROW / 2), text, fill=theme.missing, font=font, anchor="lm")


def _curve_y(hz: float) -> float:
    """Return how far below the top of the spectrogram a pitch is drawn: by octaves, a little off the edges."""
    share = np.log(hz / LOWEST_HZ) / np.log(HIGHEST_HZ / LOWEST_HZ)
    return float(SOUND - 8 - share * (SOUND - 16))


def _clock(time_s: float) -> str:
    """Return whole seconds as a clock shows them.

    >>> _clock(7), _clock(75), _clock(3675)
    ('0:07', '1:15', '1:01:15')
    """
    minutes, seconds = divmod(round(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _elided(text: str, font: FreeTypeFont, room: float) -> str:
    """Return `text`, shortened in its middle where it is wider than `room`."""
    text = _line(text)
    if font.getlength(text) <= room:
        return text
    kept = len(text)
    while kept > 1 and font.getlength(_without_middle(text, kept)) > room:
        kept = min(kept - 1, int(kept * max(0.5, room / font.getlength(_without_middle(text, kept)))))
    return _without_middle(text, kept)


def _line(text: str) -> str:
    """Return the first letters of `text` as one line, which is all that a font can measure."""
    return " ".join(text[:MOST_LETTERS].split())


def _without_middle(text: str, kept: int) -> str:
    return f"{text[: -(-kept // 2)]}…{text[len(text) - kept // 2 :]}"


def _triangle(draw: ImageDraw.ImageDraw, x: int, top: int, colour: Colour) -> None:
    draw.polygon([(x - 3, top), (x + 3, top), (x, top + 5)], fill=colour)


def _dashed_box(draw: ImageDraw.ImageDraw, left: int, right: int, top: int, bottom: int, colour: Colour) -> None:
    for x in range(left, right + 1, 7):
        for y in (top, bottom):
            draw.line([(x, y), (min(x + 3, right), y)], fill=colour)
    for y in range(top, bottom + 1, 7):
        for x in (left, right):
            draw.line([(x, y), (x, min(y + 3, bottom))], fill=colour)
