"""Transcripts that a hand has changed: what it touched is found again, all else keeps every digit."""

import json
import os
import warnings
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings

import shenqu
from shenqu.cli import run
from shenqu.documents.arrangement import PlacedNote, Placement
from shenqu.documents.audio import LongSound
from shenqu.documents.song import Hook
from shenqu.documents.speech import Cue, Phone, Syllable, Transcript, Word
from shenqu.engines.pocketsphinx_aligner import PocketsphinxAligner, pronunciations
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.textgrid import textgrid_transcript, to_textgrid
from shenqu.media.texts import read_transcript
from shenqu.music.carry import carry
from shenqu.pipeline.written import write_words
from shenqu.speech.hand import letters
from shenqu.speech.lines import demo_line
from shenqu.speech.reading import read_text
from shenqu.speech.realign import realign
from shenqu.speech.shape import shape_words
from shenqu.speech.speaker import speak
from test_textgrid import transcripts

RATE = 16_000
CLOSE_S = 0.03


class Recording:
    """A spoken line, its exact transcript, and how much of it was listened to."""

    def __init__(self, language):
        spoken = speak(demo_line(language), language=language)
        sound = soxr.resample(spoken.audio.mono, spoken.audio.rate, RATE)
        self.pcm = np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16)
        self.truth = spoken.transcript
        self.aligner = PocketsphinxAligner()
        self.listened_s = 0.0

    def listen(self, start_s, end_s):
        self.listened_s += end_s - start_s
        return LongSound(pcm=self.pcm[round(start_s * RATE) : round(end_s * RATE)], rate=RATE)

    def realign(self, words, **options):
        transcript = words if isinstance(words, Transcript) else self.truth.replace(words=tuple(words))
        self.listened_s = 0.0
        return realign(
            transcript,
            self.listen,
            duration_s=len(self.pcm) / RATE,
            aligner=self.aligner,
            lexicon=pronunciations,
            **options,
        ).transcript

    def with_word(self, index, **changes):
        """Return the true words, one of them changed."""
        words = list(self.truth.words)
        words[index] = words[index].replace(**changes)
        return words


@pytest.fixture(scope="module")
def english():
    return Recording("en")


@pytest.fixture(scope="module")
def mandarin():
    return Recording("zh")


def misspelt(word):
    """Return a word whose syllables spell another one, at its place."""
    return word.replace(syllables=tuple(syllable.replace(text="x") for syllable in word.syllables))


def others(words, index):
    return [word for place, word in enumerate(words) if place != index]


def vowels(word):
    return [syllable.vowel_s for syllable in word.syllables]


# ------------------------------------------------------------------ nothing changed


@settings(max_examples=40, deadline=None)
@given(transcripts())
def test_an_unchanged_transcript_is_returned_as_it_is(transcript):
    def listen(start_s, end_s):
        raise AssertionError("nothing was changed")

    for known in (transcript, textgrid_transcript(to_textgrid(transcript), "a.TextGrid")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ShenquWarning)
            found = realign(known, listen, duration_s=200.0, aligner=PocketsphinxAligner(), lexicon=pronunciations)
        assert found.transcript == transcript
        assert found.words == tuple((word,) for word in transcript.words)


def test_nothing_is_heard_where_nothing_changed(english, mandarin):
    for recording in (english, mandarin):
        assert recording.realign(recording.truth) == recording.truth
        assert recording.listened_s == 0.0


