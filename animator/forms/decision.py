"""What a moderator fills in."""

from __future__ import annotations

from django import forms

from animator.models.decision import DecisionAction


class DecisionForm(forms.Form):
    """The decision and its reasons; the buttons of the page send ``action``."""

    action = forms.ChoiceField(choices=DecisionAction.choices, widget=forms.RadioSelect, label="Decision")
    reasons = forms.CharField(
        label="Reasons",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="The facts, and which rule they break or do not break. Kept with the decision.",
    )
