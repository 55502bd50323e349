"""What `shenqu words` and `sing` hear: one talker of two, parts, speech among other sounds, bad recordings."""

import os
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

import shenqu
from shenqu.cli import run
from shenqu.documents.audio import LongSound
from shenqu.engines.noise_gate import take_noise_down
from shenqu.engines.silero_vad import find_speech
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.audio import read_sound
from signals import RATE, noise, spoken

TEXT = "hello, thank you, thank you very much, how are you, are you OK"
DATA = Path(os.environ.get("SHENQU_DATA", "/nonexistent"))
needs_data = pytest.mark.skipif("SHENQU_DATA" not in os.environ, reason="SHENQU_DATA names no folder of recordings")
APART_S = 1.3


def long_sound(samples):
    return LongSound(pcm=np.rint(samples * 32767.0).astype(np.int16), rate=16_000)


def vowels_s(transcript):
    return np.array([syllable.vowel_s for syllable in transcript.syllables])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a line said twice at once, left low, right high and later; and the right one alone."""
    folder = tmp_path_factory.mktemp("listening")
    left = spoken("en").audio.mono
    right = np.concatenate([np.zeros(round(APART_S * RATE), np.float32), spoken("en", pitch_hz=210.0).audio.mono])
    both = np.zeros((len(right), 2), np.float32)
    both[: len(left), 0], both[:, 1] = left, right
    soundfile.write(folder / "both.wav", both, RATE)
    soundfile.write(folder / "right.wav", both[:, 1], RATE)
    return folder


@pytest.fixture(autouse=True)
def _in_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SHENQU_CACHE", str(folder / "cache"))


@pytest.mark.parametrize(("speaker", "pitch_hz", "later_s"), [("left", 120.0, 0.0), ("right", 210.0, APART_S)])
def test_one_talker_of_two_is_heard(speaker, pitch_hz, later_s):
    truth = vowels_s(spoken("en", pitch_hz=pitch_hz).transcript) + later_s
    heard = vowels_s(shenqu.words("both.wav", text=TEXT, speaker=speaker))
    assert np.median(np.abs(heard - truth)) < 0.02
    found = vowels_s(shenqu.words("both.wav", speaker=speaker))
    assert len(found) == pytest.approx(len(truth), abs=4)
    assert truth[0] - 0.1 < found[0] and found[-1] < truth[-1] + 0.3


def test_the_song_is_sung_by_the_talker_that_was_heard():
    """The song of the right channel is the song of that channel alone, note for note and sample for sample."""
    songs = []
    for name, options in (("both", {"speaker": "right"}), ("right", {})):
        options |= {"text": TEXT, "length_s": 5, "band": "none"}
        made = shenqu.sing(f"{name}.wav", "twinkle", out=f"{name}.song.wav", **options)
        songs.append(soundfile.read(made.out)[0])
        assert shenqu.render(made.document, out=f"{name}.again.wav").out.read_bytes() == made.out.read_bytes()
    assert np.array_equal(*songs)
    options["speaker"] = "left"
    other = shenqu.sing("both.wav", "twinkle", out="left.song.wav", **options).song
    assert other.transcript != made.song.transcript


def test_speech_is_found_between_other_sounds(tmp_path):
    """A sentence, as loud noise, the sentence again: no syllable in the noise, all of them in both sentences."""
    line = soxr.resample(spoken("en").audio.mono, RATE, 16_000)
    loud = noise(4.0, 16_000, level=float(np.sqrt(np.mean(line**2)))).samples[0]
    soundfile.write(tmp_path / "x.wav", np.concatenate([line, loud, line]), 16_000)
    first_s, last_s = len(line) / 16_000, (len(line) + len(loud)) / 16_000
    found_s = vowels_s(shenqu.words(tmp_path / "x.wav"))
    assert not ((first_s + 0.3 < found_s) & (found_s < last_s - 0.3)).any()
    counts = [(found_s < first_s).sum(), (found_s > last_s).sum()]
    assert abs(counts[0] - counts[1]) <= 2
    assert min(counts) >= len(spoken("en").transcript.syllables) - 4


def test_progress_rises_to_the_end():
    told = []
    shenqu.words("right.wav", text=TEXT, report=lambda stage, share: told.append((stage, share)))
    for stage in ("reading", "listening"):
        shares = [share for name, share in told if name == stage]
        assert all(0.0 <= share <= 1.0 for share in shares)
        assert max(shares) > 0.3


@pytest.mark.parametrize(
    ("name", "samples", "options", "says"),
    [
        ("silent", np.zeros(32_000), [], "no speech"),
        ("noise", noise(3.0, 16_000).samples[0], [], "no speech"),
        ("short", noise(0.1, 16_000).samples[0], [], "too short"),
        ("short", noise(0.1, 16_000).samples[0], ["--text", TEXT], "too short"),
        ("late", np.zeros(32_000), ["--start", "9"], "ends at 2.00 s"),
        ("late", np.zeros(32_000), ["--start", "9", "--text", TEXT], "ends at 2.00 s"),
        ("turned", np.zeros(32_000), ["--start", "1", "--end", "0.5"], "after the start"),
        ("mono", np.zeros(32_000), ["--speaker", "left"], "one channel"),
        ("nan", np.full(32_000, np.nan), [], "no speech"),
    ],
)
def test_bad_recordings_are_one_line(folder, capsys, name, samples, options, says):
    soundfile.write(folder / f"{name}.wav", samples, 16_000, subtype="FLOAT")
    assert run(["words", f"{name}.wav", *options]) == 1
    captured = capsys.readouterr()
    lines = [line for line in captured.err.strip().splitlines() if "damaged" not in line]
    assert captured.out == "" and len(lines) == 1
    assert says in lines[0] and f"{name}.wav" in lines[0]


def test_an_unknown_speaker_is_refused():
    with pytest.raises(InputError, match="--speaker"):
        shenqu.words("both.wav", speaker="middle")


@needs_data
def test_every_real_speech_is_speech_and_music_is_none():
    for path in sorted((DATA / "speech").iterdir()):
        if path.suffix not in {".txt", ".json"}:
            assert find_speech(read_sound(path, rate=16_000, end_s=12.0)), path.name
    for name in ("tunes/recorded_melody.wav", "video/chaplin.mp4", "broken/silence_only.wav"):
        assert not find_speech(read_sound(DATA / name, rate=16_000)), name


@needs_data
def test_each_of_two_real_talkers_says_their_own_words():
    path = DATA / "speech" / "stereo_two_talkers.wav"
    texts = dict(line.split(": ", 1) for line in path.with_suffix(".txt").read_text().splitlines())
    for speaker, text in texts.items():
        other = texts["RIGHT" if speaker == "LEFT" else "LEFT"]
        with warnings.catch_warnings():
            warnings.simplefilter("error", ShenquWarning)
            right = shenqu.words(path, text=text, speaker=speaker.lower())
        assert all(word.heard for word in right.words)
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            try:
                wrong = shenqu.words(path, text=other, speaker=speaker.lower())
            except InputError:
                continue
        assert np.mean([word.confidence for word in wrong.words]) < np.mean([word.confidence for word in right.words])


def test_cleaning_brings_vowels_in_noise_nearer(tmp_path):
    line = np.pad(soxr.resample(spoken("en").audio.mono, RATE, 16_000), 12_000)
    truth = vowels_s(spoken("en").transcript) + 0.75
    noisy = line + noise(len(line) / 16_000, 16_000, level=float(2.0 * np.sqrt(np.mean(line**2)))).samples[0]
    soundfile.write(tmp_path / "x.wav", 0.5 * noisy / np.abs(noisy).max(), 16_000)
    missed = []
    for clean in (False, True):
        found = vowels_s(shenqu.words(tmp_path / "x.wav", clean=clean))
        missed.append((np.abs(truth[:, None] - found[None, :]).min(axis=1) > 0.06).sum())
    assert missed[1] < 0.5 * missed[0]
    assert shenqu.words(tmp_path / "x.wav", clean=True) == shenqu.words(tmp_path / "x.wav", clean=True)


def test_noise_goes_and_speech_stays_over_the_edges_of_blocks():
    line = np.pad(soxr.resample(spoken("en").audio.mono, RATE, 16_000), 8_000)
    loud = np.tile(line, 70 * 16_000 // len(line) + 1)
    sound = long_sound(loud + noise(len(loud) / 16_000, 16_000, level=0.01).samples[0])
    cleaned = take_noise_down(sound, find_speech(sound))
    assert len(cleaned.pcm) == len(sound.pcm)
    pauses = np.tile(np.abs(line), len(loud) // len(line)) < 1e-6
    assert np.std(cleaned.pcm[pauses]) < 0.2 * np.std(sound.pcm[pauses])
    spoken_part = np.abs(loud) > 0.1
    assert np.corrcoef(cleaned.pcm[spoken_part], loud[spoken_part])[0, 1] > 0.98
    step = np.abs(np.diff(cleaned.pcm.astype(float)))
    edge = 60 * 16_000
    assert step[edge - 8 : edge + 8].max() <= step.max()
    assert np.array_equal(take_noise_down(sound, [(0.0, 1e9)]).pcm, sound.pcm)
    silent = long_sound(line)  # pauses of digital silence
    assert np.array_equal(take_noise_down(silent, find_speech(silent)).pcm, silent.pcm)


def test_cleaning_without_its_library_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "noisereduce", None)
    with pytest.raises(InputError, match=r"shenqu\[clean\]"):
        shenqu.words("right.wav", clean=True)
