"""From the song document to files: voice, band, mix, picture, stems.

All that is rendered comes from the document and its recording alone, so the same document gives the
same bytes, whoever made it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

from shenqu import __version__
from shenqu.cache import ArrayCache
from shenqu.documents.arrangement import Arrangement
from shenqu.documents.audio import Audio, Samples
from shenqu.documents.check import NoteCheck
from shenqu.documents.performance import Performance, TempoMap
from shenqu.documents.picture import CaptionLine, EditList
from shenqu.documents.song import Song
from shenqu.dsp.pitch_track import PitchTrack
from shenqu.engines import pocketsphinx_aligner, swift_pitch
from shenqu.engines.allocator import give_back
from shenqu.engines.world import analyse_voice
from shenqu.errors import InputError, ShenquWarning
from shenqu.media.audio import AUDIO_SUFFIXES, encode_audio
from shenqu.media.fonts import Typeface, find_typeface
from shenqu.media.frames import Picture
from shenqu.media.midi import VocalNote, vocal_midi
from shenqu.media.mux import FORMATS, render_video
from shenqu.media.video import VideoInfo, read_video_info
from shenqu.mixing.mixdown import finish, lay_backing
from shenqu.mixing.settings import MASTERS, MixSettings
from shenqu.mixing.voice import Chain, plan_chain
from shenqu.music.tempo import song_tempo
from shenqu.picture.caption import caption_columns, caption_lines, to_ass
from shenqu.picture.card import CARD_SIZE, card_drawer, card_edit_list, voice_levels
from shenqu.picture.cut import cut, picture_rate, picture_size
from shenqu.picture.strips import caption_drawer
from shenqu.pipeline.backings import play_backing
from shenqu.pipeline.bands import play_band
from shenqu.pipeline.beside import Beside, play_beside, quotes_of
from shenqu.pipeline.report import Report
from shenqu.pipeline.several import alone, heard_of, own_time, shown_of, spoken_on_line
from shenqu.pipeline.spoken import part_read, read_material
from shenqu.singing.contour import sung_pitch
from shenqu.singing.material import Array, Material
from shenqu.singing.perform import perform
from shenqu.singing.psola import Psola
from shenqu.singing.repair import sing_well
from shenqu.singing.unit import Engine, Take
from shenqu.singing.vocoder import Vocoder
from shenqu.singing.voice import lay_out
from shenqu.units import SONG_RATE

STEMS = ("vocal.wav", "backing.wav", "mix.wav", "captions.ass", "time_map.json", "vocal.mid")
ENGINES: Mapping[str, Engine] = {"world": Vocoder(analyse_voice), "psola": Psola()}
Painter = Callable[[int, Picture], None]

TAIL_S = 1.0
ANOTHER_TAKE = 1_000_003
LONGEST_SONG_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """What there is to see: each recording's own picture, or none; and the shape asked for."""

    paths: tuple[Path, ...]
    infos: tuple[VideoInfo | None, ...]
    shape: str | None

    @classmethod
    def of(cls, paths: Sequence[Path], shape: str | None) -> Film:
        """Look at the recordings at `paths`; `shape` is the option `picture`.

        Raises
        ------
        InputError
            Where a file cannot be read, or the shape is none that can be made.
        """
        infos = tuple(None if shape == "none" else read_video_info(path) for path in paths)
        film = cls(paths=tuple(paths), infos=infos, shape=None if shape == "none" else shape)
        _ = film.size
        return film

    @property
    def info(self) -> VideoInfo | None:
        """The first picture there is: rate and shape of the song's own follow it."""
        return next((info for info in self.infos if info), None)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the song's picture."""
        return picture_size(*(self.info.display_size if self.info else CARD_SIZE), self.shape)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """What one recording has to do with a song: `song` as it knows it, and what is read of it."""

    song: Song
    speech: Path
    begins_s: float
    performance: Performance
    material: Material
    spoken: PitchTrack


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lead:
    """The lead voice of a song at `SONG_RATE`, when what is sung, and the speeches it is sung from, with their pitch.

    `spoken` lies on the line of speech time, from `spoken_origin_s` on. Recordings of which nothing is heard have no
    part.
    """

    performance: Performance
    clock: TempoMap
    vocal: Samples
    spoken: PitchTrack
    spoken_origin_s: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bed:
    """All but the lead voice as it lies in the mix, shape (2, n), and what is done to that voice."""

    samples: Samples
    chain: Chain
    settings: MixSettings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sung:
    """Everything that can be heard of a song, and when what is sung."""

    performance: Performance
    clock: TempoMap
    vocal: Samples
    mix: Samples


