"""The administrators' pages of training runs."""

from __future__ import annotations

import json
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from animator.errors import SiteError
from animator.forms.training import RunForm
from animator.selectors import sound_model, training_evaluation
from animator.selectors import training_run as selectors
from animator.selectors.training_run import may_see_training
from animator.services import training_evaluation as judging
from animator.services import training_run, training_work
from animator.views.administrator import administrators_only


@require_http_methods(["GET", "HEAD", "POST"])
@administrators_only(may_see_training)
@never_cache
def training_run_new(request: HttpRequest, administrator: User) -> HttpResponse:
    """Begin a run."""
    form = RunForm(request.POST if request.method == "POST" else None, initial={"data_set": request.GET.get("data")})
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            run = training_run.begin_run(
                administrator, told["key"], told["data_set"], name=told["name"], preset=told["preset"],
                steps=told["steps"], seed=told["seed"], learning_rate=told["learning_rate"],
                evaluates=told["evaluates"],
            )  # fmt: skip
        except SiteError as error:
            form.add_error(None, f"{error.message} {error.hint}")
        else:
            return redirect("animator:training_run", run.id)
    context = {"form": form, "served": selectors.is_served(), "presets": selectors.preset_lines()}
    return render(request, "animator/training_run_new.html", context, status=400 if form.errors else 200)


@require_safe
@administrators_only(may_see_training)
@never_cache
def training_run_detail(request: HttpRequest, administrator: User, run_id: UUID) -> HttpResponse:
    """One run: where it is, its curves, its card, what it was told, how it was judged."""
    run = selectors.run_for_user(administrator, run_id)
    model = sound_model.model_of_run(run.id)
    current = sound_model.in_use(run.variant)
    context = {
        "run": run,
        "state": selectors.run_state(run),
        "config": json.dumps(run.config, indent=2),
        "told": run.config.get("training", {}),
        "model": model,
        "is_used": model is not None and current is not None and current.model_id == model.id,
        "evaluations": list(run.evaluations.select_related("data")[:5]),
        "tables": training_evaluation.tables(training_evaluation.evaluations_of([run.id])),
    }
    return render(request, "animator/training_run.html", context)


@require_safe
@administrators_only(may_see_training)
@never_cache
def training_run_state(request: HttpRequest, administrator: User, run_id: UUID) -> HttpResponse:
    """What its page follows, as JSON."""
    return JsonResponse(selectors.run_state(selectors.run_for_user(administrator, run_id)))


@require_POST
@administrators_only(may_see_training)
def training_run_action(request: HttpRequest, administrator: User, run_id: UUID, action: str) -> HttpResponse:
    """Stop, resume, evaluate, or export again."""
    run = selectors.run_for_user(administrator, run_id)
    if action not in ("stop", "resume", "export", "evaluate"):
        raise Http404
    try:
        if action == "stop":
            training_work.ask_to_stop(administrator, run)
        elif action == "resume":
            training_work.queue_again(administrator, run)
        elif action == "export":
            training_run.export_again(administrator, run)
        else:
            judging.evaluate_run(administrator, run)
            messages.success(request, "It is evaluated as soon as a worker comes to it.")
    except SiteError as error:
        messages.error(request, f"{error.message} {error.hint}")
    return redirect("animator:training_run", run.id)
