"""Landmarks of a moving face to the controls of the rig: what would the renderer have been told?

The face at rest is the median of its calmest frames with the lips together. Each frame is brought into the axes of
that rest face by the points that no expression moves (Kabsch 1976): that is the pose of the head. What is left moves
lips, jaw and brows; it is explained by the renderer's own shapes, built for this very face, as bounded least squares.
Lids and irises are measured directly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gpu_worker.rendering.arrays import F64
from gpu_worker.rendering.basis import FieldSolver
from gpu_worker.rendering.pose import HeadFrame, ring_points, turning_point
from gpu_worker.rendering.shapes import PRIMARY, build_basis, measure_mouth
from gpu_worker.rendering.topology import (
    EYES,
    FACE_POINTS,
    JAW_SHARE,
    LOWER_LIP,
    NOSE,
    UPPER_LIP,
    build_topology,
)
from gpu_worker.schema import CONTROL, FloatArray
from gpu_worker.training.clip import CONTROL_NAMES

#: Points that expressions leave where they are: nose, bridge, temples, corners of the eyes.
_STILL = (*NOSE, 33, 133, 263, 362, 127, 356, 162, 389, 234, 454, 21, 251, 54, 284)
_MOUTH_POINTS = sorted({point for lip in (UPPER_LIP, LOWER_LIP) for row in lip for point in row} | set(JAW_SHARE))
_BROW_POINTS = {side: list(rows.brow) for side, rows in EYES.items()}
#: Shapes fitted to the mouth, and how dear each is: what tells little apart from its neighbours must be needed.
_FITTED: dict[str, float] = {
    "jaw": 0.01, "jaw_side": 0.05, "pucker": 0.02, "stretch": 0.02, "upper_raise": 0.03, "lower_depress": 0.03,
    "smile_left": 0.10, "smile_right": 0.10,
}  # fmt: skip
_SIGNED = frozenset({"jaw_side"})
#: Measured, in addition to what is fitted.
_DIRECT = (
    "close", "blink_left", "blink_right", "brow_left", "brow_right", "gaze_x", "gaze_y", "yaw", "pitch", "roll",
    "shift_x", "shift_y", "scale",
)  # fmt: skip
MEASURED: tuple[str, ...] = (*_FITTED, *_DIRECT)
#: Depth of the mesh is a guess of the model: it counts for less.
_DEPTH_WEIGHT = 0.25
#: Share of the calmest frames that make the rest face, and fewest frames of it.
_CALM, _FEWEST_CALM = 0.15, 5
#: A lid gap of this part of the open eye's is a closed eye to the mesh, and this much of a blink is noise.
_SHUT, _LID_NOISE = 0.35, 0.15
#: Inner-lip gap in face heights at which lips count as touching, and from which they do not at all.
_TOUCH, _APART = 0.004, 0.022
#: What a control can be, beyond that the fit has failed.
_LIMITS = {"yaw": 90.0, "pitch": 90.0, "roll": 180.0}


@dataclass(frozen=True)
class FittedMotion:
    """``controls`` and ``seen`` are ``(frames, len(CONTROL_NAMES))``; ``opening`` is the inner-lip gap over the
    distance of the outer eye corners; ``pose`` is the head's own ``(frames, 3)`` yaw, pitch, roll in degrees as the
    camera sees it; ``rest`` the face at rest in local axes ``(468, 3)``; ``residual`` what the shapes leave
    unexplained, face heights."""

    controls: FloatArray
    seen: NDArray[np.bool_]
    opening: F64
    pose: F64
    rest: F64
    residual: float


@dataclass(frozen=True)
class _Aligned:
    """Frames in the rest face's axes: ``(frames, 478, 3)`` in face heights, and how they got there."""

    local: F64
    rotations: F64
    scales: F64
    shifts: F64


def fit_controls(landmarks: FloatArray) -> FittedMotion:
    """Controls for every frame of ``landmarks`` ``(frames, 478, 3)`` in pixels; NaN rows are frames without a face.

    Controls are relative to the face's own rest and lie in the ranges of ``schema.CONTROLS``; ``seen`` is False for
    what cannot be measured (the tongue, pressed and rolled-in lips) and in frames without a face.
    """
    points = landmarks.astype(np.float64)
    found = np.isfinite(points).all(axis=(1, 2))
    if found.sum() < 2 * _FEWEST_CALM:
        raise ValueError(f"{int(found.sum())} frames with a face are too few")
    points = _bridged(points, found)
    opening = _openings(points)
    calm = _calm_frames(points, opening, found)
    frame = HeadFrame.from_landmarks(np.median(points[calm], axis=0))
    rest = _rest_of(points, calm, frame)
    aligned = _align(points, rest, frame)
    curves = _mouth(aligned.local, rest)
    residual = float(curves.pop("residual").mean())
    curves |= _lids_and_eyes(aligned.local, rest) | _head(aligned, rest)
    curves["close"] = _closing(aligned.local)
    controls = np.zeros((len(points), len(CONTROL_NAMES)), np.float32)
    seen = np.zeros(controls.shape, np.bool_)
    for name, curve in curves.items():
        limit = _LIMITS.get(name, 1.0)
        controls[:, CONTROL[name]] = np.clip(curve, -limit, limit)
        seen[:, CONTROL[name]] = found
    controls[~seen] = 0.0
    pose = np.array([_angles(frame.axes @ rotation) for rotation in aligned.rotations])
    return FittedMotion(controls, seen, np.where(found, opening, np.nan), pose, rest[:FACE_POINTS], residual)


