"""The year in numbers, for a transparency report: what was reported, decided, appealed, and how fast."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models.functions import ExtractYear
from django.utils import timezone

from animator.models import Appeal, Decision, Hold, QualityReview, Report
from animator.models.appeal import AppealSide, AppealState
from animator.models.decision import AccountAction, Automation, DecisionAction, DecisionState
from animator.models.hold import HoldCode, HoldOutcome
from animator.models.quality_review import ReviewState
from animator.models.report import ReportReason, ReportState


@dataclass(frozen=True)
class Figure:
    """One number: ``section`` and ``name`` in words; ``value`` is a count, or hours, or None where there is nothing."""

    section: str
    name: str
    value: int | float | None
    unit: str = ""


def years() -> list[int]:
    """Years with reports or holds, and the present one, latest first."""
    found = {timezone.now().year}
    for model in (Report, Hold, Decision):
        found |= set(model.objects.order_by().annotate(year=ExtractYear("created_at")).values_list("year", flat=True))
    return sorted(found, reverse=True)


def yearly_figures(year: int) -> list[Figure]:
    """Every figure of a year (UTC). Reports and appeals count in the year they arrived, decisions when they took
    force."""
    span = (datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC))
    reports = list(
        Report.objects.filter(created_at__gte=span[0], created_at__lt=span[1]).values(
            "reason", "state", "created_at", "decided_at", "due_at", "reporter_id"
        )
    )
    decisions = list(
        Decision.objects.filter(in_force_at__gte=span[0], in_force_at__lt=span[1]).values(
            "action", "account_action", "automation", "state"
        )
    )
    appeals = list(
        Appeal.objects.filter(created_at__gte=span[0], created_at__lt=span[1]).values(
            "side", "state", "created_at", "decided_at"
        )
    )
    return [
        *_reports(reports),
        *_decisions(decisions),
        *_holds(span),
        *_appeals(appeals),
        *_reviews(span),
    ]


def _reports(reports: Sequence[Mapping[str, Any]]) -> list[Figure]:
    by_reason = Counter(report["reason"] for report in reports)
    by_state = Counter(report["state"] for report in reports)
    urgent = [report for report in reports if report["due_at"] is not None]
    in_time = sum(report["decided_at"] is not None and report["decided_at"] <= report["due_at"] for report in urgent)
    decided = [report for report in urgent if report["decided_at"] is not None]
    return [
        Figure("Reports", "All", len(reports)),
        Figure("Reports", "Without an account", sum(report["reporter_id"] is None for report in reports)),
        *(Figure("Reports by reason", reason.label, by_reason[reason.value]) for reason in ReportReason),
        *(Figure("Reports by outcome", state.label, by_state[state.value]) for state in ReportState),
        Figure("Time", "Median from report to decision", _median_hours(reports), "hours"),
        Figure("Urgent reports", "All", len(urgent)),
        Figure("Urgent reports", "Decided within 48 hours", in_time),
        Figure("Urgent reports", "Decided later", len(decided) - in_time),
        Figure("Urgent reports", "Open", len(urgent) - len(decided)),
        Figure("Urgent reports", "Median from report to decision", _median_hours(urgent), "hours"),
    ]


def _decisions(decisions: Sequence[Mapping[str, Any]]) -> list[Figure]:
    by_action = Counter(decision["action"] for decision in decisions)
    by_account = Counter(decision["account_action"] for decision in decisions if decision["account_action"])
    by_automation = Counter(decision["automation"] for decision in decisions)
    reversed_ = sum(decision["state"] == DecisionState.REVERSED for decision in decisions)
    names = {
        Automation.NONE: "No program took part",
        Automation.URGENT_HIDE: "Hidden by a program until a person decided",
        Automation.COPY: "Found by a program as a copy, decided by a person",
    }
    return [
        Figure("Decisions", "All (one for each owner concerned)", len(decisions)),
        Figure("Decisions", "Reversed on appeal", reversed_),
        *(Figure("Decisions by measure", action.label, by_action[action.value]) for action in DecisionAction),
        *(
            Figure("Measures on accounts", action.label, by_account[action.value])
            for action in AccountAction
            if action.value
        ),
        *(Figure("Decisions by automation", name, by_automation[kind.value]) for kind, name in names.items()),
        Figure("Decisions by automation", "Decided by a program alone", 0),
    ]


def _holds(span: tuple[datetime, datetime]) -> list[Figure]:
    holds = list(
        Hold.objects.filter(created_at__gte=span[0], created_at__lt=span[1]).values(
            "code", "outcome", "created_at", "decided_at"
        )
    )
    by_code = Counter(hold["code"] for hold in holds)
    by_outcome = Counter(hold["outcome"] for hold in holds)
    judged = [hold for hold in holds if hold["outcome"] in (HoldOutcome.RELEASED, HoldOutcome.REFUSED)]
    return [
        Figure("Stopped by a program for a person to look", "All", len(holds)),
        *(
            Figure("Stopped by a program, by reason", code.name.replace("_", " ").capitalize(), by_code[code.value])
            for code in HoldCode
        ),
        Figure("Stopped by a program, by outcome", "Waiting", by_outcome[""]),
        *(
            Figure("Stopped by a program, by outcome", outcome.label, by_outcome[outcome.value])
            for outcome in HoldOutcome
        ),
        Figure("Time", "Median from stop to decision", _median_hours(judged), "hours"),
    ]


def _appeals(appeals: Sequence[Mapping[str, Any]]) -> list[Figure]:
    by_state = Counter(appeal["state"] for appeal in appeals)
    by_side = Counter(appeal["side"] for appeal in appeals)
    return [
        Figure("Appeals", "All", len(appeals)),
        *(Figure("Appeals", side.label, by_side[side.value]) for side in AppealSide),
        *(Figure("Appeals by outcome", state.label, by_state[state.value]) for state in AppealState),
        Figure("Time", "Median from appeal to its decision", _median_hours(appeals), "hours"),
    ]


def _reviews(span: tuple[datetime, datetime]) -> list[Figure]:
    states = Counter(
        QualityReview.objects.filter(created_at__gte=span[0], created_at__lt=span[1]).values_list("state", flat=True)
    )
    return [Figure("Videos with a red certificate", state.label, states[state.value]) for state in ReviewState]


def _median_hours(rows: Iterable[Mapping[str, Any]]) -> float | None:
    hours = [(row["decided_at"] - row["created_at"]).total_seconds() / 3600 for row in rows if row["decided_at"]]
    return round(statistics.median(hours), 2) if hours else None
