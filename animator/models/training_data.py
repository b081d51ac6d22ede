"""Sets of clips that runs learn from; the clips themselves lie in folders that the training workers reach."""

from __future__ import annotations

from django.db import models

from animator.models.training_work import TrainingWork, WorkState


class DataKind(models.TextChoices):
    SYNTHETIC = "synthetic", "Synthetic speech"
    RECORDINGS = "recordings", "Recordings with a manifest"
    EXISTING = "existing", "A set made on the command line"


class TrainingData(TrainingWork):
    """One data set. ``folder`` and ``source`` are relative to the root of training. ``figures`` is its card as
    ``gpu_worker.training.data.card`` counts it; ``people`` holds digests of names, so that nobody is named here."""

    name = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=12, choices=DataKind.choices)
    folder = models.CharField(max_length=200)
    source = models.CharField(max_length=200, blank=True)
    hours = models.FloatField(default=0.0, help_text="Of synthetic speech, as asked for.")
    seed = models.PositiveIntegerField(default=0)
    batches = models.PositiveIntegerField(default=0)
    batches_done = models.PositiveIntegerField(default=0)
    fingerprint = models.CharField(max_length=64, blank=True)
    figures = models.JSONField(default=dict, blank=True)
    people = models.JSONField(default=list, blank=True)
    removing = models.CharField(
        max_length=200, blank=True, help_text="A person to be taken out; empty once it is done."
    )

    class Meta:
        ordering = ("-created_at",)
        verbose_name_plural = "training data"
        indexes = [models.Index(fields=["state", "seen_at"])]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=WorkState.values), name="animator_trainingdata_state"),
            models.CheckConstraint(condition=models.Q(kind__in=DataKind.values), name="animator_trainingdata_kind"),
        ]

    def __str__(self) -> str:
        return self.name
