"""The functions that Python and the command line share."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, get_type_hints

import msgspec
import numpy as np

from shenqu.documents.check import SongCheck
from shenqu.documents.codec import encode
from shenqu.documents.options import SingOptions, WordsOptions
from shenqu.documents.song import Song, Source
from shenqu.documents.speech import Transcript
from shenqu.documents.tune import Tune
from shenqu.errors import InputError
from shenqu.media.audio import AUDIO_SUFFIXES, encode_audio
from shenqu.media.files import check_output_is_not_input, sha256_of, whole_files
from shenqu.music.choose import Fit
from shenqu.music.passages import phrase_notes, pitch_range
from shenqu.pipeline.arranging import syllables_heard, syllables_needed
from shenqu.pipeline.backings import HeardBacking, backing_path, check_backing, hear_backing, rest_backing
from shenqu.pipeline.bands import check_band
from shenqu.pipeline.checked import check_page, check_song
from shenqu.pipeline.choosing import AUTO, choose_tune
from shenqu.pipeline.correct import SONG_ENDING, Correction, hear_correction, read_correction
from shenqu.pipeline.hear import Heard, hear_words
from shenqu.pipeline.library import built_in_tune, built_in_tunes
from shenqu.pipeline.lyrics import with_mode, with_new_words
from shenqu.pipeline.plan import plan_song
from shenqu.pipeline.played import tune_sound
from shenqu.pipeline.plotted import check_plot, plot_words
from shenqu.pipeline.recorded import HeardSong
from shenqu.pipeline.render import STEMS, Film, check_ending, render_files
from shenqu.pipeline.report import Report, silent
from shenqu.pipeline.several import check_speeches, hear_each, joined, sources_of
from shenqu.pipeline.songs import is_file, moved_song, read_song, recordings_of, relative_path
from shenqu.pipeline.tunes import FoundTune, find_song, find_tune
from shenqu.pipeline.written import write_words, written_form
from shenqu.speech.lines import demo_line
from shenqu.speech.recognise import Recogniser
from shenqu.speech.speaker import Spoken, speak
from shenqu.units import hz_to_pitch

REST_ENDING = ".backing.flac"  # what a separator leaves of a tune's recording, beside the song
SomeOptions = TypeVar("SomeOptions", bound=WordsOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a run has made: the song, its document, and a line that sums it up.

    `ranking` is how all our tunes suit the speech, the best first, where the tune was to be chosen.
    """

    out: Path
    document: Path
    song: Song
    summary: str
    ranking: tuple[Fit, ...] = ()


def sing(
    speech: str | Path | Sequence[str | Path],
    tune: str | Path,
    *,
    out: str | Path | None = None,
    stems: str | Path | None = None,
    force: bool = False,
    report: Report = silent,
    recogniser: Recogniser | None = None,
    **options: Any,
) -> Made:
    """Make a song of the recording `speech` on `tune` (an id, or a score); `options` as in `SingOptions`.

    `speech` may be several recordings, in their order.

    "auto" for `tune` chooses the one of ours that suits the speech best. `recogniser` tells the words where no text is
    given; without it `recognise=True` asks Whisper.

    Raises
    ------
    ShenquError
        With one line that says what is wrong, where, and what to do.
    TypeError
        For an option that there is not.
    """
    chosen = with_mode(_checked(SingOptions(**options), recogniser))
    speeches = _paths(speech)
    check_speeches(speeches, chosen)
    found = _found_tunes(str(tune), chosen)
    wanted = [one.tune for one in found]
    check_band(chosen, wanted[0])
    check_backing(chosen)
    film = Film.of(speeches, chosen.picture)
    target = Path(out) if out else speeches[0].with_suffix(".song.mp4" if film.info else ".song.wav")
    check_ending(target, picture=chosen.picture)
    texts = chosen.text if isinstance(chosen.text, tuple) else (chosen.text,)
    names = (str(tune), *texts, chosen.tune_lyrics, chosen.lyrics, chosen.band, chosen.soundfont, chosen.backing)
    inputs = [*speeches, *_files(names)]
    document = _document_path(target)
    song_heard = found[0].heard if chosen.band == "auto" and not chosen.backing else None
    rest = target.with_suffix(REST_ENDING) if song_heard and song_heard.rest else None
    _check_outputs([target, document, *_stem_paths(stems), *([rest] if rest else [])], inputs, force=force)
    report("listening", 0.0)
    backing = _backing(chosen, song_heard, rest, document, force=force)
    needed = max(syllables_needed(tune, chosen.mode) for tune in wanted)
    pools = [syllables_heard(tune, chosen) for tune in wanted]
    pool = None if None in pools else max(count for count in pools if count is not None)
    shared = None if pool is None else max(len(tune.notes) for tune in wanted) * (1 if chosen.form == "tune" else 2)
    each = hear_each(speeches, chosen, needed=pool, shared=shared, report=report, recogniser=recogniser)
    sources = sources_of(speeches, chosen, document)
    heard = joined(each, sources)
    if chosen.lyrics is not None:
        heard = with_new_words(heard, chosen.lyrics, most=needed)
    ranking = choose_tune(heard, chosen, report=report) if str(tune) == AUTO else ()
    written = built_in_tune(ranking[0].tune_id) if ranking else wanted[0]
    song = plan_song(
        heard,
        written,
        chosen,
        sources=sources,
        speech_name=" + ".join(speech.stem for speech in speeches),
        ending=target.suffix[1:].lower(),
        backing=backing,
    )
    recorded = backing_path(song, document, None)
    made = _write(song, film, target, document=document, backing=recorded, stems=stems, force=force, report=report)
    return dataclasses.replace(made, ranking=ranking)


