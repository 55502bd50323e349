"""ABC: what tunes say, what is refused, and what music21 makes of the same files."""

import os
import warnings
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shenqu.errors import InputError, ShenquWarning
from shenqu.media.abc import MAX_BYTES, parse_abc, read_abc, tune_numbers
from shenqu.music.unfold import unfold
from shenqu.units import beats_to_ticks

DATA = os.environ.get("SHENQU_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="SHENQU_DATA names no folder with real files")
HEAD = "X:1\nT:made\nM:4/4\nL:1/4\n"


def parse(body, *, head=HEAD, key="C", **options):
    return parse_abc(f"{head}K:{key}\n{body}\n".encode(), name="made.abc", **options)


def spans(body, **options):
    return [(n.pitch, n.onset_beat, n.length_beat) for n in parse(body, **options).parts[0].notes]


def pitches(body, **options):
    return [pitch for pitch, _, _ in spans(body, **options)]


def lengths(body, **options):
    return [length for _, _, length in spans(body, **options)]


def words(music, *lines):
    return [n.lyric for n in parse("\n".join([music, *(f"w: {line}" for line in lines)])).parts[0].notes]


def test_pitches_and_octaves():
    assert pitches("C, C c c' G,, ^F _B =F") == [48, 60, 72, 84, 43, 66, 70, 65]


def test_lengths():
    assert lengths("C2 C3/2 C/ C// C/4 C3 | C") == [
        2,
        Fraction(3, 2),
        *[Fraction(1, 2), Fraction(1, 4)],
        Fraction(1, 4),
        3,
        1,
    ]


@pytest.mark.parametrize(
    ("head", "length"),
    [("M:4/4", 2), ("M:6/8", 2), ("M:2/4", 4), ("M:3/8", 4), ("M:none", 2), ("M:C|", 2), ("M:4/4\nL:1/16", 4)],
)
def test_the_unit_of_length_follows_the_metre(head, length):
    assert lengths("C", head=f"X:1\n{head}\n") == [Fraction(1, length)]


@pytest.mark.parametrize(
    ("key", "tonic", "scale", "sounding"),
    [
        ("C", 0, "major", [65, 71, 72]),
        ("G", 7, "major", [66, 71, 72]),
        ("Am", 9, "minor", [65, 71, 72]),
        ("A minor", 9, "minor", [65, 71, 72]),
        ("Ador", 9, "minor", [66, 71, 72]),
        ("D Mixolydian", 2, "major", [66, 71, 72]),
        ("Bb", 10, "major", [65, 70, 72]),
        ("F#m", 6, "minor", [66, 71, 73]),
        ("Ebmaj clef=treble", 3, "major", [65, 70, 72]),
        ("D exp _b ^f", 2, "major", [66, 70, 72]),
        ("C ^f", 0, "major", [66, 71, 72]),
        ("C octave=-1", 0, "major", [53, 59, 60]),
        ("C treble-8", 0, "major", [53, 59, 60]),
        ("HP", 9, "major", [66, 71, 73]),
    ],
)
def test_keys(key, tonic, scale, sounding):
    score = parse("F B c", key=key)
    assert score.key == (tonic, scale)
    assert [n.pitch for n in score.parts[0].notes] == sounding


def test_a_tune_without_a_key_has_none():
    assert parse("F", key="none").key is None and parse("F", key="clef=bass").key is None


def test_accidentals_hold_in_their_bar_in_all_octaves_and_over_a_tie():
    assert pitches("^F F f =F F | F") == [66, 66, 78, 65, 65, 65]
    assert spans("^F4-|F2 F2") == [(66, 0, 6), (65, 6, 2)]


def test_ties_broken_rhythm_and_tuplets():
    assert spans("C2-C2|") == [(60, 0, 4)]
    assert lengths("C>D C<D C>>D") == [Fraction(n, 4) for n in (6, 2, 2, 6, 7, 1)]
    assert lengths("(3CDE F") == [Fraction(2, 3)] * 3 + [1]
    assert lengths("(3:2:2C2D E") == [Fraction(4, 3), Fraction(2, 3), 1]
    assert lengths("(2CD E", head="X:1\nM:6/8\nL:1/8\n") == [Fraction(3, 4)] * 2 + [Fraction(1, 2)]
    assert lengths("(5CDEFG", head="X:1\nM:6/8\nL:1/8\n") == [Fraction(3, 10)] * 5
    assert lengths("(CD) (EF)") == [1, 1, 1, 1]


def test_chords_sound_together():
    assert spans("[CEG]2 [C2E2]") == [(60, 0, 2), (64, 0, 2), (67, 0, 2), (60, 2, 2), (64, 2, 2)]
    assert spans("[C-E]2 C2") == [(60, 0, 4), (64, 0, 2)]


def test_rests_of_notes_and_bars():
    assert spans("C z2 x | Z2 | D") == [(60, 0, 1), (62, 12, 1)]


def test_ornaments_and_slurs_leave_the_notes_alone():
    with pytest.warns(ShenquWarning, match="3 grace notes are left out"):
        score = parse('.C ~D {ABc}!trill!E +fermata+F (vG uA) "^slow"B y3 HTc')
    assert [n.pitch for n in score.parts[0].notes] == [60, 62, 64, 65, 67, 69, 71, 72]
    assert not score.chords


def test_chord_symbols():
    score = parse('"Am"C2 "G7/B"D2 | "N.C."E2 "(Dm)"F2 | "Fine"G4')
    assert [(c.symbol, c.onset_beat, c.length_beat) for c in score.chords] == [
        ("Am", 0, 2),
        ("G7/B", 2, 2),
        ("Dm", 6, 6),
    ]
    assert score.bars[2].fine


@pytest.mark.parametrize(
    ("tempo", "bpm"),
    [("1/4=100", 100), ("3/8=60", 90), ('"Allegro" 1/4=132', 132), ("1/2=60", 120), ("1/4 1/8=80", 120), ("90", 90)],
)
def test_tempo(tempo, bpm):
    assert parse("C", head=f"{HEAD}Q:{tempo}\n").tempi[0].bpm == bpm


def test_what_is_changed_within_a_tune():
    score = parse("C4 | [M:3/4] [Q:1/4=80] C3 | [K:G] F [L:1/8] F2 F2")
    assert [(m.onset_beat, m.numerator) for m in score.metres] == [(0, 4), (4, 3)]
    assert [(t.onset_beat, t.bpm) for t in score.tempi] == [(0, 120), (4, 80)]
    assert [(n.pitch, n.length_beat) for n in score.parts[0].notes][2:] == [(66, 1)] * 3


# ------------------------------------------------------------------ signs and order


def played(body, **options):
    names = {60: "c", 62: "d", 64: "e", 65: "f", 67: "g"}
    return "".join(names[n.pitch] for n in unfold(parse(body, **options)).parts[0].notes)


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ("|: C4 | D4 :|", "cdcd"),
        ("C4 :| D4 :|", "ccdd"),
        ("C4 :: D4 :|", "ccdd"),
        ("|: C4 |1 D4 :|2 E4 |]", "cdce"),
        ("|: C4 |[1 D4 :|[2 E4 || F4", "cdcef"),
        ("|: C4 |[1 D4 :|[2 E4 :|\n|: F4 :|", "cdceff"),
        ("|: C4 |[1,2 D4 :|[3 E4 |]", "cdcdce"),
        ("|:: C4 ::|", "ccc"),
        ("C4 | !fine! D4 | E4 !D.C.alfine!|", "cdecd"),
        ("C4 | S D4 | E4 !D.S.!|", "cdede"),
        ("C4 | !dacoda! D4 | E4 !D.C.alcoda! | O F4", "cdecdf"),
        ("C2 |: C2 D4 | E2 :|", "ccdecde"),
    ],
)
def test_repeats(body, order):
    assert played(body) == order