def check_ending(target: Path, *, picture: str | None) -> None:
    """Refuse an output whose name does not end in a kind of file that can be made.

    Raises
    ------
    InputError
        Naming those that can.
    """
    ending = target.suffix.lower()
    if ending in FORMATS and picture == "none":
        raise InputError(f"{target}: --picture none makes sound only; end it in one of {' '.join(AUDIO_SUFFIXES)}")
    if ending not in (*FORMATS, *AUDIO_SUFFIXES):
        raise InputError(f"{target}: end it in one of {' '.join((*FORMATS, *AUDIO_SUFFIXES))}")


def render_files(
    song: Song, film: Film, out: Path, *, stems: Mapping[str, Path], report: Report, backing: Path | None = None
) -> str:
    """Write `song`, sung by the recordings of `film`, to `out` and its `stems`; return a line that sums it up.

    `backing` is where the recording is that plays in place of the band, if one does.
    """
    sung = render_sound(song, film.paths, report=report, backing=backing, keep=partial(_write_sound, song, stems))
    is_film = out.suffix.lower() in FORMATS
    lines: tuple[CaptionLine, ...] = ()
    if is_film or stems:
        lines = caption_lines(sung.performance, song.transcript, most_columns=caption_columns(*film.size))
    write_texts(song, sung, lines, film.size, stems)
    speech = ", ".join(Path(source.path).name for source in song.sources)
    tags = {
        "title": song.title,
        "comment": f"speech: {speech}; tune: {song.tune.title or song.tune.id}",
        "encoded_by": f"shenqu {__version__}",
    }
    if is_film:
        shown = lines if song.options.captions else ()
        write_film(song, sung, film, shown, out, tags=tags, report=report)
    else:
        report("writing", 0.0)
        encode_audio(out, Audio(samples=sung.mix, rate=SONG_RATE), tags=tags)
    return _summary(song, sung)


def render_sound(
    song: Song,
    speeches: Sequence[Path],
    *,
    report: Report,
    backing: Path | None = None,
    keep: Callable[[str, Samples], None] = lambda *_: None,
) -> Sung:
    """Sing `song`, play the band, or the recording `backing`, and mix them.

    Each stem is given to `keep` by its name as soon as it is made: what comes next is made in its place.
    """
    lead = render_lead(song, speeches, report=report)
    give_back()
    performance, clock, vocal = lead.performance, lead.clock, lead.vocal
    keep("vocal.wav", vocal[None, :])
    report("playing", 0.0)
    beside = all_beside(song, lead)
    del lead  # four minutes of speech
    give_back()
    bed = lay_bed(song, vocal, beside, clock, report=report, backing=backing)
    del beside
    give_back()
    keep("backing.wav", bed.samples)
    mix = finish(bed.samples, vocal, bed.chain, settings=bed.settings)
    keep("mix.wav", mix)
    return Sung(performance=performance, clock=clock, vocal=vocal, mix=mix)