def test_syllables_that_were_heard_without_words_are_kept(english):
    heard = Phone(phone="V", start_s=0.5, end_s=0.6)
    one = Syllable(text="", start_s=0.4, vowel_s=0.5, vowel_end_s=0.6, end_s=0.7, stress=1, phones=(heard,))
    unknown = Transcript(language="und", words=(Word(text="", start_s=0.4, end_s=0.7, syllables=(one,)),))
    assert english.realign(unknown) == unknown


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "“Well-known,” it's 1941 — AT&T; don't! Mr. O'Brien's U.S.A. 50% forty-one... naïve & 3:30"),
        ("zh", "今天，天气真好！2008年去B站看AT&T……“你好”？花儿"),
        ("ko", "안녕하세요? 괜찮아요, 감사합니다!"),
        ("es", "¿Qué tal, señor? ¡Hola!"),
        ("de", "Grüße, schön! „Übung“ Haus-tür"),
        ("fr", "L'homme est-il là? Aujourd'hui, c'est l'été"),
        ("hi", "नमस्ते, हिन्दी भाषा। क्या है?"),
    ],
)
def test_what_is_written_agrees_with_itself_in_every_language(english, language, text):
    spoken = []
    now_s = 0.5
    for word in read_text((Cue(text=text),), language=language, lexicon=pronunciations):
        edges = [now_s + 0.07 * place for place in range(len(word.pronunciations[-1]) + 1)]
        phones = zip(word.pronunciations[-1], pairwise(edges), strict=True)
        spoken.append((word, tuple(Phone(phone=name, start_s=a, end_s=b) for name, (a, b) in phones)))
        now_s = edges[-1]
    words = shape_words(spoken, LongSound(pcm=np.zeros(30 * RATE, dtype=np.int16), rate=RATE), offset_s=1.2345)
    known = Transcript(language=language, words=words)
    assert realign(known, english.listen, duration_s=99.0, aligner=english.aligner, lexicon=pronunciations)[0] == known


def test_a_word_of_which_a_part_was_not_heard_is_kept_too(english):
    forty, one = read_text((Cue(text="forty-one"),), lexicon=pronunciations)
    phones = (("F", 1.0, 1.1), ("AO", 1.1, 1.2), ("R", 1.2, 1.25), ("T", 1.25, 1.3), ("IY", 1.3, 1.4))
    heard = tuple(Phone(phone=name, start_s=a, end_s=b) for name, a, b in phones)
    sound = LongSound(pcm=np.zeros(2 * RATE, dtype=np.int16), rate=RATE)
    words = shape_words([(forty, heard), (one, ())], sound, offset_s=0.0)
    assert "".join(one.text for one in words[0].syllables) == "forty-one"
    assert english.realign(words).words == words


# ------------------------------------------------------------------ other words


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_corrected_word_is_found_where_it_was_said(request, language):
    recording = request.getfixturevalue({"en": "english", "zh": "mandarin"}[language])
    for index, word in list(enumerate(recording.truth.words))[::3]:
        words = list(recording.truth.words)
        words[index] = misspelt(word)
        found = recording.realign(words)
        assert others(found.words, index) == others(words, index)
        assert found.words[index].text == word.text
        assert vowels(found.words[index]) == pytest.approx(vowels(word), abs=CLOSE_S)
        assert "".join(one.text for one in found.words[index].syllables) == word.text
        assert not found.words[index].pinned
        assert recording.realign(found) == found


def test_a_word_without_times_is_found(english):
    for index in (0, 3, 7, 12):
        known = english.truth.words[index]
        words = english.with_word(index, start_s=None, end_s=None, syllables=())
        found = english.realign(words)
        assert vowels(found.words[index]) == pytest.approx(vowels(known), abs=CLOSE_S)
        assert others(found.words, index) == others(words, index)


def test_several_words_in_a_row_are_found_together(english):
    words = list(english.truth.words)
    words[3:6] = [Word(text=word.text) for word in words[3:6]]
    found = english.realign(words)
    for index in (3, 4, 5):
        assert vowels(found.words[index]) == pytest.approx(vowels(english.truth.words[index]), abs=CLOSE_S)
    assert (found.words[:3], found.words[6:]) == (english.truth.words[:3], english.truth.words[6:])


def test_a_word_that_was_not_heard_is_sought_again_only_beside_a_change(english):
    unheard = english.with_word(3, start_s=None, end_s=None, syllables=(), confidence=0.0)
    with pytest.warns(ShenquWarning, match="1 of 13 words .*thank.* have no times"):
        assert english.realign(unheard).words == tuple(unheard)
    assert english.listened_s == 0.0
    unheard[4] = misspelt(unheard[4])
    found = english.realign(unheard)
    assert vowels(found.words[3]) == pytest.approx(vowels(english.truth.words[3]), abs=CLOSE_S)


