"""What administrators fill in about training: a data set, a run, a person to be removed, a model to be promoted."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from animator.models import TrainingData
from animator.models.training_data import DataKind
from animator.selectors.training_data import ready_sets
from gpu_worker.training.config import presets


class KeyForm(forms.Form):
    """Carries the id of what it will make, so that a form that is sent twice makes one thing."""

    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {})
        kwargs["initial"].setdefault("key", uuid.uuid4())
        super().__init__(*args, **kwargs)


class DataForm(KeyForm):
    """A data set: made anew, or one that is there already."""

    name = forms.CharField(label="Name", max_length=60)
    kind = forms.ChoiceField(label="From", choices=DataKind.choices, widget=forms.RadioSelect)
    hours = forms.FloatField(
        label="Hours of synthetic speech", required=False, min_value=0.01, max_value=10_000,
        help_text="Made in batches of a quarter of an hour; about 90 seconds of one core for each hour.",
    )  # fmt: skip
    place = forms.CharField(
        label="Folder", required=False, max_length=180,
        help_text="Below the root of training: of the recordings with their manifest, or of the set that is there.",
    )  # fmt: skip
    seed = forms.IntegerField(label="Seed", min_value=0, max_value=2**31 - 1, initial=0)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("kind") == DataKind.SYNTHETIC and not found.get("hours"):
            self.add_error("hours", "Say how many hours.")
        if found.get("kind") in (DataKind.RECORDINGS, DataKind.EXISTING) and not found.get("place"):
            self.add_error("place", "Name the folder.")
        return found


class RunForm(KeyForm):
    """A training run. What is left empty is as the configuration says."""

    name = forms.RegexField(
        label="Name", regex=r"^[a-z0-9][a-z0-9.-]*$", max_length=40,
        help_text="Small letters, digits, points, hyphens. Videos name it as the model’s version.",
        error_messages={"invalid": "Small letters, digits, points and hyphens do."},
    )  # fmt: skip
    data_set = forms.ModelChoiceField(label="Data set", queryset=TrainingData.objects.none(), empty_label=None)
    preset = forms.ChoiceField(label="Configuration")
    steps = forms.IntegerField(label="Steps", required=False, min_value=1, max_value=10_000_000)
    seed = forms.IntegerField(label="Seed", required=False, min_value=0, max_value=2**31 - 1)
    learning_rate = forms.FloatField(label="Learning rate", required=False, min_value=1e-7, max_value=1.0)
    evaluates = forms.BooleanField(label="Evaluate it when it is through", required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ready = TrainingData.objects.filter(id__in=[row.id for row in ready_sets()])
        self.fields["data_set"].queryset = ready  # type: ignore[attr-defined]
        self.fields["preset"].choices = [(name, name) for name in presets()]  # type: ignore[attr-defined]


class PersonForm(forms.Form):
    """Somebody who asked to be removed."""

    person = forms.CharField(label="Person, as the manifest names them", max_length=200)
    sure = forms.BooleanField(required=False, widget=forms.HiddenInput)


class PromoteForm(forms.Form):
    """``replaces`` says which use its reader saw."""

    replaces = forms.CharField(widget=forms.HiddenInput, max_length=40)
    confirmed = forms.BooleanField(label="Use it all the same", required=False)
    reason = forms.CharField(
        label="Why", required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Kept with the model’s history.",
    )  # fmt: skip


class RollBackForm(forms.Form):
    """``to``: the model before, or the one that comes with the product."""

    replaces = forms.CharField(max_length=40)
    to = forms.ChoiceField(choices=[("previous", "previous"), ("shipped", "shipped")])
