"""The finished video in another form, with as much of its provenance as that form can carry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gpu_worker.media.video_export import export_video
from gpu_worker.provenance.manifest import claim_of, load_identity, sign_file

#: Forms that hold a manifest; WebM does not.
_SIGNED = (".mp4", ".gif", ".webp")


def write_rendition(
    video: Path, target: Path, signing_folder: Path | None = None, reached: Callable[[float], bool] | None = None
) -> bool:
    """Write our own finished MP4 in the form of ``target``'s name; True where it carries a signed manifest.

    It is signed where the video is and ``signing_folder`` has a certificate, with the same claim. Raises what
    ``media.video_export.export_video`` and ``provenance.manifest.sign_file`` raise.
    """
    export_video(video, target, reached=reached)
    if target.suffix.lower() == ".mp4":
        return claim_of(target) is not None
    claim = claim_of(video) if target.suffix.lower() in _SIGNED and signing_folder is not None else None
    if claim is None or signing_folder is None:
        return False
    sign_file(target, claim, load_identity(signing_folder))
    return True
