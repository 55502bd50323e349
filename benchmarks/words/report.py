"""The section on words: every figure with its n, goals, and rivals on the same recordings."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import soundfile

from benchmarks.report import number, table, verdict
from benchmarks.usage import Usage, shenqu
from benchmarks.words.disturb import KINDS, SNRS_DB, disturb
from benchmarks.words.faults import FAULTS, Doubt, doubt, spoil
from benchmarks.words.hearing import Listener, found_in
from benchmarks.words.lines import EXTRA
from benchmarks.words.rivals import one_pass, synthesis_and_warp
from benchmarks.words.scoring import Counted, Found, Score, count_nuclei, median_p90, score
from benchmarks.words.sets import Sets
from benchmarks.words.truth import RATE, Talk
from benchmarks.words.voices import has_espeak
from shenqu.media.texts import read_transcript

FIGURES = """\
*Vowel onset*: found minus marked start of each vowel (in Mandarin and Cantonese of each final), its size in
milliseconds, median and 90th percentile; vowels of a word are paired in order, as well as they fit. *Word start*: the
same of words. *Unaligned*: words that were not heard, of all. *Syllables*: words heard with as many vowels as marked,
of all heard and marked. Errors are those of words heard. *Noise* is pink, *applause* short filtered bursts, *music*
our own band with drums; so many dB below the level of the active speech; all seeded. *Real* is what people said, with
labels of others; *synthetic* is what machines said, with exact times, and shenqu is given the text alone."""
NO_LABELS = "Not measured: SHENQU_DATA names no folder of labelled recordings."
FEWER = 3  # at 20 and 5 dB every third talk
RTF_GOAL, MEMORY_GOAL_MB = 0.08, 1000.0
UNALIGNED_GOAL, SYLLABLES_GOAL, NUCLEI_GOAL, AREA_GOAL = 2.0, 97.0, 0.80, 0.80
HOURS = 3
Limits = tuple[float, float]
Aligning = Callable[[Talk], list[Found]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Scores of some talks, and the limits of median and 90th percentile that they should keep."""

    name: str
    scores: Sequence[Score]
    vowels: Limits | None = None
    starts: Limits | None = None
    unaligned: float | None = None

    @property
    def vowel_ms(self) -> Limits:
        """Median and 90th percentile of the vowels' errors."""
        return median_p90(error for one in self.scores for error in one.vowels_ms)

    @property
    def start_ms(self) -> Limits:
        """Median and 90th percentile of the words' errors."""
        return median_p90(one.start_ms for one in self.scores)

    @property
    def words(self) -> int:
        """How many words were said."""
        return sum(one.words for one in self.scores)

    @property
    def unaligned_percent(self) -> float:
        """Share of words not heard."""
        return 100.0 * sum(one.words for one in self.scores if not one.heard) / max(1, self.words)

    @property
    def syllables_percent(self) -> float:
        """Share of words with the right number of vowels."""
        counts = [one.syllables for one in self.scores if one.syllables is not None]
        return 100.0 * sum(true == found for true, found in counts) / len(counts) if counts else math.nan

    def cells(self) -> list[str]:
        """Return the row of a table."""
        vowels = sum(len(one.vowels_ms) for one in self.scores)
        starts = sum(math.isfinite(one.start_ms) for one in self.scores)
        return [
            self.name,
            str(self.words),
            str(vowels),
            *_pair(self.vowel_ms),
            str(starts),
            *_pair(self.start_ms),
            number(self.unaligned_percent),
            number(self.syllables_percent),
            *self._judged(),
        ]

    def _judged(self) -> list[str]:
        """Return the goals in words, and whether they are reached."""
        goals, reached = [], []
        for name, limits, found in (("V", self.vowels, self.vowel_ms), ("W", self.starts, self.start_ms)):
            if limits and math.isfinite(limits[1]):
                goals.append(f"{name} {limits[0]:.0f} / {limits[1]:.0f}")
            elif limits:
                goals.append(f"{name} {limits[0]:.0f}")
            if limits:
                reached += [error <= limit for error, limit in zip(found, limits, strict=True)]
        if self.unaligned is not None:
            goals.append(f"unaligned {self.unaligned:.0f} %")
            reached.append(self.unaligned_percent <= self.unaligned)
        return [", ".join(goals), verdict(all(reached)) if goals else ""]


