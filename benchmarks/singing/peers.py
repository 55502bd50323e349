"""Other ways to sing a syllable: what is known for shifting and stretching speech, one function each.

All of them get the same piece of the speech, its notes, and a margin of the speech around it, which is cut off again:
their windows begin and end in sound. Those that only know a constant shift move each note's part of the piece by as
much as its note lies above the spoken syllable; Praat gets the pitch of every moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import librosa
import numpy as np
import numpy.typing as npt
import parselmouth
import pedalboard
import python_stretch
import pyworld
from parselmouth.praat import call

from shenqu.engines.swift_pitch import track_pitch
from shenqu.units import pitch_to_hz

RATE = 24_000
MARGIN_S = 0.08
JOIN_S = 0.005
FLOOR_HZ, CEILING_HZ = 60.0, 600.0
FRAME_S = 0.005
Sound = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """A spoken piece to be sung: `samples` at `RATE`, with `MARGIN_S` of the speech before it and behind it.

    `notes` are lengths in seconds and pitches; `spoken_pitch` is the median one of the syllable.
    """

    samples: Sound
    notes: tuple[tuple[float, float], ...]
    spoken_pitch: float

    @property
    def spoken_s(self) -> float:
        """Length of the piece as spoken, without margins."""
        return len(self.samples) / RATE - 2 * MARGIN_S

    @property
    def sung_s(self) -> float:
        """Length of all notes."""
        return sum(length_s for length_s, _ in self.notes)


Peer = Callable[[Piece], Sound]
Shift = Callable[[Sound, float, float], Sound]  # samples, times as long, semitones


def _by_notes(shift: Shift) -> Peer:
    """Return what sings a piece with a `shift` for each of its notes."""

    def sing(piece: Piece) -> Sound:
        longer = piece.sung_s / piece.spoken_s
        sung, start_s = [], 0.0
        for length_s, pitch in piece.notes:
            first = round(start_s / longer * RATE)
            part = piece.samples[first : first + round((length_s / longer + 2 * MARGIN_S) * RATE)]
            shifted = shift(np.ascontiguousarray(part), longer, pitch - piece.spoken_pitch)
            sung.append(_without_margins(shifted, longer, length_s))
            start_s += length_s
        return _joined(sung)

    return sing


def _without_margins(sound: Sound, longer: float, length_s: float) -> Sound:
    """Return the piece itself, with what fades into its neighbours."""
    first = round((MARGIN_S * longer - JOIN_S) * RATE)
    wanted = round((length_s + 2 * JOIN_S) * RATE)
    part = sound[max(0, first) : first + wanted]
    return np.pad(part, (0, wanted - len(part))).astype(np.float32)


def _joined(parts: list[Sound]) -> Sound:
    """Return parts one after the other, faded into each other; the first and last fades lie outside of the piece."""
    fade = round(2 * JOIN_S * RATE)
    out = np.zeros(sum(map(len, parts)) - fade * (len(parts) - 1), dtype=np.float32)
    start = 0
    for part in parts:
        edge = np.minimum(np.arange(len(part)), np.arange(len(part))[::-1]) / fade
        out[start : start + len(part)] += part * np.clip(edge, 0.0, 1.0)
        start += len(part) - fade
    return out


def _librosa(samples: Sound, longer: float, semitones: float) -> Sound:
    stretched = librosa.effects.time_stretch(samples, rate=1.0 / longer, n_fft=1024)
    return np.asarray(librosa.effects.pitch_shift(stretched, sr=RATE, n_steps=semitones, n_fft=1024))


def _rubber_band(samples: Sound, longer: float, semitones: float) -> Sound:
    sung = pedalboard.time_stretch(
        samples[None], RATE, stretch_factor=1.0 / longer, pitch_shift_in_semitones=semitones, preserve_formants=True
    )
    return np.asarray(sung[0])


def _signalsmith(samples: Sound, longer: float, semitones: float) -> Sound:
    stretch = python_stretch.Signalsmith.Stretch()
    stretch.preset(1, RATE)
    stretch.setTransposeSemitones(semitones)
    stretch.setTimeFactor(1.0 / longer)
    return np.asarray(stretch.process(samples[None])[0])


def _world(samples: Sound, longer: float, semitones: float) -> Sound:
    """WORLD with the spoken pitch multiplied, as its own examples do it."""
    sound = samples.astype(np.float64)
    hz = track_pitch(samples, RATE).f0_hz
    times_s = np.arange(len(hz)) * FRAME_S
    envelope = pyworld.cheaptrick(sound, hz, times_s, RATE)
    aperiodicity = pyworld.d4c(sound, hz, times_s, RATE)
    frames = np.minimum(np.arange(round(len(hz) * longer)) / longer, len(hz) - 1).astype(int)
    shifted = hz[frames] * 2.0 ** (semitones / 12.0)
    return np.asarray(pyworld.synthesize(shifted, envelope[frames].copy(), aperiodicity[frames].copy(), RATE))


def _praat(piece: Piece) -> Sound:
    """Praat's overlap-add (Moulines and Charpentier 1990) on a pitch tier of the notes and a duration tier."""
    longer = piece.sung_s / piece.spoken_s
    sound = parselmouth.Sound(piece.samples.astype(np.float64), RATE)
    manipulation = call(sound, "To Manipulation", FRAME_S, FLOOR_HZ, CEILING_HZ)
    end_s = len(piece.samples) / RATE
    pitches = call("Create PitchTier", "notes", 0.0, end_s)
    start_s = MARGIN_S
    for length_s, pitch in piece.notes:
        for at_s in (start_s + JOIN_S / longer, start_s + (length_s - JOIN_S) / longer):
            call(pitches, "Add point", at_s, float(pitch_to_hz(pitch)))
        start_s += length_s / longer
    lengths = call("Create DurationTier", "lengths", 0.0, end_s)
    call(lengths, "Add point", 0.5 * end_s, longer)
    call([pitches, manipulation], "Replace pitch tier")
    call([lengths, manipulation], "Replace duration tier")
    sung = call(manipulation, "Get resynthesis (overlap-add)")
    return _joined([_without_margins(sung.values[0].astype(np.float32), longer, piece.sung_s)])


PEERS: Mapping[str, Peer] = {
    "Praat, pitch replaced": _praat,
    "Rubber Band, constant shift": _by_notes(_rubber_band),
    "Signalsmith, constant shift": _by_notes(_signalsmith),
    "librosa, constant shift": _by_notes(_librosa),
    "WORLD, constant shift": _by_notes(_world),
}
