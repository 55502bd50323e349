"""Speech recognition with Whisper, run by faster-whisper (CTranslate2) on the processor.

The model is loaded when something is to be recognised, and not before. It is looked for on this machine first and
fetched only where it is missing. Nothing is left to chance: beam search at temperature 0, no retry with a random
temperature, and no window of sound is told the words of the one before, which is what makes Whisper loop. Numbers
are written in words, because only these tell how they are said.

References
----------
A. Radford et al. (2022), "Robust speech recognition via large-scale weak supervision".
SYSTRAN/faster-whisper 1.2: `WhisperModel.transcribe`; its voice activity filter is silero-vad.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from shenqu.documents.audio import Samples
from shenqu.documents.cues import columns
from shenqu.documents.recognised import Segment
from shenqu.documents.speech import Cue
from shenqu.errors import InputError, ShenquWarning, ToolError

USUAL_MODEL = "small"
_FILES = ("model.bin", "config.json", "tokenizer.json")
_DOWNLOAD_MB = {
    "tiny": 75, "base": 145, "small": 484, "medium": 1530, "large": 3090, "turbo": 1620,
    "distil-small": 332, "distil-medium": 789, "distil-large": 1510,
}  # fmt: skip
_MOST_THREADS = 8
_NUMERALS = frozenset("0123456789%$£€")
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_SETTINGS = {
    "task": "transcribe",
    "beam_size": 5,
    "temperature": 0.0,
    "condition_on_previous_text": False,
    "word_timestamps": True,
    "vad_filter": True,
}


class WhisperRecogniser:
    """Recognises speech with the Whisper model called `model`: a size, an id on the Hugging Face hub, or a folder.

    Raises `InputError` where faster-whisper is not installed.
    """

    def __init__(self, model: str | None = None) -> None:
        """Choose the model; it is not loaded yet."""
        if importlib.util.find_spec("faster_whisper") is None:
            raise InputError(
                "recognition needs faster-whisper, which is not installed: pip install 'shenqu[whisper]'; "
                "or give the words with --text"
            )
        self.model = model or USUAL_MODEL

    @property
    def identity(self) -> str:
        """The model's name, or its folder and the state of its files; the version and the settings it runs with."""
        version = importlib.metadata.version("faster-whisper")
        folder = Path(self.model)
        states = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in map(folder.joinpath, _FILES)
                  if path.is_file()]  # fmt: skip
        name = str(folder.resolve()) if states else self.model
        return f"faster-whisper {version} {name} {states} {sorted(_SETTINGS.items())} int8"

    def recognise(self, samples: Samples, *, language: str | None, prompt: str | None) -> Iterator[Segment]:
        """Yield what is said in mono `samples` (shape (samples,), 16 kHz), segment by segment.

        Raises `InputError` where the model cannot be had or loaded, or does not know the `language`.
        """
        model = self._whisper
        code = _known_language(model, language, self.model) if language else None
        try:
            segments, heard = model.transcribe(
                samples, language=code, initial_prompt=prompt, suppress_tokens=[-1, *_numerals(model)], **_SETTINGS
            )
            for segment in segments:
                yield Segment(
                    words=tuple(_whole_words(segment.words or ())),
                    language=heard.language,
                    no_speech=float(segment.no_speech_prob),
                    log_probability=float(segment.avg_logprob),
                )
        except (RuntimeError, ValueError) as error:
            raise ToolError(f"the model {self.model} failed: {_first_line(error)}; try another --model") from error

    @cached_property
    def _whisper(self) -> Any:
        """Return the model, loaded."""
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        from faster_whisper import WhisperModel  # noqa: PLC0415 - an extra, and slow to load

        folder = _model_folder(self.model)
        missing = [name for name in _FILES if not (folder / name).is_file()]
        if missing:
            raise InputError(f"{folder}: is no model for faster-whisper, it lacks {', '.join(missing)}; give another")
        threads = min(_MOST_THREADS, os.cpu_count() or 1)
        try:
            return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=threads)
        except Exception as error:  # the tokenizer's own errors have no other kind
            raise InputError(
                f"{folder}: the model cannot be loaded ({_first_line(error)}); fetch it anew, or give another"
            ) from error


