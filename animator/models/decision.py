"""What a moderator decided about videos and their owner, and why."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class DecisionAction(models.TextChoices):
    """What happens to the video."""

    NO_ACTION = "no_action", "No action"
    LABEL = "label", "Mark the video"
    HIDE = "hide", "Hide the video"
    REMOVE = "remove", "Remove the video"
    BLOCK = "block", "Remove it and block the photo"


class AccountAction(models.TextChoices):
    """What happens to the account besides."""

    NONE = "", "Nothing"
    WARN = "warn", "Warn"
    LIMIT = "limit", "Limit"
    FREEZE = "freeze", "Freeze"
    SUSPEND = "suspend", "Suspend"


class DecisionState(models.TextChoices):
    """``pending -> in_force | rejected``; ``in_force -> reversed`` by an appeal."""

    PENDING = "pending", "Waits for a second moderator"
    IN_FORCE = "in_force", "In force"
    REJECTED = "rejected", "Rejected by the second moderator"
    REVERSED = "reversed", "Reversed on appeal"


class Automation(models.TextChoices):
    """What a program did before a person decided."""

    NONE = "none", "No program took part: a person reported it, a person looked at it and decided."
    URGENT_HIDE = (
        "urgent_hide",
        "A program hid the video when the report arrived, because of its reason. A person looked at it and decided.",
    )
    COPY = "copy", "A program found that it is a copy of a reported one, by its hash. A person looked and decided."


#: Measures that take force only when a second moderator agrees.
HIGH_IMPACT = frozenset({DecisionAction.BLOCK})
HIGH_IMPACT_ACCOUNT = frozenset({AccountAction.FREEZE, AccountAction.SUSPEND})
#: Measures that are over some day, or when they are lifted.
LASTING = frozenset({AccountAction.LIMIT, AccountAction.FREEZE, AccountAction.SUSPEND})


class Decision(models.Model):
    """One statement of reasons to one owner, ``subject``; ``part_of`` joins those that were decided together.

    A report may see several over time; each stays. ``ended_at``: the account's measure was lifted before its time.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.ForeignKey("animator.Report", on_delete=models.PROTECT, related_name="decisions")
    part_of = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="parts")
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="measures"
    )
    moderator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decisions")
    action = models.CharField(max_length=20, choices=DecisionAction.choices)
    account_action = models.CharField(max_length=20, choices=AccountAction.choices, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Of the account's measure; empty: until lifted.")
    reasons = models.TextField(help_text="The facts, in the moderator's words.")
    rule = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Number of the rule that was broken.")
    label = models.CharField(max_length=200, blank=True, help_text="The words with which the video is marked.")
    automation = models.CharField(max_length=20, choices=Automation.choices, default=Automation.NONE)

    state = models.CharField(max_length=10, choices=DecisionState.choices, default=DecisionState.IN_FORCE)
    second_moderator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="second_decisions"
    )
    second_reasons = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    in_force_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    end_reasons = models.TextField(blank=True)

    class Meta:
        ordering = ("created_at",)
        indexes = [models.Index(fields=["subject", "state"]), models.Index(fields=["state", "created_at"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(action__in=DecisionAction.values), name="animator_decision_action"
            ),
            models.CheckConstraint(
                condition=models.Q(account_action__in=AccountAction.values), name="animator_decision_account_action"
            ),
            models.CheckConstraint(condition=~models.Q(reasons=""), name="animator_decision_has_reasons"),
            models.CheckConstraint(
                condition=models.Q(second_moderator__isnull=True) | ~models.Q(second_moderator=models.F("moderator")),
                name="animator_decision_two_people",
            ),
        ]

    @property
    def needs_second(self) -> bool:
        return self.action in HIGH_IMPACT or self.account_action in HIGH_IMPACT_ACCOUNT

    @property
    def restricts(self) -> bool:
        """Whether anything is done to anybody."""
        return self.action != DecisionAction.NO_ACTION or self.account_action != AccountAction.NONE

    def __str__(self) -> str:
        measures = [self.get_action_display()]
        if self.account_action:
            measures.append(f"{self.get_account_action_display().lower()} the account")
        return ", ".join(measures)


class DecisionItem(models.Model):
    """One video that a decision is about; ``job_ref`` keeps its id when it is gone."""

    decision = models.ForeignKey(Decision, on_delete=models.CASCADE, related_name="items")
    job = models.ForeignKey("animator.Job", null=True, on_delete=models.SET_NULL, related_name="decision_items")
    job_ref = models.UUIDField()
    title = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ("id",)
        indexes = [models.Index(fields=["job_ref"])]
        constraints = [models.UniqueConstraint(fields=["decision", "job_ref"], name="animator_decision_item_once")]

    def __str__(self) -> str:
        return f"job {self.job_ref}"
