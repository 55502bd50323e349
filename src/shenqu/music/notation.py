"""Tunes written as text: numbered notation (简谱, jianpu), with chords as lead sheets write them.

A melody is a list of phrases. A note is a degree of the major scale on `do`, one beat long:

    1 .. 7      do to ti; 0 is a rest
    #4 b7       a semitone up, down
    5,  1'      an octave lower, higher (twice: two octaves)
    3_  3__     half, a quarter of a beat
    2.  2_.     half as long again
    -           the note before goes on for a beat
    3_*         two thirds of its length: three such in the time of two
    3~          tied to the next note, which has the same pitch
    |           bar line (checked)

Minor tunes end on 6 (la). Chords stand in bars too: "G | C D7" gives the second bar half to each;
an upbeat has none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

from shenqu.documents.tune import Chord, Metre, Note, Scale, Section, Tempo, Tune
from shenqu.documents.tune_file import TuneFile, WrittenSection
from shenqu.music.harmony import chord_tones

_DEGREES = (0, 2, 4, 5, 7, 9, 11)
_TOKEN = re.compile(r"([#b]?)([0-7])([,']{0,4})(_{0,4})(\.?)(\*?)(~?)")


def parse_tune(
    *,
    tune_id: str,
    title: str,
    origin: str,
    do: int,
    metre: tuple[int, int],
    bpm: float,
    phrases: Sequence[str],
    chords: str,
    scale: Scale = "major",
    upbeat_beat: Fraction = Fraction(0),
) -> Tune:
    """Return the tune that `phrases` (one string each) and `chords` write, with `do` (MIDI) as degree 1.

    Raises ValueError where a bar is too long or short, or a sign is unknown.

    >>> tune = parse_tune(
    ...     tune_id="hm", title="Hm", origin="", do=60, metre=(2, 4), bpm=90, phrases=["3_ 2_ 1 |"], chords="C"
    ... )
    >>> [(note.pitch, float(note.length_beat)) for note in tune.notes]
    [(64, 0.5), (62, 0.5), (60, 1.0)]
    """
    bar_beat = Fraction(4 * metre[0], metre[1])
    notes: list[Note] = []
    ends: list[Fraction] = []
    now = Fraction(0)
    for phrase in phrases:
        sung, now = _parse_phrase(phrase, now, do=do, bar_beat=bar_beat, upbeat_beat=upbeat_beat)
        notes += sung
        ends.append(sung[-1].end_beat)
    return Tune(
        id=tune_id,
        title=title,
        origin=origin,
        notes=tuple(notes),
        tempi=(Tempo(onset_beat=Fraction(0), bpm=float(bpm)),),
        metres=(Metre(onset_beat=Fraction(0), numerator=metre[0], denominator=metre[1]),),
        upbeat_beat=upbeat_beat,
        tonic=(do + (9 if scale == "minor" else 0)) % 12,
        scale=scale,
        chords=tuple(_parse_chords(chords, upbeat_beat, bar_beat)),
        phrase_ends=tuple(ends),
    )


def written_tune(written: TuneFile, *, tune_id: str) -> Tune:
    """Return the tune that a file writes. Raises ValueError, with the number of the section, where a sign is wrong.

    >>> section = WrittenSection(kind="refrain", phrases=("1 2 3 1 |",), chords="C")
    >>> tune = written_tune(TuneFile(title="Hm", bpm=100, sections=(section,)), tune_id="hm")
    >>> [(section.kind, int(section.length_beat)) for section in tune.sections]
    [('refrain', 4)]
    """
    numerator, denominator = (int(part) for part in written.metre.split("/"))
    tune = parse_tune(
        tune_id=tune_id,
        title=written.title,
        origin=written.origin,
        do=written.do,
        metre=(numerator, denominator),
        bpm=written.bpm,
        phrases=[phrase for section in written.sections for phrase in section.phrases],
        chords=" | ".join(section.chords.strip().strip("|") for section in written.sections if section.chords.strip()),
        scale=written.scale,
        upbeat_beat=written.upbeat,
    )
    _check_chords(tune, Fraction(4 * numerator, denominator))
    return tune.replace(
        sections=tuple(_sections(tune, written.sections)),
        tempo_range=written.tempo_range,
        years=written.years,
        checked=written.checked,
    )


def _sections(tune: Tune, written: Sequence[WrittenSection]) -> Iterator[Section]:
    """Give each section from its first note, or from the end of the one before, to its last."""
    start, phrases = Fraction(0), 0
    for section in written:
        phrases += len(section.phrases)
        end = tune.phrase_ends[phrases - 1]
        yield Section(kind=section.kind, onset_beat=start, length_beat=end - start)
        start = end


def _check_chords(tune: Tune, bar_beat: Fraction) -> None:
    """Refuse chords that cannot be read, and chords of more or fewer bars than the melody has."""
    for chord in tune.chords:
        chord_tones(chord.symbol)
    if not tune.chords:
        return
    bars = (tune.chords[-1].onset_beat + tune.chords[-1].length_beat - tune.upbeat_beat) / bar_beat
    sung = math.ceil((tune.notes[-1].end_beat - tune.upbeat_beat) / bar_beat)
    if not sung <= bars <= sung + 1:
        raise ValueError(f"the chords fill {bars} bars, the melody {sung}")


def _parse_phrase(
    phrase: str, now: Fraction, *, do: int, bar_beat: Fraction, upbeat_beat: Fraction
) -> tuple[list[Note], Fraction]:
    notes: list[Note] = []
    tied = False
    for sign in phrase.split():
        if sign == "|":
            if (now - upbeat_beat) % bar_beat:
                raise ValueError(f"bar line at beat {now} of {phrase!r}, where no bar ends")
            continue
        if sign == "-":
            if not notes or notes[-1].end_beat != now:
                raise ValueError(f"- in {phrase!r} follows no note; write 0 for a rest")
            notes[-1] = _longer(notes[-1], Fraction(1))
            now += 1
            continue
        pitch, length, ties = _parse_note(sign, do)
        if tied and pitch == notes[-1].pitch:
            notes[-1] = _longer(notes[-1], length)
        elif pitch is not None:
            notes.append(Note(pitch=pitch, onset_beat=now, length_beat=length))
        tied, now = ties, now + length
    if not notes:
        raise ValueError(f"the phrase {phrase!r} has no note")
    return notes, now


def _longer(note: Note, beats: Fraction) -> Note:
    return note.replace(length_beat=note.length_beat + beats)


def _parse_note(sign: str, do: int) -> tuple[int | None, Fraction, bool]:
    """Return pitch (None for a rest), length in beats, and whether it is tied to the next."""
    match = _TOKEN.fullmatch(sign)
    if not match:
        raise ValueError(f"{sign!r} is no note")
    accidental, degree, octaves, halves, dot, third, tie = match.groups()
    length = Fraction(1, 2 ** len(halves)) * (Fraction(3, 2) if dot else 1) * (Fraction(2, 3) if third else 1)
    if degree == "0":
        return None, length, False
    pitch = do + _DEGREES[int(degree) - 1] + {"": 0, "#": 1, "b": -1}[accidental]
    pitch += 12 * (octaves.count("'") - octaves.count(","))
    if not 0 <= pitch <= 127:
        raise ValueError(f"{sign!r} is pitch {pitch}, beyond what MIDI knows")
    return pitch, length, bool(tie)


def _parse_chords(text: str, now: Fraction, bar_beat: Fraction) -> Iterator[Chord]:
    for bar in text.strip().strip("|").split("|"):
        symbols = bar.split()
        for symbol in symbols:
            yield Chord(symbol=symbol, onset_beat=now, length_beat=bar_beat / len(symbols))
            now += bar_beat / len(symbols)
