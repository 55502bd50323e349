"""The choices a user has: each default, unit, limit and help text is written here, once.

The command line, the Python call and the song document all read these fields.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from cyclopts import Parameter
from msgspec import Meta

from shenqu.documents.audio import Channel
from shenqu.documents.speech import LONGEST_S

Style = Literal["natural", "hard"]
VoiceEngine = Literal["world", "psola"]
Mode = Literal["phrase", "flow", "lyrics", "chop"]
ChopSound = Literal["tuned", "sampler"]
Grid = Literal["8", "16", "triplets"]
Form = Literal["tune", "short", "classic", "songify", "base"]
Loudness = Literal["platform", "genre"]
Figures = Literal["none", "few", "many"]
Together = Literal["pool", "answer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsOptions:
    """What is said in a recording. Every field has the same default in the command line and in Python."""

    text: Annotated[str | tuple[str, ...] | None, Parameter(name="--text", negative="")] = None
    """The words, or a file of them: .txt .srt .vtt .ass .lrc .TextGrid .json. Without it syllables are found by ear.
    Of several recordings: once for each, in their order ("" for one by ear), or once for all."""

    language: Annotated[str | None, Parameter(name="--language")] = None
    """Language of the words, as a code: en zh yue ja ko es de fr pt it hi, or with the extra espeak any that it speaks.
    Default: told from the script."""

    recognise: Annotated[bool, Parameter(name="--recognise", negative="")] = False
    """Listen for the words, where they are not known (needs the extra whisper, which fetches a model once)."""

    model: Annotated[str | None, Parameter(name="--model")] = None
    """With --recognise: the Whisper model, from tiny to large-v3, an id on the Hugging Face hub, or a folder.
    Default: small."""

    prompt: Annotated[str | None, Parameter(name="--prompt")] = None
    """With --recognise: names and words that are likely to be said, spelled as they should be."""

    start_s: Annotated[float, Parameter(name="--start"), Meta(ge=0, le=LONGEST_S)] = 0.0
    """Where in the recording to begin, in seconds."""

    end_s: Annotated[Annotated[float, Meta(gt=0, le=LONGEST_S)] | None, Parameter(name="--end")] = None
    """Where in the recording to stop, in seconds. Default: its end."""

    speaker: Annotated[Channel | None, Parameter(name="--speaker")] = None
    """Of two people in two channels, the one to hear: left or right. Default: both channels together."""

    clean: Annotated[bool, Parameter(name="--clean", negative="")] = False
    """Take steady noise down before listening (needs the extra clean). The voice is sung from the recording as is."""

    @property
    def one_text(self) -> str | None:
        """The words of one recording."""
        assert not isinstance(self.text, tuple), "several texts are those of several recordings"
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class SingOptions(WordsOptions):
    """How a song is made: the words, and what becomes of them."""

    track: Annotated[str | None, Parameter(name="--track")] = None
    """Which part of a score is the melody: its name, or its number from 1. Default: found."""

    tune_lyrics: Annotated[str | None, Parameter(name="--tune-lyrics")] = None
    """Words of the tune with times (.lrc): laid on its notes, and their lines are its phrases."""

    mode: Annotated[Mode, Parameter(name="--mode")] = "phrase"
    """phrase: each note of the tune gets a syllable; flow: the speech keeps its rhythm, the tune gives the pitch;
    lyrics: new words (--lyrics); chop: one syllable, or the words that --hook names, plays the tune."""

    lyrics: Annotated[str | None, Parameter(name="--lyrics")] = None
    """New words to sing, or a file of them, a line a phrase: built from the sounds of the speech, whose own words must
    be known. With it the mode is lyrics."""

    chop_sound: Annotated[ChopSound, Parameter(name="--chop-sound")] = "tuned"
    """In mode chop: tuned (the speaker's own sound, held as long as the note), or sampler (a smaller voice where it is
    higher, and over when the sample is)."""

    chord_voices: Annotated[int, Parameter(name="--chord-voices"), Meta(ge=0, le=3)] = 2
    """In mode chop: how many second voices sing the chords under the refrain, 0 to 3."""

    together: Annotated[Together, Parameter(name="--together")] = "pool"
    """Of several recordings: pool (one after the other, a share each), or answer (by turns, each a phrase)."""

    grid: Annotated[Grid, Parameter(name="--grid")] = "16"
    """In mode flow: the steps that vowels are pulled onto: 8ths, 16ths, or triplets of 8ths."""

    grid_strength: Annotated[float, Parameter(name="--grid-strength"), Meta(ge=0, le=1)] = 1.0
    """In mode flow: how far vowels are pulled onto the grid, from 0 (their own rhythm) to 1."""

    style: Annotated[Style, Parameter(name="--style")] = "natural"
    """natural: glide, small overshoot, vibrato on long notes; hard: flat, the genre's own sound."""

    engine: Annotated[VoiceEngine, Parameter(name="--engine")] = "world"
    """What makes the voice: world (spectra of it), or psola (its own periods, laid down anew; faster)."""

    key: Annotated[int, Parameter(name="--key"), Meta(ge=-24, le=24)] = 0
    """Semitones up or down from the key that suits the speaker."""

    tempo_bpm: Annotated[Annotated[float, Meta(gt=0)] | None, Parameter(name="--tempo")] = None
    """Quarter notes a minute at the start, within 2/3 and 3/2 of the tune's. Default: chosen for the speech."""

    form: Annotated[Form, Parameter(name="--form")] = "tune"
    """tune: the tune once, as it is written. The others take it apart: short (hook, verse, build, hook), classic
    (intro, two verses, three hooks), songify (two verses, a bridge, four hooks), base (quotes, hooks in pairs)."""

    hook: Annotated[str | None, Parameter(name="--hook")] = None
    """Words of the speech that the song comes back to, as "are you ok". With another --seed another take of them.
    Default: found."""

    length_s: Annotated[Annotated[float, Meta(gt=0, le=LONGEST_S)] | None, Parameter(name="--length")] = None
    """Upper limit of the song's length in seconds; it ends with a musical phrase. Default: the form once."""

    band: Annotated[str, Parameter(name="--band")] = "auto"
    """The backing: a style's name, a style's file (.toml), score (the tune file's other parts), or none.
    auto: score where there is one, else the style that suits the tune's metre and tempo."""

    harmony: Annotated[str, Parameter(name="--harmony")] = "tune"
    """Chords under the tune: tune (its own, found where it has none), new (the style's own cycle, where the notes
    allow), or a cycle in Roman numerals, a bar each, as "vi IV I V"."""

    soundfont: Annotated[str | None, Parameter(name="--soundfont")] = None
    """A soundfont (.sf2) that plays the band (needs the extra soundfont). Default: our own synthesiser."""

    backing: Annotated[str | None, Parameter(name="--backing")] = None
    """A recording that plays in place of the band, in the song's key. Without --tempo the song takes its tempo."""

    backing_bpm: Annotated[Annotated[float, Meta(ge=20, le=400)] | None, Parameter(name="--backing-tempo")] = None
    """The backing's tempo, in quarter notes a minute. Default: found."""

    backing_beat_s: Annotated[Annotated[float, Meta(ge=0)] | None, Parameter(name="--backing-beat")] = None
    """Where in the backing its first bar line lies, in seconds. Default: found."""

    figures: Annotated[Figures, Parameter(name="--figures")] = "few"
    """Stutters, echoes, answers, drums and second voices made of the speech, beside the lead: none, few or many."""

    voice_level_db: Annotated[float, Parameter(name="--voice-level"), Meta(ge=-24, le=24)] = 0.0
    """Voice against band, in decibels more or less than usual."""

    loudness: Annotated[Loudness, Parameter(name="--loudness")] = "platform"
    """How loud the song is: platform (-14 LUFS, as YouTube plays), or genre (-9, as such songs are made)."""

    picture: Annotated[str | None, Parameter(name="--picture")] = None
    """16:9, 9:16, 1:1, WIDTHxHEIGHT, or none. Default: as the recording."""

    captions: Annotated[bool, Parameter(name="--captions", negative="--no-captions")] = True
    """Karaoke captions in the picture."""

    seed: Annotated[int, Parameter(name="--seed"), Meta(ge=0)] = 0
    """Another seed, another take of everything that is left to chance."""
