"""The administrators' page of engines: what each worker machine can run, models on disk, and who may stand in."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from animator.api.user import signed_in_user
from animator.errors import SiteError
from animator.selectors import engines
from animator.services.engine_measuring import ask_for_measuring
from animator.services.engine_switch import set_fallback


@require_safe
@login_required
@never_cache
def engine_overview(request: HttpRequest) -> HttpResponse:
    """Nothing is measured or loaded for this page: it shows what workers reported."""
    _administrator(request)
    machines = engines.machines()
    context = {
        "machines": machines,
        "own_engines": [] if machines else engines.own_engines(),
        "switches": engines.switches(),
        "models": engines.models_on_disk(),
        "commercial_only": engines.only_commercial_models(),
        "fallbacks": engines.latest_fallbacks(),
    }
    return render(request, "animator/engines.html", context)


@require_POST
@login_required
def engine_switch(request: HttpRequest) -> HttpResponse:
    """Allow or forbid that another engine stands in."""
    administrator = _administrator(request)
    allowed = request.POST.get("fallback") == "allow"
    try:
        row = set_fallback(administrator, request.POST.get("engine", ""), allowed)
    except SiteError as error:
        messages.error(request, error.message)
    else:
        may = "Another engine may" if allowed else "No other engine may"
        messages.success(request, f"{may} stand in for {row.engine} from now on.")
    return redirect("animator:engine_overview")


@require_POST
@login_required
def engine_measure(request: HttpRequest) -> HttpResponse:
    """Ask the workers to measure their engines anew."""
    _administrator(request)
    asked = ask_for_measuring()
    if asked:
        messages.success(request, "The engines are measured as soon as a worker is free; look again in a minute.")
    else:
        messages.error(request, "No worker is running that could measure its engines.")
    return redirect("animator:engine_overview")


def _administrator(request: HttpRequest) -> User:
    user = signed_in_user(request)
    if not engines.may_see_engines(user):
        raise PermissionDenied
    return user
