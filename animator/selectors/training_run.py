"""Reading training runs, for the administrators' pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse

from accounts.models import User
from animator import presence, queue
from animator.models import TrainingData, TrainingEvaluation, TrainingMetric, TrainingRun
from animator.models.training_work import ACTIVE, WorkState
from gpu_worker.training.config import load_config, presets

#: How a state is shown: the tone of its badge.
TONES = {"succeeded": "good", "stopped_early": "good", "failed": "bad", "running": "accent", "cancelled": "warn"}


def may_see_training(user: User) -> bool:
    """The one gate of these pages."""
    return user.is_administrator


def run_for_user(user: User, run_id: UUID) -> TrainingRun:
    """Raises ``TrainingRun.DoesNotExist``, also for who may not see it."""
    if not may_see_training(user):
        raise TrainingRun.DoesNotExist
    return TrainingRun.objects.select_related("data", "created_by").get(id=run_id)


def evaluation_for_user(user: User, evaluation_id: UUID) -> TrainingEvaluation:
    """Raises ``TrainingEvaluation.DoesNotExist``, also for who may not see it."""
    if not may_see_training(user):
        raise TrainingEvaluation.DoesNotExist
    return TrainingEvaluation.objects.select_related("data", "run").get(id=evaluation_id)


def runs() -> list[TrainingRun]:
    """The newest first."""
    return list(TrainingRun.objects.select_related("data").prefetch_related("models")[:200])


def is_served() -> bool:
    """Whether a worker takes work off the queue ``training``."""
    return presence.is_served(queue.TRAINING)


def metrics_of(run: TrainingRun) -> list[dict[str, Any]]:
    """Every row that was measured, in order of the steps."""
    rows = TrainingMetric.objects.filter(run=run).values_list("step", "part", "values")
    return [{"step": step, "part": part, **values} for step, part, values in rows]


def state_title(row: TrainingData | TrainingRun | TrainingEvaluation) -> str:
    """The state in a word or two."""
    if row.state == WorkState.RUNNING and row.stopping:
        return "Stopping"
    return str(WorkState(row.state).label)


def work_payload(row: TrainingData | TrainingRun | TrainingEvaluation) -> dict[str, Any]:
    """What pages follow of any work."""
    return {
        "id": str(row.id),
        "state": row.state,
        "stopping": row.stopping,
        "title": state_title(row),
        "tone": TONES.get(row.state, ""),
        "active": row.state in ACTIVE,
        "error": row.error_dict,
    }


def run_payload(run: TrainingRun) -> dict[str, Any]:
    """Where a run is."""
    return {
        **work_payload(run),
        "step": run.step,
        "steps": run.steps,
        "percent": round(100 * run.step / max(run.steps, 1), 1),
        "loss": run.loss,
        "best": run.best,
        "best_step": run.best_step,
        "eta_s": run.eta_s if run.state == WorkState.RUNNING else None,
        "trained_s": run.trained_s,
        "url": reverse("animator:training_run", args=[run.id]),
    }


def run_state(run: TrainingRun) -> dict[str, Any]:
    """All that the run's page follows, curves and log included."""
    evaluations = [work_payload(row) for row in run.evaluations.all()[:5]]
    return {**run_payload(run), "worker": run.worker, "attempts": run.attempts, "log": run.log, "served": is_served(),
            "metrics": metrics_of(run), "evaluations": evaluations}  # fmt: skip


def preset_lines() -> list[dict[str, Any]]:
    """The configurations that a run can begin with, and what they say."""
    lines = []
    for name, path in presets().items():
        config = load_config(path)
        told = config.training
        lines.append(
            {
                "name": name,
                "variant": config.network.variant,
                "channels": config.network.channels,
                **{part: getattr(told, part) for part in ("steps", "seed", "learning_rate", "batch")},
            }
        )
    return lines