def _found_tunes(name: str, options: SingOptions) -> tuple[FoundTune, ...]:
    """Return the tune called `name`, or all among which one is to be chosen."""
    if name != AUTO:
        return (find_song(name, options.track, options.tune_lyrics),)
    for flag, value in (("--track", options.track), ("--tune-lyrics", options.tune_lyrics)):
        if value is not None:
            raise InputError(f"{flag} goes with a score; leave it out with --tune {AUTO}")
    return tuple(FoundTune(tune=tune) for tune in built_in_tunes())


def _backing(
    options: SingOptions, song: HeardSong | None, rest: Path | None, document: Path, *, force: bool
) -> HeardBacking | None:
    """Return what plays in place of the band: the recording asked for, or the `rest` of the tune's own recording."""
    if options.backing:
        return hear_backing(Path(options.backing), options, document=document)
    if song is None or song.rest is None or rest is None:
        return None
    with whole_files([rest], force=force) as (path,):
        encode_audio(path, song.rest, tags={"title": f"{song.tune.title} without its voice"})
    return rest_backing(song, rest, document=document)


def words(
    speech: str | Path | None = None,
    *,
    corrected: str | Path | None = None,
    out: str | Path | None = None,
    to: str | None = None,
    plot: str | Path | None = None,
    force: bool = False,
    report: Report = silent,
    recogniser: Recogniser | None = None,
    **options: Any,
) -> Transcript:
    """Return what the recording `speech` says: words, syllables and phones with times; `options` as in `WordsOptions`.

    With `out` it is written too, in the form `to` (json, textgrid, srt, vtt, lrc, ass), else that of its ending.
    `plot` (.png, .html) becomes a chart of them over their sound. `recogniser` is that of `sing`.

    `corrected` is what was written so before (.json, .TextGrid), or a song document (.shenqu), changed by hand: only
    what the change touches is found anew. A song document knows its recording; written `to` song (.shenqu) it stays
    a song, whose words keep their notes.

    Raises
    ------
    ShenquError
        With one line that says what is wrong, where, and what to do.
    TypeError
        For an option that there is not.
    """
    chosen = _checked(WordsOptions(**options), recogniser)
    if isinstance(chosen.text, tuple):
        raise InputError(f"--text is given {len(chosen.text)} times for one recording; give it once")
    correction = read_correction(Path(corrected), chosen) if corrected else None
    speeches = _words_speeches(speech, correction)
    target = Path(out) if out else None
    is_song = to == "song" or (to is None and target is not None and target.suffix.lower() == SONG_ENDING)
    if is_song:
        _check_song_form(correction, target)
    form = "song" if is_song else written_form(target, to)
    drawn = Path(plot) if plot else None
    if drawn:
        check_plot(drawn)
    targets = [path for path in (target, drawn) if path]
    inputs = [*speeches, *_files([chosen.one_text, str(corrected) if corrected else None])]
    _check_outputs(targets, inputs, force=force)
    with whole_files(targets, force=force) as paths:
        report("listening", 0.0)
        if correction:
            correction = hear_correction(speeches, correction, chosen)
            transcript = correction.transcript
        else:
            transcript = hear_words(speeches[0], chosen, report=report, recogniser=recogniser)
        if target and is_song and correction and correction.song:
            paths[0].write_bytes(encode(moved_song(correction.song, speeches, target)))
        elif target:
            paths[0].write_text(write_words(transcript, form), encoding="utf-8", newline="\n")
        if drawn:
            report("drawing", 0.0)
            plot_words(paths[-1], transcript, speeches[0], chosen)
    return transcript


def _words_speeches(speech: str | Path | None, correction: Correction | None) -> tuple[Path, ...]:
    """Return the recording whose words are wanted; a song document that was corrected knows its own, all of them."""
    given = _paths(speech)
    if correction and correction.song:
        return recordings_of(correction.song, correction.path, given, how="before --from")
    if not given:
        raise InputError("the recording is missing; give it before the options, or with --from a song document")
    return given


