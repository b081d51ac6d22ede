"""Writing checks of files: taking one in, what the worker found, and erasing the file in every case.

The worker's half works by token, as with uploads: whoever holds the present one may write the outcome, once.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from animator import queue, storage
from animator.conf import site_config
from animator.errors import SiteError, too_many
from animator.models.file_check import CheckState, FileCheck
from animator.selectors.file_check import job_by_id, job_by_sha256, job_by_watermark
from animator.services.lost_runs import release_lost
from animator.services.upload import check_failed, new_token
from gpu_worker.errors import InputError


def add_file_check(file: storage.Upload) -> FileCheck:
    """Take in a file and send it to the worker.

    Raises ``empty_file``, ``verify_file_too_large`` or ``too_many_checks``; nothing is left behind then.
    """
    config = site_config()
    if not file.size:
        raise InputError("empty_file", "The file is empty.", "Choose another file, or copy it again.")
    too_large = SiteError(
        "verify_file_too_large",
        f"The file is larger than {config.max_verify_bytes // (1024 * 1024)} MB.",
        "Cut the video shorter first; a few seconds are enough.",
        status=413,
    )
    if file.size > config.max_verify_bytes:
        raise too_large
    if FileCheck.objects.filter(state=CheckState.CHECKING).count() >= config.max_waiting_checks:
        raise too_many("too_many_checks", "Many files are being checked just now.", "Please try again in a minute.")
    check = FileCheck(id=uuid.uuid4(), token=new_token(), seen_at=timezone.now())
    stored = storage.store_upload(storage.upload_path("checks", check.id), file, config.max_verify_bytes, too_large)
    check.source_path = stored.path
    try:
        with transaction.atomic():
            check.save(force_insert=True)
            queue.enqueue_file_check(check.id, check.token)
    except BaseException:
        storage.erase([stored.path])
        raise
    return check


def claim(check_id: UUID, token: str) -> FileCheck | None:
    """Begin the check that ``token`` names; None when it is no longer wanted."""
    if _mine(check_id, token).update(attempts=F("attempts") + 1, seen_at=timezone.now()) != 1:
        return None
    return FileCheck.objects.get(id=check_id)


def keep_alive(check_id: UUID, token: str) -> bool:
    """The worker gives a sign of life; False when the check is no longer its."""
    return _mine(check_id, token).update(seen_at=timezone.now()) == 1


def finish(check_id: UUID, token: str, found: dict[str, Any]) -> bool:
    """Keep what the file says of itself and which job of ours it points to; erase the file.

    ``found`` is ``Verification.as_dict()``; its fingerprint was compared with our records. A likeness says which video
    it may be, for a report, never that it was made here: another video of the same portrait looks the same. A manifest
    counts only when our own certificate signed it: anybody can sign somebody else's number.
    """
    manifest, watermark, fingerprint = found["manifest"], found["watermark"], found["fingerprint"]
    same_bytes = job_by_sha256(fingerprint["sha256"] or "")
    job = same_bytes or job_by_watermark(watermark["id"])
    if job is None and manifest["state"] == "trusted":
        job = job_by_id(manifest["job_id"])
    sure = job is not None
    alike = job_by_id(fingerprint["id"])
    by = None if alike is None else "bytes" if same_bytes is not None else "likeness"
    answer = {
        "kind": found["kind"],
        "manifest": {
            key: manifest[key] for key in ("state", "generator", "signer", "issuer", "digital_source_type", "findings")
        },
        "watermark": {"state": watermark["state"]},
        "fingerprint": {"state": fingerprint["state"], "by": by},
        "sure": sure,
        "labelled": bool(found["tags"]["ai_animated"]),
    }
    return _end(check_id, token, state=CheckState.DONE, answer=answer, job_ref=job or alike)


def reject(check_id: UUID, token: str, error: InputError) -> bool:
    """The file cannot be read: say why; erase it."""
    return _end(check_id, token, state=CheckState.REJECTED, error=error.as_dict())


def release(check_id: UUID, token: str, *, counts: bool = True) -> bool:
    """The check broke off: another run, or, after the last, a rejection that says whose fault it is."""
    check = _mine(check_id, token).first()
    if check is None:
        return False
    if counts and check.attempts >= site_config().max_attempts:
        return reject(check_id, token, check_failed())
    fresh = new_token()
    with transaction.atomic():
        attempts = F("attempts") if counts or check.attempts == 0 else F("attempts") - 1
        done = _mine(check_id, token).update(token=fresh, attempts=attempts, seen_at=timezone.now()) == 1
        if done:
            queue.enqueue_file_check(check_id, fresh)
    return done


def recover(now: datetime) -> int:
    """Enqueue again the checks that were lost; returns how many. Raises ``RedisError``."""
    return release_lost(FileCheck.objects.filter(state=CheckState.CHECKING), queue.INSPECT, now, release)


def forget_old_checks(now: datetime) -> int:
    """Forget answers after a day, and files that nobody came to check within it; returns how many."""
    old = FileCheck.objects.filter(created_at__lt=now - timedelta(hours=site_config().keep_checks_hours))
    paths = list(old.exclude(source_path="").values_list("source_path", flat=True))
    count, _ = old.delete()
    storage.erase(paths)
    return count


def _mine(check_id: UUID, token: str) -> QuerySet[FileCheck]:
    return FileCheck.objects.filter(id=check_id, state=CheckState.CHECKING, token=token)


def _end(check_id: UUID, token: str, **outcome: Any) -> bool:
    path = _mine(check_id, token).values_list("source_path", flat=True).first()
    done = _mine(check_id, token).update(source_path="", token="", **outcome) == 1
    if done and path:
        storage.erase([path])
    return done
