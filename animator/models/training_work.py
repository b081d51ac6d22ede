"""What a data set, a training run and an evaluation have in common: hours of work for the queue ``training``."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone


class WorkState(models.TextChoices):
    """``queued -> running -> succeeded | stopped_early | failed | cancelled``; the last three may be queued again.

    ``stopped_early``: the run itself saw that nothing was gained any more. ``cancelled``: an administrator stopped it.
    """

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    STOPPED_EARLY = "stopped_early", "Stopped early"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Stopped"


#: Not over yet.
ACTIVE = (WorkState.QUEUED, WorkState.RUNNING)
#: Over, with something to show.
DONE = (WorkState.SUCCEEDED, WorkState.STOPPED_EARLY)


class TrainingWork(models.Model):
    """``token`` names the one attempt that may write; ``stopping``: an administrator wants it to end."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=14, choices=WorkState.choices, default=WorkState.QUEUED)
    stopping = models.BooleanField(default=False)
    token = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=120, blank=True)
    seen_at = models.DateTimeField(default=timezone.now, help_text="When it was enqueued, or its worker last spoke.")
    error = models.JSONField(null=True, blank=True)
    log = models.TextField(blank=True, help_text="The last lines that the work said.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def is_done(self) -> bool:
        return self.state in DONE

    @property
    def error_dict(self) -> dict[str, Any] | None:
        return dict(self.error) if self.error else None
