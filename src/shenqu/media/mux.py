"""The film's file: encoded pictures in song order beside one track of sound.

The sound is mixed and encoded as a whole; sound a shot would drift by what each encoder pads.

Conventions
-----------
Constant frame rate; output frame k is shown from k / rate, sample n is heard at n / 48000.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from heapq import merge
from pathlib import Path
from typing import Any, TypeAlias, cast

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream

from shenqu.documents.audio import Samples
from shenqu.documents.picture import EditList
from shenqu.errors import InputError
from shenqu.media.encode import Codec, Draw, Piece, Progress, encode_film, video_encoder
from shenqu.media.video import VideoInfo
from shenqu.units import SONG_RATE

SOUND_CHUNK = 1024
COLOURS = {"colorspace": "bt709", "color_trc": "bt709", "color_primaries": "bt709", "color_range": "tv"}

TimedPacket: TypeAlias = "tuple[float, Packet[Any]]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What a file ending stands for: FFmpeg's muxer and the two encoders."""

    container: str
    picture: Codec
    sound: Codec
    options: Mapping[str, str] = field(default_factory=dict)


def _steady_x264() -> dict[str, str]:
    """Return the options that keep x264's bytes the same from run to run.

    Its AVX-512 code for the macroblock tree reads memory that nobody wrote: on widths that are no multiple
    of 128 pixels, 100 runs gave dozens of different files. Its AVX2 code is as fast and gave one.
    """
    extensions = cast(dict[str, Any], np.show_config(mode="dicts")).get("SIMD Extensions", {})
    has_avx512 = any(name == "X86_V4" or "AVX512" in name for name in extensions.get("found", []))
    return {"x264-params": "asm=avx2,fma3,bmi1,bmi2,lzcnt"} if has_avx512 else {}


X264 = Codec(
    name="libx264",
    options={"preset": "veryfast", "crf": "20", "threads": "1", **_steady_x264(), **COLOURS},
    delay=2,
)
VP9 = Codec(
    name="libvpx-vp9",
    options={
        "crf": "32",
        "b": "0",
        "deadline": "good",
        "cpu-used": "5",
        "lag-in-frames": "0",
        "threads": "1",
        **COLOURS,
    },
)
AAC = Codec(name="aac", options={"b": "192000", "flags": "+bitexact"})
OPUS = Codec(name="libopus", options={"b": "160000", "flags": "+bitexact"})
FORMATS = {
    ".mp4": Format(container="mp4", picture=X264, sound=AAC, options={"movflags": "+faststart"}),
    ".mov": Format(container="mov", picture=X264, sound=AAC, options={"movflags": "+faststart"}),
    ".mkv": Format(container="matroska", picture=X264, sound=AAC),
    ".webm": Format(container="webm", picture=VP9, sound=OPUS),
}


def render_video(
    path: Path,
    edit_list: EditList,
    mix: Samples,
    *,
    sources: Sequence[VideoInfo | None],
    draw: Draw | None = None,
    tags: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    threads: int = 2,
) -> None:
    """Write the film that `edit_list` cuts from `sources`, with `mix` as its sound, to `path`.

    Parameters
    ----------
    path
        Its ending says the format: one of `FORMATS`.
    mix
        Shape (2, samples), 48 kHz, full scale 1.0; song time 0 is sample 0.
    sources
        The films that the shots are cut from, by number; None for one without picture, where `draw` makes every frame,
        from black.
    draw
        Called with each output frame's number and its picture (see `shenqu.media.frames`), to be drawn
        on in place; from several threads, in any order.
    tags
        Title, artist, comment ... of the file.
    progress
        Called with frames done and frames in all; raise in it to stop.
    threads
        How many groups of shots are encoded at once. The bytes do not depend on it, nor on the clock.

    Raises
    ------
    InputError
        Unknown ending, or the source has no picture that can be decoded.
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise InputError(f"{path}: a film ends in {', '.join(FORMATS)}; choose one of these")
    pieces = encode_film(edit_list, form.picture, sources=sources, draw=draw, progress=progress, threads=threads)
    write_film(path, form, edit_list, pieces, mix, tags=tags or {})


def write_film(
    path: Path, form: Format, edit_list: EditList, pieces: Iterable[Piece], mix: Samples, *, tags: Mapping[str, str]
) -> None:
    """Write encoded pictures and `mix` into one file."""
    options = {"fflags": "+bitexact", **form.options}
    with av.open(str(path), "w", format=form.container, options=options) as container:
        container.metadata.update(tags)
        # This stream's own encoder is never used: it gives the header that all pieces share.
        header = video_encoder(form.picture, edit_list)
        picture = cast(
            VideoStream, container.add_stream(form.picture.name, rate=edit_list.rate, options=header.options)
        )
        picture.width, picture.height, picture.pix_fmt = header.width, header.height, header.pix_fmt
        sound = cast(
            AudioStream, container.add_stream(form.sound.name, rate=SONG_RATE, options=dict(form.sound.options))
        )
        sound.layout = "stereo"
        pictures = _picture_packets(pieces, picture, form.picture.delay, edit_list.rate)
        for _, packet in merge(pictures, _sound_packets(mix, sound), key=_time):
            container.mux(packet)


def _time(timed: TimedPacket) -> float:
    return timed[0]


def _picture_packets(pieces: Iterable[Piece], stream: VideoStream, delay: int, rate: Fraction) -> Iterator[TimedPacket]:
    """Yield each piece at its frame's time. Decoding times count on through all groups, `delay` ahead."""
    for index, piece in enumerate(pieces):
        packet = Packet(piece.data)
        packet.pts, packet.dts, packet.duration = piece.frame, index - delay, 1
        assert packet.dts <= packet.pts, "the encoder reorders by more than its delay"
        packet.time_base = 1 / rate
        packet.stream = stream
        packet.is_keyframe = piece.is_key
        yield float((index - delay) / rate), packet


def _sound_packets(mix: Samples, stream: AudioStream) -> Iterator[TimedPacket]:
    for start in range(0, mix.shape[1], SOUND_CHUNK):
        frame = AudioFrame.from_ndarray(
            np.ascontiguousarray(mix[:, start : start + SOUND_CHUNK]), format="fltp", layout="stereo"
        )
        frame.rate, frame.pts, frame.time_base = SONG_RATE, start, Fraction(1, SONG_RATE)
        yield from _timed(stream.encode(frame))
    yield from _timed(stream.encode(None))


def _timed(packets: Iterable[Packet[Any]]) -> Iterator[TimedPacket]:
    for packet in packets:
        yield float((packet.pts or 0) * packet.time_base), packet
