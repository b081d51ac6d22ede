"""The moderators' pages."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from animator.api.user import signed_in_user
from animator.forms.decision import DecisionForm
from animator.models.report import Report, ReportState
from animator.rules import rule_about
from animator.selectors.report import report_counts, report_for_moderator, reported_job, reports_for_moderator
from animator.selectors.result import may_moderate, result_payload
from animator.services.report import decide
from gpu_worker.errors import InputError

#: Reports on one page of the list.
PAGE_SIZE = 25


@require_safe
@login_required
def report_list(request: HttpRequest) -> HttpResponse:
    user = _moderator(request)
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
@login_required
def report_detail(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """One report; POST decides it."""
    user = _moderator(request)
    try:
        report = report_for_moderator(user, report_id)
    except Report.DoesNotExist:
        raise Http404 from None
    form = DecisionForm(
        request.POST if request.method == "POST" else None, initial={"rule": rule_about(report.reason).number}
    )
    if request.method == "POST" and form.is_valid():
        try:
            decision = decide(
                user, report.id, form.cleaned_data["action"], form.cleaned_data["reasons"], form.cleaned_data["rule"]
            )
        except InputError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"Decided: {decision.get_action_display()}.")
            return redirect("animator:report_list")
    job = report.job
    result = getattr(job, "result", None)
    context = {
        "report": report,
        "job": reported_job(report),
        "result": result_payload(result, user) if result is not None else None,
        "consent": job.consent if job is not None else None,
        "decisions": report.decisions.select_related("moderator"),
        "form": form,
    }
    return render(request, "animator/report_detail.html", context, status=400 if form.errors else 200)


def _moderator(request: HttpRequest) -> User:
    user = signed_in_user(request)
    if not may_moderate(user):
        raise PermissionDenied
    return user