def test_words_written_as_one_become_several(english):
    words = list(english.truth.words)
    words[3:6] = [words[3].replace(text="thank you - very", end_s=words[5].span_s[1])]
    words[3] = words[3].replace(syllables=(words[3].syllables[0].replace(end_s=words[3].span_s[1]),))
    found = english.realign([*words[:3], words[3].replace(start_s=None, end_s=None, syllables=()), *words[4:]])
    assert [word.text for word in found.words[3:6]] == ["thank", "you -", "very"]
    assert vowels(found.words[4]) == pytest.approx(vowels(english.truth.words[4]), abs=CLOSE_S)
    assert found.words[6:] == english.truth.words[6:]


def test_a_word_that_was_not_said_stays_unheard_with_one_warning(english):
    words = list(english.truth.words)
    words[1:1] = [Word(text="hippopotamus"), Word(text="rhinoceros")]
    with pytest.warns(ShenquWarning, match="2 of 15 words .* were not heard") as caught:
        found = english.realign(words)
    assert len(caught) == 1
    assert [(word.heard, word.confidence) for word in found.words[1:3]] == [(False, 0.0)] * 2
    assert (found.words[0], *found.words[3:]) == english.truth.words


def test_a_warning_names_long_words_in_short(english):
    words = [Word(text="hippopotamus " * 500), *english.truth.words]
    with pytest.warns(ShenquWarning, match=r"hippopotamus \[\.\.\.\]") as caught:
        english.realign(words)
    assert len(str(caught[0].message)) < 200


def test_punctuation_and_capitals_keep_all_times(english):
    found = english.realign(english.with_word(0, text="“Hel-LO”!"))
    assert [one.text for one in found.words[0].syllables] == ["“Hel-", "LO”!"]
    assert english.listened_s == 0.0
    back = english.realign(found.replace(words=(found.words[0].replace(text="hello"), *found.words[1:])))
    assert back == english.truth


def test_a_blanked_word_keeps_its_times(english):
    found = english.realign(english.with_word(0, text="[coughs]"))
    assert found.words[0].span_s == english.truth.words[0].span_s
    assert [one.text for one in found.words[0].syllables] == ["[coughs]", ""]
    assert english.realign(found) == found


def test_a_deleted_word_leaves_its_neighbours(english):
    words = others(english.truth.words, 4)
    assert english.realign(words) == english.truth.replace(words=tuple(words))


def test_signs_that_are_read_count_as_letters():
    assert letters("it's") != letters("its")
    assert letters("O.K.,") == letters("ok")
    assert letters("हिन्दी") != letters("हनद")


# ------------------------------------------------------------------ other times


def test_a_moved_word_keeps_its_times_to_the_last_digit(english):
    known = english.truth.words[8]
    start_s, end_s = known.span_s[0] + 0.0212345678901, known.span_s[1] - 0.0112345678901
    found = english.realign(english.with_word(8, start_s=start_s, end_s=end_s))
    word = found.words[8]
    assert word.span_s == (word.syllables[0].start_s, word.syllables[-1].end_s) == (start_s, end_s)
    assert (word.syllables[0].phones[0].start_s, word.syllables[-1].phones[-1].end_s) == (start_s, end_s)
    assert vowels(word) == pytest.approx(vowels(known), abs=CLOSE_S)
    assert word.pinned
    assert others(found.words, 8) == others(english.truth.words, 8)
    assert english.realign(found) == found


def test_a_moved_word_wins_over_its_neighbour(english):
    before, known = english.truth.words[7:9]
    start_s = known.span_s[0] - 0.06
    found = english.realign(english.with_word(8, start_s=start_s))
    assert found.words[8].span_s == (start_s, known.span_s[1])
    assert found.words[7].span_s[1] <= start_s
    assert vowels(found.words[7]) == pytest.approx(vowels(before), abs=CLOSE_S)
    assert not found.words[7].pinned
    assert found.words[:7] + found.words[9:] == english.truth.words[:7] + english.truth.words[9:]
    assert english.realign(found) == found


def test_where_the_sounds_do_not_fit_they_are_scaled(english):
    known = english.truth.words[5]
    start_s, end_s = known.span_s
    half_s = start_s + (end_s - start_s) / 10
    word = english.realign(english.with_word(5, end_s=half_s)).words[5]
    assert word.span_s == (start_s, half_s)
    assert [one.text for one in word.syllables] == [one.text for one in known.syllables]
    share = (word.syllables[0].end_s - start_s) / (half_s - start_s)
    assert share == pytest.approx((known.syllables[0].end_s - start_s) / (end_s - start_s), abs=0.01)


