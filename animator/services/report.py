"""Reports and what moderators decide about them. Report, decision and audit entry are three things."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from animator.errors import SiteError, conflict
from animator.models import Decision, Report, Result
from animator.models.decision import DecisionAction
from animator.models.report import ReportReason, ReportState
from animator.selectors.job import job_for_user
from animator.selectors.report import report_for_moderator
from animator.services import audit
from animator.services.job import announce

#: Longest statement that comes with a report, characters.
MAX_STATEMENT = 4000


def make_report(user: User, job_id: UUID, reason: str, statement: str) -> Report:
    """Report a video that the user may see. A second report of the same is the first one.

    Raises ``Job.DoesNotExist``, ``nothing_to_report``, ``report_reason_unknown`` or ``statement_too_long``.
    """
    job = job_for_user(user, job_id)
    if not hasattr(job, "result"):
        raise conflict("nothing_to_report", "There is no video yet.", "Come back when it is made.")
    if reason not in ReportReason.values:
        raise SiteError("report_reason_unknown", "This is no known reason.", "Choose one of those offered.")
    if len(statement) > MAX_STATEMENT:
        raise SiteError("statement_too_long", f"At most {MAX_STATEMENT} characters, please.", "Shorten the statement.")
    try:
        with transaction.atomic():
            report = Report.objects.create(
                job=job, job_ref=job.id, reporter=user, reason=reason, statement=statement.strip()
            )
            audit.record(user, "reported", "job", job.id, report=str(report.id), reason=reason)
    except IntegrityError:
        return Report.objects.get(job_ref=job.id, reporter=user, state=ReportState.OPEN)
    return report


def decide(moderator: User, report_id: UUID, action: str, reasons: str) -> Decision:
    """Take the video down at once, or dismiss the report; closes every open report of the video with a take-down.

    Raises ``Report.DoesNotExist`` for anybody who is no moderator, ``report_is_closed``, ``decision_unknown`` or
    ``decision_without_reasons``.
    """
    report = report_for_moderator(moderator, report_id)
    if action not in DecisionAction.values:
        raise SiteError("decision_unknown", "This is no known decision.", "Choose one of those offered.")
    if not reasons.strip():
        raise SiteError("decision_without_reasons", "A decision needs its reasons.", "Say why.")
    taken_down = action == DecisionAction.TAKE_DOWN
    state = ReportState.UPHELD if taken_down else ReportState.DISMISSED
    now = timezone.now()
    with transaction.atomic():
        if Report.objects.filter(id=report.id, state=ReportState.OPEN).update(state=state, decided_at=now) != 1:
            raise conflict("report_is_closed", "This report has been decided already.")
        decision = Decision.objects.create(report=report, moderator=moderator, action=action, reasons=reasons.strip())
        if taken_down:
            Result.objects.filter(job_id=report.job_ref, removed_at__isnull=True).update(removed_at=now)
            Report.objects.filter(job_ref=report.job_ref, state=ReportState.OPEN).update(state=state, decided_at=now)
        audit.record(moderator, action, "job", report.job_ref, report=str(report.id), decision=str(decision.id))
    if taken_down and report.job_id is not None:
        announce(report.job_id)
    return decision
