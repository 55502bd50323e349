"""Standard MIDI files: scores come in, the sung notes go out.

Files from the street are seldom as the standard wants them. What can be understood is taken: note-offs
that end nothing, notes that never end, notes struck again while they sound, headers without tempo or
metre, divisions in frames, a RIFF around it, words and names in any encoding. What cannot is refused in
one line.

Words are lyric events, or the text events of karaoke files (`.kar`), where "/" and "\\" begin a line and
"@" a note about the file. They need not stand in the track of their notes: words without notes go to the
part whose notes begin where they do.

References
----------
MIDI Manufacturers Association, Standard MIDI Files 1.0 (1996); RP-017, SMF Lyric Events Definition (1998);
RP-026, SMF Language and Display Extensions (1999). Tune 1000, Soft Karaoke, has no standard.
"""

from __future__ import annotations

import io
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import mido

from shenqu.documents.performance import TempoMap
from shenqu.documents.score import Score
from shenqu.documents.tune import Metre, Part, PartNote
from shenqu.errors import InputError
from shenqu.media.encodings import find_encoding
from shenqu.media.files import read_bounded
from shenqu.media.ticks import clean_lyric, clean_name, tick_to_beat, whole_score
from shenqu.units import TICKS_PER_BEAT, beats_to_ticks

MAX_BYTES = 4 << 20
HANGING_BEATS = 4
_DRUM_CHANNEL = 9
_META, _END_OF_TRACK, _TEXT, _NAME, _LYRIC, _TEMPO, _METRE = 0xFF, 0x2F, 0x01, 0x03, 0x05, 0x51, 0x58
_WORD_REACH_BEATS = Fraction(1, 8)
_LEAST_FIT = 0.4
"""How well text events must fit a part's notes (F1) to be words: remarks of the arranger do not."""


def read_midi(path: Path) -> Score:
    """Return the score in the MIDI file `path` (type 0 or 1), one part for every track and channel with notes.

    Raises
    ------
    InputError
        The file is missing, too large, no MIDI, cut short, of type 2, or holds no notes.
    """
    too_large = f"larger than {MAX_BYTES >> 20} MB, too large for a tune; give a shorter one"
    data = read_bounded(path, MAX_BYTES, too_large=too_large)
    return parse_midi(data, name=str(path))


def parse_midi(data: bytes, *, name: str) -> Score:
    """Return the score that the bytes of a MIDI file hold; `name` says in messages which file it is.

    Raises `InputError` as `read_midi` does.
    """
    try:
        return _parse(data, name)
    except (IndexError, ValueError) as error:
        raise InputError(f"{name}: broken MIDI file ({error}); export it again") from error


def _parse(data: bytes, name: str) -> Score:
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        data = data[max(0, data.find(b"MThd")) :]
    if data[:4] != b"MThd" or len(data) < 14:
        raise InputError(f"{name}: not a MIDI file; export the tune as one (.mid)")
    kind = int.from_bytes(data[8:10])
    if kind == 2:
        raise InputError(f"{name}: a MIDI file of type 2 (separate patterns); save it as type 0 or 1")
    header = _Header(ticks_per_beat=_ticks_per_beat(data[12], data[13]), in_frames=data[12] >= 0x80)
    tracks = [_read_track(chunk, header) for chunk in _track_chunks(data)]
    encoding = find_encoding([text for track in tracks for text in track.texts()])
    voices = [(track, voice) for track in tracks for voice in track.voices.values() if voice.notes]
    lyrics, line_beats = _lyrics(tracks, voices, encoding)
    return whole_score(
        name,
        title=_title(tracks, encoding),
        parts=[
            Part(
                name=clean_name(_decode(track.name, encoding)),
                program=voice.program,
                drums=voice.channel == _DRUM_CHANNEL,
                notes=_with_lyrics(voice.notes, lyrics[index]),
            )
            for index, (track, voice) in enumerate(voices)
        ],
        bpms=[event for track in tracks for event in track.tempi],
        signatures=[event for track in tracks for event in track.metres],
        line_beats=line_beats,
    )


@dataclass(frozen=True, slots=True)
class _Header:
    """How ticks become beats; a file whose ticks are frames has no tempo but 120."""

    ticks_per_beat: Fraction
    in_frames: bool

    def beat(self, tick: int) -> Fraction:
        return tick_to_beat(tick, self.ticks_per_beat)


