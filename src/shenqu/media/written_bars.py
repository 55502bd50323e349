"""What score files of all kinds have in common: bars of notes with signs, and how they become a `Score`.

A reader lists what is written, part by part and bar by bar, each beat counted from the start of its bar;
`assemble` lays the bars one behind the other. Nothing is played here: signs go into `Score.bars`, and
`shenqu.music.unfold` follows them.

Conventions
-----------
Bars of the same number begin together in all parts: a part that fills its bar less than others waits. A bar is as
long as what is written in it, not as its metre asks; one that holds nothing is as long as its metre.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate, pairwise

from shenqu.documents.score import Bar, Jump, Score, Until
from shenqu.documents.tune import Chord, Part, PartNote, Scale, Section, SectionKind
from shenqu.errors import InputError
from shenqu.media.ticks import MAX_BEATS, whole_score

MAX_PART_NOTES = 10_000
MAX_BARS = 10_000
FINEST_BEAT = 1_000_000
"""The largest denominator of a beat that a document can say."""

MODES: dict[str, tuple[int, Scale]] = {
    "maj": (0, "major"),
    "ion": (0, "major"),
    "dor": (2, "minor"),
    "phr": (4, "minor"),
    "lyd": (5, "major"),
    "mix": (7, "major"),
    "min": (9, "minor"),
    "aeo": (9, "minor"),
    "loc": (11, "minor"),
}
"""Of each mode, by three letters: the semitones from its major key's tonic to its own, and what it is nearest to."""

_SECTIONS: tuple[tuple[SectionKind, str], ...] = (
    ("intro", r"intro(?:duction)?|vorspiel|前奏|イントロ|전주"),
    ("verse", r"verse|strophe|stanza|couplet|estrofa|主歌|aメロ|절"),
    ("refrain", r"chorus|refrain|ref|hook|kehrreim|estribillo|ritornello|副歌|サビ|후렴"),
    ("bridge", r"bridge|pre-?chorus|middle ?8|桥段|過渡|过渡|bメロ|cメロ|브릿지"),
    ("interlude", r"interlude|instrumental|zwischenspiel|间奏|間奏|간주"),
    ("tail", r"outro|tail|尾声|尾奏|アウトロ|후주"),
)
_JUMP = re.compile(r"(dc|dacapo|ds|dalsegno|delsegno)(?:al|alla|tothe|to)?(fine|coda|end|segno)?(?:e(?:poila)?coda)?")
_SIGNS = {"fine": "fine", "tocoda": "to_coda", "alcoda": "to_coda", "coda": "coda", "segno": "segno"}


@dataclass(slots=True, kw_only=True)
class WrittenNote:
    """A note as it is written; `tied` goes on in the next note of its voice and pitch."""

    voice: str
    onset_beat: Fraction
    length_beat: Fraction
    pitch: int
    velocity: int = 80
    tied: bool = False
    lyric: str = ""


@dataclass(slots=True, kw_only=True)
class WrittenBar:
    """A bar of one part. `metre_beat` is how long its metre wants it; 0 where there is no metre.

    A chord of no name ends the one before. `until` is None where the jump does not say.
    """

    metre_beat: Fraction = Fraction(4)
    length_beat: Fraction = Fraction(0)
    metre: tuple[int, int] | None = None
    notes: list[WrittenNote] = field(default_factory=list)
    tempi: list[tuple[Fraction, float]] = field(default_factory=list)
    chords: list[tuple[Fraction, str]] = field(default_factory=list)
    sections: list[tuple[Fraction, SectionKind]] = field(default_factory=list)
    repeat_start: bool = False
    repeat_times: int = 0
    endings: tuple[int, ...] = ()
    segno: bool = False
    fine: bool = False
    to_coda: bool = False
    coda: bool = False
    jump: Jump | None = None
    until: Until | None = None

    def reach(self, beat: Fraction) -> None:
        """Make the bar as long as `beat` at least.

        Raises `ValueError` where it is finer than a document can say, or far beyond what a tune has.
        """
        if beat.denominator > FINEST_BEAT or beat > MAX_BEATS:
            raise ValueError("a note is longer, shorter or finer divided than music is")
        self.length_beat = max(self.length_beat, beat)

    def add_words(self, text: str, beat: Fraction = Fraction(0)) -> None:
        """Take what a text over the notes says about how they are played on, or which section begins at `beat`."""
        kind = section_kind(text)
        if kind:
            self.sections.append((beat, kind))
        else:
            self.add_sign(text)

    def add_sign(self, text: str) -> None:
        """Take a sign in words: "Fine", "To Coda", "Coda", "Segno", "D.C. al Fine", "Dal Segno al Coda" ...

        >>> bar = WrittenBar()
        >>> bar.add_sign("D.S. al Coda")
        >>> bar.jump, bar.until
        ('dal segno', 'coda')
        """
        letters = re.sub(r"[\s._-]+", "", text).casefold()
        if letters in _SIGNS:
            setattr(self, _SIGNS[letters], True)
        elif match := _JUMP.fullmatch(letters):
            self.jump = "da capo" if match[1] in {"dc", "dacapo"} else "dal segno"
            self.until = "fine" if match[2] == "fine" else "coda" if match[2] == "coda" else None


