"""Measures of a song against sounds whose faults are planted."""

import numpy as np
import pytest

from shenqu.documents.arrangement import Expression
from shenqu.documents.performance import Performance, SungNote, TimeMap
from shenqu.documents.speech import HEARD_VOWEL, Phone, Syllable, Transcript, Word
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.engines.swift_pitch import track_pitch
from shenqu.singing.measure import clicks, measure, measure_notes

RATE = 48_000
NOTE_S = 0.5
PITCHES = (57, 60, 64, 62, 57, 55)


def transcript():
    words = []
    for index in range(len(PITCHES)):
        start_s = 1.0 + 0.3 * index
        syllable = Syllable(
            text=f"s{index}",
            start_s=start_s,
            vowel_s=start_s + 0.05,
            vowel_end_s=start_s + 0.25,
            end_s=start_s + 0.25,
            phones=(Phone(phone="AA", start_s=start_s + 0.05, end_s=start_s + 0.25),),
        )
        words.append(Word(text=f"s{index}", start_s=start_s, end_s=start_s + 0.25, syllables=(syllable,)))
    return Transcript(language="en", words=tuple(words))


def performance():
    notes, rows = [], []
    for index, (pitch, syllable) in enumerate(zip(PITCHES, transcript().syllables, strict=True)):
        start_s = 0.5 + index * NOTE_S
        notes.append(
            SungNote(start_s=start_s, end_s=start_s + NOTE_S, pitch=pitch, syllable=index, lyric=syllable.text)
        )
        rows += [(start_s, syllable.vowel_s), (start_s + 0.4, syllable.vowel_end_s), (start_s + 0.4, syllable.end_s)]
    return Performance(notes=tuple(notes), time_map=TimeMap(rows=tuple(rows)), duration_s=4.0)


def sung(*, cents=(), late_s=(), silent=(), quiet=()):
    """Return the song in harmonics; faults are dictionaries by note."""
    cents, late_s, quiet = dict(cents), dict(late_s), dict(quiet)
    out = np.zeros(4 * RATE)
    for index, note in enumerate(performance().notes):
        hz = 440.0 * 2 ** ((note.pitch - 69 + cents.get(index, 0.0) / 100) / 12)
        times = np.arange(round((NOTE_S - 0.14) * RATE)) / RATE
        tone = sum(np.sin(2 * np.pi * hz * k * times) / k for k in range(1, 20))
        fade = np.clip(np.minimum(times, times[::-1]) / 0.008, 0, 1)
        first = round((note.start_s + late_s.get(index, 0.0)) * RATE)
        if index in silent:
            tone = np.random.default_rng(1).normal(0, 1, len(times))
        out[first : first + len(times)] += 0.1 * 10 ** (quiet.get(index, 0.0) / 20) * tone * fade
    return out.astype(np.float32)


def measured(vocal, *, said=None, spoken_hz=None):
    spoken = PitchTrack(f0_hz=np.full(600, 220.0) if spoken_hz is None else spoken_hz, confidence=np.ones(600))
    pitch = track_pitch(vocal, RATE)
    said = said or transcript()
    return measure(vocal, RATE, performance(), said, pitch=pitch, spoken=spoken, spoken_origin_s=0.5, title="planted")


def test_a_song_without_faults_has_none():
    check = measured(sung())
    assert check.rpa50 == 1.0 and check.rpa25 == 1.0 and check.coverage > 0.98
    assert check.note_cents < 3 and check.weak == 0 and check.onset_30 == 1.0 and check.clicks == 0
    assert not check.bad
    assert [note.shift for note in check.notes] == [pitch - 57 for pitch in PITCHES]
    assert all(note.stretch == pytest.approx(2.0, abs=0.03) for note in check.notes)


@pytest.mark.parametrize("cents", [60.0, -45.0, 15.0])
def test_a_note_off_pitch_is_told_in_cents(cents):
    note = measured(sung(cents={2: cents})).notes[2]
    assert note.cents == pytest.approx(cents, abs=5)
    told = f"{abs(note.cents):.0f} cents too {'high' if cents > 0 else 'low'}"
    assert note.faults == ((told,) if abs(cents) > 35 else ())