HEAD = ["", "words", "n", "vowel onset", "p90", "n", "word start", "p90", "unaligned, %", "syllables, %", "goal", ""]
CLEAN, LOUD = (10.0, 30.0), (15.0, 60.0)
ENGLISH, ENGLISH_WORDS, MANDARIN, LANGUAGES = (12.0, 45.0), (15.0, 100.0), (15.0, 60.0), (20.0, 80.0)
LINES = (60.0, math.inf)


@dataclass(slots=True)
class WordsBench:
    """All measures of words on one material; what was heard once is remembered."""

    sets: Sets
    workshop: Path
    listener: Listener = field(init=False)
    scores: dict[tuple[str, str], list[Score]] = field(default_factory=dict)
    cpu_s: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Set up the listener."""
        self.listener = Listener(self.workshop)

    def section(self) -> str:
        """Return the whole section."""
        parts = ["## Words", FIGURES, self.synthetic(), self.languages(), self.real(), self.nuclei(), self.confidence()]
        return "\n\n".join([*parts, self.rivals(), self.long(), self.worst()])

    def synthetic(self) -> str:
        """Return the tables of English and Mandarin machine speech, clean and disturbed."""
        known = self.sets.known
        rows = [Row(name="clean", scores=self._all(known), vowels=CLEAN, unaligned=0.0)]
        for kind in KINDS:
            for snr_db in SNRS_DB:
                talks = known if snr_db == 10 else known[KINDS.index(kind) :: FEWER]
                scores = self._all([disturb(talk, kind, snr_db) for talk in talks])
                goals = {"vowels": LOUD, "unaligned": UNALIGNED_GOAL} if snr_db == 10 else {}
                rows.append(Row(name=f"{kind} {snr_db} dB", scores=scores, **goals))
        loud = [disturb(talk, kind, 10) for kind in KINDS for talk in known]
        rows.append(Row(name="**all at 10 dB**", scores=self._all(loud), vowels=LOUD, unaligned=UNALIGNED_GOAL))
        voices = [Row(name=f"{talk.name}, clean", scores=self._all([talk])) for talk in known]
        heading = "### Synthetic: flite, our own speaker, espeak-ng (English, Mandarin)"
        note = "At 20 and 5 dB every third talk. Below, each talk clean."
        return "\n\n".join([heading, note, _table(rows), _table(voices)])

    def languages(self) -> str:
        """Return the table of espeak-ng's languages."""
        rows, loud = [], []
        for index, (language, talk) in enumerate(self.sets.languages.items()):
            known = " (read with espeak-ng too)" if language in EXTRA else ""
            rows.append(Row(name=f"{language}{known}", scores=self._all([talk]), vowels=LANGUAGES))
            loud.append(disturb(talk, KINDS[index % len(KINDS)], 10))
        every = [talk for language, talk in self.sets.languages.items() if language != "en"]
        rows.append(Row(name="**all but en**", scores=self._all(every), vowels=LANGUAGES, unaligned=0.0))
        rows.append(Row(name="**all at 10 dB**, one disturbance each", scores=self._all(loud), vowels=LOUD))
        heading = "### Synthetic: languages, espeak-ng's voice"
        note = "" if has_espeak() else "Not measured: espeak-ng is not installed."
        return "\n\n".join(part for part in (heading, note, _table(rows) if rows else "") if part)

    def real(self) -> str:
        """Return the table of labelled recordings."""
        heading = "### Real: labelled recordings"
        if not self.sets.real:
            return f"{heading}\n\n{NO_LABELS}"
        arctic, mfa = self.sets.english
        rows = [
            Row(name="ARCTIC slt a0009", scores=self._all([arctic])),
            Row(name="MFA acoustic corpus", scores=self._all([mfa])),
            Row(name="**English**", scores=self._all(self.sets.english), vowels=ENGLISH, starts=ENGLISH_WORDS),
            Row(name="AISHELL-3 SSB16240001, finals", scores=self._all(self.sets.mandarin), vowels=MANDARIN),
            Row(name="sonnet 1, starts of lines", scores=self._all(self.sets.lines), starts=LINES),
        ]
        for kind in KINDS:
            scores = self._all([disturb(talk, kind, 10) for talk in self.sets.real])
            rows.append(Row(name=f"all, {kind} 10 dB", scores=scores, unaligned=UNALIGNED_GOAL))
        counted = [*self.sets.known, *self.sets.languages.values(), *self.sets.english, *self.sets.mandarin]
        share = Row(name="", scores=self._all(counted)).syllables_percent
        total = sum(one.syllables is not None for one in self._all(counted))
        note = (
            f"Syllable counts against labels and synthesisers' own, all clean talks of all tables: {number(share)} % "
            f"of {total} words right (goal {SYLLABLES_GOAL:.0f} %: {verdict(share >= SYLLABLES_GOAL)})."
        )
        return "\n\n".join([heading, _table(rows), note])

    def nuclei(self) -> str:
        """Return the table of vowels found without a text."""
        groups = {"real: ARCTIC, MFA, AISHELL-3": (*self.sets.english, *self.sets.mandarin)}
        groups |= {"synthetic: flite": self.sets.flite, "synthetic: our own speaker": self.sets.own}
        rows = []
        for name, talks in groups.items():
            rows.append(self._nuclei_row(name, talks, NUCLEI_GOAL if name.startswith("real") else None))
            rows += [self._nuclei_row(f"{name}, {kind} 10 dB", [disturb(t, kind, 10) for t in talks]) for kind in KINDS]
        head = ["", "vowels", "found", "precision", "recall", "F1", "F1, 50 ms", "onset, ms", "p90", "goal", ""]
        note = (
            "A found vowel is right if its middle lies in a marked vowel or at most 20 ms beside it (*F1, 50 ms*: at"
            " most 50 ms); no vowel counts twice. *Onset*: the nearest onset found, where one lies within 100 ms."
        )
        return "\n\n".join(["### Vowels found without a text", note, table(head, [row for row in rows if row])])

    def _nuclei_row(self, name: str, talks: Sequence[Talk], goal: float | None = None) -> list[str]:
        counts: dict[float, list[Counted]] = {0.02: [], 0.05: []}
        errors: list[float] = []
        for talk in talks:
            spans = self.listener.find_vowels(talk)
            for spare_s, counted in counts.items():
                middles = [sum(span) / 2 for span in spans]
                counted.append(count_nuclei(talk.vowels, middles, spare_s=spare_s))
            for true_s, _ in talk.vowels:
                near = min((start_s - true_s for start_s, _ in spans), key=abs, default=math.inf)
                errors += [1000.0 * near] if abs(near) < 0.1 else []
        strict, wide = (_sum(counted) for counted in counts.values())
        if not strict.true:
            return []
        shares = (number(share, 2) for share in (strict.precision, strict.recall, strict.f1, wide.f1))
        judged = [f"F1 {goal:.2f}", verdict(strict.f1 >= goal)] if goal else ["", ""]
        return [name, str(strict.true), str(strict.found), *shares, *_pair(median_p90(errors)), *judged]

    def confidence(self) -> str:
        """Return the table of how well confidence tells wrong words from right ones."""
        talks = [*self.sets.flite, *self.sets.english] or [talk for talk in self.sets.own if talk.language == "en"]
        pool = sorted({word.text for talk in talks for word in talk.words})
        rows = []
        for condition, heard in (("clean", talks), ("noise 10 dB", [disturb(talk, "noise", 10) for talk in talks])):
            for fault in FAULTS:
                total = Doubt(right=(), wrong=())
                for seed, talk in enumerate(heard):
                    faulty = spoil(talk.words, fault, pool, seed=seed)
                    total += doubt(faulty, self.listener.find(talk, faulty.text), fault)
                counts = [str(len(total.right)), str(len(total.wrong))]
                judged = verdict(total.area >= AREA_GOAL) if math.isfinite(total.area) else ""
                rows.append([f"{fault}, {condition}", *counts, number(total.area, 2), f"{AREA_GOAL:.2f}", judged])
        note = (
            "A fifth of the words of the text replaced by other words of the same talks, left out, or put between. "
            "*Area*: how often a right word has more confidence than a wrong one (0.5 by chance; the area under the "
            "ROC curve); unheard words have 0. Where words are missing, those count as wrong that were put more than "
            "200 ms from their places, and only words heard are counted."
        )
        head = ["text", "right words", "wrong words", "area", "goal", ""]
        return "\n\n".join(["### Confidence in wrong words (real and flite)", note, table(head, rows)])

    def rivals(self) -> str:
        """Return the tables of two other ways on the same recordings."""
        english = [*self.sets.flite, *(talk for talk in self.sets.own if talk.language == "en")]
        groups = {
            "synthetic English, clean": english,
            "synthetic English, 10 dB": [disturb(talk, kind, 10) for kind in KINDS for talk in self.sets.flite],
            "real English, clean": [*self.sets.english, *self.sets.lines],
            "real English, 10 dB": [disturb(talk, kind, 10) for kind in KINDS for talk in self.sets.english],
            "Mandarin, clean": [*self.sets.mandarin, *(talk for talk in self.sets.own if talk.language == "zh")],
        }
        rows = [row for name, talks in groups.items() if talks for row in self._rival_rows(name, talks)]
        note = (
            "*One pass*: pocketsphinx, the whole talk at once, its own dictionary (English alone). *Warp*: espeak-ng "
            "says the text, 12 MFCC, dynamic time warping (as aeneas does). Same talks, same measures; ratios are "
            "theirs over ours: above 1 is worse than ours. Errors are those of the words that each of them heard."
        )
        head = ["", "figure", "shenqu", "one pass", "ratio", "warp", "ratio"]
        return "\n\n".join(["### Beside two usual ways", note, table(head, rows)])

    def _rival_rows(self, name: str, talks: Sequence[Talk]) -> list[list[str]]:
        row, cpu = self._run("shenqu", self.listener.find, talks)
        is_english = all(talk.language == "en" for talk in talks)
        others = [
            self._run("one pass", one_pass, talks) if is_english else None,
            self._run("warp", synthesis_and_warp, talks) if has_espeak() else None,
        ]

        def line(figure: str, of: Callable[[Row], float], digits: int = 1) -> list[str]:
            cells = [f"{name} ({row.words} words)", figure, number(of(row), digits)]
            for other in others:
                value = of(other[0]) if other else math.nan
                cells += [number(value, digits), number(value / of(row), 2) if of(row) else "-"]
            return cells

        lines = [
            line("vowel onset, median", lambda one: one.vowel_ms[0]),
            line("vowel onset, p90", lambda one: one.vowel_ms[1]),
            line("word start, median", lambda one: one.start_ms[0]),
            line("word start, p90", lambda one: one.start_ms[1]),
            line("unaligned, %", lambda one: one.unaligned_percent),
        ]
        length_s = sum(talk.samples.size for talk in talks) / RATE
        ours = cpu / length_s
        cells = [f"{name} ({length_s:.0f} s)", "CPU s a second", number(ours, 3)]
        for other in others:
            theirs = other[1] / length_s if other else math.nan
            cells += [number(theirs, 3), number(theirs / ours, 2)]
        return [*lines, cells]

    def long(self) -> str:
        """Return the table of ten minutes heard by the whole command."""
        talk = self.sets.long()
        found, used = self._command(talk)
        row = Row(name="shenqu words", scores=score(talk.words, found), vowels=CLEAN, unaligned=0.0)
        other = Row(name="one pass", scores=score(talk.words, one_pass(talk)))
        length_s = talk.samples.size / RATE
        times = [
            ["clock", number(used.wall_s), number(used.wall_s / length_s, 3), _rtf_verdict(used.wall_s / length_s)],
            [
                "CPU of all cores",
                number(used.cpu_s),
                number(used.cpu_s / length_s, 3),
                _rtf_verdict(used.cpu_s / length_s),
            ],
        ]
        note = (
            f"{length_s:.0f} s of English, real and synthetic, with pauses between, heard by the whole command "
            f"`shenqu words LONG --text TEXT -o OUT.json` in a process of its own: {used.peak_mb:.0f} MB at most. "
            "Errors are those of the talks with labels. Some texts hold words that nobody says."
        )
        costs = table(["time", "s", f"s a second of speech, goal {RTF_GOAL}", ""], times)
        return "\n\n".join(["### Ten minutes", note, _table([row, other]), costs])

    def worst(self) -> str:
        """Return the vowels that were found farthest from their places, and what was refused."""
        clean = [*self.sets.known, *self.sets.real, *self.sets.languages.values()]
        entries = [
            (abs(error), talk.name, one) for talk in clean for one in self._all([talk]) for error in one.vowels_ms
        ]
        entries.sort(key=lambda entry: -entry[0])
        rows = [[name, one.text, number(one.at_s, 2), number(error, 0)] for error, name, one in entries[:15]]
        unheard = [f"{one.text} ({talk.name})" for talk in clean for one in self._all([talk]) if not one.heard]
        parts = ["### Worst vowels of the clean talks", table(["talk", "word", "at, s", "off by, ms"], rows)]
        if unheard:
            parts.append(f"Not heard in them: {len(unheard)} words, such as {'; '.join(unheard[:8])}.")
        if self.listener.refused:
            refused = [f"{name}: {reason}" for name, reason in self.listener.refused.items()]
            parts.append(f"Refused: {len(refused)} talks, such as {' | '.join(refused[:4])}.")
        return "\n\n".join(parts)

    def hours(self) -> str:
        """Return the section on a speech of three hours."""
        talk = self.sets.long(HOURS * 3600.0)
        length_s = talk.samples.size / RATE
        found, used = self._command(talk)
        row = Row(name="with its words", scores=score(talk.words, found))
        share = used.wall_s / length_s
        figures = [number(used.wall_s, 0), number(share, 3), number(used.cpu_s / length_s, 3), number(used.peak_mb, 0)]
        reached = verdict(share <= RTF_GOAL and used.peak_mb < MEMORY_GOAL_MB)
        head = ["", "clock, s", f"a second, goal {RTF_GOAL}", "CPU a second", f"peak MB, goal {MEMORY_GOAL_MB:.0f}", ""]
        cost = table(head, [["with its words", *figures, reached]])
        note = f"{length_s:.0f} s of English, recordings again and again, heard by the whole command."
        return "\n\n".join(["## Words of three hours", note, cost, _table([row])])

    def _command(self, talk: Talk) -> tuple[list[Found], Usage]:
        """Return what the whole command finds in `talk`, and what it costs."""
        sound, text, out = (self.workshop / f"long{ending}" for ending in (".wav", ".txt", ".json"))
        soundfile.write(sound, talk.samples, RATE)
        text.write_text(talk.text, encoding="utf-8")
        arguments = [sound, "--text", text, "--language", talk.language, "-o", out, "--force"]
        used = shenqu("words", *arguments, cache=self.workshop / "words-cache")
        transcript = read_transcript(str(out))
        assert transcript is not None
        return found_in(transcript), used

    def _run(self, name: str, find: Aligning, talks: Sequence[Talk]) -> tuple[Row, float]:
        """Return the scores of one way to align, and its seconds of CPU."""
        if name == "shenqu":
            scores = self._all(talks)
        else:
            scores = [one for talk in talks for one in self._scored(name, find, talk)]
        cpu = sum(self.cpu_s[f"{name} {talk.name}"][0] for talk in talks)
        return Row(name=name, scores=scores), cpu

    def _all(self, talks: Iterable[Talk]) -> list[Score]:
        """Return the scores of shenqu's words in all `talks`."""
        return [one for talk in talks for one in self._scored("shenqu", self.listener.find, talk)]

    def _scored(self, name: str, find: Aligning, talk: Talk) -> list[Score]:
        if (name, talk.name) not in self.scores:
            start = time.process_time()
            found = find(talk)
            self.cpu_s[f"{name} {talk.name}"] = [time.process_time() - start]
            self.scores[name, talk.name] = score(talk.words, found)
        return self.scores[name, talk.name]


def _table(rows: Sequence[Row]) -> str:
    return table(HEAD, [row.cells() for row in rows])


def _pair(figures: Limits) -> tuple[str, str]:
    return number(figures[0]), number(figures[1])


def _sum(counts: Sequence[Counted]) -> Counted:
    return Counted(
        true=sum(one.true for one in counts),
        found=sum(one.found for one in counts),
        hits=sum(one.hits for one in counts),
    )


def _rtf_verdict(share: float) -> str:
    return verdict(share <= RTF_GOAL)
