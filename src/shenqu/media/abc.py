"""ABC notation: folk tunes as plain text.

Read is what sounds: notes, lengths, tuplets, broken rhythm, ties, chords, voices, words, chord symbols, tempi,
metres, keys, signs of repetition, the order of parts. Grace notes and ornaments are left out, with a word about
the former. What is not understood is passed over, as the standard wants it; what is no ABC is refused.

Conventions
-----------
A tune reaches from `X:` to an empty line. Of a book of tunes the first is read, or the one whose number is asked
for. An accidental holds to the end of its bar, for its letter in all octaves. The first of several verses is taken.
`P:ABAB` in the head writes the parts out in that order; repeats within a part remain signs.

References
----------
Walshaw 2011, The ABC music standard 2.1.
"""

from __future__ import annotations

import html
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from shenqu.documents.score import Score
from shenqu.documents.tune import Scale
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.abc_fields import (
    ALTERS,
    LETTERS,
    bpm_of,
    factor_of,
    key_of,
    metre_of,
    part_labels,
    shift_of,
    syllables,
    unit_of,
)
from shenqu.media.encodings import decode_text
from shenqu.media.files import read_bounded
from shenqu.media.ticks import clean_name
from shenqu.media.written_bars import MAX_BARS, WrittenBar, WrittenNote, WrittenPart, assemble, ending_numbers

