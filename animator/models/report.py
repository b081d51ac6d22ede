"""Somebody says that a video should not be there."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class ReportReason(models.TextChoices):
    DEPICTED = "depicted", "It shows me, and I object"
    NO_CONSENT = "no_consent", "The person shown did not agree"
    INTIMATE = "intimate", "Intimate or sexual"
    MINOR = "minor", "It shows a minor"
    FRAUD = "fraud", "Fraud, or somebody is impersonated"
    HATE = "hate", "Hate, threats or harassment"
    OTHER = "other", "Something else"


#: Reports that hide the video at once and must be decided within :data:`URGENT_HOURS`.
URGENT_REASONS = frozenset({ReportReason.INTIMATE, ReportReason.MINOR})
URGENT_HOURS = 48
#: Reports that need no address to answer to.
CONTACT_OPTIONAL = frozenset({ReportReason.MINOR})


class ReportState(models.TextChoices):
    OPEN = "open", "Open"
    UPHELD = "upheld", "Upheld"
    DISMISSED = "dismissed", "Dismissed"


class Report(models.Model):
    """Outlives the job it is about: ``job_ref`` keeps its id; None where nobody knows which video is meant.

    ``reporter`` is None for a report without an account; its sender follows it by a secret of which ``follow_hash`` is
    the SHA-256.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey("animator.Job", null=True, on_delete=models.SET_NULL, related_name="reports")
    job_ref = models.UUIDField(null=True, blank=True)
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="reports")
    reason = models.CharField(max_length=20, choices=ReportReason.choices)
    statement = models.TextField(blank=True)
    contact = models.EmailField(blank=True)
    good_faith = models.BooleanField(default=False, help_text="Confirmed to be true to the best of their knowledge.")
    follow_hash = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=ReportState.choices, default=ReportState.OPEN)
    decision = models.ForeignKey(
        "animator.Decision", null=True, blank=True, on_delete=models.SET_NULL, related_name="answered_reports",
        help_text="The one that answers it, be it about this report or about another of the same video or a copy.",
    )  # fmt: skip
    due_at = models.DateTimeField(null=True, blank=True, help_text="Urgent: to be decided by then.")
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
            models.UniqueConstraint(
                fields=["follow_hash"], condition=~models.Q(follow_hash=""), name="animator_report_follow_hash"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.state})"
