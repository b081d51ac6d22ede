"""What a moderator fills in about something that is held."""

from __future__ import annotations

from typing import Any

from django import forms

from animator.rules import RULES


class HoldForm(forms.Form):
    """``action`` is ``release`` or ``refuse``; only a refusal needs reasons."""

    action = forms.ChoiceField(choices=[("release", "Let it go on"), ("refuse", "Refuse it")])
    rule = forms.TypedChoiceField(
        choices=[("", "None of them"), *((rule.number, rule.clause) for rule in RULES)],
        coerce=int,
        required=False,
        empty_value=None,
    )
    reasons = forms.CharField(max_length=4000, required=False)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("action") == "refuse" and not (values.get("reasons") or "").strip():
            self.add_error("reasons", "A refusal needs its reasons.")
        return values
