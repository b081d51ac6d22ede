"""The page of people who are shown: without an account, find videos made from a photo of oneself."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from animator import storage
from animator.conf import engine_config, site_config
from animator.errors import SiteError
from animator.models.result import Result
from animator.selectors.depicted import found_result, videos_of
from animator.services import rate
from animator.services.photo_lookup import hashes_of
from animator.views.studio import PHOTO_TYPES
from gpu_worker.errors import InputError


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def depicted(request: HttpRequest) -> HttpResponse:
    """POST looks for shared videos by the multipart field ``photo``, which is not kept."""
    context: dict[str, object] = {"photo_types": PHOTO_TYPES, "max_bytes": engine_config().max_photo_bytes}
    if request.method != "POST":
        return render(request, "animator/depicted.html", context)
    file = request.FILES.get("photo")
    status = 200
    try:
        if file is None:
            raise SiteError("bad_request", "Please choose a photo first.", "A photo of you, as it may have been used.")
        rate.count("depicted", rate.visitor(request), site_config().lookups_per_hour, 3600)
        found = hashes_of(file)
        context["videos"] = videos_of(found.sha256, found.hashes)
        context["looked"] = True
    except InputError as error:
        context["error"] = error
        status = error.status if isinstance(error, SiteError) else 400
    return render(request, "animator/depicted.html", context, status=status)


@require_safe
@never_cache
def depicted_preview(request: HttpRequest, key: str) -> HttpResponseBase:
    """The still of a video that was found; the address expires."""
    try:
        result = found_result(key)
    except Result.DoesNotExist:
        raise Http404 from None
    return storage.serve(request, f"{result.folder}/poster.jpg", etag=result.folder.rsplit("/", 1)[-1])
