"""What a moderator decided about a report, and why."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class DecisionAction(models.TextChoices):
    TAKE_DOWN = "take_down", "Take the video down"
    DISMISS = "dismiss", "Dismiss the report"


class Decision(models.Model):
    """A report may see several over time; each stays."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.ForeignKey("animator.Report", on_delete=models.PROTECT, related_name="decisions")
    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions")
    action = models.CharField(max_length=20, choices=DecisionAction.choices)
    reasons = models.TextField()
    rule = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Number of the rule that was broken.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("created_at",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(action__in=DecisionAction.values), name="animator_decision_action"
            ),
            models.CheckConstraint(condition=~models.Q(reasons=""), name="animator_decision_has_reasons"),
        ]

    def __str__(self) -> str:
        return self.get_action_display()