def test_another_word_that_does_not_fit_where_it_was_put_is_spread_evenly(english):
    start_s = english.truth.words[5].span_s[0]
    found = english.realign(english.with_word(5, text="hippopotamus", end_s=start_s + 0.12))
    word = found.words[5]
    assert word.span_s == (start_s, start_s + 0.12) and word.pinned and word.confidence == 0.0
    assert "".join(one.text for one in word.syllables) == "hippopotamus"
    lengths_s = {round(phone.end_s - phone.start_s, 3) for one in word.syllables for phone in one.phones}
    assert len(lengths_s) == 1
    assert english.realign(found) == found


def test_a_moved_vowel_is_pinned_and_its_phones_follow(english):
    known = english.truth.words[1]
    syllable = known.syllables[0].replace(vowel_s=known.syllables[0].vowel_s + 0.0123456789)
    found = english.realign(english.with_word(1, syllables=(syllable,)))
    word = found.words[1]
    assert word.pinned and word.span_s == known.span_s
    assert word.syllables[0].replace(phones=()) == syllable.replace(phones=())
    vowel = next(phone for phone in word.syllables[0].phones if phone.phone == "AE")
    assert (vowel.start_s, vowel.end_s) == (syllable.vowel_s, syllable.vowel_end_s)
    edges = [(phone.start_s, phone.end_s) for phone in word.syllables[0].phones]
    assert all(one[1] == after[0] for one, after in pairwise(edges))
    assert others(found.words, 1) == others(english.truth.words, 1)
    assert english.realign(found) == found


def test_a_moved_syllable_takes_its_word_with_it(english):
    known = english.truth.words[0]
    first, last = known.syllables
    longer = last.replace(end_s=last.end_s + 0.05)
    found = english.realign(english.with_word(0, syllables=(first, longer)))
    assert found.words[0].span_s == (known.span_s[0], longer.end_s)
    assert found.words[0].pinned and found.words[0].syllables[0] == first


def test_what_was_pinned_survives_when_the_word_is_moved_again(english):
    known = english.truth.words[1]
    vowel_s = known.syllables[0].vowel_s + 0.01
    pinned = english.realign(english.with_word(1, syllables=(known.syllables[0].replace(vowel_s=vowel_s),)))
    words = list(pinned.words)
    words[1] = words[1].replace(start_s=words[1].span_s[0] + 0.01)
    assert english.realign(words).words[1].syllables[0].vowel_s == vowel_s


def test_pinned_words_are_walls(english):
    words = english.with_word(3, pinned=True)
    words[4] = misspelt(words[4])
    found = english.realign(words)
    assert found.words[3] == words[3]
    assert found.words[4].span_s[0] >= words[3].span_s[1]


def test_words_split_and_merged_in_praat_keep_their_syllables(english):
    grid = to_textgrid(english.truth)
    hello = english.truth.words[0]
    start_s, middle_s, end_s = hello.span_s[0], hello.syllables[0].end_s, hello.span_s[1]
    whole = f'''            xmin = {start_s!r}
            xmax = {end_s!r}
            text = "hello"'''
    assert grid.count(whole) == 1
    parts = whole.replace(repr(end_s), repr(middle_s)).replace("hello", "hel")
    parts += whole.replace(repr(start_s), repr(middle_s)).replace("hello", "lo")
    split = grid.replace(whole, parts)
    count = 2 * len(english.truth.words) + 1
    found = english.realign(textgrid_transcript(_recounted(split, 1), "a.TextGrid"))
    assert [word.text for word in found.words[:2]] == ["hel", "lo"]
    assert [word.syllables[0].replace(text="") for word in found.words[:2]] == [
        syllable.replace(text="") for syllable in hello.syllables
    ]
    assert found.words[2:] == english.truth.words[1:]
    assert count


def _recounted(grid, more):
    """Return a TextGrid whose first tier says that it has so many intervals more."""
    head, _, tail = grid.partition("intervals: size = ")
    number, _, rest = tail.partition("\n")
    return f"{head}intervals: size = {int(number) + more}\n{rest}"


