"""Users. They sign in by e-mail address; there is no user name. Roles are flags, so that one person may hold several.

Not in charge of what a user may see (``animator.selectors``) nor of counting use (``animator.services.quota``).
"""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone


class UserManager(BaseUserManager["User"]):
    """Makes users by e-mail address; the address is stored in lower case."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A plain user. Raises ``ValueError`` without an address."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """An administrator: may use Django's admin and every page of it."""
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> User:
        """The user with this address, upper and lower case being the same."""
        return self.get(email__iexact=username)


class User(AbstractUser):
    """A person with an account."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", unique=True)
    is_moderator = models.BooleanField("moderator", default=False, help_text="May see and decide reports.")
    adult_declared_at = models.DateTimeField(
        "declared to be 18 or over at", null=True, blank=True, help_text="Without it no video can be made."
    )

    closed_at = models.DateTimeField(
        "account closed at", null=True, blank=True, editable=False, help_text="Nothing says any more who it was."
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="accounts_user_email_any_case")]

    def close(self) -> None:
        """Take away everything that says who this was, and every right; for ``animator.services.account``."""
        self.email = f"closed-{self.id.hex}@closed.invalid"
        self.first_name = self.last_name = ""
        self.adult_declared_at = self.last_login = None
        self.is_active = self.is_moderator = self.is_staff = self.is_superuser = False
        self.closed_at = timezone.now()
        # Ends every session too: sessions are bound to the password.
        self.set_unusable_password()
        self.groups.clear()
        self.user_permissions.clear()
        self.save()

    @property
    def is_administrator(self) -> bool:
        """Whether the whole of the admin is open to this user."""
        return self.is_active and self.is_staff and self.is_superuser

    def __str__(self) -> str:
        return self.email
