"""What a file shows: which frames there are, when, and how they lie.

Conventions
-----------
Source time is that of `shenqu.media.container`: picture and sound share one clock. Frames are known by
presentation time, read from the packets without decoding: a frame's number times a rate is wrong
wherever the rate varies.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from shenqu.errors import InputError, ShenquWarning
from shenqu.media.container import open_media, source_zero_s

Times = npt.NDArray[np.float64]
Stamps = npt.NDArray[np.int64]

MAX_PIXELS = 8192 * 8192
MAX_FRAMES = 4_000_000
SAME_TIME_S = 1e-5  # what rounding may do to a time; far below any frame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VideoInfo:
    """The picture of one file, as its packets describe it.

    `width` x `height` are the stored pixels, `rotation` the degrees (0, 90, 180, 270) to turn them
    clockwise for showing, `sample_aspect` the width of a stored pixel over its height. `rate` is the
    nominal rate in frames a second; where `variable` is true it is a mean only. `frame_s` are the
    times of all frames in seconds, rising; `frame_pts` the same in the stream's own units, `key_pts`
    those where decoding can begin.
    """

    path: Path
    stream: int  # among the file's video streams
    width: int
    height: int
    rotation: int
    sample_aspect: Fraction
    rate: Fraction
    variable: bool
    duration_s: float
    frame_s: Times
    frame_pts: Stamps
    key_pts: Stamps

    @property
    def start_s(self) -> float:
        """When the first frame is shown."""
        return float(self.frame_s[0])

    @property
    def display_size(self) -> tuple[int, int]:
        """Width and height in square pixels, the right way up; the stored height is kept."""
        width, height = max(1, round(self.width * self.sample_aspect)), self.height
        return (height, width) if self.rotation % 180 else (width, height)

    def frame_at(self, source_s: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """Return the number of the frame on screen at each `source_s`: the last that began by then.

        Before the first frame, the first.
        """
        late = np.searchsorted(self.frame_s, np.asarray(source_s) + SAME_TIME_S, side="right")
        return np.maximum(late - 1, 0)


def picture_stream(container: InputContainer) -> VideoStream | None:
    """Return the stream that is the film: no cover image; the default one, then the largest."""
    films = [
        stream
        for stream in container.streams.video
        if stream.codec_context is not None and not stream.disposition & Disposition.attached_pic
    ]
    return max(films, key=_weight, default=None)


def _weight(stream: VideoStream) -> tuple[bool, int, int]:
    return bool(stream.disposition & Disposition.default), stream.width * stream.height, -stream.index


def read_video_info(path: Path) -> VideoInfo | None:
    """Return what `path` shows, or None where it has no picture (a cover image is none).

    Raises InputError where the file cannot be read or its picture cannot be decoded. Warns
    (ShenquWarning) where the file ends before the time that it claims.
    """
    with open_media(path) as container:
        stream = picture_stream(container)
        if stream is None:
            return None
        if not 0 < stream.width * stream.height <= MAX_PIXELS:
            size = f"{stream.width}x{stream.height}"
            raise InputError(f"{path}: its picture is {size}; scale it to at most 8192x8192 pixels first")
        pts, keys, end_s = _read_stamps(container, stream)
        if not len(pts):
            return None
        zero_s = float(source_zero_s(container))
        _warn_if_cut_off(path, container, end_s - zero_s)
        assert stream.time_base is not None
        frame_s: Times = np.asarray(pts * float(stream.time_base) - zero_s, dtype=np.float64)
        rate, variable = _rate(frame_s, stream.guessed_rate or stream.average_rate)
        return VideoInfo(
            path=path,
            stream=container.streams.video.index(stream),
            width=stream.width,
            height=stream.height,
            rotation=_read_rotation(path, container.streams.video.index(stream)),
            sample_aspect=stream.sample_aspect_ratio or Fraction(1),
            rate=rate,
            variable=variable,
            duration_s=float(frame_s[-1] - frame_s[0]) + float(1 / rate),
            frame_s=frame_s,
            frame_pts=pts,
            key_pts=keys,
        )


def _read_stamps(container: InputContainer, stream: VideoStream) -> tuple[Stamps, Stamps, float]:
    """Return the film's times in order, those of its key frames, and when the last packet of any stream ends."""
    pts, keys, end_s = [], [], 0.0
    for packet in _packets(container, [stream, *container.streams.audio]):
        stamp = packet.dts if packet.pts is None else packet.pts
        if stamp is None or not packet.size:
            continue
        end_s = max(end_s, float((stamp + (packet.duration or 0)) * packet.time_base))
        if packet.stream.index == stream.index:
            pts.append(stamp)
            if packet.is_keyframe:
                keys.append(stamp)
        if len(pts) > MAX_FRAMES:
            raise InputError(f"{container.name}: more than {MAX_FRAMES} frames; cut it into parts first")
    # np.unique sorts and drops doubles: B-frames come out of order, and interlaced fields in pairs.
    every = np.unique(np.asarray(pts, dtype=np.int64))
    return every, np.unique(np.asarray(keys or pts[:1], dtype=np.int64)), end_s


def _packets(container: InputContainer, streams: list[VideoStream | AudioStream]) -> Iterator[Packet[Any]]:
    """Yield packets as far as the file can be read: what is missing at its end shows in the times."""
    with suppress(av.error.FFmpegError):
        yield from container.demux(streams)


def _read_rotation(path: Path, index: int) -> int:
    """Return the clockwise turn, in degrees, of the first frame that decodes."""
    with open_media(path) as container:
        try:
            frame = next(container.decode(container.streams.video[index]))
        except (av.error.FFmpegError, StopIteration) as error:
            raise InputError(f"{path}: its picture cannot be decoded; convert it to mp4 first") from error
        # FFmpeg counts the turn counter-clockwise, as the matrix does.
        return -frame.rotation % 360


def _warn_if_cut_off(path: Path, container: InputContainer, end_s: float) -> None:
    claimed_s = (container.duration or 0) / av.time_base
    if end_s < claimed_s - max(0.25, 0.01 * claimed_s):
        warnings.warn(
            f"{path}: the file ends at {end_s:.2f} s but claims {claimed_s:.2f} s; it may be incomplete",
            ShenquWarning,
            stacklevel=3,
        )


def _rate(frame_s: Times, claimed: Fraction | None) -> tuple[Fraction, bool]:
    """Return the nominal rate, and whether more than one frame in twenty lies off its grid."""
    steps = np.diff(frame_s)
    if not len(steps):
        return claimed or Fraction(25), False
    middle_s = float(np.median(steps))
    variable = bool(np.mean(np.abs(steps - middle_s) > 0.25 * middle_s) > 0.05)
    if claimed and (variable or abs(float(claimed) * middle_s - 1.0) < 0.02):
        return claimed, variable
    return Fraction(1 / middle_s).limit_denominator(1001), variable
