"""The picture cut to the song: which moment of the source each output frame shows.

Picture, voice and captions follow one time map, so the mouth moves with what it sings: a jump of the
map is a cut, a stretch is slow motion, and where the map stands still the last picture is held. A
syllable that is sung again is mirrored every other time, as uploaders do: a repeat that looks the
same reads as a fault, one that looks back at itself reads as dance. While the voice rests, the picture belongs to what
is quoted of the speech as it was spoken.

Conventions
-----------
Output frame k is on screen from k / rate to (k + 1) / rate and shows what is heard in its middle, so a
cut is never more than half a frame early or late, however long the song.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby, pairwise

from shenqu.documents.performance import Performance, SungNote, TimeMap
from shenqu.documents.picture import EditList, Quote, Shot
from shenqu.errors import InputError

LONGEST_ONSET_S = 0.4  # consonants before a vowel
SLOWEST, FASTEST, USUAL_RATE = 24, 60, Fraction(30)
LEAST_SIDE, MOST_SIDE = 16, 4096
LEAST_LINES, MOST_LENGTH = 480, 1920
SHAPES = {"16:9": Fraction(16, 9), "9:16": Fraction(9, 16), "1:1": Fraction(1)}
SHORT_SIDES = (720, 1080)


def cut(performance: Performance, *, rate: Fraction, width: int, height: int, quotes: Sequence[Quote] = ()) -> EditList:
    """Return the shots that show `performance`, at `rate` frames a second, `width` x `height` pixels.

    A shot begins where the time map jumps by more than half a frame, where a mirrored repeat begins
    or ends, and where one of `quotes` does. The shots tile the song: ceil(duration * rate) frames.
    """
    frames = max(1, math.ceil(Fraction(performance.duration_s) * rate - Fraction(1, 1000)))
    time_map = performance.time_map
    jumps = list(_jumps(time_map, least_s=float(1 / rate) / 2))
    turns = list(_turns(performance.notes, jumps))

    def scene(frame: int) -> tuple[int, bool, Quote | None]:
        middle_s = _middle_s(frame, rate)
        quote = _quoted(quotes, time_map, middle_s)
        return bisect_right(jumps, middle_s), quote is None and _is_flipped(turns, middle_s), quote

    def shown_s(frame: int, quote: Quote | None) -> float:
        middle_s = _middle_s(frame, rate)
        return quote.speech_s + middle_s - quote.start_s if quote else time_map.song_to_speech(middle_s)

    shots = []
    for (_, flipped, quote), group in groupby(range(frames), key=scene):
        members = list(group)
        source_s = tuple(shown_s(frame, quote) for frame in members)
        shots.append(Shot(first_frame=members[0], source_s=source_s, flipped=flipped))
    return EditList(rate=rate, width=width, height=height, shots=tuple(shots))


def _middle_s(frame: int, rate: Fraction) -> float:
    return float((frame + Fraction(1, 2)) / rate)


def _quoted(quotes: Sequence[Quote], time_map: TimeMap, song_s: float) -> Quote | None:
    """Return what is quoted at a moment of the song in which nothing is sung."""
    quote = next((quote for quote in quotes if quote.start_s <= song_s < quote.end_s), None)
    return quote if quote and time_map.rests_at(song_s) else None


def _is_flipped(turns: list[tuple[float, bool]], song_s: float) -> bool:
    index = bisect_right(turns, song_s, key=lambda turn: turn[0])
    return index > 0 and turns[index - 1][1]


def _jumps(time_map: TimeMap, *, least_s: float) -> Iterator[float]:
    """Yield the song times where the speech time leaps by `least_s` or more."""
    rows = time_map.rows
    for (song_a, speech_a), (song_b, speech_b) in pairwise(rows):
        if song_a == song_b and abs(speech_b - speech_a) >= least_s:
            yield song_a


def _turns(notes: tuple[SungNote, ...], jumps: list[float]) -> Iterator[tuple[float, bool]]:
    """Yield (song time, mirrored from there on) for every note that begins a syllable.

    The consonants are sung before the note: its picture begins with the jump that leads to them.
    """
    before_s = -math.inf
    for note in notes:
        if note.lyric == "+":
            continue
        index = bisect_right(jumps, note.start_s + 1e-6)
        led_by_jump = index and jumps[index - 1] > max(before_s, note.start_s - LONGEST_ONSET_S)
        yield (jumps[index - 1] if led_by_jump else note.start_s), note.repeat % 2 == 1
        before_s = note.start_s


def picture_rate(rate: Fraction | None, *, variable: bool = False) -> Fraction:
    """Return the output's frame rate for a source of `rate`: its own, doubled or halved into 24 to 60.

    Sources of varying rate, and those without a picture, give 30.

    >>> picture_rate(Fraction(25)), picture_rate(Fraction(12)), picture_rate(Fraction(120)), picture_rate(None)
    (Fraction(25, 1), Fraction(24, 1), Fraction(60, 1), Fraction(30, 1))
    """
    if rate is None or variable or not Fraction(1, 2) <= rate <= 1000:
        return USUAL_RATE
    while rate < SLOWEST:
        rate *= 2
    while rate > FASTEST:
        rate /= 2
    return rate


def picture_size(width: int, height: int, shape: str | None = None) -> tuple[int, int]:
    """Return the output's size for a source shown at `width` x `height` square pixels.

    Parameters
    ----------
    shape
        "16:9", "9:16", "1:1" (the short side is 720, or 1080 where the source has that many lines),
        "WxH" in pixels, or None: the source's own size, at least 480 lines and at most 1920 long.

    Both are even. Raises InputError for another shape, or sides outside 16 to 4096.

    >>> picture_size(360, 288), picture_size(3840, 2160), picture_size(1280, 720, "9:16")
    ((600, 480), (1920, 1080), (720, 1280))
    """
    if shape is None:
        factor = max(1.0, LEAST_LINES / min(width, height))
        factor = min(factor, MOST_LENGTH / max(width, height))
        return _even(width * factor), _even(height * factor)
    if shape in SHAPES:
        short = SHORT_SIDES[min(width, height) >= SHORT_SIDES[1]]
        ratio = SHAPES[shape]
        return (_even(short * ratio), short) if ratio >= 1 else (short, _even(short / ratio))
    return _size_given(shape)


def _even(length: float | Fraction) -> int:
    return max(LEAST_SIDE, 2 * round(length / 2))


def _size_given(shape: str) -> tuple[int, int]:
    across, _, down = shape.lower().partition("x")
    if not (shape.isascii() and across.isdecimal() and down.isdecimal()):
        raise InputError(f"picture {shape!r}: give 16:9, 9:16, 1:1, a size such as 1280x720, or none")
    size = int(across), int(down)
    if any(side % 2 or not LEAST_SIDE <= side <= MOST_SIDE for side in size):
        raise InputError(f"picture {shape!r}: both sides must be even, from {LEAST_SIDE} to {MOST_SIDE} pixels")
    return size
