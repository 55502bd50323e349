"""MusicXML, plain (.musicxml, .xml) and packed (.mxl): what notation programs exchange.

What is heard is read: notes with their ties, words, chord symbols, tempi, metres, signs of repetition, names of
sections. How it looks is not. Transposing instruments sound at pitch. Grace notes are left out, with a word about
it; cue notes are silent by definition.

The reader is our own: partitura, the smallest of those there are, knows no lyrics, and takes lxml and xmlschema
and a second or more to load; music21 is 114 MB. Both read beside this one in the tests.

Conventions
-----------
The first verse is taken; under the brackets of later endings, which it never reaches, the first one there is. A
note without a syllable goes on with the one before ("+") where an extender, a slur or a word that is not over says
so; else it has no words.

References
----------
W3C Music Notation Community Group 2021, MusicXML 4.0. PKWARE, APPNOTE.TXT: ZIP file format.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element

from shenqu.documents.score import Score
from shenqu.documents.tune import Scale
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.files import read_bounded
from shenqu.media.safe_xml import read_tree
from shenqu.media.ticks import clean_lyric, clean_name
from shenqu.media.written_bars import (
    FINEST_BEAT,
    MAX_BARS,
    MODES,
    WrittenBar,
    WrittenNote,
    WrittenPart,
    assemble,
    ending_numbers,
)

MAX_BYTES = 16 << 20
MAX_PACKED_FILES = 1000
_TOO_LARGE = f"larger than {MAX_BYTES >> 20} MB, too large for a tune; give a score of fewer parts"
_NUMBER = re.compile(r"[+-]?\d{1,9}(?:\.\d{1,6})?")
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_TYPES = {
    "maxima": Fraction(32),
    "long": Fraction(16),
    "breve": Fraction(8),
    "whole": Fraction(4),
    "half": Fraction(2),
    "quarter": Fraction(1),
    "eighth": Fraction(1, 2),
    **{name: Fraction(4, int(name[:-2])) for name in ("16th", "32nd", "64th", "128th", "256th", "512th", "1024th")},
}
_KINDS = {
    "major": "",
    "minor": "m",
    "augmented": "aug",
    "diminished": "dim",
    "dominant": "7",
    "major-seventh": "maj7",
    "minor-seventh": "m7",
    "diminished-seventh": "dim7",
    "augmented-seventh": "aug7",
    "half-diminished": "m7b5",
    "major-minor": "mM7",
    "major-sixth": "6",
    "minor-sixth": "m6",
    "dominant-ninth": "9",
    "major-ninth": "maj9",
    "minor-ninth": "m9",
    "suspended-second": "sus2",
    "suspended-fourth": "sus4",
    "power": "5",
}
_SIGN_SOUNDS = {"segno": "segno", "coda": "coda", "tocoda": "to_coda", "fine": "fine"}


def read_musicxml(path: Path) -> Score:
    """Return the score in the MusicXML file `path`, plain or packed, one part for every part and voice with notes.

    Raises
    ------
    InputError
        The file is missing, too large, malformed, no score, declares entities, or holds no notes.
    """
    return parse_musicxml(read_bounded(path, MAX_BYTES, too_large=_TOO_LARGE), name=str(path))


def parse_musicxml(data: bytes, *, name: str) -> Score:
    """Return the score that the bytes of a MusicXML file hold; `name` says in messages which file it is.

    Raises `InputError` as `read_musicxml` does.
    """
    root = read_tree(_unpack(data, name) if data.startswith(b"PK") else data, name=name)
    if root.tag not in {"score-partwise", "score-timewise"}:
        raise InputError(f"{name}: not a MusicXML score (it is <{clean_name(root.tag)}>); export the tune as one")
    readers = [_PartReader(part, name) for part in _written_parts(root)]
    for reader, bars in zip(readers, _bars_of_parts(root, [reader.id for reader in readers]), strict=True):
        reader.read(bars)
    grace_notes = sum(reader.grace_notes for reader in readers)
    if grace_notes:
        warnings.warn(f"{name}: {grace_notes} grace notes are left out", ShenquWarning, stacklevel=2)
    return assemble(
        [reader.part for reader in readers],
        name=name,
        title=_title(root),
        composer=clean_name(root.findtext("identification/creator[@type='composer']") or ""),
        key=next((reader.key for reader in readers if reader.key), None),
    )


# ------------------------------------------------------------------ the package


def _unpack(data: bytes, name: str) -> bytes:
    """Return the score in an .mxl: the first that its container names."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            if len(package.namelist()) > MAX_PACKED_FILES:
                raise InputError(f"{name}: an archive of more than {MAX_PACKED_FILES} files, no score; export it again")
            return _member(package, _root_file(package, name), name)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        raise InputError(f"{name}: broken MXL file ({clean_name(str(error))}); export it again") from error


