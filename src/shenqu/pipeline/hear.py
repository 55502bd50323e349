"""From a recording to what it says: words where a text is given, else the syllables of the sound itself."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shenqu.documents.audio import LongSound, Samples, Sound
from shenqu.documents.lyrics import NewWords
from shenqu.documents.options import WordsOptions
from shenqu.documents.speech import LONGEST_S, Cue, Syllable, Transcript, Word
from shenqu.dsp.defects import CLIPPED, clipped_share, hold_two_sounds
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.dsp.spoken_pitch import usual_pitch
from shenqu.engines.espeak import find_espeak
from shenqu.engines.noise_gate import take_noise_down
from shenqu.engines.pocketsphinx_aligner import PocketsphinxAligner, pronunciations
from shenqu.engines.silero_vad import find_speech
from shenqu.engines.swift_pitch import track_long_pitch
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.audio import read_audio, read_sound
from shenqu.media.texts import read_transcript, read_words
from shenqu.pipeline.recognised import recognise_words
from shenqu.pipeline.report import Report, silent
from shenqu.singing.measure import LEAST_RISE_DB, LEVEL_HOP_S, rise_db
from shenqu.speech.align import align
from shenqu.speech.phones import UnreadableError
from shenqu.speech.reading import SpokenWord, read_aloud
from shenqu.speech.recognise import Recogniser
from shenqu.speech.syllables import find_syllables
from shenqu.units import hz_to_pitch

HEARING_RATE = 16_000
USUAL_PITCH = 50.0  # 147 Hz, where nothing is voiced
SHORTEST_S = 0.3
WHISPERED = 0.1
SECONDS_A_SYLLABLE = 0.5
LEAST_HEARD_S = 30.0
LATE_S = 0.05
LEAST_LOOKED_AT_S = 2.0  # in less, two loud periods look like clipping
LOOKED_AT_S = 60.0
EARLIEST_STROKE_S, LATEST_STROKE_S, LEAST_VOWEL_S = 0.05, 0.1, 0.05
NO_SPEECH = "no speech found in it; choose another part of it (--start, --end)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a recording says, and at which MIDI pitch its speaker talks: usually, and in each syllable's vowel.

    `pitches` has one entry a syllable, 0.0 where it has no voice, or none at all; `voiced` the voiced share of each
    vowel, 0 to 1; `strikes_db` how much the level rises with it, where that was asked for. `new_words` are built of it.
    `first_words` are the numbers of the words with which each of several recordings begins.
    """

    transcript: Transcript
    speaker_pitch: float
    pitches: tuple[float, ...] = ()
    voiced: tuple[float, ...] = ()
    strikes_db: tuple[float, ...] = ()
    new_words: NewWords | None = None
    first_words: tuple[int, ...] = (0,)


class _Listened(NamedTuple):
    """What was heard, and the sound it was heard in, which begins where the options say."""

    transcript: Transcript
    sound: LongSound


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """A sound that tells how far it has been heard."""

    sound: Sound
    report: Report

    @property
    def rate(self) -> int:
        return self.sound.rate

    @property
    def duration_s(self) -> float:
        return self.sound.duration_s

    def part(self, start_s: float, end_s: float) -> Samples:
        self.report("listening", min(1.0, start_s / self.duration_s))
        return self.sound.part(start_s, end_s)


