"""Does this file come from here? A page for everybody."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from animator.conf import site_config


@require_safe
@ensure_csrf_cookie
def verify(request: HttpRequest) -> HttpResponse:
    return render(request, "animator/verify.html", {"max_bytes": site_config().max_verify_bytes})
