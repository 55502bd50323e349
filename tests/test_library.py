"""The built-in tunes against facts written down apart from them, and tunes that a user writes down."""

import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from shenqu.documents.codec import decode, encode
from shenqu.documents.tune import Tune
from shenqu.errors import InputError
from shenqu.music.harmony import chord_tones
from shenqu.music.notation import parse_tune
from shenqu.pipeline import library
from shenqu.pipeline.library import built_in_tune, built_in_tunes, parse_tune_file, read_tune_file, tune_ids

# Range in semitones, notes per phrase, bars.
SHAPES = {
    "auld-lang-syne": (14, (8, 6, 8, 6, 8, 6, 8, 7), 16),
    "can-can": (12, (7, 6, 12, 7, 6, 9), 16),
    "canon-in-d": (17, (8, 8, 10, 11, 8, 9), 13),
    "clementine": (12, (4, 4, 7, 8, 7) * 2, 16),
    "dreaming-of-home": (13, (7, 8, 8, 9, 8, 10, 9, 9), 16),
    "frere-jacques": (14, (4, 4, 3, 3, 6, 6, 3, 3), 8),
    "fur-elise": (17, (9, 4, 4, 10, 4, 4, 4, 4, 4, 4, 10, 4, 4, 10, 4, 4), 20),
    "greensleeves": (15, (8, 10, 8, 11, 6, 11, 6, 11), 16),
    "habanera": (12, (18, 18, 18, 18, 18, 18, 14, 14), 32),
    "happy-birthday": (12, (6, 6, 7, 6), 8),
    "jasmine-flower": (17, (11, 11, 8, 10, 10, 8, 9), 28),
    "jingle-bells": (7, (11, 15, 11, 14), 16),
    "korobeiniki": (12, (12, 7, 10, 8), 16),
    "la-cucaracha": (14, (10, 7, 10, 8, 8, 8, 9, 9), 16),
    "mountain-king": (15, (7, 6, 8, 5, 7, 6, 7, 4, 7, 6, 8, 5), 12),
    "ode-to-joy": (12, (15, 15, 17, 15), 16),
    "oh-susanna": (9, (15, 15, 15, 15, 9, 15), 24),
    "radetzky-march": (16, (11, 11, 10, 13, 9, 11, 8, 9), 16),
    "sakura": (13, (6, 8, 8, 8, 8, 6, 6), 14),
    "swan-lake": (11, (16, 19), 8),
    "turkish-march": (16, (5, 5, 13, 15, 9, 9, 9, 9, 5, 5, 13, 13), 24),
    "twinkle": (9, (7,) * 6, 12),
    "william-tell": (14, (11, 11, 11, 10, 12, 7, 12, 5, 11, 11, 11, 10), 24),
    "yankee-doodle": (13, (8, 6, 8, 6, 7, 6, 8, 6), 16),
}
# The melodies by letter, as scores have them in the key named; a length holds until the next, "t" is a triplet.
TELL = """b16 b b8 b16 b b8 b16 b e8 fis gis b16 b b8 b16 b e8 gis16 gis fis8 dis b b16 b b8 b16 b b8 b16 b e8 fis gis
    e16 gis b4 b16 a gis fis e8 gis e """
