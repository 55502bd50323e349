"""What is heard of music in a recording, before it is written down as a tune.

Times are seconds of the recording.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardNote:
    """A note as it was sung: its times, its nearest MIDI pitch in the recording's own tuning, how sure it is (0 to 1).

    `strength` says how clearly it begins: 1.0 where the pitch changes or the voice sets in, less where one goes on.
    """

    start_s: float
    end_s: float
    pitch: int
    confidence: float
    strength: float = 1.0

    @property
    def weight(self) -> float:
        """How much its onset says about the beat: long notes and clear ones say more."""
        return self.strength * min(2.0, (self.end_s - self.start_s) / 0.2) ** 0.5
