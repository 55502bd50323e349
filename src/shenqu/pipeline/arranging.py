"""What is sung on which notes of which passage, how fast: the song, but for its band and its figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from shenqu.documents.arrangement import Arrangement, Passage
from shenqu.documents.options import Mode, SingOptions
from shenqu.documents.song import Hook
from shenqu.documents.speech import PAUSE_S, Transcript
from shenqu.documents.tune import Tune
from shenqu.music.arrange import FASTEST, SLOWEST, arrange, most_parts
from shenqu.music.chop import chop, clearest_syllable
from shenqu.music.flow import flow
from shenqu.music.hook import Candidate, find_hooks, named_hooks, word_around
from shenqu.music.layout import Laid, layouts, once
from shenqu.music.lyrics import arrange_lyrics
from shenqu.music.passages import clip_tune
from shenqu.music.placing import Lines, place, proxy
from shenqu.music.tempo import song_tempo
from shenqu.pipeline.hear import Heard

TAIL_S = 1.0
CHOP_SYLLABLES = 120  # among which one is chosen
MOST_SYLLABLES_PER_S = 7
FORM_SYLLABLES = 2
BEAT_MS = 20.0
PROXY_NOTES = 64
BREATH_S = 0.25
BREATHS = (Fraction(1, 4), Fraction(1, 2), Fraction(1), Fraction(2), Fraction(4))
LONGEST_OPEN_S, LONGEST_TAG_S, OPEN_SHARE = 3.0, 1.5, 0.15
ANSWERS, LONGEST_ANSWER = 5, 4
FAR_S, NEAR_S = 300.0, 60.0
WHOLE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Arranged:
    """A tune as it is sung, its passages, what is sung on it, its hook, and the beats that are needed before beat 0."""

    tune: Tune
    passages: tuple[Passage, ...]
    arrangement: Arrangement
    hook: Hook | None
    before: Fraction


def arranged(
    heard: Heard, tune: Tune, options: SingOptions, *, transpose: int, tempo_factor: float | None, count_in: Fraction
) -> Arranged:
    """Return what was `heard` on `tune`, in the form, mode and length of the options.

    `tempo_factor` fixes the tempo; `count_in` is what the band needs before beat 0.

    Raises
    ------
    InputError
        Where the hook asked for is not said, nothing can be sung, or not a phrase fits the length.
    """
    wish = _Wish(heard, options, transpose, count_in, _lines(heard, options))
    if options.form == "tune" and options.length_s is not None:  # what never fits need not be weighed
        tune = _clipped(tune, wish, tempo_factor or FASTEST, count_in)
    factor = tempo_factor or _chosen_tempo(wish, next(_forms(tune, options)))
    before = _room_before(wish, tune, factor)
    laid, factor = _fitting(wish, tune, factor, before)
    if laid.tune.tempi[0] != tune.tempi[0]:
        before = _room_before(wish, laid.tune, factor)
    arrangement = _sung(wish, laid, factor)
    passages = (*_opening(laid.tune, factor, before, count_in), *_with_tag(wish, laid, arrangement, before))
    return Arranged(tune=laid.tune, passages=passages, arrangement=arrangement, hook=wish.hook, before=before)


def arrange_speech(tune: Tune, heard: Heard, transpose: int, factor: float | None, options: SingOptions) -> Arrangement:
    """Return what was `heard` on all of `tune`, in the mode of the options; None leaves the tempo to us."""
    if heard.new_words is not None:
        return arrange_lyrics(tune, heard.new_words, transpose=transpose, tempo_factor=factor)
    if options.mode == "chop":
        return _chopped(tune, heard, _chop_hook(heard, options), transpose, factor, options)
    return _on_all(tune, heard.transcript, transpose, factor, options)


def syllables_needed(tune: Tune, mode: Mode) -> int:
    """Return how many syllables a song takes at most that sings `tune` once."""
    if mode == "chop":
        return CHOP_SYLLABLES
    if mode != "flow":
        return most_parts(tune)
    slowest = song_tempo(tune, tempo_factor=SLOWEST)
    return math.ceil(MOST_SYLLABLES_PER_S * slowest.beat_to_s(tune.notes[-1].end_beat))


def syllables_heard(tune: Tune, options: SingOptions) -> int | None:
    """Return how many syllables of a speech are to be heard for a song on `tune`; None: all that it has.

    A hook that is named may be said anywhere, and new words are built from all that is said.
    """
    if options.hook is not None or options.lyrics is not None:
        return None
    return syllables_needed(tune, options.mode) * (1 if options.form == "tune" else FORM_SYLLABLES)


def _on_all(
    tune: Tune,
    transcript: Transcript,
    transpose: int,
    factor: float | None,
    options: SingOptions,
    *,
    whole: bool = False,
) -> Arrangement:
    if options.mode != "flow":
        in_order = options.form != "tune"  # a passage of a form goes on with the speech
        return arrange(tune, transcript, transpose=transpose, tempo_factor=factor, in_order=in_order, whole=whole)
    return flow(
        tune,
        transcript,
        transpose=transpose,
        tempo_factor=factor,
        grid=options.grid,
        strength=options.grid_strength,
    )


def _chopped(
    tune: Tune, heard: Heard, hook: Hook, transpose: int, factor: float | None, options: SingOptions
) -> Arrangement:
    return chop(
        tune,
        heard.transcript,
        hook,
        transpose=transpose,
        tempo_factor=factor,
        sound=options.chop_sound,
        pitches=heard.pitches,
    )


def _chop_hook(heard: Heard, options: SingOptions) -> Hook:
    """Return what plays the tune: the words that are named, in the take that the seed chooses, or one syllable."""
    if options.hook is None:
        return clearest_syllable(heard.transcript, voiced=heard.voiced, strikes_db=heard.strikes_db)
    takes = named_hooks(heard.transcript, options.hook, pitches=heard.pitches)
    return takes[options.seed % len(takes)].hook


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was heard, what is asked for, and what is sung where: None where new words are sung, which have no hook."""

    heard: Heard
    options: SingOptions
    transpose: int
    count_in: Fraction
    lines: Lines | None

    @property
    def hook(self) -> Hook | None:
        """The hook, where there is one."""
        return self.lines.hook if self.lines else None

    @property
    def has_quotes(self) -> bool:
        """Whether the speaker is quoted before and behind the song."""
        return self.options.figures != "none"


