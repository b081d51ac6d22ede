"""Reading holds: what waits for a person, for its owner and for moderators.

For the moderators' queue: :func:`holds_for_moderator` gives the open ones, oldest first, :func:`hold_card` what a line
or page shows of one, :func:`hold_counts` the numbers. Decide with ``animator.services.hold.release`` and ``refuse``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from accounts.models import User
from animator.models.hold import Hold, HoldOutcome
from animator.models.job import Job, JobState
from animator.models.photo import Photo
from animator.models.speech import Speech
from animator.models.upload import UploadState
from animator.rules import rule
from animator.selectors.item_lock import account_name, staff_name
from animator.selectors.motion import motion_lines
from animator.selectors.result import judged, may_moderate
from animator.selectors.script import speeches_of
from animator.selectors.statement import statement_path

#: Holds that still hold something: their job waits, or their photo is there.
STANDING = Q(outcome="") & (
    Q(job__state=JobState.QUEUED) | Q(photo__state__in=[UploadState.CHECKING, UploadState.READY])
)


def standing_holds(job: Job) -> QuerySet[Hold]:
    """Open holds of the job and of its photo, oldest first."""
    return Hold.objects.filter(Q(job=job) | Q(photo=job.photo_id), outcome="")


def held_by_job(jobs: Iterable[Job]) -> dict[UUID, dict[str, Any]]:
    """For each of the jobs that are held: what its owner is told. One query for all."""
    held = [job for job in jobs if job.held_at is not None and job.state == JobState.QUEUED]
    if not held:
        return {}
    found: dict[UUID, dict[str, Any]] = {}
    holds = list(
        Hold.objects.filter(Q(job__in=held) | Q(photo__in=[job.photo_id for job in held]), outcome="").order_by(
            "created_at"
        )
    )
    for job in held:
        hold = next((one for one in holds if one.job_id == job.id or one.photo_id == job.photo_id), None)
        if hold is not None:
            found[job.id] = hold.held_dict
    return found


def held_photo(photo: Photo) -> dict[str, Any] | None:
    """What the owner of a held photo is told; None when it is not held."""
    hold = photo.holds.filter(outcome="").order_by("created_at").first()
    return None if hold is None else hold.held_dict


def refusal_for_owner(job: Job) -> dict[str, Any] | None:
    """The statement of reasons for a job that a moderator refused; None for any other.

    ``{"at", "told", "rule", "facts", "hold"}``; ``facts`` are the moderator's words, ``hold`` the id to appeal with.
    """
    refused = Hold.objects.filter(Q(job=job) | Q(photo=job.photo_id), outcome=HoldOutcome.REFUSED)
    hold = refused.order_by("-decided_at").first()
    if hold is None or job.error_code != "refused_by_moderator":
        return None
    return {
        "at": hold.decided_at,
        "told": hold.told,
        "rule": rule(hold.rule) if hold.rule is not None else None,
        "facts": hold.reasons,
        "hold": hold.id,
        "statement_url": statement_path(hold),
    }


def holds_for_moderator(user: User, outcome: str = "") -> QuerySet[Hold]:
    """Holds with one outcome, the open ones by default (oldest first); nothing for anybody who is no moderator."""
    if not may_moderate(user):
        return Hold.objects.none()
    holds = Hold.objects.select_related("job__speech", "job__consent", "photo", "owner", "decided_by")
    if outcome == "":
        return holds.filter(STANDING).order_by("created_at")
    return holds.filter(outcome=outcome).order_by("-decided_at")


def hold_for_moderator(user: User, hold_id: UUID) -> Hold:
    """One hold. Raises ``Hold.DoesNotExist`` for anybody who is no moderator."""
    holds = Hold.objects.all() if may_moderate(user) else Hold.objects.none()
    return holds.select_related("job__speech", "job__consent", "job__photo", "photo", "owner", "decided_by").get(
        id=hold_id
    )


def hold_counts() -> dict[str, int]:
    """``{"open", "released", "refused"}``."""
    counts = {
        row["outcome"]: row["count"]
        for row in Hold.objects.order_by().exclude(outcome="").values("outcome").annotate(count=Count("id"))
    }
    return {
        "open": Hold.objects.filter(STANDING).count(),
        "released": counts.get(HoldOutcome.RELEASED, 0),
        "refused": counts.get(HoldOutcome.REFUSED, 0),
    }


def hold_card(hold: Hold) -> dict[str, Any]:
    """What a moderator sees of a hold: the thing itself, why it waits, and the consent behind it.

    ``words`` are what is to be said, ``photo_url`` and ``sound_urls`` are open to moderators while the hold is.
    """
    job = hold.job
    photo = hold.photo or (job.photo if job is not None else None)
    speeches = speeches_of(job) if job is not None else []
    sounds = [reverse("animator:media_speech", args=[one.id]) for one in speeches if one.path]
    return {
        "id": hold.id,
        "kind": "job" if hold.job_ref is not None else "photo",
        "code": hold.code,
        "told": hold.told,
        "detail": hold.detail,
        "created_at": hold.created_at,
        "account": account_name(hold.owner_id),
        "title": job.title if job is not None else "",
        "words": "\n".join(one.words for one in speeches),
        "heard": hold.detail.get("heard", ""),
        "motion": motion_lines(job) if job is not None else [],
        "speaks": bool(speeches),
        "language": speeches[0].language if speeches else "",
        "photo_url": reverse("animator:media_photo", args=[photo.id]) if photo is not None and photo.path else None,
        "sound_urls": sounds,
        "consent": job.consent if job is not None else None,
        "outcome": hold.outcome,
        "reasons": hold.reasons,
        "rule": rule(hold.rule) if hold.rule is not None else None,
        "decided_by": staff_name(hold.decided_by) if hold.decided_by is not None else "",
        "decided_at": hold.decided_at,
    }


def photo_for_viewer(user: User, photo_id: UUID) -> Photo:
    """The user's own photo, or for moderators one that waits for them. Raises ``Photo.DoesNotExist``."""
    visible = Q(owner=user)
    if may_moderate(user):
        held = Hold.objects.filter(outcome="")
        visible |= Q(holds__in=held) | Q(jobs__holds__in=held) | judged("jobs__")
    return Photo.objects.exclude(state=UploadState.ERASED).filter(visible).distinct().get(id=photo_id)


def speech_for_viewer(user: User, speech_id: UUID) -> Speech:
    """The user's own speech, or for moderators one that waits for them. Raises ``Speech.DoesNotExist``."""
    visible = Q(owner=user)
    if may_moderate(user):
        held = Hold.objects.filter(outcome="")
        visible |= Q(jobs__holds__in=held) | Q(lines__job__holds__in=held)
        visible |= judged("jobs__") | judged("lines__job__")
    return Speech.objects.exclude(state=UploadState.ERASED).filter(visible).distinct().get(id=speech_id)
