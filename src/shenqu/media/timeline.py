"""Decoded sound put at its place on the source clock, and brought to another rate on the way.

Times in files jitter, jump and leave gaps. What is missing is silence, so that sound and picture stay
together; what is absurd is not followed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import soxr

from shenqu.documents.audio import Samples
from shenqu.errors import InputError
from shenqu.media.channels import Mix
from shenqu.media.decoding import Block
from shenqu.units import seconds_to_samples

_JITTER_S = 0.020  # recorders jitter, Vorbis pages are 10 ms off; more is sound that was lost
_LARGEST_GAP_S = 60.0
_LARGEST_BYTES = 2 << 30
_PADDING = 4096  # samples: two AAC frames of the long kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is wanted of the sound of a file: from when to when (None: its end), at which rate (None: its own).

    `number` is how a sample is kept: "f4", or "i2", 16 bits for long sound.
    """

    path: Path
    start_s: float = 0.0
    end_s: float | None = None
    rate: int | None = None
    number: Literal["f4", "i2"] = "f4"


class Timeline:
    """Puts decoded blocks at their place on the source clock and keeps one part of it.

    Positions are samples of the file's rate, counted from source time 0: `_cursor` where the next block is
    expected, `_kept` up to where the part is filled.
    """

    def __init__(self, part: Part, mix: Mix, claimed_end_s: float | None) -> None:
        """Keep `part` of a file's sound, its channels brought together by `mix`."""
        self._part, self._mix = part, mix
        self._claimed_end_s = claimed_end_s
        self._store: _Store | None = None
        self._cursor = self._kept = self._shift = 0
        self._rate, self._end = 0, math.inf

    @property
    def empty(self) -> bool:
        """Whether no block came yet."""
        return self._store is None

    @property
    def full(self) -> bool:
        """Whether the part is complete."""
        return self._store is not None and self._kept >= self._end

    @property
    def kept_s(self) -> float:
        """The source time up to which the part is filled."""
        return self._kept / self._rate if self._rate else self._part.start_s

    def put(self, block: Block) -> None:
        """Keep what of `block` lies in the part, and silence in front of it where something is missing."""
        samples = self._mix(block.samples, block.rate)
        store = self._store or self._begin(block, channels=len(samples))
        if block.rate != self._rate:
            samples = np.ascontiguousarray(soxr.resample(samples.T, block.rate, self._rate).T)
        onset = self._place(block)
        after = onset + samples.shape[1]
        self._cursor = max(self._cursor, after)
        store.append_silence(int(min(onset, self._end)) - self._kept)
        self._kept = max(self._kept, int(min(onset, self._end)))
        stop = int(min(after, self._end))
        if stop > self._kept:
            store.append(samples[:, self._kept - onset : stop - onset])
            self._kept = stop

    def drop_padding(self) -> None:
        """Take off what an encoder added to fill its last frame: the little that lies after the claimed end."""
        padding = self._kept - seconds_to_samples(self._claimed_end_s or 0.0, self._rate)
        if self._store is not None and 0 < padding <= _PADDING:
            self._store.drop(padding)

    def samples(self) -> tuple[npt.NDArray[Any], int]:
        """Return the part, shape (channels, samples), and its rate; `InputError` where nothing is in it."""
        path, start_s = self._part.path, self._part.start_s
        if self._store is None:
            raise InputError(f"{path}: holds no sound")
        samples = self._store.samples()
        if samples.shape[1] == 0:
            end_s = self._cursor / self._rate
            raise InputError(f"{path}: its sound ends at {end_s:.2f} s; nothing is left from {start_s:g} s on")
        return samples, self._part.rate or self._rate

    def _begin(self, block: Block, *, channels: int) -> _Store:
        start_s, end_s = self._part.start_s, self._part.end_s or math.inf
        self._rate = block.rate
        self._kept = seconds_to_samples(start_s, self._rate)
        if not math.isinf(end_s):
            self._end = seconds_to_samples(end_s, self._rate)
        self._cursor = seconds_to_samples(float(block.onset_s or 0), self._rate)
        expected_s = max(1.0, min(end_s, self._claimed_end_s or _LARGEST_GAP_S) - start_s)
        self._store = _Store(self._part, channels=channels, rate=self._rate, expected_s=expected_s)
        return self._store

    def _place(self, block: Block) -> int:
        """Return where a block starts; times that jitter, or jump absurdly, are not followed."""
        if block.onset_s is None:
            return self._cursor
        drift = seconds_to_samples(float(block.onset_s), self._rate) + self._shift - self._cursor
        if abs(drift) <= _JITTER_S * self._rate:
            return self._cursor
        position_s = (self._cursor + drift) / self._rate
        credible = self._claimed_end_s is not None and position_s <= self._claimed_end_s
        if drift < -self._rate or (drift > _LARGEST_GAP_S * self._rate and not credible):
            self._shift -= drift
            return self._cursor
        return self._cursor + drift


