"""Lines to say: Mandarin from pinyin, and the everyday lines of the demo.

References
----------
Duanmu (2007), "The Phonology of Standard Chinese": which vowels the letters of pinyin stand for.
"""

from __future__ import annotations

from shenqu.errors import InputError
from shenqu.speech.speaker import SpokenSyllable, SpokenWord, english

_INITIALS = {
    "zh": "JH", "ch": "CH", "sh": "SH", "b": "B", "p": "P", "m": "M", "f": "F", "d": "D", "t": "T", "n": "N",
    "l": "L", "g": "G", "k": "K", "h": "HH", "j": "JH", "q": "CH", "x": "SH", "r": "R", "z": "T S", "c": "T S",
    "s": "S", "": "",
}  # fmt: skip
_FINALS = {
    "a": "AA", "o": "W AO", "e": "AH", "ai": "AY", "ei": "EY", "ao": "AW", "ou": "OW", "an": "AA N", "en": "AH N",
    "ang": "AA NG", "eng": "AH NG", "ong": "UH NG", "er": "ER", "i": "IY", "ia": "Y AA", "ie": "Y EH", "iao": "Y AW",
    "iu": "Y OW", "ian": "Y EH N", "in": "IY N", "iang": "Y AA NG", "ing": "IY NG", "iong": "Y UH NG", "u": "UW",
    "ua": "W AA", "uo": "W AO", "uai": "W AY", "ui": "W EY", "uan": "W AA N", "un": "W AH N", "uang": "W AA NG",
    "ueng": "W AH NG", "ü": "UE", "üe": "UY EH", "üan": "UY EH N", "ün": "UE N", "io": "Y AO",
    "ê": "EH",
}  # fmt: skip
_WITHOUT_INITIAL = {
    "yi": "i", "ya": "ia", "ye": "ie", "yao": "iao", "you": "iu", "yan": "ian", "yin": "in", "yang": "iang",
    "ying": "ing", "yong": "iong", "wu": "u", "wa": "ua", "wo": "uo", "wai": "uai", "wei": "ui", "wan": "uan",
    "wen": "un", "wang": "uang", "weng": "ueng", "yu": "ü", "yue": "üe", "yuan": "üan", "yun": "ün", "yo": "io",
}  # fmt: skip


def pinyin_phones(syllable: str) -> tuple[tuple[str, ...], int]:
    """Return the phones and the tone of a syllable in pinyin with a tone digit; ü may be written v.

    Raises `InputError` where it is no syllable of pinyin.

    >>> pinyin_phones("hao3")
    (('HH', 'AW'), 3)
    >>> pinyin_phones("nv3"), pinyin_phones("shi4")
    ((('N', 'UE'), 3), (('SH', 'IR'), 4))
    """
    letters = syllable.lower().rstrip("012345").replace("u:", "ü").replace("v", "ü")
    tone = int(syllable[-1]) if syllable[-1:] in set("1234") else 5
    initial, final = _parted(letters)
    if initial in {"zh", "ch", "sh", "r"} and final == "i":
        vowel = "IR"
    elif initial in {"z", "c", "s"} and final == "i":
        vowel = "IX"
    elif final in _FINALS:
        vowel = _FINALS[final]
    else:
        raise InputError(f"'{syllable}' is no syllable of pinyin; write it like 'hao3'")
    return (*_INITIALS[initial].split(), *vowel.split()), tone


def _parted(letters: str) -> tuple[str, str]:
    """Return initial and final, each in its full spelling."""
    if letters in _WITHOUT_INITIAL:
        return "", _WITHOUT_INITIAL[letters]
    initial = next(initial for initial in _INITIALS if letters.startswith(initial))
    final = letters.removeprefix(initial)
    return initial, final.replace("u", "ü", 1) if initial in {"j", "q", "x"} and final[:1] == "u" else final


def mandarin(*words: tuple[str, str]) -> tuple[SpokenWord, ...]:
    """Return words from (characters, pinyin) pairs, one syllable a character.

    >>> [syllable.tone for syllable in mandarin(("你好。", "ni3 hao3"))[0].syllables]
    [3, 3]
    """
    spoken = []
    for text, pinyin in words:
        sounds = [pinyin_phones(syllable) for syllable in pinyin.split()]
        syllables = (
            SpokenSyllable(text=character, phones=phones, tone=tone)
            for character, (phones, tone) in zip(text, sounds, strict=False)
        )
        spoken.append(SpokenWord(text=text, syllables=tuple(syllables)))
    return tuple(spoken)


_ENGLISH = (
    ("hel-lo,", "HH AH0 - L OW1"),
    ("thank", "TH AE1 NG K"),
    ("you,", "Y UW1"),
    ("thank", "TH AE1 NG K"),
    ("you", "Y UW1"),
    ("ve-ry", "V EH1 - R IY0"),
    ("much,", "M AH1 CH"),
    ("how", "HH AW1"),
    ("are", "AA1 R"),
    ("you?", "Y UW1"),
    ("are", "AA1 R"),
    ("you", "Y UW1"),
    ("O-K?", "OW2 - K EY1"),
)
_MANDARIN = (
    ("今天", "jin1 tian1"),
    ("天气", "tian1 qi4"),
    ("真", "zhen1"),
    ("好，", "hao3"),
    ("我们", "wo3 men5"),
    ("一起", "yi4 qi3"),
    ("唱歌", "chang4 ge1"),
    ("吧。", "ba5"),
)


def demo_line(language: str) -> tuple[SpokenWord, ...]:
    """Return an everyday line in English ("en") or Mandarin ("zh"). Raises `InputError` for other languages.

    >>> " ".join(word.text for word in demo_line("en")[:3])
    'hello, thank you,'
    """
    if language.startswith("en"):
        return english(*_ENGLISH)
    if language.startswith("zh"):
        return mandarin(*_MANDARIN)
    raise InputError(f"there is no line in '{language}'; use en or zh")
