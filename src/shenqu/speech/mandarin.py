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
        "一yi1yao1 大da4dai4 车che1ju1 单dan1shan4 解jie3xie4 提ti2di1 卡ka3qia3 强qiang2jiang4 粘zhan1nian2 塞sai1se4 "
        "臭chou4xiu4 畜chu4xu4 颤chan4zhan4 厦sha4xia4 宿su4xiu3 什shen2shi2 似si4shi4 识shi2zhi4 绿lü4lu4 秘mi4bi4 "
        "模mo2mu2 折zhe2she2 率lü4shuai4 弄nong4long4 奇qi2ji1 亲qin1qing4 恶e4wu4 否fou3pi3 度du4duo2 圈quan1juan4 "
        "炮pao4bao1 泊bo2po1 阿a1e1 剥bo1bao1 择ze2zhai2 伺ci4si4 扎zha1za1 数shu4shuo4 石shi2dan4 叶ye4xie2 缩suo1su4",
    )
)
# Words whose second character has lost its tone, and doubled ones.
_TONELESS = re.compile(
    r"朋友|喜欢|知道|东西|意思|先生|漂亮|衣服|名字|学生|告诉|时候|地方|事情|觉得|明白|认识|清楚|舒服|关系|消息|太阳|月亮|"
    r"窗户|眼睛|耳朵|头发|嘴巴|钥匙|笑话|故事|生意|麻烦|便宜|客气|脾气|热闹|聪明|老实|厉害|马虎|师傅|大夫|护士|丈夫|媳妇|"
    r"姑娘|亲戚|豆腐|点心|馒头|萝卜|葡萄|休息|商量|打听|招呼|收拾|咳嗽|答应|比方|凉快|暖和|干净|结实|"
    r"([爸妈哥姐弟妹爷奶叔舅姑婶公婆伯娃宝星谢])\1"
)
_ADVERB = re.compile(r"(.)\1地")
_GAINED = re.compile(r"[获取赢所心]得|得[到知意分失以罪奖出]")  # where 得 is a verb; elsewhere it is a particle
_CHILD = re.compile(r"[女婴幼孤少胎健男宠产]儿|儿[子童歌孙媳女科]")  # where 儿 is a child; elsewhere an ending
_COUNTED = re.compile(r"第一|[一二三四五六七八九十〇零百千万]一|一[一二三四五六七八九十〇零月]")
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
    found = tuple(map(_readings, characters, initials, finals))
    spoken = _spoken_tones(characters, [ways[0].tone for ways in found])
    return tuple(map(_with_tone, found, spoken))


def _spoken_tones(characters: str, tones: list[int]) -> list[int]:
    """Return the tones as they are spoken: without those that words lose, 一 and 不 as the next tone wants them.

    >>> _spoken_tones("不是一起朋友", [4, 4, 1, 3, 2, 3])
    [2, 4, 4, 3, 2, 5]
    """
    spoken = list(tones)
    for word in (*_TONELESS.finditer(characters), *_ADVERB.finditer(characters)):
        spoken[word.end() - 1] = 5
    gained, child, counted = (
        {at for word in kind.finditer(characters) for at in range(*word.span())} for kind in (_GAINED, _CHILD, _COUNTED)
    )
    for at, character in enumerate(characters):
        following = spoken[at + 1] if at + 1 < len(spoken) else 0
        if character == "不":
            spoken[at] = 2 if following == 4 else 4
        elif character == "一":
            spoken[at] = (
                1 if not following or at in counted else 2 if following == 4 or characters[at + 1] == "个" else 4
            )
        elif (character == "得" and spoken[at] == 2 and at not in gained) or (
            character == "儿" and at and at not in child
        ):
            spoken[at] = 5
    return spoken


def _with_tone(ways: tuple[Said, ...], tone: int) -> tuple[Said, ...]:
    """Return the ways to say a character, those in its usual tone in the one that is spoken."""
    return tuple(way._replace(tone=tone) if way.tone == ways[0].tone else way for way in ways)


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
