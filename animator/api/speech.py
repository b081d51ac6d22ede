"""``/api/speech/`` and ``/api/languages/``."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from animator.api.body import Body
from animator.api.errors import api
from animator.api.user import signed_in_user
from animator.errors import SiteError
from animator.models.speech import SpeechKind
from animator.selectors.language import languages_payload, suggested_language
from animator.selectors.pronunciation import dictionary_for
from animator.selectors.speech import speech_for_user, speech_payload
from animator.services.preview import hear
from animator.services.rate import visitor
from animator.services.sound_choice import SoundChoice, choose
from animator.services.speech import TypedWords, add_sound, add_typed_speech, delete_speech
from animator.services.speech_motion import speech_motion


@api("POST")
def speeches(request: HttpRequest) -> HttpResponseBase:
    """Take in typed words (JSON; ready at once) or a sound (multipart; still ``checking``): 201."""
    user = signed_in_user(request)
    if request.content_type == "application/json":
        body = Body.of(request)
        if body.text("kind", SpeechKind.TYPED) != SpeechKind.TYPED:
            raise SiteError("bad_request", "A sound is sent as form data.", "Send it as the form field “file”.")
        return JsonResponse(speech_payload(add_typed_speech(user, _typed_words(body))), status=201)
    file, kind = request.FILES.get("file"), request.POST.get("kind", SpeechKind.UPLOADED)
    if file is None:
        raise SiteError("bad_request", "There is no file in this request.", "Send it as the form field “file”.")
    if kind not in (SpeechKind.RECORDED, SpeechKind.UPLOADED):
        raise SiteError("bad_request", "“kind” must be recorded or uploaded.")
    transcript = request.POST.get("transcript", "").replace("\x00", "")
    speech_ = add_sound(user, kind, file, transcript, request.POST.get("language", "en"))
    return JsonResponse(speech_payload(speech_), status=201)


@api("POST")
def preview(request: HttpRequest) -> HttpResponseBase:
    """The beginning of typed words as a WAV file, at once; nothing is kept."""
    user, body = signed_in_user(request), Body.of(request)
    words = _typed_words(body)
    sound = hear(visitor(request), words, body.text("said", ""), dictionary_for(user.pk, words.language))
    return HttpResponse(sound, content_type="audio/wav", headers={"Cache-Control": "no-store"})


@api("POST")
def language(request: HttpRequest) -> HttpResponseBase:
    """``{"suggested": CODE | null}``: the language of the words, when it is clearly another than the chosen one."""
    signed_in_user(request)
    body = Body.of(request)
    return JsonResponse({"suggested": suggested_language(body.text("text", ""), body.text("language", "en"))})


def _typed_words(body: Body) -> TypedWords:
    return TypedWords(
        text=body.text("text", ""),
        language=body.text("language", "en"),
        voice=body.text("voice", ""),
        speed=body.number("speed", 1.0),
        pitch=body.number("pitch", 1.0),
    )


@api("GET", "DELETE")
def speech(request: HttpRequest, speech_id: UUID) -> HttpResponseBase:
    user = signed_in_user(request)
    if request.method == "DELETE":
        delete_speech(user, speech_id)
        return HttpResponse(status=204)
    return JsonResponse(speech_payload(speech_for_user(user, speech_id)))


@api("POST")
def sound(request: HttpRequest, speech_id: UUID) -> HttpResponseBase:
    """What is done to a recording before it is used: ``normalise``, ``denoise``, ``trim``."""
    user = signed_in_user(request)
    speech_for_user(user, speech_id)
    body = Body.of(request)
    wanted = SoundChoice(normalise=body.flag("normalise"), denoise=body.flag("denoise"), trim=body.flag("trim"))
    return JsonResponse(speech_payload(choose(user, speech_id, wanted)))


@api("POST")
def motion(request: HttpRequest, speech_id: UUID) -> HttpResponseBase:
    """How a face moves with the beginning of a speech, as ``gpu_worker.packed`` packs it, with the sound where it is
    made of typed words; nothing is kept."""
    user = signed_in_user(request)
    packed = speech_motion(user, speech_id)
    return HttpResponse(packed, content_type="application/octet-stream", headers={"X-Content-Type-Options": "nosniff"})


@api("GET", signed_in=False)
def languages(request: HttpRequest) -> HttpResponseBase:
    """The languages and voices, for everybody."""
    response = JsonResponse({"languages": languages_payload()})
    response["Cache-Control"] = "public, max-age=300"
    return response
