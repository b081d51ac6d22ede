"""Finding photos again by their hashes: blocked ones, known portraits of public figures, copies of one photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from animator.models.blocked_photo import BlockedPhoto
from animator.models.consent_request import ConsentRequest
from animator.models.photo import Photo
from animator.models.public_figure import PublicFigure
from animator.models.upload import UploadState
from gpu_worker.provenance.hashes import COPY_DISTANCE, family_distance


@dataclass(frozen=True)
class BlockedMatch:
    """``distance`` in bits of 64; 0 and ``exact`` for the same file."""

    blocked: BlockedPhoto
    distance: int
    exact: bool


def is_blocked_file(sha256: str) -> bool:
    """Whether exactly this file is blocked."""
    return bool(sha256) and BlockedPhoto.objects.filter(sha256=sha256).exists()


def nearest_blocked(sha256: str, hashes: Sequence[str]) -> BlockedMatch | None:
    """The blocked photo that this one is, or is a copy of; None when there is none."""
    same = BlockedPhoto.objects.filter(sha256=sha256).first() if sha256 else None
    if same is not None:
        return BlockedMatch(same, 0, exact=True)
    best: BlockedMatch | None = None
    for blocked in BlockedPhoto.objects.exclude(hashes=[]).iterator():
        distance = family_distance(hashes, blocked.hashes)
        if distance <= COPY_DISTANCE and (best is None or distance < best.distance):
            best = BlockedMatch(blocked, distance, exact=False)
    return best


def figure_in_portrait(sha256: str, hashes: Sequence[str]) -> tuple[PublicFigure, int] | None:
    """The public figure of whom this is a copy of a known portrait, and the distance."""
    best: tuple[PublicFigure, int] | None = None
    for figure in PublicFigure.objects.filter(active=True).exclude(portraits=[]):
        for portrait in figure.portraits:
            same = bool(sha256) and portrait.get("sha256") == sha256
            distance = 0 if same else family_distance(hashes, portrait.get("hashes", ()))
            if distance <= COPY_DISTANCE and (best is None or distance < best[1]):
                best = (figure, distance)
    return best


def copies_of(sha256: str, hashes: Sequence[str], among: QuerySet[Photo] | None = None) -> list[tuple[Photo, int]]:
    """Photos that are this one or a copy of it, the nearest first, whoever's they are."""
    photos = Photo.objects.all() if among is None else among
    kept = photos.exclude(state__in=[UploadState.ERASED, UploadState.REJECTED])
    found: list[tuple[UUID, int]] = []
    for key, own, family in kept.filter(~Q(hashes=[]) | Q(sha256=sha256)).values_list("id", "sha256", "hashes"):
        distance = 0 if sha256 and own == sha256 else family_distance(hashes, family)
        if distance <= COPY_DISTANCE:
            found.append((key, distance))
    rows = {photo.id: photo for photo in Photo.objects.filter(id__in=[key for key, _ in found])}
    return [(rows[key], distance) for key, distance in sorted(found, key=lambda pair: pair[1]) if key in rows]


def names_given(photo: Photo) -> list[str]:
    """What its owner says of who is shown: the file's name, and whom they asked for consent."""
    asked = ConsentRequest.objects.filter(photo=photo).values_list("person", flat=True)
    return [photo.name, *asked]
