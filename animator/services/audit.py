"""Writing the audit log. Details name things by id and by code; nothing in them tells a person's name or words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from animator.audit_chain import GENESIS, instant, link_hash, plain
from animator.models.audit import AuditEntry, AuditHead


def record(actor: User | None, action: str, object_type: str, object_id: UUID | str, **detail: Any) -> AuditEntry:
    """One entry; ``actor`` is None where the site itself acted.

    Entries are written one after another: the end of the chain stays locked until the transaction ends, so a
    transaction records late, after its other writes.
    """
    known = plain(detail)
    with transaction.atomic():
        # Counting on takes the row's lock (PostgreSQL) or the database's (SQLite) before the hash is read.
        if AuditHead.objects.filter(id=1).update(sequence=F("sequence") + 1) == 0:
            AuditHead.objects.get_or_create(id=1, defaults={"hash": GENESIS})
            AuditHead.objects.filter(id=1).update(sequence=F("sequence") + 1)
        head = AuditHead.objects.get(id=1)
        now = timezone.now()
        content = {
            "sequence": head.sequence,
            "at": instant(now),
            "actor": "" if actor is None else str(actor.pk),
            "action": action,
            "object_type": object_type,
            "object_id": str(object_id),
            "detail": known,
        }
        digest = link_hash(head.hash, content)
        entry = AuditEntry.objects.create(
            sequence=head.sequence,
            at=now,
            actor=actor,
            action=action,
            object_type=object_type,
            object_id=str(object_id),
            detail=known,
            previous_hash=head.hash,
            hash=digest,
        )
        AuditHead.objects.filter(id=1).update(hash=digest)
    return entry


def wait_for_turn() -> None:
    """Take the lock of the chain's end, for as long as the transaction lasts: for decisions that must come one after
    the other and are recorded anyway."""
    AuditHead.objects.filter(id=1).update(sequence=F("sequence"))
