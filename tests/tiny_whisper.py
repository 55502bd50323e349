"""A real Whisper model, small enough to make in a test, that says what was planted in it.

Its weights are chosen, not trained. Token embeddings are zero, so that the decoder knows nothing but the
position it is at: the position encoding is a direction of its own for each, and the projection gives each
direction to the token planted there. Cross-attention looks from the position of a token at the frame at which
it is planted, so that word times come out as planted too. It hears nothing; all else about it is as in any
converted model: files, special tokens, sizes, int8 weights.

References
----------
A. Radford et al. (2022), "Robust speech recognition via large-scale weak supervision", for the architecture.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

WIDTH = 64
FRAMES = 1500
POSITIONS = 448
FRAME_S = 0.02
FOCUS = 300.0
TURN_S = 10.0
MULTILINGUAL_SIZE = 51_865  # by this size or by the empty token, engines tell that a model is multilingual
LANGUAGES = ("en", "zh", "de", "fr", "es", "ja")
_MARKS = ("<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>")
_TIMES = tuple(f"<|{step * FRAME_S:.2f}|>" for step in range(FRAMES + 1))


def make_whisper(
    folder: Path,
    words: Sequence[tuple[str, float]],
    *,
    end_s: float,
    prompted: Sequence[str] = (),
    prompt_words: int = 0,
    language: str = "en",
    otherwise: Mapping[str, str] = MappingProxyType({}),
) -> Path:
    """Write a model to `folder` that says `words` (text, start_s), the last of them until `end_s`, and return it.

    A word has its blank before it, as Whisper's have; what has none goes on with the word before. After a
    prompt of `prompt_words` words of its own it says `prompted` instead. It takes any speech to be in `language`.
    Of what it may not say, it says what stands for it in `otherwise`.
    """
    from ctranslate2.specs import WhisperSpec  # noqa: PLC0415 - where the extra is not installed tests are skipped

    texts = [text for text, _ in words]
    vocabulary, merges = _vocabulary([*texts, *prompted, *otherwise.values()])
    place = {token: index for index, token in enumerate(vocabulary)}
    planted = {0: f"<|{language}|>", **dict(enumerate(_said(texts, end_s), start=2))}
    if prompted:
        planted |= enumerate(_said(prompted, end_s), start=3 + prompt_words)
    assert len(planted) <= WIDTH, "each position with a token needs a direction"

    spec = WhisperSpec(1, 1, 1, 1)
    _fill(spec, len(vocabulary))
    _plant_tokens(spec, planted, place, {_as_token(text): _as_token(other) for text, other in otherwise.items()})
    directions = {position: index for index, position in enumerate(planted)}
    _plant_times(spec, directions, [*(start_s for _, start_s in words), end_s, end_s])
    folder.mkdir(parents=True)
    _save_model(spec, folder, vocabulary)
    _save_tokenizer(folder, place, merges)
    settings = {"feature_size": 80, "sampling_rate": 16_000, "hop_length": 160, "chunk_length": 30, "n_fft": 400}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def _save_model(spec: Any, folder: Path, vocabulary: list[str]) -> None:
    spec.register_vocabulary(vocabulary)
    spec.config.lang_ids = [vocabulary.index(f"<|{code}|>") for code in LANGUAGES]
    spec.config.alignment_heads = [(0, 0)]
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = [vocabulary.index("<|endoftext|>")]
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))


def _save_tokenizer(folder: Path, place: dict[str, int], merges: list[tuple[str, str]]) -> None:
    import tokenizers  # noqa: PLC0415

    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(vocab=place, merges=merges))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.add_special_tokens([token for token in place if token.startswith("<|")])
    tokenizer.save(str(folder / "tokenizer.json"))


def _said(texts: Sequence[str], end_s: float) -> list[str]:
    return [_TIMES[0], *map(_as_token, texts), _TIMES[round(end_s / FRAME_S)], "<|endoftext|>"]


def _as_token(text: str) -> str:
    """Return `text` with a letter for each byte of it, as GPT-2 and Whisper write their tokens."""
    import tokenizers  # noqa: PLC0415

    return tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(text)[0][0]


def _vocabulary(texts: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return all tokens in Whisper's order, and the merges that make one token of each text."""
    import tokenizers  # noqa: PLC0415

    letters = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    merges = {}
    for token in map(_as_token, texts):
        merges |= {token[:end]: (token[: end - 1], token[end - 1]) for end in range(2, len(token) + 1)}
    special = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in LANGUAGES), *_MARKS, *_TIMES]
    unused = MULTILINGUAL_SIZE - len(letters) - len(merges) - len(special) - 1
    return [*letters, *merges, *(f"unused{index}" for index in range(unused)), "", *special], list(merges.values())


