"""Reading which sound-to-motion model is in use, and how an exported one measures against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from animator.models import SoundModel, SoundModelUse, TrainingEvaluation
from animator.models.training_run import Variant
from animator.models.training_work import WorkState

#: The way of making motion that is used of each variant, as evaluations name it.
WAY = {Variant.FULL.value: "model's phones, rules", Variant.CAUSAL.value: "model"}
#: The measure that decides: the share of 25-fps frames in the right one of 15 viseme classes.
MEASURE = "f25"
SHIPPED = "the model that comes with the product"


@dataclass(frozen=True)
class Comparison:
    """``verdict``: ``better`` (or as good) on every kind of clips, ``worse`` on some, ``unknown``: not both were judged
    on the same data."""

    verdict: Literal["better", "worse", "unknown"]
    sentence: str


@dataclass(frozen=True)
class UseLine:
    """One variant on the page."""

    variant: str
    title: str
    current: SoundModelUse | None
    name: str
    mark: str
    previous: str
    history: list[SoundModelUse]


def in_use(variant: str) -> SoundModelUse | None:
    """The use in force; None where nothing was ever promoted."""
    return SoundModelUse.objects.filter(variant=variant).select_related("model__run", "actor").first()


def models_in_use() -> dict[str, SoundModel | None]:
    """For each variant the promoted model, or None for the product's own."""
    found = {variant: in_use(variant) for variant in Variant.values}
    return {variant: None if use is None else use.model for variant, use in found.items()}


def name_of(use: SoundModelUse | None) -> str:
    """How a use is called in a sentence."""
    return SHIPPED if use is None or use.model is None else f"“{use.model.run.name}”"


def mark_of(use: SoundModelUse | None) -> str:
    """By what a form says which use its reader saw."""
    return "shipped" if use is None else str(use.pk)


def previous_of(variant: str) -> SoundModel | None:
    """The model that was in use before the present one was promoted; None for the product's own.

    Steps back are left out: after one, the next leads further back.
    """
    stack: list[SoundModel | None] = [None]
    for use in SoundModelUse.objects.filter(variant=variant).select_related("model__run").order_by("id"):
        if use.model_id is None:
            stack = [None]
        elif use.kind == "rolled_back" and len(stack) > 1 and stack[-2] is not None and stack[-2].id == use.model_id:
            stack.pop()
        else:
            stack.append(use.model)
    return stack[-2] if len(stack) > 1 else None


def use_lines() -> list[UseLine]:
    """Both variants with their history."""
    lines = []
    for variant, title in Variant.choices:
        current = in_use(variant)
        before = previous_of(variant)
        history = list(SoundModelUse.objects.filter(variant=variant).select_related("model__run", "actor")[:20])
        lines.append(
            UseLine(variant, str(title), current, name_of(current), mark_of(current),
                    SHIPPED if before is None else f"“{before.run.name}”", history)
        )  # fmt: skip
    return lines


def model_of_run(run_id: Any) -> SoundModel | None:
    """What a run exported last."""
    return SoundModel.objects.filter(run_id=run_id).select_related("run").first()


def compare(model: SoundModel) -> Comparison:
    """How a model measures against the one in use, by the newest evaluations of both on the same data."""
    current = in_use(model.variant)
    mine = _evaluations(model.run_id, model.variant)
    if not mine:
        return Comparison("unknown", "It was never evaluated.")
    theirs = _evaluations(None if current is None or current.model is None else current.model.run_id, model.variant)
    shared = next(((one, other) for one in mine for other in theirs if one.fingerprint == other.fingerprint), None)
    if shared is None:
        return Comparison("unknown", f"{_capital(name_of(current))} was never evaluated on the same data.")
    pairs = _pairs(*shared, WAY[model.variant])
    if not pairs:
        return Comparison("unknown", "The evaluations have nothing in common.")
    told = "; ".join(f"{kind}: {100 * new:.1f} % against {100 * old:.1f} %" for kind, new, old in pairs)
    worse = any(new < old for _, new, old in pairs)
    sentence = f"Frames in the right viseme class, {told} of {name_of(current)}."
    return Comparison("worse" if worse else "better", sentence)


def _pairs(one: TrainingEvaluation, other: TrainingEvaluation, way: str) -> list[tuple[str, float, float]]:
    found = []
    for kind, group in one.groups.items():
        new = group["ways"].get(way, {}).get(MEASURE)
        old = other.groups.get(kind, {}).get("ways", {}).get(way, {}).get(MEASURE)
        if new and old:
            found.append((kind, new[0], old[0]))
    return found


def _evaluations(run_id: Any, variant: str) -> list[TrainingEvaluation]:
    done = TrainingEvaluation.objects.filter(state=WorkState.SUCCEEDED, variant=variant, run_id=run_id)
    return list(done.order_by("-finished_at")[:20])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
