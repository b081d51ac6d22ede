"""Photos: faces are looked for, a copy without metadata is kept; the hashes of a picture that nobody keeps."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from animator import storage
from animator.conf import engine_config
from animator.models import Photo
from animator.services import photo as photo_service
from animator.services import photo_screening, upload
from animator.services.photo_screening import PhotoEvidence
from gpu_worker.errors import InputError
from gpu_worker.schema import FaceRig, Image, Inspection
from gpu_worker.tasks.checking import checking, finding_dict, forget_unless_known
from picturetalk_site.logs import working_on


def check_photo(photo_id: str, token: str) -> None:
    """Look for faces; keep a copy without metadata, or say why the photo cannot be used."""
    key = UUID(photo_id)
    photo = upload.claim(Photo, key, token)
    if photo is None:
        return
    with working_on(photo_id), checking(Photo, key, token, photo_service.reject_photo, photo_service.release_photo):
        with storage.local_copy(photo.source_path) as source, tempfile.TemporaryDirectory() as folder:
            copy, inspection, evidence = _inspect(source, Path(folder))
            photo_screening.judge(key, evidence)
            kept = storage.store_file(storage.kept_path("photos", key, copy.suffix), copy)
        facts = {
            "width": inspection.width,
            "height": inspection.height,
            "hashes": list(evidence.hashes),
            "faces": [_face(face, inspection) for face in inspection.faces],
            "findings": [finding_dict(finding) for finding in inspection.findings],
        }
        if not photo_service.accept_photo(key, token, kept, facts):
            forget_unless_known(Photo, key, kept.path)


def hash_picture(picture: bytes) -> dict[str, Any]:
    """The hashes of a picture that nobody keeps, or the refusal as the API says it."""
    from gpu_worker.media.photo import load_photo
    from gpu_worker.provenance.photo_hash import photo_hash

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.bin"
        path.write_bytes(picture)
        try:
            pixels = load_photo(path, engine_config()).pixels
        except InputError as error:
            return error.as_dict()
    digest = hashlib.sha256(picture).hexdigest()
    return {"sha256": digest, "hashes": list(photo_hash(pixels, digest).family)}


def describe_face(path: str, face_index: int) -> bytes | dict[str, str]:
    """One face of a kept photo as a browser moves it, or the refusal as the API says it. Somebody waits for it."""
    from gpu_worker.landmarks.inspect import choose_face, inspect_photo
    from gpu_worker.media.photo import load_photo
    from gpu_worker.rendering.ensemble import with_neighbours
    from gpu_worker.rendering.preview_rig import preview_rig

    config = engine_config()
    # The copy of a small, noisy original may outgrow the limit for uploads.
    generous = replace(config, max_photo_bytes=10 * config.max_photo_bytes)
    try:
        with storage.local_copy(path) as source:
            photo = load_photo(source, generous)
        inspection = inspect_photo(photo, generous)
        choose_face(inspection, face_index)
        return preview_rig(photo, with_neighbours(inspection.faces)[face_index], generous)
    except InputError as error:
        return error.as_dict()


def _inspect(source: Path, folder: Path) -> tuple[Path, Inspection, PhotoEvidence]:
    """The clean copy of a photo, its faces, and what speaks against it.

    The copy is what is inspected, since it is what will be rendered. The metadata went as the photo arrived; a JPEG
    that needs nothing else is kept bit for bit.
    """
    from gpu_worker.landmarks.inspect import inspect_photo
    from gpu_worker.media.photo import clean_suffix, load_photo, needs_no_change, write_clean_copy

    config = engine_config()
    photo = load_photo(source, config)
    copy = folder / f"copy{clean_suffix(photo)}"
    if needs_no_change(source, photo):
        shutil.copyfile(source, copy)
    else:
        write_clean_copy(photo, copy)
    # The copy of a small, noisy original may outgrow the limit for uploads.
    kept = load_photo(copy, replace(config, max_photo_bytes=10 * config.max_photo_bytes))
    return copy, inspect_photo(kept, config), _evidence(kept.pixels)


def _evidence(pixels: Image) -> PhotoEvidence:
    from gpu_worker.provenance.photo_hash import photo_hash
    from gpu_worker.screening.nudity import NudityReport, intimate_parts, look_for_nudity

    report = look_for_nudity(pixels) if settings.NUDITY_ACTION != "off" else NudityReport(False)
    parts = intimate_parts(report.parts, settings.NUDITY_THRESHOLD)
    return PhotoEvidence(
        hashes=photo_hash(pixels, "").family,
        intimate=tuple((part.name, part.score) for part in parts),
        checked=report.checked,
        why=report.why,
    )


def _face(face: FaceRig, inspection: Inspection) -> dict[str, Any]:
    import numpy as np

    from gpu_worker.rendering.youth import measure_youth

    x, y, width, height = face.box
    box = (x / inspection.width, y / inspection.height, width / inspection.width, height / inspection.height)
    return {
        "index": face.index,
        "box": [round(value, 5) for value in box],
        "yaw": round(face.yaw, 1),
        "pitch": round(face.pitch, 1),
        "roll": round(face.roll, 1),
        # The proportions of a small child's face, in [0, 1].
        "child": round(measure_youth(face.landmarks.astype(np.float64), face.height).milk_teeth, 2),
        "findings": [finding_dict(finding) for finding in face.findings],
    }
