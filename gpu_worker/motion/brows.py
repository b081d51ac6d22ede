"""Brows: raised a little before a stressed syllable, and a slow play of no meaning."""

from __future__ import annotations

import numpy as np

from gpu_worker.motion.curves import Curve, band_noise, bump

#: How long before the stressed syllable the brows are up, seconds (100-150 ms in talking people).
LEAD = 0.125
_RAISE = 0.55


def brow_curves(
    times: Curve,
    fps: float,
    emphases: tuple[tuple[float, float], ...],
    strength: float,
    rng: np.random.Generator,
) -> tuple[Curve, Curve]:
    """Left and right brow over time, + raised; the two differ by a tenth, as in people."""
    play = 0.07 * band_noise(len(times), fps, 0.1, 0.6, rng)
    common = play
    for moment, force in emphases:
        if rng.random() < 0.75:
            common = common + _RAISE * force * bump(times, moment - LEAD - 0.16, 0.16, 0.12, 0.34)
    lean = 0.03 * band_noise(len(times), fps, 0.1, 0.5, rng)
    left = np.clip(strength * (common + lean), -0.6, 1.0)
    right = np.clip(strength * (0.92 * common - lean), -0.6, 1.0)
    return left, right