@dataclass(slots=True, kw_only=True)
class WrittenPart:
    """What one player reads, in one voice or several."""

    name: str
    program: int = 0
    drums: bool = False
    bars: list[WrittenBar] = field(default_factory=list)


def section_kind(text: str) -> SectionKind | None:
    """Return which kind of section a text over the notes names, if it does.

    >>> section_kind("Chorus 2:"), section_kind("副歌"), section_kind("Andante")
    ('refrain', 'refrain', None)
    """
    words = text.strip().strip("[]()").casefold()
    for kind, pattern in _SECTIONS:
        if re.fullmatch(rf"(?:{pattern})\s*(?:\d+|[ivx]+|[a-d])?\s*[.:：]?", words):
            return kind
    return None


def ending_numbers(text: str) -> tuple[int, ...]:
    """Return the passes that a bracket names.

    >>> ending_numbers("1, 2"), ending_numbers("1-3"), ending_numbers("")
    ((1, 2), (1, 2, 3), ())
    """
    numbers: set[int] = set()
    for first, last in re.findall(r"(\d{1,2})(?:\s*-\s*(\d{1,2}))?", text[:80]):
        numbers.update(range(max(1, int(first)), int(last or first) + 1))
    return tuple(sorted(numbers))


def assemble(
    parts: Sequence[WrittenPart],
    *,
    name: str,
    title: str,
    composer: str = "",
    key: tuple[int, Scale] | None = None,
) -> Score:
    """Return the score of `parts`; each voice with notes becomes a part of its own.

    Raises `InputError` with `name` where there are no notes, or more than a tune has.
    """
    bars = _common_bars(parts, name)
    voices = [voice for part in parts for voice in _voices(part, bars)]
    if any(len(voice.notes) > MAX_PART_NOTES for voice in voices):
        raise InputError(f"{name}: a part of more than {MAX_PART_NOTES} notes, too many for a tune")
    lanes = [list(zip((bar.onset_beat for bar in bars), part.bars, strict=False)) for part in parts]
    written = [pair for lane in reversed(lanes) for pair in lane]
    chorded = next((lane for lane in lanes if any(bar.chords for _, bar in lane)), [])
    score = whole_score(
        name,
        title=title,
        parts=voices,
        bpms=[(onset + beat, bpm) for onset, bar in written for beat, bpm in bar.tempi],
        signatures=[(onset, *bar.metre) for onset, bar in written if bar.metre],
    )
    end_beat = bars[-1].onset_beat + bars[-1].length_beat
    return score.replace(
        composer=composer,
        key=key,
        upbeat_beat=_upbeat(parts, bars),
        chords=_chords([(onset + beat, symbol) for onset, bar in chorded for beat, symbol in bar.chords], end_beat),
        sections=_sections([(onset + beat, kind) for onset, bar in written for beat, kind in bar.sections], end_beat),
        bars=bars,
    )


