"""What a file shows: frames known by their times, whatever the container does to them."""

import os
import struct
import warnings
from collections import Counter
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from films import HEIGHT, WIDTH, make_film, read_barcode, steady
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.frames import FrameReader
from shenqu.media.video import read_video_info


def numbers(path: Path, wanted: list[int], width: int = WIDTH, height: int = HEIGHT) -> list[int]:
    info = read_video_info(path)
    with FrameReader(info, width=width, height=height, uses=Counter(wanted)) as reader:
        return [read_barcode(reader.picture(number)[:height])[0] for number in wanted]


def rotated(path: Path, a: int, b: int, c: int, d: int) -> Path:
    """Write a display matrix into an mp4: x' = a x + c y, y' = b x + d y, rows counted downwards."""
    data = bytearray(path.read_bytes())
    identity = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    at = data.index(identity, data.index(b"tkhd"))
    data[at : at + 36] = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 0x40000000)
    path.write_bytes(data)
    return path


def test_times_of_b_frames_are_sorted(tmp_path):
    info = read_video_info(make_film(tmp_path / "a.mp4", steady(30)))
    np.testing.assert_allclose(info.frame_s, steady(30), atol=1e-6)
    assert (info.rate, info.variable, info.rotation, info.display_size) == (Fraction(25), False, 0, (WIDTH, HEIGHT))
    assert len(info.key_pts) >= 3
    assert info.duration_s == pytest.approx(30 / 25)


def test_frames_of_varying_rate_are_known_by_time(tmp_path):
    times_s = np.cumsum([0.033, 0.1, 0.02, 0.05, 0.2] * 8).tolist()
    info = read_video_info(make_film(tmp_path / "vfr.mkv", times_s))
    assert info.variable
    np.testing.assert_allclose(info.frame_s - info.frame_s[0], np.array(times_s) - times_s[0], atol=0.0011)
    middle_s = (info.frame_s[:-1] + info.frame_s[1:]) / 2
    assert info.frame_at(middle_s).tolist() == list(range(len(times_s) - 1))
    assert info.frame_at([-5.0, 1e6]).tolist() == [0, len(times_s) - 1]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mpg", ".ts"])
def test_any_order_of_frames_is_exact(tmp_path, suffix):
    codec = "mpeg2video" if suffix == ".mpg" else "libx264"
    options = {"b": "4000000", "g": "12", "bf": "2"} if suffix == ".mpg" else None
    path = make_film(
        tmp_path / f"a{suffix}",
        steady(60),
        codec=codec,
        options=options,
        time_base=Fraction(1, 25),
        click_s=1.0,
    )
    wanted = [0, 59, 3, 4, 5, 40, 11, 12, 13, 58, 1, 30, 30, 29, 5]
    assert numbers(path, wanted) == wanted


def test_picture_and_sound_share_a_clock_that_starts_late(tmp_path):
    options = {"b": "4000000", "g": "12", "bf": "2"}
    path = make_film(
        tmp_path / "a.mpg", steady(50), codec="mpeg2video", options=options, time_base=Fraction(1, 25), click_s=1.0
    )
    with av.open(str(path)) as container:
        assert container.start_time > 0, "the film is meant to start late"
        zero_s = min(float(stream.start_time * stream.time_base) for stream in container.streams)
        click_s = None
        for frame in container.decode(audio=0):
            sound = np.abs(frame.to_ndarray()[0].astype(np.float64))
            if sound.max() > (0.2 if frame.format.name.startswith("flt") else 6000):
                click_s = float(frame.pts * frame.time_base) + int(sound.argmax()) / frame.rate - zero_s
                break
    info = read_video_info(path)
    shown = int(info.frame_at(click_s))
    assert shown == pytest.approx(25, abs=1)


