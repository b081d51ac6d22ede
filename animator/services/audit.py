"""Writing the audit log."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import User
from animator.models.audit import AuditEntry


def record(actor: User | None, action: str, object_type: str, object_id: UUID | str, **detail: Any) -> AuditEntry:
    """One entry; ``actor`` is None where the site itself acted."""
    return AuditEntry.objects.create(
        actor=actor, action=action, object_type=object_type, object_id=str(object_id), detail=detail
    )
