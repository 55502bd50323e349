"""From what was said and a tune to the song document."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from shenqu.documents.arrangement import Placement
from shenqu.documents.figure import Voice
from shenqu.documents.options import SingOptions
from shenqu.documents.song import Song, Source
from shenqu.documents.tune import Tune
from shenqu.errors import InputError
from shenqu.music.arrange import choose_transpose, tempo_factor_of
from shenqu.music.band import count_in_beats
from shenqu.music.chop import chord_voices
from shenqu.music.doubling import voices
from shenqu.music.figures import figures
from shenqu.music.tempo import song_tempo
from shenqu.pipeline.arranging import Arranged, arranged
from shenqu.pipeline.backings import HeardBacking, backing_bpm, laid_under
from shenqu.pipeline.bands import find_style, own_style
from shenqu.pipeline.hear import Heard
from shenqu.pipeline.lyrics import warn_of_unsung
from shenqu.singing.perform import HIGHEST_PITCH, LOWEST_PITCH


def plan_song(
    heard: Heard,
    tune: Tune,
    options: SingOptions,
    *,
    sources: tuple[Source, ...],
    speech_name: str,
    ending: str,
    backing: HeardBacking | None = None,
) -> Song:
    """Return the song document: every decision taken, nothing rendered yet. With a `backing` no band plays."""
    if options.form != "tune" and options.band == "auto":  # no score has parts for bars that it does not hold
        tune = tune.replace(parts=())
    transpose = choose_transpose(tune, heard.speaker_pitch, heard.pitches) + options.key
    bpm = backing_bpm(backing, tune, options) if backing else options.tempo_bpm
    factor = tempo_factor_of(tune, bpm) if bpm else None
    style = None if backing else find_style(options.band, tune)
    count_in = count_in_beats(tune, style) if style else Fraction(0)
    made = arranged(heard, tune, options, transpose=transpose, tempo_factor=factor, count_in=count_in)
    tune, arrangement = made.tune, made.arrangement
    _check_key(options.key, arrangement.placements)
    if heard.new_words is not None:
        warn_of_unsung(heard.new_words, arrangement.placements)
    clock = song_tempo(tune, tempo_factor=arrangement.tempo_factor, count_in_beat=made.before)
    return Song(
        title=f"{speech_name}: {tune.title or tune.id}",
        ending=ending,
        sources=sources,
        speaker_pitch=round(heard.speaker_pitch, 2),
        transpose=arrangement.transpose,
        tempo_factor=arrangement.tempo_factor,
        seed=options.seed,
        options=options,
        passages=made.passages,
        hook=made.hook,
        placements=arrangement.placements,
        figures=figures(
            tune,
            made.passages,
            arrangement.placements,
            heard.transcript,
            clock=clock,
            transpose=arrangement.transpose,
            seed=options.seed,
            amount=options.figures,
        ),
        voices=_voices(heard, made, options),
        transcript=heard.transcript,
        tune=tune,
        backing=laid_under(backing, tune, transpose=arrangement.transpose, tempo_factor=arrangement.tempo_factor)
        if backing
        else None,
        band=own_style(options.band),
        count_in_beat=made.before,
    )


def _check_key(key: int, placements: Sequence[Placement]) -> None:
    """Refuse a `key` that takes a tune which could be sung out of what can be."""
    pitches = [note.pitch for placement in placements for note in placement.notes]
    low, high = max(-24, LOWEST_PITCH - min(pitches) + key), min(24, HIGHEST_PITCH - max(pitches) + key)
    if low <= 0 <= high and not low <= key <= high:
        raise InputError(f"--key {key} takes the tune out of a voice's reach; give {low} to {high}")


def _voices(heard: Heard, made: Arranged, options: SingOptions) -> tuple[Voice, ...]:
    """Return the second voices: of a syllable that plays the tune its chords, else what doubles the hook."""
    transpose = made.arrangement.transpose
    if options.figures == "none":
        return ()
    if options.mode == "chop" and made.hook:
        return chord_voices(
            made.tune, made.passages, heard.transcript, made.hook, transpose=transpose, count=options.chord_voices
        )
    return voices(made.tune, made.passages, made.arrangement.placements, transpose=transpose)
