"""Mode `lyrics`: new words, built from the sounds of a speech, on a tune, as mode `phrase` sings a speech."""

from __future__ import annotations

from collections.abc import Sequence

from shenqu.documents.arrangement import Arrangement, Placement
from shenqu.documents.lyrics import BuiltSyllable, NewWords
from shenqu.documents.tune import Tune
from shenqu.music.arrange import arrange


def arrange_lyrics(tune: Tune, words: NewWords, *, transpose: int, tempo_factor: float | None = None) -> Arrangement:
    """Return `words` on all notes of `tune`, laid by the cost of `arrange`; whole before they begin again.

    Raises as `arrange` does.
    """
    arrangement = arrange(tune, words.transcript, transpose=transpose, tempo_factor=tempo_factor, whole=True)
    placements = tuple(_placed(placement, words.syllables) for placement in arrangement.placements)
    return arrangement.replace(placements=placements)


def _placed(placement: Placement, built: Sequence[BuiltSyllable]) -> Placement:
    assert placement.syllable is not None, "every note of the tune is sung"
    unit = built[placement.syllable]
    return placement.replace(
        syllable=unit.syllable, text=unit.text, ends=unit.ends, onset_s=unit.onset_s, coda_s=unit.coda_s
    )
