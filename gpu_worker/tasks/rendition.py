"""A finished video in another form, put beside it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from uuid import UUID

from animator import storage
from animator.conf import signing_folder
from animator.services import rendition
from gpu_worker.errors import Cancelled
from gpu_worker.tasks.checking import ending
from picturetalk_site.logs import working_on

#: How often the percentage is written down, seconds.
_TELL_EVERY_S = 0.5


def make_rendition(rendition_id: str, token: str) -> None:
    """Write one other form of a finished video; what nobody wants any more ends within a second."""
    from gpu_worker.provenance.renditions import write_rendition

    key = UUID(rendition_id)
    wanted = rendition.claim(key, token)
    if wanted is None:
        return
    result, told = wanted.result, 0.0

    def reached(second: float) -> bool:
        nonlocal told
        now = time.monotonic()
        if now - told < _TELL_EVERY_S:
            return True
        told = now
        return rendition.progress(key, token, 95.0 * second / max(result.duration_s, 0.1))

    def beat() -> bool:
        return rendition.keep_alive(key, token)

    with working_on(rendition_id), ending(key, token, beat, rendition.fail, rendition.release):
        with storage.local_copy(f"{result.folder}/video.mp4") as video, tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / f"video.{wanted.kind}"
            try:
                signed = write_rendition(video, target, signing_folder(), reached)
            except Cancelled:
                return
            kept = storage.store_file(f"{result.folder}/{target.name}", target)
        rendition.finish(key, token, kept, signed=signed)
