"""The sound stream of a file, decoded block by block on the file's clock.

References
----------
ITU-R BS.775-3, annex 4: the downmix of five channels to two.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.container
import av.error
import numpy as np

from shenqu.documents.audio import Samples
from shenqu.errors import InputError
from shenqu.media.container import source_zero_s

_PREROLL_S = Fraction(1, 2)  # decoders need some frames before they are right: 80 ms for Opus, a few frames of MP3
_HONEST_FORMATS = {"mov", "matroska", "wav", "flac", "avi", "asf", "aiff", "caf", "w64"}
_FULL_SCALE = {"u1": 2.0**7, "i2": 2.0**15, "i4": 2.0**31, "i8": 2.0**63, "f4": 1.0, "f8": 1.0}
_LOWEST_RATE, _HIGHEST_RATE = 1000, 768_000
_HALF_POWER = 0.5**0.5
_STEREO_SHARES = {
    "FL": (1.0, 0.0),
    "FR": (0.0, 1.0),
    "FC": (_HALF_POWER, _HALF_POWER),
    "LFE": (0.0, 0.0),
    "BL": (_HALF_POWER, 0.0),
    "BR": (0.0, _HALF_POWER),
    "BC": (0.5, 0.5),
    "SL": (_HALF_POWER, 0.0),
    "SR": (0.0, _HALF_POWER),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Decoded samples of one or two channels at `rate`; `onset_s` is the source time of the first, if known."""

    onset_s: Fraction | None
    samples: Samples
    rate: int

    @property
    def duration_s(self) -> Fraction:
        """Length in seconds."""
        return Fraction(self.samples.shape[1], self.rate)


class SoundSource:
    """The sound stream of an open file.

    `claimed_end_s` is the source time of its end as the file's header has it, None where that is a guess,
    and `claim_is_exact` to the sample or not. `seen_end_s` is how far the file was read; `damaged_s` are the
    times of pieces that do not decode.
    """

    def __init__(self, container: av.container.InputContainer, path: Path) -> None:
        """Choose the main sound stream, or raise `InputError` where there is none."""
        stream = container.streams.best("audio") or next(iter(container.streams.audio), None)
        if not isinstance(stream, av.AudioStream) or not hasattr(stream.codec_context, "decode"):
            raise InputError(f"{path}: holds no sound that can be decoded; give a file with a sound track")
        self._container, self._stream, self._path = container, stream, path
        self._time_base = stream.time_base or Fraction(1, 1_000_000)
        self._zero_s = source_zero_s(container)
        self._frame_grid_s: tuple[Fraction, Fraction] | None = None
        self.claimed_end_s = self._claim()
        self.claim_is_exact = bool(stream.duration) and self._time_base * (stream.rate or 0) == 1
        self.seen_end_s = Fraction(0)
        self.damaged_s: list[float] = []

    @property
    def channels(self) -> int:
        """How many channels the file has."""
        return self._stream.codec_context.channels

    @property
    def likely_end_s(self) -> float:
        """The source time at which the sound probably ends; infinite where the file does not say."""
        duration_s = (self._container.duration or math.inf) / 1e6
        return duration_s if self.claimed_end_s is None else self.claimed_end_s

    def seek(self, start_s: float) -> bool:
        """Go to some time before `start_s`, or answer False where the file cannot."""
        if self._time_base * (self._stream.rate or 1) > 1:
            self._frame_grid_s = self._find_grid()
        target_s = self._zero_s + Fraction(start_s) - _PREROLL_S
        try:
            self._container.seek(int(target_s / self._time_base), stream=self._stream)
        except av.error.FFmpegError:
            return False
        return True

    def blocks(self) -> Iterator[Block]:
        """Yield what decodes, in the file's order."""
        for packet in self.packets():
            try:
                frames: list[av.AudioFrame] = self._stream.decode(packet)
            except av.error.FFmpegError:
                self.damaged_s.append(float(self._source_s(packet.pts) or self.seen_end_s))
                continue
            yield from (self._block(frame) for frame in frames if frame.samples)

    def _block(self, frame: av.AudioFrame) -> Block:
        if not _LOWEST_RATE <= frame.sample_rate <= _HIGHEST_RATE:
            raise InputError(
                f"{self._path}: has {frame.sample_rate} samples a second; that is no sound, convert it first"
            )
        samples = _to_stereo(frame)
        if not np.isfinite(samples).all():
            self.damaged_s.append(float(self._source_s(frame.pts) or self.seen_end_s))
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        return Block(onset_s=self._on_grid(self._source_s(frame.pts)), samples=samples, rate=frame.sample_rate)

    def packets(self) -> Iterator[av.Packet[Any]]:
        """Yield the packets of the sound stream; those of all streams move `seen_end_s`."""
        packets = self._container.demux(*self._container.streams.audio, *self._container.streams.video)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError:
                self.damaged_s.append(float(self.seen_end_s))
                return
            if packet.pts is not None:
                self.seen_end_s = max(self.seen_end_s, self.end_s(packet))
            if packet.stream is self._stream:
                yield packet

    def end_s(self, packet: av.Packet[Any]) -> Fraction:
        """Return the source time at which the sound or picture of a packet ends."""
        return ((packet.pts or 0) + (packet.duration or 0)) * (packet.time_base or self._time_base) - self._zero_s

    def _claim(self) -> float | None:
        if self._container.format.name.split(",")[0] not in _HONEST_FORMATS:
            return None
        if self._stream.duration:
            return float(((self._stream.start_time or 0) + self._stream.duration) * self._time_base - self._zero_s)
        return self._container.duration / 1e6 if self._container.duration else None

    def _source_s(self, pts: int | None) -> Fraction | None:
        return None if pts is None else pts * self._time_base - self._zero_s

    def _find_grid(self) -> tuple[Fraction, Fraction] | None:
        """Return where the second frame starts and how long it is, in seconds.

        A clock of milliseconds (Matroska) does not name samples; frames of one length do. The first frame
        is left out because the run-in of the encoder is cut off it.
        """
        for first, second in itertools.pairwise(self.blocks()):
            return None if first.onset_s is None else (first.onset_s + first.duration_s, second.duration_s)
        return None

    def _on_grid(self, onset_s: Fraction | None) -> Fraction | None:
        if onset_s is None or self._frame_grid_s is None:
            return onset_s
        phase_s, step_s = self._frame_grid_s
        nearest_s = phase_s + round((onset_s - phase_s) / step_s) * step_s
        return nearest_s if abs(nearest_s - onset_s) <= self._time_base else onset_s


def _to_stereo(frame: av.AudioFrame) -> Samples:
    """Return a frame as float32 of shape (channels, samples); more than two channels become two."""
    values = frame.to_ndarray()
    names = [channel.name for channel in frame.layout.channels]
    if not frame.format.is_planar:
        values = values.reshape(-1, len(names)).T
    kind = values.dtype.str[1:]
    samples = (values - 128.0 if kind == "u1" else values) * np.float32(1.0 / _FULL_SCALE[kind])
    if len(names) > 2:
        known = all(name in _STEREO_SHARES for name in names)
        shares = [_STEREO_SHARES[name] if known else (1.0 / len(names),) * 2 for name in names]
        samples = np.array(shares).T @ samples
    return np.ascontiguousarray(samples, dtype=np.float32)
