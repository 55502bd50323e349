"""English letters and sounds: how an unknown word is said, and which letters stand for which syllable.

Conventions
-----------
Phones are ARPAbet without stress digits. Words are lower case, a to z and apostrophes.

References
----------
Elovitz et al. (1976), "Letter-to-sound rules for automatic translation of English text to phonetics",
for the form of the rules; the rules are our own. Kahn (1976), "Syllable-based generalizations in English
phonology", for maximal onsets.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from shenqu.speech.phones import VOWELS, syllable_starts

_V = "aeiouy"
# Pattern, tried in this order where the reader stands, and its phones. Look-behinds see what was read before.
_RULES = tuple(
    (re.compile(pattern), tuple(phones.split()))
    for pattern, phones in [
        (r"tch|ch", "CH"),
        (r"sch|sh|(?<=[aeiou])ti(?=on|al|ous)|(?<=[nrc])ti(?=on)|ci(?=ous|al|an)|ssi(?=on)", "SH"),
        (r"si(?=on)", "ZH"),
        (r"th", "TH"),
        (r"ph", "F"),
        (r"igh", "AY"),
        (rf"gh(?=[{_V}])", "G"),
        (r"gh|'", ""),
        (r"ck", "K"),
        (rf"ng(?![{_V}])", "NG"),
        (r"n(?=[kx]|q)", "NG"),
        (r"qu$", "K Y UW"),
        (r"qu|q(?=w)", "K W"),
        (r"q", "K"),
        (r"^x", "Z"),
        (r"x", "K S"),
        (r"wh", "W"),
        (r"^kn|^gn|^pn", "N"),
        (r"^wr|rh", "R"),
        (r"^ps", "S"),
        (r"(?<=m)b$", ""),
        (r"dg(?=[ei])", "JH"),
        (r"cc(?=[ei])", "K S"),
        (r"sc(?=[ei])|c(?=[eiy])", "S"),
        (r"g(?=[eiy])|j", "JH"),
        (r"(?<=[bdglmnrvwz])s$|(?<=[aeiou])s(?=[aeiou])|(?<=[aeiou])es$", "Z"),
        (r"([bcdfgklmnprstvz])\1", "="),
        (rf"y(?=[{_V}])", "Y"),
        (rf"(?<![{_V}])y$", "IY"),
        (r"(?<=[aeiou].)e$|(?<=[aeiou]..)e$", ""),
        (r"(?<=[td])ed$", "IH D"),
        (r"(?<=[pkfsxh])ed$", "T"),
        (r"(?<=[a-z]{2})ed$", "D"),
        (r"eau|oa|ow$|ough$|o$|oe$", "OW"),
        (r"ee|ea|ie(?=.)|ei|ey$|i$|e$", "IY"),
        (r"ai|ay|a(?=[^aeiouyrw]e)", "EY"),
        (r"oo|ou$|u$|ue$|eu", "UW"),
        (r"ew", "Y UW"),
        (r"ou|ow|ao", "AW"),
        (r"oi|oy", "OY"),
        (r"au|aw", "AO"),
        (r"a(?=r)", "AA"),
        (rf"(?:er|ir|ur|yr)(?![{_V}])", "ER"),
        (r"o(?=r)", "AO"),
        (r"ia$", "IY AH"),
        (r"a$", "AH"),
        (r"i(?=[^aeiouyr]e(?:$|r|s|d))|ie$|y(?=[^aeiouyr]e$)", "AY"),
        (r"o(?=[^aeiouyrw]e)", "OW"),
        (r"u(?=[^aeiouyr]e)", "UW"),
        (r"a", "AE"),
        (r"e", "EH"),
        (r"[iy]", "IH"),
        (r"o", "AA"),
        (r"u", "AH"),
        (r"[bdfklmnprstvwz]", "="),
        (r"c", "K"),
        (r"g", "G"),
        (r"h", "HH"),
    ]
)

# Letters that a phone is written with; what is not listed is tried letter by letter, at a price.
_SPELLINGS = {
    phone: frozenset(letters.split())
    for phone, letters in {
        "AA": "a o e ah au ow",
        "AE": "a ai au",
        "AH": "a e i o u y ou oo io ia ea eo ai ough oe ei",
        "AO": "o a au aw oa ou ough augh oo",
        "AW": "ou ow ough au hou",
        "AY": "i y ie igh ye uy ai eye ei eigh is",
        "B": "b bb",
        "CH": "ch tch t c ti",
        "D": "d dd ed ld",
        "DH": "th the",
        "EH": "e ea a ai ie ei ay",
        "ER": "er ir ur or ar ear our re yr urr err eur r",
        "EY": "a ai ay ei ey ea eigh e et ee aigh",
        "F": "f ff ph gh lf",
        "G": "g gg gh gu gue",
        "HH": "h wh",
        "IH": "i y e ui ee ea u a ie ei o",
        "IY": "e ee ea ie ei y i ey eo ae oe",
        "JH": "j g dg dge d ge dj",
        "K": "c k ck ch cc q qu que lk",
        "L": "l ll le",
        "M": "m mm mb mn me",
        "N": "n nn kn gn ne pn",
        "NG": "ng n ngue",
        "OW": "o oa ow oe ou ough ew eau oh",
        "OY": "oi oy",
        "P": "p pp pe",
        "R": "r rr wr rh re",
        "S": "s ss c sc ce se ps sw st",
        "SH": "sh ti ci s ss ch ssi sch sc",
        "T": "t tt ed th te bt pt",
        "TH": "th",
        "UH": "oo u ou o",
        "UW": "oo u ew ue ou o ui oe ough wo eu",
        "V": "v f ve ph lv",
        "W": "w u wh o",
        "Y": "y i u e j",
        "Z": "z s zz se ss x es ze",
        "ZH": "s si g z ge",
    }.items()
}
# Two phones that share their letters.
_SHARED = {"K S": "x", "G Z": "x", "Y UW": "u", "Y UH": "u", "Y ER": "u", "W AH": "o"}
_LONGEST_SPELLING = 4
_CHECKED = {"AE", "EH", "UH"}  # vowels that never end an English syllable


def bare(word: str) -> str:
    """Return `word` in plain lower-case letters, as long as it was.

    >>> bare("Café")
    'cafe'
    """
    plain = (unicodedata.normalize("NFKD", letter)[0].lower()[:1] for letter in word)
    return "".join("'" if letter in "’‘ʼ`´" else letter for letter in plain)


def spell_out(word: str) -> tuple[str, ...]:
    """Return how an unknown `word` is probably said; every answer has a vowel.

    >>> " ".join(spell_out("gregson")), " ".join(spell_out("shen"))
    ('G R EH G S AA N', 'SH EH N')
    """
    phones: list[str] = []
    place = 0
    while place < len(word):
        match, said = next(((match, said) for rule, said in _RULES if (match := rule.match(word, place))), (None, ()))
        phones += (match.group()[0].upper(),) if match and said == ("=",) else said
        place = match.end() if match else place + 1
    return with_vowel(tuple("K" if phone == "C" else phone for phone in phones))


def with_vowel(phones: tuple[str, ...]) -> tuple[str, ...]:
    """Return `phones`, with a neutral vowel before the last one where there is none ("hmm").

    >>> with_vowel(("HH", "M"))
    ('HH', 'AH', 'M')
    """
    if VOWELS.isdisjoint(phones):
        return (*phones[:-1], "AH", *phones[-1:])
    return phones


def split_letters(word: str, phones: Sequence[str]) -> tuple[str, ...]:
    """Return the letters of `word` that show each syllable of `phones`; joined they are `word`.

    Letters are split where dictionaries split them: a short vowel keeps the consonant behind it.

    >>> split_letters("Americans,", ("AH", "M", "EH", "R", "AH", "K", "AH", "N", "Z"))
    ('A', 'mer', 'i', 'cans,')
    """
    starts = [_shown_start(phones, start) for start in syllable_starts(phones)]
    letters = _first_letters(bare(word), phones)
    cuts = [0, *(letters[start] for start in starts[1:]), len(word)]
    return tuple(word[begin:end] for begin, end in pairwise(cuts))


def _shown_start(phones: Sequence[str], start: int) -> int:
    """Return where the letters of a syllable begin: behind a lone consonant that follows a checked vowel."""
    lone = 0 < start < len(phones) - 1 and phones[start + 1] in VOWELS and phones[start] not in VOWELS
    return start + 1 if lone and phones[start - 1] in _CHECKED else start


def _first_letters(letters: str, phones: Sequence[str]) -> list[int]:
    """Return the letter at which each phone begins: the cheapest walk through letters and phones."""
    best: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {(0, 0): (0.0, (0, 0))}
    for place in range(len(letters) + 1):
        for phone in range(len(phones) + 1):
            if (place, phone) not in best:
                continue
            so_far = best[place, phone][0]
            for taken, said, price in _steps(letters, place, phones, phone):
                step = (place + taken, phone + said)
                if so_far + price < best.get(step, (float("inf"),))[0]:
                    best[step] = (so_far + price, (place, phone))
    firsts = [0] * len(phones)
    step = (len(letters), len(phones))
    while step != (0, 0):
        before = best[step][1]
        firsts[before[1] : step[1]] = [before[0]] * (step[1] - before[1])
        step = before
    return firsts


def _steps(letters: str, place: int, phones: Sequence[str], phone: int) -> list[tuple[int, int, float]]:
    """Return (letters taken, phones said, price) of every step from here."""
    steps: list[tuple[int, int, float]] = []
    if place < len(letters):
        letter = letters[place]
        steps.append((1, 0, 0.4 if not letter.isalpha() or letter in "eh" else 1.0))  # silent
        if phone < len(phones):
            alike = (letter in _V) == (phones[phone] in VOWELS)
            steps.append((1, 1, 2.0 if alike else 4.0))
            if letter == _SHARED.get(" ".join(phones[phone : phone + 2])):
                steps.append((1, 2, 0.1))
    if phone < len(phones):
        steps.append((0, 1, 3.0))
        lengths = range(1, _LONGEST_SPELLING + 1)
        spelled = _SPELLINGS[phones[phone]]
        steps += [(length, 1, 0.0) for length in lengths if letters[place : place + length] in spelled]
    return steps
