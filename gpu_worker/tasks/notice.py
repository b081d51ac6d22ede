"""Messages to people whom a decision concerns."""

from __future__ import annotations

from uuid import UUID

from animator.services import notice


def send_notice(notice_id: str) -> None:
    """Mail one message to somebody whom a decision concerns."""
    notice.send(UUID(notice_id))
