"""When each part of each syllable is sung: from an Arrangement to a Performance.

A syllable's vowel begins on its note. Its onset consonants come before the beat and its coda at the
end of its last note, both at the speed at which they were spoken; between syllables that were spoken
without a pause the sound runs on from coda to onset. Consonants that take more than their share of
a note lose their middle, never their beginning or end in a jump of speed; those that hum have a larger share,
as the note goes on in them. All the time that is left
belongs to the vowel: its first 30 ms, where the consonant becomes the vowel, keep their speed too.

Of new words, consonants may be pieces of the speech from elsewhere: the map jumps where the vowel begins, and where it
ends. Such words need no breath but at the end of a line.

Where the speaker paused, the voice takes a breath before the next syllable, from the end of the note.

In mode `flow` nothing is stretched beyond what the grid asks for: from one vowel onset to the next the speech
runs at one speed, and what follows a pause at its own. A note that a hand has shortened ends there all the same, and
of consonants no more is sung than their note says.

References
----------
Sundberg and Bauer-Huppmann (2007): singers put the vowel onset on the beat. Saitou et al. (2007): the
boundary of consonant and vowel is never stretched.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from shenqu.documents.arrangement import Arrangement, Placement, Spans
from shenqu.documents.options import Mode
from shenqu.documents.performance import Performance, SungNote, TempoMap, TimeMap
from shenqu.documents.speech import PAUSE_S, SONORANTS, Phone, Syllable, Transcript
from shenqu.documents.tune import Note
from shenqu.errors import InputError
from shenqu.units import whole_us

CONSONANT_SHARE, UNVOICED_SHARE = 0.5, 0.3
USUAL_CONSONANTS_S, LEAST_MORE_VOICE_S = 0.1, 0.015
LONGEST_LEAD_S = 0.18
LEGATO_GAP_S = 0.08
BREATH_S = 0.08
ATTACK_S = 0.03
FASTEST_VOWEL = 1.6
SHORTENED_S = 0.01  # more than what is lost to fractions of beats
WORDLESS = "la"
LOWEST_PITCH, HIGHEST_PITCH = 24, 96

Row = tuple[float, float]
Rows = tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class _Slot:
    """A placement with its song times, and the consonants around its vowel: pieces of speech, and `phones` in them.

    `after_rest` says that the placements name a rest before it.
    """

    placement: Placement
    syllable: Syllable
    index: int
    onset_s: Spans
    coda_s: Spans
    phones: tuple[Phone, ...]
    start_s: float
    last_start_s: float
    end_s: float
    after_rest: bool

    @property
    def consonant_room_s(self) -> float:
        """Time at the end of the last note that consonants may take."""
        return CONSONANT_SHARE * (self.end_s - self.last_start_s)

    @property
    def unvoiced_room_s(self) -> float:
        """Time at the end of the last note in which the voice may be gone.

        What consonants usually take is theirs on short notes too, but for most of a note there is a voice.
        """
        least_s = min(USUAL_CONSONANTS_S, self.consonant_room_s - LEAST_MORE_VOICE_S)
        return max(0.0, least_s, UNVOICED_SHARE * (self.end_s - self.last_start_s))

    @property
    def hums_in(self) -> bool:
        """Whether its onset consonants all hum."""
        onset = [phone for phone in self.phones if any(start <= phone.start_s < end for start, end in self.onset_s)]
        return all(phone.phone in SONORANTS for phone in onset)

    @property
    def humming_coda_s(self) -> float:
        """How long it hums on behind the vowel."""
        hums_s = 0.0
        for start_s, end_s in self.coda_s:
            until_s = start_s
            for phone in self.phones:
                if phone.phone in SONORANTS and phone.start_s <= until_s < phone.end_s:
                    until_s = phone.end_s
            hums_s += until_s - start_s
            if until_s < end_s:
                break
        return hums_s

    @property
    def wanted_lead_s(self) -> float:
        """How much of its onset consonants is sung where there is room."""
        return min(_length_s(self.onset_s), LONGEST_LEAD_S) * self.placement.notes[0].expression.consonant_lead


def _length_s(pieces: Spans) -> float:
    return sum(end_s - start_s for start_s, end_s in pieces)


def perform(
    arrangement: Arrangement, transcript: Transcript, clock: TempoMap, *, duration_s: float, mode: Mode = "phrase"
) -> Performance:
    """Return the notes and the time map of `arrangement`, sung to `clock` in a song of `duration_s`.

    Raises
    ------
    InputError
        Where a placement names a syllable that the transcript does not hold.
    """
    slots = _slots(arrangement, transcript, clock)
    if not slots:
        raise InputError("all placements are rests; give at least one of them a syllable")
    triples = zip([None, *slots[:-1]], slots, [*slots[1:], None], strict=True)
    rows_of = _flow_rows if mode == "flow" else _syllable_rows
    rows = _join(rows_of(before, slot, after) for before, slot, after in triples)
    return Performance(notes=_notes(slots, clock, rows), time_map=TimeMap(rows=rows), duration_s=duration_s)


def _slots(arrangement: Arrangement, transcript: Transcript, clock: TempoMap) -> list[_Slot]:
    syllables = transcript.syllables
    phones = sorted((phone for syllable in syllables for phone in syllable.phones), key=lambda phone: phone.start_s)
    slots = []
    for number, placement in enumerate(arrangement.placements):
        if placement.syllable is None or not placement.notes:
            continue
        before = arrangement.placements[number - 1] if number else None
        if not 0 <= placement.syllable < len(syllables):
            raise InputError(
                f"placement {number} sings syllable {placement.syllable}, "
                f"but the transcript holds 0 to {len(syllables) - 1}; choose one of them"
            )
        syllable = syllables[placement.syllable]
        onset_s = _pieces(placement.onset_s, syllable.start_s, syllable.vowel_s)
        coda_s = _pieces(placement.coda_s, syllable.vowel_end_s, syllable.end_s)
        is_own = placement.onset_s is None and placement.coda_s is None
        slots.append(
            _Slot(
                placement=placement,
                syllable=syllable,
                index=placement.syllable,
                onset_s=onset_s,
                coda_s=coda_s,
                phones=syllable.phones if is_own else _phones_in((*onset_s, *coda_s), phones),
                start_s=whole_us(clock.beat_to_s(placement.notes[0].onset_beat)),
                last_start_s=whole_us(clock.beat_to_s(placement.notes[-1].onset_beat)),
                end_s=whole_us(clock.beat_to_s(placement.notes[-1].end_beat)),
                after_rest=before is not None and before.syllable is None,
            )
        )
    slots.sort(key=lambda slot: slot.start_s)
    _check_notes([note for slot in slots for note in slot.placement.notes], clock)
    return slots


def _pieces(given: Spans | None, start_s: float, end_s: float) -> Spans:
    """Return the pieces `given`, by default the one of the syllable itself."""
    if given is not None:
        return given
    return ((start_s, end_s),) if start_s < end_s else ()


def _phones_in(pieces: Spans, phones: Sequence[Phone]) -> tuple[Phone, ...]:
    """Return those of `phones`, which are in order, that sound in `pieces` of the speech."""
    found: list[Phone] = []
    for start_s, end_s in pieces:
        first = max(0, bisect_right(phones, start_s, key=lambda phone: phone.start_s) - 1)
        found += phones[first : bisect_left(phones, end_s, key=lambda phone: phone.start_s)]
    return tuple(found)


def _check_notes(notes: list[Note], clock: TempoMap) -> None:
    """Refuse what no voice can sing: notes before the song, of no length, at once, or out of range."""
    for note in notes:
        if not LOWEST_PITCH <= note.pitch <= HIGHEST_PITCH:
            raise InputError(f"the note at beat {note.onset_beat}: pitch {note.pitch} is not within 24 to 96")
        if note.length_beat <= 0 or note.onset_beat + clock.lead_in_beat < 0:
            raise InputError(f"the note at beat {note.onset_beat} needs a length above 0 and a place within the song")
    for before, note in pairwise(notes):
        if note.onset_beat < before.end_beat:
            raise InputError(
                f"the notes at beats {before.onset_beat} and {note.onset_beat} overlap; shorten the first or move one"
            )


def _notes(slots: list[_Slot], clock: TempoMap, rows: Rows) -> tuple[SungNote, ...]:
    sung_before: Counter[int] = Counter()
    place = {row: number for number, row in enumerate(rows)}
    notes = []
    for before, slot in zip([None, *slots], slots, strict=False):
        vowel = place[_row(slot.start_s, slot.syllable.vowel_s)]
        lead_s = _sounding_s(rows[max(0, vowel - 1)], rows[vowel], slot.syllable.start_s)
        if slot.placement.onset_s is not None:
            lead_s = _lead_s(before, slot)
        text = slot.placement.text
        for position, note in enumerate(slot.placement.notes):
            notes.append(
                SungNote(
                    start_s=whole_us(clock.beat_to_s(note.onset_beat)),
                    end_s=whole_us(clock.beat_to_s(note.end_beat)),
                    pitch=note.pitch,
                    syllable=slot.index,
                    lyric="+" if position else ((slot.syllable.text if text is None else text) or WORDLESS),
                    repeat=sung_before[slot.index],
                    expression=note.expression,
                    lead_s=0.0 if position else lead_s,
                    text=text,
                    ends=slot.placement.ends,
                )
            )
        sung_before[slot.index] += 1
    return tuple(notes)


def _sounding_s(before: Row, vowel: Row, onset_s: float) -> float:
    """Return for how long before its vowel a syllable is heard that begins at `onset_s` of the speech."""
    (song_a, speech_a), (song_b, speech_b) = before, vowel
    if speech_b <= speech_a or song_b <= song_a:
        return 0.0
    return (song_b - song_a) * min(1.0, (speech_b - onset_s) / (speech_b - speech_a))


def _runs_on(slot: _Slot, after: _Slot) -> bool:
    """True where the speaker went on from this syllable to the next one without a pause."""
    gap = after.syllable.start_s - slot.syllable.end_s
    if slot.placement.coda_s is not None or after.placement.onset_s is not None:
        return False
    return after.index == slot.index + 1 and -0.001 <= gap < LEGATO_GAP_S


def _lead_s(before: _Slot | None, slot: _Slot) -> float:
    """Return how much of the onset consonants is sung, before the beat."""
    if before is None:
        return min(slot.wanted_lead_s, slot.start_s)
    rest = max(0.0, round(slot.start_s - before.end_s, 6))
    room = before.consonant_room_s if slot.hums_in else before.unvoiced_room_s
    return min(slot.wanted_lead_s, rest + room)


def _syllable_rows(before: _Slot | None, slot: _Slot, after: _Slot | None) -> list[tuple[float, float]]:
    """Return the time map's rows from the onset consonants to the end of the sound."""
    spoken = slot.syllable
    lead = _lead_s(before, slot)
    rows = [*_onset_rows(slot, lead), (slot.start_s, spoken.vowel_s)]
    vowel_end, coda_end = _endings(slot, after)
    sung, vowel = vowel_end - slot.start_s, spoken.vowel_end_s - spoken.vowel_s
    if sung > vowel > 2 * ATTACK_S:
        rows.append((slot.start_s + ATTACK_S, spoken.vowel_s + ATTACK_S))
    rows.append((vowel_end, spoken.vowel_s + min(vowel, FASTEST_VOWEL * sung)))
    coda = coda_end - vowel_end
    runs_on = after is not None and _runs_on(slot, after)
    pieces = ((spoken.vowel_end_s, spoken.vowel_end_s + coda),) if runs_on else slot.coda_s
    return [*rows, *_coda_rows(pieces, vowel_end, coda)] if coda > 0 else rows


