"""The sections on singing: goals, recordings, peers, engines; and the table of all songs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from benchmarks.report import number, table, verdict
from benchmarks.singing.measured import FAST_NOTE_S, Measured
from benchmarks.singing.takes import MODES, STYLES
from benchmarks.singing.understood import SCORINGS, find_model

FIGURES = f"""\
`rpa50`, `rpa25`: share of voiced frames within 50 and 25 cents of the note, in percent (swift-f0; `ac_`: Praat's
autocorrelation). `note_ct`: cents between a note and the median of what is sung on it: median and 95th percentile of a
song's notes. `coverage`: voiced share of the notes; `weak`: notes voiced for less than half. `onset_30`: share of
syllables whose sound rises within 30 ms of the note; `unsung`: the same of the speech itself at the vowels that are
sung (marked ones where there are). `vowel_ms`: marked vowel onsets against the notes' starts, median and 90th
percentile. `clicks`: jumps of the sound.

`words`: how many of the words are understood that are sung (one minus the word error rate of Vosk, restricted to the
words of the speech; mean of {SCORINGS} hearings), as a share of the same figure of the unsung speech, where that is at
least .5; *fast* where the notes of the tune as written last less than {FAST_NOTE_S} s in the mean. `mcd`: mel-cepstral
distortion of the vowels along the time map, in dB (Kubichek 1993: 24 mel cepstra without the level, that is the root
mean square difference of smoothed mel spectra; what lies 80 dB below the usual voiced frame is not compared).
`similarity`: how much it is still the speaker, by no neural network: Bhattacharyya distance of the voiced frames' mel
cepstra (their means and variances) from those of the speech, 1 where there is none, 0 where it is that of the median of
all other recordings; `halves`: the same between the two halves of the speech, which differ by their words alone.
Channel and room belong to a voice here. `cpu`: seconds of all cores a second of song, in a running process: reading,
alignment, pitch, arrangement, voice, stems; by the clock it is less where there are two cores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A figure, how it is put together over songs, and when it is good enough in one mode and style."""

    figure: str
    says: str
    over: Callable[[Sequence[float]], float]
    reached: Callable[[float, str, str], bool] | None = None
    digits: int = 1
    only: Callable[[Measured], bool] = lambda _: True

    def value(self, songs: Iterable[Measured]) -> float:
        """Return the figure over `songs`, NaN where none of them has it."""
        values = _known(self.figure, filter(self.only, songs))
        return self.over(values) if values else np.nan


def _known(figure: str, songs: Iterable[Measured]) -> list[float]:
    return [song[figure] for song in songs if np.isfinite(song[figure])]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _at_least(natural: float, hard: float | None = None) -> Callable[[float, str, str], bool]:
    return lambda value, _, style: value >= (natural if style == "natural" or hard is None else hard)


def _at_most(natural: float, hard: float | None = None) -> Callable[[float, str, str], bool]:
    return lambda value, _, style: value <= (natural if style == "natural" or hard is None else hard)


def _in(mode: str, *, fast: bool | None = None) -> Callable[[Measured], bool]:
    return lambda song: song.take.mode == mode and fast in {None, song.fast}


GOALS = (
    Goal(figure="rpa50", says="mean >= 99", over=_mean, reached=_at_least(99)),
    Goal(figure="rpa50", says="worst >= 95", over=min, reached=_at_least(95)),
    Goal(figure="rpa25", says="mean >= 95 (hard 99)", over=_mean, reached=_at_least(95, 99)),
    Goal(figure="rpa25", says="worst", over=min),
    Goal(figure="ac_rpa50", says="mean", over=_mean),
    Goal(figure="ac_rpa50", says="worst", over=min),
    Goal(figure="ac_rpa25", says="mean", over=_mean),
    Goal(figure="ac_note_ct", says="mean of medians <= 4 (hard 2)", over=_mean, reached=_at_most(4, 2)),
    Goal(figure="ac_note_ct", says="worst median", over=max),
    Goal(figure="ac_note_ct_p95", says="mean of p95 <= 8 (hard 5)", over=_mean, reached=_at_most(8, 5)),
    Goal(figure="ac_note_ct_p95", says="worst p95", over=max),
    Goal(figure="coverage", says="mean >= 97", over=_mean, reached=_at_least(97)),
    Goal(figure="coverage", says="worst", over=min),
    Goal(figure="weak", says="none at all", over=sum, reached=_at_most(0), digits=0),
    Goal(figure="clicks", says="none at all", over=sum, reached=_at_most(0), digits=0),
    Goal(figure="vowel_ms", says="mean of medians <= 8", over=_mean, reached=_at_most(8)),
    Goal(figure="vowel_ms_p90", says="mean of p90 <= 30", over=_mean, reached=_at_most(30)),
    Goal(figure="vowel_ms_p90", says="worst p90", over=max),
    Goal(figure="words", says="`flow`: mean >= .95", over=_mean, reached=_at_least(0.95), digits=2, only=_in("flow")),
    Goal(
        figure="words", says="`phrase`, fast: mean >= .75", over=_mean, reached=_at_least(0.75), digits=2,
        only=_in("phrase", fast=True),
    ),
    Goal(
        figure="words", says="`phrase`, slow: mean >= .60", over=_mean, reached=_at_least(0.60), digits=2,
        only=_in("phrase", fast=False),
    ),
    Goal(figure="words", says="worst", over=min, digits=2),
    Goal(figure="mcd", says="mean", over=_mean),
    Goal(figure="mcd", says="worst", over=max),
    Goal(figure="similarity", says="mean", over=_mean, digits=2),
    Goal(figure="similarity", says="worst", over=min, digits=2),
    Goal(figure="cpu", says="mean <= 0.12", over=_mean, reached=_at_most(0.12), digits=2),
    Goal(figure="cpu", says="worst", over=max, digits=2),
)  # fmt: skip
AGREEING = ("rpa50", "rpa25", "note_ct", "coverage", "weak", "onset_30", "clicks")
SHORT = {"weak": 0, "clicks": 0, "words": 2, "words_spoken": 2, "similarity": 2, "cpu": 2}


def describe(songs: Sequence[Measured], *, heading: str = "How well it sings") -> str:
    """Return the section: goals, recordings, tunes, and how well `shenqu check` agrees with the judge."""
    sung = [song for song in songs if not song.trouble]
    parts = [
        f"## {heading} ({len(sung)} songs)",
        FIGURES,
        _no_recogniser(),
        _goals(sung),
        "### Recordings\n\nMeans over all songs of a recording; `worst`: its lowest one.",
        _recordings(sung),
        "### Tunes",
        _tunes(sung),
        "### `shenqu check` beside the judge\n\nBy how much a song's figures differ, whatever the sign.",
        _agreement(sung),
        _troubles(songs),
    ]
    return "\n\n".join(part for part in parts if part)


def describe_singers(songs: Sequence[Measured], *, heading: str, intro: str) -> str:
    """Return a section that sets singers, or engines, side by side on the same notes."""
    figures = (
        "rpa50", "rpa25", "ac_rpa50", "ac_note_ct", "coverage", "weak", "onset_30", "clicks", "words", "mcd",
        "similarity", "cpu",
    )  # fmt: skip
    sung = [song for song in songs if not song.trouble]
    rows = []
    for mode in MODES:
        of_mode = [song for song in sung if song.take.mode == mode]
        names = dict.fromkeys(_singer(song) for song in of_mode)
        for name in names:
            group = [song for song in of_mode if _singer(song) == name]
            rows.append([f"`{mode}`: {name}", str(len(group)), *_means(group, figures)])
    head = ["singer", "n", *(f"`{figure}`" for figure in figures)]
    return "\n\n".join([f"## {heading}", intro, table(head, rows)])


def songs_page(songs: Sequence[Measured]) -> str:
    """Return the page with the figures of all songs."""
    figures = (
        "rpa50", "rpa25", "ac_rpa50", "ac_rpa25", "ac_note_ct", "ac_note_ct_p95", "coverage", "weak", "onset_30",
        "unsung_30", "clicks", "vowel_ms", "vowel_ms_p90", "words", "words_spoken", "mcd", "similarity", "cpu",
    )  # fmt: skip
    rows = [[song.take.name, *_figures(song, figures)] for song in songs if not song.trouble]
    head = ["recording, tune, mode, style, engine", *(f"`{figure}`" for figure in figures)]
    return (
        "# Every song of the benchmark\n\n"
        "Written by `make bench`; what the figures mean stands in [benchmarks.md](benchmarks.md). `unsung_30`: "
        "`onset_30` of the speech itself; `words_spoken`: words understood unsung.\n\n"
        f"{table(head, rows)}\n"
    )


def _singer(song: Measured) -> str:
    return song.singer or f"shenqu, engine `{song.take.engine}`"


def _no_recogniser() -> str:
    if find_model():
        return "Words are those of the English recordings."
    return "Words were not counted: SHENQU_VOSK names no folder of a Vosk model."


def _goals(songs: Sequence[Measured]) -> str:
    groups = {
        (mode, style): [song for song in songs if (song.take.mode, song.take.style) == (mode, style)]
        for mode in MODES
        for style in STYLES
    }
    groups = {key: group for key, group in groups.items() if group}
    rows = [_goal_row(goal, groups) for goal in GOALS]
    rows.insert(GOALS.index(next(goal for goal in GOALS if goal.figure == "vowel_ms")), _onset_row(groups))
    head = ["figure", "over songs", "n", *(f"`{mode}`, `{style}`" for mode, style in groups), ""]
    return table(head, rows)


Groups = dict[tuple[str, str], list[Measured]]


def _goal_row(goal: Goal, groups: Groups) -> list[str]:
    values = {key: goal.value(group) for key, group in groups.items()}
    count = sum(len(_known(goal.figure, filter(goal.only, group))) for group in groups.values())
    known = {key: value for key, value in values.items() if np.isfinite(value)}
    failed = [key for key, value in known.items() if goal.reached and not goal.reached(value, *key)]
    cells = [number(value, goal.digits) for value in values.values()]
    judged = _verdict(failed, groups) if goal.reached and count else ""
    return [f"`{goal.figure}`", goal.says, str(count), *cells, judged]


def _onset_row(groups: Groups) -> list[str]:
    pairs = {
        key: (_mean(_known("onset_30", group)), _mean(_known("unsung_30", group))) for key, group in groups.items()
    }
    failed = [key for key, (sung, unsung) in pairs.items() if sung < unsung]
    cells = [f"{number(sung)} : {number(unsung)}" for sung, unsung in pairs.values()]
    count = sum(map(len, groups.values()))
    return ["`onset_30`", "mean >= unsung", str(count), *cells, _verdict(failed, groups)]


def _verdict(failed: Sequence[tuple[str, str]], groups: Groups) -> str:
    if failed and len(failed) < len(groups):
        return f"{verdict(False)}: {', '.join(' '.join(key) for key in failed)}"
    return verdict(not failed)


def _recordings(songs: Sequence[Measured]) -> str:
    rows = []
    for name, group in groupby(songs, key=lambda song: song.take.recording.name):
        members = list(group)
        marked = " (marked)" if members[0].take.recording.labels else ""
        rows.append([f"{name}{marked}", *_summary(members)])
    return table(["recording", *SUMMARY], rows)


def _tunes(songs: Sequence[Measured]) -> str:
    rows = []
    for name in dict.fromkeys(song.take.tune_name for song in songs):
        members = [song for song in songs if song.take.tune_name == name]
        rows.append([f"{name}, {'fast' if members[0].fast else 'slow'}", *_summary(members)])
    return table(["tune", *SUMMARY], rows)


SUMMARY = (
    "n", "`rpa50`", "worst", "`rpa25`", "worst", "`ac_note_ct`", "p95", "`coverage`", "`weak`", "`onset_30`", "unsung",
    "`words` flow", "phrase", "unsung words", "`mcd`", "`similarity`", "halves", "`cpu`",
)  # fmt: skip


def _summary(songs: Sequence[Measured]) -> list[str]:
    def mean(figure: str, mode: str = "") -> float:
        values = _known(figure, (song for song in songs if song.take.mode.startswith(mode)))
        return _mean(values) if values else np.nan

    return [
        str(len(songs)),
        number(mean("rpa50")), number(min(_known("rpa50", songs))),
        number(mean("rpa25")), number(min(_known("rpa25", songs))),
        number(mean("ac_note_ct")), number(mean("ac_note_ct_p95")),
        number(mean("coverage")), number(sum(_known("weak", songs)), 0),
        number(mean("onset_30")), number(mean("unsung_30")),
        number(mean("words", "flow"), 2), number(mean("words", "phrase"), 2), number(mean("words_spoken"), 2),
        number(mean("mcd")), number(mean("similarity"), 2), number(mean("similarity_halves"), 2),
        number(mean("cpu"), 2),
    ]  # fmt: skip


def _agreement(songs: Sequence[Measured]) -> str:
    rows = []
    for figure in AGREEING:
        apart = [abs(song[f"check_{figure}"] - song[figure]) for song in songs]
        apart = [value for value in apart if np.isfinite(value)]
        rows.append([f"`{figure}`", str(len(apart)), number(_mean(apart), 2), number(max(apart), 2)])
    return table(["figure", "n", "mean", "largest"], rows)


def _troubles(songs: Sequence[Measured]) -> str:
    lines = [f"- {song.take.name}: {song.trouble}" for song in songs if song.trouble]
    return "\n".join(["### Not sung", "", *lines]) if lines else ""


def _means(songs: Sequence[Measured], figures: Sequence[str]) -> list[str]:
    values = {figure: _known(figure, songs) for figure in figures}
    return [number(_mean(known) if known else np.nan, SHORT.get(figure, 1) or 1) for figure, known in values.items()]


def _figures(song: Measured, figures: Sequence[str]) -> list[str]:
    return [number(song[figure], SHORT.get(figure, 1)) for figure in figures]
