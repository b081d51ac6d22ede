"""Judging runs, and the models that come with the product, on people whom no run has met."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import User
from animator.errors import SiteError, conflict
from animator.models import TrainingData, TrainingEvaluation, TrainingRun
from animator.models.training_run import Variant
from animator.models.training_work import ACTIVE, WorkState
from animator.services import audit, training_data, training_work


def evaluate_run(administrator: User | None, run: TrainingRun, most_clips: int = 60) -> TrainingEvaluation:
    """Judge a run on the test people of its data; while that is under way, the same evaluation again.

    Raises ``training_nothing_learnt`` for a run that has no best weights yet, ``training_data_not_ready``.
    """
    if run.best is None:
        raise conflict("training_nothing_learnt", "The run has learnt nothing yet.", "Wait for its first validation.")
    return _evaluate(administrator, run, run.variant, run.data, most_clips)


def evaluate_shipped(administrator: User, variant: str, data: TrainingData, most_clips: int = 60) -> TrainingEvaluation:
    """Judge the model that comes with the product. Raises ``training_data_not_ready``, ``sound_model_unknown``."""
    if variant not in Variant.values:
        raise SiteError("sound_model_unknown", "There is no such kind of model.", "There are full and causal.")
    return _evaluate(administrator, None, variant, data, most_clips)


def finish(key: UUID, token: str, found: dict[str, Any]) -> bool:
    """What was measured."""
    return training_work.end(
        TrainingEvaluation, key, token, WorkState.SUCCEEDED, groups=found["groups"], measures=found["measures"],
        fingerprint=found["fingerprint"],
    )  # fmt: skip


def _evaluate(
    administrator: User | None, run: TrainingRun | None, variant: str, data: TrainingData, most_clips: int
) -> TrainingEvaluation:
    if not training_data.is_ready(data):
        raise conflict("training_data_not_ready", "The data set is not ready.", "Wait until it is, or choose another.")
    same = TrainingEvaluation.objects.filter(run=run, variant=variant, data=data, state__in=ACTIVE)
    under_way = same.first()
    if under_way is not None:
        return under_way
    try:
        with transaction.atomic():
            row = TrainingEvaluation.objects.create(
                run=run, variant=variant, data=data, most_clips=most_clips, created_by=administrator
            )
            training_work.send(row)
            of = "shipped" if run is None else str(run.id)
            audit.record(
                administrator, "training_evaluation_asked", "training_evaluation", row.id, of=of, data=str(data.id)
            )
    except IntegrityError:
        return same.get()
    return row
