"""Where in a picture to look for faces: the whole, turned wholes, and overlapping tiles for small faces."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from gpu_worker.landmarks.crop import Region
from gpu_worker.landmarks.mediapipe_models import Detection, DetectorModels
from gpu_worker.schema import Image

#: Side at which a region is shown to the detectors, pixels: twice the far model's input, so that it averages.
_VIEW_SIDE = 256
#: Side of the reduced whole from which the turned views are cut.
_WHOLE_SIDE = 2 * _VIEW_SIDE
#: Turns of the whole picture, degrees; the detectors themselves bear about 40 to either side.
_TURNS = (0, -45, 45, -90, 90, 180)
#: Side of the smallest tiles, pixels: tiles of up to twice this show a face of 48 pixels well enough to be found.
_SMALLEST_TILE = 250
_OVERLAP = 1 / 3
#: The mesh wants a square this many times as large as the detector's box.
_MARGIN = 1.5


@dataclass(frozen=True)
class Candidate:
    """A place where a face may be: the square around it (turned so that it is upright there) and the score."""

    region: Region
    score: float


def candidates(pixels: Image, detectors: DetectorModels) -> list[Candidate]:
    """All places that either detector holds for a face, the surest first, near-duplicates merged."""
    return _merged([*_in_the_whole(pixels, detectors), *_in_tiles(pixels, detectors)])


def _in_the_whole(pixels: Image, detectors: DetectorModels) -> Iterator[Candidate]:
    """Large and middling faces, at any inclination."""
    height, width = pixels.shape[:2]
    whole = Region((width - 1) / 2, (height - 1) / 2, max(width, height))
    # Reduced once; all turned views are cut from this square.
    small = whole.cut(pixels, _WHOLE_SIDE)
    for turn in _TURNS:
        angle = math.radians(turn)
        crop = Region((_WHOLE_SIDE - 1) / 2, (_WHOLE_SIDE - 1) / 2, _WHOLE_SIDE, angle).cut(small, _VIEW_SIDE)
        view = Region(whole.x, whole.y, whole.side, angle)
        for which in (DetectorModels.NEAR, DetectorModels.FAR):
            for seen in detectors(crop, which):
                yield Candidate(_in_picture(seen, view), seen.score)


def _in_tiles(pixels: Image, detectors: DetectorModels) -> Iterator[Candidate]:
    """Small faces, more or less upright."""
    height, width = pixels.shape[:2]
    side = max(width, height) / 2
    while side >= _SMALLEST_TILE:
        for y in _tile_centres(height, side):
            for x in _tile_centres(width, side):
                tile = Region(x, y, side)
                for seen in detectors(tile.cut(pixels, _VIEW_SIDE), DetectorModels.FAR):
                    yield Candidate(_in_picture(seen, tile), seen.score)
        side /= 2


def _tile_centres(length: int, side: float) -> list[float]:
    if length <= side:
        return [(length - 1) / 2]
    count = math.ceil((length - side) / (side * (1 - _OVERLAP))) + 1
    return [side / 2 + step * (length - side) / (count - 1) for step in range(count)]


def _in_picture(seen: Detection, view: Region) -> Region:
    dx, dy = (seen.x - 0.5) * view.side, (seen.y - 0.5) * view.side
    cos, sin = math.cos(view.angle), math.sin(view.angle)
    x, y = view.x + cos * dx - sin * dy, view.y + sin * dx + cos * dy
    return Region(x, y, seen.side * view.side * _MARGIN, view.angle + seen.angle)


def _merged(found: list[Candidate]) -> list[Candidate]:
    """Without those that repeat a surer one: same place, size and orientation."""
    kept: list[Candidate] = []
    for candidate in sorted(found, key=lambda entry: -entry.score):
        if not any(_same(candidate.region, other.region) for other in kept):
            kept.append(candidate)
    return kept


def _same(one: Region, other: Region) -> bool:
    turn = abs(math.remainder(one.angle - other.angle, math.tau))
    ratio = max(one.side, other.side) / min(one.side, other.side)
    return turn < math.radians(50) and ratio < 1.5 and _distance(one, other) < 0.3 * max(one.side, other.side)


def _distance(one: Region, other: Region) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)
