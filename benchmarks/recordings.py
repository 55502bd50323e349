"""What is heard of songs whose melody, tempo and key are known: those that we make."""

from __future__ import annotations

import sys
import time
import warnings
from dataclasses import astuple, dataclass
from itertools import product
from pathlib import Path
from statistics import mean

import librosa
import mir_eval
import numpy as np
import soundfile

from benchmarks.figures import sung_notes
from benchmarks.material import Material, Recording
from benchmarks.report import number, table, verdict
from shenqu.documents.song import Song
from shenqu.errors import ShenquWarning
from shenqu.music.tempo import song_tempo
from shenqu.pipeline.doors import sing
from shenqu.pipeline.recorded import HeardSong, hear_song
from shenqu.units import pitch_to_hz

SPEECHES = ("jfk-inaugural", "perkins-security")
TUNES = (
    *("ode-to-joy", "yankee-doodle", "korobeiniki", "jasmine-flower"),
    *("auld-lang-syne", "oh-susanna", "clementine", "greensleeves"),
)
SOUNDS = ("vocal", "mix")
GOAL = 0.85
NEAR = 0.01
HEAD = ["sound", "precision", "recall", "F1", "with ends", "doubtful", "tempo", "librosa", "bars", "key", "time"]
COUNTS = (0.5, 1.0, 2.0)  # a beat may be counted either way


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingFigures:
    """What is measured of one recording: the fields are the table's columns."""

    precision: float
    recall: float
    onsets: float
    offsets: float
    doubtful: float
    tempo: bool
    librosa_tempo: bool
    bars: bool
    key: bool
    time: float


def describe_recordings(material: Material, workshop: Path) -> str:
    """Return the section on songs heard from recordings."""
    recordings = [one for one in material.recordings if one.name in SPEECHES] or material.recordings[:2]
    found: dict[str, list[HearingFigures]] = {sound: [] for sound in SOUNDS}
    for recording, tune in product(recordings, TUNES):
        song, folder = _sung(recording, tune, workshop)
        for sound in SOUNDS:
            found[sound].append(_measured(song, folder, sound))
            print(f"{recording.name} on {tune}, {sound}: {found[sound][-1]}", file=sys.stderr, flush=True)
    reached = mean(figures.onsets for figures in found["vocal"]), mean(figures.onsets for figures in found["mix"])
    count = len(found["vocal"])
    return "\n\n".join(
        [
            f"## Recordings as tunes ({count} songs)",
            "Songs made on known tunes, heard again with `--tune`, as the tune that is written down: quantised, "
            "at its own tempo. Notes against `vocal.mid` by mir_eval (onsets within 50 ms, pitch within 50 cents;"
            " *with ends* within 50 ms or a fifth of the note too). *Tempo* within 1 %, a beat counted twice or "
            "half as fast allowed; *librosa*: its beat tracker on the same sound; *bars*: the first bar line "
            "within 60 ms of one; *time*: CPU seconds a second of song, the most. No separator is installed: in "
            "`mix.wav` the melody is heard beside the band.",
            table(
                [
                    "sound",
                    "precision",
                    "recall",
                    "F1",
                    "with ends",
                    "doubtful",
                    "tempo",
                    "librosa",
                    "bars",
                    "key",
                    "time",
                ],
                [[f"{sound}.wav", *_row(figures)] for sound, figures in found.items()],
            ),
            f"Goal: F1 {GOAL}: {verdict(reached[0] >= GOAL)} on the voice alone, {verdict(reached[1] >= GOAL)} beside "
            "the band.",
        ]
    )


def _sung(recording: Recording, tune: str, workshop: Path) -> tuple[Song, Path]:
    folder = workshop / f"heard-{recording.name}-{tune}"
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "song.wav"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShenquWarning)
        made = sing(recording.path, tune, out=out, stems=folder, text=recording.text, picture="none", force=True)
    return made.song, folder


def _measured(song: Song, folder: Path, sound: str) -> HearingFigures:
    path, started_s = folder / f"{sound}.wav", time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShenquWarning)
        heard = hear_song(path)
    took_s = time.process_time() - started_s
    truth = [(start_s, end_s, pitch) for start_s, end_s, pitch, _ in sung_notes(folder / "vocal.mid")]
    precision, recall, onsets, _ = _agreement(truth, _heard_notes(heard), offset_ratio=None)
    bpm = song.tune.tempi[0].bpm * song.tempo_factor
    metre = song.tune.metres[0]
    compound = metre.denominator == 8 and metre.numerator % 3 == 0
    key = ((song.tune.tonic + song.transpose) % 12, song.tune.scale)
    return HearingFigures(
        precision=precision,
        recall=recall,
        onsets=onsets,
        offsets=_agreement(truth, _heard_notes(heard), offset_ratio=0.2)[2],
        doubtful=len(heard.tune.doubtful) / len(heard.tune.notes),
        tempo=_counted(heard.tune.tempi[0].bpm / bpm),
        librosa_tempo=_counted(_librosa_bpm(path) * (1.5 if compound else 1.0) / bpm),
        bars=_on_a_bar(song, heard.first_bar_s),
        key=(heard.tune.tonic, heard.tune.scale) == key,
        time=took_s / soundfile.info(path).duration,
    )


def _heard_notes(heard: HeardSong) -> list[tuple[float, float, int]]:
    """Return the notes of the tune that was written down, in seconds of its recording."""
    clock = song_tempo(heard.tune, tempo_factor=1.0)
    late_s = heard.first_bar_s - clock.beat_to_s(heard.tune.upbeat_beat)
    return [
        (clock.beat_to_s(note.onset_beat) + late_s, clock.beat_to_s(note.end_beat) + late_s, note.pitch)
        for note in heard.tune.notes
    ]


def _agreement(
    truth: list[tuple[float, float, int]], heard: list[tuple[float, float, int]], *, offset_ratio: float | None
) -> tuple[float, float, float, float]:
    lines = []
    for notes in (truth, heard):
        lines += [np.array([note[:2] for note in notes]), pitch_to_hz(np.array([float(note[2]) for note in notes]))]
    return mir_eval.transcription.precision_recall_f1_overlap(*lines, offset_ratio=offset_ratio)


def _librosa_bpm(path: Path) -> float:
    samples, rate = librosa.load(path, sr=22_050)
    _, beats = librosa.beat.beat_track(y=samples, sr=rate, hop_length=256, units="time")
    return float(60.0 / np.polyfit(np.arange(len(beats)), beats, 1)[0]) if len(beats) > 2 else 1.0


def _counted(ratio: float) -> bool:
    return min(abs(ratio * count - 1.0) for count in COUNTS) < NEAR


def _on_a_bar(song: Song, first_bar_s: float) -> bool:
    clock = song_tempo(song.tune, tempo_factor=song.tempo_factor, count_in_beat=song.count_in_beat)
    metre, first = song.tune.metres[0], clock.beat_to_s(song.tune.upbeat_beat)
    bar_s = 240.0 * metre.numerator / metre.denominator / (song.tune.tempi[0].bpm * song.tempo_factor)
    return abs((first_bar_s - first + bar_s / 2.0) % bar_s - bar_s / 2.0) < 0.06


def _row(found: list[HearingFigures]) -> list[str]:
    *shares, tempo, other, bars, key, took = zip(*map(astuple, found), strict=True)
    counted = [f"{sum(right)} of {len(right)}" for right in (tempo, other, bars, key)]
    return [*(number(mean(values), 2) for values in shares), *counted, number(max(took), 3)]
