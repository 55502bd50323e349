"""Units sung, each in its take, and remembered.

What is sung goes to the memory at once, so that of a long song no more is held than is being made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping

import numpy as np

from shenqu.documents.audio import Samples
from shenqu.dsp.blocks import on_both_cores
from shenqu.singing.material import Array, Material
from shenqu.singing.unit import Engine, Unit

Part = tuple[Unit, Engine]
"""A unit in its take, and what sings it."""


def sing_units(
    material: Material, parts: Iterable[Part], memory: MutableMapping[str, Array]
) -> Callable[[Part], Samples]:
    """Sing all `parts` that `memory` does not hold, and return what gives the sound of any."""
    missing: dict[Engine, dict[str, Unit]] = {}
    for unit, engine in parts:
        if unit.key not in memory:
            missing.setdefault(engine, {})[unit.key] = unit
    kept: dict[str, Samples] = {}

    def sing_batch(batch: tuple[Engine, list[Unit]]) -> None:
        engine, units = batch
        sing = engine.singer(material, units)
        for unit in units:
            sound = sing(unit).astype(np.float32)
            memory[unit.key] = sound
            if unit.key not in memory:  # the disk is full, perhaps
                kept[unit.key] = sound

    def sound_of(part: Part) -> Samples:
        unit, engine = part
        sound = kept.get(unit.key)
        # By `get`: what lies there may turn out to be damaged.
        sound = memory.get(unit.key) if sound is None else sound
        if sound is None:
            kept[unit.key] = sound = engine.singer(material, [unit])(unit).astype(np.float32)
        return np.asarray(sound, dtype=np.float32)

    batches = [batch for engine, units in missing.items() for batch in _batches(engine, units.values())]
    on_both_cores(sing_batch, batches)
    return sound_of


def _batches(engine: Engine, units: Iterable[Unit]) -> list[tuple[Engine, list[Unit]]]:
    """Return `units` in the order of the speech, so that hardly a frame is analysed for two batches."""
    ordered = sorted(units, key=lambda unit: float(unit.speech_s[0]))
    return [(engine, ordered[first : first + engine.at_once]) for first in range(0, len(ordered), engine.at_once)]