def _check_song_form(correction: Correction | None, target: Path | None) -> None:
    if correction is None or correction.song is None:
        raise InputError(f"only a song document becomes one: give it with --from SONG{SONG_ENDING}, or use shenqu sing")
    if target is None:
        raise InputError(f"--to song: say with -o where the song document is to be written, as NAME{SONG_ENDING}")


def render(
    song: str | Path,
    *,
    out: str | Path | None = None,
    source: str | Path | Sequence[str | Path] | None = None,
    backing: str | Path | None = None,
    stems: str | Path | None = None,
    force: bool = False,
    report: Report = silent,
) -> Made:
    """Render the song document at path `song`, as it is or as it was changed by hand.

    `source` (of several recordings some, or all) and `backing` say where these recordings are, if no longer where the
    document says.

    Raises
    ------
    ShenquError
        With one line that says what is wrong, where, and what to do.
    """
    document, value, speeches = _opened(song, source)
    target = Path(out) if out else document.with_suffix(f".{value.ending}")
    check_ending(target, picture=value.options.picture)
    recorded = backing_path(value, document, Path(backing) if backing else None)
    inputs = [*speeches, document, *([recorded] if recorded else [])]
    _check_outputs([target, *_stem_paths(stems)], inputs, force=force)
    film = Film.of(speeches, value.options.picture)
    return _write(value, film, target, document=None, backing=recorded, stems=stems, force=force, report=report)


def check(
    song: str | Path,
    *,
    out: str | Path | None = None,
    source: str | Path | Sequence[str | Path] | None = None,
    backing: str | Path | None = None,
    force: bool = False,
    report: Report = silent,
) -> SongCheck:
    """Return how well the song document at path `song` is sung, note by note, and how well it is made.

    With `out` (.html) a page of it is written. `source` and `backing` as in `render`.

    Raises
    ------
    ShenquError
        With one line that says what is wrong, where, and what to do.
    """
    document, value, speeches = _opened(song, source)
    targets = [Path(out)] if out else []
    if out and Path(out).suffix.lower() != ".html":
        raise InputError(f"{out}: what was measured is shown as .html; choose such an ending")
    _check_outputs(targets, [*speeches, document], force=force)
    recorded = backing_path(value, document, Path(backing) if backing else None)
    measured, lead, pitch = check_song(value, speeches, report=report, backing=recorded)
    with whole_files(targets, force=force) as paths:
        for path in paths:
            page = check_page(measured, lead, pitch, language=value.transcript.language)
            path.write_text(page, encoding="utf-8", newline="\n")
    return measured


def _opened(song: str | Path, source: str | Path | Sequence[str | Path] | None) -> tuple[Path, Song, tuple[Path, ...]]:
    """Return the path of a song document, what is in it, and its recordings."""
    document = Path(song)
    value = read_song(document)
    return document, value, recordings_of(value, document, _paths(source), how="with --source")


def _paths(given: str | Path | Sequence[str | Path] | None) -> tuple[Path, ...]:
    """Return one file, several or none as paths."""
    if not given:
        return ()
    return (Path(given),) if isinstance(given, (str, Path)) else tuple(map(Path, given))


def demo(
    *,
    language: Literal["en", "zh"] = "en",
    tune: str = "ode-to-joy",
    out: str | Path | None = None,
    force: bool = False,
    report: Report = silent,
) -> Made:
    """Make a song of a line that our own small speaker says; the spoken line is kept beside it."""
    target = Path(out) if out else Path("shenqu-demo.song.mp4")
    check_ending(target, picture=None)
    speech = target.with_name(f"{target.name.split('.')[0]}-speech.wav")
    document = _document_path(target)
    written = find_tune(tune)
    _check_outputs([target, document, speech], [], force=force)
    report("speaking", 0.0)
    spoken = speak(demo_line(language), language=language)
    with whole_files([speech], force=force) as (path,):
        encode_audio(path, spoken.audio, tags={"title": "A line for shenqu"})
    heard = Heard(transcript=spoken.transcript, speaker_pitch=_median_pitch(spoken))
    source = Source(path=relative_path(speech, document), sha256=sha256_of(speech))
    song = plan_song(
        heard, written, SingOptions(), sources=(source,), speech_name="shenqu", ending=target.suffix[1:].lower()
    )
    return _write(song, Film.of((speech,), None), target, document=document, stems=None, force=force, report=report)


def tunes() -> tuple[Tune, ...]:
    """Return the tunes that come with shenqu."""
    return built_in_tunes()


