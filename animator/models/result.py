"""The video of a job that succeeded, and what goes with it."""

from __future__ import annotations

from django.db import models


class Result(models.Model):
    """``folder`` holds ``video.mp4``, ``poster.jpg``, ``certificate.json`` and ``timeline.json``, one folder a run."""

    job = models.OneToOneField("animator.Job", on_delete=models.CASCADE, primary_key=True, related_name="result")
    folder = models.CharField(max_length=200)
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, help_text="Of the video.")
    frames = models.JSONField(default=list, blank=True, help_text="Perceptual hashes of some frames.")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    fps = models.FloatField()
    duration_s = models.FloatField()
    verdict = models.CharField(max_length=20)
    certificate = models.JSONField()
    seconds_taken = models.FloatField(help_text="From start to finish; the ETA of later jobs comes from it.")
    removed_at = models.DateTimeField(null=True, blank=True, help_text="Taken down: only moderators may see it.")
    hidden_at = models.DateTimeField(null=True, blank=True, help_text="Hidden until an urgent report is decided.")
    label = models.CharField(max_length=200, blank=True, help_text="With what moderators have marked it.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(fields=["-created_at"])]

    def __str__(self) -> str:
        return f"result of {self.job_id}"
