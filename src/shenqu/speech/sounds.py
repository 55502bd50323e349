"""The sounds of English and Mandarin, as numbers for a formant speaker.

Each sound has a manner, an inherent duration, and formants; vowels that glide have two sets. Sounds
with noise have its peak, sharpness and level. ARPAbet names 39 of them; four more belong to
Mandarin: IX (the vowel of zi), IR (of zhi), UE (ü) and its glide UY.

References
----------
Klatt (1980), tables II and III: formants. Klatt (1976), JASA 59: durations. Jongman et al. (2000),
JASA 108: fricative spectra. Lee & Zee (2003), JIPA 33: Standard Chinese.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

_VOWELS = """
IY 150 310 2020 2960 290 2070 2960 |  IH 110 400 1800 2570 450 1650 2600 |  EY 170 480 1750 2520 330 2020 2600
EH 130 530 1680 2500 600 1570 2530 |  AE 180 640 1660 2430 660 1520 2470 |  AA 180 710 1190 2600 700 1200 2600
AO 180 590  920 2570 620  980 2600 |  OW 170 540 1080 2300 420  860 2300 |  UH 110 450 1100 2350 480 1150 2390
UW 150 350 1150 2200 310  900 2200 |  AH 110 620 1220 2550 600 1250 2550 |  ER 150 470 1290 1600 440 1310 1560
AY 200 680 1180 2550 380 1930 2550 |  AW 200 690 1250 2550 420  900 2350 |  OY 220 550  930 2400 350 1850 2450
IX 120 380 1380 2650 380 1380 2650 |  IR 120 390 1560 2150 390 1560 2150 |  UE 150 300 1950 2300 300 1950 2300
"""
_SONORANTS = """
W  glide  70 290  640 2150 | Y  glide  60 270 2150 3000 | R liquid 70 320 1080 1420 | L liquid 65 340 1060 2800
UY glide  60 270 1850 2200 | M  nasal  70 300 1050 2130 | N nasal  65 300 1450 2470 | NG nasal 80 300 1990 2500
"""
_NOISY = """
F  fricative 100 340 1100 2080 7500 0.4 -24 | TH fricative  90 320 1350 2540 6500 0.5 -26
S  fricative 105 320 1450 2530 6800 2.0  -9 | SH fricative 110 300 1840 2750 3400 1.8  -8
V  voiced     60 260 1100 2080 6500 0.4 -30 | DH voiced     50 270 1350 2540 6000 0.5 -33
Z  voiced     75 260 1450 2530 6800 2.0 -15 | ZH voiced     70 280 1840 2750 3300 1.8 -14
P  stop       95 300  900 2150  900 0.4 -12 | T  stop       90 300 1750 2650 4300 1.0 -10
K  stop       95 300 1990 2600 2000 2.0  -4 | B  stop       70 200  900 2150  800 0.4 -16
D  stop       65 200 1750 2650 4000 1.0 -14 | G  stop       75 200 1990 2600 1900 2.0  -8
CH affricate 125 300 1850 2820 3500 1.6  -9 | JH affricate  95 220 1850 2820 3300 1.6 -13
HH breath     65 500 1500 2500 1500 0.5 -99
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """One sound: `manner`, inherent length, first three formants where it begins and ends, its noise."""

    manner: str
    duration_s: float
    formants_hz: tuple[float, float, float]
    end_formants_hz: tuple[float, float, float]
    noise_hz: float = 1500.0
    noise_q: float = 1.0
    noise_db: float = -99.0


def _entries(table: str) -> list[list[str]]:
    return [entry.split() for line in table.strip().splitlines() for entry in line.split("|")]


def _vowel(fields: list[str]) -> Sound:
    milliseconds, f1, f2, f3, *end = map(float, fields)
    return Sound(
        manner="vowel",
        duration_s=milliseconds / 1000,
        formants_hz=(f1, f2, f3),
        end_formants_hz=(end[0], end[1], end[2]),
    )


def _consonant(fields: list[str]) -> Sound:
    milliseconds, f1, f2, f3, *noise = map(float, fields[1:])
    formants_hz = (f1, f2, f3)
    sound = Sound(
        manner=fields[0], duration_s=milliseconds / 1000, formants_hz=formants_hz, end_formants_hz=formants_hz
    )
    return replace(sound, noise_hz=noise[0], noise_q=noise[1], noise_db=noise[2]) if noise else sound


SOUNDS = {name: _vowel(fields) for name, *fields in _entries(_VOWELS)} | {
    name: _consonant(fields) for name, *fields in _entries(_SONORANTS) + _entries(_NOISY)
}
VOICELESS = {"P", "T", "K", "F", "TH", "S", "SH", "CH", "HH"}
