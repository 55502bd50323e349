"""Which language in Latin letters a text is: by its most usual words, and by letters that are its own."""

from __future__ import annotations

import re
from collections import Counter

FUNCTION_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the a of and to in is you that it he was for on are as with his they i at be this have from or one had "
        "by not but what all were we when your can said there an she do how their if will up about out many then them "
        "these so some her would him has my no me our who been its now just did get may into over ok yes hello",
        "es": "el la los las de del que y en un una por con no se su para es al lo como más pero sus le ya este sí "
        "porque esta cuando muy sin sobre también me hasta hay donde quien nos ni yo mi tu te cómo qué está hola",
        "de": "der die das und ist in den von zu mit sich des auf für nicht ein eine einen einem einer als auch es an "
        "er sie so dass kann wie war hat aus bei wird oder sind noch nach wir ich aber nur im am vom zum zur was ganz",
        "fr": "le la les de des du et est un une en que qui dans pour pas sur au aux ce ne se il elle nous vous je tu "
        "plus par avec sont mais ou son sa ses leur cette être fait très bien comme tout on où ça mon ma mes bonjour",
        "pt": "o a os as de do da dos das e em um uma que não no na nos nas por com para se seu sua mais como mas foi "
        "ao ele ela isso está muito também já eu você nós meu minha são tem até pelo pela quando olá",
        "it": "il lo la gli le di del della dei delle e è un una uno che in per con non si su da al alla sono come ma "
        "più anche io tu lui lei noi questo questa nel nella ho hai ha c'è ci mi ti ciao dove molto quando perché "
        "sul sulla dal dalla dei i mio mia",
    }.items()
}
_LETTERS = {"es": "ñ¿¡", "de": "ßäö", "fr": "œçêèùîïë", "pt": "ãõ", "it": "ìò"}
_LEAST = 2
_LEAST_SHARE = 0.25


def guess_language(text: str) -> str | None:
    """Return the code of the language of a text in Latin letters; None where its words do not tell.

    >>> guess_language("¿Cómo está el niño?"), guess_language("Das ist nicht die Frage"), guess_language("Xiaomi")
    ('es', 'de', None)
    """
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", text.lower())
    parts = [part for word in words for part in {word.replace("’", "'"), word.split("'")[0].split("’")[0]}]
    scores = Counter({code: sum(part in known for part in parts) for code, known in FUNCTION_WORDS.items()})
    for code, letters in _LETTERS.items():
        scores[code] += 2 * sum(not set(letters).isdisjoint(word) for word in words)
    scores["es"] += 4 * sum(text.count(sign) for sign in "¿¡")
    (best, score), (_, second) = scores.most_common(2)
    return best if score >= max(_LEAST, _LEAST_SHARE * len(words)) and score > second else None
