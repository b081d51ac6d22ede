"""Promoting what a run exported, and going back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from animator.errors import SiteError
from animator.forms.training import PromoteForm, RollBackForm
from animator.selectors import sound_model as selectors
from animator.selectors.training_data import data_for_user
from animator.selectors.training_run import may_see_training, run_for_user
from animator.services import sound_model, training_evaluation
from animator.views.administrator import administrators_only


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only(may_see_training)
@never_cache
def sound_model_promote(request: HttpRequest, administrator: User, run_id: UUID) -> HttpResponse:
    """How the run's model measures against the one in use, and the decision."""
    run = run_for_user(administrator, run_id)
    model = selectors.model_of_run(run.id)
    if model is None:
        raise Http404
    current = selectors.in_use(model.variant)
    form = PromoteForm(
        request.POST if request.method == "POST" else None, initial={"replaces": selectors.mark_of(current)}
    )
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            used = sound_model.promote(
                administrator, model, replaces=told["replaces"], reason=told["reason"], confirmed=told["confirmed"]
            )
        except SiteError as error:
            form.add_error(None, f"{error.message} {error.hint}")
            if error.code == "sound_model_changed":
                # Decided anew, in the light of what is in use by now.
                form.data = {**form.data.dict(), "replaces": selectors.mark_of(selectors.in_use(model.variant))}  # type: ignore[attr-defined]
        else:
            verb = "is in use already" if used is None else "is used from every worker's next job on"
            messages.success(request, f"The model {run.name} {verb}.")
            return redirect("animator:training_overview")
    context = {"run": run, "model": model, "form": form, "current": selectors.name_of(selectors.in_use(model.variant)),
               "comparison": selectors.compare(model)}  # fmt: skip
    return render(request, "animator/sound_model_promote.html", context, status=409 if form.errors else 200)


@require_POST
@administrators_only(may_see_training)
def sound_model_roll_back(request: HttpRequest, administrator: User, variant: str) -> HttpResponse:
    """Use the model before, or the one that comes with the product."""
    form = RollBackForm(request.POST)
    if not form.is_valid():
        raise Http404
    told = form.cleaned_data
    try:
        used = sound_model.roll_back(administrator, variant, replaces=told["replaces"], shipped=told["to"] == "shipped")
    except SiteError as error:
        messages.error(request, f"{error.message} {error.hint}")
    else:
        name = selectors.name_of(selectors.in_use(variant))
        messages.success(
            request, f"{name[:1].upper()}{name[1:]} is {'in use already' if used is None else 'used again'}."
        )
    return redirect("animator:training_overview")


@require_POST
@administrators_only(may_see_training)
def sound_model_evaluate(request: HttpRequest, administrator: User, variant: str, data_id: UUID) -> HttpResponse:
    """Judge the model that comes with the product, so that runs can be held against it."""
    data = data_for_user(administrator, data_id)
    try:
        training_evaluation.evaluate_shipped(administrator, variant, data)
    except SiteError as error:
        messages.error(request, f"{error.message} {error.hint}")
    else:
        messages.success(request, "It is evaluated as soon as a worker comes to it.")
    return redirect("animator:training_data", data.id)
