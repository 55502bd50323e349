"""The tune that suits a speech best: all of ours are tried on, as `shenqu.music.choose` counts it."""

from __future__ import annotations

from shenqu.documents.arrangement import Arrangement
from shenqu.documents.options import SingOptions
from shenqu.documents.tune import Tune
from shenqu.errors import InputError
from shenqu.music.arrange import FASTEST, choose_transpose, tempo_factor_of
from shenqu.music.choose import Fit, measure_fit, rank
from shenqu.music.passages import clip_tune
from shenqu.pipeline.arranging import arrange_speech
from shenqu.pipeline.hear import Heard
from shenqu.pipeline.library import built_in_tunes
from shenqu.pipeline.report import Report, silent

AUTO = "auto"
"""What `--tune` says where the tune is to be chosen."""


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
        arrangement = _arrangement(tune, heard, options)
        if arrangement:
            fits.append(measure_fit(tune, arrangement, heard.transcript, spoken_pitches=heard.pitches))
    if not fits:
        raise InputError(f"--tune {AUTO}: no tune of ours can keep this --tempo and --length; change them")
    return rank(fits)


def _arrangement(tune: Tune, heard: Heard, options: SingOptions) -> Arrangement | None:
    """Arrange the speech on `tune`, or on as much of it as has room; None where it cannot keep the options."""
    try:
        factor = tempo_factor_of(tune, options.tempo_bpm) if options.tempo_bpm else None
        if options.length_s is not None:
            tune = clip_tune(tune, length_s=options.length_s, tempo_factor=factor or FASTEST)
    except InputError:
        return None
    transpose = choose_transpose(tune, heard.speaker_pitch, heard.pitches) + options.key
    return arrange_speech(tune, heard, transpose, factor, options)
