"""How lively a performance is: strengths, each 1.0 for the measured average of people who talk."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """All are factors; 0 switches the movement off, and values above 2 are treated as 2.

    ``mouth`` scales the openings of the lips but never a closure; ``blink_rate`` scales blinks per minute.
    """

    mouth: float = 1.0
    head: float = 1.0
    expression: float = 1.0
    blink_rate: float = 1.0
    gaze: float = 1.0
    breathing: float = 1.0

    def __post_init__(self) -> None:
        for name in ("mouth", "head", "expression", "blink_rate", "gaze", "breathing"):
            value = getattr(self, name)
            if not value >= 0.0:
                raise ValueError(f"style.{name} must not be negative")
            object.__setattr__(self, name, min(float(value), 2.0))
