"""``/api/jobs/``."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from animator.api.body import Body
from animator.api.errors import api
from animator.api.user import signed_in_user
from animator.errors import SiteError
from animator.selectors.job import job_for_user, job_payload, job_payloads, jobs_for_user
from animator.selectors.motion import STRENGTHS, FaceMotion, JobMotion
from animator.services.consent import Confirmation
from animator.services.job import (
    JobRequest,
    LineRequest,
    cancel_job,
    create_job,
    delete_job,
    make_again,
    retry_job,
)


@api("GET", "POST")
def jobs(request: HttpRequest) -> HttpResponseBase:
    """List my jobs, or make one: 201."""
    user = signed_in_user(request)
    if request.method == "GET":
        return JsonResponse({"jobs": job_payloads(jobs_for_user(user))})
    body = Body.of(request)
    wanted = conversation(body) if body.has("lines") else single(body)
    wanted = replace(wanted, motion=motion(body.part("motion")), framing=body.text("framing", "whole"))
    return JsonResponse(job_payload(create_job(user, wanted)), status=201)


def single(body: Body) -> JobRequest:
    """One face speaks, or, without ``speech``, one or several move without words."""
    return JobRequest(
        photo=body.uuid("photo"),
        speech=body.uuid("speech") if body.has("speech") else None,
        face=body.index("face"),
        consent=confirmation(body.part("consent")),
        others={one.required_index("face"): confirmation(one) for one in body.parts("consents")},
        bulk=body.flag("bulk"),
    )


def motion(body: Body) -> JobMotion:
    """Gestures and liveliness, of every face that moves and of single ones."""
    return JobMotion(
        everybody=face_motion(body),
        faces={one.required_index("face"): face_motion(one) for one in body.parts("faces")},
        length_s=body.number("length_s", 0.0) if body.has("length_s") else None,
        loop=not body.has("loop") or body.flag("loop"),
    )


def face_motion(body: Body) -> FaceMotion:
    """Gestures in order and strengths; 1 is usual."""
    return FaceMotion(tuple(body.texts("gestures")), **{name: body.number(name, 1.0) for name in STRENGTHS})


def conversation(body: Body) -> JobRequest:
    """Several faces: who says what in order, who listens, and a consent for each of them."""
    lines = tuple(
        LineRequest(
            face=line.required_index("face"),
            speech=line.uuid("speech"),
            pause_s=line.number("pause_s", 0.45),
            start_s=line.number("start_s", 0.0) if line.has("start_s") else None,
        )
        for line in body.parts("lines", most=1000)
    )
    if not lines:
        raise SiteError("bad_request", "“lines” must not be empty.")
    consents = {one.required_index("face"): confirmation(one) for one in body.parts("consents")}
    return JobRequest(
        photo=body.uuid("photo"),
        speech=lines[0].speech,
        face=lines[0].face,
        consent=consents.get(lines[0].face, Confirmation()),
        others=consents,
        lines=lines,
        listeners=frozenset(body.indices("listeners")),
        bulk=body.flag("bulk"),
    )


def confirmation(consent: Body) -> Confirmation:
    """What was confirmed for one face, or the id of a consent that was given before."""
    return Confirmation(
        basis=consent.text("basis", ""),
        confirmed=consent.flag("confirmed"),
        statement_version=consent.text("statement_version", ""),
        consent=consent.uuid("id") if consent.has("id") else None,
        sharing=consent.flag("sharing"),
        days=consent.index("days"),
        minor=consent.flag("minor"),
    )


@api("GET", "DELETE")
def job(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    user = signed_in_user(request)
    if request.method == "DELETE":
        delete_job(user, job_id)
        return HttpResponse(status=204)
    return JsonResponse(job_payload(job_for_user(user, job_id)))


@api("POST")
def cancel(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    return JsonResponse(job_payload(cancel_job(signed_in_user(request), job_id)))


@api("POST")
def retry(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    return JsonResponse(job_payload(retry_job(signed_in_user(request), job_id)))


@api("POST")
def again(request: HttpRequest, job_id: UUID) -> HttpResponseBase:
    """The same video once more, with the words and the mouth as they are corrected now, and with another ``motion``
    and ``framing`` where the body has them: 201."""
    user = signed_in_user(request)
    job_for_user(user, job_id)
    body = Body.of(request) if request.content_type == "application/json" and request.body else Body({})
    other = motion(body.part("motion")) if body.has("motion") else None
    made = make_again(user, job_id, other, body.text("framing", ""), bulk=body.flag("bulk"))
    return JsonResponse(job_payload(made), status=201)
