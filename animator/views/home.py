"""The landing page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from animator.selectors.language import languages_payload


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "animator/home.html", {"languages": languages_payload()})
