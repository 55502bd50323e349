"""Praat's TextGrid: words, syllables and phones as tiers over one line of time.

A TextGrid is read as Praat reads it: what counts are numbers, strings and flags that stand free; all else is
remark. So the long and the short form are one.

Conventions
-----------
A transcript has the tiers `words`, `syllables`, `phones`; `vowels` holds the vowel of each syllable, with its
stress and tone; `confidence` one number a word, and `pinned` where a hand has set it; `language` one label;
`unheard`, where there are any, the words of the text that were not found, as points between those that were.
Intervals without a label are pauses; what was heard but is not known is `<unk>`.

References
----------
Praat manual, "TextGrid file formats".
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import NamedTuple, TypeVar

from shenqu.documents.cues import lines
from shenqu.documents.speech import Cue, Phone, Syllable, Transcript, Word
from shenqu.errors import InputError
from shenqu.media.subtitles import plain

TIERS = ("words", "syllables", "phones", "vowels", "confidence", "language")
UNKNOWN = "<unk>"
UNHEARD = "unheard"
PINNED = "pinned"
MOST_LABELS = 200_000
_TOKEN = re.compile(r'"([^"]*(?:""[^"]*)*)"|(?<!\S)(-?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,3})?)(?!\S)')
_WORD_TIERS = re.compile(r"(?:.*\W)?(?:words?|texts?|transcripts?|transcription|utterances?|orth\w*)", re.IGNORECASE)
_OTHER_TIERS = re.compile(
    r"(?:.*\W)?(?:phon\w*|phn|mau|syll?\w*|vowels|confidence|language|unheard|tones?)", re.IGNORECASE
)
_SILENT = frozenset({"", "sil", "sp", "spn", "pau", "#"})
_VOWEL_LABEL = re.compile(r"stress (\d)(?: tone (\d))?")


_Token = tuple[str | None, str | None]
_Entry = TypeVar("_Entry")


class Interval(NamedTuple):
    """A labelled stretch of a tier; a point has no length."""

    start_s: float
    end_s: float
    label: str


class Tier(NamedTuple):
    """A tier's name and what stands in it, in order."""

    name: str
    intervals: tuple[Interval, ...]


# ------------------------------------------------------------------ reading


def read_textgrid(text: str, name: str) -> tuple[Cue, ...]:
    """Return the words of the TextGrid `text` of the file `name` as lines with times.

    They are those of the tiers that are called words, text or the like, else of the tier with the most
    letters; tiers of other speakers are added where they do not talk at the same time.

    Raises `InputError` where it is no TextGrid.
    """
    spoken = [_spoken(tier) for tier in read_tiers(text, name) if not _OTHER_TIERS.fullmatch(tier.name)]
    named = [tier for tier in spoken if _WORD_TIERS.fullmatch(tier.name)]
    ordered = sorted(named or spoken, key=lambda tier: -sum(len(interval.label) for interval in tier.intervals))
    if sum(len(tier.intervals) for tier in ordered) > MOST_LABELS:
        raise InputError(f"{name}: holds more than {MOST_LABELS} labels, no text of one speech; shorten it")
    chosen: list[Interval] = []
    for tier in ordered:
        if not _overlap(chosen, tier.intervals):
            chosen = sorted([*chosen, *tier.intervals])
    return tuple(chain.from_iterable(_cues(stretch) for stretch in _kinds(chosen)))


