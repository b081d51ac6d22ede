"""One file over HTTP, to its last byte: resumed where it broke off, never believed before it is checked.

Only ever called by :mod:`gpu_worker.model_fetch`, which an operator starts by hand. The proxy is the environment's
(``http_proxy``, ``https_proxy``, ``no_proxy``). Nothing but http and https is spoken.

Resuming follows RFC 9110: ``Range`` with ``If-Range`` on a strong ETag, so that a file which changed on the server
meanwhile is begun anew; a server that ignores ``Range`` answers 200 and is read from the start.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu_worker.errors import InputError

Told = Callable[[int, int | None], None]

_CHUNK = 1 << 18
_TIMEOUT_S = 30.0
#: Breaks in a row, without a single byte in between, after which a server is given up.
_FRUITLESS = 4
#: Breaks of one file after which it is given up in any case.
_MOST_BREAKS = 200
#: Nothing that is fetched is larger.
_MOST_BYTES = 64 << 30
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_AGENT = "PictureTalk model fetch"


@dataclass(frozen=True)
class Wanted:
    """One file to fetch. ``sha256`` may be the beginning of the checksum, or empty when nobody knows it."""

    url: str
    part: Path
    size: int | None = None
    sha256: str = ""


class _BrokenError(Exception):
    """The connection broke off or the server is busy: worth another try."""


class _NoDowngrade(urllib.request.HTTPRedirectHandler):
    """Follows redirections, but never from https to http, nor to anything else; loops end with urllib's own error."""

    def redirect_request(self, request: Any, *rest: Any) -> urllib.request.Request | None:
        new_url = str(rest[-1])
        scheme = urllib.parse.urlsplit(new_url).scheme
        if scheme != "https" and not (scheme == "http" and request.type == "http"):
            raise download_error(request.full_url, f"it redirects to an unsafe address, {_short(new_url)}")
        return super().redirect_request(request, *rest)


def download(wanted: Wanted, told: Told, pause_s: float = 1.0) -> None:
    """Fetch ``wanted.url`` into ``wanted.part``, going on from what is there, until it is whole and right.

    ``told`` hears bytes so far and, where the server says so, of how many. ``pause_s`` is waited after the first break,
    and longer after each that follows without progress.

    Raises:
        InputError: ``model_download`` when it cannot be had (what arrived so far stays, for the next time);
            ``model_checksum`` when it is not the right file (it is erased).
    """
    check_address(wanted.url)
    wanted.part.parent.mkdir(parents=True, exist_ok=True)
    fruitless, problem = 0, ""
    for _ in range(_MOST_BREAKS):
        before = _size(wanted.part)
        try:
            _once(wanted, told)
            break
        except _BrokenError as broken:
            problem = str(broken)
        fruitless = 0 if _size(wanted.part) > before else fruitless + 1
        if fruitless >= _FRUITLESS:
            raise download_error(wanted.url, problem)
        time.sleep(pause_s * 2**fruitless)
    else:
        raise download_error(wanted.url, problem)
    _check(wanted)


def fetch_small(url: str, most_bytes: int) -> bytes | None:
    """A small file as bytes; None when there is none (404). Raises ``model_download`` for every other trouble."""
    check_address(url)
    problem = ""
    for _ in range(_FRUITLESS):
        try:
            with _open(url, {}) as answer:
                data = bytes(answer.read(most_bytes + 1))
            if len(data) > most_bytes:
                raise download_error(url, "it is far too large")
            return data
        except urllib.error.HTTPError as error:
            if error.code in (404, 410):
                return None
            raise download_error(url, _said(error)) from error
        except (OSError, http.client.HTTPException) as error:
            problem = _reason(error)
            time.sleep(0.2)
    raise download_error(url, problem)


def check_address(url: str) -> None:
    """Raises ``model_download`` unless ``url`` is an http or https address of a host."""
    try:
        parts = urllib.parse.urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise download_error(url, "only http and https addresses can be fetched")


def download_error(url: str, problem: str) -> InputError:
    return InputError(
        "model_download",
        f"{_short(url)} cannot be fetched: {problem}.",
        "What has arrived is kept: try again later, or give another address with --from or --mirror.",
    )


def _once(wanted: Wanted, told: Told) -> None:
    """One connection. Raises _BrokenError when it ended before the file did."""
    have = _size(wanted.part)
    if wanted.size is not None and have > wanted.size:
        _forget(wanted.part)
        have = 0
    if have and have == wanted.size:
        return
    tag = wanted.part.with_name(wanted.part.name + ".etag")
    headers = {}
    if have:
        headers["Range"] = f"bytes={have}-"
        if tag.is_file():
            headers["If-Range"] = tag.read_text(encoding="latin-1")
    try:
        with _open(wanted.url, headers) as answer:
            start, total = _begins(answer, have, wanted)
            _keep_tag(tag, answer.headers.get("ETag"))
            _pour(answer, wanted, start, total, told)
    except urllib.error.HTTPError as error:
        _refused(error, wanted, have)
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InputError(
                "model_disk_full", f"The disk is full: {wanted.part} cannot be written.", "Make room, then fetch again."
            ) from error
        raise _BrokenError(_reason(error)) from error


