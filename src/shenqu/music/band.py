"""The band: what it plays under a tune, and how that sounds.

A style is data: for every instrument, what it does in each pulse of a bar. A pulse is the beat that one
taps, so the same style walks in 4/4, 2/4, 3/4 and 6/8: in compound metres its four steps become
the long-short of a jig. A section begins with a cymbal and ends, at a phrase end, with a fill.

Steps of a pulse
----------------
Drums: `X` loud, `x` plain, `o` soft. Bass: `r` root, `f` fifth, `o` octave. Chords: `x` all tones, a digit one tone.
A dot is silence. The strings of a row are the pulses of a bar, over and over.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from shenqu.documents.audio import Samples
from shenqu.documents.performance import TempoMap
from shenqu.documents.tune import Chord, Part, PartNote, Tune
from shenqu.dsp.filters import filtered, high_pass
from shenqu.dsp.synth import Drum, Timbre, render_drum, render_tone
from shenqu.errors import InputError
from shenqu.music.harmony import bar_lines, chord_tones, harmonize
from shenqu.units import SONG_RATE, pitch_to_hz, seconds_to_samples

KICK, STICK, SNARE, CLAP, HAT, LOW_TOM, OPEN_HAT, MIDDLE_TOM, CRASH, HIGH_TOM = 36, 37, 38, 39, 42, 45, 46, 47, 49, 50
CHIP_KIT = 127
SECTION_PULSES = 12
PEAK = 0.8
RUMBLE_HZ = 28.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What each instrument does in each pulse of a bar; `drums_in_three` where a bar has three pulses.

    Programs are General MIDI sounds; `kit` is the drum set. `lead_octave` places the instrument that
    doubles the tune in every second section.
    """

    kit: int
    drums: Mapping[int, tuple[str, ...]]
    drums_in_three: Mapping[int, tuple[str, ...]]
    bass_program: int
    bass: tuple[str, ...]
    chord_program: int
    chords: tuple[str, ...]
    pad_program: int | None
    lead_program: int
    lead_octave: int
    fills: tuple[tuple[tuple[tuple[int, str], ...], ...], ...]


# A fill is what sounds in the last pulse but one, and in the last.
_TOM_FILL = (((HIGH_TOM, "xx.."), (MIDDLE_TOM, "..xx")), ((SNARE, "X..."), (LOW_TOM, "..xx")))
_SNARE_ROLL = (((SNARE, "x.xx"),), ((SNARE, "xxxX"),))
_CHIP_ROLL = (((SNARE, "X.X."),), ((SNARE, "XXXX"),))

STYLES: dict[str, Style] = {
    "square-dance": Style(
        kit=24,
        drums={
            KICK: ("X...",),
            CLAP: ("....", "x..."),
            SNARE: ("....", "o..."),
            HAT: ("o...", "o..o"),
            OPEN_HAT: ("..x.",),
        },
        drums_in_three={KICK: ("X...", "....", "...."), CLAP: ("....", "x...", "x..."), HAT: ("o.x.",)},
        bass_program=38,
        bass=("r.o.",),
        chord_program=62,
        chords=("..x.", "..x.", "..x.", "..xx"),
        pad_program=50,
        lead_program=107,
        lead_octave=1,
        fills=(_TOM_FILL, _SNARE_ROLL),
    ),
    "chiptune": Style(
        kit=CHIP_KIT,
        drums={KICK: ("X...", "..x."), SNARE: ("....", "X..."), HAT: ("o.xo",)},
        drums_in_three={KICK: ("X...", "....", "...."), SNARE: ("....", "x...", "x..."), HAT: ("o.xo",)},
        bass_program=87,
        bass=("r.r.", "f.o."),
        chord_program=80,
        chords=("0123", "2123"),
        pad_program=None,
        lead_program=82,
        lead_octave=1,
        fills=(_SNARE_ROLL, _CHIP_ROLL),
    ),
}
BAND_STYLES = (*STYLES, "score", "none")

