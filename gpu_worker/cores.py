"""The cores that this process may use, which may be fewer than the machine has, and how long it kept them busy."""

from __future__ import annotations

import os
import resource


def usable_cores() -> int:
    """At least 1."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def cpu_seconds() -> float:
    """Processor time of this process and of the processes it has waited for, decoders apart among them."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
