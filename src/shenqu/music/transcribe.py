"""The notes of a melody that is sung or played, one at a time, from its pitch and level.

A note holds its pitch; what glides, shakes or breaks for a moment belongs to the notes around it. So the line is the
cheapest path through semitones and silence, where leaving the pitch heard costs, and so does every change. A note
that is struck again on the same pitch is heard by its level, which dips and rises.

References
----------
Mauch et al. (2015), "Computer-aided melody note transcription using the Tony software": notes as states of an HMM.
Ryynanen and Klapuri (2008), "Automatic transcription of melody, bass line, and chords": tuning, accents.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from shenqu.documents.heard import HeardNote
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.units import hz_to_pitch

Floats = npt.NDArray[np.float64]

LOWEST, HIGHEST = 36, 90
SPREAD = 0.25  # semitones
FARTHEST = 4.0  # what a pitch costs at most that lies elsewhere, so that single octave errors pass
SILENT_PRICE, UNVOICED_PRICE = 1.0, 0.4
CHANGE_PRICE, START_PRICE = 8.0, 3.0
SHORTEST_S = 0.06
STRUCK_S = 0.1
DIP_S = 0.05
STRUCK_DB = 4.0
JOIN_S = 0.15


def hear_notes(track: PitchTrack, level_db: Floats) -> tuple[HeardNote, ...]:
    """Return the notes of a melody from its pitch `track` and the level of its harmonics, one value a hop.

    Gaps of up to 0.15 s, which consonants take, belong to the note before.
    """
    if not track.voiced.any():
        return ()
    tuning = tuning_of(track)
    path = _cheapest_path(track, tuning)
    pieces = [
        (first, last, pitch, strength)
        for start, end, pitch in _runs(path)
        if (end - start) * track.hop_s >= SHORTEST_S
        for first, last, strength in _struck(level_db, start, end, track.hop_s)
    ]
    return _joined([_note(track, tuning, *piece) for piece in pieces])


def glide_of(track: PitchTrack) -> float:
    """Return how fast the pitch of `track` moves half of the time, in semitones a second.

    On 8 songs it was 5 at most, on 32 of 34 recordings of speech above 7.
    """
    pitch = hz_to_pitch(np.maximum(track.f0_hz, 1.0))
    moves = np.abs(np.diff(pitch))[track.voiced[1:] & track.voiced[:-1]]
    return float(np.median(moves) / track.hop_s) if len(moves) else 0.0


def tuning_of(track: PitchTrack) -> float:
    """Return by how many semitones, from -0.5 to 0.5, the pitches of `track` lie above those of A = 440 Hz.

    >>> track = PitchTrack(f0_hz=np.full(9, 445.0), confidence=np.ones(9))
    >>> round(tuning_of(track), 2)
    0.2
    """
    voiced = track.voiced
    angles = 2.0 * np.pi * hz_to_pitch(track.f0_hz[voiced])
    return float(np.angle((track.confidence[voiced] * np.exp(1j * angles)).sum()) / (2.0 * np.pi))


def _cheapest_path(track: PitchTrack, tuning: float) -> npt.NDArray[np.intp]:
    """Return the pitch of each hop, 0 where it is silent, by Viterbi's algorithm."""
    prices = _prices(track, tuning)
    best = prices[0].copy()
    came = np.zeros(prices.shape, dtype=np.int16)
    here = np.arange(prices.shape[1])
    for hop in range(1, len(prices)):
        sung = int(best[1:].argmin()) + 1
        source = sung if best[sung] + CHANGE_PRICE <= best[0] + START_PRICE else 0
        entry = np.full(len(here), best[source] + (CHANGE_PRICE if source else START_PRICE))
        sources = np.full(len(here), source)
        entry[0], sources[0] = best[sung] + START_PRICE, sung
        came[hop] = np.where(entry < best, sources, here)
        best = np.minimum(entry, best) + prices[hop]
    path = np.empty(len(prices), dtype=np.intp)
    path[-1] = best.argmin()
    for hop in range(len(prices) - 1, 0, -1):
        path[hop - 1] = came[hop, path[hop]]
    return np.where(path, path + LOWEST - 1, 0)


def _prices(track: PitchTrack, tuning: float) -> Floats:
    """Return what each state costs in each hop, shape (hops, 1 + pitches): silence first, then each semitone."""
    sure = np.where(track.voiced, track.confidence, 0.0)[:, None]
    pitch = hz_to_pitch(np.maximum(track.f0_hz, 1.0))[:, None] - tuning
    away = np.abs(pitch - np.arange(LOWEST, HIGHEST + 1)) / SPREAD
    sung = sure * np.minimum(0.5 * away**2, FARTHEST) + (1.0 - sure) * UNVOICED_PRICE
    return np.concatenate([sure * SILENT_PRICE, sung], axis=1)


def _runs(path: npt.NDArray[np.intp]) -> list[tuple[int, int, int]]:
    """Return (first, last + 1, pitch) of every stretch of one pitch."""
    edges = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
    return [(first, last, int(path[first])) for first, last in pairwise(edges) if path[first]]


def _struck(level_db: Floats, start: int, end: int, hop_s: float) -> list[tuple[int, int, float]]:
    """Return (first, last, strength) of the notes that a stretch of one pitch falls into, by its level."""
    level, gap, reach = level_db[start:end], round(STRUCK_S / hop_s), round(DIP_S / hop_s)
    rises = np.zeros(len(level))
    for at in range(gap, len(level) - gap):
        rises[at] = level[at + reach] - level[at - reach : at + 1].min()
    cuts, strengths = [0], [1.0]
    for at in range(gap, len(level) - gap):
        around = rises[max(0, at - gap) : at + gap]
        if rises[at] > STRUCK_DB and rises[at] == around.max():
            steepest = at - reach + int(np.diff(level[at - reach : at + reach + 1]).argmax())
            if steepest - cuts[-1] >= gap:
                cuts.append(steepest)
                strengths.append(min(1.0, float(rises[at]) / (2.0 * STRUCK_DB)))
    return [
        (start + first, start + last, strength)
        for first, last, strength in zip(cuts, [*cuts[1:], len(level)], strengths, strict=True)
    ]


def _note(track: PitchTrack, tuning: float, first: int, last: int, pitch: int, strength: float) -> HeardNote:
    """Return the note of some hops; it is as sure as the tracker was, where it was within half a semitone."""
    part = slice(first, last)
    away = np.abs(hz_to_pitch(np.maximum(track.f0_hz[part], 1.0)) - tuning - pitch)
    sure = np.where(track.voiced[part] & (away <= 0.5), track.confidence[part], 0.0)
    return HeardNote(
        start_s=first * track.hop_s,
        end_s=last * track.hop_s,
        pitch=pitch,
        confidence=float(sure.mean()),
        strength=strength,
    )


def _joined(notes: Sequence[HeardNote]) -> tuple[HeardNote, ...]:
    """Return `notes`, each held until the next one where hardly anything is between them."""
    ends_s = [
        after.start_s if after.start_s - note.end_s <= JOIN_S else note.end_s
        for note, after in zip(notes, [*notes[1:], *notes[-1:]], strict=True)
    ]
    ends_s[-1:] = [notes[-1].end_s] if notes else []
    return tuple(
        HeardNote(start_s=n.start_s, end_s=end_s, pitch=n.pitch, confidence=n.confidence, strength=n.strength)
        for n, end_s in zip(notes, ends_s, strict=True)
    )
