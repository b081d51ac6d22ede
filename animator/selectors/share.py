"""Reading links to videos: the owner's gate, the secret's, and the words of the API."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from animator.consent_statements import STATEMENTS
from animator.models.consent import GivenBy
from animator.models.job import Job
from animator.models.result import Result
from animator.models.share import Share
from animator.selectors.consent import consents_of_job, sharing_is_covered

#: The files that are shown under a link.
SHARED_FILES = ("video.mp4", "poster.jpg")


def share_for_user(user: User, share_id: UUID) -> Share:
    """The user's own link. Raises ``Share.DoesNotExist``."""
    return Share.objects.select_related("job").get(id=share_id, owner=user)


def shares_of_job(job: Job) -> QuerySet[Share]:
    """The links of a video, the newest first, those that ended too."""
    return Share.objects.filter(job=job).order_by("-created_at")


def shown_result(job_id: UUID) -> Result:
    """The video of a job that others may see. Raises ``Result.DoesNotExist`` where it is hidden, removed or gone."""
    there = Q(removed_at__isnull=True, hidden_at__isnull=True)
    there &= Q(job__erased_at__isnull=True, job__owner_deleted_at__isnull=True)
    return Result.objects.select_related("job").get(there, job_id=job_id)


def job_of_link(secret: str) -> UUID | None:
    """The job whose video a link showed, also when it has ended; None for a secret that never was one."""
    key = hashlib.sha256(secret.encode()).hexdigest()
    return Share.objects.filter(secret_hash=key).values_list("job_id", flat=True).first()


def shared_result(secret: str) -> tuple[Share, Result]:
    """What a link shows now. Raises ``Share.DoesNotExist`` or ``Result.DoesNotExist`` where it shows nothing any more.

    Asked at every access: a link ends with its date, its owner's word, the consents, a hiding or a removal.
    """
    key = hashlib.sha256(secret.encode()).hexdigest()
    share = Share.objects.select_related("job").get(secret_hash=key)
    now = timezone.now()
    if not share.is_open_at(now) or not sharing_is_covered(share.job, now):
        raise Share.DoesNotExist
    return share, shown_result(share.job_id)


def share_payload(share: Share) -> dict[str, Any]:
    """A link as its owner sees it; never the secret."""
    now = timezone.now()
    state = "revoked" if share.revoked_at is not None else "open" if share.is_open_at(now) else "expired"
    return {
        "id": str(share.id),
        "job": str(share.job_id),
        "state": state,
        "findable": share.findable,
        "views": share.views,
        "created_at": share.created_at.isoformat(),
        "expires_at": None if share.expires_at is None else share.expires_at.isoformat(),
    }


def sharing_question(job: Job) -> dict[str, Any]:
    """What the result page asks before a link is made: ``covered``, or the ``text`` to confirm, or neither where the
    person shown has to be asked."""
    now = timezone.now()
    if sharing_is_covered(job, now):
        return {"covered": True, "text": "", "possible": True}
    bases = {one.basis for one in consents_of_job(job) if one.given_by == GivenBy.OWNER}
    alone = all(one.given_by == GivenBy.OWNER for one in consents_of_job(job))
    texts = [STATEMENTS[basis].text for basis in sorted(bases)] if alone else []
    return {"covered": False, "text": " ".join(texts), "possible": alone}
