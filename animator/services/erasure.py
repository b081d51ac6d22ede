"""The one place that takes away what was made: a job's video with everything derived from it, or a photo with its jobs.

Rows that record what happened (consents, audit entries, reports, decisions, and the job itself) stay; files, results,
shares, caches and the hashes that a result was known by go. Everything here may be called twice, and while a worker is
at it: the worker finds its run unwanted within a second, and the scheduler looks again for what it left.

Not in charge of deleting files (``animator.services.file_erasure``) nor of deciding who may ask for it.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from animator.models import Job, Photo, Result, Share
from animator.models.job import JobState
from animator.selectors.script import speeches_of
from animator.services import audit
from animator.services.announcing import announce
from animator.services.file_erasure import erase_later
from animator.services.job import stop_job
from animator.services.photo import erase_photo_files
from animator.services.speech import erase_speech


def erase_job_output(job: Job, why: str) -> bool:
    """Stop the job if it is in the making, and erase what was made of it; ``why`` is one of ``Why``.

    The job's row stays and says why (``erased_at``, ``erased_why``). False where that had been done before: then only
    leftovers, if any, are erased again.
    """
    now = timezone.now()
    with transaction.atomic():
        was = stop_job(job)
        first = Job.objects.filter(id=job.id, erased_at__isnull=True).update(
            erased_at=now, erased_why=why, updated_at=now
        )
        Result.objects.filter(job_id=job.id).delete()
        Share.objects.filter(job_id=job.id, revoked_at__isnull=True).update(revoked_at=now)
        if first == 1:
            erase_later("job", job.id, why, busy=was == JobState.PROCESSING)
            audit.record(None, "erased", "job", job.id, why=why)
        else:
            erase_later("job", job.id, why)
        transaction.on_commit(lambda: announce(job.id))
    return first == 1


def erase_photo_and_derived(photo: Photo, why: str) -> int:
    """Erase a photo, every video made from it and what else was brought for those; returns how many videos went."""
    with transaction.atomic():
        photo = Photo.objects.select_for_update().get(id=photo.id)
        jobs = list(photo.jobs.select_related("speech"))
        count = sum(erase_job_output(job, why) for job in jobs)
        for job in jobs:
            for speech in speeches_of(job):
                erase_speech(speech, why)
        erase_photo_files(photo, why)
        audit.record(None, "erased", "photo", photo.id, why=why, jobs=count)
    return count
