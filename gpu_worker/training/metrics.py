"""What is measured of a motion against what the person did: one number for each clip and each name.

lmd             distance of the lips' points, millimetres (M-LMD of the literature, on the mean face)
velocity        error of the gap's speed, millimetres a second
closure_rate    share of true p, b and m closures on which the lips shut
f25             share of 25-fps frames in the right one of 15 viseme classes
jaw             correlation of the jaw with the person's
sync            lip-sync score: the sync critic's cosine of sound and mouth, less that of shifted sound
silent          how far the lips still move while nobody speaks, millimetres a second
head_speed      mean angular speed of the head, degrees a second
head_range      standard deviation of the head's angles, degrees
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpu_worker.schema import CONTROL, VISEMES, FloatArray
from gpu_worker.training.mouth_points import lip_gap, lip_points

#: Name: what is better, how it is shown. ``up``, ``down`` or ``like`` (like the people's own).
METRICS: dict[str, tuple[str, str]] = {
    "lmd": ("down", "lip distance, mm"),
    "velocity": ("down", "speed error, mm/s"),
    "closure_rate": ("up", "closures met"),
    "f25": ("up", "right viseme class"),
    "jaw": ("up", "jaw correlation"),
    "sync": ("up", "lip-sync score"),
    "silent": ("down", "movement in silence, mm/s"),
    "head_speed": ("like", "head speed, °/s"),
    "head_range": ("like", "head range, °"),
}
#: The gap at which lips count as shut, millimetres, and how far beside its time a closure may be, frames.
_SHUT_MM, _BESIDE = 0.8, 1
_STEADY = 1e-4
#: Frames of silence about which speech is kept away, since lips come to rest after a sound.
_SILENT_EDGE = 8


@dataclass(frozen=True)
class Judged:
    """A clip and a motion for it: both ``(frames, len(CONTROLS))`` at ``fps``; ``seen`` says what of the truth is
    known. ``visemes`` are the classes that the motion's maker heard, or None where it hears none."""

    truth: FloatArray
    seen: NDArray[np.bool_]
    true_visemes: NDArray[np.int8]
    motion: FloatArray
    visemes: NDArray[np.int64] | None
    fps: float


def measure(case: Judged) -> dict[str, float]:
    """All metrics but ``sync``; NaN where a clip has nothing to measure one by."""
    frames = min(len(case.truth), len(case.motion))
    true, made = case.truth[:frames], case.motion[:frames]
    seen, classes = case.seen[:frames], case.true_visemes[:frames]
    jaw = CONTROL["jaw"]
    mouth = seen[:, [CONTROL["jaw"], CONTROL["close"]]].all(axis=1)
    points = [lip_points(np.where(seen, values, 0.0)) for values in (true, made)]
    gaps = [lip_gap(each) for each in points]
    found = dict.fromkeys(METRICS, float("nan"))
    if mouth.sum() >= 2:
        distances = np.linalg.norm(points[0] - points[1], axis=2).mean(axis=1)
        found["lmd"] = float(distances[mouth].mean())
        both = mouth[1:] & mouth[:-1]
        found["velocity"] = float(np.abs(np.diff(gaps[0]) - np.diff(gaps[1]))[both].mean() * case.fps)
        found["jaw"] = correlation(true[mouth, jaw], made[mouth, jaw])
    found["closure_rate"] = _closures_met(classes, lip_gap(lip_points(made)))
    known = classes >= 0
    if case.visemes is not None and known.any():
        found["f25"] = float((case.visemes[:frames] == classes)[known].mean())
    still = _silence(classes)
    if still.sum() > 2:
        speed = np.abs(np.diff(lip_gap(lip_points(made)))) * case.fps
        found["silent"] = float(speed[still[1:] & still[:-1]].mean())
    return found | head_motion(made, case.fps)


def head_motion(controls: FloatArray, fps: float) -> dict[str, float]:
    """How fast and how far the head turns."""
    angles = controls[:, [CONTROL[name] for name in ("yaw", "pitch", "roll")]]
    if len(angles) < 2:
        return {"head_speed": float("nan"), "head_range": float("nan")}
    speed = np.linalg.norm(np.diff(angles, axis=0), axis=1) * fps
    return {"head_speed": float(speed.mean()), "head_range": float(np.sqrt((angles.std(axis=0) ** 2).sum()))}


def correlation(one: FloatArray, other: FloatArray) -> float:
    """Pearson's r; 0 where one of the two does not move while the other does."""
    if len(one) < 2 or one.std() < _STEADY:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1]) if other.std() >= _STEADY else 0.0


def _closures_met(classes: NDArray[np.int8], gap: FloatArray) -> float:
    """Runs of the class of p, b and m in which, or a frame beside which, the lips shut."""
    closed = np.concatenate([[False], classes == VISEMES.index("PP"), [False]])
    edges = np.flatnonzero(np.diff(closed.astype(np.int8)))
    runs = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    if not runs:
        return float("nan")
    met = [gap[max(first - _BESIDE, 0) : last + _BESIDE].min() <= _SHUT_MM for first, last in runs if first < len(gap)]
    return float(np.mean(met)) if met else float("nan")


def _silence(classes: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Frames well inside silence."""
    speech = (classes != VISEMES.index("sil")).astype(np.float64)
    near = np.convolve(speech, np.ones(2 * _SILENT_EDGE + 1), "same") > 0
    return ~near


def bootstrap(values: NDArray[np.float64], people: list[str], draws: int = 1000) -> tuple[float, float, float]:
    """Mean of the clips, and the 95 % confidence interval when whole people are drawn again with replacement.

    Clips of one person are alike: to draw clips would promise more than a handful of people can tell.
    """
    known = np.isfinite(values)
    if not known.any():
        return (float("nan"),) * 3
    groups: dict[str, list[float]] = {}
    for value, person in zip(values[known].tolist(), np.array(people)[known].tolist(), strict=True):
        groups.setdefault(person, []).append(value)
    sums = np.array([[sum(group), len(group)] for group in groups.values()])
    generator = np.random.default_rng(0)
    drawn = sums[generator.integers(0, len(sums), (draws, len(sums)))].sum(axis=1)
    means = drawn[:, 0] / drawn[:, 1]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(values[known].mean()), float(low), float(high)