ELISE = "e16 dis e dis e b d c a8 r16 c e a b8 r16 e gis b c8 r16 e e dis e dis e b d c a8 r16 c e a b8 r16 e c b "
SUSANNA = "g16 a b8 d d8. e16 d8 b g8. a16 b8 b a g a4 r8 g16 a b8 d d8. e16 d8 b g8. a16 b8 b a a g4 r8 "
CAVE = "b8 cis d e fis d fis4 eis8 cis eis4 e8 c e4 b8 cis d e fis d fis b "
TURKS = "b16 a gis a c8 r d16 c b c e8 r f16 e dis e b a gis a b a gis a c4 "
LETTERS = {
    "auld-lang-syne": (5, """c4 f4. f8 f4 a g4. f8 g4 a f4. f8 a4 c d2. d4 c4. a8 a4 f g4. f8 g4 a f4. d8 d4 c f2.
        d4 c4. a8 a4 f g4. f8 g4 d c4. a8 a4 c d2. d4 c4. a8 a4 f g4. f8 g4 a8 g f4. d8 d4 c f2."""),
    "can-can": (7, """g2 a8 c b a d4 d d8 e b c a4 a a8 c b a g g fis e d c b a
        g2 a8 c b a d4 d d8 e b c a4 a a8 c b a g d a b g4"""),
    "dreaming-of-home": (3, """bes4 g8 bes ees2 c4 ees bes2 bes4 ees8 f g4 f8 ees g f4. r2
        bes4 g8 bes ees4. d8 c4 ees bes bes8 bes bes4 f8 g aes4. d8 f ees4. r2 c4 ees ees2 d8 d c d ees2
        c8 d ees c c bes g ees g f4. r2 bes8 bes g ees ees4. d8 c4 ees bes bes8 bes bes4 f8 g aes4. d8 f ees4. r2"""),
    "frere-jacques": (0, "c4 d e c c d e c e f g2 e4 f g2 g8 a g f e4 c g8 a g f e4 c c g c2 c4 g c2"),
    "fur-elise": (9, ELISE + "a8 r16 b c d e8. g16 f e d8. f16 e d c8. e16 d c b8 r16 e " + ELISE + "a4"),
    "greensleeves": (4, """e8 g4 a8 b8. c16 b8 a4 fis8 d8. e16 fis8 g4 e8 e8. dis16 e8 fis4. b4 e8
        g4 a8 b8. c16 b8 a4 fis8 d8. e16 fis8 g8. fis16 e8 dis8. cis16 dis8 e4. e4 r8
        d4. d8. cis16 b8 a4 fis8 d8. e16 fis8 g4 e8 e8. dis16 e8 fis4 dis8 b4 r8
        d4. d8. cis16 b8 a4 fis8 d8. e16 fis8 g8. fis16 e8 dis8. cis16 dis8 e4. e4"""),
    "habanera": (2, """d8 cis c8t c c b8 bes a a16 a gis8 g f e16 f g8 f e r d cis c8t c c b8 bes a16 a r a g8 f
        e d16 e f8 e d4 d8 cis c8t c c b8 bes a16 a r a gis8 g f e16 f g8 f e4 d8 cis c8t c c b8 bes a16 a r a g8 f
        e d16 e f8 e d r16 a d8 e fis8. a16 fis8 e d8. e16 fis8 g a16 a a a b8 a g r16 b e8 fis g8. b16 g8 fis
        e8. fis16 g r a8 b16 b b b cis8 b a4. r8 r8. a16 fis8 e d8. e16 fis8 g a16 a a a d8 cis g4. r8
        r8. b16 g8 fis e fis16 r g8 a cis8t b a g fis e d4."""),
    "happy-birthday": (0, "g8. g16 a4 g c b2 g8. g16 a4 g d c2 g8. g16 g4 e c b a f8. f16 e4 c d c2"),
    "jasmine-flower": (0, """e4 e8 g a c c a g4 g8 a g2 e4 e8 g a c c a g4 g8 a g2 g4 g g e8 g a4 a g2 e4 d8 e g4 e8 d
        c4 c8 d c2 e8 d c e d4. e8 g4 a8 c g2 d4 e8 g d e c a g2 a4 c d4. e8 c d c a g2"""),
    "jingle-bells": (7, """b4 b b2 b4 b b2 b4 d g4. a8 b1 c4 c c4. c8 c4 b b b8 b b4 a a b a2 d
        b4 b b2 b4 b b2 b4 d g4. a8 b1 c4 c c4. c8 c4 b b b8 b d4 d c a g1"""),
    "korobeiniki": (9, """e4 b8 c d4 c8 b a4 a8 c e4 d8 c b4. c8 d4 e c a a2
        d4. f8 a4 g8 f e4. c8 e4 d8 c b4 b8 c d4 e c a a2"""),
    "la-cucaracha": (5, """c8 c c f4. a4 c8 c c f4. a8~ a2 r8 f4 f8 e e d d c2 r8 c c c e4. g4 c8 c c e4. g8~ g2
        r8 c c d c bes a g f1 r8 c4 c8 f f a a c4. a8~ a2~ a8 c4 d8 c bes a c bes4. g8~ g2
        r8 c c c e e g g bes4. g8~ g2~ g8 c c d c bes a g a4. f8~ f2"""),
    "mountain-king": (11, CAVE + "a8 fis d fis a2 fis8 gis ais b cis ais cis4 d8 ais d4 cis8 ais cis4 "
        "fis8 gis ais b cis ais cis4 d8 ais d4 cis2 " + CAVE + "fis8 d fis b b2"),
    "ode-to-joy": (2, """fis4 fis g a a g fis e d d e fis fis4. e8 e2 fis4 fis g a a g fis e d d e fis e4. d8 d2
        e4 e fis d e fis8 g fis4 d e fis8 g fis4 e d e a fis~ fis fis g a a g fis e d d e fis e4. d8 d2"""),
    "oh-susanna": (7, 2 * SUSANNA + "c4 c e8 e4. d8 d b g a4 r8 g16 a b8 d d8. e16 d8 b g8. a16 b8 b a a g4."),
    "radetzky-march": (2, """fis16 eis fis8 fis16 eis fis8 fis16 eis fis8 e d fis16 eis fis8 fis16 eis fis8 fis16 eis
        fis8 b a a16 fis g8 b a a16 e fis8 b a a16 fis e8 cis d b a a16 gis a b a g
        fis8 fis16 eis fis8 fis16 eis fis8 e d fis16 eis fis8 fis16 eis fis8 fis16 eis fis8 b a a16 fis
        gis8 fis e4 fis8 e d4 cis8. b16 a g fis e d8 d d"""),
    "swan-lake": (5, """c2 f8 g aes bes c4. aes8 c4. aes8 c4. f8 aes f des aes f4.~ f4 bes8 aes g
        c2 f8 g aes bes c4. aes8 c4. aes8 c4. f8 aes f des aes f2."""),
    "turkish-march": (9, TURKS + """a8 c b a g a b a g a b a g fis e4 e8 f g g a16 g f e d4 e8 f g g a16 g f e d4
        c8 d e e f16 e d c b4 c8 d e e f16 e d c b4 """ + TURKS + "a8 b c b a gis a e f d c4 b a"),
    "twinkle": (0, """c4 c g g a a g2 f4 f e e d d c2 g4 g f f e e d2 g4 g f f e e d2
        c4 c g g a a g2 f4 f e e d d c2"""),
    "william-tell": (4, TELL + """gis16 gis gis8 gis16 gis gis8 gis16 gis gis8 cis gis cis gis cis gis fis e dis cis
        gis16 gis gis8 gis16 gis gis8 gis16 gis gis8 cis gis cis b ais b ais b r r """ + TELL),
    "yankee-doodle": (7, """g8 g a b g b a d g g a b g4 fis g8 g a b c b a g fis d e fis g4 g
        e8. fis16 e8 d e fis g4 d8. e16 d8 c b4 d e8. fis16 e8 d e fis g e d g fis a g4 g"""),
}  # fmt: skip
FIFTH_AT_THE_END = {"jasmine-flower", "sakura"}


