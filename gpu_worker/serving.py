"""Which queues this process takes work from, so that a job goes on here where its next stage may be done here."""

from __future__ import annotations

from collections.abc import Iterable

_served: frozenset[str] | None = None


def serve(queues: Iterable[str] | None) -> None:
    """From now on this process serves ``queues``; None: there is no worker, whatever is called is done here."""
    global _served
    _served = None if queues is None else frozenset(queues)


def serves(queue: str) -> bool:
    """Whether work of this queue is done in this process."""
    return _served is None or queue in _served
