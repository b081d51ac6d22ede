"""One video to be made. ``queued -> processing -> succeeded | failed | cancelled``."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models

from animator.models.erasure import Why
from gpu_worker.media.framing import FRAMINGS


class JobState(models.TextChoices):
    QUEUED = "queued"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Stage(models.TextChoices):
    """Where a job in ``processing`` is; empty in every other state but ``failed``, where it says where it broke."""

    INSPECT = "inspect"
    ALIGN = "align"
    MOTION = "motion"
    RENDER = "render"
    ENCODE = "encode"
    CHECK = "check"
    SIGN = "sign"


ACTIVE_STATES = (JobState.QUEUED, JobState.PROCESSING)
TERMINAL_STATES = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class Job(models.Model):
    """Changed only by filtered updates in ``animator.services.job``, never by ``save()``.

    ``token`` names the one run that may write: each enqueueing draws a new one, so that a worker that was given up
    for dead and wakes up again changes nothing. ``attempts`` counts the runs that began and were not returned by an
    orderly shutdown.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="jobs")
    photo = models.ForeignKey("animator.Photo", on_delete=models.PROTECT, related_name="jobs")
    face_index = models.PositiveSmallIntegerField()
    speech = models.ForeignKey(
        "animator.Speech", null=True, blank=True, on_delete=models.PROTECT, related_name="jobs",
        help_text="Empty: nobody speaks, the faces move without words.",
    )  # fmt: skip
    motion = models.JSONField(
        default=dict, blank=True, help_text="Gestures and liveliness of each face: animator.selectors.motion."
    )
    framing = models.CharField(max_length=10, default="whole", help_text="The whole photo, or a cut around the faces.")
    timelines = models.ManyToManyField(
        "animator.SpeechTimeline", related_name="jobs", blank=True,
        help_text="The versions, corrected by hand, that the video follows; a speech without one is measured.",
    )  # fmt: skip
    consent = models.ForeignKey("animator.Consent", on_delete=models.PROTECT, related_name="jobs")
    title = models.CharField(max_length=120, blank=True)
    seed = models.PositiveIntegerField(default=0)

    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    stage = models.CharField(max_length=10, choices=Stage.choices, blank=True)
    percent = models.FloatField(default=0.0)
    eta_s = models.FloatField(null=True, blank=True, help_text="Seconds left, as the engine saw it at updated_at.")
    attempts = models.PositiveSmallIntegerField(default=0)
    token = models.CharField(max_length=32, blank=True)
    worker = models.CharField(max_length=120, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)
    error_hint = models.TextField(blank=True)
    reference = models.CharField(max_length=12, blank=True, help_text="Told to the user when the fault is ours.")

    fallbacks = models.JSONField(
        default=list, blank=True, help_text="Engines that did the work of others: stage, wanted, used, reason."
    )
    awaits_engine = models.CharField(
        max_length=40, blank=True, help_text="It failed since this engine was missing and no other may stand in."
    )

    erased_at = models.DateTimeField(null=True, blank=True, help_text="What was made is gone; the row stays.")
    erased_why = models.CharField(max_length=20, choices=Why.choices, blank=True)

    charge = models.UUIDField(null=True, blank=True, help_text="What paid for it, in the ledger of use.")
    speech_s = models.FloatField(default=0.0, help_text="Length of its speech; estimated where it is only typed.")
    max_side = models.PositiveIntegerField(null=True, blank=True, help_text="Longest side its owner's plan allows.")
    bulk = models.BooleanField(default=False, help_text="Nobody waits for it: made when nothing else is to be done.")
    lane = models.CharField(
        max_length=12, blank=True, help_text="The queue that its message is, or was last, in: animator.services.lanes."
    )
    #: Its place among the waiting: ``animator.services.turns``.
    turn = models.BigIntegerField(default=0)
    owner_deleted_at = models.DateTimeField(
        null=True, blank=True, help_text="Deleted by its owner; kept until a moderator has decided."
    )

    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField()
    held_at = models.DateTimeField(null=True, blank=True, help_text="Since when it waits for a person, see Hold.")
    not_before = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ("-created_at",)
        indexes = [
            models.Index(fields=["owner", "-created_at"]),
            models.Index(fields=["state", "turn", "queued_at"]),
            models.Index(fields=["token"]),
            models.Index(fields=["state", "heartbeat_at"]),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=JobState.values), name="animator_job_state"),
            models.CheckConstraint(condition=models.Q(framing__in=FRAMINGS), name="animator_job_framing"),
            models.CheckConstraint(condition=models.Q(stage__in=["", *Stage.values]), name="animator_job_stage"),
            models.CheckConstraint(
                condition=models.Q(percent__gte=0, percent__lte=100), name="animator_job_percent_in_range"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=TERMINAL_STATES, finished_at__isnull=False)
                | models.Q(state__in=ACTIVE_STATES, finished_at__isnull=True),
                name="animator_job_finished_when_terminal",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="failed") | ~models.Q(error_code=""), name="animator_job_failed_says_why"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="processing") | (~models.Q(token="") & models.Q(heartbeat_at__isnull=False)),
                name="animator_job_processing_has_a_run",
            ),
        ]

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE_STATES

    @property
    def error_dict(self) -> dict[str, Any] | None:
        """The error as the API says it, or None; ``reference`` only where the fault is ours."""
        if not self.error_code:
            return None
        error = {"error": self.error_code, "message": self.error_message, "hint": self.error_hint}
        return {**error, "reference": self.reference} if self.reference else error

    def __str__(self) -> str:
        return f"job {self.pk}"