def test_parts_are_played_in_the_order_of_the_head():
    body = "P:A\nC4|\nP:B\n|:D4:|\nP:chorus\nE4|"
    assert played(body, head=HEAD + "P:A2B\n") == "ccdd"
    assert played(body) == "cdde"
    sections = parse(body).sections
    assert [(s.kind, s.onset_beat, s.length_beat) for s in sections] == [("refrain", 8, 4)]


def test_voices_are_parts_and_begin_their_bars_together():
    score = parse("V:1\nC4|D4|\nV:2\nE,3|[K:G]F,4|", head=HEAD + 'V:1 name="High"\nV:2 nm=Low\n')
    assert [part.name for part in score.parts] == ["High", "Low"]
    assert [[(n.pitch, n.onset_beat) for n in part.notes] for part in score.parts] == [
        [(60, 0), (62, 4)],
        [(52, 0), (54, 4)],
    ]
    overlaid = parse("C4 & E4 | D4")
    assert [[n.pitch for n in part.notes] for part in overlaid.parts] == [[60, 62], [64]]


def test_an_upbeat():
    assert parse("C | D4 |").upbeat_beat == 1 and parse("C4 | D4").upbeat_beat == 0


# ------------------------------------------------------------------ words


def test_words_lie_on_their_notes():
    assert words("C D E F", "hap-py birth-day") == ["hap", "py", "birth", "day"]
    assert words("C D E F", "time__ * x") == ["time", "+", "+", ""]
    assert words("C D z E F", "of~the day a\\-b") == ["of the", "day", "a-b", ""]
    assert words("C D | E F | G", "a | b | c") == ["a", "", "b", "", "c"]
    assert words("C D", "one two", "eins zwei") == ["one", "two"]
    assert words("C D E \\\nF", "a b c d") == ["a", "b", "c", "d"]
    assert words("C D", "茉 莉") == ["茉", "莉"]
    assert words("C2-C D", "la _ lo") == ["la", "lo"]


