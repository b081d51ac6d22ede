"""Stopping a job or a photo until a person has looked, and what that person decides.

A held job stays ``queued`` with ``held_at``: nobody enqueues or claims it. It goes on when its last open hold, its own
or its photo's, is released. ``animator.selectors.hold`` reads.
"""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from animator import queue, realtime
from animator.errors import SiteError, conflict
from animator.models import Job, Photo
from animator.models.erasure import Why
from animator.models.hold import Hold, HoldCode, HoldOutcome
from animator.models.item_lock import ItemKind
from animator.models.job import ACTIVE_STATES, JobState
from animator.models.upload import UploadState
from animator.rules import RULES
from animator.selectors.hold import hold_for_moderator, standing_holds
from animator.selectors.photo import photo_payload
from animator.services import audit, item_lock, lanes, notice, quota
from animator.services.announcing import announce, announce_places
from animator.services.file_erasure import erase_later
from animator.services.upload import new_token

log = logging.getLogger(__name__)


def hold_job(job: Job, code: str, detail: dict[str, Any] | None = None, told: str = "") -> Hold:
    """Stop a job that waits or runs; a run that has begun ends by itself and its work is dropped.

    ``code`` is one of :class:`HoldCode`, ``detail`` what the moderator needs, ``told`` the plain sentence for the owner
    (by default the code's own). A second hold of one job for the same code is the first one. Call it in a transaction
    or not, as you like. Raises ``job_is_over`` when the job has ended.
    """
    with transaction.atomic():
        if not _stop([job.id]):
            raise conflict("job_is_over", "This video is no longer in the making.")
        hold = _make(code, detail, told, owner_id=job.owner_id, job_id=job.id)
        audit.record(None, "held", "job", job.id, hold=str(hold.id), code=code)
        transaction.on_commit(lambda: _tell([job.id]))
    return hold


def hold_photo(photo: Photo, code: str, detail: dict[str, Any] | None = None, told: str = "") -> Hold:
    """Stop a photo and every job that waits or runs with it; jobs made with it later wait as well."""
    with transaction.atomic():
        hold = _make(code, detail, told, owner_id=photo.owner_id, photo_id=photo.id)
        jobs = list(Job.objects.filter(photo=photo, state__in=ACTIVE_STATES).values_list("id", flat=True))
        _stop(jobs)
        audit.record(None, "held", "photo", photo.id, hold=str(hold.id), code=code)
        transaction.on_commit(lambda: _tell(jobs, photo.id))
    return hold


def inherit_photo_holds(job: Job) -> bool:
    """Stop a new job whose photo is held. Call it in the transaction that makes the job."""
    if not Hold.objects.filter(photo=job.photo_id, outcome="").exists():
        return False
    return bool(_stop([job.id]))


def release(hold: Hold, moderator: User) -> Hold:
    """Nothing speaks against it: what was held goes on unless another hold stands.

    Raises ``Hold.DoesNotExist`` for anybody who is no moderator, ``hold_is_decided`` or ``item_locked``.
    """
    hold = hold_for_moderator(moderator, hold.id)
    with transaction.atomic():
        item_lock.check_free(moderator, ItemKind.HOLD, hold.id)
        _decide(hold, moderator, HoldOutcome.RELEASED)
        item_lock.release(moderator, ItemKind.HOLD, hold.id)
        jobs = [job.id for job in _jobs_of(hold) if _go_on(job)]
        audit.record(moderator, "hold_released", _kind(hold), _object(hold), hold=str(hold.id), code=hold.code)
        transaction.on_commit(lambda: _tell(jobs, hold.photo_id))
    return Hold.objects.get(id=hold.id)


def refuse(hold: Hold, moderator: User, reasons: str, rule: int | None = None) -> Hold:
    """Not here: the job fails with ``refused_by_moderator``; a refused photo is erased, and all its jobs fail.

    ``reasons`` and the clause ``rule`` (a number of ``animator.rules``) are shown to the owner as the statement of
    reasons. The allowance is given back. Raises ``Hold.DoesNotExist`` for anybody who is no moderator,
    ``decision_without_reasons``, ``rule_unknown``, ``hold_is_decided`` or ``item_locked``.
    """
    hold = hold_for_moderator(moderator, hold.id)
    if not reasons.strip():
        raise SiteError("decision_without_reasons", "A decision needs its reasons.", "Say why.")
    if rule is not None and rule not in {one.number for one in RULES}:
        raise SiteError("rule_unknown", "There is no such rule.", "Choose one of those offered.")
    with transaction.atomic():
        item_lock.check_free(moderator, ItemKind.HOLD, hold.id)
        _decide(hold, moderator, HoldOutcome.REFUSED, reasons=reasons.strip(), rule=rule)
        item_lock.release(moderator, ItemKind.HOLD, hold.id)
        notice.tell_of_refusal(Hold.objects.get(id=hold.id))
        jobs = [job.id for job in _jobs_of(hold) if _fail(job, reasons.strip())]
        if hold.photo_id is not None:
            _reject_photo(hold.photo_id)
        audit.record(moderator, "hold_refused", _kind(hold), _object(hold), hold=str(hold.id), code=hold.code)
        transaction.on_commit(lambda: _tell(jobs, hold.photo_id))
    return Hold.objects.get(id=hold.id)


