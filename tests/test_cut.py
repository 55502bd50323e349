"""The picture follows the time map, frame by frame, in the edit list and in the film."""

import math
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from films import CLICK_RATE, HEIGHT, WIDTH, make_film, read_film, steady
from shenqu.documents.performance import Performance, SungNote, TimeMap
from shenqu.documents.picture import EditList, Quote, Shot
from shenqu.errors import InputError
from shenqu.media.encode import encode_film
from shenqu.media.mux import X264, render_video
from shenqu.media.video import read_video_info
from shenqu.picture.cut import cut, picture_rate, picture_size

SOURCE_FRAMES, SOURCE_RATE = 150, 25
# Straight, a jump far ahead, slow motion, a jump back, a held picture, fast forward, backwards.
ROWS = (
    (0.0, 1.0),
    (0.7, 1.7),
    (0.7, 4.0),
    (1.7, 4.5),
    (1.71, 4.5),
    (1.71, 0.5),
    (2.0, 0.79),
    (2.4, 0.79),
    (3.0, 2.29),
    (3.0, 5.5),
    (3.3, 5.2),
    (3.33, 3.0),
)


def note(start_s, end_s, *, syllable=0, repeat=0, lyric="a"):
    return SungNote(start_s=start_s, end_s=end_s, pitch=60, syllable=syllable, lyric=lyric, repeat=repeat)


def performance(rows=ROWS, notes=(), duration_s=None):
    return Performance(notes=tuple(notes), time_map=TimeMap(rows=rows), duration_s=duration_s or rows[-1][0])


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = make_film(tmp_path_factory.mktemp("film") / "source.mp4", steady(SOURCE_FRAMES, SOURCE_RATE))
    return read_video_info(path)


@given(
    steps=st.lists(st.tuples(st.floats(0.001, 2), st.floats(0, 20), st.booleans()), min_size=1, max_size=12),
    rate=st.sampled_from([Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60)]),
)
@settings(max_examples=40, deadline=None)
def test_shots_tile_the_song_and_jump_nowhere_inside(steps, rate):
    rows, now = [(0.0, 0.0)], 0.0
    for length_s, speech_s, jumps in steps:
        if jumps:
            rows.append((now, speech_s))
        now += length_s
        rows.append((now, rows[-1][1] + length_s))
    edit_list = cut(performance(tuple(rows)), rate=rate, width=64, height=64)
    assert edit_list.shots[0].first_frame == 0
    for before, after in zip(edit_list.shots, edit_list.shots[1:], strict=False):
        assert before.end_frame == after.first_frame
    assert edit_list.frames == math.ceil(now * rate - 0.001) or edit_list.frames == 1
    for shot in edit_list.shots:
        steps_s = np.diff(shot.source_s)
        assert np.all(np.abs(steps_s - float(1 / rate)) < 0.6 / float(rate))


def test_repeats_are_mirrored_from_the_jump_that_leads_to_them():
    rows = ((0.0, 1.0), (0.9, 1.9), (0.9, 1.0), (1.9, 2.0), (1.9, 1.0), (3.0, 2.1))
    notes = [
        note(0.1, 0.9),
        note(1.0, 1.4, repeat=1),
        note(1.4, 1.9, lyric="+", repeat=1),
        note(2.0, 3.0, repeat=2),
    ]
    shots = cut(performance(rows, notes), rate=Fraction(10), width=64, height=64).shots
    assert [(shot.first_frame, shot.end_frame, shot.flipped) for shot in shots] == [
        (0, 9, False),
        (9, 19, True),
        (19, 30, False),
    ]


def test_what_is_quoted_is_seen_where_the_voice_rests():
    quotes = [Quote(start_s=1.8, end_s=2.2, speech_s=4.0), Quote(start_s=3.2, end_s=3.6, speech_s=1.0)]
    sung = performance(notes=[note(0.7, 1.7), note(1.71, 2.0, repeat=1)], duration_s=3.6)
    shots = cut(sung, rate=Fraction(100), width=64, height=36, quotes=quotes).shots
    shown = {
        shot.first_frame + at: (source_s, shot.flipped) for shot in shots for at, source_s in enumerate(shot.source_s)
    }
    plain = {
        shot.first_frame + at: source_s
        for shot in cut(sung, rate=Fraction(100), width=64, height=36).shots
        for at, source_s in enumerate(shot.source_s)
    }
    for frame, (source_s, flipped) in shown.items():
        middle_s = (frame + 0.5) / 100
        if 2.0 < middle_s < 2.2:  # held by the voice, and quoted
            assert source_s == pytest.approx(4.0 + middle_s - 1.8) and not flipped
        elif 3.33 < middle_s < 3.6:  # behind the end of what is sung
            assert source_s == pytest.approx(1.0 + middle_s - 3.2) and not flipped
        else:
            assert source_s == plain[frame]


