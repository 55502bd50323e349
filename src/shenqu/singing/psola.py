"""The second engine: pitch-synchronous overlap-add of the speaker's own periods.

Around each pitch mark of the recording a grain of two periods is cut out and laid down again where the song's
pitch wants a pulse. What the voice does within a period, its noise too, stays as it was.

Below 3 kHz a pulse is a blend of the two grains around its speech time: where the voice is clear nearly one of
them by lot, where it creaks or whispers a slow change from one to another further away, so that there is a pitch
at all. Above 3 kHz it is any grain of some milliseconds around, by lot: the same noise again and again would buzz.
A grain with the burst of a stop in it is not used, for it would tick with every pulse. Breath is made of the same
grains, scattered in time and sign.

Conventions
-----------
Grains are read straight between two samples (the high ones from a sound oversampled), so that both their marks
and the pulses may lie anywhere. Times of marks are seconds from the material's start.

References
----------
E. Moulines, F. Charpentier: Pitch-synchronous waveform processing techniques (1990).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import soxr

from shenqu.documents.audio import Samples
from shenqu.dsp.filters import filtered_both_ways, high_pass, low_pass
from shenqu.dsp.pitch_track import HOP_S as FRAME_S
from shenqu.singing.contour import HOP_S as MARK_S
from shenqu.singing.material import Array, Marks, Material, stretches
from shenqu.singing.pitch_marks import pitch_marks
from shenqu.singing.unit import Unit, pulse_times, room, silent_sound

Numbers = npt.NDArray[np.int_]

BATCH = 256
BLOCK, REACH = 4000, 200  # milliseconds
MARGIN_S = 0.025  # what lies that near a voiced stretch gets marks too
WAVE_BELOW_HZ = 900.0
SPLIT_HZ = 3000.0
OVERSAMPLING = 4
BURST_ABOVE_HZ, BURST, BURST_AMONG = 2000.0, 3.0, 10
ALIKE = 0.9
SPARSE_S = 0.04
CLEAR = (0.9, 0.99)
WANDER_S = 0.008


@dataclass(frozen=True, slots=True)
class Psola:
    """Sings with the periods of the recording."""

    name: str = "psola 2"
    at_once: int = 64

    def singer(self, material: Material, units: Sequence[Unit]) -> Callable[[Unit], Array]:
        """Return what sings any of `units`: only the voiced stretches that they pass through get marks."""
        return partial(_sing_unit, material, _find_voice(material, units))


@dataclass(frozen=True, slots=True, eq=False)
class _Periods:
    """Pitch marks, the periods before and behind each, and how alike its neighbours are, 0 to 1."""

    marks_s: Array
    before_s: Array
    behind_s: Array
    alike: Array

    def only(self, kept: Marks) -> _Periods:
        """Return those that are `kept`; all, if none were."""
        rows = kept if kept.any() else ~kept
        return _Periods(self.marks_s[rows], self.before_s[rows], self.behind_s[rows], self.alike[rows])

    def places(self, times_s: Array) -> Array:
        """Return where times lie among the marks, as fractions of their numbers."""
        return np.interp(times_s, self.marks_s, np.arange(len(self.marks_s)))

    def nearest(self, times_s: Array) -> Numbers:
        """Return the number of the mark that lies nearest to each time."""
        return np.asarray(np.rint(self.places(times_s)).astype(int))


@dataclass(frozen=True, slots=True, eq=False)
class _Band:
    """A band of the recording, oversampled `finer` times, and the periods that grains of it are cut from."""

    sound: Array
    finer: int
    periods: _Periods


def _find_voice(material: Material, units: Sequence[Unit]) -> tuple[_Band, _Band]:
    """Return the bands below and above the split, where `units` pass through."""
    rate = material.rate
    voiced = _voiced_stretches(material, units)
    wave, bright, low, high = _heard_apart(material, voiced)
    found = []
    for first, last in voiced:
        periods = _find_periods(material, wave, first, last)
        found.append(periods.only(~_bursts(periods, bright, rate)))
    columns = ((p.marks_s, p.before_s, p.behind_s, p.alike) for p in found)
    periods = _Periods(*(np.concatenate(parts) for parts in zip(*columns, strict=True)))
    steady = periods.only(~_unclear(material, periods))
    return _Band(sound=low, finer=1, periods=steady), _Band(sound=high, finer=OVERSAMPLING, periods=periods)


def _heard_apart(material: Material, wanted: list[tuple[int, int]]) -> tuple[Array, Array, Array, Array]:
    """Return what shows the periods, what shows bursts, and the bands below and above the split, oversampled.

    They are as long as the recording but silent far from what is `wanted`, from and to milliseconds. What is heard
    is filtered in fixed blocks: so it does not hang on what else is wanted.
    """
    samples, rate = material.samples, material.rate
    wave, bright, low = (np.zeros(len(samples)) for _ in range(3))
    high = np.zeros(len(samples) * OVERSAMPLING)
    upright = _polarity(samples, rate)
    length, reach = (round(width * MARK_S * rate) for width in (BLOCK, REACH))
    near = [range(max(0, first - REACH) // BLOCK, (last + REACH) // BLOCK + 1) for first, last in wanted]
    for start in sorted({block * length for blocks in near for block in blocks if block * length < len(samples)}):
        begin, end = max(0, start - reach), min(len(samples), start + length)
        part, kept = samples[begin : end + reach], slice(start - begin, end - begin)
        below = filtered_both_ways(part, rate, low_pass(2, SPLIT_HZ, rate))
        fine = soxr.resample(part - below, 1, OVERSAMPLING, quality="MQ")
        wave[start:end] = upright * filtered_both_ways(part, rate, low_pass(2, WAVE_BELOW_HZ, rate))[kept]
        bright[start:end] = np.abs(filtered_both_ways(part, rate, high_pass(2, BURST_ABOVE_HZ, rate)))[kept]
        low[start:end] = below[kept]
        high[start * OVERSAMPLING : end * OVERSAMPLING] = fine[kept.start * OVERSAMPLING : kept.stop * OVERSAMPLING]
    return wave, bright, low, high


def _polarity(samples: Samples, rate: int) -> float:
    """Return 1.0, or -1.0 where the recording is upside down: the pulses of a voice are steeper one way."""
    few = rate // round(2 * WAVE_BELOW_HZ)
    dull = samples[: len(samples) // few * few].reshape(-1, few).mean(axis=1, dtype=np.float64)
    return float(np.sign(np.sum(dull**3))) or 1.0


def _voiced_stretches(material: Material, units: Sequence[Unit]) -> list[tuple[int, int]]:
    """Return the voiced stretches, first and last millisecond, that `units` pass through."""
    wanted = np.zeros(len(material.voiced), dtype=bool)
    for unit in units:
        place = ((unit.speech_s - material.origin_s) / MARK_S).round().astype(int)
        wanted[np.clip(place, 0, len(wanted) - 1)] = True
    margin = round(MARGIN_S / MARK_S)
    near = np.convolve(material.voiced | wanted, np.ones(2 * margin + 1), "same") > 0.5
    return [(first, last) for first, last in stretches(near) if wanted[first:last].any()]


def _find_periods(material: Material, wave: Array, first: int, last: int) -> _Periods:
    """Return the periods of one stretch; none is far longer or shorter than the pitch there says."""
    rate, numbers = material.rate, np.arange(len(material.hz))
    start, end = round(first * MARK_S * rate), min(len(wave), round(last * MARK_S * rate))
    frames = start / rate / FRAME_S + np.arange(int((end - start) / rate / FRAME_S) + 2)
    marks, alike = pitch_marks(wave[start:end], rate, np.interp(frames, numbers, material.hz))
    marks_s = (start + marks) / rate
    usual_s = 1.0 / np.interp(marks_s / FRAME_S, numbers, material.hz)
    periods_s = np.diff(marks_s)
    before_s, behind_s = np.append(periods_s[:1], periods_s), np.append(periods_s, periods_s[-1:])
    return _Periods(
        marks_s,
        np.clip(before_s, 0.6 * usual_s, 1.5 * usual_s),
        np.clip(behind_s, 0.6 * usual_s, 1.5 * usual_s),
        alike,
    )


def _bursts(periods: _Periods, bright: Array, rate: int) -> Marks:
    """Return which grains hold a peak of high frequencies far above those around."""
    starts = np.maximum(0, ((periods.marks_s - periods.before_s) * rate).astype(int))
    ends = ((periods.marks_s + periods.behind_s) * rate).astype(int) + 1
    peaks = np.array([bright[start:end].max(initial=0.0) for start, end in zip(starts, ends, strict=True)])
    among = [peaks[max(0, n - BURST_AMONG) : n + BURST_AMONG + 1] for n in range(len(peaks))]
    return peaks > BURST * np.array([np.median(some) for some in among])


def _unclear(material: Material, periods: _Periods) -> Marks:
    """Return which periods to leave out: where they are not alike, one in 40 ms is enough.

    Grains unlike each other, laid down one after another, have no pitch. The two around a vowel's onset stay, so
    that no blend smears it.
    """
    onsets_s = np.array([first * MARK_S for first, _ in stretches(material.vowels)])
    onsets = np.searchsorted(periods.marks_s, onsets_s)
    at_onset = set(onsets.tolist()) | set((onsets - 1).tolist())
    left_out, last_s = np.zeros(len(periods.marks_s), dtype=bool), -1.0
    for number in np.flatnonzero(periods.alike < ALIKE).tolist():
        left_out[number] = periods.marks_s[number] - last_s < SPARSE_S and number not in at_onset
        if not left_out[number]:
            last_s = float(periods.marks_s[number])
    return left_out


def _sing_unit(material: Material, bands: tuple[_Band, _Band], unit: Unit) -> Array:
    """Return one unit's sound."""
    low, high = bands
    sound = silent_sound(unit, material.rate)
    times_s = pulse_times(unit.hz, whole=unit.whole)
    # The nearest mark's speech, not one between two marks: it may jump there.
    nearest = np.round(times_s / MARK_S).astype(int)
    speech_s = unit.speech_s[nearest] - material.origin_s
    # One row a pulse: what comes later changes nothing of what is sung before.
    lots = unit.random().random((len(times_s), 4)).T
    lay = partial(
        _add_grains,
        sound,
        material.rate,
        sung_s=1.0 / np.interp(times_s, np.arange(len(unit.pitch)) * MARK_S, unit.hz),
        formants=unit.formants[nearest],
    )
    breath = unit.breath[nearest]
    voice = np.sqrt(1.0 - breath)
    for chosen, shares in _blend(low.periods, speech_s, lots[0]):
        lay(low, times_s, chosen, voice * shares)
    wandering_s = speech_s + WANDER_S * (2.0 * lots[1] - 1.0)
    anywhere = high.periods.nearest(wandering_s)
    lay(high, times_s, anywhere, voice)
    if breath.any():
        scattered_s = times_s + (lots[2] - 0.5) / unit.hz[nearest]
        signed = np.sqrt(breath) * np.where(lots[3] < 0.5, -1.0, 1.0)
        lay(low, scattered_s, low.periods.nearest(speech_s), signed)
        lay(high, scattered_s, anywhere, signed)
    return sound


