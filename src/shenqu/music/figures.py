"""Which figures a song has: rules that answer, echo, fill and lead in where the lead leaves room.

By passage: a cold open, a silence and a tag quote the speaker as he spoke; an intro has the hook's syllable on the
downbeat of its second and fourth bar; a build calls and answers in halves of its length, or rolls; verses and
hooks have, in rests and beside what is left of long last notes, echoes, answers, hits, stutters and fills; hooks
have drums made of the voice under the band's, and breaks have them alone. docs/figures.md names them all.

What sounds while the lead sings lies 10 dB under it, or lower. Chance is drawn from the seed.

References
----------
docs/figures.md says where each rule comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import numpy as np

from shenqu.documents.arrangement import Passage, Placement
from shenqu.documents.figure import Figure, FigureKind, Stroke
from shenqu.documents.options import Figures
from shenqu.documents.performance import TempoMap
from shenqu.documents.speech import Transcript
from shenqu.documents.tune import Tune
from shenqu.music.line import STEP, STOPS, Line, Piece, Rest, Sung, onset_phones, read_line
from shenqu.music.stutters import CELLS, stutter, stutters, unit_of
from shenqu.music.voice_drums import ALONE_DB, UNDER_DB, Kit, drum_figures, fill_figures, find_kit

QUIET = frozenset({"cold open", "silence", "tag"})
BESIDE_DB, REST_DB, QUOTE_DB = -10.0, -4.0, 0.0
HALF, BEAT = Fraction(1, 2), Fraction(1)
HALVING = tuple((Fraction(at, 8), Fraction(length, 8)) for at, length in ((0, 4), (4, 2), (6, 1), (7, 1)))
BARS_APART = 4  # stutters
FEW_BARS_APART = 2  # figures around rests
SIDE = 0.5
MOST_ECHOED = 6
FAR = Fraction(16)  # beats, longer than any sound but a quote
RINGS_S = 0.8  # behind the end of a song
RISER_S, LEAST_RISER_S = 0.7, 0.15
HITS = 5  # the syllables best to hit with, of which one is drawn by lot


def figures(
    tune: Tune,
    passages: Sequence[Passage],
    placements: Sequence[Placement],
    transcript: Transcript,
    *,
    clock: TempoMap,
    transpose: int,
    seed: int,
    amount: Figures = "few",
) -> tuple[Figure, ...]:
    """Return the figures of a song that sings `placements` to `clock`, in the order of their beats.

    `tune` is the tune as it is sung, `transpose` semitones below the placements. Without `passages` its refrains are
    the hook and all else is verse. With `amount` "few" figures around rests lie two bars apart and drums of the
    voice play in hooks only; with "many" wherever there is room.
    """
    line = read_line(tune, passages, placements, transcript, clock=clock, transpose=transpose)
    if amount == "none" or not line.sung:
        return ()
    rng = np.random.default_rng([seed, 8])
    made = list(_quotes_and_builds(line, rng))
    kit = find_kit(line, rng)
    hit = _hit_piece(line, rng)
    for rest in line.rests:
        made += _around(line, rest, hit, kit, made, rng, amount)
    made += list(_drums(line, kit, made, amount))
    levelled = (_beside_the_lead(line, figure) for figure in made)
    return tuple(sorted(levelled, key=lambda figure: (figure.onset_beat, figure.name)))


def _beside_the_lead(line: Line, figure: Figure) -> Figure:
    """Return `figure` with every stroke that sounds while the lead sings at least 10 dB under it."""
    strokes = []
    for stroke in figure.strokes:
        is_beside = line.sung_during(*line.sounds(figure, stroke)) > 0.01
        most_db = BESIDE_DB - figure.level_db
        strokes.append(stroke.replace(level_db=min(stroke.level_db, most_db)) if is_beside else stroke)
    return figure.replace(strokes=tuple(strokes))


def _figure(
    kind: FigureKind,
    name: str,
    piece: Piece,
    onset: Fraction,
    strokes: Sequence[Stroke],
    *,
    level_db: float = REST_DB,
    pan: float = 0.0,
    pitch: int | None = None,
    sampler: bool = False,
    reverse: bool = False,
) -> Figure:
    return Figure(
        kind=kind,
        name=name,
        onset_beat=onset,
        start_s=piece.start_s,
        beat_s=piece.beat_s,
        end_s=piece.end_s,
        strokes=tuple(strokes),
        level_db=level_db,
        pan=pan,
        pitch=pitch,
        sampler=sampler,
        reverse=reverse,
    )


def _once(length: Fraction, *, at: Fraction = Fraction(0), semitones: float = 0.0, level_db: float = 0.0) -> Stroke:
    return Stroke(onset_beat=at, length_beat=length, semitones=semitones, level_db=level_db)


# --- passages without the lead


def _quotes_and_builds(line: Line, rng: np.random.Generator) -> Iterator[Figure]:
    for passage in line.passages:
        rest = _open_part(line, passage)
        if rest is None:
            continue
        if passage.role == "build":
            yield from _build(line, rest, passage, rng)
        elif passage.role == "intro":
            yield from _stabs(line, rest, rng)
        elif passage.role in {*QUIET, "bridge"}:
            yield from _quote(line, rest, passage, rng)


def _open_part(line: Line, passage: Passage) -> Rest | None:
    """Return all of a passage as a rest, where nobody sings in it; None where somebody does."""
    end = passage.onset_beat + passage.length_beat
    if line.sung_during(line.seconds(passage.onset_beat), line.seconds(end) - 0.2) > 0.1:
        return None
    before = [sung for sung in line.sung if sung.onset < passage.onset_beat]
    behind = next((sung for sung in line.sung if sung.onset >= end - HALF), None)
    free_to = min(end, behind.begin) if behind else end
    last = before[-1] if before else None
    return Rest(start=passage.onset_beat, free=passage.onset_beat, end=free_to, before=last, behind=behind)


def _quote(line: Line, rest: Rest, passage: Passage, rng: np.random.Generator) -> Iterator[Figure]:
    """Yield what the speaker said, as he said it: the hook's line, the next word, another line, or the last word."""
    room_s = line.seconds(rest.end) - line.seconds(rest.start)
    hook = next((sung for sung in line.sung if line.passage_at(sung.onset).role == "hook"), line.sung[0])
    if passage.role == "silence":
        piece = line.word_of((rest.behind or hook).index)
    elif passage.role == "tag":
        piece = line.word_of((rest.before or hook).index)
    elif passage.role == "cold open":
        piece = _hooks_line(line, hook, room_s)
    else:
        piece = _line_around(line, int(rng.integers(len(line.syllables))), room_s)
    onset = rest.start + line.beats(piece.beat_s - piece.start_s, at=rest.start)
    room = rest.end - onset if rest.behind else rest.end - onset + line.beats(RINGS_S, at=onset)
    length = min(line.beats(piece.end_s - piece.beat_s, at=onset), max(HALF, room))
    yield _figure("spoken", f"quote: {passage.role}", piece, onset, [_once(length)], level_db=QUOTE_DB)


