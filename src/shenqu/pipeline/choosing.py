"""The tune that suits a speech best: all of ours are tried on, as `shenqu.music.choose` counts it."""

from __future__ import annotations

from collections.abc import Iterator

from shenqu.documents.arrangement import Arrangement
from shenqu.documents.options import SingOptions
from shenqu.documents.tune import Tune
from shenqu.errors import InputError
from shenqu.music.arrange import choose_transpose, tempo_factor_of
from shenqu.music.choose import Fit, measure_fit, rank
from shenqu.music.passages import clip_tune
from shenqu.pipeline.hear import Heard
from shenqu.pipeline.library import built_in_tunes
from shenqu.pipeline.plan import arrange_speech
from shenqu.pipeline.report import Report, silent

AUTO = "auto"
"""What `--tune` says where the tune is to be chosen."""
TRIED = (0.75, 1.0, 4 / 3)
"""The tempi that a tune is tried on at, as factors of its own."""


def choose_tune(heard: Heard, options: SingOptions, *, report: Report = silent) -> tuple[Fit, ...]:
    """Return how the built-in tunes suit what was `heard`, the best first.

    What the user has fixed is held to: mode, key, tempo, length. A tune that cannot keep it is left out.

    Raises
    ------
    InputError
        Where no tune can.
    """
    fits, tunes = [], built_in_tunes()
    for number, tune in enumerate(tunes):
        report("choosing", number / len(tunes))
        tried = [_fit(tune, arrangement, heard) for arrangement in _arrangements(tune, heard, options)]
        if tried:
            fits.append(max(tried, key=lambda fit: fit.score))
    if not fits:
        raise InputError(f"--tune {AUTO}: no tune of ours can keep this --tempo and --length; change them")
    return rank(fits)


def _fit(tune: Tune, arrangement: Arrangement, heard: Heard) -> Fit:
    return measure_fit(tune, arrangement, heard.transcript, spoken_pitches=heard.pitches)


def _arrangements(tune: Tune, heard: Heard, options: SingOptions) -> Iterator[Arrangement]:
    """Arrange the speech on `tune`, or as much of it as has room, at each tempo that is tried."""
    try:
        factors = (tempo_factor_of(tune, options.tempo_bpm),) if options.tempo_bpm else TRIED
        if options.length_s is not None:
            tune = clip_tune(tune, length_s=options.length_s, tempo_factor=max(factors))
    except InputError:
        return
    transpose = choose_transpose(tune, heard.speaker_pitch) + options.key
    for factor in factors:
        yield arrange_speech(tune, heard, transpose, factor, options)
