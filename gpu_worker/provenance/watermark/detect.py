"""Detection: average the frames, find scale and position by the template, add up the chips, decode.

A resized copy needs no search, since lengths are relative to the shorter side; a cropped one appears enlarged. The
scales that crops up to a sixth produce are tried first, then those of larger crops and of added borders.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from gpu_worker.provenance.watermark.code import CODED_BITS, decode
from gpu_worker.provenance.watermark.pattern import (
    DEFAULT_KEY,
    TILE,
    Layout,
    Plane,
    canonical,
    chip_sums,
    fold,
    layout,
    normalise,
    soft_bits,
    tile,
)

#: Least height of the template's peak, in standard deviations over all positions. One in twenty of the best peaks of
#: unmarked pictures reaches it (docs/provenance.md).
LEAST_PEAK = 5.4
#: Least agreement of soft bits and code word. The best code word for pure noise agrees by 0.48 on the mean.
LEAST_AGREEMENT = 0.52

#: Longer pictures are looked at in their middle only; in shorter sides.
LONGEST_SIDES = 3

_NEAR_SCALES = np.arange(0.84, 1.0401, 0.004)
_FAR_SCALES = np.concatenate([np.arange(0.5, 0.84, 0.004), np.arange(1.044, 1.5, 0.005)])
_CANDIDATES = 4
_REFINEMENTS = (0.002, 0.001)


@dataclass(frozen=True)
class Detection:
    """A mark that was found. ``scale``: the picture's size within the original's shorter side; ``peak``: height of the
    template's peak; ``agreement`` and ``bit_error_rate`` (before correction, in [0, 1]) of the code word."""

    id: str
    scale: float
    peak: float
    agreement: float
    bit_error_rate: float


@dataclass(frozen=True)
class _Sync:
    """A hypothesis: the plane enlarged by (``x_scale``, ``y_scale``) has a tile's origin at (``row``, ``column``)."""

    peak: float
    x_scale: float
    y_scale: float
    row: int
    column: int
    folded: Plane


def detect_watermark(frames: Sequence[NDArray[np.uint8]], key: bytes = DEFAULT_KEY) -> Detection | None:
    """Look for a mark in luma frames ((h, w) uint8, all of one size) of one video, or in one picture.

    Returns None when there is none. A quarter of a second for a short video, a second when nothing is found.
    """
    if not frames:
        return None
    shape = frames[0].shape
    planes = [canonical(_middle(frame)) for frame in frames if frame.shape == shape]
    plane = normalise(np.mean(planes, axis=0).astype(np.float32))
    search = _Search(plane, layout(key))
    return search.among(_NEAR_SCALES) or search.among(_FAR_SCALES)


def _middle(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle of a very long picture: enough to find a mark in, and a bound on the work strangers can ask for."""
    longest = LONGEST_SIDES * min(frame.shape)
    top, left = (max(0, side - longest) // 2 for side in frame.shape)
    return frame[top : top + longest, left : left + longest]


class _Search:
    """The template's correlation with one plane at any scale; decoding is left to :mod:`code`."""

    def __init__(self, plane: Plane, plan: Layout) -> None:
        self._plane, self._plan = plane, plan
        template = tile(np.where(plan.template, plan.sign, 0).astype(np.float32))
        self._spectrum = np.conj(scipy.fft.rfft2(template))

    def among(self, scales: Iterable[float]) -> Detection | None:
        """The best decoded mark among the most likely of ``scales``."""
        found = sorted((self._sync(scale, scale) for scale in scales), key=lambda sync: -sync.peak)
        best: Detection | None = None
        for sync in found[:_CANDIDATES]:
            detection = self._decoded(self._refined(sync))
            if detection is not None and (best is None or detection.agreement > best.agreement):
                best = detection
        return best

    def _sync(self, x_scale: float, y_scale: float) -> _Sync:
        height, width = self._plane.shape
        size = (max(1, round(width * x_scale)), max(1, round(height * y_scale)))
        folded = fold(cv2.resize(self._plane, size, interpolation=cv2.INTER_LINEAR).astype(np.float32))
        heights = scipy.fft.irfft2(scipy.fft.rfft2(folded) * self._spectrum, s=(TILE, TILE))
        row, column = divmod(int(heights.argmax()), TILE)
        peak = float(heights[row, column] / max(float(heights.std()), 1e-12))
        return _Sync(peak, x_scale, y_scale, row, column, folded)

    def _refined(self, sync: _Sync) -> _Sync:
        """Climb to the best scale nearby, first both axes, then each alone (encoders round sides to even numbers)."""
        for step in _REFINEMENTS:
            for x_step, y_step in ((step, step), (step, 0.0), (0.0, step)):
                tried = [self._sync(sync.x_scale + k * x_step, sync.y_scale + k * y_step) for k in (-1, 1)]
                sync = max(sync, *tried, key=lambda candidate: candidate.peak)
        return sync

    def _decoded(self, sync: _Sync) -> Detection | None:
        if sync.peak < LEAST_PEAK:
            return None
        aligned = np.roll(sync.folded, (-sync.row, -sync.column), axis=(0, 1))
        decoded = decode(soft_bits(chip_sums(aligned), self._plan))
        if decoded is None or decoded.agreement < LEAST_AGREEMENT:
            return None
        scale = (sync.x_scale + sync.y_scale) / 2
        return Detection(decoded.id, scale, sync.peak, decoded.agreement, decoded.bit_errors / CODED_BITS)