# --- the hook


def _lines(heard: Heard, options: SingOptions) -> Lines | None:
    """Return what is sung where: the best hook, or of one that is named a take by the seed."""
    if heard.new_words is not None or not heard.transcript.syllables:
        return None
    if options.mode == "chop" or options.hook is not None:
        hook = _chop_hook(heard, options)
        others = find_hooks(heard.transcript, pitches=heard.pitches)
    else:
        others = find_hooks(heard.transcript, pitches=heard.pitches)
        if not others:
            return None
        hook = others[0].hook
    answer = _answer(heard.transcript, hook, others, options.seed)
    return Lines.of(
        heard.transcript,
        hook,
        answer=answer,
        begin_s=_begin_s(heard.transcript, hook, options),
        first_words=heard.first_words if options.together == "answer" else (0,),
    )


def _answer(transcript: Transcript, hook: Hook, others: Sequence[Candidate], seed: int) -> Hook | None:
    """Return what answers the hook: the words behind it, or by the seed another that could have been one."""
    syllables = transcript.syllables
    last = hook.last + 1
    while last + 1 < min(len(syllables), hook.last + 1 + LONGEST_ANSWER) and not _pauses(transcript, last):
        last += 1
    answers = [Hook(first=hook.last + 1, last=last)] if hook.last + 1 < len(syllables) else []
    for other in others:
        apart = all(other.hook.last < one.first or one.last < other.hook.first for one in (hook, *answers))
        if apart and len(answers) < ANSWERS:
            answers.append(other.hook)
    return answers[int(np.random.default_rng([seed, 1]).integers(len(answers))) if seed else 0] if answers else None


def _pauses(transcript: Transcript, index: int) -> bool:
    """Return whether the speaker pauses behind a syllable that is not the last."""
    syllables = transcript.syllables
    return syllables[index + 1].start_s - syllables[index].end_s >= PAUSE_S


