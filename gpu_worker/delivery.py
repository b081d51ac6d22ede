"""From the film that was chosen to the files that are handed over: names, tags, certificate, signature."""

from __future__ import annotations

from pathlib import Path

from gpu_worker import timeline_json
from gpu_worker.cast import Speech
from gpu_worker.marks import Marks
from gpu_worker.provenance.metadata import write_xmp
from gpu_worker.quality import certificate as certificates
from gpu_worker.request import AnimationOutcome, AnimationRequest, TypedSpeech
from gpu_worker.schema import Certificate, Photo
from gpu_worker.stage_results import Film


def deliver(
    request: AnimationRequest,
    photo: Photo,
    marks: Marks,
    speech: Speech | None,
    best: Film,
    certificate: Certificate,
    attempts: int,
    workdir: Path,
) -> AnimationOutcome:
    """Give the chosen film its final names, its tags and its signature, and remove the others."""
    video, poster = workdir / "video.mp4", workdir / "poster.jpg"
    best.video.replace(video)
    best.poster.replace(poster)
    for leftover in (*workdir.glob("video-*.mp4"), *workdir.glob("poster-*.jpg")):
        leftover.unlink()
    certificate_path, timeline_path = workdir / "certificate.json", workdir / "timeline.json"
    certificates.write(certificate, certificate_path)
    if speech is not None:
        own = {face: voice.timeline for face, voice in speech.voices.items()} if request.lines else None
        timeline_json.write(speech.timeline, timeline_path, own)
    write_xmp(video, request.job_id)
    if request.signing_folder is not None:
        from gpu_worker.provenance.manifest import ManifestClaim, load_identity, sign_file

        claim = ManifestClaim(
            job_id=request.job_id,
            photo_sha256=photo.sha256,
            engines=certificate.engines,
            synthetic_speech=any(isinstance(one, TypedSpeech) for one in request.speeches),
            watermark_id=marks.watermark_id,
        )
        sign_file(video, claim, load_identity(request.signing_folder))
    return AnimationOutcome(
        video=video,
        poster=poster,
        certificate_json=certificate_path,
        timeline_json=timeline_path if speech is not None else None,
        certificate=certificate,
        timeline=speech.timeline if speech is not None else None,
        width=photo.width,
        height=photo.height,
        fps=request.fps or request.config.fps,
        frames=best.frames,
        photo_sha256=photo.sha256,
        attempts=attempts,
    )
