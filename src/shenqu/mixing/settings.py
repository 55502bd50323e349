"""Everything that the mix is made by: each number is written here, once, and nowhere else.

Levels called relative lie against the voice's own: the mean power of its sounding moments.

References
----------
Byrne et al. (1994), An international comparison of long-term average speech spectra: `AVERAGE_SPEECH_DB`.
EBU R 128 and the platforms' -14 LUFS, -1 dBTP; the genre's own songs lie between -12 and -8.5 LUFS.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

from shenqu.documents.options import Loudness

# Frequency in hertz: level of a third of an octave there, in dB; speech of both sexes in twelve languages.
AVERAGE_SPEECH_DB = (
    (125.0, 57.7), (160.0, 56.8), (200.0, 60.2), (250.0, 60.3), (315.0, 59.0), (400.0, 62.1), (500.0, 62.1),
    (630.0, 60.5), (800.0, 56.8), (1000.0, 53.7), (1250.0, 53.0), (1600.0, 52.0), (2000.0, 48.7), (2500.0, 48.1),
    (3150.0, 46.8), (4000.0, 45.6), (5000.0, 44.5), (6300.0, 44.3), (8000.0, 43.7), (10000.0, 43.4),
    (12500.0, 41.3), (16000.0, 40.7),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Compressor:
    """What is louder than `threshold_db` (relative) rises by 1 dB where it rose by `ratio`."""

    threshold_db: float
    ratio: float
    knee_db: float
    attack_s: float
    release_s: float
    most_db: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSettings:
    """The voice's chain, in its order: high-pass, equaliser, de-esser, leveller, compressor.

    The equaliser goes `equaliser_share` of the way from the voice's spectrum to that of speech on average with
    `presence_db` more around 3 kHz, as singers have; it lifts at most `most_lift_db`, nothing that is
    `absent_db` under the strongest band, and cuts at most `most_cut_db`. The de-esser turns 5 to 10 kHz down where
    they are stronger than what lies below and above `ess_threshold_db` (relative). The leveller goes `level_share` of
    the way to one level for all that is sung, in `level_s`, by at most `most_level_db`.
    """

    high_pass_hz: float = 90.0
    equaliser_share: float = 0.6
    presence_db: float = 3.0
    most_lift_db: float = 4.0
    most_cut_db: float = 6.0
    absent_db: float = 45.0
    ess_threshold_db: float = -12.0
    ess_ratio: float = 3.0
    most_ess_db: float = 8.0
    level_share: float = 0.5
    level_s: float = 0.4
    most_level_db: float = 5.0
    compressor: Compressor = Compressor(
        threshold_db=-2.0, ratio=2.5, knee_db=6.0, attack_s=0.01, release_s=0.12, most_db=9.0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sends:
    """What the voice leaves in the room. All levels are against the voice, which has no ess in here.

    The room is `room_m` metres (length, width, height), its tail falls by 60 dB in `tail_s`. The slap comes a part of a
    beat after the voice, the one of `slap_beats` that lies nearest to `slap_s` and inside `slap_within_s`.
    The last `throw_s` of a phrase return every `throw_beats`, while nobody sings.
    """

    room_db: float = -20.0
    room_m: tuple[float, float, float] = (5.3, 4.1, 2.7)
    tail_s: float = 0.45
    slap_db: float = -21.0
    slap_s: float = 0.11
    slap_within_s: tuple[float, float] = (0.09, 0.14)
    slap_beats: tuple[float, ...] = (1 / 8, 1 / 6, 1 / 4, 1 / 3, 3 / 8, 1 / 2)
    throw_db: float = -14.0
    throw_s: float = 0.35
    throw_beats: float = 0.75
    throw_most: int = 3
    throw_fall_db: float = -6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BandSettings:
    """How the band lies under the voice.

    On the whole song it lies `rest_ratio_db` under the voice in 1 to 4 kHz. Where the voice sounds, each of the
    `ranges` (in hertz) goes down until it lies so many decibels under the voice there, by at most `most_duck_db`;
    everything goes down by `duck_db`. It goes down and up in `glide_s`, and stays down for `hold_s`. However dull or
    bright the band is, over all frequencies it lies within `balance_db` under the voice.
    """

    rest_ratio_db: float = 8.0
    ranges: tuple[tuple[float, float, float], ...] = (
        (100.0, 300.0, 3.0),
        (300.0, 1000.0, 12.0),
        (1000.0, 4000.0, 12.0),
        (4000.0, 9000.0, 12.0),
    )
    most_duck_db: float = 18.0
    duck_db: float = -2.0
    glide_s: float = 0.25
    hold_s: float = 0.25
    balance_db: tuple[float, float] = (-3.0, 12.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Master:
    """What becomes of the sum: glue, loudness, peak."""

    glue: Compressor
    loudness_lufs: float
    true_peak_db: float = -1.0


MASTERS: dict[Loudness, Master] = {
    "platform": Master(
        glue=Compressor(threshold_db=0.0, ratio=1.5, knee_db=6.0, attack_s=0.03, release_s=0.2, most_db=2.0),
        loudness_lufs=-14.0,
    ),
    "genre": Master(
        glue=Compressor(threshold_db=-3.0, ratio=2.5, knee_db=6.0, attack_s=0.01, release_s=0.15, most_db=5.0),
        loudness_lufs=-9.0,
    ),
}
assert tuple(MASTERS) == get_args(Loudness)


@dataclass(frozen=True, slots=True, kw_only=True)
class MixSettings:
    """The whole mix. `voice_level_db` moves the voice against the band from its usual place."""

    voice_level_db: float = 0.0
    voice: VoiceSettings = field(default_factory=VoiceSettings)
    sends: Sends = field(default_factory=Sends)
    band: BandSettings = field(default_factory=BandSettings)
    master: Master = MASTERS["platform"]
