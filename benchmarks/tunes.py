"""The page of the built-in tunes: a piano roll of each, where it comes from, what it was laid beside.

`python -m benchmarks.tunes` writes docs/tunes.md and the pictures in docs/images/tunes.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from shenqu.documents.tune import Tune
from shenqu.music.harmony import bar_lines
from shenqu.music.passages import phrase_notes, pitch_range
from shenqu.pipeline.library import built_in_tunes

DOCS = Path(__file__).parents[1] / "docs"
PICTURES = DOCS / "images" / "tunes"
INTRODUCTION = Path(__file__).with_name("tunes.md")  # what people have to say about the tunes
WIDTH, EDGE, SEMITONE, HEAD, FOOT = 1000, 14, 8, 30, 14
NIGHT, BAR, PHRASE, WHITE = "#0b0a16", "#25213f", "#6a64a8", "#f2f0ff"
COLOURS = {"refrain": "#ffb133", "verse": "#8a86d6", "bridge": "#5fc3b5", "tail": "#d67f9d"}
NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
Draw = ImageDraw.ImageDraw


def draw_roll(tune: Tune, path: Path) -> None:
    """Draw the melody of `tune` over time: a box a note, lines at bars, longer ones where phrases end."""
    top = max(note.pitch for note in tune.notes)
    size = WIDTH, HEAD + FOOT + SEMITONE * (pitch_range(tune) + 2)
    picture = Image.new("RGB", size, NIGHT)
    draw = ImageDraw.Draw(picture)
    scale = (WIDTH - 2 * EDGE) / float(max(tune.end_beat, tune.notes[-1].end_beat))

    def x(beat: Fraction) -> float:
        return EDGE + float(beat) * scale

    for start, _ in bar_lines(tune):
        draw.line([(x(start), HEAD), (x(start), size[1] - FOOT)], fill=BAR)
    for end in tune.phrase_ends:
        draw.line([(x(end), HEAD - 8), (x(end), size[1] - 4)], fill=PHRASE)
    for section in tune.sections:
        colour = COLOURS[section.kind]
        last = section.onset_beat + section.length_beat
        draw.line([(x(section.onset_beat) + 2, HEAD - 10), (x(last) - 2, HEAD - 10)], fill=colour, width=3)
        draw.text((x(section.onset_beat) + 3, 2), section.kind, fill=colour, font=ImageFont.load_default(size=14))
        for note in tune.notes:
            if section.onset_beat <= note.onset_beat < last:
                y = HEAD + SEMITONE * (top - note.pitch + 1) - SEMITONE // 2
                box = (x(note.onset_beat), y, max(x(note.onset_beat) + 2, x(note.end_beat) - 2), y + SEMITONE - 1)
                draw.rounded_rectangle(box, radius=3, fill=colour)
    picture.quantize(32, dither=Image.Dither.NONE).save(path, optimize=True)


def describe(tune: Tune) -> str:
    """Return the section of the page on `tune`."""
    metre = f"{tune.metres[0].numerator}/{tune.metres[0].denominator}"
    slowest, fastest = tune.tempo_range or (tune.tempi[0].bpm,) * 2
    tempo = f"{tune.tempi[0].bpm:g} ({slowest:g} to {fastest:g})"
    pitches = [note.pitch for note in tune.notes]
    lines = [
        f"## {tune.title}",
        f"`--tune {tune.id}`",
        f"![{tune.title}](images/tunes/{tune.id}.png)",
        f"- {tune.origin}",
        f"- from: {tune.years}",
        f"- {NAMES[tune.tonic]} {tune.scale}, {metre}, {tempo} bpm",
        f"- {len(tune.notes)} notes over {pitch_range(tune)} semitones, {name(min(pitches))} to {name(max(pitches))}",
        f"- notes a phrase: {sections(tune)}",
        f"- checked: {tune.checked}",
    ]
    return "\n\n".join(lines[:3]) + "\n\n" + "\n".join(lines[3:])


def sections(tune: Tune) -> str:
    """Return how many notes each phrase has, section by section."""
    counts = dict(zip(tune.phrase_ends, phrase_notes(tune), strict=True))
    told = []
    for section in tune.sections:
        end = section.onset_beat + section.length_beat
        notes = [str(count) for beat, count in counts.items() if section.onset_beat < beat <= end]
        told.append(f"{section.kind} {' '.join(notes)}")
    return ", ".join(told)


def name(pitch: int) -> str:
    """Return the name of a MIDI pitch: 60 is C4."""
    return f"{NAMES[pitch % 12]}{pitch // 12 - 1}"


def main() -> None:
    """Draw all rolls and write the page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    tunes = built_in_tunes()
    for tune in tunes:
        draw_roll(tune, PICTURES / f"{tune.id}.png")
    page = [INTRODUCTION.read_text(encoding="utf-8").strip(), *(describe(tune) for tune in tunes)]
    (DOCS / "tunes.md").write_text("\n\n".join(page) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
