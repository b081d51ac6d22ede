"""Appeals: made within six months, decided by a moderator who has not decided before."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from animator.errors import SiteError, conflict
from animator.models import Appeal, Decision, Hold, Job, Report
from animator.models.appeal import AppealSide, AppealState
from animator.models.decision import DecisionState
from animator.models.item_lock import ItemKind
from animator.models.job import JobState
from animator.models.report import ReportState
from animator.selectors.appeal import appeal_for_moderator, deciders
from animator.selectors.statement import appeal_until
from animator.services import audit, effects, item_lock, notice
from animator.services.report import hide_if_urgent, urgent_until

#: Longest statement of an appeal, characters.
MAX_STATEMENT = 4000


def make_appeal(target: Decision | Hold, side: str, statement: str, user: User | None = None) -> Appeal:
    """Appeal against a decision or a refusal, once.

    Raises ``appeal_without_statement``, ``statement_too_long``, ``appeal_too_late``, ``nothing_to_appeal`` or
    ``appealed_already``.
    """
    if not statement.strip():
        raise SiteError("appeal_without_statement", "Please say why the decision is wrong.", "One sentence is enough.")
    if len(statement) > MAX_STATEMENT:
        raise SiteError("statement_too_long", f"At most {MAX_STATEMENT} characters, please.", "Shorten the statement.")
    last = appeal_until(target)
    if last is None or timezone.now() > last:
        raise conflict("appeal_too_late", "The six months in which one can appeal are over.")
    if isinstance(target, Decision) and not _can_be_appealed(target, side):
        raise conflict("nothing_to_appeal", "This decision restricts nothing that could be appealed.")
    against = {"hold": target} if isinstance(target, Hold) else {"decision": target}
    try:
        with transaction.atomic():
            appeal = Appeal.objects.create(side=side, statement=statement.strip(), **against)
    except IntegrityError:
        raise conflict("appealed_already", "There is an appeal already.", "One can appeal once.") from None
    kind = "hold" if isinstance(target, Hold) else "decision"
    audit.record(user, "appealed", kind, target.id, appeal=str(appeal.id), side=side)
    return appeal


def decide_appeal(moderator: User, appeal_id: UUID, *, overturn: bool, reasons: str) -> Appeal:
    """Uphold the decision, or reverse it and restore what can be restored. A dismissed report is opened again.

    Raises ``Appeal.DoesNotExist`` for anybody who is no moderator, ``decision_without_reasons``, ``appeal_is_decided``,
    ``item_locked`` or ``other_moderator_needed``.
    """
    appeal = appeal_for_moderator(moderator, appeal_id)
    if not reasons.strip():
        raise SiteError("decision_without_reasons", "A decision needs its reasons.", "Say why.")
    with transaction.atomic():
        appeal = Appeal.objects.select_for_update().get(id=appeal.id)
        if appeal.state != AppealState.OPEN:
            raise conflict("appeal_is_decided", "This appeal has been decided already.")
        if settings.SECOND_MODERATOR and moderator.pk in deciders(appeal):
            raise conflict("other_moderator_needed", "Somebody else has to look at this.", "Leave it to them.")
        item_lock.check_free(moderator, ItemKind.APPEAL, appeal.id)
        appeal.state = AppealState.OVERTURNED if overturn else AppealState.UPHELD
        appeal.moderator, appeal.reasons, appeal.decided_at = moderator, reasons.strip(), timezone.now()
        appeal.outcome_note = _restore(appeal, moderator) if overturn else ""
        appeal.save()
        notice.tell_appellant(appeal, _address(appeal))
        audit.record(moderator, "appeal_decided", "appeal", appeal.id, outcome=appeal.state)
        item_lock.release(moderator, ItemKind.APPEAL, appeal.id)
    return appeal


def _can_be_appealed(decision: Decision, side: str) -> bool:
    if side == AppealSide.OWNER:
        return decision.state == DecisionState.IN_FORCE and decision.restricts
    return decision.state == DecisionState.IN_FORCE and not decision.restricts


def _restore(appeal: Appeal, moderator: User) -> str:
    if appeal.hold is not None:
        return _restore_hold(appeal.hold)
    decision = appeal.decision
    if decision is None:
        return ""
    if appeal.side == AppealSide.OWNER:
        return effects.undo(decision, moderator)
    report = decision.report
    Decision.objects.filter(id=decision.id).update(state=DecisionState.REVERSED)
    Report.objects.filter(id=report.id).update(
        state=ReportState.OPEN, decided_at=None, decision=None, due_at=urgent_until(report.reason)
    )
    report.refresh_from_db()
    hide_if_urgent(report)
    return "The report is open again; another moderator decides it anew."


def _restore_hold(hold: Hold) -> str:
    """What was refused is made after all, where its photo is still there."""
    if hold.job_id is None:
        return "What was refused had been erased. You can bring it again."
    Job.objects.filter(id=hold.job_id, state=JobState.FAILED, error_code="refused_by_moderator").update(
        error_code="refusal_reversed",
        error_message="The refusal was reversed on appeal.",
        error_hint="You can have the video made now.",
        updated_at=timezone.now(),
    )
    return "You can have the video made now, on its page."


def _address(appeal: Appeal) -> str:
    if appeal.hold is not None:
        return appeal.hold.owner.email if appeal.hold.owner is not None else ""
    decision = appeal.decision
    if decision is None:
        return ""
    if appeal.side == AppealSide.OWNER:
        return decision.subject.email if decision.subject is not None else ""
    return decision.report.contact or (decision.report.reporter.email if decision.report.reporter else "")
