"""AWS Signature Version 4, checked on the server's side, for the S3 server of the tests.

That server itself believes every signature. This checks those in a header and those in an address: who signed, what was
signed, until when it is good. Source: "Signature Calculations for the Authorization Header" and "Authenticating
Requests: Using Query Parameters" in the API reference of Amazon S3.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class SignatureError(Exception):
    """The request is not signed, or not by whom it says, or no longer good."""


class CheckedSignatures:
    """WSGI application that hands on what is well signed and answers the rest with 403."""

    def __init__(self, application: Application, keys: dict[str, str]) -> None:
        self._application, self._keys = application, keys

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            check_request(environ, self._keys)
        except SignatureError as error:
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [f"<Error><Code>AccessDenied</Code><Message>{error}</Message></Error>".encode()]
        return self._application(environ, start_response)


def check_request(environ: dict[str, Any], keys: dict[str, str]) -> None:
    """Raises :class:`SignatureError`. ``keys`` maps access keys to secret keys."""
    parts = urlsplit(environ["RAW_URI"])
    query = parse_qsl(parts.query, keep_blank_values=True)
    header = environ.get("HTTP_AUTHORIZATION", "")
    if header.startswith(ALGORITHM):
        fields = dict(part.strip().split("=", 1) for part in header[len(ALGORITHM) :].split(","))
        stamp, payload = environ["HTTP_X_AMZ_DATE"], environ["HTTP_X_AMZ_CONTENT_SHA256"]
        lasts = timedelta(minutes=15)
    else:
        signed = {name.removeprefix("X-Amz-"): value for name, value in query if name.startswith("X-Amz-")}
        if signed.get("Algorithm") != ALGORITHM:
            raise SignatureError("not signed by version 4")
        fields, stamp, payload = signed, signed["Date"], "UNSIGNED-PAYLOAD"
        lasts = timedelta(seconds=int(signed["Expires"]))
        query = [(name, value) for name, value in query if name != "X-Amz-Signature"]
    access, scope = fields["Credential"].split("/", 1)
    if access not in keys:
        raise SignatureError("unknown key")
    if datetime.now(UTC) > _moment(stamp) + lasts:
        raise SignatureError("expired")
    names = fields["SignedHeaders"].split(";")
    canonical = _canonical(environ, parts.path, query, names, payload)
    if not hmac.compare_digest(_signature(canonical, stamp, scope, keys[access]), fields["Signature"]):
        raise SignatureError("altered")


def _moment(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def _canonical(environ: dict[str, Any], path: str, query: list[tuple[str, str]], names: list[str], payload: str) -> str:
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query)
    headers = "".join(f"{name}:{' '.join(_header(environ, name).split())}\n" for name in names)
    return "\n".join([
        environ["REQUEST_METHOD"], path, "&".join(f"{name}={value}" for name, value in pairs),
        headers, ";".join(names), payload,
    ])  # fmt: skip


def _header(environ: dict[str, Any], name: str) -> str:
    key = name.upper().replace("-", "_")
    return str(environ.get(f"HTTP_{key}", environ.get(key, "")))


def _signature(canonical: str, stamp: str, scope: str, secret: str) -> str:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    words = "\n".join([ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    return hmac.new(key, words.encode(), hashlib.sha256).hexdigest()
