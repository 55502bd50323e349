"""The hook: the few syllables that a song comes back to.

Every run of whole words of two to six syllables that the speaker says without a pause may be one. Of each is counted,
from 0 to 1,

    repeated    how often the speaker says it again: three times and more are 1
    question    it ends as a question, or has a word that asks
    greeting    it greets, thanks or says goodbye
    slogan      it is called out: it ends with "!"
    stands      it is said between two pauses, or fills a sentence (half where only one end does)
    open        it ends on a vowel, or rises at its end
    attack      it begins with a stop, an affricate or an h: these stutter well
    clear       how sure its words are, how many of its vowels have a voice
    long        its vowels against the usual one: twice as long is 1
    loud        its vowels against the usual one: 6 dB above are 1
    size        four syllables are 1, one more or less .75, two .5
    content     it does not end on a word that only joins others

and the score is their sum, weighed as `WEIGHTS` says. What cannot be counted, as words that are not known, is 0 for
all. What is said several times is listed once for each time.

References
----------
docs/forms.md; ten identical repeats turn speech to song: Deutsch, Henthorn, Lapidis (2011), doi 10.1121/1.3562174.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median

from shenqu.documents.cues import SENTENCE_ENDS
from shenqu.documents.song import Hook
from shenqu.documents.speech import PAUSE_S, Syllable, Transcript, Word
from shenqu.errors import InputError

WEIGHTS = {
    "repeated": 3.0, "question": 2.0, "greeting": 1.5, "slogan": 1.0, "stands": 2.0, "open": 1.0, "attack": 1.0,
    "clear": 3.0, "long": 1.0, "loud": 1.0, "size": 1.5, "content": 1.0,
}  # fmt: skip
SHORTEST, LONGEST = 2, 6
NEAREST = 3
MOST_LETTERS = 200
ATTACKS = frozenset({"P", "B", "T", "D", "K", "G", "CH", "JH", "HH"})
RISE = 1.0
FULL_TONES = frozenset({1, 2, 3, 4})
ASKING = frozenset({
    "what", "who", "why", "where", "when", "how", "which", "are", "is", "do", "does", "did", "can", "will",
    "吗", "呢", "么", "嘛", "什么", "怎么", "谁", "哪",
})  # fmt: skip
GREETING = frozenset({
    "hello", "hi", "hey", "welcome", "thanks", "thank", "bye", "goodbye", "congratulations",
    "你好", "您好", "大家好", "谢谢", "再见", "欢迎", "恭喜", "哈喽",
})  # fmt: skip
JOINING = frozenset({
    "a", "an", "the", "of", "to", "in", "on", "at", "by", "for", "from", "with", "and", "or", "but", "as", "is", "are",
    "was", "were", "that", "this", "it", "its", "my", "your", "his", "her", "our", "their", "i", "you", "we", "they",
    "he", "she", "be", "have", "has", "had", "的", "了", "和", "是", "在", "也", "就", "都", "把", "被", "对", "与",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A hook that may be taken: where it is, its text, and what was counted of it (see the module), 0 to 1 each."""

    hook: Hook
    text: str
    counts: dict[str, float]

    @property
    def score(self) -> float:
        """The sum of what was counted, weighed."""
        return sum(WEIGHTS[name] * count for name, count in self.counts.items())

    @property
    def reasons(self) -> str:
        """What speaks for it, in words, the weightiest first.

        >>> counts = dict.fromkeys(WEIGHTS, 0.0) | {"question": 1.0, "open": 1.0}
        >>> Candidate(hook=Hook(first=0, last=3), text="are you ok", counts=counts).reasons
        'question 1.00, open 1.00'
        """
        said = sorted(((WEIGHTS[name] * count, name) for name, count in self.counts.items() if count), reverse=True)
        return ", ".join(f"{name} {self.counts[name]:.2f}" for _, name in said)


def find_hooks(
    transcript: Transcript, *, pitches: Sequence[float] = (), levels_db: Sequence[float] = ()
) -> tuple[Candidate, ...]:
    """Return what could be the hook of `transcript`, the best first; of equals the earliest.

    `pitches` (MIDI, 0.0 where there is no voice) and `levels_db` have one value a syllable; without them nothing of
    voice, rise and level is counted.
    """
    speech = _Speech(transcript, pitches, levels_db)
    return _ranked(speech, list(speech.runs()))


