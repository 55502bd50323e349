"""Songs made and measured: ours, and what the peers make of the same notes.

One recording at a time is sung in a process of its own, so that what is known of the speech is found once.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import sys
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from unittest.mock import patch

import soundfile

from benchmarks.material import Recording
from benchmarks.singing import timbre, understood
from benchmarks.singing.judge import judge_stems, notes_of, unsung_onset_30
from benchmarks.singing.peers import PEERS, RATE
from benchmarks.singing.placing import Speech, sing_with
from benchmarks.singing.takes import Grid, Take, make_take
from shenqu.documents.audio import Samples
from shenqu.documents.song import Song
from shenqu.documents.tune import Tune
from shenqu.errors import ShenquError
from shenqu.media.audio import read_audio
from shenqu.music.tempo import song_tempo
from shenqu.pipeline.checked import check_song
from shenqu.pipeline.report import silent

WORKERS = 2
CACHE, VOCAL, MIDI, TIME_MAP = "cache", "vocal.wav", "vocal.mid", "time_map.json"
UNDERSTOOD = "en"
FAST_NOTE_S = 0.45
AROUND_S = 0.1
PROFILED_S = 20.0
LEAST_UNDERSTOOD = 0.5  # unsung; a recogniser that hears less has nothing to lose


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All figures of one song, NaN where there is none; `singer` is "" for us; `trouble` says why there is no song."""

    take: Take
    singer: str = ""
    figures: Mapping[str, float]
    trouble: str = ""

    def __getitem__(self, figure: str) -> float:
        """Return one figure."""
        return self.figures.get(figure, math.nan)

    @property
    def fast(self) -> bool:
        """Whether the tune as written is a fast one, by the mean length of its notes."""
        return self["written_note_s"] < FAST_NOTE_S


class Talk:
    """A recording, and what is known of it unsung."""

    def __init__(self, recording: Recording, others: Sequence[timbre.Profile]) -> None:
        """Read it; `others` are profiles of other recordings."""
        audio = read_audio(recording.path)
        self.recording, self.others = recording, others
        self.samples, self.rate = audio.mono, audio.rate
        self.voice = timbre.analyse(self.samples, self.rate)
        self.profile = timbre.Profile.of(self.voice.voiced_frames)
        self.halves = timbre.likeness_of_halves(self.voice.voiced_frames, others)
        self.speech = Speech.of(self.samples, self.rate)
        self._understood: dict[tuple[str, ...], float] = {}

    def understood(self, song: Song, numbers: Sequence[int], model: Path) -> float:
        """Return how many of the words that are sung are understood unsung: from the first to the last of them."""
        words = song.transcript.words
        part = [number for number in range(min(numbers), max(numbers) + 1) if words[number].heard]
        said = tuple(understood.tokens(song.transcript, part))
        if said not in self._understood:
            start_s, end_s = words[part[0]].span_s[0] - AROUND_S, words[part[-1]].span_s[1] + AROUND_S
            cut = self.samples[max(0, round(start_s * self.rate)) : round(end_s * self.rate)]
            vocabulary = _vocabulary(song)
            self._understood[said] = understood.word_accuracy(cut, self.rate, said, vocabulary, model)
        return self._understood[said]


def measure_grid(grid: Grid, workshop: Path, script: Path, *, peers: bool = False) -> tuple[Measured, ...]:
    """Return the figures of all songs of `grid`, and with `peers` of what those make of the same notes."""
    with ProcessPoolExecutor(WORKERS) as pool:
        profiles = dict(zip(grid.recordings, pool.map(_profile, grid.recordings), strict=True))
        jobs = [
            pool.submit(_measure_recording, recording, grid, workshop, script, _others(profiles, recording), peers)
            for recording in grid.recordings
        ]
        return tuple(measured for job in jobs for measured in job.result())


def _profile(recording: Recording) -> timbre.Profile:
    audio = read_audio(recording.path, end_s=PROFILED_S)
    return timbre.Profile.of(timbre.analyse(audio.mono, audio.rate).voiced_frames)


def _others(profiles: Mapping[Recording, timbre.Profile], recording: Recording) -> list[timbre.Profile]:
    return [profile for other, profile in profiles.items() if other != recording]


def _measure_recording(
    recording: Recording, grid: Grid, workshop: Path, script: Path, others: Sequence[timbre.Profile], peers: bool
) -> list[Measured]:
    talk = Talk(recording, others)
    measured: list[Measured] = []
    for take in grid.takes(recording):
        folder = workshop / take.name.replace(", ", "-")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            measured += _measure_take(take, talk, folder, script, peers=peers)
        shutil.rmtree(folder)
        print(take.name, file=sys.stderr, flush=True)
    return measured


