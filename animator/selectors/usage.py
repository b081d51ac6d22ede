"""Who uses what: for administrators, as numbers. Of anybody's pictures and words nothing is read here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from accounts.models import User
from animator.models import Grant, Job, Photo, Result, Speech, UsageEntry, UserLimits
from animator.models.job import JobState
from animator.models.usage import UsageUnit
from animator.selectors.quota import MINUTE_MS, Limits, limits_of, midnight, month_start, today

#: Lengths of time that the page offers, days.
SPANS = (7, 30, 90)


@dataclass(frozen=True)
class DayUse:
    """One day (UTC) of the whole site; ``wait_s`` is the median wait of the runs that began, None without any."""

    day: date
    videos: int
    minutes: float
    uploads: int
    failed: int
    wait_s: float | None


@dataclass(frozen=True)
class UserUse:
    """One user in a span of days, and what is left to them now."""

    user: User
    plan: str
    videos: int
    minutes: float
    failed: int
    stored_bytes: int
    videos_left_today: int
    minutes_left: float
    storage_left_bytes: int


def may_see_usage(user: User) -> bool:
    return user.is_administrator


def days_of(span: int) -> list[date]:
    """The last ``span`` days, today included, oldest first."""
    return [today() - timedelta(days=back) for back in range(span - 1, -1, -1)]


def use_by_day(span: int) -> list[DayUse]:
    """Every day of the span, those without any use too."""
    days = days_of(span)
    used = _sums(UsageEntry.objects.filter(day__gte=days[0]), "day")
    failed = dict(
        _ended(days[0], JobState.FAILED).order_by().values_list(TruncDate("finished_at")).annotate(number=Count("id"))
    )
    waits = defaultdict(list)
    began = Job.objects.filter(started_at__gte=midnight(days[0])).values_list("started_at", "queued_at")
    for started_at, queued_at in began:
        if started_at is not None:
            waits[started_at.date()].append(max(0.0, (started_at - queued_at).total_seconds()))
    return [
        DayUse(
            day=day,
            videos=used[day, UsageUnit.JOB],
            minutes=round(used[day, UsageUnit.VIDEO_MS] / MINUTE_MS, 1),
            uploads=used[day, UsageUnit.UPLOAD],
            failed=failed.get(day, 0),
            wait_s=round(median(waits[day]), 1) if day in waits else None,
        )
        for day in days
    ]


def use_by_user(span: int) -> list[UserUse]:
    """Everybody who used anything in the span or has something stored, the most minutes first."""
    since = days_of(span)[0]
    used = _sums(UsageEntry.objects.filter(day__gte=since), "user_id")
    failed = dict(_ended(since, JobState.FAILED).order_by().values_list("owner_id").annotate(number=Count("id")))
    stored = stored_by_user()
    keys = {key for key, _ in used} | set(stored)
    return sorted(_lines(keys, used, failed, stored), key=lambda line: (-line.minutes, line.user.email))


def use_of_user(user: User, span: int) -> UserUse:
    """One user's line."""
    since = days_of(span)[0]
    used = _sums(UsageEntry.objects.filter(day__gte=since, user=user), "user_id")
    failed = {user.id: _ended(since, JobState.FAILED).filter(owner=user).count()}
    return next(iter(_lines([user.id], used, failed, stored_by_user([user.id]))))


def stored_by_user(user_ids: Iterable[UUID] | None = None) -> dict[UUID, int]:
    """Bytes in storage, by owner."""
    total: dict[UUID, int] = defaultdict(int)
    sources: tuple[tuple[QuerySet[Any], str], ...] = (
        (Photo.objects.all(), "owner_id"),
        (Speech.objects.all(), "owner_id"),
        (Result.objects.all(), "job__owner_id"),
    )
    for rows, owner in sources:
        if user_ids is not None:
            rows = rows.filter(**{f"{owner}__in": list(user_ids)})
        for key, size in rows.order_by().values_list(owner).annotate(size=Sum("bytes")):
            total[key] += size or 0
    return {key: size for key, size in total.items() if size}


