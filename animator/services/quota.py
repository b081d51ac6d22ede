"""Charging the daily allowance, and giving it back. Each job is charged once and refunded at most once."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db.models import F

from accounts.models import User
from animator.conf import site_config
from animator.errors import too_many
from animator.models import Job, QuotaUsage
from animator.selectors import quota as selectors


def charge(user: User) -> date:
    """Take one video off today's allowance and return the day. Raises ``quota_used_up``. Call it in a transaction."""
    day = selectors.today()
    limit = selectors.daily_limit(user)
    QuotaUsage.objects.get_or_create(user=user, day=day)
    if QuotaUsage.objects.filter(user=user, day=day, used__lt=limit).update(used=F("used") + 1) != 1:
        raise too_many(
            "quota_used_up",
            f"You have made {limit} videos today, which is your daily allowance.",
            "It starts anew at midnight UTC; an administrator can raise it.",
        )
    return day


def refund(job_id: UUID) -> bool:
    """Give back what a job was charged; False where there is nothing to give back (any more)."""
    charged = Job.objects.filter(id=job_id).values_list("owner_id", "charged_day").first()
    if charged is None or charged[1] is None:
        return False
    owner_id, day = charged[0], charged[1]
    if Job.objects.filter(id=job_id, charged_day=day).update(charged_day=None) != 1:
        return False
    QuotaUsage.objects.filter(user_id=owner_id, day=day, used__gt=0).update(used=F("used") - 1)
    return True


def check_upload_allowance(user: User, size: int) -> None:
    """Raises ``too_many_uploads`` or ``storage_full`` when another file of ``size`` bytes is too much."""
    config = site_config()
    if selectors.uploads_today(user) >= config.uploads_per_day:
        raise too_many(
            "too_many_uploads", "You have brought more files today than the site allows.", "Please go on tomorrow."
        )
    if selectors.stored_bytes(user) + size > config.max_storage_bytes:
        raise too_many("storage_full", "Your storage is full.", "Delete videos that you no longer need.")
