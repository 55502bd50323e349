"""A song of pieces: every syllable cut out of the speech, sung by one of the peers, laid on its notes.

The same notes on the same syllables as ours, the vowel on the beat as well. Consonants before it are the recording
itself; the syllable from its vowel on is sung as long as its notes, up to the next one's consonants.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import soxr

from benchmarks.singing.judge import SungNote
from benchmarks.singing.peers import JOIN_S, MARGIN_S, RATE, Peer, Piece, Sound
from shenqu.documents.audio import Samples
from shenqu.documents.song import Song
from shenqu.documents.speech import Syllable
from shenqu.engines.swift_pitch import track_pitch
from shenqu.units import hz_to_pitch

TAIL_S = 1.0
HOP_S = 0.005
LEAST_SHARE = 0.5  # of a syllable's time that the next one's consonants leave
Row = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Speech:
    """A recording at the rate of the peers, and its pitch."""

    samples: Sound
    hz: npt.NDArray[np.float64]

    @classmethod
    def of(cls, samples: Samples, rate: int) -> Speech:
        """Return that of mono `samples`."""
        sound = soxr.resample(samples, rate, RATE)
        return cls(samples=sound, hz=track_pitch(sound, RATE).f0_hz)

    def span(self, start_s: float, end_s: float) -> Sound:
        """Return what is heard there, silence where the recording is over."""
        first, last = round(start_s * RATE), round(end_s * RATE)
        inside = self.samples[max(0, first) : max(0, last)]
        before = max(0, -first)
        return np.pad(inside, (before, last - first - len(inside) - before))

    def median_pitch(self, syllable: Syllable) -> float:
        """Return the pitch at which a syllable is spoken, that of the whole speech where it is not voiced."""
        vowel = self.hz[round(syllable.vowel_s / HOP_S) : round(syllable.vowel_end_s / HOP_S)]
        voiced = vowel[vowel > 0] if (vowel > 0).any() else self.hz[self.hz > 0]
        return float(hz_to_pitch(float(np.median(voiced))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    """A syllable on its notes; the consonants before it take `lead_s`, and it is sung until `until_s`."""

    syllable: Syllable
    notes: tuple[SungNote, ...]
    lead_s: float
    until_s: float

    @property
    def start_s(self) -> float:
        return self.notes[0][0]


def sing_with(peer: Peer, speech: Speech, song: Song, notes: list[SungNote]) -> tuple[Sound, tuple[Row, ...]]:
    """Return the notes of `song`, given in song order, as `peer` sings them, at `RATE`, and the time map of that."""
    out = np.zeros(round((notes[-1][1] + TAIL_S) * RATE), dtype=np.float32)
    rows: list[Row] = []
    for slot in _slots(song, notes):
        spoken = slot.syllable
        consonants = speech.span(spoken.vowel_s - slot.lead_s - JOIN_S, spoken.vowel_s + JOIN_S)
        _add(out, slot.start_s - slot.lead_s - JOIN_S, _faded(consonants))
        _add(out, slot.start_s - JOIN_S, peer(_piece(speech, slot)))
        if rows:
            rows.append((slot.start_s - slot.lead_s, rows[-1][1]))
        rows += [(slot.start_s - slot.lead_s, spoken.vowel_s - slot.lead_s), (slot.start_s, spoken.vowel_s)]
        rows.append((slot.until_s, spoken.end_s))
    return out, tuple(rows)


def _slots(song: Song, notes: list[SungNote]) -> Iterator[_Slot]:
    sung = [placement for placement in song.placements if placement.syllable is not None and placement.notes]
    sung.sort(key=lambda placement: placement.notes[0].onset_beat)
    rest = iter(notes)
    syllables = song.transcript.syllables
    placed = [(syllables[one.syllable or 0], tuple(next(rest) for _ in one.notes)) for one in sung]
    leads_s = [placed[0][0].vowel_s - placed[0][0].start_s]
    for (_, before), (syllable, group) in pairwise(placed):
        room_s = group[0][0] - before[0][0] - LEAST_SHARE * (before[-1][1] - before[0][0])
        leads_s.append(min(syllable.vowel_s - syllable.start_s, max(0.0, room_s)))
    starts_s = [group[0][0] - lead_s for (_, group), lead_s in zip(placed, leads_s, strict=True)]
    for (syllable, group), lead_s, next_s in zip(placed, leads_s, [*starts_s[1:], np.inf], strict=True):
        yield _Slot(syllable=syllable, notes=group, lead_s=lead_s, until_s=min(group[-1][1], next_s))


def _piece(speech: Speech, slot: _Slot) -> Piece:
    spoken = slot.syllable
    lengths = [(min(end_s, slot.until_s) - start_s, float(pitch)) for start_s, end_s, pitch, _ in slot.notes]
    return Piece(
        samples=speech.span(spoken.vowel_s - MARGIN_S, spoken.end_s + MARGIN_S),
        notes=tuple((length_s, pitch) for length_s, pitch in lengths if length_s > JOIN_S),
        spoken_pitch=speech.median_pitch(spoken),
    )


def _faded(part: Sound) -> Sound:
    edge = np.minimum(np.arange(len(part)), np.arange(len(part))[::-1]) / (2 * JOIN_S * RATE)
    return (part * np.clip(edge, 0.0, 1.0)).astype(np.float32)


def _add(out: Sound, start_s: float, part: Sound) -> None:
    first = round(start_s * RATE)
    low, high = max(0, first), min(len(out), first + len(part))
    out[low:high] += part[low - first : high - first]
