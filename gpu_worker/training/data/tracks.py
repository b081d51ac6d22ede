"""Faces followed through a recording: shots between cuts, and in each shot the faces that stay.

A cut is a change of colours far above those around it (histogram difference, Boreczky and Rowe 1996). Within a shot a
face is looked for at the start and then every few seconds; in between the mesh follows it from frame to frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from gpu_worker.landmarks.base import LandmarkEngine
from gpu_worker.landmarks.crop import region_around
from gpu_worker.landmarks.pose import face_height
from gpu_worker.quality.redetection import FaceReader
from gpu_worker.schema import FloatArray, Image
from gpu_worker.training.clip import FRAME_RATE

#: Side of the crop that the mesh reads, and where the model counts pixels from.
_MODEL_SIDE, _PIXEL_OFFSET = 192, 0.35
#: Part of the colours that changes at a cut, and by how much more than between the frames before.
_CUT, _CUT_RATIO = 0.35, 3.0
#: Frames between two looks for more faces, and between two when there is none.
_LOOK_AGAIN, _LOOK_WHEN_NONE = 75, 12
#: Frames that a face may be missing, and the score below which it is.
_MOST_MISSING, _PRESENT = 3, 0.5
#: Faces followed at the same time, and the part of the largest that one must have to count.
_MOST_FACES, _COUNTS = 3, 0.4
#: Frames between two pictures of the face that are kept for the quality checks, and their side.
_SAMPLE_EVERY, _SAMPLE_SIDE = 25, 256


@dataclass
class FaceTrack:
    """One face through one shot. ``landmarks`` is ``(frames, 478, 3)`` in pixels of the frames, NaN where it was not
    seen; ``samples`` are upright pictures of it now and then with the landmarks in them."""

    shot: int
    start: int
    landmarks: FloatArray
    samples: tuple[tuple[Image, FloatArray], ...]
    others: int

    @property
    def frames(self) -> int:
        return len(self.landmarks)


@dataclass
class _Live:
    shot: int
    start: int
    rows: list[FloatArray]
    samples: list[tuple[Image, FloatArray]] = field(default_factory=list)
    missing: int = 0
    others: int = 0

    def last(self) -> FloatArray:
        return next(row for row in reversed(self.rows) if np.isfinite(row[0, 0]))

    def done(self) -> FaceTrack:
        rows = self.rows[: len(self.rows) - self.missing]
        return FaceTrack(self.shot, self.start, np.stack(rows).astype(np.float32), tuple(self.samples), self.others)


def face_tracks(
    frames: Iterable[Image], engine: LandmarkEngine, reader: FaceReader, smallest: float
) -> Iterator[FaceTrack]:
    """Every face of at least ``smallest`` pixels of height that is followed through a shot of ``frames``.

    Memory stays at a few frames and the tracks that are open.
    """
    cuts = CutDetector()
    live: list[_Live] = []
    shot = 0
    for number, frame in enumerate(frames):
        if cuts.is_cut(frame):
            shot += 1
            yield from (track.done() for track in live)
            live = []
        for track in live:
            _follow(track, frame, reader)
        yield from (track.done() for track in live if track.missing > _MOST_MISSING)
        live = [track for track in live if track.missing <= _MOST_MISSING]
        if number % (_LOOK_AGAIN if live else _LOOK_WHEN_NONE) == 0 or cuts.fresh:
            live += _new_faces(frame, engine, live, shot, number, smallest)
            for track in live:
                track.others = max(track.others, len(live) - 1)
        for track in live:
            if (number - track.start) % _SAMPLE_EVERY == 0:
                track.samples.append(_sample(frame, track.last()))
    yield from (track.done() for track in live)


class CutDetector:
    """Tells whether a frame begins a new shot; ``fresh`` says so of the first frame too."""

    def __init__(self) -> None:
        self._before: FloatArray | None = None
        self._usual = 0.05
        self.fresh = False

    def is_cut(self, frame: Image) -> bool:
        """Whether ``frame`` shows another shot than the one before."""
        colours = _colours(frame)
        before, self._before = self._before, colours
        self.fresh = before is None
        if before is None:
            return False
        change = 0.5 * float(np.abs(colours - before).sum())
        cut = change > max(_CUT, _CUT_RATIO * self._usual)
        self._usual = 0.9 * self._usual + 0.1 * min(change, 0.3)
        self.fresh = cut
        return cut


def _colours(frame: Image) -> FloatArray:
    """Shares of 6 x 6 x 6 colours in each quarter of the frame, ``(4 * 216,)``; all together 1."""
    small = cv2.resize(frame, (64, 48), interpolation=cv2.INTER_AREA).astype(np.int64) * 6 // 256
    codes = (small[..., 0] * 6 + small[..., 1]) * 6 + small[..., 2]
    quarter = (np.arange(48)[:, None] // 24) * 2 + np.arange(64)[None, :] // 32
    counts = np.bincount((quarter * 216 + codes).ravel(), minlength=864)
    shares: FloatArray = (counts / codes.size).astype(np.float32)
    return shares


def _follow(track: _Live, frame: Image, reader: FaceReader) -> None:
    region = region_around(track.last())
    points, presence = reader(region.cut(frame, _MODEL_SIDE))
    points = points.copy()
    points[:, :2] -= _PIXEL_OFFSET
    found = region.to_picture(points, _MODEL_SIDE)
    if presence < _PRESENT or not np.isfinite(found).all():
        track.rows.append(np.full((478, 3), np.nan, np.float32))
        track.missing += 1
        return
    track.rows.append(found)
    track.missing = 0


def _new_faces(
    frame: Image, engine: LandmarkEngine, live: list[_Live], shot: int, number: int, smallest: float
) -> list[_Live]:
    """Faces that nobody follows yet, the largest first."""
    located = [face.landmarks for face in engine.locate(frame) if face.human]
    largest = max((face_height(landmarks) for landmarks in located), default=0.0)
    found: list[_Live] = []
    for landmarks in sorted(located, key=face_height, reverse=True):
        height = face_height(landmarks)
        if height < max(smallest, _COUNTS * largest) or len(live) + len(found) >= _MOST_FACES:
            continue
        if any(_near(landmarks, track.last()) for track in live):
            continue
        found.append(_Live(shot, number, [landmarks]))
    return found


def _near(one: FloatArray, other: FloatArray) -> bool:
    apart = np.linalg.norm(one[:468, :2].mean(0) - other[:468, :2].mean(0))
    return bool(apart < 0.5 * max(face_height(one), face_height(other)))


def _sample(frame: Image, landmarks: FloatArray) -> tuple[Image, FloatArray]:
    region = region_around(landmarks, 2.0)
    matrix = region.matrix(_SAMPLE_SIDE)
    inside = landmarks.astype(np.float64)
    inside[:, :2] = inside[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    inside[:, 2] *= _SAMPLE_SIDE / region.side
    return region.cut(frame, _SAMPLE_SIDE), inside.astype(np.float32)


def seconds(frames: int) -> float:
    """Length of ``frames`` frames."""
    return frames / FRAME_RATE
