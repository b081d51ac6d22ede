"""The statement of reasons: what was done, on what facts, by whom or what, under which rule, and how to object."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from animator.models import Appeal, Decision, Hold, QualityReview, Report
from animator.models.appeal import APPEAL_TIME, AppealSide, AppealState
from animator.models.decision import LASTING, AccountAction, Automation, DecisionAction, DecisionState
from animator.models.hold import HoldOutcome
from animator.rules import Rule, rule

_SALT = "animator.statement"

_CONTENT = {
    DecisionAction.NO_ACTION: "Nothing is done to the video.",
    DecisionAction.LABEL: "The video is marked; whoever opens it reads the mark.",
    DecisionAction.HIDE: "The video is hidden: nobody but moderators can open it.",
    DecisionAction.REMOVE: "The video was removed and its files were erased.",
    DecisionAction.BLOCK: (
        "Every video from the photo was removed, their files and the photo were erased, and the photo is blocked: it "
        "cannot be used here again."
    ),
}
_ACCOUNT = {
    AccountAction.WARN: "You are warned. Your account is not limited.",
    AccountAction.LIMIT: "Your account is limited: you can make one video a day.",
    AccountAction.FREEZE: "Your account is frozen: you see everything of yours, but cannot make anything new.",
    AccountAction.SUSPEND: "Your account is suspended: you cannot sign in.",
}


def statement_token(target: Decision | Hold) -> str:
    """The key of a statement's page: good for reading it and for an appeal, without signing in."""
    return signing.Signer(salt=_SALT).sign_object([type(target).__name__, target.pk.hex])


def statement_target(token: str) -> Decision | Hold:
    """What a key opens. Raises ``Decision.DoesNotExist`` for no key of ours, and for what is not in force."""
    try:
        kind, key = signing.Signer(salt=_SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError):
        raise Decision.DoesNotExist from None
    if kind == "Hold":
        return Hold.objects.get(id=UUID(key), outcome=HoldOutcome.REFUSED)
    visible = (DecisionState.IN_FORCE, DecisionState.REVERSED)
    return Decision.objects.select_related("report", "subject").get(id=UUID(key), state__in=visible)


def statement_path(target: Decision | Hold) -> str:
    return reverse("animator:statement", args=[statement_token(target)])


def appeal_until(target: Decision | Hold) -> Any:
    """The end of the six months."""
    begun = target.decided_at if isinstance(target, Hold) else target.in_force_at or target.created_at
    return None if begun is None else begun + APPEAL_TIME


def owner_appeal(target: Decision | Hold) -> Appeal | None:
    """The appeal of the owner's side, if there is one."""
    return target.appeals.filter(side=AppealSide.OWNER).first()


def statement(target: Decision | Hold) -> dict[str, Any]:
    """For page and mail; never who reported, nor in what words.

    ``{"number", "at", "measures", "reason", "rule", "facts", "automation", "videos", "until", "ended_at", "reversed",
    "appeal", "appeal_until", "can_appeal"}``
    """
    appeal, last = owner_appeal(target), appeal_until(target)
    common: dict[str, Any] = {
        "number": target.id,
        "appeal": appeal,
        "appeal_until": last,
        "can_appeal": appeal is None and last is not None and timezone.now() <= last,
    }
    if isinstance(target, Hold):
        what = "The photo was refused and erased." if target.photo_ref else "The video was refused and is not made."
        return {
            **common,
            "at": target.decided_at,
            "measures": [what],
            "reason": target.told,
            "rule": _rule(target.rule),
            "facts": target.reasons,
            "automation": "A program stopped it, for the reason named. A person looked at it and decided.",
            "videos": [{"title": target.job.title if target.job else "", "ref": target.job_ref or target.photo_ref}],
            "until": None,
            "ended_at": None,
            "reversed": appeal is not None and appeal.state == AppealState.OVERTURNED,
        }
    decision = target
    return {
        **common,
        "at": decision.in_force_at or decision.created_at,
        "measures": measures(decision),
        "reason": decision.report.get_reason_display(),
        "rule": _rule(decision.rule),
        "facts": decision.reasons,
        "automation": Automation(decision.automation).label,
        "videos": [{"title": item.title, "ref": item.job_ref} for item in decision.items.all()],
        "until": decision.expires_at if decision.account_action in LASTING else None,
        "ended_at": decision.ended_at,
        "reversed": decision.state == DecisionState.REVERSED,
        "can_appeal": common["can_appeal"] and decision.restricts and decision.state == DecisionState.IN_FORCE,
    }


