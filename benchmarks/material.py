"""What is sung in the benches: recordings and tunes."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import soundfile

from shenqu.speech.lines import demo_line
from shenqu.speech.speaker import speak

SPEECHES = ("jfk-inaugural.flac", "fdr-infamy.mp3", "jfk-moon.mp3", "libri_61-70968-0000.flac")
MADE = ("flite_rms_01", "flite_rms_05", "flite_slt_04", "flite_slt_08")
FILMS = ("grid_bbaf2n", "grid_lrwp9a", "grid_pwij3p")
BUILT_IN = ("ode-to-joy", "yankee-doodle")
UNSUNG = ("stereo_two_talkers", "whisper2", "mfa_laughter")  # two people at once, no voice, laughter between words
LABELLED = ("flite_rms_01", "flite_slt_04")
ALL_BUILT_IN = ("ode-to-joy", "yankee-doodle", "korobeiniki", "jasmine-flower")
LANGUAGES = {"simplicissimus_de": "de", "common_voice_ja_24511055": "ja"}
SPEAKERS = (("man", "en", 110.0), ("woman", "en", 205.0), ("mandarin", "zh", 160.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording, its words as `--text` takes them, and its vowel onsets in seconds where somebody marked them."""

    name: str
    path: Path
    text: str
    labels: Path | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Everything that is measured; `folder` holds the outside data, None where there is none."""

    folder: Path | None
    recordings: tuple[Recording, ...]
    tunes: tuple[str, ...]


def find_material(workshop: Path) -> Material:
    """Return the outside data if SHENQU_DATA names it, else speech that our own speaker says into `workshop`."""
    given = os.environ.get("SHENQU_DATA")
    if not given:
        return Material(folder=None, recordings=_spoken(workshop), tunes=BUILT_IN)
    folder = Path(given)
    melodies = (folder / "tunes/four_tempi.mid", folder / "tunes/miss_galvins.mid")
    return Material(folder=folder, recordings=_recorded(folder), tunes=(*BUILT_IN, *map(str, melodies)))


def find_singing(material: Material) -> Material:
    """Return what is sung: every speech that has a text, two with marked vowels, and more tunes.

    Without outside data it is what our own speaker says.
    """
    if material.folder is None:
        return replace(material, tunes=ALL_BUILT_IN)
    speech, made = material.folder / "speech", material.folder / "made"
    texts = [path for path in sorted(speech.glob("*.txt")) if path.stem not in UNSUNG]
    spoken = [_labelled(next(path.parent.glob(f"{path.stem}.[!t]*")), material.folder) for path in texts]
    spoken += [_beside(made / f"{name}.flac", labels=made / f"{name}.vowels.txt") for name in LABELLED]
    melodies = material.tunes[len(BUILT_IN) :]
    return replace(material, recordings=tuple(spoken), tunes=(*ALL_BUILT_IN, *melodies))


def _labelled(path: Path, folder: Path) -> Recording:
    """Return the recording at `path`, with the vowels that somebody marked."""
    labels = folder / "text" / f"{path.stem.replace('_slt', '')}.vowels.txt"
    return _beside(path, labels=labels if labels.exists() else None)


def _recorded(folder: Path) -> tuple[Recording, ...]:
    speech = folder / "speech"
    found = [_beside(speech / name) for name in SPEECHES]
    found.append(_beside(speech / "arctic_slt_a0009.wav", labels=folder / "text/arctic_a0009.vowels.txt"))
    found.append(_beside(speech / "aishell_BAC009S0724W0121.wav"))
    lines = str(folder / "text/sonnet001.srt")
    found.append(Recording(name="sonnet001", path=speech / "sonnet001.mp3", text=lines))
    found += [_beside(folder / f"made/{name}.flac", labels=folder / f"made/{name}.vowels.txt") for name in MADE]
    found += [_beside(folder / f"video/{name}.mpg") for name in FILMS]
    return tuple(found)


def _beside(path: Path, labels: Path | None = None) -> Recording:
    """Return the recording at `path`, whose words stand beside it; years and days are written out."""
    text = path.with_suffix(".txt").read_text(encoding="utf-8").strip()
    text = text.replace("December 7, 1941", "December seventh, nineteen forty-one")
    return Recording(name=path.stem, path=path, text=text, labels=labels, language=LANGUAGES.get(path.stem))


def _spoken(workshop: Path) -> tuple[Recording, ...]:
    recordings = []
    for name, language, pitch_hz in SPEAKERS:
        line = demo_line(language)
        spoken = speak(line, language=language, pitch_hz=pitch_hz)
        path, labels = workshop / f"{name}.wav", workshop / f"{name}.vowels.txt"
        soundfile.write(path, spoken.audio.mono, spoken.audio.rate)
        labels.write_text("\n".join(str(syllable.vowel_s) for syllable in spoken.transcript.syllables))
        text = ("" if language == "zh" else " ").join(word.text for word in line)
        recordings.append(Recording(name=name, path=path, text=text, labels=labels))
    return tuple(recordings)
