"""What all tasks share: signs of life while one works, and how one that checks something ends."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from uuid import UUID

from django.db import DatabaseError, connection

from animator import storage
from animator.conf import site_config
from animator.figures import FAILURES
from animator.models import Photo, Speech
from animator.services import figure, upload
from gpu_worker.errors import InputError
from gpu_worker.lifeline import Lifeline
from gpu_worker.schema import Finding


def lifeline(
    beat: Callable[[], bool],
    wanted: Callable[[], bool],
    timeout_s: float,
    insist: Callable[[], None] = lambda: None,
) -> Lifeline:
    """Signs of life in the database, a little longer than the work may take."""
    config = site_config()
    return Lifeline(
        beat,
        wanted,
        beat_every_s=config.heartbeat_s,
        ask_every_s=config.cancel_poll_s,
        limit_s=timeout_s + config.stale_after_s,
        passing=(DatabaseError,),
        reset=lambda: connection.close(),
        insist=insist,
        insist_after_s=config.insist_after_s,
    )


@contextlib.contextmanager
def checking(
    model: type[upload.U],
    key: UUID,
    token: str,
    reject: Callable[[UUID, str, InputError], bool],
    release: Callable[..., bool],
) -> Iterator[None]:
    """:func:`ending` for a photo or a speech."""
    with ending(key, token, lambda: upload.keep_alive(model, key, token), reject, release):
        yield


@contextlib.contextmanager
def ending(
    key: UUID,
    token: str,
    beat: Callable[[], bool],
    reject: Callable[[UUID, str, InputError], bool],
    release: Callable[..., bool],
) -> Iterator[None]:
    """Signs of life around any check; what goes wrong in it ends as a rejection or as another try."""
    try:
        with lifeline(beat, beat, site_config().check_timeout_s):
            yield
    except InputError as error:
        figure.count(FAILURES, kind="check", code=error.code)
        reject(key, token, error)
    except (SystemExit, KeyboardInterrupt):
        release(key, token, counts=False)
        raise
    except BaseException:
        # Also RQ's time-out. The failure stays visible in the queue; the file gets another try.
        release(key, token)
        raise


def finding_dict(finding: Finding) -> dict[str, str]:
    return asdict(finding)


def forget_unless_known(model: type[Photo] | type[Speech], key: UUID, path: str) -> None:
    """Erase a kept file that no row refers to: the upload was deleted, or another run was faster."""
    if not model.objects.filter(id=key, path=path).exists():
        storage.erase([path])
