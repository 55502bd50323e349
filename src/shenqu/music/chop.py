"""Mode `chop`: one syllable, or a catchphrase, plays the tune; and second voices of it play the chords below.

Every note of the tune is struck by a syllable: of a catchphrase by one after the other, from the first one again where
a musical phrase begins, so that what returns is struck alike. Without a hook that is named, the syllable is the
clearest one: with a voice, and a vowel that is long, open, surely heard, and strikes: the level rises with it.

Two sounds: `tuned` keeps the speaker's formants, and holds as long as the note. `sampler` is the older one: formants
move with the pitch, as a sampler's do that plays its sample faster, and a note ends with its sample: what is left of
it is a rest.

Chords are sung in the refrain, 12 dB below the lead and spread from left to right, of the tones of each chord those
below the melody that move least.

Conventions
-----------
Pitches are MIDI numbers, beats those of the song.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, pairwise

from shenqu.documents.arrangement import Arrangement, Passage, PlacedNote, Placement
from shenqu.documents.figure import Voice
from shenqu.documents.options import ChopSound
from shenqu.documents.performance import TempoMap
from shenqu.documents.song import Hook
from shenqu.documents.speech import SONORANTS, Syllable, Transcript
from shenqu.documents.tune import Chord, Tune
from shenqu.errors import InputError
from shenqu.music.harmony import bar_lines, chord_tones, harmonize
from shenqu.music.line import passages_of
from shenqu.music.tempo import song_tempo

GOOD_VOWEL_S, GOOD_RISE_DB = 0.25, 12.0
WEIGHTS = {"voice": 3.0, "struck": 2.0, "long": 4.0, "pure": 2.0, "sure": 1.0, "open": 1.5}
MOST_FORMANT = 12.0
SAMPLE_STRETCH, LEAST_SAMPLE_S = 2.0, 0.08
CHORD_DB, SIDES = -12.0, (-0.6, 0.6, 0.0)
LOWEST, ROOM, NEAREST = 40, 12, 7
LONGEST_CHORD = Fraction(2)


def clearest_syllable(
    transcript: Transcript, *, voiced: Sequence[float] = (), strikes_db: Sequence[float] = ()
) -> Hook:
    """Return the syllable of `transcript` that plays a tune best; of equals the earliest.

    `voiced` has the voiced share of each syllable's vowel, 0 to 1, `strikes_db` how much the level rises with it;
    without them all are alike in that.

    Raises
    ------
    InputError
        Where there is no syllable.
    """
    said = [(syllable, word.confidence) for word in transcript.words for syllable in word.syllables]
    if not said:
        raise InputError("there is no syllable to sing in this speech; try another part of it (--start, --end)")
    shares, rises_db = voiced or [1.0] * len(said), strikes_db or [GOOD_RISE_DB] * len(said)
    scores = [_clearness(*one, *heard) for one, heard in zip(said, zip(shares, rises_db, strict=True), strict=True)]
    best = max(range(len(said)), key=lambda index: (scores[index], -index))
    return Hook(first=best, last=best)


def _clearness(syllable: Syllable, confidence: float, voiced: float, rise_db: float) -> float:
    vowel_s = syllable.vowel_end_s - syllable.vowel_s
    glides = bool(syllable.phones) and syllable.phones[0].phone in SONORANTS | {"HH"}
    counts = {
        "voice": voiced,
        "struck": 0.0 if glides else max(0.0, min(1.0, rise_db / GOOD_RISE_DB)),
        "long": min(1.0, vowel_s / GOOD_VOWEL_S),
        "pure": float(all(phone.phone != "ER" for phone in syllable.phones)),
        "sure": confidence,
        "open": float(syllable.end_s - syllable.vowel_end_s < 0.01),
    }
    return sum(WEIGHTS[name] * count for name, count in counts.items())


def chop(
    tune: Tune,
    transcript: Transcript,
    hook: Hook,
    *,
    transpose: int,
    tempo_factor: float | None = None,
    sound: ChopSound = "tuned",
    pitches: Sequence[float] = (),
) -> Arrangement:
    """Return all notes of `tune`, `transpose` semitones higher, struck by the syllables of `hook` in turn.

    `pitches` are those of the speech, one a syllable, which a `sampler` moves the formants from. Without a
    `tempo_factor` the tune keeps its tempo.
    """
    factor = tempo_factor or 1.0
    clock = song_tempo(tune, tempo_factor=factor)
    phrase_begins = _phrase_begins(tune)
    placements: list[Placement] = []
    turn = 0
    for number, written in enumerate(tune.notes):
        turn = 0 if number in phrase_begins else turn
        index = hook.first + turn % (hook.last + 1 - hook.first)
        note = PlacedNote.of(written, transpose=transpose)
        if sound == "tuned":
            placements.append(Placement(syllable=index, notes=(note,)))
        else:
            spoken = pitches[index] if pitches and pitches[index] > 0 else float(note.pitch)
            placements += _sampled(note, index, transcript.syllables[index], spoken, clock)
        turn += 1
    return Arrangement(placements=tuple(placements), transpose=transpose, tempo_factor=factor)


def _phrase_begins(tune: Tune) -> set[int]:
    """Return the numbers of the notes with which phrases begin."""
    ends = iter(sorted(tune.phrase_ends))
    begins, end = {0}, next(ends, None)
    for number, note in enumerate(tune.notes):
        while end is not None and note.onset_beat >= end:
            begins.add(number)
            end = next(ends, None)
    return begins


def _sampled(note: PlacedNote, index: int, syllable: Syllable, spoken: float, clock: TempoMap) -> Iterator[Placement]:
    """Yield a note as a sampler plays it, faster where it is higher, and the rest that it leaves."""
    rise = note.pitch - spoken
    sample_s = (syllable.sung_until_s - syllable.vowel_s) * SAMPLE_STRETCH * 2.0 ** (-rise / 12.0)
    note_s = clock.beat_to_s(note.end_beat) - clock.beat_to_s(note.onset_beat)
    share = Fraction(min(1.0, max(sample_s, LEAST_SAMPLE_S) / note_s)).limit_denominator(16) or Fraction(1, 16)
    formant = max(-MOST_FORMANT, min(MOST_FORMANT, rise))
    struck = note.replace(expression=note.expression.replace(formant=round(formant, 2)))
    if share == 1:
        yield Placement(syllable=index, notes=(struck,))
        return
    kept = note.length_beat * share
    yield Placement(syllable=index, notes=(struck.replace(length_beat=kept),))
    rest = PlacedNote(pitch=note.pitch, onset_beat=note.onset_beat + kept, length_beat=note.length_beat - kept)
    yield Placement(syllable=None, notes=(rest,))


def chord_voices(
    tune: Tune, passages: Sequence[Passage], transcript: Transcript, hook: Hook, *, transpose: int, count: int
) -> tuple[Voice, ...]:
    """Return `count` second voices, at most 3, that sing the chords under the refrain of `tune`, `transpose` higher.

    They sing the syllable of the hook that has the longest vowel.
    """
    syllables = transcript.syllables
    index = max(range(hook.first, hook.last + 1), key=lambda i: syllables[i].vowel_end_s - syllables[i].vowel_s)
    hooks = [one for one in passages or passages_of(tune) if one.role == "hook"]
    placements: list[list[Placement]] = [[] for _ in range(count)]
    before: tuple[int, ...] = ()
    for onset, length, chord in _strikes(tune, hooks):
        low = min((n.pitch for n in tune.notes if onset < n.end_beat and n.onset_beat < onset + length), default=60)
        before = _voicing(chord, low + transpose, transpose, count, before)
        for voice, pitch in zip(placements, before, strict=False):
            note = PlacedNote(pitch=pitch, onset_beat=onset, length_beat=min(length, LONGEST_CHORD))
            voice.append(Placement(syllable=index, notes=(note,)))
    return tuple(
        Voice(name=f"chord {number}", placements=tuple(voice), level_db=CHORD_DB, pan=side)
        for number, (voice, side) in enumerate(zip(placements, SIDES, strict=False), start=1)
        if voice
    )


def _strikes(tune: Tune, hooks: Sequence[Passage]) -> Iterator[tuple[Fraction, Fraction, Chord]]:
    """Yield beat, length and chord wherever in `hooks` a chord begins, or a bar with it."""
    lines = [line for line, _ in bar_lines(tune)]
    chords = tune.chords or harmonize(tune)
    for hook in hooks:
        hook_end = hook.onset_beat + hook.length_beat
        for chord in chords:
            first, end = max(chord.onset_beat, hook.onset_beat), min(chord.onset_beat + chord.length_beat, hook_end)
            beats = [beat for beat in sorted({first, *lines}) if first <= beat < end]
            for beat, until in pairwise([*beats, end]):
                yield beat, until - beat, chord


def _voicing(chord: Chord, melody: int, transpose: int, count: int, before: Sequence[int]) -> tuple[int, ...]:
    """Return up to `count` tones of a chord below the `melody`, the nearest to it, or to those `before`."""
    root, _, steps = chord_tones(chord.symbol)
    tones = {(root + step + transpose) % 12 for step in steps[:4]}
    top = max(melody - 1, LOWEST + ROOM)
    near = [pitch for pitch in range(top, LOWEST - 1, -1) if pitch % 12 in tones][:NEAREST]

    def moved(pitches: tuple[int, ...]) -> tuple[int, int]:
        steps_moved = sum(abs(a - b) for a, b in zip(pitches, before, strict=False))
        return (steps_moved if before else 0) + 2 * (len(pitches) - len({p % 12 for p in pitches})), -sum(pitches)

    return min(combinations(near, min(count, len(near))), key=moved)
