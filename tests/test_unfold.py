"""Signs of repetition: what is played when, and that everything moves along."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.score import Bar, Score
from shenqu.documents.tune import Chord, Metre, Part, PartNote, Section, Tempo
from shenqu.errors import InputError
from shenqu.music.unfold import playing_order, unfold


def bars(*signs, length=4):
    """Return bars of `length` beats with these signs."""
    return tuple(
        Bar(onset_beat=Fraction(length * n), length_beat=Fraction(length), **sign) for n, sign in enumerate(signs)
    )


def played(*signs):
    """Return the order of play in letters, the first bar being a."""
    return "".join(chr(ord("a") + index) for index in playing_order(bars(*signs)))


PLAIN, OPEN, BACK = {}, {"repeat_start": True}, {"repeat_times": 2}
FIRST, SECOND = {"endings": (1,), "repeat_times": 2}, {"endings": (2,)}
DA_CAPO = {"jump": "da capo"}


@pytest.mark.parametrize(
    ("signs", "order"),
    [
        ([PLAIN, PLAIN], "ab"),
        ([PLAIN, BACK, PLAIN], "ababc"),
        ([PLAIN, OPEN, BACK, PLAIN], "abcbcd"),
        ([BACK, BACK], "aabb"),
        ([PLAIN, {"repeat_times": 3}], "ababab"),
        ([{"repeat_start": True, "repeat_times": 2}, {"repeat_start": True, "repeat_times": 2}], "aabb"),
        ([PLAIN, FIRST, SECOND, PLAIN], "abacd"),
        ([PLAIN, FIRST, {"endings": (2,), "repeat_times": 2}, PLAIN], "abacd"),
        ([PLAIN, {"endings": (1,)}, SECOND], "abac"),
        ([PLAIN, FIRST], "aba"),
        ([PLAIN, {"endings": (1, 2), "repeat_times": 2}, {"endings": (3,)}], "ababac"),
        ([PLAIN, {"endings": (1,)}, FIRST, SECOND, SECOND, PLAIN], "abcadef"),
        ([PLAIN, FIRST, SECOND, OPEN, FIRST, SECOND], "abacdedf"),
        ([PLAIN, FIRST, SECOND, {"repeat_start": True, **FIRST}, SECOND], "abacde"),
        ([PLAIN, {"fine": True}, {**DA_CAPO, "until": "fine"}], "abcab"),
        ([PLAIN, PLAIN, DA_CAPO], "abcabc"),
        ([PLAIN, {"segno": True}, {"fine": True}, {"jump": "dal segno", "until": "fine"}], "abcdbc"),
        ([PLAIN, {"jump": "dal segno"}], "abab"),
        ([PLAIN, {"to_coda": True}, {**DA_CAPO, "until": "coda"}, {"coda": True}], "abcabd"),
        ([BACK, PLAIN, {**DA_CAPO, "until": "end"}], "aabcabc"),
        ([PLAIN, FIRST, SECOND, DA_CAPO], "abacdacd"),
        ([PLAIN, FIRST, DA_CAPO], "abacac"),
        ([{"to_coda": True}, {**DA_CAPO, "until": "coda"}, {"coda": True}, BACK], "abacdcd"),
        ([PLAIN, {"repeat_times": 2, **DA_CAPO}], "ababab"),
        ([{"segno": True}, {"jump": "dal segno"}, DA_CAPO], "ababc"),
        ([{"to_coda": True}, {**DA_CAPO, "until": "coda"}, PLAIN], "ababc"),
    ],
)
def test_the_order_is_that_of_the_rule(signs, order):
    assert played(*signs) == order


def note(pitch, onset, length=1, lyric=""):
    return PartNote(pitch=pitch, onset_beat=Fraction(onset), length_beat=Fraction(length), lyric=lyric)


def score(row, notes, **fields):
    part = Part(name="voice", program=0, drums=False, notes=tuple(notes))
    known = {
        "title": "made",
        "parts": (part,),
        "tempi": (Tempo(onset_beat=Fraction(0), bpm=100.0),),
        "metres": (Metre(onset_beat=Fraction(0), numerator=4, denominator=4),),
        "bars": row,
    }
    return Score(**{**known, **fields})


def test_everything_moves_along():
    row = bars(PLAIN, FIRST, SECOND)
    written = score(
        row,
        [note(60, 0, lyric="do"), note(62, 4), note(64, 8)],
        tempi=(Tempo(onset_beat=Fraction(0), bpm=100.0), Tempo(onset_beat=Fraction(4), bpm=50.0)),
        chords=(Chord(symbol="C", onset_beat=Fraction(0), length_beat=Fraction(12)),),
        sections=(Section(kind="refrain", onset_beat=Fraction(4), length_beat=Fraction(8)),),
        line_beats=(Fraction(0), Fraction(8)),
        parts_with_words=(0,),
    )
    sounding = unfold(written)
    assert [(n.pitch, n.onset_beat, n.lyric) for n in sounding.parts[0].notes] == [
        (60, 0, "do"),
        (62, 4, ""),
        (60, 8, "do"),
        (64, 12, ""),
    ]
    assert [(t.onset_beat, t.bpm) for t in sounding.tempi] == [(0, 100.0), (4, 50.0), (8, 100.0), (12, 50.0)]
    assert [(c.symbol, c.onset_beat, c.length_beat) for c in sounding.chords] == [
        ("C", 0, 8),
        ("C", 8, 4),
        ("C", 12, 4),
    ]
    assert [(s.kind, s.onset_beat, s.length_beat) for s in sounding.sections] == [("refrain", 4, 4), ("refrain", 12, 4)]
    assert sounding.line_beats == (0, 8, 12)
    assert sounding.parts_with_words == (0,) and not sounding.bars
    assert unfold(sounding) == sounding


def test_a_note_held_over_a_jump_ends_there():
    sounding = unfold(score(bars(PLAIN, FIRST, SECOND), [note(60, 0, 12)]))
    assert [(n.onset_beat, n.length_beat) for n in sounding.parts[0].notes] == [(0, 8), (8, 4)]


def test_a_bar_off_the_beat_begins_its_metre_anew():
    short = (
        Bar(onset_beat=Fraction(0), length_beat=Fraction(1)),
        Bar(onset_beat=Fraction(1), length_beat=Fraction(4)),
        Bar(onset_beat=Fraction(5), length_beat=Fraction(2)),
        Bar(onset_beat=Fraction(7), length_beat=Fraction(4)),
    )
    sounding = unfold(score(short, [note(60, 0)], upbeat_beat=Fraction(1)))
    assert [metre.onset_beat for metre in sounding.metres] == [0, 7]


def test_an_upbeat_that_the_repeat_fills_keeps_the_beat():
    row = (
        Bar(onset_beat=Fraction(0), length_beat=Fraction(1), repeat_start=True),
        Bar(onset_beat=Fraction(1), length_beat=Fraction(4)),
        Bar(onset_beat=Fraction(5), length_beat=Fraction(3), repeat_times=2),
        Bar(onset_beat=Fraction(8), length_beat=Fraction(4)),
    )
    sounding = unfold(score(row, [note(60, n) for n in range(12)], upbeat_beat=Fraction(1)))
    assert len(sounding.parts[0].notes) == 20
    assert [metre.onset_beat for metre in sounding.metres] == [0, 16]


def test_playing_has_an_end():
    with pytest.raises(InputError, match="too long for a tune"):
        playing_order(bars(*[PLAIN] * 300, {"repeat_times": 100}))
    with pytest.raises(InputError, match="too long for a tune"):
        unfold(score(bars(PLAIN, {"repeat_times": 100}), [note(60, Fraction(n, 16)) for n in range(128)]))


signs = st.fixed_dictionaries(
    {},
    optional={
        "repeat_start": st.just(True),
        "repeat_times": st.integers(2, 3),
        "endings": st.sampled_from([(1,), (2,), (1, 2), (3,)]),
        "segno": st.just(True),
        "fine": st.just(True),
        "to_coda": st.just(True),
        "coda": st.just(True),
        "jump": st.sampled_from(["da capo", "dal segno"]),
        "until": st.sampled_from(["end", "fine", "coda"]),
    },
)


@given(st.lists(signs, min_size=1, max_size=12))
@settings(max_examples=200, deadline=None)
def test_any_signs_end_and_make_no_gaps(row):
    row = bars(*row)
    order = playing_order(row)
    assert order
    assert len(order) <= len(row) * 3 * 4
    written = score(row, [note(index, 4 * index, 4) for index in range(len(row))])
    sounding = unfold(written).parts[0].notes
    assert tuple(n.pitch for n in sounding) == order
    assert [n.onset_beat for n in sounding] == [4 * place for place in range(len(order))]
