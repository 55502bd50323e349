"""Languages beside English and Mandarin, read aloud in the nearest English sounds.

Each module holds one language: how its letters sound, and where its syllables part.
"""

from __future__ import annotations

from collections.abc import Callable

from shenqu.speech.languages.french import read_french
from shenqu.speech.languages.german import GERMAN
from shenqu.speech.languages.italian import ITALIAN
from shenqu.speech.languages.portuguese import PORTUGUESE
from shenqu.speech.languages.spanish import SPANISH
from shenqu.speech.phones import Said

WordReader = Callable[[str, str], tuple[tuple[Said, ...], ...]]  # word and following word to ways to say it

LATIN_READERS: dict[str, WordReader] = {
    "es": lambda word, following: SPANISH.read(word),
    "de": lambda word, following: GERMAN.read(word),
    "fr": read_french,
    "pt": lambda word, following: PORTUGUESE.read(word),
    "it": lambda word, following: ITALIAN.read(word),
}
