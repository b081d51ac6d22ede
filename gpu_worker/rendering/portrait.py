"""The analysis of one portrait: everything that frames are made from, measured once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gpu_worker.errors import InputError
from gpu_worker.rendering.arrays import F32, F64, I32, I64, U8, Bool
from gpu_worker.rendering.basis import FieldSolver
from gpu_worker.rendering.colour import Palette, build_palette, polygon_mask, with_teeth
from gpu_worker.rendering.grain import Reading, fit_reading, measure_blur, measure_grain
from gpu_worker.rendering.hands import held_still
from gpu_worker.rendering.imaging import grey_of, lab_of, reduced
from gpu_worker.rendering.insets import Insets, lid_insets, lip_insets
from gpu_worker.rendering.lip_line import snap_to_lip_line
from gpu_worker.rendering.mouth_interior import MouthSprites, draw_mouth
from gpu_worker.rendering.neighbours import yielding
from gpu_worker.rendering.own_teeth import OwnContent, biting_edge, find_own_content
from gpu_worker.rendering.pose import (
    CAMERA_DISTANCE,
    FACE_HEIGHT_MM,
    HeadFrame,
    head_weights,
    ring_points,
    turning_point,
)
from gpu_worker.rendering.raster import draw_triangles
from gpu_worker.rendering.relief import with_relief
from gpu_worker.rendering.sampling import enlarge_and_pack
from gpu_worker.rendering.shading import build_shading
from gpu_worker.rendering.shapes import MouthMeasures, build_basis, jaw_travel, measure_mouth
from gpu_worker.rendering.silhouette import find_rings
from gpu_worker.rendering.soft_lids import lash_colour, soft_lids
from gpu_worker.rendering.spectacles import measure_spectacles
from gpu_worker.rendering.topology import EYES, FACE_POINTS, OVAL, Topology, build_topology
from gpu_worker.rendering.youth import measure_youth
from gpu_worker.schema import FaceRig, Photo

#: Nodes of the coarse map for each face height.
_NODES_PER_FACE = 64
#: Displacements smaller than this share of the face height do not count as movement.
_STILL = 2e-4
#: Outer corners of eyes and mouth: between them lies what detail is measured on.
_MIDDLE_FACE = (33, 263, 61, 291)


@dataclass(frozen=True)
class Crop:
    """The part of the photo that frames read from, enlarged and packed; begins at (x, y) of the photo."""

    flat: I64
    stride: int
    rows: int
    x: int
    y: int


@dataclass(frozen=True)
class Region:
    """The part of the frame that may change: a span of columns for each row, and the coarse grid over it."""

    mask: Bool
    first_row: int
    spans: I32
    left: int
    top: int
    right: int
    bottom: int
    step: int
    grid: tuple[int, int]


@dataclass(frozen=True)
class Eye:
    """One eye in the photo: centre and radius of the iris in pixels, its middle (local), its opening, and the colour of
    its lashes, RGB 0 to 255."""

    iris: tuple[float, float]
    radius: float
    anchor: F64
    gap: float
    lash: F32


@dataclass(frozen=True)
class Portrait:
    """One analysed face of one photo. Positions are those of the refined mesh; local unless said otherwise."""

    photo: U8
    topology: Topology
    frame: HeadFrame
    rest: F32
    source: F32
    basis: F32
    shading: F32
    follow: F32
    pivot: F64
    triangles: I32
    windows: tuple[I32, I32, I32]
    flips: tuple[float, float, float]
    insets: tuple[Insets, Insets, Insets]
    region: Region
    crop: Crop
    mouth: MouthMeasures
    mouth_anchor: F64
    jaw_travel_mm: F64
    soft_lids: tuple[Crop, Crop]
    eyes: dict[str, Eye]
    palette: Palette
    sprites: MouthSprites
    own: OwnContent
    spectacles: float
    grain: float
    reading: Reading
    blur: float

    @property
    def camera(self) -> F32:
        """The ``camera`` argument of :func:`gpu_worker.rendering.deform.project_points`."""
        matrix = np.empty((3, 4), dtype=np.float32)
        matrix[:, :3] = self.frame.axes * self.frame.unit
        matrix[:, 3] = self.frame.origin
        return matrix

    @property
    def camera_distance(self) -> float:
        return CAMERA_DISTANCE * self.frame.unit


def check_landmarks(face: FaceRig, photo: Photo, smallest: float) -> F64:
    """Landmarks as float64, or InputError where they cannot be a face of this photo."""
    points = np.asarray(face.landmarks, dtype=np.float64)
    if points.shape != (478, 3) or not np.isfinite(points).all():
        raise InputError("face_landmarks", "The face in this photo could not be measured.", "Try another photo.")
    height = float(np.linalg.norm(points[10] - points[152]))
    if height < smallest:
        raise InputError(
            "face_too_small",
            f"The face is only {height:.0f} pixels high; {smallest:.0f} are needed.",
            "Use a photo in which the face is larger.",
        )
    width = float(np.linalg.norm(points[454] - points[234]))
    centre = points[:FACE_POINTS, :2].mean(0)
    inside = 0 <= centre[0] < photo.width and 0 <= centre[1] < photo.height
    if width < 0.2 * height or not inside:
        raise InputError("face_landmarks", "The face in this photo could not be measured.", "Try another photo.")
    return points


def analyse(photo: Photo, face: FaceRig, smallest_face: float) -> Portrait:
    """Measure everything that frames need.

    Raises:
        InputError: ``face_landmarks`` or ``face_too_small``.
    """
    topology = build_topology()
    landmarks = check_landmarks(face, photo, smallest_face)
    grey = grey_of(photo.pixels)
    frame = HeadFrame.from_landmarks(landmarks)
    landmarks = snap_to_lip_line(grey, landmarks, frame)
    rings = find_rings(photo.pixels, landmarks, frame.unit)
    base = np.concatenate([landmarks[:FACE_POINTS], ring_points(landmarks, rings)])
    positions = topology.refine(base)
    local = frame.to_local(positions)
    mouth = measure_mouth(local)
    solver = FieldSolver(local, topology.triangles, topology.constrained)
    spectacles = measure_spectacles(photo.pixels, landmarks, frame.unit)
    basis = build_basis(solver, topology, local, mouth, spectacles, frame.yaw)
    follow = topology.refine(head_weights(topology, local[: topology.base_count], rings)[:, None])[:, 0].clip(0, 1)
    triangles = _far_to_near(topology.triangles, positions)
    share = held_still(photo.pixels, face, positions, frame.unit)
    if face.neighbours:
        share *= yielding(positions[:, :2], landmarks[list(OVAL), :2].astype(np.float32), face.neighbours)
    if share.min() < 1.0:
        follow = follow * share
        basis = np.ascontiguousarray(basis * share[None, :, None].astype(np.float32))
    region = _moving_region(photo.pixels.shape[:2], positions, triangles, follow, basis, frame.unit)
    measured = _measure_face(photo.pixels, landmarks, frame)
    crop = _crop(photo.pixels, region, frame.unit, measured.reading.sharpness)
    own = find_own_content(photo.pixels, landmarks, mouth, measured.palette, frame)
    palette = measured.palette if own.tooth is None else with_teeth(measured.palette, own.tooth)
    # a smile is wider than a mouth at rest
    half_mouth_mm = mouth.half_width * FACE_HEIGHT_MM / (1.0 + 3.0 * min(mouth.gap, 0.07))
    youth = measure_youth(landmarks, frame.unit)
    rest = frame.to_local(topology.refine(with_relief(base, frame)))
    flips = _flips(topology, positions)
    insets = (
        lip_insets(photo.pixels, positions, topology.mouth, flips[0], frame.unit),
        *(lid_insets(hole, frame.unit) for hole in topology.holes[1:]),
    )
    eyes = _measure_eyes(photo.pixels, landmarks, rest, frame)
    anchor = rest[13] + 0.34 * (rest[14] - rest[13])
    return Portrait(
        photo=photo.pixels, topology=topology, frame=frame, rest=rest.astype(np.float32),
        source=np.ascontiguousarray(positions[:, :2], dtype=np.float32), basis=basis,
        shading=build_shading(local) * share.astype(np.float32), follow=follow.astype(np.float32),
        pivot=turning_point(rest), triangles=triangles,
        windows=_window_triangles(topology, triangles, positions, frame.unit),
        flips=flips, insets=(insets[0], insets[1], insets[2]), region=region, crop=crop,
        mouth=mouth, mouth_anchor=anchor,
        jaw_travel_mm=jaw_travel(local, anchor) * FACE_HEIGHT_MM, eyes=eyes,
        soft_lids=_soft_lids(photo.pixels, topology, positions, frame.unit),
        palette=palette, sprites=draw_mouth(
            palette, frame.pixels_per_mm, half_mouth_mm, measured.blur, youth, biting_edge(own, anchor, frame),
            frame.lean,
        ),
        own=own, spectacles=spectacles, grain=measured.grain,
        reading=measured.reading, blur=measured.blur,
    )  # fmt: skip


def _far_to_near(triangles: I32, positions: F64) -> I32:
    """Triangles sorted for painting."""
    depth = positions[triangles][:, :, 2].mean(1)
    return np.ascontiguousarray(triangles[np.argsort(-depth, kind="stable")])


def _moving_region(
    shape: tuple[int, ...], positions: F64, triangles: I32, follow: F64, basis: F32, unit: float
) -> Region:
    """Where pixels may change: the triangles with a corner that moves, as spans of columns."""
    height, width = shape[:2]
    moves = (follow > 1e-4) | (np.abs(basis).max(axis=(0, 2)) > _STILL)
    moving = np.ascontiguousarray(triangles[moves[triangles].any(1)])
    corners = positions[np.unique(moving), :2]
    left, top = np.maximum(np.floor(corners.min(0)).astype(int) - 1, 0)
    right, bottom = np.minimum(np.ceil(corners.max(0)).astype(int) + 2, (width, height))
    covered = np.zeros((bottom - top, right - left, 1), dtype=np.float32)
    points = np.ascontiguousarray(positions[:, :2], dtype=np.float32)
    draw_triangles(points, np.ones((len(points), 1), dtype=np.float32), moving, float(left), float(top), 1.0, covered)
    inside = covered[..., 0] > 0
    rows = np.flatnonzero(inside.any(1))
    inside = inside[rows[0] : rows[-1] + 1]
    first = np.where(inside.any(1), inside.argmax(1), 0)
    last = np.where(inside.any(1), inside.shape[1] - inside[:, ::-1].argmax(1), 0)
    spans = np.stack([first + left, last + left], 1).astype(np.int32)
    mask = np.zeros((height, width), dtype=bool)
    for i, (a, b) in enumerate(spans):
        mask[top + rows[0] + i, a:b] = True
    step = 2 ** max(1, round(math.log2(unit / _NODES_PER_FACE)))
    grid = ((len(spans) + step - 1) // step + 2, (int(right - left) + step - 1) // step + 2)
    first_row = int(top + rows[0])
    return Region(mask, first_row, spans, int(left), first_row, int(right), first_row + len(spans), step, grid)


def _crop(pixels: U8, region: Region, unit: float, sharpness: float) -> Crop:
    margin = round(0.15 * unit) + 4
    x, y = max(0, int(region.spans[:, 0].min()) - margin), max(0, region.first_row - margin)
    right = min(pixels.shape[1], int(region.spans[:, 1].max()) + margin)
    bottom = min(pixels.shape[0], region.first_row + len(region.spans) + margin)
    packed = enlarge_and_pack(pixels[y:bottom, x:right], sharpness)
    return Crop(packed.ravel(), packed.shape[1], packed.shape[0], x, y)


@dataclass(frozen=True)
class _Measured:
    palette: Palette
    grain: float
    reading: Reading
    blur: float


def _measure_face(pixels: U8, landmarks: F64, frame: HeadFrame) -> _Measured:
    """Palette, grain and blur from a crop around the face, reduced where it is very large."""
    points = landmarks[:FACE_POINTS, :2]
    low = np.maximum(np.floor(points.min(0)).astype(int) - 8, 0)
    high = np.minimum(np.ceil(points.max(0)).astype(int) + 9, (pixels.shape[1], pixels.shape[0]))
    crop = np.ascontiguousarray(pixels[low[1] : high[1], low[0] : high[0]])
    inside = points - low
    grey = grey_of(crop)
    face = polygon_mask(grey.shape, [inside[list(OVAL)]]) > 0
    shrink = min(1.0, 400.0 / max(crop.shape[:2]))
    palette = build_palette(lab_of(reduced(crop, shrink)), inside * shrink)
    grain = measure_grain(grey, face)
    middle = inside[list(_MIDDLE_FACE)].astype(int)
    low, high = np.maximum(middle.min(0), 0), np.minimum(middle.max(0), middle.min(0) + 400)
    reading = fit_reading(np.ascontiguousarray(crop[low[1] : high[1], low[0] : high[0]]), grain)
    return _Measured(palette, grain, reading, measure_blur(grey, face, frame.unit))


def _window_triangles(topology: Topology, triangles: I32, positions: F64, unit: float) -> tuple[I32, I32, I32]:
    """For mouth and eyes, the triangles near them, in painting order."""
    centres = positions[triangles].mean(1)[:, :2]
    near = []
    for hole in topology.holes:
        contour = positions[np.concatenate([hole.upper, hole.lower]), :2]
        low, high = contour.min(0) - 0.16 * unit, contour.max(0) + 0.16 * unit
        near.append(np.ascontiguousarray(triangles[((centres > low) & (centres < high)).all(1)]))
    return near[0], near[1], near[2]


def _flips(topology: Topology, positions: F64) -> tuple[float, float, float]:
    """-1 for contours that run from the image's right to its left, else 1."""
    signs = []
    for hole in topology.holes:
        along = positions[hole.upper[-1], :2] - positions[hole.upper[0], :2]
        across = (positions[hole.lower, :2] - positions[hole.upper, :2]).sum(0)
        turn = along[0] * across[1] - along[1] * across[0]
        if abs(turn) < 1e-9:
            turn = 1.0
        signs.append(1.0 if turn > 0 else -1.0)
    return signs[0], signs[1], signs[2]


