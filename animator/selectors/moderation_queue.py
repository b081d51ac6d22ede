"""Everything that waits for a moderator, in one line: what has a clock first, then the oldest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.urls import reverse

from accounts.models import User
from animator.models import Appeal, Decision, QualityReview, Report
from animator.models.appeal import AppealState
from animator.models.decision import DecisionState
from animator.models.item_lock import ItemKind
from animator.models.quality_review import ReviewState
from animator.models.report import ReportState
from animator.selectors.appeal import deciders
from animator.selectors.hold import holds_for_moderator
from animator.selectors.item_lock import account_name, locks
from animator.selectors.result import may_moderate

#: More of one kind than this are not listed at a time.
MOST = 200


@dataclass(frozen=True)
class QueueItem:
    """``due_at``: by when the law or a rule wants a decision; ``mine``: this moderator may decide it; ``holder``: who
    works on it now; ``note``: what it waits for besides."""

    kind: str
    id: UUID
    url: str
    title: str
    excerpt: str
    created_at: datetime
    due_at: datetime | None
    account: str
    holder: str
    note: str = ""
    mine: bool = True

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.id}"


def moderation_queue(user: User, kind: str = "") -> list[QueueItem]:
    """What waits, of one kind or of all; empty for anybody who is no moderator."""
    if not may_moderate(user):
        return []
    held = locks(user)
    items: list[QueueItem] = []
    for name, collect in _COLLECTORS.items():
        if kind in ("", name):
            items += collect(user, held)
    far = datetime.max.replace(tzinfo=items[0].created_at.tzinfo) if items else datetime.max
    return sorted(items, key=lambda item: (item.due_at or far, item.created_at))


def queue_counts() -> dict[str, int]:
    """How many of each kind wait, for the headings."""
    from animator.selectors.hold import hold_counts

    return {
        ItemKind.REPORT.value: Report.objects.filter(state=ReportState.OPEN).count(),
        ItemKind.HOLD.value: hold_counts()["open"],
        ItemKind.APPEAL.value: Appeal.objects.filter(state=AppealState.OPEN).count(),
        ItemKind.QUALITY.value: QualityReview.objects.filter(state=ReviewState.OPEN).count(),
    }


def next_item(user: User, after: str = "") -> QueueItem | None:
    """The next item that this moderator can take up: not locked by others, not waiting for somebody else."""
    free = [item for item in moderation_queue(user) if item.mine and item.holder in ("", "you") and item.key != after]
    return free[0] if free else None


def _reports(user: User, held: dict[tuple[str, UUID], str]) -> list[QueueItem]:
    reports = Report.objects.filter(state=ReportState.OPEN).select_related("job")
    reports = reports.order_by(F("due_at").asc(nulls_last=True), "created_at")[:MOST]
    waiting = Decision.objects.filter(state=DecisionState.PENDING, part_of__isnull=True)
    pending = dict(waiting.values_list("report_id", "moderator_id"))
    items = []
    for report in reports:
        proposer = pending.get(report.id)
        items.append(
            QueueItem(
                kind=ItemKind.REPORT,
                id=report.id,
                url=reverse("animator:report_detail", args=[report.id]),
                title=report.get_reason_display(),
                excerpt=report.statement,
                created_at=report.created_at,
                due_at=report.due_at,
                account=account_name(report.job.owner_id) if report.job is not None else "",
                holder=held.get((ItemKind.REPORT, report.id), ""),
                note="waits for a second moderator" if proposer is not None else "",
                mine=proposer != user.pk,
            )
        )
    return items


def _holds(user: User, held: dict[tuple[str, UUID], str]) -> list[QueueItem]:
    return [
        QueueItem(
            kind=ItemKind.HOLD,
            id=hold.id,
            url=reverse("animator:hold_detail", args=[hold.id]),
            title=hold.get_code_display(),
            excerpt=hold.told,
            created_at=hold.created_at,
            due_at=None,
            account=account_name(hold.owner_id),
            holder=held.get((ItemKind.HOLD, hold.id), ""),
        )
        for hold in holds_for_moderator(user)[:MOST]
    ]


def _appeals(user: User, held: dict[tuple[str, UUID], str]) -> list[QueueItem]:
    appeals = Appeal.objects.filter(state=AppealState.OPEN).select_related("decision", "hold")[:MOST]
    return [
        QueueItem(
            kind=ItemKind.APPEAL,
            id=appeal.id,
            url=reverse("animator:appeal_detail", args=[appeal.id]),
            title=f"Appeal: {appeal.decision or 'refused'}",
            excerpt=appeal.statement,
            created_at=appeal.created_at,
            due_at=None,
            account=account_name(_concerned(appeal)),
            holder=held.get((ItemKind.APPEAL, appeal.id), ""),
            note="you decided before: another moderator’s" if user.pk in deciders(appeal) else "",
            mine=user.pk not in deciders(appeal),
        )
        for appeal in appeals
    ]


def _concerned(appeal: Appeal) -> UUID | None:
    if appeal.decision is not None:
        return appeal.decision.subject_id
    return appeal.hold.owner_id if appeal.hold is not None else None


def _reviews(user: User, held: dict[tuple[str, UUID], str]) -> list[QueueItem]:
    reviews = QualityReview.objects.filter(state=ReviewState.OPEN).select_related("job")[:MOST]
    return [
        QueueItem(
            kind=ItemKind.QUALITY,
            id=review.id,
            url=reverse("animator:quality_detail", args=[review.id]),
            title="Quality: the certificate is red",
            excerpt="Held until somebody has looked." if review.held else "Delivered with a warning.",
            created_at=review.created_at,
            due_at=None,
            account=account_name(review.job.owner_id),
            holder=held.get((ItemKind.QUALITY, review.id), ""),
        )
        for review in reviews
    ]


_COLLECTORS = {
    ItemKind.REPORT.value: _reports,
    ItemKind.HOLD.value: _holds,
    ItemKind.APPEAL.value: _appeals,
    ItemKind.QUALITY.value: _reviews,
}
