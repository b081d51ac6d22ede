"""Writing accounts. Signing up and in is django-allauth's; here are only the accounts of a debug installation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User


@dataclass(frozen=True)
class DebugAccount:
    """An account of a debug installation: address, password, role in words."""

    email: str
    password: str
    role: str


#: Known to everybody who reads this file, hence made in debug mode only.
DEBUG_ACCOUNTS: tuple[DebugAccount, ...] = (
    DebugAccount("user@example.com", "talking-user", "user"),
    DebugAccount("moderator@example.com", "talking-moderator", "moderator"),
    DebugAccount("administrator@example.com", "talking-administrator", "administrator"),
)


def make_debug_accounts() -> tuple[DebugAccount, ...]:
    """Make the three debug accounts, or bring them back to their known state. Raises ``RuntimeError`` outside debug."""
    if not settings.DEBUG:
        raise RuntimeError("Debug accounts exist in debug mode only.")
    with transaction.atomic():
        for account in DEBUG_ACCOUNTS:
            _make(account)
    return DEBUG_ACCOUNTS


def _make(account: DebugAccount) -> None:
    administrator = account.role == "administrator"
    fields: dict[str, Any] = {
        "is_active": True,
        "is_moderator": account.role == "moderator",
        "is_staff": administrator,
        "is_superuser": administrator,
    }
    user, made = User.objects.update_or_create(email=account.email, defaults=fields)
    if user.adult_declared_at is None:
        user.adult_declared_at = timezone.now()
    if made or not user.check_password(account.password):
        user.set_password(account.password)
    user.save()
    EmailAddress.objects.update_or_create(user=user, email=account.email, defaults={"verified": True, "primary": True})
