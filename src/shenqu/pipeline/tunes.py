"""A tune by its name: one of ours, or a file of any kind that holds one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shenqu.documents.score import Score
from shenqu.documents.speech import Cue
from shenqu.documents.tune import Tune
from shenqu.errors import InputError
from shenqu.media.abc import read_abc, tune_numbers
from shenqu.media.editors import read_editor_project
from shenqu.media.kinds import Kind, tune_kind
from shenqu.media.midi import read_midi
from shenqu.media.musicxml import read_musicxml
from shenqu.media.texts import read_words
from shenqu.media.ust import read_ust, read_ustx
from shenqu.music.anthem import is_march_of_the_volunteers
from shenqu.music.melody import score_to_tune, skyline
from shenqu.music.sung_words import words_on_score, words_on_tune
from shenqu.music.unfold import unfold
from shenqu.pipeline.library import ENDING, built_in_tune, read_tune_file, tune_ids
from shenqu.pipeline.recorded import HeardSong, hear_song
from shenqu.pipeline.songs import read_song

SONG_ENDING = ".shenqu"
READERS: dict[Kind, Callable[[Path], Score]] = {
    "midi": read_midi,
    "musicxml": read_musicxml,
    "abc": read_abc,
    "ust": read_ust,
    "ustx": read_ustx,
    "editor": read_editor_project,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoundTune:
    """A tune, and what was heard of its recording where it comes from one."""

    tune: Tune
    heard: HeardSong | None = None


def find_tune(name: str, track: str | None = None, lyrics: str | None = None) -> Tune:
    """Return the tune of `find_song`."""
    return find_song(name, track, lyrics).tune


def find_song(name: str, track: str | None = None, lyrics: str | None = None) -> FoundTune:
    """Return the built-in tune called `name`, or the melody of the file at that path.

    A song document (.shenqu) gives its tune, as it was corrected there. `track` names a score's part that is sung, or
    gives its number from 1; in a book of ABC tunes, the tune's own number (`X:`). `lyrics` is a file of words with
    times (.lrc), which are laid on the notes; the lines of them are the tune's phrases.

    Raises
    ------
    InputError
        Where there is neither, the file holds no melody or one that no song is made on, or the words do not fit.
    """
    cues = _timed_words(lyrics) if lyrics is not None else ()
    if name in tune_ids():
        if track:
            raise InputError(f"--track {track}: {name} has one melody only; leave --track out")
        return FoundTune(tune=_with_words(built_in_tune(name), cues))
    path = Path(name)
    if not path.suffix and not path.exists():
        raise InputError(f"{name}: no such tune; take one of {', '.join(tune_ids())}, or a file (.mid .musicxml ...)")
    if path.suffix.lower() not in {ENDING, SONG_ENDING} and tune_kind(path) == "recording":
        heard = hear_song(path)
        return FoundTune(tune=_allowed(_with_words(heard.tune, cues), name), heard=heard)
    return FoundTune(tune=_allowed(_tune_in(path, track, cues), name))


def _with_words(tune: Tune, cues: tuple[Cue, ...]) -> Tune:
    return words_on_tune(tune, cues) if cues else tune


def _tune_in(path: Path, track: str | None, cues: tuple[Cue, ...]) -> Tune:
    if path.suffix.lower() == ENDING:
        return _with_words(read_tune_file(path), cues)
    if path.suffix.lower() == SONG_ENDING:
        return _with_words(read_song(path).tune, cues)
    kind = tune_kind(path)
    if kind == "lyrics":
        raise InputError(
            f"{path}: lyrics have times, but no notes; give a tune with --tune, and these words with --tune-lyrics"
        )
    if kind == "abc" and track and track.isdecimal() and len(tune_numbers(path)) > 1:
        return _score_tune(read_abc(path, number=int(track)), path, None, cues)
    reader = READERS.get(kind) if kind else None
    if reader is None:
        raise InputError(
            f"{path}: not a score that shenqu reads; save the tune as .mid, .musicxml, .abc, .ust or .ustx"
        )
    return _score_tune(reader(path), path, track, cues)


def _score_tune(written: Score, path: Path, track: str | None, cues: tuple[Cue, ...]) -> Tune:
    score = unfold(written)
    if cues:
        score = words_on_score(score, cues, track=track)
    return score_to_tune(score, tune_id=path.stem, track=track)


def _timed_words(lyrics: str) -> tuple[Cue, ...]:
    """Return the lines of a file of lyrics, all with times."""
    cues = read_words(lyrics)
    if any(cue.start_s is None for cue in cues):
        raise InputError(f"--tune-lyrics {lyrics}: no words with times; give a file of lyrics (.lrc) or subtitles")
    return cues


def _allowed(tune: Tune, name: str) -> Tune:
    """Return `tune`, unless it is one that no song is made on."""
    lines = [tune.notes, *(skyline(part.notes)[0] for part in tune.parts if not part.drums)]
    if any(is_march_of_the_volunteers(line) for line in lines):
        raise InputError(
            f"{name}: this is 义勇军进行曲, the anthem of China, whose law (National Anthem Law, article 15) punishes "
            "distorting it in public; shenqu makes no song on it, choose another tune"
        )
    return tune
