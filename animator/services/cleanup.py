"""Forgetting what nobody needs: uploads that no video was made from, and rejected ones."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from animator.conf import site_config
from animator.models import Consent, ConsentRequest, Job, JobLine, Photo, Speech
from animator.models.consent import GivenBy
from animator.models.consent_request import RequestState
from animator.models.erasure import Why
from animator.models.upload import UploadState
from animator.selectors.consent import holding
from animator.services.photo import erase_photo
from animator.services.speech import erase_speech


def erase_unused_uploads() -> int:
    """Erase uploads that are old enough and in no job; returns how many."""
    config, now = site_config(), timezone.now()
    unused = now - timedelta(hours=config.unused_upload_hours)
    rejected = now - timedelta(hours=config.rejected_upload_hours)
    old = Q(created_at__lt=unused) | Q(state=UploadState.REJECTED, created_at__lt=rejected)
    # A photo also waits for the answer of the person shown, and for what they agreed to.
    asked = ConsentRequest.objects.filter(state__in=(RequestState.OPEN, RequestState.CHECKING))
    agreed = Consent.objects.filter(holding(now), given_by=GivenBy.PERSON)
    there = Job.objects.filter(erased_at__isnull=True)
    photos = Photo.objects.filter(old).exclude(id__in=there.values("photo"))
    photos = photos.exclude(id__in=asked.values("photo")).exclude(id__in=agreed.values("photo"))
    count = 0
    for photo in photos.exclude(state=UploadState.ERASED):
        erase_photo(photo, Why.UNUSED)
        count += 1
    unsaid = Speech.objects.filter(old).exclude(id__in=there.values("speech"))
    for speech in unsaid.exclude(id__in=JobLine.objects.filter(job__in=there).values("speech")):
        if speech.state != UploadState.ERASED:
            erase_speech(speech, Why.UNUSED)
            count += 1
    return count
