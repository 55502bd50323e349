"""Songs in a form: passages of the written tune, a hook that returns alike, verses that go on with the speech."""

from fractions import Fraction
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.arrangement import Arrangement
from shenqu.documents.options import SingOptions
from shenqu.documents.song import Hook, Source
from shenqu.documents.speech import Phone, Syllable, Transcript, Word
from shenqu.documents.tune import Chord, Metre, Note, Tempo, Tune
from shenqu.engines.world import analyse_voice
from shenqu.errors import InputError
from shenqu.music.hook import find_hooks, named_hooks, plain
from shenqu.music.layout import FORMS, hook_places, layouts, once
from shenqu.music.tempo import song_tempo
from shenqu.pipeline.arranging import whole_beats
from shenqu.pipeline.hear import Heard
from shenqu.pipeline.library import built_in_tune, built_in_tunes
from shenqu.pipeline.plan import plan_song
from shenqu.singing.contour import sung_pitch
from shenqu.singing.material import prepare
from shenqu.singing.perform import perform
from shenqu.singing.psola import Psola
from shenqu.singing.unit import Take
from shenqu.singing.vocoder import Vocoder
from shenqu.singing.voice import lay_out, sing
from shenqu.units import SONG_RATE
from signals import spoken

SOURCE = Source(path="speech.wav", sha256="0")
LEAD_S = 0.18
ENGINES = {"world": Vocoder(analyse_voice), "psola": Psola()}


def heard(transcript):
    return Heard(transcript=transcript, speaker_pitch=45.0)


def plan(tune, transcript=None, **options):
    tune = built_in_tune(tune) if isinstance(tune, str) else tune
    transcript = transcript or spoken("en").transcript
    return plan_song(
        heard(transcript), tune, SingOptions(**options), sources=(SOURCE,), speech_name="speech", ending="wav"
    )


def sentence(text, *, pause_s=0.4, syllable_s=0.2):
    """Return a transcript of one-syllable words; "|" is a pause."""
    words, now = [], 0.1
    for said in text.split():
        if said == "|":
            now += pause_s
            continue
        phones = (
            Phone(phone="T", start_s=now, end_s=now + 0.05),
            Phone(phone="AA", start_s=now + 0.05, end_s=now + syllable_s),
        )
        syllable = Syllable(
            text=said,
            start_s=now,
            vowel_s=now + 0.05,
            vowel_end_s=now + syllable_s,
            end_s=now + syllable_s,
            phones=phones,
        )
        words.append(Word(text=said, start_s=now, end_s=now + syllable_s, syllables=(syllable,)))
        now += syllable_s
    return Transcript(language="en", words=tuple(words))


def made_tune(lengths, *, metres=((4, 4),), phrase=4, upbeat=0, bpm=120.0):
    notes, beat = [], Fraction(0)
    for number, length in enumerate(lengths):
        notes.append(Note(pitch=60 + number * 5 % 12, onset_beat=beat, length_beat=Fraction(length)))
        beat += Fraction(length)
    return Tune(
        id="made",
        title="Made",
        notes=tuple(notes),
        tempi=(Tempo(onset_beat=Fraction(0), bpm=bpm),),
        metres=tuple(
            Metre(onset_beat=Fraction(12 * number), numerator=a, denominator=b) for number, (a, b) in enumerate(metres)
        ),
        upbeat_beat=Fraction(upbeat),
        chords=(Chord(symbol="C", onset_beat=Fraction(0), length_beat=beat),),
        phrase_ends=tuple(note.end_beat for note in notes[phrase - 1 :: phrase]) or (beat,),
    )


