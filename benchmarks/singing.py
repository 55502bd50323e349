"""How well it sings: a table of songs, and the goals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from benchmarks.judging import Judged
from benchmarks.report import number, table, verdict

FIGURES = """\
`rpa50` and `rpa25`: share of voiced frames within 50 and 25 cents of the note (swift-f0; `ac_`: Praat's
autocorrelation). `note_ct`: cents between a note and the median of what is sung on it. `coverage`: voiced
share of the notes; `weak`: notes voiced for less than half. `onset_30`: share of syllables whose sound rises
within 30 ms of the note; `unsung`: the same of the speech itself, with notes laid on its vowel onsets
(marked ones where there are, else those found). `vowel_ms`: true vowel onsets against the notes' starts,
median and 90th percentile. `shift`: the same notes by a constant shift a syllable (librosa)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A figure over all songs: how it is put together, and when it is good enough."""

    figure: str
    goal: str
    over: Callable[[Sequence[float]], float]
    reached: Callable[[float], bool]
    digits: int = 1


def _mean(values: Sequence[float]) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else np.nan


def _lowest(values: Sequence[float]) -> float:
    return float(np.nanmin(values))


def _total(values: Sequence[float]) -> float:
    return float(np.nansum(values))


def _share_of_none(values: Sequence[float]) -> float:
    return float(100.0 * np.mean(np.asarray(values) == 0))


GOALS = (
    Goal(figure="rpa50", goal="mean >= 97 %", over=_mean, reached=lambda mean: mean >= 97),
    Goal(figure="rpa50", goal="lowest >= 90 %", over=_lowest, reached=lambda lowest: lowest >= 90),
    Goal(figure="rpa25", goal="mean >= 92 %", over=_mean, reached=lambda mean: mean >= 92),
    Goal(figure="ac_rpa50", goal="mean, no goal", over=_mean, reached=lambda _: True),
    Goal(figure="ac_rpa25", goal="mean, no goal", over=_mean, reached=lambda _: True),
    Goal(figure="ac_note_ct", goal="mean of medians <= 3 cents", over=_mean, reached=lambda mean: mean <= 3),
    Goal(figure="coverage", goal="mean >= 94 %", over=_mean, reached=lambda mean: mean >= 94),
    Goal(figure="weak", goal="none in 90 % of the songs", over=_share_of_none, reached=lambda share: share >= 90),
    Goal(figure="clicks", goal="none at all", over=_total, reached=lambda total: total == 0, digits=0),
    Goal(figure="vowel_ms", goal="mean of medians <= 12 ms", over=_mean, reached=lambda mean: mean <= 12),
    Goal(figure="vowel_ms_p90", goal="mean <= 45 ms", over=_mean, reached=lambda mean: mean <= 45),
)


def describe(songs: Sequence[Judged]) -> str:
    """Return the section: goals first, then the onsets by recording, then every song."""
    return "\n\n".join(
        [
            f"## How well it sings ({len(songs)} songs)",
            FIGURES,
            table(["figure", "goal", "shenqu", "shift", ""], [_goal_row(goal, songs) for goal in GOALS]),
            "### Onsets, beside the unsung speech",
            _onsets(songs),
            "### Every song",
            _every_song(songs),
        ]
    )


def _goal_row(goal: Goal, songs: Sequence[Judged]) -> list[str]:
    ours = goal.over([song.ours.get(goal.figure, np.nan) for song in songs])
    has_shift = any(goal.figure in song.shifted for song in songs)
    shifted = goal.over([song.shifted.get(goal.figure, np.nan) for song in songs]) if has_shift else np.nan
    judged = "" if "no goal" in goal.goal or np.isnan(ours) else verdict(goal.reached(ours))
    return [f"`{goal.figure}`", goal.goal, number(ours, goal.digits), number(shifted, goal.digits), judged]


def _onsets(songs: Sequence[Judged]) -> str:
    rows = []
    for name, group in groupby(songs, key=lambda song: song.song.recording.name):
        members = list(group)
        marked = " (marked)" if members[0].song.recording.labels else ""
        rows.append((f"{name}{marked}", *_onset_figures(members)))
    rows.append(("all", *_onset_figures(songs)))
    head = ["recording", "unsung, %", "shift, %", "shenqu, %", ""]
    written = [
        [name, number(unsung), number(shifted), number(ours), verdict(ours >= unsung)]
        for name, unsung, shifted, ours in rows
    ]
    return table(head, written)


def _onset_figures(songs: Sequence[Judged]) -> tuple[float, float, float]:
    return (
        _mean([song.unsung_onset_30 for song in songs]),
        _mean([song.shifted["onset_30"] for song in songs]),
        _mean([song.ours["onset_30"] for song in songs]),
    )


def _every_song(songs: Sequence[Judged]) -> str:
    figures = ("rpa50", "rpa25", "ac_rpa50", "ac_note_ct", "coverage", "weak", "onset_30", "clicks", "vowel_ms")
    short = {"weak": 0, "clicks": 0}
    shifted = ("rpa50", "rpa25", "ac_note_ct", "coverage", "weak")
    rows = []
    for song in songs:
        cells = [f"{song.song.recording.name}, {song.song.tune_name}", number(song.song.length_s)]
        cells += [number(song.ours.get(figure, np.nan), short.get(figure, 1)) for figure in figures]
        cells += [number(song.shifted[figure], short.get(figure, 1)) for figure in shifted]
        rows.append(cells)
    head = ["song", "s", *(f"`{figure}`" for figure in figures), *(f"shift `{figure}`" for figure in shifted)]
    return table(head, rows)
