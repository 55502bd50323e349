"""Documents come back from JSON equal to what was written; what they do not know is refused with its line."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.arrangement import Expression, PlacedNote, Placement
from shenqu.documents.codec import decode, encode
from shenqu.documents.options import SingOptions
from shenqu.documents.song import Song, Source
from shenqu.documents.speech import Syllable, Transcript, Word
from shenqu.documents.tune import Metre, Note, Tempo, Tune
from shenqu.errors import InputError

beats = st.fractions(min_value=0, max_value=1000, max_denominator=960)
lengths = beats.filter(lambda beat: beat > 0)
expressions = st.builds(Expression, vibrato=st.floats(0, 4), level_db=st.floats(-60, 24), breath=st.floats(0, 1))
notes = st.builds(PlacedNote, pitch=st.integers(0, 127), onset_beat=beats, length_beat=lengths, expression=expressions)
times = st.lists(st.floats(0, 1e5), min_size=4, max_size=4, unique=True).map(sorted)


def song(placements=(), syllables=(), options=None):
    return Song(
        title="a title 神曲",
        ending="wav",
        sources=(Source(path="a.wav", sha256="0" * 64),),
        speaker_pitch=50.0,
        transpose=-12,
        tempo_factor=1.25,
        options=options or SingOptions(),
        placements=tuple(placements),
        transcript=Transcript(language="en", words=(Word(text="w", start_s=0, end_s=1, syllables=tuple(syllables)),)),
        tune=Tune(
            id="t",
            title="T",
            notes=(Note(pitch=60, onset_beat=Fraction(0), length_beat=Fraction(1, 3)),),
            tempi=(Tempo(onset_beat=Fraction(0), bpm=120.0),),
            metres=(Metre(onset_beat=Fraction(0), numerator=4, denominator=4),),
        ),
    )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.builds(Placement, syllable=st.none() | st.integers(0, 99), notes=st.lists(notes).map(tuple))),
    st.lists(
        st.tuples(st.text(), times).map(
            lambda drawn: Syllable(
                text=drawn[0], start_s=drawn[1][0], vowel_s=drawn[1][1], vowel_end_s=drawn[1][2], end_s=drawn[1][3]
            )
        )
    ),
)
def test_what_is_read_equals_what_was_written(placements, syllables):
    written = song(placements, syllables, SingOptions(text='say "hi"', key=-3, length_s=12.5))
    assert decode(encode(written), Song, name="x") == written


def test_beats_read_as_people_write_them():
    placement = Placement(
        syllable=0, notes=(PlacedNote(pitch=60, onset_beat=Fraction(1, 2), length_beat=Fraction(1, 3)),)
    )
    text = encode(song([placement])).decode()
    assert '"onset_beat": 0.5' in text
    assert '"length_beat": "1/3"' in text


@pytest.mark.parametrize(
    ("before", "after", "path", "line_holds"),
    [
        ('"pitch": 61', '"pitch": 61, "colour": 3', "$.placements[1].notes[0]", '"colour"'),
        ('"pitch": 61', '"pitch": "high"', "$.placements[1].notes[0].pitch", '"pitch"'),
        ('"key": 0', '"key": 0, "kee": 1', "$.options", '"kee"'),
        ('"version": 1', '"version": 9', "$.version", '"version"'),
        ('"pitch": 61', '"pitch": 128', "$.placements[1].notes[0].pitch", '"pitch"'),
        ('"tempo_factor": 1.25', '"tempo_factor": 0', "$.tempo_factor", '"tempo_factor"'),
        ('"key": 0', '"key": 99', "$.options.key", '"key"'),
        ('"bpm": 120.0', '"bpm": -3', "$.tune.tempi[0].bpm", '"bpm"'),
        ('"onset_beat": 7', '"onset_beat": 1e9', "$.placements[1].notes[0].onset_beat", '"onset_beat"'),
        ('"onset_beat": 7', '"onset_beat": "x/0"', "$.placements[1].notes[0].onset_beat", '"onset_beat"'),
    ],
)
def test_what_it_does_not_know_is_refused_with_line_and_path(before, after, path, line_holds):
    two = [
        Placement(syllable=0, notes=(PlacedNote(pitch=60 + i, onset_beat=Fraction(7 * i), length_beat=Fraction(1)),))
        for i in range(2)
    ]
    text = encode(song(two)).decode()
    assert text.count(before) == 1
    text = text.replace(before, after)
    with pytest.raises(InputError) as caught:
        decode(text.encode(), Song, name="my.shenqu")
    message = str(caught.value)
    line = int(message.split("line ")[1].split(",", maxsplit=1)[0])
    assert message.startswith("my.shenqu, line ")
    assert path in message
    assert line_holds in text.splitlines()[line - 1]
    assert "\n" not in message


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"\xff\xfe", b"null", b'{"format": "other"}', b"1" * 100, b"[" * 5000]
)
def test_what_is_no_document_is_refused_in_one_line(data):
    with pytest.raises(InputError) as caught:
        decode(data, Song, name="my.shenqu")
    assert "\n" not in str(caught.value)
    assert "my.shenqu" in str(caught.value)


def test_a_name_that_is_no_text_is_refused():
    with pytest.raises(InputError, match="UTF-8"):
        encode(song(options=SingOptions(text="\udcff")))
