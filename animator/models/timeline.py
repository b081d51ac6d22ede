"""Who says which sound when in a speech: measured once, then corrected by hand in versions."""

from __future__ import annotations

import uuid

from django.db import models


class TimelineState(models.TextChoices):
    """``measuring -> ready | failed``; corrected versions are ready from the start."""

    MEASURING = "measuring"
    READY = "ready"
    FAILED = "failed"


class SpeechTimeline(models.Model):
    """One version. The first is what the engine measured; each further one was saved by the owner, none is changed.

    ``document`` is the compact form of ``gpu_worker.timeline_json``. ``sound_path`` is set for typed speech, whose
    sound is made of its words; a recording has its own. ``peaks`` is the loudest sample of each hundredth of a second,
    one byte each, in base64.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    speech = models.ForeignKey("animator.Speech", on_delete=models.CASCADE, related_name="timelines")
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=TimelineState.choices, default=TimelineState.MEASURING)
    document = models.JSONField(null=True, blank=True)
    sound_path = models.CharField(max_length=200, blank=True)
    sound_bytes = models.PositiveBigIntegerField(default=0)
    peaks = models.TextField(blank=True)
    error = models.JSONField(null=True, blank=True, help_text="Code, message and hint where it could not be measured.")
    #: Names the one run that may write the outcome.
    token = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    seen_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("speech", "-version")
        constraints = [
            models.UniqueConstraint(fields=["speech", "version"], name="animator_timeline_version_once"),
            models.CheckConstraint(condition=models.Q(state__in=TimelineState.values), name="animator_timeline_state"),
            models.CheckConstraint(
                condition=~models.Q(state="ready") | models.Q(document__isnull=False),
                name="animator_timeline_ready_has_a_document",
            ),
        ]

    @property
    def corrected(self) -> bool:
        """Whether somebody changed it by hand."""
        return bool(self.document and self.document.get("corrected"))

    def __str__(self) -> str:
        return f"timeline {self.version} of {self.speech_id}"
