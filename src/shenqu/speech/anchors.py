"""Which part of a text is said in which part of a sound: coarsely, but whatever is missing in either.

One path is sought through time and text together. It gains where the sound fits the words, loses where it
does not, and may leave both: it may wait between two words while something else is heard, and jump over
words that are not said. So a text that begins earlier than the sound, lines that were left out, applause
and talk that nobody wrote down cost their own place only.

Conventions
-----------
`fit` tells how well each sound of the language fits each frame of `FRAME_S`, shape (frames, sounds): natural
logarithms, 0 for the one that fits best. `columns` names the sounds. The states of the path are a wait before each
word, then the word's phones, and a wait behind all.

References
----------
Smith and Waterman (1981), J. Mol. Biol. 147: local alignment. Moreno et al. (1998), "A recursive algorithm for
the forced alignment of very long audio segments": anchors between which an aligner is sure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shenqu.speech.phones import Pronunciation

FRAME_S = 0.02
_GAIN = 2.5  # a frame is worth this where its sound fits best, nothing where another one fits so much better
_LEAST = -5.0
_ENTRY = 1.0  # more for a sound's first frame: many sounds are better evidence than few long ones
_LONG = 12  # frames: what sounds on for longer is rather noise, and no more evidence
_TOO_LONG = -0.2
_JUMP = 20.0
_JUMP_A_WORD = 0.02
_NEVER = np.float32(-1e9)
_STAY, _NEXT, _OVER_WAIT, _JUMPED = range(4)  # moves; the number is how many states back the path was before

Matrix = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.intp]


class Match(NamedTuple):
    """A word that is said: the frame in which each of its phones begins, and the frame after the last one."""

    word: int
    firsts: tuple[int, ...]
    end: int


class Path(NamedTuple):
    """The words found, in order, and what the whole path is worth: 0.0 for nothing."""

    matches: list[Match]
    worth: float


class _States(NamedTuple):
    """Where the waits are among the states, and the sound of every other state."""

    waits: Numbers
    sounds: Numbers


def match(fit: Matrix, columns: Mapping[str, int], words: Sequence[Pronunciation]) -> Path:
    """Return which of `words` are said where, each at most once and in their order."""
    if not len(fit) or not words:
        return Path([], 0.0)
    states = _states(columns, words)
    moves, sources, scores = _search(fit, states)
    last = int(scores[states.waits].argmax())
    path = _traced(moves, sources, states, int(states.waits[last]))
    return Path(list(_matches(path, states)), float(scores[states.waits[last]]))


def evidence(fit: Matrix, columns: Mapping[str, int], words: Sequence[Pronunciation], worth: float) -> float:
    """Return by how much a path through `words` is worth more, a frame, than one through them read backwards.

    Backwards it is another text with the same sounds, so that noise which fits anything proves nothing.
    Measured on 38 recordings, clean and in noise: up to 0.06 for other texts, mostly 0.1 to 0.6 for the right one.
    """
    backwards = [word[::-1] for word in words[::-1]]
    return (worth - match(fit, columns, backwards).worth) / max(1, len(fit))


def _states(columns: Mapping[str, int], words: Sequence[Pronunciation]) -> _States:
    waits = np.cumsum([0, *(len(word) + 1 for word in words)])
    sounds = np.zeros(waits[-1] + 1, dtype=np.intp)
    is_phone = np.ones(len(sounds), dtype=bool)
    is_phone[waits] = False
    sounds[is_phone] = [columns[phone] for word in words for phone in word]
    return _States(waits, sounds)


def _search(fit: Matrix, states: _States) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], Matrix]:
    """Return the best move into each state in each frame, where jumps came from, and the last frame's scores."""
    waits, sounds = states
    firsts, lasts = waits[:-1] + 1, waits[1:] - 1
    numbers = np.arange(len(waits), dtype=np.int32)
    slope = np.float32(_JUMP_A_WORD) * numbers
    gains = np.maximum(fit + np.float32(_GAIN), np.float32(_LEAST))
    score = np.full(len(sounds), _NEVER)
    score[waits] = -np.float32(_JUMP) - slope
    score[0] = 0.0
    moves = np.zeros((len(fit), len(sounds)), dtype=np.uint8)
    sources = np.zeros((len(fit), len(waits)), dtype=np.int32)
    before = np.full_like(score, _NEVER)
    age = np.zeros(len(sounds), dtype=np.int16)
    for frame, gain in enumerate(gains):
        before[1:] = score[:-1]
        move = moves[frame]
        np.greater(before, score, out=move, casting="unsafe")
        new = np.maximum(score, before)
        over = score[lasts[:-1]] > new[firsts[1:]]
        new[firsts[1:]] = np.where(over, score[lasts[:-1]], new[firsts[1:]])
        move[firsts[1:]] = np.where(over, _OVER_WAIT, move[firsts[1:]])
        waiting = new[waits]
        age = np.where(move == _STAY, age + 1, 0)
        own = gain[sounds]
        new += np.where(age > _LONG, np.minimum(own, np.float32(_TOO_LONG)), own)
        new += move.astype(bool) * np.float32(_ENTRY)
        highest = np.maximum.accumulate(waiting + slope)
        jumped = highest - slope - np.float32(_JUMP) > waiting
        sources[frame] = np.maximum.accumulate(np.where(waiting + slope >= highest, numbers, 0))
        new[waits] = np.where(jumped, highest - slope - np.float32(_JUMP), waiting)
        move[waits] = np.where(jumped, _JUMPED, move[waits])
        score = new
    return moves, sources, score


def _traced(
    moves: npt.NDArray[np.uint8], sources: npt.NDArray[np.int32], states: _States, state: int
) -> list[tuple[int, bool]]:
    """Return the state of every frame on the path that ends in `state`, and whether it was entered there."""
    path = []
    for frame in range(len(moves) - 1, -1, -1):
        move = int(moves[frame, state])
        path.append((state, move != _STAY))
        if move == _JUMPED:
            state = int(states.waits[sources[frame, np.searchsorted(states.waits, state)]])
            move = int(moves[frame, state])
            move = _STAY if move == _JUMPED else move
        state -= move
    return path[::-1]


def _matches(path: Sequence[tuple[int, bool]], states: _States) -> list[Match]:
    entries = [
        (frame, state)
        for frame, (state, entered) in enumerate([*path, (-1, True)])
        if entered or not frame or state != path[frame - 1][0]
    ]
    matches: list[Match] = []
    for (frame, state), (end, _) in pairwise(entries):
        word = int(np.searchsorted(states.waits, state, side="right")) - 1
        if state == states.waits[word]:
            continue
        if matches and matches[-1].word == word:
            matches[-1] = matches[-1]._replace(firsts=(*matches[-1].firsts, frame), end=end)
        else:
            matches.append(Match(word, (frame,), end))
    return matches
