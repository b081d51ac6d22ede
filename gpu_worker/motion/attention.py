"""What people do while somebody else speaks: look there, turn a little, nod where a phrase ends, and come back.

Listeners look at a speaker in long glances of seconds, broken by short ones elsewhere (Argyle and Cook 1976: 75 % of
the time), start to look 0.2 to 0.5 s after somebody begins, and nod at the ends of phrases (Dittmann and Llewellyn
1968). Lips have no part in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gpu_worker.motion.curves import Curve, bump, minimum_jerk
from gpu_worker.motion.style import Style

#: Largest glance sideways and up or down, iris radii; largest turn of the head, degrees. A photo has no white of the
#: eye and no cheek to show beyond them.
_GLANCE_X, _GLANCE_Y = 0.27, 0.12
_TURN_YAW, _TURN_PITCH = 3.2, 1.2
#: Degrees of a nod, and the share of phrase ends that get one.
_NOD, _NODS = 2.0, 0.6
#: Share of its own play that gaze keeps while it rests on somebody.
_PLAY = 0.25
#: Stretches of somebody's speech closer than this are one turn, and shorter ones are not looked at, seconds.
JOINED, _SHORTEST = 0.8, 0.4
#: Distance of a speaker, in heights of the listener's face, from which on a glance is a full one.
_FAR = 2.0

Curves = dict[str, Curve]


@dataclass(frozen=True)
class Turn:
    """Somebody else speaks from ``start`` to ``end`` (seconds), at (``dx``, ``dy``) face heights from the listener, to
    the image's right and down. ``phrases`` are the ends of the phrases in it. ``tilt`` is the listener's own roll,
    degrees."""

    start: float
    end: float
    dx: float
    dy: float
    phrases: tuple[float, ...] = ()
    tilt: float = 0.0


def attentive(controls: Curves, times: Curve, turns: Sequence[Turn], style: Style, rng: np.random.Generator) -> Curves:
    """``controls`` with the attention for ``turns`` laid over them: eyes, head and brows, never the lips."""
    total = dict(controls)
    for turn in turns:
        if turn.end - turn.start < _SHORTEST:
            continue
        for at, until in _glances(turn, rng):
            _look(total, times, turn, at, until, style)
        _acknowledge(total, times, turn, style, rng)
    return total


def _glances(turn: Turn, rng: np.random.Generator) -> list[tuple[float, float]]:
    """When the listener looks at the speaker during one turn."""
    at = turn.start + float(rng.uniform(0.2, 0.5))
    end = turn.end + float(rng.uniform(0.15, 0.45))
    glances = []
    while at < end - 0.3:
        until = min(end, at + 1.6 + float(rng.gamma(3.0, 0.6)))
        glances.append((at, until))
        at = until + float(rng.uniform(0.5, 1.1))
    return glances


def _look(total: Curves, times: Curve, turn: Turn, at: float, until: float, style: Style) -> None:
    """One glance: the eyes at once, the head after them and less far."""
    distance = max(float(np.hypot(turn.dx, turn.dy)), 1e-6)
    reach = min(1.0, 0.4 + 0.6 * distance / _FAR)
    right, down = turn.dx / distance * reach, turn.dy / distance * reach
    eyes = minimum_jerk((times - at) / 0.07) - minimum_jerk((times - until) / 0.07)
    head = minimum_jerk((times - at - 0.08) / 0.55) - minimum_jerk((times - until - 0.10) / 0.70)
    for name, amount in (("gaze_x", _GLANCE_X * right), ("gaze_y", _GLANCE_Y * down)):
        total[name] = total[name] * (1.0 - (1.0 - _PLAY) * eyes) + min(style.gaze, 1.0) * amount * eyes
    # Eyes move along the picture's axes, a head turns about its own, which are tilted with it.
    cos, sin = np.cos(np.radians(turn.tilt)), np.sin(np.radians(turn.tilt))
    total["yaw"] = total["yaw"] + style.head * _TURN_YAW * (cos * right + sin * down) * head
    total["pitch"] = total["pitch"] + style.head * _TURN_PITCH * (cos * down - sin * right) * head


def _acknowledge(total: Curves, times: Curve, turn: Turn, style: Style, rng: np.random.Generator) -> None:
    """Nods where phrases end, now and then raised brows where somebody begins."""
    if rng.random() < 0.35:
        raised = style.expression * 0.35 * bump(times, turn.start + 0.35, 0.2, 0.35, 0.5)
        for side in ("brow_left", "brow_right"):
            total[side] = total[side] + raised
    last = -np.inf
    for moment in turn.phrases:
        wants, late = rng.random() < _NODS, float(rng.uniform(0.05, 0.30))
        size = _NOD * float(rng.uniform(0.7, 1.1))
        if not wants or moment - last < 1.6:
            continue
        last = moment
        begin = moment + late
        nod = bump(times, begin, 0.22, 0.0, 0.30) + 0.55 * bump(times, begin + 0.46, 0.20, 0.0, 0.32)
        total["pitch"] = total["pitch"] + style.head * size * nod