def textgrid_transcript(text: str, name: str) -> Transcript | None:
    """Return the transcript in the TextGrid `text` of the file `name`; None where it has not all of its tiers.

    A hand may have moved words over their syllables, or put in some without: what lies with its middle in a word is
    its own. Raises `InputError` where it is no TextGrid, or a syllable has not one vowel.
    """
    tiers = {tier.name: [entry for entry in tier.intervals if entry.label] for tier in read_tiers(text, name)}
    if not all(tier in tiers for tier in TIERS):
        return None
    phones = [Phone(phone=_known(label), start_s=start_s, end_s=end_s) for start_s, end_s, label in tiers["phones"]]
    try:
        syllables = [
            _syllable(entry, _vowel(tiers["vowels"], entry), _inside(phones, _phone_span, entry))
            for entry in tiers["syllables"]
        ]
        parted = _parted(syllables)
        words = [
            _word(entry, _inside(tiers["confidence"], _span, entry), _inside(parted, _syllable_span, entry))
            for entry in tiers["words"]
        ]
    except ValueError as error:
        raise InputError(f"{name}: {error}; correct the tiers") from None
    language = tiers["language"][0].label if tiers["language"] else "und"
    return Transcript(language=language, words=tuple(_with_unheard(words, tiers.get(UNHEARD, ()))))


def _with_unheard(words: Sequence[Word], points: Sequence[Interval]) -> list[Word]:
    """Return `words` with those that were not heard in the places where `points` have them."""
    ends_s = [word.span_s[1] for word in words]
    missing = [
        (bisect_right(ends_s, point.start_s), Word(text=text, confidence=0.0))
        for point in points
        for text in point.label.split()
    ]
    rows = [*((place, 1, word) for place, word in missing), *((place, 2, word) for place, word in enumerate(words))]
    return [word for _, _, word in sorted(rows, key=lambda row: row[:2])]


def read_tiers(text: str, name: str) -> tuple[Tier, ...]:
    """Return the tiers of the TextGrid `text` of the file `name`, long or short; points are intervals of no length.

    Raises `InputError` where it is no TextGrid or ends too early.
    """
    tokens: list[_Token] = [(match[1], match[2]) for match in _TOKEN.finditer(text)]
    strings = [string for string, _ in tokens[:2]]
    if strings != ["ooTextFile", "TextGrid"]:
        raise InputError(f"{name}: is no TextGrid; save it in Praat as a text file")
    try:
        return tuple(_tiers(iter(tokens[2:])))
    except (RuntimeError, ValueError):
        raise InputError(f"{name}: is a broken TextGrid; open it in Praat and save it again") from None


def _tiers(tokens: Iterator[_Token]) -> Iterator[Tier]:
    """Yield the tiers after the head of a file; running out of tokens inside one raises."""
    _number(tokens), _number(tokens)
    for _ in range(int(_number(tokens))):
        kind, name = _string(tokens), _string(tokens)
        _number(tokens), _number(tokens)
        size = int(_number(tokens))
        read = _interval if kind == "IntervalTier" else _point
        yield Tier(name=plain(name), intervals=tuple(read(tokens) for _ in range(size)))


def _interval(tokens: Iterator[_Token]) -> Interval:
    return Interval(_number(tokens), _number(tokens), " ".join(_string(tokens).split()))


def _point(tokens: Iterator[_Token]) -> Interval:
    time_s = _number(tokens)
    return Interval(time_s, time_s, " ".join(_string(tokens).split()))


def _number(tokens: Iterator[_Token]) -> float:
    digits = next(tokens)[1]
    number = math.nan if digits is None else float(digits)
    if not math.isfinite(number):
        raise ValueError("a label stands where a number should")
    return number


def _string(tokens: Iterator[_Token]) -> str:
    string = next(tokens)[0]
    if string is None:
        raise ValueError("a number stands where a label should")
    return string.replace('""', '"')


def _spoken(tier: Tier) -> Tier:
    """Return what is said in a tier: labels without markup, no silences, no points."""
    plain_labels = (entry._replace(label=plain(entry.label)) for entry in tier.intervals if entry.start_s < entry.end_s)
    return tier._replace(intervals=tuple(entry for entry in plain_labels if entry.label.lower() not in _SILENT))


def _overlap(chosen: Sequence[Interval], others: Iterable[Interval]) -> bool:
    starts_s = [entry.start_s for entry in chosen]
    for other in others:
        at = bisect_left(starts_s, other.end_s)
        if at and chosen[at - 1].end_s > other.start_s:
            return True
    return False


