"""Reading other forms of a video: the gate is the result's own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import reverse

from accounts.models import User
from animator.models import Job, Rendition, Result
from animator.models.rendition import RenditionKind, RenditionState
from animator.selectors.job import job_for_user

#: Longest video that a loop without sound is made of, seconds: of more it would be larger than the video.
LONGEST_LOOP_S = 60.0
LOOPS = (RenditionKind.GIF, RenditionKind.WEBP)
#: What people should know of each form.
ABOUT = {
    RenditionKind.WEBM: "The whole video with its sound, for sites that do not take MP4.",
    RenditionKind.GIF: "A loop without sound, up to 480 pixels wide: plays everywhere, large for what it shows.",
    RenditionKind.WEBP: "A loop without sound, up to 640 pixels wide: smaller and finer than a GIF.",
}


def own_result(user: User, job_id: UUID) -> Result:
    """The result of the user's own job that can be seen. Raises ``Job.DoesNotExist`` or ``Result.DoesNotExist``."""
    job: Job = job_for_user(user, job_id)
    return Result.objects.select_related("job__speech").get(job=job, removed_at__isnull=True, hidden_at__isnull=True)


def ready_rendition(result: Result, name: str) -> Rendition:
    """The form that a file's name (``video.gif``) asks for. Raises ``Rendition.DoesNotExist``."""
    kind = name.removeprefix("video.")
    return Rendition.objects.get(result=result, kind=kind, state=RenditionState.READY)


def fits(result: Result, kind: str) -> bool:
    """Whether this form can be made of a video of this length."""
    return kind not in LOOPS or result.duration_s <= LONGEST_LOOP_S


def rendition_payloads(result: Result) -> list[dict[str, Any]]:
    """Every form there can be, as the API says it; ``state`` is null where nobody asked for it yet."""
    made = {row.kind: row for row in result.renditions.all()}
    return [_payload(result, kind, made.get(kind)) for kind in RenditionKind.values]


def _payload(result: Result, kind: str, row: Rendition | None) -> dict[str, Any]:
    ready = row is not None and row.state == RenditionState.READY
    address = reverse("animator:media_result", args=[result.job_id, f"video.{kind}"])
    return {
        "kind": kind,
        "title": RenditionKind(kind).label,
        "about": ABOUT[RenditionKind(kind)],
        "possible": fits(result, kind),
        "state": row.state if row is not None else None,
        "percent": round(row.percent, 1) if row is not None else 0.0,
        "bytes": row.bytes if row is not None and ready else None,
        "signed": row.signed if row is not None and ready else None,
        "url": f"{address}?download=1" if ready else None,
        "error": row.error_dict if row is not None else None,
    }
