"""New words for a song: read, and built from what was heard."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence

from shenqu.documents.arrangement import Placement
from shenqu.documents.lyrics import BuiltSyllable, NewWords, WantedWord
from shenqu.documents.options import SingOptions
from shenqu.documents.speech import Cue, Transcript
from shenqu.engines.espeak import find_espeak
from shenqu.engines.pocketsphinx_aligner import pronunciations
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.texts import read_words
from shenqu.pipeline.hear import Heard
from shenqu.speech.phones import UnreadableError
from shenqu.speech.reading import language_of, read_aloud
from shenqu.speech.units import as_transcript, choose_units
from shenqu.speech.wanted import wanted_words

FAR = 0.25
MOST_NAMED = 8


def with_mode(options: SingOptions) -> SingOptions:
    """Return `options` in mode lyrics where there are new words.

    Raises
    ------
    InputError
        Where one is asked for without the other.
    """
    if options.mode != "chop" and options.chop_sound != "tuned":
        raise InputError(f"--chop-sound {options.chop_sound} goes with --mode chop; add it, or leave it out")
    if options.mode == "chop" and options.together != "pool":
        raise InputError(f"--mode chop sings one voice; leave out --together {options.together}")
    if options.lyrics is None:
        if options.mode == "lyrics":
            raise InputError("--mode lyrics sings new words; give them with --lyrics, a text or a file")
        return options
    if options.mode == "flow":
        raise InputError("--lyrics are new words, which have no rhythm of their own to keep; leave out --mode flow")
    if options.mode == "chop":
        raise InputError("--lyrics are sung word by word; leave out --mode chop")
    return dataclasses.replace(options, mode="lyrics")


def with_new_words(heard: Heard, lyrics: str, *, most: int) -> Heard:
    """Return what was `heard` with the text or file `lyrics` built from it, `most` syllables of them.

    Raises
    ------
    InputError
        Where there are no words, or they cannot be read aloud; where the sounds of the speech are not known.

    Warns
    -----
    ShenquWarning
        Where no vowel of the speech is near one that is wanted.
    """
    language, wanted = read_lyrics(lyrics, heard.transcript)
    voiced = [pitch > 0 for pitch in heard.pitches] or None
    built = choose_units(_as_many(wanted, most), heard.transcript, voiced=voiced)
    _warn_of_far(built)
    words = NewWords(syllables=built, transcript=as_transcript(built, heard.transcript, language))
    return dataclasses.replace(heard, new_words=words)


def warn_of_unsung(words: NewWords, placements: Sequence[Placement]) -> None:
    """Warn where not all of `words` found notes."""
    sung = sum(placement.text is not None for placement in placements)
    if sung < len(words.syllables):
        text = words.syllables[sung].text
        message = (
            f'the tune has room for {sung} of {len(words.syllables)} syllables: from "{text}" on they are not sung; '
            "take a longer tune, or fewer words"
        )
        warnings.warn(message, ShenquWarning, stacklevel=3)


def read_lyrics(lyrics: str, spoken: Transcript) -> tuple[str, tuple[WantedWord, ...]]:
    """Return the language of new words, that of the speech where their script allows it, and the words.

    Raises `InputError` where there are none, or they cannot be read aloud.
    """
    try:
        cues = read_words(lyrics)
        language, words = read_aloud(
            cues, _language(cues, spoken.language), lexicon=pronunciations, find_phonetics=find_espeak
        )
    except UnreadableError as reason:
        raise InputError(f"--lyrics: {reason}; the sounds of new words must be known") from None
    except InputError as reason:
        raise InputError(f"--lyrics: {reason}".replace("that are spoken", "to sing")) from None
    return language, wanted_words(words)


def _language(cues: Sequence[Cue], spoken: str) -> str | None:
    """Return the language of the speech where the new words may be in it, else None: their script tells."""
    try:
        return language_of(cues, None if spoken == "und" else spoken)
    except InputError:
        return None


def _as_many(wanted: Sequence[WantedWord], most: int) -> tuple[WantedWord, ...]:
    """Return the first of `wanted` that have no more than `most` syllables together, at least one."""
    count = 0
    for place, word in enumerate(wanted):
        count += len(word.ways[0].syllables)
        if count > most:
            return tuple(wanted[: max(1, place)])
    return tuple(wanted)


def _warn_of_far(built: Sequence[BuiltSyllable]) -> None:
    far = list(dict.fromkeys(f'"{syllable.text}"' for syllable in built if syllable.far > FAR))
    if far:
        more = f" and {len(far) - MOST_NAMED} more" if len(far) > MOST_NAMED else ""
        message = (
            f"no vowel of the speech is near those of {', '.join(far[:MOST_NAMED])}{more}: they get the nearest; "
            "take a longer speech, or other words"
        )
        warnings.warn(message, ShenquWarning, stacklevel=3)
