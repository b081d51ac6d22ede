"""Accounts: signing up and in by e-mail, the declaration of age, roles, the accounts of a debug installation."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError
from django.test import Client

from accounts.models import User
from accounts.services import DEBUG_ACCOUNTS

PASSWORD = "a long pass word"


def sign_up(client: Client, **changes: str) -> int:
    form = {"email": "New@Example.com", "password1": PASSWORD, "password2": PASSWORD, "adult": "on", **changes}
    return client.post("/accounts/signup/", form).status_code


@pytest.mark.django_db
def test_sign_up_keeps_when_the_age_was_declared(client: Client) -> None:
    assert sign_up(client) == 302
    user = User.objects.get()
    assert user.email == "new@example.com"
    assert user.adult_declared_at is not None
    assert (user.is_moderator, user.is_administrator) == (False, False)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "changes", [{"adult": ""}, {"password1": "short", "password2": "short"}, {"email": "nobody"}, {"email": ""}]
)
def test_sign_up_is_refused(client: Client, changes: dict[str, str]) -> None:
    assert sign_up(client, **changes) == 200
    assert not User.objects.exists()


@pytest.mark.django_db
def test_sign_in_and_out_by_e_mail(client: Client) -> None:
    User.objects.create_user("a@example.com", PASSWORD)
    form = {"login": "A@example.com", "password": PASSWORD}
    assert client.post("/accounts/login/", form).status_code == 302
    assert client.get("/api/jobs/").status_code == 200
    client.post("/accounts/logout/")
    assert client.get("/api/jobs/").status_code == 401


@pytest.mark.django_db
def test_wrong_passwords_are_limited(client: Client) -> None:
    User.objects.create_user("a@example.com", PASSWORD)
    for _ in range(5):
        client.post("/accounts/login/", {"login": "a@example.com", "password": "wrong"})
    right = client.post("/accounts/login/", {"login": "a@example.com", "password": PASSWORD})
    assert right.status_code != 302
    assert client.get("/api/jobs/").status_code == 401


@pytest.mark.django_db
def test_one_account_for_an_address_in_any_case() -> None:
    User.objects.create_user("a@example.com", PASSWORD)
    with pytest.raises(IntegrityError):
        User.objects.create(email="A@EXAMPLE.COM")


@pytest.mark.django_db
def test_a_user_needs_an_address() -> None:
    with pytest.raises(ValueError, match="address"):
        User.objects.create_user("")


@pytest.mark.django_db
def test_debug_accounts_are_made_once_and_brought_back(settings: pytest.FixtureRequest, client: Client) -> None:
    settings.DEBUG = True  # type: ignore[attr-defined]
    out = StringIO()
    call_command("make_debug_accounts", stdout=out)
    User.objects.filter(email="user@example.com").update(password="!", is_active=False)
    call_command("make_debug_accounts", stdout=StringIO())
    assert User.objects.count() == 3
    roles = {user.email.split("@")[0]: (user.is_moderator, user.is_administrator) for user in User.objects.all()}
    assert roles == {"user": (False, False), "moderator": (True, False), "administrator": (False, True)}
    for account in DEBUG_ACCOUNTS:
        assert account.email in out.getvalue()
        assert (
            client.post("/accounts/login/", {"login": account.email, "password": account.password}).status_code == 302
        )
        client.post("/accounts/logout/")


@pytest.mark.django_db
def test_no_debug_accounts_outside_debug() -> None:
    with pytest.raises(CommandError, match="debug mode only"):
        call_command("make_debug_accounts")
    assert not User.objects.exists()


@pytest.mark.django_db
def test_administrators_add_and_change_users(client: Client) -> None:
    client.force_login(User.objects.create_superuser("admin@example.com", PASSWORD))
    form = {"email": "New@example.com", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post("/admin/accounts/user/add/", form).status_code == 302
    user = User.objects.get(email__iexact="new@example.com")
    assert user.check_password(PASSWORD)
    page = f"/admin/accounts/user/{user.id}/change/"
    assert client.get(page).status_code == 200
    assert client.post(page, {"email": user.email, "is_active": "on", "is_moderator": "on"}).status_code == 302
    user.refresh_from_db()
    assert (user.is_moderator, user.is_staff) == (True, False)
    assert client.get("/admin/accounts/user/?q=new").status_code == 200
