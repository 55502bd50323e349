"""A recording in place of the band: what is heard of it, how it is laid under a song, and its sound."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from shenqu.cache import SoundCache, code_of, content_key, remembered
from shenqu.documents.audio import Audio, Samples
from shenqu.documents.codec import encode
from shenqu.documents.options import SingOptions
from shenqu.documents.performance import TempoMap
from shenqu.documents.song import Backing, Song, Source
from shenqu.documents.tune import Scale, Tune
from shenqu.dsp.chroma import chroma, without_overtones
from shenqu.engines.stretch import stretch
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.audio import audio_duration, read_audio
from shenqu.media.files import sha256_of
from shenqu.music.accompany import counted_near, semitones_between
from shenqu.music.arrange import FASTEST, SLOWEST
from shenqu.music.harmony import key_of
from shenqu.pipeline.recorded import HEARING_RATE, LONGEST_S, HeardSong, hear_grid, mono
from shenqu.pipeline.songs import is_file, relative_path
from shenqu.units import SONG_RATE

FADE_S = 2.0
JOIN_S = 0.02
LEAST_S = 2.0
SHORT_BAR = 0.02  # of a bar, that the last one may lack
PEAK = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardBacking:
    """A recording, as it lies in a song document, and the key it is in; `told` is whether its tempo was not found."""

    backing: Backing
    key: tuple[int, Scale]
    told: bool = False


def hear_backing(path: Path, options: SingOptions, *, document: Path) -> HeardBacking:
    """Return the tempo, the first bar line and the key of the recording at `path`, those of `options` before all.

    Raises `InputError` where it cannot be read, is longer than 15 minutes, or holds nothing that could be heard.
    """
    duration_s = audio_duration(path)
    if not LEAST_S <= duration_s <= LONGEST_S:
        raise InputError(f"{path}: lasts {duration_s:.1f} s; a backing has {LEAST_S:.0f} to {LONGEST_S:.0f} s")
    if options.backing_beat_s is not None and options.backing_beat_s >= duration_s:
        raise InputError(f"--backing-beat {options.backing_beat_s:g}: {path} ends at {duration_s:.1f} s")
    sound = mono(read_audio(path))
    if not sound.any():
        raise InputError(f"{path}: is silent; give another recording with --backing")
    grid = hear_grid(sound)
    return HeardBacking(
        backing=Backing(
            source=Source(path=relative_path(path, document), sha256=sha256_of(path)),
            bpm=round(grid.bpm, 3) if options.backing_bpm is None else options.backing_bpm,
            first_beat_s=round(grid.first_bar_s, 4) if options.backing_beat_s is None else options.backing_beat_s,
        ),
        key=key_of(without_overtones(chroma(sound, HEARING_RATE).sum(axis=0))),
        told=options.backing_bpm is not None,
    )


def check_backing(options: SingOptions) -> None:
    """Refuse what is said of a backing where there is none."""
    if options.backing is None:
        for flag, value in (("--backing-tempo", options.backing_bpm), ("--backing-beat", options.backing_beat_s)):
            if value is not None:
                raise InputError(f"{flag} is said of a backing; give it with --backing, or leave {flag} out")


def backing_bpm(heard: HeardBacking, tune: Tune, options: SingOptions) -> float:
    """Return at how many quarter notes a minute the song goes: as asked for, else as the backing does.

    It may be counted twice or half as fast.
    """
    return options.tempo_bpm or _counted(heard, tune, tune.tempi[0].bpm)


def laid_under(heard: HeardBacking, tune: Tune, *, transpose: int, tempo_factor: float) -> Backing:
    """Return the backing in the key of the song, its beat counted as the song's."""
    bpm = _counted(heard, tune, tune.tempi[0].bpm * tempo_factor)
    semitones = semitones_between(heard.key, ((tune.tonic + transpose) % 12, tune.scale))
    return heard.backing.replace(bpm=bpm, semitones=semitones)


def _counted(heard: HeardBacking, tune: Tune, bpm: float) -> float:
    """Return the tempo of the backing, counted as brings it nearest to `bpm`."""
    in_threes = tune.metres[0].denominator == 8 and tune.metres[0].numerator % 3 == 0
    return counted_near(heard.backing.bpm, bpm, in_threes=in_threes and not heard.told)


def rest_backing(song: HeardSong, path: Path, *, document: Path) -> HeardBacking:
    """Return what is left of a song's recording without its voice, written to `path`, as the backing of its tune."""
    backing = Backing(
        source=Source(path=relative_path(path, document), sha256=sha256_of(path)),
        bpm=song.tune.tempi[0].bpm,
        first_beat_s=round(song.first_bar_s, 4),
    )
    return HeardBacking(backing=backing, key=(song.tune.tonic, song.tune.scale), told=True)


