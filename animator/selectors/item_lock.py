"""Who works on what: shown in the moderators' queue."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from accounts.models import User
from animator.models.item_lock import ItemLock


def staff_name(user: User | None, asker: User | None = None) -> str:
    """A moderator as other moderators see them: their name if they gave one, never an address."""
    if user is None:
        return "a former moderator"
    if asker is not None and user.pk == asker.pk:
        return "you"
    return user.get_full_name() or f"Moderator {user.pk.hex[:6]}"


def account_name(user_id: UUID | None) -> str:
    """An account as moderators see it: recognisable, but not whose it is."""
    return "an erased account" if user_id is None else f"Account {user_id.hex[:8]}"


def locks(asker: User) -> dict[tuple[str, UUID], str]:
    """``(kind, item)`` -> who holds it, for every lock that has not run out."""
    standing = ItemLock.objects.filter(expires_at__gt=timezone.now()).select_related("holder")
    return {(lock.kind, lock.item): staff_name(lock.holder, asker) for lock in standing}
