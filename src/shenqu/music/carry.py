"""Placements carried over to a transcript that was corrected.

Words keep their notes. Where a word has fewer syllables than before, its last one goes on over the notes that are
left; where it has more, those at its end stay unsung; where it has none any more, its notes are rests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shenqu.documents.arrangement import Placement
from shenqu.documents.speech import Syllable, Word
from shenqu.errors import InputError


class Carried(NamedTuple):
    """Placements in the new numbers of their syllables, the syllables that have no notes, the words without any.

    `numbers` are the new numbers of the syllables before, None where one is no more.
    """

    placements: tuple[Placement, ...]
    unsung: tuple[Syllable, ...]
    lost: tuple[Word, ...]
    numbers: tuple[int | None, ...]


def carry(placements: Sequence[Placement], before: Sequence[Word], after: Sequence[tuple[Word, ...]]) -> Carried:
    """Return `placements`, whose numbers count the syllables of the words `before`, for the words `after`.

    `after` holds what became of each word before: one word, or several where it held more.

    Raises `InputError` where a placement names a syllable that there was not.
    """
    counts = [len(word.syllables) for word in before]
    rows = [[syllable for word in row for syllable in word.syllables] for row in after]
    places: list[int | None] = []
    unsung: list[Syllable] = []
    first = 0
    for count, row in zip(counts, rows, strict=True):
        places += [first + min(index, len(row) - 1) if row else None for index in range(count)]
        unsung += row[count:]
        first += len(row)
    lost = tuple(word for word, row in zip(before, rows, strict=True) if word.syllables and not row)
    carried: list[Placement] = []
    for number, placement in enumerate(placements):
        new = placement.replace(syllable=_place(places, placement.syllable, number))
        goes_on = number > 0 and _goes_on(placements[number - 1], placement, carried[-1], new)
        carried[-1:] = [_joined(carried[-1], new)] if goes_on else [*carried[-1:], new]
    return Carried(tuple(carried), tuple(unsung), lost, tuple(places))


def _place(places: Sequence[int | None], syllable: int | None, number: int) -> int | None:
    if syllable is None:
        return None
    if not 0 <= syllable < len(places):
        raise InputError(
            f"placement {number} sings syllable {syllable}, but the transcript holds {len(places)}, counted from 0; "
            "number the placements anew where words with syllables were taken out"
        )
    return places[syllable]


def _goes_on(old_before: Placement, old: Placement, before: Placement, new: Placement) -> bool:
    """Return whether two syllables in a row have become one, on notes without a rest between them."""
    if old.text is not None or old.syllable is None or old_before.syllable is None:
        return False
    if old.syllable != old_before.syllable + 1:
        return False
    follows = bool(before.notes and new.notes) and before.notes[-1].end_beat == new.notes[0].onset_beat
    return follows and new.syllable is not None and new.syllable == before.syllable


def _joined(before: Placement, after: Placement) -> Placement:
    return before.replace(notes=(*before.notes, *after.notes))