_VELOCITIES = {"X": 112, "x": 92, "o": 62}
_COMPOUND_STEPS = (Fraction(0), None, Fraction(2, 3), Fraction(5, 6))
_SIMPLE_STEPS = (Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pulse:
    """One tapped beat: its place in its bar, its section, and whether the section ends with it (or the next)."""

    onset_beat: Fraction
    length_beat: Fraction
    number: int
    pulses_in_bar: int
    compound: bool
    section: int
    pulses_left: int

    def steps(self, pattern: str) -> Iterator[tuple[Fraction, Fraction, str]]:
        """Yield (onset, length until the next, sign) of what `pattern` plays in this pulse."""
        places = _COMPOUND_STEPS if self.compound else _SIMPLE_STEPS
        hits = [(place, sign) for place, sign in zip(places, pattern, strict=True) if sign != "." and place is not None]
        for index, (place, sign) in enumerate(hits):
            until = hits[index + 1][0] if index + 1 < len(hits) else Fraction(1)
            yield self.onset_beat + place * self.length_beat, (until - place) * self.length_beat, sign


def default_style(tune: Tune) -> str:
    """Return the style that suits `tune` when nobody chose: its own parts if it has any, else "square-dance"."""
    return "score" if tune.parts else "square-dance"


def band_parts(tune: Tune, *, style: str | None = None, seed: int = 0) -> tuple[Part, ...]:
    """Return what the band plays under `tune`, in its written key.

    `style` is one of `BAND_STYLES`; None takes `default_style`. "score" plays the tune's own other parts,
    "none" nothing. `seed` chooses among the fills. A tune without chords gets some.

    Raises `InputError` for another style, or a chord of the tune that is none.
    """
    style = style or default_style(tune)
    if style == "none":
        return ()
    if style == "score":
        return tune.parts
    if style not in STYLES:
        raise InputError(f"there is no band style {style!r}: choose one of {', '.join(BAND_STYLES)}")
    chosen, chords = STYLES[style], tune.chords or harmonize(tune)
    pulses = _pulses(tune)
    if not pulses:  # all of it lies before the first bar line
        return ()
    parts = [
        Part(name="drums", program=chosen.kit, drums=True, notes=_drums(chosen, pulses, seed)),
        Part(name="bass", program=chosen.bass_program, drums=False, notes=_bass(chosen, pulses, chords)),
        Part(name="chords", program=chosen.chord_program, drums=False, notes=_chord_notes(chosen, pulses, chords)),
        Part(name="lead", program=chosen.lead_program, drums=False, notes=_lead(chosen, pulses, tune)),
    ]
    if chosen.pad_program is not None:
        parts.append(Part(name="pad", program=chosen.pad_program, drums=False, notes=_pad(chords)))
    return tuple(part for part in parts if part.notes)


def _pulses(tune: Tune) -> list[_Pulse]:
    """Return every tapped beat from the first bar line to the end of the tune, parted into sections."""
    places = []
    for start, length in bar_lines(tune):
        if start < tune.upbeat_beat:
            continue
        metre = max(
            (m for m in tune.metres if m.onset_beat <= start), key=lambda m: m.onset_beat, default=tune.metres[0]
        )
        compound = metre.denominator >= 8 and metre.numerator % 3 == 0
        size = Fraction(12, metre.denominator) if compound else Fraction(1)
        count = max(1, -(-length // size))
        for number in range(count):
            onset = start + number * size
            places.append((onset, min(size, start + length - onset), number, count, compound))
    first_of_section = _section_starts(tune, places)
    pulses = []
    for index, (onset, length, number, count, compound) in enumerate(places):
        section = sum(first <= index for first in first_of_section) - 1
        until = first_of_section[section + 1] if section + 1 < len(first_of_section) else len(places)
        pulses.append(
            _Pulse(
                onset_beat=onset,
                length_beat=length,
                number=number,
                pulses_in_bar=count,
                compound=compound,
                section=section,
                pulses_left=until - index,
            )
        )
    return pulses


def _section_starts(tune: Tune, places: Sequence[tuple[Fraction, Fraction, int, int, bool]]) -> list[int]:
    """Return the pulses at which sections begin: bar lines after a phrase end, a few bars apart."""
    starts = [0]
    ends = list(tune.phrase_ends)
    for index, (onset, _, number, _, _) in enumerate(places):
        ended = bool(ends) and ends[0] <= onset
        if number == 0 and ended and index - starts[-1] >= SECTION_PULSES:
            starts.append(index)
        if number == 0:
            ends = [end for end in ends if end > onset]
    return starts


def _drums(style: Style, pulses: Sequence[_Pulse], seed: int) -> tuple[PartNote, ...]:
    """Return the drums: the style's rows, a fill before each new section, one last stroke in the last bar."""
    last_section = pulses[-1].section
    last_bar = max(pulse.onset_beat for pulse in pulses if pulse.number == 0)
    fills = np.random.default_rng(seed).integers(len(style.fills), size=last_section + 1)
    notes = [_hit(KICK, last_bar, "X"), _hit(CRASH, last_bar, "x")]
    for before, pulse in zip([None, *pulses], pulses, strict=False):
        if pulse.onset_beat >= last_bar:
            break
        if before and before.section < pulse.section:
            notes.append(_hit(CRASH, pulse.onset_beat, "x"))
        if pulse.section < last_section and pulse.pulses_left <= 2:
            played = [(KICK, "x..."), *style.fills[fills[pulse.section]][2 - pulse.pulses_left]]
        else:
            # The first section comes in without hats: something is left to add.
            quiet = {HAT, OPEN_HAT} if pulse.section == 0 < last_section else set()
            played = _drum_rows(style, pulse, without=quiet)
        notes += [_hit(drum, onset, sign) for drum, steps in played for onset, _, sign in pulse.steps(steps)]
    return tuple(sorted(notes, key=lambda note: (note.onset_beat, note.pitch)))


def _drum_rows(style: Style, pulse: _Pulse, *, without: set[int]) -> list[tuple[int, str]]:
    rows = style.drums_in_three if pulse.pulses_in_bar == 3 else style.drums
    return [(drum, row[pulse.number % len(row)]) for drum, row in rows.items() if drum not in without]


def _hit(drum: int, onset: Fraction, sign: str) -> PartNote:
    return PartNote(pitch=drum, onset_beat=onset, length_beat=Fraction(1, 4), velocity=_VELOCITIES[sign])


def _chord_at(chords: Sequence[Chord], beat: Fraction) -> Chord:
    return chords[max(0, bisect_right(chords, beat, key=lambda chord: chord.onset_beat) - 1)]


def _bass(style: Style, pulses: Sequence[_Pulse], chords: Sequence[Chord]) -> tuple[PartNote, ...]:
    steps = {"r": 0, "f": 7, "o": 12}
    notes = []
    for pulse in pulses:
        for onset, length, sign in pulse.steps(style.bass[pulse.number % len(style.bass)]):
            tones = chord_tones(_chord_at(chords, onset).symbol)
            fifth = next((step for step in tones.steps if step in {6, 7, 8}), 7)
            step = fifth if sign == "f" else steps[sign]
            pitch = 33 + (tones.bass - 33) % 12 + step
            notes.append(PartNote(pitch=pitch, onset_beat=onset, length_beat=length * Fraction(4, 5), velocity=92))
    return tuple(notes)


def _voicing(symbol: str) -> tuple[int, ...]:
    """Return the chord in close position between A3 and G#4, so that neighbours share or touch their tones."""
    tones = chord_tones(symbol)
    return tuple(sorted(57 + (tones.root + step - 57) % 12 for step in tones.steps))


def _chord_notes(style: Style, pulses: Sequence[_Pulse], chords: Sequence[Chord]) -> tuple[PartNote, ...]:
    notes = []
    for pulse in pulses:
        for onset, length, sign in pulse.steps(style.chords[pulse.number % len(style.chords)]):
            pitches = _voicing(_chord_at(chords, onset).symbol)
            if sign != "x":
                octaves, place = divmod(int(sign), len(pitches))
                pitches = (pitches[place] + 12 * octaves,)
            notes += [
                PartNote(pitch=pitch, onset_beat=onset, length_beat=length * Fraction(3, 4), velocity=80)
                for pitch in pitches
            ]
    return tuple(notes)


def _pad(chords: Sequence[Chord]) -> tuple[PartNote, ...]:
    return tuple(
        PartNote(pitch=pitch, onset_beat=chord.onset_beat, length_beat=chord.length_beat, velocity=64)
        for chord in chords
        for pitch in _voicing(chord.symbol)
    )


def _lead(style: Style, pulses: Sequence[_Pulse], tune: Tune) -> tuple[PartNote, ...]:
    """Return the tune itself, doubled in every second section: it lends its pitch to the voice."""
    return tuple(
        PartNote(
            pitch=note.pitch + 12 * style.lead_octave,
            onset_beat=note.onset_beat,
            length_beat=note.length_beat,
            velocity=70,
        )
        for note in tune.notes
        if _pulse_at(pulses, note.onset_beat).section % 2 == 1
    )


def _pulse_at(pulses: Sequence[_Pulse], beat: Fraction) -> _Pulse:
    return pulses[max(0, bisect_right(pulses, beat, key=lambda pulse: pulse.onset_beat) - 1)]


_PLUCK = Timbre(wave="saw", level=0.26, bright=28, dark=6, fade_s=0.12, decay_s=0.45, detune_cents=4)
_PIANO = Timbre(wave="triangle", level=0.26, bright=14, dark=5, fade_s=0.3, decay_s=0.9, release_s=0.2, detune_cents=3)
_BELL = Timbre(wave="sine", level=0.20, decay_s=0.6, release_s=0.4)
_ORGAN = Timbre(wave="square", level=0.12, bright=6, dark=5, attack_s=0.02, sustain=0.9, detune_cents=5)
_BASS = Timbre(wave="saw", level=0.30, bright=16, dark=6, fade_s=0.08, decay_s=0.5, sustain=0.3, release_s=0.04)
_PAD = Timbre(
    wave="saw", level=0.10, bright=11, dark=8, attack_s=0.08, decay_s=2.0, sustain=0.8, release_s=0.25, detune_cents=14
)
_BRASS = Timbre(
    wave="saw", level=0.17, bright=26, dark=14, attack_s=0.012, decay_s=0.4, sustain=0.6, release_s=0.08, detune_cents=9
)
_PIPE = Timbre(wave="triangle", level=0.20, bright=8, dark=6, attack_s=0.03, decay_s=1.0, sustain=0.8, release_s=0.1)
_CHIP_PULSE = Timbre(
    wave="pulse25", level=0.13, bright=26, dark=22, attack_s=0.002, decay_s=0.25, sustain=0.5, release_s=0.012
)
_CHIP_LEAD = Timbre(
    wave="pulse12", level=0.13, bright=24, dark=20, attack_s=0.002, decay_s=0.5, sustain=0.6, release_s=0.02
)
_CHIP_BASS = Timbre(
    wave="triangle", level=0.36, bright=16, dark=16, attack_s=0.002, decay_s=1.0, sustain=0.8, release_s=0.012
)
_FAMILIES = (
    _PIANO, _BELL, _ORGAN, _PLUCK, _BASS, _PAD, _PAD, _BRASS,
    _PIPE, _PIPE, _BRASS, _PAD, _PAD, _PLUCK, _BELL, _PLUCK,
)  # fmt: skip
_SINGLE_PROGRAMS = {80: _CHIP_PULSE, 82: _CHIP_LEAD, 87: _CHIP_BASS}

_DRUMS: dict[int, tuple[Drum, float, float]] = {
    35: ("kick", 0.75, 0.0),
    KICK: ("kick", 0.75, 0.0),
    STICK: ("stick", 0.3, 0.1),
    SNARE: ("snare", 0.5, 0.0),
    CLAP: ("clap", 0.55, 0.05),
    40: ("snare", 0.5, 0.0),
    41: ("tom", 0.5, 0.4),
    43: ("tom", 0.5, 0.3),
    LOW_TOM: ("tom", 0.5, 0.2),
    HAT: ("hat", 0.3, -0.25),
    44: ("hat", 0.15, -0.25),
    OPEN_HAT: ("open hat", 0.26, -0.25),
    MIDDLE_TOM: ("tom", 0.5, 0.0),
    48: ("tom", 0.5, -0.1),
    CRASH: ("crash", 0.28, 0.3),
    HIGH_TOM: ("tom", 0.5, -0.2),
    51: ("hat", 0.2, 0.3),
    57: ("crash", 0.22, -0.3),
}
_TOM_TUNES = {41: 0.7, 43: 0.8, LOW_TOM: 0.95, MIDDLE_TOM: 1.2, 48: 1.35, HIGH_TOM: 1.5}
_PANS = {"chords": -0.25, "lead": 0.3, "bass": 0.0, "pad": 0.0}


def play(
    parts: Sequence[Part],
    *,
    tempo_map: TempoMap,
    duration_s: float,
    transpose: int = 0,
    rate: int = SONG_RATE,
) -> Samples:
    """Return the band's sound, shape (2, samples) at `rate`, `duration_s` long, song time 0 at sample 0.

    Pitched parts go `transpose` semitones up, by the nearest way: an octave is no other key. The loudest
    peak is at most 0.8.
    """
    total = round(duration_s * rate)
    sound = np.zeros((2, total), dtype=np.float32)
    if not total:
        return sound
    nearest = (transpose + 6) % 12 - 6
    for number, part in enumerate(parts):
        pan = _PANS.get(part.name, 0.5 * (-1) ** number * min(1.0, number / 4))
        spans = [_span(note, tempo_map, rate) for note in part.notes]
        if part.drums:
            _play_drums(part, spans, sound, rate)
        else:
            _play_tones(part, spans, nearest, pan, sound, rate)
    sound = filtered(sound, rate, high_pass(2, RUMBLE_HZ, rate)).astype(np.float32)
    peak = float(np.abs(sound).max(initial=0.0))
    return sound * np.float32(PEAK / peak) if peak > PEAK else sound


def _span(note: PartNote, tempo_map: TempoMap, rate: int) -> tuple[int, int]:
    """Return the samples at which `note` starts and ends."""
    start_s, end_s = (tempo_map.beat_to_s(beat) for beat in (note.onset_beat, note.onset_beat + note.length_beat))
    return seconds_to_samples(start_s, rate), seconds_to_samples(end_s, rate)


def _play_drums(part: Part, spans: Sequence[tuple[int, int]], sound: Samples, rate: int) -> None:
    chip = part.program == CHIP_KIT
    for note, (start, _) in zip(part.notes, spans, strict=True):
        drum, level, pan = _DRUMS.get(note.pitch, ("stick", 0.2, 0.0))
        stroke = render_drum(drum, rate=rate, chip=chip, tune=_TOM_TUNES.get(note.pitch, 1.0))
        _add(sound, stroke, start, level * _loudness(note.velocity), pan)


def _play_tones(
    part: Part, spans: Sequence[tuple[int, int]], transpose: int, pan: float, sound: Samples, rate: int
) -> None:
    timbre = _SINGLE_PROGRAMS.get(part.program, _FAMILIES[part.program // 8])
    rendered: dict[tuple[int, int], Samples] = {}
    for note, (start, end) in zip(part.notes, spans, strict=True):
        if start >= sound.shape[1]:
            continue
        # A note that has died away need not be computed to its written end.
        silent_s = 20.0 if timbre.sustain else 8.0 * timbre.decay_s
        held = max(1, min(end - start, round(silent_s * rate), sound.shape[1]))
        key = (note.pitch + transpose, held)
        if key not in rendered:
            rendered[key] = render_tone(timbre, hz=pitch_to_hz(float(key[0])), held=held, rate=rate)
        _add(sound, rendered[key], start, timbre.level * _loudness(note.velocity), pan)


def _loudness(velocity: int) -> float:
    return (velocity / 100.0) ** 1.5


def _add(sound: Samples, stroke: Samples, start: int, gain: float, pan: float) -> None:
    """Add `stroke` at sample `start`; `pan` goes from -1 (left) to 1, both sides at full level in the middle."""
    first, last = max(0, start), min(sound.shape[1], start + stroke.shape[1])
    if first >= last:
        return
    sides = np.array([[gain * min(1.0, 1.0 - pan)], [gain * min(1.0, 1.0 + pan)]], dtype=np.float32)
    sound[:, first:last] += sides * stroke[:, first - start : last - start]
