"""The band's instruments: from a sound, a pitch and a length to samples; and which sound a score asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from shenqu.documents.audio import Samples
from shenqu.documents.style import BandPart, Drum, Sound
from shenqu.documents.tune import Part
from shenqu.dsp.synth import Phase, decaying, envelope, harmonics_of, phase_of, pick_noise, wave_at
from shenqu.units import cents_to_ratio, db_to_gain

VIBRATO_HZ, VIBRATO_AFTER_S, VIBRATO_RISE_S = 5.4, 0.18, 0.25
# Where each voice of a unison starts: far apart, so that they never begin as one.
_STARTS = (0.0, 0.37, 0.71, 0.19, 0.55, 0.89, 0.08, 0.46, 0.80)
_SINGLE_START = 0.25

DRUM_PITCHES: Mapping[Drum, int] = {
    "crackle": 16, "kick": 36, "stick": 37, "snare": 38, "clap": 39, "hat": 42, "low-tom": 45, "open-hat": 46,
    "middle-tom": 47, "crash": 49, "high-tom": 50, "ride": 51, "tambourine": 54, "cowbell": 56, "conga": 63,
    "low-conga": 64, "stomp": 35, "shaker": 82, "guiro": 74, "clave": 75,
}  # fmt: skip
"""The General MIDI key of each drum (the crackle has none: a key that soundfonts leave free)."""
_ALIASES: Mapping[int, Drum] = {
    40: "snare", 41: "low-tom", 43: "low-tom", 44: "hat", 48: "middle-tom", 52: "crash", 53: "ride",
    55: "crash", 57: "crash", 59: "ride", 60: "conga", 61: "low-conga", 62: "conga", 65: "conga", 66: "low-conga",
    69: "shaker", 70: "shaker", 73: "guiro", 80: "tambourine", 81: "tambourine",
}  # fmt: skip
_BY_PITCH = {pitch: drum for drum, pitch in DRUM_PITCHES.items()} | dict(_ALIASES)


def drum_of(pitch: int) -> Drum:
    """Return the drum on a General MIDI key; where there is none, sticks.

    >>> drum_of(40), drum_of(127)
    ('snare', 'stick')
    """
    return _BY_PITCH.get(pitch, "stick")


def score_band(parts: Sequence[Part], sounds: Mapping[str, Sound]) -> tuple[BandPart, ...]:
    """Return a score's own parts with the sound of `sounds` that stands for each one's General MIDI program."""
    by_program: dict[int, Sound] = {}
    for sound in sounds.values():
        for program in sound.programs:
            by_program.setdefault(program, sound)
    return tuple(
        BandPart(
            name=part.name,
            program=part.program,
            drums=part.drums,
            notes=part.notes,
            sound=None if part.drums else by_program[part.program],
            pan=0.5 * (-1) ** number * min(1.0, number / 4),
        )
        for number, part in enumerate(parts)
    )


def held_longest_s(sound: Sound) -> float:
    """Return after how long a held note has died away: it need not be computed further."""
    if sound.partials:
        return 8.0 * max(partial.decay_s for partial in sound.partials)
    return 20.0 if sound.sustain else 8.0 * sound.decay_s


def render_note(sound: Sound, *, hz: float, held: int, rate: int, from_hz: float | None = None) -> Samples:
    """Return a note of `hz` held for `held` samples and released, shape (2, n), at the level of `sound`.

    With `from_hz` it slides from there within the sound's `glide_s`.
    """
    shape = _envelope(sound, held, rate)
    out = np.zeros((2, len(shape)), dtype=np.float32)
    voices = sound.voices if hz < 0.3 * rate else 1
    for voice in range(voices):
        place = 2.0 * voice / (voices - 1) - 1.0 if voices > 1 else 0.0
        pitch_hz = hz * float(cents_to_ratio(place * sound.detune_cents / 2.0))
        start = _STARTS[voice] if voices > 1 else _SINGLE_START
        if sound.partials:
            tone = _partials(sound, pitch_hz, len(shape), rate)
        else:
            tone = _tone(sound, _phase(sound, pitch_hz, from_hz, len(shape), start, rate), hz, rate)
        # Neighbours in pitch sit on opposite sides.
        side = 0.0 if voices == 1 else (1.0 - 2.0 * (voice % 2)) * (1.0 if voices == 2 else 0.6 + 0.4 * abs(place))
        out[0] += np.float32(min(1.0, 1.0 + side)) * tone
        out[1] += np.float32(min(1.0, 1.0 - side)) * tone
    if voices > 2:
        out *= np.float32(1.6 / voices**0.5)
    if sound.pick:
        out += np.float32(sound.pick) * pick_noise(len(shape), seed=sound.programs[0], rate=rate)
    if sound.drive:
        out = np.tanh(np.float32(sound.drive) * out) / np.float32(np.tanh(sound.drive))
    out *= shape * np.float32(db_to_gain(sound.level_db))
    return np.asarray(out, dtype=np.float32)


def _envelope(sound: Sound, held: int, rate: int) -> Samples:
    """Return the level; partials fade by themselves, so theirs only begins and ends."""
    return envelope(
        held,
        attack_s=sound.attack_s,
        decay_s=sound.decay_s,
        sustain=1.0 if sound.partials else sound.sustain,
        release_s=sound.release_s,
        rate=rate,
    )


def _phase(sound: Sound, hz: float, from_hz: float | None, length: int, start: float, rate: int) -> Phase:
    if not sound.vibrato_cents and (from_hz is None or not sound.glide_s):
        return phase_of(hz, length, rate=rate, start=start)
    time = np.arange(length) / rate
    cents = np.zeros(length)
    if sound.vibrato_cents:
        depth = np.clip((time - VIBRATO_AFTER_S) / VIBRATO_RISE_S, 0.0, 1.0) * sound.vibrato_cents
        cents += depth * np.sin(2.0 * np.pi * VIBRATO_HZ * time)
    if from_hz is not None and sound.glide_s:
        cents += 1200.0 * np.log2(from_hz / hz) * np.clip(1.0 - time / sound.glide_s, 0.0, 1.0) ** 2
    return phase_of(np.asarray(hz * cents_to_ratio(cents), dtype=np.float64), length, rate=rate, start=start)


def _tone(sound: Sound, phase: Phase, hz: float, rate: int) -> Samples:
    bright, dark = (harmonics_of(count, hz, rate) for count in (sound.bright, sound.dark))
    tone = wave_at(sound.wave, phase, harmonics=dark)
    if bright != dark:
        struck = wave_at(sound.wave, phase, harmonics=bright)
        struck -= tone
        struck *= decaying(len(phase), sound.fade_s, rate)
        tone += struck
    return tone


def _partials(sound: Sound, hz: float, length: int, rate: int) -> Samples:
    tone = np.zeros(length, dtype=np.float32)
    for partial in sound.partials:
        if partial.ratio * hz <= 0.4 * rate:
            sine = wave_at("sine", phase_of(partial.ratio * hz, length, rate=rate), harmonics=1)
            sine *= decaying(length, partial.decay_s, rate)
            tone += np.float32(partial.level) * sine
    return tone