def _hooks_line(line: Line, hook: Sung, room_s: float) -> Piece:
    """Return the speaker's phrase with the hook; where all of it has no room the hook, or as much as has room."""
    passage = line.passage_at(hook.onset)
    own = [sung.index for sung in line.sung if line.passage_at(sung.onset) is passage]
    all_of_it = [*line.phrase_of(hook.index), *own]
    pieces = [line.piece(min(some), max(some)) for some in (all_of_it, own)]
    fitting = (piece for piece in pieces if piece.end_s - piece.start_s <= room_s)
    return next(fitting, _line_around(line, hook.index, room_s))


def _line_around(line: Line, index: int, room_s: float) -> Piece:
    """Return as much of the speaker's phrase around a syllable as has room, in whole words, from its beginning."""
    first, last = line.phrase_of(index)
    ends = [end for start, end in dict.fromkeys(line.words[first : last + 1]) if start >= first]
    fitting = [end for end in ends if line.piece(first, end - 1).end_s - line.syllables[first].start_s <= room_s]
    return line.piece(first, max(fitting) - 1) if fitting else line.word_of(index)


def _stabs(line: Line, rest: Rest, rng: np.random.Generator) -> Iterator[Figure]:
    """Yield the hook's strongest syllable on the second and the fourth bar of an intro."""
    starts = [start for start, _ in line.bars if rest.start <= start < rest.end][1::2]
    if starts:
        piece = _hit_piece(line, rng)
        strokes = [_once(BEAT, at=start - starts[0]) for start in starts]
        yield _figure("hit", "stab", piece, starts[0], strokes)


