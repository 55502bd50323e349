"""Two usual ways to align a known text, for comparison: pocketsphinx in one pass, and espeak-ng warped onto the speech.

References
----------
Huggins-Daines et al. (2006), "PocketSphinx". Pettarin, aeneas: "How does this thing work?", for aligning by
synthesis, MFCC and dynamic time warping.
"""

from __future__ import annotations

import re
from typing import Any

import librosa
import numpy as np
import pocketsphinx

from benchmarks.words.lines import BLANKLESS, VOICES
from benchmarks.words.scoring import Found
from benchmarks.words.truth import RATE, Talk
from benchmarks.words.voices import espeak, timed_words
from shenqu.documents.audio import Samples
from shenqu.speech.phones import VOWELS

_HOP_S = 0.01
_HISS = 1e-4  # silence has no direction to compare


def one_pass(talk: Talk) -> list[Found]:
    """Return the words that pocketsphinx finds in the whole of an English `talk`, read with its own dictionary.

    Words that it does not know are left out before. Where the text does not fit, nothing is found.
    """
    decoder = pocketsphinx.Decoder(lm=None, bestpath=False, loglevel="FATAL")
    names = [re.sub(r"[^a-z']", "", word.text.lower().replace("’", "'")) for word in talk.words]
    known = [index for index, name in enumerate(names) if name and decoder.lookup_word(name)]
    found = [Found(text=word.text, start_s=None) for word in talk.words]
    decoder.set_align_text(" ".join(names[index] for index in known))
    if not _listen(decoder, talk.samples) or decoder.hyp() is None:
        return found
    try:
        decoder.set_alignment()
    except RuntimeError:  # the engine's word for "it does not fit"
        return found
    if not _listen(decoder, talk.samples):
        return found
    rows = []
    for word in decoder.get_alignment():
        name, start_s = word.name, word.start * _HOP_S  # an entry is gone as soon as the next one is asked for
        onsets = tuple(phone.start * _HOP_S for phone in word if phone.name in VOWELS)
        if not name.startswith(("<", "[")):
            rows.append((start_s, onsets))
    for index, (start_s, onsets) in zip(known, rows, strict=False):
        found[index] = Found(text=talk.words[index].text, start_s=start_s, vowels_s=onsets)
    return found


def _listen(decoder: Any, samples: Samples) -> bool:
    pcm = np.clip(np.round(samples * 32767.0), -32768, 32767).astype("<i2")
    try:
        decoder.start_utt()
        decoder.process_raw(pcm.tobytes(), full_utt=True)
        decoder.end_utt()
    except RuntimeError:
        return False
    return True


def synthesis_and_warp(talk: Talk) -> list[Found]:
    """Return the words of `talk` where those that espeak-ng says lie when its speech is warped onto the talk's."""
    glue = "" if talk.language in BLANKLESS else " "
    tokens = [(word.text, word.text) for word in talk.words]
    text = glue.join(said for _, said in tokens)
    spoken, events = espeak(text, {"zh": "cmn", "yue": "yue"}.get(talk.language, VOICES[talk.language]))
    words = timed_words(tokens, events, spoken.size / RATE, glue=glue, finals=talk.finals)
    to_talk = _warp(_mfcc(spoken), _mfcc(talk.samples))

    def moved(time_s: float) -> float:
        return float(to_talk[min(round(time_s / _HOP_S), len(to_talk) - 1)]) * _HOP_S

    return [
        Found(text=word.text, start_s=moved(word.start_s), vowels_s=tuple(moved(a) for a, _ in word.vowels or ()))
        for word in words
    ]


def _mfcc(samples: Samples) -> np.ndarray:
    """Return 12 cepstral coefficients, without the level, one column a hop of 10 ms."""
    hop = round(_HOP_S * RATE)
    samples = samples + _HISS * np.random.default_rng(0).standard_normal(samples.size, dtype=np.float32)
    power = librosa.feature.melspectrogram(y=samples, sr=RATE, n_fft=512, hop_length=hop, win_length=400, n_mels=40)
    return librosa.feature.mfcc(S=librosa.power_to_db(power, top_db=None), n_mfcc=13)[1:]


def _warp(spoken: np.ndarray, talk: np.ndarray) -> np.ndarray:
    """Return for every frame of `spoken` the middle of the frames of `talk` it goes with."""
    _, path = librosa.sequence.dtw(spoken, talk, metric="cosine")
    sums, counts = np.zeros(spoken.shape[1]), np.zeros(spoken.shape[1])
    np.add.at(sums, path[:, 0], path[:, 1])
    np.add.at(counts, path[:, 0], 1)
    return sums / counts
