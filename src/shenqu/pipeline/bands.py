"""Which band plays a song, and its sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shenqu.cache import SoundCache, code_of, content_key, remembered
from shenqu.documents.audio import Samples
from shenqu.documents.codec import encode
from shenqu.documents.options import SingOptions
from shenqu.documents.performance import TempoMap
from shenqu.documents.song import Song
from shenqu.documents.speech import Transcript
from shenqu.documents.style import BandPart, BandStyle
from shenqu.documents.tune import Tune
from shenqu.engines.fluidsynth import play_soundfont
from shenqu.errors import InputError
from shenqu.media.files import sha256_of
from shenqu.media.styles import ENDING, packaged_sounds, packaged_styles, read_style
from shenqu.music.band import band_parts, choose_style
from shenqu.music.harmony import chords_of
from shenqu.music.instruments import score_band
from shenqu.music.playing import play


def band_names() -> tuple[str, ...]:
    """Return all that --band takes, beside the path of a style's file."""
    return ("auto", *packaged_styles(), "score", "none")


def find_style(name: str, tune: Tune) -> BandStyle | None:
    """Return the style called `name`, or that in the file of this name; None where no style plays ("score", "none").

    "auto" takes the score's own parts where there are some, else the style that suits the tune's metre and tempo.

    Raises
    ------
    InputError
        Where there is neither, or the file holds no style.
    """
    if name in {"score", "none"} or (name == "auto" and tune.parts):
        return None
    styles = packaged_styles()
    return styles[choose_style(tune, styles)] if name == "auto" else styles.get(name) or own_style(name)


def own_style(name: str) -> BandStyle | None:
    """Return the style in a user's file, which the song document keeps; None where `name` is one of ours.

    Raises
    ------
    InputError
        As `find_style`.
    """
    if name in band_names():
        return None
    if not name.endswith(ENDING):
        raise InputError(
            f"there is no band style {name!r}: choose one of {', '.join(band_names())}, or name a {ENDING} file"
        )
    return read_style(Path(name))


def check_band(options: SingOptions, tune: Tune) -> None:
    """Refuse early what no band could play: an unknown style, parts or chords that are none, a missing soundfont.

    Raises
    ------
    InputError
        Saying which.
    """
    find_style(options.band, tune)
    if options.band == "score" and not tune.parts:
        raise InputError(f"--band score plays a score's other parts; {tune.id} has none, name a style")
    chords_of(tune, options.harmony, progression="")
    if options.soundfont is not None and not Path(options.soundfont).is_file():
        raise InputError(f"{options.soundfont}: there is no such soundfont; name an .sf2 or .sf3 file")


def song_band(song: Song) -> tuple[BandPart, ...]:
    """Return what the band of `song` plays."""
    style = song.band or find_style(song.options.band, song.tune)
    if style is None:
        return () if song.options.band == "none" else score_band(song.tune.parts, packaged_sounds())
    chords = chords_of(song.tune, song.options.harmony, progression=style.progression)
    silences = [
        (passage.onset_beat, passage.onset_beat + passage.length_beat)
        for passage in song.passages
        if passage.role == "silence"
    ]
    return band_parts(
        song.tune, style, chords=chords, seed=song.seed, tempo_factor=song.tempo_factor, silences=silences
    )


def play_band(song: Song, clock: TempoMap, *, duration_s: float) -> Samples:
    """Return the sound of the band of `song`, in the key it is sung in. It is remembered."""
    soundfont = Path(song.options.soundfont) if song.options.soundfont else None
    # What the band does not know cannot change it.
    bare = song.replace(placements=(), figures=(), voices=(), hook=None, transcript=Transcript(language="und"))

    def sound() -> Samples:
        parts = song_band(bare)
        if soundfont is None:
            return play(parts, tempo_map=clock, duration_s=duration_s, transpose=song.transpose)
        return play_soundfont(parts, soundfont, tempo_map=clock, duration_s=duration_s, transpose=song.transpose)

    code = code_of("music", "dsp", "engines", "data/styles", "data/sounds")
    key = content_key("band", code, sha256_of(soundfont) if soundfont else "", encode(bare), repr((clock, duration_s)))
    memory = SoundCache()
    played = remembered(memory, key, sound)
    memory.tidy()
    return np.asarray(played, dtype=np.float32)
