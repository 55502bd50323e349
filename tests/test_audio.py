import os
import subprocess
import sys
import warnings
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from shenqu.documents.audio import Audio
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.audio import AUDIO_SUFFIXES, audio_duration, encode_audio, read_audio, read_sound
from signals import RATE, audio, clicks, noise, tone, vowel

TAGS = {"title": "神曲", "artist": "Ä", "album": "b", "comment": "Ode to Joy"}
CLICKS_S = tuple(0.25 + 0.5 * number for number in range(12))
DATA = os.environ.get("SHENQU_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="SHENQU_DATA names no folder of real recordings")


def write_media(path, sound, *, codec, sample_format, picture=False, late=0, options=None):
    """Write a file with the sound `late` samples after the start of a picture (25 frames a second)."""
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=sound.rate, layout="stereo")
        stream.codec_context.format = sample_format
        stream.bit_rate = 256_000
        packets = []
        if picture:
            film = container.add_stream("libx264", rate=25, options={"bf": "0", "preset": "ultrafast"})
            film.width, film.height, film.pix_fmt = 64, 64, "yuv420p"
            for number in range(int(sound.duration_s * 25)):
                frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number % 255, np.uint8), format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                packets += film.encode(frame)
            packets += film.encode(None)
        for start in range(0, sound.samples.shape[1], 4800):
            values = np.ascontiguousarray(sound.samples[:, start : start + 4800])
            if sample_format == "s16":
                values = np.ascontiguousarray((values * 32767).astype(np.int16).T.reshape(1, -1))
            frame = av.AudioFrame.from_ndarray(values, format=sample_format, layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = sound.rate, start + late, Fraction(1, sound.rate)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        for packet in sorted(packets, key=lambda packet: (packet.dts or 0) * packet.time_base):
            container.mux(packet)


def click_times(sound):
    """Return where the clicks are, in samples."""
    level = np.abs(sound.samples[0])
    loud = np.flatnonzero(level > 0.4 * level.max())
    groups = np.split(loud, np.flatnonzero(np.diff(loud) > sound.rate // 10) + 1)
    return [int(group[np.argmax(level[group])]) for group in groups]


def stereo(sound):
    return audio(np.repeat(sound.samples, 2, axis=0), sound.rate)


KINDS = [
    ("a.wav", "pcm_s16le", "s16", False),
    ("a.flac", "flac", "s16", False),
    ("a.mp3", "libmp3lame", "fltp", False),
    ("a.m4a", "aac", "fltp", False),
    ("v.mp4", "aac", "fltp", True),
    ("v.mkv", "aac", "fltp", True),
    ("f.mkv", "flac", "s16", True),
    ("m.mkv", "libmp3lame", "fltp", False),
]


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize(("name", "codec", "sample_format", "picture"), KINDS, ids=[kind[0] for kind in KINDS])
def test_clicks_are_found_to_the_sample_whole_and_in_parts(tmp_path, name, codec, sample_format, picture, rate):
    path = tmp_path / name
    write_media(path, stereo(clicks(CLICKS_S, 6.0, rate)), codec=codec, sample_format=sample_format, picture=picture)
    planted = [round(time_s * rate) for time_s in CLICKS_S]
    whole = read_audio(path)
    assert whole.rate == rate and click_times(whole) == planted
    for start_s, end_s in ((0.6, 1.4), (2.6, 4.1), (5.03, None)):
        part = read_audio(path, start_s=start_s, end_s=end_s)
        first = round(start_s * rate)
        last = min(round(end_s * rate), whole.samples.shape[1]) if end_s else whole.samples.shape[1]
        assert part.samples.shape[1] == last - first
        assert np.abs(part.samples - whole.samples[:, first:last]).max() < 1e-4
        assert [first + position for position in click_times(part)] == [p for p in planted if first <= p < last]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_sound_that_starts_after_the_picture_is_padded(tmp_path, suffix):
    path, rate, late_s = tmp_path / f"late{suffix}", 48_000, 0.5
    write_media(
        path,
        stereo(clicks(CLICKS_S, 6.0, rate)),
        codec="aac",
        sample_format="fltp",
        picture=True,
        late=round(late_s * rate),
    )
    found_s = [position / rate for position in click_times(read_audio(path))]
    assert np.abs(np.subtract(found_s, late_s + np.array(CLICKS_S))).max() < 0.001  # mp4 edits have steps of 1 ms


def test_lost_packets_leave_silence_not_a_shift(tmp_path):
    whole, holey, rate = tmp_path / "whole.mkv", tmp_path / "holey.mkv", 48_000
    write_media(whole, stereo(clicks(CLICKS_S, 6.0, rate)), codec="aac", sample_format="fltp")
    with av.open(str(whole)) as source, av.open(str(holey), "w") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.pts is not None and not 2.3 < float(packet.pts * packet.time_base) < 2.7:
                packet.stream = stream
                target.mux(packet)
    found_s = np.array([position / rate for position in click_times(read_audio(holey))])
    expected_s = np.array([time_s for time_s in CLICKS_S if time_s < 2.0 or time_s > 2.8])
    assert np.abs(found_s[-6:] - expected_s[-6:]).max() < 0.002  # the clock of Matroska has steps of 1 ms


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(
    ("suffix", "bits", "kind"), [(".wav", 16, "PCM_16"), (".wav", 24, "PCM_24"), (".flac", 24, "PCM_24")]
)
def test_whole_numbers_come_back_bit_by_bit(tmp_path, suffix, bits, kind, channels):
    steps = 2 ** (bits - 1)
    rng = np.random.default_rng(1)
    whole = rng.integers(-steps, steps, (channels, 12_345))
    made = audio(whole / steps, 44_100)
    path = tmp_path / f"x{suffix}"
    encode_audio(path, made, tags={}, bits=bits)
    assert np.array_equal(read_audio(path).samples, made.samples)
    others, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == 44_100 and np.array_equal(others.T, made.samples)
    assert soundfile.info(path).subtype == kind


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 2), st.integers(1, 9000), st.sampled_from([8000, 22_050, 48_000]), st.integers(0, 99))
def test_any_length_and_rate_survives(tmp_path_factory, channels, length, rate, seed):
    path = tmp_path_factory.mktemp("any") / "x.wav"
    made = audio(np.random.default_rng(seed).uniform(-1, 1, (channels, length)), rate)
    encode_audio(path, made, tags={})
    back = read_audio(path)
    assert back.rate == rate and np.abs(back.samples - made.samples).max() <= 2.0**-15


@pytest.mark.parametrize("suffix", AUDIO_SUFFIXES)
def test_the_same_sound_gives_the_same_bytes_with_readable_tags(tmp_path, suffix):
    made = stereo(tone(440.0, 1.3, 48_000))
    paths = [tmp_path / f"{number}{suffix}" for number in range(2)]
    for path in paths:
        encode_audio(path, made, tags=TAGS)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    with av.open(str(paths[0])) as container:
        found = {key.lower(): value for key, value in (container.metadata | container.streams[0].metadata).items()}
    assert {key: found.get(key) for key in TAGS} == TAGS
    back = read_audio(paths[0])
    assert back.samples.shape == made.samples.shape
    assert np.abs(back.samples - made.samples)[:, 2000:-2000].max() < 0.01
    assert audio_duration(paths[0]) == pytest.approx(1.3, abs=0.001 if suffix != ".mp3" else 0.05)


def test_a_rate_that_the_kind_lacks_is_converted(tmp_path):
    encode_audio(tmp_path / "x.opus", tone(440.0, 1.0, 44_100), tags={})
    assert read_audio(tmp_path / "x.opus").samples.shape == (1, 48_000)


def test_an_unknown_ending_lists_the_known(tmp_path):
    with pytest.raises(InputError, match=r"\.wav \.flac \.mp3 \.m4a \.opus"):
        encode_audio(tmp_path / "x.xyz", tone(440.0, 0.1), tags={})


def test_too_loud_is_clipped_not_wrapped(tmp_path):
    encode_audio(tmp_path / "x.wav", audio([2.0, -2.0, 0.5]), tags={})
    assert read_audio(tmp_path / "x.wav").samples[0].tolist() == [1.0 - 2.0**-15, -1.0, 0.5]


@pytest.mark.parametrize("rate", [16_000, 44_100, 96_000])
def test_another_rate_keeps_pitch_and_place(tmp_path, rate):
    path = tmp_path / "x.wav"
    encode_audio(path, tone(440.0, 2.0, 48_000), tags={})
    part = read_audio(path, start_s=0.5, end_s=1.5, rate=rate)
    expected = 0.5 * np.sin(2 * np.pi * 440.0 * (0.5 + np.arange(rate) / rate))
    assert part.rate == rate and part.samples.shape == (1, rate)
    assert np.abs(part.samples[0] - expected)[rate // 20 : -rate // 20].max() < 1e-3


def test_the_centre_of_five_channels_is_kept(tmp_path):
    path, rate = tmp_path / "film.wav", 48_000
    speech = tone(440.0, 0.5, rate).samples[0]
    channels = np.zeros((6, len(speech)), dtype=np.float32)
    channels[2], channels[3] = speech, 0.9
    soundfile.write(path, channels.T, rate, format="WAVEX", subtype="FLOAT")
    with av.open(str(path)) as container:
        assert container.streams.audio[0].layout.nb_channels == 6
    found = read_audio(path)
    assert found.samples.shape[0] == 2
    assert abs(np.corrcoef(found.mono, speech)[0, 1]) > 0.3


@pytest.mark.parametrize("channels", [3, 4, 6, 8, 16])
def test_any_number_of_channels_becomes_two(tmp_path, channels):
    path = tmp_path / "many.wav"
    soundfile.write(path, np.tile(noise(0.1).samples.T, (1, channels)), 24_000)
    assert read_audio(path).samples.shape == (2, 2400)


@pytest.mark.parametrize("name", ["-i.wav", "http:x.wav", "a%d|b:c.wav", "concat:a.wav|b.wav", "歌 'x\".wav"])
def test_odd_names_are_only_names(tmp_path, name, monkeypatch):
    monkeypatch.chdir(tmp_path)
    encode_audio(Path(name), tone(440.0, 0.1), tags={})
    assert read_audio(Path(name)).samples.shape == (1, 2400)


@pytest.mark.parametrize(
    ("name", "text"),
    [("list.mp4", "ffconcat version 1.0\nfile secret.wav\n"), ("list.m3u8", "#EXTM3U\n#EXTINF:1,\nsecret.wav\n")],
)
def test_what_a_playlist_names_is_not_opened(tmp_path, name, text):
    encode_audio(tmp_path / "secret.wav", tone(440.0, 0.1), tags={})
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError):
        read_audio(tmp_path / name)


BROKEN = {
    "empty.wav": b"",
    "byte.mp3": b"\0",
    "text.wav": b"I am no sound\n" * 9,
    "header.wav": b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x44\xac\0\0\x88\x58\1\0\2\0\x10\0data\0\0\0\0",
    "noise.mp4": np.random.default_rng(0).bytes(5000),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_sound_is_said_in_one_line_and_nothing_else(tmp_path, name, capfd):
    path = tmp_path / name
    path.write_bytes(BROKEN[name])
    for read in (read_audio, audio_duration):
        with pytest.raises(InputError, match=name) as caught:
            read(path)
        assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_audio(tmp_path / "missing.wav")
    with pytest.raises(InputError, match="not an ordinary file"):
        read_audio(tmp_path)


@pytest.mark.parametrize(
    ("start_s", "end_s"), [(1.0, 1.0), (2.0, 1.0), (-1.0, None), (float("nan"), None), (0.0, float("nan"))]
)
def test_a_part_must_be_a_part(tmp_path, start_s, end_s):
    encode_audio(tmp_path / "x.wav", tone(440.0, 3.0), tags={})
    with pytest.raises(InputError, match="no part"):
        read_audio(tmp_path / "x.wav", start_s=start_s, end_s=end_s)


@pytest.mark.parametrize("suffix", AUDIO_SUFFIXES)
def test_a_start_after_the_end_says_where_the_end_is(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    encode_audio(path, tone(440.0, 3.0, 48_000), tags={})
    with pytest.raises(InputError, match=r"ends at 3\.0\d s"):
        read_audio(path, start_s=7.0)


@pytest.mark.parametrize("suffix", [".mkv", ".flac"])
def test_a_file_cut_off_gives_what_is_there_and_a_warning(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    write_media(path, stereo(noise(6.0, 48_000)), codec="flac", sample_format="s16")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = read_audio(path)
    assert 2.5 < found.duration_s < 3.5
    assert any("cut off" in str(warning.message) and warning.category is ShenquWarning for warning in caught)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux how much memory was used")
def test_ten_minutes_fit_in_bounded_memory(tmp_path):
    path = tmp_path / "long.wav"
    soundfile.write(path, np.zeros((600 * 48_000, 2), dtype=np.int16), 48_000)
    program = (
        "import pathlib, re, sys\n"
        "from shenqu.media.audio import read_audio\n"
        "status = pathlib.Path('/proc/self/status')\n"
        "most_mb = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', status.read_text())[1]) // 1024\n"
        "part = read_audio(pathlib.Path(sys.argv[1]), start_s=590.0, end_s=591.0)\n"
        "part_mb = most_mb()\n"
        "assert read_audio(pathlib.Path(sys.argv[1])).duration_s == 600.0\n"
        "print(part.duration_s, part_mb, most_mb())\n"
    )
    result = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    duration_s, part_mb, whole_mb = map(float, result.stdout.split())
    assert duration_s == 1.0 and part_mb < 120 and whole_mb < 400


def test_samples_that_are_no_numbers_are_silent_and_told(tmp_path):
    samples = tone(440.0, 0.5).samples[0].copy()
    samples[[100, 5000]] = np.nan, np.inf
    soundfile.write(tmp_path / "x.wav", samples, 24_000, subtype="FLOAT")
    with pytest.warns(ShenquWarning, match="damaged"):
        found = read_audio(tmp_path / "x.wav").samples[0]
    assert np.isfinite(found).all() and np.array_equal(np.delete(found, [100, 5000]), np.delete(samples, [100, 5000]))


def test_a_rate_that_no_sound_has_is_refused(tmp_path):
    soundfile.write(tmp_path / "x.wav", np.zeros(100), 3)
    with pytest.raises(InputError, match="3 samples a second"):
        read_audio(tmp_path / "x.wav")


BROKEN_THAT_PLAY = {
    "adpcm_no_byterate.wav": 0.13, "corrupt_metadata.ogg": 2.13, "cover_art_png.mp4": 2.02, "cut_off_titles.mp3": 0.05,
    "detect_mp3_id3v2.x": 0.44, "failing_audio.mp4": 11.23, "id3_header_with_a_zero_byte.wav": 1.0,
    "mono_24bit.wav": 2.74, "riff_extra_zero.wav": 0.12, "sar_2by3.mp4": 2.02, "silence_only.wav": 1.5,
}  # fmt: skip


@needs_data
@pytest.mark.filterwarnings("ignore::shenqu.errors.ShenquWarning")
def test_broken_files_play_or_are_refused_as_the_manifest_has_it(capfd):
    for path in sorted((Path(DATA) / "broken").iterdir()):
        if path.name in BROKEN_THAT_PLAY:
            assert read_audio(path).duration_s == pytest.approx(BROKEN_THAT_PLAY[path.name], abs=0.03), path.name
        else:
            with pytest.raises(InputError):
                read_audio(path)
    assert capfd.readouterr() == ("", "")


@needs_data
def test_real_recordings_agree_with_another_reader():
    for path in sorted((Path(DATA) / "speech").glob("*.*")):
        if path.suffix in {".wav", ".flac"}:
            other, rate = soundfile.read(path, dtype="float32", always_2d=True)
            mine = read_audio(path)
            assert mine.rate == rate and np.array_equal(mine.samples, other.T), path.name


@needs_data
def test_real_films_are_as_long_as_they_claim():
    for path in sorted((Path(DATA) / "video").glob("*.m*")):
        assert read_audio(path).duration_s == pytest.approx(audio_duration(path), abs=0.03), path.name


def test_audio_holds_its_shape():
    with pytest.raises(AssertionError):
        Audio(samples=np.zeros(3, dtype=np.float32), rate=48_000)


def test_long_sound_is_the_sound_in_16_bits(tmp_path):
    made = audio(np.vstack([noise(3.0).samples, tone(220, 3.0).samples]))
    encode_audio(tmp_path / "x.wav", made, tags={})
    for rate in (RATE, 16_000):
        whole = read_audio(tmp_path / "x.wav", rate=rate)
        for start_s, end_s in ((0.0, None), (0.7, 2.1)):
            sound = read_sound(tmp_path / "x.wav", rate=rate, start_s=start_s, end_s=end_s)
            assert sound.pcm.dtype == np.int16
            first = round(start_s * rate)
            wanted = whole.mono[first : first + len(sound.pcm)]
            assert len(wanted) == len(sound.pcm)
            assert sound.duration_s == pytest.approx((end_s or 3.0) - start_s, abs=1 / rate)
            inside = slice(200, -200)  # a resampler begins and ends in silence
            assert np.abs(sound.part(0.0, 9.0) - wanted)[inside].max() < 1.6 * 2.0**-15


def test_channels_that_cancel_each_other_are_not_added_wherever_they_begin(tmp_path):
    voice = vowel(120.0, 30.0).samples[0]
    breath = noise(30.0, level=1e-3).samples[0]
    encode_audio(tmp_path / "x.flac", audio(np.vstack([voice, breath - voice])), tags={})
    sound = read_sound(tmp_path / "x.flac", rate=RATE)
    assert np.abs(sound.part(0.0, 30.0) - voice).max() < 2.0**-14
    change = len(voice) // 2
    voice[:change] = 0.0  # fifteen seconds of other sound before it
    late = np.vstack([voice, -voice])
    late[:, :change] = noise(15.0, seed=1).samples[0]
    encode_audio(tmp_path / "late.flac", audio(late), tags={})
    sound = read_sound(tmp_path / "late.flac", rate=RATE)
    end_s = 30.0
    assert np.abs(sound.part(0.0, 15.0) - late[0, :change]).max() < 2.0**-14
    assert np.abs(sound.part(end_s - 5.0, end_s) - voice[-5 * RATE :]).max() < 2.0**-14


def test_one_channel_of_two_is_kept(tmp_path):
    left, right = noise(2.0, seed=1).samples[0], noise(2.0, seed=2).samples[0]
    encode_audio(tmp_path / "x.flac", audio(np.vstack([left, right])), tags={})
    for channel, wanted in (("left", left), ("right", right)):
        assert np.abs(read_audio(tmp_path / "x.flac", channel=channel).samples - wanted).max() < 2.0**-15
        part = read_sound(tmp_path / "x.flac", rate=RATE, start_s=0.5, channel=channel)
        assert np.abs(part.part(0.0, 9.0) - wanted[RATE // 2 :]).max() < 2.0**-14
    encode_audio(tmp_path / "mono.wav", audio(left), tags={})
    with pytest.raises(InputError, match=r"one channel.*--speaker"):
        read_audio(tmp_path / "mono.wav", channel="left")


def test_reading_tells_how_far_it_is(tmp_path):
    encode_audio(tmp_path / "x.mp3", noise(3.0), tags={})
    told = []
    read_sound(tmp_path / "x.mp3", rate=16_000, start_s=1.0, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0, abs=0.05)
