"""Made films that say which frame they are: every frame carries its number, its left side and its time."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

WIDTH, HEIGHT, BITS = 160, 96, 8
CLICK_RATE = 48_000


def barcode(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Return an RGB image: above, `number` in eight columns, lowest bit first; below, its left quarter white."""
    image = np.full((height, width, 3), 16, dtype=np.uint8)
    for bit in range(BITS):
        if number >> bit & 1:
            image[: height // 2, bit * width // BITS : (bit + 1) * width // BITS] = 235
    image[height // 2 :, : width // 4] = 235
    return image


def read_barcode(luma: np.ndarray) -> tuple[int, bool]:
    """Return the number in a picture, and whether it is mirrored."""
    height, width = luma.shape
    below = luma[3 * height // 4]
    flipped = bool(below[width // 8] < below[-width // 8])
    above = luma[height // 4, ::-1] if flipped else luma[height // 4]
    bits = [above[int((bit + 0.5) * width / BITS)] > 120 for bit in range(BITS)]
    return sum(1 << bit for bit, is_set in enumerate(bits) if is_set), flipped


def make_film(
    path: Path,
    times_s: list[float],
    *,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    rate: int = 25,
    time_base: Fraction = Fraction(1, 1000),
    options: dict[str, str] | None = None,
    click_s: float | None = None,
) -> Path:
    """Write a film that shows frame n from times_s[n] on, with a click in its sound at `click_s`."""
    options = options or ({"preset": "ultrafast", "qp": "0", "g": "12", "bf": "2"} if codec == "libx264" else {})
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        stream.time_base = stream.codec_context.time_base = time_base
        sound = (
            container.add_stream("mp2" if path.suffix == ".mpg" else "aac", rate=CLICK_RATE)
            if click_s is not None
            else None
        )
        if sound:
            sound.layout = "mono"
        for number, time_s in enumerate(times_s):
            frame = VideoFrame.from_ndarray(barcode(number, *size), format="rgb24").reformat(format=pix_fmt)
            frame.pts, frame.time_base = round(time_s / time_base), time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if sound:
            samples = np.zeros((1, round((times_s[-1] + 0.1) * CLICK_RATE)), dtype=np.float32)
            samples[0, round(click_s * CLICK_RATE)] = 0.9
            for start in range(0, samples.shape[1], 1152):
                chunk = AudioFrame.from_ndarray(samples[:, start : start + 1152], format="fltp", layout="mono")
                chunk.rate, chunk.pts, chunk.time_base = CLICK_RATE, start, Fraction(1, CLICK_RATE)
                if sound.codec_context.format.name != "fltp":
                    chunk = av.AudioResampler(format=sound.codec_context.format.name).resample(chunk)[0]
                container.mux(sound.encode(chunk))
            container.mux(sound.encode(None))
    return path


def steady(count: int, rate: float = 25.0) -> list[float]:
    """Return the times of `count` frames at a constant rate."""
    return [number / rate for number in range(count)]


def read_film(path: Path) -> tuple[list[tuple[float, int, bool]], np.ndarray]:
    """Return (time, number, mirrored) of every frame, and the sound from time 0 on, mono, 48 kHz."""
    shown, sound = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            number, flipped = read_barcode(frame.to_ndarray(format="gray"))
            shown.append((float(frame.pts * frame.time_base), number, flipped))
    with av.open(str(path)) as container:
        if container.streams.audio:
            for frame in container.decode(audio=0):
                start = round(float(frame.pts * frame.time_base) * CLICK_RATE)
                sound.append((start, frame.to_ndarray()[0]))
    samples = np.zeros(max((start + len(chunk) for start, chunk in sound), default=0), dtype=np.float32)
    for start, chunk in sound:
        samples[max(0, start) : start + len(chunk)] = chunk[max(0, -start) :]
    return shown, samples
