"""Speech whose times are known because a machine speaks it: the project's own speaker, and espeak-ng.

References
----------
espeak-ng, `speak_lib.h`: events tell the sample at which each word and phoneme begins.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import unicodedata
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from importlib.util import find_spec
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np
import soxr

from benchmarks.words.lines import BLANKLESS, ENGLISH, EXTRA, MANDARIN, SENTENCES, VOICES
from benchmarks.words.truth import RATE, Span, Talk, TrueWord, join
from shenqu.documents.audio import Samples
from shenqu.documents.speech import Syllable
from shenqu.speech.speaker import SpokenWord, speak

SPEAKERS = (("man", "en", 110.0, 1.0), ("woman", "en", 205.0, 1.15), ("mandarin", "zh", 160.0, 1.0))
_SYNCHRONOUS, _PHONEMES_AS_IPA, _DO_NOT_EXIT, _UTF8 = 2, 3, 0x8000, 1
_WORD, _PHONEME = 1, 7
_VOWELS = set("aeiouyæɑɐɒɔəɘɚɛɜɝɞɤɨɪɯɵɶøœʉʊʌʏᵻ")
_GLIDES = {"j", "w", "ɥ"}
_SYLLABIC = "\N{COMBINING VERTICAL LINE BELOW}"


class Event(NamedTuple):
    """What espeak-ng tells while it speaks: a word (its place among the characters), or a phoneme in IPA."""

    time_s: float
    place: int | None
    phoneme: str


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


def has_espeak() -> bool:
    """Tell whether espeak-ng is there, as a wheel or as a library of the system."""
    return find_spec("espeakng_loader") is not None or ctypes.util.find_library("espeak-ng") is not None


@cache
def _library() -> tuple[Any, int]:
    """Return espeak-ng, ready to speak, and its sample rate."""
    if find_spec("espeakng_loader"):
        import espeakng_loader  # noqa: PLC0415 - it need not be there

        library, data = ctypes.CDLL(espeakng_loader.get_library_path()), espeakng_loader.get_data_path().encode()
    else:
        library, data = ctypes.CDLL(ctypes.util.find_library("espeak-ng")), None
    return library, int(library.espeak_Initialize(_SYNCHRONOUS, 0, data, _PHONEMES_AS_IPA | _DO_NOT_EXIT))


def espeak(text: str, voice: str) -> tuple[Samples, list[Event]]:
    """Return `text` spoken by `voice`, mono float32 at 16 kHz, and what was said when."""
    return _other_process().submit(_speak, text, voice).result()


@cache
def _other_process() -> ProcessPoolExecutor:
    """Return where espeak-ng speaks: the library has one voice and one state for a process, and shenqu's is its own."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))


def _speak(text: str, voice: str) -> tuple[Samples, list[Event]]:
    library, rate = _library()
    parts, events = [], []

    @_CALLBACK
    def receive(samples: Any, count: int, told: Any) -> int:
        if samples and count:
            parts.append(np.ctypeslib.as_array(samples, (count,)).copy())
        number = 0
        while told[number].type:
            event = told[number]
            if event.type == _WORD:
                events.append(Event(event.sample / rate, event.text_position - 1, ""))
            elif event.type == _PHONEME:
                name = bytes(event.id.string).split(b"\0")[0].decode("utf-8", "ignore")
                events.append(Event(event.sample / rate, None, name))
            number += 1
        return 0

    library.espeak_SetSynthCallback(receive)
    if library.espeak_SetVoiceByName(voice.encode()):
        raise RuntimeError(f"espeak-ng has no voice {voice}")
    data = text.encode()
    library.espeak_Synth(data, len(data) + 1, 0, 1, 0, _UTF8, None, None)
    spoken = np.concatenate(parts).astype(np.float32) / 32768.0
    return np.asarray(soxr.resample(spoken, rate, RATE), dtype=np.float32), events


def is_vowel(phoneme: str) -> bool:
    """Tell whether a phoneme in IPA carries a syllable.

    >>> is_vowel("ˈeɪ"), is_vowel("tʃ"), is_vowel("n̩"), is_vowel("(en)")
    (True, False, True, False)
    """
    kinds = ("Ll", "Lo")  # neither stress marks nor raised letters
    letters = [letter for letter in unicodedata.normalize("NFD", phoneme) if unicodedata.category(letter) in kinds]
    return not phoneme.startswith("(") and bool(letters) and (letters[0] in _VOWELS or _SYLLABIC in phoneme)