def _onset_rows(slot: _Slot, lead_s: float) -> list[Row]:
    """Return the rows of the last `lead_s` of the onset consonants, up to the beat."""
    rows: list[Row] = []
    song_s, left_s = slot.start_s, lead_s
    for start_s, end_s in reversed(slot.onset_s):
        sung_s = min(left_s, end_s - start_s)
        rows[:0] = [(song_s - sung_s, end_s - sung_s), (song_s, end_s)] if sung_s > 0 else []
        song_s, left_s = song_s - sung_s, left_s - sung_s
    return rows


def _coda_rows(pieces: Spans, song_s: float, coda_s: float) -> list[Row]:
    """Return the rows of the first `coda_s` of `pieces`, from `song_s` on."""
    rows: list[Row] = []
    for start_s, end_s in pieces:
        sung_s = min(coda_s, end_s - start_s)
        rows += [(song_s, start_s), (song_s + sung_s, start_s + sung_s)] if sung_s > 0 else []
        song_s, coda_s = song_s + sung_s, coda_s - sung_s
    return rows


def _flow_rows(before: _Slot | None, slot: _Slot, after: _Slot | None) -> list[Row]:
    """Return the time map's rows of a syllable that keeps its rhythm, up to the next one's vowel where it runs on."""
    spoken = slot.syllable
    rows = [(slot.start_s, spoken.vowel_s)]
    if before is None or not _flows_over(before, slot):
        lead_s, spoken_lead_s = _flow_lead(before, slot)
        rows.insert(0, (slot.start_s - lead_s, spoken.vowel_s - spoken_lead_s))
    if after is not None and _flows_over(slot, after):
        return [*rows, (after.start_s, after.syllable.vowel_s)]
    free_s = after.start_s - _flow_lead(slot, after)[0] if after else slot.end_s + spoken.end_s
    if after is not None and _flows_on(slot, after) and not _is_shortened(slot, after):
        return [*rows, (free_s, after.syllable.start_s)]
    sung_end_s = min(slot.end_s, free_s)
    sung_until_s = min(spoken.sung_until_s, spoken.vowel_s + FASTEST_VOWEL * (sung_end_s - slot.start_s))
    coda = min(spoken.end_s - spoken.sung_until_s, free_s - sung_end_s)
    rows.append((sung_end_s, sung_until_s))
    return [*rows, (sung_end_s, spoken.sung_until_s), (sung_end_s + coda, spoken.sung_until_s + coda)]


