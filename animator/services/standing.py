"""Enforcing what moderators decided about an account, and lifting it."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.models import User
from animator.conf import site_config
from animator.errors import SiteError, conflict, too_many
from animator.models import UsageEntry
from animator.models.decision import LASTING, Decision, DecisionState
from animator.models.usage import UsageUnit
from animator.selectors import quota
from animator.selectors.result import may_moderate
from animator.selectors.standing import standing
from animator.services import audit
from animator.services.notice import tell_owner_it_ended


def check_may_make(user: User) -> None:
    """Raises ``account_frozen`` or ``account_suspended`` (403) where a decision forbids this account to make anything.

    To be asked wherever something is brought or made.
    """
    now = standing(user)
    if now.suspended is not None:
        raise suspended_error()
    if now.frozen is not None:
        until = now.frozen.expires_at
        raise SiteError(
            "account_frozen",
            "Your account is frozen: you can see everything of yours, but make nothing new.",
            f"Until {until:%-d %B %Y}; why, and how to object, is on the page of your account’s decisions."
            if until
            else "Why, and how to object, is on the page of your account’s decisions.",
            status=403,
        )


def check_may_begin(user: User) -> None:
    """The same, and ``account_limited`` (429) where a limited account has begun its videos of the day."""
    check_may_make(user)
    if standing(user).limited is None:
        return
    limit = site_config().limited_jobs_per_day
    today = UsageEntry.objects.filter(user=user, unit=UsageUnit.JOB, day=quota.today())
    begun = today.aggregate(total=Sum("amount"))["total"] or 0
    if begun >= limit:
        raise too_many(
            "account_limited",
            f"Your account is limited to {limit} video{'' if limit == 1 else 's'} a day by a moderator’s decision.",
            "It starts anew at midnight UTC; the page of your account’s decisions says why and how to object.",
        )


def suspended_error() -> SiteError:
    return SiteError(
        "account_suspended", "Your account is suspended.", "Sign in to read why and how to object.", status=403
    )


def lift(moderator: User, decision_id: UUID, reasons: str) -> Decision:
    """End a limit, freeze or suspension before its time.

    Raises ``Decision.DoesNotExist`` for anybody who is no moderator, ``decision_without_reasons`` or
    ``measure_is_over``.
    """
    decision = (Decision.objects if may_moderate(moderator) else Decision.objects.none()).get(id=decision_id)
    if not reasons.strip():
        raise SiteError("decision_without_reasons", "A decision needs its reasons.", "Say why.")
    with transaction.atomic():
        lasting = Decision.objects.filter(
            id=decision_id, state=DecisionState.IN_FORCE, ended_at__isnull=True, account_action__in=LASTING
        )
        if lasting.update(ended_at=timezone.now(), ended_by=moderator, end_reasons=reasons.strip()) != 1:
            raise conflict("measure_is_over", "This measure is not in force any more.", "Reload the page.")
        decision.refresh_from_db()
        tell_owner_it_ended(decision)
        audit.record(moderator, "lifted", "user", decision.subject_id or "", decision=str(decision.id))
    return decision
