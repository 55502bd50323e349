import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.engines.pocketsphinx_aligner import PocketsphinxAligner
from shenqu.engines.swift_pitch import track_pitch
from shenqu.errors import InputError
from shenqu.speech.lines import demo_line, english, mandarin, pinyin_phones
from shenqu.speech.sounds import SOUNDS
from shenqu.speech.speaker import SpokenSyllable, SpokenWord, speak
from signals import RATE, spoken

LINES = ["en", "zh", "pangram"]
VOWELS = {name for name, sound in SOUNDS.items() if sound.manner == "vowel"}
CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
ARPABET = {*CONSONANTS.split(), *(VOWELS - {"IX", "IR", "UE"})}


def phones_of(transcript):
    return [phone for syllable in transcript.syllables for phone in syllable.phones]


def rms(samples):
    return float(np.sqrt(np.mean(np.square(samples))))


def part_of(line, start_s, end_s):
    return line.audio.samples[0][round(start_s * RATE) : round(end_s * RATE)]


@pytest.mark.parametrize("line", LINES)
def test_the_truth_is_in_order_and_on_whole_milliseconds(line):
    transcript = spoken(line).transcript
    times_s = [time_s for phone in phones_of(transcript) for time_s in (phone.start_s, phone.end_s)]
    assert times_s == sorted(times_s) and all(round(time_s, 3) == time_s for time_s in times_s)
    for syllable in transcript.syllables:
        assert syllable.start_s <= syllable.vowel_s < syllable.vowel_end_s <= syllable.end_s
        assert [before.end_s for before in syllable.phones[:-1]] == [after.start_s for after in syllable.phones[1:]]
    for word in transcript.words:
        assert (word.start_s, word.end_s) == (word.syllables[0].start_s, word.syllables[-1].end_s)
    assert {phone.phone for phone in phones_of(transcript)} <= ARPABET


def test_what_was_said_is_what_was_asked_for():
    words = spoken("en").transcript.words
    assert " ".join(word.text for word in words[:7]) == "hello thank you thank you very much"
    assert [syllable.text for syllable in words[0].syllables] == ["hel", "lo"]
    assert [syllable.stress for syllable in words[0].syllables] == [0, 1]
    characters = spoken("zh").transcript.syllables
    assert "".join(syllable.text for syllable in characters) == "今天天气真好我们一起唱歌吧"
    assert [syllable.tone for syllable in characters[:6]] == [1, 1, 1, 4, 1, 3]


@pytest.mark.parametrize("line", LINES)
def test_the_aligner_hears_the_vowels_where_they_were_planted(line):
    """An aligner that never heard of us, in 10 ms frames: a median of one frame and a half is its own grain."""
    said = spoken(line)
    samples = soxr.resample(said.audio.samples[0], RATE, 16_000).astype(np.float32)
    planted = [[phone for syllable in word.syllables for phone in syllable.phones] for word in said.transcript.words]
    found = PocketsphinxAligner().find_phones(samples, [tuple(phone.phone for phone in word) for word in planted])
    assert len(found) == len(planted)
    errors_s = [
        abs(heard.start_s - truth.start_s)
        for truths, heards in zip(planted, found, strict=True)
        for truth, heard in zip(truths, heards, strict=True)
        if truth.phone in VOWELS
    ]
    assert np.median(errors_s) <= 0.015
    assert np.percentile(errors_s, 90) <= 0.040


@pytest.mark.parametrize("pitch_hz", [100.0, 200.0])
@pytest.mark.parametrize("line", LINES)
def test_the_tracker_hears_the_planted_pitch(line, pitch_hz):
    said = spoken(line, pitch_hz=pitch_hz)
    heard_hz = track_pitch(said.audio.samples[0], RATE).f0_hz
    times_s = np.arange(len(heard_hz)) * 0.005
    inside = np.zeros(len(heard_hz), dtype=bool)
    for syllable in said.transcript.syllables:
        inside |= (times_s > syllable.vowel_s + 0.02) & (times_s < syllable.vowel_end_s - 0.02)
    truth_hz = np.interp(times_s, np.arange(len(said.pitch_hz)) * 0.001, said.pitch_hz)
    voiced = inside & (heard_hz > 0)
    assert voiced.sum() / inside.sum() > 0.98
    cents = np.abs(1200.0 * np.log2(heard_hz[voiced] / truth_hz[voiced]))
    assert np.median(cents) < 6.0 and np.percentile(cents, 95) < 20.0
    assert abs(12.0 * np.log2(np.mean(said.pitch_hz[said.pitch_hz > 0]) / pitch_hz)) < 2.5


def test_tones_move_as_their_names_say():
    said = speak(mandarin(("妈麻马骂", "ma1 ma2 ma3 ma4")), language="zh")
    moves = []
    for syllable in said.transcript.syllables:
        inside = said.pitch_hz[round(syllable.vowel_s * 1000) + 20 : round(syllable.vowel_end_s * 1000) - 20]
        moves.append((12 * np.log2(inside[-1] / inside[0]), np.mean(inside)))
    (level, high), (rise, _), (_, low), (fall, _) = moves
    assert abs(level) < 2.0 and rise > 2.0 and fall < -3.0 and low < 0.75 * high


