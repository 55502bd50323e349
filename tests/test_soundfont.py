"""A soundfont plays the band: in tune, on its beat, from a tiny font made here; what is missing is said in one line."""

import struct
import sys
from fractions import Fraction

import numpy as np
import pytest

from shenqu.documents.performance import TempoMap
from shenqu.documents.tune import Part, PartNote
from shenqu.engines.fluidsynth import play_soundfont
from shenqu.errors import InputError, ToolError

RATE = 48_000
CLOCK = TempoMap(lead_in_beat=Fraction(1), steps=((Fraction(0), 120.0),))


def chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def records(kind, *rows):
    return b"".join(struct.pack(kind, *row) for row in rows)


def tiny_font(path, *, root=69, hz=440.0):
    """Write a soundfont of one looped sine, as piano in bank 0 and as drums in bank 128."""
    period = 100
    rate = round(hz * period)
    sine = (20_000 * np.sin(2 * np.pi * np.arange(period * 40) / period)).astype("<i2")
    samples = np.concatenate([sine, np.zeros(46, dtype="<i2")]).tobytes()
    info = chunk(b"ifil", struct.pack("<HH", 2, 1)) + chunk(b"isng", b"EMU8000\0") + chunk(b"INAM", b"tiny\0\0")
    presets = [(b"tone", 0, 0, 0, 0, 0, 0), (b"drum", 0, 128, 1, 0, 0, 0), (b"EOP", 0, 0, 2, 0, 0, 0)]
    shape = (b"sine", 0, len(sine), period, len(sine) - period, rate, root, 0, 0, 1)
    pdta = b"".join(
        [
            chunk(b"phdr", records("<20sHHHIII", *presets)),
            chunk(b"pbag", records("<HH", (0, 0), (1, 0), (2, 0))),
            chunk(b"pmod", bytes(10)),
            chunk(b"pgen", records("<HH", (41, 0), (41, 0), (0, 0))),
            chunk(b"inst", records("<20sH", (b"sine", 0), (b"EOI", 1))),
            chunk(b"ibag", records("<HH", (0, 0), (2, 0))),
            chunk(b"imod", bytes(10)),
            chunk(b"igen", records("<HH", (54, 1), (53, 0), (0, 0))),
            chunk(b"shdr", records("<20sIIIIIBbHH", shape, (b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0))),
        ]
    )
    parts = [(b"INFO", info), (b"sdta", chunk(b"smpl", samples)), (b"pdta", pdta)]
    path.write_bytes(chunk(b"RIFF", b"sfbk" + b"".join(chunk(b"LIST", name + data) for name, data in parts)))
    return path


def part(*notes, drums=False, program=0):
    written = (PartNote(pitch=p, onset_beat=Fraction(at), length_beat=Fraction(1)) for p, at in notes)
    return Part(name="x", program=program, drums=drums, notes=tuple(written))


@pytest.fixture
def font(tmp_path):
    try:
        import fluidsynth  # noqa: F401, PLC0415
    except ImportError as error:
        pytest.skip(f"the soundfont extra or the system's FluidSynth is not there ({error})")
    return tiny_font(tmp_path / "tiny.sf2")


def test_notes_have_their_pitch_and_their_place(font):
    sound = play_soundfont([part((69, 0), (76, 2))], font, tempo_map=CLOCK, duration_s=3.0, transpose=3)
    assert sound.shape == (2, 3 * RATE) and sound.dtype == np.float32
    assert 0.01 < np.abs(sound).max() <= 0.8001
    first = int(np.argmax(np.abs(sound[0]) > 0.02 * np.abs(sound).max()))
    assert 0 <= first / RATE - 0.5 < 0.004
    for start_s, hz in ((0.6, 523.25), (1.6, 783.99)):
        piece = sound[0, round(start_s * RATE) : round((start_s + 0.3) * RATE)]
        power = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 8 * RATE))
        assert power.argmax() / 8 == pytest.approx(hz, rel=0.004)


def test_drums_are_not_transposed_and_the_same_comes_out_twice(font):
    band = [part((50, 0), drums=True), part((60, 1), program=40)]
    plain, moved, again = (
        play_soundfont(band[:1], font, tempo_map=CLOCK, duration_s=2.0, transpose=shift) for shift in (0, 5, 0)
    )
    assert plain.tobytes() == moved.tobytes() == again.tobytes()
    assert play_soundfont(band[1:], font, tempo_map=CLOCK, duration_s=2.0).any()  # a program that the font has not


def test_a_file_that_is_no_soundfont_is_refused(font, tmp_path):
    broken = tmp_path / "broken.sf2"
    broken.write_bytes(b"RIFF nothing")
    with pytest.raises(InputError, match=r"broken\.sf2: not a soundfont"):
        play_soundfont([part((60, 0))], broken, tempo_map=CLOCK, duration_s=1.0)
    with pytest.raises(InputError, match="there is no such soundfont"):
        play_soundfont([part((60, 0))], tmp_path / "none.sf2", tempo_map=CLOCK, duration_s=1.0)


def test_without_the_extra_one_line_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "fluidsynth", None)
    with pytest.raises(ToolError, match=r"pip install 'shenqu\[soundfont\]'"):
        play_soundfont([part((60, 0))], tmp_path / "a.sf2", tempo_map=CLOCK, duration_s=1.0)
