"""Timed words in lines, as subtitles show them and as an aligner takes them for anchors.

Conventions
-----------
Lengths of lines are counted in columns: a Chinese, Japanese or Korean character takes two, any other
one. Between two wide characters there is no blank.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from shenqu.documents.speech import Cue, Transcript

MOST_LINE_COLUMNS = 42
LINE_GAP_S = 0.6
"""A pause from which on a new line begins."""
SENTENCE_ENDS = tuple(".!?。！？…；;")
_MOST_WORDS = 200  # of a stretch that is halved into lines
CLAUSE_ENDS = tuple(",:，、：—")


def columns(text: str) -> int:
    """Return how wide `text` is: two columns for a wide (CJK) character, one for any other, none for marks.

    >>> columns("神曲!"), columns("héllo")
    (5, 5)
    """
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def wants_blank(before: str, after: str) -> bool:
    """Return whether a blank stands between two words: Chinese and Japanese have none, Korean has.

    >>> wants_blank("are", "you"), wants_blank("你", "好"), wants_blank("好", "OK"), wants_blank("안녕", "하세요")
    (True, False, True, True)
    """
    return bool(before and after) and not (_is_solid(before[-1]) and _is_solid(after[0]))


def _is_solid(letter: str) -> bool:
    return columns(letter) == 2 and not unicodedata.name(letter, "").startswith("HANGUL")


def joined(words: Sequence[Cue]) -> Cue:
    """Return `words` (at least one, with times) as one line that keeps their times.

    >>> joined([Cue("are", 1.0, 1.2), Cue("you", 1.2, 1.5)]).text
    'are you'
    """
    blanks = [" " * wants_blank(before.text, after.text) for before, after in pairwise(words)]
    text = "".join(blank + word.text for blank, word in zip(["", *blanks], words, strict=True))
    return Cue(text=text, start_s=words[0].start_s, end_s=words[-1].end_s, words=tuple(words))


def lines(words: Iterable[Cue], *, most_columns: int = MOST_LINE_COLUMNS) -> tuple[Cue, ...]:
    """Return `words`, all with times and text, in lines of at most `most_columns` where words allow it.

    A line ends at a pause and with a sentence; what is too long is halved between words, preferably
    where a clause ends.
    """
    return tuple(joined(line) for stretch in _stretches(words) for line in _split(stretch, most_columns))


def transcript_words(transcript: Transcript) -> tuple[Cue, ...]:
    """Return the words of `transcript` that are known and were heard, with their times."""
    return tuple(
        Cue(text=" ".join(word.text.split()), start_s=word.start_s, end_s=word.end_s)
        for word in transcript.heard_words
        if word.text.strip()
    )


def _stretches(words: Iterable[Cue]) -> Iterator[list[Cue]]:
    stretch: list[Cue] = []
    for word in words:
        if stretch and (
            len(stretch) >= _MOST_WORDS
            or stretch[-1].text.endswith(SENTENCE_ENDS)
            or _gap_s(stretch[-1], word) >= LINE_GAP_S
        ):
            yield stretch
            stretch = []
        stretch.append(word)
    if stretch:
        yield stretch


def _gap_s(before: Cue, after: Cue) -> float:
    assert before.end_s is not None and after.start_s is not None, "words in lines have times"
    return after.start_s - before.end_s


def _split(words: list[Cue], most: int) -> Iterator[list[Cue]]:
    if len(words) == 1 or columns(joined(words).text) <= most:
        yield words
        return
    widths = [columns(word.text) + 1 for word in words]
    total = sum(widths)
    before, badness = 0, []
    for width, (word, after) in zip(widths, pairwise(words), strict=False):
        before += width
        rest = min(max(_gap_s(word, after), 0.0), LINE_GAP_S) / LINE_GAP_S
        badness.append(abs(total - 2 * before) - most / 2 * rest - most / 2 * word.text.endswith(CLAUSE_ENDS))
    at = min(range(len(badness)), key=badness.__getitem__) + 1
    yield from _split(words[:at], most)
    yield from _split(words[at:], most)
