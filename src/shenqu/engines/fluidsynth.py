"""The band played by a soundfont, through FluidSynth (the `soundfont` extra, and the system's own library).

Conventions
-----------
Parts keep their General MIDI programs; drums are on channel 10. FluidSynth begins notes every 64 samples (1.3 ms at
48 kHz), so they may be that much late. Its reverberation and chorus are off: the mix has its own room.

References
----------
General MIDI level 1; SoundFont 2.04; FluidSynth 2.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from shenqu.documents.audio import Samples
from shenqu.documents.performance import TempoMap
from shenqu.documents.tune import Part
from shenqu.errors import InputError, ToolError
from shenqu.units import SONG_RATE, seconds_to_samples

PEAK = 0.8
GAIN = 0.4
_DRUM_CHANNEL, _DRUM_BANK = 9, 128
_CHANNELS = tuple(channel for channel in range(16) if channel != _DRUM_CHANNEL)
_BLOCK_S = 10.0
_LOWEST_DRUM, _HIGHEST_DRUM = 35, 81
Event = tuple[int, bool, int, int, int]
"""Sample, whether a note begins, channel, key, velocity."""


def play_soundfont(
    parts: Sequence[Part],
    soundfont: Path,
    *,
    tempo_map: TempoMap,
    duration_s: float,
    transpose: int = 0,
    rate: int = SONG_RATE,
) -> Samples:
    """Return what `parts` sound like with the sounds of `soundfont`, shape (2, samples), the peak at most 0.8.

    As `shenqu.music.playing.play`: song time 0 at sample 0, pitched parts `transpose` semitones up by the nearest way.

    Raises
    ------
    InputError
        Where the file is no soundfont that can be read.
    ToolError
        Where the extra or the system's library is missing.
    """
    synth = _synth(rate)
    sound = np.zeros((2, round(duration_s * rate)), dtype=np.float32)
    try:
        number = _load(synth, soundfont)
        _choose_programs(synth, parts, number)
        _play(synth, sorted(_events(parts, tempo_map, (transpose + 6) % 12 - 6, rate)), sound, rate)
    finally:
        synth.delete()
    peak = float(np.abs(sound).max(initial=0.0))
    if peak > PEAK:
        sound *= np.float32(PEAK / peak)
    return sound


def _synth(rate: int) -> Any:
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            from fluidsynth import Synth  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        advice = (
            "install the extra: pip install 'shenqu[soundfont]'"
            if error.name == "fluidsynth"
            else "install FluidSynth itself, as with apt install libfluidsynth3, or brew install fluid-synth"
        )
        raise ToolError(f"--soundfont needs FluidSynth; {advice}") from None
    synth = Synth(gain=GAIN, samplerate=float(rate))
    synth.setting("synth.reverb.active", 0)
    synth.setting("synth.chorus.active", 0)
    return synth


def _load(synth: Any, soundfont: Path) -> int:
    if not soundfont.is_file():
        raise InputError(f"{soundfont}: there is no such soundfont; name an .sf2 or .sf3 file")
    number = int(synth.sfload(str(soundfont)))
    if number < 0:
        raise InputError(f"{soundfont}: not a soundfont that FluidSynth reads; name an .sf2 or .sf3 file")
    return number


def _channel_of(index: int, part: Part) -> int:
    return _DRUM_CHANNEL if part.drums else _CHANNELS[index % len(_CHANNELS)]


def _choose_programs(synth: Any, parts: Sequence[Part], number: int) -> None:
    """Give each part's channel its program; a font without it plays what it has first."""
    for index, part in enumerate(parts):
        bank = _DRUM_BANK if part.drums else 0
        channel = _channel_of(index, part)
        for choice in ((bank, part.program), (bank, 0), (0, 0)):
            if synth.program_select(channel, number, *choice) == 0:
                break


def _events(parts: Sequence[Part], tempo_map: TempoMap, transpose: int, rate: int) -> Iterator[Event]:
    for index, part in enumerate(parts):
        channel = _channel_of(index, part)
        for note in part.notes:
            key = note.pitch if part.drums else min(127, max(0, note.pitch + transpose))
            if part.drums and not _LOWEST_DRUM <= key <= _HIGHEST_DRUM:
                continue
            ends = (note.onset_beat, note.onset_beat + note.length_beat)
            start, end = (seconds_to_samples(tempo_map.beat_to_s(beat), rate) for beat in ends)
            if start >= 0:
                yield start, True, channel, key, note.velocity
                yield max(end, start + 1), False, channel, key, 0


def _play(synth: Any, events: Sequence[Event], sound: Samples, rate: int) -> None:
    now = 0
    for sample, begins, channel, key, velocity in events:
        now = _sound_until(synth, sound, now, sample, rate)
        if begins:
            synth.noteon(channel, key, velocity)
        else:
            synth.noteoff(channel, key)
    _sound_until(synth, sound, now, sound.shape[1], rate)


def _sound_until(synth: Any, sound: Samples, now: int, until: int, rate: int) -> int:
    """Fill `sound` from sample `now` on; return where it has got to."""
    until = min(until, sound.shape[1])
    while now < until:
        count = min(until - now, round(_BLOCK_S * rate))
        sound[:, now : now + count] = synth.get_samples(count).reshape(-1, 2).T / np.float32(32768.0)
        now += count
    return now
