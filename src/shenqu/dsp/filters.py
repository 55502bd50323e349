"""Filters and moving windows in numpy alone: importing scipy's takes longer than making a short song.

Conventions
-----------
A `Response` gives a filter's complex gain at frequencies in hertz. Sounds are filtered in blocks by their
spectra, so memory stays small however long they are. Moving windows keep the length of what they pass over
and repeat its ends beyond them.

References
----------
S. Butterworth (1930); bilinear transform: Oppenheim and Schafer, Discrete-Time Signal Processing, chapter 7.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from shenqu.dsp.blocks import on_both_cores

Array = npt.NDArray[np.floating[Any]]
Response = Callable[[Array], npt.NDArray[np.complexfloating[Any, Any]]]

BLOCK = 1 << 16
AT_ONCE = 4  # blocks, of all channels, whose spectra are taken together
REACH_S = 0.2  # after which a filter from 20 Hz on has died away
NEAR_S = 0.1  # and one from 80 Hz on


def low_pass(order: int, cut_hz: float, rate: int) -> Response:
    """Return a Butterworth low-pass: 3 dB less at `cut_hz`, 6 dB an octave and order beyond.

    >>> response = low_pass(2, 1000.0, 8000)
    >>> abs(20 * np.log10(np.abs(response(np.array([10.0, 1000.0]))))).round(1).tolist()
    [0.0, 3.0]
    """
    return _butterworth(order, lambda bent: bent / _bent(cut_hz, rate), rate)


def high_pass(order: int, cut_hz: float, rate: int) -> Response:
    """Return a Butterworth high-pass: 3 dB less at `cut_hz`, 6 dB an octave and order below."""
    return _butterworth(order, lambda bent: -_bent(cut_hz, rate) / np.maximum(bent, 1e-12), rate)


def band_pass(order: int, low_hz: float, high_hz: float, rate: int) -> Response:
    """Return a Butterworth band-pass: 3 dB less at both corners, 6 dB an octave and order outside."""
    low, high = _bent(low_hz, rate), _bent(high_hz, rate)
    return _butterworth(order, lambda bent: (bent**2 - low * high) / np.maximum(bent * (high - low), 1e-12), rate)


def _bent(hz: Any, rate: int) -> Any:
    """Return frequencies as the bilinear transform bends them, the highest one finite."""
    return np.tan(np.pi * np.minimum(hz / rate, 0.5 - 1e-9))


def _butterworth(order: int, to_low_pass: Callable[[Array], Array], rate: int) -> Response:
    angles = np.pi * (2 * np.arange(order) + order + 1) / (2 * order)

    def response(hz: Array) -> npt.NDArray[np.complexfloating[Any, Any]]:
        place = 1j * to_low_pass(_bent(hz, rate))
        gain = np.ones(len(hz), dtype=np.complex128)
        for pole in np.exp(1j * angles):
            gain /= place - pole
        return gain

    return response


def biquad(numerator: Sequence[float], denominator: Sequence[float], rate: int) -> Response:
    """Return a second-order section, given by the coefficients of z to the powers 0, -1 and -2."""

    def response(hz: Array) -> npt.NDArray[np.complexfloating[Any, Any]]:
        late = np.exp(-2j * np.pi * hz / rate)
        return np.asarray(np.polyval(numerator[::-1], late) / np.polyval(denominator[::-1], late))

    return response


def curve(hz: Sequence[float], gains_db: Sequence[float]) -> Response:
    """Return a filter that delays nothing, of `gains_db` at the rising frequencies `hz`, gliding between them.

    >>> response = curve([100.0, 1000.0], [0.0, -6.0])
    >>> (20 * np.log10(np.abs(response(np.array([50.0, 316.2, 5000.0]))))).round(1).tolist()
    [0.0, -3.0, -6.0]
    """

    def response(at: Array) -> npt.NDArray[np.complexfloating[Any, Any]]:
        gain_db = np.interp(np.log(np.maximum(at, 1.0)), np.log(hz), gains_db)
        return np.asarray(10.0 ** (gain_db / 20.0) + 0.0j)

    return response


def filtered(samples: Array, rate: int, response: Response) -> npt.NDArray[np.float64]:
    """Return `samples`, shape (..., samples), through a filter, as long as they are; silent until they begin."""
    out = Filtered(samples, rate, response, both_ways=False).part(0, samples.shape[-1])
    sounding = samples.any(axis=tuple(range(samples.ndim - 1)))
    out[..., : int(sounding.argmax()) if sounding.size else 0] = 0.0
    return out


def filtered_both_ways(samples: Array, rate: int, response: Response) -> npt.NDArray[np.float64]:
    """Return `samples`, shape (..., samples), through a filter forwards and backwards: nothing moves in time."""
    return Filtered(samples, rate, response).part(0, samples.shape[-1])


class Filtered:
    """A sound of shape (..., samples) through a filter, of which only the parts asked for are made.

    It is made in fixed blocks, so that a part is the same whatever else is asked for; the last few are kept.
    """

    def __init__(self, samples: Array, rate: int, response: Response, *, both_ways: bool = True) -> None:
        """Filter `samples` forwards and backwards: nothing moves in time; or forwards alone."""
        self._samples = samples
        gain = response(np.fft.rfftfreq(BLOCK, 1.0 / rate))
        self._gain = np.abs(gain) ** 2 + 0.0j if both_ways else gain
        self._reach = min(round(REACH_S * rate), BLOCK // 4)
        self._kept: OrderedDict[int, npt.NDArray[np.float64]] = OrderedDict()
        self._lock = Lock()

    def part(self, first: int, last: int) -> npt.NDArray[np.float64]:
        """Return the samples from `first` to `last`, as far as there are any."""
        first, last = max(0, first), min(last, self._samples.shape[-1])
        out = np.empty((*self._samples.shape[:-1], max(0, last - first)))
        length = BLOCK - 2 * self._reach
        for start in range(first // length * length, last, length):
            begin, end = max(first, start), min(last, start + length)
            out[..., begin - first : end - first] = self._block(start)[..., begin - start : end - start]
        return out

    def _block(self, start: int) -> npt.NDArray[np.float64]:
        with self._lock:
            if start not in self._kept:
                low, high = max(0, start - self._reach), min(self._samples.shape[-1], start + BLOCK - self._reach)
                block = np.fft.irfft(np.fft.rfft(self._samples[..., low:high], BLOCK) * self._gain, BLOCK)
                self._kept[start] = block[..., start - low : high - low]
            self._kept.move_to_end(start)
            while len(self._kept) > AT_ONCE:
                self._kept.popitem(last=False)
            return self._kept[start]


def in_parts(
    samples: npt.NDArray[np.float32],
    rate: int,
    responses: Sequence[Response],
    use: Callable[[int, int, list[npt.NDArray[np.float32]]], None],
) -> None:
    """Call `use(first, last, what each of the filters makes of it)` for every part of `samples`, shape (..., n).

    `use` is called from several threads, in no order, and may write over its own part of `samples`: what is heard
    is always what they were before. The spectrum of a part is taken once, so many filters cost little, and only a few
    parts are ever held, in single precision. A filter's response counts up to 0.1 s to both sides.
    """
    reach = min(round(NEAR_S * rate), BLOCK // 4)
    length = BLOCK - 2 * reach
    gains = [(BLOCK * response(np.fft.rfftfreq(BLOCK, 1.0 / rate))).astype(np.complex64) for response in responses]
    count, channels = samples.shape[-1], samples[..., :1].size
    together = max(1, AT_ONCE // max(1, channels)) * length
    starts = range(0, count, together)
    edges = {start: samples[..., max(0, start - reach) : start + reach].copy() for start in starts}

    def filter_some(start: int) -> None:
        stop = min(start + together, count)
        firsts = range(start, stop, length)
        heard = np.zeros((*samples.shape[:-1], (len(firsts) - 1) * length + BLOCK), dtype=np.float32)
        _lay(heard, samples[..., start:stop], reach)
        for place in (start, start + together):
            if place in edges:
                _lay(heard, edges[place], max(0, place - reach) - start + reach)
        spectra = np.fft.rfft(_windows(heard, BLOCK, length), norm="forward")
        made = [np.fft.irfft(spectra * gain, BLOCK).astype(np.float32, copy=False) for gain in gains]
        for number, first in enumerate(firsts):
            last = min(first + length, stop)
            use(first, last, [each[..., number, reach : reach + last - first] for each in made])

    on_both_cores(filter_some, starts)


def _windows(samples: Array, size: int, step: int) -> Array:
    """Return the windows of `size` samples, one every `step`, shape (..., windows, size), one behind the other.

    numpy transforms four of those at a time, in single precision only where it scales (`norm`).
    """
    windows = np.lib.stride_tricks.sliding_window_view(samples, size, axis=-1)[..., ::step, :]
    return np.ascontiguousarray(windows)


def _lay(heard: Array, samples: Array, place: int) -> None:
    """Lay `samples` into `heard` from a place on, as far as there is room."""
    part = heard[..., place : place + samples.shape[-1]]
    part[...] = samples[..., : part.shape[-1]]


def convolved(samples: Array, kernel: Array) -> Array:
    """Return `samples`, shape (n,), with each of them followed by `kernel`, shape (..., m), as shape (..., n).

    >>> convolved(np.array([1.0, 0.0, 2.0, 0.0]), np.array([1.0, 0.5])).round(9).tolist()
    [1.0, 0.5, 2.0, 1.0]
    """
    out = np.zeros((*kernel.shape[:-1], len(samples)), dtype=np.result_type(samples, kernel))
    add_convolved(out, samples, kernel)
    return out


def add_convolved(out: Array, samples: Array, kernel: Array, *, before: int = 0) -> None:
    """Add to `out`, shape (..., n), what `convolved` makes of `samples` and `kernel`; `before` samples are earlier."""
    reach, count = kernel.shape[-1], len(samples) - before
    size = max(2 * BLOCK, 1 << (2 * reach).bit_length())
    length = size - reach
    spectrum = np.fft.rfft(kernel, size)[..., None, :] * np.asarray(size, dtype=kernel.dtype)

    def add_some(start: int) -> None:
        stop = min(start + AT_ONCE * length, count)
        firsts = range(start, stop, length)
        heard = np.zeros((len(firsts) - 1) * length + size, dtype=samples.dtype)
        begin = start + before - reach
        _lay(heard, samples[max(0, begin) : stop + before], max(0, -begin))
        blocks = np.fft.irfft(np.fft.rfft(_windows(heard, size, length), norm="forward") * spectrum, size)
        for number, first in enumerate(firsts):
            last = min(first + length, stop)
            out[..., first:last] += blocks[..., number, reach : reach + last - first]

    on_both_cores(add_some, range(0, count, AT_ONCE * length))


def moving_mean(values: Array, width: int) -> npt.NDArray[np.float64]:
    """Return the mean of the `width` values around each one (one more of those before it where even).

    >>> moving_mean(np.array([0.0, 3.0, 0.0, 0.0]), 3).tolist()
    [1.0, 1.0, 1.0, 0.0]
    """
    if width < 2 or not len(values):
        return np.asarray(values, dtype=np.float64).copy()
    padded = np.pad(np.asarray(values, dtype=np.float64), (width // 2 + 1, (width - 1) // 2), mode="edge")
    sums = np.cumsum(padded - padded[0])
    return (sums[width:] - sums[:-width]) / width + padded[0]


def local_mean(values: Array, width: int) -> npt.NDArray[np.float64]:
    """Return what `moving_mean` does, each value made of its neighbours alone: to the last bit alike where they are.

    It takes `width` times as long, so it is for few neighbours.

    >>> local_mean(np.array([0.0, 3.0, 0.0, 0.0]), 3).tolist()
    [1.0, 1.0, 1.0, 0.0]
    """
    padded = np.pad(np.asarray(values, dtype=np.float64), (width // 2, (width - 1) // 2), mode="edge")
    total = padded[: len(values)].copy()
    for step in range(1, width):
        total += padded[step : step + len(values)]
    total /= width
    return total


def moving_maximum(values: Array | npt.NDArray[np.bool_], width: int) -> npt.NDArray[np.float64]:
    """Return the highest of the `width` values around each one (one more of those before it where even).

    By doubling: the highest of 2n values is the higher one of two times n.

    >>> moving_maximum(np.array([0.0, 3.0, 0.0, 0.0]), 3).tolist()
    [3.0, 3.0, 3.0, 0.0]
    """
    highest = np.pad(np.asarray(values, dtype=np.float64), (width // 2, (width - 1) // 2), mode="edge")
    covered = 1
    while covered < width:
        step = min(covered, width - covered)
        highest = np.maximum(highest[:-step], highest[step:])
        covered += step
    return highest
