"""New words from the sounds of a speech: which of its phones to take for which (unit selection).

Of all ways to say the new words with phones that were spoken, the one with the least cost is taken, found exactly by
dynamic programming over (phone wanted, phone spoken). What lies side by side in the speech stays together at no cost,
so long stretches that were spoken are kept whole where they fit. The cost sums

    sound     8 * unlikeness of a vowel, 4 * of a consonant (`speech.likeness`); vowels stand for vowels only
    context   0.75 * unlikeness of the neighbours that it was spoken between: sounds colour each other
    place     0.4 where a consonant was spoken before the vowel and is wanted behind it, or the reverse
    stress    0.3 * difference in stress; 0.1 where the tone differs (the tune gives the pitch)
    short     log2 of 200 ms over the vowel's length, where it is shorter: there is nothing to hold
    voice     0.6 for a vowel without voice
    doubt     0.7 * what is missing from 1 in the confidence of its word
    silence   1.4 for a consonant that is left out
    way       0.6 for every more usual way to say the word
    join      where the next phone is not the one that followed: 0.7 inside a syllable, 0.5 between consonants of one,
              0.35 between syllables, 0.2 between words, nothing between lines

References
----------
Hunt and Black (1996), Unit selection in a concatenative speech synthesis system using a large speech database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise

import numpy as np
import numpy.typing as npt

from shenqu.documents.arrangement import Ends, Spans
from shenqu.documents.lyrics import BuiltSyllable, WantedWord
from shenqu.documents.speech import PAUSE_S, Phone, Syllable, Transcript, Word
from shenqu.errors import InputError
from shenqu.speech.likeness import NUCLEI, phone_distance
from shenqu.speech.sounds import SOUNDS

Costs = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int_]

VOWEL, CONSONANT, CONTEXT, PLACE = 8.0, 4.0, 0.75, 0.4
STRESS, TONE, UNVOICED, DOUBT, SILENCE, UNUSUAL = 0.3, 0.1, 0.6, 0.7, 1.4, 0.6
LONG_ENOUGH_S = 0.2
INSIDE, IN_CLUSTER, BETWEEN_SYLLABLES, BETWEEN_WORDS = 0.7, 0.5, 0.35, 0.2
EDGE = ""  # the neighbour of a sound before or behind a pause
TOUCHING_S, REST_S = 0.001, 0.15
LINE_PAUSE_S = 2 * PAUSE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A phone that is wanted, between which neighbours, in which syllable, and what a join before it costs."""

    phone: str
    before: str
    behind: str
    is_coda: bool
    stress: int
    tone: int
    join: float


@dataclass(frozen=True, kw_only=True)
class _Stock:
    """The phones of a speech, in order, one value each; `known` are all names of phones in it."""

    phones: tuple[Phone, ...]
    syllable: Numbers
    is_coda: npt.NDArray[np.bool_]
    stress: Numbers
    tone: Numbers
    dear: Costs  # of a vowel: short, voiceless, doubtful
    follows: npt.NDArray[np.bool_]  # the phone before it

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted({phone.phone for phone in self.phones} | {EDGE}))

    @cached_property
    def name(self) -> Numbers:
        place = {name: number for number, name in enumerate(self.names)}
        return np.array([place[phone.phone] for phone in self.phones])

    @cached_property
    def neighbours(self) -> tuple[Numbers, Numbers]:
        """The names of the phones before and behind each."""
        edge = self.names.index(EDGE)
        before = np.where(self.follows, np.roll(self.name, 1), edge)
        behind = np.where(np.roll(self.follows, -1), np.roll(self.name, -1), edge)
        return before, behind

    def unlike(self, phone: str) -> Costs:
        """Return how unlike `phone` each of `names` is."""
        return np.array([phone_distance(phone, name) for name in self.names])


@dataclass(frozen=True, slots=True)
class _Step:
    """How the cheapest ways go on to one wanted phone: where `stays`, from the phone before; else from `source`."""

    stays: npt.NDArray[np.bool_]
    source: int


