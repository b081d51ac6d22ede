"""Somebody says that a video should not be there."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class ReportReason(models.TextChoices):
    NO_CONSENT = "no_consent", "The person shown did not agree"
    INTIMATE = "intimate", "Intimate or sexual"
    MINOR = "minor", "It shows a minor"
    FRAUD = "fraud", "Fraud, or somebody is impersonated"
    HATE = "hate", "Hate, threats or harassment"
    OTHER = "other", "Something else"


class ReportState(models.TextChoices):
    OPEN = "open", "Open"
    UPHELD = "upheld", "Upheld"
    DISMISSED = "dismissed", "Dismissed"


class Report(models.Model):
    """Outlives the job it is about: ``job_ref`` keeps its id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey("animator.Job", null=True, on_delete=models.SET_NULL, related_name="reports")
    job_ref = models.UUIDField()
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="reports")
    reason = models.CharField(max_length=20, choices=ReportReason.choices)
    statement = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=ReportState.choices, default=ReportState.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("created_at",)
        indexes = [models.Index(fields=["state", "created_at"]), models.Index(fields=["job_ref"])]
        constraints = [
            models.CheckConstraint(condition=models.Q(reason__in=ReportReason.values), name="animator_report_reason"),
            models.CheckConstraint(
                condition=models.Q(state="open", decided_at__isnull=True)
                | models.Q(state__in=["upheld", "dismissed"], decided_at__isnull=False),
                name="animator_report_decided_when_closed",
            ),
            models.UniqueConstraint(
                fields=["job_ref", "reporter"],
                condition=models.Q(state="open"),
                name="animator_report_one_open_each",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.state})"
