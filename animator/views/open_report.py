"""Reporting without an account, and following the report by its secret link."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from animator.conf import site_config
from animator.errors import SiteError, conflict
from animator.forms.decision import AppealForm
from animator.forms.open_report import OpenReportForm
from animator.models.appeal import AppealSide
from animator.models.file_check import FileCheck
from animator.models.report import Report, ReportReason
from animator.selectors.file_check import file_check
from animator.selectors.report import followed_report
from animator.services import rate
from animator.services.appeal import make_appeal
from animator.services.open_report import OpenReport, make_open_report, report_by_secret, send_receipt

#: What stands in the form for somebody who wants their photo blocked; they may change it.
BLOCK_REQUEST = (
    "The photo in this video shows me. I do not want it to be animated. Please take the video down and block the "
    "photo, so that it cannot be used here again."
)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def report_new(request: HttpRequest) -> HttpResponse:
    """The form; ``?check=<id>`` names a file that was checked at /verify/, ``?video=<number>`` a video."""
    check = _check(request)
    posted = request.method == "POST"
    form = OpenReportForm(request.POST if posted else None, initial=_prefilled(request))
    status = 200
    if posted and form.is_valid():
        try:
            rate.count("report", rate.visitor(request), site_config().reports_per_hour, 3600)
            wanted = OpenReport(**form.cleaned_data, job=check.job_ref if check is not None else None)
            report, secret = make_open_report(wanted)
        except SiteError as error:
            form.add_error("target" if error.code == "report_target_unknown" else None, f"{error.message} {error.hint}")
            status = error.status
        else:
            address = reverse("animator:report_follow", args=[secret])
            send_receipt(report, request.build_absolute_uri(address))
            return redirect(address)
    elif posted:
        status = 400
    context = {"form": form, "check": check, "known": check is not None and check.job_ref is not None}
    return render(request, "animator/report_new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def report_follow(request: HttpRequest, secret: str) -> HttpResponse:
    """The receipt, and what became of the report; POST appeals against its dismissal."""
    try:
        report = report_by_secret(secret)
    except Report.DoesNotExist:
        raise Http404 from None
    outcome = followed_report(report)
    form = AppealForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            if outcome["decision"] is None:
                raise conflict("nothing_to_appeal", "There is no decision yet.")
            make_appeal(outcome["decision"], AppealSide.REPORTER, form.cleaned_data["statement"])
        except SiteError as error:
            form.add_error(None, f"{error.message} {error.hint}")
        else:
            return redirect("animator:report_follow", secret)
    context = {"report": report, "outcome": outcome, "address": request.build_absolute_uri(), "form": form}
    return render(request, "animator/report_follow.html", context, status=400 if form.errors else 200)


def _prefilled(request: HttpRequest) -> dict[str, str]:
    """What a link has filled in: ``video``, ``reason``, and with ``block=1`` the wish to block the photo."""
    reason = request.GET.get("reason", "")
    return {
        "target": request.GET.get("video", "")[:500],
        "reason": reason if reason in ReportReason.values else "",
        "statement": BLOCK_REQUEST if request.GET.get("block") == "1" else "",
    }


def _check(request: HttpRequest) -> FileCheck | None:
    try:
        return file_check(UUID(request.GET.get("check", "")))
    except (ValueError, FileCheck.DoesNotExist):
        return None
