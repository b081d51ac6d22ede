"""Mail that tells of a decision: written with it, sent after the commit by a worker, tried again until it goes."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F
from django.utils import timezone

from animator import queue
from animator.models import Appeal, Decision, Hold, Notice, QualityReview, Report
from animator.models.notice import NoticeState
from animator.selectors.statement import appeal_answer_text, end_text, quality_text, report_answer_text, statement_text

log = logging.getLogger(__name__)

#: Pauses before a message is tried again, minutes: in all about three days.
PAUSES = (1, 5, 15, 60, 240, 720, 1440, 1440)
#: A message that nobody took up is enqueued again after so long.
UNSENT = timedelta(minutes=2)


def send_later(address: str, subject: str, body: str, about_type: str, about_id: UUID) -> Notice | None:
    """Write a message and enqueue it once the transaction is through; None without an address."""
    if not address:
        return None
    notice = Notice.objects.create(
        address=address,
        subject=f"[PictureTalk] {subject}"[:200],
        body=body,
        about_type=about_type,
        about_id=about_id,
        next_at=timezone.now() + UNSENT,
    )
    queue.enqueue_notice(notice.id)
    return notice


def send(notice_id: UUID) -> bool:
    """Mail one message. Where that fails it waits for another try, and is given up after the last."""
    now = timezone.now()
    # Taken by counting: whoever comes at the same moment finds another number.
    notice = Notice.objects.filter(id=notice_id, state=NoticeState.WAITING).first()
    if notice is None:
        return False
    mine = Notice.objects.filter(id=notice.id, state=NoticeState.WAITING, attempts=notice.attempts)
    pause = timedelta(minutes=PAUSES[min(notice.attempts, len(PAUSES) - 1)])
    if mine.update(attempts=F("attempts") + 1, next_at=now + pause) != 1:
        return False
    try:
        send_mail(notice.subject, notice.body, settings.DEFAULT_FROM_EMAIL, [notice.address])
    except (SMTPException, OSError) as error:
        last = notice.attempts + 1 >= len(PAUSES)
        log.error("Message %s could not be mailed%s: %s", notice.id, ", given up" if last else "", error)
        if last:
            Notice.objects.filter(id=notice.id).update(state=NoticeState.GIVEN_UP)
        return False
    Notice.objects.filter(id=notice.id).update(state=NoticeState.SENT, sent_at=timezone.now(), address="", body="")
    return True


def recover(now: datetime) -> int:
    """Enqueue again what is due; returns how many."""
    due = list(Notice.objects.filter(state=NoticeState.WAITING, next_at__lte=now).values_list("id", flat=True)[:100])
    for notice_id in due:
        if Notice.objects.filter(id=notice_id, next_at__lte=now).update(next_at=now + UNSENT):
            queue.enqueue_notice(notice_id)
    return len(due)


def tell_owner(decision: Decision) -> None:
    """The statement of reasons, to whom the decision restricts."""
    if decision.subject is not None:
        send_later(decision.subject.email, "A moderator’s decision", statement_text(decision), "decision", decision.id)


def tell_of_refusal(hold: Hold) -> None:
    """The statement of reasons to the owner of what was held and refused."""
    if hold.owner is not None:
        send_later(hold.owner.email, "A moderator’s decision", statement_text(hold), "hold", hold.id)


def tell_owner_it_ended(decision: Decision) -> None:
    if decision.subject is not None:
        send_later(decision.subject.email, "A measure has ended", end_text(decision), "decision", decision.id)


def tell_reporter(report: Report, decision: Decision) -> None:
    """The outcome, to whoever left an address or has an account; never to the owner of the video twice."""
    reporter = report.reporter
    address = report.contact or (reporter.email if reporter is not None and reporter != decision.subject else "")
    send_later(address, "Your report was decided", report_answer_text(report, decision), "report", report.id)


def tell_appellant(appeal: Appeal, address: str) -> None:
    send_later(address, "Your appeal was decided", appeal_answer_text(appeal), "appeal", appeal.id)


def tell_of_withdrawal(review: QualityReview) -> None:
    send_later(review.job.owner.email, "A video was withdrawn", quality_text(review), "job", review.job_id)