def _bridged(points: F64, found: NDArray[np.bool_]) -> F64:
    """Missing frames filled in between their neighbours."""
    if found.all():
        return points
    at = np.arange(len(points))
    flat = points.reshape(len(points), -1)
    known = flat[found]
    place = np.interp(at, at[found], np.arange(len(known)))
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, len(known) - 1)
    share = (place - low)[:, None]
    bridged: F64 = (known[low] * (1.0 - share) + known[high] * share).reshape(points.shape)
    return bridged


def _openings(points: F64) -> F64:
    upper, lower = points[:, (82, 13, 312), :2], points[:, (87, 14, 317), :2]
    eyes = np.linalg.norm(points[:, 33, :2] - points[:, 263, :2], axis=1)
    gaps: F64 = np.linalg.norm(upper - lower, axis=2).mean(1) / np.maximum(eyes, 1e-6)
    return gaps


def _lid_gaps(points: F64, side: str) -> F64:
    """Gap of the lids over the width of the eye."""
    rows = EYES[side]
    gap = np.linalg.norm(points[:, rows.upper[3:6]] - points[:, rows.lower[3:6]], axis=2).mean(1)
    width = np.linalg.norm(points[:, rows.upper[0]] - points[:, rows.upper[-1]], axis=1)
    ratio: F64 = gap / np.maximum(width, 1e-6)
    return ratio


