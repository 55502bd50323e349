"""What shenqu finds in a talk, through the function that Python users call."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path

import soundfile

from benchmarks.words.scoring import Found
from benchmarks.words.truth import RATE, Talk
from benchmarks.words.voices import final_of
from shenqu import words
from shenqu.documents.speech import Transcript
from shenqu.errors import ShenquError


@dataclass(slots=True)
class Listener:
    """Lets shenqu hear talks by way of files in a folder."""

    workshop: Path
    refused: dict[str, str] = field(default_factory=dict)
    heard: int = 0

    def find(self, talk: Talk, text: str | None = None) -> list[Found]:
        """Return the words of `talk` as shenqu finds them; its own text if no other is given.

        Nothing is found where it refuses; `refused` keeps why.
        """
        transcript = self._transcript(talk, talk.text if text is None else text)
        return [] if transcript is None else found_in(transcript, finals=talk.finals)

    def find_vowels(self, talk: Talk) -> list[tuple[float, float]]:
        """Return the vowels that shenqu finds in `talk` without a text, as (start_s, end_s)."""
        transcript = self._transcript(talk, None)
        if transcript is None:
            return []
        return [(syllable.vowel_s, syllable.vowel_end_s) for syllable in transcript.syllables]

    def _transcript(self, talk: Talk, text: str | None) -> Transcript | None:
        path = self.workshop / f"talk-{self.heard}.wav"
        self.heard += 1
        soundfile.write(path, talk.samples, RATE)
        written = None
        if text is not None:
            written = path.with_suffix(".txt")
            written.write_text(text, encoding="utf-8")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return words(path, text=str(written) if written else None, language=talk.language if written else None)
        except ShenquError as refusal:
            self.refused[talk.name] = str(refusal).replace(str(self.workshop), "")
            return None
        finally:
            path.unlink()


def found_in(transcript: Transcript, *, finals: bool = False) -> list[Found]:
    """Return the words of `transcript`; with `finals` the onset of a vowel is that of the glide before it."""
    return [
        Found(
            text=word.text,
            start_s=word.start_s,
            vowels_s=tuple(final_of(said)[0] if finals else said.vowel_s for said in word.syllables),
            confidence=word.confidence,
        )
        for word in transcript.words
    ]
