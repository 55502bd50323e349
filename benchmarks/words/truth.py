"""Talks whose words and vowels have known times: read from labels, or joined from others.

Conventions
-----------
Sound is mono float32 at 16 kHz. Times are seconds from the start of the talk. A vowel is (start_s, end_s);
in Mandarin and Cantonese (`finals`) it is the final, with its glide. A word whose times nobody marked has
start NaN and no `vowels` (None).

References
----------
Boersma & Weenink, "TextGrid file formats" (Praat manual). Zen (2006), HTS label format.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from shenqu.documents.audio import Samples
from shenqu.media.audio import read_audio

RATE = 16_000
Span = tuple[float, float]
_VOWEL = re.compile(r"(aa|ae|ah|ao|aw|ax|ay|eh|er|ey|ih|ix|iy|ow|oy|uh|uw)[0-2]?", re.IGNORECASE)
_HISS = 1e-4
_SILENT = {"", "sil", "pau", "sp", "spn", "[SIL]", "x"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueWord:
    """A word that is said, and when; `vowels` None where nobody marked them."""

    text: str
    start_s: float
    vowels: tuple[Span, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Talk:
    """Somebody speaks `text`, in which `words` stand in order."""

    name: str
    samples: Samples
    words: tuple[TrueWord, ...]
    text: str
    language: str = "en"
    finals: bool = False

    @property
    def vowels(self) -> tuple[Span, ...]:
        """Every marked vowel in order."""
        return tuple(vowel for word in self.words for vowel in word.vowels or ())


def flite_talk(sound: Path) -> Talk:
    """Return an utterance of the flite synthesiser, whose own times stand in a .json beside it."""
    said = json.loads(sound.with_suffix(".json").read_text(encoding="utf-8"))["words"]
    words = tuple(
        TrueWord(
            text=word["text"],
            start_s=word["start_s"],
            vowels=tuple(
                (phone["start_s"], phone["end_s"]) for phone in word["phones"] if _VOWEL.fullmatch(phone["phone"])
            ),
        )
        for word in said
    )
    return Talk(name=sound.stem, samples=_read(sound), words=words, text=_written(words))


def hts_talk(sound: Path, labels: Path) -> Talk:
    """Return a recording with phone labels of HTS, whose words are those of the .txt beside it."""
    phones, begins = [], []
    for line in labels.read_text().splitlines():
        start, end, context = line.split()
        name = re.search(r"-(.+?)\+", context)
        assert name, f"{labels}: no phone in {context[:40]}"
        syllable = re.search(r"@(\d+)_\d+/A", context)
        word = re.search(r"/B:[^@]*@(\d+)-", context)
        first = bool(syllable and word and syllable.group(1) == word.group(1) == "1")
        phones.append((name.group(1), int(start) / 1e7, int(end) / 1e7))
        begins.append(first and name.group(1) not in _SILENT)
    texts = sound.with_suffix(".txt").read_text(encoding="utf-8").split()
    starts = [phones[index][1] for index, begin in enumerate(begins) if begin]
    assert len(starts) == len(texts), f"{labels}: {len(starts)} words, {len(texts)} in the text"
    return _labelled(sound, list(zip(starts, texts, strict=True)), phones, _english_vowel)


def textgrid_talk(sound: Path, labels: Path) -> Talk:
    """Return a recording with the tiers "words" and "phones" (ARPAbet) of a TextGrid."""
    tiers = read_tiers(labels.read_text(encoding="utf-8"))
    words = [(start_s, text) for text, start_s, _ in tiers["words"] if text not in _SILENT]
    return _labelled(sound, words, tiers["phones"], _english_vowel)


def pinyin_talk(sound: Path, labels: Path, characters: str) -> Talk:
    """Return a Mandarin recording with initials and finals in the tier "phones"; each final ends a character."""
    starts, start_s = [], None
    phones = read_tiers(labels.read_text(encoding="utf-8"))["phones"]
    for text, phone_s, _ in phones:
        if text in _SILENT:
            continue
        start_s = phone_s if start_s is None else start_s
        if _is_final(text):
            starts.append(start_s)
            start_s = None
    talk = _labelled(sound, list(zip(starts, characters, strict=True)), phones, _is_final)
    return replace(talk, text=characters, language="zh", finals=True)


def line_talk(sound: Path, cues: Path) -> Talk:
    """Return a recording whose lines (of the .txt beside it) begin with the cues of a subtitle: no more is known."""
    lines = sound.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    starts = re.findall(r"^(\d+):(\d+):(\d+),(\d+) -->", cues.read_text(encoding="utf-8"), re.MULTILINE)
    starts_s = [
        int(hour) * 3600 + int(minute) * 60 + int(second) + int(ms) / 1000 for hour, minute, second, ms in starts
    ]
    words = [
        TrueWord(text=word, start_s=start_s if place == 0 and start_s > 0 else math.nan)
        for line, start_s in zip(lines, starts_s, strict=True)
        for place, word in enumerate(line.split())
    ]
    return Talk(name=sound.stem, samples=_read(sound), words=tuple(words), text="\n".join(lines))


def plain_talk(sound: Path) -> Talk:
    """Return a recording whose words (the .txt beside it) nobody marked; remarks in brackets are not said."""
    text = sound.with_suffix(".txt").read_text(encoding="utf-8").strip()
    text = re.sub(r"\[(\w+)\]|<\w+>", "", text).replace("December 7, 1941", "December seventh, nineteen forty-one")
    words = tuple(TrueWord(text=word, start_s=math.nan) for word in text.split() if any(map(str.isalnum, word)))
    return Talk(name=sound.stem, samples=_read(sound), words=words, text=text)


def join(talks: Sequence[Talk], *, name: str, pause_s: float = 0.4) -> Talk:
    """Return `talks` of one language one after the other, each behind a pause, all with the faint hiss of a room."""
    sounds: list[Samples] = []
    words: list[TrueWord] = []
    now_s = 0.0
    for talk in talks:
        gap = np.zeros(round(pause_s * RATE), dtype=np.float32)
        words += [_moved(word, now_s + gap.size / RATE) for word in talk.words]
        sounds += [gap, talk.samples]
        now_s += (gap.size + talk.samples.size) / RATE
    text = "\n".join(talk.text for talk in talks)
    sound = np.concatenate(sounds)
    hiss = _HISS * np.random.default_rng(0).standard_normal(sound.size, dtype=np.float32)
    return replace(talks[0], name=name, samples=sound + hiss, words=tuple(words), text=text)


def read_tiers(text: str) -> dict[str, list[tuple[str, float, float]]]:
    r"""Return the interval tiers of a TextGrid in the short form: name to (text, start_s, end_s).

    >>> read_tiers('0\n2\n<exists>\n1\n"IntervalTier"\n"words"\n0\n2\n1\n0\n2\n"hi"\n')
    {'words': [('hi', 0.0, 2.0)]}
    """
    values = [
        quoted.replace('""', '"') if number == "" else float(number)
        for quoted, number in re.findall(r'"((?:[^"]|"")*)"|^\s*(-?[\d.]+)\s*$', text, re.MULTILINE)
    ]
    tiers = {}
    for at in [index for index, value in enumerate(values) if value == "IntervalTier"]:
        name, count, first = str(values[at + 1]), int(float(values[at + 4])), at + 5
        rows = [values[first + 3 * row : first + 3 * row + 3] for row in range(count)]
        tiers[name] = [(str(label), float(start_s), float(end_s)) for start_s, end_s, label in rows]
    return tiers


def _labelled(sound, words, phones, is_vowel) -> Talk:  # type: ignore[no-untyped-def]
    """Return the talk in which each of `words` (start_s, text) holds the vowels up to the next."""
    limits = [*(start_s for start_s, _ in words), math.inf]
    marked = tuple(
        TrueWord(
            text=text,
            start_s=start_s,
            vowels=tuple((a, b) for name, a, b in phones if is_vowel(name) and start_s - 1e-6 <= a < end_s - 1e-6),
        )
        for (start_s, text), (_, end_s) in zip(words, pairwise(limits), strict=True)
    )
    return Talk(name=sound.stem, samples=_read(sound), words=marked, text=_written(marked))


def _english_vowel(phone: str) -> bool:
    return _VOWEL.fullmatch(phone) is not None


def _is_final(phone: str) -> bool:
    return phone[-1:].isdigit()


def _moved(word: TrueWord, by_s: float) -> TrueWord:
    vowels = word.vowels and tuple((start_s + by_s, end_s + by_s) for start_s, end_s in word.vowels)
    return replace(word, start_s=word.start_s + by_s, vowels=vowels)


def _written(words: Sequence[TrueWord]) -> str:
    return " ".join(word.text for word in words)


def _read(path: Path) -> Samples:
    return read_audio(path, rate=RATE).mono
