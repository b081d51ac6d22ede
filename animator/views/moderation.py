"""The moderators' queue, accounts that decisions are about, and the look at the quality of red videos."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from animator.forms.decision import ReasonsForm
from animator.models.item_lock import ItemKind
from animator.models.quality_review import ReviewState
from animator.selectors.account_history import account_for_moderator, account_history
from animator.selectors.case import video_case
from animator.selectors.item_lock import staff_name
from animator.selectors.moderation_queue import moderation_queue, queue_counts
from animator.services import audit, item_lock
from animator.services.quality_review import decide_review, review_for_moderator
from animator.services.standing import lift
from animator.views.moderator import moderators_only
from gpu_worker.errors import InputError

#: Items on one page of the queue.
PAGE_SIZE = 50


@require_safe
@moderators_only
def moderation(request: HttpRequest, user: User) -> HttpResponse:
    """The queue; ``?kind=`` narrows it."""
    kind = request.GET.get("kind", "")
    if kind and kind not in ItemKind.values:
        raise Http404
    page = Paginator(moderation_queue(user, kind), PAGE_SIZE).get_page(request.GET.get("page"))
    counts = queue_counts()
    context = {"page": page, "kind": kind, "counts": counts, "total": sum(counts.values()), "now": timezone.now()}
    return render(request, "animator/moderation.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@moderators_only
def moderation_account(request: HttpRequest, user: User, account_id: UUID) -> HttpResponse:
    """The history of an account; POST lifts a measure. That somebody looked is noted."""
    account = account_for_moderator(user, account_id)
    if request.method == "POST":
        try:
            lift(user, UUID(request.POST.get("decision", "")), request.POST.get("reasons", ""))
        except ValueError:
            raise Http404 from None
        except InputError as error:
            messages.error(request, f"{error.message} {error.hint}")
        else:
            messages.success(request, "Lifted. The account is told.")
        return redirect("animator:moderation_account", account.id)
    audit.record(user, "viewed", "user", account.id)
    return render(request, "animator/moderation_account.html", {"account": account_history(account, user)})


@require_http_methods(["GET", "HEAD", "POST"])
@moderators_only
def quality_detail(request: HttpRequest, user: User, review_id: UUID) -> HttpResponse:
    """A red video: good enough, or withdrawn."""
    review = review_for_moderator(user, review_id)
    form = ReasonsForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            decide_review(
                user, review.id, keep=form.cleaned_data["agrees"] == "yes", reasons=form.cleaned_data["reasons"]
            )
        except InputError as error:
            form.add_error(None, f"{error.message} {error.hint}")
        else:
            messages.success(request, "Noted.")
            return redirect("animator:moderation")
    lock = None
    if review.state == ReviewState.OPEN:
        held = item_lock.claim(user, ItemKind.QUALITY, review.id)
        lock = {"mine": held.holder_id == user.pk, "holder": staff_name(held.holder, user), "until": held.expires_at}
    context = {**video_case(review.job, user), "review": review, "form": form, "lock": lock,
               "kind": ItemKind.QUALITY.value, "by": staff_name(review.moderator, user)}  # fmt: skip
    return render(request, "animator/quality_detail.html", context, status=400 if form.errors else 200)
