"""Numbers in digits, as they may be said: cardinals, years, ordinals, decades, times, money, percent.

One writing has several readings (1941: nineteen forty one, one thousand nine hundred forty one), so all
are given, the most usual first, and the sound decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice, product

Reading = tuple[str, ...]  # words

_SMALL = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_TENS = [
    "zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
]  # fmt: skip
_GROUPS = ["", "thousand", "million", "billion", "trillion"]
_IRREGULAR = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"}
_IRREGULAR |= {"twelve": "twelfth"}
_SIGNS = {"%": ("percent",), "°": ("degrees",), "+": ("plus",), "&": ("and",), "=": ("equals",), "@": ("at",)}
_COINS = {"$": ("dollars", "cents"), "€": ("euros", "cents"), "£": ("pounds", "pence"), "¥": ("yen", "sen")}
_UNITS = {
    "am": "a. m.", "pm": "p. m.", "km": "kilometers", "kg": "kilograms", "cm": "centimeters", "mm": "millimeters",
    "mph": "miles per hour", "ft": "feet", "lbs": "pounds", "gb": "gigabytes", "mb": "megabytes", "tb": "terabytes",
    "hz": "hertz", "khz": "kilohertz", "ghz": "gigahertz", "ml": "milliliters", "kmh": "kilometers per hour",
}  # fmt: skip
_HAN_DIGITS = "零一二三四五六七八九"
_HAN_UNITS = {
    "km": "公里", "kg": "公斤", "cm": "厘米", "mm": "毫米", "m": "米", "g": "克", "ml": "毫升", "km²": "平方公里",
    "°": "度", "+": "加", "=": "等于", "@": "艾特",
}  # fmt: skip
_HAN_COINS = {"$": "美元", "€": "欧元", "£": "英镑", "¥": "元"}
_MOST_READINGS = 6
_LONGEST_NUMBER = 15
_PIECE = re.compile(
    r"(?P<coin>[$€£¥])?(?P<number>\d{1,2}:\d\d(?!\d)|\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?P<suffix>(?:st|nd|rd|th|['’]?s)(?![^\W\d_]))?(?P<upto>[-‐‑—–~～](?=\d|$))?|(?P<letters>[^\W\d_]+(?:['’][^\W\d_]+)*)|(?P<sign>[%°+&=@])",
    re.IGNORECASE,
)


def has_digits(text: str) -> bool:
    """Tell whether there is a number in digits in `text`, in whatever script."""
    return any(letter.isdigit() for letter in text)


def english_readings(token: str) -> tuple[Reading, ...]:
    """Return the ways to say a word with digits in it, in English words, the most usual first.

    >>> [" ".join(words) for words in english_readings("1941,")][:2]
    ['nineteen forty one', 'one thousand nine hundred forty one']
    >>> english_readings("$5.50")[0], english_readings("2nd"), english_readings("1990s")[0]
    (('five', 'dollars', 'fifty'), (('second',),), ('nineteen', 'nineties'))
    """
    return _combined(list(_english_piece(match)) for match in _PIECE.finditer(plain_digits(token)))


def mandarin_readings(token: str) -> tuple[Reading, ...]:
    """Return the ways to say a word with digits in it, numbers in Chinese characters.

    >>> mandarin_readings("1941"), mandarin_readings("30%")
    ((('一九四一',), ('一千九百四十一',), ('幺九四幺',)), (('百分之三十',),))
    """
    token = plain_digits(token)
    percent = re.fullmatch(r"\W*(\d+(?:\.\d+)?)%\W*", token)
    if percent:
        return tuple((f"百分之{number}",) for number in _han_numbers(percent[1])[-1:])
    return _combined(list(_mandarin_piece(match)) for match in _PIECE.finditer(token))


def plain_digits(text: str) -> str:
    """Return `text` with digits of all scripts as 0 to 9.

    >>> plain_digits("７月 ٣ ②")
    '7月 3 2'
    """
    digits = ((letter, unicodedata.digit(letter, None)) for letter in text)
    return "".join(letter if digit is None else str(digit) for letter, digit in digits)


def cardinal(number: int, *, joined: bool = False) -> list[str]:
    """Return the words of a number below 10^15; with "and" behind the hundreds if `joined`.

    >>> " ".join(cardinal(1941)), " ".join(cardinal(105, joined=True))
    ('one thousand nine hundred forty one', 'one hundred and five')
    """
    if number < 20:
        return [_SMALL[number]]
    if number < 100:
        return [_TENS[number // 10], *(cardinal(number % 10) if number % 10 else [])]
    if number < 1000:
        rest = [*(["and"] if joined else []), *cardinal(number % 100)] if number % 100 else []
        return [_SMALL[number // 100], "hundred", *rest]
    power = next(power for power in range(len(_GROUPS) - 1, 0, -1) if number >= 1000**power)
    high, low = divmod(number, 1000**power)
    link = ["and"] if joined and 0 < low < 100 else []
    return [*cardinal(high, joined=joined), _GROUPS[power], *link, *(cardinal(low, joined=joined) if low else [])]


def _ordinal(words: Sequence[str]) -> list[str]:
    last = words[-1]
    regular = last[:-1] + "ieth" if last.endswith("y") else last + "th"
    return [*words[:-1], _IRREGULAR.get(last, regular)]


def _plural(words: Sequence[str]) -> list[str]:
    last = words[-1]
    return [*words[:-1], last[:-1] + "ies" if last.endswith("y") else last + ("es" if last.endswith("x") else "s")]


def _combined(pieces: Iterator[list[Reading]]) -> tuple[Reading, ...]:
    ways = islice(product(*(piece for piece in pieces if piece)), _MOST_READINGS)
    joined = (tuple(word for piece in way for word in piece) for way in ways)
    return tuple(dict.fromkeys(way for way in joined if way))


def _english_piece(match: re.Match[str]) -> Iterator[Reading]:
    """Yield the ways to say a piece; what is the first of a range has "to" behind it, or not."""
    for words in _english_part(match):
        yield words
        if match["upto"]:
            yield (*words, "to")


def _english_part(match: re.Match[str]) -> Iterator[Reading]:
    number, suffix = match["number"], (match["suffix"] or "").lower()
    if number is None:
        letters = (match["letters"] or "").lower()
        yield tuple(_UNITS[letters].split()) if letters in _UNITS else _SIGNS.get(match["sign"] or "", (letters,))
    elif match["coin"]:
        yield from _money(number, match["coin"])
    elif suffix in {"st", "nd", "rd", "th"}:
        yield from (tuple(_ordinal(words)) for words in _cardinals(number))
    elif suffix:
        yield from (tuple(_plural(words)) for words in _numbers(number))
    else:
        yield from map(tuple, _numbers(number))
        if number.isdigit() and 1 <= int(number[:3]) <= 31 and len(number) <= 2:
            yield tuple(_ordinal(cardinal(int(number))))  # December 7


def _money(number: str, coin: str) -> Iterator[Reading]:
    """Yield an amount; without its coin too, which comes later in "$5 million"."""
    names, small_names = _COINS[coin]
    whole, _, cents = number.replace(",", "").partition(".")
    name = names.removesuffix("s") if whole == "1" else names
    for words in _cardinals(whole):
        if len(cents) == 2 and cents != "00":
            yield (*words, name, *cardinal(int(cents)))
            yield (*words, name, "and", *cardinal(int(cents)), small_names)
        else:
            yield (*words, *(_digits(cents, "point") if cents.strip("0") else ()), name)
            yield (*words, *(_digits(cents, "point") if cents.strip("0") else ()))


def _digits(digits: str, *before: str, zero: str = "zero") -> list[str]:
    return [*before, *(zero if digit == "0" else _SMALL[int(digit)] for digit in digits)]


def _cardinals(number: str) -> list[list[str]]:
    digits = number.replace(",", "").partition(".")[0].replace(":", "")
    if len(digits) > _LONGEST_NUMBER:
        return [_digits(digits)]
    value = int(digits)
    ways = [cardinal(value), cardinal(value, joined=True)]
    return ways if ways[0] != ways[1] else ways[:1]


def _numbers(number: str) -> Iterator[list[str]]:
    """Yield the ways to say a number as it stands: as time, year, amount, row of digits."""
    if ":" in number:
        hours, minutes = (int(part) for part in number.split(":"))
        tens = ["oh", *cardinal(minutes)] if 0 < minutes < 10 else cardinal(minutes)
        yield [*cardinal(hours), *(tens if minutes else ["o'clock"])]
        yield cardinal(hours) if not minutes else [*cardinal(hours), *cardinal(minutes)]
        return
    whole, _, decimals = number.partition(".")
    if decimals:
        for words in _cardinals(whole):
            yield [*words, *_digits(decimals, "point")]
        return
    is_year = len(number) == 4 and "1100" <= number < "2100"
    if is_year and (number < "2000" or number >= "2010"):
        yield _halves(number)
    if number.startswith("0") and len(number) > 1:
        yield _digits(number)
        yield _digits(number, zero="oh")
    yield from _cardinals(number)
    if number.isdigit() and len(number) in {3, 4} and not number.startswith("0"):
        yield _halves(number)
    if number.isdigit() and len(number) > 2:
        yield _digits(number, zero="oh")
        yield _digits(number)


def _halves(number: str) -> list[str]:
    """Return the words of a number said in two parts: nineteen forty one, nineteen oh five, seven forty seven."""
    high, low = number[:-2], number[-2:]
    if low == "00":
        return [*cardinal(int(high)), "hundred"]
    return [*cardinal(int(high)), *(["oh"] if low[0] == "0" else []), *cardinal(int(low))]


def _mandarin_piece(match: re.Match[str]) -> Iterator[Reading]:
    number, coin = match["number"], _HAN_COINS.get(match["coin"] or "", "")
    if number is None:
        letters = match["letters"] or match["sign"] or ""
        yield (_HAN_UNITS.get(letters, letters.lower()),)
        return
    if ":" in number:
        yield from ((spoken,) for spoken in _han_times(number))
        return
    ways = _han_numbers(number.replace(",", ""))
    for spoken in ways[1:2] if "," in number and len(ways) > 1 else ways:
        endings = [coin, *([""] if coin else []), *([f"{coin}到"] if match["upto"] else [])]
        yield from ((spoken + ending,) for ending in endings)


def _han_times(number: str) -> Iterator[str]:
    hours, minutes = (int(part) for part in number.split(":"))
    hour = "两" if hours == 2 else _han_numbers(str(hours))[0 if hours < 100 else -1]
    yield f"{hour}点" + (("零" if minutes < 10 else "") + _han_cardinal(minutes) if minutes else "")
    if minutes:
        yield f"{hour}点{'零' if minutes < 10 else ''}{_han_cardinal(minutes)}分"
    if minutes == 30:
        yield f"{hour}点半"


def _han_numbers(number: str) -> list[str]:
    """Return the ways to say a number in characters: digit by digit where it is long, and in full."""
    whole, _, decimals = number.partition(".")
    behind = "点" + _han_digits(decimals) if decimals else ""
    if len(whole) > 12:
        return [_han_digits(whole) + behind]
    full = _han_cardinal(int(whole)) + behind
    if len(whole) < 3 or behind:
        return [full, "两"] if number == "2" else [full]
    singly = _han_digits(whole)
    return list(dict.fromkeys([singly, full, singly.replace("一", "幺")]))


def _han_digits(digits: str) -> str:
    return "".join(_HAN_DIGITS[int(digit)] for digit in digits)


def _han_cardinal(number: int) -> str:
    """Return a number below 10^12 in characters.

    >>> _han_cardinal(1941), _han_cardinal(10), _han_cardinal(20_005), _han_cardinal(300_000_000)
    ('一千九百四十一', '十', '二万零五', '三亿')
    """
    for value, name in ((10**8, "亿"), (10**4, "万")):
        if number >= value:
            high, low = divmod(number, value)
            gap = "零" if 0 < low < value // 10 else ""
            return _han_cardinal(high) + name + gap + (_han_cardinal(low) if low else "")
    text = ""
    for value, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // value % 10
        text += _HAN_DIGITS[digit] + name if digit else "零" if text and not text.endswith("零") else ""
    text = text.rstrip("零") or "零"
    return text.removeprefix("一") if text.startswith("一十") else text
