"""Reading results: who may see a video, and what the result page says of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from animator.media_address import media_address
from animator.models.photo import Photo
from animator.models.quality_review import ReviewState
from animator.models.rendition import RenditionKind, RenditionState
from animator.models.report import ReportState
from animator.models.result import Result
from animator.selectors.motion import FRAMING_NAMES, motion_lines, motion_of
from animator.selectors.photo_matching import copies_of
from gpu_worker.timeline_remarks import remarks_of

#: The files of a result, by the name in their address.
FILES = ("video.mp4", "poster.jpg", "certificate.json", "timeline.json")
#: What owners are told where one engine did the work of another.
STOOD_IN = {
    "inspect": "The face was read by another engine than usual.",
    "align": "The words were timed by another engine than usual.",
    "render": "The pictures were drawn by another engine than usual.",
}
#: Other forms of the video, where their owner asked for them.
FORMS = tuple(f"video.{kind}" for kind in RenditionKind.values)
#: Files that are made of the timeline when somebody asks.
SUBTITLES = ("subtitles.srt", "subtitles.vtt")


def files_of_result(result: Result) -> list[str]:
    """The names of the files that are in a result's folder; a video without words has no timeline."""
    names = [name for name in FILES if name != "timeline.json" or result.job.speech_id is not None]
    ready = result.renditions.filter(state=RenditionState.READY).values_list("kind", flat=True)
    return names + [f"video.{kind}" for kind in ready]


def may_moderate(user: User) -> bool:
    """Whether the user works on reports."""
    return bool(user.is_active and (user.is_moderator or user.is_administrator))


def judged(job: str) -> Q:
    """Jobs that moderators have to judge: ``job`` is the path to them, empty or with two underscores at its end."""
    return (
        Q(**{f"{job}reports__isnull": False})
        | Q(**{f"{job}decision_items__isnull": False})
        | Q(**{f"{job}quality_review__state": ReviewState.OPEN})
    )


def result_for_user(user: User, job_id: UUID) -> Result:
    """The result of the user's own job unless taken down or hidden; for moderators, of a job that somebody reported or
    appealed about, of a copy of one whose report is open, and of one whose quality is to be judged.

    Raises ``Result.DoesNotExist`` otherwise.
    """
    visible = Q(job__owner=user, removed_at__isnull=True, hidden_at__isnull=True, job__owner_deleted_at__isnull=True)
    if may_moderate(user):
        visible |= judged("job__")
    found = Result.objects.filter(visible).select_related("job").distinct().filter(job_id=job_id).first()
    if found is not None:
        return found
    if may_moderate(user) and _is_copy_of_a_reported_one(job_id):
        return Result.objects.select_related("job").get(job_id=job_id)
    raise Result.DoesNotExist


def _is_copy_of_a_reported_one(job_id: UUID) -> bool:
    photo = Photo.objects.filter(jobs__id=job_id).first()
    reported = Photo.objects.filter(jobs__reports__state=ReportState.OPEN)
    return photo is not None and bool(copies_of(photo.sha256, photo.hashes, reported.distinct()))


def _edits(result: Result) -> list[dict[str, str]]:
    """Where the words can be corrected: one address for each speech, named by its face where there are several."""
    names: dict[UUID, str] = {}
    for line in result.job.lines.all():
        names.setdefault(line.speech_id, f"Face {line.face_index + 1}")
    if not names and result.job.speech_id is not None:
        names = {result.job.speech_id: ""}
    return [
        {"name": name, "url": reverse("animator:timeline_editor", args=[speech]) + f"?job={result.job_id}"}
        for speech, name in names.items()
    ]


def _made_by(certificate: dict[str, Any]) -> list[dict[str, str]]:
    """What did the work, stage by stage; results from before have no versions."""
    versions = certificate.get("versions", {})
    return [
        {"stage": stage, "engine": engine, "version": versions.get(stage, "")}
        for stage, engine in certificate.get("engines", {}).items()
    ]


def _stood_in(certificate: dict[str, Any]) -> list[str]:
    """Which work another engine than usual did, in its owner's words; the reasons are for administrators."""
    stages = {one.get("stage", "") for one in certificate.get("fallbacks", [])}
    return [sentence for stage, sentence in STOOD_IN.items() if stage in stages]


def result_payload(result: Result, viewer: User) -> dict[str, Any]:
    """A result for the page that ``viewer`` looks at; the addresses are good for nobody else."""
    # What is shown has its address at once; what is pressed later asks for one then.
    video, poster = (media_address("media_result", [result.job_id, name], viewer.id) for name in FILES[:2])
    names = [reverse("animator:media_result", args=[result.job_id, name]) for name in FILES]
    srt, vtt = (reverse("animator:media_result", args=[result.job_id, name]) for name in SUBTITLES)
    return {
        "video_url": video,
        "download_url": f"{names[0]}?download=1",
        "poster_url": poster,
        "certificate_url": names[2],
        "timeline_url": names[3],
        "srt_url": f"{srt}?download=1",
        "vtt_url": vtt,
        "language": result.job.speech.language if result.job.speech is not None else "",
        "speaks": result.job.speech_id is not None,
        "motion": motion_lines(result.job),
        "loops": motion_of(result.job).loop,
        "framing": FRAMING_NAMES[result.job.framing],
        "edits": _edits(result),
        "duration_s": result.duration_s,
        "width": result.width,
        "height": result.height,
        "fps": result.fps,
        "bytes": result.bytes,
        "verdict": result.verdict,
        "label": result.label,
        "certificate": result.certificate,
        "made_by": _made_by(result.certificate),
        "stood_in": _stood_in(result.certificate),
        "remarks": remarks_of(result.certificate.get("timing", ())),
    }