def score(letters):
    """Return (pitch class, beats) of every note that `letters` write."""
    classes = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
    length, tied, notes = Fraction(1), False, []
    for letter in letters.split():
        name, accidental, value, dot, third, tie = re.fullmatch(r"([a-gr])(is|es|)(\d*)(\.?)(t?)(~?)", letter).groups()
        if value:
            length = Fraction(4, int(value)) * (Fraction(3, 2) if dot else 1) * (Fraction(2, 3) if third else 1)
        if name != "r" and tied:
            notes[-1] = (notes[-1][0], notes[-1][1] + length)
        elif name != "r":
            notes.append(((classes[name] + {"is": 1, "es": -1, "": 0}[accidental]) % 12, length))
        tied = bool(tie)
    return notes


def test_the_tunes_are_those_promised():
    assert list(tune_ids()) == sorted(SHAPES)
    assert [tune.id for tune in built_in_tunes()] == sorted(SHAPES)


@pytest.mark.parametrize("tune_id", SHAPES)
def test_shape_is_that_of_the_tune(tune_id):
    tune = built_in_tune(tune_id)
    pitches = [note.pitch for note in tune.notes]
    starts = (Fraction(0), *tune.phrase_ends[:-1])
    counts = tuple(
        sum(start <= note.onset_beat < end for note in tune.notes)
        for start, end in zip(starts, tune.phrase_ends, strict=True)
    )
    bar = Fraction(4 * tune.metres[0].numerator, tune.metres[0].denominator)
    assert (max(pitches) - min(pitches), counts, (tune.end_beat - tune.upbeat_beat) / bar) == SHAPES[tune_id]


