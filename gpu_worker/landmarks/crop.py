"""Square, turned regions of a picture, cut out at any size and mapped back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_worker.schema import FloatArray, Image


@dataclass(frozen=True)
class Region:
    """A square of a picture: centre and side in pixels, turned clockwise by ``angle`` (radians)."""

    x: float
    y: float
    side: float
    angle: float = 0.0

    def scaled(self, factor: float) -> Region:
        return Region(self.x, self.y, self.side * factor, self.angle)

    def matrix(self, size: int) -> NDArray[np.float64]:
        """Affine map ``(2, 3)`` from pixels of the picture to pixels of the region cut out at ``size``."""
        scale = size / self.side
        cos, sin = scale * math.cos(self.angle), scale * math.sin(self.angle)
        centre = (size - 1) / 2
        return np.array(
            [
                [cos, sin, centre - cos * self.x - sin * self.y],
                [-sin, cos, centre + sin * self.x - cos * self.y],
            ]
        )

    def cut(self, pixels: Image, size: int) -> Image:
        """The region as ``(size, size, 3)``; black outside the picture.

        Strong reductions are averaged over areas first, since an affine warp samples single pixels only.
        """
        matrix = self.matrix(size)
        reduction = self.side / size
        if reduction > 1.5:
            pixels, matrix = _reduced(pixels, matrix, self, reduction)
        interpolation = cv2.INTER_CUBIC if reduction < 1.0 else cv2.INTER_LINEAR
        cut = cv2.warpAffine(pixels, matrix, (size, size), flags=interpolation, borderMode=cv2.BORDER_CONSTANT)
        return np.asarray(cut, dtype=np.uint8)

    def to_picture(self, points: FloatArray, size: int) -> FloatArray:
        """Points ``(n, 2)`` or ``(n, 3)`` of the region cut out at ``size``, in pixels of the picture; z is scaled."""
        matrix = self.matrix(size)
        inverse = np.linalg.inv(matrix[:, :2])
        mapped = np.array(points, dtype=np.float64)
        mapped[:, :2] = (mapped[:, :2] - matrix[:, 2]) @ inverse.T
        mapped[:, 2:] *= self.side / size
        return mapped.astype(np.float32)


def _reduced(
    pixels: Image, matrix: NDArray[np.float64], region: Region, reduction: float
) -> tuple[Image, NDArray[np.float64]]:
    """The part of the picture under ``region``, averaged down to the scale of the cut, and the matrix for it."""
    height, width = pixels.shape[:2]
    reach = region.side * (abs(math.cos(region.angle)) + abs(math.sin(region.angle))) / 2 + 2 * reduction
    left, top = max(0, math.floor(region.x - reach)), max(0, math.floor(region.y - reach))
    right, bottom = min(width, math.ceil(region.x + reach)), min(height, math.ceil(region.y + reach))
    if right - left < 2 or bottom - top < 2:
        return pixels, matrix
    part = pixels[top:bottom, left:right]
    size = (max(1, round(part.shape[1] / reduction)), max(1, round(part.shape[0] / reduction)))
    small = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    step = np.array([part.shape[1] / size[0], part.shape[0] / size[1]])
    # Pixel centres: full = (small + 1/2) * step - 1/2 + origin.
    origin = (step - 1) / 2 + np.array([left, top])
    moved = matrix.copy()
    moved[:, 2] = matrix[:, :2] @ origin + matrix[:, 2]
    moved[:, :2] = matrix[:, :2] * step
    return small, moved


def region_around(landmarks: FloatArray, margin: float = 1.5) -> Region:
    """The upright square around a face, ``margin`` times as large as the face: what the mesh model was trained on."""
    eyes = landmarks[263, :2] - landmarks[33, :2]
    angle = math.atan2(float(eyes[1]), float(eyes[0]))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    upright = landmarks[:, :2].astype(np.float64) @ turn.T
    low, high = upright.min(axis=0), upright.max(axis=0)
    centre = turn.T @ ((low + high) / 2)
    return Region(float(centre[0]), float(centre[1]), margin * max(1.0, float((high - low).max())), angle)
