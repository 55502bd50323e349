"""What viewers complain about: a clean song passes every row, each planted fault breaks its own and no other."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shenqu
from shenqu.documents.arrangement import Passage, PlacedNote, Placement
from shenqu.documents.check import CraftCheck, NoteCheck, SongCheck
from shenqu.documents.codec import decode, encode
from shenqu.documents.figure import Figure, Stroke
from shenqu.documents.options import SingOptions
from shenqu.documents.performance import Performance, SungNote, TimeMap
from shenqu.documents.song import Hook, Song, Source
from shenqu.documents.speech import Syllable, Transcript, Word
from shenqu.documents.tune import Metre, Note, Tempo, Tune
from shenqu.mixing.masking import voice_over_band_db
from shenqu.music.lint import lint_song, lint_sung
from shenqu.music.tempo import song_tempo
from shenqu.picture.song_chart import craft_cells
from shenqu.units import SONG_RATE

HOOK = (0, 1, 2, 3)
OK = Hook(first=0, last=3)
BAR = 4
PITCHES = (60, 62, 64, 65)


def spoken(count):
    """A speech of stressed syllables, each a word of its own: .05 s of consonant, .2 s of vowel."""
    words = []
    for number in range(count):
        start_s = 0.3 * number
        syllable = Syllable(
            text="ba",
            start_s=start_s,
            vowel_s=start_s + 0.05,
            vowel_end_s=start_s + 0.25,
            end_s=start_s + 0.25,
            stress=1,
        )
        words.append(Word(text=f"ba{number}", start_s=start_s, end_s=start_s + 0.25, syllables=(syllable,)))
    return Transcript(language="en", words=tuple(words))


def song(*parts, hook=OK, transcript=None, **changes):
    """A song of quarters at 120 beats a minute: of each part (role, bars) a bar is four (syllable, pitch) or none."""
    placements, passages, beat = [], [], 0
    for role, bars in parts:
        passages.append(Passage(role=role, onset_beat=Fraction(beat), length_beat=Fraction(BAR * len(bars))))
        for bar in bars:
            for place, (syllable, pitch) in enumerate(bar):
                note = PlacedNote(pitch=pitch, onset_beat=Fraction(beat + place), length_beat=Fraction(1))
                placements.append(Placement(syllable=syllable, notes=(note,)))
            beat += BAR
    notes = tuple(
        Note(pitch=p.notes[0].pitch, onset_beat=p.notes[0].onset_beat, length_beat=p.notes[0].length_beat)
        for p in placements
    )
    tune = Tune(
        id="planted",
        title="",
        notes=notes,
        tempi=(Tempo(onset_beat=Fraction(0), bpm=120.0),),
        metres=(Metre(onset_beat=Fraction(0), numerator=4, denominator=4),),
    )
    values = {
        "title": "planted",
        "ending": "wav",
        "sources": (Source(path="speech.wav", sha256=""),),
        "speaker_pitch": 60.0,
        "transpose": 0,
        "tempo_factor": 1.0,
        "options": SingOptions(),
        "passages": tuple(passages),
        "hook": hook,
        "placements": tuple(placements),
        "transcript": transcript or spoken(80),
        "tune": tune,
        **changes,
    }
    return Song(**values)


def verse(bars, *, first=4, low=0):
    """Bars that go on with the speech, none like the one before."""
    return [
        [(first + BAR * number + place, low + 60 + (place + number) % 5) for place in range(BAR)]
        for number in range(bars)
    ]


CALL = list(zip(HOOK, PITCHES, strict=True))
HOOKS = [CALL, CALL, CALL, [(syllable, pitch + 2) for syllable, pitch in CALL]]
INTRO = ("intro", [[]])
CLEAN = (INTRO, ("hook", HOOKS), ("verse", verse(8)))


def rows(value):
    return {row.name: row for row in lint_song(value)}


def broken(told):
    return [name for name, row in told.items() if row.passed is False]


def test_of_a_tune_of_two_phrases_nobody_asks_for_less_hook():
    halves = song(INTRO, ("hook", HOOKS), ("verse", verse(4)))
    assert rows(halves)["hook share"].passed is False
    short = halves.tune.replace(phrase_ends=(Fraction(BAR * 5), Fraction(BAR * 9)))
    told = rows(halves.replace(tune=short))["hook share"]
    assert told.passed is None and "two phrases" in told.change


def test_a_clean_song_passes_every_row():
    told = rows(song(*CLEAN))
    assert all(row.passed for row in told.values()) and len(told) == 7
    assert told["repetition"].value == 3 and told["hook late"].value == 2.0
    assert told["hook share"].value == pytest.approx(33.3, abs=0.05)
    assert all(not row.bars and not row.change for row in told.values())


def late_verse(value, beats):
    """Move every syllable of the verses by some beats."""
    moved = tuple(
        one.replace(notes=tuple(note.replace(onset_beat=note.onset_beat + beats) for note in one.notes))
        if one.syllable not in HOOK
        else one
        for one in value.placements
    )
    return value.replace(placements=moved)


EIGHT = verse(8)
FAULTS = {
    "repetition": song(INTRO, ("hook", [CALL] * 5), ("verse", verse(9))),
    "blocks alike": song(INTRO, ("hook", HOOKS + HOOKS), ("verse", EIGHT + EIGHT)),
    "wrong stress": late_verse(song(*CLEAN), Fraction(1, 4)),
    "sections": song(*CLEAN[1:]),
    "order": song(*CLEAN[:2], ("verse", verse(4) + verse(4, first=12, low=3))),
    "hook late": song(INTRO, CLEAN[2], CLEAN[1]),
    "hook share": song(INTRO, ("hook", HOOKS), ("verse", verse(13))),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_breaks_its_own_row_and_no_other(name):
    told = rows(FAULTS[name])
    assert broken(told) == [name]
    assert told[name].change


@pytest.mark.parametrize(
    ("name", "value", "bars"),
    [
        ("repetition", 5, (2, 3, 4, 5, 6)),
        ("blocks alike", 2, tuple(range(18, 26))),
        ("order", 1, (10,)),
        ("hook late", 18.0, (10,)),
        ("hook share", 23.5, (2,)),
    ],
)
def test_a_fault_is_told_with_its_bars(name, value, bars):
    row = rows(FAULTS[name])[name]
    assert (row.value, row.bars) == (value, bars)


def test_a_second_voice_or_a_figure_makes_a_difference():
    repeated = FAULTS["repetition"]
    stroke = Stroke(onset_beat=Fraction(0), length_beat=Fraction(1))
    figure = Figure(
        kind="echo", name="planted", onset_beat=Fraction(13), start_s=0.0, beat_s=0.05, end_s=0.2, strokes=(stroke,)
    )
    assert broken(rows(repeated.replace(figures=(figure,)))) == []


def test_a_hook_that_is_spoken_before_is_heard_in_time():
    late = FAULTS["hook late"]
    stroke = Stroke(onset_beat=Fraction(0), length_beat=Fraction(3))
    quote = Figure(
        kind="spoken", name="quote", onset_beat=Fraction(0), start_s=0.0, beat_s=0.05, end_s=1.2, strokes=(stroke,)
    )
    assert broken(rows(late.replace(figures=(quote,)))) == []
    assert broken(rows(late.replace(figures=(quote.replace(end_s=0.5),)))) == ["hook late"]


def test_what_cannot_be_told_is_neither_good_nor_bad():
    mute = Transcript(
        language="und",
        words=tuple(
            Word(
                text="",
                start_s=w.start_s,
                end_s=w.end_s,
                syllables=tuple(s.replace(text="", stress=0) for s in w.syllables),
            )
            for w in spoken(80).words
        ),
    )
    told = rows(song(*CLEAN, transcript=mute, hook=None))
    untold = {name for name, row in told.items() if row.passed is None}
    assert untold == {"wrong stress", "hook late", "hook share"}
    assert all(told[name].change and told[name].value is None for name in untold)


def test_the_speech_may_begin_again_where_it_began():
    again = song(*CLEAN[:2], ("verse", verse(4) + verse(4, low=5)))
    assert rows(again)["order"].value == 0


@settings(deadline=None, max_examples=20)
@given(st.integers(2, 30), st.integers(1, 4))
def test_a_row_of_bars_is_counted_as_often_as_it_comes(times, size):
    unit = verse(size)
    told = rows(song(INTRO, ("verse", unit * times), hook=None))
    assert told["repetition"].value == times


# --- from the sound


def performed(value):
    clock = song_tempo(value.tune, tempo_factor=1.0)
    notes = tuple(
        SungNote(
            start_s=clock.beat_to_s(note.onset_beat),
            end_s=clock.beat_to_s(note.end_beat),
            pitch=note.pitch,
            syllable=placement.syllable,
            lyric="ba",
            lead_s=0.05,
        )
        for placement in value.placements
        for note in placement.notes
    )
    return Performance(notes=notes, time_map=TimeMap(rows=((0.0, 0.0),)), duration_s=notes[-1].end_s)


def measured(performance, **changes):
    values = {"cents": 3.0, "within_50": 1.0, "within_35": 1.0, "within_25": 1.0, "coverage": 1.0, "level_db": 0.0}
    values |= {"onset_ms": 5.0, "stretch": 2.0, "shift": 2.0, **changes}
    return [
        NoteCheck(text=note.lyric, start_s=note.start_s, end_s=note.end_s, pitch=note.pitch, **values)
        for note in performance.notes
    ]


OVER = [(2.5, 9.0), (3.0, 12.0)]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        (None, {}),
        ("shift", {"shift": -8.0}),
        ("stretch", {"stretch": 4.5}),
        ("hook out of tune", {"within_35": 0.8}),
        ("verse out of tune", {"cents": -60.0}),
        ("stumbles", {"onset_ms": 45.0}),
        ("late consonants", {"lead_s": 0.03}),
        ("voice lost", {"over": [(2.5, 1.0), (3.0, 12.0)]}),
    ],
)
def test_a_fault_of_the_sound_breaks_its_own_row(name, changes):
    value = song(*CLEAN)
    performance = performed(value)
    over = changes.pop("over", OVER)
    lead_s = changes.pop("lead_s", 0.05)
    performance = performance.replace(notes=tuple(note.replace(lead_s=lead_s) for note in performance.notes))
    told = {row.name: row for row in lint_sung(value, performance, measured(performance, **changes), over)}
    assert len(told) == 7 and all(row.passed is not None for row in told.values())
    assert broken(told) == ([name] if name else [])


def test_bars_of_the_sound_are_those_of_the_song():
    value = song(*CLEAN)
    performance = performed(value)
    notes = measured(performance)
    notes[16:24] = [note.replace(shift=9.0) for note in notes[16:24]]  # the first two bars of the verse
    row = next(row for row in lint_sung(value, performance, notes, OVER) if row.name == "shift")
    assert row.passed is False and row.bars == (6, 7)


def test_what_was_not_measured_is_not_told():
    value = song(*CLEAN)
    performance = performed(value)
    notes = measured(performance, cents=None, within_35=None, onset_ms=None, stretch=None, shift=None)
    told = {row.name: row.passed for row in lint_sung(value, performance, notes, [])}
    assert told.pop("late consonants") is True
    assert set(told.values()) == {None}


def test_a_voice_is_lost_where_the_band_is_louder():
    time_s = np.arange(4 * SONG_RATE) / SONG_RATE
    voice = (0.1 * np.sin(2 * np.pi * 1700 * time_s)).astype(np.float32)
    band = np.stack([voice, voice])
    band[:, : 2 * SONG_RATE] *= 0.25
    told = dict(voice_over_band_db(voice, band, SONG_RATE))
    assert told[0.5] == pytest.approx(12.0, abs=0.3) and told[3.0] == pytest.approx(0.0, abs=0.3)
    assert voice_over_band_db(voice, np.zeros_like(band), SONG_RATE) == ()
    assert voice_over_band_db(np.zeros_like(voice), band, SONG_RATE) == ()


# --- as it is shown


def test_rows_come_back_from_json_and_are_a_line_each(tmp_path):
    made = shenqu.demo(tune="frere-jacques", out=tmp_path / "demo.wav")
    checked = shenqu.check(made.document)
    craft = (*checked.craft, *lint_song(FAULTS["hook late"]))
    both = checked.replace(craft=craft)
    assert decode(shenqu.write_check(both, "json").encode(), SongCheck, name="check") == both
    assert [row.name for row in both.complaints][-1:] == ["hook late"]
    lines = shenqu.write_check(both).splitlines()
    line = next(line for line in lines if line.startswith("hook late") and " bad " in line)
    assert "18 s" in line and "at most 10" in line and "bar 10: quote it" in line
    assert decode(encode(both.craft[0]), CraftCheck, name="row") == both.craft[0]


def test_what_is_untold_is_a_dash_with_its_reason():
    cells = craft_cells(CraftCheck(name="stretch", change="no vowel was measured"))
    assert cells == ("stretch", "-", "-", "", "no vowel was measured")
