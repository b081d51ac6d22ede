"""Is the movement that of a person? Stillness in silence, jerk of the lips, blinks, play of the head."""

from __future__ import annotations

import numpy as np

from gpu_worker.quality.opening import Series

#: Silences shorter than this are not judged, seconds.
SHORTEST_SILENCE = 0.30
#: Time at the edges of a silence in which lips still close or already part, seconds.
_EDGE = 0.14
#: A blink is a fall of the eyes' opening below this share of its usual value.
_BLINK_LEVEL = 0.60


def silent_deviation(
    opening: Series,
    silences: tuple[tuple[float, float], ...],
    fps: float,
    margins: tuple[float, float] = (0.0, 0.0),
) -> float:
    """Mean absolute deviation of the opening from its median within each silence of at least 300 ms; NaN without one.

    ``margins`` are seconds at the two ends of the video that do not count: there the photo's own expression is shown.
    """
    end_of_all = len(opening) / fps - margins[1]
    deviations: list[float] = []
    for start, end in silences:
        first, last = max(start, margins[0]) + _EDGE, min(end, end_of_all) - _EDGE
        if end - start < SHORTEST_SILENCE or last - first < 2.0 / fps:
            continue
        part = opening[int(np.ceil(first * fps)) : int(np.floor(last * fps)) + 1]
        part = part[np.isfinite(part)]
        if part.size >= 2:
            deviations.extend(np.abs(part - np.median(part)).tolist())
    return float(np.mean(deviations)) if deviations else float("nan")


def jerk(opening: Series) -> float:
    """Mean absolute third difference of the opening per frame (real talkers at 25-30 fps: 0.026-0.043)."""
    known = opening[np.isfinite(opening)]
    return float(np.abs(np.diff(known, 3)).mean()) if known.size > 8 else float("nan")


def blinks_per_minute(eyes: Series, fps: float) -> float:
    """Falls of the eye opening below 60 % of its median that last 1 frame to half a second."""
    known = np.isfinite(eyes)
    if known.sum() < 8:
        return float("nan")
    closed = np.where(known, eyes, np.inf) < _BLINK_LEVEL * np.median(eyes[known])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], closed, [False]]).astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    count = int(((lengths >= 1) & (lengths <= 0.5 * fps)).sum())
    return 60.0 * count * fps / len(eyes)


def spread(values: Series) -> float:
    """Standard deviation of what was measured; NaN without it."""
    known = values[np.isfinite(values)]
    return float(known.std()) if known.size > 1 else float("nan")
