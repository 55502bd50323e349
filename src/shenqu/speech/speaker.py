"""A small speaker: sounds in, speech out, and the exact time of every sound.

It is the demo's speech, and the tests' planted truth: nothing else tells to the millisecond where a
vowel starts, and what pitch it has. It takes sounds, not spelling.

Conventions
-----------
English vowels carry a stress digit ("AH0", "OW1"). Punctuation at the end of a word's text makes a
pause, and a question rises. Boundaries lie on whole milliseconds.

References
----------
Klatt (1976), JASA 59: durations. Klatt & Klatt (1990), JASA 87: flutter. Chao (1930), "A system of
tone letters": tones as levels from 1 to 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from shenqu.documents.audio import Audio
from shenqu.documents.speech import Phone, Syllable, Transcript, Word
from shenqu.dsp.formant import STEP_S, Track, smoothed, synthesize
from shenqu.errors import InputError
from shenqu.speech.articulation import TimedSound, times_s, vocal_tract
from shenqu.speech.sounds import SOUNDS, VOICELESS

_LEAD_S, _TAIL_S = 0.2, 0.3
_PAUSES_S = dict.fromkeys(",;:，、；：", 0.22) | dict.fromkeys(".!?。！？", 0.40)
_ACCENTS = {0: -0.5, 1: 2.0, 2: 0.8}
_CLOSINGS = {"?": 6.0, ",": 1.0}
_TONES = {1: (5.0, 5.0, 4.8), 2: (2.8, 3.2, 5.0), 3: (2.2, 1.2, 1.4), 4: (5.0, 4.2, 1.5), 5: (3.0, 2.5, 2.0)}
_SEMITONES_PER_LEVEL = 2.2
_FLUTTER = 0.002  # Klatt's FL = 10
_NEAREST_ARPABET = {"IX": "IH", "IR": "IH", "UE": "UW", "UY": "Y"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenSyllable:
    """A syllable to say: what captions show, its phones with one vowel, its Mandarin tone (1 to 5) or 0."""

    text: str
    phones: tuple[str, ...]
    tone: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenWord:
    """A word to say, as written, with its punctuation."""

    text: str
    syllables: tuple[SpokenSyllable, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spoken:
    """Speech, and the truth about it; `pitch_hz` has one value a millisecond, 0.0 where there is no voice."""

    audio: Audio
    transcript: Transcript
    pitch_hz: Track


def speak(
    words: Sequence[SpokenWord],
    *,
    language: str = "en",
    pitch_hz: float = 120.0,
    rate: float = 1.0,
    seed: int = 0,
    sample_rate: int = 24_000,
) -> Spoken:
    """Return `words` spoken at a mean pitch of `pitch_hz`, `rate` times as fast as usual.

    The same arguments give the same samples. Raises `InputError` on an unknown phone, or a syllable
    without exactly one vowel.

    >>> spoken = speak(english(("hel-lo", "HH AH0 - L OW1")))
    >>> [syllable.text for syllable in spoken.transcript.syllables]
    ['hel', 'lo']
    """
    rng = np.random.default_rng(seed)
    sounds = _timed(words, rate, rng)
    steps = round((sounds[-1].end_s + _TAIL_S) / STEP_S)
    tract = vocal_tract(sounds, _pitch(words, sounds, steps, pitch_hz), steps)
    samples = synthesize(tract, sample_rate, rng)
    samples += 1e-4 * rng.standard_normal(len(samples))
    return Spoken(
        audio=Audio(samples=samples.astype(np.float32)[np.newaxis], rate=sample_rate),
        transcript=_transcript(words, sounds, language),
        pitch_hz=np.where(tract.voice > 0.05, tract.pitch_hz, 0.0),
    )


def english(*words: tuple[str, str]) -> tuple[SpokenWord, ...]:
    """Return words from (text, phones) pairs; hyphens part the syllables in both.

    >>> english(("O-K?", "OW2 - K EY1"))[0].syllables[1].phones
    ('K', 'EY1')
    """
    return tuple(
        SpokenWord(
            text=text.replace("-", ""),
            syllables=tuple(
                SpokenSyllable(text=_bare(part), phones=tuple(phones.split()))
                for part, phones in zip(text.split("-"), sounds.split("-"), strict=True)
            ),
        )
        for text, sounds in words
    )


def _bare(text: str) -> str:
    return text.rstrip("".join(_PAUSES_S))


def _pause_s(word: SpokenWord) -> float:
    return _PAUSES_S.get(word.text[-1:], 0.0)


def _timed(words: Sequence[SpokenWord], rate: float, rng: np.random.Generator) -> list[TimedSound]:
    """Return every sound with its times."""
    timed: list[TimedSound] = []
    now_s, number = _LEAD_S, 0
    for word in words:
        for position, syllable in enumerate(word.syllables):
            is_last = position == len(word.syllables) - 1 and (_pause_s(word) > 0 or word is words[-1])
            for sound in _syllable_sounds(syllable, number):
                seconds = _duration_s(sound, syllable, is_last=is_last) / rate * rng.uniform(0.95, 1.05)
                end_s = round(now_s + max(0.02, seconds), 3)
                timed.append(replace(sound, start_s=now_s, end_s=end_s))
                now_s = end_s
            number += 1
        now_s = round(now_s + _pause_s(word) / rate, 3)
    if not timed:
        raise InputError("there is nothing to say; give at least one word")
    return timed


def _syllable_sounds(syllable: SpokenSyllable, number: int) -> Iterator[TimedSound]:
    """Yield the sounds of a syllable, without times."""
    names = [phone.rstrip("012") for phone in syllable.phones]
    unknown = [name for name in names if name not in SOUNDS]
    vowels = [index for index, name in enumerate(names) if name in SOUNDS and SOUNDS[name].manner == "vowel"]
    if unknown or len(vowels) != 1:
        problem = f"the phone {unknown[0]} is unknown" if unknown else "it needs exactly one vowel"
        raise InputError(f"syllable '{syllable.text}' ({' '.join(syllable.phones)}) cannot be said: {problem}")
    digit = syllable.phones[vowels[0]][-1]
    for index, name in enumerate(names):
        yield TimedSound(
            name=name,
            start_s=0.0,
            end_s=0.0,
            syllable=number,
            vowel=SOUNDS[names[vowels[0]]],
            in_coda=index > vowels[0],
            aspirated=name in {"P", "T", "K"}
            and index < vowels[0]
            and names[max(0, index - 1)] != "S"
            and names[index + 1] != "S",
            stress=int(digit) if digit.isdigit() else 1,
        )


def _duration_s(sound: TimedSound, syllable: SpokenSyllable, *, is_last: bool) -> float:
    """Return how long a sound is at the usual rate: Klatt's rules, the main ones."""
    names = [phone.rstrip("012") for phone in syllable.phones]
    seconds = sound.sound.duration_s
    if sound.sound.manner == "vowel":
        seconds *= 1.0 if sound.stress else 0.7
        seconds *= 1.4 if is_last else 1.0
        seconds *= 0.8 if names[-1] in VOICELESS else 1.0
    else:
        has_neighbour = sum(SOUNDS[name].manner != "vowel" for name in names) > 2
        seconds *= 0.85 if has_neighbour else 1.0
        seconds *= 1.2 if is_last and sound.in_coda else 1.0
    return seconds


