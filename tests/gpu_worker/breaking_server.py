"""A web server of the tests' own that can be told to misbehave: to break off, to lie, to redirect in a circle."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Site:
    """What is served, and how. ``files`` by path; ``asked`` holds (path, Range header) of every request.

    ``break_after`` bytes of one answer the connection is cut, ``breaks`` times. ``faults`` holds statuses to answer
    with before anything else.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    faults: list[int] = field(default_factory=list)
    breaks: int = 0
    break_after: int = 0
    ranges: bool = True
    tag: str = '"one"'
    extra_length: int = 0
    wrong_start: int = 0
    encoding: str = ""
    address: str = ""


@contextlib.contextmanager
def serving(site: Site) -> Iterator[Site]:
    """The site on a free port of loopback, its ``address`` filled in."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _answer(self, site)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(request: BaseHTTPRequestHandler, site: Site) -> None:
    site.asked.append((request.path, request.headers.get("Range", "")))
    if site.faults:
        request.send_error(site.faults.pop(0))
        return
    if request.path in site.redirects:
        request.send_response(302)
        request.send_header("Location", site.redirects[request.path])
        request.send_header("Content-Length", "0")
        request.end_headers()
        return
    content = site.files.get(request.path)
    if content is None:
        request.send_error(404)
        return
    start = _start(request, site)
    if start >= len(content) and start:
        request.send_response(416)
        request.send_header("Content-Range", f"bytes */{len(content)}")
        request.send_header("Content-Length", "0")
        request.end_headers()
        return
    request.send_response(206 if start else 200)
    if start:
        first = start + site.wrong_start
        request.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
    request.send_header("ETag", site.tag)
    if site.encoding:
        request.send_header("Content-Encoding", site.encoding)
    request.send_header("Content-Length", str(len(content) - start + site.extra_length))
    request.end_headers()
    body = content[start:]
    if site.breaks > 0:
        site.breaks -= 1
        body = body[: site.break_after]
    request.wfile.write(body)
    request.close_connection = True


def _start(request: BaseHTTPRequestHandler, site: Site) -> int:
    """Where the answer begins: honoured when the range is, and the file is still the one it was asked for."""
    asked = request.headers.get("Range", "")
    if not site.ranges or not asked or request.headers.get("If-Range", site.tag) != site.tag:
        return 0
    return int(asked.removeprefix("bytes=").split("-")[0])