@pytest.mark.parametrize("late_s", [-0.08, 0.02, 0.09])
def test_a_late_note_is_told_in_milliseconds(late_s):
    check = measured(sung(late_s={3: late_s}))
    assert check.notes[3].onset_ms == pytest.approx(1000 * late_s, abs=8)
    assert bool(check.notes[3].faults) == (abs(late_s) > 0.06)
    assert check.onset_30 == pytest.approx(1.0 if abs(late_s) <= 0.03 else 5 / 6, abs=1e-4)


def test_a_late_note_on_a_vowel_that_was_guessed_is_no_fault():
    words = []
    for word in transcript().words:
        (syllable,) = word.syllables
        heard = Phone(phone=HEARD_VOWEL, start_s=syllable.vowel_s, end_s=syllable.vowel_end_s)
        words.append(word.replace(text="", syllables=(syllable.replace(text="", phones=(heard,)),)))
    check = measured(sung(late_s={3: 0.09}), said=Transcript(language="und", words=tuple(words)))
    assert check.notes[3].onset_ms == pytest.approx(90, abs=8) and not check.bad


def test_octave_errors_and_creak_in_the_speech_shift_no_note():
    hz = np.full(600, 220.0)
    for index, factor in ((1, 2.0), (2, 0.3)):  # half a vowel an octave up; a whole one creaks
        first = round((transcript().syllables[index].vowel_s - 0.5) / 0.005)
        hz[first : first + (20 if factor > 1 else 40)] *= factor
    notes = measured(sung(), spoken_hz=hz).notes
    assert [note.shift for note in notes] == [0.0, 3.0, None, 5.0, 0.0, -2.0]


def test_a_note_without_voice_is_weak():
    check = measured(sung(silent={1}))
    assert check.weak == 1 and check.notes[1].coverage < 0.2
    assert any(fault.startswith("voiced for only") for fault in check.notes[1].faults)
    whispered = measured(sung(silent={1}), spoken_hz=np.zeros(600)).notes[1]
    assert whispered.faults[0].endswith("whispered or creaky in the speech")


def test_a_quiet_note_is_told():
    check = measured(sung(quiet={4: -20.0}))
    assert check.notes[4].level_db == pytest.approx(-20, abs=1.0)
    assert check.notes[4].faults == ("20 dB quieter than the others",)


def noted(changes):
    """The song with some notes changed, by their numbers."""
    notes = tuple(note.replace(**changes.get(index, {})) for index, note in enumerate(performance().notes))
    return performance().replace(notes=notes)


@pytest.mark.parametrize(
    ("expression", "spoilt"),
    [(Expression(level_db=-20.0), {"quiet": {4: -20.0}}), (Expression(breath=1.0), {"silent": {4}})],
)
def test_what_was_asked_for_is_no_fault(expression, spoilt):
    vocal = sung(**spoilt)
    pitch = track_pitch(vocal, RATE)
    assert measure_notes(vocal, RATE, performance(), pitch=pitch)[4].faults
    assert not measure_notes(vocal, RATE, noted({4: {"expression": expression}}), pitch=pitch)[4].faults


def test_a_note_without_length_is_measured_too():
    vocal = sung()
    start_s = performance().notes[4].start_s
    notes = measure_notes(vocal, RATE, noted({4: {"end_s": start_s + 1e-6}}), pitch=track_pitch(vocal, RATE))
    assert not any(note.faults for note in notes[:4]) and notes[4].level_db < -60


def test_clicks_are_counted_where_they_were_put():
    song = sung()
    assert clicks(song) == 0
    for at in (30_000, 60_000, 90_000):
        song[at:] *= -1.0
        song[at] = np.sign(song[at] or 1.0) * 0.5
    assert 1 <= clicks(song) <= 6


def test_silence_and_nothing_are_measured_too():
    check = measured(np.zeros(4 * RATE, dtype=np.float32) + 1e-9)
    assert check.rpa50 is None and check.rpa25 is None and check.weak == len(PITCHES) and check.clicks == 0
    assert clicks(np.zeros(0, dtype=np.float32)) == 0