def all_beside(song: Song, lead: Lead) -> Beside:
    """Return what else the speakers do beside the `lead`."""
    take, duration_s = Take(ENGINES[song.options.engine], song.seed), lead.performance.duration_s
    besides = [
        play_beside(part.song, part.speech, part.material, lead.clock, duration_s=duration_s, take=take)
        for part in lead.parts
    ]
    return Beside(
        figures=_sum([beside.figures for beside in besides]), quotes=_sum([beside.quotes for beside in besides])
    )


def lay_bed(
    song: Song, vocal: Samples, beside: Beside, clock: TempoMap, *, report: Report, backing: Path | None = None
) -> Bed:
    """Play the band, or the recording `backing`, and lay it under the lead voice `vocal`, with what is `beside` it."""
    duration_s = len(vocal) / SONG_RATE
    if song.backing and backing:
        band = play_backing(song.backing, song.tune, backing, clock, duration_s=duration_s)
    else:
        band = play_band(song, clock, duration_s=duration_s)
    report("mixing", 0.0)
    settings = MixSettings(voice_level_db=song.options.voice_level_db, master=MASTERS[song.options.loudness])
    beat_s = clock.beat_to_s(Fraction(1)) - clock.beat_to_s(Fraction(0))
    chain = plan_chain(vocal, settings.voice, SONG_RATE)
    lay_backing(band, vocal, chain, figures=beside.figures, quotes=beside.quotes, settings=settings, beat_s=beat_s)
    return Bed(samples=band, chain=chain, settings=settings)


def _sum(sounds: Sequence[Samples | None]) -> Samples | None:
    """Return the sum of those sounds that there are; None where there are none."""
    heard = [sound for sound in sounds if sound is not None]
    return sum(heard[1:], heard[0]) if heard else None


def render_lead(song: Song, speeches: Sequence[Path], *, report: Report) -> Lead:
    """Sing `song` alone, with the recordings at `speeches`.

    Raises
    ------
    InputError
        Where it would last too long, or cannot be sung as its document says.
    """
    clock = song_tempo(song.tune, tempo_factor=song.tempo_factor, count_in_beat=song.count_in_beat)
    ends = [note.end_beat for placement in song.placements for note in placement.notes]
    duration_s = clock.beat_to_s(max([song.tune.end_beat, *ends])) + TAIL_S
    for number, figure in enumerate(song.figures):
        duration_s = max(duration_s, clock.beat_to_s(figure.end_beat))
        if clock.beat_to_s(figure.end_beat) > LONGEST_SONG_S:
            raise InputError(
                f"figure {number} ({figure.name}) at beat {figure.onset_beat} ends behind the {LONGEST_SONG_S:.0f} s "
                "that a song may last; move it, or take it out"
            )
    if duration_s > LONGEST_SONG_S:
        message = (
            f"the song would last {duration_s:.0f} s, longer than {LONGEST_SONG_S:.0f}; shorten the tune (--length)"
        )
        raise InputError(message)
    arrangement = Arrangement(placements=song.placements, transpose=song.transpose, tempo_factor=song.tempo_factor)
    performance = perform(arrangement, song.transcript, clock, duration_s=duration_s, mode=song.options.mode)
    report("singing", 0.0)
    return _sing(song, performance, clock, speeches)


def _sing(song: Song, performance: Performance, clock: TempoMap, speeches: Sequence[Path]) -> Lead:
    """Sing the lead voice, each recording what is its own; only the part of it that is heard is read."""
    pocketsphinx_aligner.forget()
    give_back()
    memory = ArrayCache()
    contour = sung_pitch(performance, style=song.options.style, seed=song.seed)
    parts = tuple(_parts(song, performance, speeches, memory))
    swift_pitch.forget()
    vocals: list[Samples] = []
    bad: list[NoteCheck] = []
    for part in parts:
        if part.performance.time_map.rows:
            vocal, stay_bad = _sing_part(part, contour, memory)
            vocals.append(vocal)
            bad += stay_bad
    memory.tidy()
    _warn_of_bad(bad)
    vocal = sum(vocals[1:], vocals[0])
    origin_s, spoken = spoken_on_line(song, [(part.spoken, part.material.origin_s + part.begins_s) for part in parts])
    return Lead(performance=performance, clock=clock, vocal=vocal, spoken=spoken, spoken_origin_s=origin_s, parts=parts)