def _calm_frames(points: F64, opening: F64, found: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Frames with the lips together, the mouth neither pursed nor spread, and the eyes open."""
    lids = np.minimum(_lid_gaps(points, "left"), _lid_gaps(points, "right"))
    height = np.linalg.norm(points[:, 10] - points[:, 152], axis=1)
    width = np.linalg.norm(points[:, 61] - points[:, 291], axis=1) / height
    count = max(int(_CALM * found.sum()), _FEWEST_CALM)
    usable = found & (lids > 0.7 * np.percentile(lids[found], 90))
    usable = usable if usable.sum() >= 2 * count else found
    closed = np.flatnonzero(usable)[np.argsort(opening[usable], kind="stable")][: 2 * count]
    middle = np.median(width[closed])
    return closed[np.argsort(np.abs(width[closed] - middle), kind="stable")][:count]


def _rest_of(points: F64, calm: NDArray[np.int64], frame: HeadFrame) -> F64:
    """The face at rest, ``(478, 3)`` local: the median of the calm frames, each brought into the axes of the first."""
    rest = frame.to_local(np.median(points[calm], axis=0))
    for _ in range(2):
        rest = np.median(_align(points[calm], rest, frame).local, axis=0)
    return rest


def _align(points: F64, rest: F64, frame: HeadFrame) -> _Aligned:
    """Rotation, scale and shift that bring each frame's still points onto the rest's (Kabsch; Umeyama 1991)."""
    still = list(_STILL)
    target = rest[still]
    middle = target.mean(0)
    given = (points - frame.origin) @ frame.axes / frame.unit
    part = given[:, still]
    means = part.mean(1)
    centred = part - means[:, None]
    covariance = np.einsum("fki,kj->fij", centred, target - middle)
    left, values, right = np.linalg.svd(covariance)
    signs = np.sign(np.linalg.det(left @ right))
    fix = np.ones((len(points), 3))
    fix[:, 2] = signs
    # given = scale * rest @ turn.T: turn takes the rest face to the frame.
    turn = np.einsum("fij,fj,fjk->fik", left, fix, right)
    scales = (centred**2).sum((1, 2)) / np.maximum((values * fix).sum(1), 1e-9)
    local = np.einsum("fki,fij->fkj", given - means[:, None], turn) / scales[:, None, None] + middle
    shifts = means - scales[:, None] * np.einsum("fij,j->fi", turn, middle)
    return _Aligned(local, turn, scales, shifts)


def _basis_of(rest: F64) -> dict[str, F64]:
    """The renderer's shapes for this face: displacement of the 468 points at full strength, face heights."""
    topology = build_topology()
    base = np.concatenate([rest[:FACE_POINTS], ring_points(rest)])
    local = topology.refine(base)
    solver = FieldSolver(local, topology.triangles, topology.constrained)
    basis = build_basis(solver, topology, local, measure_mouth(local)).astype(np.float64)
    return {name: basis[place, :FACE_POINTS] for place, name in enumerate(PRIMARY)}


def _mouth(local: F64, rest: F64) -> dict[str, F64]:
    """Weights of the fitted shapes and of the brows, and the ``residual``."""
    basis = _basis_of(rest)
    weight = np.array([1.0, 1.0, _DEPTH_WEIGHT])
    moved = (local[:, :FACE_POINTS] - rest[:FACE_POINTS]) * weight
    names = list(_FITTED)
    system = np.stack([(basis[name] * weight)[_MOUTH_POINTS].ravel() for name in names], axis=1)
    wanted = moved[:, _MOUTH_POINTS].reshape(len(moved), -1)
    weights = _bounded(system, wanted, np.array(list(_FITTED.values())), [name in _SIGNED for name in names])
    curves = {name: weights[:, place] for place, name in enumerate(names)}
    curves["residual"] = np.sqrt(((wanted - weights @ system.T) ** 2).mean(1))
    for side, brow in _BROW_POINTS.items():
        shape = basis[f"brow_{side}"][brow, :2]
        raised = np.einsum("fki,ki->f", moved[:, brow, :2], shape) / max(float((shape**2).sum()), 1e-12)
        curves[f"brow_{side}"] = raised - np.median(raised)
    return curves


def _bounded(system: F64, wanted: F64, price: F64, signed: list[bool], rounds: int = 200) -> F64:
    """Rows of weights in [0, 1] (or [-1, 1]) that explain the rows of ``wanted``, by projected coordinate descent."""
    gram = system.T @ system
    gram += np.diag(price * np.diag(gram).mean())
    target = wanted @ system
    low = np.where(signed, -1.0, 0.0)
    weights = np.zeros((len(wanted), system.shape[1]))
    for _ in range(rounds):
        before = weights.copy()
        for place in range(system.shape[1]):
            rest = target[:, place] - weights @ gram[:, place] + weights[:, place] * gram[place, place]
            weights[:, place] = np.clip(rest / gram[place, place], low[place], 1.0)
        if np.abs(weights - before).max() < 1e-4:
            break
    return weights


def _lids_and_eyes(local: F64, rest: F64) -> dict[str, F64]:
    curves: dict[str, F64] = {}
    looks = []
    for side, rows in EYES.items():
        gap = _lid_gaps(local, side)
        open_gap = float(np.percentile(gap, 80))
        closed = (open_gap - gap) / max((1.0 - _SHUT) * open_gap, 1e-6)
        curves[f"blink_{side}"] = np.clip((closed - _LID_NOISE) / (1.0 - _LID_NOISE), 0.0, 1.0)
        iris = local[:, list(rows.iris)]
        radius = np.linalg.norm(iris[:, 1:] - iris[:, :1], axis=2).mean()
        middle = (local[:, rows.upper[0]] + local[:, rows.upper[-1]]) / 2
        look = (iris[:, 0, :2] - middle[:, :2]) / max(float(radius), 1e-6)
        looks.append(look - np.median(look, axis=0))
    mean = np.mean(looks, axis=0)
    # A closed eye shows no iris: the model's guess follows the lid.
    shut = np.maximum(curves["blink_left"], curves["blink_right"]) > 0.5
    mean[shut] = 0.0
    return curves | {"gaze_x": mean[:, 0], "gaze_y": mean[:, 1]}


def _head(aligned: _Aligned, rest: F64) -> dict[str, F64]:
    """Turns about the rest's axes, and where the turning point of the neck goes."""
    angles = np.array([_angles(rotation) for rotation in aligned.rotations])
    pivot = turning_point(rest)
    moved = aligned.scales[:, None] * np.einsum("fij,j->fi", aligned.rotations, pivot) + aligned.shifts - pivot
    moved -= np.median(moved, axis=0)
    growth = aligned.scales / np.median(aligned.scales) - 1.0
    return {
        "yaw": angles[:, 0], "pitch": angles[:, 1], "roll": angles[:, 2],
        "shift_x": moved[:, 0], "shift_y": moved[:, 1], "scale": growth,
    }  # fmt: skip


def _angles(rotation: F64) -> tuple[float, float, float]:
    """Yaw, pitch, roll in degrees of ``Rz(roll) @ Ry(-yaw) @ Rx(pitch)`` (see rendering/pose.py)."""
    yaw = -np.arcsin(np.clip(-rotation[2, 0], -1.0, 1.0))
    pitch = np.arctan2(rotation[2, 1], rotation[2, 2])
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))


def _closing(local: F64) -> F64:
    """1 where the lips touch, 0 where they are clearly apart."""
    gap = np.linalg.norm(local[:, (82, 13, 312)] - local[:, (87, 14, 317)], axis=2).mean(1)
    floor = min(float(np.percentile(gap, 2)), _APART)
    share = np.clip((gap - floor - _TOUCH) / (_APART - _TOUCH), 0.0, 1.0)
    smooth: F64 = 1.0 - share * share * (3.0 - 2.0 * share)
    return smooth
