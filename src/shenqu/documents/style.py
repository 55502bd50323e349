"""A band style: what a band plays under a tune, as data that a person reads and changes.

A style stands in a TOML file. Its patterns are rows of steps, a step being a sixteenth: 16 to a bar of 4/4,
12 to a bar of 3/4 and of 6/8; a row may go over several bars. Blanks in a row mean nothing. Beside "4/4", where
a metre has no rows of its own, they are made of those of 4/4.

Steps
-----
Drums: `X` loud, `x` plain, `o` soft. Bass: `r` root, `f` fifth above, `F` fifth below, `t` third, `o` octave,
`n` the root of the chord to come, `g` a ghost of the root. Chords: `X`, `x`, `o` all tones; a digit one tone, counted
from the lowest, going on in the octave above. A dot is silence; `-` holds on what was struck.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shenqu.documents.base import Document
from shenqu.documents.tune import Part

Wave = Literal["sine", "triangle", "square", "saw", "pulse25", "pulse12", "string"]
Kit = Literal["acoustic", "electronic", "trap", "chip", "soft", "march"]
Drum = Literal[
    "kick", "stick", "snare", "clap", "hat", "open-hat", "crash", "ride", "high-tom", "middle-tom", "low-tom",
    "tambourine", "cowbell", "clave", "guiro", "shaker", "conga", "low-conga", "stomp", "crackle",
]  # fmt: skip
Plays = Literal["bass", "chords", "pad", "tune", "second", "answer"]
MetreKind = Literal["4/4", "3/4", "6/8"]
Scene = Literal["intro", "verse", "build", "refrain", "break"]
ROW_STEPS = {"4/4": 16, "3/4": 12, "6/8": 12}
FILL_STEPS = 8

DrumRow = Annotated[str, Meta(pattern=r"^[Xxo. ]+$", max_length=400)]
PitchedRow = Annotated[str, Meta(pattern=r"^[rftongFXx0-9.\- ]*$", max_length=400)]
Bpm = Annotated[float, Meta(ge=10, le=1000)]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=40)]
Program = Annotated[int, Meta(ge=0, le=127)]


class Partial(Document, frozen=True, kw_only=True, array_like=True):
    """A sine of a bar or a bell: `ratio` to the note's frequency, `level`, and the time constant it fades with."""

    ratio: Annotated[float, Meta(gt=0, le=40)]
    level: Annotated[float, Meta(ge=0, le=4)]
    decay_s: Annotated[float, Meta(gt=0, le=20)]


class Sound(Document, frozen=True, kw_only=True, omit_defaults=True):
    """How an instrument sounds.

    A `wave` has `bright` harmonics (at 220 Hz) when it is struck, which fade within `fade_s` to `dark`; `partials`
    stand in its place where given. The level falls with the time constant `decay_s` towards `sustain`, and to nothing
    in `release_s` after the note. `voices` play it together, over `detune_cents` and both sides. `glide_s` slides from
    the note before where both touch; `drive` saturates; `pick` is the noise of the plectrum, key or breath.
    `programs` are the General MIDI sounds that it stands for, the first one what a soundfont plays in its place.
    """

    programs: Annotated[tuple[Program, ...], Meta(min_length=1)]
    wave: Wave = "sine"
    partials: tuple[Partial, ...] = ()
    level_db: Annotated[float, Meta(ge=-60, le=12)] = -12.0
    bright: Annotated[float, Meta(ge=1, le=200)] = 12.0
    dark: Annotated[float, Meta(ge=1, le=200)] = 4.0
    fade_s: Annotated[float, Meta(gt=0, le=20)] = 0.15
    attack_s: Annotated[float, Meta(ge=0.001, le=5)] = 0.004
    decay_s: Annotated[float, Meta(gt=0, le=20)] = 0.5
    sustain: Annotated[float, Meta(ge=0, le=1)] = 0.0
    release_s: Annotated[float, Meta(ge=0.002, le=5)] = 0.12
    voices: Annotated[int, Meta(ge=1, le=9)] = 1
    detune_cents: Annotated[float, Meta(ge=0, le=200)] = 0.0
    vibrato_cents: Annotated[float, Meta(ge=0, le=200)] = 0.0
    glide_s: Annotated[float, Meta(ge=0, le=1)] = 0.0
    drive: Annotated[float, Meta(ge=0, le=20)] = 0.0
    pick: Annotated[float, Meta(ge=0, le=1)] = 0.0