def _blend(periods: _Periods, speech_s: Array, lots: Array) -> tuple[tuple[Numbers, Array], ...]:
    """Return the two grains around each speech time and their shares: the clearer the voice, the more one only.

    Which one, `lots` decide, from 0 to 1. The shares add up to one power, however alike the two are.
    """
    place = periods.places(speech_s)
    before = np.minimum(place.astype(int), len(periods.marks_s) - 1)
    behind = np.minimum(before + 1, len(periods.marks_s) - 1)
    alike = np.minimum(periods.alike[before], periods.alike[behind])
    clear = np.interp(alike, CLEAR, (0.0, 1.0))
    share = place - before
    share += clear * ((lots < share) - share)
    size = np.sqrt((1 - share) ** 2 + share**2 + 2 * share * (1 - share) * alike)
    return (before, (1 - share) / size), (behind, share / size)


def _add_grains(
    out: Array,
    rate: int,
    band: _Band,
    times_s: Array,
    chosen: Numbers,
    shares: Array,
    *,
    sung_s: Array,
    formants: Array,
) -> None:
    """Add to `out` the `chosen` grains of `band` at `times_s`, at the power they had at their own pitch."""
    for first in range(0, len(times_s), BATCH):
        part = slice(first, first + BATCH)
        before, behind = band.periods.before_s[chosen[part]], band.periods.behind_s[chosen[part]]
        reach = int(max(before.max(), behind.max()) * rate) + 2
        starts = np.floor(times_s[part] * rate).astype(int)
        late = times_s[part] * rate - starts
        away_s = (np.arange(-reach, reach + 1) - late[:, None]) / rate * formants[part, None]
        window = 0.5 + 0.5 * np.cos(
            np.pi * np.clip(away_s / np.where(away_s < 0, before[:, None], behind[:, None]), -1, 1)
        )
        window *= (shares[part] * np.sqrt(2.0 * sung_s[part] / (before + behind)))[:, None]
        place = (band.periods.marks_s[chosen[part], None] + away_s) * (rate * band.finer)
        grains = window * _read(band.sound, place)
        for start, grain in zip(starts + room(rate) - reach, grains, strict=True):
            begin, end = max(0, start), min(len(out), start + len(grain))
            out[begin:end] += grain[begin - start : end - start]


def _read(sound: Array, place: Array) -> Array:
    """Return the sound at places between its samples."""
    place = np.clip(place, 0.0, len(sound) - 1.001)
    before = place.astype(int)
    return np.asarray(sound[before] + (place - before) * (sound[before + 1] - sound[before]))
