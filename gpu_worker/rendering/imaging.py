"""The few OpenCV calls of the analysis behind precise types."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from gpu_worker.rendering.arrays import F32, F64, U8


def grey_of(pixels: U8) -> U8:
    """Luminance of an RGB picture, ``(h, w)``."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def lab_of(pixels: U8) -> F32:
    """RGB uint8 to CIE Lab float32 (L 0 to 100)."""
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), dtype=np.float32)


def blurred(image: F32 | F64 | U8, sigma: float) -> F32:
    """Gaussian blur, as float32."""
    source: Any = np.asarray(image, dtype=np.float32)
    return np.asarray(cv2.GaussianBlur(source, (0, 0), sigma), dtype=np.float32)


def reduced(image: U8, factor: float) -> U8:
    """A picture made smaller by area averaging; ``factor`` up to 1."""
    if factor >= 1.0:
        return image
    smaller = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(smaller, dtype=np.uint8)


def resized(image: F32, size: tuple[int, int]) -> F32:
    """A float picture brought to (width, height) by area averaging."""
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
