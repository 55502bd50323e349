"""What a constant shift sounds like: each spoken syllable moved to its note as a whole, by librosa.

The same notes on the same syllables, the vowel on the beat as well. The spoken glide stays in the note.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import librosa
import numpy as np
import numpy.typing as npt
import soundfile

from shenqu.documents.song import Song
from shenqu.documents.speech import Syllable
from shenqu.engines.swift_pitch import track_pitch
from shenqu.media.audio import read_audio
from shenqu.pipeline.doors import read_song
from shenqu.units import hz_to_pitch

RATE = 24_000
FADE_S = 0.005
TAIL_S = 1.0
Sound = npt.NDArray[np.float32]
SungNote = tuple[float, float, int, str]  # start_s, end_s, pitch, lyric


def shift_syllables(speech: Path, document: Path, notes: list[SungNote], out: Path) -> None:
    """Write to `out` the song of `document` sung by constant shifts; `notes` in song order, as sung."""
    audio = read_audio(speech)
    samples = librosa.resample(audio.mono, orig_sr=audio.rate, target_sr=RATE)
    hz = track_pitch(samples, RATE).f0_hz
    song = np.zeros(round((notes[-1][1] + TAIL_S) * RATE), dtype=np.float32)
    for syllable, group in _placements(read_song(document), notes):
        first = round((group[0][0] - syllable.vowel_s + syllable.start_s) * RATE)
        _add(song, first, _span(samples, syllable.start_s, syllable.vowel_s))
        spoken_pitch = _median_pitch(hz, syllable)
        rhyme = _span(samples, syllable.vowel_s, syllable.end_s)
        sung = librosa.effects.time_stretch(rhyme, rate=len(rhyme) / RATE / (group[-1][1] - group[0][0]))
        for start_s, end_s, pitch, _ in group:
            part = _span(sung, start_s - group[0][0], end_s - group[0][0])
            shifted = librosa.effects.pitch_shift(part, sr=RATE, n_steps=pitch - spoken_pitch)
            _add(song, round(start_s * RATE), shifted)
    soundfile.write(out, song, RATE, subtype="FLOAT")


def _placements(song: Song, notes: list[SungNote]) -> Iterator[tuple[Syllable, list[SungNote]]]:
    """Yield each syllable with the notes that it is sung on."""
    sung = sorted(
        (placement for placement in song.placements if placement.syllable is not None and placement.notes),
        key=lambda placement: placement.notes[0].onset_beat,
    )
    rest = iter(notes)
    for placement in sung:
        assert placement.syllable is not None
        yield song.transcript.syllables[placement.syllable], [next(rest) for _ in placement.notes]


def _median_pitch(hz: npt.NDArray[np.floating], syllable: Syllable) -> float:
    vowel = hz[round(syllable.vowel_s / 0.005) : round(syllable.vowel_end_s / 0.005)]
    voiced = vowel[vowel > 0] if (vowel > 0).any() else hz[hz > 0]
    return float(hz_to_pitch(float(np.median(voiced))))


def _span(samples: Sound, start_s: float, end_s: float) -> Sound:
    return samples[round(start_s * RATE) : round(end_s * RATE)]


def _add(song: Sound, first: int, part: Sound) -> None:
    """Add `part` to `song` from sample `first` on, faded at both ends."""
    edge = np.minimum(np.arange(len(part)), np.arange(len(part))[::-1]) / (FADE_S * RATE)
    faded = part * np.clip(edge, 0.0, 1.0)
    low, high = max(0, first), min(len(song), first + len(part))
    song[low:high] += faded[low - first : high - first].astype(np.float32)
