"""What administrators do with allowances: exceptions for one user, grants beside the plan. Each is noted in the log."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from animator.errors import SiteError, conflict
from animator.models import Grant, Plan, UserLimits
from animator.models.plan import LIMITS, GrantUnit
from animator.selectors.quota import midnight
from animator.services import audit


def set_limits(administrator: User, user: User, plan: Plan | None, own: dict[str, int | None]) -> UserLimits:
    """Put ``user`` on a plan (None: the default) with limits of their own (None or absent: the plan's).

    Raises ``not_allowed`` for anybody but an administrator.
    """
    _check(administrator)
    given = {name: own.get(name) for name in LIMITS}
    with transaction.atomic():
        row, _ = UserLimits.objects.update_or_create(user=user, defaults={"plan": plan, **given})
        said = {name: value for name, value in given.items() if value is not None}
        audit.record(administrator, "limits_set", "user", user.id, plan=plan.name if plan else "", own=said)
    return row


def give(administrator: User, user: User, unit: str, amount: int, note: str, last_day: date) -> Grant:
    """Give videos or minutes beside the plan, usable to the end of ``last_day`` (UTC).

    Raises ``not_allowed``, ``grant_unknown``, ``grant_without_note`` or ``grant_is_past``.
    """
    _check(administrator)
    if unit not in GrantUnit.values or not 1 <= amount <= 1_000_000:
        raise SiteError("grant_unknown", "Give a number of videos or of minutes.", "At least one.")
    if not note.strip():
        raise SiteError("grant_without_note", "A grant needs a note.", "Say why; the user sees it.")
    expires_at = midnight(last_day + timedelta(days=1))
    if expires_at <= timezone.now():
        raise SiteError("grant_is_past", "This day is over.", "Choose today or a later day.")
    with transaction.atomic():
        grant = Grant.objects.create(
            user=user, unit=unit, amount=amount, note=note.strip()[:200], granted_by=administrator,
            expires_at=expires_at,
        )  # fmt: skip
        audit.record(administrator, "granted", "user", user.id, grant=grant.id, unit=unit, amount=amount)
    return grant


def revoke(administrator: User, user: User, grant_id: int) -> None:
    """Take back what is left of a grant. Raises ``not_allowed``, ``Grant.DoesNotExist`` or ``grant_is_over``."""
    _check(administrator)
    grant = Grant.objects.get(id=grant_id, user=user)
    now = timezone.now()
    with transaction.atomic():
        valid = Grant.objects.filter(id=grant.id, revoked_at__isnull=True, expires_at__gt=now)
        if valid.update(revoked_at=now) != 1:
            raise conflict("grant_is_over", "This grant has ended already.")
        audit.record(administrator, "grant_revoked", "user", user.id, grant=grant.id)


def _check(administrator: User) -> None:
    if not administrator.is_administrator:
        raise SiteError("not_allowed", "Only administrators give allowances.", "", status=403)