def _root_file(package: zipfile.ZipFile, name: str) -> str:
    if "META-INF/container.xml" in package.namelist():
        container = read_tree(_member(package, "META-INF/container.xml", name), name=f"{name}: container.xml")
        found = [
            file.get("full-path", "")
            for file in container.iter("rootfile")
            if "xml" in file.get("media-type", "application/vnd.recordare.musicxml+xml")
        ]
    else:
        found = [
            file
            for file in package.namelist()
            if PurePosixPath(file).suffix.lower() in {".xml", ".musicxml"} and "META-INF" not in file
        ]
    if not found:
        raise InputError(f"{name}: an archive without a score in it; export it again")
    if len(found) > 1:
        rest = ", ".join(clean_name(file) for file in found[1:4])
        warnings.warn(
            f"{name}: holds {len(found)} scores, the first is read and not {rest}", ShenquWarning, stacklevel=2
        )
    return found[0]


def _member(package: zipfile.ZipFile, path: str, name: str) -> bytes:
    """Return one file of the archive, in memory; what it claims of its size is not believed."""
    try:
        with package.open(path) as file:
            data = file.read(MAX_BYTES + 1)
    except KeyError:
        raise InputError(f"{name}: the score {clean_name(path)!r} is not in the archive; export it again") from None
    if len(data) > MAX_BYTES:
        raise InputError(f"{name}: unpacked {_TOO_LARGE}")
    return data


# ------------------------------------------------------------------ the score


def _title(root: Element) -> str:
    """Return the title, which may stand in any of three places."""
    credited = [
        credit.findtext("credit-words") for credit in root.iter("credit") if credit.findtext("credit-type") == "title"
    ]
    places = [root.findtext("work/work-title"), root.findtext("movement-title"), *credited]
    return next((title for place in places if (title := clean_name(" ".join((place or "").split())))), "")


def _written_parts(root: Element) -> list[Element]:
    """Return the list of parts; a part that it does not name is read too."""
    listed = list(root.iterfind("part-list/score-part"))
    known = {part.get("id") for part in listed}
    unknown = dict.fromkeys(part.get("id", "") for part in root.iter("part") if part.get("id", "") not in known)
    return listed + [Element("score-part", {"id": part_id}) for part_id in unknown]


def _bars_of_parts(root: Element, part_ids: list[str]) -> Iterator[list[Element]]:
    """Yield the bars of each part, whichever of the two lies within the other."""
    bars: dict[str, list[Element]] = defaultdict(list)
    if root.tag == "score-partwise":
        for part in root.iterfind("part"):
            bars[part.get("id", "")] += part.findall("measure")
    else:
        for measure in root.iterfind("measure"):
            for part in measure.iterfind("part"):
                bars[part.get("id", "")].append(part)
    yield from (bars[part_id] for part_id in part_ids)


@dataclass(slots=True)
class _Words:
    """Whether the syllable of a voice goes on, and why."""

    sounding: bool = False
    extended: bool = False
    unfinished: bool = False
    slurs: set[str] = field(default_factory=set)


