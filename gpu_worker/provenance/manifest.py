"""The C2PA manifest: a signed statement of who made the file, from what and how. Signed last, read back by verify.

Any remux strips the manifest (``ffmpeg -c copy`` included), so :func:`sign_file` is the last thing that touches a
finished file. Nothing is fetched from the network on either side: no time stamp authority, no remote manifests, no
revocation lists. C2PA technical specification 2.x, through the c2pa-python binding.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import c2pa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from gpu_worker.errors import EngineError
from gpu_worker.provenance.containers import MIME_TYPES, MediaKind, sniff
from gpu_worker.provenance.dev_chain import chain_files
from gpu_worker.provenance.metadata import DIGITAL_SOURCE_TYPE, GENERATOR

ManifestState = Literal["trusted", "valid", "invalid", "absent"]

#: The label of our own assertion in the manifest.
JOB_ASSERTION = "org.picturetalk.job"

#: The name of our watermark as a soft binding, through which a stripped manifest can be found again.
WATERMARK_ALGORITHM = "org.picturetalk.watermark.1"

_OFFLINE: dict[str, Any] = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
    "builder": {"thumbnail": {"enabled": False}},  # a thumbnail would show the face to whoever reads the manifest
}
_CURVES = {256: "ES256", 384: "ES384", 521: "ES512"}


@dataclass(frozen=True)
class SigningIdentity:
    """The operator's certificate chain (signer first, PEM), its private key (PEM) and the algorithm that fits it."""

    chain: bytes
    key: bytes = field(repr=False)
    algorithm: str


@dataclass(frozen=True)
class ManifestClaim:
    """What is claimed of one video. ``photo_sha256`` is that of the file as uploaded; ``engines`` names what ran."""

    job_id: str
    photo_sha256: str
    photo_mime: str = "image/jpeg"
    version: str = ""
    engines: Mapping[str, str] = field(default_factory=dict)
    synthetic_speech: bool = False
    watermark_id: str | None = None
    digital_source_type: str = DIGITAL_SOURCE_TYPE


@dataclass(frozen=True)
class ManifestReport:
    """What a file's manifest says.

    ``trusted``: whole, and signed below a configured anchor. ``valid``: whole, signed by someone unknown. ``invalid``:
    present, but it does not fit the file or itself; nothing it claims is repeated then. ``absent``: there is none, or
    the container cannot hold one. ``findings`` are the specification's own status codes.
    """

    state: ManifestState
    job_id: str | None = None
    generator: str | None = None
    signer: str | None = None
    issuer: str | None = None
    digital_source_type: str | None = None
    findings: tuple[str, ...] = ()


def load_identity(folder: Path) -> SigningIdentity:
    """The signer from ``chain.pem`` and ``key.pem`` in ``folder``.

    Raises EngineError (permanent) when a file is missing, unreadable, encrypted or of a kind C2PA does not allow.
    """
    files = chain_files(folder)
    try:
        chain, key = files.chain.read_bytes(), files.key.read_bytes()
        private = serialization.load_pem_private_key(key, password=None)
    except (OSError, ValueError, TypeError) as error:
        raise EngineError(f"the signing certificate in {folder} cannot be used: {error}", permanent=True) from error
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.key_size in _CURVES:
        algorithm = _CURVES[private.curve.key_size]
    elif isinstance(private, ed25519.Ed25519PrivateKey):
        algorithm = "ED25519"
    elif isinstance(private, rsa.RSAPrivateKey):
        algorithm = "PS256"
    else:
        raise EngineError(f"the key in {folder} is of a kind that C2PA does not allow", permanent=True)
    return SigningIdentity(chain, key, algorithm)


def sign_file(path: Path, claim: ManifestClaim, identity: SigningIdentity) -> None:
    """Sign the finished file at ``path`` (mp4, jpeg, png, gif or webp) in place: written beside it, then renamed
    over it.

    Raises EngineError when the container cannot hold a manifest or the certificate is refused; the file is then as it
    was.
    """
    kind = sniff(path)
    if kind == "webm":
        raise EngineError("WebM cannot hold a C2PA manifest", permanent=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem[:40]}-", suffix=path.suffix, dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w+b") as signed, path.open("rb") as source:
            info = c2pa.C2paSignerInfo(
                alg=c2pa.C2paSigningAlg[identity.algorithm],
                sign_cert=identity.chain,
                private_key=identity.key,
                ta_url=None,
            )
            with (
                c2pa.Signer.from_info(info) as signer,
                c2pa.Context.from_dict(_OFFLINE) as context,
                c2pa.Builder(_definition(path.name, kind, claim), context=context) as builder,
            ):
                builder.sign(signer, MIME_TYPES[kind], source, signed)
            signed.flush()
            os.fsync(signed.fileno())
        temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except c2pa.C2paError as error:
        raise EngineError(f"signing {path.name} failed: {error}", permanent=True) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()


