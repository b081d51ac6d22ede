"""The dashboard and the page of one job."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from animator.api.user import signed_in_user
from animator.models.job import Job
from animator.models.report import ReportReason
from animator.selectors.consent import faces_of_job
from animator.selectors.hold import refusal_for_owner
from animator.selectors.job import job_for_user, job_payload, job_payloads, jobs_for_user
from animator.selectors.motion import FRAMING_NAMES, gestures_payload
from animator.selectors.quota import quota_payload
from animator.selectors.removal import removal_for_owner
from animator.selectors.result import result_payload
from animator.selectors.share import sharing_question


@require_safe
@login_required
@ensure_csrf_cookie
def job_list(request: HttpRequest) -> HttpResponse:
    user = signed_in_user(request)
    context = {
        "jobs": job_payloads(jobs_for_user(user)),
        "quota": quota_payload(user),
    }
    return render(request, "animator/job_list.html", context)


@require_safe
@login_required
@ensure_csrf_cookie
def job_detail(request: HttpRequest, job_id: UUID) -> HttpResponse:
    user = signed_in_user(request)
    try:
        job = job_for_user(user, job_id)
    except Job.DoesNotExist:
        raise Http404 from None
    result, removal = getattr(job, "result", None), removal_for_owner(job)
    context = {
        "job": job_payload(job),
        "result": result_payload(result, user) if result is not None and removal is None else None,
        "sharing": sharing_question(job) if result is not None else None,
        "removal": removal,
        "gestures": gestures_payload(),
        "framings": FRAMING_NAMES,
        "faces": faces_of_job(job),
        "refusal": refusal_for_owner(job),
        "erased_at": job.erased_at,
        "contact": settings.CONTACT_EMAIL,
        "report_reasons": ReportReason.choices,
    }
    return render(request, "animator/job_detail.html", context)
