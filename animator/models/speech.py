"""What the portrait shall say: typed, recorded or uploaded."""

from __future__ import annotations

from django.db import models

from animator.models.upload import Upload, UploadState


class SpeechKind(models.TextChoices):
    TYPED = "typed"
    RECORDED = "recorded"
    UPLOADED = "uploaded"


class Speech(Upload):
    """A typed speech has ``text`` and no file; the others have a file and perhaps a ``transcript``."""

    kind = models.CharField(max_length=10, choices=SpeechKind.choices)
    text = models.TextField(blank=True)
    transcript = models.TextField(blank=True)
    language = models.CharField(max_length=16, default="en")
    voice = models.CharField(max_length=40, blank=True)
    speed = models.FloatField(default=1.0, help_text="1 = as the voice speaks by itself.")
    pitch = models.FloatField(default=1.0, help_text="1 = as the voice speaks by itself.")
    duration_s = models.FloatField(null=True, blank=True)
    findings = models.JSONField(default=list, blank=True, help_text="What the check heard: code, message, hint.")
    normalise = models.BooleanField(default=True, help_text="Bring a recording to the loudness of speech in the video.")
    denoise = models.BooleanField(default=False)
    trim = models.BooleanField(default=False, help_text="Cut silence at both ends.")
    original_duration_s = models.FloatField(null=True, blank=True)
    original_path = models.CharField(
        max_length=200, blank=True, help_text="The recording as it came, when “path” is a cleaned copy of it."
    )

    class Meta:
        ordering = ("-created_at",)
        verbose_name_plural = "speeches"
        indexes = [models.Index(fields=["owner", "-created_at"]), models.Index(fields=["state", "created_at"])]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=UploadState.values), name="animator_speech_state"),
            models.CheckConstraint(condition=models.Q(kind__in=SpeechKind.values), name="animator_speech_kind"),
            models.CheckConstraint(
                condition=~models.Q(kind="typed") | ~models.Q(text="") | models.Q(state="erased"),
                name="animator_speech_typed_has_text",
            ),
        ]

    @property
    def words(self) -> str:
        """What is said, as far as it is known."""
        return self.text if self.kind == SpeechKind.TYPED else self.transcript

    def __str__(self) -> str:
        return f"{self.kind} speech {self.pk}"