def _common_bars(parts: Sequence[WrittenPart], name: str) -> tuple[Bar, ...]:
    """Return the bars of all parts as one row; a sign in one of them holds for all."""
    count = max((len(part.bars) for part in parts), default=0)
    if count > MAX_BARS:
        raise InputError(f"{name}: more than {MAX_BARS} bars, too many for a tune")
    columns = [[part.bars[index] for part in parts if index < len(part.bars)] for index in range(count)]
    lengths = [
        max(bar.length_beat for bar in column) or max(bar.metre_beat for bar in column) or Fraction(4)
        for column in columns
    ]
    onsets = accumulate(lengths, initial=Fraction(0))
    has_fine = any(bar.fine for column in columns for bar in column)
    has_coda = any(bar.to_coda for column in columns for bar in column)
    unsaid: Until = "coda" if has_coda else "fine" if has_fine else "end"
    return tuple(
        Bar(
            onset_beat=onset,
            length_beat=length,
            repeat_start=any(bar.repeat_start for bar in column),
            repeat_times=max(bar.repeat_times for bar in column),
            endings=tuple(sorted({number for bar in column for number in bar.endings})),
            segno=any(bar.segno for bar in column),
            fine=any(bar.fine for bar in column),
            to_coda=any(bar.to_coda for bar in column),
            coda=any(bar.coda for bar in column),
            jump=(jump := next((bar.jump for bar in column if bar.jump), None)),
            until=(next((bar.until for bar in column if bar.until), unsaid) if jump else "end"),
        )
        for onset, length, column in zip(onsets, lengths, columns, strict=False)
    )


def _voices(part: WrittenPart, bars: Sequence[Bar]) -> list[Part]:
    voices: dict[str, list[PartNote]] = {}
    tied: dict[tuple[str, int], int] = {}
    for bar, place in zip(part.bars, bars, strict=False):
        for note in sorted(bar.notes, key=lambda note: note.onset_beat):
            line = voices.setdefault(note.voice, [])
            onset_beat = place.onset_beat + note.onset_beat
            index = tied.pop((note.voice, note.pitch), None)
            if index is not None and line[index].onset_beat + line[index].length_beat == onset_beat:
                line[index] = line[index].replace(length_beat=line[index].length_beat + note.length_beat)
            else:
                index = len(line)
                line.append(
                    PartNote(
                        pitch=note.pitch,
                        onset_beat=onset_beat,
                        length_beat=note.length_beat,
                        velocity=note.velocity,
                        lyric=note.lyric,
                    )
                )
            if note.tied:
                tied[note.voice, note.pitch] = index
    return [
        Part(
            name=part.name if not number else f"{part.name} (voice {voice})".strip(),
            program=part.program,
            drums=part.drums,
            notes=_with_words_on_top(line),
        )
        for number, (voice, line) in enumerate(voices.items())
    ]


def _with_words_on_top(line: list[PartNote]) -> tuple[PartNote, ...]:
    """Return notes in order of onset and pitch; the words of a chord lie on its highest note, which is the melody."""
    line = sorted(line, key=lambda note: (note.onset_beat, note.pitch))
    for index, (below, above) in enumerate(pairwise(line)):
        if below.onset_beat == above.onset_beat and line[index].lyric:
            line[index + 1] = above.replace(lyric=above.lyric or line[index].lyric)
            line[index] = below.replace(lyric="")
    return tuple(line)


def _upbeat(parts: Sequence[WrittenPart], bars: Sequence[Bar]) -> Fraction:
    metre_beat = max(part.bars[0].metre_beat for part in parts if part.bars)
    return bars[0].length_beat if bars[0].length_beat < metre_beat else Fraction(0)


def _chords(events: list[tuple[Fraction, str]], end_beat: Fraction) -> tuple[Chord, ...]:
    """Return chords that each last until the next one; one of no name is silence."""
    changes = [*sorted(dict(events).items()), (end_beat, "")]
    return tuple(
        Chord(symbol=symbol, onset_beat=beat, length_beat=after - beat)
        for (beat, symbol), (after, _) in pairwise(changes)
        if symbol and after > beat
    )


def _sections(events: list[tuple[Fraction, SectionKind]], end_beat: Fraction) -> tuple[Section, ...]:
    begun = sorted(dict(events).items())
    ends = [*(beat for beat, _ in begun), end_beat][1:]
    return tuple(
        Section(kind=kind, onset_beat=beat, length_beat=end - beat)
        for (beat, kind), end in zip(begun, ends, strict=False)
        if end > beat
    )
