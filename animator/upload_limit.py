"""ASGI middleware: a body that is too large is refused before it is written to disk.

Django spools the whole body of a request to a temporary file before any view runs; a view can only refuse it when it is
there already.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from animator.conf import engine_config

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

#: What a form adds to the file it carries, bytes.
FORM_OVERHEAD = 1024 * 1024


class UploadLimit:
    """Wraps the HTTP application. Announced too large: 413 at once; grown too large on the way: 413 from there on."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        config = engine_config()
        limit = max(config.max_photo_bytes, config.max_sound_bytes) + FORM_OVERHEAD
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not announced.isdigit() or int(announced) > limit:
            await _refuse(send)
            return
        received, answered = 0, False

        async def watched(message: Mapping[str, Any]) -> None:
            nonlocal answered
            answered = True
            await send(message)

        async def counted() -> Mapping[str, Any]:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > limit:
                    return {"type": "http.disconnect"}
            return message

        await self.application(scope, counted, watched)
        if received > limit and not answered:
            await _refuse(send)


async def _refuse(send: Send) -> None:
    answer: dict[str, Any] = {
        "error": "file_too_large", "message": "This file is too large.", "hint": "Send a smaller one.",
    }  # fmt: skip
    body = json.dumps(answer).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    # The rest of the body is not read, so the connection cannot be used again.
    headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
