"""What an account may do, as moderators' decisions in force say."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from animator.models.decision import LASTING, AccountAction, Decision, DecisionState


@dataclass(frozen=True)
class Standing:
    """Each is the decision that says so, or None.

    ``frozen``: sees everything, makes nothing; ``suspended``: cannot sign in.
    """

    limited: Decision | None = None
    frozen: Decision | None = None
    suspended: Decision | None = None

    @property
    def gravest(self) -> Decision | None:
        return self.suspended or self.frozen or self.limited

    @property
    def may_make(self) -> bool:
        return self.suspended is None and self.frozen is None


def measures_in_force(user: User) -> QuerySet[Decision]:
    """Limits, freezes and suspensions that hold at this moment, those that last longest first."""
    now = timezone.now()
    lasting = Decision.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=now),
        subject=user,
        state=DecisionState.IN_FORCE,
        account_action__in=LASTING,
        ended_at__isnull=True,
    )
    return lasting.order_by("-created_at")


def standing(user: User) -> Standing:
    """What holds for this account now. One query."""
    found: dict[str, Decision] = {}
    for decision in measures_in_force(user):
        found.setdefault(decision.account_action, decision)
    return Standing(
        limited=found.get(AccountAction.LIMIT),
        frozen=found.get(AccountAction.FREEZE),
        suspended=found.get(AccountAction.SUSPEND),
    )
