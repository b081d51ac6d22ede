"""Claiming an item of the queue, so that two moderators do not decide the same thing."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from animator.conf import site_config
from animator.errors import conflict
from animator.models.item_lock import ItemLock


def claim(moderator: User, kind: str, item: UUID) -> ItemLock:
    """Take or renew the lock; the one that stands, be it another's, is returned."""
    now = timezone.now()
    until = now + timedelta(minutes=site_config().item_lock_minutes)
    free = Q(holder=moderator) | Q(expires_at__lte=now)
    if ItemLock.objects.filter(free, kind=kind, item=item).update(holder=moderator, expires_at=until) == 0:
        try:
            with transaction.atomic():
                ItemLock.objects.create(kind=kind, item=item, holder=moderator, expires_at=until)
        except IntegrityError:
            pass  # somebody holds it
    return ItemLock.objects.select_related("holder").get(kind=kind, item=item)


def release(moderator: User, kind: str, item: UUID) -> bool:
    """Give up one's own lock; False where one holds none."""
    return ItemLock.objects.filter(kind=kind, item=item, holder=moderator).delete()[0] > 0


def check_free(moderator: User, kind: str, item: UUID) -> None:
    """Raises ``item_locked`` while another moderator works on it. Call it in the transaction that decides."""
    others = ItemLock.objects.filter(kind=kind, item=item, expires_at__gt=timezone.now()).exclude(holder=moderator)
    if others.exists():
        raise conflict(
            "item_locked", "Another moderator is working on this.", "Take another item, or wait until it is free."
        )


def forget_old_locks() -> int:
    """Remove locks that ran out."""
    return ItemLock.objects.filter(expires_at__lte=timezone.now()).delete()[0]
