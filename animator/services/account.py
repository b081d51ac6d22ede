"""Closing an account: everything that its owner gave is erased, at once and for good; log entries stay, masked.

Rows that record what happened (consents, the audit log, the ledger of use, decisions) refer to the user's row, which
stays without anything that tells who it was.
"""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from animator.errors import SiteError, conflict
from animator.models import (
    Appeal,
    ConsentRequest,
    Export,
    Grant,
    Job,
    Notice,
    Photo,
    Pronunciation,
    Report,
    Result,
    Share,
    Speech,
    SpeechTimeline,
    UserLimits,
)
from animator.models.consent_request import RequestState
from animator.models.erasure import Why
from animator.models.upload import UploadState
from animator.selectors.export import appeals_of
from animator.services import audit
from animator.services.consent_request import close
from animator.services.erasure import erase_job_output
from animator.services.evidence import is_evidence
from animator.services.export import erase_exports
from animator.services.photo import erase_photo_files
from animator.services.speech import erase_speech

#: What stands where somebody's words stood.
MASK = "(erased with the account)"


def close_own_account(user: User, password: str) -> None:
    """Close the account of who asks, once the password is given again. Raises ``wrong_password`` or what
    :func:`close_account` raises."""
    if not user.check_password(password):
        raise SiteError("wrong_password", "This is not your password.", "Nothing was erased.", status=403)
    close_account(user, by=user)


def close_account(user: User, by: User) -> None:
    """Erase what a user gave and mask who they were. Cannot be undone.

    Raises ``account_is_closed`` or ``last_administrator``.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().get(id=user.id)
        if user.closed_at is not None:
            raise conflict("account_is_closed", "This account is closed already.")
        others = User.objects.filter(is_active=True, is_staff=True, is_superuser=True).exclude(id=user.id)
        if user.is_administrator and not others.exists():
            raise conflict(
                "last_administrator", "You are the only administrator.", "Make somebody else administrator first."
            )
        _erase_things(user)
        _mask_words(user)
        user.close()
        audit.record(by, "account_closed", "user", user.id)


def _erase_things(user: User) -> None:
    now = timezone.now()
    for job in Job.objects.filter(owner=user).select_related("photo", "speech"):
        if is_evidence(job.id):
            # Closing an account must not be a way around an urgent report: the decision erases it.
            Job.objects.filter(id=job.id).update(owner_deleted_at=now, updated_at=now)
            Result.objects.filter(job=job, hidden_at__isnull=True, removed_at__isnull=True).update(hidden_at=now)
            continue
        erase_job_output(job, Why.ACCOUNT)
    Job.objects.filter(owner=user).update(title="")
    for speech in Speech.objects.filter(owner=user).exclude(state=UploadState.ERASED):
        erase_speech(speech, Why.ACCOUNT)
    kept = Job.objects.filter(owner=user, owner_deleted_at__isnull=False, erased_at__isnull=True)
    photos = Photo.objects.filter(owner=user).exclude(state=UploadState.ERASED)
    for photo in photos.exclude(id__in=kept.values("photo_id")):
        erase_photo_files(photo, Why.ACCOUNT)
    SpeechTimeline.objects.filter(speech__owner=user).exclude(speech__jobs__in=kept).delete()
    Pronunciation.objects.filter(owner=user).delete()
    erase_exports(Export.objects.filter(owner=user), Why.ACCOUNT)
    Share.objects.filter(owner=user).delete()


def _mask_words(user: User) -> None:
    for request in ConsentRequest.objects.filter(owner=user):
        close(request, RequestState.WITHDRAWN)
    ConsentRequest.objects.filter(owner=user).update(asker=MASK, person=MASK, note="", answer=None)
    Report.objects.filter(reporter=user).update(statement=MASK, contact="")
    Appeal.objects.filter(appeals_of(user)).update(statement=MASK)
    Notice.objects.filter(address=user.email).delete()
    Grant.objects.filter(user=user).update(note=MASK)
    UserLimits.objects.filter(user=user).delete()
    EmailAddress.objects.filter(user=user).delete()
    LogEntry.objects.filter(object_id=str(user.id)).update(object_repr=MASK, change_message="")