def _build(line: Line, rest: Rest, passage: Passage, rng: np.random.Generator) -> Iterator[Figure]:
    """Yield call and response in 1/2, 1/4, 1/8, 1/8 of a build, or half of that and a roll in its last bar."""
    if rest.behind is None or rest.before is None:
        return
    end = passage.onset_beat + passage.length_beat
    last_bar, bar = line.bar_at(end - Fraction(1, 100))
    rolls = bool(rng.integers(2)) and last_bar > rest.start
    until, whole = (last_bar if rolls else end), last_bar + bar - rest.start
    slots = [(rest.start + whole * at, whole * share) for at, share in HALVING]
    slots = [(at, length) for at, length in slots if at + length / 2 < until]
    call, answer = line.word_of(rest.behind.index), line.word_of(rest.before.index)
    for name, piece, shift, pan in (("call", call, 0, -SIDE), ("response", answer, 1, SIDE)):
        begins = [(at + shift * length / 2, length / 2) for at, length in slots]
        halves = [(at, min(length, until - at)) for at, length in begins]
        strokes = [_once(length, at=at - halves[0][0]) for at, length in halves]
        yield _figure("answer", f"halving: {name}", piece, halves[0][0], strokes, pan=pan)
    if rolls:
        cells = [cell for cell in CELLS if cell.build]
        roll = stutter(line, cells[int(rng.integers(len(cells)))], rest.behind, last_bar, rng)
        before_end = tuple(stroke for stroke in roll.strokes if last_bar + stroke.onset_beat + STEP <= end)
        yield roll.replace(level_db=REST_DB, strokes=before_end)


# --- around rests


def _around(
    line: Line,
    rest: Rest,
    hit: Piece,
    kit: Kit,
    made: Sequence[Figure],
    rng: np.random.Generator,
    amount: Figures,
) -> list[Figure]:
    """Return what sounds in one rest: one figure, or with "many" one behind the lead and one that leads in."""
    if rest.before is not None and not rest.before.ends_phrase and rest.end - rest.free < BEAT:
        return []
    near = FEW_BARS_APART * line.bar_at(rest.end)[1]
    taken = [figure.onset_beat for figure in made if figure.kind not in {"drum", "spoken"}]
    if amount == "few" and any(abs(beat - rest.free) < near for beat in taken):
        return []
    found: list[Figure] = []
    for options in _choices(line, rest, hit, kit, made, rng):
        if found and amount == "few":
            break
        free = (some for some in options if _has_room(line, rest, some, [*made, *found]))
        found += next(free, ())
    return found


Option = Sequence[Figure]


def _choices(
    line: Line, rest: Rest, hit: Piece, kit: Kit, made: Sequence[Figure], rng: np.random.Generator
) -> list[list[Option]]:
    """Return two lists of options, each in an order by lot: what lies behind the lead or leads in, and the other."""
    role = line.passage_at(rest.before.onset if rest.before else rest.end).role
    behind: list[Option] = []
    if rest.before is not None:
        makers: list[Callable[[], Option]] = [
            lambda: _echo(line, rest, role),
            lambda: _answer(line, rest, rng),
            lambda: _hit(line, rest, hit),
            lambda: _fill(line, rest, kit),
        ]
        behind = [option for number in rng.permutation(len(makers)) if (option := makers[number]())]
        behind.sort(key=lambda option: not (role == "hook" and option[0].kind == "echo"))
    into: list[Option] = [[one] for one in stutters(line, rest, rng) if _may_stutter(line, one, made)]
    into = [[one.replace(level_db=REST_DB) for one in option] for option in into]
    riser = _riser(line, rest)
    into = [*into, riser] if riser and rng.integers(3) else [riser, *into] if riser else into
    return [behind, into] if rng.integers(2) else [into, behind]


