"""A reported or doubtful video as a moderator sees it: everything that is needed to judge it, and no more."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from animator.media_address import media_address
from animator.models import Decision, Job, Report
from animator.models.decision import DecisionState
from animator.models.report import ReportState
from animator.selectors.account_history import account_history, decision_line
from animator.selectors.copies import copy_lines
from animator.selectors.item_lock import account_name, staff_name
from animator.selectors.motion import FRAMING_NAMES, motion_lines
from animator.selectors.result import result_payload
from animator.selectors.script import speeches_of


def video_case(job: Job | None, asker: User) -> dict[str, Any]:
    """``{"job", "result", "consent", "speeches", "copies", "account", "photo_url", "earlier"}``; of a job that is gone
    there is nothing."""
    if job is None:
        return {"job": None, "result": None, "consent": None, "speeches": [], "copies": [], "account": None}
    result = getattr(job, "result", None)
    about = Decision.objects.filter(items__job_ref=job.id).exclude(state=DecisionState.PENDING)
    return {
        "job": {
            "id": job.id,
            "title": job.title,
            "state": job.state,
            "created_at": job.created_at,
            "account": account_name(job.owner_id),
            "owner_id": job.owner_id,
            "removed": result is not None and result.removed_at is not None,
            "hidden": result is not None and result.hidden_at is not None,
            "erased": job.erased_at,
            "owner_deleted_at": job.owner_deleted_at,
            "label": result.label if result is not None else "",
            "motion": motion_lines(job),
            "framing": FRAMING_NAMES[job.framing],
        },
        "result": result_payload(result, asker) if result is not None else None,
        "consent": job.consent,
        "speeches": [
            {
                "words": speech.words,
                "kind": speech.get_kind_display(),
                "language": speech.language,
                "duration_s": speech.duration_s,
                "url": media_address("media_speech", [speech.id], asker.id) if speech.path else None,
            }
            for speech in speeches_of(job)
        ],
        "photo_url": media_address("media_photo", [job.photo_id], asker.id) if job.photo.path else None,
        "copies": copy_lines(job),
        "account": account_history(job.owner, asker),
        "earlier": [decision_line(decision, asker) for decision in about.select_related("report", "moderator")],
    }


def report_case(report: Report, asker: User) -> dict[str, Any]:
    """The case of a report, with the report's own past and the decision that waits for a second moderator."""
    pending = report.decisions.filter(state=DecisionState.PENDING, part_of__isnull=True).first()
    others = Report.objects.filter(job_ref=report.job_ref, state=ReportState.OPEN).exclude(id=report.id)
    return {
        **video_case(report.job, asker),
        "report": report,
        "reporter": _reporter(report),
        "other_reports": list(others) if report.job_ref is not None else [],
        "decisions": [
            decision_line(decision, asker)
            for decision in report.decisions.filter(part_of__isnull=True).exclude(state=DecisionState.PENDING)
        ],
        "answered_by": report.decision if report.decision and report.decision.report_id != report.id else None,
        "pending": _pending(pending, asker),
    }


def pending_decision(report: Report) -> Decision:
    """The decision that waits for a second moderator. Raises ``Decision.DoesNotExist`` where none does."""
    return report.decisions.get(state=DecisionState.PENDING, part_of__isnull=True)


def _reporter(report: Report) -> str:
    """Who reported, as far as it matters: never a name or an address."""
    if report.reporter_id is not None:
        own = report.job is not None and report.job.owner_id == report.reporter_id
        return "by the owner of the video" if own else f"by {account_name(report.reporter_id)}"
    return "without an account, with an address for questions" if report.contact else "without an account"


def _pending(decision: Decision | None, asker: User) -> dict[str, Any] | None:
    if decision is None:
        return None
    videos = sum(one.items.count() for one in (decision, *decision.parts.all()))
    return {
        **decision_line(decision, asker),
        "own": decision.moderator_id == asker.pk,
        "videos": videos,
        "by": staff_name(decision.moderator, asker),
        "label": decision.label,
    }
