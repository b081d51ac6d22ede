"""Who agreed to what. Rows are never changed nor deleted: the database itself refuses (``animator.ledger``)."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models


class Basis(models.TextChoices):
    SELF = "self", "I am the person in the photo"
    LIVING_AGREED = "living_agreed", "A living person who agreed"
    DECEASED_FAMILY = "deceased_family", "A deceased member of my family"
    HISTORIC = "historic", "A historic figure"


class Consent(models.Model):
    """One confirmation for one face of one photo, with the very words that were confirmed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="consents")
    photo = models.ForeignKey("animator.Photo", on_delete=models.PROTECT, related_name="consents")
    photo_sha256 = models.CharField(max_length=64)
    face_index = models.PositiveSmallIntegerField()
    basis = models.CharField(max_length=20, choices=Basis.choices)
    statement_version = models.CharField(max_length=20)
    statement_text = models.TextField()
    confirmed = models.BooleanField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at",)
        constraints = [
            models.CheckConstraint(condition=models.Q(confirmed=True), name="animator_consent_is_confirmed"),
            models.CheckConstraint(condition=models.Q(basis__in=Basis.values), name="animator_consent_basis"),
            models.CheckConstraint(condition=~models.Q(statement_text=""), name="animator_consent_has_its_text"),
        ]

    def __str__(self) -> str:
        return f"{self.get_basis_display()}, face {self.face_index}"