def _has_room(line: Line, rest: Rest, some: Option, others: Sequence[Figure]) -> bool:
    """Whether figures lie in a rest, in no passage that is the speaker's alone, and not beside others."""
    spans = [line.sounds(figure, stroke) for figure in some for stroke in figure.strokes]
    near = [figure for figure in others if _is_near(figure, rest)]
    taken = [line.sounds(figure, stroke) for figure in near for stroke in figure.strokes]
    quiet = (passage for passage in line.passages if passage.role in QUIET)
    taken += [(line.seconds(one.onset_beat), line.seconds(one.onset_beat + one.length_beat)) for one in quiet]
    first_s, last_s = min(span[0] for span in spans), max(span[1] for span in spans)
    is_free = not any(low_s < last_s and first_s < high_s for low_s, high_s in taken)
    return is_free and all(line.lies_in(figure, rest.start, rest.end) for figure in some)


def _is_near(figure: Figure, rest: Rest) -> bool:
    """Whether a figure could be heard in a rest at all."""
    far = max(FAR, figure.strokes[-1].length_beat)
    return figure.onset_beat < rest.end + far and rest.start < figure.onset_beat + figure.strokes[-1].onset_beat + far


def _may_stutter(line: Line, figure: Figure, made: Sequence[Figure]) -> bool:
    """Whether a stutter lies four bars from all others, and is another than those beside it."""
    others = [one for one in made if one.kind in {"stutter", "roll"}]
    apart = BARS_APART * max(length for _, length in line.bars)
    before = max((one for one in others if one.onset_beat <= figure.onset_beat), key=_onset, default=None)
    behind = min((one for one in others if one.onset_beat > figure.onset_beat), key=_onset, default=None)
    neighbours = [one for one in (before, behind) if one is not None]
    return all(abs(one.onset_beat - figure.onset_beat) >= apart and one.name != figure.name for one in neighbours)


def _onset(figure: Figure) -> Fraction:
    return figure.onset_beat


