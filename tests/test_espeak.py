"""eSpeak NG: what it says, in the nearest English sounds; texts that no one would write."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.speech import Cue
from shenqu.engines.espeak import LONGEST, find_espeak
from shenqu.engines.pocketsphinx_aligner import pronunciations
from shenqu.errors import InputError
from shenqu.speech.languages.ipa import read_ipa, split_word
from shenqu.speech.phones import VOWELS, UnreadableError
from shenqu.speech.reading import read_aloud

ESPEAK = find_espeak()
needs_espeak = pytest.mark.skipif(ESPEAK is None, reason="eSpeak NG is not installed")


def read(text, language=None):
    return read_aloud([Cue(text=text)], language, lexicon=pronunciations, find_phonetics=lambda: ESPEAK)


def shown(way):
    return ".".join("-".join(syllable.phones) for syllable in way)


@needs_espeak
@pytest.mark.parametrize(
    ("language", "written", "sounds"),
    [
        ("ru", "мама", "M-AA.M-AA"), ("ru", "чашка", "CH-AA-SH.K-AA"), ("uk", "друзі", "D-R-UW.Z-IY"),
        ("pl", "dzień", "JH-EH-N-Y"), ("tr", "çocuk", "CH-OW.JH-UH-K"), ("cs", "prst", "P-ER-S-T"),
        ("nl", "tijd", "T-EY-T"), ("fi", "kissa", "K-IY.S-AA"), ("vi", "bạn", "B-AA-N"), ("el", "κόσμε", "K-OW-S.M-EH"),
        ("id", "pagi", "P-AA.G-IY"), ("hu", "jó", "Y-OW"), ("ar", "مرحبا", "M-AH-R.HH-AH.B-AA"), ("nor", "ja", "Y-AA"),
    ],
)  # fmt: skip
def test_words_of_other_languages_are_read(language, written, sounds):
    (word,) = read(written, language)[1]
    assert sounds in {shown(way) for way in word.said}


@needs_espeak
@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ты в порядке?", "ru"), ("Що це таке? Їжак!", "uk"), ("Καλημέρα", "el"), ("مرحبا", "ar"), ("چطوری", "fa"),
        ("שלום", "he"), ("Ik weet niet wat het is", "nl"), ("Jag vet inte vad det är", "sv"), ("To nie jest tak", "pl"),
        ("Bu çok güzel bir gün", "tr"), ("Tôi không biết bạn là ai", "vi"), ("En tiedä mitä se on", "fi"),
    ],
)  # fmt: skip
def test_the_language_is_told(text, language):
    assert read(text)[0] == language


@needs_espeak
def test_a_lone_consonant_leans_on_its_word():
    assert [word.text for word in read("кот с собой и z нами")[1]] == ["кот", "с собой", "и", "z нами"]


@needs_espeak
def test_numbers_are_read_and_shown_as_written():
    (word,) = read("1984", "pl")[1]
    assert word.text == "1984" and word.syllables > 6


@needs_espeak
def test_other_scripts_keep_their_language():
    words = read("Привет OK 你好")[1]
    assert [word.text for word in words] == ["Привет", "OK", "你", "好"]
    assert ("OW", "K", "EY") in words[1].pronunciations and words[2].tone


@needs_espeak
def test_many_threads_hear_one_answer():
    told = {"ru": "мама", "pl": "dzień", "tr": "çocuk"}
    alone = {language: ESPEAK.ipa(word, language) for language, word in told.items()}
    found = []

    def say(language):
        found.extend((language, ESPEAK.ipa(told[language], language)) for _ in range(30))

    threads = [threading.Thread(target=say, args=(language,)) for language in told]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 90 and all(alone[language] == sounds for language, sounds in found)


@needs_espeak
def test_what_it_does_not_speak():
    assert ESPEAK.speaks("ru") and not ESPEAK.speaks("qq") and ESPEAK.ipa("a", "qq") == ""
    assert len(ESPEAK.ipa("а" * 10_000, "ru")) < 20 * LONGEST
    with pytest.raises(UnreadableError, match="cannot be read aloud"):
        read("tlhIngan maH", "qq")


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [("Ты в порядке?", None, "espeak"), ("สวัสดีครับ", None, "cannot be read"), ("42", None, "--language")],
)
def test_without_it_the_reason_is_told(text, language, reason):
    with pytest.raises(UnreadableError, match=reason):
        read_aloud([Cue(text=text)], language, lexicon=pronunciations)


def test_sounds_that_no_table_has():
    assert read_ipa("a", "") == () and read_ipa("a", "_ ˈ") == ()
    ((said,),) = read_ipa("ɓa", "ɓ_ˈa")[:1]
    assert said.phones == ("B", "AA")


ABSURD = {
    "hello мир مرحبا 안녕 नमस्ते": "hi",
    "مرحبا بالعالم": "ar",
    "\u202eabc\u202c": "en",
    "a\u200bb\u200d\ufeff": "en",
    "a\x07\x1b[31mb\x00c": "en",
    "😀 🎵 👨‍👩‍👧": "no words",
    "\u0301\u0302": "no words",
    "a" * 5000: "longer than any word",
    "ж" * 5000: "longer than any word",
    "я" + "\u0301" * 500: "longer than any word",
    "각" * 200: "longer than any word",
    "क्ष" * 100: "longer than any word",
    "ส" * 5000: "cannot be read aloud",
    "ᏣᎳᎩ": "--language",
    "1234567890" * 50: "--language",
    "слово " * 100_000: "ru",
    "word " * 100_000: "en",
}


@needs_espeak
@pytest.mark.parametrize("text", ABSURD, ids=lambda text: ascii(text[:8]))
def test_absurd_texts_are_read_or_refused_in_one_line(text):
    try:
        language, words = read(text)
        assert language in ABSURD[text].split() and all(word.pronunciations for word in words[:100])
    except InputError as reason:
        assert ABSURD[text] in str(reason) and "\n" not in str(reason) and len(str(reason)) < 200


@settings(max_examples=60, deadline=None)
@given(st.text("абвгйеоьъكتابπεζאבגაგaečłñ'-1.", min_size=1, max_size=12), st.integers(1, 9))
def test_letters_are_all_kept(word, count):
    parts = split_word(word, count)
    assert len(parts) == count and "".join(parts) == word


@needs_espeak
@settings(max_examples=150, deadline=None)
@given(
    st.text(st.characters(codec="utf-8"), max_size=20)
    | st.text("аяйьсвъ كتابچ ħłžαοή שלום ქართ 19,%$'’-()[]", max_size=20),
    st.sampled_from(["ru", "pl", "ar", "he", "vi", "el", "ka", "cs", None]),
)
def test_any_text_is_read_or_refused(text, language):
    try:
        words = read(text, language)[1]
    except InputError:
        return
    for word in words:
        assert word.text.strip() and word.pronunciations and word.syllables >= 1
        for way in word.said:
            assert "".join(part.text for part in way) == word.text
            assert all(sum(phone in VOWELS for phone in part.phones) == 1 for part in way)
