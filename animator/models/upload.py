"""What photos and speeches share: somebody brought a file, and a worker looks at it before it may be used."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models


class UploadState(models.TextChoices):
    """``checking -> ready | rejected``; each may become ``erased``: the row stays as long as a consent needs it."""

    CHECKING = "checking"
    READY = "ready"
    REJECTED = "rejected"
    ERASED = "erased"


class Upload(models.Model):
    """Abstract. Paths are names in private storage, never shown to anybody."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=UploadState.choices, default=UploadState.CHECKING)
    source_path = models.CharField(max_length=200, blank=True, help_text="The file as it came, until it is checked.")
    path = models.CharField(max_length=200, blank=True, help_text="The file that is kept.")
    bytes = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the file as it came.")
    error = models.JSONField(null=True, blank=True, help_text="Code, message and hint of a rejected upload.")
    #: Names the one check that may write the outcome; a check that lost its turn finds another token here.
    token = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    seen_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was enqueued, or its worker last gave a sign."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    @property
    def error_dict(self) -> dict[str, Any] | None:
        """The error as the API says it, or None."""
        return dict(self.error) if self.error else None
