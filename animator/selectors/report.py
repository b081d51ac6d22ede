"""Reading reports: for moderators only; what they see of a job is no more than they need."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, F, QuerySet
from django.utils import timezone

from accounts.models import User
from animator.models.appeal import AppealSide
from animator.models.report import Report, ReportState
from animator.models.result import Result
from animator.rules import rule
from animator.selectors.result import may_moderate
from animator.selectors.statement import appeal_until


def reports_for_moderator(user: User, state: str = ReportState.OPEN) -> QuerySet[Report]:
    """Reports in one state, the urgent first, then the oldest; nothing for anybody who is no moderator."""
    if not may_moderate(user):
        return Report.objects.none()
    reports = Report.objects.filter(state=state).select_related("reporter", "job__owner", "job__result")
    return reports.order_by(F("due_at").asc(nulls_last=True), "created_at")


def report_for_moderator(user: User, report_id: UUID) -> Report:
    """One report. Raises ``Report.DoesNotExist`` for anybody who is no moderator."""
    reports = Report.objects.all() if may_moderate(user) else Report.objects.none()
    return reports.select_related("reporter", "job__owner", "job__result", "job__consent").get(id=report_id)


def report_counts() -> dict[str, int]:
    """How many reports are in each state."""
    counts = dict.fromkeys(ReportState.values, 0)
    counts.update(Report.objects.order_by().values_list("state").annotate(count=Count("id")))
    return counts


def report_payload(report: Report) -> dict[str, Any]:
    """A report as the API says it to the person who made it."""
    return {
        "id": str(report.id),
        "job": str(report.job_ref),
        "reason": report.reason,
        "statement": report.statement,
        "state": report.state,
        "created_at": report.created_at.isoformat(),
    }


def reportable_job(job_id: UUID) -> UUID | None:
    """The id of a job that has a video, whoever's it is; None for any other."""
    return Result.objects.filter(job_id=job_id).values_list("job_id", flat=True).first()


def followed_report(report: Report) -> dict[str, Any]:
    """What the sender of a report learns of it: the measure and the rule, not the words of the file.

    ``can_appeal``: it was dismissed, by no more than six months ago, and there is no appeal yet.
    """
    decision = report.decision
    result = Result.objects.filter(job_id=report.job_ref).first() if report.job_ref is not None else None
    reversed_ = report.decisions.filter(appeals__side=AppealSide.REPORTER).order_by("-created_at").first()
    appealed = decision or reversed_
    appeal = appealed.appeals.filter(side=AppealSide.REPORTER).first() if appealed is not None else None
    last = appeal_until(decision) if decision is not None else None
    return {
        "state": report.state,
        "hidden": result is not None and result.hidden_at is not None,
        "rule": rule(decision.rule) if decision is not None and decision.rule is not None else None,
        "action": decision.action if decision is not None else "",
        "decision": decision,
        "decided_at": report.decided_at,
        "appeal": appeal,
        "appeal_until": last,
        "can_appeal": (
            report.state == ReportState.DISMISSED and appeal is None and last is not None and timezone.now() <= last
        ),
    }
