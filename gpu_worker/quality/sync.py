"""Are lips and sound together? Cross-correlation of the planned and the re-detected opening of the mouth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gpu_worker.quality.opening import Series

#: Largest shift that is looked for, seconds.
_REACH = 0.30


@dataclass(frozen=True)
class Agreement:
    """``lag`` in seconds, + when the picture is later than planned; ``correlation`` at that lag, ``at_zero`` at none;
    ``gain`` is the slope of re-detected over planned opening. NaN where there is nothing to compare."""

    lag: float
    correlation: float
    at_zero: float
    gain: float


def agreement(planned: Series, measured: Series, fps: float) -> Agreement:
    """Compare two openings, ``(frames,)`` each; frames in which ``measured`` is NaN are bridged.

    The lag is refined below a frame by a parabola through the three best correlations.
    """
    count = min(len(planned), len(measured))
    first, second = np.asarray(planned[:count], np.float64), _bridged(np.asarray(measured[:count], np.float64))
    if count < 8 or second is None or first.std() < 1e-4 or second.std() < 1e-6:
        return Agreement(np.nan, np.nan, np.nan, np.nan)
    reach = min(int(np.ceil(_REACH * fps)), count // 3)
    lags = np.arange(-reach, reach + 1)
    scores = np.array([_correlation(first, second, int(lag)) for lag in lags])
    best = int(scores.argmax())
    shift = float(lags[best])
    if 0 < best < len(lags) - 1:
        before, here, after = scores[best - 1 : best + 2]
        bend = before - 2.0 * here + after
        if bend < -1e-9:
            shift += float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5))
    gain = float(np.polyfit(first, second, 1)[0])
    return Agreement(shift / fps, float(scores[best]), float(scores[reach]), gain)


def _correlation(planned: Series, measured: Series, lag: int) -> float:
    """Correlation when ``measured`` is taken ``lag`` frames later."""
    early, late = max(0, -lag), max(0, lag)
    first = planned[early : len(planned) - late]
    second = measured[late : len(measured) - early]
    if first.std() < 1e-9 or second.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def _bridged(values: Series) -> Series | None:
    known = np.isfinite(values)
    if known.sum() < 8:
        return None
    at = np.arange(len(values))
    return np.asarray(np.interp(at, at[known], values[known]), np.float64)
