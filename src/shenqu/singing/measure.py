"""How well a song is sung, measured on the sound itself: pitch, onset, voicing, level, stretch.

Conventions
-----------
Song times in seconds. A note's body reaches from 40 ms behind its start to 20 ms before its end, where pitch has
settled; its head is its first 70 %, behind which the next consonant may begin. An onset is the strongest rise of the
level between 300 and 3400 Hz, of 6 dB in 40 ms at least, within 100 ms of the note.

References
----------
Raw pitch accuracy within 50 cents: MIREX melody extraction (Poliner et al. 2007). Faults are named from the
thresholds that viewers of the genre complain about: docs/quality.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from shenqu.documents.arrangement import Expression
from shenqu.documents.audio import Samples
from shenqu.documents.check import NoteCheck, SongCheck
from shenqu.documents.performance import Performance, SungNote
from shenqu.documents.speech import HEARD_VOWEL, SONORANTS, Syllable, Transcript
from shenqu.dsp.filters import band_pass, filtered_both_ways, moving_mean
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.dsp.spoken_pitch import usual_pitch, vowel_pitch
from shenqu.singing.voice import follow
from shenqu.units import hz_to_pitch

Array = npt.NDArray[np.float64]

SETTLED_S, RELEASE_S = 0.04, 0.02
HEAD_FROM_S, HEAD_SHARE = 0.02, 0.7
SHORTEST_COVERED_S = 0.2
SHORTEST_TUNED_S = 0.1  # of a shorter one nobody hears the pitch
ONSET_REACH_S, RISE_S, LEAST_RISE_DB, LEVEL_HOP_S = 0.1, 0.04, 6.0, 0.005
ONSET_GOOD_MS = 30.0
OFF_CENTS, LEAST_WITHIN_50, LEAST_COVERAGE, LATE_MS = 35.0, 0.8, 0.5, 60.0
MOST_STRETCH, MOST_SHIFT, QUIET_DB = 6.0, 12.0, 12.0
NO_PART, NO_VOICE = "voiced for only", "whispered or creaky in the speech"
BREATHY, WIDE = 0.3, 2.0  # breath, vibrato and glide as asked for, from which on pitch says little


def measure(
    vocal: Samples,
    rate: int,
    performance: Performance,
    transcript: Transcript,
    *,
    pitch: PitchTrack,
    spoken: PitchTrack,
    spoken_origin_s: float,
    title: str,
) -> SongCheck:
    """Return how well the lead voice `vocal` (shape (samples,), at `rate` hertz) sings `performance`.

    `pitch` is that of `vocal`; `spoken` that of the speech, from `spoken_origin_s` of the recording on.
    """
    rises_db = rise_db(vocal, rate)
    checks = measure_notes(vocal, rate, performance, pitch=pitch)
    stretches = _stretches(performance, transcript)
    spoken_pitches = _spoken_pitches(transcript, spoken, spoken_origin_s)
    notes = tuple(
        _with_speech(
            check,
            stretch=stretch,
            onset_ms=None if note.lyric == "+" else _onset_ms(note, rises_db),
            spoken_pitch=spoken_pitches[note.syllable],
            has_sharp_onset=_has_sharp_onset(transcript.syllables[note.syllable]),
        )
        for note, check, stretch in zip(performance.notes, checks, stretches, strict=True)
    )
    return _summed(title, notes, performance.notes, pitch, clicks(vocal))


def measure_notes(vocal: Samples, rate: int, performance: Performance, *, pitch: PitchTrack) -> tuple[NoteCheck, ...]:
    """Return what can be told of the notes of `performance` from `vocal` and its `pitch` alone: tune, voice, level."""
    levels_db = _levels_db(vocal, rate, performance.notes)
    return tuple(
        _measure_note(note, pitch, level_db) for note, level_db in zip(performance.notes, levels_db, strict=True)
    )


def clicks(samples: Samples) -> int:
    """Return how many steps of the sound stand out: over 0.35 at a peak of 0.5, and 7 times what lies around them.

    >>> tone = (0.5 * np.sin(np.arange(4800) / 10)).astype(np.float32)
    >>> broken = np.concatenate([tone[:2400], -tone[2400:]])
    >>> clicks(tone), clicks(broken)
    (0, 1)
    """
    if len(samples) < 2:
        return 0
    steps = np.abs(np.diff(np.asarray(samples, dtype=np.float64))) / (2.0 * float(np.abs(samples).max()) + 1e-9)
    around = np.sqrt(np.maximum(moving_mean(steps**2, 481), 0.0))
    return int(((steps > 0.35) & (steps > 7.0 * around)).sum())


def _cents(note: SungNote, pitch: PitchTrack) -> Array:
    """Return what is sung in a note's body, in cents from it, one value a voiced frame."""
    first, last = (
        int(np.ceil((time_s - 1e-9) / pitch.hop_s)) for time_s in (note.start_s + SETTLED_S, note.end_s - RELEASE_S)
    )
    hz = pitch.f0_hz[first : max(first, last)]
    return np.asarray(100.0 * (hz_to_pitch(hz[hz > 0]) - note.pitch), dtype=np.float64)


