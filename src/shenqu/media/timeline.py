"""Decoded sound put at its place on the source clock, and brought to another rate on the way.

Times in files jitter, jump and leave gaps. What is missing is silence, so that sound and picture stay
together; what is absurd is not followed.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import soxr

from shenqu.documents.audio import Audio, Samples
from shenqu.errors import InputError
from shenqu.media.decoding import Block
from shenqu.units import seconds_to_samples

_JITTER_S = 0.020  # recorders jitter, Vorbis pages are 10 ms off; more is sound that was lost
_LARGEST_GAP_S = 60.0
_LARGEST_BYTES = 2 << 30
_PADDING = 4096  # samples: two AAC frames of the long kind


class Timeline:
    """Puts decoded blocks at their place on the source clock and keeps one part of it.

    Positions are samples of the file's rate, counted from source time 0: `_cursor` where the next block is
    expected, `_kept` up to where the part is filled.
    """

    def __init__(
        self, path: Path, start_s: float, end_s: float | None, rate: int | None, claimed_end_s: float | None
    ) -> None:
        """Keep the sound of `path` from `start_s` to `end_s` at `rate`; None is the end, and the file's own rate."""
        self._path, self._start_s, self._end_s = path, start_s, end_s
        self._rate_out = rate
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

    def put(self, block: Block) -> None:
        """Keep what of `block` lies in the part, and silence in front of it where something is missing."""
        store = self._store or self._begin(block)
        samples = block.samples
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

    def audio(self) -> Audio:
        """Return the part; `InputError` where nothing is in it."""
        if self._store is None:
            raise InputError(f"{self._path}: holds no sound")
        audio = self._store.audio()
        if audio.samples.shape[1] == 0:
            end_s = self._cursor / self._rate
            raise InputError(
                f"{self._path}: its sound ends at {end_s:.2f} s; nothing is left from {self._start_s:g} s on"
            )
        return audio

    def _begin(self, block: Block) -> _Store:
        self._rate = block.rate
        self._kept = seconds_to_samples(self._start_s, self._rate)
        if self._end_s is not None and not math.isinf(self._end_s):
            self._end = seconds_to_samples(self._end_s, self._rate)
        end_s = min(self._end_s or math.inf, self._claimed_end_s or _LARGEST_GAP_S)
        self._cursor = seconds_to_samples(float(block.onset_s or 0), self._rate)
        self._store = _Store(
            path=self._path,
            channels=len(block.samples),
            rate=self._rate,
            rate_out=self._rate_out or self._rate,
            expected_s=max(1.0, end_s - self._start_s),
        )
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
    """Samples that grow at the end, brought to another rate as they come."""

    def __init__(self, *, path: Path, channels: int, rate: int, rate_out: int, expected_s: float) -> None:
        self._path, self._rate, self._rate_out = path, rate, rate_out
        self._stream = soxr.ResampleStream(rate, rate_out, channels) if rate_out != rate else None
        self._length = self._dropped = 0
        self._largest = _LARGEST_BYTES // (4 * channels)
        capacity = min(int(expected_s * rate_out) + rate_out, self._largest)
        self._buffer: Samples = np.empty((channels, capacity), dtype=np.float32)

    def append(self, samples: Samples) -> None:
        """Add samples of shape (channels or one of them, n) at the file's rate."""
        channels = len(self._buffer)
        if len(samples) > channels:
            samples = samples.mean(axis=0, keepdims=True, dtype=np.float32)
        self._resample(np.broadcast_to(samples, (channels, samples.shape[1])), last=False)

    def append_silence(self, length: int) -> None:
        """Add `length` samples of silence, none where it is below 1."""
        for start in range(0, length, self._rate):
            self.append(np.zeros((1, min(self._rate, length - start)), dtype=np.float32))

    def drop(self, length: int) -> None:
        """Take off the last `length` samples at the file's rate."""
        self._dropped += round(length * self._rate_out / self._rate)

    def audio(self) -> Audio:
        """Return everything."""
        self._resample(np.zeros((len(self._buffer), 0), dtype=np.float32), last=True)
        return Audio(samples=self._buffer[:, : max(0, self._length - self._dropped)], rate=self._rate_out)

    def _resample(self, samples: Samples, *, last: bool) -> None:
        if self._stream is None:
            self._write(samples)
        else:
            output = self._stream.resample_chunk(np.ascontiguousarray(samples.T), last=last)
            self._write(output.reshape(-1, len(self._buffer)).T)

    def _write(self, samples: Samples) -> None:
        end = self._length + samples.shape[1]
        if end > self._largest:
            limit_s = self._largest // self._rate_out
            raise InputError(
                f"{self._path}: is longer than {limit_s} s, too long at once; pick a part with --start and --end"
            )
        if end > self._buffer.shape[1]:
            grown = np.empty((len(self._buffer), min(self._largest, end + end // 2)), dtype=np.float32)
            grown[:, : self._length] = self._buffer[:, : self._length]
            self._buffer = grown
        self._buffer[:, self._length : end] = samples
        self._length = end