def test_each_line_of_words_belongs_to_the_music_before_it():
    score = parse("C D|\nw: a b\nE F|\nG A|\nw: c d")
    assert [n.lyric for n in score.parts[0].notes] == ["a", "b", "", "", "c", "d"]
    voices = parse("[V:1] C D|\nw: a b\n[V:2] E F|\nw: c d\n[V:1] G A|\nw: e f").parts
    assert [[n.lyric for n in part.notes] for part in voices] == [["a", "b", "e", "f"], ["c", "d"]]


# ------------------------------------------------------------------ files


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "latin-1"])
def test_encodings(encoding):
    title = "Fée" if encoding == "latin-1" else "茉莉花，好一朵美丽的茉莉花"
    charset = "%%abc-charset iso-8859-1\n" if encoding == "latin-1" else ""
    assert parse_abc(f"{charset}X:1\nT:{title}\nK:C\nC\n".encode(encoding), name="made").title == title


def test_texts_in_the_writing_of_abc():
    assert parse("C", head="X:1\nT:Caf\\'e &amp; \\u00e9t\\'e\nC:Anon\n").title == "Café & été"


def test_line_ends_and_comments():
    data = b"% a book\r\nX:1\r\nT:made % so called\r\nK:C\r\nC D % E\r\n"
    score = parse_abc(data, name="made")
    assert score.title == "made" and len(score.parts[0].notes) == 2


BOOK = b"X:3\nT:one\nK:C\nC\n\nSome words about it: ABC\n\nX:7\nT:two\nK:C\nD\n"


def test_a_book_of_tunes(tmp_path):
    path = tmp_path / "book.abc"
    path.write_bytes(BOOK)
    assert tune_numbers(path) == (3, 7)
    with pytest.warns(ShenquWarning, match="holds 2 tunes, number 3 is read; others are 3, 7"):
        assert read_abc(path).title == "one"
    score = read_abc(path, number=7)
    assert score.title == "two" and [n.pitch for n in score.parts[0].notes] == [62]
    with pytest.raises(InputError, match="holds no tune number 5; choose one of 3, 7"):
        read_abc(path, number=5)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an ABC file"),
        (b"just a letter: dear all", "not an ABC file"),
        (b"X:1\nT:no key\nCDEF\n", "not an ABC file"),
        (b"X:1\nK:C\nz4|\n", "holds no notes"),
        (b"X:1\nK:C\nC0\n", "no length"),
        (b"X:1\nK:C\nC1/0\n", "a length of"),
        (b"X:1\nK:C\nc''''''''\n", "MIDI pitch"),
        (b"X:1\nK:C\n" + b"C9999" * 99, "than music is"),
        (b"X:1\nK:C\n" + b"CDEF|" * 3000, "more than 10000 notes"),
        (b"X:1\nK:C\n" + b"Z999|" * 99 + b"C", "too many for a tune|too long for a tune"),
        (b"X:1\nK:C\n" + b"C/64|" * 20_000, "more than 10000 bars"),
        (b"X:1\nK:C\n" + b"V:%d\nC\n" * 70 % tuple(range(70)), "more than 64 voices"),
        (b"X:1\nK:C\n" + b"\n".join([b"C"] * 30_000), "more than 20000 lines"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(data, message):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShenquWarning)
        with pytest.raises(InputError, match=message) as refusal:
            parse_abc(data, name="made.abc")
    assert "\n" not in str(refusal.value) and "made.abc" in str(refusal.value)


