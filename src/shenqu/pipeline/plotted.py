"""A picture of the words: a chart of what was heard, over the sound it was heard in."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from shenqu.documents.audio import Audio, LongSound
from shenqu.documents.chart import Chart
from shenqu.documents.options import WordsOptions
from shenqu.documents.speech import Transcript
from shenqu.engines.swift_pitch import track_long_pitch
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.audio import encode_audio, read_sound
from shenqu.media.fonts import find_typeface
from shenqu.picture.chart import words_chart
from shenqu.picture.page import Piece, chart_page
from shenqu.picture.sheet import draw_sheet, sheet_end_s

PLOT_ENDINGS = (".png", ".html")
HEARING_RATE = 16_000
MOST_SOUND_S = 600.0
"""Of a page; more would make it too large to pass on."""
_PIECE_S = 30.0


def check_plot(path: Path) -> None:
    """Refuse a plot that is neither of `PLOT_ENDINGS`."""
    if path.suffix.lower() not in PLOT_ENDINGS:
        raise InputError(f"{path}: words are plotted as {' or '.join(PLOT_ENDINGS)}; choose such an ending for --plot")


def plot_words(path: Path, transcript: Transcript, speech: Path, options: WordsOptions, *, ending: str) -> None:
    """Write the chart of `transcript`, heard in `speech`, to `path`, as the `ending` says, one of `PLOT_ENDINGS`."""
    sound = read_sound(speech, rate=HEARING_RATE, start_s=options.start_s, end_s=options.end_s)
    chart = words_chart(
        transcript,
        title=speech.name,
        start_s=options.start_s,
        end_s=options.start_s + sound.duration_s,
        pitch=track_long_pitch(sound),
    )
    if ending == ".png":
        _write_sheet(path, chart, sound)
    else:
        _write_page(path, chart, sound)


def _write_sheet(path: Path, chart: Chart, sound: LongSound) -> None:
    end_s = sheet_end_s(chart)
    if end_s < chart.end_s:
        shown = f"only {chart.start_s:.1f} to {end_s:.1f} s of {chart.end_s:.1f} s are shown"
        chart = chart.replace(facts=(*chart.facts, shown))
        warnings.warn(f"{shown}; choose another part (--start, --end), or plot to .html", ShenquWarning, stacklevel=3)
    texts = " ".join((chart.title, *(span.text for lane in chart.lanes for span in lane.spans)))
    image = draw_sheet(chart, sound, find_typeface(texts, language=chart.language))
    image.save(path, format="PNG", compress_level=4)


def _write_page(path: Path, chart: Chart, sound: LongSound) -> None:
    heard_s = min(sound.duration_s, MOST_SOUND_S)
    note = "" if heard_s == sound.duration_s else f"with sound for the first {heard_s / 60:.0f} minutes"
    pieces = list(_pieces(chart.start_s, sound, heard_s))
    path.write_text(chart_page(chart, sound, pieces=pieces, note=note), encoding="utf-8", newline="\n")


def _pieces(start_s: float, sound: LongSound, heard_s: float) -> Iterator[Piece]:
    """Yield the first `heard_s` seconds of `sound` in pieces; FLAC, as lossy sound begins late in some browsers."""
    with tempfile.TemporaryDirectory(prefix="shenqu-") as folder:
        file = Path(folder) / "piece.flac"
        for number in range(-(-int(heard_s * sound.rate) // int(_PIECE_S * sound.rate))):
            first_s, last_s = number * _PIECE_S, min((number + 1) * _PIECE_S, heard_s)
            encode_audio(file, Audio(samples=sound.part(first_s, last_s)[None, :], rate=sound.rate), tags={})
            yield Piece(start_s=start_s + first_s, end_s=start_s + last_s, encoded=file.read_bytes())
