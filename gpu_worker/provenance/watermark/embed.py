"""Embedding: one signed pattern for the whole video, made once from the photo and added to every frame.

The photo is known when the mark is made and hardly changes from frame to frame, so its own noise need not be drowned:
each coded bit is given just what carries it over what the photo itself says at its chips (informed embedding, as in
Malvar and Florencio, 2003, "Improved spread spectrum", solved here as a dual ascent with one multiplier a bit). The
amplitude stays under a headroom that follows the activity of the picture and vanishes where it is flat. The strength
is the least of a ladder with which the mark survives a real H.264 encoding at half size, tried on the photo itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_worker.media.h264_trial import encoded_and_decoded
from gpu_worker.provenance.watermark.code import CODED_BITS, encode, watermark_id
from gpu_worker.provenance.watermark.laying import lay_over
from gpu_worker.provenance.watermark.pattern import (
    CHIP,
    DEFAULT_KEY,
    UNITS,
    Layout,
    Plane,
    Weights,
    canonical,
    chip_sums,
    detector_weight,
    fold,
    layout,
    normalise,
    soft_bits,
    tile,
    unfold,
    without_shades,
)
from gpu_worker.schema import Image

#: Headroom of each rung of the ladder, grey levels at unit activity.
STRENGTHS: tuple[float, ...] = (0.3, 0.45, 0.65, 0.9, 1.2, 1.8, 3.0)
#: A rung is enough when the code word and the soft bits of the trial agree this well (1 = free of noise).
ENOUGH_AGREEMENT = 0.80
#: Most that may be changed, before rounding to whole levels: 255 / 10^(dB / 20) grey levels, root mean square over the
#: picture. Rounding costs up to one decibel more.
LEAST_PSNR = 43.0

_PASSES = 14
_LARGEST_SHARE = 6.0  # of the mean multiplier: hopeless bits are left to the code
_TEMPLATE_GROUP = 4
_TEMPLATE_SHARE = 1.9  # what a group of four template chips must reach, in terms of a bit's three
_STEP = 0.5
_LARGEST_CHANGE = 3.0  # grey levels: with 3.5 the canvas shows in a clean backdrop, with 2.5 halving gets risky
_GRAIN = 0.5  # of a full dither: enough that calm places show no plates, and little that the budget must pay for


@dataclass(frozen=True)
class Watermark:
    """A mark made for one photo and one job.

    ``id``: the 12 hex digits it carries; ``psnr``: of the marked photo against the photo, dB; ``strength``: the rung of
    the ladder; ``agreement``: of the trial encoding. ``_raised`` and ``_lowered`` are (h, w, 3) uint8.
    """

    id: str
    psnr: float
    strength: float
    agreement: float
    _raised: Image
    _lowered: Image

    def apply_in_place(self, frame: Image) -> Image:
        """Mark ``frame`` ((h, w, 3) uint8, of the photo's size) itself and return it. ValueError for another size."""
        if frame.shape != self._raised.shape:
            raise ValueError(f"the watermark was made for frames of {self._raised.shape}, not {frame.shape}")
        cv2.add(frame, self._raised, dst=frame)
        cv2.subtract(frame, self._lowered, dst=frame)
        return frame

    def apply_within(self, frame: Image, box: tuple[int, int, int, int]) -> None:
        """Mark ``frame`` itself, but only from (left, top) to before (right, bottom), pixels."""
        left, top, right, bottom = box
        if right <= left or bottom <= top:
            return
        part = (slice(top, bottom), slice(left, right))
        frame[part] = cv2.subtract(cv2.add(frame[part], self._raised[part]), self._lowered[part])

    def lay_over(self, frame: Image, spans: NDArray[np.int32], canvas: Image) -> None:
        """Write ``frame``, marked, into ``canvas`` of the same size, but only within ``spans``: for each pair of rows
        the columns [first, last), ``(pairs, 2)``."""
        lay_over(frame, self._raised, self._lowered, spans, canvas)

    def apply(self, frame: Image) -> Image:
        """A marked copy of ``frame``."""
        return self.apply_in_place(frame.copy())


def make_watermark(photo: Image, job_id: str, key: bytes = DEFAULT_KEY) -> Watermark:
    """The mark of job ``job_id`` for videos made from ``photo`` ((h, w, 3) uint8, as rendered).

    Takes about half a second, once a video. Every frame of the video is then passed to
    :meth:`Watermark.apply_in_place`, after the pixels outside the moving region were compared with the photo and
    before the visible label is drawn.
    """
    identifier = watermark_id(job_id)
    luma = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    plane = canonical(luma.astype(np.uint8))
    fit = _Fit(plane, encode(identifier), layout(key), _trial_side(luma.shape))
    rung, change, agreement = _least_strength(fit)
    height, width = luma.shape
    steps = _dithered(cv2.resize(change, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32))
    return Watermark(
        id=identifier,
        psnr=float(10 * np.log10(255.0**2 / max(1e-9, np.mean(steps.astype(np.float64) ** 2)))),
        strength=STRENGTHS[rung],
        agreement=agreement,
        _raised=np.repeat(np.maximum(steps, 0).astype(np.uint8)[..., None], 3, axis=2),
        _lowered=np.repeat(np.maximum(-steps, 0).astype(np.uint8)[..., None], 3, axis=2),
    )


def _least_strength(fit: _Fit) -> tuple[int, Plane, float]:
    """The least rung that passes the trial, by halving the ladder, else the last; (rung, change, agreement)."""
    if not fit.possible:
        return 0, np.zeros_like(fit.plane), 0.0
    low, high = 0, len(STRENGTHS) - 1
    best: tuple[int, Plane, float] | None = None
    while low <= high:
        rung = (low + high) // 2
        tried = (rung, *fit.at(STRENGTHS[rung]))
        if tried[2] >= ENOUGH_AGREEMENT:
            best, high = tried, rung - 1
        else:
            low = rung + 1
            if best is None and low > high:
                best = tried
    assert best is not None  # noqa: S101 - the last rung is tried when no other passes
    return best


class _Fit:
    """The search for the best change of one photo at a given strength; which strength is not its business."""

    def __init__(self, plane: Plane, word: NDArray[np.int8], plan: Layout, trial_side: int) -> None:
        self.plane, self._word, self._plan, self._trial_side = plane, word, plan, trial_side
        template = plan.template
        self._signs = (plan.sign * np.where(template, 1, word[np.maximum(plan.owner, 0)])).astype(np.float32)
        self._group = plan.owner.astype(np.int64)
        self._group[template] = CODED_BITS + np.arange(int(template.sum())) // _TEMPLATE_GROUP
        self._groups = int(self._group.max()) + 1
        self._share = np.where(np.arange(self._groups) < CODED_BITS, 1.0, _TEMPLATE_SHARE)
        self._weight = detector_weight(plane)
        self._residue = without_shades(plane)
        self._unit_room = headroom(plane)
        #: False for a picture so flat that no change would go unseen anywhere.
        self.possible = bool(self._unit_room.max() > 0)
        self._multipliers = np.ones(self._groups)  # one a bit or template group: its price in the dual problem
        self._budget = 255.0 / 10 ** (LEAST_PSNR / 20)

    def at(self, strength: float) -> tuple[Plane, float]:
        """The change in grey levels, one pixel a unit, at a strength; and the agreement after the trial encoding."""
        room = np.minimum(self._unit_room * np.float32(strength), np.float32(_LARGEST_CHANGE))
        self._multipliers = np.ones(self._groups)
        self._multipliers *= self._level(room)
        mean, largest = self._multipliers.mean(), _LARGEST_SHARE * self._multipliers.mean()
        change = self._change(room)
        # How busy the picture is hardly depends on how the change is shared out: it is measured twice and then kept.
        answers = self._answers_near(np.zeros_like(change))
        before, answers = answers(np.zeros_like(change)), self._answers_near(change)
        gained = answers(change) - before
        step = _STEP * mean / max(float(np.mean(gained / self._share)), 1e-9)
        target = float(np.median((before + gained) / self._share))
        for _ in range(_PASSES):
            missing = target * self._share - answers(change)
            self._multipliers = np.clip(self._multipliers + step * missing, 0, largest)
            change = self._change(room)
            rms = float(np.sqrt(np.mean(change * change)))
            # The aim is raised while there is room, and lowered when the change would be seen.
            target *= float(np.clip(self._budget / max(rms, 1e-6), 0.9, 1.1)) ** 0.7
        return change, self._agreement(trial_encoding(self.plane + change, self._trial_side))

    def _level(self, room: Plane) -> float:
        """The factor on all multipliers with which the change, were it not clipped, would spend the whole budget."""
        unlimited = self._field() * room
        return self._budget / max(float(np.sqrt(np.mean(unlimited * unlimited))), 1e-6)

    def _field(self) -> Plane:
        """The adjoint of the detector: where and how strongly each pixel speaks for the bits as weighed now."""
        drawn = tile((self._multipliers[self._group] * self._signs).astype(np.float32))
        return without_shades(unfold(drawn, self.plane.shape) * self._weight)

    def _change(self, room: Plane) -> Plane:
        change: Plane = np.clip(self._field() * room, -room, room)
        return change

    def _answers_near(self, change: Plane) -> Callable[[Plane], NDArray[np.float64]]:
        """A function from a change not far from ``change`` to what the detector would say for each bit and group of
        the template, + where it is right."""
        weights = Weights.of(self._residue + without_shades(change))

        def answers(other: Plane) -> NDArray[np.float64]:
            normalised = weights.applied(self._residue + without_shades(other))
            chips = chip_sums(fold(normalised)) * self._signs
            counts = np.bincount(self._group.ravel(), weights=chips.ravel(), minlength=self._groups)
            return counts.astype(np.float64)

        return answers

    def _agreement(self, plane: Plane) -> float:
        soft = soft_bits(chip_sums(fold(normalise(plane))), self._plan)
        return float(np.mean(soft * self._word) / max(float(np.sqrt(np.mean(soft * soft))), 1e-9))


def headroom(plane: Plane) -> Plane:
    """Unseen change of each pixel at strength 1, grey levels: a power of the weakest activity within a chip or so.

    Texture masks (the threshold of sight rises with contrast to the power of about 0.7: Legge and Foley, 1980); the
    weakest activity counts so that the mark does not spill over an edge into a calm place beside it.
    """
    residue = plane - cv2.GaussianBlur(plane, (0, 0), CHIP / 2)
    busy = np.sqrt(cv2.GaussianBlur(residue * residue, (0, 0), 4.0))
    calmest = cv2.erode(busy, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9)))
    room: Plane = np.maximum(cv2.GaussianBlur(calmest, (0, 0), 4.0) - 0.2, 0).astype(np.float32) ** np.float32(0.7)
    return room


