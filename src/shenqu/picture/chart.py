"""What is charted of a transcript, where its labels find room, and in which colours.

A chart (`documents.chart`) becomes a picture in `picture.sheet` and a page in `picture.page`. Both take their
colours from here, and both show how sure a word is three times: by colour, by the height of a bar, by number.

References
----------
Ottosson (2020), "A perceptual color space for image processing": Oklab, in which the heat of a spectrogram rises
in even steps of lightness, so that it can be read without colours too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np
import numpy.typing as npt

from shenqu.documents.audio import Sound
from shenqu.documents.chart import DOUBTFUL, Chart, Curve, Lane, Marks, Span
from shenqu.documents.cues import wants_blank
from shenqu.documents.speech import Syllable, Transcript, Word
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.dsp.spectrogram import level_range_db, spectrogram_db

Shades = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

MOST_CURVE_POINTS = 60_000
LOWEST_HZ, HIGHEST_HZ = 60.0, 600.0
"""Where a curve of pitch begins and ends; between them it rises by octaves."""
_CURVE_HOP_S = 0.01
_PAUSE_S = 0.2
_TRIED_PARTS, _TRIED_S, _TRIED_COLUMN_S, _TRIED_ROWS = 24, 1.0, 0.01, 64


# ------------------------------------------------------------------ what is charted


def words_chart(transcript: Transcript, *, title: str, start_s: float, end_s: float) -> Chart:
    """Return the chart of `transcript` from `start_s` to `end_s`.

    Words that do not begin in between are left out. Words that were not heard stand between their neighbours.
    """
    heard = [word for word in transcript.heard_words if start_s <= word.span_s[0] < end_s]
    syllables = [syllable for word in heard for syllable in word.syllables]
    missing = [(gap, count) for gap, count in _missing(transcript.words, end_s) if start_s <= gap.end_s]
    words = [_word_span(word) for word in heard if word.text.strip()]
    lanes = (
        Lane(name="not heard", kind="gaps", spans=tuple(gap for gap, _ in missing)),
        Lane(name="words", kind="labels", spans=tuple(words)),
        Lane(name="syllables", kind="boxes", spans=tuple(_syllable_span(syllable) for syllable in syllables)),
        Lane(name="sounds", kind="boxes", spans=tuple(_phone_spans(syllables))),
    )
    return Chart(
        title=title,
        facts=(
            f"language {transcript.language}" if transcript.language != "und" else "language unknown",
            *_counts(words, syllables, sum(count for _, count in missing)),
        ),
        language=transcript.language,
        start_s=start_s,
        end_s=end_s,
        lanes=tuple(lane for lane in lanes if lane.spans),
        marks=(Marks(name="vowel onset", times_s=tuple(_short(syllable.vowel_s) for syllable in syllables)),),
    )


def _counts(words: Sequence[Span], syllables: Sequence[Syllable], missing: int) -> Iterator[str]:
    if words or missing:
        yield _counted(len(words), "word")
    yield _counted(len(syllables), "syllable")
    doubtful = sum(span.is_doubtful for span in words)
    if doubtful:
        yield f"{doubtful} doubtful (confidence below {DOUBTFUL * 100:.0f})"
    if missing:
        yield f"{missing} not heard"


def _counted(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"


def _short(time_s: float) -> float:
    """Return a time to a tenth of a millisecond: no eye sees more, and long charts stay small."""
    return round(time_s, 4)


def _word_span(word: Word) -> Span:
    start_s, end_s = word.span_s
    remark = "set by hand" if word.pinned else ""
    return Span(_short(start_s), _short(end_s), " ".join(word.text.split()), round(word.confidence, 3), remark)


def _syllable_span(syllable: Syllable) -> Span:
    remarks = (syllable.stress and f"stress {syllable.stress}", syllable.tone and f"tone {syllable.tone}")
    return Span(
        _short(syllable.start_s),
        _short(syllable.end_s),
        " ".join(syllable.text.split()),
        remark=", ".join(remark for remark in remarks if remark),
        core_start_s=_short(syllable.vowel_s),
        core_end_s=_short(syllable.vowel_end_s),
    )


def _phone_spans(syllables: Sequence[Syllable]) -> Iterator[Span]:
    for syllable in syllables:
        for phone in syllable.phones:
            yield Span(_short(phone.start_s), _short(phone.end_s), phone.phone)


def _missing(words: Sequence[Word], end_s: float) -> Iterator[tuple[Span, int]]:
    """Yield each stretch of words that were not heard, and how many they are, in words that begin before `end_s`."""
    before_s = 0.0
    groups = [(heard, list(group)) for heard, group in groupby(words, key=lambda word: word.heard)]
    for place, (heard, group) in enumerate(groups):
        if heard:
            before_s = max(word.span_s[1] for word in group)
            continue
        after_s = groups[place + 1][1][0].span_s[0] if place + 1 < len(groups) else max(before_s, end_s)
        if before_s < end_s or not before_s:
            start_s = min(before_s, after_s)
            yield Span(_short(start_s), _short(min(after_s, end_s)), _text(group), 0.0, "not heard"), len(group)


def _text(words: Sequence[Word]) -> str:
    text = ""
    for word in words:
        text += " " * wants_blank(text, word.text) + " ".join(word.text.split())
    return text


def pitch_curve(pitch: PitchTrack, *, start_s: float, name: str = "pitch") -> Curve:
    """Return `pitch`, which begins at `start_s`, with as many values as an eye can tell apart."""
    step = max(round(_CURVE_HOP_S / pitch.hop_s), -(-len(pitch.f0_hz) // MOST_CURVE_POINTS), 1)
    hz = tuple(round(float(value), 1) for value in pitch.f0_hz[::step])
    return Curve(name=name, start_s=start_s, hop_s=pitch.hop_s * step, hz=hz)


# ------------------------------------------------------------------ where labels find room


@dataclass(frozen=True, slots=True)
class Label:
    """A text `width` wide that would stand over `middle`, in pixels."""

    middle: float
    width: float


def place_labels(
    labels: Sequence[Label], *, rows: int, left: float, right: float, gap: float
) -> list[tuple[int, float] | None]:
    """Return for each label its row and left edge, or None where there is no room for it.

    Labels of a row never overlap, and lie `gap` apart, between `left` and `right`. A label may move sideways by a
    third of its width, and takes the first row, from 0, where that is enough. `labels` come in the order of middles.

    >>> place_labels([Label(10, 20), Label(25, 20), Label(30, 20)], rows=2, left=0, right=100, gap=2)
    [(0, 0.0), (1, 15.0), (0, 22.0)]
    """
    free = [left - gap] * rows
    placed: list[tuple[int, float] | None] = []
    for label in labels:
        wished = min(max(label.middle - label.width / 2, left), right - label.width)
        edges = [max(wished, end + gap) for end in free]
        fits = [
            row
            for row, edge in enumerate(edges)
            if edge >= left and edge - wished <= label.width / 3 and edge + label.width <= right
        ]
        if not fits:
            placed.append(None)
            continue
        placed.append((fits[0], edges[fits[0]]))
        free[fits[0]] = edges[fits[0]] + label.width
    return placed


def rows_s(chart: Chart, row_s: float) -> list[tuple[float, float]]:
    """Return where the rows of a long chart begin and end: at most `row_s` each, and between words where it can be.

    They tile the chart. A row ends late, but within its last third rather in a pause than where words touch.
    """
    main = next((lane.spans for lane in chart.lanes if lane.kind != "gaps"), ())
    edges, start_s = [chart.start_s], chart.start_s
    while chart.end_s - start_s > row_s * 1.02:
        start_s = _row_end(main, start_s + row_s * 2 / 3, start_s + row_s)
        edges.append(start_s)
    return list(zip(edges, [*edges[1:], chart.end_s], strict=True))


def _row_end(spans: Sequence[Span], first_s: float, last_s: float) -> float:
    """Return the best time between two times for a row to end; the later one where a span covers all between them."""
    near = [span for span in spans if span.end_s >= first_s and span.start_s <= last_s]
    ends_s = [first_s, *(span.end_s for span in near)]
    starts_s = [*(span.start_s for span in near), last_s]
    pauses = [(max(end_s, first_s), min(start_s, last_s)) for end_s, start_s in zip(ends_s, starts_s, strict=True)]
    goodness = [
        (min(start_s - end_s, _PAUSE_S) / _PAUSE_S + (start_s - first_s) / (last_s - first_s), start_s, end_s)
        for end_s, start_s in pauses
        if start_s >= end_s
    ]
    _, start_s, end_s = max(goodness, default=(0.0, last_s, last_s))
    return start_s - min(_PAUSE_S, start_s - end_s) / 2


# ------------------------------------------------------------------ colours


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The colours of a chart, as (red, green, blue).

    `heat` names lightness, chroma and hue (degrees) of Oklab along the levels of a spectrogram.
    """

    paper: Colour
    panel: Colour
    box: Colour
    core: Colour
    ink: Colour
    faint: Colour
    line: Colour
    onset: Colour
    curve: Colour
    outline: Colour
    sure: Colour
    unsure: Colour
    wrong: Colour
    missing: Colour
    heat: tuple[tuple[float, float, float], ...]


