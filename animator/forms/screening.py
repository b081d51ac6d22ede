"""What an administrator pastes to see which rules strike."""

from __future__ import annotations

from django import forms

from gpu_worker.languages import LANGUAGES


class TrialForm(forms.Form):
    """Nothing of it is kept."""

    text = forms.CharField(
        label="Text", max_length=20_000, widget=forms.Textarea(attrs={"rows": 6, "dir": "auto", "spellcheck": "false"})
    )
    language = forms.ChoiceField(
        label="Said to be in", choices=[(language.code, language.name) for language in LANGUAGES], initial="en"
    )
