"""The moderators' pages for what waits for a human look."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from animator.api.user import signed_in_user
from animator.forms.hold import HoldForm
from animator.models.hold import Hold
from animator.models.item_lock import ItemKind
from animator.selectors.hold import hold_card, hold_counts, hold_for_moderator, holds_for_moderator
from animator.selectors.item_lock import staff_name
from animator.selectors.result import may_moderate
from animator.services import item_lock
from animator.services.hold import refuse, release
from gpu_worker.errors import InputError

#: Holds on one page of the list.
PAGE_SIZE = 25
#: Name in the address -> outcome.
STATES = {"open": "", "released": "released", "refused": "refused"}


@require_safe
@login_required
def hold_list(request: HttpRequest) -> HttpResponse:
    user = _moderator(request)
    state = request.GET.get("state", "open")
    if state not in STATES:
        raise Http404
    page = Paginator(holds_for_moderator(user, STATES[state]), PAGE_SIZE).get_page(request.GET.get("page"))
    cards = [hold_card(hold) for hold in page.object_list]
    return render(
        request, "animator/hold_list.html", {"page": page, "cards": cards, "state": state, "counts": hold_counts()}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def hold_detail(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """One hold; POST decides it."""
    user = _moderator(request)
    try:
        hold = hold_for_moderator(user, hold_id)
    except Hold.DoesNotExist:
        raise Http404 from None
    form = HoldForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            if form.cleaned_data["action"] == "release":
                release(hold, user)
            else:
                refuse(hold, user, form.cleaned_data["reasons"], form.cleaned_data["rule"])
        except InputError as error:
            form.add_error(None, f"{error.message} {error.hint}")
        else:
            messages.success(
                request, "It goes on." if form.cleaned_data["action"] == "release" else "Refused. Its owner is told."
            )
            return redirect("animator:moderation")
    lock = None
    if hold.is_open:
        held = item_lock.claim(user, ItemKind.HOLD, hold.id)
        lock = {"mine": held.holder_id == user.pk, "holder": staff_name(held.holder, user), "until": held.expires_at}
    context = {"hold": hold_card(hold), "form": form, "lock": lock, "kind": ItemKind.HOLD.value}
    return render(request, "animator/hold_detail.html", context, status=400 if form.errors else 200)


def _moderator(request: HttpRequest) -> User:
    user = signed_in_user(request)
    if not may_moderate(user):
        raise PermissionDenied
    return user
