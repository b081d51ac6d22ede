"""A message to be mailed once what it tells of is certain."""

from __future__ import annotations

import uuid

from django.db import models


class NoticeState(models.TextChoices):
    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"


class Notice(models.Model):
    """Written in the transaction that it tells of, mailed after it. Address and words are forgotten once it is sent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    address = models.EmailField(blank=True)
    subject = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    about_type = models.CharField(max_length=20)
    about_id = models.UUIDField()
    state = models.CharField(max_length=10, choices=NoticeState.choices, default=NoticeState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    next_at = models.DateTimeField(help_text="Not tried again before.")
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("created_at",)
        indexes = [models.Index(fields=["state", "next_at"])]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=NoticeState.values), name="animator_notice_state")
        ]

    def __str__(self) -> str:
        return f"{self.subject} ({self.state})"
