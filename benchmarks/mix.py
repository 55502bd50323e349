"""The mix, measured from its stems: are the words still understood, and how do voice and band lie to each other?"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import product
from pathlib import Path
from statistics import mean

import mido
import numpy as np
import numpy.typing as npt
import pyloudnorm
import soundfile
import soxr
from scipy.signal import butter, sosfilt

from benchmarks.material import Material, Recording
from benchmarks.report import number, table, verdict
from benchmarks.singing.understood import find_model, sung_words, tokens, word_accuracy
from benchmarks.usage import shenqu
from shenqu.documents.song import Song
from shenqu.mixing.mixdown import mix
from shenqu.pipeline.doors import sing
from shenqu.units import SONG_RATE

SPEECHES = ("jfk-inaugural", "jfk-moon", "fdr-fear", "perkins-security", "libri_61-70968-0000", "flite_slt_04")
TUNES = ("ode-to-joy", "yankee-doodle", "korobeiniki")
STYLES = ("square-dance", "chiptune", "eurobeat")
WORDS_HZ = (1000.0, 4000.0)
WINDOW_S, SOUNDING_DB = 0.4, -25.0
WORDS_GOAL, CPU_GOAL, MEMORY_GOAL_MB = 0.85, 0.05, 400
LONG_S = 240.0

Sound = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class MixFigures:
    """What is measured of one mix: the fields are the table's columns."""

    dry: float
    words: float
    ratio_db: float
    worst_db: float
    lufs: float
    peak_db: float
    range_lu: float
    mono: float
    cpu: float


def describe_mix(material: Material, workshop: Path) -> str:
    """Return the section on the mix."""
    model = find_model()
    recordings = [recording for recording in material.recordings if recording.name in SPEECHES]
    rows, every = [], []
    for style in STYLES:
        found = []
        for recording, tune in product(recordings or material.recordings, TUNES):
            found.append(_measured(recording, tune, style, workshop, model))
            print(f"{recording.name} on {tune}, {style}: {found[-1]}", file=sys.stderr, flush=True)
        rows.append([style, *_row(found)])
        every += found
    rows.append(["**all**", *_row(every)])
    kept, most = _kept(every), max(figures.cpu for figures in every)
    head = [
        "band",
        "songs",
        "words, dry",
        "in the mix",
        "kept",
        "1-4 kHz, dB",
        "worst",
        "LUFS",
        "dBTP",
        "LRA",
        "mono",
        "CPU",
    ]
    return "\n\n".join(
        [
            f"## Mix ({len(every)} songs)",
            "Songs in mode flow, from their stems. *Words*: the share understood (Vosk, as under Singing) in "
            "`vocal.wav` and in `mix.wav`; *kept*: the second of the first. *1-4 kHz*: `vocal.wav` over `backing.wav` "
            f"(the band and all echoes) there while the voice sounds; *worst*: the lowest of any {WINDOW_S} s, mean "
            "over songs. LUFS and LRA: pyloudnorm; dBTP, the highest: soxr, four times oversampled; *mono*: "
            "correlation of left and right; *CPU*: of the mix alone, seconds a second of song, the most.",
            table(head, rows),
            f"Goals: words kept {WORDS_GOAL}: {verdict(kept >= WORDS_GOAL)}; CPU {CPU_GOAL}: "
            f"{verdict(most <= CPU_GOAL)}; {_memory(material, workshop)}",
        ]
    )


def _measured(recording: Recording, tune: str, style: str, workshop: Path, model: Path | None) -> MixFigures:
    folder = workshop / f"mix-{recording.name}-{tune}-{style}"
    folder.mkdir(parents=True, exist_ok=True)
    made = sing(
        recording.path,
        tune,
        out=folder / "song.wav",
        stems=folder,
        text=recording.text,
        mode="flow",
        band=style,
        force=True,
    )
    voice, band, song = (_read(folder / f"{name}.wav") for name in ("vocal", "backing", "mix"))
    dry, wet = _understood(made.song, [voice.mean(axis=0), song.mean(axis=0)], model)
    ratios_db = _ratios_db(voice.mean(axis=0), band)
    start_s = time.process_time()
    mix(voice.mean(axis=0), band)
    cpu_s = time.process_time() - start_s
    meter = pyloudnorm.Meter(SONG_RATE)
    return MixFigures(
        dry=dry,
        words=wet,
        ratio_db=ratios_db[0],
        worst_db=ratios_db[1],
        lufs=meter.integrated_loudness(song.T),
        peak_db=float(20.0 * np.log10(np.abs(soxr.resample(song.T, SONG_RATE, 4 * SONG_RATE)).max())),
        range_lu=float(meter.loudness_range(song.T)),
        mono=float(np.corrcoef(song)[0, 1]),
        cpu=cpu_s * SONG_RATE / song.shape[1],
    )


