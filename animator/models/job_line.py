"""What is said in a conversation, line by line, and by which face."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class JobLine(models.Model):
    """One line of a job in which several faces take part; ``Job.speech`` is then that of the first line."""

    job = models.ForeignKey("animator.Job", on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    face_index = models.PositiveSmallIntegerField()
    speech = models.ForeignKey("animator.Speech", on_delete=models.PROTECT, related_name="lines")
    pause_s = models.FloatField(default=0.45, help_text="Seconds after the line before; negative: interrupts it.")
    start_s = models.FloatField(null=True, blank=True, help_text="The second at which it begins, instead of a pause.")

    class Meta:
        ordering = ("job", "position")
        constraints = [
            models.UniqueConstraint(fields=["job", "position"], name="animator_jobline_one_after_the_other"),
            models.CheckConstraint(condition=Q(pause_s__gte=-60, pause_s__lte=60), name="animator_jobline_pause"),
        ]

    def __str__(self) -> str:
        return f"line {self.position} of {self.job_id}"
