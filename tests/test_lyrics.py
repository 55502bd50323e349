"""New words from the sounds of a speech: which are taken, how they are laid, what is refused."""

import json
from fractions import Fraction
from itertools import pairwise

import mido
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.cli import run
from shenqu.documents.arrangement import Arrangement, PlacedNote, Placement
from shenqu.documents.codec import decode
from shenqu.documents.performance import TempoMap
from shenqu.documents.song import Song
from shenqu.documents.speech import Cue, Phone, Syllable, Transcript, Word
from shenqu.engines.pocketsphinx_aligner import pronunciations
from shenqu.errors import InputError
from shenqu.music.carry import carry
from shenqu.picture.caption import caption_lines
from shenqu.singing.measure import clicks
from shenqu.singing.perform import perform
from shenqu.speech.likeness import NUCLEI, phone_distance
from shenqu.speech.lines import demo_line
from shenqu.speech.reading import read_aloud
from shenqu.speech.sounds import SOUNDS
from shenqu.speech.speaker import speak
from shenqu.speech.units import as_transcript, choose_units
from shenqu.speech.wanted import wanted_words

PHONE_S = {True: 0.15, False: 0.08}
SPOKEN_PHONES = [phone for phone in SOUNDS if phone not in {"IX", "IR", "UE", "UY"}]


def said(*lines, start_s=0.5, pause_s=0.5):
    """Return a transcript of lines such as "HH-AH L-OW | W-ER-L-D": phones with "-", syllables with " ", words "|"."""
    words, now = [], start_s
    for line in lines:
        for word in line.split("|"):
            syllables = []
            for text in word.split():
                phones = []
                for name in text.split("-"):
                    end = round(now + PHONE_S[name in NUCLEI], 6)
                    phones.append(Phone(phone=name, start_s=now, end_s=end))
                    now = end
                vowel = next(phone for phone in phones if phone.phone in NUCLEI)
                syllables.append(
                    Syllable(
                        text=text,
                        start_s=phones[0].start_s,
                        vowel_s=vowel.start_s,
                        vowel_end_s=vowel.end_s,
                        end_s=now,
                        phones=tuple(phones),
                    )
                )
            words.append(
                Word(
                    text=word.strip(),
                    start_s=syllables[0].start_s,
                    end_s=syllables[-1].end_s,
                    syllables=tuple(syllables),
                )
            )
        now = round(now + pause_s, 6)
    return Transcript(language="en", words=tuple(words))


def wanted(*lines, language=None):
    _, words = read_aloud([Cue(text=line) for line in lines], language, lexicon=pronunciations)
    return wanted_words(words)


def rows_of(built, transcript, *, length_s=0.5):
    """Return the performance of built syllables, one a note."""
    length = Fraction(length_s).limit_denominator(100)
    placements = tuple(
        Placement(
            syllable=unit.syllable,
            notes=(PlacedNote(pitch=60, onset_beat=number * length, length_beat=length),),
            text=unit.text,
            ends=unit.ends,
            onset_s=unit.onset_s,
            coda_s=unit.coda_s,
        )
        for number, unit in enumerate(built)
    )
    clock = TempoMap(lead_in_beat=Fraction(1), steps=((Fraction(0), 60.0),))
    arrangement = Arrangement(placements=placements, transpose=0, tempo_factor=1.0)
    return perform(arrangement, transcript, clock, duration_s=1.0 + len(built) * length_s + 1.0)


def test_words_that_were_said_are_taken_whole():
    transcript = said("M-AY | N-EY-M | IH-Z | HH-EH L-OW", "W-ER-L-D | T-UW")
    built = choose_units(wanted("hello, my name"), transcript)
    assert [unit.syllable for unit in built] == [3, 4, 0, 1]
    assert all(unit.exact and unit.onset_s is None and unit.coda_s is None for unit in built)
    assert [unit.text for unit in built] == ["hell", "o,", "my", "name"]
    assert [unit.ends for unit in built] == ["syllable", "word", "word", "line"]


def test_the_longest_row_wins_over_pieces_of_others():
    transcript = said("AE-S-K | Y-UW", "M-IY | T-UW", "AE-S-K | M-IY | N-AW", "AE-S-K | AH-S")
    built = choose_units(wanted("ask me now"), transcript)
    assert [unit.syllable for unit in built] == [4, 5, 6]


def test_a_syllable_never_said_has_the_onset_of_one_and_the_vowel_of_another():
    transcript = said("B-IY | S-UW-N")
    bee, soon = transcript.syllables
    (boo,) = choose_units(wanted("boo"), transcript)
    assert (boo.syllable, boo.onset_s, boo.coda_s) == (1, ((bee.start_s, bee.vowel_s),), ())
    rows = rows_of((boo,), transcript).time_map.rows
    onset = [row for row in rows if row[0] == 1.0]
    assert onset == [(1.0, bee.vowel_s), (1.0, soon.vowel_s)], "the map jumps exactly where the vowel begins"
    before = rows[rows.index(onset[0]) - 1]
    assert onset[0][1] - before[1] == pytest.approx(onset[0][0] - before[0]), "consonants keep their speed"


