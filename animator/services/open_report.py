"""Reports by anybody, without an account: what is reported, the receipt, and the secret link to follow it."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from dataclasses import dataclass
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction

from animator.errors import SiteError
from animator.models.report import CONTACT_OPTIONAL, Report
from animator.selectors.report import reportable_job
from animator.selectors.share import job_of_link
from animator.services import audit
from animator.services.report import check_report, hide_if_urgent, urgent_until

log = logging.getLogger(__name__)

_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_LINK = re.compile(r"/s/([A-Za-z0-9_-]{16,64})")


@dataclass(frozen=True)
class OpenReport:
    """``target``: the number of a video, an address that holds it or a link to it, may be empty; ``job``: where a check
    of the file has found it already; ``contact``: an e-mail address, may be empty for a report of a minor."""

    reason: str
    statement: str
    contact: str
    good_faith: bool
    target: str = ""
    job: UUID | None = None


def make_open_report(wanted: OpenReport) -> tuple[Report, str]:
    """The report, and the secret by which its sender follows it; only the secret's hash is kept.

    Raises ``report_reason_unknown``, ``statement_too_long``, ``report_without_statement``, ``report_without_contact``,
    ``report_without_good_faith`` or ``report_target_unknown``.
    """
    check_report(wanted.reason, wanted.statement)
    if not wanted.statement.strip():
        raise SiteError("report_without_statement", "Please say what is wrong.", "One sentence is enough.")
    if not wanted.contact and wanted.reason not in CONTACT_OPTIONAL:
        raise SiteError("report_without_contact", "Please give an e-mail address.", "We may have to ask you something.")
    if not wanted.good_faith:
        raise SiteError("report_without_good_faith", "Please confirm that what you write is true.", "Tick the box.")
    job = _target(wanted)
    secret = secrets.token_urlsafe(24)
    with transaction.atomic():
        report = Report.objects.create(
            job_id=job,
            job_ref=job,
            reason=wanted.reason,
            statement=wanted.statement.strip(),
            contact=wanted.contact,
            good_faith=True,
            follow_hash=follow_hash(secret),
            due_at=urgent_until(wanted.reason),
        )
        hide_if_urgent(report)
        audit.record(None, "reported", "job", job or "", report=str(report.id), reason=report.reason)
    return report, secret


def follow_hash(secret: str) -> str:
    """What is kept of a follower's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def report_by_secret(secret: str) -> Report:
    """The report that this secret follows. Raises ``Report.DoesNotExist``."""
    return Report.objects.get(follow_hash=follow_hash(secret))


def send_receipt(report: Report, address: str) -> bool:
    """Mail the receipt with the link ``address`` to whom left an e-mail address; False where that failed."""
    if not report.contact:
        return False
    lines = [
        "Your report has arrived. A person will look at it.",
        f"Number: {report.id}",
        f"Follow it here, and keep the address to yourself: {address}",
        "If you did not send a report, somebody typed your address by mistake; you need not do anything.",
    ]
    try:
        send_mail("[PictureTalk] Your report", "\n\n".join(lines), settings.DEFAULT_FROM_EMAIL, [report.contact])
    except (SMTPException, OSError) as error:
        log.error("The receipt of report %s could not be mailed: %s", report.id, error)
        return False
    return True


def _target(wanted: OpenReport) -> UUID | None:
    if wanted.job is not None:
        return reportable_job(wanted.job)
    if not wanted.target.strip():
        return None
    link, number = _LINK.search(wanted.target), _UUID.search(wanted.target)
    named = job_of_link(link[1]) if link else UUID(number[0]) if number else None
    job = reportable_job(named) if named is not None else None
    if job is None:
        raise SiteError(
            "report_target_unknown",
            "There is no video with this number or address.",
            "Check it, or leave it empty and describe where you saw the video.",
            status=404,
        )
    return job
