"""Deciding a report: what happens to the video, its copies and the account; high-impact measures need two people.

Report, decision, effect, message and audit entry are five things. ``animator.services.effects`` carries out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from animator.errors import SiteError, conflict
from animator.models import Decision, DecisionItem, Job, Report
from animator.models.appeal import AppealSide, AppealState
from animator.models.decision import LASTING, AccountAction, Automation, DecisionAction, DecisionState
from animator.models.item_lock import ItemKind
from animator.models.report import ReportState
from animator.rules import RULES, rule_about
from animator.selectors.copies import copies_of
from animator.selectors.report import report_for_moderator
from animator.selectors.result import may_moderate
from animator.services import audit, effects, item_lock

#: Said on a video that is marked, unless the moderator writes something else.
DEFAULT_LABEL = "Our moderators have marked this video: it may mislead. The person never said this."


@dataclass(frozen=True)
class Ruling:
    """What a moderator decides. ``days``: how long the account's measure lasts, None until it is lifted; ``copies``:
    the other videos it holds for; ``label``: the words of the mark."""

    action: str
    reasons: str
    rule: int | None = None
    account_action: str = AccountAction.NONE
    days: int | None = None
    label: str = ""
    copies: tuple[UUID, ...] = ()


def decide(moderator: User, report_id: UUID, ruling: Ruling) -> Decision:
    """Decide a report, together with its copies if the ruling names any; each owner gets a decision of their own.

    It takes force at once, or, where it weighs heavily, when a second moderator agrees; what it is about stays hidden
    meanwhile. Raises ``Report.DoesNotExist`` for anybody who is no moderator, ``decision_unknown``,
    ``decision_without_reasons``, ``rule_unknown``, ``no_account_to_measure``, ``no_video_to_measure``, ``not_a_copy``,
    ``report_is_closed``, ``decision_pending``, ``item_locked`` or ``other_moderator_needed``.
    """
    report = report_for_moderator(moderator, report_id)
    _check(ruling)
    with transaction.atomic():
        report = Report.objects.select_for_update().get(id=report.id)
        _check_open(moderator, report)
        decisions = _write(moderator, report, ruling)
        main = decisions[0]
        if main.needs_second and settings.SECOND_MODERATOR:
            effects.hide_meanwhile(decisions)
            audit.record(moderator, "proposed", "report", report.id, decision=str(main.id), measure=main.action,
                         account=main.account_action, videos=_count(decisions))  # fmt: skip
        else:
            effects.put_in_force(decisions)
            _note_videos(moderator, decisions)
            audit.record(moderator, "decided", "report", report.id, decision=str(main.id), measure=main.action,
                         account=main.account_action, videos=_count(decisions))  # fmt: skip
        item_lock.release(moderator, ItemKind.REPORT, report.id)
    return Decision.objects.get(id=main.id)


def second_opinion(moderator: User, decision_id: UUID, *, agrees: bool, reasons: str = "") -> Decision:
    """A second moderator lets a decision take force, or sends the report back into the queue.

    Raises ``Decision.DoesNotExist`` for anybody who is no moderator, ``decision_not_pending``,
    ``other_moderator_needed``, ``item_locked`` or ``decision_without_reasons`` (for a refusal).
    """
    if not may_moderate(moderator):
        raise Decision.DoesNotExist
    if not agrees and not reasons.strip():
        raise SiteError("decision_without_reasons", "A decision needs its reasons.", "Say why.")
    with transaction.atomic():
        main = Decision.objects.select_for_update().get(id=decision_id, part_of__isnull=True)
        if main.state != DecisionState.PENDING:
            raise conflict("decision_not_pending", "This does not wait for a second moderator.", "Reload the page.")
        if main.moderator_id == moderator.pk:
            raise conflict("other_moderator_needed", "Somebody else has to look at this.", "Leave it to them.")
        item_lock.check_free(moderator, ItemKind.REPORT, main.report_id)
        decisions = [main, *main.parts.all()]
        Decision.objects.filter(id__in=[one.id for one in decisions]).update(
            second_moderator=moderator,
            second_reasons=reasons.strip(),
            **({} if agrees else {"state": DecisionState.REJECTED}),
        )
        if agrees:
            effects.put_in_force(decisions)
            _note_videos(moderator, decisions)
        else:
            effects.show_again([item.job_ref for one in decisions for item in one.items.all()])
        audit.record(moderator, "confirmed" if agrees else "rejected", "report", main.report_id,
                     decision=str(main.id))  # fmt: skip
        item_lock.release(moderator, ItemKind.REPORT, main.report_id)
    return Decision.objects.get(id=main.id)


def former_deciders(report: Report) -> set[UUID]:
    """Who must not decide a report again that an appeal has reopened."""
    if not report.decisions.filter(appeals__side=AppealSide.REPORTER, appeals__state=AppealState.OVERTURNED).exists():
        return set()
    people = report.decisions.values_list("moderator_id", "second_moderator_id")
    return {person for pair in people for person in pair if person is not None}


def _check(ruling: Ruling) -> None:
    if ruling.action not in DecisionAction.values or ruling.account_action not in AccountAction.values:
        raise SiteError("decision_unknown", "This is no known decision.", "Choose one of those offered.")
    if not ruling.reasons.strip():
        raise SiteError("decision_without_reasons", "A decision needs its reasons.", "Say why.")
    if ruling.rule is not None and ruling.rule not in {one.number for one in RULES}:
        raise SiteError("rule_unknown", "There is no such rule.", "Choose one of those offered.")


def _check_open(moderator: User, report: Report) -> None:
    if report.state != ReportState.OPEN:
        raise conflict("report_is_closed", "This report has been decided already.")
    if report.decisions.filter(state=DecisionState.PENDING).exists():
        raise conflict("decision_pending", "A decision waits for a second moderator.", "Reload the page.")
    item_lock.check_free(moderator, ItemKind.REPORT, report.id)
    if settings.SECOND_MODERATOR and moderator.pk in former_deciders(report):
        raise conflict("other_moderator_needed", "Somebody else has to look at this.", "Leave it to them.")


def _write(moderator: User, report: Report, ruling: Ruling) -> list[Decision]:
    """The decision to the owner of the reported video first, then one to each owner of a copy."""
    job = report.job
    if job is None and ruling.account_action:
        raise conflict("no_account_to_measure", "Nobody knows whose video this was.", "Choose no measure for it.")
    if job is None and ruling.action == DecisionAction.BLOCK:
        raise conflict("no_video_to_measure", "There is no video any more.", "Choose another decision.")
    restricts = ruling.action != DecisionAction.NO_ACTION or bool(ruling.account_action)
    urgent = report.due_at is not None
    common = {
        "report": report,
        "moderator": moderator,
        "action": ruling.action,
        "reasons": ruling.reasons.strip(),
        "rule": (ruling.rule or rule_about(report.reason).number) if restricts else None,
        "label": (ruling.label.strip() or DEFAULT_LABEL) if ruling.action == DecisionAction.LABEL else "",
        "state": DecisionState.PENDING,
    }
    lasts = ruling.account_action in LASTING and ruling.days is not None
    main = Decision.objects.create(
        subject=None if job is None else job.owner,
        account_action=ruling.account_action,
        expires_at=timezone.now() + timedelta(days=ruling.days or 0) if lasts else None,
        automation=Automation.URGENT_HIDE if urgent else Automation.NONE,
        **common,
    )
    if job is None:
        if report.job_ref is not None:
            DecisionItem.objects.create(decision=main, job_ref=report.job_ref)
        return [main]
    decisions = {job.owner_id: main}
    for one in (job, *_copies(job, ruling)):
        if one.owner_id not in decisions:
            decisions[one.owner_id] = Decision.objects.create(
                subject=one.owner, part_of=main, automation=Automation.COPY, **common
            )
        _add_item(decisions[one.owner_id], one)
    return list(decisions.values())


def _copies(job: Job, ruling: Ruling) -> list[Job]:
    wanted = set(ruling.copies)
    found = list(copies_of(job).filter(id__in=wanted))
    if {one.id for one in found} != wanted:
        raise conflict("not_a_copy", "One of the videos is no copy of this one any more.", "Reload the page.")
    if ruling.action == DecisionAction.BLOCK:
        # Erasing the photo takes every video of it along: their owner's statement names them all.
        photos = {job.photo_id, *(one.photo_id for one in found)}
        known = {job.id, *(one.id for one in found)}
        found += Job.objects.filter(photo__in=photos, erased_at__isnull=True).exclude(id__in=known)
    return found


def _add_item(decision: Decision, job: Job) -> None:
    DecisionItem.objects.get_or_create(decision=decision, job_ref=job.id, defaults={"job": job, "title": job.title})


def _note_videos(moderator: User, decisions: list[Decision]) -> None:
    """An entry for each video, so that the log can be searched by it."""
    for item in DecisionItem.objects.filter(decision__in=decisions).select_related("decision"):
        audit.record(moderator, item.decision.action, "job", item.job_ref, decision=str(item.decision_id))


def _count(decisions: list[Decision]) -> int:
    return DecisionItem.objects.filter(decision__in=decisions).count()