def _read(path: Path) -> Sound:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == SONG_RATE
    return np.ascontiguousarray(samples.T)


def _understood(song: Song, sounds: Sequence[Sound], model: Path | None) -> list[float]:
    if model is None:
        return [float("nan")] * len(sounds)
    said = tokens(song.transcript, sung_words(song))
    vocabulary = tokens(song.transcript, range(len(song.transcript.words)))
    return [word_accuracy(sound, SONG_RATE, said, vocabulary, model) for sound in sounds]


def _ratios_db(voice: Sound, band: Sound) -> tuple[float, float]:
    """Return how far `voice` lies over `band` where words live, while it sounds: in all, and in the worst window."""
    sections = butter(4, WORDS_HZ, "bandpass", fs=SONG_RATE, output="sos")
    step, windows = round(0.05 * SONG_RATE), round(WINDOW_S / 0.05)
    count = len(voice) // step
    voiced, *sides = (
        np.square(sosfilt(sections, side)[: count * step]).reshape(count, step).mean(axis=1) for side in (voice, *band)
    )
    sounding = voiced > np.percentile(voiced[voiced > 0], 95) * 10.0 ** (SOUNDING_DB / 10.0)
    above, below = (np.where(sounding, power, 0.0) for power in (voiced, np.mean(sides, axis=0)))
    near = np.ones(windows)
    around = (np.convolve(above, near, "same") / np.maximum(np.convolve(below, near, "same"), 1e-12))[sounding]
    return float(10.0 * np.log10(above.sum() / below.sum())), float(10.0 * np.log10(around.min()))


def _kept(found: Sequence[MixFigures]) -> float:
    return sum(figures.words for figures in found) / sum(figures.dry for figures in found)


def _row(found: Sequence[MixFigures]) -> list[str]:
    dry, words, ratio, worst, lufs, peak, span, mono, cpu = zip(*map(astuple, found), strict=True)
    return [
        str(len(found)),
        *(number(mean(values), 2) for values in (dry, words)),
        number(_kept(found), 2),
        *(number(mean(values)) for values in (ratio, worst, lufs)),
        number(max(peak), 2),
        number(mean(span)),
        number(mean(mono), 2),
        number(max(cpu), 3),
    ]


def _memory(material: Material, workshop: Path) -> str:
    """Say how much memory the whole command takes for a long song."""
    recording, tune, out = material.recordings[0], workshop / "long-tune.mid", workshop / "mix-long.wav"
    _write_tune(tune)
    command = ("sing", recording.path, "--text", recording.text, "--tune", tune, "--tempo", "120", "-o", out, "--force")
    used = shenqu(*command, cache=workshop / "mix-long-cache")
    reached = verdict(used.peak_mb <= MEMORY_GOAL_MB)
    return (
        f"memory of the whole command for {soundfile.info(out).duration:.0f} s of song {used.peak_mb:.0f} MB, goal "
        f"{MEMORY_GOAL_MB}: {reached}."
    )


def _write_tune(path: Path) -> None:
    """Write a scale, up and down in quarter notes, that takes `LONG_S` at 120 a minute."""
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)])
    file.tracks.append(track)
    for number_of_note in range(round(2 * LONG_S)):
        pitch = 60 + (0, 2, 4, 5, 7, 5, 4, 2)[number_of_note % 8]
        track += [mido.Message("note_on", note=pitch), mido.Message("note_off", note=pitch, time=480)]
    file.save(path)
