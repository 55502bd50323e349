"""Karaoke: the words of the song, in lines that light up syllable by syllable as they are sung.

Conventions
-----------
Lengths of lines are counted in columns: a Chinese, Japanese or Korean character takes two, any other
one. A line has at most 32, which is 16 Chinese characters: what Chinese subtitling allows.

References
----------
Advanced SubStation Alpha v4+: `\\kf` sweeps a syllable in centiseconds; event times are centiseconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from shenqu.documents.cues import SENTENCE_ENDS, columns, lines, transcript_words, wants_blank
from shenqu.documents.performance import Performance, SungNote
from shenqu.documents.picture import CaptionLine, CaptionSyllable
from shenqu.documents.speech import Transcript, Word

MOST_COLUMNS = 32
UPRIGHT_COLUMNS = 20
SHORTEST_SPEECH = 3  # in syllables; shorter ones stand several times in a line
PHRASE_GAP_S = 0.6
LEAD_S, TAIL_S = 0.4, 0.6
PUNCTUATION_ALONE = frozenset("，。！？、；：,.!?;:…—")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sung:
    """One sung syllable: its caption, its place among the words, and whether a word or a line ends with it."""

    caption: CaptionSyllable
    index: int
    ends_word: bool
    ends_line: bool = False


def caption_columns(width: int, height: int) -> int:
    """Return how many columns a caption line has at most on a picture of `width` x `height`."""
    return MOST_COLUMNS if width > 1.2 * height else UPRIGHT_COLUMNS


def caption_lines(
    performance: Performance, transcript: Transcript, *, most_columns: int = MOST_COLUMNS
) -> tuple[CaptionLine, ...]:
    """Return the karaoke lines of `performance`; none where the words are unknown.

    A syllable lights up from the start of its note to the end of its last "+" note. Lines break at
    rests, at ends of sentences and of lines of new words, and between words where they grow too long; they do not
    overlap.
    """
    sung = _sung_syllables(performance, transcript)
    groups = [line for phrase in _phrases(sung) for line in _split(phrase, most_columns)]
    return tuple(_timed_lines(groups, performance.duration_s))


def spoken_lines(transcript: Transcript, *, most_columns: int) -> tuple[CaptionLine, ...]:
    """Return the karaoke lines of `transcript` as it is spoken, each as long as its words; none where they are unknown.

    Lines are those of `documents.cues.lines`; a syllable lights up while it is said.
    """
    words = iter([word for word in transcript.heard_words if word.text.strip()])
    groups = [
        [next(words) for _ in line.words] for line in lines(transcript_words(transcript), most_columns=most_columns)
    ]
    texts = [text for group in groups for word in group for text, _, _ in _spoken(word)]
    readings = iter(_readings(texts, transcript.language))
    return tuple(_spoken_line(group, readings) for group in groups)


def _spoken_line(words: Sequence[Word], readings: Iterator[str]) -> CaptionLine:
    captions: list[CaptionSyllable] = []
    for word in words:
        if captions:
            captions[-1] = captions[-1].replace(space=wants_blank(captions[-1].text, word.text))
        captions += [
            CaptionSyllable(text=text, start_s=start_s, end_s=end_s, reading=next(readings))
            for text, start_s, end_s in _spoken(word)
        ]
    return CaptionLine(start_s=words[0].span_s[0], end_s=words[-1].span_s[1], syllables=tuple(captions))


def _spoken(word: Word) -> list[tuple[str, float, float]]:
    """Return text and times of the syllables of a word, of the word itself where they are not known."""
    known = [(item.text, item.start_s, item.end_s) for item in word.syllables if item.text.strip()]
    return known or [(" ".join(word.text.split()), *word.span_s)]


def _sung_syllables(performance: Performance, transcript: Transcript) -> list[_Sung]:
    places = [
        (syllable.text, place == len(word.syllables) - 1)
        for word in transcript.words
        for place, syllable in enumerate(word.syllables)
    ]
    readings = _readings([text for text, _ in places], transcript.language)
    spans: list[tuple[SungNote, float]] = []
    for note in performance.notes:
        if note.lyric == "+" and spans and spans[-1][0].syllable == note.syllable:
            spans[-1] = spans[-1][0], note.end_s
        else:
            spans.append((note, note.end_s))
    new_readings = _readings([note.text or "" for note, _ in spans], transcript.language)
    sung = []
    for number, (note, end_s) in enumerate(spans):
        index, text, reading = note.syllable, places[note.syllable][0], readings[note.syllable]
        ends_word, ends_line = places[note.syllable][1], False
        if note.text is not None:  # new words: their places are those in the song
            index, text, reading = number, note.text, new_readings[number]
            ends_word, ends_line = note.ends != "syllable", note.ends == "line"
        if text.strip():
            caption = CaptionSyllable(text=text, start_s=note.start_s, end_s=end_s, reading=reading)
            sung.append(_Sung(caption=caption, index=index, ends_word=ends_word, ends_line=ends_line))
    return sung


def _readings(texts: Sequence[str], language: str) -> list[str]:
    """Return the pinyin over each syllable of Chinese, chosen by its neighbours; "" over all else."""
    has_han = any(_is_han(letter) for text in texts for letter in text)
    if not has_han or not language.lower().startswith(("zh", "cmn", "und")):
        return [""] * len(texts)
    from pypinyin import Style, pinyin  # noqa: PLC0415 - its tables take a third of a second to load

    whole = "".join(texts)
    letters = [reading[0] for reading in pinyin(whole, style=Style.TONE, errors=_letter_by_letter)]  # type: ignore[arg-type]
    # Where pypinyin takes letters together the places are lost, and no reading beats a wrong one.
    if len(letters) != len(whole):
        letters = [""] * len(whole)
    readings, place = [], 0
    for text in texts:
        han = [letters[place + at] for at, letter in enumerate(text) if _is_han(letter)]
        readings.append("".join(han))
        place += len(text)
    return readings


def _letter_by_letter(text: str) -> list[str]:
    return list(text)


def _is_han(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff" or "\u3400" <= letter <= "\u4dbf"


def _phrases(sung: list[_Sung]) -> Iterator[list[_Sung]]:
    """Yield what is sung in one breath: up to a rest, to the end of a sentence, or until the speech begins again."""
    phrase: list[_Sung] = []
    for syllable in sung:
        begins_again = len(phrase) >= SHORTEST_SPEECH and syllable.index == 0
        if phrase and (begins_again or _is_break(phrase[-1], syllable)):
            yield phrase
            phrase = []
        phrase.append(syllable)
    if phrase:
        yield phrase


def _is_break(before: _Sung, after: _Sung) -> bool:
    rest_s = after.caption.start_s - before.caption.end_s
    return (
        before.ends_line or rest_s >= PHRASE_GAP_S or (before.ends_word and before.caption.text.endswith(SENTENCE_ENDS))
    )


def _goes_on(before: _Sung, after: _Sung) -> bool:
    """Whether `after` continues the word that `before` is in."""
    return after.index == before.index + 1 and not before.ends_word


def _split(phrase: list[_Sung], most: int) -> list[list[_Sung]]:
    """Return `phrase` in lines that fit: halved, as often as needed, between words, preferably at a rest."""
    if _width(phrase) <= most:
        return [phrase]
    breaks = [at for at in range(1, len(phrase)) if not _goes_on(phrase[at - 1], phrase[at])]
    at = min(breaks or range(1, len(phrase)), key=lambda at: _badness(phrase, at, most), default=0)
    return [*_split(phrase[:at], most), *_split(phrase[at:], most)] if at else [phrase]


def _badness(phrase: list[_Sung], at: int, most: int) -> float:
    """How uneven a break before `phrase[at]` is, in columns, less what a rest or comma there is worth."""
    before, after = phrase[at - 1].caption, phrase[at].caption
    pause = min(after.start_s - before.end_s, PHRASE_GAP_S) / PHRASE_GAP_S
    comma = before.text[-1] in PUNCTUATION_ALONE
    return abs(_width(phrase[:at]) - _width(phrase[at:])) - most / 2 * pause - most / 4 * comma


def _width(phrase: list[_Sung]) -> int:
    return columns("".join(syllable.text + " " * syllable.space for syllable in _spaced(phrase)).rstrip())


def _spaced(phrase: list[_Sung]) -> list[CaptionSyllable]:
    """Return the captions of `phrase`, with a blank after each word that wants one."""
    pairs = [*pairwise(phrase), (phrase[-1], None)]
    return [
        syllable.caption.replace(
            space=after is not None
            and not _goes_on(syllable, after)
            and wants_blank(syllable.caption.text, after.caption.text)
        )
        for syllable, after in pairs
    ]


def _timed_lines(groups: list[list[_Sung]], duration_s: float) -> Iterator[CaptionLine]:
    """Yield lines that come a little before they are sung and stay a little, never two at once."""
    before_s = 0.0
    for group, after in zip_longest(groups, groups[1:]):
        first_s, last_s = group[0].caption.start_s, max(syllable.caption.end_s for syllable in group)
        next_s = after[0].caption.start_s if after else math.inf
        start_s = max(before_s, min(first_s, max(first_s - LEAD_S, 0.0)))
        end_s = min(
            last_s + TAIL_S, max(last_s, (last_s + next_s) / 2, next_s - LEAD_S), next_s, max(duration_s, last_s)
        )
        yield CaptionLine(start_s=start_s, end_s=end_s, syllables=tuple(_spaced(group)))
        before_s = end_s


# ------------------------------------------------------------------ ASS

ASS_HEAD = """\
[Script Info]
; Karaoke made by shenqu
Title: {title}
ScriptType: v4.00+
WrapStyle: 2
ScaledBorderAndShadow: yes
YCbCr Matrix: TV.709
PlayResX: {width}
PlayResY: {height}

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Karaoke,{font},{size},&H0033CCFF,&H00FFFFFF,&H00301808,&H80000000,-1,0,0,0,100,100,0,0,1,{outline},{shadow},2,\
{side},{side},{bottom},1
Style: Reading,{font},{small},&H0033CCFF,&H00FFFFFF,&H00301808,&H80000000,-1,0,0,0,100,100,0,0,1,{outline},{shadow},2,\
{side},{side},{above},1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def to_ass(lines: Sequence[CaptionLine], *, width: int, height: int, font: str = "Arial", title: str = "") -> str:
    """Return `lines` as an ASS karaoke file for a picture of `width` x `height`.

    Every syllable sweeps (`\\kf`) over exactly its time; centiseconds are rounded from absolute times, so
    a line's tags sum to its length. Readings stand in a line of their own above, as ASS has no ruby.
    """
    size = caption_size(width, height)
    head = ASS_HEAD.format(
        title=_one_line(title),
        width=width,
        height=height,
        font=_one_line(font).replace(",", " "),
        size=size,
        small=round(size * 0.5),
        outline=max(1, round(size / 14)),
        shadow=max(1, round(size / 28)),
        side=round(width * 0.05),
        bottom=caption_bottom(width, height),
        above=caption_bottom(width, height) + round(size * 1.15),
    )
    return head + "".join(event for line in lines for event in _events(line))


