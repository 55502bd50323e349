"""A tune as one hears it: an instrument plays the melody, and the band that would play under a song."""

from __future__ import annotations

import numpy as np

from shenqu.documents.audio import Audio
from shenqu.documents.style import BandPart
from shenqu.documents.tune import PartNote, Tune
from shenqu.media.styles import packaged_sounds
from shenqu.mixing.mixdown import mix
from shenqu.music.band import band_parts, count_in_beats
from shenqu.music.harmony import chords_of
from shenqu.music.instruments import score_band
from shenqu.music.playing import play
from shenqu.music.tempo import song_tempo
from shenqu.pipeline.bands import find_style
from shenqu.units import SONG_RATE

LEAD = "flute"
LEAD_DB = 5.0
TAIL_S = 1.5


def tune_sound(tune: Tune, *, band: str = "auto", seed: int = 0) -> Audio:
    """Return `tune` in its written key and tempo, melody before the `band`, at the loudness of a song.

    Raises
    ------
    InputError
        Where there is no such band.
    """
    style = find_style(band, tune)
    if style:
        clock = song_tempo(tune, tempo_factor=1.0, count_in_beat=count_in_beats(tune, style))
        parts = band_parts(tune, style, chords=chords_of(tune, "tune", progression=style.progression), seed=seed)
    else:
        clock = song_tempo(tune, tempo_factor=1.0)
        parts = () if band == "none" else score_band(tune.parts, packaged_sounds())
    duration_s = clock.beat_to_s(tune.end_beat) + TAIL_S
    sound = play([*parts, _lead(tune)], tempo_map=clock, duration_s=duration_s)
    beat_s = 60.0 / tune.tempi[0].bpm
    return Audio(samples=mix(np.zeros(0, dtype=np.float32), sound, beat_s=beat_s).mix, rate=SONG_RATE)


def _lead(tune: Tune) -> BandPart:
    sound = packaged_sounds()[LEAD]
    notes = tuple(
        PartNote(pitch=note.pitch, onset_beat=note.onset_beat, length_beat=note.length_beat, velocity=100)
        for note in tune.notes
    )
    return BandPart(name="tune", program=sound.programs[0], drums=False, notes=notes, sound=sound, level_db=LEAD_DB)
