"""Blocking photos: the same file is refused from then on, a copy that was changed a little waits for a moderator.

For decisions: :func:`block_photo` with the decision's id as ``reference``, :func:`unblock` with the same to undo it.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from accounts.models import User
from animator.models import BlockedPhoto, Photo
from animator.models.hold import HoldCode
from animator.selectors.photo_matching import copies_of
from animator.services import audit
from animator.services.hold import hold_photo


def block_photo(photo: Photo, by: User | None, reason: str, reference: UUID | str = "") -> BlockedPhoto:
    """Remember this photo's hashes, and stop every other photo here that is the same or a copy, with its waiting jobs.

    What becomes of the photo itself and its videos is the caller's to decide.
    """
    return block_hashes(photo.sha256, photo.hashes, by, reason, reference, spare=photo.id)


def block_hashes(
    sha256: str,
    hashes: Sequence[str],
    by: User | None,
    reason: str,
    reference: UUID | str = "",
    spare: UUID | None = None,
) -> BlockedPhoto:
    """The same from hashes alone. A photo that is blocked already for the same reference is not blocked twice."""
    with transaction.atomic():
        known = BlockedPhoto.objects.filter(sha256=sha256, hashes=list(hashes), reference=str(reference)).first()
        if known is not None:
            return known
        blocked = BlockedPhoto.objects.create(
            sha256=sha256, hashes=list(hashes), reason=reason[:200], reference=str(reference), created_by=by
        )
        audit.record(by, "photo_blocked", "blockedphoto", blocked.id, reference=str(reference))
        for photo, distance in copies_of(sha256, hashes):
            if photo.id != spare:
                hold_photo(photo, HoldCode.BLOCKED_PHOTO_SIMILAR, similarity(blocked, distance))
    return blocked


def unblock(reference: UUID | str, by: User | None) -> int:
    """Forget what was blocked under ``reference``; returns how many. What waits because of it stays with moderators."""
    return _forget(list(BlockedPhoto.objects.filter(reference=str(reference)).exclude(reference="")), by)


def unblock_one(blocked: BlockedPhoto, by: User | None) -> int:
    """Forget one."""
    return _forget([blocked], by)


def similarity(blocked: BlockedPhoto, distance: int) -> dict[str, object]:
    """What a moderator is told of the likeness, as ``Hold.detail``."""
    likeness = "the same file" if distance == 0 else f"{distance} of 64 bits differ"
    return {
        "blocked": str(blocked.id),
        "distance": distance,
        "findings": [
            {
                "name": "Blocked photo",
                "text": f"{likeness}; blocked on {blocked.created_at:%-d %B %Y}: {blocked.reason}",
            }
        ],
    }


def _forget(rows: list[BlockedPhoto], by: User | None) -> int:
    with transaction.atomic():
        for blocked in rows:
            audit.record(by, "photo_unblocked", "blockedphoto", blocked.id, reference=blocked.reference)
            blocked.delete()
    return len(rows)
