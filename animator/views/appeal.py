"""Moderators decide appeals; whoever is concerned reads the statement of reasons and appeals, signed in or not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from animator.api.user import signed_in_user
from animator.forms.decision import AppealForm, ReasonsForm
from animator.models.appeal import AppealSide, AppealState
from animator.models.item_lock import ItemKind
from animator.selectors.account_history import decision_line
from animator.selectors.appeal import appeal_for_moderator, deciders
from animator.selectors.case import video_case
from animator.selectors.hold import hold_card
from animator.selectors.item_lock import staff_name
from animator.selectors.statement import statement, statement_target, statements_for
from animator.services import item_lock
from animator.services.appeal import decide_appeal, make_appeal
from animator.views.moderator import moderators_only
from gpu_worker.errors import InputError


@require_http_methods(["GET", "HEAD", "POST"])
@moderators_only
def appeal_detail(request: HttpRequest, user: User, appeal_id: UUID) -> HttpResponse:
    """One appeal with the case; POST decides it."""
    appeal = appeal_for_moderator(user, appeal_id)
    form = ReasonsForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            decide_appeal(
                user, appeal.id, overturn=form.cleaned_data["agrees"] == "yes", reasons=form.cleaned_data["reasons"]
            )
        except InputError as error:
            form.add_error(None, f"{error.message} {error.hint}")
        else:
            messages.success(request, "Decided. Whoever appealed is told.")
            return redirect("animator:moderation")
    lock = None
    own = settings.SECOND_MODERATOR and user.pk in deciders(appeal)
    if appeal.state == AppealState.OPEN and not own:
        held = item_lock.claim(user, ItemKind.APPEAL, appeal.id)
        lock = {"mine": held.holder_id == user.pk, "holder": staff_name(held.holder, user), "until": held.expires_at}
    decision = appeal.decision
    job = decision.report.job if decision is not None else appeal.hold.job if appeal.hold is not None else None
    context: dict[str, Any] = {
        **video_case(job, user),
        "appeal": appeal,
        "own": own,
        "against": decision_line(decision, user) if decision is not None else None,
        "refused": hold_card(appeal.hold) if appeal.hold is not None else None,
        "report": decision.report if decision is not None else None,
        "form": form,
        "lock": lock,
        "kind": ItemKind.APPEAL.value,
        "by": staff_name(appeal.moderator, user),
    }
    return render(request, "animator/appeal_detail.html", context, status=400 if form.errors else 200)


@require_safe
@login_required
@never_cache
def own_decisions(request: HttpRequest) -> HttpResponse:
    """Every statement of reasons that was given to whoever is signed in."""
    return render(request, "animator/own_decisions.html", {"decisions": statements_for(signed_in_user(request))})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def statement_page(request: HttpRequest, token: str) -> HttpResponse:
    """The statement of reasons behind its key, which is mailed and shown on the job's page; POST appeals."""
    try:
        target = statement_target(token)
    except ObjectDoesNotExist:
        raise Http404 from None
    form = AppealForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        user = request.user if isinstance(request.user, User) else None
        try:
            make_appeal(target, AppealSide.OWNER, form.cleaned_data["statement"], user)
        except InputError as error:
            form.add_error(None, f"{error.message} {error.hint}")
        else:
            messages.success(request, "Your appeal has arrived. Another moderator will look at it.")
            return redirect("animator:statement", token)
    context = {"statement": statement(target), "form": form}
    return render(request, "animator/statement.html", context, status=400 if form.errors else 200)
