"""The page on which somebody without an account watches a video that was shared with them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from animator import storage
from animator.api.errors import api
from animator.models import Result, Share
from animator.selectors.share import SHARED_FILES, shared_result
from animator.services.share import count_view


@require_safe
@never_cache
def page(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The player, as long as the link holds; afterwards a page that says it has ended, for every secret alike."""
    try:
        share, result = shared_result(secret)
    except (Share.DoesNotExist, Result.DoesNotExist):
        return private(render(request, "animator/share_ended.html", status=404))
    if request.method == "GET":
        count_view(share)
    context = {"share": share, "result": result, "job": result.job, "secret": secret}
    return private(render(request, "animator/share_detail.html", context))


@api("GET", "HEAD", signed_in=False)
def media(request: HttpRequest, secret: str, name: str) -> HttpResponseBase:
    """The video or its poster, with byte ranges."""
    if name not in SHARED_FILES:
        raise Http404
    _, result = shared_result(secret)
    etag = f"{result.folder.rsplit('/', 1)[-1]}-{SHARED_FILES.index(name)}"
    return private(storage.serve(request, f"{result.folder}/{name}", etag=etag))


def private(response: HttpResponseBase) -> HttpResponseBase:
    """No search engine keeps it, and its address is told to nobody."""
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive, noimageindex"
    response["Referrer-Policy"] = "no-referrer"
    return response
