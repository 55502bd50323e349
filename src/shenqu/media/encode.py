"""Shots encoded in the order of the source: each run-up decoded about once, on all workers at once.

The output is parted into *groups* of whole shots, each encoded by an encoder of its own into a closed
group of pictures. So the order of encoding is free, and the bytes do not depend on it or on the number
of threads. Each worker takes a stretch of the source, and keeps encoded pieces only.

Notes
-----
A group a shot would start every shot with a key frame: on a still picture that cost 25-32 % more bytes
than one encode of all frames. Groups of two seconds, within which the encoder chooses, cost 0-5 %.
FFmpeg works outside of Python's lock, so threads do as well as processes.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias, cast

import av
import numpy as np
import numpy.typing as npt
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from shenqu.documents.picture import EditList, Shot
from shenqu.errors import ToolError
from shenqu.media.frames import FrameReader, Picture
from shenqu.media.video import VideoInfo

Draw = Callable[[int, Picture], None]
Progress = Callable[[int, int], None]
Shown: TypeAlias = "tuple[int, int]"
"""A source's number, and that of its frame."""

GROUP_S = 4.0  # a group ends with the first shot that ends after this ...
LONGEST_GROUP_S = 8.0  # ... and here in any case, so that there is work for all and players can seek
BLACK = 16
GREY = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """An FFmpeg encoder with its settings.

    `delay` is by how many frames pictures may be shown later than decoded.
    """

    name: str
    options: Mapping[str, str] = field(default_factory=dict)
    delay: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One encoded frame: its bytes, the output frame that it shows, and whether decoding can begin with it."""

    data: bytes
    frame: int
    is_key: bool


def encode_film(
    edit_list: EditList,
    codec: Codec,
    *,
    sources: Sequence[VideoInfo | None],
    draw: Draw | None = None,
    progress: Progress | None = None,
    threads: int = 2,
) -> list[Piece]:
    """Return all frames of `edit_list` encoded, in the order of decoding.

    Arguments and errors are those of `shenqu.media.mux.render_video`.
    """
    film = _Film(edit_list, codec, sources, draw, progress)
    groups = _groups(edit_list)
    parts = _parts(sorted(groups, key=film.source_order), threads)
    with ThreadPoolExecutor(threads) as pool:
        jobs = [pool.submit(film.encode, part) for part in parts]
        try:
            encoded = {group: pieces for job in jobs for group, pieces in job.result().items()}
        except BaseException:
            film.stop.set()
            raise
    return [piece for group in groups for piece in encoded[group]]


def _groups(edit_list: EditList) -> list[range]:
    """Return the output frames of each group, in song order."""
    least, most = (max(1, round(length_s * edit_list.rate)) for length_s in (GROUP_S, LONGEST_GROUP_S))
    groups, start = [], 0
    for shot in edit_list.shots:
        while shot.end_frame - start > most:
            groups.append(range(start, start + most))
            start += most
        if shot.end_frame - start >= least:
            groups.append(range(start, shot.end_frame))
            start = shot.end_frame
    return [*groups, range(start, edit_list.frames)] if start < edit_list.frames else groups


def _parts(groups: list[range], count: int) -> list[list[range]]:
    """Return `groups` in `count` runs of about as many frames."""
    parts: list[list[range]] = [[] for _ in range(count)]
    total, before = sum(map(len, groups)), 0
    for group in groups:
        parts[(before + len(group) // 2) * count // total].append(group)
        before += len(group)
    return parts


class _Film:
    """One film being encoded, shared by all workers."""

    def __init__(
        self,
        edit_list: EditList,
        codec: Codec,
        sources: Sequence[VideoInfo | None],
        draw: Draw | None,
        progress: Progress | None,
    ) -> None:
        self.stop = threading.Event()
        self._edit_list = edit_list
        self._codec = codec
        self._sources = sources
        self._draw = draw
        self._progress = progress
        self._lock = threading.Lock()
        self._done = 0
        # Source, its frame, and flip of each output frame: the only place where source times become frames.
        self._shown = [
            ((shot.source, int(number)), shot.flipped) for shot in edit_list.shots for number in self._numbers(shot)
        ]

    def _numbers(self, shot: Shot) -> npt.NDArray[np.intp]:
        source = self._sources[shot.source]
        return source.frame_at(shot.source_s) if source else np.zeros(len(shot.source_s), dtype=np.intp)

    def source_order(self, group: range) -> tuple[Shown, int]:
        """Return the place of `group` among all when they are sorted by the sources."""
        return self._shown[group.start][0], group.start

    def encode(self, groups: list[range]) -> dict[range, list[Piece]]:
        """Return the pieces of each of `groups`."""
        uses = Counter(self._shown[frame][0] for group in groups for frame in group)
        with self._pictures(uses) as picture_of:
            return {group: self._encode_group(group, picture_of) for group in groups if not self.stop.is_set()}

    @contextmanager
    def _pictures(self, uses: Counter[Shown]) -> Iterator[Callable[[Shown], Picture]]:
        width, height = self._edit_list.width, self._edit_list.height
        black = np.full((height * 3 // 2, width), GREY, dtype=np.uint8)
        black[:height] = BLACK
        with ExitStack() as files:
            readers: dict[int, FrameReader] = {}
            for number in sorted({source for source, _ in uses}):
                if info := self._sources[number]:
                    of_source = Counter({frame: count for (source, frame), count in uses.items() if source == number})
                    reader = FrameReader(info, width=width, height=height, uses=of_source)
                    readers[number] = files.enter_context(reader)
            yield lambda shown: readers[shown[0]].picture(shown[1]) if shown[0] in readers else black

    def _encode_group(self, group: range, picture_of: Callable[[Shown], Picture]) -> list[Piece]:
        encoder = video_encoder(self._codec, self._edit_list)
        packets = []
        for frame in group:
            if self.stop.is_set():
                return []
            shown, flipped = self._shown[frame]
            picture = _flipped(picture_of(shown)) if flipped else picture_of(shown).copy()
            if self._draw:
                self._draw(frame, picture)
            image = VideoFrame.from_numpy_buffer(picture, format="yuv420p")
            image.pts = frame
            packets += encoder.encode(image)
            self._count()
        packets += encoder.encode(None)
        return [_piece(bytes(packet), packet.pts or 0, packet.is_keyframe) for packet in packets]

    def _count(self) -> None:
        with self._lock:
            self._done += 1
            if self._progress:
                self._progress(self._done, self._edit_list.frames)


def _flipped(picture: Picture) -> Picture:
    """Return `picture` mirrored left to right."""
    rows, width = picture.shape
    luma = rows * 2 // 3
    mirrored = np.empty_like(picture)
    mirrored[:luma] = picture[:luma, ::-1]
    mirrored[luma:].reshape(-1, width // 2)[:] = picture[luma:].reshape(-1, width // 2)[:, ::-1]
    return mirrored


def _piece(data: bytes, frame: int, is_key: bool) -> Piece:
    """Return an encoded frame without x264's note on itself (SEI, 700 bytes), which each encoder makes anew."""
    if data[:5] in {b"\0\0\0\1\6", b"\0\0\1\6" + data[4:5]}:
        data = data[data.index(b"\0\0\1", 4) :]
    return Piece(data=data, frame=frame, is_key=is_key)


def video_encoder(codec: Codec, edit_list: EditList) -> VideoCodecContext:
    """Return a new encoder; all that are made alike have the same header.

    Raises `ToolError` where FFmpeg was built without it.
    """
    try:
        encoder = cast(VideoCodecContext, av.CodecContext.create(codec.name, "w"))
    except av.codec.codec.UnknownCodecError as error:
        raise ToolError(f"FFmpeg here has no encoder {codec.name}; make a .webm, or another build of PyAV") from error
    encoder.width, encoder.height, encoder.pix_fmt = edit_list.width, edit_list.height, "yuv420p"
    encoder.time_base = 1 / edit_list.rate
    encoder.framerate = edit_list.rate
    encoder.options = {**codec.options, "flags": "+global_header+bitexact"}
    return encoder