def check_passages(written, tune, passages):
    """Hold the passages of a song to what they promise."""
    for before, after in pairwise(passages):
        assert before.onset_beat + before.length_beat == after.onset_beat
    sung = [passage for passage in passages if passage.tune_beat is not None]
    notes = []
    for passage in sung:
        shift = passage.onset_beat - passage.tune_beat
        end = passage.onset_beat + passage.length_beat
        own = [note for note in tune.notes if passage.onset_beat <= note.onset_beat < end]
        assert own
        count = [note.onset_beat for note in written.notes].index(own[0].onset_beat - shift)
        assert own == [
            note.replace(onset_beat=note.onset_beat + shift) for note in written.notes[count : count + len(own)]
        ]
        notes += own
    assert tuple(notes) == tune.notes


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(["1/2", "1", "3/2", "2"]), min_size=1, max_size=40),
    st.lists(st.sampled_from([(4, 4), (3, 4), (2, 4), (6, 8)]), min_size=1, max_size=3),
    st.integers(0, 2),
    st.sampled_from(sorted(FORMS)),
)
def test_passages_cover_the_song_and_hold_the_notes_of_the_written_tune(lengths, metres, upbeat, form):
    written = made_tune(lengths, metres=metres, upbeat=upbeat)
    for laid in layouts(written, form):
        check_passages(written, laid.tune, laid.passages)
        assert any(passage.role == "hook" for passage in laid.passages)
        assert laid.passages[0].onset_beat == 0
    check_passages(written, *once(written))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("tune", built_in_tunes(), ids=lambda tune: tune.id)
def test_upbeats_fall_where_they_are_written(tune, form):
    laid = next(layouts(tune, form))
    check_passages(tune, laid.tune, laid.passages)
    bar = Fraction(4 * tune.metres[0].numerator, tune.metres[0].denominator)
    for passage in laid.passages:
        if passage.tune_beat is not None:
            before = passage.onset_beat - laid.tune.upbeat_beat
            assert (before - (passage.tune_beat - tune.upbeat_beat)) % bar == 0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("tune", built_in_tunes(), ids=lambda tune: tune.id)
def test_the_hook_has_its_share(tune, form):
    passages = next(layouts(tune, form)).passages
    length = {
        role: float(sum(p.length_beat for p in passages if p.tune_beat is not None and (p.role == "hook") is role))
        for role in (True, False)
    }
    assert 0.25 <= length[True] / sum(length.values()) <= 0.4


def sung_passages(song):
    return [passage for passage in song.passages if passage.tune_beat is not None]


def placed(song, passage):
    end = passage.onset_beat + passage.length_beat
    return [one for one in song.placements if passage.onset_beat <= one.notes[0].onset_beat < end]


@pytest.mark.parametrize("mode", ["phrase", "flow"])
@pytest.mark.parametrize("form", ["tune", *FORMS])
def test_the_hook_is_placed_alike_three_times_and_then_changes(form, mode):
    song = plan("twinkle", form=form, mode=mode)
    shown = []
    for passage in sung_passages(song):
        if passage.role == "hook":
            own = placed(song, passage)
            notes = [
                (one.syllable, [(n.pitch, n.onset_beat - passage.onset_beat, n.length_beat) for n in one.notes])
                for one in own
            ]
            shown.append(notes)
    assert len(shown) >= 2
    assert all(other == shown[0] for other in shown[:3])
    for four in zip(shown, shown[1:], shown[2:], shown[3:], strict=False):
        assert any(one != four[0] for one in four)
    own = {one[0] for one in shown[0]} - {None}
    assert own <= set(range(song.hook.first, song.hook.last + 1))


@pytest.mark.parametrize("form", ["tune", *FORMS])
def test_every_note_is_sung_or_a_named_rest_in_its_key_and_tempo(form):
    song = plan("ode-to-joy", form=form)
    assert 2 / 3 <= song.tempo_factor <= 3 / 2
    parts = sorted((note for one in song.placements for note in one.notes), key=lambda note: note.onset_beat)
    assert all(before.end_beat <= after.onset_beat for before, after in pairwise(parts))
    for note in song.tune.notes:
        own = [part for part in parts if note.onset_beat <= part.onset_beat < note.end_beat]
        assert own[0].onset_beat == note.onset_beat
        assert sum(part.length_beat for part in own) == note.length_beat
        assert {part.pitch for part in own} == {note.pitch + song.transpose}
    check_passages(built_in_tune("ode-to-joy"), song.tune, song.passages)


