"""Reading exports, and everything that somebody gave: rows as JSON, files by the name they get in the zip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.forms.models import model_to_dict
from django.utils import timezone

from accounts.models import User
from animator.models import (
    Appeal,
    AuditEntry,
    Consent,
    ConsentRequest,
    Decision,
    Export,
    Grant,
    Job,
    Photo,
    Pronunciation,
    Rendition,
    Report,
    Result,
    Share,
    Speech,
    SpeechTimeline,
    UsageEntry,
)
from animator.models.appeal import AppealSide
from animator.models.export import ExportState
from animator.selectors.quota import quota_payload
from animator.selectors.result import files_of_result

#: What is of no use to anybody but the site (paths in its storage, names of runs, hashes of secrets), and who decided.
_INNER = {
    "path", "original_path", "source_path", "sound_path", "face_path", "folder", "token", "worker", "seen_at", "peaks",
    "secret_hash", "follow_hash", "moderator", "second_moderator", "ended_by",
}  # fmt: skip


def export_for_user(user: User, export_id: UUID) -> Export:
    """The user's own export that is ready. Raises ``Export.DoesNotExist``."""
    ready = Export.objects.filter(state=ExportState.READY, expires_at__gt=timezone.now())
    return ready.get(id=export_id, owner=user)


def exports_of(user: User) -> list[Export]:
    return list(Export.objects.filter(owner=user, expires_at__gt=timezone.now()))


def account_json(user: User) -> dict[str, Any]:
    """The account itself, with what it may do and has done."""
    return {
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "date_joined": user.date_joined,
        "last_login": user.last_login,
        "adult_declared_at": user.adult_declared_at,
        "is_moderator": user.is_moderator,
        "is_administrator": user.is_administrator,
        "allowance": quota_payload(user),
    }


def rows_of(user: User) -> dict[str, list[dict[str, Any]]]:
    """Every row that this person gave or that is about what they did, by kind."""
    kinds: dict[str, QuerySet[Any]] = {
        "photos": Photo.objects.filter(owner=user),
        "speeches": Speech.objects.filter(owner=user),
        "timelines": SpeechTimeline.objects.filter(speech__owner=user),
        "pronunciations": Pronunciation.objects.filter(owner=user),
        "videos": Job.objects.filter(owner=user),
        "results": Result.objects.filter(job__owner=user),
        "other_forms": Rendition.objects.filter(result__job__owner=user),
        "consents": Consent.objects.filter(owner=user),
        "consent_requests": ConsentRequest.objects.filter(owner=user),
        "shares": Share.objects.filter(owner=user),
        "decisions": Decision.objects.filter(Q(subject=user) | Q(items__job__owner=user)).distinct(),
        "appeals": Appeal.objects.filter(appeals_of(user)).distinct(),
        "reports": Report.objects.filter(reporter=user),
        "usage": UsageEntry.objects.filter(user=user),
        "grants": Grant.objects.filter(user=user),
        "log": AuditEntry.objects.filter(actor=user),
    }
    return {kind: [_row(row) for row in rows.order_by("pk")] for kind, rows in kinds.items()}


def appeals_of(user: User) -> Q:
    """Appeals that this person made: against what restricts them, or against what became of their report."""
    restricted = Q(hold__owner=user) | Q(decision__subject=user) | Q(decision__items__job__owner=user)
    return Q(side=AppealSide.OWNER) & restricted | Q(side=AppealSide.REPORTER, decision__report__reporter=user)


def files_of(user: User) -> Iterator[tuple[str, str]]:
    """Name in the zip and path in storage of every file that is kept for this person."""
    for photo in Photo.objects.filter(owner=user).exclude(path=""):
        yield f"photos/{photo.id}{_suffix(photo.path)}", photo.path
    for speech in Speech.objects.filter(owner=user).exclude(path=""):
        yield f"speech/{speech.id}{_suffix(speech.path)}", speech.path
        if speech.original_path:
            yield f"speech/{speech.id}-original{_suffix(speech.original_path)}", speech.original_path
    shown = Result.objects.filter(job__owner=user, removed_at__isnull=True, hidden_at__isnull=True)
    for result in shown.select_related("job"):
        for name in files_of_result(result):
            yield f"videos/{result.job_id}/{name}", f"{result.folder}/{name}"


def _row(row: Any) -> dict[str, Any]:
    names = [field.name for field in row._meta.concrete_fields if field.name not in _INNER]
    values = model_to_dict(row, fields=names)
    # model_to_dict leaves out what no form would show.
    values.update({name: row.serializable_value(name) for name in names if name not in values})
    return {name: values[name] for name in names}


def _suffix(path: str) -> str:
    return f".{path.rsplit('.', 1)[-1]}"
