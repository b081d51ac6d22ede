"""What anybody fills in to report a video, or a photo of themselves."""

from __future__ import annotations

from typing import Any

from django import forms

from animator.models.report import CONTACT_OPTIONAL, ReportReason


class OpenReportForm(forms.Form):
    """The fields say what is asked; ``animator.services.open_report`` has the last word on each."""

    reason = forms.ChoiceField(label="What is the matter?", choices=[("", "Please choose"), *ReportReason.choices])
    target = forms.CharField(
        label="Which video?",
        required=False,
        max_length=500,
        help_text="Its number, or an address that holds the number. Leave it empty if you know neither.",
    )
    statement = forms.CharField(
        label="In your words",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="What the video shows, where you saw it, and why it should not be there.",
    )
    contact = forms.EmailField(
        label="Your e-mail address",
        required=False,
        help_text="For questions and the receipt. Not needed if the video shows a minor.",
    )
    good_faith = forms.BooleanField(
        label="To the best of my knowledge, what I write here is true and complete.",
        error_messages={"required": "Please confirm that what you write is true."},
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        needed = values.get("reason") and values["reason"] not in CONTACT_OPTIONAL
        if needed and not values.get("contact") and "contact" not in self.errors:
            self.add_error("contact", "Please give an e-mail address; we may have to ask you something.")
        return values
