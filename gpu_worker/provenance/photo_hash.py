"""Finding a photo again: exact and perceptual hashes for block lists and for "a photo of me" searches.

The perceptual hash of :mod:`fingerprint` holds through resizing and re-encoding but drifts when the picture is cropped.
So a photo is remembered by a family of hashes: of itself, of itself mirrored, and of the parts that cropping up to a
tenth leaves, centred or towards a corner. Two photos match when the whole of either is near a member of the other's
family. Hashes cannot be turned back into the photo; only they are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from gpu_worker.provenance.fingerprint import picture_hash
from gpu_worker.provenance.frames import Luma
from gpu_worker.provenance.hashes import COPY_DISTANCE as COPY_DISTANCE
from gpu_worker.provenance.hashes import family_distance
from gpu_worker.schema import Image

_KEPT = (0.97, 0.94, 0.90)
_PLACES = ((0.5, 0.5), (0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))


@dataclass(frozen=True)
class PhotoHash:
    """``sha256``: hex, of the file as uploaded; ``family``: 16 hex digits each, the whole picture first."""

    sha256: str
    family: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        return {"sha256": self.sha256, "family": list(self.family)}


def photo_hash(pixels: Image, sha256: str) -> PhotoHash:
    """The hashes of a photo ((height, width, 3) uint8, upright) whose file has the digest ``sha256``."""
    luma = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    return PhotoHash(sha256, tuple(picture_hash(part) for part in _parts(luma)))


def photo_distance(first: PhotoHash, second: PhotoHash) -> int:
    """Bits between the nearest of the comparisons, 0 for equal files, up to 64."""
    if first.sha256 == second.sha256:
        return 0
    return family_distance(first.family, second.family)


def is_copy(first: PhotoHash, second: PhotoHash, limit: int = COPY_DISTANCE) -> bool:
    """Whether one photo is the other, resized, re-encoded, mirrored or cropped a little."""
    return photo_distance(first, second) <= limit


def _parts(luma: Luma) -> Iterator[Luma]:
    """The whole, its mirror image, and what crops leave. Reduced first: the hash looks at 32 by 32 pixels anyway."""
    height, width = luma.shape
    reduction = max(1.0, min(height, width) / 256)
    size = (max(1, round(width / reduction)), max(1, round(height / reduction)))
    small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    yield small
    yield np.ascontiguousarray(small[:, ::-1])
    for kept in _KEPT:
        rows, columns = round(kept * small.shape[0]), round(kept * small.shape[1])
        for down, across in _PLACES:
            top, left = round(down * (small.shape[0] - rows)), round(across * (small.shape[1] - columns))
            yield np.ascontiguousarray(small[top : top + rows, left : left + columns])
