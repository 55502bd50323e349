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
from shenqu.picture.chart import pitch_curve, words_chart
from shenqu.picture.page import Piece, chart_page
from shenqu.picture.sheet import draw_sheet, sheet_end_s
from shenqu.pipeline.hear import HEARING_RATE

PLOT_ENDINGS = (".png", ".html")
MOST_SOUND_S = 600.0
"""Of a page; more would make it too large to pass on."""
_PIECE_S = 30.0


def check_plot(path: Path) -> None:
    """Refuse a plot that is neither of `PLOT_ENDINGS`."""
    if path.suffix.lower() not in PLOT_ENDINGS:
        raise InputError(f"{path}: words are plotted as {' or '.join(PLOT_ENDINGS)}; choose such an ending for --plot")


def plot_words(path: Path, transcript: Transcript, speech: Path, options: WordsOptions) -> None:
    """Write the chart of `transcript`, heard in the recording `speech`, to `path`, whose ending says how."""
    sound = read_sound(speech, rate=HEARING_RATE, start_s=options.start_s, end_s=options.end_s, channel=options.speaker)
    end_s = options.start_s + sound.duration_s
    title = speech.name.encode(errors="replace").decode()  # a name on disk need not be in UTF-8
    chart = words_chart(transcript, title=title, start_s=options.start_s, end_s=end_s)
    if path.suffix.lower() == ".png":
        _write_sheet(path, chart, sound)
    else:
        _write_page(path, chart, sound)


def _write_sheet(path: Path, chart: Chart, sound: LongSound) -> None:
    end_s = sheet_end_s(chart)
    if end_s < chart.end_s:
        shown = f"only {chart.start_s:.1f} to {end_s:.1f} s of {chart.end_s:.1f} s are shown"
        chart = chart.replace(facts=(*chart.facts, shown))
        warnings.warn(f"{shown}; choose another part (--start, --end), or plot to .html", ShenquWarning, stacklevel=4)
    part = LongSound(pcm=sound.pcm[: round((end_s - chart.start_s) * sound.rate)], rate=sound.rate)
    texts = " ".join((chart.title, *(span.text for lane in chart.lanes for span in lane.spans)))
    typeface = find_typeface(texts, language=chart.language, bold=False)
    draw_sheet(_with_pitch(chart, part), part, typeface).save(path, format="PNG", compress_level=4)


def _write_page(path: Path, chart: Chart, sound: LongSound) -> None:
    heard_s = min(sound.duration_s, MOST_SOUND_S)
    note = "" if heard_s == sound.duration_s else f"sound of the first {heard_s:.0f} s only"
    pieces = list(sound_pieces(chart.start_s, sound, heard_s))
    page = chart_page(_with_pitch(chart, sound), sound, pieces=pieces, note=note)
    path.write_text(page, encoding="utf-8", newline="\n")


def _with_pitch(chart: Chart, sound: LongSound) -> Chart:
    pitch = track_long_pitch(sound)
    return chart.replace(curves=(pitch_curve(pitch, start_s=chart.start_s),)) if pitch.voiced.any() else chart


def sound_pieces(start_s: float, sound: LongSound, heard_s: float) -> Iterator[Piece]:
    """Yield the first `heard_s` seconds of `sound` in pieces; FLAC, as lossy sound begins late in some browsers."""
    with tempfile.TemporaryDirectory(prefix="shenqu-") as folder:
        file = Path(folder) / "piece.flac"
        for number in range(-(-int(heard_s * sound.rate) // int(_PIECE_S * sound.rate))):
            first_s, last_s = number * _PIECE_S, min((number + 1) * _PIECE_S, heard_s)
            encode_audio(file, Audio(samples=sound.part(first_s, last_s)[None, :], rate=sound.rate), tags={})
            yield Piece(start_s=start_s + first_s, end_s=start_s + last_s, encoded=file.read_bytes())
