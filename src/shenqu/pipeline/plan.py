"""From what was said and a tune to the song document."""

from __future__ import annotations

import math
from fractions import Fraction

from shenqu.documents.arrangement import Arrangement
from shenqu.documents.options import Mode, SingOptions
from shenqu.documents.song import Song, Source
from shenqu.documents.tune import Tune
from shenqu.music.arrange import FASTEST, SLOWEST, arrange, choose_transpose, most_parts, tempo_factor_of
from shenqu.music.band import count_in_beats
from shenqu.music.doubling import voices
from shenqu.music.figures import figures
from shenqu.music.flow import flow
from shenqu.music.lyrics import arrange_lyrics
from shenqu.music.passages import clip_tune
from shenqu.music.tempo import song_tempo
from shenqu.pipeline.backings import HeardBacking, backing_bpm, laid_under
from shenqu.pipeline.bands import find_style, own_style
from shenqu.pipeline.hear import Heard
from shenqu.pipeline.lyrics import warn_of_unsung
from shenqu.pipeline.render import TAIL_S

MOST_SYLLABLES_PER_S = 7


def plan_song(
    heard: Heard,
    tune: Tune,
    options: SingOptions,
    *,
    source: Source,
    speech_name: str,
    ending: str,
    backing: HeardBacking | None = None,
) -> Song:
    """Return the song document: every decision taken, nothing rendered yet. With a `backing` no band plays."""
    transpose = choose_transpose(tune, heard.speaker_pitch) + options.key
    bpm = backing_bpm(backing, tune, options) if backing else options.tempo_bpm
    factor = tempo_factor_of(tune, bpm) if bpm else None
    style = None if backing else find_style(options.band, tune)
    count_in = count_in_beats(tune, style) if style else Fraction(0)
    tune, arrangement = _arranged(heard, tune, transpose, factor, count_in, options)
    if heard.new_words is not None:
        warn_of_unsung(heard.new_words, arrangement.placements)
    clock = song_tempo(tune, tempo_factor=arrangement.tempo_factor, count_in_beat=count_in)
    return Song(
        title=f"{speech_name}: {tune.title or tune.id}",
        ending=ending,
        sources=(source,),
        speaker_pitch=round(heard.speaker_pitch, 2),
        transpose=arrangement.transpose,
        tempo_factor=arrangement.tempo_factor,
        seed=options.seed,
        options=options,
        placements=arrangement.placements,
        figures=figures(
            tune,
            (),
            arrangement.placements,
            heard.transcript,
            clock=clock,
            transpose=arrangement.transpose,
            seed=options.seed,
            amount=options.figures,
        ),
        voices=()
        if options.figures == "none"
        else voices(tune, (), arrangement.placements, transpose=arrangement.transpose),
        transcript=heard.transcript,
        tune=tune,
        backing=laid_under(backing, tune, transpose=arrangement.transpose, tempo_factor=arrangement.tempo_factor)
        if backing
        else None,
        band=own_style(options.band),
        count_in_beat=count_in,
    )


def syllables_needed(tune: Tune, mode: Mode) -> int:
    """Return how many syllables a song on `tune` takes at most."""
    if mode != "flow":
        return most_parts(tune)
    slowest = song_tempo(tune, tempo_factor=SLOWEST)
    return math.ceil(MOST_SYLLABLES_PER_S * slowest.beat_to_s(tune.notes[-1].end_beat))


def _arranged(
    heard: Heard, tune: Tune, transpose: int, factor: float | None, count_in: Fraction, options: SingOptions
) -> tuple[Tune, Arrangement]:
    """Return as much of `tune` as is sung within the length asked for, and how."""
    length_s = options.length_s
    if length_s is not None:  # what does not fit at the fastest tempo need not be weighed
        tune = clip_tune(tune, length_s=length_s, tempo_factor=factor or FASTEST, tail_s=TAIL_S, count_in_beat=count_in)
    arrangement = arrange_speech(tune, heard, transpose, factor, options)
    if length_s is None:
        return tune, arrangement
    factor = _factor_that_fits(tune, length_s, arrangement.tempo_factor, count_in)
    clipped = clip_tune(tune, length_s=length_s, tempo_factor=factor, tail_s=TAIL_S, count_in_beat=count_in)
    if clipped != tune or factor != arrangement.tempo_factor:
        arrangement = arrange_speech(clipped, heard, transpose, factor, options)
    return clipped, arrangement


def _factor_that_fits(tune: Tune, length_s: float, factor: float, count_in: Fraction) -> float:
    """Return `factor`, or a faster one at which the first phrase of `tune` ends within `length_s`."""
    faster = (factor * 1.05**step for step in range(17))
    factors = [factor, *(other for other in faster if factor < other < FASTEST), FASTEST]
    clocks = (song_tempo(tune, tempo_factor=other, count_in_beat=count_in) for other in factors)
    ends_s = (clock.beat_to_s(tune.phrase_ends[0]) for clock in clocks)
    return next((other for other, end_s in zip(factors, ends_s, strict=True) if end_s + TAIL_S <= length_s), factor)


def arrange_speech(tune: Tune, heard: Heard, transpose: int, factor: float | None, options: SingOptions) -> Arrangement:
    """Return what was `heard` on all of `tune`, in the mode of the options; None leaves the tempo to us."""
    if heard.new_words is not None:
        return arrange_lyrics(tune, heard.new_words, transpose=transpose, tempo_factor=factor)
    if options.mode == "phrase":
        return arrange(tune, heard.transcript, transpose=transpose, tempo_factor=factor)
    return flow(
        tune,
        heard.transcript,
        transpose=transpose,
        tempo_factor=factor,
        grid=options.grid,
        strength=options.grid_strength,
    )
