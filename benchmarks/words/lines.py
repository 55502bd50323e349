"""What is said in the benches of words: our own sentences, everyday ones.

`ENGLISH` and `MANDARIN` are for the project's own speaker, with their sounds. `SENTENCES` are for espeak-ng, by
language: words parted by blanks; where it cannot read the script, each word is followed by "|" and what it
is to say.
"""

from __future__ import annotations

from shenqu.speech.lines import mandarin
from shenqu.speech.speaker import english

ENGLISH = (
    english(
        ("the", "DH AH0"), ("mor-ning", "M AO1 R - N IH0 NG"), ("train", "T R EY1 N"), ("is", "IH1 Z"),
        ("late", "L EY1 T"), ("a-gain,", "AH0 - G EH1 N"), ("so", "S OW1"), ("we", "W IY1"), ("walk", "W AO1 K"),
        ("a-long", "AH0 - L AO1 NG"), ("the", "DH AH0"), ("ri-ver.", "R IH1 - V ER0"),
    ),
    english(
        ("my", "M AY1"), ("sis-ter", "S IH1 S - T ER0"), ("bought", "B AO1 T"), ("se-ven", "S EH1 - V AH0 N"),
        ("yel-low", "Y EH1 - L OW0"), ("ap-ples,", "AE1 - P AH0 L Z"), ("but", "B AH1 T"),
        ("no-bo-dy", "N OW1 - B AA2 - D IY0"), ("ate", "EY1 T"), ("them.", "DH EH1 M"),
    ),
    english(
        ("can", "K AE1 N"), ("you", "Y UW1"), ("hear", "HH IH1 R"), ("me", "M IY1"), ("now?", "N AW1"),
        ("can", "K AE1 N"), ("you", "Y UW1"), ("hear", "HH IH1 R"), ("me", "M IY1"), ("now?", "N AW1"),
        ("good,", "G UH1 D"), ("then", "DH EH1 N"), ("let", "L EH1 T"), ("us", "AH1 S"), ("sing.", "S IH1 NG"),
    ),
    english(
        ("win-ter", "W IH1 N - T ER0"), ("comes", "K AH1 M Z"), ("ear-ly", "ER1 - L IY0"), ("here,", "HH IH1 R"),
        ("and", "AH0 N D"), ("the", "DH AH0"), ("chil-dren", "CH IH1 L - D R AH0 N"), ("love", "L AH1 V"),
        ("to", "T UW0"), ("play", "P L EY1"), ("out-side.", "AW1 T - S AY1 D"),
    ),
)  # fmt: skip

MANDARIN = (
    mandarin(
        ("老师", "lao3 shi1"), ("说", "shuo1"), ("明天", "ming2 tian1"), ("不", "bu2"), ("下雨，", "xia4 yu3"),
        ("我们", "wo3 men5"), ("去", "qu4"), ("公园", "gong1 yuan2"), ("玩。", "wan2"),
    ),
    mandarin(
        ("你", "ni3"), ("喜欢", "xi3 huan5"), ("听", "ting1"), ("音乐", "yin1 yue4"), ("还是", "hai2 shi4"),
        ("看", "kan4"), ("电影？", "dian4 ying3"),
    ),
    mandarin(
        ("小猫", "xiao3 mao1"), ("在", "zai4"), ("桌子", "zhuo1 zi5"), ("下面", "xia4 mian4"),
        ("睡觉。", "shui4 jiao4"),
    ),
    mandarin(("对不起，", "dui4 bu5 qi3"), ("请", "qing3"), ("再", "zai4"), ("说", "shuo1"), ("一遍。", "yi2 bian4")),
)  # fmt: skip

VOICES = {
    "en": "en-us", "zh": "cmn-Latn-pinyin", "yue": "yue-Latn-jyutping", "ja": "ja", "ko": "ko", "es": "es",
    "de": "de", "fr": "fr", "pt": "pt-br", "it": "it", "hi": "hi",
    "ru": "ru", "tr": "tr", "pl": "pl", "nl": "nl", "sv": "sv", "vi": "vi",
}  # fmt: skip
EXTRA = ("ru", "tr", "pl", "nl", "sv", "vi")
"""The languages that shenqu itself reads through espeak-ng: its sounds are no secret there."""
BLANKLESS = ("zh", "yue", "ja")

