"""The tunes that come with shenqu: free in China, the European Union, the UK and the USA.

Composers died by 1955 and the tunes were in print before 1931; chords are our own. Anthems are left
out on purpose. Melodies are written in numbered notation, see `shenqu.music.notation`.
"""

from __future__ import annotations

from functools import cache

from shenqu.documents.tune import Tune
from shenqu.errors import InputError
from shenqu.music.notation import parse_tune


def built_in_tune(tune_id: str) -> Tune:
    """Return the built-in tune called `tune_id`. Raises `InputError` where there is none.

    >>> built_in_tune("ode-to-joy").title
    'Ode to Joy'
    """
    tunes = {tune.id: tune for tune in built_in_tunes()}
    if tune_id not in tunes:
        raise InputError(f"there is no tune {tune_id!r}: choose one of {', '.join(tunes)}, or name a MIDI file")
    return tunes[tune_id]


@cache
def built_in_tunes() -> tuple[Tune, ...]:
    """Return all tunes that come with shenqu, in the order in which they are listed."""
    return (
        _ode_to_joy(),
        _jasmine_flower(),
        _korobeiniki(),
        _yankee_doodle(),
        _can_can(),
        _jingle_bells(),
        _frere_jacques(),
        _twinkle(),
    )


def _ode_to_joy() -> Tune:
    return parse_tune(
        tune_id="ode-to-joy",
        title="Ode to Joy",
        origin="Ludwig van Beethoven (1770-1827), Symphony no. 9, finale (Schott, Mainz 1826)",
        do=62,
        metre=(4, 4),
        bpm=120,
        phrases=(
            "3 3 4 5 | 5 4 3 2 | 1 1 2 3 | 3. 2_ 2 - |",
            "3 3 4 5 | 5 4 3 2 | 1 1 2 3 | 2. 1_ 1 - |",
            "2 2 3 1 | 2 3_ 4_ 3 1 | 2 3_ 4_ 3 2 | 1 2 5,",
            # The last line comes in a beat early, tied over the bar line.
            "3~ | 3 3 4 5 | 5 4 3 2 | 1 1 2 3 | 2. 1_ 1 - |",
        ),
        chords="""D | D A7 | D | D A7 | D | D A7 | D | A7 D |
                  A7 D | A7 D | A7 F#7 | Bm E7 A A | D | D A7 | D | A7 D""",
    )


def _jasmine_flower() -> Tune:
    return parse_tune(
        tune_id="jasmine-flower",
        title="Jasmine Flower (茉莉花)",
        origin="Chinese folk song, the Fresh Flower tune (鲜花调): in print since J. Barrow, Travels in China (1804)",
        do=62,
        metre=(2, 4),
        bpm=88,
        phrases=(
            "3 3_ 5_ | 6_ 1'_ 1'_ 6_ | 5 5_ 6_ | 5 - |",
            "3 3_ 5_ | 6_ 1'_ 1'_ 6_ | 5 5_ 6_ | 5 - |",
            "5 5 | 5 3_ 5_ | 6 6 | 5 - |",
            "3 2_ 3_ | 5 3_ 2_ | 1 1_ 2_ | 1 - |",
            "3_ 2_ 1_ 3_ | 2. 3_ | 5 6_ 1'_ | 5 - |",
            "2 3_ 5_ | 2_ 3_ 1_ 6,_ | 5, - |",
            "6, 1 | 2. 3_ | 1_ 2_ 1_ 6,_ | 5, - | 0 0 |",
        ),
        chords="""D | Bm | D | D | D | Bm | D | D | D | D | G | D | Bm | A | D | D |
                  D | Em | D | D | A | Bm | A | Bm | Em | G A | D | D""",
    )


def _korobeiniki() -> Tune:
    return parse_tune(
        tune_id="korobeiniki",
        title="Korobeiniki (Коробейники)",
        origin="Russian folk song on N. Nekrasov's poem of 1861 (1821-1878), in print by 1898; the plain tune",
        do=60,
        metre=(2, 4),
        bpm=138,
        scale="minor",
        phrases=(
            "3 7,_ 1_ | 2 1_ 7,_ | 6, 6,_ 1_ | 3 2_ 1_ |",
            "7,. 1_ | 2 3 | 1 6, | 6, - |",
            "2. 4_ | 6 5_ 4_ | 3. 1_ | 3 2_ 1_ |",
            "7, 7,_ 1_ | 2 3 | 1 6, | 6, - |",
        ),
        chords="Am | E7 | Am | Am | E7 | E7 | Am | Am | Dm | Dm | C | Am | E7 | E7 | Am | Am",
    )


