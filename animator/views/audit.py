"""The audit log for administrators: search, check, export."""

from __future__ import annotations

import io
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from animator.api.user import signed_in_user
from animator.audit_chain import write_csv, write_jsonl
from animator.forms.audit import AuditForm
from animator.selectors.audit import AuditSearch, audit_entries, audit_head, links, verify_log
from animator.services import audit

#: Entries on one page.
PAGE_SIZE = 50
#: How an exported file is called and what it is.
KINDS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson; charset=utf-8"}


@require_safe
@login_required
@never_cache
def audit_list(request: HttpRequest) -> HttpResponse:
    """The search; ``?check=1`` follows the whole chain as well."""
    user = _administrator(request)
    form = AuditForm(request.GET)
    search = form.search() if form.is_valid() else AuditSearch()
    page = Paginator(audit_entries(user, search), PAGE_SIZE).get_page(request.GET.get("page"))
    asked = {name: value for name, value in request.GET.items() if value and name not in ("page", "check")}
    context = {
        "form": form,
        "page": page,
        "query": urlencode(asked),
        "search": search,
        "head": audit_head(),
        "verification": verify_log() if request.GET.get("check") == "1" else None,
    }
    return render(request, "animator/audit_list.html", context, status=200 if form.is_valid() else 400)


@require_safe
@login_required
@never_cache
def audit_export(request: HttpRequest, kind: str) -> HttpResponse:
    """What the search matches as a file that ``manage.py audit verify FILE`` can check; that it was taken is noted."""
    user = _administrator(request)
    if kind not in KINDS:
        raise Http404
    form = AuditForm(request.GET)
    search = form.search() if form.is_valid() else AuditSearch()
    entries = links(audit_entries(user, search))
    out = io.StringIO(newline="")
    if kind == "csv":
        write_csv(entries, out)
    else:
        out.writelines(write_jsonl(entries))
    response = HttpResponse(out.getvalue(), content_type=KINDS[kind])
    part = "-part" if search.narrows else ""
    response["Content-Disposition"] = f'attachment; filename="audit{part}-{timezone.now():%Y-%m-%d}.{kind}"'
    if request.method == "GET":
        audit.record(user, "exported", "audit", kind, part=search.narrows)
    return response


def _administrator(request: HttpRequest) -> User:
    user = signed_in_user(request)
    if not user.is_administrator:
        raise PermissionDenied
    return user
