"""The ledger of use. Rows are never changed nor deleted: the database itself refuses (``animator.ledger``).

What somebody has used is the sum of their rows; nothing else is kept, so nothing can differ from it.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce


class UsageUnit(models.TextChoices):
    JOB = "job", "videos"
    VIDEO_MS = "video_ms", "milliseconds of video"
    UPLOAD = "upload", "photos and speeches"
    FORM = "form", "other forms of videos"


class UsageStep(models.TextChoices):
    """A job's charge is reserved when it is queued, then either settled to what was made, or refunded."""

    RESERVE = "reserve", "Reserved"
    SETTLE = "settle", "Settled"
    REFUND = "refund", "Given back"
    USE = "use", "Used"
    CARRY = "carry", "Carried over"


_CLOSING = (UsageStep.SETTLE, UsageStep.REFUND)


class UsageEntry(models.Model):
    """``charge`` ties the rows of one charging together: each source of it opens once and closes once.

    ``day`` (UTC) is the day whose allowance pays, also for what is given back later. ``user`` has no constraint in the
    database: the row outlives the account.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, db_constraint=False, related_name="usage"
    )
    unit = models.CharField(max_length=10, choices=UsageUnit.choices)
    step = models.CharField(max_length=10, choices=UsageStep.choices)
    amount = models.BigIntegerField(help_text="Positive: used. Negative: given back.")
    grant = models.ForeignKey(
        "animator.Grant", null=True, on_delete=models.PROTECT, related_name="entries", help_text="Empty: the plan."
    )
    charge = models.UUIDField()
    job_ref = models.UUIDField(null=True)
    day = models.DateField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "usage entries"
        indexes = [models.Index(fields=["user", "unit", "day"]), models.Index(fields=["unit", "day"])]
        constraints = [
            models.CheckConstraint(condition=models.Q(unit__in=UsageUnit.values), name="animator_usage_unit"),
            models.CheckConstraint(condition=models.Q(step__in=UsageStep.values), name="animator_usage_step"),
            models.UniqueConstraint(
                "charge",
                "unit",
                Coalesce("grant_id", models.Value(0)),
                condition=models.Q(step__in=(UsageStep.RESERVE, UsageStep.USE)),
                name="animator_usage_opens_once",
            ),
            models.UniqueConstraint(
                "charge",
                "unit",
                Coalesce("grant_id", models.Value(0)),
                condition=models.Q(step__in=_CLOSING),
                name="animator_usage_closes_once",
            ),
        ]

    @property
    def shown(self) -> str:
        """The amount for people: seconds instead of milliseconds."""
        return f"{self.amount / 1000:.1f}" if self.unit == UsageUnit.VIDEO_MS else str(self.amount)

    def __str__(self) -> str:
        return f"{self.step} {self.amount} {self.unit}"