def hear(
    speech: Path,
    options: WordsOptions,
    *,
    needed: int | None,
    struck: bool = False,
    report: Report = silent,
    recogniser: Recogniser | None = None,
) -> Heard:
    """Return what is said in the recording at `speech`, at least its first `needed` syllables; None: all of it.

    Of syllables that are to be `struck`, vowels begin where the ear hears it: where the level rises most.

    Where its words are to be recognised, `recogniser` does it, by default Whisper.

    Raises
    ------
    InputError
        Where it cannot be read, holds no speech, or the text does not fit it.

    Warns
    -----
    ShenquWarning
        Where the text cannot be read aloud, the speech is a whisper or clipped, or two people speak in two channels.
    """
    transcript, sound = _listen(speech, options, needed, report, recogniser)
    strikes_db: tuple[float, ...] = ()
    if struck:
        transcript, strikes_db = _struck(transcript, sound, options.start_s)
    first_s = transcript.syllables[0].start_s - options.start_s
    last_s = max(syllable.end_s for syllable in transcript.syllables) - options.start_s
    pitch = track_long_pitch(_cut(sound, first_s, last_s + 0.1))
    in_vowel = _in_vowel(pitch, transcript, origin_s=options.start_s + max(0.0, first_s))
    if pitch.voiced[in_vowel].mean() < WHISPERED:
        message = f"{speech} is whispered: it is sung breathy, and some notes stay without pitch"
        warnings.warn(message, ShenquWarning, stacklevel=2)
    _warn_of_defects(speech, options, options.start_s + max(0.0, first_s), options.start_s + last_s)
    usual = usual_pitch(pitch.f0_hz[in_vowel], pitch.confidence[in_vowel])
    return Heard(
        transcript=transcript,
        speaker_pitch=USUAL_PITCH if usual is None else usual,
        pitches=_syllable_pitches(pitch, transcript, origin_s=options.start_s + max(0.0, first_s)),
        voiced=_voiced_shares(pitch, transcript, origin_s=options.start_s + max(0.0, first_s)),
        strikes_db=strikes_db,
    )


def _struck(transcript: Transcript, sound: LongSound, origin_s: float) -> tuple[Transcript, tuple[float, ...]]:
    """Return `transcript` with vowels that begin where the level rises most near them, and by how much, in decibels."""
    last_s = max(syllable.end_s for syllable in transcript.syllables) - origin_s
    rises_db = rise_db(sound.part(0.0, last_s + LATEST_STROKE_S), sound.rate)
    strikes_db: list[float] = []

    def struck(syllable: Syllable) -> Syllable:
        first = max(syllable.start_s, syllable.vowel_s - EARLIEST_STROKE_S)
        last = max(first, min(syllable.vowel_s + LATEST_STROKE_S, syllable.vowel_end_s - LEAST_VOWEL_S))
        hops = [max(0, round((time_s - origin_s) / LEVEL_HOP_S)) for time_s in (first, last)]
        near = rises_db[hops[0] : hops[1] + 1]
        strikes_db.append(float(near.max(initial=0.0)))
        if last <= first or strikes_db[-1] < LEAST_RISE_DB:
            return syllable
        rises_s = origin_s + (hops[0] + int(np.argmax(near))) * LEVEL_HOP_S
        return syllable.replace(vowel_s=round(min(max(rises_s, first), last), 6))

    words = [word.replace(syllables=tuple(map(struck, word.syllables))) for word in transcript.words]
    return transcript.replace(words=tuple(words)), tuple(strikes_db)


def _voiced_shares(pitch: PitchTrack, transcript: Transcript, *, origin_s: float) -> tuple[float, ...]:
    """Return the share of every syllable's vowel that has a voice."""
    shares = []
    for syllable in transcript.syllables:
        times_s = (syllable.vowel_s - origin_s, syllable.vowel_end_s - origin_s)
        first, last = (max(0, round(time_s / pitch.hop_s)) for time_s in times_s)
        voiced = pitch.voiced[first:last]
        shares.append(float(voiced.mean()) if len(voiced) else 0.0)
    return tuple(shares)


def _syllable_pitches(pitch: PitchTrack, transcript: Transcript, *, origin_s: float) -> tuple[float, ...]:
    """Return the median MIDI pitch of every syllable's vowel, 0.0 where it has no voice."""
    pitches = []
    for syllable in transcript.syllables:
        times_s = (syllable.vowel_s - origin_s, syllable.vowel_end_s - origin_s)
        first, last = (max(0, round(time_s / pitch.hop_s)) for time_s in times_s)
        voiced = pitch.f0_hz[first:last][pitch.voiced[first:last]]
        pitches.append(float(hz_to_pitch(float(np.median(voiced)))) if len(voiced) else 0.0)
    return tuple(pitches)


