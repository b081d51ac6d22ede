"""Packing everything that somebody gave: asked for on a page, built by a worker, erased after some days.

The worker's half works by token, as with uploads: whoever holds the present one may write the outcome, once.
"""

from __future__ import annotations

import json
import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import User
from animator import queue, storage
from animator.conf import site_config
from animator.models import Export
from animator.models.erasure import Why
from animator.models.export import ExportState
from animator.selectors.export import account_json, files_of, rows_of
from animator.services import audit, rate
from animator.services.file_erasure import erase_later
from animator.services.lost_runs import release_lost
from animator.services.upload import new_token

#: Exports that one person may ask for in a day.
A_DAY = 5
README = """Everything that you gave to this site, and what was made of it.

account.json   your account, what you may do and what you used
data.json      photos, speeches, videos, consents, shares, reports and the log, one list each
photos/        the pictures as they are kept: without place, time and camera
speech/        the sounds as they are kept
videos/        the videos with their posters, certificates and timings
missing.txt    only if some file could not be read: which
"""


def ask_for_export(user: User) -> Export:
    """Have everything packed; while that is under way, the same one again. Raises ``too_often``."""
    with transaction.atomic():
        User.objects.select_for_update().get(id=user.id)
        under_way = Export.objects.filter(owner=user, state=ExportState.BUILDING).first()
        if under_way is not None:
            return under_way
        rate.count("export", str(user.id), A_DAY, 86_400)
        now = timezone.now()
        export = Export.objects.create(
            owner=user, token=new_token(), seen_at=now, expires_at=now + timedelta(days=site_config().keep_exports_days)
        )
        audit.record(user, "export_asked", "user", user.id, export=str(export.id))
        queue.enqueue_export(export.id, export.token)
    return export


def claim(export_id: UUID, token: str) -> Export | None:
    """Begin the run that ``token`` names; None when it is no longer wanted."""
    if _mine(export_id, token).update(attempts=F("attempts") + 1, seen_at=timezone.now()) != 1:
        return None
    return Export.objects.select_related("owner").get(id=export_id)


def keep_alive(export_id: UUID, token: str) -> bool:
    """The worker gives a sign of life; False when the run is no longer its."""
    return _mine(export_id, token).update(seen_at=timezone.now()) == 1


def pack(user: User, target: Path) -> None:
    """Write the zip file; media are stored as they are, since they are compressed already."""
    missing = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", README)
        archive.writestr("account.json", _json(account_json(user)))
        archive.writestr("data.json", _json(rows_of(user)))
        for name, path in files_of(user):
            try:
                with storage.local_copy(path) as file:
                    archive.write(file, name, zipfile.ZIP_STORED)
            except FileNotFoundError:
                missing.append(name)  # erased a moment ago
        if missing:
            archive.writestr("missing.txt", "\n".join(missing))


def finish(export_id: UUID, token: str, kept: storage.Stored) -> bool:
    """The file is there, for its owner to fetch; erased again where nobody wants it any more."""
    now = timezone.now()
    done = _mine(export_id, token).update(
        state=ExportState.READY, path=kept.path, bytes=kept.bytes, token="", ready_at=now,
        expires_at=now + timedelta(days=site_config().keep_exports_days),
    )  # fmt: skip
    if done != 1 and not Export.objects.filter(id=export_id, path=kept.path).exists():
        storage.erase([kept.path])
    return done == 1


def release(export_id: UUID, token: str, *, counts: bool = True) -> bool:
    """The run broke off: another one, or, after the last, it has failed."""
    export = _mine(export_id, token).first()
    if export is None:
        return False
    if counts and export.attempts >= site_config().max_attempts:
        return _mine(export_id, token).update(state=ExportState.FAILED, token="") == 1
    fresh = new_token()
    with transaction.atomic():
        attempts = F("attempts") if counts or export.attempts == 0 else F("attempts") - 1
        done = _mine(export_id, token).update(token=fresh, attempts=attempts, seen_at=timezone.now()) == 1
        if done:
            queue.enqueue_export(export_id, fresh)
    return done


def recover(now: datetime) -> int:
    """Enqueue again the exports that were lost; returns how many. Raises ``RedisError``."""
    return release_lost(Export.objects.filter(state=ExportState.BUILDING), queue.RENDER_CPU, now, release)


def erase_exports(exports: QuerySet[Export], why: str) -> int:
    """Erase exports with their files; returns how many."""
    count = 0
    for export in exports:
        with transaction.atomic():
            building = export.state == ExportState.BUILDING
            erase_later("export", export.id, why, paths=(export.path,), busy=building)
            Export.objects.filter(id=export.id).delete()
            count += 1
    return count


def forget_old_exports(now: datetime) -> int:
    """Erase those whose days are over."""
    return erase_exports(Export.objects.filter(expires_at__lte=now), Why.RETENTION)


def _mine(export_id: UUID, token: str) -> QuerySet[Export]:
    if not token:
        return Export.objects.none()
    return Export.objects.filter(id=export_id, state=ExportState.BUILDING, token=token)


def _json(value: object) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
