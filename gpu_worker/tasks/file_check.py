"""A stranger's file: does it come from here?"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from animator import storage
from animator.conf import trust_anchors
from animator.selectors.file_check import job_by_likeness, job_by_sha256
from animator.services import file_check
from gpu_worker.tasks.checking import ending
from picturetalk_site.logs import working_on

if TYPE_CHECKING:
    from gpu_worker.provenance.fingerprint import Fingerprint


def check_file(check_id: str, token: str) -> None:
    """Ask a stranger's file whether it comes from here; the file is gone afterwards, whatever it says."""
    from gpu_worker.provenance.verify import verify_file

    key = UUID(check_id)
    check = file_check.claim(key, token)
    if check is None:
        return

    def beat() -> bool:
        return file_check.keep_alive(key, token)

    def made_by(own: Fingerprint) -> str | None:
        job = job_by_sha256(own.sha256) or job_by_likeness(own.frames)
        return None if job is None else str(job)

    reject, release = file_check.reject, file_check.release
    with working_on(check_id), ending(key, token, beat, reject, release):
        with storage.local_copy(check.source_path) as source:
            found = verify_file(source, trust_anchors(), made_by)
        file_check.finish(key, token, found.as_dict())
