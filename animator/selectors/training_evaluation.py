"""Evaluations side by side: one table for each kind of clips of each data set, the best of each column marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from animator.models import TrainingEvaluation
from animator.models.training_work import WorkState

#: Ways of making motion that belong to a model, and those that every model is held against.
OF_MODEL = {"model": "its own mouth", "model's phones, rules": "its phones, our rules"}
BASELINES = ("phones decoded, rules", "loudness, rules", "mean pose", "exact phones, rules")
_ARROWS = {"up": "↑", "down": "↓", "like": ""}


@dataclass
class Cell:
    """A mean with its 95 % interval; empty where nothing was measured."""

    mean: float | None
    text: str = ""
    interval: str = ""
    best: bool = False


@dataclass
class Row:
    """One way of making motion. ``baseline``: no model of ours."""

    label: str
    detail: str
    cells: list[Cell]
    run_id: UUID | None = None
    baseline: bool = False


@dataclass
class Table:
    """``measures``: title with an arrow; rows in the order of what was asked for, baselines last."""

    title: str
    about: str
    measures: list[str]
    rows: list[Row] = field(default_factory=list)


def evaluations_of(run_ids: Sequence[UUID], *, shipped: bool = True) -> list[TrainingEvaluation]:
    """The newest finished evaluation of each run on each state of each data set, and of the product's own models on the
    same."""
    done = TrainingEvaluation.objects.filter(state=WorkState.SUCCEEDED).select_related("run", "data")
    found: list[TrainingEvaluation] = []
    seen: set[tuple[Any, ...]] = set()
    for row in done.filter(run_id__in=run_ids).order_by("-finished_at"):
        if (row.run_id, row.fingerprint) not in seen:
            seen.add((row.run_id, row.fingerprint))
            found.append(row)
    found.sort(key=lambda row: list(run_ids).index(row.run_id))  # type: ignore[arg-type]
    if shipped:
        prints = {row.fingerprint for row in found}
        variants = {row.variant for row in found}
        for row in done.filter(run=None, fingerprint__in=prints, variant__in=variants).order_by("-finished_at"):
            if ("", row.variant, row.fingerprint) not in seen:
                seen.add(("", row.variant, row.fingerprint))
                found.append(row)
    return found


def tables(evaluations: Sequence[TrainingEvaluation]) -> list[Table]:
    """Side by side, what was judged on the same clips."""
    found: dict[tuple[str, str], Table] = {}
    for one in evaluations:
        for kind, group in one.groups.items():
            names = list(one.measures)
            table = found.get((one.fingerprint, kind))
            if table is None:
                heads = [f"{title} {_ARROWS[better]}".strip() for better, title in one.measures.values()]
                about = (
                    f"{one.data.name}, {group['clips']} clips of {group['people']} people or voices never trained on, "
                    f"{group['seconds']:g} s."
                )
                table = found[one.fingerprint, kind] = Table(group["title"], about, heads)
            label = one.run.name if one.run is not None else f"The product's own ({one.variant})"
            rows = [
                Row(label, detail, [_cell(group["ways"][way].get(name)) for name in names], one.run_id)
                for way, detail in OF_MODEL.items()
                if way in group["ways"]
            ]
            place = next((at for at, row in enumerate(table.rows) if row.baseline), len(table.rows))
            table.rows[place:place] = rows
            if place == len(table.rows) - len(rows):
                table.rows += [
                    Row(way, "", [_cell(group["ways"][way].get(name)) for name in names], baseline=True)
                    for way in BASELINES
                    if way in group["ways"]
                ]
    for table in found.values():
        _mark_best(table, [(name, better) for name, (better, _) in evaluations[0].measures.items()])
    return list(found.values())


def _cell(interval: list[float] | None) -> Cell:
    if not interval:
        return Cell(None)
    mean, low, high = interval
    return Cell(mean, f"{mean:.3g}", f"{low:.3g}–{high:.3g}")


def _mark_best(table: Table, measures: Sequence[tuple[str, str]]) -> None:
    """The best of each column; what knows the truth, and what does not move, takes no part. Each run's lip-sync score
    is its own critic's opinion, so that the scores of two say nothing."""
    rows = [row for row in table.rows if row.label not in ("exact phones, rules", "mean pose")]
    for column, (name, better) in enumerate(measures):
        means = [row.cells[column].mean for row in rows]
        known = [mean for mean in means if mean is not None]
        if better == "like" or name == "sync" or len(known) < 2:
            continue
        best = max(known) if better == "up" else min(known)
        for row in rows:
            row.cells[column].best = row.cells[column].mean == best


def latest() -> list[TrainingEvaluation]:
    """The last few, finished or not."""
    return list(TrainingEvaluation.objects.select_related("run", "data")[:12])
