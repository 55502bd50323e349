"""The performance, its pitch and its voice, on planted speech: a made vowel per syllable."""

import json
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from shenqu.cache import ArrayCache
from shenqu.documents.arrangement import Arrangement, Expression, PlacedNote, Placement
from shenqu.documents.performance import Performance, SungNote, TempoMap, TimeMap
from shenqu.documents.speech import Phone, Syllable, Transcript, Word
from shenqu.dsp.filters import filtered_both_ways, high_pass
from shenqu.engines.world import analyse_voice
from shenqu.errors import InputError
from shenqu.singing.contour import sung_pitch
from shenqu.singing.material import prepare
from shenqu.singing.perform import perform
from shenqu.singing.unit import Take, pulse_times
from shenqu.singing.vocoder import Vocoder
from shenqu.singing.voice import lay_out, sing
from signals import Counting

RATE = 24_000
WORLD = Vocoder(analyse_voice)
CLOCK = TempoMap(lead_in_beat=Fraction(1), steps=((Fraction(0), 120.0),))


def speech(count=6, *, hz=120.0, consonant=0.08, vowel=0.16):
    """Return (samples, pitch every 5 ms, transcript): noise, then a buzzing vowel, `count` times."""
    rng = np.random.default_rng(1)
    length = round((count * (consonant + vowel) + 0.4) * RATE)
    samples, syllables = np.zeros(length), []
    for index in range(count):
        start = 0.2 + index * (consonant + vowel)
        low, middle, high = (round(time * RATE) for time in (start, start + consonant, start + consonant + vowel))
        samples[low:middle] = 0.05 * rng.standard_normal(middle - low)
        buzz = np.zeros(high - middle)
        buzz[:: round(RATE / hz)] = 1.0
        for formant, width in ((500 + 60 * index, 80), (1500, 120), (2500, 160)):
            pole = np.exp((-np.pi * width + 2j * np.pi * formant) / RATE)
            buzz = lfilter([1 - abs(pole)], [1, -2 * pole.real, abs(pole) ** 2], buzz)
        samples[middle:high] = 0.3 * buzz / np.abs(buzz).max()
        phones = (
            Phone(phone="S", start_s=start, end_s=start + consonant),
            Phone(phone="AH", start_s=start + consonant, end_s=start + consonant + vowel),
        )
        syllables.append(
            Syllable(
                text=f"s{index}",
                start_s=start,
                vowel_s=start + consonant,
                vowel_end_s=start + consonant + vowel,
                end_s=start + consonant + vowel,
                phones=phones,
            )
        )
    words = tuple(Word(text=s.text, start_s=s.start_s, end_s=s.end_s, syllables=(s,)) for s in syllables)
    times_s = np.arange(length // 120 + 1) * 0.005
    pitch = np.zeros(len(times_s))
    for s in syllables:
        pitch[(times_s >= s.vowel_s) & (times_s < s.vowel_end_s)] = hz
    return samples.astype(np.float32), pitch, Transcript(language="en", words=words)


def arrangement_of(pitches, *, length=Fraction(1), syllables=None):
    placements = tuple(
        Placement(
            syllable=syllables[index] if syllables else index,
            notes=(PlacedNote(pitch=pitch, onset_beat=index * length, length_beat=length),),
        )
        for index, pitch in enumerate(pitches)
    )
    return Arrangement(placements=placements, transpose=0, tempo_factor=1.0)


def sung(arrangement, *, style="hard", memory=None, seed=0, engine=WORLD):
    samples, pitch, transcript = speech()
    performance = perform(arrangement, transcript, CLOCK, duration_s=5.0)
    material = prepare(samples, RATE, origin_s=0.0, hz=pitch, transcript=transcript)
    contour = sung_pitch(performance, style=style, seed=seed)
    memory = {} if memory is None else memory
    vocal = sing(lay_out(material, performance, contour), Take(engine, seed), memory=memory)
    return vocal, performance


def heard_pitch(vocal, start_s, end_s):
    """Pitch of a part of the song by autocorrelation, refined by a parabola."""
    part = vocal[round(start_s * 48000) : round(end_s * 48000)].astype(float)
    part -= part.mean()
    size = 1 << (2 * len(part) - 1).bit_length()
    curve = np.fft.irfft(np.abs(np.fft.rfft(part, size)) ** 2)[: len(part)] / np.arange(len(part), 0, -1)
    lag = 60 + int(np.flatnonzero(curve[60:700] > 0.9 * curve[60:700].max())[0])
    lag += int(np.argmax(curve[lag : lag + 20]))
    a, b, c = curve[lag - 1 : lag + 2]
    return 69 + 12 * np.log2(48000 / (lag + 0.5 * (a - c) / (a - 2 * b + c)) / 440)


@pytest.mark.parametrize("style", ["hard", "natural"])
def test_the_planted_pitch_is_sung(style):
    pitches = [45, 50, 47, 52, 45, 57]
    vocal, performance = sung(arrangement_of(pitches), style=style)
    for note in performance.notes:
        assert abs(heard_pitch(vocal, note.start_s + 0.08, note.start_s + 0.3) - note.pitch) < 0.1


def test_the_vowel_lies_on_the_beat_and_the_consonant_before_it():
    vocal, performance = sung(arrangement_of([50] * 6))
    voiced = vocal.astype(float)
    for note, syllable in zip(performance.notes, speech()[2].syllables, strict=True):
        assert performance.time_map.song_to_speech(note.start_s) == pytest.approx(syllable.vowel_s, abs=1e-5)
        before = voiced[round((note.start_s - 0.05) * 48000) : round((note.start_s - 0.02) * 48000)]
        after = voiced[round((note.start_s + 0.02) * 48000) : round((note.start_s + 0.05) * 48000)]
        sign_changes = [np.mean(np.abs(np.diff(np.sign(part))) > 0) for part in (before, after)]
        assert sign_changes[0] > 3 * sign_changes[1]


def test_unvoiced_sounds_are_the_recording_itself():
    samples, _, transcript = speech()
    vocal, performance = sung(arrangement_of([50] * 6))
    note, syllable = performance.notes[2], transcript.syllables[2]
    source = samples[round((syllable.vowel_s - 0.05) * RATE) : round((syllable.vowel_s - 0.02) * RATE)]
    song = vocal[round((note.start_s - 0.05) * 48000) : round((note.start_s - 0.02) * 48000) : 2]
    length = min(len(source), len(song))
    curve = np.correlate(song, source[20 : length - 20], "valid")
    energy = np.linalg.norm(source[20 : length - 20]) * np.linalg.norm(song[: length - 40])
    assert curve.max() / energy > 0.9


def test_nothing_is_heard_of_what_a_jump_passes_over():
    samples = np.zeros(2 * RATE, dtype=np.float32)
    samples[RATE // 2 : RATE] = np.random.default_rng(0).uniform(-1, 1, RATE // 2)
    material = prepare(
        samples, RATE, origin_s=0.0, hz=np.zeros(401), transcript=Transcript(language="en")
    )  # all of it unvoiced
    rows = ((0.0, 0.2), (0.1005, 0.3005), (0.1005, 1.2), (0.3, 1.3995))
    note = SungNote(start_s=0.0, end_s=0.3, pitch=50, syllable=0, lyric="s")
    performance = Performance(notes=(note,), time_map=TimeMap(rows=rows), duration_s=0.5)
    vocal = sing(lay_out(material, performance, np.full(501, 50.0)), Take(WORLD, 0), memory={})
    assert np.abs(vocal).max() < 1e-3


def test_every_syllable_comes_out_at_one_level():
    vocal, performance = sung(arrangement_of([50] * 6))
    levels = [
        20 * np.log10(np.std(vocal[round((note.start_s + 0.05) * 48000) : round((note.start_s + 0.3) * 48000)]))
        for note in performance.notes
    ]
    assert max(levels) - min(levels) < 3.0


def test_a_recording_far_above_full_scale_has_the_same_spectra():
    samples, pitch, _ = speech()
    hz, frames = np.full(len(pitch), 120.0), np.arange(len(pitch) - 1)
    (power, aperiodicity), (loud_power, loud_aperiodicity) = (
        analyse_voice(samples * np.float32(gain / np.abs(samples).max()), RATE, hz, frames) for gain in (1, 1000)
    )
    buzz = pitch[:-1] > 0
    np.testing.assert_allclose(loud_power[buzz], 1e6 * power[buzz], rtol=0.01)
    assert np.isfinite(loud_aperiodicity).all()
    assert np.abs(loud_aperiodicity - aperiodicity)[buzz].mean() < 0.001


def test_a_notes_level_begins_with_its_syllables_consonants():
    usual = arrangement_of([50] * 6)
    placements = list(usual.placements)
    soft = placements[3].notes[0].replace(expression=Expression(level_db=-12.0))
    placements[3] = placements[3].replace(notes=(soft,))
    before, performance = sung(usual)
    after, _ = sung(usual.replace(placements=tuple(placements)))
    note, following = performance.notes[3], performance.notes[4]
    assert note.lead_s == pytest.approx(0.08, abs=1e-5)
    turns_s = [note.start_s - note.lead_s, following.start_s - following.lead_s]

    def changed_db(first_s, last_s):
        levels = [np.std(vocal[round(first_s * 48_000) : round(last_s * 48_000)]) for vocal in (before, after)]
        return 20 * np.log10(levels[1] / levels[0])

    assert changed_db(turns_s[0] + 0.02, note.start_s - 0.01) == pytest.approx(-12.0, abs=0.5)
    assert changed_db(note.start_s, turns_s[1] - 0.05) == pytest.approx(-12.0, abs=0.5)
    assert changed_db(turns_s[0] - 0.3, turns_s[0] - 0.02) == pytest.approx(0.0, abs=0.1)
    assert changed_db(turns_s[1] + 0.02, following.start_s) == pytest.approx(0.0, abs=0.5)


def test_only_the_changed_note_is_sung_again():
    memory, counting = {}, Counting(WORLD)
    before, performance = sung(arrangement_of([50, 52, 53, 55, 53, 52]), memory=memory, engine=counting)
    counting.sung.clear()
    after, _ = sung(arrangement_of([50, 52, 53, 56, 53, 52]), memory=memory, engine=counting)
    assert 1 <= len(counting.sung) <= 2
    changed = np.flatnonzero(np.abs(before - after) > 1e-6) / 48000
    note = performance.notes[3]
    assert note.start_s - 0.1 < changed.min()
    assert changed.max() < note.end_s + 0.1
    assert np.array_equal(after, sung(arrangement_of([50, 52, 53, 56, 53, 52]))[0])


def test_a_muted_note_leaves_the_later_ones_as_they_were():
    whole = arrangement_of([50, 52, 53, 55, 53, 52])
    placements = list(whole.placements)
    placements[1] = placements[1].replace(syllable=None)
    before, performance = sung(whole, style="natural")
    after, _ = sung(whole.replace(placements=tuple(placements)), style="natural")
    changed = np.flatnonzero(np.abs(before - after) > 1e-6) / 48000
    assert changed.max() < performance.notes[2].start_s + 0.1


def test_what_is_damaged_in_the_cache_is_sung_again(tmp_path):
    arrangement = arrangement_of([50, 52, 53])
    before, _ = sung(arrangement, memory=ArrayCache(tmp_path))
    for kept in tmp_path.glob("*.npy"):
        kept.write_bytes(b"damaged")
    assert np.array_equal(before, sung(arrangement, memory=ArrayCache(tmp_path))[0])


def test_the_same_song_gives_the_same_samples_and_another_seed_does_not():
    songs = [sung(arrangement_of([50, 52, 53]), style="natural", seed=seed)[0] for seed in (3, 3, 4)]
    assert np.array_equal(songs[0], songs[1])
    assert not np.array_equal(songs[0], songs[2])


def test_a_part_of_the_recording_is_enough_for_a_part_of_its_words():
    samples, pitch, transcript = speech()
    arrangement = arrangement_of([50, 52])
    performance = perform(arrangement, transcript, CLOCK, duration_s=3.0)
    contour = sung_pitch(performance, style="hard", seed=0)
    material = prepare(samples[:RATE], RATE, origin_s=0.0, hz=pitch[:200], transcript=transcript)
    vocal = sing(lay_out(material, performance, contour), Take(WORLD, 0), memory={})
    assert np.isfinite(vocal).all()
    assert np.std(vocal) > 0.01


def test_rests_are_silent():
    gapped = Arrangement(
        placements=(
            Placement(syllable=0, notes=(PlacedNote(pitch=50, onset_beat=Fraction(0), length_beat=Fraction(1)),)),
            Placement(syllable=None, notes=(PlacedNote(pitch=50, onset_beat=Fraction(1), length_beat=Fraction(2)),)),
            Placement(syllable=1, notes=(PlacedNote(pitch=50, onset_beat=Fraction(4), length_beat=Fraction(1)),)),
        ),
        transpose=0,
        tempo_factor=1.0,
    )
    vocal, performance = sung(gapped)
    assert len(performance.notes) == 2
    first, second = performance.notes
    silent = vocal[round((first.end_s + 0.06) * 48000) : round((second.start_s - 0.2) * 48000)]
    assert np.abs(silent).max() < 1e-3


def test_a_voice_dies_away_before_a_rest_and_darkens():
    vocal, performance = sung(arrangement_of([50, 52, 50]))
    end_s = performance.notes[-1].end_s

    def level_db(band, first_s, last_s):
        part = vocal[round((end_s + first_s) * 48_000) : round((end_s + last_s) * 48_000)].astype(float)
        power = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
        hz = np.arange(len(power)) * 48_000 / len(part)
        return 10 * np.log10(power[(hz > band[0]) & (hz < band[1])].sum() + 1e-12)

    windows = [(-0.2, -0.16), (-0.1, -0.06), (-0.06, -0.02)]
    low, high = ([level_db(band, *window) for window in windows] for band in ((80, 1000), (1300, 4000)))
    assert np.all(np.diff(low) < -1.0) and low[2] - low[0] > -20.0
    assert high[2] - high[0] < low[2] - low[0] - 4.0
    assert np.abs(np.diff(vocal)).max() < 0.5 * np.abs(vocal).max()


@pytest.mark.parametrize("before_ms", [2, 8, 20, 40])
def test_the_burst_of_a_stop_is_heard_once_and_stays_sharp(before_ms):
    samples, pitch, transcript = speech()
    syllable = transcript.syllables[2]
    quiet = slice(round(syllable.start_s * RATE), round(syllable.vowel_s * RATE))
    samples[quiet] *= 0.01
    burst_s = syllable.vowel_s - before_ms / 1000
    first = round(burst_s * RATE)
    samples[first : first + 24] += 0.4 * np.random.default_rng(2).choice([-1.0, 1.0], 24)
    performance = perform(arrangement_of([50] * 6), transcript, CLOCK, duration_s=5.0)
    material = prepare(samples, RATE, origin_s=0.0, hz=pitch, transcript=transcript)
    contour = sung_pitch(performance, style="hard", seed=0)
    vocal = sing(lay_out(material, performance, contour), Take(WORLD, 0), memory={})
    note = performance.notes[2]
    bright = filtered_both_ways(vocal.astype(float), 48_000, high_pass(4, 5000.0, 48_000))
    start = round((note.start_s - 0.06) * 48_000)
    power = np.cumsum(bright[start : round((note.start_s + 0.06) * 48_000)] ** 2)
    early, late = np.searchsorted(power, [0.05 * power[-1], 0.95 * power[-1]]) / 48_000 - 0.06
    assert early == pytest.approx(-before_ms / 1000, abs=0.002)
    assert late - early < 0.004


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(40, 70), st.sampled_from(["1/16", "1/4", "1/2", "1", "3"]),
                       st.sampled_from(["0", "0", "1/8", "1/4", "1"])), min_size=1, max_size=12)
)  # fmt: skip
def test_the_time_map_never_runs_back_and_holds_every_vowel_onset(rows):
    beat, placements = Fraction(0), []
    for syllable, pitch, length, rest in rows:
        note = PlacedNote(pitch=pitch, onset_beat=beat, length_beat=Fraction(length))
        placements.append(Placement(syllable=syllable, notes=(note,)))
        beat += Fraction(length) + Fraction(rest)
    arrangement = Arrangement(placements=tuple(placements), transpose=0, tempo_factor=1.0)
    transcript = speech()[2]
    performance = perform(arrangement, transcript, CLOCK, duration_s=30.0)
    songs = [row[0] for row in performance.time_map.rows]
    assert all(a <= b for a, b in pairwise(songs))
    json.dumps(performance.time_map.rows)
    for note in performance.notes:
        vowel_s = transcript.syllables[note.syllable].vowel_s
        assert performance.time_map.song_to_speech(note.start_s) == pytest.approx(vowel_s, abs=2e-6)
    contour = sung_pitch(performance, style="natural", seed=0)
    for note in performance.notes:
        inside = contour[round((note.start_s + 0.06) * 1000) : round((note.end_s - 0.1) * 1000)]
        assert np.all(np.abs(inside - note.pitch) < 0.5)


