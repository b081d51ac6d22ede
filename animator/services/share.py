"""Links under which others may watch a video: made by its owner, with the consent to sharing of everybody in it."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from animator.conf import site_config
from animator.consent_statements import STATEMENTS
from animator.errors import SiteError, conflict, too_many
from animator.models import Job, Photo, Result, Share
from animator.models.consent import Consent, GivenBy
from animator.selectors.consent import consents_of_job, sharing_is_covered
from animator.selectors.job import job_for_user
from animator.selectors.share import share_for_user, shown_result
from animator.services import audit

#: How long a link may hold, days; None is until it is revoked.
DURATIONS = (1, 7, 30, 365, None)


def create_share(
    user: User, job_id: UUID, days: int | None, *, findable: bool = True, confirmed: bool = False
) -> tuple[Share, str]:
    """A link to the user's own video, and its secret, of which only the hash is kept.

    Everybody in the video must have agreed to sharing. ``confirmed``: the user confirms that now for the faces they
    answer for themselves; a living person has to be asked by a link of their own.

    Raises ``Job.DoesNotExist``, ``nothing_to_share``, ``share_duration_unknown``, ``sharing_needs_consent`` or
    ``too_many_shares``.
    """
    if days not in DURATIONS:
        raise SiteError("share_duration_unknown", "A link is not given for this long.", "Choose one of those offered.")
    job = job_for_user(user, job_id)
    secret, now = secrets.token_urlsafe(24), timezone.now()
    with transaction.atomic():
        # Whoever takes a consent back locks the photo as well.
        Photo.objects.select_for_update().get(id=job.photo_id)
        try:
            shown_result(job.id)
        except Result.DoesNotExist:
            raise conflict(
                "nothing_to_share", "There is no video to be shown.", "It is not made yet, or was taken away."
            ) from None
        if not sharing_is_covered(job, now):
            _agree_to_sharing(job, confirmed)
        if Share.objects.filter(job=job, revoked_at__isnull=True).count() >= site_config().max_shares_per_video:
            raise too_many("too_many_shares", "This video has as many links as it may have.", "Revoke one first.")
        share = Share.objects.create(
            job=job,
            owner=user,
            secret_hash=hashlib.sha256(secret.encode()).hexdigest(),
            findable=findable,
            expires_at=None if days is None else now + timedelta(days=days),
        )
        audit.record(user, "shared", "job", job.id, share=str(share.id), days=days or 0, findable=findable)
    return share, secret


def revoke_share(user: User, share_id: UUID) -> Share:
    """End a link at once; ending it twice is ending it once. Raises ``Share.DoesNotExist``."""
    share = share_for_user(user, share_id)
    with transaction.atomic():
        if Share.objects.filter(id=share.id, revoked_at__isnull=True).update(revoked_at=timezone.now()) == 1:
            audit.record(user, "share_revoked", "job", share.job_id, share=str(share.id))
    return share_for_user(user, share_id)


def count_view(share: Share) -> None:
    """Somebody opened the page; who, is not noted."""
    Share.objects.filter(id=share.id).update(views=F("views") + 1)


def _agree_to_sharing(job: Job, confirmed: bool) -> None:
    """A further consent, to sharing too, for every face that its owner answers for."""
    now = timezone.now()
    for consent in consents_of_job(job):
        if consent.allow_sharing and consent.counts_at(now):
            continue
        if consent.given_by != GivenBy.OWNER or not consent.counts_at(now):
            raise conflict(
                "sharing_needs_consent",
                "Somebody in this video did not agree that others see it.",
                "Ask them again with a link, and ask for sharing.",
            )
        if not confirmed:
            raise conflict(
                "sharing_needs_consent",
                "Sharing needs your consent for everybody in the video.",
                "Read the statement and confirm it.",
            )
        statement = STATEMENTS[consent.basis]
        Consent.objects.create(
            owner_id=job.owner_id,
            photo_id=job.photo_id,
            photo_sha256=consent.photo_sha256,
            face_index=consent.face_index,
            basis=consent.basis,
            statement_version=statement.version,
            statement_text=f"{statement.full_text(minor=consent.minor)} What is made may be shown to others by a link.",
            confirmed=True,
            allow_speech=consent.allow_speech,
            allow_gestures=consent.allow_gestures,
            allow_sharing=True,
            expires_at=consent.expires_at,
            minor=consent.minor,
        )