def named_hooks(
    transcript: Transcript, words: str, *, pitches: Sequence[float] = (), levels_db: Sequence[float] = ()
) -> tuple[Candidate, ...]:
    """Return every take of `words` in `transcript`, the best first.

    Case, blanks and signs do not matter; of Chinese words some characters may be named.

    Raises
    ------
    InputError
        Where the words of the speech are not known, or `words` are not among them: with the nearest places.
    """
    wanted = plain(words)
    units = _units(transcript)
    if not wanted:
        raise InputError(f"--hook {words!r} holds no word; give words of the speech")
    if not any(unit.text for unit in units):
        raise InputError("--hook: the words of this speech are not known; give them with --text, or use --recognise")
    takes = [Hook(first=units[a].first, last=units[b].last) for a, b in _takes(units, wanted)]
    if not takes:
        raise InputError(f"--hook: {words[:60]!r} is not said here; near it are {_nearest(units, wanted)}")
    speech = _Speech(transcript, pitches, levels_db)
    return _ranked(speech, takes)


def word_around(transcript: Transcript, syllable: int) -> Hook:
    """Return the word in which a syllable lies, as if it were the hook."""
    first = 0
    for word in transcript.words:
        if syllable < first + len(word.syllables):
            return Hook(first=first, last=first + len(word.syllables) - 1)
        first += len(word.syllables)
    raise ValueError(f"there is no syllable {syllable}, only {first} of them")


def stresses(transcript: Transcript) -> Iterator[bool]:
    """Yield for every syllable whether it carries a stress or a full tone; words that only join others carry none."""
    for word in transcript.words:
        joins = plain(word.text) in JOINING
        yield from (not joins and (one.tone in FULL_TONES or one.stress == 1) for one in word.syllables)


def plain(text: str) -> str:
    """Return the letters and digits of `text` in one case, without blanks.

    >>> plain("Are you O.K.?"), plain("你好，世界")
    ('areyouok', '你好世界')
    """
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())


@dataclass(frozen=True, slots=True)
class _Unit:
    """The least that can be named of a speech: a word, or a character of one that has a syllable each."""

    text: str
    first: int
    last: int
    start_s: float


def _units(transcript: Transcript) -> list[_Unit]:
    units, number = [], 0
    for word in transcript.words:
        text, count = plain(word.text), len(word.syllables)
        if not count:
            continue
        pieces = list(text) if len(text) == count and not text.isascii() else [text]
        for place, piece in enumerate(pieces):
            last = number + (place if len(pieces) > 1 else count - 1)
            first = last if len(pieces) > 1 else number
            units.append(_Unit(piece, first, last, word.syllables[first - number].start_s))
        number += count
    return units


def _takes(units: Sequence[_Unit], wanted: str) -> Iterator[tuple[int, int]]:
    """Yield first and last of the units that say `wanted`."""
    for first in range(len(units)):
        said = ""
        for last in range(first, len(units)):
            said += units[last].text
            if said == wanted:
                yield first, last
            if not wanted.startswith(said) or said == wanted:
                break


def _nearest(units: Sequence[_Unit], wanted: str) -> str:
    """Return the places that are spelled most like `wanted`, with their times."""
    found: dict[str, tuple[int, float]] = {}
    for first in range(len(units)):
        said = ""
        for unit in units[first : first + LONGEST]:
            said += unit.text
            if not said or len(said) > 2 * len(wanted):
                break
            far = _distance(said[:MOST_LETTERS], wanted[:MOST_LETTERS])
            if said not in found:
                found[said] = (far, units[first].start_s)
    best = sorted(found.items(), key=lambda item: item[1])
    nearest: list[tuple[str, float]] = []
    for said, (_, start_s) in best:
        if all(abs(start_s - other) > 1.0 for _, other in nearest):
            nearest.append((_spelled(units, said, start_s), start_s))
        if len(nearest) == NEAREST:
            break
    return ", ".join(f'"{said}" at {start_s:.1f} s' for said, start_s in nearest) or "no words at all"


def _spelled(units: Sequence[_Unit], said: str, start_s: float) -> str:
    """Return the words that say `said` from `start_s` on, with blanks where there are some."""
    words: list[str] = []
    for unit in units[next(index for index, unit in enumerate(units) if unit.start_s == start_s) :]:
        if plain("".join(words)) == said:
            break
        words.append(unit.text)
    return ("" if said and not said.isascii() else " ").join(words)


def _distance(one: str, other: str) -> int:
    """Return how many letters must be put in, taken out or changed to make `other` of `one` (Levenshtein 1966).

    >>> _distance("areyouok", "howareyou")
    5
    """
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, start=1):
        before, row[0] = row[0], place
        for column, wanted in enumerate(other, start=1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (letter != wanted))
    return row[-1]