MAX_BYTES = 4 << 20
MAX_LINES = 20_000
_CHARSET = re.compile(
    rb"^(?:%%|I:)\s*abc-charset\s+((?:utf|iso|latin|us-ascii|windows|cp|gb|big5|shift|euc|koi8)[\w-]{0,16})",
    re.MULTILINE | re.IGNORECASE,
)
_BODY_FIELD = re.compile(r"([H-XZmrsw+]):(.*)", re.DOTALL)
_HEAD_FIELD = re.compile(r"([A-Za-z+]):(.*)", re.DOTALL)
_NOTE = re.compile(r"((?:\^\^|\^|__|_|=)?)(?:\d{0,2}/\d{0,2})?([A-Ga-g])([',]{0,9})(\d{0,4}/{0,6}\d{0,4})(-?)")
_CHORD = re.compile(
    r"[A-G][#b♯♭]?(?:maj|min|mi|ma|m|M|dim|aug|sus|add|alt|no|[-+°øo]|[#b]?\d{1,2}|[()])*(?:/[A-G][#b♯♭]?)?"
)
_TOKENS = re.compile(
    r"""(?P<field>\[[A-Za-z]:[^\]]{0,300}\])
    |(?P<grace>\{[^}]{0,300}\}?)
    |(?P<text>"[^"]{0,300}"?)
    |(?P<decoration>![^!\s|][^!|]{0,30}!|\+[A-Za-z.0-9()<>]{1,30}\+)
    |(?P<tuplet>\(\d(?::\d?\d?){0,2})
    |(?P<chord>\[(?:"[^"]{0,99}"|[^\]|"0-9:])(?:"[^"]{0,99}"|[^\]"|]){0,99}\]\d{0,4}/{0,6}\d{0,4}-?)
    |(?P<bar>:{0,9}\[?\|+\]?:{0,9}|:{1,9})
    |(?P<ending>\[["0-9][0-9,. -]{0,80}"?|(?<=[|:])\ ?[0-9][0-9,.-]{0,80})
    |(?P<note>(?:(?:\^\^|\^|__|_|=)(?:\d{0,2}/\d{0,2})?)?[A-Ga-g][',]{0,9}\d{0,4}/{0,6}\d{0,4}-?)
    |(?P<rest>[zxZX]\d{0,4}/{0,6}\d{0,4})
    |(?P<spacer>y\d{0,4})
    |(?P<broken>>{1,3}|<{1,3})
    |(?P<tie>-)
    |(?P<overlay>&)
    |(?P<sign>[SO])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_DECORATION_SIGNS = {"segno": "Segno", "coda": "Coda", "fine": "Fine", "dacoda": "To Coda", "tocoda": "To Coda"}
_ACCENTS = {"`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", '"': "\u0308", ",": "\u0327"}


def read_abc(path: Path, *, number: int | None = None) -> Score:
    """Return a tune of the ABC file `path`: that whose `X:` is `number`, or the first; one part for every voice.

    Raises
    ------
    InputError
        The file is missing, too large, no ABC, in an unknown encoding, has no tune `number`, or holds no notes.
    """
    data = read_bounded(path, MAX_BYTES, too_large=f"larger than {MAX_BYTES >> 20} MB, too large; give a shorter one")
    return parse_abc(data, name=str(path), number=number)


def tune_numbers(path: Path) -> tuple[int, ...]:
    """Return the numbers of the tunes in the ABC file `path`, in order. Raises `InputError` as `read_abc` does."""
    data = read_bounded(path, MAX_BYTES, too_large=f"larger than {MAX_BYTES >> 20} MB, too large; give a shorter one")
    return tuple(tune.number for tune in _tunes(_decode(data, str(path))))


def parse_abc(data: bytes, *, name: str, number: int | None = None) -> Score:
    """Return the score that the bytes of an ABC file hold; `name` says in messages which file it is.

    Raises `InputError` as `read_abc` does.
    """
    tunes = _tunes(_decode(data, name))
    if not tunes:
        raise InputError(f"{name}: not an ABC file (no X: and K: that begin a tune); export the tune as one")
    tune = _chosen(tunes, number, name)
    if len(tune.lines) > MAX_LINES:
        raise InputError(f"{name}: a tune of more than {MAX_LINES} lines, too long; give a shorter one")
    reader = _Reader(tune, name)
    try:
        reader.read()
    except ValueError as error:
        raise InputError(f"{name}: line {reader.line}: {error}; correct it there") from None
    if reader.grace_notes:
        warnings.warn(f"{name}: {reader.grace_notes} grace notes are left out", ShenquWarning, stacklevel=2)
    return assemble(
        [voice.part for voice in reader.voices.values()],
        name=name,
        title=reader.title,
        composer=reader.composer,
        key=reader.key,
    )


# ------------------------------------------------------------------ the file


@dataclass(slots=True)
class _Tune:
    """A tune's lines, with their numbers in the file."""

    number: int
    lines: list[tuple[int, str]] = field(default_factory=list)
    has_key: bool = False
    has_music: bool = False


def _decode(data: bytes, name: str) -> str:
    declared = _CHARSET.search(data[:4000])
    try:
        if declared and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
            return data.decode(declared[1].decode("ascii"))
    except (UnicodeError, LookupError):
        pass
    try:
        return decode_text(data).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: is in an unknown encoding; save it as UTF-8") from error


def _tunes(text: str) -> list[_Tune]:
    """Return the tunes of a file; a file without `X:` is one, if it has a key."""
    tunes: list[_Tune] = []
    current: _Tune | None = None
    rows = re.split(r"\r\n|\r|\n", text)
    if not any(row.startswith("X:") for row in rows) and any(row.startswith("K:") for row in rows):
        current = _Tune(1)
        tunes.append(current)
    for line, row in enumerate(rows, 1):
        if row.startswith("X:"):
            digits = re.match(r"X:\s*(\d{1,9})", row)
            current = _Tune(int(digits[1]) if digits else len(tunes) + 1)
            tunes.append(current)
        elif current is not None:
            if not row.strip() and current.has_music:
                current = None
                continue
            current.has_music |= current.has_key and bool(row.strip()) and not row.startswith("%")
            current.has_key |= row.startswith("K:")
            current.lines.append((line, row))
    return [tune for tune in tunes if tune.has_key]


def _chosen(tunes: list[_Tune], number: int | None, name: str) -> _Tune:
    numbers = [tune.number for tune in tunes]
    listed = ", ".join(map(str, numbers[:20])) + (" ..." if len(numbers) > 20 else "")
    if number is None:
        if len(tunes) > 1:
            message = f"{name}: holds {len(tunes)} tunes, number {numbers[0]} is read; others are {listed}"
            warnings.warn(message, ShenquWarning, stacklevel=3)
        return tunes[0]
    if number not in numbers:
        raise InputError(f"{name}: holds no tune number {number}; choose one of {listed}")
    return tunes[numbers.index(number)]


def _without_comment(row: str) -> str:
    return re.split(r"(?<!\\)%", row, maxsplit=1)[0].rstrip()


def _text(value: str) -> str:
    r"""Return a text field in Unicode: ABC writes accents as ``\'e``, ``&eacute;`` or ``\u00e9``."""
    value = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), value)
    accent = re.compile(r"""\\([`'^~",])([A-Za-z])""")
    value = accent.sub(lambda match: unicodedata.normalize("NFC", match[2] + _ACCENTS[match[1]]), value)
    return clean_name(html.unescape(value))


