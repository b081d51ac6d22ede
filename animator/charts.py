"""Bar charts as numbers for an SVG: the template draws, and a table beside it says the same to who cannot see it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: The drawing's own units; the page scales it to its width.
WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 640, 200, 44, 24, 22, 10
#: Most labels along the bottom.
LABELS = 8


@dataclass(frozen=True)
class Bar:
    """A bar with its corner, size and what a pointer reads; ``name`` is empty where the axis has no room for it."""

    x: float
    y: float
    width: float
    height: float
    title: str
    name: str
    middle: float


@dataclass(frozen=True)
class Tick:
    """A line across with its number."""

    y: float
    text: str


@dataclass(frozen=True)
class Chart:
    """What the template ``animator/chart.html`` draws; ``rows`` are the table's."""

    title: str
    unit: str
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    rows: tuple[tuple[str, float], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    base: int = HEIGHT - BOTTOM


def bar_chart(title: str, unit: str, rows: Sequence[tuple[str, float]]) -> Chart:
    """A chart of (name, value of zero or more) pairs, from left to right."""
    top = _round_up(max((value for _, value in rows), default=0.0))
    space, room = HEIGHT - BOTTOM - TOP, (WIDTH - LEFT - RIGHT) / max(1, len(rows))
    every = math.ceil(len(rows) / LABELS) if rows else 1
    bars = []
    for index, (name, value) in enumerate(rows):
        height = space * value / top
        x, width = LEFT + index * room, max(1.0, room * 0.8)
        # From the last one backwards, so that the newest day has its name.
        shown = name if (len(rows) - 1 - index) % every == 0 else ""
        bars.append(
            Bar(
                x=round(x, 1),
                y=round(HEIGHT - BOTTOM - height, 1),
                width=round(width, 1),
                height=round(height, 1),
                title=f"{name}: {value:g} {unit}",
                name=shown,
                middle=round(x + width / 2, 1),
            )
        )
    ticks = tuple(Tick(round(HEIGHT - BOTTOM - space * part, 1), f"{top * part:g}") for part in (0.0, 0.5, 1.0))
    return Chart(title, unit, tuple(bars), ticks, tuple(rows))


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, ... that is not smaller; 1 for nothing."""
    if value <= 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= value))
