"""The administrators' pages of training: everything at a glance, and evaluations side by side."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from animator.conf import training_root
from animator.selectors import sound_model, training_data, training_evaluation, training_run
from animator.selectors.training_run import may_see_training
from animator.views.administrator import administrators_only
from animator.views.training_work import stop_or_resume


@require_safe
@administrators_only(may_see_training)
@never_cache
def training_overview(request: HttpRequest, administrator: User) -> HttpResponse:
    """Data sets, runs, and the models in use."""
    context = {
        "data_sets": training_data.data_sets(),
        "ready_sets": training_data.ready_sets(),
        "runs": [(run, training_run.run_payload(run)) for run in training_run.runs()],
        "evaluations": training_evaluation.latest(),
        "uses": sound_model.use_lines(),
        "served": training_run.is_served(),
        "root": training_root(),
    }
    return render(request, "animator/training.html", context)


@require_safe
@administrators_only(may_see_training)
@never_cache
def training_state(request: HttpRequest, administrator: User) -> HttpResponse:
    """What the overview follows, as JSON."""
    return JsonResponse(
        {
            "served": training_run.is_served(),
            "runs": [training_run.run_payload(run) for run in training_run.runs()],
            "data": [training_data.data_payload(row) for row in training_data.data_sets()],
            "evaluations": [training_run.work_payload(row) for row in training_evaluation.latest()],
        }
    )


@require_safe
@administrators_only(may_see_training)
@never_cache
def training_compare(request: HttpRequest, administrator: User) -> HttpResponse:
    """The evaluations of ``?run=...&run=...`` side by side, the product's own models with them."""
    chosen = []
    for text in request.GET.getlist("run")[:20]:
        try:
            chosen.append(training_run.run_for_user(administrator, UUID(text)))
        except ValueError:
            continue
    evaluations = training_evaluation.evaluations_of([run.id for run in chosen])
    judged = {row.run_id for row in evaluations}
    context = {
        "tables": training_evaluation.tables(evaluations),
        "chosen": chosen,
        "without": [run for run in chosen if run.id not in judged],
        "with_shipped": None in judged,
        "runs": [run for run in training_run.runs() if run.best is not None],
    }
    return render(request, "animator/training_compare.html", context)


@require_POST
@administrators_only(may_see_training)
def training_evaluation_action(
    request: HttpRequest, administrator: User, evaluation_id: UUID, action: str
) -> HttpResponse:
    """Stop an evaluation, or have it made again."""
    row = training_run.evaluation_for_user(administrator, evaluation_id)
    stop_or_resume(request, administrator, row, action)
    return redirect("animator:training_overview")