def test_film_shows_the_planted_frame_everywhere(source, tmp_path):
    rate = Fraction(30)
    notes = [note(0.0, 0.7), note(0.75, 1.7, repeat=1), note(1.71, 2.0, syllable=1), note(3.0, 3.3, repeat=3)]
    edit_list = cut(performance(notes=notes), rate=rate, width=WIDTH, height=HEIGHT)
    out = tmp_path / "out.mp4"
    render_video(out, edit_list, np.zeros((2, round(3.33 * CLICK_RATE)), np.float32), sources=[source])
    shown, _ = read_film(out)
    assert len(shown) == 100
    times, rows = zip(*ROWS, strict=True)
    for frame, (time_s, number, flipped) in enumerate(shown):
        assert time_s == pytest.approx(frame / 30, abs=1e-4)
        middle_s = (frame + 0.5) / 30
        last = max(index for index, song_s in enumerate(times) if song_s <= middle_s)
        share = (middle_s - times[last]) / (times[last + 1] - times[last])
        speech_s = rows[last] + share * (rows[last + 1] - rows[last])
        assert number == math.floor(speech_s * SOURCE_RATE + 1e-6), f"frame {frame}"
        assert flipped == (0.7 <= middle_s < 1.71 or middle_s >= 3.0), f"frame {frame}"


def test_film_of_varying_rate_is_cut_by_time(tmp_path):
    times_s = np.round(np.cumsum(np.random.default_rng(2).choice([0.033, 0.05, 0.1, 0.2], 60)), 3).tolist()
    info = read_video_info(make_film(tmp_path / "vfr.mkv", times_s))
    rows = ((0.0, 2.0), (1.0, 3.0), (1.0, 0.5), (2.0, 1.0))
    rate = picture_rate(info.rate, variable=info.variable)
    assert rate == 30
    edit_list = cut(performance(rows), rate=rate, width=WIDTH, height=HEIGHT)
    render_video(tmp_path / "out.mkv", edit_list, np.zeros((2, 96000), np.float32), sources=[info])
    shown, _ = read_film(tmp_path / "out.mkv")
    zero_s = times_s[0]
    for frame, (_, number, _) in enumerate(shown):
        middle_s = (frame + 0.5) / 30
        speech_s = 2.0 + middle_s if middle_s < 1.0 else 0.5 + (middle_s - 1.0) / 2
        expected = max(0, int(np.searchsorted(np.array(times_s) - zero_s, speech_s, side="right")) - 1)
        assert number == expected


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_click_stands_where_the_picture_changes(source, tmp_path, suffix):
    jump_s = 1.2345
    rows = ((0.0, 0.0), (jump_s, jump_s), (jump_s, 4.0), (2.0, 4.7655))
    edit_list = cut(performance(rows), rate=Fraction(25), width=WIDTH, height=HEIGHT)
    mix = np.zeros((2, 2 * CLICK_RATE), np.float32)
    mix[:, round(jump_s * CLICK_RATE)] = 0.9
    out = tmp_path / f"out{suffix}"
    render_video(out, edit_list, mix, sources=[source], tags={"title": "神曲 \\ {x}", "comment": "a = b"})
    shown, sound = read_film(out)
    click_s = int(np.abs(sound).argmax()) / CLICK_RATE
    assert click_s == pytest.approx(jump_s, abs=0.001)
    changed_s = next(time_s for time_s, number, _ in shown if number >= 90)
    assert abs(changed_s - jump_s) <= 0.5 / 25 + 0.001
    assert len(shown) == 50
    with av.open(str(out)) as container:
        assert container.metadata["title"] == "神曲 \\ {x}"
        assert container.start_time == 0
        stream = container.streams.video[0]
        assert (stream.codec_context.pix_fmt, stream.average_rate) == ("yuv420p", 25)


