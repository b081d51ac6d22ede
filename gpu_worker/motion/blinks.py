"""Blinks: how often, when, and the course of one lid closing.

Rates and durations after Bentivoglio et al. (1997): 26 a minute in conversation, 17 at rest, close 90 ms, hold 30 ms,
open 180 ms. Gaps are log-normal; people blink where they pause, so a blink close to a phrase's end moves there.
"""

from __future__ import annotations

import numpy as np

from gpu_worker.motion.curves import Curve, smoothstep
from gpu_worker.motion.pauses import pauses
from gpu_worker.schema import Timeline

TALKING_RATE, RESTING_RATE = 26.0, 17.0
CLOSING, HOLDING, OPENING = 0.090, 0.030, 0.180
#: Spread of the gaps: standard deviation of their logarithm.
_SIGMA = 0.55
#: A blink this close to the beginning of a pause is drawn to it, seconds.
_PULL = 0.45
#: Two lid closings never come closer than this, seconds.
_SHORTEST_GAP = 0.45
#: No blink starts this close to either end, where the photo itself is shown, seconds.
_MARGIN = 0.30


def blink_times(timeline: Timeline, duration: float, rate: float, rng: np.random.Generator) -> tuple[float, ...]:
    """Moments at which lids are fully closed, seconds; ``rate`` scales the blinks per minute (0 = none)."""
    if rate <= 0.0 or duration < 2.0 * _MARGIN + CLOSING + OPENING:
        return ()
    quiet = pauses(timeline)
    ends = np.array([start + 0.05 for start, _ in quiet if start > 0.0])
    moments: list[float] = []
    at = float(rng.uniform(0.5, 1.4)) / rate
    while at < duration:
        moment = _drawn_to(ends, at)
        first = moment - CLOSING - _MARGIN
        last = moment + HOLDING + OPENING + _MARGIN
        if first > 0.0 and last < duration and (not moments or moment - moments[-1] >= _SHORTEST_GAP):
            moments.append(moment)
        per_minute = RESTING_RATE if _inside_long_pause(at, quiet) else TALKING_RATE
        mean = 60.0 / (per_minute * rate)
        at += max(_SHORTEST_GAP, float(rng.lognormal(np.log(mean) - 0.5 * _SIGMA**2, _SIGMA)))
    return tuple(moments)


def blink_curve(times: Curve, moments: tuple[float, ...]) -> Curve:
    """Lid closure over time, 0 open to 1 closed. Each blink is moved by less than half a frame so that one frame
    shows it closed."""
    curve = np.zeros(len(times))
    if len(times) < 2:
        return curve
    fps = 1.0 / (times[1] - times[0])
    for moment in moments:
        middle = round(moment * fps) / fps
        down = smoothstep((times - (middle - 0.5 * HOLDING - CLOSING)) / CLOSING)
        # The lid comes up quickly first and slowly at the end.
        up = np.clip((times - (middle + 0.5 * HOLDING)) / OPENING, 0.0, 1.0)
        curve = np.maximum(curve, down * (1.0 - smoothstep(up**0.8)))
    return curve


def _drawn_to(ends: Curve, time: float) -> float:
    """The nearest phrase end within reach, else the time itself."""
    if len(ends) == 0:
        return time
    nearest = float(ends[np.abs(ends - time).argmin()])
    return nearest if abs(nearest - time) < _PULL else time


def _inside_long_pause(time: float, quiet: tuple[tuple[float, float], ...]) -> bool:
    return any(start <= time <= end and end - start > 1.5 for start, end in quiet)
