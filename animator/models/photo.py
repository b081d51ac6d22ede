"""A portrait that somebody brought."""

from __future__ import annotations

from django.db import models

from animator.models.upload import Upload, UploadState


class Photo(Upload):
    """``path`` is an upright copy without metadata; ``faces`` and ``findings`` are what the face check said."""

    name = models.CharField(max_length=120, blank=True, help_text="For the owner's eyes; never part of a path.")
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    faces = models.JSONField(default=list, blank=True)
    hashes = models.JSONField(default=list, blank=True, help_text="Perceptual hashes, to find copies by.")
    findings = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(fields=["owner", "-created_at"]), models.Index(fields=["state", "created_at"])]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=UploadState.values), name="animator_photo_state"),
        ]

    def __str__(self) -> str:
        return f"photo {self.pk}"