def use_by_plan(lines: Iterable[UserUse]) -> list[dict[str, Any]]:
    """Users, videos, minutes and bytes of each plan."""
    plans: dict[str, dict[str, Any]] = {}
    for line in lines:
        row = plans.setdefault(
            line.plan, {"plan": line.plan or "Settings", "users": 0, "videos": 0, "minutes": 0.0, "bytes": 0}
        )
        row["users"] += 1
        row["videos"] += line.videos
        row["minutes"] = round(row["minutes"] + line.minutes, 1)
        row["bytes"] += line.stored_bytes
    return sorted(plans.values(), key=lambda row: -row["minutes"])


def failures_by_code(span: int) -> list[tuple[str, int]]:
    """How often each code ended a video, the most frequent first."""
    rows = _ended(days_of(span)[0], JobState.FAILED).order_by().values_list("error_code").annotate(number=Count("id"))
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def queue_now() -> dict[str, int]:
    """How many videos wait, are held and run at this moment."""
    counts: dict[str, int] = Job.objects.aggregate(
        waiting=Count("id", filter=Q(state=JobState.QUEUED, held_at__isnull=True)),
        held=Count("id", filter=Q(state=JobState.QUEUED, held_at__isnull=False)),
        running=Count("id", filter=Q(state=JobState.PROCESSING)),
    )
    return counts


def grants_of(user: User) -> list[dict[str, Any]]:
    """Every grant of a user with what was drawn from it, the newest first."""
    rows = Grant.objects.filter(user=user).select_related("granted_by").annotate(drawn=Sum("entries__amount"))
    return [
        {
            "grant": grant,
            "drawn": (grant.drawn or 0) if grant.unit == "jobs" else round((grant.drawn or 0) / MINUTE_MS, 1),
        }
        for grant in rows.order_by("-created_at")
    ]


def own_limits(user: User) -> UserLimits:
    """The user's exception; an empty one where there is none."""
    return UserLimits.objects.filter(user=user).first() or UserLimits(user=user)


def ledger_of(user: User, number: int = 30) -> list[UsageEntry]:
    return list(UsageEntry.objects.filter(user=user).select_related("grant").order_by("-id")[:number])


def _ended(since: date, state: JobState) -> QuerySet[Job]:
    return Job.objects.filter(state=state, finished_at__gte=midnight(since))


def _sums(rows: QuerySet[UsageEntry], by: str) -> dict[tuple[Any, str], int]:
    total: dict[tuple[Any, str], int] = defaultdict(int)
    for key, unit, amount in rows.order_by().values_list(by, "unit").annotate(total=Sum("amount")):
        total[key, unit] = amount
    return total


def _lines(
    keys: Iterable[UUID],
    used: dict[tuple[Any, str], int],
    failed: dict[UUID, int],
    stored: dict[UUID, int],
) -> Iterable[UserUse]:
    users = {user.id: user for user in User.objects.filter(id__in=list(keys))}
    limits: dict[UUID, Limits] = limits_of(users)
    plan = UsageEntry.objects.filter(grant__isnull=True, user_id__in=list(users))
    now = _sums(plan.filter(Q(unit=UsageUnit.JOB, day=today()) | Q(
        unit=UsageUnit.VIDEO_MS, day__gte=month_start(today()))), "user_id")  # fmt: skip
    for key, user in users.items():
        own = limits[key]
        yield UserUse(
            user=user,
            plan=own.plan,
            videos=used[key, UsageUnit.JOB],
            minutes=round(used[key, UsageUnit.VIDEO_MS] / MINUTE_MS, 1),
            failed=failed.get(key, 0),
            stored_bytes=stored.get(key, 0),
            videos_left_today=max(0, own.jobs_per_day - now[key, UsageUnit.JOB]),
            minutes_left=round(max(0.0, own.minutes_per_month - now[key, UsageUnit.VIDEO_MS] / MINUTE_MS), 1),
            storage_left_bytes=max(0, own.storage_bytes - stored.get(key, 0)),
        )
