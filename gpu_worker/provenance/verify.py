"""Does this file come from here? Asked of the manifest, the watermark and the fingerprint, each answered on its own.

One answer never stands in for another: a stripped manifest with a watermark is reported as exactly that.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from gpu_worker.errors import InputError
from gpu_worker.provenance.containers import MediaKind, sniff
from gpu_worker.provenance.fingerprint import Fingerprint, fingerprint
from gpu_worker.provenance.frames import Luma, ReadLimits, sample_luma
from gpu_worker.provenance.manifest import ManifestReport, read_manifest
from gpu_worker.provenance.metadata import FileTags, read_tags
from gpu_worker.provenance.watermark.detect import Detection, detect_watermark
from gpu_worker.provenance.watermark.pattern import DEFAULT_KEY

#: Given a fingerprint, the operator's records answer with the id of the job that made it, or None.
FingerprintLookup = Callable[[Fingerprint], str | None]

#: Largest file that is looked at, bytes.
MAX_BYTES = 1 << 30


@dataclass(frozen=True)
class WatermarkReport:
    """``found`` with the id it carries; ``absent``; ``unknown`` when no frame could be decoded to look at."""

    state: Literal["found", "absent", "unknown"]
    id: str | None = None
    detection: Detection | None = None


@dataclass(frozen=True)
class FingerprintReport:
    """``match`` with the job's id; ``none``; ``unknown`` when there are no records to ask or no frame to compare."""

    state: Literal["match", "none", "unknown"]
    id: str | None = None
    fingerprint: Fingerprint | None = None


@dataclass(frozen=True)
class Verification:
    """What a file says of its origin. ``tags`` are the file's own words: anyone can write or remove them."""

    kind: MediaKind
    manifest: ManifestReport
    watermark: WatermarkReport
    fingerprint: FingerprintReport
    tags: FileTags

    def as_dict(self) -> dict[str, Any]:
        """The JSON of ``python -m gpu_worker verify``."""
        manifest = asdict(self.manifest)
        manifest["findings"] = list(self.manifest.findings)
        own, found = self.fingerprint.fingerprint, self.watermark.detection
        return {
            "kind": self.kind,
            "manifest": manifest,
            "watermark": {
                "state": self.watermark.state,
                "id": self.watermark.id,
                "bit_error_rate": round(found.bit_error_rate, 4) if found else None,
                "agreement": round(found.agreement, 4) if found else None,
                "scale": round(found.scale, 4) if found else None,
            },
            "fingerprint": {
                "state": self.fingerprint.state,
                "id": self.fingerprint.id,
                **(own.as_dict() if own else {"sha256": None, "frames": []}),
            },
            "tags": {
                "ai_animated": self.tags.ai_animated,
                "job_id": self.tags.job_id,
                "digital_source_type": self.tags.digital_source_type,
            },
        }


def verify_file(
    path: str | os.PathLike[str],
    anchors: str | None = None,
    fingerprint_lookup: FingerprintLookup | None = None,
    limits: ReadLimits | None = None,
    watermark_key: bytes = DEFAULT_KEY,
) -> Verification:
    """Check an mp4, mov, webm, jpeg or png file.

    ``anchors`` are the trusted roots as PEM text. Raises InputError ``no_such_file``, ``empty_file``,
    ``not_a_media_file``, ``media_too_large``, ``no_video_track`` or ``damaged_media`` (which is only raised when there
    is no readable manifest either).
    """
    path = Path(path)
    kind = sniff(path)
    if path.stat().st_size > MAX_BYTES:
        raise InputError("media_too_large", "The file is larger than 1 GiB.", "Cut the video or reduce its size.")
    manifest = read_manifest(path, kind, anchors)
    try:
        frames = sample_luma(path, kind, limits)
    except InputError as error:
        if error.code != "damaged_media" or manifest.state not in ("trusted", "valid"):
            raise
        frames = []
    return Verification(
        kind=kind,
        manifest=manifest,
        watermark=_look_for_watermark(frames, watermark_key),
        fingerprint=_look_up(path, frames, fingerprint_lookup),
        tags=read_tags(path),
    )


def _look_up(path: Path, frames: list[Luma], lookup: FingerprintLookup | None) -> FingerprintReport:
    own = fingerprint(path, frames)
    if lookup is None:
        return FingerprintReport("unknown", fingerprint=own)
    job_id = lookup(own)
    return FingerprintReport("match" if job_id else "none", job_id, own)


def _look_for_watermark(frames: list[Luma], key: bytes) -> WatermarkReport:
    if not frames:
        return WatermarkReport("unknown")
    detection = detect_watermark(frames, key)
    if detection is None:
        return WatermarkReport("absent")
    return WatermarkReport("found", detection.id, detection)
