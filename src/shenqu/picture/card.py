"""A moving card for sound without a picture: the voice drawn as it sings, at the height it sings.

Bars as tall as the voice is loud scroll past a play head, each at the height of its note, so that the
melody can be seen coming; above them stands the syllable being sung, before a glow that beats.

Conventions
-----------
Pictures, stamps and even places as in `shenqu.picture.paint`. Times are song times. `levels` holds the
voice's loudness, 0 to 1, one value each 1 / `BARS_PER_S` second from song time 0.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from shenqu.documents.audio import Audio
from shenqu.documents.performance import Performance, SungNote
from shenqu.documents.picture import EditList, Shot
from shenqu.documents.speech import Transcript
from shenqu.picture.cut import USUAL_RATE
from shenqu.picture.paint import AMBER, Ink, Letters, Picture, Stamp, Typeface, draw_letters, margin, planes, to_yuv

Levels = npt.NDArray[np.float32]

CARD_SIZE = (1280, 720)
BARS_PER_S = 30
WINDOW_S = 5.0  # that the width of the card shows
PLAY_HEAD = 0.4  # of the width
KEPT_STAMPS = 24
TITLE = Ink(top=(236, 238, 252), bottom=(206, 210, 236), outline_em=0.03, shadow=0.4)
SUBTITLE = Ink(top=(150, 156, 198), bottom=(140, 146, 190), outline_em=0.02, shadow=0.3)
SYLLABLE = Ink(top=AMBER.top, bottom=AMBER.bottom, outline_em=0.03, shadow=0.7)
PAST, COMING = (255, 176, 56), (104, 112, 178)
TOP, BOTTOM, GLOW = (38, 26, 78), (9, 9, 22), (150, 60, 150)


def voice_levels(vocal: Audio) -> Levels:
    """Return the loudness of `vocal`, 0 to 1, `BARS_PER_S` values a second; its loud places are 1."""
    step = vocal.rate // BARS_PER_S
    mono = vocal.mono
    bars = mono[: len(mono) // step * step].reshape(-1, step)
    power = np.sqrt(np.mean(np.square(bars, dtype=np.float32), axis=1))
    loud = float(np.quantile(power, 0.95)) if len(power) else 0.0
    return np.asarray(np.clip(power / max(loud, 1e-4), 0, 1) ** 0.7, dtype=np.float32)


def card_edit_list(duration_s: float, *, width: int = CARD_SIZE[0], height: int = CARD_SIZE[1]) -> EditList:
    """Return the edit list of a card: one shot without a source."""
    frames = max(1, int(np.ceil(duration_s * USUAL_RATE - 1e-3)))
    return EditList(rate=USUAL_RATE, width=width, height=height, shots=(Shot(first_frame=0, source_s=(0.0,) * frames),))


def card_drawer(
    performance: Performance,
    transcript: Transcript,
    edit_list: EditList,
    typeface: Typeface,
    *,
    levels: Levels,
    beats_s: Sequence[float] = (),
    title: str = "",
    subtitle: str = "",
) -> Callable[[int, Picture], None]:
    """Return a function that draws the card at an output frame over a picture, in place.

    It may be called from several threads, in any order of frames. Below stays room for captions.
    """
    card = _Card(edit_list, typeface, performance, levels)
    backdrop = card.backdrop(title, subtitle)
    texts = [syllable.text.strip() for syllable in transcript.syllables]
    starts = [note.start_s for note in performance.notes]

    def draw(frame: int, picture: Picture) -> None:
        song_s = float((frame + 0.5) / edit_list.rate)
        picture[:] = backdrop
        index = bisect_right(starts, song_s) - 1
        note = performance.notes[index] if index >= 0 else None
        card.draw_glow(picture, _beat(beats_s, song_s), card.level_at(song_s))
        card.draw_bars(picture, song_s)
        card.draw_progress(picture, song_s / max(performance.duration_s, 1e-6))
        text = "" if note is None else texts[note.syllable] if note.text is None else note.text.strip()
        if note and song_s < note.end_s + 0.12 and text:
            card.draw_syllable(picture, text)

    return draw


def _beat(beats_s: Sequence[float], song_s: float) -> float:
    """Return how fresh the last beat is: 1 on it, falling to 0 in a third of a second."""
    index = bisect_right(beats_s, song_s) - 1
    return max(0.0, 1.0 - (song_s - beats_s[index]) / 0.35) ** 2 if index >= 0 else 0.0


class _Card:
    """What of a card is computed once, and how its parts are drawn."""

    def __init__(self, edit_list: EditList, typeface: Typeface, performance: Performance, levels: Levels) -> None:
        self._width, self._height = edit_list.width, edit_list.height
        self._typeface = typeface
        self._levels = levels
        self._heights = _bar_places(performance.notes, len(levels))
        self._glow = self._make_glow()
        self._stamps: OrderedDict[str, Stamp] = OrderedDict()
        self._lock = threading.Lock()

    def level_at(self, song_s: float) -> float:
        index = int(song_s * BARS_PER_S)
        return float(self._levels[index]) if index < len(self._levels) else 0.0

    def backdrop(self, title: str, subtitle: str) -> Picture:
        """Return the card without what moves: a gradient, grained so that it shows no bands, and the title."""
        height, width = self._height, self._width
        down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
        across = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
        shade = np.clip(1.05 * down**0.8 + 0.22 * across**2, 0, 1)[..., None]
        yuv = (1 - shade) * to_yuv(TOP) + shade * to_yuv(BOTTOM)
        grain = np.random.default_rng(0).uniform(0, 1, yuv.shape).astype(np.float32)
        yuv = np.floor(yuv + grain).astype(np.uint8)
        picture = np.empty((height * 3 // 2, width), dtype=np.uint8)
        luma, blue, red = planes(picture)
        luma[:], blue[:], red[:] = yuv[..., 0], yuv[::2, ::2, 1], yuv[::2, ::2, 2]
        for text, ink, size, row in ((title, TITLE, 0.05, 0.06), (subtitle, SUBTITLE, 0.031, 0.135)):
            if text.strip():
                stamp = self._text(" ".join(text.split()), ink, round(self._unit * size))
                self._set_centred(stamp, picture, round(height * row))
        return picture

    @property
    def _unit(self) -> float:
        """The length that all sizes follow: the height, on upright cards less."""
        return min(self._height, self._width * 0.75)

    def _text(self, text: str, ink: Ink, size: int) -> Stamp:
        room = round(self._width * 0.92) - 2 * margin(size)
        length = self._typeface.at(size).getlength(text)
        if length > room:
            size = max(6, int(size * room / length))
            length = self._typeface.at(size).getlength(text)
        ascent, descent = self._typeface.at(size).getmetrics()
        edge = margin(size)
        across, down = (-(-round(side + 2 * edge) // 2) * 2 for side in (length, ascent + descent))
        letters = [Letters(text=text, x=edge, y=edge + ascent, size=size)]
        return draw_letters(
            letters, ink, self._typeface, width=min(across, self._width), height=min(down, self._height)
        )

    def _set_centred(self, stamp: Stamp, picture: Picture, top: int) -> None:
        width, height = stamp.size
        stamp.set_on(picture, (self._width - width) // 4 * 2, max(0, min(top, self._height - height)) // 2 * 2)

    def draw_syllable(self, picture: Picture, text: str) -> None:
        with self._lock:
            stamp = self._stamps.get(text)
            if stamp is None:
                stamp = self._stamps[text] = self._text(text, SYLLABLE, round(self._unit * 0.2))
                if len(self._stamps) > KEPT_STAMPS:
                    self._stamps.popitem(last=False)
        self._set_centred(stamp, picture, round(self._height * 0.34 - stamp.size[1] / 2))

    def _make_glow(self) -> npt.NDArray[np.float32]:
        """Return a soft ellipse of light around the syllable, in chroma samples, 0 to 1."""
        rows, columns = self._height // 2 * 6 // 10, self._width // 2
        down = np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
        across = np.linspace(-1.6, 1.6, columns, dtype=np.float32)[None, :]
        return np.asarray(np.clip(1 - down**2 - across**2, 0, 1) ** 2, dtype=np.float32)

    def draw_glow(self, picture: Picture, beat: float, level: float) -> None:
        """Light the middle up with the voice and the beat."""
        strength = 0.10 + 0.16 * level + 0.26 * beat
        top = self._height // 2 // 25
        rows = slice(top, top + len(self._glow))
        light = (self._glow * strength * 256).astype(np.uint16)
        luma, blue, red = planes(picture)
        for plane, target, cover in (
            (luma[2 * rows.start : 2 * rows.stop], to_yuv(GLOW)[0], light.repeat(2, axis=0).repeat(2, axis=1)),
            (blue[rows], to_yuv(GLOW)[1], light),
            (red[rows], to_yuv(GLOW)[2], light),
        ):
            mixed = plane[:, : cover.shape[1]] * (256 - cover) + cover * np.uint16(target)
            plane[:, : cover.shape[1]] = mixed >> 8

    def draw_bars(self, picture: Picture, song_s: float) -> None:
        """Draw the bars of the time around `song_s`, those sung in the colour of fire, those to come cool."""
        pitch = max(4, round(self._width / WINDOW_S / BARS_PER_S / 2) * 2)
        thick = max(2, pitch * 3 // 4 // 2 * 2)
        # Where bar 0 is, or would be; whole steps of an even pitch from there keep all gaps alike.
        origin = round((self._width * PLAY_HEAD - song_s * BARS_PER_S * pitch) / 2) * 2
        first, last = -(origin // pitch), (self._width - thick - origin) // pitch
        for bar in range(max(0, first), min(len(self._levels), last + 1)):
            self._draw_bar(picture, bar, origin + bar * pitch, thick, is_past=bar <= song_s * BARS_PER_S)

    def _draw_bar(self, picture: Picture, bar: int, x: int, thick: int, *, is_past: bool) -> None:
        middle = self._height * (0.74 - 0.2 * self._heights[bar])
        half = max(thick / 2, float(self._levels[bar]) * self._unit * 0.065)
        top, end = (round((middle + side * half) / 2) * 2 for side in (-1, 1))
        colour = to_yuv(PAST if is_past else COMING)
        for plane, value, scale in zip(planes(picture), colour, (1, 2, 2), strict=True):
            plane[top // scale : end // scale, x // scale : (x + thick) // scale] = round(float(value))

    def draw_progress(self, picture: Picture, share: float) -> None:
        """Draw how much of the song is over, along the lower edge."""
        rows, end = max(2, self._height // 160 // 2 * 2), round(self._width * min(1.0, share) / 2) * 2
        for plane, value, scale in zip(planes(picture), to_yuv(PAST), (1, 2, 2), strict=True):
            plane[-(rows // scale) :, : end // scale] = round(float(value))


def _bar_places(notes: Sequence[SungNote], count: int) -> npt.NDArray[np.float32]:
    """Return how high each bar lies, 0 (the lowest note) to 1 (the highest); between notes it glides."""
    if not notes:
        return np.full(count, 0.5, dtype=np.float32)
    times = [time_s for note in notes for time_s in (note.start_s + 0.03, max(note.start_s + 0.03, note.end_s - 0.03))]
    pitches = [note.pitch for note in notes for _ in range(2)]
    low, high = min(pitches), max(pitches)
    middle_s = (np.arange(count) + 0.5) / BARS_PER_S
    heights = np.interp(middle_s, times, pitches)
    return np.asarray((heights - low) / max(high - low, 5), dtype=np.float32)
