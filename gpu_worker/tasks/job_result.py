"""From the files that the pipeline made to a result in storage."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from uuid import UUID

from animator import storage
from animator.services import job_run
from gpu_worker.errors import InputError
from gpu_worker.request import AnimationOutcome

log = logging.getLogger(__name__)


def store_result(key: UUID, token: str, outcome: AnimationOutcome) -> job_run.FinishedVideo:
    """Put the finished files into the run's own folder in storage."""
    folder = storage.result_folder(key, token)
    try:
        return _stored(folder, outcome)
    except BaseException:
        # Half a result is none; also when the time was up, or the worker was told to end, while it was written.
        storage.erase_folder(folder)
        raise


def frame_hashes(video: Path) -> tuple[str, ...]:
    """By which a re-encoded copy of the video is known again; none where it cannot be decoded."""
    from gpu_worker.provenance.containers import sniff
    from gpu_worker.provenance.fingerprint import fingerprint
    from gpu_worker.provenance.frames import sample_luma

    try:
        return fingerprint(video, sample_luma(video, sniff(video))).frames
    except InputError as error:
        log.warning("A finished video has no fingerprint: %s", error.code)
        return ()


def _stored(folder: str, outcome: AnimationOutcome) -> job_run.FinishedVideo:
    video = storage.store_file(f"{folder}/video.mp4", outcome.video)
    others = [("poster.jpg", outcome.poster), ("certificate.json", outcome.certificate_json)]
    if outcome.timeline_json is not None:
        others.append(("timeline.json", outcome.timeline_json))
    stored = [storage.store_file(f"{folder}/{name}", path) for name, path in others]
    return job_run.FinishedVideo(
        folder=folder,
        video=video,
        other_bytes=sum(file.bytes for file in stored),
        width=outcome.width,
        height=outcome.height,
        fps=outcome.fps,
        duration_s=outcome.frames / outcome.fps,
        verdict=outcome.certificate.verdict,
        certificate=json.loads(outcome.certificate_json.read_text(encoding="utf-8")),
        frames=frame_hashes(outcome.video),
    )