def _begin_s(transcript: Transcript, hook: Hook, options: SingOptions) -> float:
    """Return where in the speech the verses begin: its start, or near a hook that is far from there, or by the seed."""
    syllables = transcript.syllables
    hook_s = syllables[hook.first].start_s
    if hook_s - syllables[0].start_s > FAR_S:
        return hook_s - NEAR_S
    if options.form == "tune" or not options.seed:
        return 0.0
    starts = [0, *(index + 1 for index in range(len(syllables) - 1) if _pauses(transcript, index))]
    return syllables[starts[int(np.random.default_rng([options.seed, 2]).integers(len(starts)))]].start_s


# --- tempo and length


def _forms(tune: Tune, options: SingOptions) -> Iterator[Laid]:
    """Yield the tune in the form asked for, then ever shorter."""
    if options.form == "tune":
        yield once(tune)
    else:
        yield from layouts(tune, options.form)


def _chosen_tempo(wish: _Wish, laid: Laid) -> float:
    """Return the tempo that suits the speech, as a factor; where it can be, a beat of whole milliseconds.

    So all repeats of a passage begin alike, to the sample.
    """
    tune, transcript = laid.tune, wish.heard.transcript
    if wish.lines is None or wish.options.mode == "chop":
        factor = arrange_speech(tune, wish.heard, wish.transpose, None, wish.options).tempo_factor
    else:
        tune, transcript = proxy(laid, wish.lines, most_notes=PROXY_NOTES, needed=_needed(wish))
        factor = _on_all(tune, transcript, wish.transpose, None, wish.options).tempo_factor
    return whole_beats(factor, laid.tune)


def whole_beats(factor: float, tune: Tune) -> float:
    """Return the factor nearest to `factor` at which a beat of `tune` is a multiple of 20 ms, if its tempo holds."""
    if len(tune.tempi) > 1:
        return factor
    beat_ms = 60_000.0 / tune.tempi[0].bpm
    least, most = math.ceil(beat_ms / FASTEST / BEAT_MS), math.floor(beat_ms / SLOWEST / BEAT_MS)
    beats = min(max(round(beat_ms / factor / BEAT_MS), least), most)
    return beat_ms / (beats * BEAT_MS) if least <= most else factor


def _needed(wish: _Wish) -> Callable[[Tune], int]:
    return lambda tune: syllables_needed(tune, wish.options.mode)


def _fitting(wish: _Wish, tune: Tune, factor: float, before: Fraction) -> tuple[Laid, float]:
    """Return the longest form of `tune` that fits the length, and its tempo: faster where not a phrase would fit."""
    length_s, options = wish.options.length_s, wish.options
    laid = next(_forms(tune, options))
    if length_s is None:
        return laid, factor
    for laid in _forms(tune, options):
        if _ends_s(laid.tune, factor, before) <= length_s:
            return laid, factor
    factor = _factor_that_fits(laid.tune, length_s, factor, before)
    clipped = _clipped(laid.tune, wish, factor, before)
    return (once(clipped) if options.form == "tune" else _cut(laid, clipped)), factor


def _cut(laid: Laid, clipped: Tune) -> Laid:
    """Return the passages of `laid` as far as the `clipped` tune goes."""
    end = clipped.notes[-1].end_beat
    passages = [passage for passage in laid.passages if passage.onset_beat < end]
    passages[-1] = passages[-1].replace(length_beat=end - passages[-1].onset_beat)
    return Laid(clipped, tuple(passages))


def _ends_s(tune: Tune, factor: float, before: Fraction) -> float:
    clock = song_tempo(tune, tempo_factor=factor, count_in_beat=before)
    return clock.beat_to_s(tune.end_beat) + TAIL_S


def _clipped(tune: Tune, wish: _Wish, factor: float, before: Fraction) -> Tune:
    assert wish.options.length_s is not None, "only a length clips"
    return clip_tune(tune, length_s=wish.options.length_s, tempo_factor=factor, tail_s=TAIL_S, count_in_beat=before)


def _factor_that_fits(tune: Tune, length_s: float, factor: float, before: Fraction) -> float:
    """Return `factor`, or a faster one at which the first phrase of `tune` ends within `length_s`."""
    faster = (factor * 1.05**step for step in range(17))
    factors = [factor, *(other for other in faster if factor < other < FASTEST), FASTEST]
    clocks = (song_tempo(tune, tempo_factor=other, count_in_beat=before) for other in factors)
    ends_s = (clock.beat_to_s(tune.phrase_ends[0]) for clock in clocks)
    return next((other for other, end_s in zip(factors, ends_s, strict=True) if end_s + TAIL_S <= length_s), factor)


