"""Charging allowances and giving them back, by rows of the ledger of use (``animator.models.usage``).

A job is charged when it is queued, from the plan first and then from grants, the first to expire first. Its charge is
closed once: settled to the length of the video that was made, or refunded.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from animator.errors import SiteError, too_many
from animator.models import Grant, Job, UsageEntry
from animator.models.plan import GrantUnit
from animator.models.usage import UsageStep, UsageUnit
from animator.selectors import quota as selectors
from animator.selectors.quota import MINUTE_MS, OpenGrant

#: Where a part of a charge comes from (None: the plan), and how much.
Part = tuple[Grant | None, int]


def lock_account(user: User) -> None:
    """Two requests of one user are counted one after the other (SQLite locks the whole database by itself)."""
    User.objects.select_for_update().get(id=user.id)


def reserve(user: User, job_id: UUID, seconds: float) -> UUID:
    """Charge one video of ``seconds``; returns the charge's name. Call it in a transaction.

    Raises ``too_many_jobs``, ``quota_used_up`` or ``minutes_used_up``.
    """
    lock_account(user)
    limits, day = selectors.limits_for(user), selectors.today()
    if selectors.active_jobs(user) >= limits.active_jobs:
        raise too_many(
            "too_many_jobs",
            f"You have {limits.active_jobs} videos in the making, which is as many as you may have.",
            "Wait until one is done, or cancel one.",
        )
    used = selectors.used_of_plan(user, UsageUnit.JOB, day)
    videos = _parts(1, limits.jobs_per_day - used, selectors.open_grants(user, GrantUnit.JOBS))
    if videos is None:
        raise too_many(
            "quota_used_up",
            f"You have used {used} of {limits.jobs_per_day} videos today.",
            f"{_next_at(selectors.midnight(day + timedelta(days=1)))}; an administrator can give you more before.",
        )
    length = max(1, round(seconds * 1000))
    used = selectors.used_of_plan(user, UsageUnit.VIDEO_MS, selectors.month_start(day))
    left = limits.minutes_per_month * MINUTE_MS - used
    lengths = _parts(length, left, selectors.open_grants(user, GrantUnit.MINUTES))
    if lengths is None:
        raise too_many(
            "minutes_used_up",
            f"You have used {used / MINUTE_MS:.1f} of {limits.minutes_per_month} minutes of video this month, and this "
            f"one needs about {length / MINUTE_MS:.1f}.",
            f"A shorter one may still fit. {_next_at(selectors.midnight(selectors.next_month(day)))}; an administrator "
            "can give you more before.",
        )
    charge = uuid.uuid4()
    for unit, parts in ((UsageUnit.JOB, videos), (UsageUnit.VIDEO_MS, lengths)):
        for grant, amount in parts:
            _write(user.id, unit, UsageStep.RESERVE, amount, grant, charge, job_id, day)
    return charge


def settle(job_id: UUID, seconds: float) -> bool:
    """Bring what a job was charged to the ``seconds`` that were made; False where that is done already."""
    job = Job.objects.filter(id=job_id, charge__isnull=False).first()
    if job is None or job.charge is None:
        return False
    rows = list(UsageEntry.objects.filter(charge=job.charge).select_related("grant").order_by("id"))
    if not rows or any(row.step in (UsageStep.SETTLE, UsageStep.REFUND) for row in rows):
        return False
    lengths = [row for row in rows if row.unit == UsageUnit.VIDEO_MS]
    if not lengths:
        return False
    difference = max(0, round(seconds * 1000)) - sum(row.amount for row in lengths)
    changes: dict[int, int] = defaultdict(int)
    if difference >= 0:
        # More than thought: the video is made, so whatever paid first pays for this too.
        changes[0] = difference
    else:
        # What came from a grant goes back first.
        for index in range(len(lengths) - 1, -1, -1):
            changes[index] = -min(-difference, lengths[index].amount)
            difference -= changes[index]
    for index, row in enumerate(lengths):
        _write(row.user_id, row.unit, UsageStep.SETTLE, changes[index], row.grant, job.charge, job_id, row.day)
    return True


def refund(job_id: UUID) -> bool:
    """Give back what a job was charged; False where there is nothing to give back (any more)."""
    charge = Job.objects.filter(id=job_id).values_list("charge", flat=True).first()
    if charge is None or Job.objects.filter(id=job_id, charge=charge).update(charge=None) != 1:
        return False
    rows = list(UsageEntry.objects.filter(charge=charge).select_related("grant").order_by("id"))
    if any(row.step in (UsageStep.SETTLE, UsageStep.REFUND) for row in rows):
        return False
    for row in rows:
        _write(row.user_id, row.unit, UsageStep.REFUND, -row.amount, row.grant, charge, job_id, row.day)
    return True


def refund_made(job_id: UUID) -> bool:
    """Give back what a video cost that was made and is withdrawn; False where that is done already."""
    charge = Job.objects.filter(id=job_id).values_list("charge", flat=True).first()
    if charge is None or Job.objects.filter(id=job_id, charge=charge).update(charge=None) != 1:
        return False
    paid: dict[tuple[str, int | None], int] = defaultdict(int)
    rows = list(UsageEntry.objects.filter(charge=charge).select_related("grant").order_by("id"))
    for row in rows:
        paid[row.unit, row.grant_id] += row.amount
    # A name of its own: the charge itself was closed when the video was made.
    back = uuid.uuid4()
    for row in rows:
        amount = paid.pop((row.unit, row.grant_id), 0)
        if amount > 0:
            _write(row.user_id, row.unit, UsageStep.REFUND, -amount, row.grant, back, job_id, row.day)
    return True


def check_upload_allowance(user: User, size: int) -> None:
    """Raises ``upload_over_plan``, ``too_many_uploads`` or ``storage_full`` where a file of ``size`` bytes is too
    much."""
    limits = selectors.limits_for(user)
    if size > limits.upload_bytes:
        raise SiteError(
            "upload_over_plan",
            f"The file is larger than the {_megabytes(limits.upload_bytes)} that your account may send.",
            "Send a smaller one, or ask an administrator.",
            status=413,
        )
    used = selectors.uploads_today(user)
    if used >= limits.uploads_per_day:
        raise too_many(
            "too_many_uploads",
            f"You have brought {used} of {limits.uploads_per_day} photos and speeches today; deleted ones count.",
            f"{_next_at(selectors.midnight(selectors.today() + timedelta(days=1)))}.",
        )
    stored = selectors.stored_bytes(user)
    if stored + size > limits.storage_bytes:
        raise too_many(
            "storage_full",
            f"Your storage is full: {_megabytes(stored)} of {_megabytes(limits.storage_bytes)} are used.",
            "Delete videos that you no longer need.",
        )


def count_upload(user: User, upload_id: UUID) -> None:
    """One photo or speech more today, whatever becomes of it."""
    _write(user.id, UsageUnit.UPLOAD, UsageStep.USE, 1, None, upload_id, None, selectors.today())


def check_room(user: User) -> None:
    """Raises ``storage_full`` where nothing more may be kept."""
    stored, limits = selectors.stored_bytes(user), selectors.limits_for(user)
    if stored >= limits.storage_bytes:
        raise too_many(
            "storage_full",
            f"Your storage is full: {_megabytes(stored)} of {_megabytes(limits.storage_bytes)} are used.",
            "Delete videos that you no longer need.",
        )


def count_form(user: User) -> None:
    """One other form of a video more today. Raises ``too_many_forms`` where that is one too many. In a transaction."""
    lock_account(user)
    limits, used = selectors.limits_for(user), selectors.forms_today(user)
    if used >= limits.forms_per_day:
        raise too_many(
            "too_many_forms",
            f"You have had {used} of {limits.forms_per_day} other forms of videos made today.",
            f"{_next_at(selectors.midnight(selectors.today() + timedelta(days=1)))}. The MP4 is always there.",
        )
    _write(user.id, UsageUnit.FORM, UsageStep.USE, 1, None, uuid.uuid4(), None, selectors.today())


def _parts(amount: int, plan_left: int, grants: Sequence[OpenGrant]) -> list[Part] | None:
    """From where ``amount`` is taken; None where there is not enough."""
    parts: list[Part] = []
    from_plan = min(amount, max(0, plan_left))
    if from_plan > 0:
        parts.append((None, from_plan))
    needed = amount - from_plan
    for one in grants:
        taken = min(needed, one.left)
        if taken > 0:
            parts.append((one.grant, taken))
            needed -= taken
    return None if needed > 0 else parts


def _write(
    user_id: UUID, unit: str, step: str, amount: int, grant: Grant | None, charge: UUID, job: UUID | None, day: date
) -> None:
    UsageEntry.objects.create(
        user_id=user_id, unit=unit, step=step, amount=amount, grant=grant, charge=charge, job_ref=job, day=day
    )


def _next_at(moment: datetime) -> str:
    minutes = max(1, round((moment - timezone.now()).total_seconds() / 60))
    days, hours = minutes // 1440, minutes // 60 % 24
    wait = f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min"
    return f"The next ones are yours on {moment:%d %B at %H:%M} UTC, in {wait}"


def _megabytes(size: int) -> str:
    return f"{size / 1024**3:.1f} GB" if size >= 1024**3 else f"{size / 1024**2:.0f} MB"