def tunes_json() -> str:
    """Return the tunes that come with shenqu as a JSON list: each as its document, with `range` and `phrase_notes`.

    `range` is in semitones, `phrase_notes` how many notes each phrase has.
    """
    listed = []
    for tune in built_in_tunes():
        facts = {"range": pitch_range(tune), "phrase_notes": phrase_notes(tune)}
        listed.append({**json.loads(encode(tune)), **facts})
    return json.dumps(listed, ensure_ascii=False, indent=1) + "\n"


def play_tune(
    tune: str | Path, *, out: str | Path | None = None, band: str = "auto", force: bool = False, report: Report = silent
) -> Path:
    """Play a tune (an id, or a file) with lead and band into a sound file, and return its path.

    `out` is by default shenqu-tune-ID.wav in this folder.

    Raises
    ------
    ShenquError
        With one line that says what is wrong, where, and what to do.
    """
    written = find_tune(str(tune))
    target = Path(out) if out else Path(f"shenqu-tune-{written.id}.wav")
    if target.suffix.lower() not in AUDIO_SUFFIXES:
        raise InputError(f"{target}: a tune is played into sound; end it in one of {' '.join(AUDIO_SUFFIXES)}")
    _check_outputs([target], _files([str(tune)]), force=force)
    report("playing", 0.0)
    with whole_files([target], force=force) as (path,):
        encode_audio(path, tune_sound(written, band=band), tags={"title": written.title or written.id})
    return target


def _write(
    song: Song,
    film: Film,
    target: Path,
    *,
    document: Path | None,
    stems: str | Path | None,
    force: bool,
    report: Report,
    backing: Path | None = None,
) -> Made:
    """Render `song` into its files, all of them or none."""
    documents = [document] if document else []
    with (
        _stem_folder(Path(stems)) if stems else nullcontext(),
        whole_files([target, *documents, *_stem_paths(stems)], force=force) as paths,
    ):
        stem_paths = paths[1 + len(documents) :]
        stem_by_name = dict(zip(STEMS, stem_paths, strict=True)) if stems else {}
        summary = render_files(song, film, paths[0], stems=stem_by_name, report=report, backing=backing)
        for path in paths[1 : 1 + len(documents)]:
            path.write_bytes(encode(song))
    return Made(out=target, document=document or _document_path(target), song=song, summary=summary)


def _median_pitch(spoken: Spoken) -> float:
    voiced = spoken.pitch_hz[spoken.pitch_hz > 0]
    return float(hz_to_pitch(float(np.median(voiced))))


def _checked(options: SomeOptions, recogniser: Recogniser | None) -> SomeOptions:
    """Hold `options` to the limits that their fields name, and to each other."""
    _check_recognition(options, asked=options.recognise or recogniser is not None)
    try:
        return msgspec.convert(dataclasses.asdict(options), type(options))
    except msgspec.ValidationError as error:
        message, _, field = str(error).partition(" - at `$.")
        flag = get_type_hints(type(options), include_extras=True)[field.rstrip("`")].__metadata__[0].name[0]
        raise InputError(f"{flag}: {_in_plain_words(message)}; see --help") from None


def _in_plain_words(message: str) -> str:
    """Say what msgspec says of a value without names of Python.

    >>> _in_plain_words("Expected `float` >= 0.0")
    'expected a number >= 0.0'
    """
    return message[:1].lower() + message[1:].replace("`float`", "a number").replace("`int`", "a number").replace(
        "`", ""
    )


def _check_recognition(options: WordsOptions, *, asked: bool) -> None:
    """Refuse a text beside words that are to be recognised, and what helps to recognise them where none are."""
    if asked and options.text is not None:
        raise InputError("--recognise listens for the words that --text gives; leave one of the two out")
    for flag, value in (("--model", options.model), ("--prompt", options.prompt)):
        if value is not None and not asked:
            raise InputError(f"{flag} helps to recognise words; add --recognise, or leave it out")


def _files(names: Sequence[str | None]) -> list[Path]:
    """Return those of `names` that are files; a text may be none."""
    return [Path(name) for name in names if name and len(name) < 4096 and is_file(Path(name))]


def _document_path(target: Path) -> Path:
    return target.with_suffix(".shenqu")


def _stem_paths(stems: str | Path | None) -> list[Path]:
    return [Path(stems) / name for name in STEMS] if stems else []


@contextmanager
def _stem_folder(folder: Path) -> Iterator[None]:
    """Make a folder for what is written meanwhile; where nothing comes of it, it is gone again."""
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made a folder for stems ({error.strerror}); choose another") from None
    try:
        yield
    except BaseException:
        with suppress(OSError):
            for one in made:
                one.rmdir()
        raise


def _check_outputs(outputs: list[Path], inputs: list[Path], *, force: bool) -> None:
    """Refuse early what could not be written at the end."""
    for output in outputs:
        check_output_is_not_input(output, inputs)
        if output.exists() and not force:
            raise InputError(f"{output}: exists already; choose another output, or replace it with --force")
