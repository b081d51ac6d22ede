"""Reading the audit log: searching it, following its chain. For administrators alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q, QuerySet

from accounts.models import User
from animator.audit_chain import GENESIS, Head, Link, Verification, instant, verify
from animator.models.audit import AuditEntry, AuditHead

#: What is typed as "who" to find what the site itself did.
THE_SITE = "site"


@dataclass(frozen=True)
class AuditSearch:
    """Empty fields do not narrow. ``who``: part of an address, or :data:`THE_SITE`; ``what``: an action; ``thing``:
    a kind or a number; ``since`` and ``until``: days in UTC, both included."""

    who: str = ""
    what: str = ""
    thing: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def narrows(self) -> bool:
        return any((self.who, self.what, self.thing, self.since, self.until))


def audit_entries(user: User, search: AuditSearch) -> QuerySet[AuditEntry]:
    """What matches, newest first; nothing for anybody who is no administrator."""
    if not user.is_administrator:
        return AuditEntry.objects.none()
    entries = AuditEntry.objects.select_related("actor")
    if search.who.strip().lower() == THE_SITE:
        entries = entries.filter(actor_id__isnull=True)
    elif search.who.strip():
        entries = entries.filter(actor__email__icontains=search.who.strip())
    if search.what:
        entries = entries.filter(action=search.what)
    if search.thing.strip():
        entries = entries.filter(Q(object_type=search.thing.strip()) | Q(object_id__startswith=search.thing.strip()))
    if search.since:
        entries = entries.filter(at__gte=datetime.combine(search.since, time(), UTC))
    if search.until:
        entries = entries.filter(at__lt=datetime.combine(search.until + timedelta(days=1), time(), UTC))
    return entries


def audit_actions() -> list[str]:
    """Every action that was ever recorded, in alphabetical order."""
    return list(AuditEntry.objects.order_by("action").values_list("action", flat=True).distinct())


def links(entries: QuerySet[AuditEntry] | None = None) -> Iterator[Link]:
    """Entries as links of the chain, in its order; by default all of them."""
    rows = AuditEntry.objects.all() if entries is None else entries
    for row in rows.select_related(None).order_by("sequence").iterator(chunk_size=2000):
        yield Link(
            sequence=row.sequence,
            at=instant(row.at),
            actor="" if row.actor_id is None else str(row.actor_id),
            action=row.action,
            object_type=row.object_type,
            object_id=row.object_id,
            detail=row.detail,
            previous_hash=row.previous_hash,
            hash=row.hash,
        )


def audit_head() -> Head:
    """The end of the chain as the log itself remembers it."""
    head = AuditHead.objects.filter(id=1).first()
    return Head() if head is None else Head(head.sequence, head.hash or GENESIS)


def verify_log(*known: Head) -> Verification:
    """Follow the whole chain from its beginning to its end; ``known`` are heads that were noted elsewhere."""
    return verify(links(), known=(audit_head(), *known))
