"""Several faces of one photo in one frame.

Each face is rendered on its own part of the photo, by any render engine, as if it were alone; memory and time are about
the sum of the parts. The parts are then put into the frame: a pixel that two parts could change belongs to the face
whose outline is nearer in that face's own heights, where the other does not move
(:mod:`gpu_worker.rendering.neighbours`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from gpu_worker.config import EngineConfig
from gpu_worker.rendering.arrays import F64, I32, Bool
from gpu_worker.rendering.base import PortraitRenderer, RenderEngine
from gpu_worker.rendering.neighbours import outline_distance
from gpu_worker.rendering.parallel import FramePool
from gpu_worker.rendering.pose import ring_points
from gpu_worker.rendering.topology import OVAL
from gpu_worker.schema import FaceRig, FloatArray, Image, MotionTrack, Photo

_POOL_SIZE = 16
#: What renderers read beyond the region that moves, face heights and pixels.
_MARGIN, _MARGIN_PIXELS = 0.15, 12


class SceneRenderer(Protocol):
    """Renders the moving faces of a photo from one motion each."""

    @property
    def engine(self) -> str:
        """What draws; see :attr:`PortraitRenderer.engine`."""

    @property
    def moving_region(self) -> Bool:
        """Mask ``(height, width)``: pixels that may ever change."""

    def frames(self, motions: Sequence[MotionTrack], threads: int = 0) -> Iterator[Image]:
        """All frames in order; ``motions`` are equally long, one for each face."""

    def planned_opening(self, place: int, motion: MotionTrack) -> FloatArray:
        """:meth:`PortraitRenderer.planned_opening` of the face at ``place``."""


def prepare_scene(engine: RenderEngine, photo: Photo, faces: Sequence[FaceRig], config: EngineConfig) -> SceneRenderer:
    """Analyse the faces that move. Raises InputError as :meth:`RenderEngine.prepare` does."""
    if len(faces) == 1:
        return Solo(engine.prepare(photo, faces[0], config))
    parts = []
    for face in faces:
        x, y, width, height = part_of(photo, face)
        cut = replace(photo, pixels=np.ascontiguousarray(photo.pixels[y : y + height, x : x + width]))
        parts.append((x, y, engine.prepare(cut, moved(face, -x, -y), config)))
    return Ensemble(photo, faces, parts)


@dataclass(frozen=True)
class Solo:
    """One face: its renderer, untouched."""

    renderer: PortraitRenderer

    @property
    def engine(self) -> str:
        return self.renderer.engine

    @property
    def moving_region(self) -> Bool:
        return self.renderer.moving_region

    def frames(self, motions: Sequence[MotionTrack], threads: int = 0) -> Iterator[Image]:
        return self.renderer.frames(motions[0], threads)

    def planned_opening(self, place: int, motion: MotionTrack) -> FloatArray:
        return self.renderer.planned_opening(motion)


@dataclass(frozen=True)
class _Part:
    """One face's renderer, and the box (x, y, width, height) and mask of the pixels it owns: of the frame and of its
    part."""

    renderer: PortraitRenderer
    box: tuple[int, int, int, int]
    inner: tuple[int, int]
    mask: Bool
    whole: bool

    def put(self, drawn: Image, frame: Image) -> None:
        """Copy the pixels that belong to this face into the frame."""
        x, y, width, height = self.box
        column, row = self.inner
        source = drawn[row : row + height, column : column + width]
        target = frame[y : y + height, x : x + width]
        if self.whole:
            target[...] = source
        else:
            np.copyto(target, source, where=self.mask)


class Ensemble:
    """Several faces; see :class:`SceneRenderer`."""

    def __init__(
        self, photo: Photo, faces: Sequence[FaceRig], renderers: Sequence[tuple[int, int, PortraitRenderer]]
    ) -> None:
        self._photo = photo.pixels
        regions = [_in_frame(photo, x, y, renderer.moving_region) for x, y, renderer in renderers]
        self._region: Bool = np.logical_or.reduce(regions)
        owned = _divided(regions, faces)
        self._parts = tuple(
            _part(renderer, x, y, mask, self._region) for (x, y, renderer), mask in zip(renderers, owned, strict=True)
        )
        self._pool = FramePool(photo.pixels, _POOL_SIZE)

    @property
    def engine(self) -> str:
        return "; ".join(dict.fromkeys(part.renderer.engine for part in self._parts))

    @property
    def moving_region(self) -> Bool:
        return self._region

    def planned_opening(self, place: int, motion: MotionTrack) -> FloatArray:
        return self._parts[place].renderer.planned_opening(motion)

    def frames(self, motions: Sequence[MotionTrack], threads: int = 0) -> Iterator[Image]:
        """As the protocol says. Memory does not grow with the length; closing the iterator stops all faces."""
        if len(motions) != len(self._parts):
            raise ValueError(f"{len(self._parts)} motions are needed, not {len(motions)}")
        with ExitStack() as running:
            streams = []
            for part, motion in zip(self._parts, motions, strict=True):
                frames = part.renderer.frames(motion, threads)
                if isinstance(frames, Generator):
                    running.callback(frames.close)
                streams.append(frames)
            for drawn in zip(*streams, strict=True):
                frame = self._pool.take()
                for part, own in zip(self._parts, drawn, strict=True):
                    part.put(own, frame)
                yield frame


def part_of(photo: Photo, face: FaceRig) -> tuple[int, int, int, int]:
    """Box (x, y, width, height) of the photo that holds all that can move with a face, and what it is made from."""
    rings = ring_points(np.asarray(face.landmarks, np.float64))[:, :2]
    margin = _MARGIN * face.height + _MARGIN_PIXELS
    low = np.maximum(np.floor(rings.min(0) - margin).astype(int), 0)
    high = np.minimum(np.ceil(rings.max(0) + margin).astype(int), (photo.width, photo.height))
    high = np.maximum(high, low + 1)
    return int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1])


def moved(face: FaceRig, x: float, y: float) -> FaceRig:
    """The same face in a picture whose origin lies elsewhere."""
    shift = np.array([x, y], np.float32)
    landmarks = face.landmarks.copy()
    landmarks[:, :2] += shift
    left, top, width, height = face.box
    return replace(
        face,
        landmarks=landmarks,
        box=(left + x, top + y, width, height),
        neighbours=tuple(outline + shift for outline in face.neighbours),
    )


def with_neighbours(faces: Sequence[FaceRig]) -> tuple[FaceRig, ...]:
    """The faces of a photo, each knowing the outlines of the others."""
    outlines = [face.landmarks[list(OVAL), :2].astype(np.float32) for face in faces]
    return tuple(
        replace(face, neighbours=tuple(outlines[:place] + outlines[place + 1 :])) for place, face in enumerate(faces)
    )


def _in_frame(photo: Photo, x: int, y: int, region: Bool) -> Bool:
    mask = np.zeros((photo.height, photo.width), bool)
    mask[y : y + region.shape[0], x : x + region.shape[1]] = region
    return mask


def _divided(regions: Sequence[Bool], faces: Sequence[FaceRig]) -> list[Bool]:
    """The regions without overlap: pixels that several could change go to the nearest outline."""
    count = np.zeros(regions[0].shape, np.uint8)
    for region in regions:
        count += region
    rows, columns = np.nonzero(count > 1)
    owned = [region.copy() for region in regions]
    if len(rows) == 0:
        return owned
    # Outlines change slowly: every fourth pixel is asked, its neighbours follow.
    cells, back = np.unique(np.stack([rows // 4, columns // 4], 1), axis=0, return_inverse=True)
    centres = cells[:, ::-1].astype(np.float64) * 4.0 + 1.5
    distances = np.stack([_nearness(centres, face) for face in faces])
    nearest: I32 = _nearest_of(distances, regions, rows, columns, back.ravel())
    for place, mask in enumerate(owned):
        mask[rows, columns] = nearest == place
    return owned


def _nearest_of(distances: F64, regions: Sequence[Bool], rows: I32, columns: I32, cells: I32) -> I32:
    """For each pixel the place of the nearest face among those whose region holds it."""
    candidates = distances[:, cells].copy()
    for place, region in enumerate(regions):
        candidates[place, ~region[rows, columns]] = np.inf
    return np.asarray(candidates.argmin(0), np.int32)


def _nearness(points: F64, face: FaceRig) -> F64:
    return outline_distance(points, face.landmarks[list(OVAL), :2])


def _part(renderer: PortraitRenderer, x: int, y: int, mask: Bool, region: Bool) -> _Part:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if len(rows) == 0:  # wholly behind another face
        return _Part(renderer, (0, 0, 0, 0), (0, 0), np.zeros((0, 0, 1), bool), whole=True)
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    own = mask[top:bottom, left:right]
    # Pixels of the box that nobody moves are the photo's in every part, so a box without others is copied as it is.
    whole = not (region[top:bottom, left:right] & ~own).any()
    return _Part(renderer, (left, top, right - left, bottom - top), (left - x, top - y), own[..., None], whole)
