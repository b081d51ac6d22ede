"""A user's own dictionary: how names of the family and of places are said."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class Pronunciation(models.Model):
    """One word. ``said`` is a respelling, or IPA between slashes; ``language`` empty: in every language."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="pronunciations")
    language = models.CharField(max_length=16, blank=True)
    word = models.CharField(max_length=80)
    folded = models.CharField(max_length=160, help_text="The word as it is compared: without regard to case.")
    said = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("folded", "language")
        constraints = [
            models.UniqueConstraint(fields=["owner", "language", "folded"], name="animator_pronunciation_word_once")
        ]

    def __str__(self) -> str:
        return f"{self.word}: {self.said}"