def _yankee_doodle() -> Tune:
    return parse_tune(
        tune_id="yankee-doodle",
        title="Yankee Doodle",
        origin="traditional, 18th century; in print by J. Aird, Selection of Airs, vol. 1 (Glasgow 1782)",
        do=67,
        metre=(2, 4),
        bpm=112,
        phrases=(
            "1_ 1_ 2_ 3_ | 1_ 3_ 2_ 5,_ |",
            "1_ 1_ 2_ 3_ | 1 7, |",
            "1_ 1_ 2_ 3_ | 4_ 3_ 2_ 1_ |",
            "7,_ 5,_ 6,_ 7,_ | 1 1 |",
            "6,_. 7,__ 6,_ 5,_ | 6,_ 7,_ 1 |",
            "5,_. 6,__ 5,_ 4,_ | 3, 5, |",
            "6,_. 7,__ 6,_ 5,_ | 6,_ 7,_ 1_ 6,_ |",
            "5,_ 1_ 7,_ 2_ | 1 1 |",
        ),
        chords="G | G D7 | G | G D7 | G | C | D7 | G | C | C | G | G | C | C | G D7 | G",
    )


def _can_can() -> Tune:
    return parse_tune(
        tune_id="can-can",
        title="Can-can (Galop infernal)",
        origin="Jacques Offenbach (1819-1880), Orphée aux enfers (Heugel, Paris 1858)",
        do=62,
        metre=(2, 4),
        bpm=150,
        phrases=(
            "1 - | 2_ 4_ 3_ 2_ | 5 5 |",
            "5_ 6_ 3_ 4_ | 2 2 |",
            "2_ 4_ 3_ 2_ | 1_ 1'_ 7_ 6_ | 5_ 4_ 3_ 2_ |",
            "1 - | 2_ 4_ 3_ 2_ | 5 5 |",
            "5_ 6_ 3_ 4_ | 2 2 |",
            "2_ 4_ 3_ 2_ | 1_ 5_ 2_ 3_ | 1 0 |",
        ),
        chords="D | A7 | D | D | A7 | A7 | D | A7 | D | A7 | D | D | A7 | A7 | D A7 | D",
    )


def _jingle_bells() -> Tune:
    return parse_tune(
        tune_id="jingle-bells",
        title="Jingle Bells (refrain)",
        origin="James Lord Pierpont (1822-1893), The One Horse Open Sleigh (Ditson, Boston 1857); refrain as in prints "
        "of the 1890s",
        do=65,
        metre=(4, 4),
        bpm=144,
        phrases=(
            "3 3 3 - | 3 3 3 - | 3 5 1. 2_ | 3 - - - |",
            "4 4 4. 4_ | 4 3 3 3_ 3_ | 3 2 2 3 | 2 - 5 - |",
            "3 3 3 - | 3 3 3 - | 3 5 1. 2_ | 3 - - - |",
            "4 4 4. 4_ | 4 3 3 3_ 3_ | 5 5 4 2 | 1 - - - |",
        ),
        chords="F | F | F | F | Bb | F | G7 | C7 | F | F | F | F | Bb | F | C7 | F",
    )


def _frere_jacques() -> Tune:
    return parse_tune(
        tune_id="frere-jacques",
        title="Frère Jacques (两只老虎)",
        origin="French round of the 18th century; in print by 1811 (La Clé du Caveau, Paris)",
        do=65,
        metre=(4, 4),
        bpm=120,
        phrases=(
            "1 2 3 1 |",
            "1 2 3 1 |",
            "3 4 5 - |",
            "3 4 5 - |",
            "5_ 6_ 5_ 4_ 3 1 |",
            "5_ 6_ 5_ 4_ 3 1 |",
            "1 5, 1 - |",
            "1 5, 1 - |",
        ),
        chords="F C7 F F | F C7 F F | F | F | F | F | F C7 F F | F C7 F F",
    )


def _twinkle() -> Tune:
    return parse_tune(
        tune_id="twinkle",
        title="Twinkle, Twinkle, Little Star (小星星)",
        origin="French melody, Ah! vous dirai-je, maman; in print since 1761 (Bouin, Amusements d'une heure et demy)",
        do=60,
        metre=(4, 4),
        bpm=112,
        phrases=(
            "1 1 5 5 | 6 6 5 - |",
            "4 4 3 3 | 2 2 1 - |",
            "5 5 4 4 | 3 3 2 - |",
            "5 5 4 4 | 3 3 2 - |",
            "1 1 5 5 | 6 6 5 - |",
            "4 4 3 3 | 2 2 1 - |",
        ),
        chords="C | F C | F C | G7 C | C F | C G7 | C F | C G7 | C | F C | F C | G7 C",
    )
