"""The band: is it in time and in key by ears that did not write it, and what does it cost?

`python -m benchmarks.band STYLE` renders four minutes of a style and prints the CPU time and the peak of memory.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.report import number, table, verdict
from shenqu.documents.audio import Samples
from shenqu.documents.performance import TempoMap
from shenqu.documents.style import BandPart, BandStyle
from shenqu.documents.tune import Chord, Tune
from shenqu.media.styles import packaged_styles
from shenqu.music.band import band_parts, count_in_beats
from shenqu.music.form import metre_at, pulse_beat
from shenqu.music.harmony import chord_tones, harmonize
from shenqu.music.playing import play
from shenqu.music.tempo import song_tempo
from shenqu.pipeline.library import built_in_tune, built_in_tunes
from shenqu.units import SONG_RATE

TUNES = ("ode-to-joy", "korobeiniki")
TEMPO_GOAL, ONSET_GOAL_MS, CPU_GOAL, MEMORY_GOAL_MB = 0.01, 2.0, 0.05, 400.0
LONG_S = 240.0
RATE = 22_050
HOP = 256
ALONE_S = 0.09
_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
# Albrecht and Shanahan 2013, from 490 pieces: not the profiles that the product uses.
_MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
_MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A style on a tune: its tempo as tapped, and its sound."""

    style: str
    tune: Tune
    bpm: float
    parts: tuple[BandPart, ...]
    clock: TempoMap
    sound: Samples
    cpu_s: float

    @property
    def length_s(self) -> float:
        """How long it sounds."""
        return self.sound.shape[1] / SONG_RATE


def render(name: str, tune: Tune) -> Rendered:
    """Return the style called `name` on `tune`, in the middle of its range of tempo as far as songs go there."""
    style = packaged_styles()[name]
    pulse = float(pulse_beat(metre_at(tune, tune.upbeat_beat)))
    factor = min(1.5, max(2 / 3, sum(style.tempo) / 2 * pulse / tune.tempi[0].bpm))
    clock = song_tempo(tune, tempo_factor=factor, count_in_beat=count_in_beats(tune, style))
    start = time.process_time()
    parts = band_parts(tune, style, tempo_factor=factor)
    sound = play(parts, tempo_map=clock, duration_s=clock.beat_to_s(tune.end_beat) + 1.0)
    cpu_s = time.process_time() - start
    return Rendered(
        style=name,
        tune=tune,
        bpm=tune.tempi[0].bpm * factor / pulse,
        parts=parts,
        clock=clock,
        sound=sound,
        cpu_s=cpu_s,
    )


def heard_bpm(rendered: Rendered) -> float:
    """Return the tempo that librosa's beat tracker hears, in the octave next to the one written."""
    import librosa  # noqa: PLC0415 - slow

    mono = librosa.resample(rendered.sound.mean(axis=0), orig_sr=SONG_RATE, target_sr=RATE)
    _, beats = librosa.beat.beat_track(y=mono, sr=RATE, hop_length=HOP, units="time", start_bpm=rendered.bpm)
    # Over eight beats, so that the tracker's own grid of 12 ms weighs little, and a slip of one beat nothing.
    heard = 60.0 * 8 / float(np.median(beats[8:] - beats[:-8]))
    return float(heard * 2.0 ** round(np.log2(rendered.bpm / heard)))


def heard_key(rendered: Rendered) -> tuple[int, str]:
    """Return the key that librosa's chroma fits best."""
    import librosa  # noqa: PLC0415 - slow

    pitched = tuple(part for part in rendered.parts if not part.drums)
    sound = play(pitched, tempo_map=rendered.clock, duration_s=rendered.length_s)
    mono = librosa.resample(sound.mean(axis=0), orig_sr=SONG_RATE, target_sr=RATE)
    weights = librosa.feature.chroma_cqt(y=mono, sr=RATE).mean(axis=1)
    fits = {
        (tonic, scale): float(np.corrcoef(np.roll(profile, tonic), weights)[0, 1])
        for scale, profile in (("major", _MAJOR), ("minor", _MINOR))
        for tonic in range(12)
    }
    return max(fits, key=lambda key: fits[key])


def onset_errors_ms(rendered: Rendered) -> npt.NDArray[np.float64]:
    """Return how far strokes of the drums begin, to the ear of a threshold, from their places on the grid."""
    drums = tuple(part for part in rendered.parts if part.drums)
    sound = np.abs(play(drums, tempo_map=rendered.clock, duration_s=rendered.length_s)).max(axis=0)
    places = sorted({rendered.clock.beat_to_s(note.onset_beat) for part in drums for note in part.notes})
    errors = []
    for before, place in zip([-1.0, *places], places, strict=False):
        first, last = round((place - 0.01) * SONG_RATE), round((place + 0.03) * SONG_RATE)
        if place - before < ALONE_S or first < 0 or not sound[first:last].size:
            continue
        quiet, peak = sound[first : first + 240].max(), sound[first:last].max()
        if peak > 20 * quiet:
            found = first + int(np.argmax(sound[first:last] > max(2 * quiet, 0.02 * peak)))
            errors.append(1000 * (found / SONG_RATE - place))
    return np.array(errors)


