"""What recognisers and video sites write as JSON: segments with times, some with words.

Read are Whisper's segments (OpenAI, faster-whisper, WhisperX and what copies them), the `transcription` of
whisper.cpp (milliseconds), the `events` of YouTube's json3 captions (milliseconds), the `fragments` of
aeneas, and the transcript of `shenqu words` itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from shenqu.documents.codec import decode
from shenqu.documents.cues import lines, transcript_words
from shenqu.documents.speech import Cue, Transcript
from shenqu.errors import InputError
from shenqu.media.subtitles import plain

_TRANSCRIPT_KEYS = {"language", "words"}
_KINDS = "segments (Whisper), transcription (whisper.cpp), events (json3), fragments (aeneas), words (shenqu)"


class _TimedWord(msgspec.Struct):
    word: str = ""
    text: str = ""
    start: float | None = None
    end: float | None = None

    def cue(self) -> Cue:
        return Cue(text=plain(self.word or self.text), start_s=self.start, end_s=self.end)


class _Segment(msgspec.Struct):
    start: float | None = None
    end: float | None = None
    text: str = ""
    words: list[_TimedWord] | None = None


class _Offsets(msgspec.Struct):
    from_ms: float = msgspec.field(name="from")
    to_ms: float = msgspec.field(name="to")


class _CppSegment(msgspec.Struct):
    text: str
    offsets: _Offsets


class _Seg(msgspec.Struct):
    utf8: str = ""
    tOffsetMs: float = 0.0  # noqa: N815 - the file's own name


class _Event(msgspec.Struct):
    tStartMs: float = 0.0  # noqa: N815
    dDurationMs: float | None = None  # noqa: N815
    segs: list[_Seg] | None = None


class _Fragment(msgspec.Struct):
    begin: float
    end: float
    lines: list[str]


class _Recognised(msgspec.Struct):
    """Any of the files above; a file has one of these fields."""

    segments: list[_Segment] | None = None
    words: list[_TimedWord] | None = None
    transcription: list[_CppSegment] | None = None
    events: list[_Event] | None = None
    fragments: list[_Fragment] | None = None


def json_transcript(text: str, name: str) -> Transcript | None:
    """Return the transcript that `shenqu words` wrote; None where the JSON `text` of the file `name` is another.

    Raises `InputError` where it is a transcript but broken, with line and path.
    """
    keys = _decode(text, dict[str, msgspec.Raw], name)
    if set(keys) != _TRANSCRIPT_KEYS or _is_recognised(keys["words"]):
        return None
    return decode(text.encode(), Transcript, name=name)


def read_recognised(text: str, name: str) -> tuple[Cue, ...]:
    """Return the cues of the JSON `text` of the file `name`, in order of their times.

    Raises `InputError` where it is no JSON or of an unknown kind.
    """
    transcript = json_transcript(text, name)
    if transcript is not None:
        return lines(transcript_words(transcript))
    found = _decode(text, _Recognised, name)
    if found.segments is not None:
        cues = [_segment_cue(segment) for segment in found.segments]
    elif found.transcription is not None:
        cues = [_cpp_cue(segment) for segment in found.transcription]
    elif found.events is not None:
        cues = list(_event_cues(found.events))
    elif found.fragments is not None:
        cues = [Cue(plain(" ".join(part.lines)), part.begin, part.end) for part in found.fragments]
    elif found.words is not None:
        cues = list(lines(_timed(word.cue() for word in found.words)))
    else:
        raise InputError(f"{name}: holds no words that are known to shenqu; it reads {_KINDS}")
    return _in_order(cue for cue in cues if cue.text)


def _decode(text: str, kind: Any, name: str) -> Any:
    try:
        return msgspec.json.decode(text, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(f"{name}: {_lower(str(error))}; give a file that shenqu words or a recogniser wrote") from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InputError(f"{name}: not a readable JSON file ({error}); save it again") from None


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:].replace("`", "")


def _is_recognised(words: msgspec.Raw) -> bool:
    """Return whether the words are a recogniser's: {"word", "start", "end"}."""
    try:
        return "word" in msgspec.json.decode(words, type=list[dict[str, msgspec.Raw]])[0]
    except (msgspec.MsgspecError, IndexError, RecursionError):
        return False


def _in_order(cues: Iterable[Cue]) -> tuple[Cue, ...]:
    found = list(cues)
    if all(cue.start_s is not None for cue in found):
        found.sort(key=lambda cue: cue.start_s or 0.0)
    return tuple(found)


def _timed(words: Iterable[Cue]) -> tuple[Cue, ...]:
    """Return the words that have text and rising times."""
    return tuple(
        word
        for word in words
        if word.text and word.start_s is not None and word.end_s is not None and word.start_s < word.end_s
    )


def _segment_cue(segment: _Segment) -> Cue:
    words = _timed(word.cue() for word in segment.words or ())
    return Cue(text=plain(segment.text), start_s=segment.start, end_s=segment.end, words=words)


def _cpp_cue(segment: _CppSegment) -> Cue:
    return Cue(plain(segment.text), segment.offsets.from_ms / 1000, segment.offsets.to_ms / 1000)


def _event_cues(events: Sequence[_Event]) -> Iterator[Cue]:
    """Yield a cue for each event with text; captions that roll end where the next ones begin."""
    spoken = sorted(
        (event for event in events if any(plain(seg.utf8) for seg in event.segs or ())),
        key=lambda event: event.tStartMs,
    )
    ends_ms: list[float | None] = [*(event.tStartMs for event in spoken[1:]), None]
    for event, next_ms in zip(spoken, ends_ms, strict=True):
        own_ms = None if event.dDurationMs is None else event.tStartMs + event.dDurationMs
        known_ms = [end_ms for end_ms in (own_ms, next_ms) if end_ms is not None and end_ms > event.tStartMs]
        end_s = min(known_ms) / 1000 if known_ms else None
        text = plain("".join(seg.utf8 for seg in event.segs or ()))
        yield Cue(text=text, start_s=event.tStartMs / 1000, end_s=end_s, words=_seg_words(event, end_s))


def _seg_words(event: _Event, end_s: float | None) -> tuple[Cue, ...]:
    """Return the words of an event of automatic captions; each lasts until the next."""
    segs = [seg for seg in event.segs or () if plain(seg.utf8)]
    if len(segs) < 2 or end_s is None:
        return ()
    times_s = [*((event.tStartMs + seg.tOffsetMs) / 1000 for seg in segs), end_s]
    return _timed(Cue(plain(seg.utf8), *span) for seg, span in zip(segs, pairwise(times_s), strict=True))
