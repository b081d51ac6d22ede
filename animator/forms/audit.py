"""Searching the audit log."""

from __future__ import annotations

from django import forms

from animator.selectors.audit import AuditSearch, audit_actions


class AuditForm(forms.Form):
    """Every field may stay empty."""

    who = forms.CharField(label="Who", required=False, max_length=200, help_text='Part of an address, or "site".')
    what = forms.ChoiceField(label="What", required=False)
    thing = forms.CharField(
        label="Object", required=False, max_length=60, help_text="A number, its beginning, or a kind."
    )
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they come
        actions = [(action, action.replace("_", " ")) for action in audit_actions()]
        self.fields["what"] = forms.ChoiceField(label="What", required=False, choices=[("", "Everything"), *actions])

    def search(self) -> AuditSearch:
        """What was asked for; the part of it that makes sense."""
        return AuditSearch(**self.cleaned_data)