def _kinds(intervals: Iterable[Interval]) -> Iterator[list[Interval]]:
    """Yield neighbours of one kind: single words, and whole lines."""
    for is_line, entries in groupby(intervals, key=lambda entry: " " in entry.label):
        del is_line
        yield list(entries)


def _cues(entries: Sequence[Interval]) -> tuple[Cue, ...]:
    """Return lines as they are, and words joined to lines."""
    cues = tuple(Cue(text=entry.label, start_s=entry.start_s, end_s=entry.end_s) for entry in entries)
    return cues if " " in entries[0].label else lines(cues)


def _known(label: str) -> str:
    return "" if label == UNKNOWN else label


def _span(entry: Interval) -> tuple[float, float]:
    return entry.start_s, entry.end_s


def _inside(entries: Sequence[_Entry], span: Callable[[_Entry], tuple[float, float]], outer: Interval) -> list[_Entry]:
    """Return those of `entries` (in order) whose middle lies in `outer`."""
    first, last = (bisect_left(entries, time_s, key=lambda entry: sum(span(entry)) / 2) for time_s in _span(outer))
    return list(entries[first:last])


def _phone_span(phone: Phone) -> tuple[float, float]:
    return phone.start_s, phone.end_s


def _syllable_span(syllable: Syllable) -> tuple[float, float]:
    return syllable.start_s, syllable.end_s


def _vowel(vowels: Sequence[Interval], syllable: Interval) -> Interval:
    found = _inside(vowels, _span, syllable)
    if len(found) != 1:
        raise ValueError(
            f"the syllable `{syllable.label}` at {syllable.start_s:.3f} s must have one vowel, not {len(found)}"
        )
    return found[0]


def _syllable(entry: Interval, vowel: Interval, phones: Sequence[Phone]) -> Syllable:
    marks = _VOWEL_LABEL.fullmatch(vowel.label)
    if marks is None:
        raise ValueError(
            f"the label `{vowel.label}` at {vowel.start_s:.3f} s must be like `stress 1` or `stress 0 tone 4`"
        )
    return Syllable(
        text=_known(entry.label),
        start_s=min(entry.start_s, vowel.start_s),  # a vowel moved by hand may lie a little over the edge
        vowel_s=vowel.start_s,
        vowel_end_s=vowel.end_s,
        end_s=max(entry.end_s, vowel.end_s),
        stress=min(2, int(marks.group(1))),
        tone=min(6, int(marks.group(2) or 0)),
        phones=tuple(phones),
    )


def _parted(syllables: Sequence[Syllable]) -> list[Syllable]:
    """Return `syllables` of which none reaches over the next one; their vowels do not."""
    parted = list(syllables[:1])
    for syllable in syllables[1:]:
        if parted[-1].end_s > syllable.start_s:
            edge_s = min(max(parted[-1].vowel_end_s, syllable.start_s), syllable.vowel_s)
            parted[-1] = parted[-1].replace(end_s=edge_s)
            syllable = syllable.replace(start_s=edge_s)  # noqa: PLW2901
        parted.append(syllable)
    return parted


def _word(entry: Interval, confidence: Sequence[Interval], syllables: Sequence[Syllable]) -> Word:
    return Word(
        text=_known(entry.label),
        start_s=entry.start_s,
        end_s=entry.end_s,
        confidence=min(1.0, max(0.0, float(confidence[0].label.removesuffix(PINNED)))) if confidence else 1.0,
        pinned=bool(confidence) and confidence[0].label.endswith(PINNED),
        syllables=tuple(syllables),
    )


# ------------------------------------------------------------------ writing