def _flow_lead(before: _Slot | None, slot: _Slot) -> tuple[float, float]:
    """Return for how long onset consonants are heard before the beat, in the song and in the speech.

    Behind a rest they take half of the time there is, or all that is free; where the speech runs on, its own share.
    """
    if before is not None and _flows_on(before, slot):
        spoken_s = slot.syllable.vowel_s - slot.syllable.start_s
        spoken_s *= slot.placement.notes[0].expression.consonant_lead
        return spoken_s / _speed(before, slot), spoken_s
    room = slot.start_s if before is None else max(slot.start_s - before.end_s, 0.5 * (slot.start_s - before.start_s))
    lead_s = min(slot.wanted_lead_s, room)
    return lead_s, lead_s


def _speed(slot: _Slot, after: _Slot) -> float:
    """Return at which speed the speech runs on from vowel to vowel."""
    return (after.syllable.vowel_s - slot.syllable.vowel_s) / (after.start_s - slot.start_s)


def _flows_over(slot: _Slot, after: _Slot) -> bool:
    """True where the speech runs on to the next vowel, and no hand has kept it from that."""
    whole = after.placement.notes[0].expression.consonant_lead == 1.0
    return _flows_on(slot, after) and whole and not _is_shortened(slot, after)


def _is_shortened(slot: _Slot, after: _Slot) -> bool:
    """True where a note ends before what can be sung of its syllable, which flows on to the next one."""
    sung_s = (slot.syllable.sung_until_s - slot.syllable.vowel_s) / _speed(slot, after)
    return slot.end_s < slot.start_s + sung_s - SHORTENED_S


