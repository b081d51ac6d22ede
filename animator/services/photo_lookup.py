"""Hashes of a picture that is not kept: for looking it up, and for the portraits of public figures."""

from __future__ import annotations

from dataclasses import dataclass

from animator import queue, storage
from animator.conf import engine_config
from animator.errors import SiteError
from animator.magic import HEAD_BYTES, looks_like_photo, not_a_photo
from gpu_worker.errors import InputError

#: So long somebody waits for the answer, seconds.
PATIENCE_S = 20.0


@dataclass(frozen=True)
class PictureHashes:
    """``hashes`` is the family of ``gpu_worker.provenance.photo_hash``."""

    sha256: str
    hashes: tuple[str, ...]


def hashes_of(file: storage.Upload) -> PictureHashes:
    """Have a worker hash the picture; it passes through memory alone.

    Raises ``empty_photo``, ``photo_file_too_large``, ``not_a_photo``, what ``load_photo`` raises, and ``try_later``
    (503) when no worker answers in time.
    """
    limit = engine_config().max_photo_bytes
    if not file.size:
        raise InputError("empty_photo", "The file is empty.", "Please choose the picture again; the upload broke off.")
    if file.size > limit:
        raise SiteError(
            "photo_file_too_large",
            f"The file is larger than {limit // (1024 * 1024)} MB.",
            "Please save the picture as JPEG, or make it smaller first.",
            status=413,
        )
    content = file.read(limit + 1)
    if not looks_like_photo(content[:HEAD_BYTES]):
        raise not_a_photo()
    answer = queue.ask_for_hashes(content, PATIENCE_S)
    if answer is None:
        raise SiteError("try_later", "This does not work at the moment.", "Please try again soon.", status=503)
    if "error" in answer:
        raise InputError(answer["error"], answer["message"], answer["hint"])
    return PictureHashes(answer["sha256"], tuple(answer["hashes"]))
