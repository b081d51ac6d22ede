"""What the owner of a video is told that moderators hid, removed or marked."""

from __future__ import annotations

from typing import Any

from animator.models.decision import Decision, DecisionAction, DecisionState
from animator.models.job import Job
from animator.models.report import Report, ReportState
from animator.rules import rule_about
from animator.selectors.statement import statement, statement_path

#: Measures after which the owner cannot open the video.
_AWAY = (DecisionAction.HIDE, DecisionAction.REMOVE, DecisionAction.BLOCK)


def decision_about(job: Job, *actions: str) -> Decision | None:
    """The latest decision in force about a job with one of these measures."""
    found = Decision.objects.filter(items__job_ref=job.id, state=DecisionState.IN_FORCE, action__in=actions)
    return found.select_related("report").order_by("-created_at").first()


def removal_for_owner(job: Job) -> dict[str, Any] | None:
    """Why the job's video cannot be seen; None when it can. Never who reported it, nor in what words.

    ``{"final", "at", "reason", "rule", "facts", "automation", "measures", "due_at", "statement_url", "waits_for"}``;
    ``final`` is false while the decision is open; ``waits_for`` is then ``report``, ``second`` or ``quality``.
    """
    decision = decision_about(job, *_AWAY)
    result = getattr(job, "result", None)
    if decision is not None:
        said = statement(decision)
        return {**said, "final": True, "due_at": None, "statement_url": statement_path(decision), "waits_for": ""}
    review = getattr(job, "quality_review", None)
    if result is not None and result.removed_at is not None and review is not None:
        return {"final": True, "at": review.decided_at, "facts": review.reasons, "quality": True, "waits_for": ""}
    if result is None or result.hidden_at is None:
        return None
    waiting = Report.objects.filter(job_ref=job.id, state=ReportState.OPEN)
    urgent = waiting.filter(due_at__isnull=False).order_by("due_at").first()
    pending = Decision.objects.filter(items__job_ref=job.id, state=DecisionState.PENDING).first()
    about = urgent or (pending.report if pending is not None else None)
    return {
        "final": False,
        "at": result.hidden_at,
        "reason": about.get_reason_display() if about is not None else "",
        "rule": rule_about(about.reason) if about is not None else None,
        "facts": "",
        "due_at": urgent.due_at if urgent is not None else None,
        "waits_for": "report" if urgent is not None else "second" if pending is not None else "quality",
    }
