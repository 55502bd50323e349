"""Known text to times: planted pauses, words that are missing, windows, cues; and real speech where there is some."""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from shenqu.documents.audio import LongSound
from shenqu.documents.speech import Cue, Phone
from shenqu.engines.pocketsphinx_aligner import PocketsphinxAligner, pronunciations
from shenqu.errors import InputError, ShenquWarning
from shenqu.speech.align import align
from shenqu.speech.phones import VOWELS, syllable_starts
from shenqu.speech.reading import read_text
from shenqu.speech.speaker import SpokenSyllable, speak
from shenqu.speech.speaker import SpokenWord as SaidWord

RATE = 16_000
PHONES = VOWELS | frozenset({*"BDFGKLMNPRSTVWYZ", "CH", "DH", "HH", "JH", "NG", "SH", "TH", "ZH"})
DATA = Path(os.environ.get("SHENQU_DATA", "/nonexistent"))
needs_data = pytest.mark.skipif("SHENQU_DATA" not in os.environ, reason="SHENQU_DATA names no folder of recordings")


class PlantedAligner:
    """Hears each word where it was planted: one a second from `first_s` on, half a second long."""

    rate = RATE
    sounds = (*sorted(PHONES), "SIL")

    def __init__(self, words, *, first_s=1.0, refuses=(), longest=99):
        self.places = {word: first_s + index for index, word in enumerate(words)}
        self.refuses, self.longest = set(refuses), longest
        self.windows = []

    def fit(self, samples):
        frames = samples[:: RATE // 100]
        fit = np.full((len(frames), len(self.sounds)), -9.0, dtype=np.float32)
        fit[:, self.sounds.index("SIL")] = 0.0
        for word, place in self.places.items():
            for index, phone in enumerate(word):
                step = 0.5 / len(word)
                inside = (frames >= place + index * step - 1e-4) & (frames < place + (index + 1) * step - 1e-4)
                fit[inside] = -9.0
                fit[inside, self.sounds.index(phone)] = 0.0
        return fit

    def find_words(self, samples, words):
        start_s = float(samples[0]) if samples.size else 0.0
        end_s = start_s + samples.size / RATE
        self.windows.append((round(start_s, 3), round(end_s, 3)))
        rows = []
        for index, word in enumerate(words):
            place = self.places.get(word[0])
            if place is not None and start_s <= place and place + 0.5 <= end_s:
                rows.append((index, 0, place - start_s, place + 0.5 - start_s))
        return tuple(rows)

    def find_phones(self, samples, words):
        if self.refuses & set(words) or len(words) > self.longest:
            return ()
        start_s = float(samples[0])
        return tuple(self._phones(word, self.places[word] - start_s) for word in words)

    def _phones(self, word, start_s):
        step = 0.5 / len(word)
        return tuple(
            Phone(phone=phone, start_s=start_s + index * step, end_s=start_s + (index + 1) * step)
            for index, phone in enumerate(word)
        )


class Clock:
    """A sound of any length that only parts are heard of: its samples tell their own time."""

    rate = RATE

    def __init__(self, duration_s):
        self.duration_s = duration_s
        self.longest_s = 0.0

    def part(self, start_s, end_s):
        first, last = (round(min(max(0.0, time_s), self.duration_s) * RATE) for time_s in (start_s, end_s))
        self.longest_s = max(self.longest_s, (last - first) / RATE)
        return (np.arange(first, last) / RATE).astype(np.float32)


def planted(text, seconds, *, cues=None, aligner=None, **options):
    cues = cues or [Cue(text=text)]
    words = read_text(cues, lexicon=pronunciations)
    aligner = aligner or PlantedAligner([word.pronunciations[0] for word in words])
    sound = Clock(seconds)
    transcript = align(sound, words, cues=cues, language="en", aligner=aligner, **options)
    assert sound.longest_s <= 90.03, "only parts are asked for"
    return transcript, aligner


NAMES = "alpha bravo charlie delta foxtrot hotel india juliet kilo lima november oscar papa sierra tango victor whiskey"
LONG = NAMES + " zulu banana orange lemon cherry apple melon peach grape mango berry river mountain window table"


def check(transcript):
    last_s = -1.0
    for word in transcript.words:
        if not word.heard:
            assert word.confidence == 0.0
            continue
        assert 0.0 <= word.confidence <= 1.0
        assert "".join(syllable.text for syllable in word.syllables) == word.text
        assert word.start_s == word.syllables[0].start_s and word.end_s == word.syllables[-1].end_s
    for syllable in transcript.syllables:
        assert last_s <= syllable.start_s <= syllable.vowel_s < syllable.vowel_end_s <= syllable.end_s
        assert syllable.vowel_end_s - syllable.vowel_s >= 0.0199
        assert [phone for phone in syllable.phones if phone.phone in VOWELS]
        last_s = syllable.end_s


def test_planted_words_come_back_where_they_were():
    transcript, _ = planted(NAMES, 19.0)
    check(transcript)
    assert [word.text for word in transcript.words] == NAMES.split()
    assert [word.start_s for word in transcript.words] == pytest.approx([1.0 + index for index in range(17)])


def test_long_speech_is_heard_in_windows_that_meet():
    transcript, aligner = planted(LONG, 130.0)
    check(transcript)
    assert len(transcript.heard_words) == len(LONG.split())
    assert all(end - start <= 16.0 for start, end in aligner.windows) and len(aligner.windows) > 1


def test_the_offset_moves_everything():
    transcript, _ = planted("alpha bravo", 4.0, offset_s=100.0)
    assert transcript.words[1].start_s == pytest.approx(102.0)
    assert transcript.syllables[0].phones[0].start_s == transcript.syllables[0].start_s


def test_only_what_is_needed_is_heard():
    transcript, aligner = planted(LONG, 120.0, enough_syllables=6)
    check(transcript)
    assert 6 <= len(transcript.syllables) < 40
    assert max(end for _, end in aligner.windows) < 60.0


def test_a_word_that_the_aligner_refuses_stays_where_it_was_matched():
    words = read_text([Cue(text=NAMES)], lexicon=pronunciations)
    aligner = PlantedAligner([word.pronunciations[0] for word in words], refuses=[words[5].pronunciations[0]])
    transcript, _ = planted(NAMES, 19.0, aligner=aligner)
    assert transcript.words[5].start_s == pytest.approx(6.0, abs=0.03)
    assert len(transcript.heard_words) == 17


def test_words_that_are_not_said_have_no_times():
    said = read_text([Cue(text=NAMES.replace("hotel india ", ""))], lexicon=pronunciations)
    aligner = PlantedAligner([word.pronunciations[0] for word in said])
    with pytest.warns(ShenquWarning, match=r'2 of 17 words were not heard \("hotel", "india"\)'):
        transcript, _ = planted(NAMES, 19.0, aligner=aligner)
    check(transcript)
    assert [word.text for word in transcript.words] == NAMES.split()
    assert [word.text for word in transcript.words if not word.heard] == ["hotel", "india"]


def test_a_chunk_that_is_too_much_is_halved():
    words = read_text([Cue(text=NAMES)], lexicon=pronunciations)
    aligner = PlantedAligner([word.pronunciations[0] for word in words], longest=1)
    transcript, _ = planted(NAMES, 19.0, aligner=aligner)
    assert len(transcript.words) == 17


def test_a_text_longer_than_the_speech_is_said():
    with pytest.warns(ShenquWarning, match="longer than the speech"):
        transcript, _ = planted(NAMES, 6.0)
    assert [word.text for word in transcript.heard_words] == NAMES.split()[:5]
    assert len(transcript.words) == 17


def test_a_text_that_is_not_said_at_all_is_refused():
    with pytest.raises(InputError, match="does not fit"):
        planted("alpha", 5.0, aligner=PlantedAligner([]))


def test_cues_tell_where_to_look():
    cues = [Cue(text="alpha bravo", start_s=101.0, end_s=102.6), Cue(text="charlie", start_s=110.0, end_s=None)]
    cues.append(Cue(text="delta", start_s=300.0, end_s=301.0))
    words = read_text(cues, lexicon=pronunciations)
    aligner = PlantedAligner([word.pronunciations[0] for word in words])
    aligner.places[words[2].pronunciations[0]] = 10.5
    transcript, _ = planted("", 20.0, cues=cues, aligner=aligner, offset_s=100.0)
    assert [word.start_s for word in transcript.words] == pytest.approx([101.0, 102.0, 110.5])
    assert all(end - start < 6.0 for start, end in aligner.windows)


def test_cues_outside_the_part_are_refused():
    with pytest.raises(InputError, match="no subtitle lies"):
        planted("", 5.0, cues=[Cue(text="alpha", start_s=50.0, end_s=51.0)])


def test_hyphenated_words_become_one_again():
    transcript, _ = planted("forty-one alpha", 6.0)
    assert [word.text for word in transcript.words] == ["forty-one", "alpha"]
    assert [syllable.text for syllable in transcript.words[0].syllables] == ["for", "ty-", "one"]


def test_stress_is_estimated():
    transcript, _ = planted("the banana", 4.0)
    assert [syllable.stress for syllable in transcript.syllables] == [0, 0, 1, 0]


def test_the_engine_takes_any_sound():
    aligner = PocketsphinxAligner()
    alpha = pronunciations("alpha")
    for samples in (np.zeros(0, np.float32), np.zeros(50, np.float32), np.full(RATE, 2.0, np.float32)):
        assert len(aligner.find_words(samples, [alpha])) <= 1
        assert len(aligner.find_phones(samples, [alpha[0]])) <= 1
        assert aligner.fit(samples).shape == (max(0, (samples.size - 410) // 160 + 1), 40)


SENTENCES = [
    "the river runs under the old stone bridge,",
    "seven brown horses drink water in the evening.",
    "my sister paints green windows on paper,",
    "nobody knows where the yellow boat went.",
    "a small bird sings before the morning comes,",
    "we carried heavy baskets up the mountain.",
    "the doctor reads letters from his daughter,",
    "cold wind blows over the empty market.",
    "children jump across the muddy garden,",
    "please open the door and turn on the light.",
]


def say(text, **options):
    """Return the text spoken by the project's own speaker, with its exact times."""
    words = []
    for word in read_text([Cue(text=text)], lexicon=pronunciations):
        phones = word.pronunciations[0]
        edges = [*syllable_starts(phones), len(phones)]
        parts = [SpokenSyllable(text=word.text, phones=phones[a:b]) for a, b in pairwise(edges)]
        words.append(SaidWord(text=word.text, syllables=tuple(parts)))
    return speak(words, sample_rate=RATE, **options)


def listen(samples, text, **options):
    cues = options.pop("cues", [Cue(text=text)])
    words = read_text(cues, lexicon=pronunciations)
    sound = LongSound(pcm=np.round(np.clip(samples, -1.0, 1.0) * 32767.0).astype(np.int16), rate=RATE)
    return align(sound, words, cues=cues, language="en", aligner=PocketsphinxAligner(), **options)


def starts(spoken, *, later_s=0.0):
    return [word.start_s + later_s for word in spoken.transcript.words]


def assert_near(words, expected, *, most_s=0.15, share=1.0):
    """Hold that words were heard where they were said, a `share` of them."""
    near = [word.heard and abs(word.start_s - start_s) <= most_s for word, start_s in zip(words, expected, strict=True)]
    assert np.mean(near) >= share, [word.text for word, good in zip(words, near, strict=True) if not good]


@pytest.mark.parametrize("times", [3, 4, 8])
@pytest.mark.parametrize("end", [" ", ", "])
def test_repeated_words_stay_apart(times, end):
    text = ("are you OK" + end) * times
    spoken = say(text)
    transcript = listen(spoken.audio.mono, text)
    assert_near(transcript.words, starts(spoken))


@pytest.mark.parametrize("end", [" ", ", "])
def test_one_repetition_too_many_in_the_text_takes_no_place(end):
    spoken = say(("are you OK" + end) * 4)
    with pytest.warns(ShenquWarning, match="3 of 15 words were not heard"):
        transcript = listen(spoken.audio.mono, ("are you OK" + end) * 5)
    assert_near(transcript.heard_words, starts(spoken))


@pytest.mark.parametrize("end", [" ", ", "])
def test_one_repetition_too_few_in_the_text_leaves_one_out(end):
    spoken = say(("are you OK" + end) * 5)
    transcript = listen(spoken.audio.mono, ("are you OK" + end) * 4)
    said = np.array(starts(spoken))
    places = [int(np.abs(said - word.start_s).argmin()) for word in transcript.heard_words]
    assert len(places) == 12 and sorted(set(places)) == places
    assert [place % 3 for place in places] == [0, 1, 2] * 4
    assert max(abs(said[place] - word.start_s) for place, word in zip(places, transcript.words, strict=True)) < 0.1


def test_a_text_that_begins_before_the_recording_is_found():
    spoken = say(" ".join(SENTENCES[5:]))
    before = len(" ".join(SENTENCES[:5]).split())
    with pytest.warns(ShenquWarning, match="not heard"):
        transcript = listen(spoken.audio.mono, " ".join(SENTENCES))
    assert sum(word.heard and word.confidence > 0.5 for word in transcript.words[:before]) <= 2
    assert_near(transcript.words[before:], starts(spoken), share=0.95)


def test_lines_that_are_not_said_take_no_others_with_them():
    spoken = say(" ".join(SENTENCES[:3] + SENTENCES[6:]))
    first, last = (len(" ".join(SENTENCES[:count]).split()) for count in (3, 6))
    with pytest.warns(ShenquWarning, match="the text differs from the speech"):
        transcript = listen(spoken.audio.mono, " ".join(SENTENCES))
    assert sum(word.heard and word.confidence > 0.5 for word in transcript.words[first:last]) <= 2
    assert_near((*transcript.words[:first], *transcript.words[last:]), starts(spoken), share=0.95)


def noise(seconds):
    return 0.1 * np.random.default_rng(3).standard_normal(int(seconds * RATE)).astype(np.float32)


@pytest.mark.parametrize(
    "between", [noise(20), say(" ".join(SENTENCES[6:8])).audio.mono, np.zeros(40 * RATE, np.float32)],
    ids=["noise", "talk", "silence"],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:.* 1 of 45 words:shenqu.errors.ShenquWarning")  # one beside the gap may be lost
def test_sound_that_is_not_in_the_text_takes_no_words_with_it(between):
    before, after = say(" ".join(SENTENCES[:3])), say(" ".join(SENTENCES[3:6]))
    samples = np.concatenate([before.audio.mono, between, after.audio.mono])
    transcript = listen(samples, " ".join(SENTENCES[:6]))
    later_s = (before.audio.mono.size + between.size) / RATE
    assert_near(transcript.words, [*starts(before), *starts(after, later_s=later_s)], share=0.95)


def test_a_cue_that_the_part_cuts_is_warned_of_no_word_before_it():
    spoken = say(" ".join(SENTENCES[:2]))
    at = spoken.transcript.words[8]
    cues = [
        Cue(text=SENTENCES[0], start_s=0.0, end_s=at.start_s),
        Cue(text=SENTENCES[1], start_s=at.start_s, end_s=9.0),
    ]
    cut_s = spoken.transcript.words[3].start_s - 0.02
    transcript = listen(spoken.audio.mono[round(cut_s * RATE) :], "", cues=cues, offset_s=cut_s)
    assert_near(transcript.words[-8:], starts(spoken)[8:], share=0.85)
    assert all(word.heard for word in transcript.words)


def test_a_text_far_longer_than_the_speech_is_aligned():
    spoken = say(" ".join(SENTENCES[:4]))
    others = read_text([Cue(text=" ".join(SENTENCES[4:]))], lexicon=pronunciations)
    words = [*read_text([Cue(text=" ".join(SENTENCES[:4]))], lexicon=pronunciations), *others * 2000]
    sound = LongSound(pcm=np.round(spoken.audio.mono * 32767.0).astype(np.int16), rate=RATE)
    with pytest.warns(ShenquWarning, match="longer than the speech"):
        transcript = align(sound, words, cues=[Cue(text="")], language="en", aligner=PocketsphinxAligner())
    assert len(transcript.words) == len(words) > 80_000
    assert_near(transcript.words[: len(starts(spoken))], starts(spoken), share=0.95)


def heard(sound, text):
    samples, rate = soundfile.read(DATA / sound, dtype="float32", always_2d=True)
    cues = [Cue(text=text if " " in text else (DATA / text).read_text(encoding="utf-8").strip())]
    words = read_text(cues, lexicon=pronunciations)
    mono = soxr.resample(samples.mean(axis=1), rate, RATE)
    sound = LongSound(pcm=np.round(np.clip(mono, -1.0, 1.0) * 32767.0).astype(np.int16), rate=RATE)
    transcript = align(sound, words, cues=cues, language="en", aligner=PocketsphinxAligner())
    check(transcript)
    return transcript, words


@needs_data
def test_vowel_onsets_of_labelled_speech():
    """Half of the vowels within 10 ms, nine of ten within 40 ms of their labels."""
    errors = []
    for labels in sorted((DATA / "made").glob("*.vowels.txt")):
        name = labels.name.removesuffix(".vowels.txt")
        transcript, _ = heard(f"made/{name}.flac", f"made/{name}.txt")
        onsets = [syllable.vowel_s for syllable in transcript.syllables]
        reference = np.loadtxt(labels)
        if len(onsets) == len(reference):  # "hours" has one vowel or two
            errors.append(np.abs(np.array(onsets) - reference) * 1000.0)
    transcript, _ = heard("speech/arctic_slt_a0009.wav", "speech/arctic_slt_a0009.txt")
    reference = np.loadtxt(DATA / "text" / "arctic_a0009.vowels.txt")
    errors.append(np.abs([syllable.vowel_s for syllable in transcript.syllables] - reference) * 1000.0)
    assert len(errors) >= 16
    assert np.median(np.concatenate(errors)) <= 10.0 and np.percentile(np.concatenate(errors), 90) <= 40.0


@needs_data
@pytest.mark.parametrize(
    "name", ["jfk-inaugural.flac", "jfk-moon.mp3", "libri_61-70968-0000.flac", "fdr-fear.mp3", "perkins-security.mp3"]
)
def test_every_word_of_real_speech_is_found(name):
    transcript, words = heard(f"speech/{name}", f"speech/{name.rsplit('.', 1)[0]}.txt")
    assert [word.text for word in transcript.words] == [word.text for word in words]


@needs_data
def test_mandarin_has_a_syllable_a_character():
    transcript, _ = heard("speech/aishell_BAC009S0724W0121.wav", "speech/aishell_BAC009S0724W0121.txt")
    assert [syllable.text for syllable in transcript.syllables] == list("广州市房地产中介协会分析")
    assert 0.4 < transcript.syllables[0].start_s < 0.55 and 3.6 < transcript.syllables[-1].end_s < 3.9


@needs_data
@pytest.mark.filterwarnings("ignore::shenqu.errors.ShenquWarning")
def test_a_text_that_is_not_said_is_doubted():
    poem = "春 眠 不 觉 晓 处 处 闻 啼 鸟 夜 来 风 雨 声 花 落 知 多 少"
    for text in (poem, "speech/sonnet002.txt"):
        transcript, _ = heard("speech/jfk-inaugural.flac", text)
        assert sum(word.confidence > 0.5 for word in transcript.words) <= 0.2 * len(transcript.words)


@needs_data
def test_a_text_with_other_words_is_warned_of():
    with pytest.warns(ShenquWarning, match="hardly fits|were not heard"):
        heard("speech/simplicissimus_de.mp3", "speech/perkins-security.txt")
