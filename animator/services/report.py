"""Reports and what moderators decide about them. Report, decision and audit entry are three things."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from animator.errors import SiteError, conflict
from animator.models import Decision, Report, Result
from animator.models.decision import DecisionAction
from animator.models.report import URGENT_HOURS, URGENT_REASONS, ReportReason, ReportState
from animator.rules import RULES, rule_about
from animator.selectors.job import job_for_user
from animator.selectors.report import report_for_moderator
from animator.services import audit
from animator.services.announcing import announce

#: Longest statement that comes with a report, characters.
MAX_STATEMENT = 4000


def make_report(user: User, job_id: UUID, reason: str, statement: str) -> Report:
    """Report a video that the user may see. A second report of the same is the first one.

    Raises ``Job.DoesNotExist``, ``nothing_to_report``, ``report_reason_unknown`` or ``statement_too_long``.
    """
    job = job_for_user(user, job_id)
    if not hasattr(job, "result"):
        raise conflict("nothing_to_report", "There is no video yet.", "Come back when it is made.")
    check_report(reason, statement)
    try:
        with transaction.atomic():
            report = Report.objects.create(
                job=job,
                job_ref=job.id,
                reporter=user,
                reason=reason,
                statement=statement.strip(),
                due_at=urgent_until(reason),
            )
            audit.record(user, "reported", "job", job.id, report=str(report.id), reason=reason)
            hide_if_urgent(report)
    except IntegrityError:
        return Report.objects.get(job_ref=job.id, reporter=user, state=ReportState.OPEN)
    return report


def check_report(reason: str, statement: str) -> None:
    """Raises ``report_reason_unknown`` or ``statement_too_long``."""
    if reason not in ReportReason.values:
        raise SiteError("report_reason_unknown", "This is no known reason.", "Choose one of those offered.")
    if len(statement) > MAX_STATEMENT:
        raise SiteError("statement_too_long", f"At most {MAX_STATEMENT} characters, please.", "Shorten the statement.")


def urgent_until(reason: str) -> datetime | None:
    """By when a report made now must be decided; None where there is no such limit."""
    return timezone.now() + timedelta(hours=URGENT_HOURS) if reason in URGENT_REASONS else None


def hide_if_urgent(report: Report) -> None:
    """Hide the video of an urgent report from everybody but moderators. Call it in a transaction."""
    if report.due_at is None or report.job_id is None:
        return
    job_id = report.job_id
    shown = Result.objects.filter(job_id=job_id, hidden_at__isnull=True, removed_at__isnull=True)
    if shown.update(hidden_at=timezone.now()):
        audit.record(None, "hidden", "job", job_id, report=str(report.id))
        transaction.on_commit(lambda: announce(job_id))


def decide(moderator: User, report_id: UUID, action: str, reasons: str, rule: int | None = None) -> Decision:
    """Take the video down at once, or dismiss the report; closes every open report of the video with a take-down.

    ``rule`` is the number of the rule that was broken, by default the one that the report's reason is about. A video
    that an urgent report hid is shown again once no such report is open.

    Raises ``Report.DoesNotExist`` for anybody who is no moderator, ``report_is_closed``, ``decision_unknown``,
    ``decision_without_reasons`` or ``rule_unknown``.
    """
    report = report_for_moderator(moderator, report_id)
    if action not in DecisionAction.values:
        raise SiteError("decision_unknown", "This is no known decision.", "Choose one of those offered.")
    if not reasons.strip():
        raise SiteError("decision_without_reasons", "A decision needs its reasons.", "Say why.")
    taken_down = action == DecisionAction.TAKE_DOWN
    broken = (rule or rule_about(report.reason).number) if taken_down else None
    if broken is not None and broken not in {one.number for one in RULES}:
        raise SiteError("rule_unknown", "There is no such rule.", "Choose one of those offered.")
    state = ReportState.UPHELD if taken_down else ReportState.DISMISSED
    now = timezone.now()
    with transaction.atomic():
        if Report.objects.filter(id=report.id, state=ReportState.OPEN).update(state=state, decided_at=now) != 1:
            raise conflict("report_is_closed", "This report has been decided already.")
        decision = Decision.objects.create(
            report=report, moderator=moderator, action=action, reasons=reasons.strip(), rule=broken
        )
        if taken_down and report.job_ref is not None:
            results = Result.objects.filter(job_id=report.job_ref, removed_at__isnull=True)
            results.update(removed_at=now, hidden_at=None)
            Report.objects.filter(job_ref=report.job_ref, state=ReportState.OPEN).update(state=state, decided_at=now)
        elif report.job_ref is not None and not _waits_for_an_urgent_decision(report.job_ref):
            Result.objects.filter(job_id=report.job_ref).update(hidden_at=None)
        audit.record(moderator, action, "job", report.job_ref or "", report=str(report.id), decision=str(decision.id))
    if report.job_id is not None:
        announce(report.job_id)
    return decision


def _waits_for_an_urgent_decision(job_ref: UUID) -> bool:
    return Report.objects.filter(job_ref=job_ref, state=ReportState.OPEN, due_at__isnull=False).exists()
