"""The stages of one video, each of which may run on another machine: what is done, and where its results lie."""

from __future__ import annotations

from django.db import models


class StageName(models.TextChoices):
    """In order: faces, words and motion; the frames and the file; the certificate and the signature."""

    SPEECH = "speech"
    RENDER = "render"
    CHECK = "check"


class StageState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"


class JobStage(models.Model):
    """``number`` is 2 where a video judged red is drawn, and checked, once more.

    ``folder`` holds the results in storage while the job is under way; ``attempts`` counts the runs that began it.
    """

    job = models.ForeignKey("animator.Job", on_delete=models.CASCADE, related_name="stages")
    name = models.CharField(max_length=8, choices=StageName.choices)
    number = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=8, choices=StageState.choices, default=StageState.WAITING)
    folder = models.CharField(max_length=200, blank=True)
    basis = models.CharField(max_length=64, blank=True, help_text="Digest of what it was made from.")
    worker = models.CharField(max_length=120, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    seconds = models.FloatField(null=True, blank=True, help_text="Wall time of the run that finished it.")
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("job", "number", "id")
        indexes = [models.Index(fields=["finished_at"])]
        constraints = [
            models.UniqueConstraint(fields=["job", "name", "number"], name="animator_jobstage_once"),
            models.CheckConstraint(condition=models.Q(state__in=StageState.values), name="animator_jobstage_state"),
            models.CheckConstraint(condition=models.Q(name__in=StageName.values), name="animator_jobstage_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number} of {self.job_id}"
