"""A private link under which others may watch a video."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models


class Share(models.Model):
    """Whoever has the secret may watch, until it expires or is revoked; ``secret_hash`` is its SHA-256.

    ``findable``: the person shown may find the video by a photo of themselves. Goes with the result: the database
    refuses a share of a face whose consent does not cover sharing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    job = models.ForeignKey("animator.Job", on_delete=models.CASCADE, related_name="shares")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="shares")
    secret_hash = models.CharField(max_length=64, unique=True)
    findable = models.BooleanField(default=True)
    views = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: until it is revoked.")
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(fields=["job", "revoked_at"])]

    def is_open_at(self, when: datetime) -> bool:
        """Whether the link itself still holds; whether the video may be seen is asked elsewhere."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > when)

    def __str__(self) -> str:
        return f"share of {self.job_id}"
