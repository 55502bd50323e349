"""The talks that are measured: those whose sounds are exactly known, and those that people have labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle
from pathlib import Path

from benchmarks.words.truth import (
    RATE,
    Talk,
    flite_talk,
    hts_talk,
    join,
    line_talk,
    pinyin_talk,
    plain_talk,
    textgrid_talk,
)
from benchmarks.words.voices import espeak_languages, espeak_talk, own_talks

MANDARIN_LABELS = "SSB16240001"
MANDARIN_TEXT = "这绝对不行"  # read off its labels: zhe jue dui bu xing
PLAIN = (
    "fdr-infamy.mp3", "fdr-fear.mp3", "armstrong-step.mp3", "jfk-moon.mp3", "perkins-security.mp3",
    "jfk-inaugural.flac", "sonnet002.mp3", "cold_corpus3.wav", "libri_61-70968-0000.flac",
)  # fmt: skip
LONG_S = 600.0
_UTTERANCES_A_TALK = 4


@dataclass(frozen=True)
class Sets:
    """Talks by kind; without a `folder` of recordings those of machines alone."""

    folder: Path | None

    @cached_property
    def flite(self) -> tuple[Talk, ...]:
        """Utterances of flite, four of one voice joined."""
        if not self.folder:
            return ()
        made = [flite_talk(sound) for sound in sorted((self.folder / "made").glob("flite_*.flac"))]
        groups = [made[index : index + _UTTERANCES_A_TALK] for index in range(0, len(made), _UTTERANCES_A_TALK)]
        return tuple(join(group, name=f"{group[0].name} to {group[-1].name[-2:]}") for group in groups)

    @cached_property
    def own(self) -> tuple[Talk, ...]:
        """Lines of our own speaker."""
        return own_talks()

    @cached_property
    def languages(self) -> dict[str, Talk]:
        """Sentences of espeak-ng, by language."""
        return {language: espeak_talk(language) for language in espeak_languages()}

    @property
    def known(self) -> tuple[Talk, ...]:
        """English and Mandarin of machines, whose pronunciations shenqu is not given."""
        return (*self.flite, *self.own, *(self.languages[name] for name in ("en",) if name in self.languages))

    @cached_property
    def english(self) -> tuple[Talk, ...]:
        """English recordings with phone labels."""
        if not self.folder:
            return ()
        speech, text = self.folder / "speech", self.folder / "text"
        return (
            hts_talk(speech / "arctic_slt_a0009.wav", text / "arctic_a0009_phone.lab"),
            textgrid_talk(speech / "acoustic_corpus.wav", text / "acoustic_corpus.TextGrid"),
        )

    @cached_property
    def mandarin(self) -> tuple[Talk, ...]:
        """A Mandarin recording with labels of initials and finals."""
        if not self.folder:
            return ()
        labels = self.folder / "text" / f"{MANDARIN_LABELS}.TextGrid"
        return (pinyin_talk(self.folder / "speech" / f"aishell3_{MANDARIN_LABELS}.wav", labels, MANDARIN_TEXT),)

    @cached_property
    def lines(self) -> tuple[Talk, ...]:
        """A poem with the times of its lines."""
        if not self.folder:
            return ()
        return (line_talk(self.folder / "speech/sonnet001.mp3", self.folder / "text/sonnet001.srt"),)

    @property
    def real(self) -> tuple[Talk, ...]:
        """Everything that people have said and labelled."""
        return (*self.english, *self.mandarin, *self.lines)

    def long(self, length_s: float = LONG_S) -> Talk:
        """Return English talks of all kinds one after the other, again and again, about `length_s` long."""
        plain = [plain_talk(self.folder / "speech" / name) for name in PLAIN] if self.folder else []
        talks = [*self.flite, *plain, *self.english, *self.lines, *(talk for talk in self.own if talk.language == "en")]
        return join(_long_enough(talks, length_s), name="ten minutes", pause_s=0.8)


def _long_enough(talks: Sequence[Talk], length_s: float) -> list[Talk]:
    chosen: list[Talk] = []
    for talk in cycle(talks):
        if sum(one.samples.size for one in chosen) >= length_s * RATE:
            break
        chosen.append(talk)
    return chosen
