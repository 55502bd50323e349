"""Words of a speech whose text nobody has given: what cannot have been said goes, what was said stays."""

import math
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from itertools import pairwise

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

import shenqu
from shenqu.cli import run
from shenqu.documents.audio import LongSound
from shenqu.documents.recognised import Segment
from shenqu.documents.speech import Cue
from shenqu.engines.whisper_recogniser import WhisperRecogniser
from shenqu.errors import InputError, ShenquWarning
from shenqu.speech.recognise import MOST_COLUMNS_PER_S, recognise, repaired, stretches
from shenqu.speech.speaker import english, speak
from tiny_whisper import make_whisper

RATE = 16_000


def segment(text, start_s, end_s, **fields):
    """Return a segment whose words share its time evenly."""
    words = text.split()
    times_s = np.linspace(start_s, end_s, len(words) + 1)
    return Segment(words=tuple(map(Cue, words, times_s[:-1].tolist(), times_s[1:].tolist())), **fields)


def texts(*segments, duration_s=60.0):
    return [cue.text for cue in repaired(segments, duration_s=duration_s)]


def test_plausible_words_stay_as_they_are():
    said = segment("are you OK ?", 1.0, 2.0)
    (cue,) = repaired([said], duration_s=60.0)
    assert cue.words == said.words
    assert (cue.text, cue.start_s, cue.end_s) == ("are you OK ?", 1.0, 2.0)


def test_silence_goes_only_where_both_chances_say_so():
    assert texts(segment("thank you", 0, 1, no_speech=0.9, log_probability=-1.4)) == []
    assert texts(segment("thank you", 0, 1, no_speech=0.9, log_probability=-0.3)) == ["thank you"]
    assert texts(segment("thank you", 0, 1, no_speech=0.1, log_probability=-1.4)) == ["thank you"]


def test_real_repeats_are_kept():
    text = " ".join(["are you OK"] * 3)
    assert texts(segment(text, 0.0, 1.5)) == [text]
    assert texts(segment("no no no no no no", 0.0, 1.2)) == ["no no no no no no"]
    assert texts(segment("我 们 我 们 我 们", 0.0, 0.9)) == ["我们我们我们"]


def test_a_loop_keeps_the_copies_that_there_is_time_for():
    said, looped = segment("are you OK are you OK", 0.0, 1.2), segment(" ".join(["are you OK"] * 30), 1.2, 1.2)
    assert texts(Segment(words=said.words + looped.words)) == ["are you OK are you OK"]
    (crammed,) = texts(segment(" ".join(["are you OK"] * 40), 0.0, 2.0))
    assert crammed == " ".join(["are you OK"] * int(2.0 * MOST_COLUMNS_PER_S / 8))


def test_a_line_that_nobody_could_say_so_fast_goes():
    assert texts(segment("thanks for watching", 3.0, 3.0), segment("and now", 4.0, 5.0)) == ["and now"]


def test_a_word_without_a_length_shares_the_time_of_the_word_before():
    words = (Cue("hello", 0.0, 1.0), Cue("there", 1.0, 1.0), Cue("you", 1.5, 2.0))
    (cue,) = repaired([Segment(words=words)], duration_s=9.0)
    assert cue.words == (Cue("hello", 0.0, 0.5), Cue("there", 0.5, 1.0), Cue("you", 1.5, 2.0))


def test_words_beyond_the_end_go_and_ends_are_held_to_it():
    words = (Cue("yes", 4.0, 4.6), Cue("sir", 4.6, 7.0), Cue("Subtitles", 7.0, 8.0))
    (cue,) = repaired([Segment(words=words)], duration_s=5.0)
    assert (cue.text, cue.end_s) == ("yes sir", 5.0)


def test_one_end_that_is_far_too_late_costs_no_other_word():
    lines = texts(segment("hello", 1.0, 50.0), segment("how are you", 2.0, 3.0))
    assert lines == ["hello", "how are you"]


@pytest.mark.parametrize(
    "word", [Cue("x"), Cue("x", 1.0), Cue("x", math.nan, 2.0), Cue("x", 0.0, math.inf), Cue("\x07 ", 0.0, 1.0)]
)
def test_words_without_text_or_times_go(word):
    assert repaired([Segment(words=(word,))], duration_s=9.0) == ()