SENTENCES = {
    "en": (
        "the garden behind our house is full of roses",
        "please bring me a cup of coffee and the newspaper",
        "nobody knows why the lights went out so suddenly",
        "we are going to sing this song together tomorrow",
    ),
    "zh": (
        "今|jin1 天|tian1 天|tian1 气|qi4 很|hen3 好|hao3 我|wo3 们|men5 出|chu1 去|qu4 走|zou3 走|zou3",
        "请|qing3 给|gei3 我|wo3 一|yi4 杯|bei1 热|re4 茶|cha2",
        "他|ta1 每|mei3 天|tian1 早|zao3 上|shang4 六|liu4 点|dian3 起|qi3 床|chuang2",
        "图|tu2 书|shu1 馆|guan3 在|zai4 学|xue2 校|xiao4 后|hou4 面|mian4",
    ),
    "yue": (
        "今|gam1 日|jat6 天|tin1 氣|hei3 好|hou2 好|hou2",
        "我|ngo5 哋|dei6 一|jat1 齊|cai4 去|heoi3 食|sik6 飯|faan6",
        "佢|keoi5 每|mui5 日|jat6 都|dou1 搭|daap3 巴|baa1 士|si2 返|faan1 工|gung1",
        "呢|ni1 首|sau2 歌|go1 真|zan1 係|hai6 好|hou2 聽|teng1",
    ),
    "ja": (
        "今日|きょー は|わ とても|とても いい|いい 天気|てんき です|です",
        "駅|えき の|の 前|まえ で|で 友達|ともだち を|を 待ち|まち ました|ました",
        "この|この 歌|うた を|を 一緒|いっしょ に|に 歌い|うたい ましょう|ましょー",
        "窓|まど から|から 山|やま が|が 見え|みえ ます|ます",
    ),
    "ko": ("오늘은 날씨가 정말 좋습니다", "우리는 저녁에 같이 노래를 부릅니다", "작은 고양이가 의자 위에서 잡니다",
           "내일 아침에 시장에 가고 싶어요"),
    "es": ("la casa de mi abuela tiene un jardín muy grande", "mañana vamos a cantar esta canción en la plaza",
           "nadie sabe por qué se apagaron las luces", "quiero un café con leche y una tostada"),
    "de": ("der kleine Hund schläft unter dem alten Tisch", "morgen fahren wir zusammen an das Meer",
           "niemand wusste warum das Licht plötzlich ausging", "ich möchte bitte eine Tasse Kaffee mit Milch"),
    "fr": ("la petite maison se trouve derrière le grand jardin", "demain nous allons chanter cette chanson ensemble",
           "personne ne sait pourquoi la lumière a disparu", "je voudrais une tasse de café avec du lait"),
    "pt": ("a casa da minha avó tem um jardim muito bonito", "amanhã vamos cantar esta música na praça",
           "ninguém sabe por que as luzes se apagaram", "eu quero uma xícara de café com leite"),
    "it": ("la casa della nonna ha un giardino molto grande", "domani cantiamo questa canzone nella piazza",
           "nessuno sa perché la luce si è spenta", "vorrei una tazza di latte e un po di pane"),
    "hi": ("आज मौसम बहुत अच्छा है", "हम कल शाम को साथ में गाना गाएंगे", "मेरी बहन बाज़ार से सब्ज़ी लाती है",
           "खिड़की के पास एक छोटी बिल्ली बैठी है"),
    "ru": ("сегодня очень хорошая погода", "завтра мы будем вместе петь эту песню",
           "маленькая кошка спит на старом стуле", "никто не знает почему погас свет"),
    "tr": ("bugün hava çok güzel", "yarın bu şarkıyı birlikte söyleyeceğiz", "küçük kedi eski sandalyede uyuyor",
           "kimse ışıkların neden söndüğünü bilmiyor"),
    "pl": ("dzisiaj pogoda jest bardzo ładna", "jutro będziemy razem śpiewać tę piosenkę",
           "mały kot śpi na starym krześle", "nikt nie wie dlaczego zgasło światło"),
    "nl": ("de kleine hond slaapt onder de oude tafel", "morgen gaan we samen dit lied zingen",
           "niemand weet waarom het licht plotseling uitging", "ik wil graag een kopje koffie met melk"),
    "sv": ("den lilla hunden sover under det gamla bordet", "i morgon ska vi sjunga den här sången tillsammans",
           "ingen vet varför ljuset plötsligt slocknade", "jag vill gärna ha en kopp kaffe med mjölk"),
    "vi": ("hôm nay trời rất đẹp", "ngày mai chúng ta sẽ cùng nhau hát bài này", "con mèo nhỏ ngủ trên ghế cũ",
           "không ai biết vì sao đèn tắt"),
}  # fmt: skip
