"""Forgetting what nobody needs: uploads that no video was made from, and rejected ones."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from animator.conf import site_config
from animator.models import Photo, Speech
from animator.models.erasure import Why
from animator.models.upload import UploadState
from animator.services.photo import erase_photo
from animator.services.speech import erase_speech


def erase_unused_uploads() -> int:
    """Erase uploads that are old enough and in no job; returns how many."""
    config, now = site_config(), timezone.now()
    unused = now - timedelta(hours=config.unused_upload_hours)
    rejected = now - timedelta(hours=config.rejected_upload_hours)
    count = 0
    for photo in Photo.objects.filter(jobs__isnull=True, created_at__lt=rejected).exclude(state=UploadState.ERASED):
        if photo.state == UploadState.REJECTED or photo.created_at < unused:
            erase_photo(photo, Why.UNUSED)
            count += 1
    for speech in Speech.objects.filter(jobs__isnull=True, created_at__lt=rejected):
        if speech.state == UploadState.REJECTED or speech.created_at < unused:
            erase_speech(speech, Why.UNUSED)
            count += 1
    return count