class _PartReader:
    """One part while it is read, bar by bar."""

    def __init__(self, listed: Element, name: str) -> None:
        """Begin a part that the score lists."""
        self.id = listed.get("id", "")
        self.part = WrittenPart(
            name=clean_name(" ".join((listed.findtext("part-name") or "").split())),
            program=min(127, max(0, _integer(listed.findtext("midi-instrument/midi-program"), 1) - 1)),
            drums=listed.findtext("midi-instrument/midi-channel") == "10",
        )
        self.drum_pitches = {
            instrument.get("id", ""): _integer(instrument.findtext("midi-unpitched"), 0) - 1
            for instrument in listed.iterfind("midi-instrument")
        }
        self.key: tuple[int, Scale] | None = None
        self.grace_notes = 0
        self.file = name
        self.divisions = Fraction(1)
        self.transpositions: dict[str, int] = {}
        self.velocity = 80
        self.metre = (4, 4)
        self.has_metre = False
        self.endings: tuple[int, ...] = ()
        self.words: dict[str, _Words] = defaultdict(_Words)
        self.verse = "1"
        self.bar = WrittenBar()
        self.at = self.chord_at = Fraction(0)
        self.coda_signs: list[WrittenBar] = []

    def read(self, bars: list[Element]) -> None:
        """Read all bars of the part."""
        if len(bars) > MAX_BARS:
            raise InputError(f"{self.file}: more than {MAX_BARS} bars, too many for a tune")
        self.verse = min(
            (lyric.get("number", "1") for bar in bars for lyric in bar.iter("lyric")), key=_rank, default="1"
        )
        for number, element in enumerate(bars, 1):
            self.bar = WrittenBar()
            self.at = self.chord_at = Fraction(0)
            try:
                self._read_bar(element)
            except ValueError as error:
                where = f"bar {element.get('number', number)} of part {clean_name(self.part.name or self.id)!r}"
                raise InputError(f"{self.file}: {where}: {error}; correct it, or export the score again") from None
            self.part.bars.append(self.bar)
        # A sign alone may be either; where there are several, the last one is where the coda begins.
        for bar in self.coda_signs[:-1]:
            bar.to_coda = True
        for bar in self.coda_signs[-1:]:
            bar.coda = True

    def _read_bar(self, measure: Element) -> None:
        for barline in measure.iterfind("barline"):
            self._open_bracket(barline)
        self.bar.endings = self.endings
        for element in measure:
            match element.tag:
                case "note":
                    self._take_note(element)
                case "backup":
                    self._go_back(element)
                case "forward":
                    self.at += self._duration(element)
                    self.bar.reach(self.at)
                case "attributes":
                    self._take_attributes(element)
                case "direction":
                    self._take_direction(element)
                case "sound":
                    self._take_sound(element, self.at)
                case "harmony":
                    self._take_harmony(element)
                case "barline":
                    self._take_barline(element)
        numerator, denominator = self.metre
        self.bar.metre_beat = Fraction(4 * numerator, denominator) if self.has_metre else Fraction(0)

    # -------------------------------------------------------------- time

    def _beats(self, text: str | None) -> Fraction:
        return _number(text, "duration") / self.divisions

    def _duration(self, element: Element) -> Fraction:
        duration = self._beats(element.findtext("duration"))
        if duration < 0:
            raise ValueError("a duration below 0")
        return duration

    def _go_back(self, element: Element) -> None:
        self.at -= self._duration(element)
        if self.at < 0:
            raise ValueError("it goes back to before its own start")

    def _take_attributes(self, element: Element) -> None:
        if (divisions := element.findtext("divisions")) is not None:
            self.divisions = _number(divisions, "divisions")
            if not 0 < self.divisions <= FINEST_BEAT:
                raise ValueError(f"{divisions.strip()[:20]} divisions in a beat")
        for transpose in element.iterfind("transpose"):
            octaves = _integer(transpose.findtext("octave-change"), 0)
            staff = transpose.get("number", "")
            self.transpositions[staff] = _integer(transpose.findtext("chromatic"), 0) + 12 * octaves
        for time in element.iterfind("time"):
            if metre := _metre(time):
                self.metre = self.bar.metre = metre
            self.has_metre = time.find("senza-misura") is None
        if self.key is None and (key := element.find("key")) is not None:
            self.key = self._key(key)

    def _key(self, key: Element) -> tuple[int, Scale] | None:
        """Return tonic and scale as they sound; None where the file does not say.

        Without its mode a signature may be either of two keys, and C major is what programs write of tunes without one.
        """
        mode, fifths = (key.findtext("mode") or "").strip().lower()[:3], _integer(key.findtext("fifths"), 0)
        if mode not in MODES or (mode == "maj" and fifths == self._transposition("") == 0):
            return None
        steps, scale = MODES[mode]
        return (7 * fifths + steps + self._transposition("")) % 12, scale

    def _transposition(self, staff: str) -> int:
        return self.transpositions.get(staff, self.transpositions.get("", 0))

    # -------------------------------------------------------------- notes

    def _take_note(self, note: Element) -> None:
        if note.find("grace") is not None:
            self.grace_notes += note.find("rest") is None
            return
        length = self._note_length(note)
        is_chord = note.find("chord") is not None
        onset = self.chord_at if is_chord else self.at
        if not is_chord:
            self.chord_at = self.at
            self.at += length
        self.bar.reach(max(self.at, onset + length))
        voice = (note.findtext("voice") or "1").strip()
        if note.find("rest") is not None:
            self.words[voice].sounding = self.words[voice].extended = False
        elif note.find("cue") is None and length > 0:
            tied = {tie.get("type") for tie in note.iterfind("tie")} or {
                tie.get("type") for tie in note.iterfind("notations/tied")
            }
            written = WrittenNote(
                voice=voice,
                onset_beat=onset,
                length_beat=length,
                pitch=self._pitch(note),
                velocity=self._note_velocity(note),
                tied=bool(tied & {"start", "continue"}),
                lyric=self._lyric(note, self.words[voice]) if not is_chord or note.find("lyric") is not None else "",
            )
            self.bar.notes.append(written)

    def _note_length(self, note: Element) -> Fraction:
        """Return the note's length; where the divisions are too few for its tuplet, what its looks say is exact."""
        length = self._duration(note)
        base = _TYPES.get((note.findtext("type") or "").strip())
        ratio = note.find("time-modification")
        if base is None or ratio is None:
            return length
        dots = min(4, len(note.findall("dot")))
        normal, actual = (_integer(ratio.findtext(f"{kind}-notes"), 1) for kind in ("normal", "actual"))
        exact = base * (2 - Fraction(1, 2**dots)) * normal / max(1, actual)
        return exact if exact > 0 and abs(exact - length) * self.divisions < 1 else length

    def _pitch(self, note: Element) -> int:
        kind, prefix = ("pitch", "") if note.find("pitch") is not None else ("unpitched", "display-")
        step = (note.findtext(f"{kind}/{prefix}step") or "").strip().upper()
        pitch = 12 * _integer(note.findtext(f"{kind}/{prefix}octave"), 4) + 12 + _STEPS.get(step, 0)
        if kind == "unpitched":
            self.part.drums = True
            instrument = note.find("instrument")
            mapped = self.drum_pitches.get(instrument.get("id", "") if instrument is not None else "", -1)
            pitch = mapped if mapped >= 0 else pitch
        elif step not in _STEPS:
            raise ValueError(f"a note on {clean_name(step)!r}, which is no step")
        else:
            pitch += round(_number(note.findtext("pitch/alter") or "0", "alter"))
            pitch += self._transposition((note.findtext("staff") or "").strip())
        if not 0 <= pitch <= 127:
            raise ValueError(f"a note at MIDI pitch {pitch}, which is none (0 to 127)")
        return pitch

    def _note_velocity(self, note: Element) -> int:
        return _velocity(note.get("dynamics")) or self.velocity

    # -------------------------------------------------------------- words

    def _lyric(self, note: Element, words: _Words) -> str:
        slurred = bool(words.slurs)
        for slur in note.iterfind("notations/slur"):
            change = words.slurs.add if slur.get("type") == "start" else words.slurs.discard
            if slur.get("type") in {"start", "stop"}:
                change(slur.get("number", "1"))
        lyric = self._chosen(note)
        if lyric is None:
            goes_on = words.sounding and (words.extended or words.unfinished or slurred)
            return "+" if goes_on else ""
        extend = lyric.find("extend")
        text = clean_lyric(" ".join((text.text or "").strip() for text in lyric.iterfind("text")).strip())
        words.extended = extend is not None and extend.get("type") != "stop"
        if not text:
            return "+" if words.sounding and extend is not None else ""
        words.sounding = True
        words.unfinished = (lyric.findtext("syllabic") or "").strip() in {"begin", "middle"}
        return text

    def _chosen(self, note: Element) -> Element | None:
        """Return the syllable that is sung of all that stand under the note."""
        lyrics = [lyric for lyric in note.iterfind("lyric") if lyric.get("time-only", "1").split(",")[0].strip() == "1"]
        first = [lyric for lyric in lyrics if lyric.get("number", "1") == self.verse]
        if not first and self.endings and 1 not in self.endings:
            first = sorted(note.iterfind("lyric"), key=lambda lyric: _rank(lyric.get("number", "1")))
        return first[0] if first else None

    # -------------------------------------------------------------- what stands over the notes

    def _take_direction(self, direction: Element) -> None:
        sound = direction.find("sound")
        if sound is not None:
            self._take_sound(sound, self.at)
        for kind in direction.iterfind("direction-type/*"):
            if kind.tag == "words" and (kind.text or "").strip() == "N.C.":
                self.bar.chords.append((self.at, ""))
            elif kind.tag in {"words", "rehearsal"}:
                self.bar.add_words(kind.text or "", self.at)
            elif kind.tag == "segno":
                self.bar.segno = True
            elif kind.tag == "coda" and (sound is None or not {"coda", "tocoda"} & set(sound.keys())):
                self.coda_signs.append(self.bar)
            elif kind.tag == "metronome" and (sound is None or sound.get("tempo") is None):
                self._take_metronome(kind)

    def _take_sound(self, sound: Element, at: Fraction) -> None:
        offset = sound.findtext("offset")
        if (tempo := sound.get("tempo")) is not None:
            bpm = float(_number(tempo, "tempo"))
            self.bar.tempi.append((max(Fraction(0), at + (self._beats(offset) if offset else 0)), bpm))
        self.velocity = _velocity(sound.get("dynamics")) or self.velocity
        for attribute, sign in _SIGN_SOUNDS.items():
            if sound.get(attribute, "no") != "no":
                setattr(self.bar, sign, True)
        if sound.get("dacapo") == "yes":
            self.bar.jump = "da capo"
        elif sound.get("dalsegno") is not None:
            self.bar.jump = "dal segno"

    def _take_metronome(self, metronome: Element) -> None:
        """Take "a dotted quarter is 60"; a mark of one note value against another is no tempo."""
        per_minute = _NUMBER.search(metronome.findtext("per-minute") or "")
        beat = _TYPES.get((metronome.findtext("beat-unit") or "").strip())
        if per_minute and beat:
            dots = min(4, len(metronome.findall("beat-unit-dot")))
            self.bar.tempi.append((self.at, float(per_minute[0]) * float(beat * (2 - Fraction(1, 2**dots)))))

    def _take_harmony(self, harmony: Element) -> None:
        """Take a chord as it sounds; what it has beside its kind (added or altered degrees) is left out."""
        offset = harmony.findtext("offset")
        at = max(Fraction(0), self.at + (self._beats(offset) if offset else 0))
        kind = (harmony.findtext("kind") or "").strip()
        root = self._chord_name(harmony, "root")
        bass = self._chord_name(harmony, "bass")
        symbol = root + _KINDS.get(kind, "") + (f"/{bass}" if bass and bass != root else "") if root else ""
        if symbol or kind == "none":
            self.bar.chords.append((at, symbol if kind != "none" else ""))

    def _chord_name(self, harmony: Element, place: str) -> str:
        step = (harmony.findtext(f"{place}/{place}-step") or "").strip()
        if step not in _STEPS:
            return ""
        alter, shift = _integer(harmony.findtext(f"{place}/{place}-alter"), 0), self._transposition("") % 12
        if shift or abs(alter) > 1:
            return _NAMES[(_STEPS[step] + alter + shift) % 12]
        return step + {-1: "b", 0: "", 1: "#"}[alter]

    # -------------------------------------------------------------- signs

    def _open_bracket(self, barline: Element) -> None:
        ending = barline.find("ending")
        if ending is not None and ending.get("type") == "start":
            self.endings = ending_numbers(ending.get("number", ""))

    def _take_barline(self, barline: Element) -> None:
        repeat = barline.find("repeat")
        if repeat is not None and repeat.get("direction") == "forward":
            self.bar.repeat_start = True
        elif repeat is not None:
            self.bar.repeat_times = min(100, max(2, _integer(repeat.get("times"), 2)))
        self.bar.segno |= barline.find("segno") is not None
        if barline.find("coda") is not None:
            self.coda_signs.append(self.bar)
        ending = barline.find("ending")
        if ending is not None and ending.get("type") in {"stop", "discontinue"}:
            self.endings = ()


