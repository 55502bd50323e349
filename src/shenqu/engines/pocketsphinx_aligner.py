"""Forced alignment with pocketsphinx 5 and the English acoustic model in its wheel.

The model knows sounds, not spellings: words are given as pronunciations in its 39 phones (ARPAbet
without stress), so that other languages can be aligned with the nearest English sounds.

Conventions
-----------
Samples are mono float32 at 16 kHz; times are seconds from their start, in steps of 10 ms.

References
----------
Huggins-Daines et al. (2006), "PocketSphinx: a free, real-time continuous speech recognition system".
CMU Pronouncing Dictionary.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shenqu.documents.speech import Phone
from shenqu.engines.sphinx_sounds import fit_of_sounds, sounds

Pronunciation = tuple[str, ...]
Arc = tuple[int, int, float] | tuple[int, int, float, str]  # from state, to state, chance, word
_FRAME_S = 0.01
_SKIP = 1e-60  # what it costs to leave a word out, twice: once is the engine's floor, and too cheap
_GRAMMAR = "text"
_HISS = 3.0  # in steps of 16 bits: the model knows no digital silence, and hears nothing where there is some


class PocketsphinxAligner:
    """Finds given words, and the phones in them, in sound at `rate` hertz."""

    rate = 16_000

    def __init__(self) -> None:
        """Load the acoustic model alone (about 20 ms): no language model, an empty dictionary."""
        import pocketsphinx  # noqa: PLC0415 - only those who align pay for it

        descriptor, empty = tempfile.mkstemp(suffix=".dict")
        os.close(descriptor)
        try:
            model = pocketsphinx.get_model_path("en-us/en-us")
            # Without bestpath: its lattice adds an <s> of one frame, which the phone pass cannot place.
            # A word may end a little less likely than the engine allows: slow, old speech needs it.
            self._decoder: Any = pocketsphinx.Decoder(
                hmm=model, dict=empty, lm=None, bestpath=False, wbeam=1e-48, loglevel="FATAL"
            )
        finally:
            Path(empty).unlink()
        self._names: dict[tuple[Pronunciation, int], str] = {}

    def find_words(
        self, samples: npt.NDArray[np.float32], words: Sequence[Sequence[Pronunciation]]
    ) -> tuple[tuple[int, int, float, float], ...]:
        """Return (word, pronunciation, start_s, end_s) of the `words` that are heard, in their order.

        Words and pronunciations are counted from 0. Single words may be missing from the speech, at a
        price. Nothing is returned where the words do not fit the sound.
        """
        names = self._names_of(words)
        places = {name: (word, choice) for word, row in enumerate(names) for choice, name in enumerate(row)}
        if not self._hear(samples, _text(names)):
            return ()
        segments = [segment for segment in self._decoder.seg() or () if segment.word in places]
        return tuple((*places[segment.word], *_times(segment.start_frame, segment.end_frame)) for segment in segments)

    def find_phones(
        self, samples: npt.NDArray[np.float32], words: Sequence[Pronunciation]
    ) -> tuple[tuple[Phone, ...], ...]:
        """Return the phones of each of `words`, all of which are said in `samples`; nothing where they do not fit."""
        names = self._names_of([[word] for word in words])
        if not (self._hear(samples, _text(names, complete=True)) and self._hear_phones(samples)):
            return ()
        # An entry is gone as soon as the next one is asked for.
        phones = {word.name: tuple(map(_phone, word)) for word in self._decoder.get_alignment()}
        return tuple(phones[name] for (name,) in names) if all(name in phones for (name,) in names) else ()

    @property
    def sounds(self) -> tuple[str, ...]:
        """The sounds that `fit` tells of: the 39 phones and SIL, silence."""
        return sounds()

    def fit(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return how well each of `sounds` fits each frame of 10 ms: shape (frames, sounds), 0.0 for the best."""
        return fit_of_sounds(samples)

    def _hear(self, samples: npt.NDArray[np.float32], grammar: Iterable[Arc]) -> bool:
        """Listen for what `grammar` allows, and tell whether it was heard."""
        self._decoder.add_fsg(_GRAMMAR, self._decoder.create_fsg(_GRAMMAR, 0, 1, list(grammar)))
        self._decoder.activate_search(_GRAMMAR)
        return self._listen(samples) and self._decoder.hyp() is not None

    def _hear_phones(self, samples: npt.NDArray[np.float32]) -> bool:
        """Listen again for the phones of the words just heard, and tell whether they were."""
        try:
            self._decoder.set_alignment()
        except RuntimeError:  # the engine's word for "it does not fit"
            return False
        return self._listen(samples)

    def _listen(self, samples: npt.NDArray[np.float32]) -> bool:
        """Hear all of `samples` as one utterance, so that the level is evened out over the whole of it."""
        if not samples.size:
            return False
        hiss = _HISS * np.random.default_rng(0).standard_normal(samples.size, dtype=np.float32)
        pcm = np.clip(np.round(samples * 32767.0 + hiss), -32768, 32767).astype("<i2")
        self._decoder.start_utt()
        try:
            self._decoder.process_raw(pcm.tobytes(), full_utt=True)
            self._decoder.end_utt()
        except RuntimeError:
            return False
        return True

    def _names_of(self, words: Sequence[Sequence[Pronunciation]]) -> list[list[str]]:
        """Return a name in the engine's dictionary for each pronunciation of each word, no name twice."""
        copies: Counter[Pronunciation] = Counter()
        names = []
        for word in words:
            names.append([self._name(pronunciation, copies[pronunciation]) for pronunciation in word])
            copies.update(word)
        return names

    def _name(self, pronunciation: Pronunciation, copy: int) -> str:
        key = (pronunciation, copy)
        if key not in self._names:
            self._names[key] = f"w{len(self._names)}"
            self._decoder.add_word(self._names[key], " ".join(pronunciation), update=False)
        return self._names[key]


def _text(names: Sequence[Sequence[str]], *, complete: bool = False) -> Iterator[Arc]:
    """Yield the arcs of a grammar for words in order, from state 0 to state 1; `complete`: no word is left out."""
    states = [0, *range(2, len(names) + 1), 1]
    for before, after, row in zip(states, states[1:], names, strict=False):
        halfway = len(names) + before + 2
        yield from ((before, after, 1.0, name) for name in row)
        if not complete:
            yield from [(before, halfway, _SKIP), (halfway, after, _SKIP)]


def _times(first_frame: int, last_frame: int) -> tuple[float, float]:
    return first_frame * _FRAME_S, (last_frame + 1) * _FRAME_S


def _phone(entry: Any) -> Phone:
    start_s, end_s = _times(entry.start, entry.start + entry.duration - 1)
    return Phone(phone=entry.name, start_s=start_s, end_s=end_s)


@lru_cache(maxsize=1)
def _dictionary() -> dict[str, str]:
    """Return the wheel's dictionary: word (second pronunciations as "word(2)") to phones."""
    import pocketsphinx  # noqa: PLC0415

    lines = Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict")).read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ", 1) for line in lines)


def pronunciations(word: str) -> tuple[Pronunciation, ...]:
    """Return how an English `word` (lower case) is said, most usual first; empty where it is not known.

    >>> pronunciations("read")
    (('R', 'EH', 'D'), ('R', 'IY', 'D'))
    """
    keys = [word, *(f"{word}({number})" for number in range(2, 6))]
    return tuple(tuple(_dictionary()[key].split()) for key in keys if key in _dictionary())


def forget() -> None:
    """Give back the dictionary, 20 MB; it is read again, in 60 ms, when it is needed."""
    _dictionary.cache_clear()
