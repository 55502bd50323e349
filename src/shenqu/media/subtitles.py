"""Subtitles and lyrics: SubRip, WebVTT, Advanced SubStation Alpha and LRC, read loosely and written strictly.

Conventions
-----------
Everything is read as players read it: one-digit fields, comma or point, missing numbers and blank lines.
Markup is taken out, never obeyed. Times are seconds; written are milliseconds, in LRC hundredths. Times of
words stand in WebVTT and LRC as tags before and behind each word, in ASS as karaoke lengths (`\\k`).

References
----------
W3C (2019), WebVTT: The Web Video Text Tracks Format. SubRip, ASS v4+, LRC and its enhanced form with word
times have no standard.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise

from shenqu.documents.cues import wants_blank
from shenqu.documents.speech import Cue

_TIME = r"(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_TIMES = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}")
_MARKUP = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")
_VTT_TAG = re.compile(rf"<{_TIME}>")
_LRC_LINE = re.compile(r"\s*((?:\[\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?\]\s*)+)(.*)")
_LRC_TAG = re.compile(r"[\[<](\d{1,3}):(\d{1,2})(?:[.:](\d{1,3}))?[\]>]")
_LRC_OFFSET = re.compile(r"^\s*\[offset:\s*([+-]?\d{1,7})\s*\]", re.IGNORECASE | re.MULTILINE)
_ASS_TIME = re.compile(rf"\s*{_TIME}\s*")
_ASS_FIELDS = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]
_ASS_BLOCK = re.compile(r"\{([^{}]*)\}|([^{]+|\{)")
_ASS_TAGS = re.compile(r"\\([kK](?=[fo]?\d)|p)[fo]?(\d{1,6})")
_READING_STYLE = "reading"  # pinyin above the words, as our own captions have it


def plain(text: str) -> str:
    """Return `text` without markup, entities and signs that are no letters; blanks and line breaks as one blank.

    >>> plain("<i>a</i> &amp;\\x07 {\\\\an8}b")
    'a & b'
    """
    text = html.unescape(_MARKUP.sub("", text))
    return " ".join("".join(sign if sign.isprintable() else _unprintable(sign) for sign in text).split())


def _unprintable(sign: str) -> str:
    # Joiners shape Hindi, Persian and emoji; all other signs without a picture are blanks or nothing.
    return sign if sign in "\u200c\u200d" else " " if sign.isspace() else ""


# ------------------------------------------------------------------ SubRip, WebVTT


def read_subtitles(text: str) -> tuple[Cue, ...]:
    """Return the cues of a SubRip or WebVTT file in order of their times."""
    return tuple(sorted((cue for cue in _blocks(text.splitlines()) if cue.text), key=_start))


def to_srt(cues: Sequence[Cue]) -> str:
    """Return `cues`, all with times, as SubRip."""
    blocks = (
        f"{number}\n{_clock(cue.start_s, ',')} --> {_clock(cue.end_s, ',')}\n{_safe(cue.text)}\n"
        for number, cue in enumerate(cues, 1)
    )
    return "\n".join(blocks)


def to_vtt(cues: Sequence[Cue]) -> str:
    """Return `cues`, all with times, as WebVTT; the times of their words are tags in the text."""
    blocks = (
        f"{_clock(cue.start_s, '.')} --> {_clock(cue.end_s, '.')}\n{_tagged(cue, _vtt_tag).replace('&', '&amp;')}\n"
        for cue in cues
    )
    return "\n".join(["WEBVTT\n", *blocks])


def _start(cue: Cue) -> float:
    return cue.start_s or 0.0


def _blocks(rows: list[str]) -> Iterator[Cue]:
    """Yield a cue for each line of times and the lines below it, up to a blank line or the next times."""
    starts = [index for index, row in enumerate(rows) if _TIMES.match(row)]
    for start, following in pairwise([*starts, len(rows)]):
        body = rows[start + 1 : following]
        blank = next((index for index, row in enumerate(body) if not row.strip()), None)
        if blank is not None:
            body = body[:blank]
        elif following < len(rows) and body and body[-1].strip().isdigit():
            body = body[:-1]  # the next cue's number, where the blank line before it is missing
        yield _subtitle(rows[start], " ".join(body))


def _subtitle(row: str, body: str) -> Cue:
    times = _TIMES.match(row)
    assert times is not None
    start_s, end_s = _seconds(*times.groups()[:4]), _seconds(*times.groups()[4:])
    parts = _VTT_TAG.split(body)
    tags_s = [_seconds(*tag.groups()) for tag in _VTT_TAG.finditer(body)]
    words = _timed_words(parts[::5], [start_s, *tags_s, end_s]) if tags_s else ()
    return Cue(text=plain(body), start_s=start_s, end_s=end_s if end_s > start_s else None, words=words)


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{fraction or 0}")


def _clock(seconds: float | None, point: str) -> str:
    """Return hours, minutes, seconds and milliseconds."""
    total = _units(seconds, 1000)
    return f"{total // 3_600_000:02d}:{total // 60_000 % 60:02d}:{total // 1000 % 60:02d}{point}{total % 1000:03d}"


def _units(seconds: float | None, a_second: int) -> int:
    assert seconds is not None, "only cues with times are written"
    return max(0, round(seconds * a_second))


def _safe(text: str) -> str:
    """Return `text` so that no letter of it is a command: brackets and backslashes become their wide forms."""
    return text.translate({ord(sign): wide for sign, wide in zip("<>{}[]\\", "＜＞｛｝［］＼", strict=True)})


def _vtt_tag(seconds: float | None) -> str:
    return f"<{_clock(seconds, '.')}>"


# ------------------------------------------------------------------ times of words


def _tagged(cue: Cue, tag: Callable[[float | None], str]) -> str:
    """Return the text of `cue` with a tag where the time is not that of the tag before."""
    now = tag(cue.start_s)
    parts: list[str] = []
    for before, word in zip([None, *cue.words], cue.words, strict=False):
        starts, ends = tag(word.start_s), tag(word.end_s)
        parts.append(" " * (before is not None and wants_blank(before.text, word.text)))
        parts.append(starts * (starts != now) + _safe(word.text) + ends * (ends not in {starts, tag(cue.end_s)}))
        now = max(starts, ends)
    return "".join(parts) or _safe(cue.text)


def _timed_words(texts: Sequence[str], times_s: Sequence[float]) -> tuple[Cue, ...]:
    """Return the words of a line: `texts` are its parts, `times_s` where each begins, and the last one ends.

    Parts without a blank between them are one word, wide characters apart.
    """
    words: list[Cue] = []
    open_word = False
    for text, (start_s, end_s) in zip(texts, pairwise(times_s), strict=True):
        letters = plain(text)
        if letters and open_word and not text[:1].isspace() and wants_blank(words[-1].text, letters):
            words[-1] = words[-1].replace(text=words[-1].text + letters, end_s=end_s)
        elif letters:
            words.append(Cue(text=letters, start_s=start_s, end_s=end_s))
        open_word = (open_word or bool(letters)) and not text[-1:].isspace() and bool(words)
    return tuple(word if _start(word) < (word.end_s or 0.0) else word.replace(end_s=None) for word in words)


# ------------------------------------------------------------------ LRC


def read_lyrics(text: str) -> tuple[Cue, ...]:
    """Return the lines of an LRC file in order of their times; each ends where the next begins.

    Times of words, in angle or square brackets, are kept; `offset` (milliseconds, earlier) is followed.
    """
    moved = _LRC_OFFSET.search(text)
    earlier_s = int(moved.group(1)) / 1000 if moved else 0.0
    timed = sorted((line for row in text.splitlines() for line in _lyric_lines(row, earlier_s)), key=_start)
    ends_s = [*(line.start_s for line in timed[1:]), None]
    ended = (_ended(line, end_s) for line, end_s in zip(timed, ends_s, strict=False))
    return tuple(line for line in ended if line.text)


def to_lrc(cues: Sequence[Cue]) -> str:
    """Return `cues`, all with times, as LRC; the times of their words are tags in the text.

    Where the next line does not follow at once, an empty line says where a line ends.
    """
    rows: list[str] = []
    for cue, after in zip(cues, [*cues[1:], None], strict=True):
        rows.append(f"[{_lrc_clock(cue.start_s)}]{_tagged(cue, _lrc_tag)}")
        if after is None or _lrc_clock(after.start_s) != _lrc_clock(cue.end_s):
            rows.append(f"[{_lrc_clock(cue.end_s)}]")
    return "\n".join([*rows, ""])


def _lyric_lines(row: str, earlier_s: float) -> Iterator[Cue]:
    """Yield a line for each of the times before it; one without text ends the line before."""
    line = _LRC_LINE.fullmatch(row)
    if not line:
        return
    starts_s = [_lrc_seconds(tag) - earlier_s for tag in _LRC_TAG.finditer(line.group(1))]
    times_s = [_lrc_seconds(tag) - earlier_s for tag in _LRC_TAG.finditer(line.group(2))]
    parts = _LRC_TAG.split(line.group(2))[::4]
    words: tuple[Cue, ...] = ()
    if times_s and len(starts_s) == 1:
        words = _timed_words(parts, [starts_s[0], *times_s, times_s[-1]])
    for start_s in starts_s:
        yield Cue(text=plain("".join(parts)), start_s=max(0.0, start_s), words=words)


def _ended(line: Cue, next_s: float | None) -> Cue:
    """Return `line` with its end: that of its last word, else where the next line begins."""
    end_s = (line.words[-1].end_s if line.words else None) or next_s
    if end_s is None or end_s <= _start(line):
        return line
    words = (*line.words[:-1], *(word.replace(end_s=end_s) for word in line.words[-1:]))
    return line.replace(end_s=end_s, words=words)


def _lrc_seconds(tag: re.Match[str]) -> float:
    return _seconds(None, *tag.groups())


def _lrc_clock(seconds: float | None) -> str:
    """Return minutes, seconds and hundredths; as many minutes as there are."""
    total = _units(seconds, 100)
    return f"{total // 6000:02d}:{total // 100 % 60:02d}.{total % 100:02d}"


def _lrc_tag(seconds: float | None) -> str:
    return f"<{_lrc_clock(seconds)}>"


# ------------------------------------------------------------------ ASS


def read_ass(text: str) -> tuple[Cue, ...]:
    """Return the dialogue lines of an ASS or SSA file in order of their times, each text at a time once.

    Override tags are taken out; karaoke lengths (`\\k`) give the times of words. Drawings, comments and our own
    lines of pinyin are passed over.
    """
    fields = _ASS_FIELDS
    found: dict[tuple[str, str], Cue] = {}
    for row in text.splitlines():
        kind, _, content = row.partition(":")
        if kind.strip().lower() == "format" and "text" in content.lower():
            fields = [field.strip().lower() for field in content.split(",")]
        elif kind.strip().lower() == "dialogue":
            event = dict(zip(fields, content.split(",", len(fields) - 1), strict=False))
            cue = _dialogue(event)
            if cue and cue.text:
                place = event["start"], cue.text
                found[place] = cue if cue.words else found.get(place, cue)
    return tuple(sorted(found.values(), key=_start))


def _dialogue(event: dict[str, str]) -> Cue | None:
    start, end = (_ASS_TIME.fullmatch(event.get(field, "")) for field in ("start", "end"))
    if not start or not end or event.get("style", "").strip().lower() == _READING_STYLE:
        return None
    start_s, end_s = _seconds(*start.groups()), _seconds(*end.groups())
    texts, lengths_s = _karaoke(re.sub(r"\\[Nnh]", " ", event.get("text", "")))
    cue = Cue(text=plain("".join(texts)), start_s=start_s, end_s=end_s if end_s > start_s else None)
    if len(texts) == 1:
        return cue
    words = _timed_words(texts, [round(time_s, 3) for time_s in accumulate(lengths_s, initial=start_s)])
    return cue.replace(start_s=words[0].start_s, end_s=words[-1].end_s, words=words) if words else cue


def _karaoke(body: str) -> tuple[list[str], list[float]]:
    """Return the text of a dialogue in parts without tags, and how long each is to be sung, in seconds.

    >>> _karaoke(r"{\\an8}{\\k20}are {\\kf35\\b1}you")
    (['', 'are ', 'you'], [0.0, 0.2, 0.35])
    """
    texts, lengths_s, draws = [""], [0.0], False
    for block, run in _ASS_BLOCK.findall(body):
        for tag, number in _ASS_TAGS.findall(block):
            if tag == "p":
                draws = int(number) > 0
            else:
                texts.append("")
                lengths_s.append(int(number) / 100)
        texts[-1] += "" if draws else run
    return texts, lengths_s
