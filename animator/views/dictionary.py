"""The page of the user's own pronunciations."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from animator.api.user import signed_in_user
from animator.selectors.language import languages_payload
from animator.selectors.pronunciation import pronunciation_payload, pronunciations


@require_safe
@login_required
@ensure_csrf_cookie
def dictionary(request: HttpRequest) -> HttpResponse:
    context = {
        "entries": [pronunciation_payload(entry) for entry in pronunciations(signed_in_user(request))],
        "languages": languages_payload(),
    }
    return render(request, "animator/dictionary.html", context)
