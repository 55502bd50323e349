"""What of the speaker sounds beside the lead: figures, second voices, spoken quotes."""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shenqu.cache import ArrayCache
from shenqu.documents.audio import Samples
from shenqu.documents.figure import Figure, Stroke
from shenqu.documents.performance import TempoMap
from shenqu.documents.picture import Quote
from shenqu.documents.song import Song
from shenqu.media.audio import audio_duration
from shenqu.pipeline.spoken import part_read, read_material
from shenqu.singing.figures import check_figures, play_figures, sing_beside
from shenqu.singing.material import Material
from shenqu.singing.unit import Take
from shenqu.units import SONG_RATE

_OWN = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if sys.platform != "win32" else {}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beside:
    """Sounds of shape (2, n) beside the lead: `quotes` as they were spoken, `figures` all others; None where none."""

    figures: Samples | None
    quotes: Samples | None


def quotes_of(song: Song, clock: TempoMap) -> tuple[Quote, ...]:
    """Return when which speech is heard as it was spoken."""
    spoken = [figure for figure in song.figures if figure.kind == "spoken" and not figure.reverse]
    return tuple(_quote(figure, stroke, clock) for figure in spoken for stroke in figure.strokes)


def _quote(figure: Figure, stroke: Stroke, clock: TempoMap) -> Quote:
    onset_beat = figure.onset_beat + stroke.onset_beat
    beat_s, until_s = clock.beat_to_s(onset_beat), clock.beat_to_s(onset_beat + stroke.length_beat)
    return Quote(
        start_s=beat_s - (figure.beat_s - figure.start_s),
        end_s=min(until_s, beat_s + figure.end_s - figure.beat_s),
        speech_s=figure.start_s,
    )


def play_beside(
    song: Song, speech: Path, material: Material, clock: TempoMap, *, duration_s: float, take: Take
) -> Beside:
    """Return what sounds beside the lead of `song`, which is sung from `material` in that `take`.

    Figures of other parts of the recording than the lead's have these read too, each stretch by itself.

    Raises
    ------
    InputError
        Where a figure or a voice cannot be made, naming it.
    """
    if song.figures:
        check_figures(song.figures, clock, speech_end_s=audio_duration(speech))
    memory = ArrayCache()
    quoted = [figure for figure in song.figures if figure.kind == "spoken"]
    others = [figure for figure in song.figures if figure.kind != "spoken"]
    quotes = _silence(duration_s) if quoted else None
    figures = _silence(duration_s) if others or song.voices else None
    for out, wanted in ((quotes, quoted), (figures, others)):
        if out is not None:
            for some, of in _by_part(song, speech, wanted, material, memory):
                play_figures(out, some, of, clock, take=take, memory=memory)
    for voice in song.voices:
        assert figures is not None
        sing_beside(
            figures,
            voice,
            material,
            song.transcript,
            clock,
            mode=song.options.mode,
            style=song.options.style,
            take=take,
            memory=memory,
        )
    memory.tidy()
    return Beside(figures=figures, quotes=quotes)


def _silence(duration_s: float) -> Samples:
    """Return silence that takes memory only where something is added: numpy's own asks for pages of 2 MB."""
    count = round(duration_s * SONG_RATE)
    return np.frombuffer(mmap.mmap(-1, max(1, 8 * count), **_OWN), dtype=np.float32, count=2 * count).reshape(2, count)


def _by_part(
    song: Song, speech: Path, figures: Sequence[Figure], material: Material, memory: ArrayCache
) -> Iterator[tuple[list[Figure], Material]]:
    """Yield the figures by the part of the recording that they are made of: the lead's, where it holds them."""
    end_s = material.origin_s + len(material.samples) / material.rate
    near = [figure for figure in figures if material.origin_s <= figure.start_s and figure.end_s <= end_s]
    if near:
        yield near, material
    parts: dict[tuple[float, float], list[Figure]] = {}
    for figure in figures:
        if figure not in near:
            parts.setdefault(part_read((figure.start_s, figure.end_s)), []).append(figure)
    for part, some in parts.items():
        yield some, read_material(song, speech, part, memory)[0]
