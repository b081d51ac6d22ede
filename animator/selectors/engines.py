"""Reading what workers can run, for the administrators' page and for jobs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from animator.models import EngineSpeed, EngineSwitch, Job, WorkerReport
from gpu_worker.capabilities import STAND_INS, capabilities
from gpu_worker.model_store import checksums, list_models, total_size
from gpu_worker.weights import commercial_only, models_folders

#: Code of jobs that failed because no other engine may stand in.
FORBIDDEN = "fallback_forbidden"
#: Why there is no speed of an engine that could be measured.
NOT_YET = "a worker that draws does it when it starts"


@dataclass(frozen=True)
class EngineLine:
    """One engine on one machine. ``speed`` is what was measured there of this version, with its unit; ``unmeasured``
    says why there is none."""

    name: str
    purpose: str
    available: bool
    reason: str
    version: str
    device: str
    embedded: bool
    without_it: str
    speed: EngineSpeed | None
    unmeasured: str


@dataclass(frozen=True)
class MachineLine:
    """One machine with its workers, those that live first."""

    host: str
    newest: WorkerReport
    workers: list[dict[str, Any]]
    engines: list[EngineLine]

    @property
    def alive(self) -> bool:
        return any(worker["alive"] for worker in self.workers)


@dataclass(frozen=True)
class SwitchLine:
    """Whether another may stand in for an engine. ``waiting`` jobs failed because none may."""

    engine: str
    stand_in: str
    allowed: bool
    changed_by: User | None = None
    changed_at: datetime | None = None
    waiting: int = 0


@dataclass(frozen=True)
class ModelLine:
    """One optional model, in the models folders of the machine that serves this page."""

    name: str
    purpose: str
    state: str
    reason: str
    size: int
    licence: str
    commercial_use: bool
    without_it: str
    places: list[str] = field(default_factory=list)
    sha256: list[tuple[str, str]] = field(default_factory=list)


def may_see_engines(user: User) -> bool:
    return user.is_administrator


def machines() -> list[MachineLine]:
    """Every machine that a worker reported from lately."""
    now = timezone.now()
    by_host: dict[str, list[WorkerReport]] = defaultdict(list)
    for report in WorkerReport.objects.order_by("host", "-started_at"):
        by_host[report.host].append(report)
    speeds = {(one.host, one.engine, one.version, one.device): one for one in EngineSpeed.objects.all()}
    lines = []
    for host, reports in by_host.items():
        workers = [
            {"report": report, "alive": report.is_alive(now), "state": _state(report, now)} for report in reports
        ]
        # Of those that ended, the latest few tell enough.
        shown = [one for one in workers if one["alive"]] + [one for one in workers if not one["alive"]][:3]
        lines.append(MachineLine(host, reports[0], shown, _engine_lines(host, reports[0].engines, speeds)))
    return sorted(lines, key=lambda line: (not line.alive, line.host))


def own_engines() -> list[EngineLine]:
    """What the machine of this page could run, where no worker has reported yet."""
    return _engine_lines("", [vars(entry) for entry in capabilities()], {})


def switches() -> list[SwitchLine]:
    """One for each engine that has a stand-in."""
    rows = {row.engine: row for row in EngineSwitch.objects.select_related("changed_by")}
    waiting: dict[str, int] = defaultdict(int)
    for engine in Job.objects.filter(state="failed", error_code=FORBIDDEN).values_list("awaits_engine", flat=True):
        waiting[engine] += 1
    lines = []
    for engine, stand_in in STAND_INS.items():
        row = rows.get(engine)
        line = SwitchLine(engine, stand_in, allowed=True, waiting=waiting[engine])
        if row is not None:
            line = replace(line, allowed=row.fallback_allowed, changed_by=row.changed_by, changed_at=row.changed_at)
        lines.append(line)
    return lines


def models_on_disk() -> list[ModelLine]:
    """The optional models by what lies in the folders; checksums are those of the register, not computed here."""
    folders = models_folders()
    return [
        ModelLine(
            name=found.model.name,
            purpose=found.model.purpose,
            state=found.state,
            reason=found.reason,
            size=total_size(found),
            licence=found.licence,
            commercial_use=found.commercial_use,
            without_it=found.model.without_it,
            places=[str(folder / found.model.path) for folder in folders],
            sha256=list(checksums(found).items()),
        )
        for found in list_models(folders)
    ]


def only_commercial_models() -> bool:
    """Whether models that may not be used commercially are refused."""
    return commercial_only()


def latest_fallbacks(limit: int = 20) -> list[dict[str, Any]]:
    """Videos in which an engine did the work of another, newest first: job, when, and the details."""
    rows = Job.objects.exclude(fallbacks=[]).order_by("-updated_at").values_list("id", "updated_at", "fallbacks")
    return [{"job": job, "at": at, **fallback} for job, at, found in rows[:limit] for fallback in found][:limit]


def forbidden_fallbacks() -> frozenset[str]:
    """Engines in whose place no other may work."""
    return frozenset(EngineSwitch.objects.filter(fallback_allowed=False).values_list("engine", flat=True))


def engine_is_back(engine: str, since: datetime | None) -> bool:
    """Whether a worker that lives has started after ``since`` and can run ``engine``."""
    now = timezone.now()
    reports = WorkerReport.objects.filter(ended_at__isnull=True, seen_at__gt=now - WorkerReport.SILENT_AFTER)
    if since is not None:
        reports = reports.filter(started_at__gt=since)
    return any(entry["name"] == engine and entry["available"] for report in reports for entry in report.engines)


def _state(report: WorkerReport, now: datetime) -> str:
    if report.ended_at is not None:
        return "ended"
    return "alive" if report.is_alive(now) else "silent"


def _engine_lines(
    host: str, engines: Iterable[dict[str, Any]], speeds: dict[tuple[str, str, str, str], EngineSpeed]
) -> list[EngineLine]:
    return [
        EngineLine(
            name=entry["name"],
            purpose=entry["purpose"],
            available=entry["available"],
            reason=entry["reason"],
            version=entry["version"],
            device=entry["device"],
            embedded=entry["embedded"],
            without_it=entry["without_it"],
            speed=speeds.get((host, entry["name"], entry["version"], entry["device"])),
            # Workers of earlier versions did not say.
            unmeasured=entry.get("unmeasured") or NOT_YET,
        )
        for entry in engines
    ]
