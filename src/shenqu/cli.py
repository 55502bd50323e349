"""The command line: one thin function a command, the same defaults as in Python.

Results go to stdout, everything else to stderr. Exit codes: 0 done, 1 could not be done (one line says
why), 2 the command line could not be understood, 130 Ctrl-C.
"""

from __future__ import annotations

import dataclasses
import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter

import shenqu
from shenqu.documents.options import SingOptions, WordsOptions
from shenqu.documents.tune import Tune
from shenqu.errors import InputError, ShenquError, ShenquWarning
from shenqu.music.passages import pitch_range

LONGEST_LINE = 480
PIPED_COLUMNS = 1000
STOPPED = "stopped; nothing was written"
_stopped = threading.Event()

app = App(
    name="shenqu",
    help="Turn any speech into a song.",
    version=shenqu.__version__,
    version_flags=["--version"],
    help_flags=["--help", "-h"],
    help_format="plaintext",
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How much the command says."""

    verbose: Annotated[bool, Parameter(name="--verbose", negative="")] = False
    """Say more: each stage as it begins, and every warning of the libraries."""

    quiet: Annotated[bool, Parameter(name="--quiet", negative="")] = False
    """Say nothing but errors and results."""


Options = Annotated[SingOptions, Parameter(name="*", group="Song")]
Said = Annotated[WordsOptions, Parameter(name="*", group="Words")]
Talk = Annotated[Voice, Parameter(name="*", group="Messages")]
Out = Annotated[Path | None, Parameter(name=["--output", "-o"])]
Sources = Annotated[list[Path] | None, Parameter(name="--source", negative="")]
Stems = Annotated[Path | None, Parameter(name="--stems")]
Force = Annotated[bool, Parameter(name="--force", negative="")]


@app.command
def sing(
    speech: list[Path],
    /,
    *,
    tune: str,
    output: Out = None,
    stems: Stems = None,
    force: Force = False,
    options: Options = SingOptions(),  # noqa: B008 - frozen
    voice: Talk = Voice(),
) -> None:
    """Make a song of a recording of somebody talking.

    Parameters
    ----------
    speech
        The recording: any audio or video file that FFmpeg reads; or several of them, of all who sing.
    tune
        One of the tunes that `shenqu tunes` lists, a score (.mid .musicxml .mxl .abc .ust .ustx), a song's
        recording or document, a tune of your own (.toml), or auto: of those listed the one that suits the speech best.
    output
        The song: .mp4 .mov .mkv .webm with picture, .wav .flac .mp3 .m4a .opus without.
        Default: the recording's name with .song.mp4 or .song.wav. The song document stands beside it.
    stems
        A folder for the voice, the backing and the mix apart, with notes, captions and time map.
    force
        Replace files that exist.
    """
    with _reporting(voice) as report:
        made = shenqu.sing(
            speech, tune, out=output, stems=stems, force=force, report=report, **dataclasses.asdict(options)
        )
    _say_made(made, voice)


@app.command
def words(
    speech: Path | None = None,
    /,
    *,
    corrected: Annotated[Path | None, Parameter(name="--from")] = None,
    output: Out = None,
    to: Literal["json", "textgrid", "srt", "vtt", "lrc", "ass", "song"] | None = None,
    plot: Annotated[Path | None, Parameter(name="--plot")] = None,
    force: Force = False,
    options: Said = WordsOptions(),  # noqa: B008 - frozen
    voice: Talk = Voice(),
) -> None:
    """Tell when each word, syllable and sound of a recording is said.

    Parameters
    ----------
    speech
        The recording: any audio or video file that FFmpeg reads. A song document given with --from knows its own.
    corrected
        What an earlier run wrote (.json, .TextGrid), or a song document (.shenqu), changed by hand:
        only what the change touches is found anew.
    output
        The file to write: .json .TextGrid .srt .vtt .lrc .ass, or .shenqu from a song document.
        Default: to stdout; with --plot, not at all.
    to
        In which form, also on stdout beside a plot. Default: as the output's ending says, else json.
    plot
        A chart of the words over their sound: .png is a picture, .html a page to zoom and to hear each word in.
    force
        Replace files that exist.
    """
    if speech is None and corrected is None:
        raise CycloptsError(msg='Command "words" parameter "SPEECH" requires an argument.')
    with _reporting(voice) as report:
        said = shenqu.words(
            speech,
            corrected=corrected,
            out=output,
            to=to,
            plot=plot,
            force=force,
            report=report,
            **dataclasses.asdict(options),
        )
    written = [str(path) for path in (output, plot) if path]
    if output is None and (plot is None or to is not None):
        _print_whole(shenqu.write_words(said, to or "json"))
    if written and not voice.quiet:
        _say(f"{', '.join(written)}  ({len(said.words)} words, {len(said.syllables)} syllables)")


@app.command
def render(
    song: Path,
    /,
    *,
    output: Out = None,
    source: Sources = None,
    backing: Annotated[Path | None, Parameter(name="--backing")] = None,
    stems: Stems = None,
    force: Force = False,
    voice: Talk = Voice(),
) -> None:
    """Render a song document again, after it was changed by hand.

    Parameters
    ----------
    song
        The song document (.shenqu) that `shenqu sing` wrote.
    output
        The song. Default: the document's name with the ending that it was made for.
    source
        The recording, where it is no longer where the document says; of several, once for each that is not.
    backing
        The recording that plays in place of the band, where it is no longer where the document says.
    stems
        A folder for the voice, the backing and the mix apart, with notes, captions and time map.
    force
        Replace files that exist.
    """
    with _reporting(voice) as report:
        made = shenqu.render(song, out=output, source=source, backing=backing, stems=stems, force=force, report=report)
    _say_made(made, voice)


@app.command
def check(
    song: Path,
    /,
    *,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    output: Out = None,
    source: Sources = None,
    backing: Annotated[Path | None, Parameter(name="--backing")] = None,
    force: Force = False,
    voice: Talk = Voice(),
) -> None:
    """Measure how well a song is sung, note by note, and what its viewers would complain about.

    Parameters
    ----------
    song
        The song document (.shenqu) that `shenqu sing` wrote.
    as_json
        Print JSON.
    output
        A page (.html) that shows the notes, what is sung, and what is bad, and plays each note.
    source
        The recording, where it is no longer where the document says; of several, once for each that is not.
    backing
        The recording that plays in place of the band, where it is no longer where the document says.
    force
        Replace a file that exists.
    """
    with _reporting(voice) as report:
        checked = shenqu.check(song, out=output, source=source, backing=backing, force=force, report=report)
    if as_json or output is None:
        _print_whole(shenqu.write_check(checked, "json" if as_json else "table"))
    if output is not None and not voice.quiet:
        bad = f"{len(checked.bad)} of {len(checked.notes)} notes bad"
        _say(f"{output}  ({bad}, {len(checked.complaints)} of {len(checked.craft)} things about its craft)")


@app.command
def demo(
    *,
    language: Literal["en", "zh"] = "en",
    tune: str = "ode-to-joy",
    output: Out = None,
    force: Force = False,
    voice: Talk = Voice(),
) -> None:
    """Make a song without any file: a small speaker of our own says a line, and it is sung.

    Parameters
    ----------
    language
        What it speaks: English or Mandarin.
    tune
        One of the tunes that `shenqu tunes` lists, or a score: .mid .musicxml .mxl .abc .ust .ustx ...
    output
        The song. Default: shenqu-demo.song.mp4 in this folder; the spoken line stands beside it.
    force
        Replace files that exist.
    """
    with _reporting(voice) as report:
        made = shenqu.demo(language=language, tune=tune, out=output, force=force, report=report)
    _say_made(made, voice)
    if not voice.quiet:
        _say(f"Now your own: shenqu sing YOUR-VIDEO.mp4 --tune {tune} --text 'what is said in it'")


@app.command
def tunes(
    *,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    play: Annotated[str | None, Parameter(name="--play")] = None,
    output: Out = None,
    force: Force = False,
    voice: Talk = Voice(),
) -> None:
    """List the tunes that come with shenqu, or play one. With --verbose the list says where each comes from.

    Parameters
    ----------
    as_json
        Print JSON: every note and chord, sections, range, notes a phrase, origin, years, where it was checked.
    play
        A tune to play, lead and band, into a sound file: one of those listed, or a file.
    output
        Where it is played: .wav .flac .mp3 .m4a .opus. Default: shenqu-tune-ID.wav in this folder.
    force
        Replace a file that exists.
    """
    if output is not None and play is None:
        raise CycloptsError(msg="--output is where a tune is played; name it with --play.")
    if as_json:
        _print_whole(shenqu.tunes_json())
    if play is not None:
        with _reporting(voice) as report:
            played = shenqu.play_tune(play, out=output, force=force, report=report)
        if not voice.quiet:
            _say(f"{played}")
    elif not as_json:
        print(_listed(shenqu.tunes(), origins=voice.verbose))


def _listed(tunes: Sequence[Tune], *, origins: bool) -> str:
    """Return the tunes as a table: as wide as the terminal, or on a line each where there is none."""
    from rich.console import Console  # noqa: PLC0415 - loads only for a table
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("id", no_wrap=True)
    table.add_column("title")
    for name in ("metre", "bpm", "notes", "range"):
        table.add_column(name, justify="right", no_wrap=True)
    if origins:
        table.add_column("origin", ratio=1)
    for tune in tunes:
        metre = f"{tune.metres[0].numerator}/{tune.metres[0].denominator}"
        numbers = (f"{tune.tempi[0].bpm:.0f}", str(len(tune.notes)), str(pitch_range(tune)))
        table.add_row(tune.id, tune.title, metre, *numbers, *([tune.origin] if origins else []))
    on_terminal = sys.stdout is not None and sys.stdout.isatty()
    console = Console(file=io.StringIO(), force_terminal=on_terminal, width=None if on_terminal else PIPED_COLUMNS)
    with console.capture() as printed:
        console.print(table, markup=False, highlight=False)
    return "\n".join(line.rstrip() for line in printed.get().splitlines())


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code."""
    _stopped.clear()
    for sent in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(sent) is not signal.SIG_IGN:
            signal.signal(sent, _stop)
    _hold_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without our letters shows question marks
            stream.reconfigure(errors="replace")
    try:
        app([_unmistakable(argument) for argument in arguments] or ["--help"], exit_on_error=False, print_error=False)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (CycloptsError, ShenquError, KeyboardInterrupt, OSError, MemoryError) as error:
        code, message = _answer(error)
        _say(f"shenqu: {message}")
        return code
    except Exception:
        if not _stopped.is_set():
            raise
        _say(f"shenqu: {STOPPED}")  # an interrupted import of a library may end in any error
        return 130
    return 0


def _hold_closed_streams() -> None:
    """Keep files from becoming stdout or stderr where the caller has closed these; what is said is lost then."""
    for number in (1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_WRONLY)  # takes the lowest number that is free
    sys.stderr = sys.stderr or io.StringIO()  # Python prints to stdout where it is None


def _answer(error: BaseException) -> tuple[int, str]:
    """Return exit code and message for what stopped a command."""
    if isinstance(error, CycloptsError):
        return 2, f"{error} Try: shenqu --help"
    if isinstance(error, KeyboardInterrupt) or _stopped.is_set():
        return 130, STOPPED
    if isinstance(error, MemoryError):
        return 1, "not enough memory; take a shorter part of the recording (--start, --end)"
    if isinstance(error, OSError):
        return 1, f"{error.filename or 'the system'}: {error.strerror or error}"
    return 1, str(error)


def _one_line(message: str) -> str:
    """Return a message as one line of bounded length, without signs that a terminal would obey."""
    line = "".join(sign if sign.isprintable() else " " for sign in message)
    line = " ".join(line.split())
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE // 2]} ... {line[-LONGEST_LINE // 2 :]}"


def _unmistakable(argument: str) -> str:
    """A file whose name begins with a dash is a file."""
    is_file = argument.startswith("-") and "." in argument and Path(argument).is_file()
    return f"./{argument}" if is_file else argument


def _stop(signal_number: int, frame: FrameType | None) -> None:
    _stopped.set()
    raise KeyboardInterrupt


def _say(line: str) -> None:
    print(_one_line(line), file=sys.stderr)


def _print_whole(document: str) -> None:
    """Print a document as it is: in UTF-8, so that nothing of it is lost."""
    if sys.stdout is None:
        raise InputError("stdout is closed; name a file with -o")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    sys.stdout.write(document)


def _say_made(made: shenqu.Made, voice: Voice) -> None:
    if made.ranking and not voice.quiet:
        best, *others = made.ranking
        _say(f"tune: {best.tune_id}, of {len(made.ranking)} the one that suits best: {best.reasons}")
        for fit in others[:3] if voice.verbose else ():
            _say(f"  next: {fit.tune_id} ({fit.score:.2f} after {best.score:.2f}): {fit.reasons}")
    if not voice.quiet:
        _say(f"{made.out}  ({made.summary})")


@contextmanager
def _reporting(voice: Voice) -> Iterator[shenqu.Report]:
    """Show progress on a terminal, and warnings as lines of their own."""
    with warnings.catch_warnings():
        warnings.simplefilter("always" if voice.verbose else "ignore")
        warnings.simplefilter("ignore" if voice.quiet else "always", ShenquWarning)
        if not sys.stderr.isatty() or voice.quiet:
            warnings.showwarning = lambda message, *_, **__: _say(f"shenqu: warning: {message}")
            yield _watched(_stage_lines() if voice.verbose else _no_report)
            return
        from rich.console import Console  # noqa: PLC0415 - loads only for a terminal
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

        console = Console(stderr=True)
        columns = (TextColumn("{task.description:24}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as bars:
            warnings.showwarning = lambda message, *_, **__: console.print(f"warning: {message}", markup=False)
            task = bars.add_task("", total=1.0)
            yield _watched(lambda stage, share: bars.update(task, description=stage, completed=share))


def _watched(report: shenqu.Report) -> shenqu.Report:
    """Stop at the next report where a library that was being loaded swallowed Ctrl-C."""

    def watched(stage: str, share: float) -> None:
        if _stopped.is_set():
            raise KeyboardInterrupt
        report(stage, share)

    return watched


def _no_report(stage: str, share: float) -> None:
    del stage, share


def _stage_lines() -> shenqu.Report:
    """Report each stage once, as it begins."""
    seen: set[str] = set()

    def report(stage: str, share: float) -> None:
        del share
        if stage not in seen:
            seen.add(stage)
            _say(f"{stage} ...")

    return report
