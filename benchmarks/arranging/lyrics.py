"""A sentence of one speaker sung by another: how much of it can be built, and how much is understood."""

from __future__ import annotations

import math
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations
from pathlib import Path
from unittest.mock import patch

import numpy as np
import soundfile

from benchmarks.arranging.greedy import longest_matches
from benchmarks.material import Material, Recording
from benchmarks.report import number, table
from benchmarks.singing.judge import judge_stems
from benchmarks.singing.understood import find_model, sentence_tokens, word_accuracy
from shenqu.documents.lyrics import BuiltSyllable, NewWords
from shenqu.documents.options import SingOptions
from shenqu.documents.song import Song, Source
from shenqu.media.files import sha256_of
from shenqu.pipeline.hear import Heard, hear
from shenqu.pipeline.lyrics import read_lyrics, with_new_words
from shenqu.pipeline.plan import plan_song
from shenqu.pipeline.render import STEMS, Film, render_files
from shenqu.pipeline.report import silent
from shenqu.pipeline.tunes import find_tune
from shenqu.speech.units import as_transcript

TUNE, LENGTH_S = "ode-to-joy", 24.0
MOST_WORDS = 14
QUICK_PAIRS = (
    ("jfk-inaugural", "fdr-fear"), ("fdr-infamy", "jfk-moon"), ("jfk-moon", "arctic_slt_a0009"),
    ("perkins-security", "jfk-inaugural"), ("sonnet001", "libri_61-70968-0000"), ("fdr-fear", "armstrong-step"),
)  # fmt: skip
INTRO = """\
A sentence of one speaker sung by the sounds of another on {tune}, style `natural`. `exact`: share of syllables of which
every sound was spoken; `built`: of those that are sung at all. `words` are those understood by the recogniser, of the
words sung; `of own` is that as a share of the same sentence sung by its own speaker. The longest match is what tools of
movable type do: the longest row of syllables that was spoken, and silence where one never was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sung:
    """What was measured of a sentence sung by a speaker."""

    singer: str
    sentence: str
    exact: float
    built: float
    words: float
    rpa50: float


def first_sentence(recording: Recording) -> str:
    """Return the first sentence of a recording, cut where it is long."""
    text = re.split(r"(?<=[.!?。！？])\s*", " ".join(recording.text.split()))[0]
    return " ".join(text.split()[:MOST_WORDS])


Build = Callable[[Heard, str], Heard]


def by_cost(heard: Heard, text: str) -> Heard:
    """Build as the product does."""
    return with_new_words(heard, text, most=1000)


def by_longest_match(heard: Heard, text: str) -> Heard:
    """Build as tools of movable type do."""
    language, wanted = read_lyrics(text, heard.transcript)
    built = longest_matches(wanted, heard.transcript)
    words = NewWords(syllables=built, transcript=as_transcript(built, heard.transcript, language))
    return replace(heard, new_words=words)


@dataclass(frozen=True, kw_only=True)
class LyricsBench:
    """Sentences of the recordings of one material, each sung by the others."""

    material: Material
    workshop: Path
    script: Path | None

    @cached_property
    def recordings(self) -> dict[str, Recording]:
        """Those whose words are known, of two languages."""
        known = [one for one in self.material.recordings if one.language is None and not one.text.endswith(".srt")]
        return {recording.name: recording for recording in known}

    @cached_property
    def _heard(self) -> dict[str, Heard]:
        return {}

    def heard(self, name: str) -> Heard:
        """Return what a recording says."""
        if name not in self._heard:
            recording = self.recordings[name]
            options = SingOptions(text=recording.text, language=recording.language)
            self._heard[name] = hear(recording.path, options, needed=None)
        return self._heard[name]

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield singer and owner of the sentence, in one language."""
        for singer, owner in permutations(self.recordings, 2):
            if self._is_chinese(singer) == self._is_chinese(owner):
                yield singer, owner

    def _is_chinese(self, name: str) -> bool:
        return any("\u4e00" <= letter <= "\u9fff" for letter in self.recordings[name].text)

    def section(self, pairs: Sequence[tuple[str, str]] | None = None) -> str:
        """Return the table of `pairs`, by default of all there are."""
        rows, all_rows = [], []
        for singer, owner in pairs or list(self.pairs()):
            text = first_sentence(self.recordings[owner])
            own = self.sung(owner, text, by_cost)
            ours, greedy = self.sung(singer, text, by_cost), self.sung(singer, text, by_longest_match)
            all_rows.append((own, ours, greedy))
            rows.append(_row(f"{singer} sings {owner}", own, ours, greedy))
            print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
        rows.append(_mean_row(all_rows))
        head = ["", "exact", "rpa50", "words", "of own", "longest match: built", "words", "of own"]
        return (
            f"## New words from old sounds ({len(all_rows)} pairs)\n\n{INTRO.format(tune=TUNE)}\n\n{table(head, rows)}"
        )

    def quick(self) -> str:
        """Return the table of a few pairs."""
        return self.section([pair for pair in QUICK_PAIRS if set(pair) <= set(self.recordings)])

    def sung(self, singer: str, text: str, build: Build) -> Sung:
        """Return what can be measured of `text` sung by `singer`."""
        recording = self.recordings[singer]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            heard = build(self.heard(singer), text)
            assert heard.new_words is not None
            built = heard.new_words.syllables
            if all(one.syllable is None for one in built):
                return Sung(singer=singer, sentence=text, exact=0.0, built=0.0, words=0.0, rpa50=math.nan)
            song, stems = self._sing(recording, heard)
        return Sung(
            singer=singer,
            sentence=text,
            exact=_share(built, lambda one: one.exact),
            built=_share(built, lambda one: one.syllable is not None),
            words=_understood(song, stems),
            rpa50=judge_stems(stems, None, self.script)["rpa50"] if self.script else math.nan,
        )

    def _sing(self, recording: Recording, heard: Heard) -> tuple[Song, Path]:
        stems = self.workshop / "stems"
        stems.mkdir(exist_ok=True)
        options = SingOptions(
            text=recording.text, mode="lyrics", band="none", picture="none", captions=False, length_s=LENGTH_S
        )
        source = Source(path=recording.path.name, sha256=sha256_of(recording.path))
        song = plan_song(heard, find_tune(TUNE), options, sources=(source,), speech_name=recording.name, ending="wav")
        with patch.dict(os.environ, SHENQU_CACHE=str(self.workshop / "cache")):
            render_files(
                song,
                Film.of([recording.path], "none"),
                stems / "song.wav",
                stems={name: stems / name for name in STEMS},
                report=silent,
            )
        return song, stems


