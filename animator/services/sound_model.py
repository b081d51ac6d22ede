"""Which sound-to-motion model is used: promoting what a run exported, and going back."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import User
from animator import storage
from animator.errors import SiteError, conflict
from animator.models import SoundModel, SoundModelUse, TrainingRun
from animator.models.sound_model import UseKind
from animator.models.training_run import Variant
from animator.selectors.sound_model import Comparison, compare, in_use, name_of, previous_of
from animator.services import audit, training_work
from gpu_worker.weights import sha256_of


def keep_export(run_id: UUID, token: str, file: Path, description: dict[str, Any]) -> SoundModel | None:
    """Put what a run exported into storage; None where the run is no longer this worker's."""
    run = TrainingRun.objects.get(id=run_id)
    known = SoundModel.objects.filter(run=run, sha256=sha256_of(file)).first()
    if known is not None or not training_work.is_wanted(TrainingRun, run_id, token):
        return known
    model = SoundModel(run=run, variant=run.variant, description=description)
    stored = storage.store_file(storage.sound_model_path(model.id), file)
    model.path, model.sha256, model.bytes = stored.path, stored.sha256, stored.bytes
    model.save(force_insert=True)
    return model


def promote(
    administrator: User, model: SoundModel, *, replaces: str, reason: str = "", confirmed: bool = False
) -> SoundModelUse | None:
    """Use ``model`` from every worker's next job on; None where it is in use already.

    ``replaces`` is the name of the use that the administrator saw (:func:`animator.selectors.sound_model.mark_of`).
    Raises ``sound_model_changed`` where another is in use meanwhile, ``sound_model_not_better`` where it measures
    worse, or was not compared, and that is not ``confirmed`` with a ``reason``.
    """
    with transaction.atomic():
        current = _locked(model.variant)
        if current is not None and current.model_id == model.id:
            return None
        _check_seen(current, replaces)
        found: Comparison = compare(model)
        if found.verdict != "better" and not (confirmed and reason.strip()):
            raise conflict("sound_model_not_better", found.sentence, "Confirm it and say why, or choose another model.")
        return _use(administrator, model.variant, model, UseKind.PROMOTED, reason, found.sentence)


def roll_back(
    administrator: User, variant: str, *, replaces: str, shipped: bool, reason: str = ""
) -> SoundModelUse | None:
    """Go back to the model that was used before, or to the one that comes with the product; None where that is in use.

    Raises ``sound_model_changed``, ``sound_model_unknown`` for another variant than there are.
    """
    if variant not in Variant.values:
        raise SiteError("sound_model_unknown", "There is no such kind of model.")
    with transaction.atomic():
        current = _locked(variant)
        if current is None or current.model_id is None:
            return None
        _check_seen(current, replaces)
        target = None if shipped else previous_of(variant)
        if target is not None and target.id == current.model_id:
            return None
        return _use(administrator, variant, target, UseKind.ROLLED_BACK, reason, "")


def _locked(variant: str) -> SoundModelUse | None:
    """The use in force; of two who decide at the same time, the second sees what the first did."""
    # Counted on before it is read, the row of the audit log's end is everybody's lock.
    audit.wait_for_turn()
    return in_use(variant)


def _check_seen(current: SoundModelUse | None, replaces: str) -> None:
    mark = str(current.pk) if current is not None else "shipped"
    if replaces != mark:
        raise conflict(
            "sound_model_changed",
            f"Meanwhile {name_of(current)} is in use.",
            "Look at the page again, then decide.",
        )


def _use(
    administrator: User, variant: str, model: SoundModel | None, kind: str, reason: str, compared: str
) -> SoundModelUse:
    row = SoundModelUse.objects.create(
        variant=variant,
        model=model,
        kind=kind,
        actor=administrator,
        reason=reason.strip()[:500],
        compared=compared[:300],
    )
    audit.record(
        administrator, f"sound_model_{kind}", "sound_model", variant,
        model="shipped" if model is None else str(model.id), version=name_of(row),
        sha256="" if model is None else model.sha256,
    )  # fmt: skip
    return row
