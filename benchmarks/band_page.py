"""Write docs/styles.md (`python -m benchmarks.band_page`): each band style in a line, and a picture of it playing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from benchmarks.figures import AMBER, HAZE, LILAC, NIGHT, WHITE
from shenqu.documents.style import BandPart, BandStyle
from shenqu.documents.tune import Section, Tune
from shenqu.media.styles import packaged_styles
from shenqu.music.band import Plan, band_parts, plan_band
from shenqu.music.form import metre_at, pulse_beat
from shenqu.music.instruments import drum_of
from shenqu.pipeline.library import built_in_tune

DOCS = Path(__file__).parents[1] / "docs"
IMAGES = DOCS / "images" / "styles"
COLOURS = (LILAC, AMBER, "#6fd6c1", "#e0719a", "#7fb2ff", "#c7e06f", "#d69a6f")
BARS = 4
HEAD = """\
# Band styles

Made by `make docs` from the files in `src/shenqu/data/styles`, which are there to be read. `--band NAME` picks one;
without it the tune's metre and tempo do. `--band my.toml` plays a style of your own: copy one of ours and change it;
what cannot be played is refused with its line. `--harmony new` lays a style's own chords under a tune, where the notes
allow.

A tune's sections become scenes. A verse begins sparsely (*intro*), rises (*build*) towards the refrain, and ends with a
fill; styles with a *drop* are silent for a beat before the refrain. Outside its range of tempo a style walks in half or
double time where that comes nearer to it. Sticks count in before the first bar.

Each picture shows the four bars before the refrain and the four after it: what is pitched above, drums below, loud
strokes larger.
"""


def page() -> str:
    """Return the page; its pictures are written beside it."""
    sections = [HEAD]
    for name, style in packaged_styles().items():
        draw(name, style, IMAGES / f"{name}.png")
        low, high = style.tempo
        facts = [f"{low:g} to {high:g} beats a minute", f"chords of its own: `{style.progression}`"]
        facts += [f"chosen by `auto` in {kind} {_range(*bounds)}" for kind, bounds in style.auto.items()]
        facts += ["swung"] if style.swing > 0.5 else []
        facts += ["with a drop"] if style.drop else []
        sections.append(
            f"## {style.title} (`{name}`)\n\n{style.about[:1].upper()}{style.about[1:]}. {'; '.join(facts)}.\n\n"
            f"![{style.title}: drums and notes around a refrain](images/styles/{name}.png)\n"
        )
    return "\n".join(sections)


def _range(low: float, high: float) -> str:
    if low <= 10 and high >= 1000:
        return "at every tempo"
    if low <= 10:
        return f"below {high:g}"
    return f"from {low:g} on" if high >= 1000 else f"from {low:g} to {high:g}"


def draw(name: str, style: BandStyle, picture: Path) -> None:
    """Draw what `style` plays around a refrain."""
    tune = built_in_tune("clementine" if name == "waltz" else "ode-to-joy")
    tune = _verse_and_refrain(tune)
    pulse = float(pulse_beat(metre_at(tune, tune.upbeat_beat)))
    factor = sum(style.tempo) / 2 * pulse / tune.tempi[0].bpm
    parts = band_parts(tune, style, tempo_factor=factor)
    plan = plan_band(tune, style, tempo_factor=factor)
    bar = Fraction(4 * tune.metres[0].numerator, tune.metres[0].denominator)
    refrain = plan.crashes[0]
    shown = (refrain - BARS * bar, refrain + BARS * bar)
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(11.0, 4.6), facecolor=NIGHT, sharex=True, height_ratios=(3, 1.5), layout="constrained"
    )
    _draw_notes(above, [part for part in parts if not part.drums], shown)
    _draw_drums(below, next(part for part in parts if part.drums), shown)
    for axes in (above, below):
        _dress(axes, shown, bar, plan)
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, dpi=80, facecolor=NIGHT, metadata={"Software": None})
    plt.close(figure)


def _verse_and_refrain(tune: Tune) -> Tune:
    """Return `tune` as a verse and a refrain, from a bar line in its middle on."""
    bar = Fraction(4 * tune.metres[0].numerator, tune.metres[0].denominator)
    middle = tune.upbeat_beat + (tune.notes[-1].end_beat - tune.upbeat_beat) // bar // 2 * bar
    verse = Section(kind="verse", onset_beat=Fraction(0), length_beat=middle)
    refrain = Section(kind="refrain", onset_beat=middle, length_beat=tune.end_beat - middle)
    return tune.replace(sections=(verse, refrain))


def _draw_notes(axes: Axes, parts: list[BandPart], shown: tuple[Fraction, Fraction]) -> None:
    for part, colour in zip(parts, COLOURS, strict=False):
        for note in part.notes:
            if shown[0] <= note.onset_beat < shown[1]:
                place = float(note.onset_beat), note.pitch - 0.4
                axes.add_patch(
                    Rectangle(place, 0.94 * float(note.length_beat), 0.8, color=colour, alpha=note.velocity / 127)
                )
        axes.plot([], [], color=colour, linewidth=5, label=part.name)
    pitches = [note.pitch for part in parts for note in part.notes if shown[0] <= note.onset_beat < shown[1]]
    axes.set_ylim(min(pitches) - 2, max(pitches) + 2)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, labelcolor=WHITE, fontsize=10)
    axes.set_ylabel("pitch (MIDI)", color=WHITE)


def _draw_drums(axes: Axes, part: BandPart, shown: tuple[Fraction, Fraction]) -> None:
    hits = [note for note in part.notes if shown[0] <= note.onset_beat < shown[1]]
    names = sorted({drum_of(note.pitch) for note in hits}, key=lambda drum: (drum != "kick", drum != "snare", drum))
    for note in hits:
        place = float(note.onset_beat), names.index(drum_of(note.pitch))
        axes.scatter(*place, s=(note.velocity / 14) ** 2, color=AMBER, linewidths=0)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(-0.7, len(names) - 0.3)


def _dress(axes: Axes, shown: tuple[Fraction, Fraction], bar: Fraction, plan: Plan) -> None:
    axes.set_facecolor(HAZE)
    axes.set_xlim(float(shown[0]), float(shown[1]))
    lines = [float(shown[0] + number * bar) for number in range(2 * BARS)]
    names = [f"bar {number - BARS + (number >= BARS):+d}" for number in range(2 * BARS)]
    axes.set_xticks(lines, names)
    for line in lines:
        axes.axvline(line, color=WHITE, alpha=0.25, linewidth=0.8)
    axes.axvline(float(plan.crashes[0]), color=WHITE, linewidth=1.6)
    axes.tick_params(colors=WHITE, labelsize=9)
    for spine in axes.spines.values():
        spine.set_visible(False)


if __name__ == "__main__":
    (DOCS / "styles.md").write_text(page(), encoding="utf-8")