def timed_words(
    tokens: Sequence[tuple[str, str]], events: Sequence[Event], end_s: float, *, glue: str = " ", finals: bool = False
) -> tuple[TrueWord, ...]:
    """Return when each of `tokens` (written, said; the latter joined with `glue`) was said.

    Tokens that espeak-ng runs together are one word. With `finals` a vowel begins with the glide before it.

    >>> events = [Event(0.0, 0, ""), Event(0.1, None, "a"), Event(0.3, 3, ""), Event(0.4, None, "o")]
    >>> for word in timed_words([("a", "a"), ("b", "b"), ("o", "o")], events, 1.0):
    ...     print(word.text, word.start_s, word.vowels)
    a 0.1 ((0.1, 0.4),)
    bo 0.3 ((0.4, 1.0),)
    """
    places = np.cumsum([0, *(len(said) + len(glue) for _, said in tokens)])[:-1]
    sounds = [event for event in events if event.place is None]
    begins = {0: sounds[0].time_s}
    for event in events:
        if event.place is not None:
            token = int(np.searchsorted(places, event.place, side="right")) - 1
            begins.setdefault(token, event.time_s)
    firsts = sorted(begins)
    words = []
    for first, last in zip(firsts, [*firsts[1:], len(tokens)], strict=True):
        stop_s = begins.get(last, end_s)
        inside = [index for index, sound in enumerate(sounds) if begins[first] <= sound.time_s < stop_s]
        vowels = tuple(
            (
                sounds[index - int(finals and index - 1 in inside and sounds[index - 1].phoneme in _GLIDES)].time_s,
                sounds[index + 1].time_s if index + 1 < len(sounds) else end_s,
            )
            for index in inside
            if is_vowel(sounds[index].phoneme)
        )
        text = "".join(written for written, _ in tokens[first:last])
        words.append(TrueWord(text=text, start_s=_start_s(begins[first], sounds), vowels=vowels))
    return tuple(words)


def _start_s(word_s: float, sounds: Sequence[Event]) -> float:
    """Return where a word begins: not in the silence before its first word of all."""
    return max(word_s, next(sound.time_s for sound in sounds if sound.phoneme))


def espeak_talk(language: str) -> Talk:
    """Return our sentences in `language`, one after the other, as espeak-ng says them."""
    glue = "" if language in BLANKLESS else " "
    talks = []
    for number, sentence in enumerate(SENTENCES[language]):
        tokens = [(token.partition("|")[0], token.partition("|")[2] or token) for token in sentence.split()]
        sound, events = espeak(" ".join(said for _, said in tokens), VOICES[language])
        talks.append(
            Talk(
                name=f"espeak-{language}-{number}",
                samples=sound,
                words=timed_words(tokens, events, sound.size / RATE, finals=language in {"zh", "yue"}),
                text=glue.join(written for written, _ in tokens) + ("。" if language in BLANKLESS else "."),
                language=language,
                finals=language in {"zh", "yue"},
            )
        )
    return join(talks, name=f"espeak-{language}")


def espeak_languages() -> tuple[str, ...]:
    """Return the languages that are measured with espeak-ng's voice."""
    if not has_espeak():
        return ()
    readable = find_spec("shenqu.engines.espeak") is not None
    return tuple(language for language in SENTENCES if readable or language not in EXTRA)


def own_talks() -> tuple[Talk, ...]:
    """Return our own speaker's lines, by each of its voices."""
    talks = []
    for name, language, pitch_hz, rate in SPEAKERS:
        lines = ENGLISH if language == "en" else MANDARIN
        said = [_own_talk(line, language, pitch_hz=pitch_hz, rate=rate, seed=seed) for seed, line in enumerate(lines)]
        talks.append(join(said, name=f"speaker-{name}"))
    return tuple(talks)


def _own_talk(line: Sequence[SpokenWord], language: str, *, pitch_hz: float, rate: float, seed: int) -> Talk:
    spoken = speak(line, language=language, pitch_hz=pitch_hz, rate=rate, seed=seed, sample_rate=RATE)
    if language == "zh":
        syllables = spoken.transcript.syllables
        words = tuple(TrueWord(text=said.text, start_s=said.start_s, vowels=(final_of(said),)) for said in syllables)
    else:
        words = tuple(
            TrueWord(
                text=word.text,
                start_s=word.span_s[0],
                vowels=tuple((syllable.vowel_s, syllable.vowel_end_s) for syllable in word.syllables),
            )
            for word in spoken.transcript.words
        )
    text = ("" if language == "zh" else " ").join(word.text for word in line)
    samples = spoken.audio.mono
    return Talk(name=language, samples=samples, words=words, text=text, language=language, finals=language == "zh")


def final_of(syllable: Syllable) -> Span:
    """Return the final of a Mandarin or Cantonese syllable: its vowel, and the glide before it."""
    glides = [
        phone.start_s
        for phone in syllable.phones
        if phone.phone in {"W", "Y"} and phone.end_s <= syllable.vowel_s + 1e-6
    ]
    start_s = min([syllable.vowel_s, *glides])
    return start_s, syllable.vowel_end_s
