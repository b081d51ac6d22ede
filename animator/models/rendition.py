"""A finished video in another form, made when its owner asks for it."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models


class RenditionKind(models.TextChoices):
    """WebM is the whole video; the others are small loops without sound."""

    WEBM = "webm", "WebM"
    GIF = "gif", "GIF"
    WEBP = "webp", "Animated WebP"


class RenditionState(models.TextChoices):
    """``building -> ready | failed``; a failed one may be asked for again."""

    BUILDING = "building", "Being made"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


class Rendition(models.Model):
    """One file beside the video, in the result's folder; goes with it. ``token`` names the one run that may write."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    result = models.ForeignKey("animator.Result", on_delete=models.CASCADE, related_name="renditions")
    kind = models.CharField(max_length=10, choices=RenditionKind.choices)
    state = models.CharField(max_length=10, choices=RenditionState.choices, default=RenditionState.BUILDING)
    percent = models.FloatField(default=0.0)
    error = models.JSONField(null=True, blank=True)
    path = models.CharField(max_length=200, blank=True)
    bytes = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    signed = models.BooleanField(default=False, help_text="Carries a C2PA manifest of its own.")
    token = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    seen_at = models.DateTimeField(help_text="When it was enqueued, or its worker last gave a sign.")
    created_at = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("created_at",)
        indexes = [models.Index(fields=["state", "seen_at"]), models.Index(fields=["sha256"])]
        constraints = [
            models.UniqueConstraint(fields=["result", "kind"], name="animator_rendition_once_a_kind"),
            models.CheckConstraint(condition=models.Q(kind__in=RenditionKind.values), name="animator_rendition_kind"),
            models.CheckConstraint(
                condition=models.Q(state__in=RenditionState.values), name="animator_rendition_state"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="ready") | ~models.Q(path=""), name="animator_rendition_ready_has_its_file"
            ),
        ]

    @property
    def error_dict(self) -> dict[str, Any] | None:
        return dict(self.error) if self.error else None

    def __str__(self) -> str:
        return f"{self.kind} of {self.result_id} ({self.state})"
