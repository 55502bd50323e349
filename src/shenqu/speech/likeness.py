"""How alike two phones sound, from 0 (the same) to 1 (nothing in common).

Vowels are as far apart as their first three formants, on the scale of the ear, where they begin and where they end.
Consonants differ in manner, place and voicing, each at its price: those that listeners confuse most easily are near.

References
----------
Miller and Nicely (1955), JASA 27: what consonants are confused with. Traunmueller (1990), JASA 88: the Bark scale.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from shenqu.speech.sounds import SOUNDS, VOICELESS

NUCLEI = frozenset(phone for phone, sound in SOUNDS.items() if sound.manner == "vowel")
FAR_BARK = 4.0
MANNER, ALLIED_MANNER, PLACE_STEP, MOST_PLACE, VOICING, HISS = 0.6, 0.3, 0.2, 0.4, 0.25, 0.2
_PLACES = ("P B M F V W", "TH DH", "T D S Z N L", "R SH ZH CH JH", "Y UY", "K G NG", "HH")
_HISSING = frozenset(("S", "Z", "SH", "ZH", "CH", "JH"))
_PLACE = {phone: float(step) for step, phones in enumerate(_PLACES) for phone in phones.split()}
_ALLIED = (
    {"stop", "affricate"}, {"affricate", "fricative"}, {"fricative", "breath"}, {"voiced", "fricative"},
    {"stop", "voiced"}, {"affricate", "voiced"}, {"glide", "liquid"}, {"glide", "voiced"}, {"nasal", "liquid"},
)  # fmt: skip


@cache
def phone_distance(one: str, other: str) -> float:
    """Return how unlike two phones are, 1 where one is a vowel and the other is none, or is unknown.

    >>> phone_distance("IY", "IH") < phone_distance("IY", "EH") < phone_distance("IY", "AA")
    True
    >>> phone_distance("M", "M"), phone_distance("M", "N") < phone_distance("M", "S")
    (0.0, True)
    """
    if one == other:
        return 0.0
    if one not in SOUNDS or other not in SOUNDS or (one in NUCLEI) != (other in NUCLEI):
        return 1.0
    return _vowel_distance(one, other) if one in NUCLEI else _consonant_distance(one, other)


def _vowel_distance(one: str, other: str) -> float:
    apart = _formants_bark(one) - _formants_bark(other)
    return min(1.0, float(np.sqrt((apart**2).mean())) / FAR_BARK)


def _formants_bark(phone: str) -> npt.NDArray[np.float64]:
    """Return the formants of a vowel where it begins, and where it ends."""
    hz = np.array([*SOUNDS[phone].formants_hz, *SOUNDS[phone].end_formants_hz])
    return np.asarray(26.81 * hz / (1960.0 + hz) - 0.53)


def _consonant_distance(one: str, other: str) -> float:
    manners = {SOUNDS[one].manner, SOUNDS[other].manner}
    manner = 0.0 if len(manners) == 1 else ALLIED_MANNER if manners in _ALLIED else MANNER
    place = min(MOST_PLACE, PLACE_STEP * abs(_PLACE[one] - _PLACE[other]))
    voicing = VOICING * ((one in VOICELESS) != (other in VOICELESS) and manners != {"fricative", "voiced"})
    hiss = HISS * ((one in _HISSING) != (other in _HISSING))
    return min(1.0, manner + place + voicing + hiss)
