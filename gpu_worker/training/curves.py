"""Learning curves as a picture: small multiples in SVG, training and validation over the steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from gpu_worker.training.run_log import read_log

NAME = "curves.svg"
_WIDTH, _HEIGHT, _COLUMNS = 300, 180, 3
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 12, 28, 26
_COLOURS = {"train": "#1f6feb", "validation": "#d1480f"}
_FIRST = ("loss", "viseme_accuracy", "phone_accuracy", "visemes", "phones", "position", "velocity", "closure")

Points = list[tuple[int, float]]


def write_curves(run: Path) -> None:
    """Draw ``metrics.jsonl`` of a run into ``curves.svg``."""
    (run / NAME).write_text(curves_svg(read_log(run)), encoding="utf-8")


def curves_svg(rows: Sequence[dict[str, Any]]) -> str:
    """One panel for each number that was logged, training in blue, validation in orange."""
    series: dict[str, dict[str, Points]] = {}
    for row in rows:
        for name, value in row.items():
            if name not in ("step", "part") and isinstance(value, int | float):
                series.setdefault(name, {}).setdefault(row["part"], []).append((row["step"], float(value)))
    names = sorted(series, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))
    lines = -(-len(names) // _COLUMNS)
    width, height = _COLUMNS * _WIDTH, max(lines, 1) * _HEIGHT
    panels = [
        f'<g transform="translate({place % _COLUMNS * _WIDTH},{place // _COLUMNS * _HEIGHT})">'
        f"{_panel(name, series[name])}</g>"
        for place, name in enumerate(names)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="Learning curves" font-family="sans-serif" font-size="11">'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>{"".join(panels)}</svg>\n'
    )


def _panel(name: str, parts: dict[str, Points]) -> str:
    steps = [step for points in parts.values() for step, _ in points]
    values = [value for points in parts.values() for _, value in points]
    low, high = min(values), max(values)
    if high - low < 1e-9:
        low, high = low - 0.5 * abs(low) - 1e-3, high + 0.5 * abs(high) + 1e-3
    first, last = min(steps), max(max(steps), min(steps) + 1)
    across, down = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def place(step: int, value: float) -> tuple[float, float]:
        return _LEFT + across * (step - first) / (last - first), _TOP + down * (high - value) / (high - low)

    drawn = [
        f'<text x="{_LEFT}" y="18" font-weight="bold">{escape(name.replace("_", " "))}</text>',
        f'<rect x="{_LEFT}" y="{_TOP}" width="{across}" height="{down}" fill="none" stroke="#c8ccd2"/>',
        f'<text x="{_LEFT - 5}" y="{_TOP + 8}" text-anchor="end">{high:.3g}</text>',
        f'<text x="{_LEFT - 5}" y="{_TOP + down}" text-anchor="end">{low:.3g}</text>',
        f'<text x="{_LEFT}" y="{_HEIGHT - 10}">{first}</text>',
        f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 10}" text-anchor="end">{last}</text>',
    ]
    for at, (part, points) in enumerate(sorted(parts.items())):
        colour = _COLOURS.get(part, "#555555")
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        x, y = place(*points[-1])
        drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="{colour}"/>')
        drawn.append(
            f'<text x="{_WIDTH - _RIGHT}" y="{18 if at == 0 else 18 - 11 * at + 22}" text-anchor="end" '
            f'fill="{colour}">{part} {points[-1][1]:.3g}</text>'
        )
    return "".join(drawn)
