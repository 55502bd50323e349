"""What a hand has changed in a transcript, told from the transcript alone: it no longer agrees with itself.

Conventions
-----------
A word agrees with itself when it spells what its syllables spell, and begins and ends with them; a syllable, when
its phones say where it and its vowel begin and end. What is read aloud counts as letters: punctuation, hyphens and
capitals do not, an apostrophe inside a word does ("well", "we'll").
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

from shenqu.documents.speech import Phone, Syllable, Word
from shenqu.errors import InputError
from shenqu.speech.phones import VOWELS
from shenqu.speech.shape import vowel_span

SAME_S = 1e-6
_NEARLY_S = 1.5e-3  # other programs round to milliseconds
_HEARD = "V"  # a vowel that was heard, not read; its syllable may begin before it
_APOSTROPHES = "'’‘ʼ`´"
_SIGNS = "&%"
_REMARK = re.compile(r"\[[^\[\]]*\]|【[^【】]*】")

Phones = tuple[Phone, ...]


def letters(text: str) -> str:
    """Return what of `text` is read aloud, in small letters; a [remark] is not.

    >>> letters("“We’ll”, OK?"), letters("forty-one."), letters("well... [coughs]")
    ("we'llok", 'fortyone', 'well')
    """
    return "".join(_signs(text))


def _signs(text: str) -> list[str]:
    """Return each sign of `text` as it counts, "" where it does not."""
    text = _REMARK.sub(lambda remark: " " * len(remark.group()), text)
    return [_sign(sign, text, place) for place, sign in enumerate(text)]


def _sign(sign: str, text: str, place: int) -> str:
    if sign in _APOSTROPHES:
        inside = 0 < place < len(text) - 1 and text[place - 1].isalnum() and text[place + 1].isalnum()
        return "'" if inside else ""
    return sign.lower() if unicodedata.category(sign)[0] in "LMN" or sign in _SIGNS else ""


def is_misspelt(word: Word) -> bool:
    """Return whether a word is another one than its syllables spell."""
    return letters(word.text) != letters(_spelt(word))


def has_moved(word: Word) -> bool:
    """Return whether a word begins or ends elsewhere than its syllables do."""
    if not word.syllables:
        return False
    start_s, end_s = word.span_s
    return not (_same(start_s, word.syllables[0].start_s) and _same(end_s, word.syllables[-1].end_s))


def settled(word: Word) -> Word:
    """Return `word` with all that needs no sound made to agree.

    New punctuation goes into its syllables. Where a hand has moved a syllable or its vowel, they are kept, the phones
    are cut or stretched to them, and the word is pinned.
    """
    if not word.syllables:
        return word
    word = word.replace(syllables=_dealt(word.syllables))
    moved = [not _agrees(syllable) for syllable in word.syllables]
    return respelt(_with_moved(word, moved) if any(moved) else word)


def _with_moved(word: Word, moved: Sequence[bool]) -> Word:
    """Return `word`, pinned, with the syllables that a hand has moved; its own ends follow them if it had none."""
    before = word.syllables
    syllables = tuple(fitted(one) if is_moved else one for one, is_moved in zip(before, moved, strict=True))
    for index, (one, after) in enumerate(pairwise(syllables), 1):
        if one.end_s > after.start_s + SAME_S:
            syllables = _parted(syllables, index, moved)
    start_s, end_s = word.span_s
    if before[0].phones and _same(start_s, before[0].phones[0].start_s):
        start_s = syllables[0].start_s
    if before[-1].phones and _same(end_s, before[-1].phones[-1].end_s):
        end_s = syllables[-1].end_s
    return word.replace(start_s=start_s, end_s=end_s, syllables=syllables, pinned=True)


def _parted(syllables: tuple[Syllable, ...], index: int, moved: Sequence[bool]) -> tuple[Syllable, ...]:
    """Return `syllables` of which number `index` and the one before, one of them moved, do not overlap."""
    one, after = syllables[index - 1 : index + 1]
    if moved[index]:
        one = clipped_syllable(one, one.start_s, after.start_s)
    else:
        after = clipped_syllable(after, one.end_s, after.end_s)
    return (*syllables[: index - 1], one, after, *syllables[index + 1 :])


def clipped(word: Word, start_s: float, end_s: float) -> Word:
    """Return `word` with nothing before `start_s` or after `end_s`. Raises `InputError` where that leaves no vowel."""
    syllables = tuple(clipped_syllable(syllable, start_s, end_s) for syllable in word.syllables)
    return word.replace(start_s=syllables[0].start_s, end_s=syllables[-1].end_s, syllables=syllables)


def clipped_syllable(syllable: Syllable, start_s: float, end_s: float) -> Syllable:
    """Return `syllable` with nothing before `start_s` or after `end_s`; `InputError` where that leaves no vowel."""
    return _mapped(syllable, lambda time_s: min(max(time_s, start_s), end_s))


def stretched(word: Word) -> Word | None:
    """Return `word` with its first and last syllable drawn to its ends; None where a vowel lies outside of these."""
    start_s, end_s = word.span_s
    first, last = word.syllables[0], word.syllables[-1]
    if start_s > first.vowel_s or end_s < last.vowel_end_s:
        return None
    syllables = [first.replace(start_s=start_s), *word.syllables[1:]]
    syllables[-1] = syllables[-1].replace(end_s=end_s)
    return word.replace(syllables=tuple(fitted(syllable) for syllable in syllables))


def scaled(word: Word) -> Word:
    """Return `word` with its syllables stretched or pressed between its ends."""
    start_s, end_s = word.span_s
    old_start_s, old_end_s = word.syllables[0].start_s, word.syllables[-1].end_s
    scale = (end_s - start_s) / (old_end_s - old_start_s)

    def move(time_s: float) -> float:
        if time_s in (old_start_s, old_end_s):
            return start_s if time_s == old_start_s else end_s
        return min(end_s, round(start_s + (time_s - old_start_s) * scale, 6))

    return word.replace(syllables=tuple(_mapped(syllable, move) for syllable in word.syllables))


def edged(word: Word, start_s: float, end_s: float) -> Word:
    """Return `word`, found between `start_s` and `end_s`, with its first and last sound drawn to them."""
    first, last = word.syllables[0].start_s, word.syllables[-1].end_s
    ends = {first: start_s, last: end_s}
    syllables = tuple(
        _mapped(syllable, lambda time_s: ends.get(time_s, min(max(time_s, start_s), end_s)))
        for syllable in word.syllables
    )
    return word.replace(start_s=start_s, end_s=end_s, syllables=syllables)


def fitted(syllable: Syllable) -> Syllable:
    """Return `syllable` with its phones cut and stretched to its times; those that no time is left for are gone."""
    phones = syllable.phones
    nucleus = _nucleus(phones)
    if nucleus is None or _agrees(syllable):
        return syllable
    if phones[nucleus].phone == _HEARD:
        return syllable.replace(phones=(Phone(phone=_HEARD, start_s=syllable.vowel_s, end_s=syllable.vowel_end_s),))
    knots = (phones[0].start_s, phones[nucleus].start_s, phones[nucleus].end_s, phones[-1].end_s)
    targets = (
        syllable.start_s,
        syllable.vowel_s if nucleus else syllable.start_s,
        syllable.vowel_end_s if nucleus < len(phones) - 1 else syllable.end_s,
        syllable.end_s,
    )
    if knots == targets:
        return syllable
    onset = [_moved(phone, knots[:2], targets[:2]) for phone in phones[:nucleus]]
    vowel = phones[nucleus].replace(start_s=targets[1], end_s=targets[2])
    coda = [_moved(phone, knots[2:], targets[2:]) for phone in phones[nucleus + 1 :]]
    return syllable.replace(phones=tuple(phone for phone in (*onset, vowel, *coda) if phone.end_s > phone.start_s))


def _moved(phone: Phone, knots: tuple[float, ...], targets: tuple[float, ...]) -> Phone:
    return phone.replace(start_s=_between(phone.start_s, knots, targets), end_s=_between(phone.end_s, knots, targets))


def _between(time_s: float, knots: tuple[float, ...], targets: tuple[float, ...]) -> float:
    """Return where a time between two `knots` lies between two `targets`; these themselves keep every digit."""
    if time_s <= knots[0]:
        return targets[0]
    if time_s >= knots[1]:
        return targets[1]
    share = (time_s - knots[0]) / (knots[1] - knots[0])
    return min(targets[1], max(targets[0], round(targets[0] + share * (targets[1] - targets[0]), 6)))


def _mapped(syllable: Syllable, move: Callable[[float], float]) -> Syllable:
    """Return `syllable` with each time moved, its phones as far as time is left for them."""
    phones = (phone.replace(start_s=move(phone.start_s), end_s=move(phone.end_s)) for phone in syllable.phones)
    times_s = [move(time_s) for time_s in (syllable.start_s, syllable.vowel_s, syllable.vowel_end_s, syllable.end_s)]
    if times_s[1] >= times_s[2]:
        raise InputError(
            f"no time is left for the syllable `{syllable.text}` at {syllable.vowel_s:.3f} s; correct its times"
        )
    kept = tuple(phone for phone in phones if phone.end_s > phone.start_s)
    start_s, vowel_s, vowel_end_s, end_s = times_s
    return fitted(syllable.replace(start_s=start_s, vowel_s=vowel_s, vowel_end_s=vowel_end_s, end_s=end_s, phones=kept))


def _agrees(syllable: Syllable) -> bool:
    """Return whether the phones of a syllable say the same times as it does itself."""
    phones = syllable.phones
    nucleus = _nucleus(phones)
    if nucleus is None:
        return True
    vowel = phones[nucleus]
    if vowel.phone == _HEARD:
        return _same(syllable.vowel_s, vowel.start_s) and _same(syllable.vowel_end_s, vowel.end_s)
    if not (_same(syllable.start_s, phones[0].start_s) and _same(syllable.end_s, phones[-1].end_s)):
        return False
    said = vowel_span(phones, tone=syllable.tone)
    return all(
        _same(time_s, own_s) or abs(time_s - said_s) <= _NEARLY_S
        for time_s, own_s, said_s in zip(
            (syllable.vowel_s, syllable.vowel_end_s), (vowel.start_s, vowel.end_s), said, strict=True
        )
    )


def _nucleus(phones: Phones) -> int | None:
    """Return the place of the vowel, None where there is not one alone."""
    places = [place for place, phone in enumerate(phones) if phone.phone in VOWELS or phone.phone == _HEARD]
    return places[0] if len(places) == 1 else None


def _dealt(syllables: tuple[Syllable, ...]) -> tuple[Syllable, ...]:
    """Return `syllables` with a vowel each, where a boundary that was moved has parted phones from their syllable."""
    phones = [phone for syllable in syllables for phone in syllable.phones]
    vowels = [place for place, phone in enumerate(phones) if phone.phone in VOWELS]
    if len(vowels) != len(syllables) or all(_nucleus(syllable.phones) is not None for syllable in syllables):
        return syllables
    cuts = [0]
    for (one, other), after in zip(pairwise(vowels), syllables[1:], strict=True):
        behind = (place for place in range(one + 1, other) if phones[place].start_s >= after.start_s - SAME_S)
        cuts.append(next(behind, other))
    cuts.append(len(phones))
    parts = [tuple(phones[begin:end]) for begin, end in pairwise(cuts)]
    return tuple(syllable.replace(phones=part) for syllable, part in zip(syllables, parts, strict=True))


def _spelt(word: Word) -> str:
    return "".join(syllable.text for syllable in word.syllables)


def respelt(word: Word) -> Word:
    """Return `word` with its own spelling in its syllables, each with as many letters as it had."""
    if word.text == _spelt(word):
        return word
    if not letters(word.text):
        texts = [word.text, *("" for _ in word.syllables[1:])]
    elif is_misspelt(word):
        return word
    else:
        spelt = _spelt(word)
        ends = accumulate(len(syllable.text) for syllable in word.syllables)
        texts = _cut(word.text, [_counts(spelt)[end] for end in ends])
    syllables = tuple(one.replace(text=text) for one, text in zip(word.syllables, texts, strict=True))
    return word.replace(syllables=syllables)


def _cut(text: str, counts: Sequence[int]) -> list[str]:
    """Return `text` in pieces that end behind so many of its letters, punctuation with the letter before it.

    >>> _cut("“Hel-lo!”", [3, 5])
    ['“Hel-', 'lo!”']
    """
    ends = [bisect_right(_counts(text), count) - 1 for count in counts]
    return [text[begin:end] for begin, end in pairwise([0, *ends])]


def _counts(text: str) -> list[int]:
    """Return how many letters there are before each place of `text`, and in all of it."""
    return list(accumulate(map(len, _signs(text)), initial=0))


def _same(one_s: float, other_s: float) -> bool:
    return abs(one_s - other_s) <= SAME_S
