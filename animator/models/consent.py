"""Who agreed to what, and who took it back. Rows are never changed nor deleted: the database itself refuses."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models


class Basis(models.TextChoices):
    SELF = "self", "I am the person in the photo"
    LIVING_AGREED = "living_agreed", "A living person who agreed"
    DECEASED_FAMILY = "deceased_family", "A deceased member of my family"
    HISTORIC = "historic", "A historic figure"


class GivenBy(models.TextChoices):
    OWNER = "owner", "Confirmed by whoever brought the photo"
    PERSON = "person", "Given by the person shown, through a link of their own"


class Agreement(models.TextChoices):
    """How the person shown proved to be at the other end of the link."""

    TYPED = "typed", "typed the phrase"
    SPOKEN = "spoken", "spoke the phrase"


class RevokedBy(models.TextChoices):
    OWNER = "owner", "Its owner"
    PERSON = "person", "The person shown"
    MODERATOR = "moderator", "A moderator"


class Consent(models.Model):
    """One confirmation for one face of one photo, with the very words that were confirmed and what they cover.

    Made by the owner of the photo, or by the person shown through ``request``: then ``phrase`` is what they were asked
    to say or type, ``transcript`` what was understood, ``score`` how well the two agree in [0, 1]; the voice itself
    only where the operator keeps it. Several jobs may rest on one consent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="consents")
    photo = models.ForeignKey("animator.Photo", on_delete=models.PROTECT, related_name="consents")
    photo_sha256 = models.CharField(max_length=64)
    face_index = models.PositiveSmallIntegerField()
    basis = models.CharField(max_length=20, choices=Basis.choices)
    given_by = models.CharField(max_length=10, choices=GivenBy.choices, default=GivenBy.OWNER)
    statement_version = models.CharField(max_length=20)
    statement_text = models.TextField()
    confirmed = models.BooleanField()

    allow_speech = models.BooleanField(default=True, help_text="The face may be made to speak.")
    allow_gestures = models.BooleanField(default=True, help_text="The face may be made to move without words.")
    allow_sharing = models.BooleanField(default=False, help_text="What is made may be shown to others by a link.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: until it is revoked.")
    minor = models.BooleanField(default=False, help_text="Declared: under 18 when the picture was taken.")

    request = models.OneToOneField(
        "animator.ConsentRequest", null=True, blank=True, on_delete=models.PROTECT, related_name="consent"
    )
    agreement = models.CharField(max_length=10, choices=Agreement.choices, blank=True)
    phrase = models.CharField(max_length=200, blank=True)
    transcript = models.CharField(max_length=500, blank=True)
    score = models.FloatField(null=True, blank=True)
    voice_path = models.CharField(max_length=200, blank=True, help_text="Only where the operator keeps recordings.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)
        indexes = [models.Index(fields=["expires_at"])]
        constraints = [
            models.CheckConstraint(condition=models.Q(confirmed=True), name="animator_consent_is_confirmed"),
            models.CheckConstraint(condition=models.Q(basis__in=Basis.values), name="animator_consent_basis"),
            models.CheckConstraint(condition=~models.Q(statement_text=""), name="animator_consent_has_its_text"),
            models.CheckConstraint(
                condition=models.Q(given_by="owner", request__isnull=True, agreement="")
                | models.Q(given_by="person", request__isnull=False, agreement__in=Agreement.values),
                name="animator_consent_says_how_it_was_given",
            ),
        ]

    def is_valid_at(self, when: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return not hasattr(self, "revocation") and (self.expires_at is None or self.expires_at > when)

    def counts_at(self, when: datetime) -> bool:
        """Whether a video may be made with it: a living person's consent only counts from themselves."""
        living = self.basis == Basis.LIVING_AGREED
        return self.is_valid_at(when) and (not living or self.given_by == GivenBy.PERSON)

    @property
    def scope(self) -> list[str]:
        """What is allowed, of ``speech``, ``gestures`` and ``sharing``."""
        allowed = {"speech": self.allow_speech, "gestures": self.allow_gestures, "sharing": self.allow_sharing}
        return [name for name, may in allowed.items() if may]

    def __str__(self) -> str:
        return f"{self.get_basis_display()}, face {self.face_index}"


class ConsentRevocation(models.Model):
    """A consent was taken back. A row of its own: the consent stays as it was given."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    consent = models.OneToOneField(Consent, on_delete=models.PROTECT, related_name="revocation")
    by = models.CharField(max_length=10, choices=RevokedBy.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.DO_NOTHING, db_constraint=False,
        related_name="+",
    )  # fmt: skip
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            models.CheckConstraint(condition=models.Q(by__in=RevokedBy.values), name="animator_revocation_by"),
        ]

    def __str__(self) -> str:
        return f"revocation of {self.consent_id}"
