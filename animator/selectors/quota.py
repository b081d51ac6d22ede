"""Reading allowances: what somebody may do, has done, and has left. Use is the sum of the ledger, nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from animator.conf import engine_config, site_config
from animator.models import Grant, Job, Photo, Plan, Rendition, Result, Speech, UsageEntry, UserLimits
from animator.models.job import ACTIVE_STATES
from animator.models.plan import LIMITS, GrantUnit
from animator.models.usage import UsageUnit

#: Milliseconds in a minute: the ledger counts the former, plans the latter.
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Limits:
    """What one user may do; bytes, pixels, numbers. ``plan`` is its name, empty where the settings alone say so."""

    plan: str
    share: int
    jobs_per_day: int
    minutes_per_month: int
    max_side: int
    storage_bytes: int
    active_jobs: int
    running_jobs: int
    uploads_per_day: int
    forms_per_day: int
    upload_bytes: int


@dataclass(frozen=True)
class OpenGrant:
    """A grant that may be drawn upon, and what is left of it in the ledger's unit."""

    grant: Grant
    left: int


def site_limits() -> Limits:
    """What holds for everybody of whom nothing else is said."""
    config, engine = site_config(), engine_config()
    return Limits(
        plan="",
        share=1,
        jobs_per_day=config.daily_quota,
        minutes_per_month=config.minutes_per_month,
        max_side=engine.max_side,
        storage_bytes=config.max_storage_bytes,
        active_jobs=config.max_active_jobs,
        running_jobs=config.running_jobs,
        uploads_per_day=config.uploads_per_day,
        forms_per_day=config.forms_per_day,
        upload_bytes=max(engine.max_photo_bytes, engine.max_sound_bytes),
    )


def limits_for(user: User) -> Limits:
    """What this user may do: their own exception, else their plan, else the site's settings."""
    return limits_of([user.id])[user.id]


def limits_of(user_ids: Iterable[UUID]) -> dict[UUID, Limits]:
    """The same for several users, in two queries."""
    user_ids = list(user_ids)
    default = Plan.objects.filter(is_default=True).first()
    own = {row.user_id: row for row in UserLimits.objects.filter(user_id__in=user_ids).select_related("plan")}
    standard = _under(site_limits(), default)
    found = {}
    for user_id in user_ids:
        row = own.get(user_id)
        plan = standard if row is None or row.plan is None else _under(site_limits(), row.plan)
        found[user_id] = plan if row is None else _with(plan, row)
    return found


def _under(limits: Limits, plan: Plan | None) -> Limits:
    return limits if plan is None else replace(_with(limits, plan), plan=plan.name, share=plan.share)


def _with(limits: Limits, row: Plan | UserLimits) -> Limits:
    given = {name: getattr(row, name) for name in LIMITS if getattr(row, name) is not None}
    # The engine's own limits bound what a plan may give.
    ceiling = engine_config().max_side
    return replace(limits, **{**given, "max_side": min(given.get("max_side", limits.max_side), ceiling)})


def today() -> date:
    """The day of the quota: UTC, for everybody alike."""
    return timezone.now().astimezone(UTC).date()


def month_start(day: date) -> date:
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first day of the month after ``day``'s."""
    return (month_start(day) + timedelta(days=32)).replace(day=1)


def midnight(day: date) -> datetime:
    """The moment at which ``day`` begins."""
    return datetime.combine(day, time(), UTC)


def used_of_plan(user: User, unit: str, since: date) -> int:
    """What the ledger says was used of the plan since a day, in the ledger's unit."""
    rows = UsageEntry.objects.filter(user=user, unit=unit, day__gte=since, grant__isnull=True)
    return int(rows.aggregate(total=Sum("amount"))["total"] or 0)


