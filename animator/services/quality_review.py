"""A person looks at videos that their certificate calls red; the owner gets them with a warning, or after the look."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from animator.errors import SiteError, conflict
from animator.models import QualityReview, Result
from animator.models.item_lock import ItemKind
from animator.models.quality_review import ReviewState
from animator.selectors.result import may_moderate
from animator.services import audit, item_lock, notice, quota
from animator.services.announcing import announce
from animator.services.effects import show_again


def review_if_red(result: Result) -> QualityReview | None:
    """List a red video for a human look, and hold it back meanwhile if the operator wants so. In a transaction."""
    if result.verdict != "red":
        return None
    held = settings.RED_VIDEOS == "hold"
    if held:
        Result.objects.filter(job_id=result.job_id).update(hidden_at=timezone.now())
    review, made = QualityReview.objects.get_or_create(job_id=result.job_id, defaults={"held": held})
    if not made:
        QualityReview.objects.filter(id=review.id).update(
            state=ReviewState.OPEN, held=held, moderator=None, reasons="", decided_at=None
        )
    return review


def review_for_moderator(user: User, review_id: UUID) -> QualityReview:
    """One review. Raises ``QualityReview.DoesNotExist`` for anybody who is no moderator."""
    reviews = QualityReview.objects.all() if may_moderate(user) else QualityReview.objects.none()
    return reviews.select_related("job__result", "job__speech", "job__owner").get(id=review_id)


def decide_review(moderator: User, review_id: UUID, *, keep: bool, reasons: str = "") -> QualityReview:
    """Good enough: shown if it was held. Not good enough: withdrawn, hidden, and the allowance given back.

    Raises ``QualityReview.DoesNotExist``, ``review_is_decided``, ``decision_without_reasons`` (for a withdrawal) or
    ``item_locked``.
    """
    review = review_for_moderator(moderator, review_id)
    if not keep and not reasons.strip():
        raise SiteError("decision_without_reasons", "A decision needs its reasons.", "Say why.")
    with transaction.atomic():
        item_lock.check_free(moderator, ItemKind.QUALITY, review.id)
        changed = QualityReview.objects.filter(id=review.id, state=ReviewState.OPEN).update(
            state=ReviewState.KEPT if keep else ReviewState.WITHDRAWN,
            moderator=moderator,
            reasons=reasons.strip(),
            decided_at=timezone.now(),
        )
        if changed != 1:
            raise conflict("review_is_decided", "This video has been looked at already.")
        review.refresh_from_db()
        if keep:
            show_again([review.job_id])
        else:
            Result.objects.filter(job_id=review.job_id, removed_at__isnull=True).update(removed_at=timezone.now())
            quota.refund_made(review.job_id)
            notice.tell_of_withdrawal(review)
        audit.record(moderator, "quality_kept" if keep else "quality_withdrawn", "job", review.job_id)
        item_lock.release(moderator, ItemKind.QUALITY, review.id)
        transaction.on_commit(lambda: announce(review.job_id))
    return review