@dataclass(slots=True)
class _Voice:
    """What one channel of one track plays; `sounding` are the notes not ended yet."""

    channel: int
    program: int = 0
    notes: list[PartNote] = field(default_factory=list)
    sounding: dict[int, deque[tuple[int, int]]] = field(default_factory=lambda: defaultdict(deque))


class _Word(NamedTuple):
    """What is sung at `beat`, as its bytes are."""

    beat: Fraction
    text: bytes


@dataclass(slots=True)
class _Track:
    name: bytes = b""
    lyrics: list[_Word] = field(default_factory=list)
    remarks: list[_Word] = field(default_factory=list)
    voices: dict[int, _Voice] = field(default_factory=dict)
    tempi: list[tuple[Fraction, float]] = field(default_factory=list)
    metres: list[tuple[Fraction, int, int]] = field(default_factory=list)

    def texts(self) -> Iterator[bytes]:
        """Yield everything that is text in some encoding."""
        yield self.name
        yield from (word.text for word in (*self.lyrics, *self.remarks))


def _ticks_per_beat(high: int, low: int) -> Fraction:
    """Return the division; frames of time code are counted as at 120 beats a minute."""
    if high < 0x80:
        ticks = Fraction(high << 8 | low)
    else:
        frames = 256 - high
        ticks = (Fraction(30000, 1001) if frames == 29 else Fraction(frames)) * low / 2
    if not ticks:
        raise ValueError("no ticks in a beat")
    return ticks


def _track_chunks(data: bytes) -> Iterator[bytes]:
    at = 8 + int.from_bytes(data[4:8])
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8])
        if data[at : at + 4] == b"MTrk":
            if at + 8 + size > len(data):
                raise ValueError("it is cut short")
            yield data[at + 8 : at + 8 + size]
        at += 8 + size


def _read_track(chunk: bytes, header: _Header) -> _Track:
    track = _Track()
    tick = 0
    for tick, status, data in _events(chunk):
        if status < 0xF0:
            channel = status & 0x0F
            voice = track.voices.setdefault(channel, _Voice(channel=channel))
            _take_message(voice, status & 0xF0, tick, data, header)
        else:
            _take_meta(track, header, tick, data)
    for voice in track.voices.values():
        for pitch, hanging in voice.sounding.items():
            for onset, velocity in hanging:
                end = min(header.beat(tick), header.beat(onset) + HANGING_BEATS)
                _add_note(voice, pitch, velocity, header.beat(onset), end)
    return track