def choose_units(
    wanted: Sequence[WantedWord], spoken: Transcript, *, voiced: Sequence[bool] | None = None
) -> tuple[BuiltSyllable, ...]:
    """Return the cheapest way to say `wanted` with the phones of `spoken` (see the module's cost).

    `voiced` says of each spoken syllable whether its vowel has a voice (default: all have).

    Raises
    ------
    InputError
        Where no syllable of `spoken` has phones, as where they were found by ear.
    """
    stock = _stock(spoken, voiced)
    least: Costs = np.zeros(len(stock.phones) + 1)  # the last one is silence
    courses: list[tuple[list[list[_Step]], Numbers]] = []
    line = None
    for word in wanted:
        first_join = 0.0 if word.line != line else BETWEEN_SYLLABLES if word.joined else BETWEEN_WORDS
        ends, steps = zip(*(_extended(least, way, stock, first_join) for way in word.ways), strict=True)
        costs = np.array(ends) + UNUSUAL * np.arange(len(ends))[:, None]
        best = costs.argmin(axis=0)
        least = costs.min(axis=0)
        courses.append((list(steps), best))
        line = word.line
    return tuple(_built(wanted, spoken, stock, _traced(courses, int(least.argmin()))))


def _stock(spoken: Transcript, voiced: Sequence[bool] | None) -> _Stock:
    confidences = [word.confidence for word in spoken.words for _ in word.syllables]
    rows = [
        (phone, number, syllable, confidences[number])
        for number, syllable in enumerate(spoken.syllables)
        for phone in syllable.phones
        if phone.phone in SOUNDS
    ]
    if not any(phone.phone in NUCLEI for phone, *_ in rows):
        raise InputError(
            "new words are built from sounds whose names are known, and nothing says what is said in this speech; "
            "give its words with --text, or let them be recognised (--recognise)"
        )
    phones = tuple(row[0] for row in rows)
    gaps = [after.start_s - before.end_s for before, after in pairwise(phones)]
    return _Stock(
        phones=phones,
        syllable=np.array([row[1] for row in rows]),
        is_coda=np.array([_is_behind_vowel(phone, syllable) for phone, _, syllable, _ in rows]),
        stress=np.array([syllable.stress for _, _, syllable, _ in rows]),
        tone=np.array([syllable.tone for _, _, syllable, _ in rows]),
        dear=np.array(
            [
                _shortness(syllable)
                + UNVOICED * (voiced is not None and not voiced[number])
                + DOUBT * (1.0 - confidence)
                for _, number, syllable, confidence in rows
            ]
        ),
        follows=np.array([False, *(abs(gap) <= TOUCHING_S for gap in gaps)]),
    )


def _is_behind_vowel(phone: Phone, syllable: Syllable) -> bool:
    nucleus = next((other for other in syllable.phones if other.phone in NUCLEI), None)
    return nucleus is not None and phone.start_s > nucleus.start_s


def _shortness(syllable: Syllable) -> float:
    return max(0.0, float(np.log2(LONG_ENOUGH_S / (syllable.vowel_end_s - syllable.vowel_s))))


def _phones_wanted(word: Word, first_join: float) -> Iterator[_Wanted]:
    """Yield the phones of a word, with the joins that may be before them."""
    phones = [(phone.phone, syllable) for syllable in word.syllables for phone in syllable.phones]
    behind_vowel = False
    for place, (phone, syllable) in enumerate(phones):
        before, owner = phones[place - 1] if place else (EDGE, None)
        if owner is not syllable:
            behind_vowel, join = False, BETWEEN_SYLLABLES
        elif phone in NUCLEI or before in NUCLEI:
            join = INSIDE
        else:
            join = IN_CLUSTER
        yield _Wanted(
            phone=phone,
            before=before,
            behind=phones[place + 1][0] if place + 1 < len(phones) else EDGE,
            is_coda=behind_vowel,
            stress=syllable.stress,
            tone=syllable.tone,
            join=join if place else first_join,
        )
        behind_vowel = behind_vowel or phone in NUCLEI


