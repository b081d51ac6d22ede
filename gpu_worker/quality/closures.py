"""Do the lips meet at every p, b and m? The most visible fault of animated speech when they do not."""

from __future__ import annotations

import numpy as np

from gpu_worker.quality.opening import Series, inter_ocular
from gpu_worker.schema import FaceRig

#: Time around the closure in which the lips may meet, seconds.
TOLERANCE = 0.040


def closure_ratios(opening: Series, closures: tuple[tuple[float, float], ...], fps: float) -> Series:
    """For each closure the smallest opening within it and 40 ms either side, as a part of the 90th percentile.

    NaN where the window holds no measured frame. A video whose mouth never opens gives ratios of NaN throughout.
    """
    known = opening[np.isfinite(opening)]
    reference = float(np.percentile(known, 90)) if known.size else 0.0
    ratios = np.full(len(closures), np.nan)
    if reference < 1e-3:
        return ratios
    for row, (start, end) in enumerate(closures):
        first = max(0, int(np.ceil((start - TOLERANCE) * fps - 1e-6)))
        last = min(len(opening), int(np.floor((end + TOLERANCE) * fps + 1e-6)) + 1)
        window = opening[first:last]
        window = window[np.isfinite(window)]
        if window.size:
            ratios[row] = float(window.min()) / reference
    return ratios


def pixel_ratio(face: FaceRig, opening: Series) -> float:
    """What a gap of one pixel of the video is as a part of the 90th percentile of the opening: nobody can tell whether
    lips that near each other touch. ``face`` is in pixels of the video. NaN where the mouth never opens."""
    known = opening[np.isfinite(opening)]
    reference = float(np.percentile(known, 90)) if known.size else 0.0
    return 1.0 / max(inter_ocular(face.landmarks), 1e-6) / reference if reference >= 1e-3 else float("nan")