def _measure_eyes(pixels: U8, landmarks: F64, rest: F64, frame: HeadFrame) -> dict[str, Eye]:
    eyes = {}
    for side, rows in EYES.items():
        iris = landmarks[list(rows.iris), :2]
        radius = float(np.linalg.norm(iris[1] - iris[3]) + np.linalg.norm(iris[2] - iris[4])) / 4
        gap = float(np.linalg.norm(landmarks[rows.lower[4], :2] - landmarks[rows.upper[4], :2])) / frame.unit
        anchor = (rest[rows.upper[0]] + rest[rows.upper[-1]]) / 2
        lash = lash_colour(pixels, landmarks[list(rows.upper), :2], landmarks[list(rows.lower), :2], frame.unit)
        eyes[side] = Eye((float(iris[0, 0]), float(iris[0, 1])), max(radius, 0.5), anchor, gap, lash)
    return eyes


def _soft_lids(pixels: U8, topology: Topology, positions: F64, unit: float) -> tuple[Crop, Crop]:
    """The skin around both eyes, softened (right, left)."""
    crops = []
    for hole in topology.holes[1:]:
        upper, lower = positions[hole.upper, :2], positions[hole.lower, :2]
        soft, x, y = soft_lids(pixels, upper, lower, lash_colour(pixels, upper, lower, unit), unit)
        packed = enlarge_and_pack(soft)
        crops.append(Crop(packed.ravel(), packed.shape[1], packed.shape[0], x, y))
    return crops[0], crops[1]
