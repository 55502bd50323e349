"""Several speeches in one song: what they say one behind the other, and the song as each of them knows it.

Conventions
-----------
All recordings of a song lie on one line of speech time, each behind the whole one before it. The transcript, the
placements, the figures and the time map count on that line; in its own file a recording's times are `begins_s` earlier.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shenqu.documents.arrangement import Placement, Spans
from shenqu.documents.audio import Channel, LongSound
from shenqu.documents.figure import Figure
from shenqu.documents.options import SingOptions
from shenqu.documents.performance import Performance, TimeMap
from shenqu.documents.picture import EditList, Shot
from shenqu.documents.song import MOST_SOURCES, Song, Source
from shenqu.documents.speech import PAUSE_S, Phone, Syllable, Transcript, Word
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.errors import InputError
from shenqu.media.audio import audio_duration, read_sound
from shenqu.media.files import sha256_of
from shenqu.pipeline.hear import HEARING_RATE, Heard, hear
from shenqu.pipeline.report import Report
from shenqu.pipeline.songs import relative_path
from shenqu.speech.recognise import Recogniser

APART_S = 1.0


def check_speeches(speeches: Sequence[Path], options: SingOptions) -> None:
    """Refuse a number of recordings that no song has, and texts and ways of singing that do not go with it.

    Raises
    ------
    InputError
        Saying what does not fit.
    """
    count = len(speeches)
    if not 1 <= count <= MOST_SOURCES:
        raise InputError(f"{count} recordings; give one, or up to {MOST_SOURCES}")
    if count == 1 and options.together != "pool":
        raise InputError(f"--together {options.together} needs two recordings or more; give another one")
    if options.lyrics is not None and options.together != "pool":
        raise InputError(f"--lyrics are built from all that is said; leave out --together {options.together}")
    texts = len(options.text) if isinstance(options.text, tuple) else 1
    if texts not in {1, count}:
        raise InputError(f"--text is given {texts} times for {count} recordings; give it once for each, in their order")


def sources_of(speeches: Sequence[Path], options: SingOptions, document: Path) -> tuple[Source, ...]:
    """Return the recordings as `document` names them, each on the line of speech time behind the one before."""
    begins_s = [0.0]
    for speech in speeches[:-1]:
        begins_s.append(begins_s[-1] + math.ceil(audio_duration(speech) + APART_S))
    return tuple(
        Source(
            path=relative_path(speech, document),
            sha256=sha256_of(speech),
            start_s=options.start_s,
            end_s=options.end_s,
            begins_s=begin_s,
        )
        for speech, begin_s in zip(speeches, begins_s, strict=True)
    )


def hear_each(
    speeches: Sequence[Path],
    options: SingOptions,
    *,
    needed: int | None,
    shared: int | None,
    report: Report,
    recogniser: Recogniser | None,
) -> tuple[Heard, ...]:
    """Return what is said in each recording, at least its first `needed` syllables; None: all of it.

    Of a pool of several no more than `shared` syllables are taken, of each recording its share. Errors and warnings
    are those of `hear`.
    """
    given = options.text
    texts = [text or None for text in given] if isinstance(given, tuple) else [given] * len(speeches)
    heard = tuple(
        hear(
            speech,
            replace(options, text=text),
            needed=needed,
            struck=options.mode == "chop",
            report=report,
            recogniser=recogniser,
        )
        for speech, text in zip(speeches, texts, strict=True)
    )
    if len(heard) == 1 or shared is None or options.together != "pool":
        return heard
    shares = fair_shares([len(one.transcript.syllables) for one in heard], shared)
    return tuple(_first(one, share) for one, share in zip(heard, shares, strict=True))


def fair_shares(counts: Sequence[int], total: int) -> list[int]:
    """Return how many of `total` each may give that has so many: alike, but what one has not the others give.

    >>> fair_shares([100, 10, 100], 60), fair_shares([5, 5], 60)
    ([25, 10, 25], [5, 5])
    """
    shares, left = [0] * len(counts), total
    for done, number in enumerate(sorted(range(len(counts)), key=lambda number: counts[number])):
        shares[number] = min(counts[number], math.ceil(left / (len(counts) - done)))
        left -= shares[number]
    return shares


def _first(heard: Heard, syllables: int) -> Heard:
    """Return the beginning of what was heard: so many syllables, and on to the next pause."""
    words: list[Word] = []
    count, said = 0, heard.transcript.words
    for word, after in zip(said, [*said[1:], None], strict=True):
        words.append(word)
        count += len(word.syllables)
        if count >= syllables and (after is None or _pauses(word, after)):
            break
    return replace(
        heard,
        transcript=heard.transcript.replace(words=tuple(words)),
        pitches=heard.pitches[:count],
        voiced=heard.voiced[:count],
        strikes_db=heard.strikes_db[:count],
    )


def _pauses(word: Word, after: Word) -> bool:
    """Return whether the speaker pauses between two words; where one was not heard, it cannot be said that not."""
    return not (word.syllables and after.syllables) or after.syllables[0].start_s - word.syllables[-1].end_s >= PAUSE_S


def joined(heard: Sequence[Heard], sources: Sequence[Source]) -> Heard:
    """Return what was heard in several recordings as if it were one, in the language of the first that has one."""
    if len(heard) == 1:
        return heard[0]
    pieces = [_moved(one.transcript, source.begins_s) for one, source in zip(heard, sources, strict=True)]
    counts = [len(piece.syllables) for piece in pieces]
    firsts = [0]
    for piece in pieces[:-1]:
        firsts.append(firsts[-1] + len(piece.words))
    language = next((piece.language for piece in pieces if piece.language != "und"), "und")
    pitch = sum(one.speaker_pitch * count for one, count in zip(heard, counts, strict=True)) / sum(counts)
    return Heard(
        transcript=Transcript(language=language, words=tuple(word for piece in pieces for word in piece.words)),
        speaker_pitch=pitch,
        pitches=tuple(pitch for one in heard for pitch in one.pitches),
        voiced=tuple(share for one in heard for share in one.voiced),
        strikes_db=tuple(strike_db for one in heard for strike_db in one.strikes_db),
        first_words=tuple(firsts),
    )


def read_line(
    speeches: Sequence[Path], begins_s: Sequence[float], start_s: float, end_s: float, *, channel: Channel | None
) -> LongSound:
    """Return what is heard between two times of the line of speech time; between recordings it is silent."""
    pieces: list[npt.NDArray[np.int16]] = []
    until_s = start_s
    for speech, begin_s, after_s in zip(speeches, begins_s, [*begins_s[1:], math.inf], strict=True):
        first_s, last_s = max(until_s, begin_s), min(end_s, after_s)
        if first_s >= last_s:
            continue
        part_s = first_s - begin_s, last_s - begin_s
        sound = read_sound(speech, rate=HEARING_RATE, start_s=part_s[0], end_s=part_s[1], channel=channel)
        pieces.append(sound.pcm)
        if last_s < end_s:
            missing = round((last_s - first_s) * HEARING_RATE) - len(sound.pcm)
            pieces.append(np.zeros(max(0, missing), dtype=np.int16))
        until_s = last_s
    return LongSound(pcm=np.concatenate(pieces), rate=HEARING_RATE)


# --- a song as one of its recordings knows it


def alone(song: Song, number: int) -> Song:
    """Return what recording `number` has to do with `song`, as a song of that recording alone, in its own times."""
    if len(song.sources) == 1:
        return song
    begin_s = song.sources[number].begins_s
    words, first, count = _words_of(song, number)

    def own(placements: Sequence[Placement]) -> tuple[Placement, ...]:
        return tuple(
            _placement_moved(placement.replace(syllable=placement.syllable - first), -begin_s)
            for placement in placements
            if placement.syllable is not None and first <= placement.syllable < first + count
        )

    voices = (voice.replace(placements=own(voice.placements)) for voice in song.voices)
    return song.replace(
        sources=(song.sources[number].replace(begins_s=0.0),),
        hook=None,
        transcript=_moved(song.transcript.replace(words=words), -begin_s),
        placements=own(song.placements),
        figures=tuple(_figure_moved(one, -begin_s) for one in song.figures if song.source_at(one.beat_s) == number),
        voices=tuple(voice for voice in voices if voice.placements),
    )


def _words_of(song: Song, number: int) -> tuple[tuple[Word, ...], int, int]:
    """Return the words of a recording, the number of their first syllable, and how many syllables they have."""
    own: list[Word] = []
    first = count = now = 0
    for word in song.transcript.words:
        now = song.source_at(word.start_s) if word.start_s is not None else now
        if now == number:
            own.append(word)
            count += len(word.syllables)
        elif now < number:
            first += len(word.syllables)
    return tuple(own), first, count


def heard_of(song: Song, performance: Performance, number: int) -> Performance:
    """Return what is sung of recording `number`, in its own times; without rows where it is nothing.

    Between its rows it stands still. Its notes are those whose vowel it sings, or all, where it gives consonants only.
    """
    if len(song.sources) == 1:
        return performance
    begin_s = song.sources[number].begins_s
    rows: list[tuple[float, float]] = []
    was_own = False
    for song_s, speech_s in performance.time_map.rows:
        is_own = song.source_at(speech_s) == number
        if is_own:
            if rows and not was_own:
                rows.append((song_s, rows[-1][1]))
            rows.append((song_s, _own_s(speech_s, begin_s)))
        was_own = is_own
    _, first, count = _words_of(song, number)
    notes = tuple(
        note.replace(syllable=note.syllable - first)
        for note in performance.notes
        if first <= note.syllable < first + count
    )
    return performance.replace(notes=notes or performance.notes, time_map=TimeMap(rows=tuple(rows)))


def shown_of(song: Song, edit_list: EditList) -> EditList:
    """Return shots of the line of speech time as shots of its recordings, in the times of each."""
    if len(song.sources) == 1:
        return edit_list
    return edit_list.replace(shots=tuple(piece for shot in edit_list.shots for piece in _shots(song, shot)))


def _shots(song: Song, shot: Shot) -> list[Shot]:
    """Return a shot as shots of one recording each."""
    numbers = [song.source_at(speech_s) for speech_s in shot.source_s]
    turns = [place for place in range(1, len(numbers)) if numbers[place] != numbers[place - 1]]
    return [
        shot.replace(
            first_frame=shot.first_frame + first,
            source_s=tuple(own_time(song, time_s)[0] for time_s in shot.source_s[first:last]),
            source=numbers[first],
        )
        for first, last in pairwise([0, *turns, len(numbers)])
    ]


def own_time(song: Song, speech_s: float) -> tuple[float, int]:
    """Return a time of the line of speech time as one of a recording's own file, and that recording's number."""
    number = song.source_at(speech_s)
    return _own_s(speech_s, song.sources[number].begins_s), number


def _own_s(speech_s: float, begin_s: float) -> float:
    return round(speech_s - begin_s, 6)


def spoken_on_line(song: Song, tracks: Sequence[tuple[PitchTrack, float]]) -> tuple[float, PitchTrack]:
    """Return the pitch of all recordings on the line of speech time, and from when on: of each, and when it begins."""
    if len(song.sources) == 1:
        return tracks[0][1], tracks[0][0]
    hop_s = tracks[0][0].hop_s
    count = max(round(origin_s / hop_s) + len(track.f0_hz) for track, origin_s in tracks)
    f0_hz, confidence = np.zeros(count), np.zeros(count)
    for track, origin_s in tracks:
        first = round(origin_s / hop_s)
        f0_hz[first : first + len(track.f0_hz)] = track.f0_hz
        confidence[first : first + len(track.f0_hz)] = track.confidence
    return 0.0, PitchTrack(f0_hz=f0_hz, confidence=confidence, hop_s=hop_s)


# --- moved along the line of speech time


def _moved(transcript: Transcript, by_s: float) -> Transcript:
    return transcript.replace(words=tuple(_word_moved(word, by_s) for word in transcript.words)) if by_s else transcript


def _word_moved(word: Word, by_s: float) -> Word:
    if word.start_s is None or word.end_s is None:
        return word
    return word.replace(
        start_s=_shifted(word.start_s, by_s),
        end_s=_shifted(word.end_s, by_s),
        syllables=tuple(_syllable_moved(syllable, by_s) for syllable in word.syllables),
    )


def _syllable_moved(syllable: Syllable, by_s: float) -> Syllable:
    return syllable.replace(
        start_s=_shifted(syllable.start_s, by_s),
        vowel_s=_shifted(syllable.vowel_s, by_s),
        vowel_end_s=_shifted(syllable.vowel_end_s, by_s),
        end_s=_shifted(syllable.end_s, by_s),
        phones=tuple(_phone_moved(phone, by_s) for phone in syllable.phones),
    )


def _phone_moved(phone: Phone, by_s: float) -> Phone:
    return phone.replace(start_s=_shifted(phone.start_s, by_s), end_s=_shifted(phone.end_s, by_s))


def _figure_moved(figure: Figure, by_s: float) -> Figure:
    return figure.replace(
        start_s=_shifted(figure.start_s, by_s),
        end_s=_shifted(figure.end_s, by_s),
        beat_s=_shifted(figure.beat_s, by_s),
    )


def _placement_moved(placement: Placement, by_s: float) -> Placement:
    def moved(spans: Spans | None) -> Spans | None:
        if spans is None:
            return None
        return tuple((_shifted(start, by_s), _shifted(end, by_s)) for start, end in spans if start + by_s >= 0)

    return placement.replace(onset_s=moved(placement.onset_s), coda_s=moved(placement.coda_s))


def _shifted(time_s: float, by_s: float) -> float:
    return max(0.0, round(time_s + by_s, 6))