def _warn_of_defects(speech: Path, options: WordsOptions, start_s: float, end_s: float) -> None:
    """Warn of what no song can hide, by the beginning of what is heard between two times of the recording."""
    audio = read_audio(speech, start_s=start_s, end_s=min(end_s, start_s + LOOKED_AT_S), channel=options.speaker)
    if audio.duration_s >= LEAST_LOOKED_AT_S and clipped_share(audio.samples) > CLIPPED:
        message = f"{speech} is clipped, and so will the song sound; take a recording made at a lower level"
        warnings.warn(message, ShenquWarning, stacklevel=3)
    if hold_two_sounds(audio.samples, audio.rate):
        message = f"{speech} holds another sound in each channel; for one of two people add --speaker left or right"
        warnings.warn(message, ShenquWarning, stacklevel=3)


def hear_words(
    speech: Path, options: WordsOptions, *, report: Report = silent, recogniser: Recogniser | None = None
) -> Transcript:
    """Return all that is said in the recording at `speech`. Errors and warnings are those of `hear`."""
    return _listen(speech, options, None, report, recogniser).transcript


def _listen(
    speech: Path, options: WordsOptions, needed: int | None, report: Report, recogniser: Recogniser | None
) -> _Listened:
    if options.recognise or recogniser:
        return _hear_recognised(speech, options, needed, report, recogniser)
    if options.one_text is None:
        return _hear_syllables(speech, options, needed, report)
    transcript = read_transcript(options.one_text)
    if transcript is not None and transcript.syllables and all(word.syllables for word in transcript.heard_words):
        return _hear_transcript(speech, options, transcript, needed, report)
    cues = read_words(options.one_text)
    try:
        language, words = read_aloud(cues, options.language, lexicon=pronunciations, find_phonetics=find_espeak)
    except UnreadableError as reason:
        warnings.warn(f"{reason}; its syllables are found by ear", ShenquWarning, stacklevel=4)
        return _hear_syllables(speech, options, needed, report)
    sound = _read(speech, options, options.end_s, report)
    return _hear_words(speech, options, sound, cues, words, language=language, needed=needed, report=report)


def _hear_recognised(
    speech: Path, options: WordsOptions, needed: int | None, report: Report, recogniser: Recogniser | None
) -> _Listened:
    """Hear the words that are recognised; where there are none, or none that can be read aloud, the syllables."""
    sound = _read(speech, options, options.end_s, report)
    recognised = recognise_words(sound, options, recogniser, needed=needed, report=report)
    try:
        if not recognised.cues:
            raise UnreadableError(f"{speech}: no words were recognised in it")
        language, words = read_aloud(
            recognised.cues, recognised.language, lexicon=pronunciations, find_phonetics=find_espeak
        )
    except InputError as reason:
        warnings.warn(f"{reason}; its syllables are found by ear", ShenquWarning, stacklevel=5)
        return _hear_syllables(speech, options, needed, report)
    cues = recognised.cues
    return _hear_words(speech, options, sound, cues, words, language=language, needed=needed, report=report)


def _in_vowel(pitch: PitchTrack, transcript: Transcript, *, origin_s: float) -> npt.NDArray[np.bool_]:
    """Return at every hop whether it lies in a vowel of `transcript`."""
    times_s = origin_s + np.arange(len(pitch.f0_hz)) * pitch.hop_s
    in_vowel = np.zeros(len(times_s), dtype=bool)
    for syllable in transcript.syllables:
        first, last = np.searchsorted(times_s, (syllable.vowel_s, syllable.vowel_end_s))
        in_vowel[first:last] = True
    return in_vowel


def _hear_words(
    speech: Path,
    options: WordsOptions,
    sound: LongSound,
    cues: tuple[Cue, ...],
    words: tuple[SpokenWord, ...],
    *,
    language: str,
    needed: int | None,
    report: Report,
) -> _Listened:
    _warn_of_late_cues(cues, options, sound)
    transcript = align(
        _Watched(sound=sound, report=report),
        words,
        cues=cues,
        language=language,
        aligner=PocketsphinxAligner(),
        offset_s=options.start_s,
        enough_syllables=needed,
    )
    last_s = transcript.syllables[-1].end_s - options.start_s
    if not find_speech(_cut(sound, 0.0, last_s + 0.1)):
        raise InputError(f"{speech}: {NO_SPEECH}")
    return _Listened(transcript, sound)