def test_a_coda_comes_from_elsewhere_too():
    transcript = said("S-UW-N | B-EH-T")
    (suit,) = choose_units(wanted("suit"), transcript)
    coda = transcript.syllables[1].phones[-1]
    assert (suit.syllable, suit.onset_s, suit.coda_s) == (0, None, ((coda.start_s, coda.end_s),))
    assert rows_of((suit,), transcript).time_map.rows[-1][1] == pytest.approx(coda.end_s)


def test_mandarin_takes_the_initial_of_one_and_the_final_of_another():
    transcript = said("B-AA | M-AY").replace(language="zh")
    (man,) = choose_units(wanted("拜", language="zh"), transcript)
    assert man.wanted == man.sung == ("B", "AY")
    assert man.syllable == 1
    assert man.onset_s == ((transcript.syllables[0].start_s, transcript.syllables[0].vowel_s),)


def test_the_nearest_sounds_stand_in_for_those_never_said():
    transcript = said("D-IY | SH-AA | M-OW")
    (zee,) = choose_units(wanted("tea"), transcript)
    assert (zee.syllable, zee.sung, zee.exact, zee.far) == (0, ("D", "IY"), False, 0.0)
    (foe,) = choose_units(wanted("moo"), transcript)
    assert foe.sung == ("M", "OW")
    assert foe.far > 0


@pytest.mark.parametrize("phone", ["AA", "IY", "T", "M", "S"])
def test_nothing_is_nearer_than_the_same(phone):
    distances = {other: phone_distance(phone, other) for other in SOUNDS}
    assert min(distances, key=distances.__getitem__) == phone
    assert all(distances[other] == 1.0 for other in SOUNDS if (other in NUCLEI) != (phone in NUCLEI))
    assert all(phone_distance(other, phone) == distance for other, distance in distances.items())


SYLLABLES = st.tuples(
    st.lists(st.sampled_from([phone for phone in SPOKEN_PHONES if phone not in NUCLEI]), max_size=2),
    st.sampled_from([phone for phone in SPOKEN_PHONES if phone in NUCLEI]),
    st.lists(st.sampled_from([phone for phone in SPOKEN_PHONES if phone not in NUCLEI]), max_size=2),
).map(lambda parts: "-".join([*parts[0], parts[1], *parts[2]]))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(SYLLABLES, min_size=2, max_size=12),
    st.lists(st.sampled_from(["so", "my", "friends", "ask", "why", "hello", "strengths"]), min_size=1, max_size=6),
)
def test_every_syllable_is_built_and_sung_in_time(syllables, words):
    transcript = said(" | ".join(syllables))
    new = wanted(" ".join(words))
    built = choose_units(new, transcript)
    assert built == choose_units(new, transcript)
    assert [unit.text for unit in built if unit.ends != "syllable"]
    for unit in built:
        assert len(unit.wanted) == len(unit.sung)
        assert all((one in NUCLEI) == (other in NUCLEI) for one, other in zip(unit.wanted, unit.sung, strict=True))
        for start_s, end_s in (*(unit.onset_s or ()), *(unit.coda_s or ())):
            assert 0.5 <= start_s < end_s <= transcript.syllables[-1].end_s
    performance = rows_of(built, transcript)
    song_s = [row[0] for row in performance.time_map.rows]
    assert song_s == sorted(song_s)
    assert [note.text for note in performance.notes] == [unit.text for unit in built]
    for note, unit in zip(performance.notes, built, strict=True):
        assert performance.time_map.song_to_speech(note.start_s) == transcript.syllables[unit.syllable].vowel_s
    for (song_a, speech_a), (song_b, speech_b) in pairwise(performance.time_map.rows):
        assert song_a == song_b or speech_b >= speech_a, "the speech never runs backwards"


@settings(max_examples=30, deadline=None)
@given(st.lists(SYLLABLES, min_size=3, max_size=10, unique=True), st.data())
def test_any_row_that_was_said_is_taken_as_it_was_said(syllables, data):
    transcript = said(" | ".join(syllables))
    first = data.draw(st.integers(0, len(syllables) - 1))
    last = data.draw(st.integers(first + 1, len(syllables)))
    words = wanted(" ".join(["so"] * (last - first)))
    row = transcript.words[first:last]
    built = choose_units([word.replace(ways=(own,)) for word, own in zip(words, row, strict=True)], transcript)
    assert all(unit.exact for unit in built)
    sounds = as_transcript(built, transcript, "en").syllables
    assert [unit.wanted for unit in built] == [tuple(phone.phone for phone in word.syllables[0].phones) for word in row]
    assert all(sound.vowel_end_s > sound.vowel_s for sound in sounds)


