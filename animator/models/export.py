"""Everything that one person gave, packed for them to take along."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class ExportState(models.TextChoices):
    """``building -> ready | failed``; the row goes with its file when the time is over."""

    BUILDING = "building", "Being packed"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


class Export(models.Model):
    """One zip file of JSON and media, for its owner alone, until ``expires_at``."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="exports")
    state = models.CharField(max_length=10, choices=ExportState.choices, default=ExportState.BUILDING)
    path = models.CharField(max_length=200, blank=True)
    bytes = models.PositiveBigIntegerField(default=0)
    token = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    seen_at = models.DateTimeField(help_text="When it was enqueued, or its worker last gave a sign.")
    created_at = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(help_text="It is erased then, ready or not.")

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(fields=["owner", "-created_at"]), models.Index(fields=["expires_at"])]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=ExportState.values), name="animator_export_state"),
            models.UniqueConstraint(
                fields=["owner"], condition=models.Q(state="building"), name="animator_export_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"export {self.pk} ({self.state})"
