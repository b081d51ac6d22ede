"""Data sets for training: asked for by administrators, made by a worker of the queue ``training``."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import User
from animator.errors import SiteError, conflict
from animator.models import TrainingData, TrainingRun
from animator.models.training_data import DataKind
from animator.models.training_work import ACTIVE, DONE, WorkState
from animator.services import audit, training_work

#: Most hours of synthetic speech that a page asks for at once.
MOST_HOURS = 10_000


def make_data(
    administrator: User, key: UUID, *, name: str, kind: str, hours: float = 0.0, seed: int = 0, place: str = ""
) -> TrainingData:
    """Have a data set made; asked for twice under the same ``key``, it is made once.

    ``place`` is the folder of recordings, or of a set that is there already, relative to the root of training.
    Raises ``training_name_taken``, ``training_folder_outside``, ``training_hours``.
    """
    known = TrainingData.objects.filter(id=key).first()
    if known is not None:
        return known
    if kind == DataKind.SYNTHETIC and not 0 < hours <= MOST_HOURS:
        raise SiteError("training_hours", f"The hours must lie between 0 and {MOST_HOURS}.")
    place = "" if kind == DataKind.SYNTHETIC else safe_place(place)
    try:
        with transaction.atomic():
            row = TrainingData.objects.create(
                id=key, name=name.strip(), kind=kind, hours=hours if kind == DataKind.SYNTHETIC else 0.0, seed=seed,
                folder=place if kind == DataKind.EXISTING else f"data/{key}",
                source=place if kind == DataKind.RECORDINGS else "", created_by=administrator,
            )  # fmt: skip
            training_work.send(row)
            audit.record(
                administrator, "training_data_asked", "training_data", row.id, kind=kind, seed=seed, place=place
            )
    except IntegrityError as error:
        known = TrainingData.objects.filter(id=key).first()
        if known is not None:
            return known
        raise conflict("training_name_taken", "There is something of this name already.", "Choose another.") from error
    return row


def safe_place(place: str) -> str:
    """A folder below the root of training, as it was typed, without detours. Raises ``training_folder_outside``."""
    parts = [part for part in place.strip().replace("\\", "/").split("/") if part not in ("", ".")]
    if place.strip().startswith("/") or not parts or ".." in parts or any("\0" in part for part in parts):
        raise SiteError(
            "training_folder_outside",
            "The folder must lie below the root of training.",
            "Name it relative to that root, as in recordings/spring.",
        )
    return "/".join(parts)


def digest_of(person: str) -> str:
    """By what a person is known here: the same as in the data set's list of who was removed."""
    return hashlib.sha256(f"person:{person}".encode()).hexdigest()


def remove_person(administrator: User, row: TrainingData, person: str) -> bool:
    """Take a person out of a set, with everything derived from them; False where that is under way already.

    Raises ``training_person_unknown``, ``training_data_busy`` while the set is made or a run learns from it.
    """
    digest = digest_of(person)
    with transaction.atomic():
        row = TrainingData.objects.select_for_update().get(id=row.id)
        if row.removing == person and row.state in ACTIVE:
            return False
        if digest not in row.people and row.removing != person:
            raise SiteError("training_person_unknown", "Nobody of this name is in the data set.",
                            "Names are those of the manifest, letter by letter.", status=404)  # fmt: skip
        busy = row.runs.filter(state__in=ACTIVE).exists() or row.evaluations.filter(state__in=ACTIVE).exists()
        if busy or row.state in ACTIVE or (row.removing and row.removing != person):
            raise conflict("training_data_busy", "The data set is in use.", "Stop its runs and evaluations first.")
        affected = runs_that_saw(row, person)
        TrainingData.objects.filter(id=row.id).update(
            removing=person, state=WorkState.QUEUED, stopping=False, attempts=0, error=None, finished_at=None
        )
        TrainingRun.objects.filter(id__in=[run.id for run in affected]).update(saw_removed=True)
        row.refresh_from_db()
        training_work.send(row)
        audit.record(
            administrator, "training_person_removed", "training_data", row.id, person=digest,
            runs=[str(run.id) for run in affected],
        )  # fmt: skip
    return True


def runs_that_saw(row: TrainingData, person: str) -> list[TrainingRun]:
    """Runs of this set that had the person before them."""
    digest = digest_of(person)
    return [run for run in row.runs.all() if digest in run.people]


def finish(key: UUID, token: str, found: dict[str, Any]) -> bool:
    """The set is there; ``found`` are its figures, its fingerprint and the digests of its people."""
    return training_work.end(
        TrainingData, key, token, WorkState.SUCCEEDED, figures=found["figures"], people=found["people"],
        fingerprint=found["fingerprint"], removing="",
    )  # fmt: skip


def is_ready(row: TrainingData) -> bool:
    """Whether runs may learn from it."""
    return row.state in DONE and bool(row.fingerprint)