SOME_TIME = st.none() | st.floats(-5, 20) | st.just(math.nan) | st.just(math.inf)
SOME_WORD = st.builds(Cue, st.text(max_size=6), SOME_TIME, SOME_TIME)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.builds(Segment, words=st.lists(SOME_WORD, max_size=8).map(tuple)), max_size=5))
def test_whatever_comes_in_times_rise_within_the_sound(segments):
    words = [word for cue in repaired(segments, duration_s=10.0) for word in cue.words]
    assert all(0.0 <= word.start_s <= word.end_s <= 10.0 + 1e-9 for word in words)
    assert all(before.end_s <= after.start_s + 1e-9 for before, after in pairwise(words))


def bursts(seconds, pauses_s):
    """Return noise that pauses for 0.5 s at `pauses_s`."""
    samples = 0.1 * np.random.default_rng(0).standard_normal(round(seconds * RATE))
    for pause_s in pauses_s:
        samples[round(pause_s * RATE) : round((pause_s + 0.5) * RATE)] = 0.0
    return LongSound(pcm=(samples * 32767).astype(np.int16), rate=RATE)


def test_stretches_tile_the_sound_and_end_in_pauses():
    sound = bursts(50.0, [17.0, 19.0, 35.2])
    parts = list(stretches(sound, longest_s=20.0))
    assert parts[0][0] == 0.0
    assert parts[-1][1] == sound.duration_s
    assert all(before[1] == after[0] for before, after in pairwise(parts))
    assert all(0.0 < end_s - start_s <= 20.0 for start_s, end_s in parts)
    assert 17.0 <= parts[0][1] <= 17.5 or 19.0 <= parts[0][1] <= 19.5
    assert 35.2 <= parts[1][1] <= 35.7


class Counter:
    """A recogniser that hears a word a minute and remembers what it was asked."""

    identity = "counter"

    def __init__(self):
        self.asked = []

    def recognise(self, samples, *, language, prompt):
        self.asked.append((len(samples) / RATE, language, prompt))
        for minute in range(int(len(samples) / RATE / 60)):
            yield Segment(words=(Cue(f"w{minute}", minute * 60.0, minute * 60.0 + 1.0),), language="de")


def test_a_long_sound_is_heard_a_stretch_at_a_time_in_the_language_of_the_first():
    sound, recogniser, shares = bursts(500.0, [170.0, 340.0]), Counter(), []
    recognised = recognise(sound, recogniser, prompt="Xiaomi", offset_s=100.0, progress=shares.append)
    assert [language for _, language, _ in recogniser.asked] == [None, "de", "de"]
    assert {prompt for *_, prompt in recogniser.asked} == {"Xiaomi"}
    assert recognised.language == "de"
    starts_s = [cue.start_s for cue in recognised.cues]
    assert starts_s[:3] == [100.0, 160.0, pytest.approx(270.25, abs=0.2)]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] <= 1.0


def test_it_listens_no_longer_than_is_needed():
    recogniser = Counter()
    recognise(bursts(500.0, [170.0, 340.0]), recogniser, enough_words=2)
    assert len(recogniser.asked) == 1


# With a real model -------------------------------------------------------------------------------------

needs_whisper = pytest.mark.skipif(find_spec("faster_whisper") is None, reason="faster-whisper is not installed")
SAID = [(" are", "AA1 R"), (" you", "Y UW1"), (" okay,", "OW1 - K EY1")] * 3

PROMPT_WORDS = 12


def words_of(texts, starts_s):
    return list(zip(texts, starts_s, strict=True))