def _numerals(model: Any) -> list[int]:
    """Return the tokens with digits and money in them: without these the model writes numbers as they are said."""
    tokenizer = model.hf_tokenizer
    names = (tokenizer.id_to_token(number) or "" for number in range(tokenizer.token_to_id("<|endoftext|>")))
    return [number for number, name in enumerate(names) if not _NUMERALS.isdisjoint(name)]


def _known_language(model: Any, language: str, name: str) -> str:
    code = language.lower().split("-")[0]
    in_model = not model.model.is_multilingual or model.hf_tokenizer.token_to_id(f"<|{code}|>") is not None
    if code not in model.supported_languages or not in_model:
        raise InputError(f"--language {language}: the model {name} does not know it; leave it out, or give another")
    return code


def _whole_words(pieces: Iterable[Any]) -> Iterator[Cue]:
    """Yield words with times; pieces of one word, as Latin letters in Chinese text come, are put together."""
    word: Cue | None = None
    for piece in pieces:
        text = piece.word.strip()
        if word and not piece.word.startswith(" ") and columns(word.text[-1:]) == columns(text[:1]) == 1:
            word = word.replace(text=word.text + text, end_s=float(piece.end))
            continue
        if word:
            yield word
        word = Cue(text=text, start_s=float(piece.start), end_s=float(piece.end))
    if word:
        yield word


def _model_folder(model: str) -> Path:
    """Return where the model lies: the folder itself, else what the hub keeps on this machine, else fetched now."""
    from faster_whisper import available_models, download_model  # noqa: PLC0415

    if Path(model).is_dir():
        return Path(model)
    if model not in available_models() and (not _HUB_ID.fullmatch(model) or model.startswith((".", "/"))):
        sizes = ", ".join(available_models())
        raise InputError(f"--model {model}: no folder, and no size of Whisper; the sizes are {sizes}")
    with suppress(OSError, ValueError):
        kept = Path(download_model(model, local_files_only=True))
        if (kept / "model.bin").is_file():
            return kept
    return _fetched(model)


def _fetched(model: str) -> Path:
    """Fetch a model from the hub, after a word about it."""
    from faster_whisper import download_model  # noqa: PLC0415
    from huggingface_hub.constants import HF_HUB_CACHE, HF_HUB_OFFLINE  # noqa: PLC0415

    if not HF_HUB_OFFLINE:
        what = f"fetching the Whisper model {model}{_size(model)} from the Hugging Face hub, once"
        warnings.warn(f"{what}; it is kept in {HF_HUB_CACHE}", ShenquWarning, stacklevel=2)
    try:
        return Path(download_model(model))
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"the Whisper model {model} is not on this machine and could not be fetched ({_why(error)}); run once "
            "with a network, or give a folder that holds one with --model, or the words with --text"
        ) from error


def _size(model: str) -> str:
    """Return about how large a model is, where that is known.

    >>> _size("small.en"), _size("large-v3"), _size("large-v3-turbo"), _size("somebody/model")
    (' (about 484 MB)', ' (about 3090 MB)', ' (about 1620 MB)', '')
    """
    name = model.removesuffix(".en")
    sizes = [size for known, size in _DOWNLOAD_MB.items() if name == known or name.startswith(f"{known}-v")]
    sizes += [_DOWNLOAD_MB["turbo"]] if name.endswith("-turbo") else []
    return f" (about {sizes[-1]} MB)" if sizes else ""


def _why(error: Exception) -> str:
    from huggingface_hub.errors import LocalEntryNotFoundError, RepositoryNotFoundError  # noqa: PLC0415

    if isinstance(error, RepositoryNotFoundError):
        return "the hub knows no such model"
    if isinstance(error, LocalEntryNotFoundError | ConnectionError):
        return "the hub cannot be reached"
    return _first_line(error)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:160]
