"""Sound from files, sound into files.

Whatever FFmpeg decodes is read as float32 on the clock of its file (`media/container.py`), so that
sound and picture stay together: sound that starts later than the picture, or is missing in between,
is silence. What is written is the same, byte for byte, for the same samples and tags.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import av.container
import av.error
import numpy as np
import numpy.typing as npt
import soxr
from av.codec.context import Flags

from shenqu.documents.audio import Audio, Channel, LongSound, Samples
from shenqu.errors import InputError, ShenquWarning, ToolError
from shenqu.media.channels import Mix, OneChannel, keep_all, only
from shenqu.media.container import open_media
from shenqu.media.decoding import SoundSource
from shenqu.media.timeline import Part, Timeline

_CUT_OFF_S = 0.5


def read_audio(
    path: Path,
    *,
    start_s: float = 0.0,
    end_s: float | None = None,
    rate: int | None = None,
    channel: Channel | None = None,
) -> Audio:
    """Return the sound of a file from `start_s` to `end_s` (source time), mono or stereo.

    Sample k lies at source time `start_s` + k / rate. `end_s` None, or after the end, is the end. `rate`
    None keeps the file's own. Three and more channels become two; `channel` keeps one of the two. Only the
    part asked for is decoded.

    Raises
    ------
    InputError
        The file cannot be read, holds no sound, or none in this part, or has no two channels to choose from;
        or the part is too long for memory.

    Warns
    -----
    ShenquWarning
        Pieces are damaged (and silent here), or the file ends before the time that it claims.
    """
    part = Part(path=path, start_s=start_s, end_s=end_s, rate=rate)
    samples, rate = _read(part, channel, lambda: keep_all)
    return Audio(samples=samples, rate=rate)


def read_sound(
    path: Path,
    *,
    rate: int,
    start_s: float = 0.0,
    end_s: float | None = None,
    channel: Channel | None = None,
    progress: Callable[[float], None] = lambda _: None,
) -> LongSound:
    """Return the sound of a file as one channel of 16-bit numbers at `rate`, decoded block by block.

    A recording of hours is kept in little memory: three at 16 kHz take 350 MB. Channels that cancel each other are
    not added. `progress` is told the share of it, 0 to 1, that has been read. All else is as in `read_audio`.
    """
    part = Part(path=path, start_s=start_s, end_s=end_s, rate=rate, number="i2")
    samples, rate = _read(part, channel, OneChannel, progress)
    return LongSound(pcm=samples[0], rate=rate)


def audio_duration(path: Path) -> float:
    """Return the source time in seconds at which the sound of a file ends. Errors are those of `read_audio`."""
    with open_media(path) as container:
        source = SoundSource(container, path)
        if source.claimed_end_s is not None:
            return source.claimed_end_s
        ends_s = [source.end_s(packet) for packet in source.packets() if packet.pts is not None]
        if not ends_s:
            raise InputError(f"{path}: holds no sound; give a file with sound")
        return float(max(ends_s))


def _read(
    part: Part,
    channel: Channel | None,
    all_channels: Callable[[], Mix],
    progress: Callable[[float], None] = lambda _: None,
) -> tuple[npt.NDArray[Any], int]:
    """Return the samples of a part of one channel, or as `all_channels` brings them together, and their rate."""
    path, start_s, end_s = part.path, part.start_s, part.end_s
    if not 0.0 <= start_s < math.inf or (end_s is not None and not start_s < end_s):
        raise InputError(f"{path}: from {start_s:g} s to {end_s} s is no part; the end must come after the start")
    for seek in (True, False) if start_s > 0.0 else (False,):
        found = _decode(part, channel, only(channel) if channel else all_channels(), progress, seek=seek)
        if found is not None:
            return found
    raise AssertionError("reading from the start cannot land too late")


def _decode(
    part: Part, channel: Channel | None, mix: Mix, progress: Callable[[float], None], *, seek: bool
) -> tuple[npt.NDArray[Any], int] | None:
    """Return a part of the sound, or None where a seek did not land before its start."""
    with open_media(part.path) as container:
        source = SoundSource(container, part.path)
        if channel and source.channels < 2:
            raise InputError(f"{part.path}: has one channel, no {channel} one; leave --speaker out")
        if seek and not source.seek(part.start_s):
            return None
        timeline = Timeline(part, mix, source.claimed_end_s)
        wanted_s = max(1.0, min(part.end_s or math.inf, source.likely_end_s) - part.start_s)
        for block in source.blocks():
            if seek and timeline.empty and (block.onset_s is None or block.onset_s > part.start_s):
                return None
            timeline.put(block)
            progress(min(1.0, (timeline.kept_s - part.start_s) / wanted_s))
            if timeline.full:
                break
        if seek and timeline.empty:
            return None
        if source.claim_is_exact:
            timeline.drop_padding()
        found = timeline.samples()
        _warn_of_damage(part.path, source, part.start_s, complete=timeline.full)
        return found


def _warn_of_damage(path: Path, source: SoundSource, start_s: float, *, complete: bool) -> None:
    damaged_s = [time_s for time_s in source.damaged_s if time_s >= start_s]
    if damaged_s:
        message = f"{path}: {len(damaged_s)} damaged pieces, the first at {damaged_s[0]:.2f} s, are left silent"
        warnings.warn(message, ShenquWarning, stacklevel=5)
    claimed_s, seen_s = source.claimed_end_s, float(source.seen_end_s)
    if not complete and claimed_s is not None and claimed_s - seen_s > _CUT_OFF_S:
        message = f"{path}: is cut off: it claims {claimed_s:.2f} s and ends at {seen_s:.2f} s"
        warnings.warn(message, ShenquWarning, stacklevel=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Encoding:
    """How one kind of file is written. `bit_rate` 0: nothing is lost. `rates` empty: any."""

    codec: str
    sample_format: str
    bit_rate: int = 0
    rates: tuple[int, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)


_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_ENCODINGS = {
    ".wav": _Encoding(codec="pcm_s16le", sample_format="s16"),
    ".flac": _Encoding(codec="flac", sample_format="s16"),
    ".mp3": _Encoding(codec="libmp3lame", sample_format="fltp", bit_rate=256_000, rates=_MP3_RATES),
    ".m4a": _Encoding(
        codec="aac",
        sample_format="fltp",
        bit_rate=256_000,
        options={"movflags": "+faststart", "movie_timescale": "{rate}"},
    ),
    ".opus": _Encoding(codec="libopus", sample_format="flt", bit_rate=192_000, rates=(48_000,)),
}
_DEEP_ENCODINGS = {
    ".wav": _Encoding(codec="pcm_s24le", sample_format="s32"),
    ".flac": _Encoding(codec="flac", sample_format="s32"),
}
AUDIO_SUFFIXES = tuple(_ENCODINGS)


def encode_audio(path: Path, audio: Audio, *, tags: Mapping[str, str], bits: Literal[16, 24] = 16) -> None:
    """Write `audio` to `path`; its suffix says how: one of `AUDIO_SUFFIXES`.

    `bits` is the depth of wav and flac; samples are rounded, and clipped at full scale. Opus, and MP3 at rates
    that it lacks, are written at 48 kHz. `tags` are named as FFmpeg does: title, artist, album, comment ...

    Raises `InputError` on an unknown suffix, `ToolError` with FFmpeg's words where it fails.
    """
    suffix = path.suffix.lower()
    encoding = (_DEEP_ENCODINGS if bits == 24 else _ENCODINGS).get(suffix) or _ENCODINGS.get(suffix)
    if encoding is None:
        raise InputError(f"{path}: '{path.suffix}' is no kind of sound file; use {' '.join(AUDIO_SUFFIXES)}")
    if encoding.rates and audio.rate not in encoding.rates:
        audio = Audio(samples=np.ascontiguousarray(soxr.resample(audio.samples.T, audio.rate, 48_000).T), rate=48_000)
    options = {name: value.format(rate=audio.rate) for name, value in encoding.options.items()}
    try:
        with av.open(f"file:{path.absolute()}", "w", options={"fflags": "+bitexact", **options}) as container:
            container.metadata.update(tags)
            stream = _add_stream(container, audio, encoding)
            for frame in _frames(audio, encoding):
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except av.error.FFmpegError as error:
        if isinstance(error, OSError):  # the system's own, as a full disk: whole_file has the words for it
            raise
        raise ToolError(f"{path}: could not be written: {error.strerror}") from error


def _add_stream(container: av.container.OutputContainer, audio: Audio, encoding: _Encoding) -> Any:
    stream: Any = container.add_stream(encoding.codec, rate=audio.rate, layout=_layout(audio))
    stream.codec_context.format = encoding.sample_format
    stream.codec_context.thread_count = 1
    stream.codec_context.flags |= Flags.bitexact
    if encoding.bit_rate:
        stream.bit_rate = encoding.bit_rate
    return stream


def _layout(audio: Audio) -> str:
    return "mono" if len(audio.samples) == 1 else "stereo"


def _frames(audio: Audio, encoding: _Encoding) -> Iterator[av.AudioFrame]:
    """Yield `audio` in frames of a second, in the encoding's sample format."""
    for start in range(0, audio.samples.shape[1], audio.rate):
        values = _to_format(audio.samples[:, start : start + audio.rate], encoding.sample_format)
        frame = av.AudioFrame.from_ndarray(values, format=encoding.sample_format, layout=_layout(audio))
        frame.sample_rate, frame.pts, frame.time_base = audio.rate, start, Fraction(1, audio.rate)
        yield frame


def _to_format(samples: Samples, sample_format: str) -> npt.NDArray[Any]:
    """Return samples as an encoder takes them: planar or interleaved, float or whole numbers.

    24 bits travel in the upper part of 32.
    """
    if sample_format == "fltp":
        return np.ascontiguousarray(samples)
    interleaved = np.ascontiguousarray(samples.T).reshape(1, -1)
    if sample_format == "flt":
        return interleaved
    bits = 16 if sample_format == "s16" else 24
    whole = np.clip(np.rint(interleaved * 2.0 ** (bits - 1)), -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1)
    return whole.astype(np.int16) if bits == 16 else whole.astype(np.int32) << 8