# ------------------------------------------------------------------ the tune


@dataclass(slots=True)
class _Voice:
    """One voice while it is read. `signature` and `accidentals` are semitones by letter."""

    name: str
    part: WrittenPart
    unit: Fraction
    metre: tuple[int, int] | None
    signature: dict[str, int]
    shift: int = 0
    bar: WrittenBar = field(default_factory=WrittenBar)
    at: Fraction = Fraction(0)
    layer: str = "1"
    metre_waits: bool = False
    accidentals: dict[str, int] = field(default_factory=dict)
    endings: tuple[int, ...] = ()
    last: list[WrittenNote] = field(default_factory=list)
    last_beat: Fraction = Fraction(0)
    tied: dict[tuple[str, str], int] = field(default_factory=dict)
    tuplet: Fraction = Fraction(1)
    tuplet_left: int = 0
    broken: Fraction = Fraction(1)
    sung: list[tuple[int, WrittenNote]] = field(default_factory=list)
    has_words: bool = False

    @property
    def bar_beat(self) -> Fraction:
        """How long the metre wants a bar; 0 in free metre."""
        return Fraction(4 * self.metre[0], self.metre[1]) if self.metre else Fraction(0)


class _Reader:
    """One tune while it is read, line by line."""

    def __init__(self, tune: _Tune, name: str) -> None:
        """Begin a tune."""
        self.name = name
        self.lines = tune.lines
        self.line = 0
        self.title = self.composer = ""
        self.key: tuple[int, Scale] | None = None
        self.grace_notes = 0
        self.metre: tuple[int, int] | None = (4, 4)
        self.unit: Fraction | None = None
        self.tempo = ""
        self.part_order = ""
        self.signature: dict[str, int] = {}
        self.shift = 0
        self.voices: dict[str, _Voice] = {}
        self.declared: dict[str, str] = {}
        self.take: dict[str, Callable[[_Voice, str], None]] = {
            "text": self._take_text,
            "tuplet": self._take_tuplet,
            "chord": self._take_chord,
            "bar": self._take_bar,
            "ending": self._take_ending,
            "note": self._take_note,
            "rest": self._take_rest,
            "broken": self._take_broken,
            "overlay": self._take_overlay,
            "decoration": self._take_decoration,
        }

    def read(self) -> None:
        """Read the whole tune.

        Raises `ValueError` where something cannot be.
        """
        body = self._read_head()
        self.voice = self._voice(next(iter(self.declared), "1"))
        for line, row in self._in_order(body):
            self.line = line
            self._read_row(row)
        for voice in self.voices.values():
            self._close_bar(voice)

    def _read_head(self) -> list[tuple[int, str]]:
        """Read the fields up to the key; return the lines after it."""
        for index, (line, row) in enumerate(self.lines):
            self.line = line
            match = _HEAD_FIELD.match(_without_comment(row))
            if not match:
                continue
            letter, value = match[1], match[2].strip()
            if letter == "T":
                self.title = self.title or _text(value)
            elif letter == "C":
                self.composer = self.composer or _text(value)
            elif letter == "M":
                self.metre = metre_of(value)
            elif letter == "L":
                self.unit = unit_of(value)
            elif letter == "Q":
                self.tempo = value
            elif letter == "P":
                self.part_order = value
            elif letter == "V":
                label, _, rest = value.partition(" ")
                self.declared[label] = rest
            elif letter == "K":
                self.key, self.signature, self.shift = key_of(value)
                return self.lines[index + 1 :]
        return []

    def _in_order(self, body: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        """Yield the lines of the body, its parts in the order of `P:`, continued lines as one."""
        parts: dict[str, list[tuple[int, str]]] = {"": []}
        label = ""
        for line, row in _joined(body):
            match = re.match(r"(?:P:\s*|\[P:\s*)([^\]%]*)", row)
            if match:
                label = match[1].strip()
                parts.setdefault(label, [])
            parts[label].append((line, row))
        order = [label for label in part_labels(self.part_order) if label in parts]
        yield from (row for label in ["", *(order or [label for label in parts if label])] for row in parts[label])

    def _voice(self, label: str) -> _Voice:
        """Return the voice `label`, begun where it is new."""
        if label not in self.voices:
            if len(self.voices) >= 64:
                raise ValueError("more than 64 voices")
            options = self.declared.get(label, "")
            named = re.search(r'(?:name|nm)\s*=\s*(?:"([^"]*)"|(\S+))', options)
            unit = self.unit or (
                Fraction(1, 4) if self.metre and Fraction(*self.metre) < Fraction(3, 4) else Fraction(1, 2)
            )
            voice = _Voice(
                label,
                WrittenPart(
                    name=_text(named[1] or named[2] or "") if named else label if len(self.declared) > 1 else ""
                ),
                unit,
                self.metre,
                dict(self.signature),
                self.shift + shift_of(options),
            )
            voice.bar.metre = self.metre
            voice.bar.metre_beat = voice.bar_beat
            if self.tempo:
                self._take_tempo(voice, self.tempo)
            self.voices[label] = voice
        return self.voices[label]

    def _read_row(self, row: str) -> None:
        row = row if row.startswith(("w:", "+:")) else _without_comment(row)
        match = _BODY_FIELD.match(row)
        if match:
            self._take_field(match[1], match[2].strip())
            return
        if row.strip():
            self.voice.sung, self.voice.has_words = [], False
            for token in _TOKENS.finditer(row):
                self._take_token(token)

    def _take_token(self, token: re.Match[str]) -> None:
        kind, text = token.lastgroup or "other", token[0]
        if kind == "field":
            self._take_field(text[1], text[3:-1].strip())
            if text[1] == "V":
                self.voice.sung, self.voice.has_words = [], False
        elif kind == "grace":
            self.grace_notes += len(re.findall("[A-Ga-g]", text))
        elif kind == "sign":
            self.voice.bar.add_sign("Segno" if text == "S" else "Coda")
        elif kind == "tie":
            for note in self.voice.last:
                note.tied = True
        elif kind in self.take:
            self.take[kind](self.voice, text)

    def _take_field(self, letter: str, value: str) -> None:
        voice = self.voice
        if letter == "K":
            _, voice.signature, shift = key_of(value)
            voice.shift = shift + shift_of(self.declared.get(voice.name, ""))
        elif letter == "L":
            voice.unit = unit_of(value) or voice.unit
        elif letter == "M":
            voice.metre = metre_of(value)
            if voice.bar.length_beat:
                voice.metre_waits = True
            else:
                voice.bar.metre, voice.bar.metre_beat = voice.metre, voice.bar_beat
        elif letter == "Q":
            self._take_tempo(voice, value)
        elif letter == "V":
            label, _, rest = value.partition(" ")
            self.declared.setdefault(label, rest)
            self.voice = self._voice(label)
        elif letter == "P":
            voice.bar.add_words(value, voice.at)
        elif letter == "w" and not voice.has_words:
            voice.has_words = True
            _lay_words(voice.sung, _text_of_words(value))

    # -------------------------------------------------------------- time and signs

    def _take_tempo(self, voice: _Voice, value: str) -> None:
        bpm = bpm_of(value, voice.unit)
        if bpm is not None:
            voice.bar.tempi.append((voice.at, bpm))

    def _take_bar(self, voice: _Voice, text: str) -> None:
        """Close a bar: colons before the line repeat what ends here, those behind it open what is repeated."""
        left, right = (len(text) - len(text.lstrip(":")), len(text) - len(text.rstrip(":")))
        if not text.strip(":"):
            left = right = max(1, len(text) // 2)
        ended = voice.bar if voice.bar.length_beat else next(iter(voice.part.bars[-1:]), None)
        if left and ended is not None:
            ended.repeat_times = max(ended.repeat_times, min(left, 9) + 1)
        self._close_bar(voice)
        if left or right or "||" in text or "]" in text or "[" in text:
            voice.endings = voice.bar.endings = ()
        voice.bar.repeat_start |= right > 0

    def _take_ending(self, voice: _Voice, text: str) -> None:
        if voice.bar.length_beat:
            self._close_bar(voice)
        voice.endings = voice.bar.endings = ending_numbers(text)

    def _close_bar(self, voice: _Voice) -> None:
        """Begin the next bar, if anything has sounded in this one."""
        voice.accidentals = {}
        voice.layer = "1"
        voice.at = voice.last_beat = Fraction(0)
        if not voice.bar.length_beat:
            return
        if len(voice.part.bars) >= MAX_BARS:
            raise ValueError(f"more than {MAX_BARS} bars, too many for a tune")
        voice.part.bars.append(voice.bar)
        voice.bar = WrittenBar(metre_beat=voice.bar_beat, endings=voice.endings)
        if voice.metre_waits:
            voice.bar.metre, voice.metre_waits = voice.metre, False

    def _take_overlay(self, voice: _Voice, _: str) -> None:
        voice.at = Fraction(0)
        voice.layer = f"{voice.layer}&"
        voice.last = []
        if len(voice.layer) > 16:
            raise ValueError("more than 16 voices in a bar")

    def _take_tuplet(self, voice: _Voice, text: str) -> None:
        """Take "(p:q:r": p notes in the time of q, for the next r of them."""
        count, *rest = (int(digits) if digits else 0 for digits in text[1:].split(":"))
        of_compound = 3 if voice.metre and voice.metre[1] == 8 and voice.metre[0] % 3 == 0 else 2
        usual = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(count, of_compound)
        if count:
            voice.tuplet = Fraction((rest[0] if rest else 0) or usual, count)
            voice.tuplet_left = (rest[1] if len(rest) > 1 else 0) or count

    def _take_broken(self, voice: _Voice, text: str) -> None:
        """Take "A>B": the first note takes from the second what the sign says."""
        part = Fraction(1, 2 ** len(text))
        first, voice.broken = (2 - part, part) if text[0] == ">" else (part, 2 - part)
        if voice.last_beat:
            added = voice.last_beat * (first - 1)
            for note in voice.last:
                note.length_beat += added
            self._move(voice, voice.last_beat + added, start=voice.at - voice.last_beat)

    def _move(self, voice: _Voice, length: Fraction, *, start: Fraction) -> None:
        voice.last_beat = length
        voice.at = start + length
        if voice.at < voice.bar.length_beat and voice.layer == "1":
            voice.bar.length_beat = voice.at
        voice.bar.reach(voice.at)

    # -------------------------------------------------------------- notes

    def _length(self, voice: _Voice, text: str) -> Fraction:
        """Return what a note with the length `text` lasts, in beats, with its tuplet and its broken rhythm."""
        length = voice.unit * factor_of(text) * voice.broken
        voice.broken = Fraction(1)
        if voice.tuplet_left:
            voice.tuplet_left -= 1
            length *= voice.tuplet
        if length <= 0:
            raise ValueError("a note of no length")
        return length

    def _take_note(self, voice: _Voice, text: str) -> None:
        note = _note(text)
        self._add_notes(voice, [note], note[4])

    def _take_chord(self, voice: _Voice, text: str) -> None:
        inner, _, outer = text[1:].rpartition("]")
        notes = list(_NOTE.finditer(re.sub(r'"[^"]*"|![^!]*!', "", inner)))
        if notes:
            factor = factor_of(notes[0][4]) * factor_of(outer.rstrip("-"))
            self._add_notes(voice, notes, f"{factor.numerator}/{factor.denominator}", tied=outer.endswith("-"))

    def _add_notes(self, voice: _Voice, matches: list[re.Match[str]], length_text: str, *, tied: bool = False) -> None:
        length, start = self._length(voice, length_text), voice.at
        held, voice.tied, voice.last = voice.tied, {}, []
        for match in matches:
            note = WrittenNote(
                voice=voice.layer,
                onset_beat=start,
                length_beat=length,
                pitch=_pitch(voice, match, held),
                tied=tied or bool(match[5]),
            )
            voice.last.append(note)
            voice.bar.notes.append(note)
            if note.tied:
                voice.tied[match[2], match[3]] = note.pitch
        if voice.layer == "1":
            voice.sung.append((len(voice.part.bars), voice.last[0]))
        self._move(voice, length, start=start)

    def _take_rest(self, voice: _Voice, text: str) -> None:
        voice.last = []
        if text[0] in "zx":
            self._move(voice, self._length(voice, text[1:]), start=voice.at)
            return
        for _ in range(int(text[1:4]) if text[1:4].isdecimal() else 1):
            if voice.at:
                self._close_bar(voice)
            self._move(voice, voice.bar_beat or Fraction(4), start=Fraction(0))

    # -------------------------------------------------------------- what stands over the notes

    def _take_text(self, voice: _Voice, text: str) -> None:
        """Take a chord symbol, or a remark."""
        symbol = text.strip('"').strip()
        if symbol[:1] in {"^", "_", "<", ">", "@"}:
            voice.bar.add_words(symbol[1:].strip(), voice.at)
        elif _CHORD.fullmatch(chord := symbol.strip("()").replace("♯", "#").replace("♭", "b")):
            voice.bar.chords.append((voice.at, chord))
        elif symbol.upper().replace(".", "") == "NC":
            voice.bar.chords.append((voice.at, ""))
        else:
            voice.bar.add_words(symbol, voice.at)

    def _take_decoration(self, voice: _Voice, text: str) -> None:
        word = text.strip("!+").lower()
        voice.bar.add_sign(_DECORATION_SIGNS.get(word, word))


def _note(text: str) -> re.Match[str]:
    match = _NOTE.match(text)
    assert match is not None, "the token was found by the same pattern"
    return match


def _joined(lines: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield lines, those that end in a backslash joined with the music behind them, "+:" with the field before."""
    waiting: tuple[int, str] | None = None
    for line, row in lines:
        continues = row.startswith("+:")
        if waiting and (continues or (waiting[1].endswith("\\") and not _BODY_FIELD.match(row))):
            joint = " " if continues else ""
            waiting = (waiting[0], waiting[1].rstrip("\\") + joint + (row[2:] if continues else row))
            continue
        if waiting:
            yield waiting
        waiting = (line, row.rstrip())
    if waiting:
        yield waiting


def _pitch(voice: _Voice, match: re.Match[str], held: dict[tuple[str, str], int]) -> int:
    """Return the sounding pitch: a note that is tied over keeps it, an accidental holds in its bar."""
    sign, letter, octaves = match[1], match[2].upper(), match[3]
    if not sign and (match[2], octaves) in held:
        return held[match[2], octaves]
    if sign:
        voice.accidentals[letter] = ALTERS[sign]
    alter = voice.accidentals.get(letter, voice.signature.get(letter, 0))
    octave = match[2].islower() + octaves.count("'") - octaves.count(",")
    pitch = 60 + LETTERS[letter] + alter + 12 * octave + voice.shift
    if not 0 <= pitch <= 127:
        raise ValueError(f"a note at MIDI pitch {pitch}, which is none (0 to 127)")
    return pitch


def _text_of_words(value: str) -> str:
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), html.unescape(value))


def _lay_words(sung: list[tuple[int, WrittenNote]], text: str) -> None:
    """Lay the syllables of a `w:` line on the notes of the line before it."""
    place = 0
    bar = sung[0][0] if sung else 0
    for syllable in syllables(text):
        if syllable == "|":
            bar += 1
            while place < len(sung) and sung[place][0] < bar:
                place += 1
            continue
        if place >= len(sung):
            return
        bar = sung[place][0]
        sung[place][1].lyric = syllable
        place += 1