def test_syllables_found_by_ear_have_no_sounds_to_build_from():
    by_ear = Syllable(
        text="", start_s=0.0, vowel_s=0.1, vowel_end_s=0.3, end_s=0.3,
        phones=(Phone(phone="V", start_s=0.1, end_s=0.3),),
    )  # fmt: skip
    transcript = Transcript(language="und", words=(Word(text="", start_s=0.0, end_s=0.3, syllables=(by_ear,)),))
    with pytest.raises(InputError, match="--text"):
        choose_units(wanted("so"), transcript)


def test_captions_show_the_new_words_a_line_each():
    transcript = said("M-AY | HH-EH L-OW | N-EY-M")
    performance = rows_of(choose_units(wanted("hello, my", "name"), transcript), transcript)
    lines = caption_lines(performance, transcript)
    assert ["".join(syllable.text + " " * syllable.space for syllable in line.syllables).strip() for line in lines] == [
        "hello, my",
        "name",
    ]


def test_new_words_stay_when_what_was_said_is_corrected():
    transcript = said("B-IY | S-UW-N")
    placement = Placement(
        syllable=1,
        notes=(PlacedNote(pitch=60, onset_beat=Fraction(0), length_beat=Fraction(1)),),
        text="boo",
        onset_s=((0.5, 0.58),),
        coda_s=(),
    )
    (kept,) = carry([placement], transcript.words, [(), transcript.words[1:]]).placements
    assert kept == placement.replace(syllable=0)


def test_a_piece_of_no_length_is_refused():
    with pytest.raises(ValueError, match="behind its start"):
        Placement(syllable=0, notes=(), onset_s=((1.0, 1.0),))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a speech of our own speaker."""
    folder = tmp_path_factory.mktemp("lyrics")
    spoken = speak(demo_line("en"))
    soundfile.write(folder / "line.wav", spoken.audio.mono, spoken.audio.rate)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHENQU_CACHE", str(folder / "cache"))
        patch.chdir(folder)
        yield folder


TEXT = "Hello my friends, are you OK?"
SING = ["sing", "line.wav", "--tune", "twinkle", "--band", "none", "--quiet", "--force"]


def test_new_words_are_sung_shown_and_kept(folder):
    words = [*SING, "--text", TEXT, "--lyrics", "My hello OK,\nfriends you are"]
    assert run([*words, "--length", "8", "-o", "new.wav", "--stems", "stems"]) == 0
    song = decode((folder / "new.shenqu").read_bytes(), Song, name="new.shenqu")
    assert song.options.mode == "lyrics"
    texts = [placement.text for placement in song.placements]
    assert "".join(texts[:8]) == "MyhelloOK,friendsyouare"
    track = [event.text for event in mido.MidiFile(folder / "stems/vocal.mid") if event.type == "lyrics"]
    assert [text for text in track if text != "+"] == texts
    vocal, _ = soundfile.read(folder / "stems/vocal.wav", dtype="float32")
    assert clicks(np.asarray(vocal)) == 0
    assert "friends" in (folder / "stems/captions.ass").read_text()
    assert run(["render", "new.shenqu", "-o", "again.wav", "--force"]) == 0
    assert (folder / "again.wav").read_bytes() == (folder / "new.wav").read_bytes()
    assert json.loads((folder / "new.shenqu").read_text())["placements"][0]["text"] == "My"


def test_words_without_room_are_named(folder, capsys):
    words = [*SING, "--text", TEXT, "--lyrics", "hello my friends are you OK " * 2000, "-o", "long.wav"]
    words.remove("--quiet")
    assert run([*words, "--length", "8"]) == 0
    assert "are not sung" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--text", TEXT, "--mode", "lyrics"], "--lyrics"),
        (["--text", TEXT, "--lyrics", "so", "--mode", "flow"], "flow"),
        (["--text", TEXT, "--lyrics", ""], "--lyrics"),
        (["--text", TEXT, "--lyrics", "... !"], "--lyrics"),
        (["--text", TEXT, "--lyrics", "missing.txt"], "missing.txt"),
        (["--text", TEXT, "--lyrics", "สวัสดี"], "--lyrics"),
        (["--lyrics", "hello"], "--text"),
    ],
)
def test_what_cannot_be_sung_is_refused_in_one_line(folder, capsys, words, says):
    assert run([*SING, *words, "-o", "refused.wav"]) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert says in error
    assert not (folder / "refused.wav").exists()
