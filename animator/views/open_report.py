"""Reporting without an account, and following the report by its secret link."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from animator.conf import site_config
from animator.errors import SiteError
from animator.forms.open_report import OpenReportForm
from animator.models.file_check import FileCheck
from animator.models.report import Report
from animator.selectors.file_check import file_check
from animator.selectors.report import followed_report
from animator.services import rate
from animator.services.open_report import OpenReport, make_open_report, report_by_secret, send_receipt


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def report_new(request: HttpRequest) -> HttpResponse:
    """The form; ``?check=<id>`` names a file that was checked at /verify/, ``?video=<number>`` a video."""
    check = _check(request)
    posted = request.method == "POST"
    form = OpenReportForm(request.POST if posted else None, initial={"target": request.GET.get("video", "")})
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


@require_safe
@never_cache
def report_follow(request: HttpRequest, secret: str) -> HttpResponse:
    """The receipt, and what became of the report."""
    try:
        report = report_by_secret(secret)
    except Report.DoesNotExist:
        raise Http404 from None
    context = {
        "report": report,
        "outcome": followed_report(report),
        "address": request.build_absolute_uri(),
    }
    return render(request, "animator/report_follow.html", context)


def _check(request: HttpRequest) -> FileCheck | None:
    try:
        return file_check(UUID(request.GET.get("check", "")))
    except (ValueError, FileCheck.DoesNotExist):
        return None
