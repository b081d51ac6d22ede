"""Reading data sets for training, for the administrators' pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import User
from animator.models import TrainingData
from animator.models.training_work import DONE
from animator.selectors.training_run import may_see_training, work_payload

#: The tables of a card: name in the figures, title.
TABLES = {
    "split": "Part", "source": "Source", "language": "Language", "licence": "Licence",
    "commercial_use": "Commercial use", "sex": "Sex", "age_group": "Age group", "skin_tone": "Skin tone",
}  # fmt: skip


@dataclass(frozen=True)
class CardTable:
    """``rows``: name, hours, share of all hours in per cent, clips, people."""

    title: str
    rows: list[tuple[str, float, int, int, int]]


def data_for_user(user: User, data_id: UUID) -> TrainingData:
    """Raises ``TrainingData.DoesNotExist``, also for who may not see it."""
    if not may_see_training(user):
        raise TrainingData.DoesNotExist
    return TrainingData.objects.select_related("created_by").get(id=data_id)


def data_sets() -> list[TrainingData]:
    """The newest first."""
    return list(TrainingData.objects.all()[:100])


def ready_sets() -> list[TrainingData]:
    """Those that runs may learn from."""
    return list(TrainingData.objects.filter(state__in=DONE).exclude(fingerprint=""))


def data_payload(row: TrainingData) -> dict[str, Any]:
    """Where a set is."""
    return {**work_payload(row), "batches": row.batches, "batches_done": row.batches_done, "log": row.log}


def card_tables(figures: dict[str, Any]) -> list[CardTable]:
    """How balanced a set is."""
    tables = []
    for name, title in TABLES.items():
        groups = figures.get(name, {})
        total = sum(row["hours"] for row in groups.values()) or 1.0
        rows = [
            (key, row["hours"], round(100 * row["hours"] / total), row["clips"], row["people"])
            for key, row in groups.items()
        ]
        if rows:
            tables.append(CardTable(title, rows))
    return tables


def rejects_of(figures: dict[str, Any]) -> list[tuple[str, int, float]]:
    """What was left out: reason, how many, hours."""
    return [(reason, row["count"], row["hours"]) for reason, row in figures.get("rejects", {}).items()]