def test_a_boundary_moved_in_the_words_tier_alone(english):
    grid = to_textgrid(english.truth)
    one, other = english.truth.words[6], english.truth.words[8]
    assert one.span_s[1] < english.truth.words[7].span_s[0]
    tier, _, rest = grid.partition('name = "syllables"')
    moved = tier.replace(repr(other.span_s[1]), repr(other.span_s[1] - 0.025))
    found = english.realign(textgrid_transcript(moved + 'name = "syllables"' + rest, "a.TextGrid"))
    assert found.words[8].span_s == (other.span_s[0], other.span_s[1] - 0.025)
    assert found.words[9].span_s[0] == other.span_s[1] - 0.025
    assert found.words[8].pinned and found.words[9].pinned
    assert others(others(found.words, 9), 8) == others(others(english.truth.words, 9), 8)


def test_a_boundary_moved_in_the_vowels_tier_alone(english):
    how, are = english.truth.words[7:9]
    edge_s = are.syllables[0].vowel_s
    assert edge_s == are.span_s[0] == how.syllables[0].vowel_end_s, "two vowels meet here"
    before, _, rest = to_textgrid(english.truth).partition('name = "vowels"')
    vowels_tier, _, after = rest.partition('name = "confidence"')
    for moved_s in (edge_s - 0.0123, edge_s + 0.0123):
        moved = before + 'name = "vowels"' + vowels_tier.replace(repr(edge_s), repr(moved_s))
        found = english.realign(textgrid_transcript(moved + 'name = "confidence"' + after, "a.TextGrid"))
        assert found.words[8].syllables[0].vowel_s == moved_s
        assert found.words[7].syllables[0].vowel_end_s == moved_s
        assert found.words[7].pinned and found.words[8].pinned
        assert found.words[:7] + found.words[9:] == english.truth.words[:7] + english.truth.words[9:]
        assert english.realign(found) == found


# ------------------------------------------------------------------ what cannot be


def test_words_out_of_order_are_named(english):
    words = list(english.truth.words)
    words[2], words[3] = words[3], words[2]
    with pytest.raises(InputError, match=r"the word `you` at \d+\.\d+ s follows `thank`, but begins before"):
        english.realign(words)


def test_words_of_another_recording_are_refused(english):
    late = Transcript(language="en", words=(Word(text="late", start_s=99.0, end_s=99.5),))
    with pytest.raises(InputError, match=r"`late` ends at 99\.50 s and the recording at .* another recording"):
        english.realign(late)


def test_a_new_word_in_a_language_that_is_not_read_is_refused(english):
    words = english.with_word(0, text="пожалуйста")
    with pytest.raises(InputError, match="ru"):
        realign(
            Transcript(language="ru", words=tuple(words)),
            english.listen,
            duration_s=len(english.pcm) / RATE,
            aligner=english.aligner,
            lexicon=pronunciations,
        )


# ------------------------------------------------------------------ placements


def note(number):
    return PlacedNote(pitch=60 + number, onset_beat=Fraction(number), length_beat=Fraction(1))


def placed(*syllables):
    return tuple(Placement(syllable=syllable, notes=(note(place),)) for place, syllable in enumerate(syllables))


def test_words_that_kept_their_syllables_keep_their_notes(english):
    words = english.truth.words
    placements = placed(0, 1, None, 2, 3, 0, 1)
    carried = carry(placements, words, [(word,) for word in words])
    assert (carried.placements, carried.unsung, carried.lost) == (placements, (), ())


def test_the_last_syllable_goes_on_where_there_are_fewer(english):
    words = english.truth.words
    short = words[0].replace(syllables=words[0].syllables[:1])
    carried = carry(placed(0, 1, 2, 0, 1, 3), words, [(short,), *((word,) for word in words[1:])])
    assert [(one.syllable, len(one.notes)) for one in carried.placements] == [(0, 2), (1, 1), (0, 2), (2, 1)]
    notes = [note for one in carried.placements for note in one.notes]
    assert notes == [note for one in placed(0, 1, 2, 0, 1, 3) for note in one.notes]


def test_surplus_syllables_stay_unsung_and_are_named(english):
    words = english.truth.words
    longer = words[1].replace(syllables=words[0].syllables)
    carried = carry(placed(0, 1, 2, 3), words, [(words[0],), (longer,), *((word,) for word in words[2:])])
    assert [one.syllable for one in carried.placements] == [0, 1, 2, 4]
    assert [one.text for one in carried.unsung] == ["lo"]


