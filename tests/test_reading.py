"""What a text says: words, sounds, syllables, language."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.speech import Cue
from shenqu.engines.pocketsphinx_aligner import pronunciations
from shenqu.errors import InputError
from shenqu.speech.mandarin import pinyin_word, read_characters
from shenqu.speech.phones import VOWELS, syllable_starts
from shenqu.speech.reading import is_foreign, language_of, read_text
from shenqu.speech.spelling import _SPELLINGS, spell_out, split_letters


def read(text):
    return read_text([Cue(text=text)], lexicon=pronunciations)


def ways(text):
    return [" ".join(way) for way in read(text)[0].pronunciations]


def test_words_keep_their_punctuation():
    assert [word.text for word in read("“Well”, he said — it’s “OK”…fine!")] == [
        "“Well”,", "he", "said", "it’s", "“OK”", "fine!",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("it’s", "IH T S"),
        ("Dr.", "D AA K T ER"),
        ("FBI", "EH F B IY AY"),
        ("U.S.A.", "Y UW EH S EY"),
        ("tatter'd", "T AE T ER D"),
        ("Gregson’s", "G R EH G S AH N Z"),
        ("café", "K AH F EY"),
        ("&", "AH N D"),
        ("hmm", "HH AH M"),
    ],
)
def test_how_words_are_said(written, said):
    assert said in ways(written)


def test_a_word_with_several_readings_offers_them():
    assert {"R EH D", "R IY D"} <= set(ways("read"))


def test_a_shouted_text_is_no_row_of_initials():
    assert "AY T IY" not in ways("IT IS ON") and "AY T IY" in ways("IT is on")


def test_names_in_pinyin_are_known():
    assert "SH Y AW M IY" in ways("Xiaomi") and "SH AH N CH UW" in ways("shenqu")


def test_hyphens_part_a_word():
    parts = read("forty-one")
    assert [(part.text, part.joined) for part in parts] == [("forty-", False), ("one", True)]


@pytest.mark.parametrize("text", ["...", "[music]", "♪ ♪", "-"])
def test_a_text_without_words_is_refused(text):
    with pytest.raises(InputError, match="no words"):
        read(text)


def test_absurd_words_are_refused_quickly():
    with pytest.raises(InputError, match="longer than any word"):
        read("a" * 100_000)


def test_mandarin_reads_in_context():
    assert [ways[0].tone for ways in read_characters("银行行长")] == [2, 2, 2, 3]
    words = read("小米，你还好吗？Are you OK？")
    assert [word.text for word in words] == ["小", "米", "你", "还", "好", "吗", "Are", "you", "OK？"]
    assert [word.tone for word in words] == [3, 3, 3, 2, 3, 5, 0, 0, 0]
    assert words[3].pronunciations == (("HH", "AY"), ("HH", "W", "AA", "N"), ("HH", "W", "AE", "N"))


@pytest.mark.parametrize(
    ("written", "tones"),
    [
        ("不是不好", "2443"), ("一定一起一天", "244341"), ("一个第一一月", "244114"),
        ("爸爸妈妈", "4515"), ("朋友喜欢", "2535"), ("跑得快", "354"), ("得到", "24"), ("慢慢地", "445"),
        ("土地", "34"),
        ("花儿儿子", "1525"), ("为什么", "425"), ("银行行长", "2223"), ("音乐快乐", "1444"),
    ],
)  # fmt: skip
def test_tones_as_they_are_spoken(written, tones):
    assert "".join(str(ways[0].tone) for ways in read_characters(written)) == tones


@pytest.mark.parametrize(
    ("character", "sounds"),
    [
        ("长", {"CH AA NG", "JH AA NG"}), ("行", {"SH IY NG", "HH AA NG"}), ("重", {"JH UH NG", "CH UH NG"}),
        ("乐", {"L AH", "Y EH"}), ("还", {"HH AY", "HH W AA N"}), ("得", {"D AH", "D EY"}), ("地", {"D AH", "D IY"}),
        ("着", {"JH AH", "JH AW", "JH W AO"}), ("了", {"L AH", "L Y AW"}), ("都", {"D OW", "D UW"}),
        ("数", {"SH UW", "SH W AO"}), ("大", {"D AA", "D AY"}), ("率", {"L UW", "SH W AY"}), ("车", {"CH AH", "JH UW"}),
    ],
)  # fmt: skip
def test_polyphones_offer_their_sounds(character, sounds):
    (ways,) = read_characters(character)
    assert sounds <= {" ".join(way.phones) for way in ways}


def test_every_common_character_is_one_syllable():
    characters = "".join(map(chr, range(0x4E00, 0x4F00)))
    for found in read_characters(characters):
        assert all(sum(phone in VOWELS for phone in way.phones) == 1 for way in found)


def test_pinyin_is_told_from_english():
    assert pinyin_word("beijing") and pinyin_word("lü")
    assert not any(pinyin_word(word) for word in ("thus", "gregson", "strong", ""))


def test_a_character_without_reading_is_named():
    with pytest.raises(InputError, match="々"):
        read("々")


@pytest.mark.parametrize(
    ("text", "language", "told"),
    [
        ("Are you OK", None, "en"), ("你还好吗 OK", None, "zh"), ("元気ですか", None, "ja"), ("괜찮아요", None, "ko"),
        ("ты в порядке", None, "ru"),
        ("Ї!", None, "uk"), ("سلام", None, "ar"), ("פ", None, "he"), ("♪ 🎵", None, "und"),
        ("Alles gut", "de", "de"), ("你好", "zh-CN", "zh"), ("你好", "cmn", "zh"), ("42", "deu", "de"),
    ],
)  # fmt: skip
def test_the_script_tells_the_language(text, language, told):
    assert language_of([Cue(text=text)], language) == told


@pytest.mark.parametrize(("text", "language"), [("你好", "en"), ("hello", "zh"), ("元気ですか", "en"), ("hello", "??")])
def test_the_wrong_language_is_refused(text, language):
    with pytest.raises(InputError, match="language"):
        language_of([Cue(text=text)], language)


def test_a_text_of_another_language_is_noticed():
    assert is_foreign(
        read("Der abenteuerliche Simplicissimus ganz neu eingerichteter allenthalben verbesserter Vagant")
    )
    assert not is_foreign(read("From fairest creatures we desire increase that thereby beauty's rose might never die"))


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("Americans,", "A-mer-i-cans,"), ("country", "coun-try"), ("united", "u-ni-ted"), ("little", "li-ttle"),
        ("exactly", "e-xact-ly"), ("people", "peo-ple"), ("don’t", "don’t"), ("queen", "queen"), ("rhythm", "rhy-thm"),
    ],
)  # fmt: skip
def test_letters_are_split_where_syllables_are(word, parts):
    (read_word,) = read(word)
    assert "-".join(split_letters(word, read_word.pronunciations[0])) == parts


@settings(max_examples=60, deadline=None)
@given(st.text("abcdefghijklmnopqrstuvwxyz'", min_size=1, max_size=20))
def test_any_spelling_has_syllables_and_keeps_its_letters(word):
    phones = spell_out(word)
    starts = syllable_starts(phones)
    assert starts and sum(phone in VOWELS for phone in phones) == len(starts)
    assert set(phones) <= set(_SPELLINGS)
    assert "".join(split_letters(word, phones)) == word
