"""Text in the encodings of the street, told apart by what the text would say.

Lyrics are short, and files of scores seldom name their encoding. Bytes that are UTF-8 are UTF-8. Else each
of the usual encodings reads the bytes, and the reading that looks most like its own language is taken: signs
that are common there speak for it, rare ones (and half-width katakana, of which nearly all bytes are one)
against it.

References
----------
Li and Momoi 2001, "A composite approach to language/encoding detection": legal sequences, then the
distribution of characters. The frequent signs are the commonest ones of each language's running text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

_SIMPLIFIED = (
    "的一是不了我在人有他这上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学么之都好看"
    "起发当没成只如事把还用第样道想作种开美总从无情己面最女但现前些所同日手又行意动方期它头经长儿回位分爱老因很给名法间知世"
    "什两次使身者被高已亲其进此话常与活正感见明问力理点文几定本公特做外孩相西果走将月十实向声车全信重三机工物气每并别真打太"
    "新比才便夫再书部水像眼等体却加电主界门利海受听表德少克代员许先口由死安写性马光白或住难望教命花结乐色更拉东神记处让母父"
    "应直字场平报友关放至张认接告入笑内英军候民岁往何度山觉路带万男边风解叫任金快原吃妈变通师立象数四失满战远格士音轻目条呢"
    "梦飞歌唱夜星雨泪春秋红青云雪阳永久伤思念忘"
)
_TRADITIONAL = (
    "的一是不了我在人有他這上們來到時大地為子中你說生國年著就那和要她出也得裡後自以會家可下而過天去能對小多然於心學麼之都好看"
    "起發當沒成只如事把還用第樣道想作種開美總從無情己面最女但現前些所同日手又行意動方期它頭經長兒回位分愛老因很給名法間知世"
    "夢飛歌唱夜星雨淚春秋紅青雲雪陽永久傷思念忘風花月聲"
)
_HANGUL = (
    "이다는의가을에고지하나은도로한를리서기사어자인대해그아라시아정들보게과으부있수만여면장전일제주스성오모내우너난말마음사랑"
    "없같니네데거날꿈눈물밤길바람봄별빛속처럼안녕세요와까노래"
)
_HIRAGANA, _KATAKANA = (0x3041, 0x3096), (0x30A1, 0x30FC)


class _Reading(NamedTuple):
    """An encoding, and how much a sign that it yields speaks for it: about 2 if common, below 0 if rare."""

    encoding: str
    weight: Callable[[str], float]


def decode_text(data: bytes, *, likely: Sequence[str] = ()) -> str:
    """Return the text that `data` holds: UTF-8 or UTF-16 with its mark, else in the encoding that fits best.

    `likely` names encodings that a file of this kind has where nothing speaks against it; they win a draw.
    Raises `UnicodeDecodeError` where no encoding fits.

    >>> decode_text("明山".encode("gbk")), decode_text("안녕".encode("euc-kr")), decode_text("さくら".encode("cp932"))
    ('明山', '안녕', 'さくら')
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    return data.decode(find_encoding([data], likely=likely)).removeprefix("\ufeff")


def find_encoding(texts: Sequence[bytes], *, likely: Sequence[str] = ()) -> str:
    """Return the encoding in which all of `texts`, pieces of one file, were most likely written.

    >>> find_encoding([b"Fr\\xfchling"]), find_encoding([b"plain"])
    ('cp1252', 'utf-8')
    """
    if _decodes(texts, "utf-8"):
        return "utf-8"
    words = [word for text in texts for word in re.findall(rb"[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*", text)]
    runs = [run for word in words for run in re.findall(rb"[\x80-\xff]+", word)]
    high = sum(map(len, runs))
    mostly_alone, few = high < 2 * len(runs), 5 * high < 2 * sum(map(len, words))
    scores = {
        reading.encoding: _score(texts, reading) + (0.5 if reading.encoding in likely else 0.0)
        for reading in _READINGS
        if _decodes(texts, reading.encoding)
    }
    best = max(scores, key=scores.__getitem__, default="latin-1")
    if mostly_alone and (few or scores.get(best, 0.0) <= 0.0) and _decodes(texts, "cp1252"):
        return "cp1252"
    return best


def _decodes(texts: Sequence[bytes], encoding: str) -> bool:
    try:
        return all(text.decode(encoding) is not None for text in texts)
    except UnicodeDecodeError:
        return False


def _score(texts: Sequence[bytes], reading: _Reading) -> float:
    """Return the mean weight of all signs that are no ASCII, counted by the bytes that they take."""
    signs = [sign for text in texts for sign in text.decode(reading.encoding) if ord(sign) > 0x7F]
    sizes = [len(sign.encode(reading.encoding)) for sign in signs]
    return sum(reading.weight(sign) * size for sign, size in zip(signs, sizes, strict=True)) / max(1, sum(sizes))


def _is_between(sign: str, bounds: tuple[int, int]) -> bool:
    return bounds[0] <= ord(sign) <= bounds[1]


def _is_punctuation(sign: str) -> bool:
    return sign in "、。，．·！？：；…—～「」『』（）《》“”‘’\u3000"


def _chinese(common: str, encoding: str, first_plane: tuple[int, int]) -> Callable[[str], float]:
    """Return the weight of a sign in Chinese: the encoding's first plane holds the usual characters."""
    frequent = frozenset(common)

    def weight(sign: str) -> float:
        if sign in frequent:
            return 2.0
        if _is_punctuation(sign):
            return 1.0
        return 0.4 if first_plane[0] <= sign.encode(encoding)[0] <= first_plane[1] else -2.0

    return weight


def _korean(sign: str) -> float:
    if sign in _COMMON_HANGUL:
        return 2.0
    if _is_punctuation(sign):
        return 1.0
    return 0.4 if "가" <= sign <= "힣" and sign.encode("cp949")[1] >= 0xA1 else -2.0


def _japanese(sign: str) -> float:
    if _is_between(sign, _HIRAGANA):
        return 2.0
    if _is_between(sign, _KATAKANA) or _is_punctuation(sign):
        return 1.0
    is_usual_kanji = "一" <= sign <= "龥" and sign.encode("cp932")[0] <= 0x97
    return 0.4 if is_usual_kanji else -2.0


_COMMON_HANGUL = frozenset(_HANGUL)
_READINGS = (
    _Reading("gb18030", _chinese(_SIMPLIFIED, "gb18030", (0xB0, 0xD7))),
    _Reading("cp932", _japanese),
    _Reading("cp949", _korean),
    _Reading("big5", _chinese(_TRADITIONAL, "big5", (0xA4, 0xC6))),
)
