"""A photo that is not wanted here, remembered by hashes alone."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class BlockedPhoto(models.Model):
    """``hashes`` is the family of ``gpu_worker.provenance.photo_hash``: no picture can be made from it.

    ``reference`` names what it was blocked for (a decision, a report), so that it can be undone with it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the file as it was uploaded.")
    hashes = models.JSONField(default=list, blank=True, help_text="Perceptual hashes, the whole picture's first.")
    reason = models.CharField(max_length=200, help_text="Shown to moderators.")
    reference = models.CharField(max_length=40, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(fields=["sha256"]), models.Index(fields=["reference"])]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(sha256="") | ~models.Q(hashes=[]), name="animator_blocked_photo_has_a_hash"
            ),
        ]

    def __str__(self) -> str:
        return f"blocked photo {self.pk}"
