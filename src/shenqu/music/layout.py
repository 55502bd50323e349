"""The form of a song: which passage of the written tune is sung when, and for what.

A form is a row of passages (`FORMS`). The hook's passage is a phrase of the tune, or some in a row, that people know it
by: of all runs of phrases the one that best fills a quarter to two fifths of the song, returns note by note, lies in a
refrain, and is about four bars long. Verses take the other phrases in their order, and begin again when there are no
more. In form `tune` the tune is sung once as it is written, its hook wherever those notes come.

Passages are joined so that a bar goes on where the one before has left it: an upbeat falls on the end of the bar
before, and what is left of a bar is a rest. Bars of two tapped beats are counted in pairs. A build has bars without
tune; its last beat is the silence before the hook.

References
----------
docs/forms.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from shenqu.documents.arrangement import Passage, Role
from shenqu.documents.options import Form
from shenqu.documents.tune import MOST_CHANGES, Chord, Metre, Note, Part, Section, SectionKind, Tempo, Tune
from shenqu.errors import InputError
from shenqu.music.form import metre_at, pulse_beat, song_form
from shenqu.music.harmony import bar_lines, harmonize

LEAST_SHARE, MOST_SHARE = 0.25, 0.4
HOOK_BARS = 4.0
MOST_HOOK_PHRASES = 4
MOST_IN_A_ROW = 3
_KINDS: dict[Role, SectionKind] = {
    "hook": "refrain", "verse": "verse", "bridge": "bridge", "intro": "intro", "build": "build", "silence": "build",
}  # fmt: skip
_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


class Wanted(NamedTuple):
    """A passage of a form, and how many bars long it should be; a hook is as long as it is in the tune."""

    role: Role
    bars: int = 0


FORMS: dict[Form, tuple[Wanted, ...]] = {
    "short": (Wanted("hook"), Wanted("verse", 8), Wanted("build", 2), Wanted("hook")),
    "classic": (
        Wanted("intro", 4), Wanted("verse", 8), Wanted("hook"), Wanted("verse", 8), Wanted("hook"), Wanted("build", 4),
        Wanted("hook"),
    ),
    "songify": (
        Wanted("verse", 8), Wanted("hook"), Wanted("verse", 8), Wanted("hook"), Wanted("bridge", 4), Wanted("build", 2),
        Wanted("hook"), Wanted("hook"),
    ),
    "base": (
        Wanted("intro", 4), Wanted("hook"), Wanted("hook"), Wanted("verse", 8), Wanted("build", 2), Wanted("hook"),
        Wanted("hook"),
    ),
}  # fmt: skip
"""The passages of each form that is not the tune itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A passage to be laid out: beats of the written tune from `start` to `end`, or `bars` without any of it."""

    role: Role
    start: Fraction = Fraction(0)
    end: Fraction = Fraction(0)
    bars: int = 0

    @property
    def is_sung(self) -> bool:
        """Whether notes of the tune are in it."""
        return self.end > self.start


class Laid(NamedTuple):
    """A tune as a song sings it, and its passages, which cover it without gaps."""

    tune: Tune
    passages: tuple[Passage, ...]


def once(tune: Tune) -> Laid:
    """Return `tune` as it is written, its passages named: form `tune`."""
    phrases = phrase_spans(tune)
    hooks = hook_places(tune)
    stretches: list[Stretch] = []
    for start, end in phrases:
        role: Role = "hook" if any(a <= start < b for a, b in hooks) else "verse"
        goes_on = stretches and stretches[-1].role == role and not any(start == a for a, _ in hooks)
        if goes_on:
            stretches[-1] = replace(stretches[-1], end=end)
        else:
            stretches.append(Stretch(role=role, start=start, end=end))
    passages = tuple(
        Passage(role=s.role, onset_beat=s.start, length_beat=s.end - s.start, tune_beat=s.start) for s in stretches
    )
    return Laid(tune, passages)


def layouts(tune: Tune, form: Form) -> Iterator[Laid]:
    """Yield `tune` laid out in a `form` of `FORMS`, then ever shorter: verses go first, at least one hook stays."""
    for stretches in _shorter(_stretches(tune, FORMS[form])):
        yield roll_out(tune, stretches)


def hook_places(tune: Tune) -> tuple[tuple[Fraction, Fraction], ...]:
    """Return where the hook is in `tune`: from which beat to which; empty where that would be all of it."""
    phrases = phrase_spans(tune)
    total = float(phrases[-1][1] - phrases[0][0])
    refrains = [s for s in song_form(tune) if s.kind == "refrain"]
    best: tuple[float, tuple[tuple[Fraction, Fraction], ...]] = (float("inf"), ())
    for count in range(1, MOST_HOOK_PHRASES + 1):
        runs = [(phrases[i][0], phrases[i + count - 1][1]) for i in range(len(phrases) - count + 1)]
        if len(runs) < 2:
            break
        contents = [_content(tune, *run) for run in runs]
        for content in dict.fromkeys(contents):
            alike = _apart(run for run, other in zip(runs, contents, strict=True) if other == content)
            for number in range(1, len(alike) + 1):
                places = tuple(alike[:number])
                best = min(best, (_misfit(tune, places, total, refrains, len(content[1])), places))
    return best[1]


def _apart(runs: Iterable[tuple[Fraction, Fraction]]) -> list[tuple[Fraction, Fraction]]:
    """Return those of `runs` that do not overlap, the first ones first."""
    chosen: list[tuple[Fraction, Fraction]] = []
    for start, end in runs:
        if not chosen or start >= chosen[-1][1]:
            chosen.append((start, end))
    return chosen


def _misfit(
    tune: Tune, places: Sequence[tuple[Fraction, Fraction]], total: float, refrains: Sequence[Section], notes: int
) -> float:
    """Return how badly `places` suit the hook: their share, how seldom they return, where they are, their length."""
    share = sum(float(end - start) for start, end in places) / total
    away = max(0.0, LEAST_SHARE - share, share - MOST_SHARE)
    bars = float(places[0][1] - places[0][0]) / float(_counted_bar(metre_at(tune, places[0][0])))
    in_refrain = sum(any(s.onset_beat <= a < s.onset_beat + s.length_beat for s in refrains) for a, _ in places)
    few_notes = max(0, 4 - notes)
    return (
        20.0 * away - 1.0 * min(len(places), 3) - 1.5 * in_refrain / len(places) + abs(bars - HOOK_BARS) / 4 + few_notes
    )


Content = tuple[Fraction, tuple[tuple[Fraction, Fraction, int], ...]]


def _content(tune: Tune, start: Fraction, end: Fraction) -> Content:
    """Return what is sung between two beats: its place in the bar, and its notes."""
    notes = tuple((n.onset_beat - start, n.length_beat, n.pitch) for n in tune.notes if start <= n.onset_beat < end)
    return _place(tune, start), notes


def phrase_spans(tune: Tune) -> list[tuple[Fraction, Fraction]]:
    """Return where each phrase that has notes begins and ends.

    A rest between two belongs to the first, as far as the next one begins with a bar.
    """
    lines = [line for line, _ in bar_lines(tune)]
    starts, last = [Fraction(0)], tune.notes[-1].end_beat
    for end in tune.phrase_ends:
        onset = next((note.onset_beat for note in tune.notes if note.onset_beat >= end), None)
        if onset is not None and any(starts[-1] <= note.onset_beat < end for note in tune.notes):
            starts.append(max([end, *(line for line in lines if line <= onset)]))
    return list(pairwise([*starts, last]))


# --- a form


def _stretches(tune: Tune, wanted: Sequence[Wanted]) -> list[Stretch]:
    """Return the passages of a form, its verses as long, its hooks as often in a row as their share asks for."""
    places = hook_places(tune)
    hook = Stretch(role="hook", start=places[0][0], end=places[0][1]) if places else _all(tune)
    phrases = phrase_spans(tune)
    others = [phrase for phrase in phrases if not hook.start <= phrase[0] < hook.end] or phrases
    choices = [
        _laid_out(tune, wanted, [hook] * in_a_row, others, extra)
        for in_a_row in range(1, MOST_IN_A_ROW + 1)
        for extra in (0, 1, 2, 4, 6, 8, -1, -2, -3, 16, 32)
    ]
    return min(choices, key=lambda stretches: _share_misfit(tune, stretches))


def _laid_out(
    tune: Tune, wanted: Sequence[Wanted], hooks: list[Stretch], others: Sequence[tuple[Fraction, Fraction]], extra: int
) -> list[Stretch]:
    """Return the passages of a form, each verse `extra` bars longer than it says."""
    pool = _Pool(tune, others)
    stretches: list[Stretch] = []
    for role, bars in wanted:
        if role == "hook":
            stretches += hooks
        elif role in {"verse", "bridge"}:
            stretches += pool.take(role, bars + extra)
        else:
            stretches.append(Stretch(role=role, bars=bars))
    return stretches


def _share_misfit(tune: Tune, stretches: Sequence[Stretch]) -> float:
    """Return by how much the hook has too large or too small a share of what is sung, rests between passages too."""
    sung = [(one.stretch.role, float(one.length)) for one in _place_all(tune, stretches)[0] if one.stretch.is_sung]
    share = sum(length for role, length in sung if role == "hook") / sum(length for _, length in sung)
    return max(0.0, LEAST_SHARE - share, share - MOST_SHARE)


def _all(tune: Tune) -> Stretch:
    return Stretch(role="hook", start=Fraction(0), end=tune.notes[-1].end_beat)


class _Pool:
    """Phrases of a tune that are taken in order, again and again."""

    def __init__(self, tune: Tune, phrases: Sequence[tuple[Fraction, Fraction]]) -> None:
        self._tune, self._phrases, self._next = tune, phrases, 0

    def take(self, role: Role, bars: int) -> Iterator[Stretch]:
        """Yield passages of at least so many bars in all, one as long as the phrases lie in a row."""
        first, taken = Stretch(role=role), 0.0
        while taken < bars:
            start, end = self._phrases[self._next]
            self._next = (self._next + 1) % len(self._phrases)
            taken += float(end - start) / float(_counted_bar(metre_at(self._tune, start)))
            if first.is_sung and first.end == start:
                first = replace(first, end=end)
                continue
            if first.is_sung:
                yield first
            first = Stretch(role=role, start=start, end=end)
        yield first


def _shorter(stretches: list[Stretch]) -> Iterator[list[Stretch]]:
    """Yield the passages, then one less each time: the last verse or bridge, the intro, the build, the first hooks."""
    yield stretches
    for role in ("bridge", "verse", "intro", "build", "hook"):
        while True:
            of_role = [index for index, one in enumerate(stretches) if one.role == role]
            if len(of_role) <= (role == "hook"):
                break
            stretches = stretches[: of_role[-1]] + stretches[of_role[-1] + 1 :]
            yield stretches


# --- rolling out


def roll_out(tune: Tune, stretches: Sequence[Stretch]) -> Laid:
    """Return `tune` as it is sung when it goes through `stretches` (at least one of them sung), and the passages.

    Raises
    ------
    InputError
        Where it would have more changes of tempo or metre than any tune.
    """
    placed, grid = _place_all(tune, stretches)
    shifts = [(one.stretch, one.onset - one.stretch.start) for one in placed if one.stretch.is_sung]
    sung = [(index, note, shift) for s, shift in shifts for index, note in _within(tune.notes, s)]
    tempi = _tempi(tune, shifts)
    if max(len(tempi), len(grid.metres)) > MOST_CHANGES:
        raise InputError(f"{tune.id} changes its tempo or metre too often for a form; use --form tune")
    passages = tuple(passage for one in placed for passage in one.passages(tune))
    rolled = tune.replace(
        notes=tuple(_moved(note, shift) for _, note, shift in sung),
        lyrics=tuple(tune.lyrics[index] for index, _, _ in sung) if tune.lyrics else (),
        doubtful=tuple(number for number, (index, _, _) in enumerate(sung) if index in set(tune.doubtful)),
        tempi=tempi,
        metres=tuple(grid.metres),
        upbeat_beat=grid.upbeat,
        chords=tuple(_chords(tune, placed)),
        phrase_ends=tuple(_phrase_ends(tune, placed)),
        sections=_sections(passages),
        parts=tuple(_part(part, shifts) for part in tune.parts),
    )
    return Laid(rolled, passages)


def passage_tune(tune: Tune, start: Fraction, end: Fraction) -> Tune:
    """Return what of `tune` lies between two beats as a tune of its own, which begins at beat 0."""
    return roll_out(tune.replace(parts=(), sections=()), [Stretch(role="verse", start=start, end=end)]).tune


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """A stretch with its song beats, and how many of the last ones are silent."""

    stretch: Stretch
    onset: Fraction
    length: Fraction
    silent: Fraction = Fraction(0)

    def passages(self, tune: Tune) -> Iterator[Passage]:
        """Yield it as a passage, and its silence as another one."""
        tune_beat = self.stretch.start if self.stretch.is_sung else None
        sounding = self.length - self.silent
        yield Passage(role=self.stretch.role, onset_beat=self.onset, length_beat=sounding, tune_beat=tune_beat)
        if self.silent:
            yield Passage(role="silence", onset_beat=self.onset + sounding, length_beat=self.silent)


class _Grid:
    """The bars of a song as it grows: its upbeat, its metres, and where the bar line before `beat` lies."""

    def __init__(self, tune: Tune, stretches: Sequence[Stretch]) -> None:
        first = next(stretch for stretch in stretches if stretch.is_sung)
        self.metre = metre_at(tune, _line_behind(tune, first.start))
        self.upbeat = Fraction(0)
        if stretches[0].is_sung:
            self.upbeat = -_place(tune, first.start) % _bar(self.metre)
        self.line = self.upbeat
        self.metres = [self.metre.replace(onset_beat=Fraction(0))]

    def change(self, beat: Fraction, metre: Metre) -> None:
        """Begin a bar of another metre at `beat`; the same one goes on."""
        if (metre.numerator, metre.denominator) == (self.metre.numerator, self.metre.denominator):
            return
        self.metre, self.line = metre, beat
        self.metres = [m for m in self.metres if m.onset_beat < beat] + [metre.replace(onset_beat=beat)]

    def rest(self, beat: Fraction, place: Fraction) -> Fraction:
        """Return how many beats after `beat` that `place` in a bar comes."""
        return (place - (beat - self.line)) % _bar(self.metre)


def _place_all(tune: Tune, stretches: Sequence[Stretch]) -> tuple[list[_Placed], _Grid]:
    """Return the stretches one behind the other, each where its bar goes on."""
    grid, now = _Grid(tune, stretches), Fraction(0)
    placed: list[_Placed] = []
    for number, stretch in enumerate(stretches):
        following = next((s for s in stretches[number + 1 :] if s.is_sung), None)
        if not stretch.is_sung:
            bar = _bar(grid.metre)
            length = stretch.bars * _counted_bar(grid.metre)
            if following and stretches[number + 1] is following:
                rest = grid.rest(now + length, _place(tune, following.start))
                length += rest - bar if 2 * rest > bar else rest
            pulse = (
                pulse_beat(grid.metre) if stretch.role == "build" and length > pulse_beat(grid.metre) else Fraction(0)
            )
            placed.append(_Placed(stretch=stretch, onset=now, length=length, silent=pulse))
            now += length
            continue
        place = _place(tune, stretch.start)
        metre = metre_at(tune, _line_behind(tune, stretch.start))
        if placed and _bar(metre) == _bar(grid.metre) and (rest := grid.rest(now, place)):
            placed[-1] = replace(placed[-1], length=placed[-1].length + rest)
            now += rest
        shift = now - stretch.start
        grid.change(_line_behind(tune, stretch.start) + shift, metre)
        for change in tune.metres:
            if stretch.start < change.onset_beat < stretch.end:
                grid.change(change.onset_beat + shift, change)
        length = stretch.end - stretch.start
        if following is None and number == len(stretches) - 1:
            length = max(length, max(note.end_beat for _, note in _within(tune.notes, stretch)) - stretch.start)
        placed.append(_Placed(stretch=stretch, onset=now, length=length))
        now += length
    return placed, grid


def _bar(metre: Metre) -> Fraction:
    return Fraction(4 * metre.numerator, metre.denominator)


def _counted_bar(metre: Metre) -> Fraction:
    """Return the length of what counts as a bar: two of them where one has but two tapped beats."""
    return _bar(metre) * (2 if _bar(metre) < 3 * pulse_beat(metre) else 1)


def _line(tune: Tune, beat: Fraction) -> Fraction:
    """Return a bar line of the metre at `beat`."""
    metre = metre_at(tune, beat)
    return tune.upbeat_beat if metre.onset_beat < tune.upbeat_beat else metre.onset_beat


def _place(tune: Tune, beat: Fraction) -> Fraction:
    """Return how many beats `beat` is behind the bar line before it."""
    return (beat - _line(tune, beat)) % _bar(metre_at(tune, beat))


def _line_behind(tune: Tune, beat: Fraction) -> Fraction:
    """Return the first bar line at `beat` or behind it."""
    bar = _bar(metre_at(tune, beat))
    line = beat + -_place(tune, beat) % bar
    return min([line, *(metre.onset_beat for metre in tune.metres if beat < metre.onset_beat < line)])


def _within(notes: Sequence[Note], stretch: Stretch) -> Iterator[tuple[int, Note]]:
    """Yield number and note of those that begin in a stretch."""
    yield from ((index, note) for index, note in enumerate(notes) if stretch.start <= note.onset_beat < stretch.end)


def _moved(note: Note, shift: Fraction) -> Note:
    return note.replace(onset_beat=note.onset_beat + shift)


def _tempi(tune: Tune, shifts: Sequence[tuple[Stretch, Fraction]]) -> tuple[Tempo, ...]:
    """Return the tempi of a song, each where it is not the one that held before."""
    changes: dict[Fraction, float] = {}
    for stretch, shift in shifts:
        held = max((t for t in tune.tempi if t.onset_beat <= stretch.start), key=lambda t: t.onset_beat, default=None)
        changes[stretch.start + shift if changes else Fraction(0)] = (held or tune.tempi[0]).bpm
        inside = (t for t in tune.tempi if stretch.start < t.onset_beat < stretch.end)
        changes.update({tempo.onset_beat + shift: tempo.bpm for tempo in inside})
    tempi: list[Tempo] = []
    for beat, bpm in sorted(changes.items()):
        if not tempi or tempi[-1].bpm != bpm:
            tempi.append(Tempo(onset_beat=beat, bpm=bpm))
    return tuple(tempi)


def _chords(tune: Tune, placed: Sequence[_Placed]) -> Iterator[Chord]:
    """Yield the chords of a song: those of the tune; before a hook the dominant, in the intro those of what follows."""
    is_all_sung = all(one.stretch.is_sung for one in placed)  # then the band finds chords, where there are none
    written = tune.chords if is_all_sung else tune.chords or harmonize(tune)
    for number, one in enumerate(placed):
        if one.stretch.is_sung:
            yield from _cut(written, one.stretch.start, one.stretch.end, one.onset)
        elif one.stretch.role == "intro":
            following = next((other.stretch for other in placed[number:] if other.stretch.role == "hook"), None)
            following = following or next(other.stretch for other in placed if other.stretch.is_sung)
            now = one.onset
            while now < one.onset + one.length:
                end = min(following.end, following.start + one.onset + one.length - now)
                yield from _cut(written, following.start, end, now)
                now += end - following.start
        else:
            yield Chord(symbol=f"{_NAMES[(tune.tonic + 7) % 12]}7", onset_beat=one.onset, length_beat=one.length)


def _cut(chords: Sequence[Chord], start: Fraction, end: Fraction, onset: Fraction) -> Iterator[Chord]:
    """Yield what of `chords` lies between two beats, moved so that the first of them is `onset`."""
    for chord in chords:
        begin, until = max(start, chord.onset_beat), min(end, chord.onset_beat + chord.length_beat)
        if begin < until:
            yield chord.replace(onset_beat=begin - start + onset, length_beat=until - begin)


def _phrase_ends(tune: Tune, placed: Sequence[_Placed]) -> Iterator[Fraction]:
    """Yield where phrases end: as written, and with the last note of a passage."""
    for one in placed:
        if one.stretch.is_sung:
            shift = one.onset - one.stretch.start
            last = max((n.end_beat for _, n in _within(tune.notes, one.stretch)), default=one.stretch.end)
            yield from (end + shift for end in tune.phrase_ends if one.stretch.start < end < last)
            yield last + shift


def _sections(passages: Sequence[Passage]) -> tuple[Section, ...]:
    """Return the passages as sections of a tune; those of one kind in a row are one, but for hooks."""
    sections: list[Section] = []
    for passage in passages:
        kind = _KINDS[passage.role]
        if sections and sections[-1].kind == kind != "refrain":
            sections[-1] = sections[-1].replace(length_beat=sections[-1].length_beat + passage.length_beat)
        else:
            sections.append(Section(kind=kind, onset_beat=passage.onset_beat, length_beat=passage.length_beat))
    return tuple(sections)


def _part(part: Part, shifts: Sequence[tuple[Stretch, Fraction]]) -> Part:
    """Return what another track of the score plays under the passages."""
    notes = [
        note.replace(
            onset_beat=note.onset_beat + shift, length_beat=min(note.length_beat, stretch.end - note.onset_beat)
        )
        for stretch, shift in shifts
        for note in part.notes
        if stretch.start <= note.onset_beat < stretch.end
    ]
    return part.replace(notes=tuple(notes))