def _sing_part(part: Part, contour: Array, memory: ArrayCache) -> tuple[Samples, tuple[NoteCheck, ...]]:
    song = part.song
    course = lay_out(part.material, part.performance, contour)
    engine = ENGINES[song.options.engine]
    others = [Take(other, song.seed) for other in ENGINES.values() if other is not engine]
    others.append(Take(engine, song.seed + ANOTHER_TAKE))
    return sing_well(course, Take(engine, song.seed), others, memory=memory)


def _parts(song: Song, performance: Performance, speeches: Sequence[Path], memory: ArrayCache) -> Iterator[Part]:
    """Yield what each recording gives to a song, if anything of it is heard."""
    for number, speech in enumerate(speeches):
        own, sung = alone(song, number), heard_of(song, performance, number)
        speech_s = _speech_s(own, sung) or [time for figure in own.figures for time in (figure.start_s, figure.end_s)]
        if speech_s:
            material, spoken = read_material(own, speech, part_read(speech_s), memory)
            yield Part(
                song=own,
                speech=speech,
                begins_s=song.sources[number].begins_s,
                performance=sung,
                material=material,
                spoken=spoken,
            )


def _speech_s(song: Song, performance: Performance) -> list[float]:
    """Return times of the speech between which all that is sung lies, by the lead and the second voices."""
    syllables = song.transcript.syllables
    used = {placement.syllable for voice in song.voices for placement in voice.placements}
    others = [syllables[index] for index in used if index is not None and index < len(syllables)]
    times_s = [time for syllable in others for time in (syllable.start_s, syllable.end_s)]
    return [*(row[1] for row in performance.time_map.rows), *times_s]


def _warn_of_bad(bad: Sequence[NoteCheck]) -> None:
    if bad:
        first = f"the first at {bad[0].start_s:.1f} s ({bad[0].faults[0]})"
        stay = "1 note stays" if len(bad) == 1 else f"{len(bad)} notes stay"
        message = f"{stay} bad, {first}; `shenqu check` lists them, with the reasons"
        warnings.warn(message, ShenquWarning, stacklevel=4)


def _typeface(song: Song, lines: tuple[CaptionLine, ...], title: str) -> Typeface:
    """Find a typeface that can write `title` and all captions."""
    texts = [syllable.text + syllable.reading for line in lines for syllable in line.syllables]
    return find_typeface("".join([title, *texts]), language=song.transcript.language)


def _write_sound(song: Song, stems: Mapping[str, Path], name: str, samples: Samples) -> None:
    """Write one stem, if stems are wanted."""
    if stems:
        audio, title = Audio(samples=samples, rate=SONG_RATE), f"{song.title} ({name[:-4]})"
        encode_audio(stems[name], audio, tags={"title": title}, bits=24)


def write_texts(
    song: Song,
    sung: Sung,
    lines: tuple[CaptionLine, ...],
    size: tuple[int, int],
    stems: Mapping[str, Path],
) -> None:
    """Write notes, captions and time map to the paths in `stems` by name, if stems are wanted."""
    if not stems:
        return
    width, height = size
    captions = to_ass(lines, width=width, height=height, title=song.title)
    stems["captions.ass"].write_text(captions, encoding="utf-8")
    stems["time_map.json"].write_text(_time_map_json(song, sung.performance), encoding="utf-8")
    stems["vocal.mid"].write_bytes(_midi(song, sung))