# --- the song


def _sung(wish: _Wish, laid: Laid, factor: float) -> Arrangement:
    """Return what is sung on all of a song."""
    if wish.lines is None or wish.options.mode == "chop":
        return arrange_speech(laid.tune, wish.heard, wish.transpose, factor, wish.options)

    def arrange_on(tune: Tune, transcript: Transcript, whole: bool) -> Arrangement:
        return _on_all(tune, transcript, wish.transpose, factor, wish.options, whole=whole)

    beat_s = 60.0 / (laid.tune.tempi[0].bpm * factor)
    breath_beat = next((breath for breath in BREATHS if float(breath) * beat_s >= BREATH_S), BREATHS[-1])
    placements = place(laid, wish.lines, arrange_on=arrange_on, needed=_needed(wish), breath_beat=breath_beat)
    return Arrangement(placements=placements, transpose=wish.transpose, tempo_factor=factor)


def _room_before(wish: _Wish, tune: Tune, factor: float) -> Fraction:
    """Return the beats before beat 0: what the band counts in, and before that the hook as it was spoken."""
    if wish.hook is None or not wish.has_quotes:
        return wish.count_in
    spoken_s = _spoken_s(wish.heard.transcript, wish.hook)
    before = _pickup(wish.count_in) + _beats(spoken_s, tune, factor)
    length_s = wish.options.length_s
    if length_s is not None:
        clock = song_tempo(tune, tempo_factor=factor, count_in_beat=before)
        has_room = clock.beat_to_s(tune.phrase_ends[0]) + TAIL_S <= length_s and spoken_s <= OPEN_SHARE * length_s
    else:
        has_room = True
    return before if has_room and spoken_s <= LONGEST_OPEN_S else wish.count_in


def _pickup(count_in: Fraction) -> Fraction:
    return Fraction(max(1, math.ceil(count_in)))


def _opening(tune: Tune, factor: float, before: Fraction, count_in: Fraction) -> Iterator[Passage]:
    """Yield the cold open and what leads from there to beat 0, where there is room for it."""
    pickup = _pickup(count_in)
    if before > pickup:
        lead_in = song_tempo(tune, tempo_factor=factor, count_in_beat=before).lead_in_beat
        yield Passage(role="cold open", onset_beat=-lead_in, length_beat=lead_in - pickup)
        yield Passage(role="pickup", onset_beat=-pickup, length_beat=pickup)


def _with_tag(wish: _Wish, laid: Laid, arrangement: Arrangement, before: Fraction) -> tuple[Passage, ...]:
    """Return the passages, and behind them room for the last word as it was spoken, where there is some."""
    sung = [placement.syllable for placement in arrangement.placements if placement.syllable is not None]
    if wish.lines is None or not wish.has_quotes or not sung:
        return laid.passages
    spoken_s = _spoken_s(wish.heard.transcript, word_around(wish.heard.transcript, sung[-1]))
    *passages, last = laid.passages
    begin = Fraction(math.ceil(max(laid.tune.end_beat, last.onset_beat + last.length_beat)))
    length = _beats(spoken_s, laid.tune, arrangement.tempo_factor)
    clock = song_tempo(laid.tune, tempo_factor=arrangement.tempo_factor, count_in_beat=before)
    end_s, length_s = clock.beat_to_s(begin + length) + TAIL_S, wish.options.length_s
    if spoken_s > LONGEST_TAG_S or (length_s is not None and end_s > length_s):
        return laid.passages
    tag = Passage(role="tag", onset_beat=begin, length_beat=length)
    return (*passages, last.replace(length_beat=begin - last.onset_beat), tag)


def _spoken_s(transcript: Transcript, hook: Hook) -> float:
    return transcript.syllables[hook.last].end_s - transcript.syllables[hook.first].start_s


def _beats(spoken_s: float, tune: Tune, factor: float) -> Fraction:
    """Return how many whole beats of the beginning of `tune` take `spoken_s` seconds."""
    return Fraction(max(1, math.ceil(spoken_s * tune.tempi[0].bpm * factor / 60.0 - WHOLE)))
