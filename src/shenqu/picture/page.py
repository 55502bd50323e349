"""A chart as one page for a browser: it can be zoomed, read word by word, and heard, without any network.

The page is a single file. Its script and style are those beside this module; what is charted goes in as
JSON, which the script sets as text and draws on a canvas: no word of a recording is ever read as markup.
A Content-Security-Policy allows that one script, that one style, and pictures out of the page itself.

References
----------
W3C, Content Security Policy Level 3: hashes of inline scripts and styles.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.resources import files

import msgspec
from PIL import Image

from shenqu.documents.audio import Sound
from shenqu.documents.chart import DOUBTFUL, Chart
from shenqu.picture.chart import DARK, HIGHEST_HZ, LIGHT, LOWEST_HZ, Exposure, Theme, exposure, heat_map, shades

MOST_COLUMNS = 360_000
"""Of the spectrogram of a page: 200 a second for half an hour, fewer of more."""
_FINEST_COLUMN_S = 0.004
_TILE_COLUMNS, _TILE_ROWS = 4000, 128
_OVERVIEW_COLUMNS, _OVERVIEW_ROWS = 3000, 64
_JPEG_QUALITY = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a recording, encoded as a sound file that browsers play."""

    start_s: float
    end_s: float
    encoded: bytes


def chart_page(chart: Chart, sound: Sound, *, pieces: Sequence[Piece] = (), note: str = "") -> str:
    """Return the page of `chart`, whose start is the start of `sound`.

    `pieces`, in order and without gaps, can be heard from the page; `note` is a remark on them.
    """
    shown = exposure(sound)
    data = {
        "chart": chart,
        "overview": _tile(chart, sound, shown, columns=_OVERVIEW_COLUMNS, rows=_OVERVIEW_ROWS),
        "tiles": list(_tiles(chart, sound, shown)),
        "pieces": [
            {"start_s": piece.start_s, "end_s": piece.end_s, "sound": base64.b64encode(piece.encoded).decode()}
            for piece in pieces
        ],
        "rate": sound.rate,
        "themes": {"dark": _theme(DARK), "light": _theme(LIGHT), "doubtful": DOUBTFUL},
        "lowest_hz": LOWEST_HZ,
        "highest_hz": HIGHEST_HZ,
    }
    script, style = _resource("page.js"), _properties() + _resource("page.css")
    policy = (
        f"default-src 'none'; img-src data:; script-src {_hash(script)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return PAGE.format(
        policy=policy,
        style=style,
        script=script,
        data=_safe_json(data),
        **_wording(chart),
        title=html.escape(" ".join(chart.title.split())),
        facts="".join(f"<span>{html.escape(fact)}</span>" for fact in (*chart.facts, *([note] if note else []))),
        legend="".join(_legend(chart)),
    )


PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1 dir="auto">{title}</h1>
<p class="facts">{facts}</p>
</header>
<main>
<div class="bar" role="toolbar" aria-label="Sound and view">
<button type="button" id="play">Play from here</button>
<button type="button" id="doubt">{next}</button>
<button type="button" id="out" aria-label="Zoom out">&minus;</button>
<button type="button" id="in" aria-label="Zoom in">+</button>
<button type="button" id="whole">Whole</button>
<output id="scale"></output>
<span class="gap"></span>
<div class="legend">{legend}</div>
</div>
<canvas id="overview" role="img" aria-label="Overview of the recording; drag to move the chart below"></canvas>
<div id="view" tabindex="0" role="group" aria-label="Chart over time">
<canvas id="chart" role="img" aria-label="{shows}"></canvas>
<div id="track"></div>
</div>
<p id="told" role="status"></p>
{listed}
<p class="help">{keys}</p>
<noscript><p>This page draws with a script of its own; allow scripts to see it.</p></noscript>
</main>
<div id="tip" hidden aria-hidden="true"></div>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def _wording(chart: Chart) -> dict[str, str]:
    """Return how the page speaks of what it shows: words that were heard, or notes that were sung."""
    if chart.table is None:
        return {
            "next": "Next doubtful",
            "shows": "Spectrogram with words, syllables and sounds below it; the same words follow as a list",
            "listed": '<ul id="text" aria-label="Words in order"></ul>',
            "keys": "".join(_keys("word", "next doubtful or missing word")),
        }
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in ("", *chart.table.head))
    return {
        "next": "Next bad note",
        "shows": "Notes with the pitch sung on them, level, spectrogram and words; the same notes follow as a table",
        "listed": '<label class="only"><input type="checkbox" id="only"> bad notes only</label><div class="rows">'
        f'<table aria-label="Notes in order"><thead><tr>{head}</tr></thead><tbody id="text"></tbody></table></div>',
        "keys": "".join(_keys("note", "next bad note")),
    }


