"""What an administrator fills in about one user: plan and own limits, a grant."""

from __future__ import annotations

from typing import Any

from django import forms

from animator.models import UserLimits
from animator.models.plan import LIMITS, GrantUnit


class LimitsForm(forms.ModelForm):  # type: ignore[type-arg]
    """Empty fields: as the plan says."""

    class Meta:
        model = UserLimits
        fields = ("plan", *LIMITS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["plan"].empty_label = "The default plan"  # type: ignore[attr-defined]

    def own(self) -> dict[str, int | None]:
        return {name: self.cleaned_data[name] for name in LIMITS}


class GrantForm(forms.Form):
    """Something beside the plan."""

    amount = forms.IntegerField(label="How many", min_value=1, max_value=1_000_000)
    unit = forms.ChoiceField(label="Of what", choices=GrantUnit.choices)
    last_day = forms.DateField(label="Until the end of (UTC)", widget=forms.DateInput(attrs={"type": "date"}))
    note = forms.CharField(label="Why (the user sees it)", max_length=200)