def statements_for(user: User) -> list[dict[str, Any]]:
    """Decisions and refusals that concern a user, latest first, each with the ``url`` of its page."""
    told = Decision.objects.filter(subject=user, state__in=(DecisionState.IN_FORCE, DecisionState.REVERSED))
    targets: list[Decision | Hold] = [one for one in told.select_related("report") if one.restricts]
    targets += Hold.objects.filter(owner=user, outcome=HoldOutcome.REFUSED).select_related("job")
    found = [{**statement(target), "url": statement_path(target)} for target in targets]
    return sorted(found, key=lambda said: said["at"], reverse=True)


def measures(decision: Decision) -> list[str]:
    """What was done, a sentence each."""
    sentences = []
    if decision.action != DecisionAction.NO_ACTION or not decision.account_action:
        sentences.append(_CONTENT[DecisionAction(decision.action)])
    if decision.account_action:
        sentences.append(_ACCOUNT[AccountAction(decision.account_action)])
    return sentences


def statement_text(decision: Decision | Hold) -> str:
    """The statement as a mail."""
    said = statement(decision)
    lines = [" ".join(said["measures"])]
    if said["until"]:
        lines.append(f"This holds until {said['until']:%-d %B %Y, %H:%M} UTC.")
    lines += [f"Video: {video['title'] or 'without a title'} (number {video['ref']})" for video in said["videos"]]
    lines.append(f"About: {said['reason']}")
    if said["rule"] is not None:
        lines.append(f"{said['rule'].clause}. {said['rule'].text}")
    lines += [f"The facts, in the moderator’s words:\n{said['facts']}", said["automation"]]
    if said["can_appeal"]:
        lines.append(
            f"If you think this is wrong, appeal until {said['appeal_until']:%-d %B %Y} on this page; it costs "
            f"nothing, and another moderator decides. You may also go to a court.\n{absolute(statement_path(decision))}"
        )
    lines.append(f"Number of the decision: {decision.id}")
    return "\n\n".join(lines)


def end_text(decision: Decision) -> str:
    """Told when a measure was lifted."""
    name = decision.get_account_action_display().lower()
    return (
        f"A moderator has ended a measure on your account before its time ({name}).\n\n{decision.end_reasons}\n\n"
        f"Number of the decision: {decision.id}"
    )


def report_answer_text(report: Report, decision: Decision) -> str:
    """What the sender of a report is told: measure and rule, not the words of the file."""
    broken = _rule(decision.rule)
    lines = ["Your report was decided by a moderator."]
    if decision.restricts:
        lines.append(_reporter_words(decision))
        if broken is not None:
            lines.append(f"{broken.clause}. {broken.text}")
    else:
        lines.append("No rule was found broken, and the video stays.")
        if report.follow_hash:
            lines.append(
                "If you think this is wrong, appeal within six months on the page of your report, whose secret address "
                "you were given. Another moderator decides. You may also go to a court."
            )
    lines.append(f"Number of the report: {report.id}")
    return "\n\n".join(lines)


def appeal_answer_text(appeal: Appeal) -> str:
    """Told to whoever appealed."""
    outcome = "The decision was reversed." if appeal.state == AppealState.OVERTURNED else "The decision stays."
    lines = [f"Another moderator has looked at your appeal. {outcome}", appeal.reasons]
    if appeal.outcome_note:
        lines.append(appeal.outcome_note)
    lines += ["You may also go to a court.", f"Number of the appeal: {appeal.id}"]
    return "\n\n".join(lines)


def quality_text(review: QualityReview) -> str:
    """Told when a red video is withdrawn: our fault, not the owner's."""
    return (
        f"A person looked at “{review.job.title}” and found it not good enough. That is our fault, not yours: the "
        f"video was withdrawn and does not count against your allowance.\n\n{review.reasons}\n\nNumber: {review.job_id}"
    )


def absolute(path: str) -> str:
    """A whole address for a mail."""
    return str(settings.SITE_URL).rstrip("/") + path


def _reporter_words(decision: Decision) -> str:
    words = {
        DecisionAction.NO_ACTION: "A measure was taken.",
        DecisionAction.LABEL: "The video was marked.",
        DecisionAction.HIDE: "The video was hidden: nobody but moderators can open it.",
        DecisionAction.REMOVE: "The video was removed.",
        DecisionAction.BLOCK: "The video was removed, and its photo is blocked.",
    }
    return words[DecisionAction(decision.action)]


def _rule(number: int | None) -> Rule | None:
    return None if number is None else rule(number)
