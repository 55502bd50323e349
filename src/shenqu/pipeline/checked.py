"""A song measured: sung again as its document says, and its sound compared with its notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import soxr

from shenqu.documents.audio import LongSound
from shenqu.documents.check import SongCheck
from shenqu.documents.codec import encode
from shenqu.documents.cues import columns
from shenqu.documents.song import Song
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.engines.swift_pitch import track_pitch
from shenqu.mixing.masking import voice_over_band_db
from shenqu.music.lint import lint_song, lint_sung
from shenqu.picture.page import chart_page
from shenqu.picture.song_chart import CRAFT_HEAD, NOTE_HEAD, craft_cells, note_cells, song_chart, song_facts
from shenqu.pipeline.plotted import sound_pieces
from shenqu.pipeline.render import Lead, all_beside, lay_bed, render_lead
from shenqu.pipeline.report import Report
from shenqu.singing.measure import measure
from shenqu.units import SONG_RATE

PAGE_RATE = 24_000


def check_song(
    song: Song, speeches: Sequence[Path], *, report: Report, backing: Path | None = None
) -> tuple[SongCheck, Lead, PitchTrack]:
    """Return how well `song` is sung by the recordings at `speeches`, its lead voice, and the pitch of that.

    `backing` is where the recording is that plays in place of the band, if one does.
    """
    lead = render_lead(song, speeches, report=report)
    bed = lay_bed(song, lead.vocal, all_beside(song, lead), lead.clock, report=report, backing=backing)
    report("measuring", 0.0)
    pitch = track_pitch(lead.vocal, SONG_RATE)
    check = measure(
        lead.vocal,
        SONG_RATE,
        lead.performance,
        song.transcript,
        pitch=pitch,
        spoken=lead.spoken,
        spoken_origin_s=lead.spoken_origin_s,
        title=song.title,
    )
    ratios_db = voice_over_band_db(lead.vocal, bed.samples, SONG_RATE)
    craft = (*lint_song(song), *lint_sung(song, lead.performance, check.notes, ratios_db))
    return check.replace(craft=craft), lead, pitch


def check_page(check: SongCheck, lead: Lead, pitch: PitchTrack, *, language: str) -> str:
    """Return the page that shows a measured song, in which every note can be heard."""
    samples = soxr.resample(lead.vocal, SONG_RATE, PAGE_RATE)
    sound = LongSound(pcm=np.clip(np.round(samples * 32767.0), -32768, 32767).astype(np.int16), rate=PAGE_RATE)
    chart = song_chart(check, pitch, lead.vocal, SONG_RATE, language=language)
    return chart_page(chart, sound, pieces=list(sound_pieces(0.0, sound, sound.duration_s)))


def write_check(check: SongCheck, form: Literal["table", "json"] = "table") -> str:
    """Return what was measured, as a table to read or as JSON."""
    if form == "json":
        return encode(check).decode()
    last_line = f"{check.title}: {'; '.join(song_facts(check))}"
    return "\n".join([*_rows(check), "", *_craft_rows(check), "", last_line, ""])


WIDTHS = (8, -5, -12, 6, 8, 7, 8, 8, 6, 7, 0)
CRAFT_WIDTHS = (-17, -4, 10, 14, 0)
"""Of columns; where below 0, what is in them lies to the left."""


def _rows(check: SongCheck) -> Iterator[str]:
    yield _row(NOTE_HEAD, WIDTHS)
    yield from (_row(note_cells(note), WIDTHS) for note in check.notes)


def _craft_rows(check: SongCheck) -> Iterator[str]:
    yield _row(CRAFT_HEAD, CRAFT_WIDTHS)
    yield from (_row(craft_cells(row), CRAFT_WIDTHS) for row in check.craft)


def _row(cells: tuple[str, ...], widths: tuple[int, ...]) -> str:
    padded = (
        cell + " " * (-width - columns(cell)) if width < 0 else " " * (width - columns(cell)) + cell
        for cell, width in zip(cells, widths, strict=True)
    )
    return " ".join(padded).rstrip()
