"""Finding the line between closed lips.

Landmarks place the inner contours of a closed mouth only roughly, and a contour that runs through a lip tears a strip
of it off when the mouth opens. The true line is the darkest connected path along the mouth, found with the Viterbi
algorithm over small offsets across it.
"""

from __future__ import annotations

import cv2
import numpy as np

from gpu_worker.rendering.arrays import F32, F64, I64, U8, smoothstep
from gpu_worker.rendering.imaging import blurred
from gpu_worker.rendering.pose import HeadFrame
from gpu_worker.rendering.topology import LOWER_INNER, LOWER_LIP, UPPER_INNER, UPPER_LIP

#: Inner-lip gap in face heights up to which a mouth counts as closed.
CLOSED_GAP = 0.022
_SEARCH = 0.028
_OFFSETS = 29
_STATIONS = 41
#: Cost of one step across between neighbouring stations, and of the largest offset.
_STEP_COST = 0.15
_FAR_COST = 0.5


def inner_gap(landmarks: F64, unit: float) -> float:
    """Mean gap between the inner contours over the middle of the mouth, in face heights."""
    upper, lower = landmarks[list(UPPER_INNER[3:8]), :2], landmarks[list(LOWER_INNER[3:8]), :2]
    return float(np.linalg.norm(upper - lower, axis=1).mean() / unit)


def snap_to_lip_line(grey: U8, landmarks: F64, frame: HeadFrame) -> F64:
    """Move the lip rows of a closed mouth so that both inner contours lie on the dark line between the lips.

    Args:
        grey: the photo's luminance, ``(h, w)``.
        landmarks: ``(478, 3)`` in pixels; not changed.
        frame: the head's axes.

    Returns:
        Landmarks with the lip rows moved; unchanged where the mouth is open.
    """
    if inner_gap(landmarks, frame.unit) > CLOSED_GAP:
        return landmarks
    upper, lower = landmarks[list(UPPER_INNER)], landmarks[list(LOWER_INNER)]
    middle = (upper + lower) / 2
    down = frame.axes[:2, 1] / np.linalg.norm(frame.axes[:2, 1])
    offsets = np.linspace(-_SEARCH, _SEARCH, _OFFSETS) * frame.unit
    along = np.linspace(0, 10, _STATIONS)
    x = np.interp(along, range(11), middle[:, 0])
    y = np.interp(along, range(11), middle[:, 1])
    brightness = _profile(grey, x[:, None] + down[0] * offsets, y[:, None] + down[1] * offsets, frame.unit)
    path: F64 | F32 = offsets[darkest_path(brightness + _FAR_COST * (offsets / offsets[-1]) ** 2)]
    path = blurred(path[None], 1.5)[0]
    fade = smoothstep(1.0 - np.abs(np.linspace(-1, 1, 11)), 0.0, 0.25)
    target = middle.copy()
    target[:, :2] += (np.interp(range(11), along, path) * fade)[:, None] * down
    return _move_rows(landmarks, target)


def _profile(grey: U8, x: F64, y: F64, unit: float) -> F64:
    """Brightness across the mouth at every station, with its mean removed, in units of its own spread."""
    left, top = max(0, int(x.min()) - 8), max(0, int(y.min()) - 8)
    patch = blurred(grey[top : int(y.max()) + 9, left : int(x.max()) + 9], max(0.6, 0.004 * unit))
    values = cv2.remap(patch, (x - left).astype(np.float32), (y - top).astype(np.float32), cv2.INTER_LINEAR)
    profile: F64 = (values - values.mean(1, keepdims=True)).astype(np.float64) / (float(values.std()) + 1e-3)
    return profile


def darkest_path(cost: F64) -> I64:
    """Cheapest path through ``(stations, offsets)`` that moves at most two offsets a step: ``(stations,)`` indices."""
    stations, offsets = cost.shape
    total = cost[0].copy()
    origin = np.zeros((stations, offsets), dtype=np.int64)
    steps = np.arange(-2, 3)
    for i in range(1, stations):
        padded = np.pad(total, 2, constant_values=np.inf)
        candidates = np.stack([padded[2 + s : 2 + s + offsets] + _STEP_COST * abs(s) for s in steps])
        choice = candidates.argmin(0)
        origin[i] = np.arange(offsets) + steps[choice]
        total = cost[i] + candidates[choice, np.arange(offsets)]
    path = np.empty(stations, dtype=np.int64)
    path[-1] = int(total.argmin())
    for i in range(stations - 1, 0, -1):
        path[i - 1] = origin[i, path[i]]
    return path


def _move_rows(landmarks: F64, target: F64) -> F64:
    """Put the inner contours on ``target`` and let the rows outside follow less and less."""
    moved = landmarks.copy()
    for lip in (UPPER_LIP, LOWER_LIP):
        shift = target - landmarks[list(lip[3])]
        for row, share in ((1, 0.33), (2, 0.66)):
            moved[list(lip[row][1:10])] += shift[1:10] * share
        moved[list(lip[3])] = target
    return moved
