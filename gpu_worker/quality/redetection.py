"""Finding the face again in the finished video, frame by frame: the evidence of every check on lips, lids and head.

Frames are decoded, cut around the face and scaled by ffmpeg, then read by as many landmark models as there are
threads. Every frame is read on its own, from the same square of the picture, so that the result depends neither on the
order nor on the threads, and no smoothing over time flatters the video.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import numpy as np

from gpu_worker.landmarks.crop import region_around
from gpu_worker.media.video_reader import Aside, Window, read_frames
from gpu_worker.quality.opening import Series, eye_opening, mouth_opening, roll
from gpu_worker.schema import FaceRig, FloatArray, Image

#: Side of the square around the face, face heights, and of the picture it is scaled to, pixels: so large that crops for
#: the models are not enlarged from it, which would cost more than everything but the models.
_SIDE, _PIXELS = 2.0, 272
#: Frames decoded ahead of the measuring.
_AHEAD = 6
#: Side of the crops the models read, pixels, and the face score below which there is no face.
_MODEL_SIDE, _PRESENT = 192, 0.5

Watch = Callable[[], None]
#: A landmark model: RGB crop (192, 192, 3) in; landmarks (478, 3) in pixels of the crop and a face score out.
FaceReader = Callable[[Image], tuple[FloatArray, float]]
Row = tuple[float, float, float]


@dataclass(frozen=True)
class Redetection:
    """One value per decoded frame; NaN where no face was found.

    ``opening`` is the inner-lip gap / inter-ocular distance, ``eyes`` the lid gap / eye width, ``roll`` degrees,
    ``level`` the mean grey level of the face's window (0..255), ``change`` the mean absolute difference of that window
    to the frame before (0 for the first).
    """

    opening: Series
    eyes: Series
    roll: Series
    level: Series
    change: Series

    @property
    def found(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        return np.isfinite(self.opening)


def face_window(face: FaceRig, width: int, height: int) -> Window:
    """The part of a ``width`` x ``height`` video that is looked at for ``face``; inside the picture, even sides."""
    centre = 0.5 * (face.landmarks[:468, :2].min(0) + face.landmarks[:468, :2].max(0))
    half = 0.5 * _SIDE * max(face.height, 16.0)
    left, top = max(0, int(centre[0] - half)), max(0, int(centre[1] - half))
    right, bottom = min(width, int(centre[0] + half) + 1), min(height, int(centre[1] + half) + 1)
    scale = _PIXELS / max(right - left, bottom - top)
    out = (max(2, round((right - left) * scale)), max(2, round((bottom - top) * scale)))
    return Window(left, top, right - left, bottom - top, *out)


def redetect(
    path: Path,
    face: FaceRig,
    size: tuple[int, int],
    readers: Sequence[FaceReader],
    watch: Watch | None = None,
    aside: Aside | None = None,
) -> Redetection:
    """Measure every frame of the video at ``path``, ``size`` = (width, height) pixels, with one thread per reader.

    ``watch`` is called once a frame and may raise to stop the work; ``aside`` takes what it wants of the same
    decoding. Raises EngineError for an unreadable file.
    """
    window = face_window(face, *size)
    region = region_around(_landmarks_in_window(face, window))
    free: SimpleQueue[FaceReader] = SimpleQueue()
    for reader in readers:
        free.put(reader)

    def measure(frame: Image) -> Row:
        reader = free.get()
        try:
            points, presence = reader(region.cut(frame, _MODEL_SIDE))
        finally:
            free.put(reader)
        if presence < _PRESENT:
            return (np.nan, np.nan, np.nan)
        turn = float(np.degrees(region.angle))
        return (mouth_opening(points), eye_opening(points), roll(points) + turn)

    rows, levels, changes = [], [], []
    with ThreadPoolExecutor(len(readers), thread_name_prefix="redetect") as pool:
        for frame, previous, row in _in_order(pool, measure, read_frames(path, window, aside=aside)):
            if watch is not None:
                watch()
            rows.append(row)
            levels.append(float(frame.mean()))
            changes.append(0.0 if previous is None else _difference(frame, previous))
    table = np.array(rows, np.float64).reshape(-1, 3)
    return Redetection(table[:, 0], table[:, 1], table[:, 2], np.array(levels), np.array(changes))


def _in_order(
    pool: ThreadPoolExecutor,
    measure: Callable[[Image], Row],
    frames: Iterator[Image],
) -> Iterator[tuple[Image, Image | None, Row]]:
    """Measure on all threads, hand back in order, and keep few frames in memory."""
    waiting: deque[tuple[Image, Image | None, Future[Row]]] = deque()
    previous: Image | None = None
    try:
        for frame in frames:
            waiting.append((frame, previous, pool.submit(measure, frame)))
            previous = frame
            if len(waiting) > _AHEAD:
                oldest = waiting.popleft()
                yield oldest[0], oldest[1], oldest[2].result()
        while waiting:
            oldest = waiting.popleft()
            yield oldest[0], oldest[1], oldest[2].result()
    finally:
        for _, _, future in waiting:
            future.cancel()


def _difference(frame: Image, previous: Image) -> float:
    return float(np.abs(frame.astype(np.int16) - previous).mean())


def _landmarks_in_window(face: FaceRig, window: Window) -> FloatArray:
    scale = window.out_width / window.width
    moved = face.landmarks.astype(np.float32).copy()
    moved[:, :2] -= (window.x, window.y)
    result: FloatArray = moved * np.float32(scale)
    return result
