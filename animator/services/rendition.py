"""Other forms of a finished video: asked for by its owner, made by a worker, kept beside the video and gone with it.

The worker's half works by token: whoever holds the present one may write the outcome, once.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import User
from animator import queue, storage
from animator.conf import site_config
from animator.errors import SiteError
from animator.models import Rendition, Result
from animator.models.rendition import RenditionKind, RenditionState
from animator.selectors.rendition import LONGEST_LOOP_S, fits, own_result
from animator.services import quota
from animator.services.lost_runs import release_lost
from animator.services.upload import new_token
from gpu_worker.errors import InputError


def ask_for_form(user: User, job_id: UUID, kind: str) -> Result:
    """Have another form of the user's own video made; one that is there or under way stays as it is.

    Raises ``Job.DoesNotExist``, ``Result.DoesNotExist``, ``unknown_form``, ``too_long_for_a_loop``, ``storage_full`` or
    ``too_many_forms``.
    """
    result = own_result(user, job_id)
    if kind not in RenditionKind.values:
        raise SiteError("unknown_form", "There is no such form.", f"Choose one of {', '.join(RenditionKind.values)}.")
    if not fits(result, kind):
        raise SiteError(
            "too_long_for_a_loop",
            f"A loop is made of videos of up to {LONGEST_LOOP_S:.0f} seconds.",
            "Take the MP4 or the WebM, which have the sound as well.",
        )
    with transaction.atomic():
        User.objects.select_for_update().get(id=user.id)
        Result.objects.select_for_update().get(job_id=result.job_id)
        row = Rendition.objects.filter(result=result, kind=kind).first()
        if row is not None and row.state != RenditionState.FAILED:
            return result
        fresh = {"state": RenditionState.BUILDING, "percent": 0.0, "error": None, "token": new_token(), "attempts": 0}
        row, _ = Rendition.objects.update_or_create(
            result=result, kind=kind, defaults={**fresh, "seen_at": timezone.now()}
        )
        quota.check_room(user)
        quota.count_form(user)
        queue.enqueue_rendition(row.id, row.token)
    return result


def claim(rendition_id: UUID, token: str) -> Rendition | None:
    """Begin the run that ``token`` names; None when it is no longer wanted."""
    if _mine(rendition_id, token).update(attempts=F("attempts") + 1, seen_at=timezone.now()) != 1:
        return None
    return Rendition.objects.select_related("result").get(id=rendition_id)


def keep_alive(rendition_id: UUID, token: str) -> bool:
    """The worker gives a sign of life; False when nobody wants the file any more."""
    return _mine(rendition_id, token).update(seen_at=timezone.now()) == 1


def progress(rendition_id: UUID, token: str, percent: float) -> bool:
    """How far the run is, in [0, 100]; False when nobody wants the file any more."""
    percent = min(max(percent, 0.0), 100.0)
    return _mine(rendition_id, token).update(percent=percent, seen_at=timezone.now()) == 1


def finish(rendition_id: UUID, token: str, kept: storage.Stored, *, signed: bool) -> bool:
    """The file is there; erased again where the video went meanwhile."""
    done = _mine(rendition_id, token).update(
        state=RenditionState.READY, percent=100.0, path=kept.path, bytes=kept.bytes, sha256=kept.sha256, signed=signed,
        token="", ready_at=timezone.now(),
    )  # fmt: skip
    if done != 1 and not Rendition.objects.filter(path=kept.path).exists():
        storage.erase([kept.path])
    return done == 1


def fail(rendition_id: UUID, token: str, error: InputError) -> bool:
    """It cannot be made; its owner may ask again."""
    return _mine(rendition_id, token).update(state=RenditionState.FAILED, error=error.as_dict(), token="") == 1


def release(rendition_id: UUID, token: str, *, counts: bool = True) -> bool:
    """The run broke off: another one, or, after the last, it has failed."""
    row = _mine(rendition_id, token).first()
    if row is None:
        return False
    if counts and row.attempts >= site_config().max_attempts:
        return fail(rendition_id, token, _our_fault())
    fresh = new_token()
    with transaction.atomic():
        attempts = F("attempts") if counts or row.attempts == 0 else F("attempts") - 1
        done = _mine(rendition_id, token).update(token=fresh, attempts=attempts, percent=0, seen_at=timezone.now()) == 1
        if done:
            queue.enqueue_rendition(rendition_id, fresh)
    return done


def recover(now: datetime) -> int:
    """Enqueue again the forms that were lost; returns how many. Raises ``RedisError``."""
    return release_lost(Rendition.objects.filter(state=RenditionState.BUILDING), queue.RENDER_CPU, now, release)


def _our_fault() -> InputError:
    return InputError("form_failed", "This form could not be made, which is our fault.", "Try again in a moment.")


def _mine(rendition_id: UUID, token: str) -> QuerySet[Rendition]:
    if not token:
        return Rendition.objects.none()
    return Rendition.objects.filter(id=rendition_id, state=RenditionState.BUILDING, token=token)
