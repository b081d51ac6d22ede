"""Training runs: begun, stopped and resumed by administrators; what a worker tells is kept for the pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import User
from animator.errors import SiteError, conflict
from animator.models import TrainingData, TrainingMetric, TrainingRun
from animator.models.training_work import WorkState
from animator.services import audit, training_data, training_work
from gpu_worker.training.config import load_config, presets

#: What a run may be called: it becomes the version of a model.
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")


def begin_run(
    administrator: User,
    key: UUID,
    data: TrainingData,
    *,
    name: str,
    preset: str,
    steps: int | None = None,
    seed: int | None = None,
    learning_rate: float | None = None,
    evaluates: bool = True,
) -> TrainingRun:
    """Begin a run; asked for twice under the same ``key``, it begins once. What is None is as the preset says.

    Raises ``training_preset_unknown``, ``training_data_not_ready``, ``training_name_taken``, ``training_name``.
    """
    known = TrainingRun.objects.filter(id=key).first()
    if known is not None:
        return known
    if not NAME.fullmatch(name):
        raise SiteError("training_name", "The name cannot be used.", "Small letters, digits, points and hyphens do.")
    if preset not in presets():
        raise SiteError("training_preset_unknown", "There is no such configuration.", "Choose one of the list.")
    if not training_data.is_ready(data):
        raise conflict("training_data_not_ready", "The data set is not ready.", "Wait until it is, or choose another.")
    config = load_config(presets()[preset])
    told = {"steps": steps, "seed": seed, "learning_rate": learning_rate}
    training = replace(config.training, **{part: value for part, value in told.items() if value is not None})  # type: ignore[arg-type]
    config = replace(config, version=name, training=training)
    try:
        with transaction.atomic():
            run = TrainingRun.objects.create(
                id=key, name=name, data=data, variant=config.network.variant, preset=preset, config=config.as_dict(),
                steps=training.steps, evaluates=evaluates, created_by=administrator,
            )  # fmt: skip
            training_work.send(run)
            audit.record(
                administrator, "training_run_begun", "training_run", run.id, data=str(data.id), preset=preset,
                steps=training.steps, seed=training.seed, learning_rate=training.learning_rate,
            )  # fmt: skip
    except IntegrityError as error:
        known = TrainingRun.objects.filter(id=key).first()
        if known is not None:
            return known
        raise conflict("training_name_taken", "There is something of this name already.", "Choose another.") from error
    return run


def export_again(administrator: User, run: TrainingRun) -> bool:
    """Have the model of a finished run exported once more, where that failed; False where it is under way."""
    with transaction.atomic():
        done = TrainingRun.objects.filter(
            id=run.id, state__in=(WorkState.SUCCEEDED, WorkState.STOPPED_EARLY), models__isnull=True
        )
        if done.update(state=WorkState.QUEUED, stopping=False, attempts=0, error=None, export_error="") != 1:
            return False
        run.refresh_from_db()
        training_work.send(run)
        audit.record(administrator, "training_run_exported", "training_run", run.id)
    return True


def progress(key: UUID, token: str, told: dict[str, Any], log: str) -> bool:
    """Where a run is: ``step``, ``loss``, ``eta_s``, ``trained_s``; what is not known is left as it was."""
    known = {name: told[name] for name in ("step", "loss", "eta_s", "trained_s") if name in told}
    return training_work.tell(TrainingRun, key, token, log=log, **known)


def saw(key: UUID, token: str, fingerprint: str, people: Sequence[str]) -> bool:
    """What a run learns from, told when it begins."""
    return training_work.tell(TrainingRun, key, token, fingerprint=fingerprint, people=list(people))


def keep_metrics(run_id: UUID, rows: Sequence[dict[str, Any]]) -> None:
    """Numbers that were measured; those of a step that is taken again replace the former."""
    for row in rows:
        values = {name: value for name, value in row.items() if name not in ("step", "part")}
        TrainingMetric.objects.update_or_create(
            run_id=run_id, step=row["step"], part=row["part"][:10], defaults={"values": values}
        )
    losses = [(row["loss"], row["step"]) for row in rows if row["part"] == "validation" and "loss" in row]
    if losses:
        loss, step = min(losses)
        TrainingRun.objects.filter(id=run_id).exclude(best__lte=loss).update(best=loss, best_step=step)


def finish(key: UUID, token: str, found: dict[str, Any]) -> bool:
    """All steps were taken, or nothing was gained any more."""
    state = WorkState.STOPPED_EARLY if found["stopped"] else WorkState.SUCCEEDED
    return training_work.end(
        TrainingRun, key, token, state, step=found["step"], card=found["card"], eta_s=None,
        export_error=found.get("export_error", "")[:400],
    )  # fmt: skip
