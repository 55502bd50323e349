"""How long it takes, and what it needs: the voice, the picture, the memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, groupby
from pathlib import Path
from statistics import median

import av
import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from av.video.frame import VideoFrame

from benchmarks.material import Material, Recording
from benchmarks.report import number, table, verdict
from benchmarks.songs import SongMade
from benchmarks.usage import shenqu
from shenqu.documents.audio import Samples
from shenqu.documents.picture import EditList
from shenqu.media.audio import read_audio
from shenqu.media.encode import Draw, encode_film, video_encoder
from shenqu.media.fonts import find_typeface
from shenqu.media.mux import X264, render_video
from shenqu.media.video import VideoInfo
from shenqu.picture.caption import caption_lines
from shenqu.picture.cut import cut, picture_rate
from shenqu.picture.strips import caption_drawer
from shenqu.pipeline.doors import read_song
from shenqu.pipeline.render import Film, render_sound
from shenqu.pipeline.report import silent
from shenqu.units import SONG_RATE

VOICE_GOAL = 0.3
PICTURE_GOAL = 1.8
BYTES_GOAL = 0.1
MEMORY_GOAL_MB = 1500
LONG_SPEECH_S = 600.0
PAUSE_S = 0.4
RUNS = 5
Pictures = npt.NDArray[np.uint8]


def describe_voice(songs: Sequence[SongMade]) -> str:
    """Return the section on the voice: whole command to song length, memory between runs empty."""
    rows, shares, cpu_shares = [], [], []
    for name, group in groupby(songs, key=lambda song: song.recording.name):
        members = list(group)
        walls = [min(run.wall_s for run in song.runs) / song.length_s for song in members]
        cpus = [min(run.cpu_s for run in song.runs) / song.length_s for song in members]
        shares += walls
        cpu_shares += cpus
        lengths = " / ".join(number(song.length_s, 0) for song in members)
        figures = (median(walls), max(walls), median(cpus), max(cpus))
        rows.append([name, lengths, *(number(figure, 2) for figure in figures)])
    figures = (median(shares), max(shares), median(cpu_shares), max(cpu_shares))
    rows.append(["**all**", "", *(number(figure, 2) for figure in figures)])
    within, cpu_within = (sum(share <= VOICE_GOAL for share in every) for every in (shares, cpu_shares))
    head = ["recording", "songs, s", "clock, median", "clock, worst", "CPU, median", "CPU, worst"]
    return "\n\n".join(
        [
            "## Voice: from file to vocal stem",
            "The whole command, `shenqu sing SPEECH --text WORDS --tune TUNE -o x.wav --stems DIR`, in a process of "
            "its own with an empty cache: start of Python, reading, alignment, pitch, arrangement, voice; also band, "
            "mix and all stems, which it cannot leave out. Seconds a second of song, the best of "
            f"{len(songs[0].runs)} runs of every song.",
            table(head, rows),
            f"Goal: at most {VOICE_GOAL} on 2 cores: median {verdict(median(shares) <= VOICE_GOAL)}, "
            f"{within} of {len(shares)} songs within it by the clock, {cpu_within} by the CPU time of all cores.",
        ]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmCost:
    """A film against x264 alone: seconds of CPU, and bytes of picture."""

    name: str
    frames: int
    ours_s: float
    cut_s: float
    x264_s: float
    ours_bytes: int
    x264_bytes: int


def describe_picture(material: Material, workshop: Path) -> str:
    """Return the section on the picture; films come from the outside data."""
    if material.folder is None:
        return "## Picture\n\nNot measured: there is no film without SHENQU_DATA."
    face = next(recording for recording in material.recordings if recording.path.suffix == ".mpg")
    # Nobody wrote down what is said there: other words cost the same.
    words = material.recordings[0].text
    talk = Recording(name="talk_over_timecode", path=material.folder / "video/talk_over_timecode.mp4", text=words)
    costs = [_film_cost(recording, workshop) for recording in (talk, face)]
    head = ["film", "frames", "x264 alone, s", "film, s", "ratio", "without captions", "bytes", ""]
    rows = []
    for cost in costs:
        ratio, size = cost.ours_s / cost.x264_s, cost.ours_bytes / cost.x264_bytes
        rows.append(
            [
                cost.name,
                str(cost.frames),
                *(number(figure, 2) for figure in (cost.x264_s, cost.ours_s, ratio, cost.cut_s / cost.x264_s)),
                f"{100 * (size - 1):+.1f} %",
                verdict(ratio <= PICTURE_GOAL and abs(size - 1) <= BYTES_GOAL),
            ]
        )
    return "\n\n".join(
        [
            "## Picture",
            "CPU of all threads for the whole film (source decoded, cut, captions burnt in, encoded, sound encoded, "
            "file written) against one x264 encoder that is handed the same finished frames from memory, with the same "
            f"preset, crf and threads. The least of {RUNS} runs, taken in turns. *Without captions*: only cut and "
            "encoded, against the same x264.",
            table(head, rows),
            f"Goal: at most {PICTURE_GOAL} x x264 alone, bytes of picture within {100 * BYTES_GOAL:.0f} %.",
        ]
    )


def _film_cost(recording: Recording, workshop: Path) -> FilmCost:
    document = _film_document(recording, workshop)
    song = read_song(document)
    film = Film.of([recording.path], None)
    assert film.info
    sung = render_sound(song, [recording.path], report=silent)
    width, height = film.size
    rate = picture_rate(film.info.rate, variable=film.info.variable)
    edit_list = cut(sung.performance, rate=rate, width=width, height=height)
    lines = caption_lines(sung.performance, song.transcript)
    text = "".join(syllable.text for line in lines for syllable in line.syllables)
    draw = caption_drawer(lines, edit_list, find_typeface(text, language=song.transcript.language))
    out = workshop / f"{recording.name}.mp4"

    def film_it(draw: Draw | None) -> None:
        render_video(out, edit_list, sung.mix, sources=[film.info], draw=draw)

    pictures = _finished_pictures(edit_list, film.info, draw, workshop / f"{recording.name}.raw")
    x264_bytes: list[int] = []
    cut_s, ours_s, x264_s = _cpu_s(
        lambda: film_it(None),
        lambda: film_it(draw),
        lambda: x264_bytes.append(_encode_alone(edit_list, pictures)),
    )
    return FilmCost(
        name=f"{recording.name}, {width}x{height}",
        frames=edit_list.frames,
        ours_s=ours_s,
        cut_s=cut_s,
        x264_s=x264_s,
        ours_bytes=_picture_bytes(out),
        x264_bytes=x264_bytes[0],
    )


def _film_document(recording: Recording, workshop: Path) -> Path:
    """Return the document of a short song made of `recording`."""
    out = workshop / f"{recording.name}-film.wav"
    arguments = ["--tune", "yankee-doodle", "--text", recording.text, "-o", out]
    shenqu("sing", recording.path, *arguments, cache=workshop / "cache")
    return out.with_suffix(".shenqu")


def _cpu_s(*works: Callable[[], None]) -> list[float]:
    """Return the CPU time of all threads that each of `works` takes, the least of several runs, taken in turns."""
    times = [[_cpu_once_s(work) for work in works] for _ in range(RUNS)]
    return [min(runs) for runs in zip(*times, strict=True)]


def _cpu_once_s(work: Callable[[], None]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _finished_pictures(edit_list: EditList, source: VideoInfo, draw: Draw, file: Path) -> Pictures:
    """Return all frames as the film's encoder gets them, captions and all."""
    shape = (edit_list.frames, edit_list.height * 3 // 2, edit_list.width)
    pictures = np.memmap(file, dtype=np.uint8, mode="w+", shape=shape)

    def keep(frame: int, picture: Pictures) -> None:
        draw(frame, picture)
        pictures[frame] = picture

    encode_film(edit_list, replace(X264, options={**X264.options, "preset": "ultrafast"}), sources=[source], draw=keep)
    return pictures


def _encode_alone(edit_list: EditList, pictures: Pictures) -> int:
    """Return the bytes that one encoder makes of `pictures`."""
    encoder = video_encoder(X264, edit_list)
    size = 0
    for number_of_frame, picture in enumerate(pictures):
        image = VideoFrame.from_numpy_buffer(picture, format="yuv420p")
        image.pts = number_of_frame
        size += sum(packet.size for packet in encoder.encode(image))
    return size + sum(packet.size for packet in encoder.encode(None))


def _picture_bytes(film: Path) -> int:
    with av.open(str(film)) as container:
        return sum(packet.size for packet in container.demux(video=0))


def describe_memory(material: Material, workshop: Path) -> str:
    """Return the section on memory: ten minutes of speech, with its words and without."""
    speech, words = workshop / "long.wav", workshop / "long.txt"
    text = _long_speech(material, speech)
    words.write_text(text, encoding="utf-8")
    rows = []
    for name, extra in (("with its words", ["--text", words]), ("without", [])):
        out = workshop / "long-song.wav"
        arguments = ["--tune", "ode-to-joy", "-o", out, "--stems", workshop / "long-stems", "--force"]
        used = shenqu("sing", speech, *arguments, *extra, cache=workshop / "long-cache")
        reached = verdict(used.peak_mb < MEMORY_GOAL_MB)
        rows.append([name, number(used.peak_mb, 0), number(used.wall_s), reached])
    return "\n\n".join(
        [
            "## Memory",
            f"Ten minutes of speech ({LONG_SPEECH_S:.0f} s, 48 kHz, mono, recordings one after the other) sung on "
            f"ode-to-joy: the most memory held at once. Goal: under {MEMORY_GOAL_MB} MB.",
            table(["ten minutes of speech", "peak, MB", "clock, s", ""], rows),
        ]
    )


def _long_speech(material: Material, path: Path) -> str:
    """Write the recordings of one language, again and again, to `path`; return all their words."""
    english = [recording for recording in material.recordings if recording.text.isascii()]
    english = [recording for recording in english if not recording.text.endswith(".srt")]
    pause = np.zeros(round(PAUSE_S * SONG_RATE), dtype=np.float32)
    sounds: list[Samples] = []
    words = []
    for recording in cycle(english):
        if sum(map(len, sounds)) >= LONG_SPEECH_S * SONG_RATE:
            break
        audio = read_audio(recording.path)
        sounds += [soxr.resample(audio.mono, audio.rate, SONG_RATE), pause]
        words.append(recording.text)
    soundfile.write(path, np.concatenate(sounds), SONG_RATE)
    return "\n".join(words)