def test_a_question_rises_and_a_statement_falls():
    for ending, sign in (("?", 1), (".", -1)):
        said = speak(english((f"you{ending}", "Y UW1")))
        voiced = said.pitch_hz[said.pitch_hz > 0]
        assert sign * (voiced[-20:].mean() - voiced[:20].mean()) > 5.0


def test_formants_lie_where_the_tables_have_them():
    parselmouth = pytest.importorskip("parselmouth", reason="praat-parselmouth comes with the bench extra")
    for vowel in ("IY", "AA", "UW", "EH", "AO"):
        said = speak(english(("x", f"{vowel}1")))
        truth, syllable = SOUNDS[vowel], said.transcript.syllables[0]
        middle_s = (syllable.vowel_s + syllable.vowel_end_s) / 2
        found = parselmouth.Sound(said.audio.samples[0].astype(float), RATE).to_formant_burg(maximum_formant=5000.0)
        for number in (1, 2):
            expected_hz = (truth.formants_hz[number - 1] + truth.end_formants_hz[number - 1]) / 2
            assert found.get_value_at_time(number, middle_s) == pytest.approx(expected_hz, rel=0.1, abs=40.0)


@pytest.mark.parametrize(("phone", "low_hz", "high_hz"), [("S", 5000, 9000), ("SH", 2500, 5000), ("F", 2000, 11_000)])
def test_hisses_lie_where_they_belong(phone, low_hz, high_hz):
    said = speak(english(("x", f"AA1 {phone}")))
    truth = said.transcript.syllables[0].phones[1]
    spectrum = np.abs(np.fft.rfft(part_of(said, truth.start_s, truth.end_s))) ** 2
    hz = np.linspace(0, RATE / 2, len(spectrum))
    assert spectrum[(hz > low_hz) & (hz < high_hz)].sum() > 0.5 * spectrum.sum()


def test_closures_are_quiet_and_releases_are_not():
    said = speak(english(("at-tack", "AH0 - T AE1 K")))
    stop = said.transcript.syllables[1].phones[0]
    middle_s = (stop.start_s + stop.end_s) / 2
    vowel = rms(part_of(said, stop.end_s, stop.end_s + 0.1))
    assert rms(part_of(said, stop.start_s + 0.012, middle_s - 0.012)) < 0.02 * vowel
    assert rms(part_of(said, middle_s, stop.end_s)) > 0.05 * vowel


def test_all_english_sounds_and_all_syllables_of_pinyin_can_be_said():
    assert set(SOUNDS) >= ARPABET and len(ARPABET) == 39
    for name in sorted(ARPABET):
        phones = (f"{name}1",) if name in VOWELS else (name, "AH1", name)
        said = speak([SpokenWord(text="x", syllables=(SpokenSyllable(text="x", phones=phones),))])
        assert 0.02 < np.abs(said.audio.samples).max() < 1.0
    pinyin = pytest.importorskip("pypinyin.pinyin_dict").pinyin_dict
    convert = pytest.importorskip("pypinyin.contrib.tone_convert").to_tone3
    readings = {convert(reading, neutral_tone_with_five=True) for row in pinyin.values() for reading in row.split(",")}
    vowelless = {"m", "n", "ng", "hm", "hng", "wong"}
    for reading in readings:
        if reading.rstrip("12345") not in vowelless:
            phones, tone = pinyin_phones(reading)
            assert sum(phone in VOWELS for phone in phones) == 1 and tone == int(reading[-1])


def test_the_same_line_is_the_same_samples_and_another_seed_is_not():
    line = demo_line("en")[:2]
    first, second, other = (speak(line, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(first.audio.samples, second.audio.samples) and first.transcript == second.transcript
    assert first.transcript != other.transcript


@settings(max_examples=8, deadline=None)
@given(
    st.floats(0.6, 1.8), st.floats(70.0, 300.0), st.sampled_from([16_000, 22_050, 24_000, 48_000]), st.integers(0, 9)
)
def test_rate_pitch_and_sample_rate_are_free(rate, pitch_hz, sample_rate, seed):
    said = speak(demo_line("en")[:3], rate=rate, pitch_hz=pitch_hz, sample_rate=sample_rate, seed=seed)
    plain = speak(demo_line("en")[:3], seed=seed)
    assert said.audio.rate == sample_rate and np.isfinite(said.audio.samples).all()
    assert 0.05 < np.abs(said.audio.samples).max() < 1.0
    assert said.audio.duration_s == pytest.approx(len(said.pitch_hz) / 1000, abs=1 / sample_rate)
    spoken_s = [sum(phone.end_s - phone.start_s for phone in phones_of(line.transcript)) for line in (said, plain)]
    assert spoken_s[0] * rate == pytest.approx(spoken_s[1], rel=0.05)


@pytest.mark.parametrize(
    ("phones", "words"),
    [(("HH", "QQ1"), "QQ is unknown"), (("S", "T"), "exactly one vowel"), (("AA1", "IY1"), "exactly one")],
)
def test_what_cannot_be_said_is_refused(phones, words):
    with pytest.raises(InputError, match=words):
        speak([SpokenWord(text="x", syllables=(SpokenSyllable(text="x", phones=phones),))])


def test_nothing_to_say_and_unknown_languages_are_refused():
    with pytest.raises(InputError, match="nothing to say"):
        speak([])
    with pytest.raises(InputError, match="use en or zh"):
        demo_line("tlh")
    with pytest.raises(InputError, match="no syllable of pinyin"):
        pinyin_phones("xxa1")
