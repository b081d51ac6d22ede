"""Which moderator works on what at the moment."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ItemKind(models.TextChoices):
    """Everything that waits in the moderators' queue."""

    REPORT = "report"
    HOLD = "hold"
    APPEAL = "appeal"
    QUALITY = "quality"


class ItemLock(models.Model):
    """Nobody but ``holder`` decides the item until ``expires_at``; the open page renews it."""

    kind = models.CharField(max_length=10, choices=ItemKind.choices)
    item = models.UUIDField()
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="item_locks")
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "item"], name="animator_itemlock_one_each")]

    def __str__(self) -> str:
        return f"{self.kind} {self.item}"
