"""What workers can run, how fast each engine was measured, and which engines no other may replace."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone


class WorkerReport(models.Model):
    """One worker process, as it reported itself when it started. ``engines`` holds the entries of
    ``gpu_worker.capabilities`` of its machine; ``ended_at`` is set by an orderly end."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    host = models.CharField(max_length=120)
    queues = models.JSONField(default=list)
    processor = models.CharField(max_length=200, blank=True)
    cores = models.PositiveIntegerField(default=0)
    memory_bytes = models.PositiveBigIntegerField(default=0)
    gpus = models.JSONField(default=list, blank=True)
    python = models.CharField(max_length=40, blank=True)
    engines = models.JSONField(default=list)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("host", "-started_at")
        indexes = [models.Index(fields=["host"]), models.Index(fields=["seen_at"])]

    #: A worker that said nothing for so long is taken for gone.
    SILENT_AFTER = timedelta(seconds=100)

    def is_alive(self, now: datetime | None = None) -> bool:
        """Whether it works, as far as is known."""
        return self.ended_at is None and self.seen_at > (now or timezone.now()) - self.SILENT_AFTER

    def __str__(self) -> str:
        return f"{self.name} on {self.host}"


class EngineSpeed(models.Model):
    """What an engine did when it was measured on a machine; one row for each version and device of it there."""

    host = models.CharField(max_length=120)
    engine = models.CharField(max_length=40)
    version = models.CharField(max_length=60, blank=True)
    device = models.CharField(max_length=20)
    value = models.FloatField()
    unit = models.CharField(max_length=60)
    measured_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("host", "engine")
        constraints = [
            models.UniqueConstraint(fields=["host", "engine", "version", "device"], name="animator_enginespeed_once")
        ]

    def __str__(self) -> str:
        return f"{self.engine} {self.version} on {self.host}: {self.value:.1f} {self.unit}"


class EngineSwitch(models.Model):
    """Whether another engine may stand in for this one; without a row it may."""

    engine = models.CharField(max_length=40, primary_key=True)
    fallback_allowed = models.BooleanField(default=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "engine switches"

    def __str__(self) -> str:
        return f"{self.engine}: {'others may' if self.fallback_allowed else 'no other may'} stand in"
