"""A tune from a song's recording: what is sung there, written down."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import soxr

from shenqu.documents.audio import Audio, Samples
from shenqu.documents.heard import HeardNote
from shenqu.documents.tune import Tune
from shenqu.dsp.chroma import HOP_S as CHROMA_HOP_S
from shenqu.dsp.chroma import chroma
from shenqu.dsp.harmonics import harmonic_level_db
from shenqu.dsp.pulse import BASS_BANDS, evened, find_pulses, find_tempo, marked, onset_bands
from shenqu.dsp.pulse import HOP_S as PULSE_HOP_S
from shenqu.engines.swift_pitch import track_pitch
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.audio import audio_duration, read_audio
from shenqu.media.separating import Separated, find_separator
from shenqu.music.beat_grid import BeatGrid, find_grid, written_notes, written_tempi
from shenqu.music.harmony import find_key
from shenqu.music.phrases import find_phrase_ends
from shenqu.music.transcribe import glide_of, hear_notes, tuning_of

HEARING_RATE = 16_000
LONGEST_S = 900.0
SHORTEST_S = 2.0
VOICED_FROM = 0.3  # beside a band even a clear voice makes the tracker unsure
LEAST_NOTES = 4
LEAST_SUNG = 0.08
SPOKEN_GLIDE = 6.5  # semitones a second


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeardSong:
    """What is heard in a song's recording.

    `first_bar_s` is where in the recording the tune's first bar line lies; `rest` is all but the voice, where a
    separator has taken it away.
    """

    tune: Tune
    first_bar_s: float
    rest: Audio | None


def hear_song(path: Path) -> HeardSong:
    """Return the melody of the recording at `path` as a tune, with the tempo, bars and key that were found.

    Where the user has a source separator, it takes the voice out first. What is doubtful is marked.

    Raises
    ------
    InputError
        Where the file cannot be read, is longer than 15 minutes, or no melody is heard in it.

    Warns
    -----
    ShenquWarning
        How many notes were heard, and how many of them are doubtful.
    """
    check_length(path)
    separated = _separated(path)
    song = mono(separated.rest, separated.voice) if separated else mono(read_audio(path))
    voice = mono(separated.voice) if separated else song
    notes, tuning = _melody(voice, path)
    grid = hear_grid(song, notes, tuning=tuning)
    tune, start = _written(notes, grid, path)
    first_bar_s = grid.time_s(start + tune.upbeat_beat)
    _say(tune, path, separated=separated is not None)
    return HeardSong(tune=tune, first_bar_s=max(0.0, first_bar_s), rest=separated.rest if separated else None)


def check_length(path: Path) -> None:
    """Refuse a recording that is too short or too long to be a song's."""
    duration_s = audio_duration(path)
    if duration_s > LONGEST_S:
        raise InputError(f"{path}: lasts {duration_s:.0f} s; cut out the song, of {LONGEST_S:.0f} s at most")
    if duration_s < SHORTEST_S:
        raise InputError(f"{path}: lasts {duration_s:.1f} s, too short for a tune; give {SHORTEST_S:.0f} s or more")


def _separated(path: Path) -> Separated | None:
    separator = find_separator()
    return separator.separate(path) if separator else None


def mono(*sounds: Audio) -> Samples:
    """Return the sum of `sounds` as one channel at 16 kHz."""
    parts = [soxr.resample(sound.mono, sound.rate, HEARING_RATE) for sound in sounds]
    length = min(len(part) for part in parts)
    return np.sum([part[:length] for part in parts], axis=0, dtype=np.float32)


def _melody(voice: Samples, path: Path) -> tuple[tuple[HeardNote, ...], float]:
    """Return the notes of the melody in `voice`, and by how many semitones they lie above A = 440 Hz."""
    track = track_pitch(voice, HEARING_RATE, voiced_from=VOICED_FROM)
    notes = hear_notes(track, harmonic_level_db(voice, HEARING_RATE, track))
    sung_s = sum(note.end_s - note.start_s for note in notes)
    if len(notes) < LEAST_NOTES or sung_s < LEAST_SUNG * len(voice) / HEARING_RATE:
        raise InputError(f"{path}: no melody is heard in it; give a song that is sung or played, or the tune's score")
    if glide_of(track) > SPOKEN_GLIDE:
        raise InputError(f"{path}: this is spoken, not sung; give a song as the tune (--tune), and this as the speech")
    return notes, tuning_of(track)


def hear_grid(song: Samples, notes: tuple[HeardNote, ...] = (), *, tuning: float = 0.0) -> BeatGrid:
    """Return the beats and bars of `song`, at 16 kHz; the onsets of `notes` speak as loudly as all else that begins."""
    rises = onset_bands(song, HEARING_RATE)
    onsets = rises.mean(axis=1)
    struck = marked([note.start_s for note in notes], [note.weight for note in notes], len(onsets))
    evidence = evened(onsets) + evened(struck)
    pulses_s = find_pulses(evidence, find_tempo(evidence))
    hops = np.minimum(np.rint(pulses_s / PULSE_HOP_S).astype(int), len(onsets) - 1)
    bass = rises[:, :BASS_BANDS].mean(axis=1)
    classes = chroma(song, HEARING_RATE, tuning=tuning)
    edges = np.append(np.rint(pulses_s / CHROMA_HOP_S).astype(int), len(classes))
    harmony = np.array([classes[a : max(a + 1, b)].sum(axis=0) for a, b in pairwise(edges)])
    return find_grid(pulses_s, accents=evened(onsets)[hops] + evened(bass)[hops], harmony=harmony, notes=notes)


def _written(notes: tuple[HeardNote, ...], grid: BeatGrid, path: Path) -> tuple[Tune, Fraction]:
    """Return the tune, and the beat of the grid at which it starts."""
    written, doubtful = written_notes(notes, grid)
    start = written[0].onset_beat
    moved = tuple(note.replace(onset_beat=note.onset_beat - start) for note in written)
    bar = grid.bar_pulses * grid.pulse_beat
    tonic, scale = find_key(moved, last_pitch=moved[-1].pitch)
    tune = Tune(
        id=path.stem,
        title=path.stem,
        notes=moved,
        tempi=written_tempi(grid, start, written[-1].end_beat),
        metres=(grid.metre,),
        upbeat_beat=-start % bar,
        tonic=tonic,
        scale=scale,
        phrase_ends=find_phrase_ends(moved, bar_beat=bar),
        doubtful=doubtful,
        origin=f"heard from {path.name}",
    )
    return tune, start


def _say(tune: Tune, path: Path, *, separated: bool) -> None:
    heard = f"{len(tune.notes)} notes heard at {tune.tempi[0].bpm:.0f} bpm, {len(tune.doubtful)} of them doubtful"
    whence = "" if separated else " (in the whole sound: no separator is installed)"
    message = f"{path}: {heard}{whence}; the song document lists them, to be corrected there"
    warnings.warn(message, ShenquWarning, stacklevel=4)