class _Store:
    """Samples that grow at the end, brought to another rate as they come, and kept as numbers of one kind.

    They lie in memory sample by sample, all channels of one beside each other, so that more can be added in place.
    """

    def __init__(self, part: Part, *, channels: int, rate: int, expected_s: float) -> None:
        self._path, self._rate, self._rate_out = part.path, rate, part.rate or rate
        self._stream = soxr.ResampleStream(rate, self._rate_out, channels) if self._rate_out != rate else None
        self._length = self._dropped = 0
        self._largest = _LARGEST_BYTES // (np.dtype(part.number).itemsize * channels)
        capacity = min(int(expected_s * self._rate_out) + self._rate_out, self._largest)
        self._buffer: npt.NDArray[Any] = np.empty((capacity, channels), dtype=part.number)

    def append(self, samples: Samples) -> None:
        """Add samples of shape (channels or one of them, n) at the file's rate."""
        channels = self._buffer.shape[1]
        if len(samples) > channels:
            samples = samples.mean(axis=0, keepdims=True, dtype=np.float32)
        self._resample(np.broadcast_to(samples, (channels, samples.shape[1])).T, last=False)

    def append_silence(self, length: int) -> None:
        """Add `length` samples of silence, none where it is below 1."""
        for start in range(0, length, self._rate):
            self.append(np.zeros((1, min(self._rate, length - start)), dtype=np.float32))

    def drop(self, length: int) -> None:
        """Take off the last `length` samples at the file's rate."""
        self._dropped += round(length * self._rate_out / self._rate)

    def samples(self) -> npt.NDArray[Any]:
        """Return everything, shape (channels, samples)."""
        self._resample(np.zeros((0, self._buffer.shape[1]), dtype=np.float32), last=True)
        return self._buffer[: max(0, self._length - self._dropped)].T

    def _resample(self, samples: Samples, *, last: bool) -> None:
        if self._stream is None:
            self._write(samples)
        else:
            output = self._stream.resample_chunk(np.ascontiguousarray(samples), last=last)
            self._write(output.reshape(-1, self._buffer.shape[1]))

    def _write(self, samples: Samples) -> None:
        end = self._length + len(samples)
        if end > self._largest:
            limit_s = self._largest // self._rate_out
            raise InputError(
                f"{self._path}: is longer than {limit_s} s, too long at once; pick a part with --start and --end"
            )
        if end > len(self._buffer):
            grown = (min(self._largest, end + end // 8 + self._rate_out), self._buffer.shape[1])
            self._buffer.resize(grown, refcheck=False)
        self._buffer[self._length : end] = _as_numbers(samples, self._buffer.dtype)
        self._length = end


def _as_numbers(samples: Samples, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return samples of full scale 1.0 as numbers of a `kind`: floats as they are, integers rounded and clipped."""
    if kind.kind == "f":
        return samples
    limits = np.iinfo(kind)
    return np.clip(np.rint(samples * -float(limits.min)), limits.min, limits.max)
