"""A living person is asked, through a link of their own, whether their face may be animated."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models


class RequestState(models.TextChoices):
    """``open -> checking -> open | agreed``; ``open -> agreed | declined | withdrawn | expired``.

    ``checking``: a recording is being listened to.
    """

    OPEN = "open", "Waiting for an answer"
    CHECKING = "checking", "The recording is being listened to"
    AGREED = "agreed", "Agreed"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Taken back"
    EXPIRED = "expired", "The link has run out"


class ConsentRequest(models.Model):
    """Whoever has the secret answers; ``secret_hash`` is its SHA-256. The voice is gone once it was listened to."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="consent_requests")
    photo = models.ForeignKey("animator.Photo", on_delete=models.PROTECT, related_name="consent_requests")
    face_index = models.PositiveSmallIntegerField()
    asker = models.CharField(max_length=80, help_text="How the owner wants to be named to the person asked.")
    person = models.CharField(max_length=80, help_text="Who is asked, in the owner's words.")
    note = models.CharField(max_length=500, blank=True, help_text="What it is for, in the owner's words.")
    ask_speech = models.BooleanField(default=True)
    ask_gestures = models.BooleanField(default=True)
    ask_sharing = models.BooleanField(default=False)
    minor = models.BooleanField(default=False, help_text="Declared by the owner: under 18 in the picture.")
    language = models.CharField(max_length=16, default="en")

    secret_hash = models.CharField(max_length=64, unique=True)
    face_path = models.CharField(max_length=200, blank=True, help_text="The crop that the person is shown.")
    state = models.CharField(max_length=10, choices=RequestState.choices, default=RequestState.OPEN)
    phrase = models.CharField(max_length=200, blank=True)
    phrases = models.PositiveSmallIntegerField(default=0, help_text="How many phrases were drawn.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="How often the phrase was said or typed.")
    error = models.JSONField(null=True, blank=True, help_text="Why the last try did not count.")
    answer = models.JSONField(null=True, blank=True, help_text="What was ticked with the recording.")
    source_path = models.CharField(max_length=200, blank=True, help_text="The recording, until it was listened to.")
    token = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    seen_at = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(help_text="Of the link, as long as it is not answered.")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [
            models.Index(fields=["owner", "-created_at"]),
            models.Index(fields=["state", "expires_at"]),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=RequestState.values), name="animator_request_state"),
            models.CheckConstraint(
                condition=models.Q(state="checking") | models.Q(source_path=""), name="animator_request_voice_is_gone"
            ),
        ]

    @property
    def error_dict(self) -> dict[str, Any] | None:
        return dict(self.error) if self.error else None

    @property
    def is_waiting(self) -> bool:
        return self.state in (RequestState.OPEN, RequestState.CHECKING)

    def __str__(self) -> str:
        return f"consent request {self.pk} ({self.state})"