def caption_size(width: int, height: int) -> int:
    """Return the letter size in pixels for captions on a picture of `width` x `height`.

    >>> caption_size(1280, 720), caption_size(720, 1280)
    (52, 55)
    """
    return max(8, round(min(height * 0.072, width / (16 if width > 1.2 * height else 13))))


def caption_bottom(width: int, height: int) -> int:
    """Return the free rows below captions; more on upright pictures, where players put their buttons."""
    return round(height * (0.07 if width >= height else 0.18))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _events(line: CaptionLine) -> Iterator[str]:
    span = f"{_ass_time(line.start_s)},{_ass_time(line.end_s)}"
    texts = [_ass_text(item.text) + " " * item.space for item in line.syllables]
    yield f"Dialogue: 0,{span},Karaoke,,0,0,0,,{_karaoke(line, texts)}\n"
    if any(item.reading for item in line.syllables):
        readings = [_ass_text(item.reading) + " " for item in line.syllables]
        yield f"Dialogue: 1,{span},Reading,,0,0,0,,{_karaoke(line, readings).rstrip()}\n"


def _karaoke(line: CaptionLine, texts: list[str]) -> str:
    """Return `texts` with a tag each; what is not sung inside the line passes in empty tags."""
    parts, now, last = [], _centiseconds(line.start_s), _centiseconds(line.end_s)
    for item, text in zip(line.syllables, texts, strict=True):
        start, end = (min(last, max(now, _centiseconds(time_s))) for time_s in (item.start_s, item.end_s))
        if start > now:
            parts.append(f"{{\\k{start - now}}}")
        parts.append(f"{{\\kf{end - start}}}{text}")
        now = end
    return "".join(parts) + (f"{{\\k{last - now}}}" if last > now else "")


def _centiseconds(seconds: float) -> int:
    return round(seconds * 100)


def _ass_time(seconds: float) -> str:
    total = max(0, _centiseconds(seconds))
    return f"{total // 360_000}:{total // 6000 % 60:02d}:{total // 100 % 60:02d}.{total % 100:02d}"


def _ass_text(text: str) -> str:
    """Return `text` so that no letter of it is a command: braces and backslashes become their wide forms."""
    return _one_line(text).translate({ord("{"): "｛", ord("}"): "｝", ord("\\"): "＼"})