def test_verses_take_the_speech_in_its_order():
    song = plan(
        "auld-lang-syne", sentence(" ".join(f"w{i}" for i in range(8)) + " | are you ok | " + "and more so " * 40)
    )
    verse = [
        one.syllable
        for passage in sung_passages(song)
        if passage.role == "verse"
        for one in placed(song, passage)
        if one.syllable is not None
    ]
    assert all(after > before or after == min(verse) for before, after in pairwise(verse))
    assert not set(verse) & set(range(song.hook.first, song.hook.last + 1))


@cache
def material(rate):
    made = spoken("en")
    assert made.audio.rate == rate
    hop = round(0.005 * len(made.pitch_hz) / made.audio.duration_s)
    return prepare(made.audio.mono, rate, origin_s=0.0, hz=np.asarray(made.pitch_hz[::hop]), transcript=made.transcript)


@pytest.mark.parametrize("mode", ["phrase", "flow"])
@pytest.mark.parametrize("engine", ["psola", "world"])
def test_three_hooks_are_the_same_samples(engine, mode):
    song = plan("auld-lang-syne", form="classic", mode=mode, figures="none", seed=3)
    clock = song_tempo(song.tune, tempo_factor=song.tempo_factor, count_in_beat=song.count_in_beat)
    arrangement = Arrangement(placements=song.placements, transpose=song.transpose, tempo_factor=song.tempo_factor)
    duration_s = clock.beat_to_s(song.tune.end_beat) + 1.0
    performance = perform(arrangement, song.transcript, clock, duration_s=duration_s, mode=mode)
    contour = sung_pitch(performance, style="natural", seed=song.seed)
    course = lay_out(material(spoken("en").audio.rate), performance, contour)
    vocal = sing(course, Take(ENGINES[engine], song.seed), memory={})
    shown = []
    for passage in song.passages:
        if passage.role == "hook":
            start_s, end_s = (
                clock.beat_to_s(beat) for beat in (passage.onset_beat, passage.onset_beat + passage.length_beat)
            )
            shown.append(vocal[round((start_s - LEAD_S) * SONG_RATE) : round((end_s - LEAD_S) * SONG_RATE)])
    assert len(shown) == 3
    assert np.abs(shown[0]).max() > 0.1
    assert np.array_equal(shown[0], shown[1])
    assert np.array_equal(shown[0], shown[2])


@settings(max_examples=30, deadline=None)
@given(st.floats(2 / 3, 3 / 2), st.floats(40, 240))
def test_a_beat_is_a_whole_number_of_samples_and_milliseconds(factor, bpm):
    tune = made_tune(["1"] * 8, bpm=bpm)
    nudged = whole_beats(factor, tune)
    assert 2 / 3 - 1e-9 <= nudged <= 3 / 2 + 1e-9
    beat_ms = 60_000 / bpm / nudged
    assert abs(beat_ms / 20 - round(beat_ms / 20)) < 1e-6
    assert abs(nudged / factor - 1) < 0.1


def test_it_begins_with_the_hook_as_it_was_spoken():
    song = plan("ode-to-joy", form="classic")
    clock = song_tempo(song.tune, tempo_factor=song.tempo_factor, count_in_beat=song.count_in_beat)
    first, second = song.passages[:2]
    assert (first.role, second.role) == ("cold open", "pickup")
    assert clock.beat_to_s(first.onset_beat) == 0.0
    said = song.transcript.syllables
    assert clock.beat_to_s(second.onset_beat) >= said[song.hook.last].end_s - said[song.hook.first].start_s
    assert song.passages[-1].role == "tag"


# --- the hook


def test_a_question_that_returns_is_the_hook():
    transcript = sentence("so we went to town | are you ok? | then he came back | are you ok? | and that was all of it")
    best = find_hooks(transcript)[0]
    assert plain(best.text) == "areyouok"
    assert "repeated" in best.reasons and "question" in best.reasons