def _legend(chart: Chart) -> Iterator[str]:
    spans = [span for lane in chart.lanes for span in lane.spans]
    if any(span.confidence is not None for lane in chart.lanes if lane.kind != "gaps" for span in lane.spans):
        yield _sign("confidence", 70, "confidence, 0 to 100")
    yield from (_sign("marks", 12, marks.name) for marks in chart.marks)
    if chart.bars:
        yield _sign("bar", 24, "note")
        yield _sign("bad", 24, "bad note")
        yield _sign("onset", 12, "where its sound rises")
    yield from (_sign("curves", 24, curve.name) for curve in chart.curves)
    if any(span.core_start_s is not None for span in spans):
        yield _sign("core", 24, "vowel in its syllable")
    yield from (_sign("gaps", 24, f"in the text, {lane.name}") for lane in chart.lanes if lane.kind == "gaps")


def _sign(name: str, wide: int, text: str) -> str:
    return f'<span><canvas data-sign="{name}" data-wide="{wide}" aria-hidden="true"></canvas>{html.escape(text)}</span>'


def _keys(thing: str, sought: str) -> Iterator[str]:
    for keys, does in (
        ("← →", f"{thing} before, {thing} after"),
        ("Enter Space", "hear it"),
        ("D", sought),
        ("+ −", "zoom, also Ctrl and wheel"),
        ("0", "whole"),
        ("Esc", "stop"),
    ):
        yield " ".join(f"<kbd>{key}</kbd>" for key in keys.split()) + f" {does} &emsp; "


def _tiles(chart: Chart, sound: Sound, shown: Exposure) -> Iterator[dict[str, object]]:
    """Yield the spectrogram in tiles that are as fine as all of it may be large."""
    column_s = max(_FINEST_COLUMN_S, chart.duration_s / MOST_COLUMNS)
    tile_s = column_s * _TILE_COLUMNS
    start_s = chart.start_s
    while start_s < chart.end_s:
        end_s = min(start_s + tile_s, chart.end_s)
        part = chart.replace(start_s=start_s, end_s=end_s)
        columns = max(1, round((end_s - start_s) / column_s))
        yield _tile(part, sound, shown, columns=columns, rows=_TILE_ROWS, offset_s=start_s - chart.start_s)
        start_s += tile_s


def _tile(
    chart: Chart, sound: Sound, shown: Exposure, *, columns: int, rows: int, offset_s: float = 0.0
) -> dict[str, object]:
    part = shades(sound, shown, start_s=offset_s, column_s=chart.duration_s / columns, columns=columns, rows=rows)
    buffer = io.BytesIO()
    Image.fromarray(part).save(buffer, format="JPEG", quality=_JPEG_QUALITY)
    picture = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
    return {"start_s": chart.start_s, "end_s": chart.end_s, "picture": picture}


def _colours(theme: Theme) -> dict[str, str]:
    names = [field.name for field in fields(theme) if field.name != "heat"]
    return {name: "#{:02x}{:02x}{:02x}".format(*getattr(theme, name)) for name in names}


def _theme(theme: Theme) -> dict[str, str]:
    return {**_colours(theme), "heat": base64.b64encode(heat_map(theme).tobytes()).decode()}


def _properties() -> str:
    light, dark = (
        ";".join(f"--{name}:{colour}" for name, colour in _colours(theme).items()) for theme in (LIGHT, DARK)
    )
    return f":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"


@lru_cache(maxsize=4)
def _resource(name: str) -> str:
    return files("shenqu.picture").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _safe_json(data: object) -> str:
    """Return `data` as JSON in which nothing can end the element that holds it."""
    text = msgspec.json.encode(data).decode()
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
