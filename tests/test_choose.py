"""The tune that suits a speech: words made to fit a tune choose it, and what is counted is true."""

import pytest

from shenqu.documents.arrangement import Arrangement, PlacedNote, Placement
from shenqu.documents.options import SingOptions
from shenqu.documents.speech import Syllable, Transcript, Word
from shenqu.errors import InputError
from shenqu.music.arrange import choose_transpose
from shenqu.music.choose import Count, measure_fit, rank
from shenqu.music.tempo import beat_strength, song_tempo
from shenqu.pipeline.choosing import choose_tune
from shenqu.pipeline.hear import Heard
from shenqu.pipeline.library import built_in_tune, tune_ids


def made_for(tune, *, vowel_share=0.65, pause_s=0.3, pitch=50.0):
    """Return a speech of one syllable a note, stressed where the beat is strong, that rises and falls as the tune."""
    clock = song_tempo(tune, tempo_factor=1.0)
    transpose = choose_transpose(tune, pitch)
    words, pitches, late_s = [], [], 0.0
    for note in tune.notes:
        start_s = clock.beat_to_s(note.onset_beat) + late_s
        vowel_s = vowel_share * (clock.beat_to_s(note.end_beat) - clock.beat_to_s(note.onset_beat))
        stress = int(beat_strength(tune, note.onset_beat) >= 0.3)
        syllable = Syllable(
            text="la", start_s=start_s - 0.02, vowel_s=start_s, vowel_end_s=start_s + vowel_s,
            end_s=start_s + vowel_s, stress=stress,
        )  # fmt: skip
        words.append(Word(text="la", start_s=syllable.start_s, end_s=syllable.end_s, syllables=(syllable,)))
        pitches.append(pitch + 0.4 * (note.pitch + transpose - pitch))
        late_s += pause_s * (note.end_beat in tune.phrase_ends)
    return Heard(transcript=Transcript(language="en", words=tuple(words)), speaker_pitch=pitch, pitches=tuple(pitches))


@pytest.mark.parametrize("tune_id", ["twinkle", "korobeiniki"])
def test_words_made_for_a_tune_choose_it(tune_id):
    ranking = choose_tune(made_for(built_in_tune(tune_id)), SingOptions(length_s=10.0))
    assert ranking[0].tune_id == tune_id
    assert {fit.tune_id for fit in ranking} == set(tune_ids())
    assert ranking == rank(ranking[::-1])


def test_what_the_user_has_fixed_is_held_to():
    heard = made_for(built_in_tune("twinkle"))
    slow = choose_tune(heard, SingOptions(tempo_bpm=52))
    assert {fit.tune_id for fit in slow} <= {i for i in tune_ids() if built_in_tune(i).tempi[0].bpm <= 78}
    assert {"swan-lake", "twinkle"}.isdisjoint({fit.tune_id for fit in slow})
    with pytest.raises(InputError, match=r"--tempo and --length"):
        choose_tune(heard, SingOptions(length_s=0.5))


def test_counts_are_those_of_the_arrangement():
    tune = built_in_tune("frere-jacques")  # 1 2 3 1 | 1 2 3 1 | ...
    syllables = [
        Syllable(text="a", start_s=i, vowel_s=i, vowel_end_s=i + 0.2, end_s=i + 0.2, stress=int(i == 1))
        for i in range(4)
    ]
    words = tuple(Word(text="a", start_s=s.start_s, end_s=s.end_s, syllables=(s,)) for s in syllables)
    # The third syllable holds two notes; at 120 bpm a quarter is 0.5 s, more than twice 0.2 s.
    held = [tune.notes[0:1], tune.notes[1:2], tune.notes[2:4], tune.notes[4:5]]
    placements = tuple(
        Placement(syllable=number, notes=tuple(PlacedNote.of(note) for note in notes))
        for number, notes in enumerate(held)
    )
    fit = measure_fit(
        tune,
        Arrangement(placements=placements, transpose=0, tempo_factor=1.0),
        Transcript(language="en", words=words),
        spoken_pitches=(60.0, 64.0, 62.0, 0.0),  # up, down, then none; the tune goes up, up
    )
    assert fit.alone == Count(3, 5)
    assert fit.lines == Count(1, 8)  # the third syllable ends the first phrase, before a pause
    assert fit.stress == Count(1, 1)  # on the second quarter
    assert fit.moves == Count(1, 2)
    assert fit.near == Count(2, 3)  # 65-60, 67-64, 69-62
    assert fit.short == Count(0, 4)
    assert fit.stretch == pytest.approx((2.5 * 2.5 * 5.0 * 2.5) ** 0.25)
    shares = 8 * 2 / fit.stretch + 1 * 3 / 5 + 1 * 1 / 8 + 2 * 1 + 2 * 1 / 2 + 1.5 * 2 / 3 + 4 * 0
    assert fit.score == pytest.approx(shares / (8 + 1 + 1 + 2 + 2 + 1.5 + 4))


def test_without_words_and_pitches_the_rest_is_counted():
    heard = made_for(built_in_tune("twinkle"))
    mute = Heard(transcript=heard.transcript, speaker_pitch=heard.speaker_pitch)
    best = choose_tune(mute, SingOptions(length_s=8.0))[0]
    assert best.moves.all == best.near.all == 0
    assert "steps" not in best.reasons