def _measure_take(take: Take, talk: Talk, folder: Path, script: Path, *, peers: bool) -> Iterator[Measured]:
    """Yield our song's figures, then those of the peers' songs."""
    try:
        made, used_s = make_take(take, folder)
    except ShenquError as error:
        yield Measured(take=take, figures={}, trouble=str(error))
        return
    figures = _figures(folder, used_s, made.song, talk, script)
    figures |= _checked(made.song, folder, talk)
    figures["similarity_halves"] = talk.halves
    figures["unsung_30"] = _unsung_onset_30(made.song, talk, script)
    yield Measured(take=take, figures=figures)
    for singer, peer in PEERS.items() if peers else ():
        apart = folder / singer
        apart.mkdir()
        shutil.copy(folder / MIDI, apart)
        start_s = time.process_time()
        sung, rows = sing_with(peer, talk.speech, made.song, notes_of(folder, script))
        used_s = time.process_time() - start_s
        soundfile.write(apart / VOCAL, sung, RATE, subtype="FLOAT")
        (apart / TIME_MAP).write_text(json.dumps({"time_map": rows}))
        yield Measured(take=take, singer=singer, figures=_figures(apart, used_s, made.song, talk, script))


def _figures(stems: Path, used_s: float, song: Song, talk: Talk, script: Path) -> dict[str, float]:
    """Return everything that can be measured of any sung voice."""
    samples, rate = soundfile.read(stems / VOCAL, dtype="float32")
    rows = json.loads((stems / TIME_MAP).read_text())["time_map"]
    voice = timbre.analyse(samples, rate)
    return {
        **judge_stems(stems, talk.recording.labels, script),
        "cpu": used_s / (len(samples) / rate),
        "written_note_s": _written_note_s(song.tune),
        "mcd": timbre.distortion(voice, talk.voice, rows, song.transcript),
        "similarity": timbre.similarity(voice.voiced_frames, talk.profile, talk.others),
        **_words(samples, rate, song, talk),
    }


def _written_note_s(tune: Tune) -> float:
    """Return the mean length of a tune's notes at the written tempo."""
    clock = song_tempo(tune, tempo_factor=1.0)
    return mean(clock.beat_to_s(note.end_beat) - clock.beat_to_s(note.onset_beat) for note in tune.notes)


def _words(samples: Samples, rate: int, song: Song, talk: Talk) -> dict[str, float]:
    """Return how much is understood: unsung, sung, and what share that is, where there is a recogniser."""
    model, numbers = understood.find_model(), understood.sung_words(song)
    if model is None or song.transcript.language != UNDERSTOOD or not numbers:
        return {}
    spoken = talk.understood(song, numbers, model)
    said, vocabulary = understood.tokens(song.transcript, numbers), _vocabulary(song)
    sung = understood.word_accuracy(samples, rate, said, vocabulary, model)
    share = sung / spoken if spoken >= LEAST_UNDERSTOOD else math.nan
    return {"words_spoken": spoken, "words_sung": sung, "words": share}


def _vocabulary(song: Song) -> list[str]:
    return understood.tokens(song.transcript, range(len(song.transcript.words)))


def _checked(song: Song, folder: Path, talk: Talk) -> dict[str, float]:
    """Return what `shenqu check` says of the song, in the judge's units; the song is still in memory."""
    with patch.dict(os.environ, SHENQU_CACHE=str(folder / CACHE)):
        check, _, _ = check_song(song, [talk.recording.path], report=silent)
    return {
        "check_rpa50": 100 * check.rpa50,
        "check_rpa25": 100 * check.rpa25,
        "check_note_ct": math.nan if check.note_cents is None else check.note_cents,
        "check_coverage": 100 * check.coverage,
        "check_weak": check.weak,
        "check_onset_30": 100 * check.onset_30,
        "check_clicks": check.clicks,
    }


def _unsung_onset_30(song: Song, talk: Talk, script: Path) -> float:
    """Return `onset_30` of the speech itself: at marked vowel onsets where there are, else at those that are sung."""
    syllables = song.transcript.syllables
    sung = sorted({placement.syllable for placement in song.placements if placement.syllable is not None})
    onsets_s = [syllables[number].vowel_s for number in sung]
    if talk.recording.labels:
        onsets_s = [float(line) for line in talk.recording.labels.read_text().split()]
    return unsung_onset_30(talk.samples, talk.rate, onsets_s, script)
