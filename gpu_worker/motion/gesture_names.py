"""Which gestures there are and how long they take: light, so that the site can offer them and charge for them."""

from __future__ import annotations

from collections.abc import Sequence

from gpu_worker.errors import InputError

#: Seconds that each gesture takes, in the order in which they are offered.
GESTURE_SECONDS: dict[str, float] = {
    "smile": 2.6,
    "nod": 1.4,
    "blink": 1.05,
    "look_around": 3.3,
    "laugh": 2.8,
    "kiss": 1.25,
    "wink": 1.1,
    "raised_brows": 1.5,
    "dance": 4.8,
}
#: Still photo before the first and after the last gesture, and overlap of neighbours, seconds.
STILL, OVERLAP = 0.35, 0.25
#: Room that several faces have, so that they do not move as one, and the longest video without words, seconds.
APART, LONGEST = 0.4, 60.0


def check_gestures(names: Sequence[str]) -> tuple[str, ...]:
    """The names, cleaned. Raises InputError ``unknown_gesture``."""
    clean = tuple(name.strip().lower().replace("-", "_") for name in names if name.strip())
    unknown = [name for name in clean if name not in GESTURE_SECONDS]
    if unknown or not clean:
        wrong = f"There is no gesture named {unknown[0][:40]!r}." if unknown else "No gesture was named."
        raise InputError("unknown_gesture", wrong, "Choose from: " + ", ".join(GESTURE_SECONDS) + ".")
    return clean


def gestures_length(names: Sequence[str]) -> float:
    """Seconds that gestures take one after the other, without the still photo around them; 0 for none."""
    if not names:
        return 0.0
    return sum(GESTURE_SECONDS[name] - OVERLAP for name in names) + OVERLAP


def silent_length(everybody: Sequence[Sequence[str]], wanted: float | None = None) -> float:
    """Seconds of a video without words in which each face makes its own gestures: as long as the longest of them, or
    ``wanted`` where that is more."""
    natural = max((gestures_length(names) for names in everybody), default=0.0) + 2.0 * STILL
    if len(everybody) > 1:
        natural += APART
    return min(max(natural, wanted or 0.0), max(natural, LONGEST))
