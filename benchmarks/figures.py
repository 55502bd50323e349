"""Pictures for the documentation: a frame of a song above what was spoken and what is sung.

`python -m benchmarks.figures` draws the demo's; `python -m benchmarks.figures SONG.shenqu PICTURE.png [START_S]`
that of any song, from START_S on.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import av
import mido
import numpy as np
from matplotlib import font_manager
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedFormatter, FixedLocator, MultipleLocator, NullLocator
from PIL import Image
from scipy.signal import spectrogram

from shenqu.documents.audio import Audio
from shenqu.engines.swift_pitch import track_pitch
from shenqu.media.audio import read_audio
from shenqu.pipeline.doors import demo, read_song, render
from shenqu.units import pitch_to_hz

DEMO = Path(__file__).parents[1] / "docs" / "images" / "demo.png"
DEMO_START_S, SHOWN_S, SPOKEN_S = 5.05, 6.2, 1.85
LOWEST_HZ, HIGHEST_HZ = 92.0, 1500.0
NIGHT, HAZE, AMBER, LILAC, WHITE = "#0b0a16", "#171430", "#ffb133", "#8a86d6", "#f2f0ff"
COLOURS = LinearSegmentedColormap.from_list("night", [NIGHT, "#151132", "#2b2264", "#54469f", "#8a7fd0"])
FONTS = ("DejaVu Sans", "Noto Sans CJK SC", "Noto Sans CJK JP")
RATE = 16_000
SungNote = tuple[float, float, int, str]  # start_s, end_s, pitch, lyric


def draw_song(document: Path, film: Path, stems: Path, picture: Path, *, start_s: float) -> None:
    """Draw a frame of `film` above the speech and, from `start_s` on, the voice of the song `document`."""
    song = read_song(document)
    speech = read_audio(document.parent / song.sources[0].path, rate=RATE)
    syllables = song.transcript.syllables
    notes = sung_notes(stems / "vocal.mid")
    shown_s = (start_s, start_s + SHOWN_S)
    installed = {font.name for font in font_manager.fontManager.ttflist}
    with plt.rc_context({"font.family": [font for font in FONTS if font in installed], "font.size": 11}):
        figure = plt.figure(figsize=(12.0, 8.7), facecolor=NIGHT)
        grid = figure.add_gridspec(2, 2, height_ratios=(4.62, 3.3), width_ratios=(8.2, 3.0), hspace=0.1, wspace=0.13)
        _draw_frame(figure.add_subplot(grid[0, 0]), film, sum(shown_s) / 2)
        spoken, sung = figure.add_subplot(grid[0, 1]), figure.add_subplot(grid[1, :])
        first_s = max(0.0, syllables[0].start_s - 0.1)
        _draw_sound(spoken, speech, first_s, first_s + SPOKEN_S, "as spoken")
        _draw_sound(sung, read_audio(stems / "vocal.wav", rate=RATE), *shown_s, "as sung")
        _draw_notes(sung, notes, *shown_s)
        figure.subplots_adjust(left=0.06, right=0.99, top=0.985, bottom=0.05)
        figure.savefig(picture, dpi=100, facecolor=NIGHT)
        with Image.open(picture) as full:  # a page need not load half a megabyte
            small = full.convert("RGB").quantize(160, dither=Image.Dither.NONE)
        small.save(picture, optimize=True)
        plt.close(figure)


def sung_notes(midi: Path) -> list[SungNote]:
    """Return the notes of a song's vocal.mid, in order."""
    now_s, lyric, open_s, notes = 0.0, "", 0.0, []
    for message in mido.MidiFile(midi, charset="utf-8"):
        now_s += message.time
        if message.type == "lyrics":
            lyric = message.text
        elif message.type == "note_on" and message.velocity:
            open_s = now_s
        elif message.type in {"note_on", "note_off"}:
            notes.append((open_s, now_s, message.note, lyric))
            lyric = ""
    return notes


def _draw_frame(axes: Axes, film: Path, at_s: float) -> None:
    with av.open(str(film)) as container:
        frame = next(frame for frame in container.decode(video=0) if frame.time is not None and frame.time >= at_s)
    axes.imshow(frame.to_ndarray(format="rgb24"), interpolation="lanczos")
    axes.set_axis_off()


def _draw_sound(axes: Axes, audio: Audio, start_s: float, end_s: float, title: str) -> None:
    """Draw the spectrogram of a part of `audio`, and its pitch as a line."""
    samples = audio.mono
    hz, times, power = spectrogram(samples, audio.rate, nperseg=1400, noverlap=1400 - 80, nfft=8192, window="hann")
    level_db = 10.0 * np.log10(power + 1e-14)
    loudest = np.percentile(level_db, 99.7)
    axes.pcolormesh(times, hz[1:], level_db[1:], cmap=COLOURS, vmin=loudest - 50, vmax=loudest, rasterized=True)
    pitch = track_pitch(samples, audio.rate)
    pitch_hz = np.where(pitch.voiced, pitch.f0_hz, np.nan)
    axes.plot(np.arange(len(pitch_hz)) * pitch.hop_s, pitch_hz, color=AMBER, linewidth=2.0, solid_capstyle="round")
    axes.set_xlim(start_s, end_s)
    _style(axes, title)


def _style(axes: Axes, title: str) -> None:
    axes.set_yscale("log")
    axes.set_ylim(LOWEST_HZ, HIGHEST_HZ)
    ticks = (100, 200, 400, 800)
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_major_formatter(FixedFormatter([f"{tick} Hz" for tick in ticks]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.tick_params(colors=LILAC, length=3)
    axes.set_facecolor(NIGHT)
    for spine in axes.spines.values():
        spine.set_color(HAZE)
    axes.text(0.015, 0.965, title, transform=axes.transAxes, color=WHITE, va="top", fontsize=14, fontweight="bold")
    axes.xaxis.set_major_locator(MultipleLocator(1.0))
    axes.xaxis.set_major_formatter("{x:.0f} s")


def _draw_notes(axes: Axes, notes: Sequence[SungNote], start_s: float, end_s: float) -> None:
    """Draw each note as a box of a semitone, with its syllable below."""
    for note_s, note_end_s, pitch, lyric in notes:
        if note_s < start_s or note_s >= end_s:
            continue
        low_hz, high_hz = (float(pitch_to_hz(pitch + edge)) for edge in (-0.5, 0.5))
        size = note_end_s - note_s, high_hz - low_hz
        axes.add_patch(Rectangle((note_s, low_hz), *size, edgecolor=WHITE, facecolor="#ffffff30", linewidth=1.0))
        if lyric not in {"", "+", "-"}:
            axes.text(note_s + 0.03, 0.93 * low_hz, lyric, color=WHITE, fontsize=12, va="center", clip_on=True)


def _draw_document(document: Path, picture: Path, start_s: float, workshop: Path) -> None:
    film, stems = workshop / "song.mp4", workshop / "stems"
    render(document, out=film, stems=stems)
    draw_song(document, film, stems, picture, start_s=start_s)


def main(arguments: Sequence[str]) -> None:
    """Draw the demo's picture, or that of the song that is named."""
    with tempfile.TemporaryDirectory(prefix="shenqu-figures-") as folder:
        workshop = Path(folder)
        if arguments:
            document, picture, *start_s = arguments
            _draw_document(Path(document), Path(picture), float(start_s[0]) if start_s else 0.0, workshop)
            return
        made = demo(out=workshop / "demo.mp4")
        DEMO.parent.mkdir(parents=True, exist_ok=True)
        _draw_document(made.document, DEMO, DEMO_START_S, workshop)


if __name__ == "__main__":
    main(sys.argv[1:])
