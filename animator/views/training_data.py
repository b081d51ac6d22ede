"""The administrators' pages of data sets for training."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from animator.conf import training_root
from animator.errors import SiteError
from animator.forms.training import DataForm, PersonForm
from animator.models import TrainingData
from animator.selectors import training_data as selectors
from animator.selectors.training_run import is_served, may_see_training
from animator.services import training_data
from animator.views.administrator import administrators_only
from animator.views.training_work import stop_or_resume


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only(may_see_training)
@never_cache
def training_data_new(request: HttpRequest, administrator: User) -> HttpResponse:
    """Have a data set made."""
    form = DataForm(request.POST if request.method == "POST" else None, initial={"kind": "synthetic", "hours": 1.0})
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            row = training_data.make_data(
                administrator, told["key"], name=told["name"], kind=told["kind"], hours=told["hours"] or 0.0,
                seed=told["seed"], place=told["place"],
            )  # fmt: skip
        except SiteError as error:
            form.add_error(None, f"{error.message} {error.hint}")
        else:
            return redirect("animator:training_data", row.id)
    context = {"form": form, "root": training_root(), "served": is_served()}
    return render(request, "animator/training_data_new.html", context, status=400 if form.errors else 200)


@require_safe
@administrators_only(may_see_training)
@never_cache
def training_data_detail(request: HttpRequest, administrator: User, data_id: UUID) -> HttpResponse:
    """One set: its card, its runs, and the way to remove a person."""
    row = selectors.data_for_user(administrator, data_id)
    return _detail(request, row, PersonForm())


@require_safe
@administrators_only(may_see_training)
@never_cache
def training_data_state(request: HttpRequest, administrator: User, data_id: UUID) -> HttpResponse:
    """What its page follows, as JSON."""
    row = selectors.data_for_user(administrator, data_id)
    return JsonResponse({**selectors.data_payload(row), "served": is_served()})


@require_POST
@administrators_only(may_see_training)
def training_data_action(request: HttpRequest, administrator: User, data_id: UUID, action: str) -> HttpResponse:
    """Stop the making of a set, or go on with it."""
    row = selectors.data_for_user(administrator, data_id)
    stop_or_resume(request, administrator, row, action)
    return redirect("animator:training_data", row.id)


@require_POST
@administrators_only(may_see_training)
@never_cache
def training_data_remove(request: HttpRequest, administrator: User, data_id: UUID) -> HttpResponse:
    """Remove a person: first the page that names the runs which learned from them, then the removal."""
    row = selectors.data_for_user(administrator, data_id)
    form = PersonForm(request.POST)
    if not form.is_valid():
        return _detail(request, row, form, 400)
    person = form.cleaned_data["person"]
    if not form.cleaned_data["sure"]:
        if training_data.digest_of(person) not in row.people:
            form.add_error("person", "Nobody of this name is in the data set. Names are those of the manifest.")
            return _detail(request, row, form, 400)
        runs = training_data.runs_that_saw(row, person)
        context = {"data": row, "person": person, "runs": runs, "busy": [run for run in runs if run.is_active]}
        return render(request, "animator/training_data_remove.html", context)
    try:
        training_data.remove_person(administrator, row, person)
    except SiteError as error:
        messages.error(request, f"{error.message} {error.hint}")
    else:
        messages.success(
            request, "The person is removed as soon as a worker comes to it; this page says when it is done."
        )
    return redirect("animator:training_data", row.id)


def _detail(request: HttpRequest, row: TrainingData, form: PersonForm, status: int = 200) -> HttpResponse:
    context = {
        "data": row,
        "state": selectors.data_payload(row),
        "tables": selectors.card_tables(row.figures),
        "rejects": selectors.rejects_of(row.figures),
        "runs": list(row.runs.all()),
        "form": form,
        "served": is_served(),
        "root": training_root(),
    }
    return render(request, "animator/training_data.html", context, status=status)
