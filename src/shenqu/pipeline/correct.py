"""Words that a hand has corrected: what they touch is heard anew, and songs are carried over to them."""

from __future__ import annotations

import warnings
from pathlib import Path

from shenqu.documents.audio import LongSound
from shenqu.documents.options import WordsOptions
from shenqu.documents.song import Song
from shenqu.documents.speech import Transcript
from shenqu.engines.espeak import find_espeak
from shenqu.engines.pocketsphinx_aligner import PocketsphinxAligner, pronunciations
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.audio import audio_duration, read_sound
from shenqu.media.texts import read_transcript
from shenqu.music.carry import carry
from shenqu.pipeline.hear import HEARING_RATE
from shenqu.speech.realign import Realigned, realign

SONG_ENDING = ".shenqu"
TRANSCRIPT_ENDINGS = (".json", ".textgrid")


def read_corrected(path: Path) -> Transcript:
    """Return the transcript at `path`, as `shenqu words` wrote it and a hand may have changed it.

    Raises
    ------
    InputError
        Where it is missing, broken, or holds something else.
    """
    if path.suffix.lower() not in TRANSCRIPT_ENDINGS:
        raise InputError(f"{path}: corrected words are read from .json, .TextGrid or {SONG_ENDING}; give one of these")
    transcript = read_transcript(str(path))
    if transcript is None:
        raise InputError(f"{path}: is not what shenqu words wrote; give it with --text, and correct what comes of it")
    return transcript


def hear_corrections(speech: Path, transcript: Transcript, options: WordsOptions) -> Realigned:
    """Return `transcript`, changed by a hand, with the times of what was changed; only that is read from `speech`.

    Raises
    ------
    InputError
        Where the recording cannot be read, or the words cannot be those of it.

    Warns
    -----
    ShenquWarning
        Where words were not heard.
    """

    def listen(start_s: float, end_s: float) -> LongSound:
        return read_sound(speech, rate=HEARING_RATE, start_s=start_s, end_s=end_s, channel=options.speaker)

    return realign(
        transcript,
        listen,
        duration_s=audio_duration(speech),
        aligner=PocketsphinxAligner(),
        lexicon=pronunciations,
        find_phonetics=find_espeak,
        language=options.language,
    )


def carry_song(song: Song, realigned: Realigned) -> Song:
    """Return `song` with the corrected transcript; its words keep their notes.

    Warns
    -----
    ShenquWarning
        Where syllables have no note, or notes no syllable any more.
    """
    carried = carry(song.placements, song.transcript.words, realigned.words)
    for what, texts in (
        ("new syllables have no notes yet", [syllable.text for syllable in carried.unsung]),
        ("words were not heard, and their notes are rests now", [word.text for word in carried.lost]),
    ):
        if texts:
            examples = ", ".join(f'"{text}"' for text in texts[:5])
            warnings.warn(f"{len(texts)} {what}: {examples}", ShenquWarning, stacklevel=2)
    return song.replace(transcript=realigned.transcript, placements=carried.placements)
