"""Exported sound-to-motion models, and which of them is in use."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from animator.models.training_run import TrainingRun, Variant


class SoundModel(models.Model):
    """An ONNX file in storage with its description; ``sha256`` is what workers hold a copy against."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(TrainingRun, on_delete=models.PROTECT, related_name="models")
    variant = models.CharField(max_length=8, choices=Variant.choices)
    path = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    bytes = models.PositiveBigIntegerField()
    description = models.JSONField(help_text="The .json beside the file.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-created_at",)
        constraints = [models.UniqueConstraint(fields=["run", "sha256"], name="animator_soundmodel_once_a_run")]

    def __str__(self) -> str:
        return f"{self.run} ({self.variant})"


class UseKind(models.TextChoices):
    PROMOTED = "promoted", "Promoted"
    ROLLED_BACK = "rolled_back", "Rolled back"


class SoundModelUse(models.Model):
    """From ``at`` on ``model`` is used for ``variant``; without one, that which comes with the product. The newest row
    of a variant holds; where there is none, the product's own model is in use."""

    variant = models.CharField(max_length=8, choices=Variant.choices)
    model = models.ForeignKey(SoundModel, null=True, blank=True, on_delete=models.PROTECT, related_name="uses")
    kind = models.CharField(max_length=12, choices=UseKind.choices)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    compared = models.CharField(max_length=300, blank=True, help_text="How it measured against what it replaced.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-id",)
        indexes = [models.Index(fields=["variant", "-id"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(variant__in=Variant.values), name="animator_soundmodeluse_variant"
            )
        ]

    def __str__(self) -> str:
        return f"{self.variant}: {self.model or 'the shipped model'}"
