"""What is asked before an account is closed."""

from __future__ import annotations

from django import forms


class CloseAccountForm(forms.Form):
    """The password, and that one knows what one does."""

    sure = forms.BooleanField(
        label="I know that my photos, recordings and videos are erased and that nobody can bring them back.",
        error_messages={"required": "Please tick this first."},
    )
    password = forms.CharField(
        label="Your password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
