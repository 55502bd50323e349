"""How words of a hundred languages sound, from eSpeak NG (the `espeak` extra, or the system's own library).

eSpeak NG is under the GPL, version 3 or later: it is used where the user has installed it, and never comes with
shenqu.

Conventions
-----------
Languages are codes of two or three letters. The library holds one voice at a time for the whole process, so a
lock lets one word through at a time.

References
----------
eSpeak NG 1.50 to 1.52, `speak_lib.h`.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from functools import lru_cache

_SYSTEM_NAMES = ("libespeak-ng.so.1", "libespeak-ng.so", "libespeak-ng.1.dylib", "libespeak-ng.dll", "espeak-ng.dll")
_RETRIEVAL, _NEVER_EXIT = 1, 0x8000
_UTF8 = 1
_IPA_PARTED = 0x02 | ord("_") << 8
LONGEST = 200
"""Letters of a text that are read at most; the library was made for words."""
_MOST_CLAUSES = 20


class Espeak:
    """The library, loaded and ready. Made once a process by `find_espeak`."""

    def __init__(self, library: ctypes.CDLL) -> None:
        """Take a library that was initialised."""
        library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int]
        library.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
        self._library = library
        self._lock = threading.Lock()
        self._voice = ""

    def speaks(self, language: str) -> bool:
        """Return whether there is a voice for a language."""
        with self._lock:
            return self._take_voice(language)

    def ipa(self, text: str, language: str) -> str:
        """Return the sounds of `text` in IPA: parted by "_", words by blanks, stress marks before the vowel.

        "" where the language is not spoken, or there is nothing to say.
        """
        letters = "".join(letter if letter.isprintable() else " " for letter in text[:LONGEST]).encode()
        with self._lock:
            return " ".join(self._clauses(letters)) if self._take_voice(language) else ""

    def _take_voice(self, language: str) -> bool:
        if language != self._voice:
            taken = self._library.espeak_SetVoiceByName(language.encode()) == 0
            self._voice = language if taken else ""
        return bool(self._voice)

    def _clauses(self, letters: bytes) -> Iterator[str]:
        buffer = ctypes.create_string_buffer(letters)
        place = ctypes.c_void_p(ctypes.addressof(buffer))
        for _ in range(_MOST_CLAUSES):
            if not place.value:
                return
            said = self._library.espeak_TextToPhonemes(ctypes.byref(place), _UTF8, _IPA_PARTED)
            yield (said or b"").decode("utf-8", "replace").strip()


@lru_cache(maxsize=1)
def find_espeak() -> Espeak | None:
    """Return eSpeak NG, of the extra or else of the system; None where neither is installed."""
    for name, data in _places():
        try:
            library = ctypes.CDLL(name)
            rate = library.espeak_Initialize(_RETRIEVAL, 0, data, _NEVER_EXIT)
        except (OSError, AttributeError):
            continue
        if rate > 0:
            return Espeak(library)
    return None


def _places() -> Iterator[tuple[str, bytes | None]]:
    """Yield the libraries there may be, each with the folder of its data."""
    try:
        import espeakng_loader  # noqa: PLC0415 - an extra
    except ImportError:
        pass
    else:
        yield espeakng_loader.get_library_path(), str(espeakng_loader.get_data_path()).encode()
    for name in _SYSTEM_NAMES:
        yield name, None
