"""The band: what it plays under a tune.

A style says who plays what in rows of sixteenths (`shenqu.documents.style`), and which of them play in which
scene. A tune's sections become scenes: a verse begins sparsely and builds up towards a refrain, every passage ends with
a fill, and where the style says so a beat of silence comes before the refrain. Beats are written: a song's own
tempo only decides whether the style walks in half or double time.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

import numpy as np

from shenqu.documents.style import (
    BandPart,
    BandStyle,
    Drum,
    DrumPattern,
    Instrument,
    MetreKind,
    Scene,
)
from shenqu.documents.tune import Chord, Metre, PartNote, SectionKind, Tune
from shenqu.music.form import is_compound, metre_at, pulse_beat, song_form
from shenqu.music.harmony import bar_lines, chord_tones, coloured, harmonize
from shenqu.music.instruments import DRUM_PITCHES

_SCENES: Mapping[SectionKind, Scene] = {
    "intro": "intro", "verse": "verse", "refrain": "refrain", "bridge": "break", "interlude": "break", "build": "build",
    "tail": "verse",
}  # fmt: skip
_VELOCITIES = {"X": 112, "x": 92, "o": 62, "g": 50}
_PLAIN = 92
_OTHER_PACE_PRICE = 0.2
_LOWEST_BASS, _LOWEST_CHORD = 33, 57


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A stretch of a scene in one metre, over which rows run on from their first step."""

    scene: Scene
    kind: MetreKind
    onset_beat: Fraction
    end_beat: Fraction
    step_beat: Fraction

    @property
    def pulse(self) -> Fraction:
        """The tapped beat, as the style counts it."""
        return self.step_beat * (6 if self.kind == "6/8" else 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """When the band plays what: runs in order, where fills begin and end, where all are silent, the last stroke."""

    runs: tuple[Run, ...]
    fills: tuple[tuple[Fraction, Fraction], ...]
    crashes: tuple[Fraction, ...]
    silences: tuple[tuple[Fraction, Fraction], ...]
    finale_beat: Fraction
    end_beat: Fraction


def choose_style(tune: Tune, styles: Mapping[str, BandStyle], *, tempo_factor: float = 1.0) -> str:
    """Return the name of the style of `styles` that suits the metre and the tempo of `tune`; the first where none does.

    >>> from shenqu.documents.tune import Note, Tempo
    >>> tune = Tune(id="", title="", notes=(Note(pitch=60, onset_beat=Fraction(0), length_beat=Fraction(1)),),
    ...     tempi=(Tempo(onset_beat=Fraction(0), bpm=150.0),), metres=(Metre(onset_beat=Fraction(0), numerator=3,
    ...     denominator=4),))
    >>> slow, fast = (BandStyle(title="", about="", tempo=(60, 90), progression="I", auto={"3/4": tempi},
    ...     scenes={"verse": ()}) for tempi in ((10, 99), (99, 1000)))
    >>> choose_style(tune, {"slow": slow, "fast": fast})
    'fast'
    """
    kind, bpm = _kind(tune.metres[0]), _tapped_bpm(tune, tempo_factor)
    fitting = (name for name, style in styles.items() if kind in style.auto and _within(bpm, style.auto[kind]))
    return next(fitting, next(iter(styles)))


def _within(bpm: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= bpm < bounds[1]


def band_parts(
    tune: Tune,
    style: BandStyle,
    *,
    chords: Sequence[Chord] = (),
    seed: int = 0,
    tempo_factor: float = 1.0,
    silences: Sequence[tuple[Fraction, Fraction]] = (),
) -> tuple[BandPart, ...]:
    """Return what the band plays under `tune`, in its written key, one part a player, the drums as one.

    `chords` take the place of the tune's; where there are neither, some are found. `seed` chooses among the
    fills. The song's tempo is `tempo_factor` times the tune's. Between the beats of `silences` all are silent. The
    count-in may lie before beat 0.

    Raises `InputError` where a chord of the tune is none.
    """
    chords = chords or tune.chords or harmonize(tune)
    plan = plan_band(tune, style, tempo_factor=tempo_factor)
    plan = replace(plan, silences=(*plan.silences, *silences))
    if not plan.runs:  # all of it lies before the first bar line
        return ()
    parts = [BandPart(name="drums", program=0, drums=True, kit=style.kit, notes=_drums(style, plan, tune, seed))]
    for name, player in style.instruments.items():
        sound = style.sounds[player.sound]
        notes = _shifted(_silenced(_notes(player, name, style, plan, tune, chords), plan), 12 * player.octave)
        parts.append(
            BandPart(
                name=name,
                program=sound.programs[0],
                drums=False,
                notes=notes,
                sound=sound,
                level_db=player.level_db,
                pan=player.pan,
                pump=player.pump,
            )
        )
    return tuple(part for part in parts if part.notes)


def count_in_beats(tune: Tune, style: BandStyle) -> Fraction:
    """Return how many beats the sticks of `style` need before beat 0."""
    return max(Fraction(0), style.count_in * pulse_beat(metre_at(tune, tune.upbeat_beat)) - tune.upbeat_beat)


def _kind(metre: Metre) -> MetreKind:
    if is_compound(metre):
        return "6/8"
    return "3/4" if metre.numerator == 3 else "4/4"


def _tapped_bpm(tune: Tune, tempo_factor: float) -> float:
    return tune.tempi[0].bpm * tempo_factor / float(pulse_beat(tune.metres[0]))


def pace_of(style: BandStyle, bpm: float) -> Fraction:
    """Return how much slower than written the style walks at `bpm`: 1, 2 (half time) or 1/2 (double time).

    >>> style = BandStyle(title="", about="", tempo=(140, 160), progression="I", scenes={"verse": ()})
    >>> [str(pace_of(style, bpm)) for bpm in (72, 120, 150, 300)]
    ['1/2', '1', '1', '2']
    """

    def price(pace: Fraction) -> float:
        walked = bpm / float(pace)
        away = max(0.0, math.log2(style.tempo[0] / walked), math.log2(walked / style.tempo[1]))
        return away + _OTHER_PACE_PRICE * (pace != 1)

    return min((Fraction(1), Fraction(1, 2), Fraction(2)), key=price)


# --- when what is played


def plan_band(tune: Tune, style: BandStyle, *, tempo_factor: float = 1.0) -> Plan:
    """Return the scenes of `tune` as runs of bars, and where fills, silences and the last stroke lie."""
    pace = pace_of(style, _tapped_bpm(tune, tempo_factor))
    bars = [bar for bar in bar_lines(tune) if bar[0] >= tune.upbeat_beat]
    passages = _passages(tune, bars)
    scenes = [stretch for number in range(len(passages)) for stretch in _stretches(passages, number)]
    runs = tuple(run for scene, inside in scenes for run in _runs(tune, scene, inside, pace))
    if not runs:
        return Plan(runs=(), fills=(), crashes=(), silences=(), finale_beat=tune.end_beat, end_beat=tune.end_beat)
    starts = [passage[1][0][0] for passage in passages]
    refrains = [start for start, (kind, _) in zip(starts, passages, strict=True) if kind == "refrain"]
    silences = [_before(runs, start, 1) for start in refrains if start > starts[0]] if style.drop else []
    fills = [_fill(runs, start, silences) for start in starts[1:]] + _small_fills(tune, bars, runs, starts)
    finale = _finale(tune, runs)
    return Plan(
        runs=runs,
        fills=tuple(sorted(fills)),
        crashes=tuple(starts[1:]),
        silences=tuple(silences),
        finale_beat=finale,
        end_beat=max(finale + runs[-1].pulse, *(note.end_beat for note in tune.notes)),
    )


Bars = list[tuple[Fraction, Fraction]]


def _passages(tune: Tune, bars: Bars) -> list[tuple[SectionKind, Bars]]:
    """Return what kind of section each passage is, and its bars; the first one leaves something to add."""
    sections = song_form(tune)
    passages: list[tuple[SectionKind, Bars]] = []
    for start, length in bars:
        section = next((s for s in reversed(sections) if s.onset_beat <= start), None)
        begins = section is not None and section.onset_beat > (passages[-1][1][-1][0] if passages else Fraction(-1))
        if not passages or begins:
            passages.append((section.kind if section else "verse", []))
        passages[-1][1].append((start, length))
    if len(passages) > 1 and passages[0][0] == "refrain":
        passages[0] = ("verse", passages[0][1])
    return passages


def _stretches(passages: Sequence[tuple[SectionKind, Bars]], number: int) -> Iterator[tuple[Scene, Bars]]:
    """Yield the scenes of one passage: the song's first bars are the intro, the last ones before a refrain build up."""
    kind, bars = passages[number]
    scene = _SCENES[kind]
    sparse = len(bars) // 2 if number == 0 and kind == "verse" and len(passages) > 1 else 0
    builds = number + 1 < len(passages) and passages[number + 1][0] == "refrain" and kind != "refrain"
    rising = (2 if len(bars) >= 6 else 1 if len(bars) >= 3 else 0) if builds else 0
    last = len(bars) - rising
    parts: tuple[tuple[Scene, Bars], ...] = (
        ("intro", bars[:sparse]),
        (scene, bars[sparse:last]),
        ("build", bars[last:]),
    )
    yield from (part for part in parts if part[1])


def _runs(tune: Tune, scene: Scene, bars: Bars, pace: Fraction) -> Iterator[Run]:
    """Yield stretches over which a row runs on: bars of one metre, or each odd bar by itself."""
    start: Fraction | None = None
    for (onset, length), after in zip(bars, [*bars[1:], None], strict=True):
        metre = metre_at(tune, onset)
        kind = _kind(metre)
        step = Fraction(2, metre.denominator) if kind == "6/8" else Fraction(1, 4)
        step = Fraction(1, metre.denominator) if kind == "3/4" else step
        step *= pace if kind == "4/4" else 1
        start = onset if start is None else start
        steady = kind != "4/4" or (length / Fraction(2)).denominator == 1
        if after is None or not steady or metre_at(tune, after[0]) != metre:
            yield Run(scene=scene, kind=kind, onset_beat=start, end_beat=onset + length, step_beat=step)
            start = None


def _before(runs: Sequence[Run], beat: Fraction, pulses: int) -> tuple[Fraction, Fraction]:
    """Return the last `pulses` tapped beats before `beat`."""
    run = next(run for run in reversed(runs) if run.onset_beat < beat)
    return max(run.onset_beat, beat - pulses * run.pulse), beat


def _fill(
    runs: Sequence[Run], beat: Fraction, silences: Sequence[tuple[Fraction, Fraction]]
) -> tuple[Fraction, Fraction]:
    """Return where the fill before `beat` lies: in its last two pulses, or in those before the silence."""
    until = next((start for start, end in silences if end == beat), beat)
    return _before(runs, until, 2)


def _small_fills(
    tune: Tune, bars: Bars, runs: Sequence[Run], starts: Sequence[Fraction]
) -> list[tuple[Fraction, Fraction]]:
    """Return short fills of one pulse: at phrase ends within passages, some bars from both ends."""
    lines = [start for start, _ in bars]
    fills = []
    for end in tune.phrase_ends[:-1]:
        place = bisect_right(lines, end - Fraction(1, 100))
        if place >= len(lines):
            continue
        line = lines[place]
        around = bisect_right(starts, line)
        before, after = starts[around - 1], starts[around] if around < len(starts) else lines[-1]
        if lines.index(before) + 4 <= place <= bisect_right(lines, after) - 1 - 2:
            fills.append(_before(runs, line, 1))
    return list(dict.fromkeys(fills))


def _finale(tune: Tune, runs: Sequence[Run]) -> Fraction:
    """Return the beat of the last stroke: the tapped beat on which the last note begins."""
    last = tune.notes[-1].onset_beat
    run = next((run for run in reversed(runs) if run.onset_beat <= last), runs[0])
    pulse = run.pulse if run.kind != "4/4" else Fraction(1)
    return max(runs[0].onset_beat, run.onset_beat + (last - run.onset_beat) // pulse * pulse)


# --- rows


def _row(rows: Mapping[MetreKind, str], kind: MetreKind, *, drums: bool) -> str:
    """Return the row for a metre, made of that for 4/4 where there is none: 3/4 leaves out the third quarter of a bar.

    >>> rows = {"4/4": "X..x x... r-o. x..."}
    >>> _row(rows, "3/4", drums=False), _row(rows, "6/8", drums=False)
    ('X..xx...x...', 'X....xx.....r---o.x.....')
    """
    row = rows.get(kind, "").replace(" ", "")
    if row:
        return row
    quarters = [four[at : at + 4] for four in [rows["4/4"].replace(" ", "")] for at in range(0, len(four), 4)]
    if kind == "3/4":
        return "".join(quarter for number, quarter in enumerate(quarters) if number % 4 != 2)
    held = [quarter[0] + ("..." if drums or quarter[1] == "." else "---") + quarter[2:] for quarter in quarters]
    return "".join(held)


def _hits(row: str, run: Run, swing: float) -> Iterator[tuple[Fraction, Fraction, str]]:
    """Yield (onset, length, sign) of what a row strikes in a run; what is held ends with the run."""
    late = (Fraction(swing).limit_denominator(48) * 2 - 1) * run.step_beat if run.kind != "6/8" else Fraction(0)
    count = -(-(run.end_beat - run.onset_beat) // run.step_beat)
    for step in range(count):
        sign = row[step % len(row)]
        if sign in ".-":
            continue
        until = step + 1
        while until < count and row[until % len(row)] == "-":
            until += 1
        onset = run.onset_beat + step * run.step_beat + late * (step % 2)
        yield onset, min(run.onset_beat + until * run.step_beat + late * (until % 2), run.end_beat) - onset, sign


# --- drums


def _drums(style: BandStyle, plan: Plan, tune: Tune, seed: int) -> tuple[PartNote, ...]:
    """Return the sticks, the rows of each scene, a fill where a passage ends, a cymbal where one begins."""
    hits = list(_count_in(style, plan, tune))
    for run in plan.runs:
        for name in style.playing(run.scene):
            if name in style.drums:
                hits += _pattern_hits(style.drums[name], run, style, plan)
    if any(True for _ in _drummed(style, plan)) and style.fills:
        hits += _fill_hits(style, plan, seed)
        hits += [("crash", beat, "x") for beat in plan.crashes]
        hits += [("kick", plan.finale_beat, "X"), ("crash", plan.finale_beat, "x")]
    loudest: dict[tuple[Fraction, int], int] = {}
    for drum, onset, sign in hits:
        if not any(start <= onset < end for start, end in plan.silences):
            place = onset, DRUM_PITCHES[drum]
            loudest[place] = max(loudest.get(place, 0), _VELOCITIES[sign])
    return tuple(
        PartNote(pitch=pitch, onset_beat=onset, length_beat=Fraction(1, 4), velocity=velocity)
        for (onset, pitch), velocity in sorted(loudest.items())
    )


def _drummed(style: BandStyle, plan: Plan) -> Iterator[Run]:
    """Yield the runs in which drums play."""
    yield from (run for run in plan.runs if any(name in style.drums for name in style.playing(run.scene)))


def _count_in(style: BandStyle, plan: Plan, tune: Tune) -> Iterator[tuple[Drum, Fraction, str]]:
    if any(True for _ in _drummed(style, plan)):
        pulse = pulse_beat(metre_at(tune, tune.upbeat_beat))
        for number in range(style.count_in):
            yield "stick", tune.upbeat_beat - (number + 1) * pulse, "x"


def _pattern_hits(pattern: DrumPattern, run: Run, style: BandStyle, plan: Plan) -> Iterator[tuple[Drum, Fraction, str]]:
    # A metre with rows of its own has only those.
    own = {"4/4": pattern.four, "3/4": pattern.three, "6/8": pattern.six}[run.kind]
    kind: MetreKind = run.kind if own else "4/4"
    for drum, row in (own or pattern.four).items():
        for onset, _, sign in _hits(_row({kind: row}, run.kind, drums=True), run, style.swing):
            if onset < plan.finale_beat and not any(start <= onset < end for start, end in plan.fills if style.fills):
                yield drum, onset, sign


def _fill_hits(style: BandStyle, plan: Plan, seed: int) -> Iterator[tuple[Drum, Fraction, str]]:
    chosen = np.random.default_rng(seed).integers(len(style.fills), size=max(1, len(plan.fills)))
    for (start, end), number in zip(plan.fills, chosen, strict=False):
        run = next(run for run in reversed(plan.runs) if run.onset_beat <= start)
        window = Run(scene=run.scene, kind=run.kind, onset_beat=start, end_beat=end, step_beat=run.step_beat)
        pulses = max(1, min(2, round((end - start) / run.pulse)))
        for drum, row in style.fills[number].items():
            steps = _row({"4/4": row}, "6/8" if run.kind == "6/8" else "4/4", drums=True)
            late = steps[-(len(steps) // 2) * pulses :]
            yield from ((drum, onset, sign) for onset, _, sign in _hits(late, window, style.swing))


# --- pitched players


def _notes(
    player: Instrument, name: str, style: BandStyle, plan: Plan, tune: Tune, chords: Sequence[Chord]
) -> list[PartNote]:
    """Return what a player plays in the scenes that name it."""
    runs = [run for run in plan.runs if name in style.playing(run.scene)]
    if player.plays in {"tune", "second"}:
        return _doubled(player, runs, tune, chords)
    voice = _voices(player, tune, chords)
    if player.plays == "pad":
        return [note for run in runs for note in _held(voice, chords, run.onset_beat, min(run.end_beat, plan.end_beat))]
    rows: dict[MetreKind, str] = {"4/4": player.four, "3/4": player.three, "6/8": player.six}
    rests = _rests(tune) if player.plays == "answer" else None
    notes = []
    for run in runs:
        for onset, length, sign in _hits(_row(rows, run.kind, drums=False), run, style.swing):
            until = min(onset + length, plan.finale_beat)
            if rests is not None:
                until = min(until, next((end for start, end in rests if start <= onset < end), onset))
            if until > onset:
                notes += voice(onset, until, sign) if sign == "n" else _held(voice, chords, onset, until, sign)
    if plan.runs[-1] in runs and player.plays != "answer":
        notes += _held(voice, chords, plan.finale_beat, plan.end_beat)
    return notes


Voice = Callable[[Fraction, Fraction, str], list[PartNote]]


def _held(voice: Voice, chords: Sequence[Chord], start: Fraction, end: Fraction, sign: str = "r") -> list[PartNote]:
    """Return every chord between two beats, held, struck again where it changes."""
    changes = [start, *(chord.onset_beat for chord in chords if start < chord.onset_beat < end), end]
    return [note for onset, until in pairwise(changes) for note in voice(onset, until, sign)]


def _voices(player: Instrument, tune: Tune, chords: Sequence[Chord]) -> Voice:
    """Return what makes notes of one sign of a row: of the bass, or of chords."""
    lines = [start for start, _ in bar_lines(tune)]

    def bass(onset: Fraction, until: Fraction, sign: str) -> list[PartNote]:
        beat = onset
        if sign == "n":
            place = bisect_right(lines, onset)
            beat = lines[place] if place < len(lines) else onset
        tones = chord_tones(_chord_at(chords, beat).symbol)
        third = next((step for step in tones.steps if step in {3, 4}), 0)
        fifth = next((step for step in tones.steps if step in {6, 7, 8}), 7)
        step = {"f": fifth, "F": fifth - 12, "t": third, "o": 12}.get(sign, 0)
        root = tones.bass if sign in "rnog" else tones.root
        pitch = _LOWEST_BASS + (root - _LOWEST_BASS) % 12 + step
        length = min(until - onset, Fraction(1, 8)) if sign == "g" else until - onset
        velocity = _VELOCITIES["g"] if sign == "g" else _PLAIN
        return [PartNote(pitch=pitch, onset_beat=onset, length_beat=length, velocity=velocity)]

    def chord(onset: Fraction, until: Fraction, sign: str) -> list[PartNote]:
        pitches = _voicing(player, tune, _chord_at(chords, onset))
        if sign.isdigit():
            octaves, place = divmod(int(sign), len(pitches))
            pitches = (pitches[place] + 12 * octaves,)
        velocity = _VELOCITIES.get(sign, _PLAIN)
        return [
            PartNote(pitch=pitch, onset_beat=onset, length_beat=until - onset, velocity=velocity) for pitch in pitches
        ]

    return bass if player.plays == "bass" else chord


def _voicing(player: Instrument, tune: Tune, chord: Chord) -> tuple[int, ...]:
    """Return the pitches of a chord: close together between A3 and G#4, so that neighbours share or touch tones."""
    tones = chord_tones(chord.symbol)
    if player.voicing == "power":
        root = _LOWEST_CHORD - 12 + (tones.root - _LOWEST_CHORD) % 12
        return root, root + 7, root + 12
    steps: Sequence[int] = tones.steps
    if player.voicing in {"sevenths", "ninths"}:
        steps = coloured(chord, tune, ninth=player.voicing == "ninths")
    pitches = sorted({_LOWEST_CHORD + (tones.root + step - _LOWEST_CHORD) % 12 for step in steps})
    if player.voicing == "open" and len(pitches) > 2:
        pitches[-2] -= 12
    return tuple(sorted(pitches))


def _doubled(player: Instrument, runs: Sequence[Run], tune: Tune, chords: Sequence[Chord]) -> list[PartNote]:
    """Return the tune itself where the player plays, or the chord tone next below it."""
    notes = []
    for note in tune.notes:
        if any(run.onset_beat <= note.onset_beat < run.end_beat for run in runs):
            pitch = note.pitch
            if player.plays == "second":
                tones = chord_tones(_chord_at(chords, note.onset_beat).symbol)
                classes = {(tones.root + step) % 12 for step in tones.steps}
                pitch = next(below for below in range(note.pitch - 3, note.pitch - 16, -1) if below % 12 in classes)
            notes.append(PartNote(pitch=pitch, onset_beat=note.onset_beat, length_beat=note.length_beat, velocity=70))
    return notes


def _rests(tune: Tune) -> list[tuple[Fraction, Fraction]]:
    """Return where the melody leaves room: a beat after a note began, until the next one begins."""
    ends = [*(note.onset_beat for note in tune.notes[1:]), tune.end_beat]
    rooms = ((note.onset_beat + 1, end) for note, end in zip(tune.notes, ends, strict=True))
    return [(start, end) for start, end in rooms if end - start >= 1]


def _chord_at(chords: Sequence[Chord], beat: Fraction) -> Chord:
    return chords[max(0, bisect_right(chords, beat, key=lambda chord: chord.onset_beat) - 1)]


def _silenced(notes: Sequence[PartNote], plan: Plan) -> Iterator[PartNote]:
    """Yield the notes without what lies in a silence."""
    for note in notes:
        onset, end = note.onset_beat, note.onset_beat + note.length_beat
        for start, until in plan.silences:
            if start <= onset < until:
                end = onset
            elif onset < start < end:
                end = start
        if end > onset:
            yield note.replace(length_beat=end - onset)


def _shifted(notes: Iterator[PartNote], semitones: int) -> tuple[PartNote, ...]:
    """Return the notes in order, higher by `semitones` as far as there are pitches."""
    return tuple(
        note.replace(pitch=min(127, max(0, note.pitch + semitones)))
        for note in sorted(notes, key=lambda note: (note.onset_beat, note.pitch))
    )