def close_moot_holds() -> int:
    """Close holds whose job ended or whose photo went without a decision; returns how many."""
    gone = Q(job_ref__isnull=False) & (Q(job__isnull=True) | ~Q(job__state__in=ACTIVE_STATES))
    gone |= Q(photo_ref__isnull=False) & (Q(photo__isnull=True) | Q(photo__state=UploadState.ERASED))
    return Hold.objects.filter(gone, outcome="").update(outcome=HoldOutcome.MOOT, decided_at=timezone.now())


def _make(code: str, detail: dict[str, Any] | None, told: str, *, owner_id: UUID, **held: UUID) -> Hold:
    sentence = told or HoldCode(code).label
    ((name, key),) = held.items()
    reference = {name.replace("_id", "_ref"): key}
    try:
        with transaction.atomic():
            return Hold.objects.create(
                **held, **reference, owner_id=owner_id, code=code, told=sentence, detail=detail or {}
            )
    except IntegrityError:
        return Hold.objects.get(**reference, code=code, outcome="")


def _stop(jobs: list[UUID]) -> int:
    """Take jobs off the queue. The token changes, so that a message or run under the old one changes nothing."""
    now = timezone.now()
    old = list(Job.objects.filter(id__in=jobs, state__in=ACTIVE_STATES).values_list("token", flat=True))
    count = Job.objects.filter(id__in=jobs, state__in=ACTIVE_STATES).update(
        state=JobState.QUEUED, stage="", percent=0, eta_s=None, token="", worker="", heartbeat_at=None,
        started_at=None, not_before=None, held_at=now, updated_at=now,
    )  # fmt: skip
    transaction.on_commit(lambda: _withdraw(old))
    return count


def _withdraw(tokens: list[str]) -> None:
    for token in tokens:
        queue.withdraw(queue.SPEECH, token)


def _go_on(job: Job) -> bool:
    """Put a job back into the queue unless another hold stands."""
    if standing_holds(job).exists():
        return False
    token = new_token()
    waiting = Job.objects.filter(id=job.id, state=JobState.QUEUED, held_at__isnull=False)
    if waiting.update(held_at=None, token=token, attempts=0, updated_at=timezone.now()) != 1:
        return False
    lanes.send(job.id, token)
    return True


def _fail(job: Job, reasons: str) -> bool:
    now = timezone.now()
    failed = Job.objects.filter(id=job.id, state__in=ACTIVE_STATES).update(
        state=JobState.FAILED, stage="", error_code="refused_by_moderator",
        error_message="A moderator looked at this and refused it.", error_hint=reasons, held_at=None, token="",
        finished_at=now, updated_at=now,
    )  # fmt: skip
    if failed == 1:
        quota.refund(job.id)
        Hold.objects.filter(job=job, outcome="").update(outcome=HoldOutcome.MOOT, decided_at=now)
        erase_later("job", job.id, Why.MODERATION, busy=True)
    return failed == 1


def _reject_photo(photo_id: UUID) -> None:
    """The photo can no longer be used and its file goes; the row stays for the consents that refer to it."""
    photo = Photo.objects.get(id=photo_id)
    error = SiteError(
        "refused_by_moderator", "A moderator looked at this photo and refused it.", "Please use another photo."
    )
    Photo.objects.filter(id=photo_id).update(
        state=UploadState.REJECTED, error=error.as_dict(), path="", source_path="", hashes=[], bytes=0, token=""
    )
    Hold.objects.filter(photo=photo, outcome="").update(outcome=HoldOutcome.MOOT, decided_at=timezone.now())
    busy = photo.state == UploadState.CHECKING
    erase_later("photo", photo.id, Why.MODERATION, paths=(photo.path, photo.source_path), busy=busy)


def _decide(hold: Hold, moderator: User, outcome: str, **said: Any) -> None:
    changed = Hold.objects.filter(id=hold.id, outcome="").update(
        outcome=outcome, decided_by=moderator, decided_at=timezone.now(), **said
    )
    if changed != 1:
        raise conflict("hold_is_decided", "This has been decided already.", "Reload the list.")


def _jobs_of(hold: Hold) -> list[Job]:
    if hold.job_id is not None:
        return list(Job.objects.filter(id=hold.job_id, state__in=ACTIVE_STATES))
    return list(Job.objects.filter(photo=hold.photo_id, photo__isnull=False, state__in=ACTIVE_STATES))


def _kind(hold: Hold) -> str:
    return "job" if hold.job_ref is not None else "photo"


def _object(hold: Hold) -> UUID | str:
    return hold.job_ref or hold.photo_ref or ""


def _tell(jobs: list[UUID], photo_id: UUID | None = None) -> None:
    for job_id in jobs:
        announce(job_id)
    if jobs:
        announce_places()
    photo = Photo.objects.filter(id=photo_id).first() if photo_id is not None else None
    if photo is not None:
        realtime.send_photo(photo_payload(photo), photo.owner_id)
