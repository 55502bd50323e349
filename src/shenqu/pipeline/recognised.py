"""The words of a recording whose text nobody has given, each stretch of it recognised once and remembered."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from shenqu.cache import TextCache
from shenqu.documents.audio import Samples, Sound
from shenqu.documents.codec import decode, encode
from shenqu.documents.options import WordsOptions
from shenqu.documents.recognised import Recognised, Segment, Segments
from shenqu.engines.whisper_recogniser import WhisperRecogniser
from shenqu.errors import InputError
from shenqu.pipeline.report import Report
from shenqu.speech.recognise import Recogniser, recognise


def recognise_words(
    sound: Sound, options: WordsOptions, recogniser: Recogniser | None, *, needed: int | None, report: Report
) -> Recognised:
    """Return the words of `sound`, the part of a recording from `options.start_s` on, at least its first `needed`.

    Whisper recognises them where no `recogniser` is given. Its errors are those of `WhisperRecogniser`.
    """
    return recognise(
        sound,
        Remembering(recogniser or WhisperRecogniser(options.model), TextCache()),
        language=options.language,
        prompt=options.prompt,
        offset_s=options.start_s,
        enough_words=needed,
        progress=lambda share: report("recognising", share),
    )


class Remembering:
    """A recogniser that keeps in `memory` what `recogniser` has said of a whole stretch, and does not ask again."""

    def __init__(self, recogniser: Recogniser, memory: TextCache) -> None:
        """Put a memory before a recogniser."""
        self.recogniser, self.memory = recogniser, memory

    @property
    def identity(self) -> str:
        """That of the recogniser."""
        return self.recogniser.identity

    def recognise(self, samples: Samples, *, language: str | None, prompt: str | None) -> Iterator[Segment]:
        """Yield what the recogniser says, or has said."""
        key = self._key(samples, language, prompt)
        kept = self._kept(key)
        if kept is not None:
            yield from kept.segments
            return
        segments = []
        for segment in self.recogniser.recognise(samples, language=language, prompt=prompt):
            segments.append(segment)
            yield segment
        self.memory[key] = encode(Segments(segments=tuple(segments)))
        self.memory.prune()

    def _kept(self, key: str) -> Segments | None:
        try:
            return decode(self.memory[key], Segments, name=key)
        except (KeyError, InputError):
            return None

    def _key(self, samples: Samples, language: str | None, prompt: str | None) -> str:
        made_by = hashlib.sha256(repr((self.identity, language, prompt)).encode())
        made_by.update(samples.tobytes())
        return made_by.hexdigest()