@pytest.mark.parametrize("rest", ["1/8", "1/4"])
def test_a_note_keeps_its_pitch_to_its_end_however_soon_the_next_one_comes(rest):
    def first_note(rest):
        placements = list(arrangement_of([50, 57]).placements)
        late = placements[1].notes[0].replace(onset_beat=1 + Fraction(rest))
        arrangement = Arrangement(
            placements=(placements[0], placements[1].replace(notes=(late,))), transpose=0, tempo_factor=1.0
        )
        performance = perform(arrangement, speech()[2], CLOCK, duration_s=5.0)
        note = performance.notes[0]
        contour = sung_pitch(performance, style="natural", seed=0)
        return contour[round(note.start_s * 1000) : round(note.end_s * 1000)]

    assert np.array_equal(first_note(rest), first_note("3/8"))
    assert first_note("2")[-1] < 49.9 < first_note(rest)[-1]  # only before a pause it falls


@settings(max_examples=50, deadline=None)
@given(st.floats(70, 500), st.floats(0.1, 1.0))
def test_pulses_follow_the_pitch_and_units_meet_in_whole_periods(hz, length_s):
    contour = np.full(round(length_s * 1000) + 1, hz)
    end_s = (len(contour) - 1) / 1000
    alone = pulse_times(contour, whole=False)
    followed = pulse_times(contour, whole=True)
    assert alone[0] == followed[0] == 0.0
    assert np.allclose(np.diff(alone), 1 / hz, atol=1e-6)
    periods = np.diff([*followed, end_s])
    assert np.all(np.abs(periods * hz - 1) < 0.3)
    early = followed[followed < end_s - 0.065]
    assert np.allclose(np.diff(early), 1 / hz, atol=1e-6)


def test_bad_placements_are_refused_in_one_line():
    transcript = speech()[2]
    with pytest.raises(InputError, match="0 to 5"):
        perform(arrangement_of([50], syllables=[99]), transcript, CLOCK, duration_s=3.0)
    with pytest.raises(InputError, match="rests"):
        perform(Arrangement(placements=(), transpose=0, tempo_factor=1.0), transcript, CLOCK, duration_s=3.0)
    backwards = arrangement_of([50, 52]).placements[::-1]
    overlapping = (
        backwards[0].replace(notes=(backwards[0].notes[0].replace(onset_beat=Fraction(1, 2)),)),
        backwards[1],
    )
    with pytest.raises(InputError, match="overlap"):
        perform(Arrangement(placements=overlapping, transpose=0, tempo_factor=1.0), transcript, CLOCK, duration_s=3.0)
