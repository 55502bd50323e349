"""Numbers in digits in the languages beside English and Chinese, in words: amounts, ordinals, years, times, money.

The words of European languages, Korean and Hindi come from the rules of the Unicode locale data; Japanese
ones are kana and made here. One writing has several readings (genders, sino-Korean and native), and the sound
decides.

References
----------
Unicode Technical Standard 35, part 3, "Rule-Based Number Formatting", as `unicode-rbnf` carries it out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, product
from typing import NamedTuple

from unicode_rbnf import FormatPurpose, RbnfEngine

from shenqu.speech.languages.numbers import Reading, plain_digits

_LONGEST = 15  # digits of an amount; what is longer is read digit by digit
_MOST_READINGS = 6


class _Customs(NamedTuple):
    """How a language writes and says what stands around numbers; several ways are parted by "|"."""

    decimal: str
    point: str
    percent: str
    coins: str  # of $ € £ ¥ and, where there is one, the language's own sign
    hours: str  # between hours and minutes, which may be followed by "/" and a word behind them
    upto: str  # between the ends of a range
    units: str = ""  # of km kg cm mm m
    ordinal: str = ""  # pattern of what makes an ordinal of the number before it
    locales: str = ""  # beside the language itself


_CUSTOMS = {
    "es": _Customs(
        ",", "coma|punto", "por ciento", "dólares euros libras yenes", "y|", "a",
        "kilómetros kilos centímetros milímetros metros", r"\.?(?:º|ª|°|er|o|a)",
    ),
    "de": _Customs(
        ",", "Komma", "Prozent", "Dollar Euro Pfund Yen", "Uhr", "bis",
        "Kilometer Kilo Zentimeter Millimeter Meter", r"\.|te[nrsm]?",
    ),
    "fr": _Customs(
        ",", "virgule", "pour cent", "dollars euros livres yens", "heures|heure", "à",
        "kilomètres kilos centimètres millimètres mètres", r"(?:er|[eè]?re|[iè]?[eè]me|nde?|e)s?", "fr_BE fr_CH",
    ),
    "pt": _Customs(
        ",", "vírgula", "por cento", "dólares euros libras ienes", "e|horas e", "a",
        "quilômetros quilos centímetros milímetros metros", r"\.?[ºª°oa]", "pt_PT",
    ),
    "it": _Customs(
        ",", "virgola", "per cento", "dollari euro sterline yen", "e|", "a",
        "chilometri chili centimetri millimetri metri", r"\.?[ºª°oa]",
    ),
    "ko": _Customs(
        ".", "점", "퍼센트|프로", "달러 유로 파운드 엔 ₩원", "시/분|시", "에서", "킬로미터 킬로 센티미터 밀리미터 미터",
    ),
    "hi": _Customs(
        ".", "दशमलव", "प्रतिशत", "डॉलर यूरो पाउंड येन ₹रुपये", "बजकर/मिनट|", "से",
        "किलोमीटर किलो सेंटीमीटर मिलीमीटर मीटर", "वां|वीं|वाँ|वें",
    ),
    "ja": _Customs(
        ".", "てん", "パーセント", "ドル ユーロ ポンド えん", "じ/ふん|じ", "から", "キロ キロ センチ ミリ メートル",
    ),
}  # fmt: skip
SPELLED = frozenset(_CUSTOMS)
"""The languages whose numbers are read here."""

_UNITS = ("km", "kg", "cm", "mm", "m")
_PLUS = {"es": "más", "de": "plus", "fr": "plus", "pt": "mais", "it": "più", "ko": "플러스", "ja": "プラス", "hi": "धन"}


def spelled_readings(token: str, language: str) -> tuple[Reading, ...]:
    """Return the ways to say a word with digits in it in a language of `SPELLED`, in words of that language.

    >>> [" ".join(words) for words in spelled_readings("3,5", "de")]
    ['drei Komma fünf']
    >>> " ".join(spelled_readings("80%", "fr")[0]), " ".join(spelled_readings("300円", "ja")[0])
    ('quatre vingts pour cent', 'さんびゃく 円')
    """
    customs = _CUSTOMS[language]
    pieces = [list(_piece(match, language, customs)) for match in _pattern(language).finditer(plain_digits(token))]
    ways = islice(product(*(piece for piece in pieces if piece)), _MOST_READINGS)
    joined = (tuple(" ".join(way).replace("-", " ").split()) for way in ways)
    return tuple(dict.fromkeys(way for way in joined if way))


@lru_cache
def _pattern(language: str) -> re.Pattern[str]:
    customs = _CUSTOMS[language]
    decimal = re.escape(customs.decimal)
    groups = r"[.\u202f’']" if customs.decimal == "," else r"[,\u202f]"
    return re.compile(
        rf"(?P<coin>[$€£¥₩₹])?(?P<number>\d{{1,2}}[:h]\d\d(?!\d)|(?:\d{{1,3}}(?:{groups}\d{{2,3}})+(?!\d)|\d+)"
        rf"(?:{decimal}\d+)?)"
        rf"(?P<ordinal>(?:{customs.ordinal or '(?!)'})(?!\w))?"
        rf"(?P<after>[%$€£¥₩₹]|(?:km|kg|cm|mm|m)(?![^\W\d_]))?"
        rf"(?P<upto>[-‐‑—–~～](?=\d|$))?|(?P<letters>[^\W\d_]+(?:['’][^\W\d_]+)*)|(?P<sign>[+])"
    )


def _piece(match: re.Match[str], language: str, customs: _Customs) -> Iterator[str]:
    """Yield the ways to say a number with what stands around it, or a row of letters."""
    if match["number"] is None:
        yield match["letters"] or _PLUS[language]
        return
    behind = [_around(sign, customs) for sign in (match["after"], match["coin"]) if sign]
    upto = ["", customs.upto] if match["upto"] else [""]
    for number in _numbers(match["number"], match["ordinal"], language, customs):
        for words in product(*(way.split("|") for way in behind)):
            yield from (" ".join([number, *words, link]).strip() for link in upto)


def _around(sign: str, customs: _Customs) -> str:
    """Return how a sign or unit is said."""
    if sign == "%":
        return customs.percent
    if sign in _UNITS:
        return dict(zip(_UNITS, customs.units.split(), strict=True))[sign]
    names = customs.coins.split()
    own = next((name[1:] for name in names if name.startswith(sign)), "")
    return own or dict(zip("$€£¥", names, strict=False)).get(sign, "")


def _numbers(written: str, ordinal: str | None, language: str, customs: _Customs) -> Iterator[str]:
    time = re.fullmatch(r"(\d+)[:h](\d+)", written)
    if time:
        yield from _times(int(time[1]), int(time[2]), language, customs)
        return
    whole, _, decimals = written.partition(customs.decimal)
    whole = re.sub(r"\D", "", whole)
    if decimals:
        for point in customs.point.split("|"):
            digits = " ".join(_cardinals(digit, language)[0] for digit in decimals)
            yield f"{_cardinals(whole, language)[0]} {point} {digits}"
            if len(decimals) == 2 and decimals[0] != "0":
                yield f"{_cardinals(whole, language)[0]} {point} {_cardinals(decimals, language)[0]}"
        return
    if ordinal and ordinal != ".":
        yield from _spelled(int(whole), language, FormatPurpose.ORDINAL)
    else:
        yield from _cardinals(whole, language)
        if ordinal and len(whole) <= 2:  # German: the point may be the sentence's
            yield from _spelled(int(whole), language, FormatPurpose.ORDINAL)


def _times(hours: int, minutes: int, language: str, customs: _Customs) -> Iterator[str]:
    hour = _cardinals(str(hours), language)[-1 if language == "ko" else 0]
    for way in customs.hours.split("|"):
        between, _, after = way.partition("/")
        yield f"{hour} {between} {_cardinals(str(minutes), language)[0] if minutes else ''} {after if minutes else ''}"


def _cardinals(digits: str, language: str) -> list[str]:
    """Return the ways to say an amount, a year or a row of digits, the most usual first."""
    if len(digits) > _LONGEST or (digits.startswith("0") and len(digits) > 1):
        return [" ".join(_cardinals(digit, language)[0] for digit in digits[: 4 * _LONGEST])]
    number = int(digits)
    if language == "ja":
        return _japanese(digits)
    ways = _spelled(number, language, FormatPurpose.CARDINAL)
    if len(digits) == 4 and number < 2100:
        ways += _spelled(number, language, FormatPurpose.YEAR)
    for locale in _CUSTOMS[language].locales.split():
        ways += _spelled(number, locale, FormatPurpose.CARDINAL)
    return list(dict.fromkeys(ways))


@lru_cache(maxsize=32)
def _engine(locale: str) -> RbnfEngine:
    return RbnfEngine.for_language(locale)


def _spelled(number: int, locale: str, purpose: FormatPurpose) -> list[str]:
    """Return all forms of a number in words, as counted first."""
    found = _engine(locale).format_number(number, purpose=purpose).text_by_ruleset
    forms = sorted(found, key=lambda name: ("financial" in name, "numbering" not in name))
    return list(dict.fromkeys(found[name].lower() for name in forms if "financial" not in name))


_KANA = ["ゼロ", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう"]
_OTHERWISE = {"ゼロ": ["れい", "まる"], "よん": ["し", "よ"], "なな": ["しち"], "きゅう": ["く"]}
_POWERS = [("せん", 1000), ("ひゃく", 100), ("じゅう", 10)]
_MERGED = {
    "さんひゃく": "さんびゃく", "ろくひゃく": "ろっぴゃく", "はちひゃく": "はっぴゃく",
    "さんせん": "さんぜん", "はちせん": "はっせん", "いちひゃく": "ひゃく", "いちせん": "せん", "いちじゅう": "じゅう",
}  # fmt: skip


def _japanese(digits: str) -> list[str]:
    """Return the ways to say an amount in kana.

    >>> _japanese("307")
    ['さんびゃくなな', 'さんびゃくしち', 'さんゼロなな']
    """
    number = int(digits)
    words = _KANA[0] if not number else ""
    for name, power in (("ちょう", 10**12), ("おく", 10**8), ("まん", 10**4), ("", 1)):
        group = number // power % 10_000
        words += _group(group) + name if group else ""
    last = _KANA[number % 10]
    stem = words.removesuffix(last)
    others = [stem + other for other in _OTHERWISE.get(last, [])] if stem != words else []
    singly = ["".join(_KANA[int(digit)] for digit in digits)] if len(digits) > 2 else []
    return [words, *others, *singly]


def _group(number: int) -> str:
    words = ""
    for name, power in _POWERS:
        digit = number // power % 10
        spoken = _KANA[digit] + name
        words += _MERGED.get(spoken, spoken) if digit else ""
    return words + (_KANA[number % 10] if number % 10 else "")