DARK = Theme(
    paper=(18, 16, 28),
    panel=(28, 25, 42),
    box=(44, 40, 66),
    core=(92, 82, 142),
    ink=(240, 238, 248),
    faint=(158, 152, 184),
    line=(70, 64, 98),
    onset=(255, 255, 255),
    curve=(94, 234, 255),
    outline=(12, 10, 22),
    sure=(62, 190, 168),
    unsure=(236, 184, 72),
    wrong=(255, 106, 77),
    missing=(255, 132, 160),
    heat=(
        (0.17, 0.03, 285),
        (0.33, 0.12, 295),
        (0.52, 0.18, 345),
        (0.70, 0.16, 400),
        (0.84, 0.13, 435),
        (0.97, 0.05, 465),
    ),
)
LIGHT = Theme(
    paper=(252, 251, 248),
    panel=(243, 241, 246),
    box=(226, 222, 238),
    core=(178, 166, 220),
    ink=(28, 24, 44),
    faint=(98, 92, 122),
    line=(200, 194, 216),
    onset=(20, 16, 40),
    curve=(0, 110, 160),
    outline=(255, 255, 255),
    sure=(18, 136, 118),
    unsure=(190, 128, 0),
    wrong=(206, 56, 24),
    missing=(196, 30, 88),
    heat=(
        (0.985, 0.005, 85),
        (0.90, 0.045, 40),
        (0.76, 0.12, 15),
        (0.58, 0.18, -15),
        (0.40, 0.15, -60),
        (0.22, 0.08, -75),
    ),
)