def test_by_ear_it_is_what_is_said_long_and_between_pauses():
    words = sentence("a b c d e f g h | i j k | l m n o p").words
    long = [
        word.replace(
            text="",
            syllables=tuple(
                one.replace(text="", phones=(), vowel_end_s=one.end_s - (0.0 if 8 <= number < 11 else 0.1))
                for one in word.syllables
            ),
        )
        for number, word in enumerate(words)
    ]
    best = find_hooks(Transcript(language="und", words=tuple(long)))[0]
    assert best.hook == Hook(first=8, last=10)


def test_a_named_hook_is_found_in_every_spelling_and_the_seed_takes_another():
    transcript = sentence("hey | Are you O.K.? | no | are you ok | yes")
    takes = named_hooks(transcript, "ARE YOU ok!")
    assert {take.hook.first for take in takes} == {1, 5}
    firsts = {plan("twinkle", transcript, hook="are you ok", seed=seed).hook.first for seed in (0, 1)}
    assert firsts == {1, 5}


def test_characters_of_a_longer_word_can_be_named():
    zh = spoken("zh").transcript
    text = "".join(word.text for word in zh.words if word.syllables)
    some = plain(text)[2:4]
    take = named_hooks(zh, some)[0]
    assert "".join(syllable.text for syllable in zh.syllables[take.hook.first : take.hook.last + 1])


def test_a_hook_that_is_not_said_is_refused_with_the_nearest_places():
    transcript = sentence("so we went | how are you | fine")
    with pytest.raises(InputError, match=r'near it are "how are" at \d+\.\d s|near it are .*are you'):
        named_hooks(transcript, "are you ok")
    with pytest.raises(InputError, match="not known"):
        named_hooks(Transcript(language="und", words=(transcript.words[0].replace(text=""),)), "ok")
    with pytest.raises(InputError, match="holds no word"):
        named_hooks(transcript, "?!")


# --- length, chance, bad input


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("length_s", [8, 30])
def test_a_form_fits_its_length_and_keeps_its_hook(form, length_s):
    song = plan("twinkle", form=form, length_s=length_s)
    clock = song_tempo(song.tune, tempo_factor=song.tempo_factor, count_in_beat=song.count_in_beat)
    end = max(passage.onset_beat + passage.length_beat for passage in song.passages)
    assert clock.beat_to_s(end) <= length_s
    assert any(passage.role == "hook" for passage in song.passages)


def test_the_same_seed_plans_the_same_song_and_another_one_another():
    transcript = sentence("a1 a2 a3 a4 | are you ok? | b1 b2 b3 | c1 c2 c3 c4 | d1 d2 d3 | e1 e2 e3 e4 | f1 f2")
    songs = [plan("twinkle", transcript, form="songify", seed=seed, figures="none") for seed in (0, 0, 1, 2, 3)]
    assert songs[0] == songs[1]
    assert len({song.placements for song in songs}) >= 3


@pytest.mark.parametrize(
    ("form", "mode"), [("tune", "phrase"), ("tune", "flow"), ("short", "flow"), ("songify", "phrase")]
)
@pytest.mark.parametrize(
    ("tune", "words"),
    [
        (made_tune(["1"] * 300), "one two three"),
        (made_tune(["1"] * 3), "word " * 300),
        (made_tune(["1"] * 3, phrase=3), "ok"),
        (made_tune(["1"]), "ok"),
        (made_tune(["1", "1/2", "3/2"] * 12, metres=((4, 4), (3, 4), (7, 8))), "are you ok | how are you"),
    ],
    ids=["300 notes, 3 syllables", "3 notes, 300 syllables", "one word", "one note", "metres"],
)
def test_what_is_unusual_is_planned(form, mode, tune, words):
    song = plan(tune, sentence(words), form=form, mode=mode)
    check_passages(tune, song.tune, song.passages)
    assert any(one.syllable is not None for one in song.placements)


def test_three_minutes_and_ten_thousand_words_are_planned():
    transcript = sentence(" ".join(f"w{i % 900}" + (" |" if i % 9 == 8 else "") for i in range(10_000)))
    song = plan("korobeiniki", transcript, form="songify", figures="none")
    assert song.hook is not None
    assert hook_places(song.tune)