class _Speech:
    """A transcript by syllables, and what is usual in it."""

    def __init__(self, transcript: Transcript, pitches: Sequence[float], levels_db: Sequence[float]) -> None:
        self.words: list[Word] = [word for word in transcript.words if word.syllables]
        self.syllables: tuple[Syllable, ...] = transcript.syllables
        self.word_of = [number for number, word in enumerate(self.words) for _ in word.syllables]
        self.pitches, self.levels_db = pitches, levels_db
        gaps = [after.start_s - before.end_s for before, after in pairwise(self.syllables)]
        sentence = [word.text.strip().endswith(SENTENCE_ENDS) for word in self.words]
        ends = [
            gap >= PAUSE_S or (sentence[self.word_of[i]] and self.word_of[i] != self.word_of[i + 1])
            for i, gap in enumerate(gaps)
        ]
        self.begins = [True, *ends]
        self.ends = [*ends, True]
        self.usual_s = median([s.vowel_end_s - s.vowel_s for s in self.syllables]) if self.syllables else 0.0
        self.usual_db = median(levels_db) if levels_db else 0.0
        self.said = Counter(self.text(run) for run in self.runs())

    def runs(self) -> Iterator[Hook]:
        """Yield all runs of whole words that are neither too short nor too long, and hold no pause."""
        word_first = [0]
        for word in self.words:
            word_first.append(word_first[-1] + len(word.syllables))
        for first in range(len(self.words)):
            for last in range(first, len(self.words)):
                a, b = word_first[first], word_first[last + 1] - 1
                if b - a >= LONGEST or any(self.ends[a:b]):
                    break
                if b - a + 1 >= min(SHORTEST, len(self.syllables)):
                    yield Hook(first=a, last=b)

    def words_of(self, hook: Hook) -> list[Word]:
        """Return the words in which the hook's syllables lie."""
        return self.words[self.word_of[hook.first] : self.word_of[hook.last] + 1]

    def text(self, hook: Hook) -> str:
        """Return what is said, in plain letters."""
        return plain("".join(word.text for word in self.words_of(hook)))

    def counts(self, hook: Hook) -> dict[str, float]:
        """Return what is counted of a hook."""
        words, part = self.words_of(hook), slice(hook.first, hook.last + 1)
        texts = [plain(word.text) for word in words]
        said, last = "".join(texts), words[-1].text.strip()
        vowels_s = [s.vowel_end_s - s.vowel_s for s in self.syllables[part]]
        return {
            "repeated": min(1.0, (self.said[said] - 1) / 2) if said else 0.0,
            "question": float(last.endswith(("?", "？")) or texts[0] in ASKING or texts[-1] in ASKING),
            "greeting": float(any(text in GREETING for text in [*texts, said])),
            "slogan": float(last.endswith(("!", "！"))),
            "stands": 0.5 * self.begins[hook.first] + 0.5 * self.ends[hook.last],
            "open": float(self._is_open(hook)),
            "attack": float(bool((phones := self.syllables[hook.first].phones) and phones[0].phone in ATTACKS)),
            "clear": fmean(word.confidence for word in words) * self._voiced(part),
            "long": min(1.0, max(0.0, fmean(vowels_s) / max(self.usual_s, 1e-9) - 1.0)),
            "loud": min(1.0, max(0.0, (fmean(self.levels_db[part]) - self.usual_db) / 6.0)) if self.levels_db else 0.0,
            "size": max(0.0, 1.0 - 0.25 * abs(hook.last - hook.first - 3)),
            "content": float(texts[-1] not in JOINING),
        }

    def _voiced(self, part: slice) -> float:
        return fmean(float(pitch > 0) for pitch in self.pitches[part]) if self.pitches else 1.0

    def _is_open(self, hook: Hook) -> bool:
        last = self.syllables[hook.last]
        is_read = bool(last.phones) and last.phones[-1].start_s <= last.vowel_s
        heard = self.pitches[hook.first : hook.last + 1]
        return is_read or (len(heard) > 1 and 0 < heard[-2] < heard[-1] - RISE)


def _ranked(speech: _Speech, hooks: Sequence[Hook]) -> tuple[Candidate, ...]:
    candidates = []
    for hook in hooks:
        text = " ".join(word.text for word in speech.words_of(hook)).strip()
        candidates.append(Candidate(hook=hook, text=text, counts=speech.counts(hook)))
    return tuple(sorted(candidates, key=lambda one: (-one.score, one.hook.first, one.hook.last)))
