"""Which kind of media a file is, by its first bytes alone.

Nothing is decoded here. Every later reader is given the format found here explicitly, so that a playlist, an archive
or a script with the name of a video never reaches a demuxer that would follow it to other files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from gpu_worker.errors import InputError

MediaKind = Literal["mp4", "webm", "jpeg", "png", "gif", "webp"]

MIME_TYPES: dict[MediaKind, str] = {
    "mp4": "video/mp4",
    "webm": "video/webm",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
}

#: ffmpeg's names of the demuxer family that a kind may be read with.
DEMUXERS: dict[MediaKind, str] = {"mp4": "mov,mp4,m4a,3gp,3g2,mj2", "webm": "matroska,webm"}


def sniff(path: Path) -> MediaKind:
    """The kind of the file at ``path``.

    Raises InputError ``no_such_file``, ``empty_file`` or ``not_a_media_file``.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(64)
    except OSError as error:
        raise InputError("no_such_file", "The file cannot be read.", "Check the name and that it is a file.") from error
    if not head:
        raise InputError("empty_file", "The file is empty.", "Choose another file, or copy it again.")
    if head[4:8] == b"ftyp":
        return "mp4"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "webm"
    if head[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    raise InputError(
        "not_a_media_file",
        "This is not a video or picture that can be checked.",
        "MP4, MOV and WebM videos and JPEG, PNG, GIF and WebP pictures can be checked.",
    )
