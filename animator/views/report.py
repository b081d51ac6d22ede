"""Reports: the archive, one report with everything needed to judge it, and a second moderator's word."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from animator.forms.decision import DecisionForm, ReasonsForm
from animator.models import Report
from animator.models.decision import Decision, DecisionState
from animator.models.item_lock import ItemKind
from animator.models.report import ReportState
from animator.rules import rule_about
from animator.selectors.case import pending_decision, report_case
from animator.selectors.item_lock import staff_name
from animator.selectors.moderation_queue import next_item
from animator.selectors.report import report_counts, report_for_moderator, reports_for_moderator
from animator.services import item_lock
from animator.services.decision import DEFAULT_LABEL, decide, second_opinion
from animator.views.moderator import moderators_only
from gpu_worker.errors import InputError

#: Reports on one page of the list.
PAGE_SIZE = 25


@require_safe
@moderators_only
def report_list(request: HttpRequest, user: User) -> HttpResponse:
    state = request.GET.get("state", ReportState.OPEN)
    if state not in ReportState.values:
        raise Http404
    page = Paginator(reports_for_moderator(user, state), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "animator/report_list.html",
        {"page": page, "state": state, "counts": report_counts(), "now": timezone.now()},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@moderators_only
def report_detail(request: HttpRequest, user: User, report_id: UUID) -> HttpResponse:
    """One report; opening it claims it, POST decides it."""
    report = report_for_moderator(user, report_id)
    case = report_case(report, user)
    form = DecisionForm(
        request.POST if request.method == "POST" else None,
        initial={"rule": rule_about(report.reason).number, "label": DEFAULT_LABEL, "days": 30},
        copies=[copy["id"] for copy in case["copies"]],
    )
    if request.method == "POST" and form.is_valid():
        try:
            decision = decide(user, report.id, form.ruling())
        except InputError as error:
            form.add_error(None, f"{error.message} {error.hint}")
        else:
            return _decided(request, user, decision)
    context = {**case, "form": form, "lock": _lock(request, user, report), "kind": ItemKind.REPORT.value}
    return render(request, "animator/report_detail.html", context, status=400 if form.errors else 200)


@require_POST
@moderators_only
def report_second(request: HttpRequest, user: User, report_id: UUID) -> HttpResponse:
    """A second moderator's word on the decision that waits for it."""
    report = report_for_moderator(user, report_id)
    pending = pending_decision(report)
    form = ReasonsForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose whether you agree.")
        return redirect("animator:report_detail", report.id)
    try:
        decision = second_opinion(
            user, pending.id, agrees=form.cleaned_data["agrees"] == "yes", reasons=form.cleaned_data["reasons"]
        )
    except InputError as error:
        messages.error(request, f"{error.message} {error.hint}")
        return redirect("animator:report_detail", report.id)
    return _decided(request, user, decision)


def _decided(request: HttpRequest, user: User, decision: Decision) -> HttpResponse:
    """On to the next item, or to the end of the queue."""
    if decision.state == DecisionState.PENDING:
        messages.info(request, f"{decision}: hidden now, and waits for a second moderator.")
    elif decision.state == DecisionState.REJECTED:
        messages.info(request, "Rejected: the report is back in the queue.")
    else:
        messages.success(request, f"Decided: {decision}.")
    following = next_item(user)
    return redirect(following.url if following is not None and request.POST.get("next") else "animator:moderation")


def _lock(request: HttpRequest, user: User, report: Report) -> dict[str, Any] | None:
    if report.state != ReportState.OPEN:
        return None
    lock = item_lock.claim(user, ItemKind.REPORT, report.id)
    return {"mine": lock.holder_id == user.pk, "holder": staff_name(lock.holder, user), "until": lock.expires_at}
