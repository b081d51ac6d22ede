"""How good a model is on people it has never met."""

from __future__ import annotations

from django.db import models

from animator.models.training_data import TrainingData
from animator.models.training_run import TrainingRun, Variant
from animator.models.training_work import ACTIVE, TrainingWork, WorkState


class TrainingEvaluation(TrainingWork):
    """Of a run, or, without one, of the model of ``variant`` that comes with the product.

    ``groups`` is what ``gpu_worker.training.evaluation`` found, by kind of clips, without the rows of single clips;
    ``measures`` says what each number is called and whether more is better. ``fingerprint`` is that of the data.
    """

    run = models.ForeignKey(TrainingRun, null=True, blank=True, on_delete=models.CASCADE, related_name="evaluations")
    variant = models.CharField(max_length=8, choices=Variant.choices)
    data = models.ForeignKey(TrainingData, on_delete=models.CASCADE, related_name="evaluations")
    most_clips = models.PositiveIntegerField(default=60)
    fingerprint = models.CharField(max_length=64, blank=True)
    groups = models.JSONField(default=dict, blank=True)
    measures = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(fields=["state", "seen_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "data"],
                condition=models.Q(state__in=ACTIVE, run__isnull=False),
                name="animator_trainingevaluation_one_of_a_run",
            ),
            models.UniqueConstraint(
                fields=["variant", "data"],
                condition=models.Q(state__in=ACTIVE, run__isnull=True),
                name="animator_trainingevaluation_one_of_shipped",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=WorkState.values), name="animator_trainingevaluation_state"
            ),
        ]

    def __str__(self) -> str:
        return f"evaluation of {self.run or 'the shipped model'}"
