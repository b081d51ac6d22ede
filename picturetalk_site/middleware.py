"""Response headers that neither Django nor django-csp sets."""

from __future__ import annotations

from collections.abc import Callable

from csp.constants import SELF, UNSAFE_INLINE
from django.http import HttpRequest, HttpResponse

#: What the browser may use on our pages: the studio records speech and may take a picture; nothing else is needed.
PERMISSIONS = ", ".join(
    [
        "camera=(self)",
        "microphone=(self)",
        "autoplay=(self)",
        "fullscreen=(self)",
        "geolocation=()",
        "payment=()",
        "usb=()",
        "display-capture=()",
        "browsing-topics=()",
    ]
)
#: django-rq's pages, for staff alone, carry scripts in the page.
QUEUE_PAGES = "/admin/queues/"


class SecurityHeaders:
    """Adds Permissions-Policy everywhere, and loosens the content policy for django-rq's staff pages only."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if request.path.startswith(QUEUE_PAGES):
            loosened = {"script-src": [SELF, UNSAFE_INLINE], "style-src": [SELF, UNSAFE_INLINE]}
            response._csp_replace = loosened  # type: ignore[attr-defined]  # django-csp's own hook
        return response
