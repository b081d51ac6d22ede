"""What is reported as urgent is not lost because its owner deletes it first.

The deletion is recorded and counts for the owner at once; the file stays, hidden, until a moderator has decided.
"""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from animator.models import Decision, Report
from animator.models.decision import DecisionState
from animator.models.report import ReportState


def is_evidence(job_id: UUID) -> bool:
    """Whether an urgent report or a decision before a second moderator waits for this video."""
    waiting = Report.objects.filter(job_ref=job_id, state=ReportState.OPEN)
    pending = Decision.objects.filter(state=DecisionState.PENDING, items__job_ref=job_id)
    return waiting.filter(Q(due_at__isnull=False)).exists() or pending.exists()
