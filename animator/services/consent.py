"""Writing consents. They are made together with the job they allow, and never changed."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from animator.consent_statements import STATEMENTS
from animator.errors import SiteError, conflict
from animator.models.consent import Consent
from animator.models.photo import Photo


@dataclass(frozen=True)
class Confirmation:
    """What somebody confirmed in the browser."""

    basis: str
    confirmed: bool
    statement_version: str


def record_consent(user: User, photo: Photo, face_index: int, confirmation: Confirmation) -> Consent:
    """Keep a confirmation with the very words of its version.

    Raises ``adult_not_declared``, ``consent_missing``, ``consent_basis_unknown`` or ``consent_text_changed``.
    """
    if user.adult_declared_at is None:
        raise SiteError(
            "adult_not_declared", "Only people of 18 or over may make videos.", "Declare your age first.", status=403
        )
    if confirmation.confirmed is not True:
        raise SiteError(
            "consent_missing",
            "Without a confirmed consent no video can be made.",
            "Say on what grounds this face may be made to speak, and confirm it.",
        )
    statement = STATEMENTS.get(confirmation.basis)
    if statement is None:
        raise SiteError("consent_basis_unknown", "This is no known ground of consent.", "Choose one of those offered.")
    if confirmation.statement_version != statement.version:
        raise conflict(
            "consent_text_changed",
            "The text of this consent has changed since the page was opened.",
            "Reload the page, read the new text and confirm it.",
        )
    return Consent.objects.create(
        owner=user,
        photo=photo,
        photo_sha256=photo.sha256,
        face_index=face_index,
        basis=statement.basis,
        statement_version=statement.version,
        statement_text=statement.text,
        confirmed=True,
    )