def _begins(answer: Any, have: int, wanted: Wanted) -> tuple[int, int | None]:
    """At which byte the answer begins, and the whole file's size if the server says. Raises both errors."""
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise download_error(wanted.url, "the server sends it compressed, though it was asked not to")
    if answer.status == 206:
        said = _RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
        if said is None or int(said[1]) != have:
            _forget(wanted.part)
            raise _BrokenError("the server sent another part than the one it was asked for")
        start, total = have, None if said[3] == "*" else int(said[3])
    else:
        length = answer.headers.get("Content-Length")
        start, total = 0, int(length) if length is not None and length.isdigit() else None
    if total is not None and wanted.size is not None and total != wanted.size:
        _forget(wanted.part)
        raise download_error(wanted.url, f"it has {total} bytes, not {wanted.size}")
    if (total or 0) > _MOST_BYTES:
        raise download_error(wanted.url, "it is far too large")
    return start, total


def _pour(answer: Any, wanted: Wanted, start: int, total: int | None, told: Told) -> None:
    """Write what comes. Raises _BrokenError when less came than was promised, InputError when more did."""
    most = wanted.size if wanted.size is not None else total if total is not None else _MOST_BYTES
    done = start
    with wanted.part.open("r+b" if start else "wb") as stream:
        stream.seek(start)
        stream.truncate()
        while chunk := answer.read(_CHUNK):
            if done + len(chunk) > most:
                break
            stream.write(chunk)
            done += len(chunk)
            told(done, wanted.size or total)
    if chunk:
        _forget(wanted.part)
        raise download_error(wanted.url, f"it has more than {most} bytes")
    expected = wanted.size if wanted.size is not None else total
    if expected is not None and done < expected:
        raise _BrokenError(f"it broke off after {done} of {expected} bytes")


def _refused(error: urllib.error.HTTPError, wanted: Wanted, have: int) -> None:
    """What an error status means: nothing where all has arrived before; _BrokenError when another try may help, else
    InputError."""
    if error.code == 416 and have:
        if error.headers.get("Content-Range", "").replace(" ", "") == f"bytes*/{have}":
            return
        _forget(wanted.part)
        raise _BrokenError("the server has less of it than has arrived") from error
    if error.code in (408, 425, 429) or error.code >= 500:
        raise _BrokenError(_said(error)) from error
    raise download_error(wanted.url, _said(error)) from error


def _check(wanted: Wanted) -> None:
    """Compare size and checksum of the whole. Raises ``model_checksum`` and erases what is not right."""
    size = _size(wanted.part)
    digest = hashlib.sha256()
    with wanted.part.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    found = digest.hexdigest()
    if size == 0 or (wanted.sha256 and not found.startswith(wanted.sha256)):
        _forget(wanted.part)
        promised = wanted.sha256 or "that of a file with anything in it"
        raise InputError(
            "model_checksum",
            f"{_short(wanted.url)} has the checksum {found}, not {promised}.",
            "The server has another file than the right one; nothing was installed.",
        )
    wanted.part.with_name(wanted.part.name + ".etag").unlink(missing_ok=True)


def _open(url: str, headers: dict[str, str]) -> Any:
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        _NoDowngrade(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    opener.addheaders = [("User-Agent", _AGENT), ("Accept-Encoding", "identity")]
    return opener.open(urllib.request.Request(url, headers=headers), timeout=_TIMEOUT_S)  # noqa: S310 - checked above


def _keep_tag(path: Path, tag: str | None) -> None:
    """Only a strong ETag promises the same bytes."""
    if tag and not tag.startswith("W/"):
        path.write_text(tag, encoding="latin-1", errors="replace")
    else:
        path.unlink(missing_ok=True)


def _forget(part: Path) -> None:
    for path in (part, part.with_name(part.name + ".etag")):
        path.unlink(missing_ok=True)


def _size(path: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _said(error: urllib.error.HTTPError) -> str:
    text = str(error.reason).strip().splitlines()
    return f"the server says {error.code}" + (f" ({text[0][:80]})" if text else "")


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {str(getattr(error, 'reason', '') or error)[:120]}".rstrip(": .")


def _short(url: str) -> str:
    """An address without what may be secret in it: neither a password nor a query."""
    plain = re.split(r"[?#]", url, maxsplit=1)[0]
    return re.sub(r"//[^/]*@", "//", plain)[:200]