def open_grants(user: User, unit: str) -> list[OpenGrant]:
    """Valid grants of videos or minutes with what is left of each, the first to expire first."""
    grants = Grant.objects.filter(user=user, unit=unit, revoked_at__isnull=True, expires_at__gt=timezone.now())
    factor, counted = (1, UsageUnit.JOB) if unit == GrantUnit.JOBS else (MINUTE_MS, UsageUnit.VIDEO_MS)
    used = dict(
        UsageEntry.objects.filter(grant__in=grants, unit=counted)
        .order_by()
        .values_list("grant")
        .annotate(total=Sum("amount"))
    )
    return [OpenGrant(grant, max(0, grant.amount * factor - used.get(grant.id, 0))) for grant in grants]


def active_jobs(user: User) -> int:
    """How many of the user's jobs wait or run."""
    return Job.objects.filter(owner=user, state__in=ACTIVE_STATES).count()


def stored_bytes(user: User) -> int:
    """What the user's files take in storage."""
    total = 0
    for model in (Photo, Speech):
        total += model.objects.filter(owner=user).aggregate(total=Sum("bytes"))["total"] or 0
    total += Result.objects.filter(job__owner=user).aggregate(total=Sum("bytes"))["total"] or 0
    total += Rendition.objects.filter(result__job__owner=user).aggregate(total=Sum("bytes"))["total"] or 0
    return total


def uploads_today(user: User) -> int:
    """Photos and speeches brought since midnight UTC, deleted and refused ones included."""
    return used_of_plan(user, UsageUnit.UPLOAD, today())


def forms_today(user: User) -> int:
    """Other forms of videos asked for since midnight UTC, whatever became of them."""
    return used_of_plan(user, UsageUnit.FORM, today())


def quota_payload(user: User) -> dict[str, Any]:
    """What is allowed, used and left, as the API says it: docs/site.md has the shape."""
    limits, day = limits_for(user), today()
    jobs, ms = (
        used_of_plan(user, UsageUnit.JOB, day),
        used_of_plan(user, UsageUnit.VIDEO_MS, month_start(day)),
    )
    job_grants, minute_grants = open_grants(user, GrantUnit.JOBS), open_grants(user, GrantUnit.MINUTES)
    uploads, stored = uploads_today(user), stored_bytes(user)
    tomorrow = midnight(day + timedelta(days=1)).isoformat()
    granted_ms = sum(one.left for one in minute_grants)
    return {
        "plan": limits.plan,
        "limit": limits.jobs_per_day,
        "used": jobs,
        "left": max(0, limits.jobs_per_day - jobs) + sum(one.left for one in job_grants),
        "resets_at": tomorrow,
        "minutes": {
            "limit": limits.minutes_per_month,
            "used": round(ms / MINUTE_MS, 1),
            "left": round((max(0, limits.minutes_per_month * MINUTE_MS - ms) + granted_ms) / MINUTE_MS, 1),
            "resets_at": midnight(next_month(day)).isoformat(),
        },
        "storage": {
            "limit_bytes": limits.storage_bytes,
            "used_bytes": stored,
            "left_bytes": max(0, limits.storage_bytes - stored),
        },
        "uploads": {
            "limit": limits.uploads_per_day,
            "used": uploads,
            "left": max(0, limits.uploads_per_day - uploads),
            "resets_at": tomorrow,
        },
        "forms": {"limit": limits.forms_per_day, "used": forms_today(user), "resets_at": tomorrow},
        "active": {"limit": limits.active_jobs, "used": active_jobs(user), "running_limit": limits.running_jobs},
        "max_side": limits.max_side,
        "upload_bytes": limits.upload_bytes,
        "grants": [_grant_payload(one) for one in (*job_grants, *minute_grants) if one.left > 0],
    }


def _grant_payload(one: OpenGrant) -> dict[str, Any]:
    minutes = one.grant.unit == GrantUnit.MINUTES
    return {
        "unit": one.grant.unit,
        "amount": one.grant.amount,
        "left": round(one.left / MINUTE_MS, 1) if minutes else one.left,
        "expires_at": one.grant.expires_at.isoformat(),
        "note": one.grant.note,
    }
