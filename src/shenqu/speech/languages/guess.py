"""Which language a text is: by its script, by letters that are its own, and by its most usual words."""

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
        "nl": "de het een en van ik je dat niet die in te is zijn op aan met als voor er maar om hem dan zou wat mijn "
        "wordt naar hij heeft ze wij ook uit bij ons goed waar nog hebben geen deze wel over was we u jullie hoe",
        "sv": "och att det som en på är av för med den till i inte om ett han men var jag sig från vi så kan när nu "
        "har du hon skulle också ut där efter vara mycket vad ska oss bara alla er min mig dig vill hur mig här",
        "pl": "i w nie na się z to że do jest jak o co tak po ale ja ty za od czy by już mi jego dla tylko ich być "
        "bardzo kiedy był była może przez pan tego gdzie jestem tu nas dobry są",
        "tr": "bir ve bu da de için ne çok ben sen o mi mı daha var gibi ama kadar değil ki her en olan ile benim "
        "olarak sonra şey biz siz evet hayır nasıl bugün yok iyi mu ya",
        "cs": "a je se v na to že s z do jsem si i o jak ale tak co by pro za jsou jsme už když není být jeho má "
        "která který také od po ještě tam jen dobrý",
        "vi": "là và của không có được cho một những với các trong người này tôi anh em đã để khi đến như ở rất bạn "
        "chúng ta nó về ra đi làm thì mà cũng vào gì xin hôm nay",
        "id": "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga saya ke karena ada mereka kita kami "
        "sudah bisa apa anda aku kamu dia orang seperti lebih bukan telah selamat tapi hari adalah",
        "fi": "ja on ei se että hän oli mutta niin kun minä ovat kuin joka sen mitä nyt ole tämä jos olen vain myös "
        "sitten sinä me te he mikä miten hyvin kaikki hyvää tänään hei ollut",
        "hu": "a az és hogy nem is egy van de ez meg csak már ha volt mint én el mi azt ki még minden nagyon te ő "
        "kell jó ezt lesz most itt hogyan vagy vagyok nap",
        "ro": "și de în la cu nu o pe că este un din mai se a care pentru ce ca dar au fost sunt eu tu el ea noi fi "
        "bine foarte când unde cum acest asta am ai",
        "da": "og i at det er en til af på de med han for ikke der den var jeg et som havde mig du hun sig men fra "
        "vi kan så hvad ud her nu skal også meget hvor blev mit har os godt",
    }.items()
}
_LETTERS = {"es": "ñ¿¡", "de": "ßäö", "fr": "œçêèùîïë", "pt": "ãõ", "it": "ìò"}
_LETTERS |= {
    "pl": "łąęśźżćń", "tr": "ğışçöü", "cs": "řěůšžčáíé", "ro": "șțăşţâî", "hu": "őűöüáéí", "sv": "åäö", "da": "åøæ",
    "fi": "äö", "vi": "đơưạảấầẩẫậắằẳặẹẻẽếềểễệỉịọỏốồổộớờởợụủứừửữựỳỷỹãõêèùìòàáâôă",
}  # fmt: skip
# Scripts of alphabets: letters that only one language has, then the language that most texts are in.
_SCRIPT_LANGUAGES = {
    "CYRILLIC": ({"be": "ў", "uk": "іїєґ", "mk": "ѓќѕ", "sr": "ђћџљњј", "kk": "әғқңұһ", "ru": "ыэё"}, "ru"),
    "ARABIC": ({"ur": "ٹڈڑںےھ", "fa": "پچژگکی"}, "ar"),
    "GREEK": ({}, "el"),
    "HEBREW": ({}, "he"),
    "ARMENIAN": ({}, "hy"),
    "GEORGIAN": ({}, "ka"),
    "BENGALI": ({}, "bn"),
    "TAMIL": ({}, "ta"),
    "TELUGU": ({}, "te"),
    "KANNADA": ({}, "kn"),
    "MALAYALAM": ({}, "ml"),
    "GUJARATI": ({}, "gu"),
    "GURMUKHI": ({}, "pa"),
    "SINHALA": ({}, "si"),
    "ETHIOPIC": ({}, "am"),
    "THAI": ({}, "th"),
    "LAO": ({}, "lo"),
    "KHMER": ({}, "km"),
    "MYANMAR": ({}, "my"),
}
_LEAST = 2
_LEAST_SHARE = 0.25


def guess_in_script(script: str, text: str) -> str | None:
    """Return the language that a text in the letters of `script` (a Unicode name) most probably is in.

    >>> guess_in_script("CYRILLIC", "Як справи?"), guess_in_script("CYRILLIC", "Їжак")
    ('ru', 'uk')
    """
    own, usual = _SCRIPT_LANGUAGES.get(script, ({}, None))
    letters = set(text.lower())
    return next((language for language, signs in own.items() if not letters.isdisjoint(signs)), usual)


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
