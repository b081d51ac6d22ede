"""How exact a timing is, measured against labels: the numbers of docs/speech.md.

* boundary error: difference of the starts of matched phones, milliseconds, mean and median of the absolute value;
* F25: share of 25-fps frames with the right one of the 15 viseme classes;
* closure hit and precision: true p/b/m closures that a predicted one overlaps within 40 ms, and the other way round;
* jaw correlation: Pearson's r of the smoothed openings of the two viseme sequences.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gpu_worker.schema import Phone, Waveform
from gpu_worker.speech.labels import Labelled
from gpu_worker.speech.phone_map import VOWELS
from gpu_worker.visemes.closures import closures
from gpu_worker.visemes.parameters import SHAPES
from gpu_worker.visemes.spans import viseme_spans

FPS = 25.0
#: Two closures within this of one another are the same, seconds.
TOLERANCE = 0.04
_JAW_HZ, _JAW_SD = 100.0, 0.03
_JAW = {
    name: float(np.mean([shape.jaw for shape in SHAPES.values() if shape.viseme == name]))
    for name in {shape.viseme for shape in SHAPES.values()}
}


@dataclass
class Tally:
    """Sums over the utterances of a set; :meth:`summary` makes the numbers of them."""

    boundary_ms: list[float] = field(default_factory=list)
    frames_right: int = 0
    frames: int = 0
    closures_hit: int = 0
    closures: int = 0
    predicted_right: int = 0
    predicted: int = 0
    jaw: list[float] = field(default_factory=list)
    phones: int = 0

    def add(self, truth: Labelled, phones: Sequence[Phone], waveform: Waveform) -> None:
        """Count one utterance: what was found against what is labelled."""
        duration = min(truth.phones[-1].end, waveform.duration)
        pairs = match(truth.phones, phones)
        self.phones += sum(phone.phone != "SIL" for phone in truth.phones)
        self.boundary_ms += [1000.0 * (found.start - true.start) for true, found in pairs]
        right, count = _frames(truth.phones, phones, duration)
        self.frames_right += right
        self.frames += count
        found = closures(phones, waveform)
        self.closures += len(truth.closures)
        self.closures_hit += sum(_overlaps(one, found) for one in truth.closures)
        self.predicted += len(found)
        self.predicted_right += sum(_overlaps(one, truth.closures) for one in found)
        curves = [_jaw_curve(which, duration) for which in (truth.phones, phones)]
        if min(curve.std() for curve in curves) > 1e-6:
            self.jaw.append(float(np.corrcoef(curves[0], curves[1])[0, 1]))

    def summary(self) -> dict[str, float]:
        """The measurements by name; a share without cases is NaN."""
        error = np.abs(self.boundary_ms) if self.boundary_ms else np.array([np.nan])
        return {
            "boundary_mean_ms": float(error.mean()),
            "boundary_median_ms": float(np.median(error)),
            "boundary_bias_ms": float(np.mean(self.boundary_ms)) if self.boundary_ms else float("nan"),
            "matched": _share(len(self.boundary_ms), self.phones),
            "f25": _share(self.frames_right, self.frames),
            "closure_hit": _share(self.closures_hit, self.closures),
            "closure_precision": _share(self.predicted_right, self.predicted),
            "jaw_correlation": float(np.mean(self.jaw)) if self.jaw else float("nan"),
        }


def match(truth: Sequence[Phone], found: Sequence[Phone]) -> list[tuple[Phone, Phone]]:
    """Pairs of labelled and found phones that are the same sound, by the cheapest edit of one sequence into the
    other; distance in time costs too. Only equal phones, or two vowels, make a pair."""
    left = [phone for phone in truth if phone.phone != "SIL"]
    right = [phone for phone in found if phone.phone != "SIL"]
    cost = _costs(left, right)
    total = np.zeros((len(left) + 1, len(right) + 1))
    total[:, 0], total[0, :] = np.arange(len(left) + 1), np.arange(len(right) + 1)
    for row in range(1, len(left) + 1):
        for column in range(1, len(right) + 1):
            total[row, column] = min(
                total[row - 1, column - 1] + cost[row - 1, column - 1],
                total[row - 1, column] + 1.0,
                total[row, column - 1] + 1.0,
            )
    pairs: list[tuple[Phone, Phone]] = []
    row, column = len(left), len(right)
    while row and column:
        if total[row, column] == total[row - 1, column - 1] + cost[row - 1, column - 1]:
            one, other = left[row - 1], right[column - 1]
            if one.phone == other.phone or (one.phone in VOWELS and other.phone in VOWELS):
                pairs.append((one, other))
            row, column = row - 1, column - 1
        elif total[row, column] == total[row - 1, column] + 1.0:
            row -= 1
        else:
            column -= 1
    return pairs[::-1]


def _costs(left: Sequence[Phone], right: Sequence[Phone]) -> NDArray[np.float64]:
    kinds = np.array([[_difference(one.phone, other.phone) for other in right] for one in left])
    middles = [np.array([(phone.start + phone.end) / 2 for phone in side]) for side in (left, right)]
    apart = np.abs(middles[0][:, None] - middles[1][None, :])
    costs: NDArray[np.float64] = kinds.reshape(len(left), len(right)) + np.minimum(2 * apart, 1.5)
    return costs


def _difference(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if (one in VOWELS) != (other in VOWELS):
        return 1.9
    return 0.5 if SHAPES.get(one, SHAPES["K"]).viseme == SHAPES.get(other, SHAPES["K"]).viseme else 0.8


def _frames(truth: Sequence[Phone], found: Sequence[Phone], duration: float) -> tuple[int, int]:
    times = (np.arange(int(duration * FPS)) + 0.5) / FPS
    one, other = _classes(truth, times), _classes(found, times)
    return sum(a == b for a, b in zip(one, other, strict=True)), len(times)


def _classes(phones: Sequence[Phone], times: Iterable[float]) -> list[str]:
    spans = viseme_spans(phones)
    starts = np.array([span.start for span in spans])
    classes = []
    for time in times:
        index = int(np.searchsorted(starts, time, "right")) - 1
        classes.append(spans[index].viseme if index >= 0 and time < spans[index].end else "sil")
    return classes


def _jaw_curve(phones: Sequence[Phone], duration: float) -> NDArray[np.float64]:
    times = np.arange(max(int(duration * _JAW_HZ), 1)) / _JAW_HZ
    curve = np.array([_JAW[name] for name in _classes(phones, times)])
    radius = int(4 * _JAW_SD * _JAW_HZ)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / (_JAW_SD * _JAW_HZ)) ** 2)
    smooth: NDArray[np.float64] = np.convolve(np.pad(curve, radius, "edge"), kernel / kernel.sum(), "valid")
    return smooth


def _overlaps(one: tuple[float, float], others: Iterable[tuple[float, float]]) -> bool:
    return any(start < one[1] + TOLERANCE and end > one[0] - TOLERANCE for start, end in others)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
