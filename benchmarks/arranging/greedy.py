"""The longest match, as tools of movable type (活字印刷) make it: what the bench lays new words beside.

From left to right the longest row of syllables that was spoken so is taken, where it was spoken first; a syllable that
was never spoken is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from shenqu.documents.arrangement import Ends
from shenqu.documents.lyrics import BuiltSyllable, WantedWord
from shenqu.documents.speech import Syllable, Transcript

Phones = tuple[str, ...]


def longest_matches(wanted: Sequence[WantedWord], spoken: Transcript) -> tuple[BuiltSyllable, ...]:
    """Return `wanted`, each word as it is usually said, in rows of syllables of `spoken`."""
    said = [(syllable, word) for word in wanted for syllable in word.ways[0].syllables]
    phones = [_phones(syllable) for syllable, _ in said]
    stock = [_phones(syllable) for syllable in spoken.syllables]
    chosen: list[int | None] = []
    while len(chosen) < len(said):
        length, first = max((_length(phones[len(chosen) :], stock[place:]), -place) for place in range(len(stock)))
        chosen += list(range(-first, -first + length)) if length else [None]
    ends = _ends(wanted)
    return tuple(
        BuiltSyllable(
            text=syllable.text,
            ends=end,
            wanted=own,
            sung=own if number is not None else ("",) * len(own),
            syllable=number,
            stress=syllable.stress,
            tone=syllable.tone,
        )
        for (syllable, _), own, number, end in zip(said, phones, chosen, ends, strict=True)
    )


def _phones(syllable: Syllable) -> Phones:
    return tuple(phone.phone for phone in syllable.phones)


def _length(wanted: Sequence[Phones], stock: Sequence[Phones]) -> int:
    """Return how many syllables two rows have in common from their beginnings."""
    pairs = zip(wanted, stock, strict=False)
    return next((count for count, (one, other) in enumerate(pairs) if one != other), min(len(wanted), len(stock)))


def _ends(wanted: Sequence[WantedWord]) -> list[Ends]:
    ends: list[Ends] = []
    for word, after in zip(wanted, [*wanted[1:], None], strict=True):
        last: Ends = "line" if after is None or after.line != word.line else "syllable" if after.joined else "word"
        ends.extend("syllable" for _ in word.ways[0].syllables[1:])
        ends.append(last)
    return ends
