"""Frames of a film in any order, drawn to one size: each run-up is decoded once, and no more than needed.

Conventions
-----------
A *picture* is one I420 array, uint8 of shape (height * 3 // 2, width): `height` rows of luma, then the
two chroma planes at half size, as FFmpeg lays out yuv420p. Limited range, BT.709.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from typing import Self

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.filter import Graph
from av.video.frame import VideoFrame

from shenqu.errors import InputError
from shenqu.media.container import open_media
from shenqu.media.video import VideoInfo

Picture = npt.NDArray[np.uint8]

KEPT_BYTES = 192 * 1024 * 1024  # of drawn frames that are needed again
BACK_S = (0.0, 2.0, 10.0)  # how much earlier to look where a seek lands too late
TURNS = {90: "transpose=clock", 180: "hflip,vflip", 270: "transpose=cclock"}
BT709 = 1
UNSPECIFIED = 2
HIGH_RANGE = {16: "smpte2084", 18: "arib-std-b67"}  # transfer curves of high dynamic range: PQ, HLG


class FrameReader:
    """Gives the frames of one file by number, drawn to `width` x `height`: turned upright, cropped to cover.

    `uses` counts how often each frame will be asked for: one that is needed again is kept, within
    bounds, and one that is never asked for is decoded only where others depend on it.
    """

    def __init__(self, info: VideoInfo, *, width: int, height: int, uses: Counter[int]) -> None:
        self._info = info
        self._size = width, height
        self._uses = uses.copy()
        self._kept: OrderedDict[int, Picture] = OrderedDict()
        self._limit = max(4, KEPT_BYTES // (width * height * 3 // 2))
        self._graphs: dict[tuple[object, ...], Graph | None] = {}
        self._files = ExitStack()
        self._container = self._files.enter_context(open_media(info.path))
        self._stream = self._container.streams.video[info.stream]
        self._stream.codec_context.thread_count = 1
        self._run: Iterator[tuple[int, VideoFrame]] = iter(())
        self._reached = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def picture(self, number: int) -> Picture:
        """Return frame `number`; not to be written to, as it may be given out again.

        Raises InputError where nothing up to that frame decodes.
        """
        picture = self._kept.pop(number, None)
        if picture is None:
            picture = self._decode(number)
        self._uses[number] -= 1
        self._keep(number, picture)
        return picture

    def _keep(self, number: int, picture: Picture) -> None:
        if self._uses[number] > 0:
            self._kept[number] = picture
            if len(self._kept) > self._limit:
                self._kept.popitem(last=False)

    def _decode(self, number: int) -> Picture:
        key = self._key_before(number)
        if not key <= self._reached < number:
            self._seek(key, number)
        shown = None
        for reached, frame in self._run:
            self._reached = reached
            if reached > number:
                # Its own packet was damaged: the frame before stays on screen.
                break
            shown = frame
            if reached == number:
                break
            if self._uses[reached] > 0 and reached not in self._kept:
                self._keep(reached, self._draw(frame))
        if shown is None:
            raise InputError(f"{self._info.path}: its picture cannot be decoded at {self._info.frame_s[number]:.2f} s")
        return self._draw(shown)

    def _key_before(self, number: int) -> int:
        """Return the number of the last key frame shown no later than `number`."""
        pts = self._info.frame_pts[number]
        key = self._info.key_pts[max(0, np.searchsorted(self._info.key_pts, pts, side="right") - 1)]
        return int(np.searchsorted(self._info.frame_pts, key))

    def _seek(self, key: int, number: int) -> None:
        """Begin to decode at frame `key`, or at a key frame before it where the file seeks badly."""
        for back_s in BACK_S:
            back = int(back_s / float(self._stream.time_base or 1))
            self._container.seek(int(self._info.frame_pts[key]) - back, stream=self._stream)
            self._run = self._frames()
            first = next(self._run, None)
            if first is not None and first[0] <= number:
                self._run = _chain(first, self._run)
                return
        self._container.seek(int(self._info.frame_pts[0]) - back, stream=self._stream)
        self._run = self._frames()

    def _frames(self) -> Iterator[tuple[int, VideoFrame]]:
        """Yield (number, frame) from here on, in the order shown; those not needed by any other may be missing."""
        context = self._stream.codec_context
        for packet in self._container.demux(self._stream):
            context.skip_frame = "DEFAULT" if self._is_needed(packet.pts) else "NONREF"
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                continue
            for frame in frames:
                if isinstance(frame, VideoFrame) and frame.pts is not None:
                    yield int(np.searchsorted(self._info.frame_pts, frame.pts, side="right")) - 1, frame

    def _is_needed(self, pts: int | None) -> bool:
        if pts is None:
            return True
        return self._uses[int(np.searchsorted(self._info.frame_pts, pts))] > 0

    def _draw(self, frame: VideoFrame) -> Picture:
        look = (frame.width, frame.height, frame.format.name, int(frame.colorspace), int(frame.color_range))
        if look not in self._graphs:
            self._graphs[look] = _graph(self._info, frame, *self._size)
        graph = self._graphs[look]
        if graph is not None:
            frame.pts = None
            graph.vpush(frame)
            frame = graph.vpull()
        return np.asarray(frame.to_ndarray(), dtype=np.uint8)


def _chain(first: tuple[int, VideoFrame], rest: Iterator[tuple[int, VideoFrame]]) -> Iterator[tuple[int, VideoFrame]]:
    yield first
    yield from rest


def _graph(info: VideoInfo, frame: VideoFrame, width: int, height: int) -> Graph | None:
    """Return the filters that turn, crop and scale frames like `frame`; None where nothing is to be done."""
    matrix = _matrix(frame)
    if (frame.width, frame.height, info.rotation, matrix) == (width, height, 0, "bt709") and (
        frame.format.name == "yuv420p" and info.sample_aspect == 1
    ):
        return None
    scale = f"scale={width}:{height}:flags=bicubic:in_color_matrix={matrix}:out_color_matrix=bt709:out_range=tv"
    curve = HIGH_RANGE.get(int(frame.color_trc))
    if curve:
        scale += f":in_primaries=bt2020:in_transfer={curve}:out_primaries=bt709:out_transfer=bt709:intent=perceptual"
    turn = TURNS.get(info.rotation, "")
    return _linked(frame, [turn, _crop(info, frame, width, height), scale, "format=yuv420p"])


def _linked(frame: VideoFrame, chain: list[str]) -> Graph:
    """Return the filters of `chain`, each with its options as FFmpeg writes them, for frames like `frame`."""
    graph = Graph()
    graph.threads = 1
    size = f"{frame.width}x{frame.height}"
    range_name = "pc" if int(frame.color_range) == 2 else "tv"
    link = graph.add("buffer", f"video_size={size}:pix_fmt={frame.format.name}:time_base=1/1000:range={range_name}")
    for step in ",".join(filter(None, chain)).split(","):
        name, _, arguments = step.partition("=")
        after = graph.add(name, arguments or None)
        link.link_to(after)
        link = after
    link.link_to(graph.add("buffersink"))
    graph.configure()
    return graph


def _matrix(frame: VideoFrame) -> str:
    """Return how luma was made: as tagged; untagged, by the custom that small pictures are BT.601."""
    if frame.format.is_rgb:
        return "auto"
    tagged = int(frame.colorspace)
    if tagged in {BT709, UNSPECIFIED}:
        return "bt709" if tagged == BT709 or min(frame.width, frame.height) >= 720 else "smpte170m"
    return "auto"


def _crop(info: VideoInfo, frame: VideoFrame, width: int, height: int) -> str:
    """Return the middle part that has the shape of `width` x `height`, or nothing where it nearly has it."""
    across, down = frame.width, frame.height
    aspect = info.sample_aspect
    if info.rotation % 180:
        across, down, aspect = down, across, 1 / aspect
    ratio = Fraction(across, down) * aspect / Fraction(width, height)
    if abs(ratio - 1) < 0.01:
        return ""
    if ratio > 1:
        return f"crop={max(1, round(across / ratio))}:{down}"
    return f"crop={across}:{max(1, round(down * ratio))}"
