"""The end of a consent, by revocation or by its date, and what goes with it.

Everything that rests on it stops and is erased: jobs that wait or run, videos, links, caches; the photo's copy too,
unless another consent still holds for it. The rows of the ledger stay.
"""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from animator.errors import conflict
from animator.models import Consent, ConsentRevocation, Photo, Share
from animator.models.consent import RevokedBy
from animator.models.erasure import Why
from animator.models.upload import UploadState
from animator.selectors.consent import consent_for_user, holding, jobs_resting_on, sharing_is_covered
from animator.selectors.script import speeches_of
from animator.services import audit
from animator.services.erasure import erase_job_output
from animator.services.photo import erase_photo_files
from animator.services.speech import erase_speech

log = logging.getLogger(__name__)


def revoke_consent(user: User, consent_id: UUID) -> Consent:
    """Take one's own consent back. Raises ``Consent.DoesNotExist`` or ``consent_is_revoked``."""
    consent = consent_for_user(user, consent_id)
    return withdraw(consent, RevokedBy.OWNER, user)


def withdraw(consent: Consent, by: RevokedBy, actor: User | None) -> Consent:
    """Write the revocation down and erase what rests on the consent. Raises ``consent_is_revoked``."""
    with transaction.atomic():
        # A job that is being made with it at this moment is either through, and found below, or refused.
        Photo.objects.select_for_update().get(id=consent.photo_id)
        try:
            with transaction.atomic():
                ConsentRevocation.objects.create(consent=consent, by=by, actor=actor)
        except IntegrityError:
            raise conflict("consent_is_revoked", "This consent has been revoked already.") from None
        count = lapse(consent, Why.CONSENT_REVOKED)
        audit.record(actor, "consent_revoked", "consent", consent.id, by=str(by), videos=count)
    return Consent.objects.get(id=consent.id)


def expire_consents(now: datetime) -> int:
    """Erase what rests on consents whose time is over; returns how many consents were found at it."""
    over = Consent.objects.filter(expires_at__lte=now)
    resting = jobs_resting_on(over.values_list("id", flat=True))
    due = over.filter(
        Q(jobs__in=resting)
        | Q(job_faces__job__in=resting)
        | Q(allow_sharing=True, photo__jobs__shares__revoked_at__isnull=True, photo__jobs__shares__isnull=False)
        | ~Q(photo__state=UploadState.ERASED)
    ).distinct()
    count = 0
    for consent in due.select_related("photo"):
        with transaction.atomic():
            Photo.objects.select_for_update().get(id=consent.photo_id)
            gone = lapse(consent, Why.CONSENT_EXPIRED)
            if gone:
                audit.record(None, "consent_expired", "consent", consent.id, videos=gone)
        count += 1 if gone else 0
    return count


def lapse(consent: Consent, why: Why) -> int:
    """Erase what rests on a consent that does not hold any more; how many things went. Call it in a transaction."""
    now = timezone.now()
    count = 0
    for job in jobs_resting_on([consent.id]).select_related("speech"):
        count += int(erase_job_output(job, why))
        for speech in speeches_of(job):
            erase_speech(speech, why)
    if consent.allow_sharing:
        count += _end_links(consent.photo_id, now)
    photo = Photo.objects.get(id=consent.photo_id)
    if photo.state != UploadState.ERASED and not _is_needed(photo, now):
        erase_photo_files(photo, why)
        count += 1
    return count


def _end_links(photo_id: UUID, now: datetime) -> int:
    """Revoke the links of videos whose sharing nobody allows any more."""
    count = 0
    shares = Share.objects.filter(job__photo_id=photo_id, revoked_at__isnull=True).select_related("job")
    for share in shares:
        if not sharing_is_covered(share.job, now):
            count += Share.objects.filter(id=share.id, revoked_at__isnull=True).update(revoked_at=now)
    return count


def _is_needed(photo: Photo, now: datetime) -> bool:
    """Whether another consent holds for the photo, somebody is being asked for one, or a video rests on it."""
    if Consent.objects.filter(holding(now), photo=photo).exists():
        return True
    if photo.consent_requests.filter(state__in=("open", "checking")).exists():
        return True
    return photo.jobs.filter(erased_at__isnull=True).exists()
