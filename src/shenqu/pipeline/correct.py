"""Words that a hand has corrected: what they touch is heard anew, and songs are carried over to them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from shenqu.documents.options import WordsOptions
from shenqu.documents.song import Hook, Song
from shenqu.documents.speech import Transcript
from shenqu.engines.espeak import find_espeak
from shenqu.engines.pocketsphinx_aligner import PocketsphinxAligner, pronunciations
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.audio import audio_duration
from shenqu.media.texts import read_transcript
from shenqu.music.carry import carry
from shenqu.pipeline.several import read_line
from shenqu.pipeline.songs import is_file, read_song
from shenqu.speech.realign import Realigned, realign

SONG_ENDING = ".shenqu"
_TRANSCRIPT_ENDINGS = (".json", ".textgrid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a hand has corrected: a transcript, or the one in a song."""

    path: Path
    transcript: Transcript
    song: Song | None = None


def read_correction(path: Path, options: WordsOptions) -> Correction:
    """Return what is at `path`: a transcript as `shenqu words` wrote it, or a song document, changed by a hand.

    Raises
    ------
    InputError
        Where it is missing, broken, or holds something else, and where `options` ask for other words.
    """
    for flag, value in (
        ("--text", options.text),
        ("--start", options.start_s),
        ("--end", options.end_s),
        ("--recognise", options.recognise),
        ("--clean", options.clean),
    ):
        if value:
            raise InputError(f"{flag}: what --from gives is taken as a whole; leave {flag} out")
    if path.suffix.lower() == SONG_ENDING:
        song = read_song(path)
        return Correction(path=path, transcript=song.transcript, song=song)
    if path.suffix.lower() not in _TRANSCRIPT_ENDINGS:
        raise InputError(f"{path}: --from reads .json, .TextGrid or {SONG_ENDING}; give one of these")
    if not is_file(path):
        raise InputError(f"{path}: no such file; give one that shenqu words wrote")
    transcript = read_transcript(str(path))
    if transcript is None:
        raise InputError(f"{path}: is not what shenqu words wrote; give it with --text, and correct what comes of it")
    return Correction(path=path, transcript=transcript)


def hear_correction(speeches: Sequence[Path], correction: Correction, options: WordsOptions) -> Correction:
    """Return `correction` with the times of what was changed; only that is read from the recordings `speeches`.

    Raises
    ------
    InputError
        Where the recording cannot be read, or the words cannot be those of it.

    Warns
    -----
    ShenquWarning
        Where words were not heard, syllables have no note, or notes no syllable any more.
    """
    channel = options.speaker or (correction.song.options.speaker if correction.song else None)
    begins_s = [source.begins_s for source in correction.song.sources] if correction.song else [0.0]
    realigned = realign(
        correction.transcript,
        lambda start_s, end_s: read_line(speeches, begins_s, start_s, end_s, channel=channel),
        duration_s=begins_s[-1] + audio_duration(speeches[-1]),
        aligner=PocketsphinxAligner(),
        lexicon=pronunciations,
        find_phonetics=find_espeak,
        language=options.language,
    )
    song = correction.song
    return replace(correction, transcript=realigned.transcript, song=_carried(song, realigned) if song else None)


def _carried(song: Song, realigned: Realigned) -> Song:
    """Return `song` with the corrected transcript; its words keep their notes."""
    carried = carry(song.placements, song.transcript.words, realigned.words)
    for what, texts in (
        ("new syllables have no note", [syllable.text for syllable in carried.unsung]),
        ("words were not heard, and their notes are rests", [word.text for word in carried.lost]),
    ):
        if texts:
            examples = ", ".join(f'"{text}"' for text in texts[:5])
            warnings.warn(f"{len(texts)} {what}: {examples}", ShenquWarning, stacklevel=3)
    before = song.transcript.words
    voices = tuple(
        voice.replace(placements=carry(voice.placements, before, realigned.words).placements) for voice in song.voices
    )
    return song.replace(
        transcript=realigned.transcript,
        placements=carried.placements,
        voices=voices,
        hook=_carried_hook(song.hook, carried.numbers),
    )


def _carried_hook(hook: Hook | None, numbers: Sequence[int | None]) -> Hook | None:
    """Return where the catchphrase is now; None where nothing of it is left."""
    places = [number for number in numbers[hook.first : hook.last + 1] if number is not None] if hook else []
    return Hook(first=places[0], last=places[-1]) if places else None