def _number(text: str | None, what: str) -> Fraction:
    match = _NUMBER.fullmatch((text or "").strip())
    if not match:
        raise ValueError(f"{what} {clean_name((text or '').strip()[:20])!r} is no number")
    return Fraction(match[0])


def _integer(text: str | None, otherwise: int) -> int:
    match = re.fullmatch(r"[+-]?\d{1,3}(?:\.0*)?", (text or "").strip())
    return int(float(match[0])) if match else otherwise


def _velocity(dynamics: str | None) -> int:
    """Return a MIDI velocity; dynamics are per cent of 90. 0 where there are none."""
    match = _NUMBER.fullmatch((dynamics or "").strip())
    return min(127, max(1, round(0.9 * float(match[0])))) if match else 0


def _metre(time: Element) -> tuple[int, int] | None:
    """Return a time signature; of one in several pieces (3+2/8, 2/4 + 3/8) the sum."""
    beats = ["".join((text.text or "").split()) for text in time.iterfind("beats")]
    units = [_integer(text.text, 0) for text in time.iterfind("beat-type")]
    if not beats or len(beats) != len(units) or not all(re.fullmatch(r"[\d+]{1,40}", text) for text in beats):
        return None
    if any(unit not in {1, 2, 4, 8, 16, 32, 64} for unit in units):
        return None
    finest = max(units)
    sums = [sum(int(piece[:3]) for piece in text.split("+") if piece) for text in beats]
    total = sum(count * finest // unit for count, unit in zip(sums, units, strict=True))
    return (total, finest) if 1 <= total <= 64 else None


def _rank(verse: str) -> tuple[int, str]:
    """Return the order of verses: numbers before names."""
    digits = re.search(r"\d{1,6}", verse)
    return (int(digits[0]) if digits else 10**6, verse)
