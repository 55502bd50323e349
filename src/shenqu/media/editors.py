"""Projects of other singing editors, through LibreSVIP: Synthesizer V, VOCALOID, CeVIO, Piapro Studio, ACE Studio ...

LibreSVIP (the extra `editors`) knows some forty formats. What it makes of a project becomes a `Score`: a part for
each of its singing tracks, with words, tempi and metres; recordings and curves are passed over.

Conventions
-----------
LibreSVIP counts 480 ticks a beat. In its own model tempi (and in some formats bars) are counted from an empty bar
before the first, and notes are not; its readers of MIDI, VOCALOID, CeVIO and Piapro Studio count both alike.

References
----------
SoulMelody, LibreSVIP 2.9 (2026); yqzhishen, OpenSvip (2021), where its model comes from.
"""

from __future__ import annotations

import warnings
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

from shenqu.documents.score import Score
from shenqu.documents.tune import Part, PartNote
from shenqu.errors import InputError
from shenqu.media.files import read_bounded
from shenqu.media.ticks import bars_to_beats, clean_lyric, clean_name, whole_score
from shenqu.units import TICKS_PER_BEAT

_ENDINGS = (
    "svp s5p vsqx vsq vpr ccs ppsf svip svip3 acep ace dv dspx tssln tsmsln tlp tlpx vspx nn ufdata vvproj vxf xvsq "
    "vog vfp aisp mtp y77"
)
EDITOR_ENDINGS = tuple(f".{ending}" for ending in _ENDINGS.split(" "))
MAX_BYTES, MAX_UNPACKED_BYTES = 32 << 20, 128 << 20
_TEMPI_AFTER_EMPTY_BAR = {".svp", ".s5p", ".acep", ".ace", ".vspx", ".svip", ".svip3", ".tlp", ".tlpx"}
_BARS_AFTER_EMPTY_BAR = {".svp", ".svip"}
_VOICE = 52  # General MIDI: choir


def read_editor_project(path: Path) -> Score:
    """Return the score in the project `path`, whose ending is one of `EDITOR_ENDINGS`.

    Raises `InputError` where the extra is missing, the file is missing, too large, broken, or holds no notes.
    """
    data = read_bounded(path, MAX_BYTES, too_large=f"larger than {MAX_BYTES >> 20} MB, too large for a tune")
    _check_harmless(path, data)
    project = _project(path)
    return whole_score(
        str(path),
        title=path.stem,
        parts=[part for track in project.track_list if hasattr(track, "note_list") for part in _parts(track, path)],
        bpms=_bpms(project, path.suffix.lower()),
        signatures=bars_to_beats(_signatures(project, path.suffix.lower())),
    )


def _check_harmless(path: Path, data: bytes) -> None:
    """Refuse archives that unpack to far more than they are, and XML that declares entities."""
    if b"<!ENTITY" in data:
        raise InputError(f"{path}: declares XML entities, which no editor writes; save the project again")
    if data[:4] == b"PK\x03\x04":
        try:
            with zipfile.ZipFile(path) as archive:
                unpacked = sum(entry.file_size for entry in archive.infolist())
        except (zipfile.BadZipFile, OSError) as error:
            raise InputError(f"{path}: a broken project ({error}); save it again") from error
        if unpacked > MAX_UNPACKED_BYTES:
            raise InputError(f"{path}: unpacks to more than {MAX_UNPACKED_BYTES >> 20} MB, too large for a tune")


def _project(path: Path) -> Any:
    """Return the project as LibreSVIP reads it. Its readers fail in as many ways as there are broken files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what its own libraries say of each other is not the user's business
        try:
            from libresvip.extension.manager import get_svs_plugin_by_suffix  # noqa: PLC0415
            from loguru import logger  # noqa: PLC0415
        except ImportError as error:
            raise InputError(
                f"{path}: projects of other editors need the extra: pip install 'shenqu[editors]'; or save it as .mid"
            ) from error
        logger.disable("libresvip")
        reader = get_svs_plugin_by_suffix(path.suffix.lower().removeprefix("."))
        if reader is None:
            raise InputError(f"{path}: this LibreSVIP reads no {path.suffix}; update it, or save the tune as .mid")
        try:
            return reader.load(path, {})
        except Exception as error:
            words = " ".join(str(error).split())[:120] or type(error).__name__
            raise InputError(f"{path}: LibreSVIP cannot read it ({words}); save it again, or as .mid") from error


def _parts(track: Any, path: Path) -> list[Part]:
    notes = [
        PartNote(
            pitch=_pitch(note.key_number, path),
            onset_beat=Fraction(note.start_pos, TICKS_PER_BEAT),
            length_beat=Fraction(note.length, TICKS_PER_BEAT),
            lyric=clean_lyric(note.lyric or ""),
        )
        for note in track.note_list
        if note.length > 0 and note.start_pos >= 0
    ]
    ordered = tuple(sorted(notes, key=lambda note: (note.onset_beat, note.pitch)))
    return [Part(name=clean_name(track.title or ""), program=_VOICE, drums=False, notes=ordered)]


def _pitch(number: int, path: Path) -> int:
    if not 0 <= number <= 127:
        raise InputError(f"{path}: {number} is no pitch of a note (0 to 127); correct it in the editor")
    return number


def _bpms(project: Any, ending: str) -> list[tuple[Fraction, float]]:
    first = next(iter(project.time_signature_list), None)
    empty = first.bar_length() if first and ending in _TEMPI_AFTER_EMPTY_BAR else 0
    return [
        (Fraction(max(0, round(tempo.position - empty)), TICKS_PER_BEAT), float(tempo.bpm))
        for tempo in project.song_tempo_list
    ]


def _signatures(project: Any, ending: str) -> list[tuple[int, int, int]]:
    empty = int(ending in _BARS_AFTER_EMPTY_BAR)
    return [
        (max(0, metre.bar_index - empty), metre.numerator, metre.denominator) for metre in project.time_signature_list
    ]
