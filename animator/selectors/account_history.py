"""What moderators need of an account to judge it: strikes, measures, numbers. Neither address nor private videos."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from accounts.models import User
from animator.models import Decision, Hold, Job, Report
from animator.models.decision import LASTING, DecisionAction, DecisionState
from animator.models.hold import HoldOutcome
from animator.models.report import ReportState
from animator.selectors.item_lock import account_name, staff_name
from animator.selectors.result import may_moderate
from animator.selectors.standing import measures_in_force, standing


def account_for_moderator(user: User, account_id: UUID) -> User:
    """An account that a report, hold or decision is about. Raises ``User.DoesNotExist`` for any other, and for anybody
    who is no moderator."""
    if not may_moderate(user):
        raise User.DoesNotExist
    known = Q(jobs__reports__isnull=False) | Q(measures__isnull=False) | Q(holds__isnull=False)
    known |= Q(jobs__quality_review__isnull=False)
    return User.objects.filter(known).distinct().get(id=account_id)


def account_history(account: User, asker: User) -> dict[str, Any]:
    """``{"id", "name", "joined", "videos", "reports", "strikes", "refused", "measures", "decisions", "standing"}``."""
    told = Decision.objects.filter(subject=account).exclude(state=DecisionState.REJECTED)
    decisions = list(told.select_related("report", "moderator").order_by("-created_at"))
    counts = Report.objects.filter(job__owner=account).aggregate(
        open=Count("id", filter=Q(state=ReportState.OPEN)),
        upheld=Count("id", filter=Q(state=ReportState.UPHELD)),
        dismissed=Count("id", filter=Q(state=ReportState.DISMISSED)),
    )
    return {
        "id": account.id,
        "name": account_name(account.id),
        "joined": account.date_joined,
        "videos": Job.objects.filter(owner=account).count(),
        "reports": counts,
        "strikes": sum(is_strike(decision) for decision in decisions),
        "refused": Hold.objects.filter(owner=account, outcome=HoldOutcome.REFUSED).count(),
        "measures": list(measures_in_force(account)),
        "standing": standing(account),
        "decisions": [decision_line(decision, asker) for decision in decisions],
    }


def is_strike(decision: Decision) -> bool:
    """A decision in force that found a rule broken."""
    return decision.state == DecisionState.IN_FORCE and decision.restricts


def decision_line(decision: Decision, asker: User) -> dict[str, Any]:
    """One earlier decision as moderators see it."""
    return {
        "id": decision.id,
        "report": decision.report_id,
        "what": str(decision),
        "state": decision.get_state_display(),
        "in_force": decision.state == DecisionState.IN_FORCE,
        "by": staff_name(decision.moderator, asker),
        "second": staff_name(decision.second_moderator, asker) if decision.second_moderator_id else "",
        "second_reasons": decision.second_reasons,
        "at": decision.created_at,
        "rule": decision.rule,
        "reasons": decision.reasons,
        "reason": decision.report.get_reason_display(),
        "until": decision.expires_at,
        "ended_at": decision.ended_at,
        "end_reasons": decision.end_reasons,
        "lasting": decision.account_action in LASTING,
        "action": decision.action,
        "restricts": decision.action != DecisionAction.NO_ACTION or bool(decision.account_action),
    }