def test_notes_of_a_lost_word_are_rests(english):
    words = english.truth.words
    lost = Word(text="gone", confidence=0.0)
    carried = carry(placed(0, 1, 2), words, [(lost,), *((word,) for word in words[1:])])
    assert [one.syllable for one in carried.placements] == [None, None, 0]
    assert carried.lost == (words[0],)


def test_a_placement_beyond_the_syllables_is_refused(english):
    with pytest.raises(InputError, match=r"placement 1 sings syllable 99"):
        carry(placed(0, 99), english.truth.words, [(word,) for word in english.truth.words])


# ------------------------------------------------------------------ as a user meets it


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a spoken line, its words in both forms, and a song of it."""
    folder = tmp_path_factory.mktemp("corrected")
    spoken = speak(demo_line("en"))
    soundfile.write(folder / "line.wav", spoken.audio.mono, spoken.audio.rate)
    for form in ("json", "TextGrid"):
        (folder / f"line.{form}").write_text(write_words(spoken.transcript, form.lower()), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _in_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SHENQU_CACHE", str(folder / "cache"))


@pytest.fixture(scope="module")
def song(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHENQU_CACHE", str(folder / "cache"))
        made = shenqu.sing(folder / "line.wav", "twinkle", text=str(folder / "line.json"), out=folder / "song.wav")
    return made.document


def test_unchanged_files_are_written_as_they_were(folder):
    for form in ("json", "TextGrid"):
        assert run(["words", "line.wav", "--from", f"line.{form}", "-o", f"same.{form}", "--force", "--quiet"]) == 0
        assert (folder / f"same.{form}").read_bytes() == (folder / f"line.{form}").read_bytes()


def test_a_label_changed_in_a_text_editor(folder, capsys):
    grid = (folder / "line.TextGrid").read_text(encoding="utf-8")
    wrong = grid.replace('text = "much"', 'text = "march"')
    (folder / "wrong.TextGrid").write_text(wrong, encoding="utf-8")
    known = read_transcript("line.TextGrid")
    assert run(["words", "line.wav", "--from", "wrong.TextGrid", "-o", "found.TextGrid", "--force"]) == 0
    assert capsys.readouterr().err.splitlines() == ["found.TextGrid (13 words, 16 syllables)"]
    found = read_transcript("found.TextGrid")
    assert found.words[6].text == "march"
    assert others(found.words, 6) == others(known.words, 6)
    (folder / "right.TextGrid").write_text(
        (folder / "found.TextGrid").read_text(encoding="utf-8").replace('"march"', '"much"', 1), encoding="utf-8"
    )
    again = shenqu.words("line.wav", corrected="right.TextGrid")
    assert vowels(again.words[6]) == pytest.approx(vowels(known.words[6]), abs=CLOSE_S)


def test_stdout_and_python_say_the_same(folder, capsys):
    changed = json.loads((folder / "line.json").read_text(encoding="utf-8"))
    changed["words"][3] = {"text": "thank"}
    (folder / "changed.json").write_text(json.dumps(changed), encoding="utf-8")
    assert run(["words", "line.wav", "--from", "changed.json"]) == 0
    found = shenqu.words("line.wav", corrected="changed.json")
    assert capsys.readouterr().out == write_words(found, "json")
    assert vowels(found.words[3]) == pytest.approx(vowels(read_transcript("line.json").words[3]), abs=CLOSE_S)


def test_a_song_is_corrected_and_sung_again(folder, song):
    value = json.loads(song.read_text(encoding="utf-8"))
    value["transcript"]["words"][0]["text"] = "hell"
    value["title"] = "corrected"
    (folder / "changed.shenqu").write_text(json.dumps(value), encoding="utf-8")
    assert run(["words", "--from", "changed.shenqu", "-o", "new.shenqu", "--force", "--quiet"]) == 0
    before, after = shenqu.read_song(song), shenqu.read_song(folder / "new.shenqu")
    assert after.title == "corrected"
    assert [one.text for one in after.transcript.words[0].syllables] == ["hell"]
    assert after.transcript.words[1:] == before.transcript.words[1:]
    notes = [[note for one in value.placements for note in one.notes] for value in (before, after)]
    assert notes[0] == notes[1]
    sung = [[one.syllable for one in value.placements for _ in one.notes] for value in (before, after)]
    assert 1 in sung[0]
    assert sung[1] == [None if syllable is None else max(0, syllable - 1) for syllable in sung[0]]
    if before.hook:
        assert after.hook == Hook(first=max(0, before.hook.first - 1), last=max(0, before.hook.last - 1))
    assert run(["render", "new.shenqu", "--quiet", "--force"]) == 0
    assert soundfile.info(folder / "new.wav").duration == soundfile.info(folder / "song.wav").duration


def test_an_unchanged_song_stays_the_same_document(folder, song, capsys):
    assert run(["words", "--from", song.name, "-o", "again.shenqu", "--force", "--quiet"]) == 0
    assert shenqu.read_song(folder / "again.shenqu") == shenqu.read_song(song)
    assert run(["words", "line.wav", "--from", song.name, "--to", "textgrid"]) == 0
    printed = capsys.readouterr().out
    assert textgrid_transcript(printed, "a.TextGrid") == shenqu.read_song(song).transcript


def test_a_song_in_another_folder_finds_its_recording(folder, song):
    (folder / "other").mkdir(exist_ok=True)
    assert run(["words", "--from", song.name, "-o", "other/moved.shenqu", "--force", "--quiet"]) == 0
    assert shenqu.read_song(folder / "other" / "moved.shenqu").sources[0].path == "../line.wav"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["line.wav", "--from", "none.json"], "none.json"),
        (["line.wav", "--from", "line.srt"], "--from reads .json, .TextGrid or .shenqu"),
        (["line.wav", "--from", "broken.json"], "broken.json"),
        (["line.wav", "--from", "broken.TextGrid"], "broken.TextGrid"),
        (["line.wav", "--from", "whisper.json"], "is not what shenqu words wrote"),
        (["line.wav", "--from", "line.json", "--text", "hello"], "--text"),
        (["line.wav", "--from", "line.json", "--start", "1"], "--start"),
        (["line.wav", "--from", "line.json", "--to", "song", "-o", "a.shenqu"], "only a song document becomes one"),
        (["--from", "line.json"], "the recording is missing"),
        (["none.wav", "--from", "line.json"], "none.wav"),
        (["line.wav", "--from", "long.json"], "another recording"),
        (["line.wav", "--from", "line.json", "-o", "line.json", "--force"], "is an input"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(folder, capsys, arguments, said):
    (folder / "broken.json").write_text('{"language": "en", "words": [{"text"', encoding="utf-8")
    (folder / "broken.TextGrid").write_text("File type", encoding="utf-8")
    (folder / "whisper.json").write_text('{"segments": [{"start": 0, "end": 1, "text": "hello"}]}', encoding="utf-8")
    late = Transcript(language="en", words=(Word(text="late", start_s=99.0, end_s=99.5),))
    (folder / "long.json").write_text(write_words(late, "json"), encoding="utf-8")
    assert run(["words", *arguments]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and said in lines[0]


def test_no_recording_at_all_is_not_understood(capsys):
    assert run(["words"]) == 2
    assert "SPEECH" in capsys.readouterr().err


# ------------------------------------------------------------------ real speech

DATA = Path(os.environ.get("SHENQU_DATA", "/nonexistent"))


@pytest.mark.skipif("SHENQU_DATA" not in os.environ, reason="SHENQU_DATA names no folder of recordings")
def test_a_word_in_real_speech_comes_back_to_where_it_was(tmp_path):
    speech, text = DATA / "speech" / "jfk-inaugural.flac", DATA / "speech" / "jfk-inaugural.txt"
    known = shenqu.words(speech, text=str(text))
    for place in (5, 12):
        words = list(known.words)
        words[place] = misspelt(words[place])
        (tmp_path / "a.json").write_text(write_words(known.replace(words=tuple(words)), "json"), encoding="utf-8")
        found = shenqu.words(speech, corrected=tmp_path / "a.json")
        assert others(found.words, place) == others(known.words, place)
        assert vowels(found.words[place]) == pytest.approx(vowels(known.words[place]), abs=0.05)