@pytest.mark.parametrize("piece", ["[A:", "{", "[C", "(9:7:99C", '"', "![", "A>", "C-", "\\", "&C", "[1C|", ":|:C"])
def test_any_sign_over_and_over_has_an_end(piece):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShenquWarning)
        try:
            unfold(parse(piece * 20_000))
        except InputError as refusal:
            assert "\n" not in str(refusal)


def test_parts_of_parts_of_parts_have_an_end():
    score = unfold(parse("P:A\nC|", head=HEAD + "P:((((((A9)9)9)9)9)9)9\n"))
    assert len(score.parts[0].notes) == 200


def test_missing_and_large_files(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_abc(tmp_path / "none.abc")
    path = tmp_path / "large.abc"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(InputError, match="too large"):
        read_abc(path)


PIECES = st.lists(
    st.sampled_from(list("ABCDEFGabcdefgzxZ|:[](){}<>-^_=',/0123456789\"!+&~.*\\% \nPKMLQVwXHy")), max_size=120
).map("".join)


@given(PIECES)
@example("[M:3/8]C>|<D")
@example("P:A\n[P:B]C")
@settings(max_examples=400, deadline=None)
def test_any_signs_are_read_or_refused(body):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShenquWarning)
        try:
            score = unfold(parse(body, head=HEAD + "P:A2\n"))
        except InputError as refusal:
            assert "\n" not in str(refusal)
        else:
            assert all(n.onset_beat >= 0 and n.length_beat > 0 for part in score.parts for n in part.notes)


# ------------------------------------------------------------------ beside another reader


@pytest.fixture(scope="module")
def music21():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("music21", reason="music21 is not installed")


def ticks(beat):
    return beats_to_ticks(Fraction(beat).limit_denominator(100_000))


def our_notes(score):
    return Counter((ticks(n.onset_beat), ticks(n.length_beat), n.pitch) for part in score.parts for n in part.notes)


def their_notes(stream):
    return Counter(
        (ticks(thing.offset), ticks(thing.quarterLength), pitch.midi)
        for part in stream.parts
        for thing in part.stripTies().flatten().notes
        if not thing.duration.isGrace and "ChordSymbol" not in thing.classes
        for pitch in thing.pitches
    )


@needs_data
@pytest.mark.parametrize("file", ["andrew_careys_slipjig.abc", "priest_with_the_collar.abc"])
@pytest.mark.filterwarnings("ignore")
def test_real_tunes_are_as_music21_reads_them(file, music21):
    path = Path(DATA) / "tunes" / file
    ours, theirs = read_abc(path), music21.converter.parse(path, format="abc", forceSource=True)
    assert our_notes(ours) == their_notes(theirs)
    assert theirs.metadata.title.strip() == ours.title
    if file.startswith("andrew"):
        assert our_notes(unfold(ours)) == their_notes(
            music21.stream.Score([part.expandRepeats() for part in theirs.parts])
        )


@needs_data
def test_a_repeat_without_a_beginning_begins_where_the_last_one_ended():
    """The jig has three parts, each with a repeat sign at its end only; music21 goes back to the very beginning."""
    path = Path(DATA) / "tunes" / "priest_with_the_collar.abc"
    written = read_abc(path)
    assert len(unfold(written).parts[0].notes) == 2 * len(written.parts[0].notes) == 258


MADE = """X:1
T:made
M:3/4
L:1/8
Q:1/4=96
K:Gm
B2 | A>B (3cde f2 | [GB]2 z2 ^F2 | _e4-e d |
"""


@pytest.mark.filterwarnings("ignore")
def test_a_made_tune_is_as_music21_reads_it(music21):
    """Notes and tempo; words of ABC are unknown to music21, and partitura reads no ABC."""
    ours, theirs = parse_abc(MADE.encode(), name="made"), music21.converter.parse(MADE, format="abc")
    assert our_notes(ours) == their_notes(theirs)
    marks = theirs.recurse().getElementsByClass("MetronomeMark")
    assert [mark.getQuarterBPM() for mark in marks] == [tempo.bpm for tempo in ours.tempi]


@needs_data
@given(st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_mangled_real_tunes_are_read_or_refused(random):
    data = bytearray((Path(DATA) / "tunes" / "priest_with_the_collar.abc").read_bytes())
    for _ in range(random.randrange(1, 20)):
        at = random.randrange(len(data))
        data[at : at + random.randrange(3)] = random.randbytes(random.randrange(3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShenquWarning)
        try:
            unfold(parse_abc(bytes(data), name="made"))
        except InputError as refusal:
            assert "\n" not in str(refusal)