def confidence_colour(theme: Theme, confidence: float) -> Colour:
    """Return the colour of a `confidence` from 0 to 1: red to amber at one half, to green."""
    low, high = (theme.wrong, theme.unsure) if confidence < DOUBTFUL else (theme.unsure, theme.sure)
    share = min(1.0, confidence / DOUBTFUL if confidence < DOUBTFUL else (confidence - DOUBTFUL) / (1 - DOUBTFUL))
    red, green, blue = (round(a + share * (b - a)) for a, b in zip(low, high, strict=True))
    return red, green, blue


@lru_cache(maxsize=4)
def heat_map(theme: Theme) -> Shades:
    """Return the colours of a spectrogram's 256 shades, shape (256, 3)."""
    knots = np.asarray(theme.heat)
    lightness, chroma, hue = (np.interp(np.linspace(0, 1, 256), np.linspace(0, 1, len(knots)), row) for row in knots.T)
    angle = np.deg2rad(hue)
    colours = _oklab_to_linear(np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], axis=1))
    encoded = np.where(colours <= 0.0031308, 12.92 * colours, 1.055 * np.maximum(colours, 1e-9) ** (1 / 2.4) - 0.055)
    return np.asarray(np.clip(encoded * 255, 0, 255).round(), dtype=np.uint8)


def _oklab_to_linear(colours: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return Oklab colours, shape (colours, 3), as linear red, green and blue; the matrices are Ottosson's."""
    cones = colours @ np.array(
        [[1.0, 1.0, 1.0], [0.3963377774, -0.1055613458, -0.0894841775], [0.2158037573, -0.0638541728, -1.2914855480]]
    )
    return np.asarray(
        cones**3
        @ np.array(
            [
                [4.0767416621, -1.2684380046, -0.0041960863],
                [-3.3077115913, 2.6097574011, -0.7034186147],
                [0.2309699292, -0.3413193965, 1.7076147010],
            ]
        )
    )


# ------------------------------------------------------------------ the spectrogram


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """The levels, in decibels, that are shown as the first and the last of 256 shades."""

    low_db: float
    high_db: float


def exposure(sound: Sound) -> Exposure:
    """Return the levels between which `sound` is shown, as parts of it all along tell."""
    count = min(_TRIED_PARTS, max(1, int(sound.duration_s / _TRIED_S)))
    starts_s = (np.arange(count) + 0.5) * sound.duration_s / count - _TRIED_S / 2
    columns = round(_TRIED_S / _TRIED_COLUMN_S)
    parts = [
        spectrogram_db(
            sound.part(max(0.0, start_s), start_s + _TRIED_S),
            sound.rate,
            start_s=0.0,
            column_s=_TRIED_COLUMN_S,
            columns=min(columns, max(1, round(sound.duration_s / _TRIED_COLUMN_S))),
            rows=_TRIED_ROWS,
        )
        for start_s in starts_s.tolist()
    ]
    low_db, high_db = level_range_db(np.concatenate(parts, axis=1))
    return Exposure(low_db=low_db, high_db=high_db)


def shades(sound: Sound, shown: Exposure, *, start_s: float, column_s: float, columns: int, rows: int) -> Shades:
    """Return a part of the spectrogram of `sound`, shape (rows, columns), as shades 0 to 255; row 0 is the highest.

    `start_s` counts from the start of `sound`.
    """
    edge_s = 0.05
    first_s = max(0.0, start_s - edge_s)
    levels = spectrogram_db(
        sound.part(first_s, start_s + columns * column_s + edge_s),
        sound.rate,
        start_s=start_s - round(first_s * sound.rate) / sound.rate,
        column_s=column_s,
        columns=columns,
        rows=rows,
    )
    shares = (levels[::-1] - shown.low_db) / max(shown.high_db - shown.low_db, 1e-6)
    return np.asarray(np.clip(shares, 0, 1) * 255, dtype=np.uint8)