def _flows_on(slot: _Slot, after: _Slot) -> bool:
    """True where the next syllable followed without a rest, and none is named in the song."""
    goes_on = after.index == slot.index + 1 and not after.after_rest
    return goes_on and after.syllable.start_s - slot.syllable.end_s < PAUSE_S


def _endings(slot: _Slot, after: _Slot | None) -> tuple[float, float]:
    """Return the song times at which the vowel and the coda end."""
    coda = _length_s(slot.coda_s)
    if after is None:
        coda = min(coda, slot.consonant_room_s)
        return slot.end_s - coda, slot.end_s
    lead = _lead_s(slot, after)
    sound_end = after.start_s - lead
    if round(after.start_s - slot.end_s, 6) >= LEGATO_GAP_S:
        sound_end = min(sound_end, slot.end_s)
        coda = min(coda, max(0.0, slot.consonant_room_s - (slot.end_s - sound_end)))
        return sound_end - coda, sound_end
    if _runs_on(slot, after):
        coda = max(0.0, after.syllable.vowel_s - lead - slot.syllable.vowel_end_s)
    elif _takes_breath(slot, after):
        sound_end -= min(BREATH_S, 0.5 * max(0.0, slot.consonant_room_s - lead))
    return sound_end - min(coda, _coda_room_s(slot, after, after.start_s - sound_end)), sound_end


def _takes_breath(slot: _Slot, after: _Slot) -> bool:
    """True where the speech jumps, or the speaker had paused; within a line of new words it only jumps."""
    if slot.placement.text is not None:
        return slot.placement.ends == "line"
    return after.syllable.start_s - slot.syllable.end_s >= PAUSE_S or after.index != slot.index + 1


def _coda_room_s(slot: _Slot, after: _Slot, taken_s: float) -> float:
    """Return how much of the coda can be sung where the next syllable has `taken_s` of the note's end."""
    unvoiced_s = slot.unvoiced_room_s if after.hums_in else slot.unvoiced_room_s - taken_s
    return max(0.0, min(slot.consonant_room_s - taken_s, slot.humming_coda_s + max(0.0, unvoiced_s)))


def _join(pieces: Iterable[list[Row]]) -> Rows:
    """Return all rows in one list; between two sounds the speech stands still."""
    rows: list[Row] = []
    for piece in pieces:
        if rows and piece[0][0] > rows[-1][0] + 1e-6:
            rows.append((whole_us(piece[0][0]), rows[-1][1]))
        for song_s, speech_s in piece:
            row = _row(song_s, speech_s)
            if not rows or row != rows[-1]:
                rows.append(row)
    return tuple(rows)


def _row(song_s: float, speech_s: float) -> Row:
    return whole_us(song_s), round(speech_s, 6)
