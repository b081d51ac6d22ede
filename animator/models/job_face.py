"""The faces that move in a job, each with the consent that allows it."""

from __future__ import annotations

from django.db import models


class JobFace(models.Model):
    """One face of a job. The database refuses a row whose consent does not cover what the face does."""

    job = models.ForeignKey("animator.Job", on_delete=models.CASCADE, related_name="faces")
    face_index = models.PositiveSmallIntegerField()
    consent = models.ForeignKey("animator.Consent", on_delete=models.PROTECT, related_name="job_faces")
    speaks = models.BooleanField(default=False)
    gestures = models.BooleanField(default=False)

    class Meta:
        ordering = ("job", "face_index")
        constraints = [models.UniqueConstraint(fields=["job", "face_index"], name="animator_jobface_once_a_job")]

    def __str__(self) -> str:
        return f"face {self.face_index} of {self.job_id}"
