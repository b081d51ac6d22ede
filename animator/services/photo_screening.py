"""Screening of photos: at upload by the file's own hash, at the face check by likeness and by what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from animator.errors import SiteError
from animator.models import Hold, Photo
from animator.models.hold import HoldCode, HoldOutcome
from animator.models.public_figure import FigureAction
from animator.selectors.photo_matching import figure_in_portrait, is_blocked_file, nearest_blocked
from animator.services import audit
from animator.services.hold import hold_photo
from animator.services.photo_blocking import similarity


@dataclass(frozen=True)
class PhotoEvidence:
    """What the worker found. ``intimate`` are (part of the body, score) that speak against the photo.

    ``checked`` is False where no classifier looked at it, ``why`` says the reason.
    """

    hashes: tuple[str, ...]
    intimate: tuple[tuple[str, float], ...] = ()
    checked: bool = True
    why: str = ""


def check_file(sha256: str) -> None:
    """Raises ``photo_blocked`` for a file that is blocked."""
    if is_blocked_file(sha256):
        raise photo_blocked()


def judge(photo_id: UUID, evidence: PhotoEvidence) -> None:
    """Hold the photo for what speaks against it. Call it before the photo is accepted, so that no job slips through.

    Raises ``photo_blocked``, ``photo_indecent`` or ``public_figure_refused`` where it is to be refused at once.
    """
    photo = Photo.objects.filter(id=photo_id).first()
    if photo is None:
        return
    _judge_likeness(photo, evidence)
    _judge_figure(photo, evidence)
    _judge_nudity(photo, evidence)


def photo_blocked() -> SiteError:
    """Told for a file that is blocked."""
    return SiteError(
        "photo_blocked",
        "This photo cannot be used here: it was blocked.",
        "Use another photo; write to us if you think it is a mistake.",
        status=403,
    )


def _judge_likeness(photo: Photo, evidence: PhotoEvidence) -> None:
    match = nearest_blocked(photo.sha256, evidence.hashes)
    if match is None:
        return
    if match.exact:
        audit.record(None, "photo_refused", "photo", photo.id, code="photo_blocked", blocked=str(match.blocked.id))
        raise photo_blocked()
    _hold(photo, HoldCode.BLOCKED_PHOTO_SIMILAR, similarity(match.blocked, match.distance))


def _judge_figure(photo: Photo, evidence: PhotoEvidence) -> None:
    found = figure_in_portrait(photo.sha256, evidence.hashes)
    if found is None:
        return
    figure, distance = found
    if figure.action == FigureAction.REFUSE:
        audit.record(None, "photo_refused", "photo", photo.id, code="public_figure_refused", figure=figure.pk)
        raise figure_refused()
    text = f"a known portrait of {figure.name}; {distance} of 64 bits differ"
    _hold(
        photo, HoldCode.PUBLIC_FIGURE, {"figures": [figure.pk], "findings": [{"name": "Public figure", "text": text}]}
    )


def _judge_nudity(photo: Photo, evidence: PhotoEvidence) -> None:
    action = settings.NUDITY_ACTION
    if action == "off" or not evidence.checked:
        why = "switched off" if action == "off" else evidence.why
        audit.record(None, "not_screened", "photo", photo.id, what="nudity", why=why)
        return
    if not evidence.intimate:
        return
    if action == "refuse":
        audit.record(None, "photo_refused", "photo", photo.id, code="photo_indecent")
        raise SiteError(
            "photo_indecent",
            "This photo seems to show somebody undressed. It cannot be used here.",
            "A program decided this without a person. Use another photo, or write to us if it is wrong.",
            status=403,
        )
    findings = [
        {"name": part.replace("_", " ").lower(), "text": f"{score:.0%} sure"} for part, score in evidence.intimate
    ]
    _hold(photo, HoldCode.NUDITY, {"category": "Nudity", "findings": findings})


def figure_refused() -> SiteError:
    """Told where the operator's list of public figures refuses at once."""
    return SiteError(
        "public_figure_refused",
        "This seems to be about a person of public life whom this site does not animate.",
        "A rule of this site decided it without a person. Write to us if you think it is wrong.",
        status=403,
    )


def _hold(photo: Photo, code: str, detail: dict[str, object]) -> None:
    """Hold it, unless a moderator let the very same file pass for the same reason."""
    passed = Hold.objects.filter(
        code=code, outcome=HoldOutcome.RELEASED, photo__sha256=photo.sha256, photo__owner=photo.owner_id
    )
    if not photo.sha256 or not passed.exists():
        hold_photo(photo, code, detail)