def test_bytes_depend_on_nothing_but_the_input(source, tmp_path):
    edit_list = cut(performance(), rate=Fraction(30), width=WIDTH, height=HEIGHT)
    mix = np.random.default_rng(1).normal(0, 0.1, (2, 160000)).astype(np.float32)
    made = []
    for name, threads in (("a.mp4", 1), ("b.mp4", 2), ("c.mp4", 3)):
        render_video(tmp_path / name, edit_list, mix, sources=[source], threads=threads)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1] == made[2]
    assert made[0].index(b"moov") < made[0].index(b"mdat"), "players can begin before the whole file is there"


def test_encoder_reads_no_memory_that_nobody_wrote():
    grain = np.random.default_rng(3)
    patches = grain.integers(30, 220, (20, 15, 19), dtype=np.uint8).repeat(16, axis=1).repeat(16, axis=2)
    film = EditList(rate=Fraction(25), width=304, height=240, shots=(Shot(first_frame=0, source_s=(0.0,) * 20),))

    def draw(frame, picture):
        picture[:240] = np.roll(patches[frame // 5], 3 * frame, axis=1) + grain_of[frame]

    grain_of = grain.integers(0, 25, (20, 240, 304), dtype=np.uint8)
    made = set()
    for _ in range(12):
        dirt = [grain.integers(0, 255, int(grain.integers(1000, 2_000_000)), dtype=np.uint8) for _ in range(4)]
        del dirt
        pieces = encode_film(film, X264, sources=[None], draw=draw, threads=1)
        made.add(b"".join(piece.data for piece in pieces))
    assert len(made) == 1


def test_shots_of_one_frame(source, tmp_path):
    shots = tuple(Shot(first_frame=k, source_s=((37 * k) % 150 / 25 + 0.01,), flipped=k % 2 == 1) for k in range(60))
    edit_list = EditList(rate=Fraction(24000, 1001), width=WIDTH, height=HEIGHT, shots=shots)
    render_video(tmp_path / "out.mp4", edit_list, np.zeros((2, 120000), np.float32), sources=[source])
    shown, _ = read_film(tmp_path / "out.mp4")
    assert [(number, flipped) for _, number, flipped in shown] == [((37 * k) % 150, k % 2 == 1) for k in range(60)]


def test_frames_can_be_drawn_without_a_source(tmp_path):
    edit_list = EditList(
        rate=Fraction(30), width=WIDTH, height=HEIGHT, shots=(Shot(first_frame=0, source_s=(0.0,) * 200),)
    )
    seen = []

    def draw(frame, picture):
        seen.append(int(picture[0, 0]))
        picture[: HEIGHT // 2] = 235 if frame % 2 else 16
        picture[HEIGHT // 2 : HEIGHT, : WIDTH // 4] = 235

    counts = []
    render_video(
        tmp_path / "out.mp4",
        edit_list,
        np.zeros((2, 320000), np.float32),
        sources=[None],
        draw=draw,
        progress=lambda done, whole: counts.append((done, whole)),
    )
    shown, _ = read_film(tmp_path / "out.mp4")
    assert [number for _, number, _ in shown] == [0, 255] * 100
    assert set(seen) == {16}
    assert counts == [(done, 200) for done in range(1, 201)]


def test_what_stops_the_work_is_raised(source, tmp_path):
    edit_list = cut(performance(), rate=Fraction(30), width=WIDTH, height=HEIGHT)

    def stop(done, whole):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_video(tmp_path / "a.mp4", edit_list, np.zeros((2, 9), np.float32), sources=[source], progress=stop)
    with pytest.raises(InputError, match=r"ends in \.mp4"):
        render_video(tmp_path / "a.avi", edit_list, np.zeros((2, 9), np.float32), sources=[source])


def test_sizes_and_rates():
    assert picture_size(1280, 720) == (1280, 720)
    assert picture_size(1, 1) == (480, 480)
    assert picture_size(427, 360) == (570, 480)
    assert picture_size(1920, 1080, "1:1") == (1080, 1080)
    assert picture_size(1080, 1920, "16:9") == (1920, 1080)
    assert picture_size(640, 360, "9:16") == (720, 1280)
    assert picture_size(640, 360, "320x200") == (320, 200)
    for bad in ("321x200", "8x8", "99999x16", "16:10", "x", "-2x16", "", "٣٢x٣٢"):
        with pytest.raises(InputError, match="picture"):
            picture_size(640, 360, bad)
    assert picture_rate(Fraction(30000, 1001)) == Fraction(30000, 1001)
    assert picture_rate(Fraction(1)) == 32
    assert picture_rate(Fraction(90000)) == 30
