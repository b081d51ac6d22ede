"""Reading consents: the gate, which of them hold now, and the words of page and API."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from animator.media_address import media_address
from animator.models.consent import Basis, Consent, GivenBy
from animator.models.job import Job
from animator.models.photo import Photo
from animator.models.share import Share
from animator.models.upload import UploadState


def holding(now: datetime, prefix: str = "") -> Q:
    """Consents that are neither expired nor revoked; ``prefix`` leads to them from another table."""
    return Q(**{f"{prefix}revocation__isnull": True}) & (
        Q(**{f"{prefix}expires_at__isnull": True}) | Q(**{f"{prefix}expires_at__gt": now})
    )


def counting(now: datetime) -> Q:
    """Of those that hold, the ones a video may be made with: a living person's only from themselves."""
    return holding(now) & (~Q(basis=Basis.LIVING_AGREED) | Q(given_by=GivenBy.PERSON))


def consent_for_user(user: User, consent_id: UUID) -> Consent:
    """The user's own consent. Raises ``Consent.DoesNotExist`` for anybody else's."""
    return _consents().get(id=consent_id, owner=user)


def consents_for_user(user: User) -> list[Consent]:
    """Every consent of the user, of whatever state, the newest first."""
    return list(_consents().filter(owner=user))


def usable_consents(user: User, photo: Photo, face_index: int) -> QuerySet[Consent]:
    """What a new video of this face may rest on, the newest first."""
    mine = Consent.objects.filter(owner=user, photo=photo, face_index=face_index)
    return mine.filter(counting(timezone.now())).order_by("-created_at")


def consents_of_job(job: Job) -> list[Consent]:
    """One for each face that moves, the speaking one first."""
    others = Consent.objects.filter(job_faces__job=job).exclude(id=job.consent_id).select_related("revocation")
    first = Consent.objects.select_related("revocation").get(id=job.consent_id)
    return [first, *others]


def job_is_covered(job: Job, now: datetime) -> bool:
    """Whether every consent that the job rests on holds."""
    return all(consent.counts_at(now) for consent in consents_of_job(job))


def faces_of_job(job: Job) -> list[int]:
    """The faces that move."""
    return sorted({job.face_index, *job.faces.values_list("face_index", flat=True)})


def sharing_is_covered(job: Job, now: datetime, without: UUID | None = None) -> bool:
    """Whether consents to sharing hold for every face of the job, even ``without`` one of them."""
    mine = Consent.objects.filter(counting(now), owner=job.owner_id, photo=job.photo_id, allow_sharing=True)
    if without is not None:
        mine = mine.exclude(id=without)
    return set(faces_of_job(job)) <= set(mine.values_list("face_index", flat=True))


def jobs_resting_on(consents: Iterable[UUID]) -> QuerySet[Job]:
    """Jobs whose output is there, or in the making, on the ground of these consents."""
    keys = list(consents)
    resting = Q(consent__in=keys) | Q(faces__consent__in=keys)
    return Job.objects.filter(resting, erased_at__isnull=True).distinct()


def consequences(consent: Consent) -> dict[str, int]:
    """What goes when the consent is revoked: ``videos``, ``links``, and ``photo`` (1 when its copy goes too)."""
    now = timezone.now()
    jobs = jobs_resting_on([consent.id])
    others = Consent.objects.filter(holding(now), photo=consent.photo_id).exclude(id=consent.id)
    there = Photo.objects.filter(id=consent.photo_id).exclude(state=UploadState.ERASED).exists()
    links = set(Share.objects.filter(job__in=jobs, revoked_at__isnull=True).values_list("id", flat=True))
    if consent.allow_sharing:
        open_links = Share.objects.filter(job__photo_id=consent.photo_id, revoked_at__isnull=True)
        links |= {
            share.id
            for share in open_links.exclude(id__in=links).select_related("job")
            if not sharing_is_covered(share.job, now, without=consent.id)
        }
    return {"videos": jobs.count(), "links": len(links), "photo": int(there and not others.exists())}


def consent_payload(consent: Consent) -> dict[str, Any]:
    """A consent as page and API say it."""
    now = timezone.now()
    revocation = getattr(consent, "revocation", None)
    state = "revoked" if revocation is not None else "valid" if consent.is_valid_at(now) else "expired"
    there = consent.photo.state == UploadState.READY
    faces = consent.photo.faces if there else []
    request = consent.request
    return {
        "id": str(consent.id),
        "state": state,
        "photo": str(consent.photo_id),
        "photo_url": media_address("media_photo", [consent.photo_id], consent.owner_id) if there else None,
        "face": consent.face_index,
        "box": next((face["box"] for face in faces if face["index"] == consent.face_index), None),
        "basis": consent.basis,
        "basis_title": consent.get_basis_display(),
        "given_by": consent.given_by,
        "person": request.person if request is not None else None,
        "agreement": consent.agreement or None,
        "score": consent.score,
        "scope": consent.scope,
        "minor": consent.minor,
        "statement_version": consent.statement_version,
        "statement_text": consent.statement_text,
        "created_at": consent.created_at.isoformat(),
        "expires_at": None if consent.expires_at is None else consent.expires_at.isoformat(),
        "revoked_at": None if revocation is None else revocation.created_at.isoformat(),
        "revoked_by": None if revocation is None else revocation.by,
        "erases": consequences(consent) if state == "valid" else {"videos": 0, "links": 0, "photo": 0},
    }


def _consents() -> QuerySet[Consent]:
    return Consent.objects.select_related("photo", "revocation", "request").order_by("-created_at")
