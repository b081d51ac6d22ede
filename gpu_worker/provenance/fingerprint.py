"""Fingerprints of a finished file: SHA-256 for the very bytes, perceptual hashes for a copy that was re-encoded.

The perceptual hash of a picture is the classic "pHash": the signs, about their median, of the 8 by 8 lowest cosine
frequencies of the picture reduced to 32 by 32 (Zauner, 2010, "Implementation and benchmarking of perceptual image
hash functions", chapter 3.2). Two videos of one portrait share it: it finds the portrait, the watermark the job.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from gpu_worker.provenance.frames import Luma
from gpu_worker.provenance.hashes import hash_distance as hash_distance

#: Bits of 64 that may differ between a picture and its re-encoded, resized copy (measured in docs/provenance.md).
MATCH_DISTANCE = 10
_FRAMES = 5


@dataclass(frozen=True)
class Fingerprint:
    """``sha256``: hex digest of the file; ``frames``: 16 hex digits for each of some frames, in order."""

    sha256: str
    frames: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        return {"sha256": self.sha256, "frames": list(self.frames)}


def fingerprint(path: Path, frames: Sequence[Luma]) -> Fingerprint:
    """The fingerprint of the file at ``path``, of which ``frames`` are luma samples over its whole length."""
    return Fingerprint(file_sha256(path), tuple(picture_hash(frame) for frame in _spread(frames)))


def file_sha256(path: Path) -> str:
    """Hex SHA-256 of the file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def picture_hash(luma: Luma) -> str:
    """The 64-bit perceptual hash of a (height, width) uint8 picture as 16 hex digits, row by row of frequencies."""
    small = cv2.resize(luma, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    frequencies = np.asarray(cv2.dct(small))[:8, :8].flatten()
    bits = frequencies > np.median(frequencies[1:])  # the first is the mean brightness and says nothing of the picture
    return np.packbits(bits).tobytes().hex()


def same_picture(first: Fingerprint, second: Fingerprint, limit: int = MATCH_DISTANCE) -> bool:
    """Whether two files show the same portrait: the median over frames of the nearest hash is within ``limit``."""
    if first.sha256 == second.sha256:
        return True
    if not first.frames or not second.frames:
        return False
    nearest = [min(hash_distance(own, other) for other in second.frames) for own in first.frames]
    return float(np.median(nearest)) <= limit


def _spread(frames: Sequence[Luma]) -> Iterable[Luma]:
    count = min(_FRAMES, len(frames))
    return [frames[round(index)] for index in np.linspace(0, len(frames) - 1, count)] if count else []