@pytest.mark.parametrize(("matrix", "turn"), [((0, 1, -1, 0), 90), ((-1, 0, 0, -1), 180), ((0, -1, 1, 0), 270)])
def test_turned_film_is_shown_upright(tmp_path, matrix, turn):
    path = rotated(make_film(tmp_path / "a.mp4", steady(8)), *matrix)
    info = read_video_info(path)
    assert info.rotation == turn
    assert info.display_size == ((WIDTH, HEIGHT) if turn == 180 else (HEIGHT, WIDTH))
    width, height = info.display_size
    with FrameReader(info, width=width, height=height, uses=Counter([5])) as reader:
        luma = reader.picture(5)[:height]
    # numpy turns counter-clockwise; back by the same angle, the number can be read again.
    assert read_barcode(np.rot90(luma, turn // 90)) == (5, False)


@pytest.mark.parametrize(
    ("size", "codec", "pix_fmt"),
    [((161, 97), "ffv1", "bgr0"), ((160, 96), "ffv1", "yuv420p10le"), ((160, 96), "ffv1", "yuv444p")],
)
def test_any_pixels_become_the_output_s(tmp_path, size, codec, pix_fmt):
    path = make_film(tmp_path / "a.mkv", steady(6), size=size, codec=codec, pix_fmt=pix_fmt)
    assert numbers(path, [0, 5, 3]) == [0, 5, 3]


def test_one_pixel_and_crops_are_drawn(tmp_path):
    path = make_film(tmp_path / "a.mkv", steady(3), size=(1, 1), codec="ffv1", pix_fmt="bgr0")
    info = read_video_info(path)
    for width, height in ((16, 16), (480, 480), (270, 480)):
        with FrameReader(info, width=width, height=height, uses=Counter([0])) as reader:
            assert reader.picture(0).shape == (height * 3 // 2, width)


def test_crop_keeps_the_middle(tmp_path):
    path = make_film(tmp_path / "a.mp4", steady(3))
    info = read_video_info(path)
    with FrameReader(info, width=96, height=96, uses=Counter([0])) as reader:
        luma = reader.picture(0)[:96]
    # The white quarter ends at column 40 of 160; the middle 96 columns begin at 32.
    assert luma[80, 3] > 200
    assert luma[80, 12] < 40


def test_file_cut_off_is_named(tmp_path):
    path = make_film(tmp_path / "a.mkv", steady(100), options={"preset": "ultrafast", "crf": "10", "g": "25"})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.warns(ShenquWarning, match=r"ends at .* but claims 4.* incomplete"):
        info = read_video_info(path)
    assert 0 < len(info.frame_s) < 100
    last = len(info.frame_s) - 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShenquWarning)
        assert abs(numbers(path, [0, last])[1] - last) <= 1


def test_what_is_no_film_is_refused(tmp_path):
    text = tmp_path / "a.mp4"
    text.write_text("no film")
    for path in (text, tmp_path / "none.mp4"):
        with pytest.raises(InputError, match=str(path.name)):
            read_video_info(path)


@pytest.mark.skipif("SHENQU_DATA" not in os.environ, reason="SHENQU_DATA names no folder of real recordings")
def test_real_files():
    data = Path(os.environ["SHENQU_DATA"])
    assert read_video_info(data / "video/sonnet001_audio_only.mp4") is None
    covered = read_video_info(data / "broken/cover_art_png.mp4")
    assert (covered.width, covered.height, len(covered.frame_s)) == (640, 360, 60)
    assert read_video_info(data / "broken/sar_2by3.mp4").display_size == (427, 360)
    dot = read_video_info(data / "broken/-video-with-dash-.mp4")
    assert (dot.display_size, len(dot.frame_s)) == ((1, 1), 5)
    grid = read_video_info(data / "video/grid_bbaf2n.mpg")
    assert (grid.rate, grid.start_s, len(grid.frame_s)) == (25, 0.0, 75)


def test_high_dynamic_range_gets_its_contrast_back(tmp_path):
    path = tmp_path / "pq.mkv"
    colours = {"color_trc": "smpte2084", "color_primaries": "bt2020", "colorspace": "bt2020nc", "color_range": "tv"}
    ramp = np.repeat(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], 64, axis=0).repeat(3, axis=2)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25, options=colours)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p10le"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(ramp, format="rgb24").reformat(format="yuv420p10le")))
        container.mux(stream.encode(None))
    info = read_video_info(path)
    with FrameReader(info, width=64, height=64, uses=Counter([0])) as reader:
        luma = reader.picture(0)[32].astype(int)
    # Shown as it is coded, PQ is flat and grey: shadows too light, lights too dark.
    coded = np.linspace(16, 235, 64)
    assert np.all(np.diff(luma) >= 0)
    assert luma[16] < coded[16] - 8
    assert luma[48] > coded[48] + 4
