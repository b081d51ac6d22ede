"""Reading allowances: how many videos today, how many bytes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from animator.conf import site_config
from animator.models import Photo, QuotaUsage, Result, Speech


def today() -> date:
    """The day of the quota: UTC, for everybody alike."""
    return timezone.now().astimezone(UTC).date()


def daily_limit(user: User) -> int:
    """Videos this user may begin in a day."""
    return site_config().daily_quota if user.daily_quota is None else user.daily_quota


def quota_payload(user: User) -> dict[str, Any]:
    """``{"limit", "used", "left", "resets_at"}`` for today."""
    day = today()
    used = QuotaUsage.objects.filter(user=user, day=day).values_list("used", flat=True).first() or 0
    limit = daily_limit(user)
    resets_at = datetime.combine(day + timedelta(days=1), time(), UTC)
    return {"limit": limit, "used": used, "left": max(0, limit - used), "resets_at": resets_at.isoformat()}


def stored_bytes(user: User) -> int:
    """What the user's files take in storage."""
    total = 0
    for model in (Photo, Speech):
        total += model.objects.filter(owner=user).aggregate(total=Sum("bytes"))["total"] or 0
    total += Result.objects.filter(job__owner=user).aggregate(total=Sum("bytes"))["total"] or 0
    return total


def uploads_today(user: User) -> int:
    """Photos and speeches brought since midnight UTC, as far as they are remembered (refused ones for an hour)."""
    since = datetime.combine(today(), time(), UTC)
    return sum(model.objects.filter(owner=user, created_at__gte=since).count() for model in (Photo, Speech))