@pytest.mark.parametrize("tune_id", LETTERS)
def test_melody_is_that_of_the_score(tune_id):
    tonic, letters = LETTERS[tune_id]
    tune = built_in_tune(tune_id)
    shift = tune.tonic - tonic
    assert [((note.pitch - shift) % 12, note.length_beat) for note in tune.notes] == score(letters)


@pytest.mark.parametrize("tune", built_in_tunes(), ids=tune_ids())
def test_melody_is_one_line_and_has_a_home(tune):
    for note, after in pairwise(tune.notes):
        assert note.end_beat <= after.onset_beat
    assert tune.phrase_ends[-1] == tune.notes[-1].end_beat
    home = tune.tonic + (7 if tune.id in FIFTH_AT_THE_END else 0)
    assert tune.notes[-1].pitch % 12 == home % 12
    slowest, fastest = tune.tempo_range
    assert slowest < tune.tempi[0].bpm < fastest


@pytest.mark.parametrize("tune", built_in_tunes(), ids=tune_ids())
def test_every_tune_says_where_it_comes_from(tune):
    assert re.search(r"1[5-9]\d\d|18th century|19th century", tune.origin)
    assert tune.years and tune.checked


@pytest.mark.parametrize("tune", built_in_tunes(), ids=tune_ids())
def test_sections_are_whole_phrases_and_cover_the_tune(tune):
    ends = [section.onset_beat + section.length_beat for section in tune.sections]
    assert [0, *ends[:-1]] == [section.onset_beat for section in tune.sections]
    assert ends[-1] == tune.phrase_ends[-1]
    assert set(ends) <= set(tune.phrase_ends)
    assert "refrain" in {section.kind for section in tune.sections}


@pytest.mark.parametrize("tune", built_in_tunes(), ids=tune_ids())
def test_chords_cover_the_tune_and_hold_most_of_it(tune):
    now = tune.upbeat_beat
    held = 0.0
    for chord in tune.chords:
        assert chord.onset_beat == now
        now += chord.length_beat
        tones = {(chord_tones(chord.symbol).root + step) % 12 for step in chord_tones(chord.symbol).steps}
        held += sum(
            float(max(0, min(note.end_beat, now) - max(note.onset_beat, chord.onset_beat)))
            for note in tune.notes
            if note.pitch % 12 in tones
        )
    assert now == tune.end_beat
    # The Habanera creeps down by semitones over one chord.
    assert held / float(sum(note.length_beat for note in tune.notes)) > (0.5 if tune.id == "habanera" else 0.6)


@pytest.mark.parametrize("tune", built_in_tunes(), ids=tune_ids())
def test_a_tune_is_the_same_after_a_round_through_its_document(tune):
    assert decode(encode(tune), Tune, name="tune") == tune


def test_the_reprise_of_the_ode_comes_a_beat_early():
    notes = built_in_tune("ode-to-joy").notes
    early = notes[15 + 15 + 17]
    assert (early.onset_beat, early.length_beat) == (47, 2)


def test_unknown_tune_names_the_others():
    with pytest.raises(InputError, match=r"no tune 'oed'.*ode-to-joy"):
        built_in_tune("oed")