def describe_band() -> str:
    """Return the section on the band."""
    rows = []
    tempo_errors, keys, worst_ms, shares = [], [], [], []
    for name in packaged_styles():
        for tune_id in TUNES:
            rendered = render(name, built_in_tune(tune_id))
            again = render(name, rendered.tune)
            heard, errors = heard_bpm(rendered), onset_errors_ms(rendered)
            tonic, scale = heard_key(rendered)
            tempo_errors.append(abs(heard / rendered.bpm - 1.0))
            keys.append((tonic, scale) == (rendered.tune.tonic, rendered.tune.scale))
            worst_ms.append(float(np.abs(errors).max()) if errors.size else float("nan"))
            shares.append(min(rendered.cpu_s, again.cpu_s) / rendered.length_s)
            rows.append(
                [
                    f"{name}, {tune_id}",
                    number(rendered.bpm),
                    f"{100 * (heard / rendered.bpm - 1):+.2f} %",
                    f"{_NAMES[tonic]} {scale}" + ("" if keys[-1] else " (not)"),
                    f"{number(worst_ms[-1], 2)} ({errors.size})",
                    number(shares[-1], 3),
                    number(float(np.abs(rendered.sound).max()), 2),
                    "yes" if again.sound.tobytes() == rendered.sound.tobytes() else "**no**",
                ]
            )
    in_tempo, in_key = sum(error <= TEMPO_GOAL for error in tempo_errors), sum(keys)
    head = [
        "style, tune",
        "bpm",
        "heard",
        "key heard",
        "drums off the grid, ms (n)",
        "CPU/length",
        "peak",
        "same bytes",
    ]
    return "\n\n".join(
        [
            "## Band",
            "Every style on two tunes, in the middle of its tempo. *Heard*: librosa's beat tracker, told near which "
            "tempo to look, the median over eight beats. *Key*: librosa's chroma against profiles (Albrecht and "
            "Shanahan) that the product does not use. *Drums*: where strokes that stand alone by "
            f"{1000 * ALONE_S:.0f} ms rise to 2 % of their peak.",
            table(head, rows),
            f"Tempo within {100 * TEMPO_GOAL:.0f} %: {in_tempo} of {len(rows)}. Key: {in_key} of {len(rows)}. "
            f"Drums within {ONSET_GOAL_MS:.0f} ms: {verdict(np.nanmax(worst_ms) <= ONSET_GOAL_MS)}. "
            f"CPU at most {CPU_GOAL} of the length: {verdict(max(shares) <= CPU_GOAL)} (worst {max(shares):.3f}).",
            _describe_long(),
            _describe_harmony(),
        ]
    )


def _describe_long() -> str:
    rows = []
    for name in packaged_styles():
        run = subprocess.run(
            [sys.executable, "-m", "benchmarks.band", name], capture_output=True, text=True, check=True
        )
        cpu_s, peak_mb = map(float, run.stdout.split())
        rows.append([name, number(cpu_s / LONG_S, 3), number(peak_mb, 0), verdict(peak_mb < MEMORY_GOAL_MB)])
    return "Four minutes of it, in a process of its own:\n\n" + table(["style", "CPU/length", "peak, MB", ""], rows)


def _describe_harmony() -> str:
    """Return how often chords found for a melody have the root of those that were written for it."""
    shares = [same_roots(tune) for tune in built_in_tunes()]
    return (
        f"Chords found for the {len(shares)} tunes without their own: the same root on {100 * np.mean(shares):.0f} % "
        f"of the beats (from {100 * min(shares):.0f} to {100 * max(shares):.0f} %)."
    )


def same_roots(tune: Tune) -> float:
    """Return the share of beats on which chords found for `tune` have the root of its own."""
    found = harmonize(tune.replace(chords=()))
    beats = [Fraction(beat) for beat in range(-(-tune.upbeat_beat // 1), int(tune.notes[-1].end_beat))]

    def root(chords: Sequence[Chord], beat: Fraction) -> int:
        chord = next((chord for chord in reversed(chords) if chord.onset_beat <= beat), chords[0])
        return chord_tones(chord.symbol).root

    return sum(root(found, beat) == root(tune.chords, beat) for beat in beats) / len(beats)


def render_long(style: BandStyle) -> None:
    """Render four minutes of `style`."""
    tune = built_in_tune(TUNES[0])
    end = tune.notes[-1].end_beat
    times = int(np.ceil(LONG_S * 2 / float(end)))
    notes = tuple(note.replace(onset_beat=note.onset_beat + end * n) for n in range(times) for note in tune.notes)
    chords = tuple(chord.replace(onset_beat=chord.onset_beat + end * n) for n in range(times) for chord in tune.chords)
    ends = tuple(phrase_end + end * n for n in range(times) for phrase_end in tune.phrase_ends)
    long = tune.replace(notes=notes, chords=chords, phrase_ends=ends, sections=(), lyrics=(), doubtful=())
    play(band_parts(long, style), tempo_map=song_tempo(long, tempo_factor=1.0), duration_s=LONG_S)


def main(arguments: Sequence[str], styles: Mapping[str, BandStyle]) -> None:
    """Print the CPU time in seconds and the peak of memory in MB of four minutes of a style."""
    start = time.process_time()
    render_long(styles[arguments[0]])
    cpu_s = time.process_time() - start
    # What the kernel says of this program alone: getrusage counts what its parent held before it began, too.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    print(cpu_s, float(peak[1]) / 1024 if peak else "nan")


if __name__ == "__main__":
    main(sys.argv[1:], packaged_styles())
