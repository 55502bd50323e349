"""The fields of ABC: what keys, metres, tempi, lengths, orders of parts and lines of words say.

References
----------
Walshaw 2011, The ABC music standard 2.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from shenqu.documents.tune import Scale
from shenqu.media.ticks import clean_lyric
from shenqu.media.written_bars import MODES

MAX_PARTS_PLAYED = 200
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_FIFTHS = {letter: place - 1 for place, letter in enumerate("FCGDAEB")}
_SIGNATURE_ORDER = "FCGDAEB"
_KEY = re.compile(r"([A-G])([#b]?)(?:\s*(?i:(maj|min|ion|dor|phr|lyd|mix|aeo|loc|m(?![a-z]))[a-z]*))?")
_KEY_ACCIDENTAL = re.compile(r"(?<![\w=])(\^\^|\^|__|_|=)([a-gA-G])(?![\w=])")
ALTERS = {"^^": 2, "^": 1, "__": -2, "_": -1, "=": 0}


def part_labels(order: str) -> list[str]:
    """Return the parts that a `P:` of the head plays, one after the other; at most 200.

    >>> "".join(part_labels("A2.(BC)2D"))
    'AABCBCD'
    """
    stack: list[list[str]] = [[]]
    for letter, sign, digits in re.findall(r"([A-Za-z])|([()])|(\d{1,2})", order[:200]):
        if sign == "(":
            stack.append([])
        elif sign == ")" and len(stack) > 1:
            group = stack.pop()
            stack[-1].append("".join(group))
        elif digits and stack[-1]:
            stack[-1][-1] = (stack[-1][-1] * int(digits))[:MAX_PARTS_PLAYED]
        elif letter:
            stack[-1].append(letter)
        stack[-1] = stack[-1][:MAX_PARTS_PLAYED]
    return list("".join("".join(group) for group in stack))[:MAX_PARTS_PLAYED]


def factor_of(text: str) -> Fraction:
    """Return how many units of length a note lasts.

    >>> [str(factor_of(text)) for text in ("", "2", "3/2", "/", "//", "/4")]
    ['1', '2', '3/2', '1/2', '1/4', '1/4']
    """
    match = re.match(r"(\d*)(/*)(\d*)", text)
    assert match is not None, "all three may be empty"
    below = int(match[3] or 0) if match[3] else 2 ** len(match[2])
    if not below:
        raise ValueError(f"a length of {text[:12]!r}")
    return Fraction(int(match[1] or 1), below)


def metre_of(value: str) -> tuple[int, int] | None:
    """Return a metre; None where there is none.

    >>> metre_of("C"), metre_of("C|"), metre_of("(2+3+2)/8"), metre_of("none")
    ((4, 4), (2, 2), (7, 8), None)
    """
    text = value.strip().strip('"')
    if text.startswith("C|"):
        return 2, 2
    if text.startswith("C"):
        return 4, 4
    match = re.match(r"\(?([\d+\s]{1,30})\)?\s*/\s*(\d{1,2})", text)
    if not match:
        return None
    beats, unit = sum(int(piece) for piece in match[1].replace("+", " ").split() if len(piece) < 4), int(match[2])
    return (beats, unit) if 1 <= beats <= 64 and unit in {1, 2, 4, 8, 16, 32, 64} else None


def unit_of(value: str) -> Fraction | None:
    """Return the unit of length in beats."""
    match = re.match(r"(\d{1,3})\s*/\s*(\d{1,3})", value) or re.match(r"(1)()$", value.strip())
    if not match or not int(match[1]) or match[2] == "0" * len(match[2] or "-"):
        return None
    return Fraction(4 * int(match[1]), int(match[2] or 1))


def bpm_of(value: str, unit_beat: Fraction) -> float | None:
    """Return quarter notes a minute of a tempo; None where it names none. A number alone counts units of length.

    >>> bpm_of("1/4=120", Fraction(1)), bpm_of('"Allegro" 3/8=60', Fraction(1)), bpm_of("100", Fraction(1, 2))
    (120.0, 90.0, 50.0)
    """
    text = re.sub(r'"[^"]*"?', " ", value)
    head, equals, tail = text.partition("=")
    number = re.search(r"\d{1,4}(?:\.\d{1,3})?", tail if equals else text)
    if not number:
        return None
    lengths = (
        [Fraction(int(n), int(d)) for n, d in re.findall(r"(\d{1,2})/(\d{1,3})", head) if int(d)] if equals else []
    )
    beat = 4 * sum(lengths) if lengths else unit_beat * int((re.search(r"C(\d)", head) or [0, 1])[1])
    return float(number[0]) * float(beat)


def key_of(value: str) -> tuple[tuple[int, Scale] | None, dict[str, int], int]:
    """Return tonic and scale, the signature (semitones by letter), and how many semitones higher it sounds.

    >>> key_of("D")
    ((2, 'major'), {'F': 1, 'C': 1}, 0)
    >>> key_of("A dor octave=-1")
    ((9, 'minor'), {'F': 1}, -12)
    """
    text = value.strip()
    shift = shift_of(text)
    if text.lower().startswith("hp"):
        return (9, "major"), {"F": 1, "C": 1}, shift
    match = _KEY.match(text)
    if not match or re.match(r"[a-z]+\s*=", text):
        return None, _explicit(text), shift
    mode = (match[3] or "maj").lower()
    steps, scale = MODES["min" if mode == "m" else mode]
    letter = match[1].upper()
    accidental = {"#": 1, "b": -1}.get(match[2], 0)
    fifths = _FIFTHS[letter] + 7 * accidental - {0: 0, 2: 2, 4: 4, 5: -1, 7: 1, 9: 3, 11: 5}[steps]
    letters = _SIGNATURE_ORDER[:fifths] if fifths > 0 else _SIGNATURE_ORDER[fifths:] if fifths < 0 else ""
    signature = dict.fromkeys(letters, 1 if fifths > 0 else -1)
    rest = text[match.end() :]
    signature = _explicit(rest) if re.match(r"\s*exp\b", rest) else signature | _explicit(rest)
    return ((LETTERS[letter] + accidental + shift) % 12, scale), signature, shift


def _explicit(text: str) -> dict[str, int]:
    return {letter.upper(): ALTERS[sign] for sign, letter in _KEY_ACCIDENTAL.findall(text)}


def shift_of(options: str) -> int:
    """Return by how many semitones a voice sounds higher than it is written."""
    octave = re.search(r"\boctave\s*=\s*(-?\d)", options)
    transpose = re.search(r"\b(?:transpose|t)\s*=\s*(-?\d{1,2})", options)
    clef = re.search(r"\b(?:treble|alto|tenor|bass|perc)\d?([+-])8", options)
    shift = 12 * int(octave[1]) if octave else 0
    shift += int(transpose[1]) if transpose else 0
    return shift + ((12 if clef[1] == "+" else -12) if clef else 0)


def syllables(text: str) -> Iterator[str]:
    r"""Yield what is sung on each note: "+" where one goes on, "" where nothing is; "|" is the next bar.

    >>> list(syllables("of~the day,_ - * syl-la-ble | a"))
    ['of the', 'day,', '+', '+', '', 'syl', 'la', 'ble', '|', 'a']
    """
    hyphen = "\ue000"
    for word, mark in re.findall(r"([^\s\-_*|]+)-?|([-_*|])", text.replace("\\-", hyphen)):
        if word:
            yield clean_lyric(word.replace("~", " ").replace(hyphen, "-")) or "+"
        else:
            yield {"*": "", "|": "|"}.get(mark, "+")
