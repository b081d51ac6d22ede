"""How many videos each user began on each day (UTC)."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class QuotaUsage(models.Model):
    """Counted up when a job is made, down when it is given back; never computed from the jobs, which may be deleted."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="quota_usage")
    day = models.DateField()
    used = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-day",)
        verbose_name_plural = "quota usage"
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="animator_quota_one_row_a_day")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.day}: {self.used}"