def _plant_tokens(
    spec: Any, planted: Mapping[int, str], place: Mapping[str, int], otherwise: Mapping[str, str]
) -> None:
    """Give each position that says a token a direction of its own, which leads to that token."""
    positions = np.zeros((POSITIONS, WIDTH), np.float32)
    projection = np.zeros((len(place), WIDTH), np.float32)
    for direction, (position, token) in enumerate(planted.items()):
        positions[position, direction] = 1.0
        projection[place[token], direction] = 3.0
        if token in otherwise:
            projection[place[otherwise[token]], direction] = 2.0
    spec.decoder.position_encodings.encodings = positions
    spec.decoder.projection.weight = projection


def _plant_times(spec: Any, directions: Mapping[int, int], times_s: Sequence[float]) -> None:
    """Let each position from which a word is aligned look at the middle of the word.

    Frames are angles, once around in `TURN_S`, each one's cosine and sine in two coordinates; so is what a
    position looks for. The engine aligns words behind four tokens, each word, and the end, from the token before.
    """
    angles = 2.0 * np.pi * FRAME_S / TURN_S * np.arange(FRAMES)
    frames, seeks = np.zeros((FRAMES, WIDTH), np.float32), np.zeros((WIDTH, WIDTH), np.float32)
    frames[:, 0], frames[:, 1] = np.cos(angles), np.sin(angles)
    for position, (start_s, end_s) in enumerate(pairwise(times_s), start=3):
        angle = np.pi * (start_s + end_s) / TURN_S
        seeks[:2, directions[position]] = FOCUS * np.cos(angle), FOCUS * np.sin(angle)
    deviation = np.sqrt(1.0 / WIDTH - 1.0 / WIDTH**2)  # of one position; its norm takes the mean away, too
    attention = spec.decoder.layer[0].attention
    keys = np.zeros((2 * WIDTH, WIDTH), np.float32)
    keys[:2, :2] = np.eye(2)
    spec.encoder.position_encodings.encodings = frames
    attention.linear[0].weight, attention.linear[1].weight = seeks, keys
    attention.linear[0].bias = np.float32(seeks.sum(axis=1) / WIDTH / deviation)


def _fill(spec: Any, size: int) -> None:
    """Set every weight to nothing, and every norm to leave things as they are."""
    zeros = lambda *shape: np.zeros(shape, np.float32)  # noqa: E731
    encoder, decoder = spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = zeros(WIDTH, 80, 3), zeros(WIDTH)
    encoder.conv2.weight, encoder.conv2.bias = zeros(WIDTH, WIDTH, 3), zeros(WIDTH)
    decoder.embeddings.weight = zeros(size, WIDTH)
    layers = [*encoder.layer, *decoder.layer]
    norms = [encoder.layer_norm, decoder.layer_norm]
    for layer in layers:
        for attention in (layer.self_attention, *([layer.attention] if hasattr(layer, "attention") else [])):
            norms.append(attention.layer_norm)
            sizes = [3 * WIDTH, WIDTH] if len(attention.linear) == 2 else [WIDTH, 2 * WIDTH, WIDTH]
            for linear, rows in zip(attention.linear, sizes, strict=True):
                linear.weight, linear.bias = zeros(rows, WIDTH), zeros(rows)
        norms.append(layer.ffn.layer_norm)
        layer.ffn.linear_0.weight, layer.ffn.linear_0.bias = zeros(WIDTH, WIDTH), zeros(WIDTH)
        layer.ffn.linear_1.weight, layer.ffn.linear_1.bias = zeros(WIDTH, WIDTH), zeros(WIDTH)
    for norm in norms:
        norm.gamma, norm.beta = np.ones(WIDTH, np.float32), zeros(WIDTH)
