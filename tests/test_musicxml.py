"""MusicXML: what scores say, what is refused, and what two other readers make of the same files."""

import io
import os
import warnings
import zipfile
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.errors import InputError, ShenquWarning
from shenqu.media.musicxml import MAX_BYTES, parse_musicxml, read_musicxml
from shenqu.music.unfold import unfold
from shenqu.units import beats_to_ticks

DATA = os.environ.get("SHENQU_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="SHENQU_DATA names no folder with real files")
CONTAINER = "<container><rootfiles>{}</rootfiles></container>"
FOUR_FOUR = "<attributes><divisions>4</divisions><time><beats>4</beats><beat-type>4</beat-type></time>{}</attributes>"


def note(step="C", duration=4, inner="", octave=4, alter="", after=""):
    alter = f"<alter>{alter}</alter>" if alter else ""
    pitch = f"<pitch><step>{step}</step>{alter}<octave>{octave}</octave></pitch>"
    return f"<note>{inner}{pitch}<duration>{duration}</duration>{after}</note>"


def sung(text, *, syllabic="single", more="", number=1, **options):
    lyric = f'<lyric number="{number}"><syllabic>{syllabic}</syllabic><text>{text}</text>{more}</lyric>'
    return note(after=lyric, **options)


def xml(*measures, attributes="", head="", listed=""):
    """Return a score of one part; 4/4 and four divisions a beat stand in its first bar."""
    inner = "".join(f"<measure>{measure}</measure>" for measure in measures)
    first = inner.replace("<measure>", "<measure>" + FOUR_FOUR.format(attributes), 1)
    part = f'<score-part id="P1"><part-name>Voice</part-name>{listed}</score-part>'
    return f'<score-partwise>{head}<part-list>{part}</part-list><part id="P1">{first}</part></score-partwise>'.encode()


def parse(*measures, **options):
    return parse_musicxml(xml(*measures, **options), name="made.musicxml")


def packed(files, *, container="made.xml"):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        if container is not None:
            roots = "".join(f'<rootfile full-path="{path}"/>' for path in container.split())
            package.writestr("META-INF/container.xml", CONTAINER.format(roots))
        for path, data in files.items():
            package.writestr(path, data)
    return target.getvalue()


def spans(part):
    return [(n.pitch, n.onset_beat, n.length_beat) for n in part.notes]


def lyrics(*measures, **options):
    return [n.lyric for n in parse(*measures, **options).parts[0].notes]


TIE, UNTIE = '<tie type="start"/>', '<tie type="stop"/>'
SLUR = '<notations><slur number="1" type="start"/></notations>'
UNSLUR = '<notations><slur number="1" type="stop"/></notations>'


# ------------------------------------------------------------------ what scores say


def test_pitch_length_and_rest():
    score = parse(
        note("A", 4) + note("F", 2, alter=1) + "<note><rest/><duration>6</duration></note>" + note("C", 4, octave=5)
    )
    assert spans(score.parts[0]) == [(69, 0, 1), (66, 1, Fraction(1, 2)), (72, 3, 1)]


def test_ties_are_one_note_and_chords_are_together():
    tied = note("C", 8, after=TIE) + note("E", 8, inner="<chord/>")
    score = parse(note("G", 8) + tied, note("C", 4, after=UNTIE) + note("C", 4))
    assert sorted(spans(score.parts[0]), key=lambda span: span[1:]) == [(67, 0, 2), (64, 2, 2), (60, 2, 3), (60, 5, 1)]


def test_a_triplet_is_exact_though_the_divisions_are_not():
    ratio = "<actual-notes>3</actual-notes><normal-notes>2</normal-notes>"
    eighth = f"<type>eighth</type><time-modification>{ratio}</time-modification>"
    data = xml(note(duration=33, after=eighth) * 2 + note(duration=34, after=eighth)).replace(
        b"<divisions>4<", b"<divisions>100<"
    )
    notes = parse_musicxml(data, name="made").parts[0].notes
    assert [n.onset_beat for n in notes] == [0, Fraction(1, 3), Fraction(2, 3)]


def test_each_voice_is_a_part_of_its_own():
    score = parse(
        note("C", 16, after="<voice>1</voice>")
        + "<backup><duration>8</duration></backup>"
        + note("E", 8, after="<voice>2</voice>")
    )
    assert [(part.name, spans(part)) for part in score.parts] == [
        ("Voice", [(60, 0, 4)]),
        ("Voice (voice 2)", [(64, 2, 2)]),
    ]


@pytest.mark.parametrize(
    ("transpose", "pitch", "key"),
    [("<chromatic>-2</chromatic>", 58, 10), ("<chromatic>-9</chromatic><octave-change>-1</octave-change>", 39, 3)],
)
def test_transposing_instruments_sound_at_pitch(transpose, pitch, key):
    attributes = f"<key><fifths>0</fifths><mode>major</mode></key><transpose>{transpose}</transpose>"
    harmony = "<harmony><root><root-step>C</root-step></root><kind>dominant</kind></harmony>"
    score = parse(harmony + note("C", 16), attributes=attributes)
    assert score.parts[0].notes[0].pitch == pitch
    assert score.key == (key, "major")
    assert score.chords[0].symbol == {10: "Bb7", 3: "Eb7"}[key]


@pytest.mark.parametrize(
    ("fifths", "mode", "key"),
    [
        (-1, "major", (5, "major")),
        (0, "minor", (9, "minor")),
        (2, "dorian", (4, "minor")),
        (1, "", None),
        (0, "major", None),
    ],
)
def test_the_key_is_what_the_file_says(fifths, mode, key):
    mode = f"<mode>{mode}</mode>" if mode else ""
    assert parse(note(), attributes=f"<key><fifths>{fifths}</fifths>{mode}</key>").key == key


def test_grace_notes_are_left_out_and_counted_and_cues_are_silent():
    grace = "<note><grace/><pitch><step>D</step><octave>4</octave></pitch></note>"
    with pytest.warns(ShenquWarning, match="2 grace notes are left out"):
        score = parse(grace + grace + note("C", 8) + note("E", 8, inner="<cue/>"))
    assert spans(score.parts[0]) == [(60, 0, 2)]


def test_drums_are_known_by_their_notes():
    looks = "<unpitched><display-step>C</display-step><display-octave>5</display-octave></unpitched>"
    drum = f"<note>{looks}<duration>16</duration></note>"
    listed = '<midi-instrument id="I1"><midi-unpitched>39</midi-unpitched></midi-instrument>'
    hit = drum.replace("<duration>", '<instrument id="I1"/><duration>')
    part = parse(hit, listed=listed).parts[0]
    assert part.drums and part.notes[0].pitch == 38


def test_upbeat_metre_and_tempo():
    tempo = '<direction><sound tempo="90"/></direction>'
    mark = "<metronome><beat-unit>quarter</beat-unit><beat-unit-dot/><per-minute>c. 60</per-minute></metronome>"
    later = f"<direction><direction-type>{mark}</direction-type></direction>"
    three = "<attributes><time><beats>3</beats><beat-type>8</beat-type></time></attributes>"
    score = parse(tempo + note(), note(duration=16), three + later + note(duration=6))
    assert score.upbeat_beat == 1
    assert [(t.onset_beat, t.bpm) for t in score.tempi] == [(0, 90), (5, 90)]
    assert [(m.onset_beat, m.numerator, m.denominator) for m in score.metres] == [(0, 4, 4), (5, 3, 8)]
    assert score.bars[1].onset_beat == 1


def test_parts_begin_their_bars_together():
    short = xml(note(duration=16), note("D", 16)).replace(b"P1", b"P2")
    data = xml(note(duration=8), note("E", 16))
    both = data.replace(b"</score-partwise>", short[short.index(b'<part id="P2"') :])
    parts = parse_musicxml(both, name="made").parts
    assert [part.notes[1].onset_beat for part in parts] == [4, 4]


def test_chords_last_until_the_next():
    def harmony(step, kind, extra=""):
        return f"<harmony><root><root-step>{step}</root-step>{extra}</root><kind>{kind}</kind></harmony>"

    flat = "<root-alter>-1</root-alter>"
    bass = harmony("C", "major").replace("</harmony>", "<bass><bass-step>E</bass-step></bass></harmony>")
    silence = "<direction><direction-type><words>N.C.</words></direction-type></direction>"
    score = parse(
        harmony("A", "minor") + note(duration=8) + harmony("B", "dominant", flat) + note(duration=8),
        bass + note(duration=8) + harmony("C", "none") + note(duration=8),
        harmony("C", "major") + note(duration=8) + silence + note(duration=8),
    )
    assert [(c.symbol, c.onset_beat, c.length_beat) for c in score.chords] == [
        ("Am", 0, 2),
        ("Bb7", 2, 2),
        ("C/E", 4, 2),
        ("C", 8, 2),
    ]


def test_rehearsal_marks_name_sections():
    def mark(text):
        return f"<direction><direction-type><rehearsal>{text}</rehearsal></direction-type></direction>"

    score = parse(mark("Verse 1") + note(duration=16), mark("B") + note(duration=16), mark("副歌") + note(duration=16))
    assert [(s.kind, s.onset_beat, s.length_beat) for s in score.sections] == [("verse", 0, 8), ("refrain", 8, 4)]


@pytest.mark.parametrize(
    ("signs", "fields"),
    [
        ('<barline location="left"><repeat direction="forward"/></barline>', {"repeat_start": True}),
        ('<barline><repeat direction="backward" times="3"/></barline>', {"repeat_times": 3}),
        ('<barline location="left"><ending number="1, 2" type="start"/></barline>', {"endings": (1, 2)}),
        ('<sound dacapo="yes"/>', {"jump": "da capo", "until": "end"}),
        (
            "<direction><direction-type><words>D.S. al Fine</words></direction-type></direction>",
            {"jump": "dal segno", "until": "fine"},
        ),
        ("<direction><direction-type><segno/></direction-type></direction>", {"segno": True}),
        ("<direction><direction-type><words>To Coda</words></direction-type></direction>", {"to_coda": True}),
        ('<direction><direction-type><coda/></direction-type><sound tocoda="1"/></direction>', {"to_coda": True}),
        ("<direction><direction-type><coda/></direction-type></direction>", {"coda": True}),
        ('<sound fine="yes"/>', {"fine": True}),
    ],
)
def test_signs_of_repetition(signs, fields):
    bar = parse(signs + note(duration=16)).bars[0]
    assert {field: getattr(bar, field) for field in fields} == fields


# ------------------------------------------------------------------ words


def test_words_lie_on_their_notes_and_go_on():
    assert lyrics(sung("Hal-", syllabic="begin") + note() + sung("lo", syllabic="end") + note()) == [
        "Hal",
        "+",
        "lo",
        "",
    ]
    assert lyrics(sung("la", more="<extend/>") + note() + note() + sung("li")) == ["la", "+", "+", "li"]
    assert lyrics(sung("la") + note()) == ["la", ""]
    rest = "<note><rest/><duration>4</duration></note>"
    assert lyrics(sung("la", more="<extend/>") + rest + note()) == ["la", ""]
    assert lyrics(note(after=SLUR + "<lyric><text>la</text></lyric>") + note(after=UNSLUR) + note()) == ["la", "+", ""]
    assert lyrics(sung("che", more="<elision>‿</elision><text>a</text>")) == ["che a"]
    assert lyrics(sung("茉") + sung("莉")) == ["茉", "莉"]


def test_of_several_verses_the_first_is_sung_and_in_later_endings_the_one_that_is_there():
    both = sung("one").replace("</note>", '<lyric number="2"><text>two</text></lyric></note>')
    first = '<barline location="left"><ending number="1" type="start"/></barline>'
    first_end = '<barline><ending number="1" type="stop"/><repeat direction="backward"/></barline>'
    second = '<barline location="left"><ending number="2" type="start"/></barline>'
    assert lyrics(both, first + sung("a", number=1) + first_end, second + sung("b", number=2)) == ["one", "a", "b"]


def test_the_words_of_a_chord_lie_on_its_highest_note():
    notes = parse(sung("la") + note("E", inner="<chord/>")).parts[0].notes
    assert [(n.pitch, n.lyric) for n in notes] == [(60, ""), (64, "la")]


# ------------------------------------------------------------------ encodings and packages


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gbk", "shift_jis", "euc_jp", "big5"])
def test_any_declared_encoding(encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + xml(sung("山")).decode()
    assert parse_musicxml(text.encode(encoding), name="made").parts[0].notes[0].lyric == "山"


def test_an_outer_doctype_is_let_be():
    doctype = (
        b'<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 3.1 Partwise//EN" "http://localhost:1/x.dtd">'
    )
    assert parse_musicxml(doctype + xml(note()), name="made").parts


def test_a_packed_score_is_the_same(tmp_path):
    data = xml(note())
    path = tmp_path / "made.mxl"
    path.write_bytes(packed({"made.xml": data}))
    plain = tmp_path / "made.musicxml"
    plain.write_bytes(data)
    assert read_musicxml(path) == read_musicxml(plain)
    assert parse_musicxml(packed({"a.xml": data}, container=None), name="made").parts


def test_the_first_of_two_scores_is_read():
    files = {"one.xml": xml(note("C")), "two.xml": xml(note("D"))}
    with pytest.warns(ShenquWarning, match=r"holds 2 scores, the first is read and not two\.xml"):
        assert parse_musicxml(packed(files, container="one.xml two.xml"), name="made").parts[0].notes[0].pitch == 60


def test_timewise_is_partwise():
    data = xml(note("C", 16), note("D", 16))
    bars = data.split(b"<measure>")[1:]
    timewise = b"".join(
        b'<measure><part id="P1">' + bar[: bar.index(b"</measure>")] + b"</part></measure>" for bar in bars
    )
    listed = data[data.index(b"<part-list>") : data.index(b'<part id="P1">')]
    whole = b"<score-timewise>" + listed + timewise + b"</score-timewise>"
    assert parse_musicxml(whole, name="made") == parse_musicxml(data, name="made")


# ------------------------------------------------------------------ what is refused

BOMB = b'<!DOCTYPE score-partwise [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = b'<!DOCTYPE score-partwise [<!ENTITY a SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "broken XML"),
        (xml(note())[:-40], "broken XML"),
        (b"<i><d>danmaku</d></i>", "not a MusicXML score"),
        (BOMB + xml(note(after="&b;")), "declarations of its own"),
        (OUTSIDE + xml(note(after="&a;")), "declarations of its own"),
        (b"<a>" * 5000 + b"</a>" * 5000, "nested more than"),
        (b'<?xml version="1.0" encoding="zlib"?><a/>', "not known here"),
        (b'<?xml version="1.0" encoding="utf-8"?><a>\xb0\xa1</a>', "not in utf-8"),
        (xml("<note><rest/><duration>16</duration></note>"), "holds no notes"),
        (xml(note(duration="1e999999")), "is no number"),
        (xml(note(duration=-4)), "a duration below 0"),
        (xml(note(duration="")), "is no number"),
        (xml(note() + "<backup><duration>8</duration></backup>" + note()), "before its own start"),
        (xml(note()).replace(b"<divisions>4<", b"<divisions>1000000000<"), "divisions"),
        (xml(note()).replace(b"<divisions>4<", b"<divisions>0<"), "divisions"),
        (xml(note("H")), "is no step"),
        (xml(note(octave=12)), "MIDI pitch"),
        (xml(note(duration=400_000)), "than music is"),
        (xml(*["".join(note(duration=1) for _ in range(101))] * 100), "more than 10000 notes"),
        (packed({"made.xml": xml(note())})[:-30], "broken MXL"),
        (packed({"made.xml": xml(note())}, container="other.xml"), "not in the archive"),
        (packed({"made.xml": xml(note())}, container="../../etc/passwd"), "not in the archive"),
        (packed({"made.pdf": b"x"}, container=None), "without a score"),
        (packed({"made.xml": packed({"made.xml": xml(note())})}), "XML"),
        (packed({"made.xml": b" " * (MAX_BYTES + 1)}), "too large"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(data, message):
    with pytest.raises(InputError, match=message) as refusal:
        parse_musicxml(data, name="made.xml")
    assert "\n" not in str(refusal.value) and "made.xml" in str(refusal.value)


def test_missing_and_large_files(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_musicxml(tmp_path / "none.xml")
    path = tmp_path / "large.xml"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(InputError, match="too large for a tune"):
        read_musicxml(path)


MADE = xml(
    '<barline location="left"><repeat direction="forward"/></barline>' + sung("la", more="<extend/>") + note(after=TIE),
    note(after=UNTIE)
    + "<backup><duration>4</duration></backup>"
    + note("E", 8)
    + "<barline><repeat direction='backward'/></barline>",
)


@given(st.lists(st.tuples(st.integers(0, len(MADE) - 1), st.binary(min_size=0, max_size=3)), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_a_mangled_score_is_read_or_refused(changes):
    data = bytearray(MADE)
    for at, replacement in changes:
        data[at : at + 1] = replacement
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShenquWarning)
        try:
            unfold(parse_musicxml(bytes(data), name="made"))
        except InputError as refusal:
            assert "\n" not in str(refusal)


# ------------------------------------------------------------------ beside other readers


@pytest.fixture(scope="module")
def music21():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("music21", reason="music21 is not installed")


@pytest.fixture(scope="module")
def partitura():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("partitura", reason="partitura is not installed")


def ticks(beat):
    return beats_to_ticks(Fraction(beat).limit_denominator(100_000))


def our_notes(score):
    return Counter((ticks(n.onset_beat), ticks(n.length_beat), n.pitch) for part in score.parts for n in part.notes)


def our_words(score):
    return {
        (ticks(n.onset_beat), n.pitch, n.lyric) for part in score.parts for n in part.notes if n.lyric not in {"", "+"}
    }


def their_notes_music21(stream):
    return Counter(
        (ticks(thing.offset), ticks(thing.quarterLength), pitch.midi)
        for part in stream.parts
        for thing in part.stripTies().flatten().notes
        if not thing.duration.isGrace and "ChordSymbol" not in thing.classes
        for pitch in thing.pitches
    )


def their_words_music21(stream):
    return {
        (ticks(thing.offset), max(pitch.midi for pitch in thing.pitches), lyric.text)
        for part in stream.parts
        for thing in part.flatten().notes
        for lyric in thing.lyrics[:1]
        if lyric.text and lyric.number == 1
    }


def their_notes_partitura(parts):
    notes = Counter()
    for part in parts:
        beat = part.quarter_map
        first = float(beat(part.first_point.t))
        for n in part.notes_tied:
            if n.duration_tied:
                start, end = float(beat(n.start.t)), float(beat(n.start.t + n.duration_tied))
                notes[ticks(start - first), ticks(end - start), n.midi_pitch] += 1
    return notes


REAL = ["anacrusis.xml", "lyrics_61a.musicxml", "multi_part.xml", "ties_33b.musicxml", "tuplets.musicxml"]
PACKED = ["aloha_oe.mxl", "foster_brown_hair.mxl"]


@needs_data
@pytest.mark.parametrize("file", REAL + PACKED)
@pytest.mark.filterwarnings("ignore")
def test_real_scores_are_as_music21_reads_them(file, music21):
    path = Path(DATA) / "tunes" / file
    ours, theirs = read_musicxml(path), music21.converter.parse(path, forceSource=True)
    assert our_notes(ours) == their_notes_music21(theirs)
    second_ending = ticks(ours.bars[-2].onset_beat) if file == "foster_brown_hair.mxl" else float("inf")
    assert {word for word in our_words(ours) if word[0] < second_ending} == {
        word for word in their_words_music21(theirs) if word[0] < second_ending
    }
    tempi = {ticks(offset): mark.getQuarterBPM() for offset, _, mark in theirs.metronomeMarkBoundaries()}
    assert {ticks(tempo.onset_beat): tempo.bpm for tempo in ours.tempi} == tempi


@needs_data
@pytest.mark.parametrize("file", REAL + PACKED)
@pytest.mark.filterwarnings("ignore")
def test_real_scores_are_as_partitura_reads_them(file, partitura):
    path = Path(DATA) / "tunes" / file
    ours, theirs = read_musicxml(path), partitura.load_musicxml(str(path))
    assert our_notes(ours) == their_notes_partitura(theirs.parts)
    if file != "multi_part.xml":  # its first ending is its last bar: partitura then repeats nothing, the rule here does
        played = [partitura.score.unfold_part_maximal(part) for part in theirs.parts]
        assert our_notes(unfold(ours)) == their_notes_partitura(played)


@needs_data
@pytest.mark.filterwarnings("ignore")
def test_the_ties_of_chords_are_merged_note_by_note(music21):
    """In the Schumann song, chords are tied in part: each reader merges others of them, so signs are counted here."""
    path = Path(DATA) / "tunes" / "schumann_op48_no2.mxl"
    ours, theirs = read_musicxml(path), music21.converter.parse(path, forceSource=True)
    with zipfile.ZipFile(path) as package:
        text = package.read("opus48no2.xml").decode()
    notes = [piece for piece in text.split("<note")[1:] if "<pitch>" in piece and "<cue" not in piece]
    assert sum(our_notes(ours).values()) == sum(
        '<tied type="stop"' not in piece and '<tie type="stop"' not in piece for piece in notes
    )
    assert our_words(ours) == their_words_music21(theirs)


@needs_data
def test_foster_sings_the_second_verse_where_only_it_stands():
    """91 syllables of the first verse, and under the second ending those of the second: 180 notes with the repeat."""
    score = unfold(read_musicxml(Path(DATA) / "tunes" / "foster_brown_hair.mxl"))
    words = [n.lyric for n in score.parts[0].notes]
    assert len(words) == 180
    assert words[:3] == ["I", "dream", "of"] and words[-4:] == ["bright", "wa", "ters", "flow."]


@needs_data
def test_real_scores_without_notes_are_refused():
    with pytest.raises(InputError, match="holds no notes"):
        read_musicxml(Path(DATA) / "tunes" / "rests_02a.musicxml")


@needs_data
@given(st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_mangled_real_scores_are_read_or_refused(random):
    data = bytearray((Path(DATA) / "tunes" / "multi_part.xml").read_bytes())
    for _ in range(random.randrange(1, 6)):
        at = random.randrange(len(data))
        data[at : at + random.randrange(3)] = random.randbytes(random.randrange(3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShenquWarning)
        try:
            unfold(parse_musicxml(bytes(data), name="made"))
        except InputError as refusal:
            assert "\n" not in str(refusal)


@pytest.mark.filterwarnings("ignore")
def test_what_music21_writes_comes_back(music21):
    stream, part = music21.stream.Score(), music21.stream.Part()
    clarinet = music21.instrument.Clarinet()
    part.append([clarinet, music21.tempo.MetronomeMark(number=72), music21.meter.TimeSignature("3/4")])
    for index, (pitch, length, word) in enumerate([(60, 1, "do"), (62, 2, "re"), (64, Fraction(1, 3), "mi")] * 3):
        written = music21.note.Note(pitch, quarterLength=length, lyric=word)
        written.volume.velocity = 60 + index
        part.append(written)
    stream.append(part)
    data = music21.musicxml.m21ToXml.GeneralObjectExporter(stream).parse()
    score = parse_musicxml(data, name="made")
    assert our_notes(score) == their_notes_music21(music21.converter.parseData(data).toSoundingPitch())
    assert [n.pitch for n in score.parts[0].notes[:3]] == [58, 60, 62]
    assert [n.lyric for n in score.parts[0].notes] == ["do", "re", "mi"] * 3
    assert score.tempi[0].bpm == 72 and score.metres[0].numerator == 3


@pytest.mark.filterwarnings("ignore")
def test_what_partitura_writes_comes_back(partitura, tmp_path):
    part = partitura.score.Part("P1", "made", quarter_duration=12)
    part.add(partitura.score.TimeSignature(4, 4), start=0)
    for index, (step, start, end) in enumerate(
        [("C", 0, 12), ("E", 12, 16), ("G", 16, 20), ("E", 20, 24), ("C", 24, 96)]
    ):
        part.add(partitura.score.Note(step, 4, id=f"n{index}", voice=1), start=start, end=end)
    part.add(partitura.score.Repeat(), start=0, end=96)
    partitura.score.add_measures(part)
    partitura.score.tie_notes(part)
    path = tmp_path / "made.musicxml"
    partitura.save_musicxml(part, str(path))
    score = read_musicxml(path)
    assert our_notes(score) == their_notes_partitura([part])
    assert our_notes(unfold(score)) == their_notes_partitura([partitura.score.unfold_part_maximal(part)])