def _trial_side(shape: tuple[int, ...]) -> int:
    """Shorter side of a half-size copy, pixels; from 512 up the trial would cost more and tell nothing new."""
    return max(16, min(UNITS, min(shape[0], shape[1]) // 2))


def trial_encoding(plane: Plane, side: int, crf: int = 30) -> Plane:
    """The plane through x264 at ``side`` pixels on the shorter side, as a single key frame: harsher than crf 28."""
    height, width = plane.shape
    size = (round(width * side / UNITS / 2) * 2, round(height * side / UNITS / 2) * 2)
    small = cv2.resize(np.clip(plane, 0, 255), size, interpolation=cv2.INTER_AREA)
    decoded = encoded_and_decoded(np.rint(small).astype(np.uint8), crf).astype(np.float32)
    return cv2.resize(decoded, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)


def _dithered(change: Plane) -> NDArray[np.int8]:
    """The change in whole grey levels. Fractions become a grain of single pixels, which the eye does not resolve and
    every reduction averages out; without it calm places would show plates of one level. Always the same grain."""
    grain = np.random.RandomState(2026).random_sample(change.shape).astype(np.float32) - 0.5
    reach = _GRAIN * np.minimum(1.0, 4.0 * np.abs(change))
    steps: NDArray[np.int8] = np.clip(np.rint(change + grain * reach), -8, 8).astype(np.int8)
    return steps
