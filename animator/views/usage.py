"""Administrators' pages: who uses what, what is left, and giving more."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from animator.api.user import signed_in_user
from animator.charts import bar_chart
from animator.forms.allowance import GrantForm, LimitsForm
from animator.models import Grant
from animator.selectors import usage
from animator.selectors.quota import limits_for
from animator.services import plan
from gpu_worker.errors import InputError

#: Bytes in what charts of storage count.
MEGABYTE = 1024 * 1024


@require_safe
@login_required
@never_cache
def usage_overview(request: HttpRequest) -> HttpResponse:
    """The whole site: by day, by user, by plan, failures, the queue at this moment."""
    _administrator(request)
    span = _span(request)
    days, lines, failures = usage.use_by_day(span), usage.use_by_user(span), usage.failures_by_code(span)
    names = [f"{day.day:%d %b}" for day in days]
    charts = [
        bar_chart("Videos begun", "videos", list(zip(names, [day.videos for day in days], strict=True))),
        bar_chart("Minutes of video", "minutes", list(zip(names, [day.minutes for day in days], strict=True))),
        bar_chart("Median wait in the queue", "s", list(zip(names, [day.wait_s or 0 for day in days], strict=True))),
        bar_chart("Failures by code", "videos", failures[:8]),
        bar_chart(
            "Storage of those who use most", "MB",
            [(_short(line.user), round(line.stored_bytes / MEGABYTE, 1))
             for line in sorted(lines, key=lambda line: -line.stored_bytes)[:8]],
        ),
    ]  # fmt: skip
    context = {
        "span": span,
        "spans": usage.SPANS,
        "days": list(reversed(days)),
        "lines": lines,
        "plans": usage.use_by_plan(lines),
        "failures": failures,
        "charts": charts,
        "queue": usage.queue_now(),
    }
    return render(request, "animator/usage_overview.html", context)


@require_safe
@login_required
@never_cache
def usage_export(request: HttpRequest, table: str) -> HttpResponse:
    """One of the tables as CSV."""
    _administrator(request)
    span = _span(request)
    if table == "days":
        head: Sequence[str] = ("day", "videos", "minutes", "uploads", "failed", "median_wait_s")
        rows: Iterable[Sequence[object]] = (
            (one.day, one.videos, one.minutes, one.uploads, one.failed, "" if one.wait_s is None else one.wait_s)
            for one in usage.use_by_day(span)
        )
    elif table == "users":
        head = ("user", "email", "plan", "videos", "minutes", "failed", "stored_bytes", "videos_left_today",
                "minutes_left", "storage_left_bytes")  # fmt: skip
        rows = (
            (one.user.id, _cell(one.user.email), _cell(one.plan), one.videos, one.minutes, one.failed,
             one.stored_bytes, one.videos_left_today, one.minutes_left, one.storage_left_bytes)
            for one in usage.use_by_user(span)
        )  # fmt: skip
    elif table == "failures":
        head, rows = ("code", "videos"), usage.failures_by_code(span)
    else:
        raise Http404
    name = f"picturetalk-{table}-{span}-days.csv"
    response = HttpResponse(
        content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
    writer = csv.writer(response)
    writer.writerow(head)
    writer.writerows(rows)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def usage_user(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """One user: use, what is left, plan and own limits; POST sets these."""
    administrator = _administrator(request)
    user = get_object_or_404(User, id=user_id)
    span = _span(request)
    form = LimitsForm(request.POST if request.method == "POST" else None, instance=usage.own_limits(user))
    if request.method == "POST" and form.is_valid():
        plan.set_limits(administrator, user, form.cleaned_data["plan"], form.own())
        messages.success(request, "The limits are set.")
        return redirect("animator:usage_user", user.id)
    return _user_page(request, user, span, form, GrantForm(), 400 if form.errors else 200)


@require_POST
@login_required
def usage_grant(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """Give something beside the plan."""
    administrator = _administrator(request)
    user = get_object_or_404(User, id=user_id)
    form = GrantForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            plan.give(administrator, user, given["unit"], given["amount"], given["note"], given["last_day"])
        except InputError as error:
            form.add_error(None, f"{error.message} {error.hint}")
        else:
            messages.success(request, "Given.")
            return redirect("animator:usage_user", user.id)
    return _user_page(request, user, _span(request), LimitsForm(instance=usage.own_limits(user)), form, 400)


@require_POST
@login_required
def usage_grant_revoke(request: HttpRequest, user_id: UUID, grant_id: int) -> HttpResponse:
    """Take back what is left of a grant."""
    administrator = _administrator(request)
    user = get_object_or_404(User, id=user_id)
    try:
        plan.revoke(administrator, user, grant_id)
    except Grant.DoesNotExist:
        raise Http404 from None
    except InputError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "Taken back.")
    return redirect("animator:usage_user", user.id)


def _user_page(
    request: HttpRequest, user: User, span: int, form: LimitsForm, grant_form: GrantForm, status: int
) -> HttpResponse:
    context = {
        "person": user,
        "span": span,
        "spans": usage.SPANS,
        "line": usage.use_of_user(user, span),
        "limits": limits_for(user),
        "form": form,
        "grant_form": grant_form,
        "grants": usage.grants_of(user),
        "ledger": usage.ledger_of(user),
    }
    return render(request, "animator/usage_user.html", context, status=status)


def _administrator(request: HttpRequest) -> User:
    user = signed_in_user(request)
    if not usage.may_see_usage(user):
        raise PermissionDenied
    return user


def _span(request: HttpRequest) -> int:
    given = request.GET.get("days", "")
    return int(given) if given in {str(span) for span in usage.SPANS} else usage.SPANS[1]


def _short(user: User) -> str:
    return user.email.split("@")[0][:12]


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
