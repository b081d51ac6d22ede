"""Somebody does not agree with a decision; another moderator looks again."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models

#: So long after the decision may one appeal: six months.
APPEAL_TIME = timedelta(days=183)


class AppealSide(models.TextChoices):
    OWNER = "owner", "By whom the decision restricts"
    REPORTER = "reporter", "By whoever reported"


class AppealState(models.TextChoices):
    OPEN = "open", "Open"
    UPHELD = "upheld", "The decision stays"
    OVERTURNED = "overturned", "The decision was reversed"


class Appeal(models.Model):
    """Against a decision about a report, or against the refusal of something that was held."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    decision = models.ForeignKey(
        "animator.Decision", null=True, blank=True, on_delete=models.PROTECT, related_name="appeals"
    )
    hold = models.ForeignKey("animator.Hold", null=True, blank=True, on_delete=models.PROTECT, related_name="appeals")
    side = models.CharField(max_length=10, choices=AppealSide.choices)
    statement = models.TextField()
    state = models.CharField(max_length=10, choices=AppealState.choices, default=AppealState.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)
    moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="decided_appeals"
    )
    reasons = models.TextField(blank=True)
    outcome_note = models.TextField(blank=True, help_text="What could be restored and what could not.")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("created_at",)
        indexes = [models.Index(fields=["state", "created_at"])]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=AppealState.values), name="animator_appeal_state"),
            models.CheckConstraint(condition=models.Q(side__in=AppealSide.values), name="animator_appeal_side"),
            models.CheckConstraint(
                condition=models.Q(decision__isnull=False, hold__isnull=True)
                | models.Q(decision__isnull=True, hold__isnull=False),
                name="animator_appeal_against_one_thing",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", decided_at__isnull=True, moderator__isnull=True)
                | (models.Q(decided_at__isnull=False, moderator__isnull=False) & ~models.Q(reasons="")),
                name="animator_appeal_decided_with_reasons",
            ),
            models.UniqueConstraint(
                fields=["decision", "side"], condition=models.Q(decision__isnull=False), name="animator_appeal_once"
            ),
            models.UniqueConstraint(
                fields=["hold"], condition=models.Q(hold__isnull=False), name="animator_appeal_hold_once"
            ),
        ]

    def __str__(self) -> str:
        return f"appeal ({self.state})"
