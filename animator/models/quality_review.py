"""A video that its certificate calls red, to be looked at by a person."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class ReviewState(models.TextChoices):
    OPEN = "open", "Open"
    KEPT = "kept", "Good enough"
    WITHDRAWN = "withdrawn", "Withdrawn, the allowance given back"


class QualityReview(models.Model):
    """``held``: its owner does not see the video before the decision (settings.RED_VIDEOS is "hold")."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.OneToOneField("animator.Job", on_delete=models.CASCADE, related_name="quality_review")
    held = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=ReviewState.choices, default=ReviewState.OPEN)
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    reasons = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("created_at",)
        indexes = [models.Index(fields=["state", "created_at"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="open", decided_at__isnull=True)
                | models.Q(state__in=["kept", "withdrawn"], decided_at__isnull=False),
                name="animator_qualityreview_decided_when_closed",
            )
        ]

    def __str__(self) -> str:
        return f"quality of job {self.job_id} ({self.state})"