def _warn_of_late_cues(cues: tuple[Cue, ...], options: WordsOptions, sound: LongSound) -> None:
    """Warn of subtitles that begin behind the end of the recording, unless an earlier end was asked for."""
    end_s = options.start_s + sound.duration_s
    late = [cue for cue in cues if cue.start_s is not None and cue.start_s >= end_s]
    if late and options.end_s is None:
        message = f"{len(late)} subtitles begin behind the end of the recording ({end_s:.1f} s) and are left out"
        warnings.warn(message, ShenquWarning, stacklevel=3)


def _hear_transcript(
    speech: Path, options: WordsOptions, transcript: Transcript, needed: int | None, report: Report
) -> _Listened:
    """Return the words of a ready `transcript` that lie in the part of the recording, `needed` syllables of them."""
    sound = _read(speech, options, options.end_s, report)
    last_s = options.start_s + sound.duration_s
    words = [word for word in transcript.heard_words if _lies_in(word, options.start_s, last_s)]
    if not words:
        raise InputError(f"{options.text}: none of its words lies in this part of {speech}; choose another part")
    if needed is not None:
        counts = accumulate((len(word.syllables) for word in words), initial=0)
        words = [word for word, before in zip(words, counts, strict=False) if before < needed]
    return _Listened(transcript.replace(words=tuple(words)), sound)


def _lies_in(word: Word, start_s: float, end_s: float) -> bool:
    """Return whether a word and its syllables begin and end between two times."""
    starts_s = [word.span_s[0], *(syllable.start_s for syllable in word.syllables)]
    ends_s = [word.span_s[1], *(syllable.end_s for syllable in word.syllables)]
    return start_s <= min(starts_s) and max(ends_s) <= end_s + LATE_S


def _hear_syllables(speech: Path, options: WordsOptions, needed: int | None, report: Report) -> _Listened:
    """Hear as much of the recording as holds `needed` syllables: a part first, twice as much if it was too little."""
    wanted_s = LONGEST_S if needed is None else max(LEAST_HEARD_S, SECONDS_A_SYLLABLE * needed)
    while True:
        end_s = options.start_s + wanted_s
        is_whole = options.end_s is not None and options.end_s <= end_s
        sound = _read(speech, options, options.end_s if is_whole else end_s, report)
        is_whole = is_whole or sound.duration_s < wanted_s - 0.1
        transcript = _syllables(sound, options, report)
        if is_whole or needed is None or len(transcript.syllables) >= needed:
            break
        wanted_s *= 2
    if not transcript.syllables:
        raise InputError(f"{speech}: {NO_SPEECH}")
    return _Listened(transcript, sound)


def _syllables(sound: LongSound, options: WordsOptions, report: Report) -> Transcript:
    speech_s = find_speech(sound)
    if not speech_s:
        return Transcript(language="und")
    watched = _Watched(sound=sound, report=report)
    return find_syllables(watched, track_long_pitch(watched), speech_s, offset_s=options.start_s)


def _read(speech: Path, options: WordsOptions, end_s: float | None, report: Report) -> LongSound:
    """Read the recording as one channel at the rate that the recognisers hear, cleaned where that is wanted."""
    sound = read_sound(
        speech,
        rate=HEARING_RATE,
        start_s=options.start_s,
        end_s=end_s,
        channel=options.speaker,
        progress=lambda share: report("reading", share),
    )
    if sound.duration_s < SHORTEST_S:
        raise InputError(f"{speech}: {sound.duration_s:.2f} s is too short for a syllable; take a longer part of it")
    return take_noise_down(sound, find_speech(sound)) if options.clean else sound


def _cut(sound: LongSound, start_s: float, end_s: float) -> LongSound:
    """Return a part of `sound` as a sound of its own, without a copy."""
    first, last = (max(0, round(time_s * sound.rate)) for time_s in (start_s, end_s))
    return LongSound(pcm=sound.pcm[first:last], rate=sound.rate)