@pytest.fixture(scope="module")
def spoken():
    """ "are you okay" three times over, with the exact times of its words."""
    return speak(english(*((text.strip().replace("okay", "o-kay"), phones) for text, phones in SAID)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, spoken):
    """A folder with that speech, and a model that hears it, each word up to 0.15 s late or early."""
    folder = tmp_path_factory.mktemp("recognise")
    soundfile.write(folder / "talk.wav", spoken.audio.mono, spoken.audio.rate)
    late_s = np.random.default_rng(1).uniform(-0.15, 0.15, len(SAID))
    starts_s = [max(0.0, word.start_s + by_s) for word, by_s in zip(spoken.transcript.words, late_s, strict=True)]
    if find_spec("faster_whisper"):
        make_whisper(
            folder / "model",
            words_of([text for text, _ in SAID], starts_s),
            end_s=spoken.transcript.words[-1].end_s,
            prompted=[" hello", " are", " you"],
            prompt_words=PROMPT_WORDS,
        )
    return folder


@pytest.fixture(autouse=True)
def _alone(tmp_path, monkeypatch):
    """Keep this test's cache to itself."""
    monkeypatch.setenv("SHENQU_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def samples(spoken):
    return soxr.resample(spoken.audio.mono, spoken.audio.rate, RATE).astype(np.float32)


def heard_by(model, samples, **asked):
    asked = {"language": None, "prompt": None, **asked}
    return list(WhisperRecogniser(str(model)).recognise(samples, **asked))


@needs_whisper
def test_what_is_planted_is_recognised_and_aligned_on_the_sound(folder, spoken):
    transcript = shenqu.words(folder / "talk.wav", recognise=True, model=str(folder / "model"))
    assert transcript.language == "en"
    assert [word.text for word in transcript.words] == [text.strip() for text, _ in SAID]
    for word, truth in zip(transcript.words, spoken.transcript.words, strict=True):
        assert word.start_s == pytest.approx(truth.start_s, abs=0.06)


@needs_whisper
def test_words_have_the_planted_times_and_the_language_is_told(folder, samples, spoken):
    (line,) = heard_by(folder / "model", samples)
    assert line.language == "en"
    assert line.no_speech < 0.1
    for word, truth in zip(line.words, spoken.transcript.words, strict=True):
        assert word.start_s == pytest.approx(truth.start_s, abs=0.35)
    (same,) = heard_by(folder / "model", samples, language="fr-CA")
    assert same.language == "fr"


@needs_whisper
def test_the_prompt_reaches_the_model(folder, samples):
    (line,) = heard_by(folder / "model", samples, prompt=" are you" * (PROMPT_WORDS // 2))
    assert [word.text for word in line.words] == ["hello", "are", "you"]


@needs_whisper
def test_silence_and_noise_hold_no_words(folder):
    for sound in (np.zeros(RATE, np.float32), 0.01 * np.random.default_rng(0).standard_normal(2 * RATE)):
        assert heard_by(folder / "model", sound.astype(np.float32)) == []


@needs_whisper
def test_pieces_of_latin_words_in_chinese_text_are_put_together(tmp_path, samples):
    pieces = words_of(["你", "好", " hel", "lo", "吗"], [0.2, 0.5, 0.8, 1.0, 1.3])
    model = make_whisper(tmp_path / "zh", pieces, end_s=1.6, language="zh")
    (line,) = heard_by(model, samples)
    assert line.language == "zh"
    assert [word.text for word in line.words] == ["你", "好", "hello", "吗"]


@needs_whisper
def test_numbers_are_not_written_in_digits(tmp_path, samples):
    words = words_of([" are", " 20", " you"], [0.2, 0.5, 0.8])
    model = make_whisper(tmp_path / "numbers", words, end_s=1.6, otherwise={" 20": " twenty"})
    (line,) = heard_by(model, samples)
    assert [word.text for word in line.words] == ["are", "twenty", "you"]


@needs_whisper
def test_the_second_run_does_not_need_the_model_and_says_the_same(folder, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(folder / "model", model)
    first = shenqu.words(folder / "talk.wav", recognise=True, model=str(model))
    weights, state = model / "model.bin", (model / "model.bin").stat()
    weights.write_bytes(bytes(state.st_size))
    os.utime(weights, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert shenqu.words(folder / "talk.wav", recognise=True, model=str(model)) == first
    with pytest.raises(InputError, match="cannot be loaded"):
        shenqu.words(folder / "talk.wav", recognise=True, model=str(model), prompt="other words")
    shutil.copytree(folder / "model", model, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "cache")
    assert shenqu.words(folder / "talk.wav", recognise=True, model=str(model)) == first


@needs_whisper
def test_recognised_words_are_sung(folder):
    out = folder / "song.wav"
    made = shenqu.sing(folder / "talk.wav", "twinkle", recognise=True, model=str(folder / "model"), out=out, length_s=8)
    assert [word.text for word in made.song.transcript.words][:3] == ["are", "you", "okay,"]
    assert made.song.options.recognise


@needs_whisper
@pytest.mark.parametrize("language", ["xx", "ko", "tlh"])
def test_a_language_that_the_model_does_not_know(folder, samples, language):
    with pytest.raises(InputError, match=f"--language {language}.*does not know it"):
        heard_by(folder / "model", samples, language=language)


@needs_whisper
@pytest.mark.parametrize("model", ["smal", "no/such/folder", "/none", "./none"])
def test_a_model_that_there_is_not(model, samples):
    with pytest.raises(InputError, match=r"no size of Whisper; the sizes are tiny\.en"):
        heard_by(model, samples)


@needs_whisper
@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("model.bin", b"no model", "cannot be loaded"),
        ("model.bin", None, "lacks model.bin"),
        ("tokenizer.json", b"{}", "cannot be loaded"),
        ("tokenizer.json", None, "lacks tokenizer.json"),
        ("config.json", b"[", "cannot be loaded"),
        ("preprocessor_config.json", b'{"feature_size": 128}', "failed"),
    ],
)
def test_a_broken_model_is_told_in_one_line(folder, tmp_path, capsys, name, content, message):
    model = tmp_path / "model"
    shutil.copytree(folder / "model", model)
    (model / name).unlink()
    if content is not None:
        (model / name).write_bytes(content)
    assert run(["words", str(folder / "talk.wav"), "--recognise", "--model", str(model)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


@needs_whisper
@pytest.mark.parametrize("setting", [{"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9"}])
def test_without_a_network_it_says_what_to_do(folder, tmp_path, setting):
    setting |= {"HF_HOME": str(tmp_path / "hub"), "SHENQU_CACHE": str(tmp_path / "cache")}
    command = [sys.executable, "-m", "shenqu", "words", str(folder / "talk.wav"), "--recognise", "--model", "tiny"]
    done = subprocess.run(
        command, check=False, env={**os.environ, **setting}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    *warnings, error = done.stderr.splitlines()
    assert len(warnings) == ("HF_ENDPOINT" in setting)
    assert all("fetching the Whisper model tiny (about 75 MB)" in line for line in warnings)
    assert all(str(tmp_path / "hub") in line for line in warnings)
    assert "the hub cannot be reached" in error
    assert "--model" in error


def test_without_faster_whisper_it_names_the_extra(folder, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    assert run(["words", str(folder / "talk.wav"), "--recognise"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "pip install 'shenqu[whisper]'" in line


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--recognise", "--text", "are you okay"], "leave one of the two out"),
        (["--model", "tiny"], "--model helps to recognise words; add --recognise"),
        (["--prompt", "Xiaomi"], "--prompt helps to recognise words; add --recognise"),
    ],
)
def test_options_that_do_not_go_together(folder, capsys, flags, message):
    assert run(["words", str(folder / "talk.wav"), *flags]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


class Own:
    """A recogniser of one's own, that knows lines with times, but no words."""

    identity = "own 1"

    def recognise(self, samples, *, language, prompt):
        yield Segment(words=(Cue("are you okay, are you okay, are you okay", 0.0, len(samples) / RATE),))


def test_another_recogniser_is_handed_in(folder, spoken):
    transcript = shenqu.words(folder / "talk.wav", recogniser=Own())
    assert len(transcript.words) == len(SAID)
    assert transcript.words[3].start_s == pytest.approx(spoken.transcript.words[3].start_s, abs=0.06)
    with pytest.raises(InputError, match="leave one of the two out"):
        shenqu.words(folder / "talk.wav", recogniser=Own(), text="are you okay")


class Deaf:
    """A recogniser that hears nothing."""

    identity = "deaf"

    def recognise(self, samples, *, language, prompt):
        return []


def test_where_nothing_is_recognised_syllables_are_found_by_ear(folder):
    with pytest.warns(ShenquWarning, match="no words were recognised"):
        transcript = shenqu.words(folder / "talk.wav", recogniser=Deaf())
    assert len(transcript.syllables) > 6
