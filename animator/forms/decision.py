"""What a moderator fills in."""

from __future__ import annotations

from django import forms

from animator.models.decision import DecisionAction
from animator.rules import RULES


class DecisionForm(forms.Form):
    """The decision and its reasons; the buttons of the page send ``action``."""

    action = forms.ChoiceField(choices=DecisionAction.choices, widget=forms.RadioSelect, label="Decision")
    rule = forms.TypedChoiceField(
        choices=[(rule.number, rule.clause) for rule in RULES],
        coerce=int,
        required=False,
        empty_value=None,
        label="Which rule is broken?",
    )
    reasons = forms.CharField(
        label="Reasons",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="The facts, and which rule they break or do not break. Kept with the decision.",
    )
