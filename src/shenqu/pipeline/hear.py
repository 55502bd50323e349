"""From a recording to what it says: words where a text is given, else the syllables of the sound itself."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np

from shenqu.documents.audio import Audio, LongSound
from shenqu.documents.options import WordsOptions
from shenqu.documents.speech import LONGEST_S, Cue, Transcript, Word
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.engines.espeak import find_espeak
from shenqu.engines.pocketsphinx_aligner import PocketsphinxAligner, pronunciations
from shenqu.engines.swift_pitch import track_pitch
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.audio import read_audio
from shenqu.media.texts import read_transcript, read_words
from shenqu.speech.align import align
from shenqu.speech.phones import UnreadableError
from shenqu.speech.reading import SpokenWord, read_aloud
from shenqu.speech.syllables import find_syllables, holds_speech
from shenqu.units import hz_to_pitch

HEARING_RATE = 16_000
USUAL_PITCH = 50.0
SHORTEST_S = 0.3
WHISPERED = 0.1
SECONDS_A_SYLLABLE = 0.5
LEAST_HEARD_S = 30.0
LATE_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a recording says, and at which MIDI pitch its speaker talks."""

    transcript: Transcript
    speaker_pitch: float


def hear(speech: Path, options: WordsOptions, *, needed: int | None) -> Heard:
    """Return what is said in the recording at `speech`, at least its first `needed` syllables; None: all of it.

    Raises
    ------
    InputError
        Where it cannot be read, holds no speech, or the text does not fit it.
    """
    if options.text is None:
        return _hear_syllables(speech, options, needed)
    transcript = read_transcript(options.text)
    if transcript is not None and transcript.syllables and all(word.syllables for word in transcript.heard_words):
        return _hear_transcript(speech, options, transcript, needed)
    cues = read_words(options.text)
    try:
        language, words = read_aloud(cues, options.language, lexicon=pronunciations, find_phonetics=find_espeak)
    except UnreadableError as reason:
        warnings.warn(f"{reason}; its syllables are found by ear", ShenquWarning, stacklevel=2)
        return _hear_syllables(speech, options, needed)
    return _hear_words(speech, options, cues, words, language=language, needed=needed)


def speaker_pitch(pitch: PitchTrack, transcript: Transcript, *, origin_s: float) -> float:
    """Return the median MIDI pitch of the vowels of `transcript`; 50 (147 Hz) where nothing is voiced."""
    times_s = origin_s + np.arange(len(pitch.f0_hz)) * pitch.hop_s
    in_vowel = np.zeros(len(times_s), dtype=bool)
    for syllable in transcript.syllables:
        first, last = np.searchsorted(times_s, (syllable.vowel_s, syllable.vowel_end_s))
        in_vowel[first:last] = True
    voiced = pitch.f0_hz[in_vowel & (pitch.f0_hz > 0)]
    return float(hz_to_pitch(float(np.median(voiced)))) if len(voiced) else USUAL_PITCH


def _hear_words(
    speech: Path,
    options: WordsOptions,
    cues: tuple[Cue, ...],
    words: tuple[SpokenWord, ...],
    *,
    language: str,
    needed: int | None,
) -> Heard:
    audio = _read(speech, options.start_s, options.end_s)
    transcript = align(
        LongSound(
            pcm=np.clip(np.rint(np.nan_to_num(audio.mono) * 32768.0), -32768, 32767).astype(np.int16), rate=audio.rate
        ),
        words,
        cues=cues,
        language=language,
        aligner=PocketsphinxAligner(),
        offset_s=options.start_s,
        enough_syllables=needed,
    )
    last_s = transcript.syllables[-1].end_s - options.start_s
    heard = audio.mono[: round((last_s + 0.1) * audio.rate)]
    pitch = track_pitch(heard, audio.rate)
    if not holds_speech(heard, audio.rate, pitch):
        if pitch.voiced.mean() > WHISPERED:
            raise InputError(f"{speech}: no speech found in it; choose another part of it (--start, --end)")
        warnings.warn(f"{speech} has hardly any voice in it; whispers sing hoarsely", ShenquWarning, stacklevel=3)
    return Heard(transcript=transcript, speaker_pitch=speaker_pitch(pitch, transcript, origin_s=options.start_s))


def _hear_transcript(speech: Path, options: WordsOptions, transcript: Transcript, needed: int | None) -> Heard:
    """Return the words of a ready `transcript` that lie in the part of the recording, `needed` syllables of them."""
    audio = _read(speech, options.start_s, options.end_s)
    last_s = options.start_s + audio.duration_s
    words = [word for word in transcript.heard_words if _lies_in(word, options.start_s, last_s)]
    if not words:
        raise InputError(f"{options.text}: none of its words lies in this part of {speech}; choose another part")
    if needed is not None:
        counts = accumulate((len(word.syllables) for word in words), initial=0)
        words = [word for word, before in zip(words, counts, strict=False) if before < needed]
    heard = transcript.replace(words=tuple(words))
    pitch = track_pitch(
        audio.mono[: round((max(word.span_s[1] for word in words) - options.start_s + 0.1) * audio.rate)], audio.rate
    )
    return Heard(transcript=heard, speaker_pitch=speaker_pitch(pitch, heard, origin_s=options.start_s))


def _lies_in(word: Word, start_s: float, end_s: float) -> bool:
    """Return whether a word and its syllables begin and end between two times."""
    starts_s = [word.span_s[0], *(syllable.start_s for syllable in word.syllables)]
    ends_s = [word.span_s[1], *(syllable.end_s for syllable in word.syllables)]
    return start_s <= min(starts_s) and max(ends_s) <= end_s + LATE_S


def _hear_syllables(speech: Path, options: WordsOptions, needed: int | None) -> Heard:
    """Hear as much of the recording as holds `needed` syllables: a part first, twice as much if it was too little."""
    wanted_s = LONGEST_S if needed is None else max(LEAST_HEARD_S, SECONDS_A_SYLLABLE * needed)
    while True:
        end_s = options.start_s + wanted_s
        is_whole = options.end_s is not None and options.end_s <= end_s
        audio = _read(speech, options.start_s, options.end_s if is_whole else end_s)
        pitch = track_pitch(audio.mono, audio.rate)
        is_whole = is_whole or audio.duration_s < wanted_s - 0.1
        if holds_speech(audio.mono, audio.rate, pitch):
            transcript = find_syllables(audio.mono, audio.rate, pitch, offset_s=options.start_s)
            if is_whole or needed is None or len(transcript.syllables) >= needed:
                pitch_heard = speaker_pitch(pitch, transcript, origin_s=options.start_s)
                return Heard(transcript=transcript, speaker_pitch=pitch_heard)
        elif is_whole:
            raise InputError(f"{speech}: no speech found in it; choose another part of it (--start, --end)")
        wanted_s *= 2


def _read(speech: Path, start_s: float, end_s: float | None) -> Audio:
    """Read the recording as one channel at the rate that the recognisers hear."""
    audio = read_audio(speech, start_s=start_s, end_s=end_s, rate=HEARING_RATE)
    if audio.duration_s < SHORTEST_S:
        raise InputError(f"{speech}: {audio.duration_s:.2f} s is too short for a syllable; take a longer part of it")
    return Audio(samples=audio.mono[None, :], rate=HEARING_RATE)
