"""How much a user may do: plans, exceptions for one user, and grants beside them.

Every limit may be left empty. What a user's exception leaves empty comes from their plan, what the plan leaves empty
from the site's settings (``animator.selectors.quota.limits_for``).
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class LimitFields(models.Model):
    """The limits that a plan and an exception share. Empty: as the next level says. 0: none at all."""

    jobs_per_day = models.PositiveIntegerField("videos a day", null=True, blank=True)
    minutes_per_month = models.PositiveIntegerField("minutes of video a month", null=True, blank=True)
    max_side = models.PositiveIntegerField("longest side of a video, pixels", null=True, blank=True)
    storage_bytes = models.PositiveBigIntegerField("storage, bytes", null=True, blank=True)
    active_jobs = models.PositiveIntegerField("videos waiting or running at a time", null=True, blank=True)
    running_jobs = models.PositiveIntegerField("videos running at a time", null=True, blank=True)
    uploads_per_day = models.PositiveIntegerField("photos and speeches a day", null=True, blank=True)
    forms_per_day = models.PositiveIntegerField("other forms of videos a day", null=True, blank=True)
    upload_bytes = models.PositiveBigIntegerField("largest file, bytes", null=True, blank=True)

    class Meta:
        abstract = True


#: Names of the limits, in the order in which pages show them.
LIMITS = tuple(field.name for field in LimitFields._meta.local_fields)


class Plan(LimitFields):
    """A set of limits under a name. One of them may be the default: it holds for everybody who has no other."""

    name = models.CharField(max_length=60, unique=True)
    is_default = models.BooleanField("default", default=False, help_text="For everybody who has no other plan.")
    share = models.PositiveSmallIntegerField(
        "share of the queue", default=1, help_text="2: two videos for every one of a plan with 1, when both wait."
    )

    class Meta:
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="animator_plan_one_default"
            ),
            models.CheckConstraint(condition=models.Q(share__gte=1, share__lte=100), name="animator_plan_share"),
        ]

    def __str__(self) -> str:
        return self.name


class UserLimits(LimitFields):
    """The plan of one user, and the limits in which they differ from it."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="limits"
    )
    plan = models.ForeignKey(Plan, null=True, blank=True, on_delete=models.PROTECT, related_name="users")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "user's limits"
        verbose_name_plural = "users' limits"

    def __str__(self) -> str:
        return f"limits of {self.user_id}"


class GrantUnit(models.TextChoices):
    JOBS = "jobs", "videos"
    MINUTES = "minutes", "minutes of video"


class Grant(models.Model):
    """Something an administrator gives beside the plan, until a day. Used once the plan's own is used up."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="grants")
    unit = models.CharField(max_length=10, choices=GrantUnit.choices)
    amount = models.PositiveIntegerField()
    note = models.CharField(max_length=200, help_text="Why; the user sees it.")
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("expires_at", "id")
        indexes = [models.Index(fields=["user", "expires_at"])]
        constraints = [
            models.CheckConstraint(condition=models.Q(unit__in=GrantUnit.values), name="animator_grant_unit"),
            models.CheckConstraint(condition=models.Q(amount__gte=1), name="animator_grant_amount"),
            models.CheckConstraint(condition=~models.Q(note=""), name="animator_grant_has_its_note"),
        ]

    @property
    def is_valid(self) -> bool:
        """Whether it may still be drawn upon."""
        return self.revoked_at is None and self.expires_at > timezone.now()

    def __str__(self) -> str:
        return f"{self.amount} {self.get_unit_display()} until {self.expires_at:%Y-%m-%d}"
