"""``/api/consent-requests/`` for whoever asks, ``/api/agree/<secret>/`` for the person who is asked."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import reverse

from animator.api.body import Body
from animator.api.errors import api
from animator.api.user import signed_in_user
from animator.conf import site_config
from animator.errors import SiteError
from animator.selectors.consent_request import (
    answer_payload,
    request_by_secret,
    request_for_user,
    request_payload,
    requests_for_user,
)
from animator.services import rate
from animator.services.consent_answer import Answer, agree_by_speaking
from animator.services.consent_request import Question, ask, mail_link, take_back


@api("GET", "POST")
def requests(request: HttpRequest) -> HttpResponseBase:
    """My questions (``?photo=<uuid>``: of one photo); or ask: 201 with the ``link``, which is told this once."""
    user = signed_in_user(request)
    if request.method == "GET":
        wanted = request.GET.get("photo")
        mine = [one for one in requests_for_user(user)[:200] if wanted is None or str(one.photo_id) == wanted]
        return JsonResponse({"requests": [request_payload(one) for one in mine]})
    body = Body.of(request)
    question = Question(
        photo=body.uuid("photo"),
        face=body.required_index("face"),
        person=body.text("person", ""),
        asker=body.text("asker", ""),
        note=body.text("note", ""),
        gestures=not body.has("gestures") or body.flag("gestures"),
        sharing=body.flag("sharing"),
        minor=body.flag("minor"),
        language=body.text("language", "en"),
        email=body.text("email", "").strip(),
    )
    rate.count("consent_request", rate.visitor(request), site_config().answers_per_hour, 3600)
    asked, secret = ask(user, question)
    link = request.build_absolute_uri(reverse("animator:consent_link", args=[secret]))
    mailed = mail_link(asked, question.email, link) if question.email else False
    return JsonResponse({**request_payload(asked), "link": link, "mailed": mailed}, status=201)


@api("GET", "DELETE")
def one_request(request: HttpRequest, request_id: UUID) -> HttpResponseBase:
    """One of my questions; DELETE takes it back."""
    user = signed_in_user(request)
    if request.method == "DELETE":
        return JsonResponse(request_payload(take_back(user, request_id)))
    return JsonResponse(request_payload(request_for_user(user, request_id)))


@api("GET", "POST", signed_in=False)
def answer(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Where the question stands; or the spoken phrase (multipart ``file`` and what was ticked): 202, ``checking``."""
    asked = request_by_secret(secret)
    if request.method == "GET":
        return JsonResponse(answer_payload(asked))
    file = request.FILES.get("file")
    if file is None:
        raise SiteError("bad_request", "There is no file in this request.", "Send it as the form field “file”.")
    rate.count("agree", rate.visitor(request), site_config().answers_per_hour, 3600)
    return JsonResponse(answer_payload(agree_by_speaking(asked, file, ticked(request))), status=202)


def ticked(request: HttpRequest) -> Answer:
    """What the person ticked, out of a form. Raises ``bad_request``."""
    days = request.POST.get("days", "")
    if days and not (days.isascii() and days.isdigit() and len(days) < 5):
        raise SiteError("bad_request", "“days” must be a whole number.")
    return Answer(
        version=request.POST.get("version", ""),
        confirmed=request.POST.get("confirmed") == "yes",
        gestures=request.POST.get("gestures") == "yes",
        sharing=request.POST.get("sharing") == "yes",
        days=int(days) if days else None,
    )