def _coverage(note: SungNote, pitch: PitchTrack) -> float:
    end_s = note.start_s + HEAD_SHARE * (note.end_s - note.start_s)
    first, last = (int(np.ceil(time_s / pitch.hop_s)) for time_s in (note.start_s + HEAD_FROM_S, end_s))
    head = pitch.voiced[first : max(first + 1, last)]
    return float(head.mean()) if len(head) else 0.0


def rise_db(vocal: Samples, rate: int) -> Array:
    """Return how many decibels the level between 300 and 3400 Hz rises over 40 ms around each hop of 5 ms."""
    high_hz = min(3400.0, 0.45 * rate)
    band = filtered_both_ways(np.asarray(vocal, dtype=np.float64), rate, band_pass(4, 300.0, high_hz, rate))
    hop = round(LEVEL_HOP_S * rate)
    width = 2 * (hop * 7 // 8) + 1  # twice over: nearly a Hann window of 20 ms, and it moves nothing
    power = moving_mean(moving_mean(band**2, width), width)[::hop]
    level_db = 10.0 * np.log10(power + 1e-12)
    level_db = np.maximum(level_db, np.percentile(level_db, 95) - 40.0)
    span = round(RISE_S / LEVEL_HOP_S)
    rises_db = np.zeros(len(level_db))
    if len(level_db) > span:
        rises_db[span // 2 : span // 2 + len(level_db) - span] = level_db[span:] - level_db[:-span]
    return rises_db


def _onset_ms(note: SungNote, rise_db: Array) -> float | None:
    middle, reach = round(note.start_s / LEVEL_HOP_S), round(ONSET_REACH_S / LEVEL_HOP_S)
    first = max(0, middle - reach)
    near = rise_db[first : middle + reach + 1]
    if not len(near) or near.max() < LEAST_RISE_DB:
        return None
    return 1000.0 * LEVEL_HOP_S * float(first + int(np.argmax(near)) - middle)


def _has_sharp_onset(syllable: Syllable) -> bool:
    """Whether the sound must rise where the vowel begins: not behind a hum, and not where the vowel was guessed."""
    return not any(
        phone.phone in SONORANTS if phone.start_s < syllable.vowel_s else phone.phone == HEARD_VOWEL
        for phone in syllable.phones
        if phone.start_s <= syllable.vowel_s
    )


def _levels_db(vocal: Samples, rate: int, notes: Sequence[SungNote]) -> list[float]:
    """Return each note's level against the usual one."""
    parts = [vocal[round(note.start_s * rate) : round(note.end_s * rate)] for note in notes]
    powers = np.array([float(np.square(part, dtype=np.float64).sum()) / max(1, len(part)) for part in parts])
    levels = 10.0 * np.log10(powers + 1e-12)
    return [float(level) for level in levels - np.median(levels)]


def _stretches(performance: Performance, transcript: Transcript) -> list[float | None]:
    """Return for the first note of every syllable how many times as long as spoken its vowel is sung, else None."""
    stretches: list[float | None] = [None] * len(performance.notes)
    numbered = list(enumerate(performance.notes))
    begins = [number for number, note in numbered if note.lyric != "+"]
    for number, following in zip(begins, [*begins[1:], len(numbered)], strict=True):
        note, last = performance.notes[number], performance.notes[following - 1]
        syllable = transcript.syllables[note.syllable]
        spoken_s = syllable.vowel_end_s - syllable.vowel_s
        stretches[number] = _sung_s(performance, syllable, note.start_s, last.end_s) / spoken_s
    return stretches


def _sung_s(performance: Performance, syllable: Syllable, start_s: float, end_s: float) -> float:
    """Return for how long the vowel of `syllable` is heard between two song times."""
    speech_s, sounding = follow(performance, np.arange(start_s, end_s, 0.002))
    return float((sounding & (speech_s >= syllable.vowel_s) & (speech_s < syllable.vowel_end_s)).sum() * 0.002)


def _spoken_pitches(transcript: Transcript, spoken: PitchTrack, origin_s: float) -> list[float | None]:
    """Return at which pitch each syllable was spoken."""
    spans = []
    for syllable in transcript.syllables:
        first, last = (round((time_s - origin_s) / spoken.hop_s) for time_s in (syllable.vowel_s, syllable.vowel_end_s))
        spans.append(slice(max(0, first), max(0, first + 1, last)))
    in_vowel = np.zeros(len(spoken.f0_hz), dtype=bool)
    for span in spans:
        in_vowel[span] = True
    usual = usual_pitch(spoken.f0_hz[in_vowel], spoken.confidence[in_vowel])
    if usual is None:
        return [None] * len(spans)
    return [vowel_pitch(spoken.f0_hz[span], spoken.confidence[span], usual=usual) for span in spans]


def _measure_note(note: SungNote, pitch: PitchTrack, level_db: float) -> NoteCheck:
    cents = _cents(note, pitch)
    check = NoteCheck(
        text=note.lyric,
        start_s=note.start_s,
        end_s=note.end_s,
        pitch=note.pitch,
        cents=round(float(np.median(cents)), 1) if len(cents) else None,
        within_50=_share(np.abs(cents) < 50),
        within_35=_share(np.abs(cents) < 35),
        within_25=_share(np.abs(cents) < 25),
        coverage=round(_coverage(note, pitch), 4),
        level_db=round(level_db, 1),
    )
    return check.replace(faults=tuple(_faults_of_voice(check, note.expression)))


def _faults_of_voice(note: NoteCheck, asked: Expression) -> Iterator[str]:
    """Yield what a listener would complain about in the voice itself; what was `asked` for is no fault."""
    has_voice = asked.breath < BREATHY
    if not has_voice or note.cents is None or note.within_50 is None or note.end_s - note.start_s < SHORTEST_TUNED_S:
        pass
    elif abs(note.cents) > OFF_CENTS:
        yield f"{abs(note.cents):.0f} cents too {'high' if note.cents > 0 else 'low'}"
    elif note.within_50 < LEAST_WITHIN_50 and max(asked.vibrato, asked.glide) <= WIDE:
        yield f"wavers: only {100 * note.within_50:.0f} % within 50 cents"
    if has_voice and note.end_s - note.start_s >= SHORTEST_COVERED_S and note.coverage < LEAST_COVERAGE:
        yield f"{NO_PART} {100 * note.coverage:.0f} %"
    if note.level_db - min(0.0, asked.level_db) < -QUIET_DB:
        yield f"{-note.level_db:.0f} dB quieter than the others"


def _with_speech(
    note: NoteCheck, *, stretch: float | None, onset_ms: float | None, spoken_pitch: float | None, has_sharp_onset: bool
) -> NoteCheck:
    """Return `note` with what can be told of it against the speech.

    Where there need not be a sharp onset, a late one is no fault.
    """
    shift = None if spoken_pitch is None else round(note.pitch - spoken_pitch, 1)
    faults = [f"{fault}: {NO_VOICE}" if shift is None and NO_PART in fault else fault for fault in note.faults]
    if onset_ms is not None and abs(onset_ms) > LATE_MS and has_sharp_onset:
        faults.append(f"{abs(onset_ms):.0f} ms too {'late' if onset_ms > 0 else 'early'}")
    if stretch is not None and stretch > MOST_STRETCH:
        faults.append(f"vowel stretched {stretch:.1f} times")
    if shift is not None and abs(shift) > MOST_SHIFT:
        faults.append(f"{abs(shift):.0f} semitones {'above' if shift > 0 else 'below'} the speech")
    rounded = None if stretch is None else round(stretch, 2)
    return note.replace(stretch=rounded, onset_ms=onset_ms, shift=shift, faults=tuple(faults))


def _summed(
    title: str, notes: tuple[NoteCheck, ...], sung: Sequence[SungNote], pitch: PitchTrack, click_count: int
) -> SongCheck:
    cents = np.abs(np.concatenate([_cents(note, pitch) for note in sung] or [np.empty(0)]))
    medians = np.abs([note.cents for note in notes if note.cents is not None])
    covered = [note for note in notes if note.end_s - note.start_s >= SHORTEST_COVERED_S]
    lengths_s = np.array([note.end_s - note.start_s for note in covered])
    coverages = np.array([note.coverage for note in covered])
    begun = [note for note in notes if note.text != "+"]
    in_time = [note for note in begun if note.onset_ms is not None and abs(note.onset_ms) <= ONSET_GOOD_MS]
    stretches = [note.stretch for note in notes if note.stretch is not None]
    return SongCheck(
        title=title,
        rpa50=_share(cents < 50),
        rpa25=_share(cents < 25),
        note_cents=_percentile(medians, 50),
        note_cents_p95=_percentile(medians, 95),
        coverage=round(float((coverages * lengths_s).sum() / lengths_s.sum()), 4) if covered else 1.0,
        weak=int((coverages < LEAST_COVERAGE).sum()),
        onset_30=round(len(in_time) / max(1, len(begun)), 4),
        clicks=click_count,
        stretch=_percentile(stretches, 50),
        stretch_p90=_percentile(stretches, 90),
        notes=notes,
    )


def _share(is_so: npt.NDArray[np.bool_]) -> float | None:
    return round(float(is_so.mean()), 4) if len(is_so) else None


def _percentile(values: Sequence[float] | Array, percent: float) -> float | None:
    return round(float(np.percentile(values, percent)), 2) if len(values) else None
