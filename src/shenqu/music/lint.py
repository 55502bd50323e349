"""What viewers of the genre complain about, as measures of a song: of its document, and of its sound as measured.

    repetition        how many times in a row a row of bars is the same: words, notes, chords, figures, voices
    blocks alike      how many times in a row one row of eight bars is
    wrong stress      share of stressed syllables that begin on a weak 16th
    sections          how many kinds of passages there are
    order             how often the verses go back in a speech, but for its beginning
    hook late         when the hook is first heard, sung or spoken
    hook share        its share of what is sung
    late consonants   how much of the consonants before the vowels is kept
    shift             share of notes more than seven semitones from the spoken pitch
    stretch           how many times as long as spoken the usual vowel is sung
    hook out of tune  share of the hook within 35 cents of its notes
    verse out of tune share of strong beats of the verses within 50
    stumbles          share of syllables that rise near their beat: within 20 ms in the hook, 40 in verses
    voice lost        share of sung bars in which the band is nearer than 3 dB to the voice from 1 to 4 kHz

Conventions
-----------
Bars are counted from 1; bar 0 is what sounds before. Where a bar has but two tapped beats, eight bars are sixteen
of them. Shares are in percent.

References
----------
docs/quality.md says where each row comes from.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from statistics import median

from shenqu.documents.arrangement import Passage, Placement
from shenqu.documents.check import CraftCheck, NoteCheck
from shenqu.documents.performance import Performance, TempoMap
from shenqu.documents.song import Song
from shenqu.documents.speech import Syllable
from shenqu.music.form import metre_at, pulse_beat
from shenqu.music.harmony import bar_lines
from shenqu.music.hook import stresses
from shenqu.music.line import passages_of
from shenqu.music.tempo import beat_strength, is_weak, song_tempo

MOST_ALIKE, BLOCK_BARS, MOST_BLOCKS = 4, 8, 1
MOST_WEAK = 15.0
LEAST_SECTIONS = 3
FEW_PHRASES = 2
LATEST_HOOK_S, LEAST_HOOK, MOST_HOOK = 10.0, 25.0, 40.0
LEAST_CONSONANTS = 80.0
FAR_SEMITONES, MOST_FAR = 7.0, 15.0
MOST_STRETCH = 4.0
LEAST_IN_TUNE, VERSE_CENTS = 90.0, 50.0
HOOK_MS, VERSE_MS, LEAST_IN_TIME = 20.0, 40.0, 50.0
LOST_DB, MOST_LOST = 3.0, 15.0
JOINTS = frozenset({"pickup", "silence"})
"""Passages that only join others."""
MOST_BARS_NAMED = 8
NO_WORDS = "the words are not known; give them with --text"


@dataclass(frozen=True, kw_only=True)
class _Score:
    """A song, with its bars, its passages and its clock."""

    song: Song

    @cached_property
    def clock(self) -> TempoMap:
        """When each beat is."""
        song = self.song
        return song_tempo(song.tune, tempo_factor=song.tempo_factor, count_in_beat=song.count_in_beat)

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """The passages of the song; of one that names none, those of its tune."""
        return self.song.passages or passages_of(self.song.tune)

    @cached_property
    def lines(self) -> list[Fraction]:
        """Where each bar begins, an upbeat as bar 0."""
        lines = [line for line, _ in bar_lines(self.song.tune)]
        return lines if self.song.tune.upbeat_beat else [Fraction(-(10**6)), *lines]

    @cached_property
    def syllables(self) -> tuple[Syllable, ...]:
        """All that was said."""
        return self.song.transcript.syllables

    @cached_property
    def sung(self) -> tuple[Placement, ...]:
        """What is sung, in order."""
        return tuple(one for one in self.song.placements if one.syllable is not None and one.notes)

    @cached_property
    def has_own_words(self) -> bool:
        """Whether what the speaker said is sung as it was said."""
        return self.song.options.mode in {"phrase", "flow"}

    def bar(self, beat: Fraction) -> int:
        """Return the number of the bar in which `beat` lies."""
        return max(0, bisect_right(self.lines, beat) - 1)

    def bar_at(self, song_s: float) -> int:
        """Return the number of the bar that sounds at a time of the song."""
        return max(0, bisect_right(self.lines, song_s + 1e-6, key=self.clock.beat_to_s) - 1)

    def passage(self, beat: Fraction) -> Passage:
        """Return the passage in which `beat` lies."""
        return self.passages[max(0, bisect_right(self.passages, beat, key=lambda one: one.onset_beat) - 1)]

    def beat_at(self, song_s: float) -> Fraction:
        """Return the beat of the note that begins at a time of the song."""
        times_s, beats = self._onsets
        return beats[min(bisect_right(times_s, song_s - 1e-3), len(beats) - 1)]

    @cached_property
    def _onsets(self) -> tuple[list[float], list[Fraction]]:
        beats = sorted(note.onset_beat for placement in self.sung for note in placement.notes)
        return [self.clock.beat_to_s(beat) for beat in beats], beats


def lint_song(song: Song) -> tuple[CraftCheck, ...]:
    """Return what the document of a song tells of its craft; nothing needs to sound for that."""
    score = _Score(song=song)
    return (*_repetition(score), _stress(score), _sections(score), _order(score), *_hook(score))


def lint_sung(
    song: Song, performance: Performance, notes: Sequence[NoteCheck], voice_over_band_db: Sequence[tuple[float, float]]
) -> tuple[CraftCheck, ...]:
    """Return what is told by what was measured of `song`: one check a note of its `performance`.

    `voice_over_band_db` are (song time, decibels) of stretches in which the voice sounds; without any the band was not
    heard.
    """
    score = _Score(song=song)
    return (
        _consonants(score, performance),
        _shift(score, notes),
        _stretch(score, notes),
        *_in_tune(score, notes),
        _in_time(score, notes),
        _lost(score, voice_over_band_db),
    )


def _row(
    name: str,
    value: float,
    unit: str,
    *,
    least: float | None = None,
    most: float | None = None,
    bars: Iterable[int] = (),
    change: str,
) -> CraftCheck:
    """Return a row; `bars` and `change` are told where it is bad."""
    value = round(value, 1)
    passed = (least is None or value >= least) and (most is None or value <= most)
    where = () if passed else tuple(sorted(set(bars))[:MOST_BARS_NAMED])
    told = "" if passed else change
    return CraftCheck(name=name, passed=passed, value=value, unit=unit, least=least, most=most, bars=where, change=told)


def _untold(name: str, why: str) -> CraftCheck:
    return CraftCheck(name=name, change=why)


def _percent(good: Sequence[bool]) -> float:
    return 100.0 * sum(good) / len(good)


# --- what comes again


def _repetition(score: _Score) -> Iterator[CraftCheck]:
    lines = _counted_lines(score)
    bars = _contents(score.song, lines)
    if not any(bars):
        yield _untold("repetition", "nothing is sung")
        yield _untold("blocks alike", "nothing is sung")
        return
    times, first, size = max(
        (_most_times(bars, size) for size in range(1, BLOCK_BARS)), key=lambda one: (one[0], -one[2])
    )
    yield _row(
        "repetition",
        times,
        "times",
        most=MOST_ALIKE,
        bars=map(score.bar, lines[first : first + times * size]),
        change=f"sing other words there, or remove some of the {times} times",
    )
    times, first, _ = _most_times(bars, BLOCK_BARS)
    yield _row(
        "blocks alike",
        times,
        "times",
        most=MOST_BLOCKS,
        bars=map(score.bar, lines[first + BLOCK_BARS : first + times * BLOCK_BARS]),
        change="change one thing the second time: the last word, an octave, a figure",
    )


def _contents(song: Song, lines: Sequence[Fraction]) -> list[frozenset[object]]:
    """Return what is heard of the speaker in every bar, with its chords; nothing where the lead rests."""
    contents: list[set[object]] = [set() for _ in lines]

    def put(beat: Fraction, *what: object) -> None:
        number = bisect_right(lines, beat) - 1
        if number >= 0:
            contents[number].add((beat - lines[number], *what))

    for name, placements in (("lead", song.placements), *((voice.name, voice.placements) for voice in song.voices)):
        for placement in placements:
            if placement.syllable is not None:
                for note in placement.notes:
                    put(note.onset_beat, name, placement.syllable, note.pitch, note.length_beat)
    sung = [bool(content) for content in contents]
    for figure in song.figures:
        put(figure.onset_beat, figure.kind, figure.start_s, figure.strokes[0].semitones)
    for chord in song.tune.chords:
        put(chord.onset_beat, chord.symbol)
    return [frozenset(content) if is_sung else frozenset() for content, is_sung in zip(contents, sung, strict=True)]


def _counted_lines(score: _Score) -> list[Fraction]:
    """Return where the bars that count begin: all, or every other one where a bar has but two tapped beats."""
    lines = [line for line in score.lines if line >= 0]
    if score.song.tune.upbeat_beat:
        lines = lines[1:] or lines
    metre = metre_at(score.song.tune, lines[0])
    is_short = Fraction(4 * metre.numerator, metre.denominator) < 3 * pulse_beat(metre)
    return lines[:: 2 if is_short else 1]


def _most_times(bars: Sequence[frozenset[object]], size: int) -> tuple[int, int, int]:
    """Return how many times in a row some `size` bars are the same at most, the first of them, and `size`."""
    best, run = (1, 0), 0
    for number in range(len(bars) - size):
        run = run + 1 if bars[number] == bars[number + size] else 0
        first = number - run + 1
        if run and any(bars[first : number + 1]):
            best = max(best, (1 + run // size, -first))
    return best[0], -best[1], size


# --- words


def _stress(score: _Score) -> CraftCheck:
    name = "wrong stress"
    if not score.has_own_words:
        return _untold(name, f"in mode {score.song.options.mode} syllables are not sung as they were said")
    stressed = {number for number, is_stressed in enumerate(stresses(score.song.transcript)) if is_stressed}
    begun = [one for one in score.sung if one.syllable in stressed]
    if not begun:
        return _untold(name, NO_WORDS if not any(one.text for one in score.syllables) else "nothing is stressed")
    weak = [one for one in begun if is_weak(score.song.tune, one.notes[0].onset_beat)]
    return _row(
        name,
        100.0 * len(weak) / len(begun),
        "%",
        most=MOST_WEAK,
        bars=(score.bar(one.notes[0].onset_beat) for one in weak),
        change="move these syllables to a beat, or try --grid 8, another tune or another tempo",
    )


# --- structure


def _sections(score: _Score) -> CraftCheck:
    kinds = {passage.role for passage in score.passages} - JOINTS
    told = ", ".join(sorted(kinds))
    return _row(
        "sections",
        len(kinds),
        "kinds",
        least=LEAST_SECTIONS,
        change=f"there are only {told}: choose a --form, or --figures few for quotes around the song",
    )


def _order(score: _Score) -> CraftCheck:
    """Return how often the verses go back in a recording; they may begin again with the speech, or the first verse."""
    if not score.has_own_words:
        return _untold("order", f"in mode {score.song.options.mode} the speech is not sung in its order")
    hook = score.song.hook
    of_hook = range(hook.first, hook.last + 1) if hook else range(0)
    verse = [
        (one.syllable, one.notes[0].onset_beat)
        for one in score.sung
        if one.syllable is not None and score.passage(one.notes[0].onset_beat).role != "hook"
    ]
    sources = [score.song.source_at(syllable.vowel_s) for syllable in score.syllables]
    starts = {sources.index(source) for source in set(sources)} | {syllable for syllable, _ in verse[:1]}
    starts |= {of_hook.stop} if of_hook.start in starts else set()
    back, last_of = list[Fraction](), dict[int, int]()
    for syllable, beat in verse:
        if syllable < last_of.get(sources[syllable], 0) and syllable not in starts:
            back.append(beat)
        last_of[sources[syllable]] = syllable
    return _row(
        "order",
        len(back),
        "times",
        most=0,
        bars=map(score.bar, back),
        change="let these verses go on with the speech",
    )


def _hook(score: _Score) -> Iterator[CraftCheck]:
    song = score.song
    if song.hook is None:
        why = "this song has no hook; name one with --hook" if score.has_own_words else "new words have no hook"
        yield _untold("hook late", why)
        yield _untold("hook share", why)
        return
    beats = sorted(_hook_beats(score))
    first_s = score.clock.beat_to_s(beats[0]) if beats else score.clock.beat_to_s(song.tune.end_beat)
    yield _row(
        "hook late",
        first_s,
        "s",
        most=LATEST_HOOK_S,
        bars=map(score.bar, beats[:1]),
        change="quote it before the song (--figures few), or choose --form short, which begins with it",
    )
    if 1 <= len(song.tune.phrase_ends) <= FEW_PHRASES:
        yield _untold("hook share", "the tune has but two phrases: one is the hook; a --form repeats them")
        return
    share = _hook_share(score)
    yield _row(
        "hook share",
        share,
        "%",
        least=LEAST_HOOK,
        most=MOST_HOOK,
        bars=(score.bar(one.onset_beat) for one in score.passages if one.role == "hook"),
        change="sing it in one more passage" if share < LEAST_HOOK else "let a verse stand for one of these",
    )


def _hook_beats(score: _Score) -> Iterator[Fraction]:
    """Yield where the hook begins to be heard: sung in its passages, or spoken."""
    hook = score.song.hook
    assert hook is not None, "only a song with a hook is asked"
    for placement in score.sung:
        beat = placement.notes[0].onset_beat
        if placement.syllable == hook.first and score.passage(beat).role == "hook":
            yield beat
    if hook.last < len(score.syllables):
        first_s, last_s = score.syllables[hook.first].vowel_end_s, score.syllables[hook.last].vowel_s
        for figure in score.song.figures:
            if figure.kind == "spoken" and figure.start_s < first_s and last_s < figure.end_s:
                yield figure.onset_beat + figure.strokes[0].onset_beat


def _hook_share(score: _Score) -> float:
    sung = {id(passage): passage for passage in (score.passage(one.notes[0].onset_beat) for one in score.sung)}
    lengths = [(one.role, float(one.length_beat)) for one in sung.values()]
    return 100.0 * sum(length for role, length in lengths if role == "hook") / sum(length for _, length in lengths)


# --- what was measured


def _consonants(score: _Score, performance: Performance) -> CraftCheck:
    name = "late consonants"
    begun = [note for note in performance.notes if note.lyric != "+"]
    spoken_s = [score.syllables[note.syllable].vowel_s - score.syllables[note.syllable].start_s for note in begun]
    kept_s = [min(note.lead_s, said_s) for note, said_s in zip(begun, spoken_s, strict=True)]
    if sum(spoken_s) <= 0:
        return _untold(name, NO_WORDS)
    cut = [note for note, said_s, left_s in zip(begun, spoken_s, kept_s, strict=True) if left_s < said_s / 2]
    return _row(
        name,
        100.0 * sum(kept_s) / sum(spoken_s),
        "%",
        least=LEAST_CONSONANTS,
        bars=(score.bar_at(note.start_s) for note in cut),
        change="their notes are too short for the consonants: a slower --tempo, or a tune with fewer notes",
    )


def _shift(score: _Score, notes: Sequence[NoteCheck]) -> CraftCheck:
    shifts = [(note.start_s, abs(note.shift)) for note in notes if note.shift is not None]
    if not shifts:
        return _untold("shift", "the speech has no pitch that could be measured")
    return _row(
        "shift",
        _percent([shift > FAR_SEMITONES for _, shift in shifts]),
        "%",
        most=MOST_FAR,
        bars=(score.bar_at(start_s) for start_s, shift in shifts if shift > FAR_SEMITONES),
        change="the speaker is hard to know again: another --key, or a tune of a smaller range",
    )


def _stretch(score: _Score, notes: Sequence[NoteCheck]) -> CraftCheck:
    stretches = [(note.start_s, note.stretch) for note in notes if note.stretch is not None]
    if not stretches:
        return _untold("stretch", "no vowel was measured")
    return _row(
        "stretch",
        median(stretch for _, stretch in stretches),
        "times",
        most=MOST_STRETCH,
        bars=(score.bar_at(start_s) for start_s, stretch in stretches if stretch > MOST_STRETCH),
        change="a faster --tempo, a tune with shorter notes, or --mode flow",
    )


def _in_tune(score: _Score, notes: Sequence[NoteCheck]) -> Iterator[CraftCheck]:
    placed = [(note, score.beat_at(note.start_s)) for note in notes]
    hook = [(note, note.within_35) for note, beat in placed if score.passage(beat).role == "hook"]
    heard = [(note, share, note.end_s - note.start_s) for note, share in hook if share is not None]
    change = "listen to these notes in the page (-o check.html): their pitch in the speech may be in doubt"
    if heard:
        yield _row(
            "hook out of tune",
            100.0 * sum(share * length_s for _, share, length_s in heard) / sum(length_s for *_, length_s in heard),
            "%",
            least=LEAST_IN_TUNE,
            bars=(score.bar_at(note.start_s) for note, share, _ in heard if 100.0 * share < LEAST_IN_TUNE),
            change=change,
        )
    else:
        yield _untold("hook out of tune", "no hook is sung")
    tune = score.song.tune
    strong = [
        (note, abs(note.cents))
        for note, beat in placed
        if note.cents is not None and score.passage(beat).role != "hook" and beat_strength(tune, beat) > 0
    ]
    if strong:
        yield _row(
            "verse out of tune",
            _percent([cents <= VERSE_CENTS for _, cents in strong]),
            "%",
            least=LEAST_IN_TUNE,
            bars=(score.bar_at(note.start_s) for note, cents in strong if cents > VERSE_CENTS),
            change=change,
        )
    else:
        yield _untold("verse out of tune", "no verse is sung")


def _in_time(score: _Score, notes: Sequence[NoteCheck]) -> CraftCheck:
    told = [
        (
            note,
            abs(note.onset_ms) <= (HOOK_MS if score.passage(score.beat_at(note.start_s)).role == "hook" else VERSE_MS),
        )
        for note in notes
        if note.onset_ms is not None
    ]
    if not told:
        return _untold("stumbles", "no onset was measured")
    return _row(
        "stumbles",
        _percent([in_time for _, in_time in told]),
        "%",
        least=LEAST_IN_TIME,
        bars=(score.bar_at(note.start_s) for note, in_time in told if not in_time),
        change="look at the words' times with shenqu words --plot, and correct them",
    )


def _lost(score: _Score, voice_over_band_db: Sequence[tuple[float, float]]) -> CraftCheck:
    if not voice_over_band_db:
        return _untold("voice lost", "nothing was heard beside the voice")
    return _row(
        "voice lost",
        _percent([ratio_db < LOST_DB for _, ratio_db in voice_over_band_db]),
        "%",
        most=MOST_LOST,
        bars=(score.bar_at(start_s) for start_s, ratio_db in voice_over_band_db if ratio_db < LOST_DB),
        change="--voice-level 3, another --band, or fewer figures there",
    )