def read_manifest(path: Path, kind: MediaKind, anchors: str | None = None) -> ManifestReport:
    """What the manifest in the file says; ``anchors`` are PEM certificates of the roots to trust, or None."""
    if kind == "webm":
        return ManifestReport("absent")
    settings = dict(_OFFLINE)
    if anchors:
        settings["trust"] = {"user_anchors": anchors}
    try:
        with path.open("rb") as stream, c2pa.Context.from_dict(settings) as context:
            reader = c2pa.Reader.try_create(MIME_TYPES[kind], stream, context=context)
            if reader is None:
                return ManifestReport("absent")
            with reader:
                if not reader.is_embedded():
                    return ManifestReport("absent", findings=("manifest.remote.notFetched",))
                store = json.loads(reader.json())
    except c2pa.C2paError as error:
        return ManifestReport("invalid", findings=(f"manifest.unreadable: {str(error)[:200]}",))
    return _report(store)


def claim_of(path: Path) -> ManifestClaim | None:
    """What our own manifest in the finished video at ``path`` claims, for a copy in another form; None without one."""
    kind = sniff(path)
    if kind == "webm":
        return None
    try:
        with path.open("rb") as stream, c2pa.Context.from_dict(_OFFLINE) as context:
            reader = c2pa.Reader.try_create(MIME_TYPES[kind], stream, context=context)
            if reader is None:
                return None
            with reader:
                store = json.loads(reader.json())
        manifest = store["manifests"][store["active_manifest"]]
    except (c2pa.C2paError, KeyError, ValueError):
        return None
    own, binding = _assertion(manifest, JOB_ASSERTION), _assertion(manifest, "c2pa.soft-binding")
    if not isinstance(own.get("job"), str) or not isinstance(own.get("photo_sha256"), str):
        return None
    blocks = binding.get("blocks") or [{}]
    return ManifestClaim(
        job_id=own["job"],
        photo_sha256=own["photo_sha256"],
        engines=own.get("engines") or {},
        synthetic_speech=bool(own.get("synthetic_speech")),
        watermark_id=blocks[0].get("value"),
    )


def _report(store: dict[str, Any]) -> ManifestReport:
    findings = tuple(sorted({str(status.get("code")) for status in store.get("validation_status", [])}))
    state: ManifestState | None = {"Trusted": "trusted", "Valid": "valid"}.get(store.get("validation_state", ""))  # type: ignore[assignment]
    if state is None:
        return ManifestReport("invalid", findings=findings)
    manifest = store["manifests"][store["active_manifest"]]
    signature = manifest.get("signature_info", {})
    generators = manifest.get("claim_generator_info") or [{}]
    return ManifestReport(
        state=state,
        job_id=_job_id(manifest),
        generator=generators[0].get("name"),
        signer=signature.get("common_name"),
        issuer=signature.get("issuer"),
        digital_source_type=_source_type(manifest),
        findings=findings,
    )


def _assertion(manifest: dict[str, Any], prefix: str) -> dict[str, Any]:
    for assertion in manifest.get("assertions", []):
        if str(assertion.get("label", "")).startswith(prefix) and isinstance(assertion.get("data"), dict):
            data: dict[str, Any] = assertion["data"]
            return data
    return {}


def _job_id(manifest: dict[str, Any]) -> str | None:
    job = _assertion(manifest, JOB_ASSERTION).get("job")
    return job if isinstance(job, str) else None


def _source_type(manifest: dict[str, Any]) -> str | None:
    for action in _assertion(manifest, "c2pa.actions").get("actions", []):
        source = action.get("digitalSourceType")
        if isinstance(source, str):
            return source
    return None


def _definition(name: str, kind: MediaKind, claim: ManifestClaim) -> dict[str, Any]:
    """The manifest before signing: created from the photo as a component, then labelled and watermarked.

    The photo is named as an ingredient by its hash alone (in our own assertion); neither its pixels nor its file name
    go into the manifest.
    """
    actions: list[dict[str, Any]] = [
        {
            "action": "c2pa.created",
            "digitalSourceType": claim.digital_source_type,
            "description": "A portrait photograph was animated.",
        },
        {"action": "c2pa.placed", "parameters": {"ingredientIds": ["photo"]}},
        {"action": "c2pa.edited", "description": 'A visible "AI-animated" label was drawn.'},
    ]
    assertions: list[dict[str, Any]] = [
        {"label": "c2pa.actions.v2", "data": {"actions": actions}},
        {
            "label": JOB_ASSERTION,
            "data": {
                "job": claim.job_id,
                "photo_sha256": claim.photo_sha256,
                "engines": dict(claim.engines),
                "synthetic_speech": claim.synthetic_speech,
            },
        },
    ]
    if claim.watermark_id is not None:  # the action is only allowed together with the soft binding it made
        actions.append({"action": "c2pa.watermarked.bound", "description": "An imperceptible watermark was embedded."})
        binding = {"alg": WATERMARK_ALGORITHM, "blocks": [{"scope": {}, "value": claim.watermark_id}]}
        assertions.append({"label": "c2pa.soft-binding", "data": binding})
    return {
        "claim_generator_info": [{"name": GENERATOR, "version": claim.version or "0"}],
        "title": name,
        "format": MIME_TYPES[kind],
        "ingredients": [
            {
                "title": "source photo",
                "format": claim.photo_mime,
                "instance_id": f"urn:sha256:{claim.photo_sha256}",
                "label": "photo",
                "relationship": "componentOf",
            }
        ],
        "assertions": assertions,
    }