def backing_path(song: Song, document: Path, given: Path | None) -> Path | None:
    """Return where the backing of `song`, read from `document`, is: where `given` says, else where the song does.

    Raises `InputError` where it is missing or another file now; one that is `given` is taken with a warning.
    """
    if song.backing is None:
        return None
    path = given or document.parent / song.backing.source.path
    if not given and not is_file(path):
        raise InputError(f"{document}: its backing {path} is missing; say where it is with --backing")
    if sha256_of(path) != song.backing.source.sha256:
        if not given:
            raise InputError(f"{document}: {path} is not the backing it was made of; say where that is with --backing")
        message = f"{path} is not the backing that {document} was made of; its beat may not fit"
        warnings.warn(message, ShenquWarning, stacklevel=3)
    return path


def play_backing(backing: Backing, tune: Tune, path: Path, clock: TempoMap, *, duration_s: float) -> Samples:
    """Return the sound of the recording at `path` under a song of `duration_s`, shape (2, samples), peak at most 0.8.

    Its first bar line lies on the tune's; it begins as early as it can, is repeated by whole bars where it is too
    short, and faded out at the song's end where it is longer. It is remembered.

    Raises `InputError` where the document asks for a tempo that it cannot be played at.
    """
    what = encode(backing) + encode(tune) + repr((clock, duration_s)).encode()
    key = content_key("backing", code_of("pipeline", "engines", "media"), sha256_of(path), what)
    memory = SoundCache()
    played = remembered(memory, key, lambda: _play(backing, tune, path, clock, duration_s=duration_s))
    memory.tidy()
    return np.asarray(played, dtype=np.float32)


def _play(backing: Backing, tune: Tune, path: Path, clock: TempoMap, *, duration_s: float) -> Samples:
    bpm = 60.0 / (clock.beat_to_s(tune.upbeat_beat + 1) - clock.beat_to_s(tune.upbeat_beat))
    speed = bpm / backing.bpm
    if not SLOWEST - 1e-6 <= speed <= FASTEST + 1e-6:
        raise InputError(
            f"the backing of {backing.bpm:.0f} bpm cannot be played at {bpm:.0f}; keep within 2/3 and 3/2 of it"
        )
    recorded = stretch(_stereo(read_audio(path)), SONG_RATE, speed=speed, semitones=backing.semitones)
    metre = tune.metres[0]
    bar = SONG_RATE * 60.0 / bpm * 4 * metre.numerator / metre.denominator
    first_bar = round(backing.first_beat_s / speed * SONG_RATE)
    late = round(clock.beat_to_s(tune.upbeat_beat) * SONG_RATE) - first_bar
    length = round(duration_s * SONG_RATE)
    song = np.pad(_repeated(recorded, first_bar, bar, length - late)[:, max(0, -late) :], ((0, 0), (max(0, late), 0)))
    fade = min(length, round(FADE_S * SONG_RATE))
    song[:, length - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32) ** 2
    peak = float(np.abs(song).max(initial=0.0))
    return song * np.float32(PEAK / peak) if peak > PEAK else song


def _stereo(audio: Audio) -> Samples:
    samples = soxr.resample(audio.samples.T, audio.rate, SONG_RATE).T.astype(np.float32)
    return np.repeat(samples, 2, axis=0) if len(samples) == 1 else samples


def _repeated(recorded: Samples, first_bar: int, bar: float, length: int) -> Samples:
    """Return `length` samples of `recorded`; where it ends earlier, its whole bars from `first_bar` on come again.

    Turns are joined in 20 ms before a bar line, so that what is struck there stays as it is.
    """
    bars = int((recorded.shape[1] - first_bar) / bar + SHORT_BAR)
    if bars < 1 or recorded.shape[1] >= length:
        return np.pad(recorded[:, :length], ((0, 0), (0, max(0, length - recorded.shape[1]))))
    song = np.zeros((2, length), dtype=np.float32)
    join = round(JOIN_S * SONG_RATE)
    rise = np.linspace(0.0, 1.0, join, dtype=np.float32)
    padded = np.pad(recorded, ((0, 0), (join, round(SHORT_BAR * bar) + join)))
    turns = 1 + max(0, math.ceil((length - first_bar) / (bars * bar)) - 1)
    for turn in range(turns):
        start, end = (first_bar + round((turn + more) * bars * bar) for more in (0, 1))
        at = max(0, start - join) if turn else 0
        piece = padded[:, first_bar if turn else join :][:, : end - at].copy()
        if turn:
            piece[:, :join] *= rise
        if turn < turns - 1:
            piece[:, end - at - join :] *= rise[::-1]
        kept = min(piece.shape[1], length - at)
        song[:, at : at + kept] += piece[:, :kept]
    return song