def to_textgrid(transcript: Transcript) -> str:
    """Return `transcript` as a TextGrid in the long form, from 0 to its last word, with every digit of its times.

    Raises `InputError` where words, syllables or phones overlap, which a tier cannot hold.
    """
    syllables = transcript.syllables
    words = transcript.heard_words
    end_s = max((word.span_s[1] for word in words), default=0.0) or 1.0
    tiers = {
        "words": [Interval(*word.span_s, word.text) for word in words],
        "syllables": [Interval(syllable.start_s, syllable.end_s, syllable.text) for syllable in syllables],
        "phones": [Interval(phone.start_s, phone.end_s, phone.phone) for item in syllables for phone in item.phones],
        "vowels": [Interval(item.vowel_s, item.vowel_end_s, _vowel_label(item)) for item in syllables],
        "confidence": [Interval(*word.span_s, _confidence_label(word)) for word in words],
        "language": [Interval(0.0, end_s, transcript.language)],
    }
    end_s = max(end_s, *(entry.end_s for tier in tiers.values() for entry in tier))
    points = _unheard_points(transcript)
    head = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {end_s!r}"]
    rows = [*head, "tiers? <exists>", f"size = {len(tiers) + bool(points)}", "item []:"]
    for number, (name, entries) in enumerate(tiers.items(), 1):
        rows += _tier_rows(number, name, _tiled(name, entries, end_s), end_s)
    if points:
        rows += _point_rows(len(tiers) + 1, UNHEARD, points, end_s)
    return "\n".join([*rows, ""])


def _confidence_label(word: Word) -> str:
    return f"{word.confidence!r} {PINNED}" if word.pinned else repr(word.confidence)


def _unheard_points(transcript: Transcript) -> list[tuple[float, str]]:
    """Return the words that were not heard, those between two that were as one point at the end of the first."""
    points: list[tuple[float, str]] = []
    last_s = 0.0
    for word in transcript.words:
        if word.heard:
            last_s = word.span_s[1]
        elif points and points[-1][0] == last_s:
            points[-1] = (last_s, f"{points[-1][1]} {word.text}")
        else:
            points.append((last_s, word.text))
    return points


def _vowel_label(syllable: Syllable) -> str:
    return f"stress {syllable.stress}" + (f" tone {syllable.tone}" if syllable.tone else "")


def _tiled(name: str, entries: Iterable[Interval], end_s: float) -> list[Interval]:
    """Return `entries` with pauses between them, so that they fill the tier."""
    tiled: list[Interval] = []
    now_s = 0.0
    for start_s, stop_s, label in entries:
        if start_s < now_s or stop_s <= start_s:
            raise InputError(f"the {name} at {start_s:.3f} s overlap, which a TextGrid cannot hold; write JSON instead")
        if start_s > now_s:
            tiled.append(Interval(now_s, start_s, ""))
        tiled.append(Interval(start_s, stop_s, " ".join(label.split()) or UNKNOWN))
        now_s = stop_s
    return [*tiled, Interval(now_s, end_s, "")] if now_s < end_s else tiled


def _tier_rows(number: int, name: str, entries: Sequence[Interval], end_s: float) -> Iterator[str]:
    yield from _tier_head(number, "IntervalTier", name, end_s)
    yield f"        intervals: size = {len(entries)}"
    for place, (start_s, stop_s, label) in enumerate(entries, 1):
        yield f"        intervals [{place}]:"
        yield from (
            f"            xmin = {start_s!r}",
            f"            xmax = {stop_s!r}",
            f"            text = {_quoted(label)}",
        )


def _point_rows(number: int, name: str, points: Sequence[tuple[float, str]], end_s: float) -> Iterator[str]:
    yield from _tier_head(number, "TextTier", name, end_s)
    yield f"        points: size = {len(points)}"
    for place, (time_s, label) in enumerate(points, 1):
        yield from (
            f"        points [{place}]:",
            f"            number = {time_s!r}",
            f"            mark = {_quoted(label)}",
        )


def _tier_head(number: int, kind: str, name: str, end_s: float) -> Iterator[str]:
    yield from (
        f"    item [{number}]:",
        f'        class = "{kind}"',
        f'        name = "{name}"',
        "        xmin = 0",
        f"        xmax = {end_s!r}",
    )


def _quoted(label: str) -> str:
    return '"' + label.replace('"', '""') + '"'
