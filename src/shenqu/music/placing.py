"""Which words are sung in which passage of a song.

The hook is arranged once on its passage and copied wherever the same notes come again, so that each time is sung alike:
three times, then once with another end, and so on. The other passages take the rest of the speech in its order, each
going on with the word where the one before has stopped; when the speech is over it begins again. Several speakers may
take turns in them, each a phrase of the tune, and each goes on with words of their own. Around the hook the
voice rests: the last note before it, and its own last one, give up a breath.

Conventions
-----------
Beats are those of the song. What of a note is given up is a rest that the placements name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import zip_longest

from shenqu.documents.arrangement import Arrangement, Passage, PlacedNote, Placement
from shenqu.documents.song import Hook
from shenqu.documents.speech import Transcript, Word
from shenqu.documents.tune import Tune
from shenqu.music.harmony import harmonize
from shenqu.music.layout import Laid, passage_tune, phrase_spans

ArrangeOn = Callable[[Tune, Transcript, bool], Arrangement]
"""Lays a speech on all of a tune, at the tempo and in the key of the song; whether it is to be sung to its end."""

ALIKE = 3
LEAST_REST = Fraction(1, 4)
BREATH_SHARE = Fraction(1, 2)  # of a note, at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """What is sung where: the hook, its answer, and the words of all other passages in their order, by number.

    `verses` are those of each speaker who takes a turn.
    """

    transcript: Transcript
    hook: Hook
    answer: Hook | None
    verses: tuple[tuple[int, ...], ...]

    @classmethod
    def of(
        cls,
        transcript: Transcript,
        hook: Hook,
        *,
        answer: Hook | None = None,
        begin_s: float = 0.0,
        first_words: Sequence[int] = (0,),
    ) -> Lines:
        """Return what `transcript` has beside the `hook`, from `begin_s` on; all of it where there is nothing else.

        `first_words` are the numbers of the words with which those begin who take turns.
        """
        ends = [*first_words[1:], len(transcript.words)]
        verses = (
            _verse(transcript, range(first, end), hook, begin_s) for first, end in zip(first_words, ends, strict=True)
        )
        return cls(transcript=transcript, hook=hook, answer=answer, verses=tuple(verse for verse in verses if verse))

    @property
    def by_turns(self) -> tuple[int, ...]:
        """The words of all verses, one of each speaker after the other: a picture of how fast all of them speak."""
        return tuple(number for row in zip_longest(*self.verses) for number in row if number is not None)


def place(
    laid: Laid, lines: Lines, *, arrange_on: ArrangeOn, needed: Callable[[Tune], int], breath_beat: Fraction
) -> tuple[Placement, ...]:
    """Return `lines` on all notes of a song's passages.

    `needed` tells how many syllables a tune takes at most; `breath_beat` is how long the voice rests around a hook.
    """
    singer = _Singer(laid, lines, arrange_on, needed)
    sung = [(passage, singer.sing(passage)) for passage in laid.passages if passage.tune_beat is not None]
    return tuple(_with_breaths([one for one in sung if one[1]], breath_beat))


def proxy(laid: Laid, lines: Lines, *, most_notes: int, needed: Callable[[Tune], int]) -> tuple[Tune, Transcript]:
    """Return a beginning of the song that holds its hook, and the words of both: by these its tempo is chosen."""
    sung = [passage for passage in laid.passages if passage.tune_beat is not None]
    hook = next((number for number, passage in enumerate(sung) if passage.role == "hook"), 0)
    first, last = sung[0], sung[hook]
    for passage in sung[hook + 1 :]:
        if sum(first.onset_beat <= note.onset_beat < _end(passage) for note in laid.tune.notes) > most_notes:
            break
        last = passage
    tune = passage_tune(laid.tune, first.onset_beat, _end(last))
    words = [*_hook_words(lines.transcript, lines.hook), *_taken(lines.transcript, lines.by_turns, 0, needed(tune))]
    return tune, lines.transcript.replace(words=tuple(words))


class _Singer:
    """Sings passage after passage, and remembers the hooks and the place in the speech."""

    def __init__(self, laid: Laid, lines: Lines, arrange_on: ArrangeOn, needed: Callable[[Tune], int]) -> None:
        self._tune = laid.tune.replace(chords=laid.tune.chords or harmonize(laid.tune))
        self._lines, self._arrange_on, self._needed = lines, arrange_on, needed
        self._hooks: dict[object, tuple[Placement, ...]] = {}
        self._times: Counter[object] = Counter()
        self._next, self._turn = [0] * len(lines.verses), 0
        self._first_of: list[int] = [0]
        for word in lines.transcript.words:
            self._first_of.append(self._first_of[-1] + len(word.syllables))

    def sing(self, passage: Passage) -> list[Placement]:
        """Return what is sung in `passage`; nothing where it has no note."""
        end = _end(passage)
        if not any(passage.onset_beat <= note.onset_beat < end for note in self._tune.notes):
            return []
        tune = passage_tune(self._tune, passage.onset_beat, end)
        placements = self._hook(tune) if passage.role == "hook" else self._verses(tune)
        return [_moved(placement, passage.onset_beat) for placement in placements]

    def _hook(self, tune: Tune) -> tuple[Placement, ...]:
        alike = tuple((note.onset_beat, note.length_beat, note.pitch) for note in tune.notes)
        if alike not in self._hooks:
            self._hooks[alike] = self._arranged(tune, self._lines.hook)
        self._times[alike] += 1
        usual = self._hooks[alike]
        return usual if self._times[alike] % (ALIKE + 1) else self._answered(tune, usual)

    def _answered(self, tune: Tune, usual: tuple[Placement, ...]) -> tuple[Placement, ...]:
        """Return the hook with another end: from where it begins for the last time on, the answer."""
        onsets = {note.onset_beat for note in tune.notes}
        turns = [
            index
            for index, placement in enumerate(usual)
            if index and placement.syllable is not None and placement.notes[0].onset_beat in onsets
        ]
        if not turns or self._lines.answer is None:
            return usual
        begins = [index for index in turns if usual[index].syllable == self._lines.hook.first]
        turn = begins[-1] if begins else min(turns, key=lambda index: abs(2 * index - len(usual)))
        beat = usual[turn].notes[0].onset_beat
        answer = self._arranged(passage_tune(tune, beat, tune.end_beat + 1), self._lines.answer)
        return (*usual[:turn], *(_moved(placement, beat) for placement in answer))

    def _arranged(self, tune: Tune, hook: Hook) -> tuple[Placement, ...]:
        words = _hook_words(self._lines.transcript, hook)
        arrangement = self._arrange_on(tune, self._lines.transcript.replace(words=tuple(words)), True)
        return tuple(_renumbered(placement, hook.first) for placement in arrangement.placements)

    def _verses(self, tune: Tune) -> list[Placement]:
        """Return what is sung on `tune` by the one speaker, or by all in turn, each a phrase."""
        if len(self._next) == 1:
            return self._verse(tune, 0)
        placements: list[Placement] = []
        for start, end in phrase_spans(tune):
            sung = self._verse(passage_tune(tune, start, end), self._turn % len(self._next))
            placements += [_moved(placement, start) for placement in sung]
            self._turn += 1
        return placements

    def _verse(self, tune: Tune, speaker: int) -> list[Placement]:
        order, begin = self._lines.verses[speaker], self._next[speaker]
        words = _taken(self._lines.transcript, order, begin, self._needed(tune))
        numbers = [order[(begin + step) % len(order)] for step in range(len(words))]
        syllables = [self._first_of[number] + i for number in numbers for i in range(self._count(number))]
        steps = [step for step, number in enumerate(numbers) for _ in range(self._count(number))]
        arrangement = self._arrange_on(tune, self._lines.transcript.replace(words=tuple(words)), False)
        sung = [placement.syllable for placement in arrangement.placements if placement.syllable is not None]
        self._next[speaker] = (begin + steps[sung[-1]] + 1) % len(order)
        return [
            placement.replace(syllable=None if placement.syllable is None else syllables[placement.syllable])
            for placement in arrangement.placements
        ]

    def _count(self, word: int) -> int:
        return self._first_of[word + 1] - self._first_of[word]


def _start_s(word: Word) -> float:
    return word.syllables[0].start_s


def _end(passage: Passage) -> Fraction:
    return passage.onset_beat + passage.length_beat


def _hook_words(transcript: Transcript, hook: Hook) -> Iterator[Word]:
    """Yield the words of a hook, without the syllables that are not its own."""
    first = 0
    for word in transcript.words:
        own = word.syllables[max(0, hook.first - first) : max(0, hook.last + 1 - first)]
        first += len(word.syllables)
        if own:
            yield word.replace(syllables=own)


def _verse(transcript: Transcript, numbers: range, hook: Hook, begin_s: float) -> tuple[int, ...]:
    """Return those of the words `numbers` that are not of the hook, or all, in order, the first from `begin_s` on."""
    first, verse = sum(len(word.syllables) for word in transcript.words[: numbers.start]), []
    for number in numbers:
        after = first + len(transcript.words[number].syllables)
        if after > first and not (first <= hook.last and hook.first < after):
            verse.append(number)
        first = after
    verse = verse or [number for number in numbers if transcript.words[number].syllables]
    begin = next((i for i, number in enumerate(verse) if _start_s(transcript.words[number]) >= begin_s), 0)
    return (*verse[begin:], *verse[:begin])


def _taken(transcript: Transcript, order: Sequence[int], begin: int, syllables: int) -> list[Word]:
    """Return the words in their `order` from place `begin` on, until they have so many syllables, each once at most."""
    words: list[Word] = []
    count = 0
    for step in range(len(order)):
        if count >= syllables:
            break
        word = transcript.words[order[(begin + step) % len(order)]]
        words.append(word)
        count += len(word.syllables)
    return words


def _moved(placement: Placement, beats: Fraction) -> Placement:
    notes = tuple(note.replace(onset_beat=note.onset_beat + beats) for note in placement.notes)
    return placement.replace(notes=notes)


def _renumbered(placement: Placement, first: int) -> Placement:
    return placement.replace(syllable=None if placement.syllable is None else placement.syllable + first)


def _with_breaths(sung: Sequence[tuple[Passage, list[Placement]]], breath_beat: Fraction) -> Iterator[Placement]:
    """Yield all placements; before a hook, and at its end, the voice rests for a breath."""
    for number, (passage, placements) in enumerate(sung):
        after = sung[number + 1] if number + 1 < len(sung) else None
        if passage.role != "hook" and (after is None or after[0].role != "hook"):
            yield from placements
            continue
        behind = after[1][0] if after else None
        is_hook = passage.role == "hook"
        until = _end(passage) if is_hook or behind is None else behind.notes[0].onset_beat
        yield from _breathing(placements, until - breath_beat, behind)


def _breathing(placements: Sequence[Placement], until: Fraction, behind: Placement | None) -> Iterator[Placement]:
    """Yield `placements`, the last note ending at beat `until` or half through; what it gives up is a named rest.

    Where it ends before and the speech would go on with what comes `behind`, a short rest keeps it from that.
    """
    *others, last = placements
    yield from others
    note = last.notes[-1]
    kept = min(note.length_beat, max(until - note.onset_beat, BREATH_SHARE * note.length_beat))
    end = note.end_beat
    if last.syllable is not None and behind is not None and behind.syllable == last.syllable + 1:
        end = max(end, min(behind.notes[0].onset_beat, note.onset_beat + kept + LEAST_REST))
    if last.syllable is None or note.onset_beat + kept >= end:
        yield last
        return
    yield last.replace(notes=(*last.notes[:-1], note.replace(length_beat=kept)))
    rest = PlacedNote(pitch=note.pitch, onset_beat=note.onset_beat + kept, length_beat=end - note.onset_beat - kept)
    yield Placement(syllable=None, notes=(rest,))
