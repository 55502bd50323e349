"""Mode chop: every note struck by the hook, in turn, in tune and in time; the sampler ends with its sample."""

import json
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from shenqu.documents.song import Hook
from shenqu.documents.speech import Phone, Syllable, Transcript, Word
from shenqu.music.chop import chop, chord_voices, clearest_syllable
from shenqu.music.harmony import chord_tones, harmonize
from shenqu.pipeline.doors import check, sing
from shenqu.pipeline.library import built_in_tune
from shenqu.speech.lines import demo_line
from shenqu.speech.speaker import speak

TUNE = built_in_tune("ode-to-joy")


def syllable(text, start_s, vowel_s=0.2, onset="B"):
    phones = (
        Phone(phone=onset, start_s=start_s, end_s=start_s + 0.05),
        Phone(phone="AA", start_s=start_s + 0.05, end_s=start_s + 0.05 + vowel_s),
    )
    end_s = start_s + 0.05 + vowel_s
    return Syllable(
        text=text, start_s=start_s, vowel_s=start_s + 0.05, vowel_end_s=end_s, end_s=end_s, stress=1, phones=phones
    )


def said(*syllables):
    words = (Word(text=one.text, start_s=one.start_s, end_s=one.end_s, syllables=(one,)) for one in syllables)
    return Transcript(language="en", words=tuple(words))


THREE = said(syllable("a", 0.0), syllable("b", 0.5), syllable("c", 1.0, 0.3))


def test_every_note_is_struck_by_the_hook_in_turn():
    made = chop(TUNE, THREE, Hook(first=1, last=2), transpose=-2)
    assert [(n.onset_beat, n.length_beat, n.pitch) for p in made.placements for n in p.notes] == [
        (note.onset_beat, note.length_beat, note.pitch - 2) for note in TUNE.notes
    ]
    begins = [0] + [
        next(i for i, note in enumerate(TUNE.notes) if note.onset_beat >= end)
        for end in TUNE.phrase_ends
        if any(note.onset_beat >= end for note in TUNE.notes)
    ]
    for first, last in zip(begins, [*begins[1:], len(TUNE.notes)], strict=True):
        assert [p.syllable for p in made.placements[first:last]] == [1 + i % 2 for i in range(last - first)]


def test_a_sampler_ends_with_its_sample_and_names_the_rest():
    made = chop(TUNE, THREE, Hook(first=0, last=0), transpose=0, sound="sampler", pitches=(60.0, 60.0, 60.0))
    notes = sorted((n.onset_beat, n.length_beat) for p in made.placements for n in p.notes)
    assert sum(length for _, length in notes) == sum(note.length_beat for note in TUNE.notes)
    struck = [p.notes[0] for p in made.placements if p.syllable is not None]
    assert len(struck) == len(TUNE.notes)
    assert {note.expression.formant for note in struck if note.pitch == 64} == {4.0}
    longest = {note.pitch: note.length_beat for note in sorted(struck, key=lambda note: note.length_beat)}
    pitches = sorted(longest)
    assert longest[pitches[-1]] <= longest[pitches[0]]  # higher is shorter


def test_the_clearest_syllable_is_the_long_voiced_one():
    assert clearest_syllable(THREE).first == 2
    assert clearest_syllable(THREE, voiced=(1.0, 1.0, 0.2)).first == 0
    assert clearest_syllable(THREE, strikes_db=(0.0, 15.0, 0.0)).first == 1
    hums = said(syllable("ma", 0.0, onset="M"), syllable("ba", 0.5))
    assert clearest_syllable(hums).first == 1


def test_second_voices_sing_tones_of_the_chords_below_the_melody():
    voices = chord_voices(TUNE, (), THREE, Hook(first=0, last=2), transpose=3, count=3)
    chords = TUNE.chords or harmonize(TUNE)
    assert len(voices) == 3 and len({voice.pan for voice in voices}) == 3
    for voice in voices:
        assert voice.level_db == -12.0
        for placement in voice.placements:
            (note,) = placement.notes
            assert placement.syllable == 2 and 0 < note.length_beat <= 2
            chord = next(c for c in chords if c.onset_beat <= note.onset_beat < c.onset_beat + c.length_beat)
            root, _, steps = chord_tones(chord.symbol)
            assert (note.pitch - 3 - root) % 12 in {step % 12 for step in steps}
    assert chord_voices(TUNE, (), THREE, Hook(first=0, last=0), transpose=0, count=0) == ()


@pytest.fixture(scope="module")
def sung(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chop")
    spoken = speak(demo_line("en"))
    soundfile.write(folder / "line.wav", spoken.audio.mono, spoken.audio.rate)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHENQU_CACHE", str(folder / "cache"))
        text = " ".join(word.text for word in demo_line("en"))
        yield sing(
            folder / "line.wav", "ode-to-joy", out=folder / "song.wav", stems=folder / "stems", text=text, mode="chop"
        )


def test_a_chopped_song_is_in_tune_and_in_time(sung, tmp_path, monkeypatch):
    monkeypatch.setenv("SHENQU_CACHE", str(tmp_path))
    checked = check(sung.document)
    assert checked.rpa50 >= 0.98
    assert checked.onset_30 >= 0.9
    assert checked.clicks == 0


def test_captions_show_the_syllable(sung):
    stems = sung.out.parent / "stems"
    document = json.loads(sung.document.read_text())
    text = sung.song.transcript.syllables[sung.song.hook.first].text.strip(" ,.?!")
    assert text in (stems / "captions.ass").read_text()
    assert document["hook"]["first"] == document["hook"]["last"]


def test_long_vowels_do_not_tick(sung):
    """The level of a held vowel goes on: where a loop began again it would step."""
    vocal, rate = soundfile.read(sung.out.parent / "stems" / "vocal.wav")
    rows = json.loads((sung.out.parent / "stems" / "time_map.json").read_text())["time_map"]
    held = [(after[0] - before[0], before[0]) for before, after in pairwise(rows) if after[1] > before[1]]
    length_s, start_s = max(held)
    assert length_s > 0.8
    part = vocal[round((start_s + 0.1 * length_s) * rate) : round((start_s + 0.65 * length_s) * rate)]
    hop = round(0.02 * rate)
    level = np.sqrt(np.mean(np.square(part[: len(part) // hop * hop].reshape(-1, hop)), axis=1))
    level_db = 20 * np.log10(level + 1e-6)
    assert np.abs(np.diff(level_db)).max() < 3.0