def _time_map_json(song: Song, performance: Performance) -> str:
    """Return the time map's rows; of several recordings each has the times of its own file, and its number."""
    rows: list[list[float]] = [list(row) for row in performance.time_map.rows]
    if len(song.sources) > 1:
        rows = [[song_s, *own_time(song, speech_s)] for song_s, speech_s in performance.time_map.rows]
    lines = ",\n".join(f"[{', '.join(map(repr, row))}]" for row in rows)
    return f'{{"time_map": [\n{lines}\n]}}\n'


def _midi(song: Song, sung: Sung) -> bytes:
    """Return the sung notes in beats, each with its syllable or "+"."""
    lyrics = iter(note.lyric for note in sung.performance.notes)
    sung_placements = sorted(
        (placement for placement in song.placements if placement.syllable is not None and placement.notes),
        key=lambda placement: placement.notes[0].onset_beat,
    )
    notes = [
        VocalNote(onset_beat=note.onset_beat, length_beat=note.length_beat, pitch=note.pitch, lyric=next(lyrics))
        for placement in sung_placements
        for note in placement.notes
    ]
    return vocal_midi(notes, tempo_map=sung.clock, metres=song.tune.metres, upbeat_beat=song.tune.upbeat_beat)


def write_film(
    song: Song,
    sung: Sung,
    film: Film,
    lines: tuple[CaptionLine, ...],
    out: Path,
    *,
    tags: Mapping[str, str],
    report: Report,
) -> None:
    """Cut the picture to the song, or draw a card where there is none, burn the captions in, add the mix."""
    width, height = film.size
    info = film.info
    typeface = _typeface(song, lines, "" if all(film.infos) else song.title)
    if info:
        rate = picture_rate(info.rate, variable=info.variable)
        quotes = quotes_of(song, sung.clock)
        edit_list = shown_of(song, cut(sung.performance, rate=rate, width=width, height=height, quotes=quotes))
        painters = [] if all(film.infos) else [_where_unseen(film, edit_list, _card(song, sung, edit_list, typeface))]
    else:
        edit_list = card_edit_list(sung.performance.duration_s, width=width, height=height)
        painters = [_card(song, sung, edit_list, typeface)]
    if lines:
        painters.append(caption_drawer(lines, edit_list, typeface))
    render_video(
        out,
        edit_list,
        sung.mix,
        sources=film.infos,
        draw=_all_of(painters) if painters else None,
        tags=tags,
        progress=lambda done, total: report("filming", done / total),
    )


def _card(song: Song, sung: Sung, edit_list: EditList, typeface: Typeface) -> Painter:
    """Return what draws the moving card of a song without a picture."""
    end = max(note.end_beat for note in song.tune.notes)
    beats_s = [sung.clock.beat_to_s(Fraction(beat)) for beat in range(-int(sung.clock.lead_in_beat), int(end) + 1)]
    return card_drawer(
        sung.performance,
        song.transcript,
        edit_list,
        typeface,
        levels=voice_levels(Audio(samples=sung.vocal[None, :], rate=SONG_RATE)),
        beats_s=beats_s,
        title=song.title,
    )


def _where_unseen(film: Film, edit_list: EditList, painter: Painter) -> Painter:
    """Return what draws only where the recording that is heard has no picture."""
    unseen = {
        frame
        for shot in edit_list.shots
        if film.infos[shot.source] is None
        for frame in range(shot.first_frame, shot.end_frame)
    }
    return lambda frame, picture: painter(frame, picture) if frame in unseen else None


def _all_of(painters: Sequence[Painter]) -> Painter:
    def paint(frame: int, picture: Picture) -> None:
        for painter in painters:
            painter(frame, picture)

    return paint


def _summary(song: Song, sung: Sung) -> str:
    notes = sung.performance.notes
    syllables = sum(note.lyric != "+" for note in notes)
    bpm = song.tune.tempi[0].bpm * song.tempo_factor
    return (
        f"{syllables} syllables on {len(notes)} notes, {sung.performance.duration_s:.1f} s, "
        f"{bpm:.0f} bpm, key {song.transpose:+d}"
    )
