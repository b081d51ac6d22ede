"""What a moderator fills in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms

from animator.models.decision import LASTING, AccountAction, DecisionAction
from animator.rules import RULES
from animator.services.decision import Ruling

#: How long an account's measure lasts, days; 0: until it is lifted.
DAYS = ((7, "a week"), (30, "30 days"), (90, "90 days"), (0, "until it is lifted"))


class DecisionForm(forms.Form):
    """The decision, its reasons, the copies it is for."""

    action = forms.ChoiceField(choices=DecisionAction.choices, widget=forms.RadioSelect, label="Decision")
    account_action = forms.ChoiceField(choices=AccountAction.choices, required=False, label="And the account?")
    days = forms.TypedChoiceField(choices=DAYS, coerce=int, required=False, empty_value=None, label="For how long?")
    rule = forms.TypedChoiceField(
        choices=[(rule.number, rule.clause) for rule in RULES],
        coerce=int,
        required=False,
        empty_value=None,
        label="Which rule is broken?",
    )
    label = forms.CharField(max_length=200, required=False, label="The mark")
    reasons = forms.CharField(label="Reasons", max_length=4000)
    copies = forms.TypedMultipleChoiceField(coerce=UUID, required=False)

    def __init__(self, *args: Any, copies: list[UUID] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["copies"].choices = [(str(copy), str(copy)) for copy in copies or []]  # type: ignore[attr-defined]

    def ruling(self) -> Ruling:
        """What was decided. Only of a valid form."""
        values = self.cleaned_data
        lasts = values["account_action"] in LASTING
        return Ruling(
            action=values["action"],
            reasons=values["reasons"],
            rule=values["rule"],
            account_action=values["account_action"],
            # Nothing chosen is a month; 0 is "until it is lifted".
            days=(30 if values["days"] is None else values["days"] or None) if lasts else None,
            label=values["label"],
            copies=tuple(values["copies"]),
        )


class ReasonsForm(forms.Form):
    """Yes or no, and why: a second opinion, an appeal, a look at the quality, the end of a measure."""

    agrees = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    reasons = forms.CharField(max_length=4000, required=False)


class AppealForm(forms.Form):
    """Why a decision is wrong."""

    statement = forms.CharField(
        label="Why is the decision wrong?",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="What the moderators did not know or overlooked. Another moderator reads it.",
    )
