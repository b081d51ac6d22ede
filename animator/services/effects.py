"""What a decision does: to videos, to the account, to the reports that it answers; and undoing it on appeal."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from animator.models import Decision, DecisionItem, Job, Photo, Report, Result
from animator.models.decision import AccountAction, DecisionAction, DecisionState
from animator.models.erasure import Why
from animator.models.job import ACTIVE_STATES
from animator.models.report import ReportState
from animator.models.upload import UploadState
from animator.services import notice
from animator.services.announcing import announce
from animator.services.erasure import erase_job_output, erase_photo_and_derived
from animator.services.evidence import is_evidence
from animator.services.job import finish_deletion, stop_job
from animator.services.photo_blocking import block_photo, unblock


def hide_meanwhile(decisions: list[Decision]) -> None:
    """Nobody but moderators sees what a decision is about while it waits for a second moderator."""
    jobs = _jobs(decisions)
    Result.objects.filter(job_id__in=jobs, hidden_at__isnull=True, removed_at__isnull=True).update(
        hidden_at=timezone.now()
    )
    _announce(jobs)


def put_in_force(decisions: list[Decision]) -> None:
    """Carry out decisions that were made together, the first being the one to the owner of the reported video.

    Call it in a transaction. Whoever is concerned gets a message once that is through.
    """
    now = timezone.now()
    main = decisions[0]
    Decision.objects.filter(id__in=[one.id for one in decisions]).update(state=DecisionState.IN_FORCE, in_force_at=now)
    was_hidden = Result.objects.filter(job_id__in=_jobs(decisions), hidden_at__isnull=False).exists()
    closed = _close_reports(main, decisions)
    for decision in decisions:
        decision.refresh_from_db()
        for item in decision.items.select_related("job__photo", "job__speech"):
            _apply(decision, item)
        if decision.account_action in (AccountAction.FREEZE, AccountAction.SUSPEND) and decision.subject is not None:
            for job in Job.objects.filter(owner=decision.subject, state__in=ACTIVE_STATES):
                stop_job(job)
        if decision.restricts or was_hidden:
            notice.tell_owner(decision)
    jobs = _jobs(decisions)
    show_again(jobs)
    for report in closed:
        notice.tell_reporter(report, main)
    _finish_deletions(jobs)


def show_again(job_refs: list[UUID]) -> None:
    """Show what was hidden only until a decision, unless another urgent report or decision still waits for it."""
    for job_ref in job_refs:
        if not is_evidence(job_ref) and not _withheld(job_ref):
            Result.objects.filter(job_id=job_ref).update(hidden_at=None)
    _announce(job_refs)


def undo(decision: Decision, moderator: User) -> str:
    """Reverse a decision on appeal, as far as possible; says in sentences what came back and what did not."""
    now = timezone.now()
    Decision.objects.filter(id=decision.id, state=DecisionState.IN_FORCE).update(state=DecisionState.REVERSED)
    said = []
    jobs = [item.job_ref for item in decision.items.all()]
    results = Result.objects.filter(job_id__in=jobs)
    if decision.action == DecisionAction.LABEL:
        results.update(label="")
        said.append("The mark was taken off the video.")
    elif decision.action == DecisionAction.HIDE:
        back = results.filter(removed_at__isnull=False).update(removed_at=None)
        said.append(
            "The video can be seen again."
            if back
            else "The video had been deleted meanwhile and cannot be brought back."
        )
    elif decision.action == DecisionAction.REMOVE:
        said.append("The video had been erased and cannot be brought back. You can make it again.")
    elif decision.action == DecisionAction.BLOCK:
        unblock(decision.id, moderator)
        said.append(
            "The photo is not blocked any more. The photo and its videos had been erased and cannot be brought back."
        )
    if decision.account_action == AccountAction.WARN:
        said.append("The warning was withdrawn.")
    elif decision.account_action:
        Decision.objects.filter(id=decision.id, ended_at__isnull=True).update(ended_at=now)
        said.append("The measure on your account has ended.")
    _announce(jobs)
    return " ".join(said)


def _apply(decision: Decision, item: DecisionItem) -> None:
    job = item.job
    if job is None:
        return
    results = Result.objects.filter(job_id=job.id)
    if decision.action == DecisionAction.LABEL:
        results.update(label=decision.label)
    elif decision.action == DecisionAction.HIDE:
        results.filter(removed_at__isnull=True).update(removed_at=timezone.now())
        results.update(hidden_at=None)
    elif decision.action == DecisionAction.REMOVE:
        erase_job_output(job, Why.MODERATION)
    elif decision.action == DecisionAction.BLOCK:
        photo = Photo.objects.filter(id=job.photo_id).exclude(state=UploadState.ERASED).first()
        if photo is not None:
            block_photo(photo, decision.moderator, decision.reasons, decision.id)
            erase_photo_and_derived(photo, Why.BLOCKED)


def _close_reports(main: Decision, decisions: list[Decision]) -> list[Report]:
    """Answer the report, and every other open one that the decision answers too; returns those that were open."""
    restricts = main.restricts
    asked = Q(id=main.report_id)
    if main.action != DecisionAction.NO_ACTION:
        asked |= Q(job_ref__in=_jobs(decisions))
    elif len(_jobs(decisions)) > 1:
        asked |= Q(job_ref__in=[ref for ref in _jobs(decisions) if ref != main.report.job_ref])
    reports = list(Report.objects.filter(asked, state=ReportState.OPEN).select_related("reporter"))
    state = ReportState.UPHELD if restricts else ReportState.DISMISSED
    Report.objects.filter(id__in=[report.id for report in reports]).update(
        state=state, decided_at=timezone.now(), decision=main
    )
    return reports


def _withheld(job_ref: UUID) -> bool:
    """Whether a video waits for a look at its quality."""
    return Result.objects.filter(job_id=job_ref, job__quality_review__held=True,
                                 job__quality_review__state="open").exists()  # fmt: skip


def _finish_deletions(jobs: list[UUID]) -> None:
    """What its owner deleted while it was evidence goes now."""
    for job in Job.objects.filter(id__in=jobs, owner_deleted_at__isnull=False):
        if not is_evidence(job.id):
            finish_deletion(job)


def _jobs(decisions: list[Decision]) -> list[UUID]:
    return list(DecisionItem.objects.filter(decision__in=decisions).values_list("job_ref", flat=True))


def _announce(job_refs: list[UUID]) -> None:
    for job_ref in job_refs:
        transaction.on_commit(lambda ref=job_ref: announce(ref))  # type: ignore[misc]  # bound at once
