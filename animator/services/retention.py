"""How long things are kept: the periods in force, and the scheduled job that enforces them.

The page on privacy shows :func:`periods`; nothing is kept longer than it says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from animator.conf import site_config
from animator.models import Job, Report
from animator.models.erasure import Why
from animator.models.job import JobState
from animator.models.report import ReportState
from animator.services.account import MASK
from animator.services.cleanup import erase_unused_uploads
from animator.services.erasure import erase_job_output
from animator.services.export import forget_old_exports
from animator.services.file_check import forget_old_checks

#: At most so many of a kind in one turn, so that a turn ends.
AT_ONCE = 200


@dataclass(frozen=True)
class Period:
    """``days`` None: until its owner deletes it, or as long as the site exists."""

    kind: str
    days: float | None
    then: str

    @property
    def hours(self) -> int | None:
        """The same in hours, for short ones."""
        return None if self.days is None else round(24 * self.days)


def periods() -> tuple[Period, ...]:
    """What is kept how long, in the words of the page on privacy."""
    config = site_config()
    return (
        Period("Photos, recordings and words that no video was made from", config.unused_upload_hours / 24, "erased"),
        Period("Files that could not be used (contents: not at all)", config.rejected_upload_hours / 24, "forgotten"),
        Period(
            "Videos, with the photo and the sound they were made from",
            config.keep_results_days or None,
            "erased" if config.keep_results_days else "kept until you delete them",
        ),
        Period("Videos that failed or were cancelled", config.keep_failed_days or None, "erased"),
        Period("Exports of your data", config.keep_exports_days, "erased"),
        Period("What a checked file said (contents: not at all)", config.keep_checks_hours / 24, "forgotten"),
        Period("Words and addresses of reports, after the decision", config.keep_reports_days or None, "masked"),
        Period("The log, consents and the counts of use", None, "kept, since nobody can change them; your name goes "
               "out of them when you close your account"),
    )  # fmt: skip


def enforce(now: datetime) -> int:
    """Erase, forget and mask what is older than its period; returns how many. Call it every few minutes."""
    count = erase_old_videos(now)
    count += erase_unused_uploads()
    count += forget_old_checks(now)
    count += forget_old_exports(now)
    return count + mask_old_reports(now)


def erase_old_videos(now: datetime) -> int:
    """Videos beyond their period, and what failed or was cancelled. What they were made from goes as unused."""
    config = site_config()
    count = 0
    for days, states in (
        (config.keep_results_days, (JobState.SUCCEEDED,)),
        (config.keep_failed_days, (JobState.FAILED, JobState.CANCELLED)),
    ):
        if not days:
            continue
        old = Job.objects.filter(state__in=states, erased_at__isnull=True, finished_at__lt=now - timedelta(days=days))
        for job in old.order_by("finished_at")[:AT_ONCE]:
            count += int(erase_job_output(job, Why.RETENTION))
    return count


def mask_old_reports(now: datetime) -> int:
    """Reports that were decided long ago keep reason, decision and dates; words, address and link go."""
    days = site_config().keep_reports_days
    if not days:
        return 0
    old = Report.objects.exclude(state=ReportState.OPEN).filter(decided_at__lt=now - timedelta(days=days))
    return old.exclude(statement=MASK, contact="", follow_hash="").update(
        statement=MASK, contact="", follow_hash="", reporter=None
    )
