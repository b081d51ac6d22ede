"""Training runs and what they measured on the way."""

from __future__ import annotations

from django.db import models

from animator.models.training_data import TrainingData
from animator.models.training_work import TrainingWork, WorkState


class Variant(models.TextChoices):
    """What a network may hear before it answers."""

    FULL = "full", "Full context, for recordings"
    CAUSAL = "causal", "Causal, for live use"


class TrainingRun(TrainingWork):
    """One run. Its folder (``runs/<id>`` below the root of training) holds the checkpoint; what pages show is here.

    ``loss`` is the last step's weighted sum, ``best`` the lowest validation loss. ``fingerprint`` and ``people`` are
    those of the data when it began; ``saw_removed``: somebody it learned from has been removed since.
    """

    name = models.CharField(max_length=40, unique=True, help_text="Also the version of the exported model.")
    data = models.ForeignKey(TrainingData, on_delete=models.PROTECT, related_name="runs")
    variant = models.CharField(max_length=8, choices=Variant.choices)
    preset = models.CharField(max_length=60)
    config = models.JSONField(default=dict)
    steps = models.PositiveIntegerField()
    evaluates = models.BooleanField(default=True, help_text="Evaluated when it is through.")
    step = models.PositiveIntegerField(default=0)
    loss = models.FloatField(null=True, blank=True)
    best = models.FloatField(null=True, blank=True)
    best_step = models.PositiveIntegerField(default=0)
    eta_s = models.FloatField(null=True, blank=True)
    trained_s = models.FloatField(default=0.0)
    fingerprint = models.CharField(max_length=64, blank=True)
    people = models.JSONField(default=list, blank=True)
    saw_removed = models.BooleanField(default=False)
    card = models.TextField(blank=True)
    export_error = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(fields=["state", "seen_at"])]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=WorkState.values), name="animator_trainingrun_state"),
            models.CheckConstraint(condition=models.Q(variant__in=Variant.values), name="animator_trainingrun_variant"),
        ]

    def __str__(self) -> str:
        return self.name


class TrainingMetric(models.Model):
    """Numbers after ``step`` steps. ``part``: ``step`` (losses of steps, at most a few hundred rows a run), ``train``
    and ``validation`` (at every validation)."""

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="metrics")
    step = models.PositiveIntegerField()
    part = models.CharField(max_length=10)
    values = models.JSONField()

    class Meta:
        ordering = ("step", "part")
        constraints = [models.UniqueConstraint(fields=["run", "step", "part"], name="animator_trainingmetric_once")]

    def __str__(self) -> str:
        return f"{self.part} at {self.step}"
