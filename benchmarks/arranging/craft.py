"""Songs of every speech on every tune in every form: what of their craft is bad, and are they exact?"""

from __future__ import annotations

import math
import os
import sys
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import get_args
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import soxr

from benchmarks.material import Material, Recording
from benchmarks.report import number, table, verdict
from shenqu.documents.audio import Samples
from shenqu.documents.check import CraftCheck
from shenqu.documents.codec import encode
from shenqu.documents.options import Form, SingOptions
from shenqu.documents.song import Song, Source
from shenqu.documents.tune import Tune
from shenqu.music.arrange import FASTEST
from shenqu.music.layout import Stretch, roll_out
from shenqu.music.lint import lint_song
from shenqu.music.tempo import song_tempo
from shenqu.pipeline.checked import check_song
from shenqu.pipeline.hear import Heard, hear
from shenqu.pipeline.plan import plan_song
from shenqu.pipeline.render import ENGINES, Lead, render_lead
from shenqu.pipeline.report import silent
from shenqu.pipeline.tunes import find_tune
from shenqu.singing.figures import play_figures
from shenqu.singing.unit import Take
from shenqu.units import SONG_RATE

FORMS: tuple[Form, ...] = get_args(Form)
GOAL, DEFAULT_GOAL = 0.9, 1.0
SOUND_SPEECHES = ("jfk-inaugural", "fdr-infamy", "aishell_BAC009S0724W0121", "flite_slt_04")
SOUND_TUNES, QUICK_TUNES = ("ode-to-joy", "korobeiniki"), ("ode-to-joy",)
GRID_MS, LAGS, EDGE_S = 2.0, 960, 0.001
LONG_S, PLAN_S = 180.0, 2.0
INTRO = """\
Every speech in English or Mandarin whose words are known, on every tune, in every form, as `sing` makes them by itself.
The figures are shares of songs that pass a row of what `shenqu check` tells of the craft (docs/quality.md); songs of
which it cannot be told do not count. Repeats of the hook are compared from its first vowel to where the consonants of
what follows begin; a stroke is laid beside the piece of the speech that it is made of: the lag at
which both are most alike is how late it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """What was told of one song."""

    recording: str
    tune: str
    form: Form
    rows: tuple[CraftCheck, ...]

    def told(self) -> str:
        """Return its complaints, in short."""
        bad = [f"{row.name} {row.value:g} {row.unit}" for row in self.rows if row.passed is False]
        return f"{self.recording} on {self.tune}, {self.form}: {'; '.join(bad) or 'nothing'}"


@dataclass(frozen=True, kw_only=True)
class CraftBench:
    """Songs of all recordings of one material whose words are English or Mandarin."""

    material: Material
    workshop: Path

    @cached_property
    def recordings(self) -> tuple[Recording, ...]:
        """Those whose words are known, of two languages."""
        return tuple(one for one in self.material.recordings if one.language is None and not one.text.endswith(".srt"))

    @cached_property
    def _heard(self) -> dict[str, Heard]:
        return {}

    def heard(self, recording: Recording) -> Heard:
        """Return what a recording says, all of it."""
        if recording.name not in self._heard:
            self._heard[recording.name] = hear(recording.path, SingOptions(text=recording.text), needed=None)
        return self._heard[recording.name]

    def song(self, recording: Recording, tune: str, form: Form, *, seed: int = 0) -> Song:
        """Return the song that `sing` plans with its defaults, in a `form`."""
        options = SingOptions(text=recording.text, form=form, seed=seed)
        return self.planned(recording, find_tune(tune), options)

    def planned(self, recording: Recording, tune: Tune, options: SingOptions) -> Song:
        """Return the song of a recording on a tune."""
        source = Source(path=recording.path.name, sha256="0" * 64)
        heard = self.heard(recording)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return plan_song(heard, tune, options, sources=(source,), speech_name=recording.name, ending="wav")

    def linted(self, forms: Iterable[Form] = FORMS, *, every: int = 1) -> Iterator[Linted]:
        """Yield what the documents of all songs tell."""
        for recording, tune, form in product(self.recordings[::every], self.material.tunes, forms):
            song = self.song(recording, tune, form)
            yield _told(Linted(recording=recording.name, tune=Path(tune).stem, form=form, rows=lint_song(song)))

    def checked(self, tunes: Sequence[str], forms: Iterable[Form] = FORMS) -> Iterator[Linted]:
        """Yield what the sound of a few songs tells."""
        for recording, tune, form in product(self.few, tunes, forms):
            song = self.song(recording, tune, form)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                rows = check_song(song, [recording.path], report=silent)[0].craft[len(lint_song(song)) :]
            yield _told(Linted(recording=recording.name, tune=tune, form=form, rows=rows))

    @property
    def few(self) -> tuple[Recording, ...]:
        """The recordings whose songs are made to sound."""
        return tuple(one for one in self.recordings if one.name in SOUND_SPEECHES) or self.recordings

    def section(self, *, every: int = 1) -> str:
        """Return what there is to say, of every so manieth speech in the plans."""
        plans = list(self.linted(every=every))
        with patch.dict(os.environ, SHENQU_CACHE=str(self.workshop / "cache")):
            sounds = list(self.checked(SOUND_TUNES if every == 1 else QUICK_TUNES))
            exact = self.exact()
        tunes = {one.tune for one in sounds}
        parts = [
            f"## Arranging ({len(plans)} songs planned, {len(sounds)} made to sound)",
            f"{INTRO} Speeches: {_listed(one.recording for one in plans)}; made to sound are "
            f"{_listed(one.recording for one in sounds)} on {_listed(sorted(tunes))}.",
            _shares("from the document", plans),
            _shares("from the sound", sounds),
            _verdicts([*plans, *sounds]),
            exact,
        ]
        return "\n\n".join(parts)

    def quick(self) -> str:
        """Return the same of every third speech, and of one tune that sounds."""
        return self.section(every=3)

    def exact(self) -> str:
        """Return whether repeats are repeats, figures in time, and chance only where it is meant; how long it takes."""
        repeats: list[bool] = []
        late_ms: list[float] = []
        again: list[bool] = []
        differ: list[bool] = []
        for recording in self.few:
            song, other = (self.song(recording, SOUND_TUNES[0], "base", seed=seed) for seed in (0, 1))
            lead = render_lead(song, [recording.path], report=silent)
            repeats += _repeats(song, lead)
            late_ms += _strokes_ms(song, lead)
            same = self.song(recording, SOUND_TUNES[0], "base")
            vocal = render_lead(same, [recording.path], report=silent).vocal
            again.append(encode(song) == encode(same) and vocal.tobytes() == lead.vocal.tobytes())
            differ.append((song.placements, song.figures) != (other.placements, other.figures))
        length_s, took_s = self.long_song()
        most_ms = max(map(abs, late_ms), default=math.nan)
        rows = [
            ("repeats of the hook that are the same samples", f"{sum(repeats)} of {len(repeats)}", all(repeats)),
            (f"{len(late_ms)} strokes, furthest from the grid", f"{most_ms:.2f} ms", most_ms <= GRID_MS),
            ("same seed, same document and voice", f"{sum(again)} of {len(again)}", all(again)),
            ("two seeds, two songs", f"{sum(differ)} of {len(differ)}", all(differ)),
            (f"a song of {length_s:.0f} s is planned in", f"{took_s:.2f} s", took_s < PLAN_S),
        ]
        return table(["exactness", "", ""], [[name, value, verdict(reached)] for name, value, reached in rows])

    def long_song(self) -> tuple[float, float]:
        """Return the length of a song of three minutes, and how long it takes to arrange it, in CPU seconds."""
        tune = find_tune(SOUND_TUNES[-1])
        once_s = song_tempo(tune, tempo_factor=1.0).beat_to_s(tune.end_beat)
        all_of_it = Stretch(role="verse", start=Fraction(0), end=tune.notes[-1].end_beat)
        long = roll_out(tune, [all_of_it] * math.ceil(FASTEST * LONG_S / once_s)).tune
        recording = max(self.recordings, key=lambda one: len(self.heard(one).transcript.syllables))
        begun_s = time.process_time()
        song = self.planned(recording, long, SingOptions(text=recording.text))
        took_s = time.process_time() - begun_s
        clock = song_tempo(song.tune, tempo_factor=song.tempo_factor, count_in_beat=song.count_in_beat)
        return clock.beat_to_s(song.tune.end_beat), took_s


def _told(linted: Linted) -> Linted:
    print(linted.told(), file=sys.stderr, flush=True)
    return linted


def _shares(head: str, linted: Sequence[Linted]) -> str:
    """Return the share of songs that pass each row, form by form; where nothing can be told, a dash."""
    names = [row.name for row in linted[0].rows]
    rows = [[name, *(number(_share(linted, name, form), 2) for form in FORMS)] for name in names]
    clean = [_clean([one for one in linted if one.form == form]) for form in FORMS]
    return table([head, *FORMS], [*rows, ["**all of these**", *(number(share, 2) for share in clean)]])


def _share(linted: Sequence[Linted], name: str, form: Form) -> float:
    told = [row.passed for one in linted if one.form == form for row in one.rows if row.name == name]
    told = [passed for passed in told if passed is not None]
    return sum(map(bool, told)) / len(told) if told else float("nan")


def _clean(linted: Sequence[Linted]) -> float:
    return sum(all(row.passed is not False for row in one.rows) for one in linted) / max(1, len(linted))


def _verdicts(linted: Sequence[Linted]) -> str:
    """Return whether every row passes often enough, and which do not."""
    names = dict.fromkeys(row.name for one in linted for row in one.rows)
    shares = {(name, form): _share(linted, name, form) for name, form in product(names, FORMS)}
    low = [f"{name} ({form}) {share:.2f}" for (name, form), share in shares.items() if share < GOAL]
    default = [f"{name} {shares[name, 'tune']:.2f}" for name in names if shares[name, "tune"] < DEFAULT_GOAL]
    return (
        f"Goals: each row of each form {GOAL}: {verdict(not low)}{_named(low)}; "
        f"each row of the default form {DEFAULT_GOAL}: {verdict(not default)}{_named(default)}."
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))


def _named(some: Sequence[str]) -> str:
    return f" ({', '.join(some)})" if some else ""


def _repeats(song: Song, lead: Lead) -> Iterator[bool]:
    """Yield for every repeat of the hook that is written alike whether it is the same samples as the first one."""
    firsts: dict[object, Samples] = {}
    for passage in song.passages:
        if passage.role != "hook":
            continue
        own = [one for one in song.placements if one.notes and passage.onset_beat <= one.notes[0].onset_beat]
        own = [one for one in own if one.notes[0].onset_beat < passage.onset_beat + passage.length_beat]
        notes = [(one.syllable, note) for one in own for note in one.notes]
        alike = tuple((s, note.onset_beat - passage.onset_beat, note.length_beat, note.pitch) for s, note in notes)
        sung = [note for syllable, note in notes if syllable is not None]
        begin_s, end_s = (lead.clock.beat_to_s(beat) for beat in (sung[0].onset_beat, sung[-1].end_beat))
        following = [note.start_s - note.lead_s for note in lead.performance.notes if note.start_s > end_s - EDGE_S]
        begin, end = (round(time_s * SONG_RATE) for time_s in (begin_s, min([end_s, *following])))
        samples = lead.vocal[begin:end]
        if alike in firsts:
            yield np.array_equal(firsts[alike], samples)
        firsts.setdefault(alike, samples)


def _strokes_ms(song: Song, lead: Lead) -> Iterator[float]:
    """Yield how much later than its beat each stroke sounds that is the speech itself, alone and neither bent nor cut.

    What sounds is laid beside the speech: at the lag at which both are most alike.
    """
    part = lead.parts[0]
    material = part.material
    speech = np.asarray(soxr.resample(material.samples, material.rate, SONG_RATE), dtype=np.float64)
    take = Take(ENGINES[song.options.engine], song.seed)
    for figure in song.figures:
        is_near = (
            material.origin_s + 0.1 < figure.start_s and figure.end_s - material.origin_s < len(speech) / SONG_RATE
        )
        is_itself = figure.pitch is None and not figure.reverse and figure.below_hz is None
        for stroke in figure.strokes if is_itself and is_near else ():
            if stroke.semitones:
                continue
            out = np.zeros((2, len(lead.vocal)), dtype=np.float32)
            alone = figure.replace(strokes=(stroke,))
            play_figures(out, [alone], material, lead.clock, take=take, memory={})
            beat_s = lead.clock.beat_to_s(figure.onset_beat + stroke.onset_beat)
            yield _lag_ms(out.sum(axis=0), speech, beat_s, figure.beat_s - material.origin_s)


def _lag_ms(sound: Samples, speech: npt.NDArray[np.float64], beat_s: float, spoken_s: float) -> float:
    """Return by how much `sound` is behind `speech`, the moment `spoken_s` of which should sound at `beat_s`."""
    reach, width = round(0.01 * SONG_RATE), round(0.03 * SONG_RATE)
    at, spoken = round(beat_s * SONG_RATE), round(spoken_s * SONG_RATE)
    here = sound[max(0, at - reach) : at + width].astype(np.float64)
    lags = range(-LAGS, LAGS + 1)
    begin = spoken - (at - max(0, at - reach))
    alike = [_likeness(here, speech[begin - lag : begin - lag + len(here)]) for lag in lags]
    return 1000.0 * lags[int(np.argmax(alike))] / SONG_RATE


def _likeness(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    if len(one) != len(other):
        return -1.0
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other) + 1e-12))
