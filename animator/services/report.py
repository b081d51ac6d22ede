"""Taking in reports. What moderators decide about them is in ``animator.services.decision``."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from animator.errors import SiteError, conflict
from animator.models import Report, Result
from animator.models.report import URGENT_HOURS, URGENT_REASONS, ReportReason, ReportState
from animator.selectors.job import job_for_user
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
            hide_if_urgent(report)
            audit.record(user, "reported", "job", job.id, report=str(report.id), reason=reason)
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