class DrumPattern(Document, frozen=True, kw_only=True):
    """What each drum plays, by metre."""

    four: dict[Drum, DrumRow] = msgspec.field(name="4/4")
    three: dict[Drum, DrumRow] = msgspec.field(name="3/4", default_factory=dict)
    six: dict[Drum, DrumRow] = msgspec.field(name="6/8", default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse rows that fill no whole bars."""
        for kind, rows in (("4/4", self.four), ("3/4", self.three), ("6/8", self.six)):
            for drum, row in rows.items():
                _check_steps(row, ROW_STEPS[kind], f"the row of `{drum}` in {kind}")


class Instrument(Document, frozen=True, kw_only=True, omit_defaults=True):
    """Who plays what.

    `plays`: bass and chords play the rows; pad holds every chord; tune doubles the melody, second goes a chord tone
    below it; answer plays the rows where the melody rests. `voicing` says how chords lie. `octave` moves all of it.
    `pump` is how far it dives under each kick. `pan` goes from -1 (left) to 1.
    """

    sound: Name
    plays: Plays
    four: PitchedRow = msgspec.field(name="4/4", default="")
    three: PitchedRow = msgspec.field(name="3/4", default="")
    six: PitchedRow = msgspec.field(name="6/8", default="")
    voicing: Literal["close", "open", "power", "sevenths", "ninths"] = "close"
    octave: Annotated[int, Meta(ge=-3, le=3)] = 0
    level_db: Annotated[float, Meta(ge=-40, le=12)] = 0.0
    pan: Annotated[float, Meta(ge=-1, le=1)] = 0.0
    pump: Annotated[float, Meta(ge=0, le=1)] = 0.0

    def __post_init__(self) -> None:
        """Refuse rows that fill no whole bars, and players of rows without any."""
        if self.plays in {"bass", "chords", "answer"} and not self.four:
            raise ValueError(f'what plays {self.plays} needs a row "4/4"')
        for kind, row in (("4/4", self.four), ("3/4", self.three), ("6/8", self.six)):
            _check_steps(row, ROW_STEPS[kind], f"the row in {kind}")


def _check_steps(row: str, steps: int, what: str) -> None:
    count = len(row.replace(" ", ""))
    if count % steps:
        raise ValueError(f"{what} must have {steps} steps a bar, not {count} in all")


class BandStyle(Document, frozen=True, kw_only=True):
    """A style. Its parts are what it says; names in `scenes` are those of `drums` and `instruments`.

    `tempo` is the range, in tapped beats a minute, for which the rows are written; twice and half of it are played in
    half and double time. `auto` says between which tempi a tune in a metre gets this style when nobody chose.
    `swing` is how much of a pair of sixteenths the first one takes. `count_in` sticks are struck before the first bar.
    `drop` leaves a beat of silence before a refrain. `progression` is the cycle of chords that the style lays under a
    tune on request, a bar each. `fills` go over two beats.
    """

    title: str
    about: str
    tempo: tuple[Bpm, Bpm]
    progression: str
    auto: dict[MetreKind, tuple[Bpm, Bpm]] = msgspec.field(default_factory=dict)
    swing: Annotated[float, Meta(ge=0.5, le=0.75)] = 0.5
    count_in: Annotated[int, Meta(ge=0, le=4)] = 2
    drop: bool = False
    kit: Kit = "acoustic"
    drums: dict[Name, DrumPattern] = msgspec.field(default_factory=dict)
    fills: tuple[dict[Drum, DrumRow], ...] = ()
    instruments: dict[Name, Instrument] = msgspec.field(default_factory=dict)
    scenes: dict[Scene, tuple[Name, ...]]
    sounds: dict[Name, Sound] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a range upside down, fills of another length, and scenes that name what there is not."""
        for low, high in (self.tempo, *self.auto.values()):
            if low > high:
                raise ValueError(f"a range of tempo goes up, not from {low:g} to {high:g}")
        for fill in self.fills:
            for drum, row in fill.items():
                if len(row.replace(" ", "")) != FILL_STEPS:
                    raise ValueError(f"the row of `{drum}` in a fill must have {FILL_STEPS} steps")
        if "verse" not in self.scenes:
            raise ValueError("`scenes` must say what is played in the verse")
        for scene, names in self.scenes.items():
            for name in names:
                if name not in self.drums and name not in self.instruments:
                    raise ValueError(f"the scene `{scene}` names `{name}`, which is no drum pattern and no instrument")

    def missing_sounds(self) -> Iterator[str]:
        """Yield the sounds that instruments name and the style does not hold."""
        yield from dict.fromkeys(
            player.sound for player in self.instruments.values() if player.sound not in self.sounds
        )

    def playing(self, scene: Scene) -> tuple[str, ...]:
        """Return the names of what plays in `scene`; one that is not there is played as the verse."""
        return self.scenes.get(scene, self.scenes["verse"])


class BandPart(Part, frozen=True, kw_only=True):
    """What one player of the band plays, and how it sounds; drums are those of `kit`.

    `pump` is how far it dives under each kick, `pan` goes from -1 (left) to 1.
    """

    sound: Sound | None = None
    kit: Kit = "acoustic"
    level_db: float = 0.0
    pan: float = 0.0
    pump: float = 0.0
