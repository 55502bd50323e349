"""Chinese characters as syllables: pinyin, tone, and the nearest English sounds.

The acoustic model is English, so each Mandarin sound is given the English phone that is nearest to it;
where two are near, both are offered and the aligner chooses.

Conventions
-----------
Pinyin comes as initial and final in strict form ("v" for ü, "iou" for -iu). Phones are ARPAbet.

References
----------
Duanmu (2007), "The Phonology of Standard Chinese", for the sounds; the table is our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from shenqu.errors import InputError
from shenqu.speech.phones import Pronunciation, Said

HAN = re.compile(r"[々〇㐀-䶿一-鿿\uf900-\ufaff\U00020000-\U0003ffff]")

_INITIALS = {
    initial: phones.split()
    for initial, phones in {
        "": "", "b": "B", "p": "P", "m": "M", "f": "F", "d": "D", "t": "T", "n": "N", "l": "L", "g": "G",
        "k": "K", "h": "HH", "j": "JH", "q": "CH", "x": "SH", "zh": "JH", "ch": "CH", "sh": "SH", "r": "R",
        "z": "D Z", "c": "T S", "s": "S",
    }.items()
}  # fmt: skip
_FINALS = {
    final: [way.split() for way in ways.split(",")]
    for final, ways in {
        "a": "AA", "o": "AO", "e": "AH,UH", "ê": "EH", "ai": "AY", "ei": "EY", "ao": "AW", "ou": "OW",
        "an": "AA N,AE N", "en": "AH N", "ang": "AA NG", "eng": "AH NG", "ong": "UH NG,OW NG", "er": "AA R,ER",
        "i": "IY", "ia": "Y AA", "ie": "Y EH", "iao": "Y AW", "iou": "Y OW", "ian": "Y EH N", "in": "IY N,IH N",
        "iang": "Y AA NG", "ing": "IY NG,IH NG", "iong": "Y UH NG,Y OW NG", "io": "Y AO",
        "u": "UW", "ua": "W AA", "uo": "W AO", "uai": "W AY", "uei": "W EY", "uan": "W AA N,W AE N",
        "uen": "W AH N", "uang": "W AA NG", "ueng": "W AH NG",
        "v": "UW,Y UW", "ve": "Y EH", "van": "Y EH N,Y AE N", "vn": "UW N,Y UW N",
        "m": "AH M", "n": "AH N", "ng": "AH NG",
    }.items()
}  # fmt: skip
_BUZZED = {"zh": ["ER", "IH"], "ch": ["ER", "IH"], "sh": ["ER", "IH"], "r": ["ER"], "z": ["AH", "IH"]}
_BUZZED |= {"c": _BUZZED["z"], "s": _BUZZED["z"]}
# Characters of everyday use whose reading the words around them often do not tell.
_POLYPHONES = dict(
    re.findall(
        r"(\S)((?:[a-zü]+\d)+)",
        "还hai2huan2 行xing2hang2 长chang2zhang3 得de5dei3 地de5di4 了le5liao3 着zhe5zhao2zhuo2 重zhong4chong2 "
        "都dou1du1 乐le4yue4 没mei2mo4 差cha4chai1 血xue4xie3 谁shei2shui2 那na4nei4 这zhe4zhei4 哪na3nei3 "
        "和he2huo4 角jiao3jue2 便bian4pian2 传chuan2zhuan4 参can1shen1 降jiang4xiang2 校xiao4jiao4 系xi4ji4 "
        "藏cang2zang4 调diao4tiao2 朝chao2zhao1 弹dan4tan2 曾ceng2zeng1 给gei3ji3 色se4shai3 薄bao2bo2 露lu4lou4 "
        "熟shu2shou2 削xue1xiao1 壳ke2qiao4 嚼jiao2jue2 落luo4lao4la4 吓xia4he4 说shuo1shui4 的de5di4 呢ne5ni2 "
        "一yi1yao1",
    )
)
_PINYIN = re.compile(r"(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]?)([aeiouüv][aeiouüv]*(?:ng|n(?![aeiouüv])|r(?![aeiouüv]))?)")


@lru_cache(maxsize=4096)
def read_characters(characters: str) -> tuple[tuple[Said, ...], ...]:
    """Return, for each of `characters`, the ways to say it, its reading in this context first.

    Characters of everyday use with several readings offer the others too. Raises `InputError` where a
    character has no reading.

    >>> [(ways[0].tone, " ".join(ways[0].phones)) for ways in read_characters("银行")]
    [(2, 'IY N'), (2, 'HH AA NG')]
    """
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - its tables take a third of a second to load

    # pypinyin takes a list from `errors` as one entry a character, though its annotation says text.
    one_each: Any = list
    initials = lazy_pinyin(characters, style=Style.INITIALS, strict=True, errors=one_each)
    finals = lazy_pinyin(
        characters, style=Style.FINALS_TONE3, strict=True, neutral_tone_with_five=True, errors=one_each
    )
    return tuple(map(_readings, characters, initials, finals))


def _readings(character: str, initial: str, final: str) -> tuple[Said, ...]:
    said = _reading(character, initial, final)
    others = _other_readings(character) if character in _POLYPHONES else ()
    ways: dict[Pronunciation, Said] = {}
    for way in (*said, *others):
        ways.setdefault(way.phones, way)
    return tuple(ways.values())


@lru_cache
def _other_readings(character: str) -> tuple[Said, ...]:
    """Return the ways to say a character of the table of polyphones."""
    return tuple(
        Said(character, way, tone=int(tone))
        for syllable, tone in re.findall(r"([a-zü]+)(\d)", _POLYPHONES[character])
        for match in _PINYIN.finditer(syllable)
        for way in _strict_ways(*match.groups())
    )


def _reading(character: str, initial: str, final: str) -> tuple[Said, ...]:
    name, tone = final[:-1], final[-1:]
    if not final.strip("12345"):  # a hum: 嗯 and its like
        return tuple(Said(character, hum, tone=int(tone or 5)) for hum in (("AH", "N"), ("AH", "M")))
    if name not in _FINALS or initial not in _INITIALS or not tone.isdigit():
        raise InputError(f"the text holds the character {character}, which has no Mandarin reading; write another")
    return tuple(Said(character, way, tone=int(tone)) for way in _ways(initial, name))


def _ways(initial: str, final: str) -> tuple[Pronunciation, ...]:
    finals = [[vowel] for vowel in _BUZZED[initial]] if final == "i" and initial in _BUZZED else _FINALS[final]
    return tuple((*_INITIALS[initial], *way) for way in finals)


def pinyin_word(word: str) -> tuple[str, ...]:
    """Return the phones of a lower-case word written in pinyin without tones; empty where it is no pinyin.

    >>> " ".join(pinyin_word("xiaomi")), pinyin_word("thus")
    ('SH Y AW M IY', ())
    """
    phones: list[str] = []
    place = 0
    while place < len(word):
        match = _PINYIN.match(word, place)
        ways = next(iter(_strict_ways(*match.groups())), ()) if match else ()
        if match is None or not ways:
            return ()
        phones += ways
        place = match.end()
    return tuple(phones)


def _strict_ways(initial: str, final: str) -> Iterator[Pronunciation]:
    """Yield the phones of a syllable as it is spelled: "you" is iou, "jun" is jvn, "liu" is liou."""
    final = final.replace("ü", "v")
    if initial in {"y", "w"}:
        glide = "i" if initial == "y" else "u"
        initial, final = "", final if final[0] == glide else glide + final
        final = re.sub(r"^iu(?=$|e|a|n)", "v", final)
    elif initial in {"j", "q", "x"}:
        final = re.sub(r"^u(?!i)", "v", final)
    final = {"iu": "iou", "ui": "uei", "un": "uen", "ien": "in", "ieng": "ing", "io": "io"}.get(final, final)
    if final in _FINALS and initial in _INITIALS:
        yield from _ways(initial, final)
