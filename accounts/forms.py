"""What sign-up asks for beyond an address and a password."""

from __future__ import annotations

from django import forms
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User


class SignupForm(forms.Form):
    """Mixed into django-allauth's sign-up form (``ACCOUNT_SIGNUP_FORM_CLASS``): the declaration of age."""

    adult = forms.BooleanField(
        required=True,
        label="I am 18 years old or older",
        error_messages={"required": "You need to be 18 or older to use this site."},
    )

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth once the user is saved: keeps when the declaration was made."""
        user.adult_declared_at = timezone.now()
        user.save(update_fields=["adult_declared_at"])