def _events(chunk: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (tick, status, data) of all channel messages and meta events; a meta event's data begins with its type."""
    at, tick, running = 0, 0, 0
    while at < len(chunk):
        delta, at = _variable_length(chunk, at)
        tick += delta
        if chunk[at] >= 0x80:
            status, at = chunk[at], at + 1
        else:
            status = running
        if status == _META:
            kind = chunk[at]
            size, at = _variable_length(chunk, at + 1)
            if kind == _END_OF_TRACK:
                return
            yield tick, status, bytes([kind]) + chunk[at : at + size]
        elif status in {0xF0, 0xF7}:
            size, at = _variable_length(chunk, at)
        elif 0x80 <= status < 0xF0:
            running = status
            size = 1 if 0xC0 <= status < 0xE0 else 2
            yield tick, status, chunk[at : at + size]
        else:
            raise ValueError(f"unknown message {status:#04x}")
        at += size
        if at > len(chunk):
            raise ValueError("a track ends within a message")


def _variable_length(chunk: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(at, at + 4):
        value = value << 7 | chunk[place] & 0x7F
        if chunk[place] < 0x80:
            return value, place + 1
    raise ValueError("a length is longer than four bytes")


def _take_message(voice: _Voice, kind: int, tick: int, data: bytes, header: _Header) -> None:
    if kind == 0xC0 and not voice.notes:
        voice.program = data[0] & 0x7F
    elif kind == 0x90 and data[1]:
        voice.sounding[data[0] & 0x7F].append((tick, data[1] & 0x7F))
    elif kind in {0x80, 0x90} and voice.sounding[data[0] & 0x7F]:
        onset, velocity = voice.sounding[data[0] & 0x7F].popleft()
        _add_note(voice, data[0] & 0x7F, velocity, header.beat(onset), header.beat(tick))


def _add_note(voice: _Voice, pitch: int, velocity: int, onset: Fraction, end: Fraction) -> None:
    if end > onset:
        voice.notes.append(
            PartNote(pitch=pitch, onset_beat=onset, length_beat=end - onset, velocity=max(1, velocity)),
        )


def _take_meta(track: _Track, header: _Header, tick: int, data: bytes) -> None:
    kind, body = data[0], data[1:]
    if kind == _NAME and not track.name:
        track.name = body
    elif kind == _LYRIC:
        track.lyrics.append(_Word(header.beat(tick), body))
    elif kind == _TEXT:
        track.remarks.append(_Word(header.beat(tick), body))
    elif kind == _TEMPO and len(body) >= 3 and not header.in_frames:
        microseconds = int.from_bytes(body[:3])
        track.tempi.append((header.beat(tick), 60e6 / microseconds if microseconds else float("inf")))
    elif kind == _METRE and len(body) >= 2 and 0 < body[0] <= 64 and body[1] <= 5:
        track.metres.append((header.beat(tick), body[0], 2 ** body[1]))


# ------------------------------------------------------------------ words


class _Syllable(NamedTuple):
    """A clean syllable, where it is sung, and whether a line of the words begins with it."""

    beat: Fraction
    text: str
    begins_line: bool


def _lyrics(
    tracks: Sequence[_Track], voices: Sequence[tuple[_Track, _Voice]], encoding: str
) -> tuple[list[dict[Fraction, str]], list[Fraction]]:
    """Return the syllables of each of `voices` by the onset they are sung on, and where lines of them begin."""
    onsets = [sorted({note.onset_beat for note in voice.notes}) for _, voice in voices]
    found: list[dict[Fraction, str]] = [{} for _ in voices]
    line_beats: list[Fraction] = []
    has_lyrics = any(track.lyrics for track in tracks)
    for track in tracks:
        syllables = _syllables(track.lyrics if has_lyrics else track.remarks, encoding)
        own = [index for index, (owner, _) in enumerate(voices) if owner is track]
        sung = [index for index in own or range(len(voices)) if voices[index][1].channel != _DRUM_CHANNEL]
        laid = [(index, _on_notes(syllables, onsets[index])) for index in sung]
        fits = [2 * len(words) / (len(syllables) + len(onsets[index])) for index, words in laid]
        best = max(range(len(laid)), key=fits.__getitem__, default=None)
        if best is None or not syllables or (not has_lyrics and fits[best] < _LEAST_FIT):
            continue
        index, words = laid[best]
        found[index] |= {onset: syllable.text for onset, syllable in words.items()}
        line_beats += [onset for onset, syllable in words.items() if syllable.begins_line]
    return found, line_beats


def _syllables(words: Sequence[_Word], encoding: str) -> list[_Syllable]:
    """Return what is sung of `words`: no tags, no signs of line breaks, nothing empty."""
    syllables: list[_Syllable] = []
    new_line = True
    for word in sorted(words, key=lambda word: word.beat):
        text = _decode(word.text, encoding)
        if text.startswith(("@", "{")):
            continue
        syllable = clean_lyric(text.strip().lstrip("/\\"))
        new_line |= text.startswith(("/", "\\", "\r", "\n"))
        if syllable:
            syllables.append(_Syllable(word.beat, syllable, new_line))
            new_line = False
        new_line |= text.endswith(("/", "\\", "\r", "\n"))
    return syllables


def _on_notes(syllables: Sequence[_Syllable], onsets: Sequence[Fraction]) -> Mapping[Fraction, _Syllable]:
    """Return which of `syllables` is sung on which of `onsets` (rising): the nearest within reach, one on each."""
    laid: dict[Fraction, _Syllable] = {}
    for syllable in syllables:
        at = bisect_left(onsets, syllable.beat)
        near = min(onsets[max(0, at - 1) : at + 1], key=lambda onset: abs(onset - syllable.beat))
        if abs(near - syllable.beat) <= _WORD_REACH_BEATS:
            laid.setdefault(near, syllable)
    return laid


def _with_lyrics(notes: Sequence[PartNote], lyrics: Mapping[Fraction, str]) -> tuple[PartNote, ...]:
    """Return `notes` in order; of several that begin together the highest is sung."""
    ordered = sorted(notes, key=lambda note: (note.onset_beat, note.pitch))
    last = {note.onset_beat: index for index, note in enumerate(ordered)}
    for onset, lyric in lyrics.items():
        ordered[last[onset]] = ordered[last[onset]].replace(lyric=lyric)
    return tuple(ordered)


def _title(tracks: Sequence[_Track], encoding: str) -> str:
    """Return the title that a karaoke file gives in its first "@T", else the name of the first track."""
    remarks = (_decode(word.text, encoding) for track in tracks for word in track.remarks)
    tagged = (clean_name(text[2:]) for text in remarks if text.startswith("@T"))
    return next(tagged, "") or clean_name(_decode(tracks[0].name, encoding) if tracks else "")


def _decode(text: bytes, encoding: str) -> str:
    return text.decode(encoding).strip("\0")


# ------------------------------------------------------------------ the sung notes


@dataclass(frozen=True, slots=True, kw_only=True)
class VocalNote:
    """A sung note for `vocal_midi`: where, how long, which pitch, and its syllable ("+" where one goes on)."""

    onset_beat: Fraction
    length_beat: Fraction
    pitch: int
    lyric: str


def vocal_midi(
    notes: Sequence[VocalNote],
    *,
    tempo_map: TempoMap,
    metres: Sequence[Metre] = (),
    upbeat_beat: Fraction = Fraction(0),
) -> bytes:
    """Return a MIDI file (type 1, 480 ticks a beat) of the sung notes, in order and without overlaps.

    Track 0 holds tempo map and metres, track 1 the notes, each directly after its lyric event (UTF-8).
    File time 0 is song time 0: everything lies `tempo_map.lead_in_beat` later than in the tune. Lead-in and
    upbeat together are a bar of their own where such a bar can be written, so that the bar lines fall right.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    lead = tempo_map.lead_in_beat
    conductor = [
        (beats_to_ticks(max(Fraction(0), lead + beat)) if index else 0, 0, _tempo_event(bpm))
        for index, (beat, bpm) in enumerate(tempo_map.steps)
    ]
    conductor += [(beats_to_ticks(beat), 1, message) for beat, message in _metre_events(metres, lead, upbeat_beat)]
    voice: list[tuple[int, int, mido.Message | mido.MetaMessage]] = []
    for note in notes:
        start = beats_to_ticks(lead + note.onset_beat)
        end = max(start + 1, beats_to_ticks(lead + note.onset_beat + note.length_beat))
        voice.append((start, 1, mido.MetaMessage("lyrics", text=note.lyric)))
        voice.append((start, 1, mido.Message("note_on", note=note.pitch, velocity=96)))
        voice.append((end, 0, mido.Message("note_off", note=note.pitch, velocity=0)))
    file.tracks += [_track("shenqu", conductor), _track("vocal", voice)]
    target = io.BytesIO()
    file.save(file=target)
    return target.getvalue()


def _metre_events(
    metres: Sequence[Metre], lead: Fraction, upbeat: Fraction
) -> Iterator[tuple[Fraction, mido.MetaMessage]]:
    """Yield (beat of the file, message): a bar for what comes before the first bar line, then the metres."""
    before = (lead + upbeat) / 4
    fits = 0 < before.numerator <= 64 and before.denominator in {1, 2, 4, 8, 16, 32}
    bars = [(lead + metre.onset_beat, metre.numerator, metre.denominator) for metre in metres]
    if bars:
        bars[0] = (4 * before if fits else Fraction(0), *bars[0][1:])
    if bars and fits:
        bars.insert(0, (Fraction(0), before.numerator, before.denominator))
    for beat, numerator, denominator in bars:
        yield beat, mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)


def _tempo_event(bpm: float) -> mido.MetaMessage:
    return mido.MetaMessage("set_tempo", tempo=min(0xFFFFFF, round(60e6 / bpm)))


def _track(name: str, events: list[tuple[int, int, mido.Message | mido.MetaMessage]]) -> mido.MidiTrack:
    """Return a track of `events` (tick, rank among equals, message), in order."""
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=name)])
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track"))
    return track