def test_one_tune_is_read_where_one_is_asked_for(monkeypatch):
    read = []
    real = library.read_packaged
    monkeypatch.setattr(library, "read_packaged", lambda shelf, name: read.append(name) or real(shelf, name))
    built_in_tune.cache_clear()
    built_in_tune("sakura")
    assert read == ["sakura.toml"]


def written(*phrases, metre=(2, 4)):
    return parse_tune(tune_id="", title="", origin="", do=60, metre=metre, bpm=100, phrases=phrases, chords="C").notes


def test_signs_of_the_notation():
    notes = written("1 2'_ 3,__ #4__ | b7. 0_ | 5~ 5_ 6_ | 1 - | 1_* 2_* 3_* 4 |")
    assert [note.pitch for note in notes] == [60, 74, 52, 66, 70, 67, 69, 60, 60, 62, 64, 65]
    third = Fraction(1, 3)
    assert [note.length_beat for note in notes] == [1, 0.5, 0.25, 0.25, 1.5, 1.5, 0.5, 2, third, third, third, 1]


@pytest.mark.parametrize("wrong", ["1 2 3 |", "8 1 |", "1 H |", "- 1 |", "1 0 - |", "0 0 |", "1''''' 1 |"])
def test_wrong_bars_and_signs_are_refused(wrong):
    with pytest.raises(ValueError, match=r"bar line|no note|follows"):
        written(wrong)


OWN = """
title = "My own"
bpm = 90
metre = "3/4"
upbeat = "1/2"
[[sections]]
kind = "verse"
phrases = ["5,_ | 1 2 3 | 4 - 0_", "5_ | 3 - - |"]
chords = "C | G7 | C"
"""


def test_a_tune_of_ones_own(tmp_path):
    path = tmp_path / "my-own.toml"
    path.write_bytes(b"\xef\xbb\xbf" + OWN.replace("\n", "\r\n").encode())  # as a Windows editor saves it
    tune = read_tune_file(path)
    assert (tune.id, tune.upbeat_beat, [int(end) for end in tune.phrase_ends]) == ("my-own", Fraction(1, 2), [5, 9])
    assert [chord.symbol for chord in tune.chords] == ["C", "G7", "C"]
    assert parse_tune_file(OWN.replace('chords = "C | G7 | C"', ""), "a.toml").chords == ()


def test_the_example_in_the_docs_is_a_tune():
    page = (Path(__file__).parents[1] / "docs" / "tunes.md").read_text(encoding="utf-8")
    tune = parse_tune_file(page.split("```toml")[1].split("```")[0], "my-tune.toml")
    assert (len(tune.notes), len(tune.chords), tune.sections[0].kind) == (11, 4, "refrain")
    assert all(f"--tune {tune_id}`" in page for tune_id in tune_ids())


@pytest.mark.parametrize(
    ("what", "by", "told"),
    [
        ("title", "titel", r"a\.toml: .*unknown field `titel`|missing required field `title`"),
        ("bpm = 90", "bpm = 0", r"a\.toml, bpm: expected `float` >= 10"),
        ("bpm = 90", "bpm = ", r"a\.toml: not readable as TOML .*line 3"),
        ('"3/4"', '"3/5"', r"a\.toml, metre"),
        ('"1/2"', '"half"', r"a\.toml, upbeat: .*not a beat"),
        ("1 2 3 |", "1 2 3 4 |", r"a\.toml: bar line at beat 4\.5|a\.toml: bar line at beat 9/2"),
        ("3 - -", "x - -", r"a\.toml: 'x' is no note"),
        ("G7 |", "H7 |", r"a\.toml: 'H7' is no chord"),
        ("C | G7 | C", "C | G7", r"a\.toml: the chords fill 2 bars, the melody 3"),
        ('"verse"', '"chorus"', r"a\.toml, sections\[0\]\.kind: invalid enum value 'chorus'"),
        ("phrases = [", "phrases = [1, ", r"a\.toml, sections\[0\]\.phrases"),
    ],
)
def test_what_is_wrong_in_a_file_is_told(what, by, told):
    with pytest.raises(InputError, match=told):
        parse_tune_file(OWN.replace(what, by, 1), "a.toml")
