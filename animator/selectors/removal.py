"""What the owner of a video that was hidden or taken down is told: the statement of reasons."""

from __future__ import annotations

from typing import Any

from animator.models.decision import Decision, DecisionAction
from animator.models.job import Job
from animator.models.report import Report, ReportState
from animator.rules import rule, rule_about


def removal_for_owner(job: Job) -> dict[str, Any] | None:
    """Why the job's video cannot be seen; None when it can. Never who reported it, nor in what words.

    ``{"final", "at", "reason", "rule", "facts", "due_at"}``; ``facts`` are the moderator's words, empty while the
    decision is open.
    """
    result = getattr(job, "result", None)
    if result is None or (result.removed_at is None and result.hidden_at is None):
        return None
    if result.removed_at is not None:
        decisions = Decision.objects.filter(report__job_ref=job.id, action=DecisionAction.TAKE_DOWN)
        decision = decisions.select_related("report").order_by("-created_at").first()
        report = decision.report if decision is not None else None
        broken = rule(decision.rule) if decision is not None and decision.rule is not None else None
        return {
            "final": True,
            "at": result.removed_at,
            "reason": report.get_reason_display() if report is not None else "",
            "rule": broken or (rule_about(report.reason) if report is not None else None),
            "facts": decision.reasons if decision is not None else "",
            "due_at": None,
        }
    waiting = Report.objects.filter(job_ref=job.id, state=ReportState.OPEN, due_at__isnull=False)
    urgent = waiting.order_by("due_at").first()
    return {
        "final": False,
        "at": result.hidden_at,
        "reason": urgent.get_reason_display() if urgent is not None else "",
        "rule": rule_about(urgent.reason) if urgent is not None else None,
        "facts": "",
        "due_at": urgent.due_at if urgent is not None else None,
    }