def _extended(least: Costs, way: Word, stock: _Stock, first_join: float) -> tuple[Costs, list[_Step]]:
    """Return the least costs behind `way`, one for each spoken phone to end with, and the steps that lead there."""
    steps = []
    for wanted in _phones_wanted(way, first_join):
        source = int(least.argmin())
        stay = np.append(np.where(stock.follows, np.roll(least[:-1], 1), np.inf), np.inf)
        jump = least[source] + wanted.join
        steps.append(_Step(stays=stay <= jump, source=source))
        least = np.minimum(stay, jump) + _target_cost(wanted, stock)
    return least, steps


def _target_cost(wanted: _Wanted, stock: _Stock) -> Costs:
    """Return what it costs to take each spoken phone, and silence, for the one that is wanted."""
    unlike = stock.unlike(wanted.phone)
    before, behind = stock.neighbours
    context = CONTEXT * sum(
        stock.unlike(neighbour)[near] if neighbour else 0.0
        for neighbour, near in ((wanted.before, before), (wanted.behind, behind))
    )
    if wanted.phone in NUCLEI:
        is_other = np.array([name not in NUCLEI for name in stock.names])
        sound = np.where(is_other, np.inf, VOWEL * unlike)[stock.name]
        said = STRESS * np.abs(stock.stress - wanted.stress) + TONE * (stock.tone != wanted.tone)
        return np.append(sound + context + said + stock.dear, np.inf)
    is_other = np.array([name in NUCLEI for name in stock.names])
    sound = np.where(is_other, np.inf, CONSONANT * unlike)[stock.name]
    return np.append(sound + context + PLACE * (stock.is_coda != wanted.is_coda), SILENCE)


def _traced(courses: Sequence[tuple[list[list[_Step]], Numbers]], last: int) -> list[tuple[int, list[int]]]:
    """Return for each word the way it is said, and the phone taken for each of its own, ending with the `last`."""
    words = []
    place = last
    for ways, best in reversed(courses):
        way = int(best[place])
        taken = []
        for step in reversed(ways[way]):
            taken.append(place)
            place = place - 1 if step.stays[place] else step.source
        words.append((way, taken[::-1]))
    return words[::-1]


def _built(
    wanted: Sequence[WantedWord], spoken: Transcript, stock: _Stock, taken: Sequence[tuple[int, list[int]]]
) -> Iterator[BuiltSyllable]:
    for word, after, (way, phones) in zip(wanted, [*wanted[1:], None], taken, strict=True):
        last: Ends = "line" if after is None or after.line != word.line else "syllable" if after.joined else "word"
        rest, syllables = iter(phones), word.ways[way].syllables
        for number, syllable in enumerate(syllables, start=1):
            built = _syllable(syllable, list(islice(rest, len(syllable.phones))), spoken, stock)
            yield built.replace(ends=last if number == len(syllables) else "syllable")


def _syllable(said: Syllable, units: Sequence[int], spoken: Transcript, stock: _Stock) -> BuiltSyllable:
    """Return a syllable `said` so, made of the spoken phones at `units`."""
    names = [phone.phone for phone in said.phones]
    nucleus = next(place for place, name in enumerate(names) if name in NUCLEI)
    number = int(stock.syllable[units[nucleus]])
    heard = spoken.syllables[number]
    return BuiltSyllable(
        text=said.text,
        stress=said.stress,
        tone=said.tone,
        wanted=tuple(names),
        sung=tuple(stock.phones[unit].phone if unit < len(stock.phones) else "" for unit in units),
        syllable=number,
        onset_s=_unless_own(_onset(units[: nucleus + 1], heard, stock), (heard.start_s, heard.vowel_s)),
        coda_s=_unless_own(_coda(units[nucleus:], heard, stock), (heard.vowel_end_s, heard.end_s)),
        far=phone_distance(names[nucleus], stock.phones[units[nucleus]].phone),
    )