def _pitch(words: Sequence[SpokenWord], sounds: Sequence[TimedSound], steps: int, mean_hz: float) -> Track:
    """Return the pitch in hertz at every step: accents or tones on a falling line, and a little flutter."""
    at_s = times_s(0, steps)
    knots = np.array(sorted(_knots(words, sounds)))
    semitones = smoothed(np.interp(at_s, knots[:, 0], knots[:, 1]), 0.07)
    flutter = np.sin(2.0 * np.pi * np.outer([12.7, 7.1, 4.7], at_s)).sum(axis=0)
    return np.asarray(mean_hz * 2.0 ** (semitones / 12.0) * (1.0 + _FLUTTER * flutter))


def _knots(words: Sequence[SpokenWord], sounds: Sequence[TimedSound]) -> Iterator[tuple[float, float]]:
    """Yield (time, semitones from the mean) where the pitch is aimed at."""
    syllables = [(word, syllable) for word in words for syllable in word.syllables]
    for first, last in _phrases(syllables):
        for number in range(first, last + 1):
            word, syllable = syllables[number]
            rhyme = [sound for sound in sounds if sound.syllable == number and sound.in_rhyme]
            start_s, end_s = rhyme[0].start_s, rhyme[-1].end_s
            line = 2.0 - 4.0 * (number - first) / max(1, last - first)
            if syllable.tone:
                aims = [(0.5 * line + _SEMITONES_PER_LEVEL * (level - 3.0)) for level in _TONES[syllable.tone]]
            else:
                closing = _CLOSINGS.get(word.text[-1:], -3.0) if number == last else 0.0
                aims = [line + _ACCENTS[rhyme[0].stress] + share * closing for share in (0.0, 0.4, 1.0)]
            for place, aim in zip((0.15, 0.5, 0.9), aims, strict=True):
                yield start_s + place * (end_s - start_s), aim


def _phrases(syllables: Sequence[tuple[SpokenWord, SpokenSyllable]]) -> Iterator[tuple[int, int]]:
    """Yield (first, last) syllable of each stretch between pauses."""
    first = 0
    for number, (word, syllable) in enumerate(syllables):
        if number == len(syllables) - 1 or (_pause_s(word) and syllable is word.syllables[-1]):
            yield first, number
            first = number + 1


def _transcript(words: Sequence[SpokenWord], sounds: Sequence[TimedSound], language: str) -> Transcript:
    """Return what was said, with its exact times."""
    numbers = iter(range(len(sounds)))
    written = []
    for word in words:
        syllables = tuple(
            _syllable(syllable, [sound for sound in sounds if sound.syllable == next_number])
            for syllable, next_number in zip(word.syllables, numbers, strict=False)
        )
        written.append(
            Word(text=_bare(word.text), start_s=syllables[0].start_s, end_s=syllables[-1].end_s, syllables=syllables)
        )
    return Transcript(language=language, words=tuple(written))


def _syllable(syllable: SpokenSyllable, sounds: Sequence[TimedSound]) -> Syllable:
    vowel = next(sound for sound in sounds if sound.sound.manner == "vowel")
    return Syllable(
        text=_bare(syllable.text),
        start_s=sounds[0].start_s,
        vowel_s=vowel.start_s,
        vowel_end_s=vowel.end_s,
        end_s=sounds[-1].end_s,
        stress=0 if syllable.tone else vowel.stress,
        tone=syllable.tone,
        phones=tuple(
            Phone(phone=_NEAREST_ARPABET.get(sound.name, sound.name), start_s=sound.start_s, end_s=sound.end_s)
            for sound in sounds
        ),
    )
