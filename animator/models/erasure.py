"""Files that have to go: decided in the database, carried out after it, and looked after until they are gone."""

from __future__ import annotations

import uuid

from django.db import models


class Why(models.TextChoices):
    """Why something was taken away; the owner of a video reads the label."""

    OWNER = "owner", "Deleted by its owner"
    CONSENT_REVOKED = "consent_revoked", "The consent was revoked"
    CONSENT_EXPIRED = "consent_expired", "The consent has expired"
    OBJECTION = "objection", "The person shown objected"
    MODERATION = "moderation", "Removed by a moderator"
    BLOCKED = "blocked", "The photo is blocked"
    RETENTION = "retention", "Its time of keeping is over"
    ACCOUNT = "account", "The account was closed"
    UNUSED = "unused", "Nothing was made from it"


class Erasure(models.Model):
    """One object whose files go. A row is made in the very transaction that decides it, so that a crash between that
    and the erasing loses nothing: the scheduler goes on with every row that is not ``done_at``.

    ``watch_until``: something may have been writing at that moment; until then the scheduler looks again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    object_type = models.CharField(max_length=20, help_text="job, photo or speech.")
    object_id = models.UUIDField()
    paths = models.JSONField(default=list, blank=True, help_text="Files in storage besides those of its folders.")
    why = models.CharField(max_length=20, choices=Why.choices)
    asked_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True)
    watch_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-asked_at",)
        indexes = [
            models.Index(fields=["done_at", "asked_at"]),
            models.Index(fields=["watch_until"]),
            models.Index(fields=["object_type", "object_id"]),
        ]

    def __str__(self) -> str:
        return f"erasure of {self.object_type} {self.object_id}"
