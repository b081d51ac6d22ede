"""Something stopped a job or a photo, and a person has to look before it goes on."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models


class HoldCode(models.TextChoices):
    """Why; stable codes of the API. The label is the plain sentence that the owner is told."""

    TEXT_RULE = "text_rule", "The words may break one of our rules."
    NUDITY = "nudity", "The photo may show somebody undressed."
    MINOR = "minor", "The photo may show a child or teenager."
    PUBLIC_FIGURE = "public_figure", "It may be about a person of public life."
    BLOCKED_PHOTO_SIMILAR = "blocked_photo_similar", "The photo resembles one that was blocked here."
    QUALITY = "quality", "The video may not be good enough to be shown."
    OTHER = "other", "Something about it needs a second look."


class HoldOutcome(models.TextChoices):
    """Empty while nobody has decided. ``moot``: its owner took the job or photo back before anybody did."""

    RELEASED = "released", "Goes on"
    REFUSED = "refused", "Refused"
    MOOT = "moot", "Taken back by its owner"


class Hold(models.Model):
    """Either ``job`` or ``photo`` is held; ``*_ref`` keeps the id when the thing is deleted.

    A job waits as long as a hold of its own or of its photo is open; ``Job.held_at`` says so to the queue. ``detail``
    is for the moderator (category, rule, words that were found, distance), ``told`` for the owner, who never learns
    the pattern of a rule.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey("animator.Job", null=True, blank=True, on_delete=models.SET_NULL, related_name="holds")
    job_ref = models.UUIDField(null=True, blank=True)
    photo = models.ForeignKey("animator.Photo", null=True, blank=True, on_delete=models.SET_NULL, related_name="holds")
    photo_ref = models.UUIDField(null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="holds"
    )
    code = models.CharField(max_length=40, choices=HoldCode.choices)
    told = models.CharField(max_length=300)
    detail = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    outcome = models.CharField(max_length=10, choices=HoldOutcome.choices, blank=True)
    reasons = models.TextField(blank=True)
    rule = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Number of the rule that would be broken.")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="decided_holds"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("created_at",)
        indexes = [models.Index(fields=["outcome", "created_at"]), models.Index(fields=["job_ref"])]
        constraints = [
            models.CheckConstraint(condition=models.Q(code__in=HoldCode.values), name="animator_hold_code"),
            models.CheckConstraint(
                condition=models.Q(job_ref__isnull=False, photo_ref__isnull=True)
                | models.Q(job_ref__isnull=True, photo_ref__isnull=False),
                name="animator_hold_of_a_job_or_a_photo",
            ),
            models.CheckConstraint(
                condition=models.Q(outcome="", decided_at__isnull=True)
                | models.Q(outcome__in=HoldOutcome.values, decided_at__isnull=False),
                name="animator_hold_decided_when_closed",
            ),
            models.CheckConstraint(
                condition=~models.Q(outcome="refused") | ~models.Q(reasons=""), name="animator_hold_refused_says_why"
            ),
            models.UniqueConstraint(
                fields=["job_ref", "code"], condition=models.Q(outcome=""), name="animator_hold_one_open_for_a_job"
            ),
            models.UniqueConstraint(
                fields=["photo_ref", "code"], condition=models.Q(outcome=""), name="animator_hold_one_open_for_a_photo"
            ),
        ]

    @property
    def is_open(self) -> bool:
        return self.outcome == ""

    @property
    def held_dict(self) -> dict[str, Any]:
        """What the owner is told, in the API's words."""
        return {"code": self.code, "message": self.told, "since": self.created_at.isoformat()}

    def __str__(self) -> str:
        return f"{self.code} ({self.outcome or 'open'})"
