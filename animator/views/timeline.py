"""The page on which words, their times and the mouth are corrected."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from animator.api.user import signed_in_user
from animator.models import Job, Speech
from animator.selectors.job import job_for_user, job_payload
from animator.selectors.language import languages_payload
from animator.selectors.speech import speech_for_user, speech_payload
from gpu_worker.visemes.parameters import SHAPES


@require_safe
@login_required
@ensure_csrf_cookie
def timeline_editor(request: HttpRequest, speech_id: UUID) -> HttpResponse:
    """``?job=<id>`` names the video that somebody came from, which can then be made again."""
    user = signed_in_user(request)
    try:
        speech = speech_for_user(user, speech_id)
    except Speech.DoesNotExist:
        raise Http404 from None
    job = _job(request, speech)
    tongue = next((entry for entry in languages_payload() if entry["code"] == speech.language), None)
    context = {
        "speech": speech_payload(speech),
        "job": job_payload(job) if job is not None else None,
        "language": tongue["name"] if tongue is not None else speech.language,
        "visemes": {phone: shape.viseme for phone, shape in SHAPES.items()},
    }
    return render(request, "animator/timeline_editor.html", context)


def _job(request: HttpRequest, speech: Speech) -> Job | None:
    try:
        job = job_for_user(signed_in_user(request), UUID(request.GET.get("job", "")))
    except (ValueError, Job.DoesNotExist):
        return None
    return job if job.speech_id == speech.id else None
