"""Shared videos by a photo of the person shown: what somebody without an account learns of them, and no more.

Only videos that are shared by an open, findable link are looked through; a private one is never told of. What is told
is a preview under a signed address that soon expires, when the video was made, and its number to report it by.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from animator.models.photo import Photo
from animator.models.result import Result
from animator.models.share import Share
from animator.selectors.photo_matching import copies_of

#: A preview's address holds so long, seconds.
PREVIEW_S = 15 * 60
#: Most videos that are shown for one photo.
MOST_SHOWN = 24
_SALT = "picturetalk.depicted"


def findable_results() -> QuerySet[Result]:
    """Results that others may see and that the person shown may find."""
    now = timezone.now()
    links = Share.objects.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now), findable=True, revoked_at=None)
    return Result.objects.filter(removed_at=None, hidden_at=None, job__shares__in=links).distinct()


def videos_of(sha256: str, hashes: Sequence[str]) -> list[dict[str, Any]]:
    """Shared videos that were made from this photo or a copy of it, the likest first.

    ``{"job", "on", "seconds", "same", "preview_url", "object_url", "block_url"}``.
    """
    results = findable_results()
    photos = Photo.objects.filter(id__in=results.values("job__photo"))
    found = []
    for photo, distance in copies_of(sha256, hashes, photos):
        for result in results.filter(job__photo=photo).select_related("job").order_by("-created_at"):
            report = f"{reverse('animator:report_new')}?video={result.job_id}&reason=depicted"
            found.append(
                {
                    "job": result.job_id,
                    "on": result.created_at,
                    "seconds": round(result.duration_s),
                    "same": distance == 0,
                    "preview_url": reverse("animator:depicted_preview", args=[preview_key(result.job_id)]),
                    "object_url": report,
                    "block_url": f"{report}&block=1",
                }
            )
    return found[:MOST_SHOWN]


def preview_key(job_id: UUID) -> str:
    """The name under which the preview of a video that was found can be fetched for a while."""
    return signing.dumps(job_id.hex, salt=_SALT, compress=False)


def found_result(key: str) -> Result:
    """The result that such a name stands for, while it may still be found. Raises ``Result.DoesNotExist``."""
    try:
        job_id = UUID(signing.loads(key, salt=_SALT, max_age=PREVIEW_S))
    except (signing.BadSignature, ValueError, TypeError):
        raise Result.DoesNotExist from None
    return findable_results().get(job_id=job_id)
