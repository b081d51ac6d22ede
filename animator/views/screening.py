"""The administrators' page for screening: what is in force, and a text to try it on."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from animator.api.user import signed_in_user
from animator.forms.screening import TrialForm
from animator.selectors.screening import photo_screening_state, rules_overview, screen_text


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def screening(request: HttpRequest) -> HttpResponse:
    """POST tries a text; nothing of it is kept."""
    if not signed_in_user(request).is_administrator:
        raise PermissionDenied
    form = TrialForm(request.POST if request.method == "POST" else None)
    verdict = None
    if request.method == "POST" and form.is_valid():
        verdict = screen_text(form.cleaned_data["text"], form.cleaned_data["language"])
    context = {"form": form, "verdict": verdict, "rules": rules_overview(), "photos": photo_screening_state()}
    return render(request, "animator/screening.html", context, status=400 if form.errors else 200)