def _share(built: Sequence[BuiltSyllable], holds: Callable[[BuiltSyllable], bool]) -> float:
    return sum(map(holds, built)) / len(built)


def _understood(song: Song, stems: Path) -> float:
    """Return the share of the words sung that are understood; NaN without a recogniser for them."""
    model = find_model()
    words = "".join((one.text or "") + " " * (one.ends != "syllable") for one in song.placements)
    said = sentence_tokens(words)
    if model is None or not said:
        return math.nan
    samples, rate = soundfile.read(stems / "vocal.wav", dtype="float32")
    return word_accuracy(samples, rate, said, said, model)


def _row(name: str, own: Sung, ours: Sung, greedy: Sung) -> list[str]:
    return [
        name,
        number(ours.exact, 2),
        number(100 * ours.rpa50 if ours.rpa50 <= 1 else ours.rpa50),
        number(ours.words, 2),
        number(_of(ours, own), 2),
        number(greedy.built, 2),
        number(greedy.words, 2),
        number(_of(greedy, own), 2),
    ]


def _of(sung: Sung, own: Sung) -> float:
    return max(0.0, sung.words) / own.words if own.words > 0 else math.nan


def _mean_row(rows: Sequence[tuple[Sung, Sung, Sung]]) -> list[str]:
    """Return the means; the shares of own are those of all words together, as some speakers are hardly understood."""
    own, ours, greedy = (float(np.mean([max(0.0, row[which].words) for row in rows])) for which in range(3))
    return [
        "mean",
        number(float(np.mean([row[1].exact for row in rows])), 2),
        number(float(np.mean([row[1].rpa50 for row in rows]))),
        number(ours, 2),
        number(ours / own if own else math.nan, 2),
        number(float(np.mean([row[2].built for row in rows])), 2),
        number(greedy, 2),
        number(greedy / own if own else math.nan, 2),
    ]