def _onset(units: Sequence[int], heard: Syllable, stock: _Stock) -> Spans:
    """Return the pieces of the consonants before a vowel, all of them but the last of `units`."""
    *before, nucleus = units
    pieces = _pieces(before, stock)
    if before and before[-1] == nucleus - 1 and stock.follows[nucleus]:  # a vowel may begin in its glide
        pieces[-1:] = [(pieces[-1][0], heard.vowel_s)] if pieces[-1][0] < heard.vowel_s else []
    return tuple(pieces)


def _coda(units: Sequence[int], heard: Syllable, stock: _Stock) -> Spans:
    """Return the pieces of the consonants behind a vowel, all of them but the first of `units`."""
    nucleus, *behind = units
    pieces = _pieces(behind, stock)
    goes_on = stock.follows[nucleus + 1 : nucleus + 2].any()
    if goes_on and behind and behind[0] == nucleus + 1:  # a short vowel goes on in what hums
        pieces[:1] = [(heard.vowel_end_s, pieces[0][1])] if heard.vowel_end_s < pieces[0][1] else []
    return tuple(pieces)


def _pieces(units: Sequence[int], stock: _Stock) -> list[tuple[float, float]]:
    """Return from when to when the phones at `units` were spoken, those that lie side by side as one piece."""
    pieces: list[tuple[float, float]] = []
    for phone in (stock.phones[unit] for unit in units if unit < len(stock.phones)):
        if pieces and abs(phone.start_s - pieces[-1][1]) <= TOUCHING_S:
            pieces[-1] = (pieces[-1][0], phone.end_s)
        elif phone.end_s > phone.start_s:
            pieces.append((phone.start_s, phone.end_s))
    return pieces


def _unless_own(pieces: Spans, own: tuple[float, float]) -> Spans | None:
    """Return `pieces`, None where they are a syllable's own."""
    return None if pieces == ((own,) if own[0] < own[1] else ()) else pieces


def as_transcript(syllables: Sequence[BuiltSyllable], spoken: Transcript, language: str) -> Transcript:
    """Return built syllables as words in a row, each sound as long as it was spoken, a pause behind each line."""
    words: list[Word] = []
    parts: list[Syllable] = []
    now_s = 0.0
    for built in syllables:
        parts.append(_timed(built, spoken, now_s))
        now_s = parts[-1].end_s + (LINE_PAUSE_S if built.ends == "line" else 0.0)
        if built.ends != "syllable":
            text = "".join(part.text for part in parts)
            words.append(Word(text=text, start_s=parts[0].start_s, end_s=parts[-1].end_s, syllables=tuple(parts)))
            parts = []
    return Transcript(language=language, words=tuple(words))


def _timed(built: BuiltSyllable, spoken: Transcript, start_s: float) -> Syllable:
    """Return a built syllable from `start_s` on; one that rests is as long as a short one."""
    if built.syllable is None:
        vowel_s, vowel_end_s, end_s = start_s, start_s + REST_S, start_s + REST_S
    else:
        heard = spoken.syllables[built.syllable]
        own = (((heard.start_s, heard.vowel_s),), ((heard.vowel_end_s, heard.end_s),))
        onset_s, coda_s = (
            sum(end - start for start, end in (usual if pieces is None else pieces))
            for pieces, usual in zip((built.onset_s, built.coda_s), own, strict=True)
        )
        vowel_s = start_s + onset_s
        vowel_end_s = vowel_s + heard.vowel_end_s - heard.vowel_s
        end_s = vowel_end_s + coda_s
    return Syllable(
        text=built.text,
        start_s=start_s,
        vowel_s=vowel_s,
        vowel_end_s=vowel_end_s,
        end_s=end_s,
        stress=built.stress,
        tone=built.tone,
    )
