"""A file that somebody, perhaps without an account, asks about: does it come from here?"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models


class CheckState(models.TextChoices):
    """``checking -> done | rejected``. The file is erased with the step out of ``checking``, whatever the answer."""

    CHECKING = "checking"
    DONE = "done"
    REJECTED = "rejected"


class FileCheck(models.Model):
    """Neither who asked nor the file's name is kept. Whoever knows ``id`` may read the answer.

    ``answer`` is the JSON of ``gpu_worker.provenance.verify``; ``job_ref`` the job of ours that it points to, which is
    never told to who asked.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, choices=CheckState.choices, default=CheckState.CHECKING)
    source_path = models.CharField(max_length=200, blank=True)
    answer = models.JSONField(null=True, blank=True)
    job_ref = models.UUIDField(null=True, blank=True)
    error = models.JSONField(null=True, blank=True, help_text="Code, message and hint of a file that cannot be read.")
    token = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    seen_at = models.DateTimeField(help_text="When it was enqueued, or its worker last gave a sign.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(fields=["state", "created_at"])]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=CheckState.values), name="animator_filecheck_state"),
            models.CheckConstraint(
                condition=models.Q(state="checking") | models.Q(source_path=""), name="animator_filecheck_file_is_gone"
            ),
        ]

    @property
    def error_dict(self) -> dict[str, Any] | None:
        """The error as the API says it, or None."""
        return dict(self.error) if self.error else None

    def __str__(self) -> str:
        return f"file check {self.pk}"