def _echo(line: Line, rest: Rest, role: str) -> Option:
    """Return the end of the lead's phrase twice, the second time softer: half of it, or as much as has room."""
    assert rest.before is not None
    first = last = rest.before.index
    while first > 0 and last - first + 1 < MOST_ECHOED and line.phrase_of(last)[0] < first:
        first -= 1
    start = _on_grid(rest.start)
    for begin in range(first + (last - first) // 2, last + 1):
        piece = line.piece(begin, last)
        length = _on_grid(line.beats(piece.end_s - piece.start_s, at=start))
        pitch = rest.before.last_pitch if begin == last else None
        strokes = [_once(length), _once(length, at=length, level_db=-4.0)]
        echo = _figure("echo", f"echo cut ({role})", piece, start, strokes, pitch=pitch, pan=-SIDE / 2)
        late = line.beats(piece.beat_s - piece.start_s, at=start)
        echo = echo.replace(onset_beat=start + (HALF if late > Fraction(1, 8) else 0))
        if line.lies_in(echo, rest.start, rest.end):
            return [echo]
    return []


def _answer(line: Line, rest: Rest, rng: np.random.Generator) -> Option:
    """Return the lead's last syllable, or its last two, an octave away on one side, as a sampler plays them."""
    assert rest.before is not None
    last = rest.before.index
    first = max(line.phrase_of(last)[0], last - 1) if rng.integers(2) else last
    semitones = 12.0 if rng.integers(2) else -12.0
    piece, start = line.piece(first, last), _on_grid(rest.start)
    length = line.beats((piece.end_s - piece.beat_s) / 2.0 ** (semitones / 12.0), at=start)
    pan = SIDE if rng.integers(2) else -SIDE
    answer = _figure(
        "answer", "octave answer", piece, start, [_once(length, semitones=semitones)], pan=pan, sampler=True
    )
    moved = answer.replace(onset_beat=start + HALF)
    return [answer if line.lies_in(answer, rest.start, rest.end) else moved]


def _hit(line: Line, rest: Rest, piece: Piece) -> Option:
    """Return the song's one syllable on the last beat of a bar, or on its "and", whichever has room."""
    start, length = line.bar_at(rest.end - Fraction(1, 100))
    for beat in (start + length - BEAT, start + length - HALF):
        hit = _figure("hit", "hit", piece, beat, [_once(min(BEAT, start + length - beat))], pan=SIDE / 2)
        if line.lies_in(hit, rest.start, rest.end):
            return [hit]
    return []


def _fill(line: Line, rest: Rest, kit: Kit) -> Option:
    """Return a fill of the speaker's stops before every fourth bar line of a passage: a beat, two before an eighth."""
    end = line.bar_at(rest.end + STEP)[0]
    passage = line.passage_at(end - Fraction(1, 100))
    bars = [start for start, _ in line.bars if passage.onset_beat <= start < end]
    if not bars or len(bars) % 4:
        return []
    return fill_figures(line, kit, end - (2 if len(bars) % 8 == 0 else 1), end)


def _riser(line: Line, rest: Rest) -> Option:
    """Return the hook's first words turned round, ending where the lead comes in with them."""
    if rest.behind is None or not _begins_hook(line, rest.behind):
        return []
    syllable = line.syllables[rest.behind.index]
    until_s = line.syllables[line.phrase_of(rest.behind.index)[1]].end_s
    room_s = line.seconds(rest.end) - line.seconds(rest.start)
    end_s = min(until_s, syllable.vowel_s + min(RISER_S, max(room_s, LEAST_RISER_S)))
    piece = Piece(syllable.vowel_s, syllable.vowel_s, end_s)
    riser = _figure("reverse", "riser into the hook", piece, rest.end, [_once(BEAT)], reverse=True, level_db=-8.0)
    return [riser] if line.lies_in(riser, rest.start, rest.end) else []


def _begins_hook(line: Line, sung: Sung) -> bool:
    passage = line.passage_at(sung.onset)
    first = next(one for one in line.sung if line.passage_at(one.onset) == passage)
    return passage.role == "hook" and sung == first


def _hit_piece(line: Line, rng: np.random.Generator) -> Piece:
    """Return the syllable that answers all through the song: by lot of those with a stop and a long stressed vowel."""
    indices = sorted({sung.index for sung in line.sung}, key=lambda index: (-_punch(line, index), index))
    index = indices[int(rng.integers(min(HITS, len(indices))))]
    syllable, unit = line.syllables[index], unit_of(line.syllables[index], rng)
    return Piece(unit.start_s, unit.beat_s, syllable.end_s)


def _punch(line: Line, index: int) -> float:
    """Return how well a syllable hits."""
    syllable = line.syllables[index]
    onset = onset_phones(syllable)
    vowel_s = min(syllable.vowel_end_s - syllable.vowel_s, 0.2)
    return 5.0 * vowel_s + (0.6 if onset and onset[0] in STOPS else 0.0) + (0.4 if syllable.stress == 1 else 0.0)


def _on_grid(beat: Fraction) -> Fraction:
    """Return the next 8th at or behind `beat`."""
    return -(-beat // HALF) * HALF


# --- drums


def _drums(line: Line, kit: Kit, made: Sequence[Figure], amount: Figures) -> Iterator[Figure]:
    """Yield the drums of the voice: under the band's in hooks, with fills, alone in breaks; in all with "many"."""
    for passage in line.passages:
        end = passage.onset_beat + passage.length_beat
        if passage.role in QUIET:
            continue
        if _open_part(line, passage) is not None:
            yield from drum_figures(line, kit, passage.onset_beat, end, level_db=ALONE_DB)
        elif passage.role == "hook" or amount == "many":
            drums = ("kick", "snare", "hat") if amount == "many" else ("kick", "snare")
            yield from drum_figures(line, kit, passage.onset_beat, end, level_db=UNDER_DB, drums=drums)
            yield from _fills(line, kit, passage, made)


def _fills(line: Line, kit: Kit, passage: Passage, made: Sequence[Figure]) -> Iterator[Figure]:
    """Yield fills before every fourth bar line in a passage, softly under the lead, where nothing else sounds."""
    end = passage.onset_beat + passage.length_beat
    for bar_line in [start for start, _ in line.bars if passage.onset_beat < start <= end]:
        rest = Rest(start=bar_line - 2, free=bar_line - 2, end=bar_line, before=None, behind=None)
        fill = _fill(line, rest, kit)
        if fill and _has_room(line, rest, fill, made):
            yield from (one.replace(level_db=UNDER_DB) for one in fill)
