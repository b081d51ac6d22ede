"""Reading appeals: for moderators, and who must not decide one."""

from __future__ import annotations

from uuid import UUID

from accounts.models import User
from animator.models import Appeal
from animator.selectors.result import may_moderate


def appeal_for_moderator(user: User, appeal_id: UUID) -> Appeal:
    """One appeal. Raises ``Appeal.DoesNotExist`` for anybody who is no moderator."""
    appeals = Appeal.objects.all() if may_moderate(user) else Appeal.objects.none()
    return appeals.select_related("decision__report__job__result", "decision__subject", "hold__job", "hold__owner").get(
        id=appeal_id
    )


def deciders(appeal: Appeal) -> set[UUID]:
    """Everybody who took part in what is appealed against."""
    if appeal.hold is not None:
        people = [appeal.hold.decided_by_id]
    elif appeal.decision is not None:
        people = [appeal.decision.moderator_id, appeal.decision.second_moderator_id]
    else:
        people = []
    return {person for person in people if person is not None}
